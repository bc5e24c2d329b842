import type { Faregate } from "./surface.js";

export { FaregateError } from "./surface.js";
export type * from "./surface.js";

/** What `load` takes: where the module is, an answer that holds it, its bytes, or the module compiled. */
export type Source = URL | string | Response | BufferSource | WebAssembly.Module;

/**
 * Loads the module and resolves to an instance of it, with memory of its own. Without `source`, `faregate.wasm` beside this file.
 *
 * A fault of Faregate (`internal`) leaves the instance unusable: load another.
 */
export function load(source?: Source | Promise<Source>): Promise<Faregate>;

/** Returns an instance of a compiled module, or of its bytes, at once. Browsers refuse to do that with large bytes on the main thread. */
export function instantiate(source: WebAssembly.Module | BufferSource): Faregate;
