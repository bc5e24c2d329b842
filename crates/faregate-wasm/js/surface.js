// The classes that programs use, over the raw functions of a binding: `faregate-wasm` and the addon for Node have the same ones, and
// this file twice (a test of the tree holds the copies together). JavaScript's own values become JSON here, and JSON becomes values.

const MAX_DEPTH = 64;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");

/** What Faregate says went wrong: `code`, `message`, `at` (the place), `issues`, `diagnostics`. */
export class FaregateError extends Error {
  constructor({ code, message, at = null, issues = [], diagnostics = null }, options) {
    super(message, options);
    this.name = "FaregateError";
    this.code = code;
    this.at = at;
    this.issues = issues;
    this.diagnostics = diagnostics;
  }
}

/** Returns the error of an argument. */
export function invalid(at, message) {
  return new FaregateError({ code: "invalid_argument", message: `${at}: ${message}`, at });
}

/** Looks whether JSON says of a value what it is, so that nothing is lost in silence (`NaN` would become `null`). */
function look(value, at, depth) {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return;
    case "number":
      if (!Number.isFinite(value)) throw invalid(at, `${value} is no number that JSON can say`);
      return;
    case "object":
      break;
    default:
      throw invalid(at, `a ${typeof value} is no data`);
  }
  if (value === null) return;
  if (depth === 0) throw invalid(at, `nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) {
    // What is `undefined` in a list is not absent but would become `null`.
    for (let n = 0; n < value.length; n++) {
      if (value[n] === undefined) throw invalid(`${at}[${n}]`, "is undefined");
      look(value[n], `${at}[${n}]`, depth - 1);
    }
  } else if (typeof value.toJSON === "function") {
    const said = value.toJSON();
    if (said === null) throw invalid(at, "is no instant");
    look(said, at, depth - 1);
  } else if (Symbol.iterator in value || ArrayBuffer.isView(value)) {
    throw invalid(at, `a ${value.constructor?.name ?? "collection"} is no data; hand in an object or an array`);
  } else {
    for (const name of Object.keys(value)) look(value[name], `${at}.${name}`, depth - 1);
  }
}

/** Returns data as a text: a text as it is, anything else as JSON. */
function text(at, value) {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) {
    try {
      return decoder.decode(value);
    } catch {
      throw invalid(at, "not UTF-8");
    }
  }
  if (value === undefined) throw invalid(at, "is missing");
  look(value, at, MAX_DEPTH);
  return JSON.stringify(value);
}

/** Returns the layers of a catalog as texts. */
function texts(at, values) {
  if (!Array.isArray(values)) throw invalid(at, "expected a list of catalogs");
  return values.map((value, n) => text(`${at}[${n}]`, value));
}

/** Returns pairs of texts, of an object or of pairs that can be gone through. A value may be a list, as Node's headers are. */
function pairs(at, value) {
  if (value === undefined || value === null || typeof value !== "object") {
    throw invalid(at, "expected an object of texts, or pairs of texts");
  }
  const found = [];
  for (const pair of Symbol.iterator in value ? value : Object.entries(value)) {
    const [name, given] = Array.isArray(pair) ? pair : [];
    for (const one of Array.isArray(given) ? given : [given]) {
      if (typeof name !== "string" || typeof one !== "string") throw invalid(at, "expected texts by name");
      found.push([name, one]);
    }
  }
  return found;
}

function headersOf(value) {
  if (value === undefined || value === null) return [];
  const there = Symbol.iterator in Object(value) ? value : Object.entries(value).filter(([, given]) => given !== undefined);
  return pairs("headers", there);
}

function bytes(at, value) {
  if (typeof value === "string") return encoder.encode(value);
  if (value instanceof Uint8Array) return value;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value === undefined || value === null) return new Uint8Array(0);
  throw invalid(at, "expected a text or bytes");
}

function word(at, value) {
  if (typeof value !== "string") throw invalid(at, "expected a text");
  return value;
}

const RAW = Symbol("a raw handle");

/** Returns the classes and functions over the raw functions of a binding. */
export function surface(raw) {
  /** Returns an instant in milliseconds: a number, a `Date`, or a text in RFC 3339. */
  function instant(at, now) {
    const ms = typeof now === "string" ? raw.now(now) : now instanceof Date ? now.getTime() : now;
    if (!Number.isSafeInteger(ms)) throw invalid(at, "expected whole milliseconds since 1970, a Date, or a text in RFC 3339");
    return ms;
  }

  // Where the host's collector does not free handles itself, it says when it has collected what held one.
  const registry =
    raw.collects || typeof FinalizationRegistry === "undefined"
      ? null
      : new FinalizationRegistry(([kind, handle]) => raw.free(kind, handle));

  /** What is held until it is freed, or collected. */
  class Held {
    #kind;
    #handle;

    constructor(kind, handle) {
      this.#kind = kind;
      this.#handle = handle;
      registry?.register(this, [kind, handle], this);
    }

    static handle(kind, held) {
      if (!(held instanceof Held) || held.#kind !== kind) throw invalid(kind, `expected what is a ${kind}`);
      if (held.#handle === null) throw invalid(kind, "was freed");
      return held.#handle;
    }

    free() {
      if (this.#handle === null) return;
      const handle = this.#handle;
      this.#handle = null;
      registry?.unregister(this);
      raw.free(this.#kind, handle);
    }

    [dispose]() {
      this.free();
    }
  }

  const engineOf = (held) => Held.handle("engine", held);
  const decisionOf = (held) => Held.handle("decision", held);
  const runOf = (held) => Held.handle("run", held);
  const liveOf = (held) => Held.handle("live", held);
  const trackerOf = (held) => Held.handle("tracker", held);
  const runOrNull = (handle) => (handle === null || handle === undefined ? null : new Run(RAW, handle));

  class Engine extends Held {
    constructor(policies, catalogs = []) {
      super("engine", policies === RAW ? catalogs : raw.load(pairs("policies", policies), texts("catalogs", catalogs)));
    }

    static async load(policies, catalogs = []) {
      return new Engine(RAW, await raw.loadAsync(pairs("policies", policies), texts("catalogs", catalogs)));
    }

    get policyDigest() {
      return raw.digests(engineOf(this))[0];
    }

    get catalogDigest() {
      return raw.digests(engineOf(this))[1];
    }

    withCatalog(catalogs) {
      return new Engine(RAW, raw.withCatalog(engineOf(this), texts("catalogs", catalogs)));
    }

    warnings() {
      return JSON.parse(raw.warnings(engineOf(this)));
    }

    decide(request, context) {
      const { decision, status } = raw.decide(engineOf(this), text("request", request), text("context", context));
      return new Decision(RAW, decision, status);
    }

    decideJson(request, context) {
      return raw.decideJson(engineOf(this), text("request", request), text("context", context));
    }

    why(request, context, endpoint) {
      const told = raw.why(engineOf(this), text("request", request), text("context", context), word("endpoint", endpoint));
      return told === null ? null : JSON.parse(told);
    }

    restore(saved) {
      return new Run(RAW, raw.restore(engineOf(this), text("saved", saved)));
    }
  }

  class Decision extends Held {
    #status;

    constructor(token, handle, status) {
      if (token !== RAW) throw new TypeError("a Decision comes from Engine.decide or Tracker.admit");
      super("decision", handle);
      this.#status = status;
    }

    get status() {
      return this.#status;
    }

    get json() {
      return raw.decisionJson(decisionOf(this));
    }

    toObject() {
      return JSON.parse(this.json);
    }

    toJSON() {
      return this.toObject();
    }

    run() {
      return runOrNull(raw.decisionRun(decisionOf(this)));
    }
  }

  class Run extends Held {
    constructor(token, handle) {
      if (token !== RAW) throw new TypeError("a Run comes from Decision.run, Engine.restore or a Tracker");
      super("run", handle);
    }

    step(now) {
      return JSON.parse(this.stepJson(now));
    }

    stepJson(now) {
      return raw.step(runOf(this), instant("now", now));
    }

    next(outcome, now) {
      raw.next(runOf(this), text("outcome", outcome), instant("now", now));
    }

    observe(context) {
      raw.observe(runOf(this), text("context", context));
    }

    save() {
      return raw.save(runOf(this));
    }
  }

  class Live extends Held {
    constructor(engine) {
      super("live", raw.live(engineOf(engine)));
    }

    engine() {
      return new Engine(RAW, raw.liveEngine(liveOf(this)));
    }

    replace(engine) {
      raw.liveReplace(liveOf(this), engineOf(engine));
    }

    loadPolicy(policies) {
      raw.liveLoadPolicy(liveOf(this), pairs("policies", policies));
    }

    loadCatalog(catalogs) {
      raw.liveLoadCatalog(liveOf(this), texts("catalogs", catalogs));
    }
  }

  class Tracker extends Held {
    constructor() {
      super("tracker", raw.tracker());
    }

    fill(engine, request, context) {
      const filled = raw.fill(trackerOf(this), engineOf(engine), text("request", request), text("context", context));
      return JSON.parse(filled);
    }

    reserve(decision) {
      return runOrNull(raw.reserve(trackerOf(this), decisionOf(decision)));
    }

    admit(engine, request, context) {
      const admitted = raw.admit(trackerOf(this), engineOf(engine), text("request", request), text("context", context));
      return { decision: new Decision(RAW, admitted.decision, admitted.status), run: runOrNull(admitted.run) };
    }
  }

  function check(policies, catalogs = [], today = null) {
    const day = today === null || today === undefined ? null : word("today", today);
    return JSON.parse(raw.check(pairs("policies", policies), texts("catalogs", catalogs), day));
  }

  function classifyResponse(provider, status, headers, body, now, phase = "before_output") {
    if (!Number.isInteger(status) || status < 0 || status > 65535) throw invalid("status", "expected a number from 0 to 65535");
    const [given, answer] = [headersOf(headers), bytes("body", body)];
    const told = raw.classifyResponse(word("provider", provider), status, given, answer, word("phase", phase), instant("now", now));
    return JSON.parse(told);
  }

  function classifyEvent(provider, data, now, phase = "mid_stream", headers = undefined) {
    const [given, event] = [headersOf(headers), bytes("data", data)];
    const told = raw.classifyEvent(word("provider", provider), given, event, word("phase", phase), instant("now", now));
    return told === null ? null : JSON.parse(told);
  }

  function classifyTransport(kind, phase = "before_output") {
    return JSON.parse(raw.classifyTransport(word("kind", kind), word("phase", phase)));
  }

  return {
    version: raw.version,
    FaregateError,
    Engine,
    Decision,
    Run,
    Live,
    Tracker,
    check,
    classifyResponse,
    classifyEvent,
    classifyTransport,
  };
}
