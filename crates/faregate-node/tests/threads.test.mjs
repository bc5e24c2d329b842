// Worker threads: each loads the addon for itself, all decide at once, and all decide alike.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { Engine } from "faregate";
import { CATALOG, CONTEXT, POLICY, REQUEST } from "../../../tests/javascript/usage.mjs";

function decided() {
  const engine = new Engine({ "p.fare": POLICY }, [CATALOG]);
  const told = new Set();
  for (let n = 0; n < 2000; n++) {
    const decision = engine.decide(REQUEST, CONTEXT);
    const run = decision.run();
    run.step(CONTEXT.now);
    told.add(decision.json);
  }
  return [...told];
}

if (isMainThread) {
  test("four threads decide at once what one decides", async () => {
    const threads = [1, 2, 3, 4].map(
      () =>
        new Promise((done, fail) => {
          const worker = new Worker(new URL(import.meta.url));
          worker.once("message", done);
          worker.once("error", fail);
        }),
    );
    const here = decided();
    assert.equal(here.length, 1);
    for (const told of await Promise.all(threads)) assert.deepEqual(told, here);
  });

  test("the event loop goes on while an engine is loaded on the side", async () => {
    const endpoints = Array.from({ length: 20_000 }, (_, n) => ({
      id: `m/${n}@north`,
      context_length: 9000,
      modalities: ["text"],
    }));
    const catalog = JSON.stringify({ endpoints });
    let turns = 0;
    let loaded = false;
    const loading = Engine.load({ "p.fare": POLICY }, [catalog]).then(() => {
      loaded = true;
    });
    while (!loaded) {
      await new Promise((done) => setImmediate(done));
      turns += 1;
    }
    await loading;
    // Were it loaded on this thread, there would be one turn, or two.
    assert.ok(turns > 10, `${turns} turns`);
  });
} else {
  parentPort.postMessage(decided());
}
