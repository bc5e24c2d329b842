// The lines of the README, as a program.
//
//     node ten_lines.mjs examples/one-decision

import { readFile } from "node:fs/promises";

import { load } from "faregate-wasm";

let clock = 1_795_428_000_000;
const now = () => clock;
const sleepUntil = async (ms) => { clock = ms; };

/** Stands for the HTTP client: the first provider is overloaded, the next answers. */
async function send({ endpoint }) {
  if (endpoint === "large/one@north") return { error: "overloaded", status: 529 };
  return { ok: { input_tokens: 1200, output_tokens: 80 } };
}

async function serve(policy, catalog, request, context) {
  // [readme]
  const { Engine } = await load();                                  // or a URL, a Response, bytes, a WebAssembly.Module
  const engine = new Engine({ "policy.fare": policy }, [catalog]);   // FaregateError: every finding, with its place
  const decision = engine.decide(request, context);                 // objects, or texts in JSON
  const run = decision.run();                                       // null: denied; decision.status is the HTTP status
  if (!run) throw new Error(decision.json);
  for (;;) {
    const step = run.step(now());
    if (step.step === "try") run.next(await send(step.attempt), now()); // { ok: … }, or what classifyResponse says
    else if (step.step === "wait") await sleepUntil(step.until_ms);
    else return step.record.steps;
  }
  // [/readme]
}

const names = ["policy.fare", "catalog.json", "request.json", "context.json"];
const texts = await Promise.all(names.map((name) => readFile(`${process.argv[2]}/${name}`, "utf8")));
console.log(JSON.stringify(await serve(...texts)));
