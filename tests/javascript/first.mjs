// The smallest world that shows something, of which the READMEs of the bindings tell; `bench.mjs` of each decides it.

export const POLICY = `
policy p { language 1 }
workload chat {
  otherwise
  route { models requested }
  fallback { other provider on rate_limit }
}
`;
export const CATALOG = {
  endpoints: ["north", "south"].map((provider) => ({ id: `m/a@${provider}`, context_length: 9000, modalities: ["text"] })),
};
export const REQUEST = { id: "r1", model: "m/a", input_tokens: 120 };
export const CONTEXT = { now: "2026-11-23T10:00:00Z" };

/** Prints what a decision takes in microseconds, the least of several rounds: the machine does other things too. */
export function bench(faregate, name) {
  const engine = new faregate.Engine({ "p.fare": POLICY }, [CATALOG]);
  const [request, context] = [JSON.stringify(REQUEST), JSON.stringify(CONTEXT)];
  const decided = engine.decideJson(request, context);
  if (engine.decideJson(REQUEST, CONTEXT) !== decided) throw new Error("not the same decision");
  const ways = {
    "texts in, JSON out": () => engine.decideJson(request, context),
    "values in, JSON out": () => engine.decideJson(REQUEST, CONTEXT),
    "values in, values out": () => {
      const decision = engine.decide(REQUEST, CONTEXT);
      decision.toObject();
      decision.free();
    },
  };
  for (const [way, decide] of Object.entries(ways)) {
    let least = Infinity;
    for (let round = 0; round < 20; round++) {
      const begun = performance.now();
      for (let n = 0; n < 5000; n++) decide();
      least = Math.min(least, (performance.now() - begun) / 5);
    }
    console.log(`${name}, ${way}: ${least.toFixed(1)} µs`);
  }
}
