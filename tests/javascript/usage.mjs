// What a program does with the classes, whichever module they come from: values, errors, runs, the tracker, replacement under traffic.

import assert from "node:assert/strict";
import { test } from "node:test";

export const POLICY = `
policy p { language 1 }
budget team { per key.team  requests 6 per minute }
workload chat {
  otherwise
  route { models "m/a" }
  ceiling { attempt $0.01 }
  fallback { other provider on rate_limit, overloaded }
  retry { on rate_limit 1 time wait retry_after up to 2s  at most 3 calls }
}
`;
export const NOW = new Date("2026-11-23T10:00:00Z");
export const NOW_MS = 1_795_428_000_000;
export const CATALOG = {
  endpoints: ["north", "south"].map((provider) => ({
    id: `m/a@${provider}`,
    context_length: 9000,
    max_output_tokens: 100,
    modalities: ["text"],
    prices: { prompt: "0.000001", completion: "0.000002" },
  })),
};
export const REQUEST = { id: "r1", input_tokens: 100, tags: ["support"] };
export const CONTEXT = { now: NOW, key: { team: "support" }, budgets: [] };

/** What `work` throws. */
export function thrown(work) {
  try {
    work();
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}

/** `yaml`: whether texts may be YAML. */
export function usage(faregate, yaml) {
  const { Engine, FaregateError, Live, Tracker } = faregate;
  const engine = () => new Engine({ "p.fare": POLICY }, [CATALOG]);
  const error = (work, code, at) => {
    const raised = thrown(work);
    assert.ok(raised instanceof FaregateError && raised instanceof Error, raised);
    assert.deepEqual([raised.code, raised.at], [code, at], raised.message);
    return raised;
  };

  test("values go in and come out", () => {
    const decision = engine().decide(REQUEST, CONTEXT);
    const told = decision.toObject();
    assert.equal(decision.status, 200);
    assert.deepEqual(
      told.attempts.map((attempt) => attempt.endpoint),
      ["m/a@north", "m/a@south"],
    );
    // 100 tokens at $1 and 100 at $2 per million.
    assert.equal(told.attempts[0].cost.worst, "0.0003");
    assert.equal(JSON.stringify(decision), decision.json);
    const down = { ...CONTEXT, endpoints: { north: { health: "down" } } };
    assert.equal(engine().decide(REQUEST, down).toObject().attempts[0].endpoint, "m/a@south");
    // As texts it is the same decision.
    const context = JSON.stringify(CONTEXT);
    assert.equal(engine().decideJson(JSON.stringify(REQUEST), context), decision.json);
    const written = () => engine().decideJson("{ id: r1, input_tokens: 100, tags: [support] }", context);
    if (yaml) assert.equal(written(), decision.json);
    else assert.match(error(written, "invalid_data", "request: line 1, column 3").message, /reads no YAML/);
    // A number is read by its shortest text, never as binary: 100 at 0.1 and 100 at 1e-7 are above the ceiling.
    const dear = { endpoints: [{ ...CATALOG.endpoints[0], prices: { prompt: 0.1, completion: 1e-7 } }] };
    const denied = new Engine({ "p.fare": POLICY }, [dear]).decide(REQUEST, CONTEXT);
    assert.deepEqual([denied.status, denied.run()], [503, null]);
    const why = engine().why(REQUEST, down, "m/a@north");
    assert.equal(why.endpoint, "m/a@north");
    assert.equal(engine().why(REQUEST, CONTEXT, "m/b@north"), null);
    assert.equal(faregate.version, told.digests.engine);
    assert.equal(engine().policyDigest, told.digests.policy);
    assert.equal(engine().catalogDigest, told.digests.catalog);
    assert.equal(engine().withCatalog([]).decide(REQUEST, CONTEXT).status, 503);
  });

  test("errors have code and place", () => {
    const found = error(() => new Engine({ "p.fare": "policy p { langage 1 }" }), "invalid_policy", "p.fare:1:12");
    assert.equal(found.name, "FaregateError");
    assert.equal(found.diagnostics.diagnostics[0].code, "syntax");
    assert.match(found.message, /--> p\.fare:1:12/);
    const typo = () => engine().decide({ ...REQUEST, max_ouput_tokens: 5 }, CONTEXT);
    const issue = error(typo, "invalid_data", "request.max_ouput_tokens").issues[0];
    assert.equal(issue.at, "request.max_ouput_tokens");
    error(() => engine().decide("{", CONTEXT), "invalid_data", "request: line 1, column 1");
    const layers = [CATALOG, { endpoints: [{ id: "a@b", prices: { promt: 1 } }] }];
    error(() => new Engine({ "p.fare": POLICY }, layers), "invalid_catalog", "catalogs[1]: endpoints[0].prices.promt");
    error(() => engine().restore("{"), "invalid_data", "run: line 1, column 1");
  });

  test("what JSON cannot say is an error, not another value", () => {
    const given = (more) => () => engine().decide({ ...REQUEST, ...more }, CONTEXT);
    error(given({ max_output_tokens: NaN }), "invalid_argument", "request.max_output_tokens");
    error(given({ input_tokens: 10n }), "invalid_argument", "request.input_tokens");
    error(given({ tags: new Set(["support"]) }), "invalid_argument", "request.tags");
    error(given({ tags: ["a", undefined] }), "invalid_argument", "request.tags[1]");
    error(given({ user: () => "u" }), "invalid_argument", "request.user");
    error(() => engine().decide(REQUEST, { now: new Date(NaN) }), "invalid_argument", "context.now");
    const loop = [];
    loop.push(loop);
    assert.equal(thrown(given({ tags: loop })).code, "invalid_argument");
    error(() => engine().decide(undefined, CONTEXT), "invalid_argument", "request");
    error(() => engine().decide(REQUEST, new Uint8Array([0xff])), "invalid_argument", "context");
    error(() => new Engine({ "p.fare": 3 }), "invalid_argument", "policies");
    error(() => new Engine("policy p"), "invalid_argument", "policies");
    error(() => new Engine({ "p.fare": POLICY }, CATALOG), "invalid_argument", "catalogs");
    error(() => new Live({}), "invalid_argument", "engine");
    error(() => new Live(new Tracker()), "invalid_argument", "engine");
    assert.throws(() => new faregate.Run(), TypeError);
    assert.throws(() => new faregate.Decision(), TypeError);
  });

  test("a run is told what classification says", () => {
    const run = engine().decide(REQUEST, CONTEXT).run();
    assert.equal(run.step(NOW).attempt.endpoint, "m/a@north");
    const limited = faregate.classifyResponse("openai", 429, { "Retry-After": "1.5", via: undefined }, "{}", NOW);
    assert.deepEqual(limited, { error: "rate_limit", status: 429, retry_after: 1500 });
    assert.deepEqual(faregate.classifyResponse("openai", 429, new Headers([["retry-after", "1.5"]]), null, NOW), limited);
    run.next(limited, NOW);
    const wait = run.step(NOW_MS);
    assert.deepEqual([wait.step, wait.until_ms], ["wait", NOW_MS + 1500]);
    assert.deepEqual(run.step("2026-11-23T10:00:00Z"), wait, "asked again it says the same");
    assert.equal(faregate.classifyEvent("openai", 'data: {"choices":[]}', NOW), null);
    const broken = faregate.classifyEvent("openai", new TextEncoder().encode('data: {"error":{"code":"server_error"}}'), NOW);
    assert.deepEqual(broken, { error: "stream_interrupted", phase: "mid_stream" });
    assert.deepEqual(faregate.classifyTransport("refused"), { error: "network" });
    error(() => faregate.classifyTransport("burnt"), "invalid_argument", "kind");
    error(() => faregate.classifyResponse("openai", -1, {}, "", NOW), "invalid_argument", "status");
    error(() => run.step("noon"), "invalid_argument", "now");
    error(() => run.step(0.5), "invalid_argument", "now");
    error(() => run.next({ error: "rate_limt" }, NOW), "invalid_data", "outcome.error");
  });

  test("a saved run goes on", () => {
    const serving = engine();
    const run = serving.decide(REQUEST, CONTEXT).run();
    run.step(NOW);
    run.next({ error: "overloaded" }, NOW);
    const restored = serving.restore(run.save());
    // What the run knew is replaced: nobody is left.
    restored.observe({ ...CONTEXT, endpoints: { south: { health: "down" } } });
    const ended = restored.step(NOW);
    assert.deepEqual([ended.step, ended.record.steps], ["failed", ["try m/a@north", "fail overloaded"]]);
    assert.equal(run.step(NOW).attempt.endpoint, "m/a@south", "the one that was saved goes its own way");
  });

  test("a tracker holds what runs may add, and gives back the rest", () => {
    const [serving, tracker] = [engine(), new Tracker()];
    const admit = () => tracker.admit(serving, REQUEST, CONTEXT);
    const [served, dropped, third] = [admit(), admit(), admit()];
    // Six a minute, and each run may make three calls.
    assert.deepEqual([third.decision.status, third.run], [429, null]);
    dropped.run.free();
    assert.equal(admit().decision.status, 200);
    served.run.step(NOW);
    served.run.next({ ok: {} }, NOW);
    assert.equal(served.run.step(NOW).step, "done");
    assert.equal(served.run.step(NOW).step, "done", "asked again it says the same");
    const [budget] = tracker.fill(serving, REQUEST, CONTEXT).budgets;
    assert.equal(budget.requests, 1);
    const decision = serving.decide(REQUEST, CONTEXT);
    assert.equal(new Tracker().reserve(decision).step(NOW).step, "try");
  });

  test("an engine is replaced under traffic", () => {
    const live = new Live(engine());
    const before = live.engine();
    const raised = thrown(() => live.loadPolicy({ "p.fare": "policy" }));
    assert.equal(raised.code, "invalid_policy");
    assert.equal(live.engine().policyDigest, before.policyDigest);
    live.loadPolicy([["p.fare", POLICY.replace("per minute", "per day")]]);
    assert.notEqual(live.engine().policyDigest, before.policyDigest);
    assert.equal(before.decide(REQUEST, CONTEXT).status, 200, "who has the engine of before keeps it");
    live.loadCatalog([]);
    assert.equal(live.engine().decide(REQUEST, CONTEXT).status, 503);
    live.replace(before);
    assert.equal(live.engine().policyDigest, before.policyDigest);
  });

  test("findings are data", () => {
    // The contract: a set whose workloads do not cover every request is not total.
    const found = faregate.check({ "p.fare": "policy p { language 1 }" });
    assert.deepEqual([found.errors, found.diagnostics[0].code], [1, "not-total"]);
    assert.equal(faregate.check({ "p.fare": POLICY }, [CATALOG], "2026-11-23").errors, 0);
    error(() => faregate.check({ "p.fare": POLICY }, [], "yesterday"), "invalid_argument", "today");
    assert.equal(engine().warnings().errors, 0);
  });

  test("what is freed is freed once, and the rest lives on", () => {
    const serving = engine();
    const decision = serving.decide(REQUEST, CONTEXT);
    const json = decision.json;
    serving.free();
    serving.free();
    error(() => serving.decide(REQUEST, CONTEXT), "invalid_argument", "engine");
    const run = decision.run();
    decision[Symbol.dispose]();
    error(() => decision.json, "invalid_argument", "decision");
    assert.equal(run.step(NOW).step, "try");
    assert.equal(engine().decideJson(REQUEST, CONTEXT), json);
  });

  test("an engine can be loaded on the side", async () => {
    const loaded = await Engine.load({ "p.fare": POLICY }, [CATALOG]);
    assert.equal(loaded.decide(REQUEST, CONTEXT).status, 200);
    await assert.rejects(Engine.load({ "p.fare": "policy" }), (raised) => raised.code === "invalid_policy");
  });
}
