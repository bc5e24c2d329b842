// What the types promise and refuse. Compiled, never run.

import { Engine, FaregateError, Live, Tracker, check, classifyResponse, type Context, type Request } from "faregate";

const request: Request = { id: "r1", input_tokens: 100, tags: ["support"], max_price: { prompt: "$2 per Mtok" } };
const context: Context = { now: new Date(), key: { team: "support" }, endpoints: { north: { latency_p90: "1.5s" } } };
const engine = new Engine({ "p.fare": "policy p { language 1 }" }, [{ endpoints: [] }, "endpoints: []"]);

const decision = engine.decide(request, context).toObject();
if (decision.outcome === "route") {
  const worst: string | null | undefined = decision.attempts[0]?.cost.worst;
  // @ts-expect-error what is routed is not denied
  decision.denial;
  console.log(worst);
} else {
  const status: number = decision.denial.status;
  console.log(status);
}

const { run } = new Tracker().admit(new Live(engine).engine(), request, "{ now: 2026-11-23T10:00:00Z }");
// @ts-expect-error a denied request has no run
run.step(0);
if (run !== null) {
  const step = run.step(Date.now());
  if (step.step === "wait") console.log(step.until_ms);
  // @ts-expect-error only a call has an attempt
  step.attempt;
  run.next({ ok: { input_tokens: 1 } }, "2026-11-23T10:00:00Z");
  run.next(classifyResponse("openai", 429, new Headers(), "", new Date()), 0);
  // @ts-expect-error it ends well or badly
  run.next({}, 0);
}

// @ts-expect-error a misspelt field
engine.decide({ id: "r1", input_tokens: 1, max_ouput_tokens: 5 }, context);
// @ts-expect-error a request has an id
engine.decide({ input_tokens: 1 }, context);
// @ts-expect-error catalogs are a list
new Engine({}, { endpoints: [] });
// @ts-expect-error no such transport
check({}).errors.toFixed().burnt;

try {
  await Engine.load({});
} catch (error) {
  if (error instanceof FaregateError && error.code === "invalid_policy") console.log(error.at, error.diagnostics?.errors);
}
