// The smallest world that shows something, of which the READMEs of the bindings tell.

import { readFileSync } from "node:fs";

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

/** Prints what a decision takes in microseconds, the median of many rounds, on the world that all languages are measured on. */
export function bench(faregate, name) {
  const world = new URL("../../examples/one-decision/", import.meta.url);
  const [policy, catalog, ...texts] = ["policy.fare", "catalog.json", "request.json", "context.json"].map((file) =>
    readFileSync(new URL(file, world), "utf8"),
  );
  const engine = new faregate.Engine({ "policy.fare": policy }, [catalog]);
  const values = texts.map((text) => JSON.parse(text));
  const decided = engine.decideJson(...texts);
  if (engine.decideJson(...values) !== decided || JSON.parse(decided).attempts.length !== 3) throw new Error("not the decision");
  const ways = {
    "from values": () => engine.decide(...values).free(),
    "from texts, to text": () => engine.decideJson(...texts),
    "from values, to values": () => {
      const decision = engine.decide(...values);
      decision.toObject();
      decision.free();
    },
  };
  for (const [way, decide] of Object.entries(ways)) {
    const rounds = [];
    for (let round = 0; round < 60; round++) {
      const begun = performance.now();
      for (let n = 0; n < 2000; n++) decide();
      rounds.push((performance.now() - begun) / 2);
    }
    const median = rounds.slice(10).sort((a, b) => a - b)[25];
    console.log(`${name.padEnd(7)} ${way.padEnd(28)} ${median.toFixed(2).padStart(8)} µs`);
  }
}
