import type { Attempt, Catalog, Context, Decision as DecisionData, Request } from "./shapes.js";

export type * from "./shapes.js";

/** Data: a value, or a text (also as UTF-8) in JSON. The addon reads YAML too. */
export type Data<T> = T | string | Uint8Array;
/** Names and texts of the files of a policy set. */
export type Policies = Readonly<Record<string, string>> | Iterable<readonly [name: string, text: string]>;
/** An instant: milliseconds since 1970, a `Date`, or a text in RFC 3339. */
export type Now = number | Date | string;
/** What came of an answer when it broke off. */
export type Phase = "before_output" | "mid_stream" | "after_completion";
/** How a connection failed. */
export type Transport = "timeout" | "refused" | "reset" | "dns" | "tls" | "ended" | "client_left";
/** All headers of an answer. */
export type HeadersGiven =
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | null
  | undefined;

/** What kind of thing went wrong. */
export type Code =
  | "invalid_policy"
  | "invalid_catalog"
  | "invalid_data"
  | "invalid_argument"
  | "not_restorable"
  | "refused"
  | "unavailable"
  | "internal";

/** One finding in a policy. */
export interface Diagnostic {
  code: string;
  severity: string;
  message: string;
  file: string;
  line: number;
  column: number;
  end_line: number;
  end_column: number;
  help: string | null;
  [more: string]: unknown;
}

/** All findings in a policy set. */
export interface Findings {
  diagnostics: Diagnostic[];
  errors: number;
  warnings: number;
}

/** What Faregate says went wrong. */
export class FaregateError extends Error {
  constructor(told: {
    code: Code;
    message: string;
    at?: string | null;
    issues?: { at: string | null; message: string }[];
    diagnostics?: Findings | null;
  }, options?: ErrorOptions);
  readonly name: "FaregateError";
  readonly code: Code;
  /** The place of the first fault: `p.fare:3:14`, `request.max_price.prompt`, `line 3, column 5`, or an argument. */
  readonly at: string | null;
  /** The faults of data: where each is, if that is known, and what it is. */
  readonly issues: { at: string | null; message: string }[];
  /** The findings in a policy. */
  readonly diagnostics: Findings | null;
}

/** What tools were called for, and how often. */
export type ToolUse = Record<string, { calls?: number; results?: number }>;

/** How a call ended. */
export type Outcome =
  | {
      ok: {
        input_tokens?: number;
        output_tokens?: number;
        cached_input_tokens?: number;
        reasoning_tokens?: number;
        tools?: ToolUse;
        cost?: string | number;
      };
    }
  | {
      /** The class: `rate_limit`, `timeout`, …, as classification gives it. */
      error: string;
      phase?: Phase;
      emitted_tokens?: number;
      /** `"2s"`, or milliseconds. */
      retry_after?: string | number | null;
      should_retry?: boolean;
      status?: number;
      cost?: string | number;
    };

/** What happened in a run, for billing and audit. */
export interface RunRecord {
  record: string;
  workload: string;
  outcome: "success" | "failure";
  complete: boolean;
  /** `try ENDPOINT`, `wait 3s`, `done`, `fail CLASS`. */
  steps: string[];
  calls: number;
  /** Dollars, exactly. */
  cost: string;
  [more: string]: unknown;
}

/** What a run asks for. */
export type Step =
  | { step: "try"; attempt: Attempt & Record<string, unknown> }
  | { step: "wait"; until: string; until_ms: number }
  | { step: "done"; record: RunRecord }
  | { step: "failed"; record: RunRecord };

/** What is held until it is freed, by `free`, by `using`, or when it is collected. Freed twice is freed once; used afterwards is an error. */
export interface Held {
  free(): void;
  [Symbol.dispose](): void;
}

