// The page of the examples in a browser: it decides, and shows what is wrong with a policy. Needs Chromium, and playwright-core:
//
//     node tests/page.mjs [a folder for a picture]

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { chromium } from "playwright-core";

const types = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
const root = new URL("../", import.meta.url);
const server = createServer(async (request, response) => {
  const path = new URL(request.url, "http://localhost").pathname;
  const type = types[/\.[a-z]+$/.exec(path)?.[0]];
  if (!type || !/^\/(examples|js)\/[a-z]+\.[a-z]+$/.test(path)) return response.writeHead(404).end();
  return response.writeHead(200, { "content-type": type }).end(await readFile(new URL(`.${path}`, root)));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const page = await browser.newPage({ viewport: { width: 1000, height: 860 } });
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  await page.goto(`http://127.0.0.1:${server.address().port}/examples/page.html`);
  const output = page.locator("#decision");
  // 100 tokens at $1 and 100 at $2 per million: $0.0003; the other costs twice as much, so it comes second.
  await output.filter({ hasText: "1. m/a@south, $0.0003 expected, at most $0.0003\n2. m/a@north, $0.0006" }).waitFor();
  if (process.argv[2]) await page.screenshot({ path: join(process.argv[2], "page.png") });
  await page.fill("#request", `{ "id": "r1", "input_tokens": 10000 }`);
  await output.filter({ hasText: /^Denied \(no_route\)/ }).waitFor();
  await page.fill("#policy", "policy p { langage 1 }");
  await output.filter({ hasText: "policy.fare:1:12" }).waitFor();
  assert.equal(await output.getAttribute("class"), "error");
  assert.deepEqual(wrong, []);
  console.log("the page decides in the browser");
} finally {
  await browser.close();
  server.close();
}
