// Loads `faregate.wasm`, which imports nothing, and gives the classes of `surface.js` over it. Works where WebAssembly does: browsers,
// edge workers, Node 20 and later, Deno, Bun.

import { FaregateError, surface } from "./surface.js";

export { FaregateError };

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// Requests and contexts are written into rooms that are kept; what is larger gets room of its own for one call.
const ROOM = 16 * 1024;

/**
 * Loads the module and resolves to an instance of it, with memory of its own.
 *
 * Without `source`, `faregate.wasm` beside this file; else a URL, a `Response` or the promise of one, the bytes, or a compiled
 * `WebAssembly.Module`, which edge workers import.
 */
export async function load(source = new URL("./faregate.wasm", import.meta.url)) {
  return instantiate(await compiled(await source));
}

/** Returns an instance of a compiled module, or of its bytes, at once: for worker threads. Browsers refuse to do that with large bytes. */
export function instantiate(source) {
  const module = source instanceof WebAssembly.Module ? source : new WebAssembly.Module(source);
  return surface(raw(new WebAssembly.Instance(module, {}).exports));
}

async function compiled(source) {
  if (source instanceof WebAssembly.Module) return source;
  if (typeof source === "string" || source instanceof URL) {
    const url = new URL(source, import.meta.url);
    // `fetch` of Node knows no files.
    if (url.protocol === "file:") {
      const { readFile } = await import("node:fs/promises");
      return WebAssembly.compile(await readFile(url));
    }
    return compiled(await fetch(url));
  }
  if (typeof Response !== "undefined" && source instanceof Response) {
    if (!source.ok) throw new Error(`${source.url} answers ${source.status}`);
    const type = source.headers.get("content-type") ?? "";
    if (type.startsWith("application/wasm") && WebAssembly.compileStreaming) return WebAssembly.compileStreaming(source);
    return WebAssembly.compile(await source.arrayBuffer());
  }
  return WebAssembly.compile(source);
}

/** The raw functions for `surface.js`. */
function raw(wasm) {
  let memory = new Uint8Array(wasm.memory.buffer);
  let broken = null;
  const rooms = [];

  /** The bytes of the module; it gets another buffer when it grows. */
  function bytes() {
    if (memory.buffer !== wasm.memory.buffer) memory = new Uint8Array(wasm.memory.buffer);
    return memory;
  }

  function alloc(size) {
    const at = wasm.faregate_alloc(size) >>> 0;
    if (at === 0) throw new FaregateError({ code: "unavailable", message: `no memory for ${size} bytes` });
    return at;
  }

  /**
   * Calls a function with numbers and texts (a text or bytes become address and length) and returns the value of its answer as JSON.
   * A trap is a fault of Faregate or the end of memory; what it left is not to be used again.
   */
  function call(name, ...given) {
    if (broken) throw broken;
    const large = [];
    try {
      const numbers = [];
      let slot = 0;
      for (const one of given) {
        if (typeof one === "string" && one.length * 3 <= ROOM) {
          const at = (rooms[slot] ??= alloc(ROOM));
          slot += 1;
          numbers.push(at, encoder.encodeInto(one, bytes().subarray(at, at + ROOM)).written);
        } else if (typeof one === "string" || one instanceof Uint8Array) {
          const data = typeof one === "string" ? encoder.encode(one) : one;
          const at = alloc(data.length);
          large.push(at);
          bytes().set(data, at);
          numbers.push(at, data.length);
        } else {
          numbers.push(one);
        }
      }
      const answer = BigInt.asUintN(64, wasm[name](...numbers));
      const at = Number(answer >> 32n);
      const text = decoder.decode(bytes().subarray(at, at + Number(answer & 0xffffffffn)));
      wasm.faregate_free(at);
      if (text.startsWith('{"ok":')) return text.slice(6, -1);
      throw new FaregateError(JSON.parse(text).error);
    } catch (error) {
      if (!(error instanceof FaregateError)) {
        const message = `a fault of Faregate, please report it: ${error.message}; load the module anew`;
        broken = new FaregateError({ code: "internal", message }, { cause: error });
        throw broken;
      }
      throw error;
    } finally {
      if (!broken) for (const at of large) wasm.faregate_free(at);
    }
  }

  const value = (...given) => JSON.parse(call(...given));
  const orNull = (json) => (json === "null" ? null : json);
  const run = (found) => (found === null ? null : found.run);
  const load = (policies, catalogs) => value("faregate_engine_load", JSON.stringify({ policies, catalogs })).engine;

  return {
    version: value("faregate_version"),
    collects: false,
    free: (_kind, handle) => broken || wasm.faregate_handle_free(handle),
    now: (text) => value("faregate_now", text),
    check: (policies, catalogs, today) => call("faregate_check", JSON.stringify({ policies, catalogs, today })),
    load,
    loadAsync: async (policies, catalogs) => load(policies, catalogs),
    withCatalog: (engine, catalogs) => value("faregate_engine_with_catalog", engine, JSON.stringify(catalogs)).engine,
    warnings: (engine) => call("faregate_engine_warnings", engine),
    digests: (engine) => {
      const { policy, catalog } = value("faregate_engine_digests", engine);
      return [policy, catalog];
    },
    decide: (engine, request, context) => value("faregate_decide", engine, request, context),
    decideJson: (engine, request, context) => call("faregate_decide_json", engine, request, context),
    why: (engine, request, context, endpoint) => orNull(call("faregate_why", engine, request, context, endpoint)),
    restore: (engine, saved) => value("faregate_run_restore", engine, saved).run,
    decisionJson: (decision) => call("faregate_decision_json", decision),
    decisionRun: (decision) => run(value("faregate_decision_run", decision)),
    step: (of, now) => call("faregate_run_step", of, BigInt(now)),
    next: (of, outcome, now) => call("faregate_run_next", of, outcome, BigInt(now)),
    observe: (of, context) => call("faregate_run_observe", of, context),
    save: (of) => call("faregate_run_save", of),
    live: (engine) => value("faregate_live_new", engine).live,
    liveEngine: (live) => value("faregate_live_engine", live).engine,
    liveReplace: (live, engine) => call("faregate_live_replace", live, engine),
    liveLoadPolicy: (live, policies) => call("faregate_live_load_policy", live, JSON.stringify(policies)),
    liveLoadCatalog: (live, catalogs) => call("faregate_live_load_catalog", live, JSON.stringify(catalogs)),
    tracker: () => value("faregate_tracker_new").tracker,
    fill: (tracker, engine, request, context) => call("faregate_tracker_fill", tracker, engine, request, context),
    reserve: (tracker, decision) => run(value("faregate_tracker_reserve", tracker, decision)),
    admit: (tracker, engine, request, context) => value("faregate_tracker_admit", tracker, engine, request, context),
    classifyResponse: (provider, status, headers, body, phase, now) =>
      call("faregate_classify_response", JSON.stringify({ provider, status, headers, phase }), body, BigInt(now)),
    classifyEvent: (provider, headers, data, phase, now) =>
      orNull(call("faregate_classify_event", JSON.stringify({ provider, headers, phase }), data, BigInt(now))),
    classifyTransport: (kind, phase) => call("faregate_classify_transport", JSON.stringify({ kind, phase })),
  };
}
