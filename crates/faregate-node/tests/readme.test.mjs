// The README does what it says: its code runs as a module of this package, and asserts.

import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";

test("the README does what it says", async () => {
  const text = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const [, code] = /```js\n([^]*?)```/.exec(text);
  assert.ok(code.match(/console\.assert/g).length >= 3);
  const module = new URL("./readme.of-test.mjs", import.meta.url);
  // `console.assert` only prints; here it throws.
  await writeFile(module, `const console = { assert(held) { if (!held) throw new Error("the README is wrong"); } };\n${code}`);
  try {
    await import(module);
  } finally {
    await rm(module);
  }
});
