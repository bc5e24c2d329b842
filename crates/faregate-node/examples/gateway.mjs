// A gateway in sixty lines with Hono: an OpenAI-like route whose requests go where the policy lets them. `send` stands for the HTTP
// client, with its own retries off: it takes an attempt and the client's body and resolves to the provider's `Response`.

import { Hono } from "hono";
import { classifyResponse, classifyTransport } from "faregate";

/** @import { Attempt, Context, Live, Outcome, Run, RunRecord, Tracker } from "faregate" */

/** @typedef {{ model: string, messages: unknown[], max_tokens?: number }} Chat */
/**
 * What the gateway is made of; the clock can be replaced.
 * @typedef {object} Parts
 * @property {Live} live
 * @property {Tracker} tracker
 * @property {(authorization: string | undefined) => Context["key"]} key who asks
 * @property {(attempt: Attempt, chat: Chat) => Promise<Response>} send
 * @property {(record: RunRecord) => void} log
 * @property {() => number} [now]
 * @property {(ms: number) => Promise<unknown>} [sleep]
 */

/** @param {Parts} parts */
export function gateway({ live, tracker, key, send, log, now = Date.now, sleep = (ms) => new Promise((done) => setTimeout(done, ms)) }) {
  /**
   * Makes one call, and says how it ended.
   * @param {Attempt} attempt
   * @param {Chat} chat
   * @returns {Promise<{ outcome: Outcome, body: string }>}
   */
  async function call(attempt, chat) {
    let answer, body;
    try {
      answer = await send(attempt, chat);
      body = await answer.text();
    } catch (error) {
      const late = error instanceof Error && error.name === "TimeoutError";
      return { outcome: classifyTransport(late ? "timeout" : "refused"), body: "" };
    }
    if (!answer.ok) {
      return { outcome: classifyResponse(attempt.provider, answer.status, answer.headers, body, now()), body };
    }
    try {
      const { prompt_tokens, completion_tokens } = JSON.parse(body).usage ?? {};
      return { outcome: { ok: { input_tokens: prompt_tokens, output_tokens: completion_tokens } }, body };
    } catch {
      return { outcome: { error: "invalid_response" }, body };
    }
  }

  /**
   * Drives a run to its end.
   * @param {Run} run
   * @param {Chat} chat
   */
  async function drive(run, chat) {
    let body = "";
    for (;;) {
      const step = run.step(now());
      if (step.step === "try") {
        const told = await call(step.attempt, chat);
        body = told.body;
        run.next(told.outcome, now());
      } else if (step.step === "wait") {
        await sleep(Math.max(0, step.until_ms - now()));
      } else {
        log(step.record);
        return { served: step.step === "done", body };
      }
    }
  }

  return new Hono().post("/v1/chat/completions", async (c) => {
    /** @type {Chat} */
    const chat = await c.req.json();
    const request = {
      id: c.req.header("x-request-id") ?? crypto.randomUUID(),
      model: chat.model,
      // Four bytes a token: enough for an example.
      input_tokens: Math.ceil(JSON.stringify(chat.messages).length / 4),
      max_output_tokens: chat.max_tokens,
    };
    const context = { now: new Date(now()), key: key(c.req.header("authorization")) };
    const { decision, run } = tracker.admit(live.engine(), request, context);
    if (run === null) {
      const denied = decision.toObject();
      const error = denied.outcome === "deny" ? { code: denied.denial.code, message: denied.denial.message } : {};
      return Response.json({ error }, { status: decision.status });
    }
    try {
      const { served, body } = await drive(run, chat);
      if (served) return c.body(body, 200, { "content-type": "application/json" });
      return Response.json({ error: { code: "upstream", message: "no provider could answer" } }, { status: 502 });
    } finally {
      run.free(); // what it held and did not use is free at once, also where the client left
    }
  });
}