/** Decides requests. Immutable. */
export interface Engine extends Held {
  /** `blake3:…` */
  readonly policyDigest: string;
  readonly catalogDigest: string;
  /** Returns an engine of the same policy, which is not compiled again, and other catalogs. */
  withCatalog(catalogs: readonly Data<Catalog>[]): Engine;
  /** Returns the warnings of the policy set on this catalog. */
  warnings(): Findings;
  /** Decides a request. What the policy does not allow is no error but a decision. */
  decide(request: Data<Request>, context: Data<Context>): Decision;
  /** Decides a request and returns the decision as JSON; equal decisions are equal texts. */
  decideJson(request: Data<Request>, context: Data<Context>): string;
  /** Says of one endpoint, rule by rule, why it is where it is; `null`: there is none, or the request is denied before. */
  why(request: Data<Request>, context: Data<Context>, endpoint: string): Record<string, unknown> | null;
  /** Makes a saved run go on. */
  restore(saved: string): Run;
}

/** What was decided of one request. */
export interface Decision extends Held {
  /** 200 where the request may go somewhere, else the HTTP status of the denial. */
  readonly status: number;
  /** The decision as JSON; equal decisions are equal texts. */
  readonly json: string;
  toObject(): DecisionData;
  toJSON(): DecisionData;
  /** Begins a run; `null`: the request is denied. */
  run(): Run | null;
}

/** The calls that one request causes, one after the other: it asks, you act and tell. */
export interface Run extends Held {
  /** Returns what to do. Asked again before you have acted, it says the same. */
  step(now: Now): Step;
  stepJson(now: Now): string;
  /** Tells how the call ended. */
  next(outcome: Data<Outcome>, now: Now): void;
  /** Tells fresher facts. */
  observe(context: Data<Context>): void;
  /** Returns all that the run knows as JSON, for `Engine.restore`. */
  save(): string;
}

/** Holds the engine that serves. What does not load leaves the one of before in force. */
export interface Live extends Held {
  /** Returns the engine that serves now, to be kept for a whole request. */
  engine(): Engine;
  replace(engine: Engine): void;
  loadPolicy(policies: Policies): void;
  loadCatalog(catalogs: readonly Data<Catalog>[]): void;
}

/** Remembers between requests what health and budgets need, in memory. */
export interface Tracker extends Held {
  /** Returns the context with what is known at its `now`. */
  fill(engine: Engine, request: Data<Request>, context: Data<Context>): Context;
  /**
   * Holds what the run of a decision may add, and begins it; `null`: the decision is a denial. The code `refused`: others were
   * faster; fill a fresh context and decide again.
   */
  reserve(decision: Decision): Run | null;
  /** Fills the context, decides, and holds what the run may add. Free the run when it is left before its end. */
  admit(engine: Engine, request: Data<Request>, context: Data<Context>): { decision: Decision; run: Run | null };
}

/** The classes and functions, of one instance. */
export interface Faregate {
  readonly version: string;
  readonly FaregateError: typeof FaregateError;
  readonly Engine: {
    /** Loads a policy set and the layers of a catalog, each laid over those before it. */
    new (policies: Policies, catalogs?: readonly Data<Catalog>[]): Engine;
    /** The same, on another thread where the host has one (Node). */
    load(policies: Policies, catalogs?: readonly Data<Catalog>[]): Promise<Engine>;
  };
  readonly Decision: abstract new () => Decision;
  readonly Run: abstract new () => Run;
  readonly Live: new (engine: Engine) => Live;
  readonly Tracker: new () => Tracker;
  /** Checks a policy set: all findings, and with catalogs also what only a catalog shows. */
  check(policies: Policies, catalogs?: readonly Data<Catalog>[], today?: string | null): Findings;
  /** Returns what an answer that failed means, as an outcome for `Run.next`. */
  classifyResponse(
    provider: string,
    status: number,
    headers: HeadersGiven,
    body: string | Uint8Array | ArrayBuffer | null | undefined,
    now: Now,
    phase?: Phase,
  ): Outcome;
  /** Returns what an event of a stream means, or an answer with status 200, if it tells of a failure; else `null`. */
  classifyEvent(
    provider: string,
    data: string | Uint8Array | ArrayBuffer,
    now: Now,
    phase?: Phase,
    headers?: HeadersGiven,
  ): Outcome | null;
  /** Returns what a connection that failed means. */
  classifyTransport(kind: Transport, phase?: Phase): Outcome;
}
