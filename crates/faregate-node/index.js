// Faregate for Node.js: the classes of `surface.js` over the addon.

import { createRequire } from "node:module";
import { FaregateError, surface } from "./surface.js";

const native = createRequire(import.meta.url)("./faregate.node");

/** Raises the addon's errors, whose text is JSON, as ours. */
function told(work) {
  return (...given) => {
    try {
      return work(...given);
    } catch (error) {
      throw raised(error);
    }
  };
}

function raised(error) {
  if (error instanceof FaregateError) return error;
  if (!error.message.startsWith('{"code":')) return error;
  return new FaregateError(JSON.parse(error.message));
}

const raw = {
  ...Object.fromEntries(Object.entries(native).map(([name, work]) => [name, told(work)])),
  version: native.version(),
  collects: true,
  free: (kind, handle) => native[`free${kind[0].toUpperCase()}${kind.slice(1)}`](handle),
  loadAsync: async (policies, catalogs) => {
    try {
      return (await native.loadAsync(policies, catalogs)).engine;
    } catch (error) {
      throw raised(error);
    }
  },
  decide: told((engine, request, context) => {
    const decision = native.decide(engine, request, context);
    return { decision, status: native.decisionStatus(decision) };
  }),
  admit: told((tracker, engine, request, context) => {
    const { decision, run } = native.admit(tracker, engine, request, context);
    return { decision, run: run ?? null, status: native.decisionStatus(decision) };
  }),
};

const { version, Engine, Decision, Run, Live, Tracker, check, classifyResponse, classifyEvent, classifyTransport } = surface(raw);

export {
  FaregateError,
  version,
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
