// Writes `shapes.d.ts`: the JSON Schemas of `faregate schema` as types. Needs json-schema-to-typescript, which `.ci/bindings` installs:
//
//     node scripts/shapes.mjs path/to/faregate > shapes.d.ts
import { execFileSync } from "node:child_process";
import { compile } from "json-schema-to-typescript";

const [, , faregate = "faregate"] = process.argv;
const shapes = { Request: "request", Context: "context", Catalog: "catalog", Decision: "decision" };
const $defs = {};
for (const [name, shape] of Object.entries(shapes)) {
  const { $schema, $defs: others = {}, ...schema } = JSON.parse(execFileSync(faregate, ["schema", shape], { encoding: "utf8" }));
  Object.assign($defs, others, { [name]: schema });
}
// What tells the two decisions apart is a field of each.
for (const choice of $defs.Decision.oneOf) {
  const of = $defs[choice.$ref.split("/").pop()];
  of.properties = { ...choice.properties, ...of.properties };
  of.required = [...choice.required, ...of.required];
}
$defs.Decision.oneOf = $defs.Decision.oneOf.map(({ $ref }) => ({ $ref }));
/** Beside a reference nothing else is looked at, so that what is said there would make another type of it. */
function apart(schema) {
  if (Array.isArray(schema)) return schema.map(apart);
  if (schema === null || typeof schema !== "object") return schema;
  const { $ref, ...rest } = schema;
  const there = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, apart(value)]));
  if ($ref === undefined) return there;
  return Object.keys(there).length === 0 ? { $ref } : { ...there, allOf: [{ $ref }] };
}
// A `Date` writes itself as an instant.
$defs.Instant.tsType = "string | globalThis.Date";
// To TypeScript the one field that is no tool has to be what any field may be.
$defs.Tools.additionalProperties = { anyOf: [$defs.Tools.additionalProperties, { type: ["number", "null"] }] };
const properties = Object.fromEntries(Object.keys(shapes).map((name) => [name, { $ref: `#/$defs/${name}` }]));
// A field whose value is `undefined` is as good as absent: nothing is said of it in JSON.
const text = await compile({ $defs: apart($defs), type: "object", properties, additionalProperties: false }, "Shapes", {
  additionalProperties: false,
  bannerComment: "// Made by `scripts/shapes.mjs` of the JSON Schemas; `.ci/bindings` holds it to them. Do not edit.",
  ignoreMinAndMaxItems: true,
});
process.stdout.write(text);
