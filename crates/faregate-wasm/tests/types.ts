// What the types of the loader promise and refuse. Compiled, never run. Those of the classes are the addon's, and are tried there.

import { FaregateError, instantiate, load, type Engine, type Faregate, type Run } from "faregate-wasm";

const faregate: Faregate = await load(fetch("https://cdn.example/faregate.wasm"));
const other: Faregate = instantiate(new Uint8Array());
const engine: Engine = new faregate.Engine({ "p.fare": "policy p { language 1 }" });
const run: Run | null = new other.Tracker().admit(engine, { id: "r1", input_tokens: 1 }, { now: new Date() }).run;
run?.free();
// @ts-expect-error a run comes from a decision
new faregate.Run();
console.log(new FaregateError({ code: "internal", message: "" }) instanceof Error);
