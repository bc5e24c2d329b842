// A gateway at the edge: a `fetch` handler, as Cloudflare Workers, Deno Deploy, Bun and service workers take one, that decides in the
// worker and makes the calls itself. There is no socket but the provider's, and no service to ask.
//
// `compiled` is what the host gives for `import compiled from "faregate-wasm/faregate.wasm"`: a `WebAssembly.Module`.

import { instantiate } from "faregate-wasm";

/** @import { Attempt, Catalog, Context, Faregate, Outcome, Policies, Run } from "faregate-wasm" */

/**
 * What the worker is made of; the clock can be replaced.
 * @typedef {object} Parts
 * @property {WebAssembly.Module | BufferSource} compiled
 * @property {Policies} policies
 * @property {readonly (Catalog | string)[]} catalogs
 * @property {(attempt: Attempt, body: string) => Request} upstream what to send for an attempt
 * @property {(request: Request) => Promise<Response>} [fetch]
 * @property {() => number} [now]
 */

/** @param {Parts} parts */
export function worker({ compiled, policies, catalogs, upstream, fetch = globalThis.fetch, now = Date.now }) {
  const faregate = instantiate(compiled);
  const engine = new faregate.Engine(policies, catalogs);
  const tracker = new faregate.Tracker(); // of this isolate: others count for themselves

  return {
    /**
     * @param {Request} incoming
     * @returns {Promise<Response>}
     */
    async fetch(incoming) {
      const body = await incoming.text();
      const { model, max_tokens } = JSON.parse(body);
      const request = {
        id: incoming.headers.get("x-request-id") ?? crypto.randomUUID(),
        model,
        input_tokens: Math.ceil(body.length / 4),
        max_output_tokens: max_tokens,
      };
      const key = { team: incoming.headers.get("x-team") };
      const { decision, run } = tracker.admit(engine, request, { now: new Date(now()), key });
      try {
        if (run === null) {
          const denied = decision.toObject();
          return Response.json(denied.outcome === "deny" ? denied.denial : {}, { status: decision.status });
        }
        return await driven(faregate, run, body, { upstream, fetch, now });
      } finally {
        run?.free();
        decision.free();
      }
    },
  };
}

/**
 * Drives a run to its end: the provider's answer, or a 502 with the record.
 * @param {Faregate} faregate
 * @param {Run} run
 * @param {string} body
 * @param {Required<Pick<Parts, "upstream" | "fetch" | "now">>} parts
 */
async function driven(faregate, run, body, { upstream, fetch, now }) {
  let answer = new Response(null, { status: 502 });
  for (;;) {
    const step = run.step(now());
    if (step.step === "done") return answer;
    if (step.step === "failed") return Response.json(step.record, { status: 502 });
    if (step.step === "wait") {
      await new Promise((done) => setTimeout(done, Math.max(0, step.until_ms - now())));
      continue;
    }
    const { attempt } = step;
    try {
      answer = await fetch(upstream(attempt, body));
    } catch {
      run.next(faregate.classifyTransport("reset"), now());
      continue;
    }
    if (!answer.ok) {
      const told = await answer.text();
      run.next(faregate.classifyResponse(attempt.provider, answer.status, answer.headers, told, now()), now());
      continue;
    }
    const told = await answer.clone().json().catch(() => null);
    const { prompt_tokens, completion_tokens } = told?.usage ?? {};
    const ok = { input_tokens: prompt_tokens, output_tokens: completion_tokens };
    run.next(told === null ? { error: "invalid_response" } : { ok }, now());
  }
}
