import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { usage, CATALOG, CONTEXT, POLICY, REQUEST } from "../../../tests/javascript/usage.mjs";
import { FaregateError, instantiate, load } from "../js/faregate.js";

const bytes = await readFile(new URL("../js/faregate.wasm", import.meta.url));

usage(await load(), false);

test("the module imports nothing, and gets in by any door", async () => {
  assert.deepEqual(WebAssembly.Module.imports(new WebAssembly.Module(bytes)), []);
  const answer = (type) => new Response(bytes, { headers: { "content-type": type } });
  const doors = [
    load(bytes),
    load(new WebAssembly.Module(bytes)),
    load(answer("application/wasm")),
    load(Promise.resolve(answer("application/octet-stream"))),
    load(new URL("../js/faregate.wasm", import.meta.url)),
    instantiate(bytes),
  ];
  const told = new Set();
  for (const { Engine } of await Promise.all(doors)) {
    told.add(new Engine({ "p.fare": POLICY }, [CATALOG]).decideJson(REQUEST, CONTEXT));
  }
  assert.equal(told.size, 1);
  await assert.rejects(load(new Response("", { status: 404 })), /answers 404/);
});

test("instances share nothing", async () => {
  const [one, other] = [instantiate(bytes), instantiate(bytes)];
  const engine = new one.Engine({ "p.fare": POLICY }, [CATALOG]);
  assert.throws(() => new other.Live(engine), (raised) => raised instanceof FaregateError && raised.at === "engine");
});

/** An instance whose exports can be looked at, and changed. */
function opened(changes = {}) {
  const Real = WebAssembly.Instance;
  let exports;
  WebAssembly.Instance = class {
    constructor(...given) {
      exports = { ...new Real(...given).exports, ...changes };
      this.exports = exports;
    }
  };
  try {
    return { faregate: instantiate(bytes), exports };
  } finally {
    WebAssembly.Instance = Real;
  }
}

test("what is freed leaves nothing behind", () => {
  const { faregate, exports } = opened();
  const { Engine, FaregateError, Tracker } = faregate;
  const tracker = new Tracker();
  const endpoints = Array.from({ length: 2000 }, (_, n) => ({ id: `m/${n}@north`, context_length: 9000, modalities: ["text"] }));
  const once = () => {
    const engine = new Engine({ "p.fare": POLICY }, [CATALOG, { endpoints }]);
    for (let n = 0; n < 20; n++) {
      const { decision, run } = tracker.admit(engine, REQUEST, CONTEXT);
      engine.restore(run.save()).free();
      assert.throws(() => engine.decide("x".repeat(100_000), CONTEXT), FaregateError);
      run.free();
      decision.free();
    }
    engine.free();
  };
  once();
  const first = exports.memory.buffer.byteLength;
  for (let n = 0; n < 8; n++) once();
  // Memory never shrinks and gets holes; nine engines kept would be several times the first.
  assert.ok(exports.memory.buffer.byteLength < 1.5 * first, `${exports.memory.buffer.byteLength} after ${first}`);
  assert.equal(exports.faregate_handles(), 1, "the tracker");
});

test("no memory is an error", () => {
  const { faregate } = opened({ faregate_alloc: () => 0 });
  assert.throws(() => faregate.classifyTransport("refused"), (raised) => raised.code === "unavailable");
  const { exports } = opened();
  assert.equal(exports.faregate_alloc(0xffff_fff0), 0, "there is no such memory, and nothing traps");
  assert.notEqual(exports.faregate_alloc(8), 0);
});

test("after a trap the instance says so and does nothing more", () => {
  // Nothing is known that traps, so the trap is made.
  const trap = () => {
    throw new WebAssembly.RuntimeError("unreachable");
  };
  const { faregate } = opened({ faregate_decide: trap });
  const engine = new faregate.Engine({ "p.fare": POLICY }, [CATALOG]);
  const broken = (raised) => raised instanceof FaregateError && raised.code === "internal" && /load the module anew/.test(raised.message);
  assert.throws(() => engine.decide(REQUEST, CONTEXT), broken);
  assert.throws(() => engine.warnings(), broken);
  engine.free();
});
