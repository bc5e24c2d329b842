// The worker of the examples, asked as its host asks it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { worker } from "../examples/worker.mjs";
import { CATALOG, NOW_MS, POLICY } from "../../../tests/javascript/usage.mjs";

const compiled = await WebAssembly.compile(await readFile(new URL("../js/faregate.wasm", import.meta.url)));

function desk(answers) {
  const calls = [];
  const { fetch } = worker({
    compiled,
    policies: { "p.fare": POLICY },
    catalogs: [CATALOG],
    upstream: (attempt, body) => new Request(`https://${attempt.provider}.example/v1/chat`, { method: "POST", body }),
    fetch: async (request) => {
      calls.push(request.url);
      return answers.shift()();
    },
    now: () => NOW_MS,
  });
  const ask = () =>
    fetch(
      new Request("https://edge.example/v1/chat", {
        method: "POST",
        headers: { "x-request-id": "r1", "x-team": "support" },
        body: JSON.stringify({ model: "m/a", messages: [], max_tokens: 50 }),
      }),
    );
  return { ask, calls };
}

test("the worker asks one provider, and then the other", async () => {
  const { ask, calls } = desk([
    () => new Response("{}", { status: 529 }),
    () => Response.json({ usage: { prompt_tokens: 9, completion_tokens: 4 } }),
  ]);
  const answer = await ask();
  assert.deepEqual([answer.status, (await answer.json()).usage.prompt_tokens], [200, 9]);
  assert.deepEqual(calls, ["https://north.example/v1/chat", "https://south.example/v1/chat"]);
});

test("a connection that breaks, and what is no answer, are failed calls, and the record says so", async () => {
  const broken = () => {
    throw new TypeError("fetch failed");
  };
  // Neither is a reason for this policy to go elsewhere.
  for (const [upstream, error] of [[broken, "network"], [() => new Response("<html>"), "invalid_response"]]) {
    const { ask } = desk([upstream]);
    const answer = await ask();
    assert.deepEqual([answer.status, (await answer.json()).steps], [502, ["try m/a@north", `fail ${error}`]]);
  }
});

test("the third of a minute is refused: each holds three calls of six", async () => {
  const { ask, calls } = desk([() => new Promise(() => {}), () => new Promise(() => {})]);
  ask();
  ask();
  const answer = await ask();
  assert.deepEqual([answer.status, (await answer.json()).code, calls.length], [429, "quota", 2]);
});
