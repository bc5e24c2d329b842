// The gateway as the `openai` package sees it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import OpenAI from "openai";

const baseURL = process.env.base_url;
const client = new OpenAI({ baseURL, apiKey: "demo-key" });
const messages = [{ role: "user", content: "hello there" }];
const ask = (more, options) =>
  client.chat.completions.create({ model: "demo/small", messages, max_tokens: 50, ...more }, options);
const said = async (stream) => {
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? "";
  return text;
};
const refused = async (kind, call) => {
  try {
    await call();
  } catch (error) {
    assert.equal(error.constructor, kind, String(error));
    return error;
  }
  assert.fail(`${kind.name} was expected`);
};

// An answer.
const answer = await ask({});
assert.equal(answer.choices[0].message.content, "north/small heard: hello there");
assert.equal(answer.model, "demo/small");
assert.equal(answer.usage.total_tokens, 6);

// Its headers, and a fallback after a 429.
const { data, response } = await ask({ model: "demo/busy" }).withResponse();
assert.equal(data.choices[0].message.content, "east/busy heard: hello there");
assert.equal(response.headers.get("x-faregate-fallback"), "provider");

// Streams.
assert.equal(await said(await ask({ stream: true })), "north/small heard: hello there");
const chunks = [];
for await (const chunk of await ask({ stream: true, stream_options: { include_usage: true } })) chunks.push(chunk);
assert.equal(chunks.at(-1).usage.total_tokens, 6);
const helper = client.chat.completions.stream({ model: "demo/small", messages, max_tokens: 50 });
assert.equal(await helper.finalContent(), "north/small heard: hello there");

// A stream that is cut throws; held to its end, it comes from elsewhere.
const cut = await refused(OpenAI.APIError, async () => said(await ask({ model: "demo/torn", stream: true })));
assert.equal(cut.code, "stream_interrupted");
const report = { headers: { "x-faregate-workload": "report" } };
assert.equal(await said(await ask({ model: "demo/torn", stream: true }, report)), "east/torn heard: hello there");

// Errors are of the kind that programs catch, and the client does not try again by itself.
const began = Date.now();
const limited = await refused(OpenAI.RateLimitError, () => ask({ model: "demo/jammed" }));
assert.equal(limited.code, "rate_limit_exceeded");
const pii = { headers: { "x-faregate-data": "pii" } };
const denied = await refused(OpenAI.PermissionDeniedError, () => ask({ model: "demo/large" }, pii));
assert.match(denied.message, /data processing agreement/);
await refused(OpenAI.InternalServerError, () => ask({ response_format: { type: "json_object" } }));
assert(Date.now() - began < 2000);
assert.equal((await refused(OpenAI.BadRequestError, () => ask({ n: 2 }))).param, "n");
const stranger = new OpenAI({ baseURL, apiKey: "wrong" });
await refused(OpenAI.AuthenticationError, () => stranger.models.list());

// Models.
assert.equal((await client.models.retrieve("demo/small")).owned_by, "demo");
const ids = [];
for await (const model of client.models.list()) ids.push(model.id);
assert(ids.includes("demo/large"));

const { version } = JSON.parse(readFileSync("node_modules/openai/package.json", "utf8"));
console.log(`openai ${version} of npm: all as expected`);
