// The example gateway, asked over HTTP's own types: it waits out a rate limit, leaves a provider that is overloaded, and says no.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Engine, Live, Tracker } from "faregate";
import { gateway } from "../examples/gateway.mjs";
import { CATALOG, NOW_MS, POLICY } from "../../../tests/javascript/usage.mjs";

/** A gateway whose upstream answers by a script, on a clock that only waiting moves. */
function desk(answers) {
  const [calls, records] = [[], []];
  let now = NOW_MS;
  const app = gateway({
    live: new Live(new Engine({ "p.fare": POLICY }, [CATALOG])),
    tracker: new Tracker(),
    key: () => ({ team: "support" }),
    send: async (attempt) => {
      calls.push(attempt.endpoint);
      return answers.shift()();
    },
    log: (record) => records.push(record),
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  });
  const ask = (model) =>
    app.request("/v1/chat/completions", {
      method: "POST",
      headers: { "x-request-id": "r1" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "hello" }], max_tokens: 50 }),
    });
  return { ask, calls, records };
}

const served = () => Response.json({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 4 } });

test("a rate limit is waited out, and an overloaded provider is left", async () => {
  const { ask, calls, records } = desk([
    () => new Response("{}", { status: 429, headers: { "retry-after": "1" } }),
    () => new Response("{}", { status: 529 }),
    served,
  ]);
  const answer = await ask("m/a");
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).usage.completion_tokens, 4);
  assert.deepEqual(calls, ["m/a@north", "m/a@north", "m/a@south"]);
  const [record] = records;
  assert.deepEqual(record.steps, ["try m/a@north", "wait 1s", "try m/a@north", "try m/a@south", "done"]);
  // 9 tokens at $1 and 4 at $2 per million.
  assert.equal(record.cost, "0.000017");
});

test("nobody answers: the client gets a gateway's error, and the record says why", async () => {
  const down = () => new Response("{}", { status: 529 });
  const { ask, records } = desk([down, down]);
  const answer = await ask("m/a");
  assert.equal(answer.status, 502);
  assert.deepEqual(records[0].steps, ["try m/a@north", "try m/a@south", "fail overloaded"]);
});

test("what is no answer, and no connection, is a failed call", async () => {
  const gone = () => {
    throw new DOMException("late", "TimeoutError");
  };
  // Neither is a reason for this policy to go elsewhere.
  for (const [answer, error] of [[() => new Response("<html>"), "invalid_response"], [gone, "timeout"]]) {
    const { ask, records } = desk([answer]);
    assert.equal((await ask("m/a")).status, 502);
    assert.deepEqual(records[0].steps, ["try m/a@north", `fail ${error}`]);
  }
});

test("what the policy refuses is not sent", async () => {
  // Two runs that hold three calls each are all that a minute has.
  const { ask, calls } = desk([() => new Promise(() => {}), () => new Promise(() => {})]);
  ask("m/a");
  ask("m/a");
  const answer = await ask("m/a");
  assert.equal(answer.status, 429);
  assert.equal((await answer.json()).error.code, "quota");
  assert.equal(calls.length, 2);
});
