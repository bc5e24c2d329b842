// Made by `scripts/shapes.mjs` of the JSON Schemas; `.ci/bindings` holds it to them. Do not edit.

/**
 * a whole number, written in digits
 */
export type Count = number;
/**
 * a declared attribute: text, number, bool, or a list of texts
 */
export type AttributeValue = string | number | boolean | string[];
/**
 * an instant as RFC 3339
 */
export type Instant = string | globalThis.Date;
/**
 * dollars as a decimal, text or number, at most 24 decimals
 */
export type Money = string | number;
/**
 * a whole number
 */
export type Integer = number;
export type CredentialState = "ok" | "exhausted" | "invalid" | "disabled";
/**
 * dollars as a decimal, text or number, at most 24 decimals, not below zero
 */
export type Price = string | number;
/**
 * What a tool costs: per call, or per call and result.
 */
export type ToolPrice = Price | ToolPrices;
/**
 * a time of day: `16:30`, also with seconds
 */
export type TimeOfDay = string;
/**
 * a share: `98.7%`, or a decimal between 0 and 1
 */
export type Ratio = string | number;
export type Health = "up" | "degraded" | "down";
/**
 * a duration: `250ms`, `2s`, `5m`, `1h`, `7d`, or whole milliseconds
 */
export type Duration = string | number;
/**
 * a decimal, text or number, at most 24 decimals, not below zero
 */
export type Decimal = string | number;
/**
 * One text, or a list of texts.
 */
export type Per = string | string[];
export type Window = "minute" | "hour" | "day" | "week" | "month" | "total";
/**
 * a day
 */
export type Date = string;
/**
 * The answer to a request.
 */
export type Decision = Route | Deny;
/**
 * The key that pays: the gateway's account, or an own one by its id.
 */
export type CredentialUsed =
  | {
      kind: "shared";
    }
  | {
      kind: "own";
      key: string;
    };
export type Role = "primary" | "credential_fallback" | "provider_fallback" | "model_fallback";
/**
 * dollars as a decimal without exponent and trailing zeros
 */
export type MoneyText = string;
export type Commit = "first_token" | "end";
export type Partial = "mark_incomplete" | "discard";
export type PerUsed = (string | null) | (string | null)[];
/**
 * an instant in UTC
 */
export type InstantText = string;
export type Amount = MoneyText | number;
export type Limit = "spend" | "requests" | "tokens" | "concurrency";

export interface Shapes {
  Request?: Request;
  Context?: Context;
  Catalog?: Catalog;
  Decision?: Decision;
}
/**
 * What is asked.
 */
export interface Request {
  /**
   * seed of every draw
   */
  id: string;
  /**
   * what the request is for, in the words of the policy
   */
  workload?: string | null;
  /**
   * the model asked for
   */
  model?: string | null;
  /**
   * the models asked for, in order of preference
   */
  models?: string[] | null;
  /**
   * tokens of input, cached ones included
   */
  input_tokens: Count;
  /**
   * the most tokens of output that the client accepts
   */
  max_output_tokens?: Count | null;
  /**
   * tokens of output to expect, for order by price
   */
  expected_output_tokens?: Count | null;
  /**
   * expected cache hits among the input, for the expected cost
   */
  cached_input_tokens?: Count | null;
  /**
   * whether input may be billed as a cache read or write
   */
  caching?: boolean | null;
  /**
   * images in the input
   */
  images?: Count | null;
  /**
   * whether the answer is streamed
   */
  stream?: boolean | null;
  /**
   * whether the request may be repeated after side effects or output
   */
  idempotent?: boolean | null;
  /**
   * whether the request may have side effects
   */
  side_effects?: boolean | null;
  /**
   * parameters and abilities that the endpoint must support
   */
  parameters?: string[] | null;
  /**
   * kinds of content in the input
   */
  modalities?: string[] | null;
  /**
   * tools that the provider runs and charges
   */
  tools?: string[] | null;
  /**
   * kinds of sensitive data
   */
  data?: string[] | null;
  /**
   * free marks
   */
  tags?: string[] | null;
  /**
   * the end user
   */
  user?: string | null;
  /**
   * the conversation
   */
  session?: string | null;
  /**
   * where the data may be processed
   */
  region?: string | null;
  /**
   * how urgent it is, in the words of the policy
   */
  priority?: string | null;
  /**
   * the only providers that the caller accepts
   */
  only?: string[] | null;
  /**
   * providers that the caller refuses
   */
  ignore?: string[] | null;
  /**
   * the caller's own ceilings, name to amount as in a policy: `prompt` to `$2 per Mtok`
   */
  max_price?: {
    [k: string]: string;
  } | null;
  /**
   * what the policy declared beyond the built-in names
   */
  attributes?: {
    [k: string]: AttributeValue | null;
  } | null;
}
/**
 * What is known at the moment of a decision.
 */
export interface Context {
  /**
   * the moment of the decision
   */
  now: Instant;
  /**
   * the gateway's key
   */
  key?: Key | null;
  /**
   * own credentials at providers; shared ones need no entry
   */
  credentials?: Credential[] | null;
  /**
   * the gateway's own accounts
   */
  shared?: Shared | null;
  /**
   * what is known of endpoints now, by endpoint id or provider
   */
  endpoints?: {
    [k: string]: EndpointFacts;
  } | null;
  /**
   * what budgets have counted; absent: nothing is known, and every budget that applies closes
   */
  budgets?: BudgetRow[] | null;
}
/**
 * The gateway's key under which a request comes.
 */
export interface Key {
  /**
   * the key's id, never the secret
   */
  id?: string | null;
  /**
   * production, staging and the like, in the words of the policy
   */
  environment?: string | null;
  /**
   * who pays
   */
  team?: string | null;
  /**
   * for what
   */
  project?: string | null;
  /**
   * the account at the gateway
   */
  account?: string | null;
  /**
   * the person who holds the key
   */
  user?: string | null;
  /**
   * free marks
   */
  tags?: string[] | null;
  /**
   * dollars left on the account
   */
  credits?: Money | null;
  /**
   * what the policy declared for `key` beyond the built-in names
   */
  attributes?: {
    [k: string]: AttributeValue | null;
  } | null;
}
/**
 * A credential of one's own at a provider.
 */
export interface Credential {
  /**
   * its id, never the secret
   */
  id: string;
  /**
   * the provider that it opens
   */
  provider: string;
  /**
   * lower goes first; absent: 0
   */
  priority?: Integer | null;
  /**
   * whether it is tried after the shared ones
   */
  fallback?: boolean | null;
  /**
   * models or patterns that it serves; absent: all
   */
  models?: string[] | null;
  /**
   * gateway keys that may use it; absent: all
   */
  keys?: string[] | null;
  /**
   * whether it works; absent: ok
   */
  state?: CredentialState | null;
  /**
   * prices of its own, laid over the endpoint's
   */
  prices?: Prices | null;
  /**
   * what the gateway charges on top of costs
   */
  fee?: Ratio | null;
}
/**
 * What an endpoint charges, in dollars: per token unless the name says otherwise.
 */
export interface Prices {
  /**
   * a token of input
   */
  prompt?: Price | null;
  /**
   * a token of output
   */
  completion?: Price | null;
  /**
   * a token of input read from the cache; absent: as prompt
   */
  cache_read?: Price | null;
  /**
   * a token of input written to the cache; absent: as prompt
   */
  cache_write?: Price | null;
  /**
   * a token of reasoning; absent: as completion
   */
  reasoning?: Price | null;
  /**
   * a request; absent: nothing
   */
  request?: Price | null;
  /**
   * an image of input
   */
  image?: Price | null;
  /**
   * calls of tools that the provider runs
   */
  tools?: {
    [k: string]: ToolPrice;
  } | null;
  /**
   * prices that hold under conditions; the last that matches wins, for each price by itself
   */
  overrides?: Override[] | null;
}
/**
 * What a tool costs per call and per result of a call.
 */
export interface ToolPrices {
  /**
   * a call
   */
  per_call: Price;
  /**
   * each result of a call
   */
  per_result?: Price | null;
}
/**
 * Prices that hold where all conditions are met.
 */
export interface Override {
  /**
   * the input, cached tokens included, is larger
   */
  above_input_tokens?: Count | null;
  /**
   * the input, cached tokens included, is this large or larger
   */
  from_input_tokens?: Count | null;
  /**
   * from this time of day on, UTC; needs `utc_to`
   */
  utc_from?: TimeOfDay | null;
  /**
   * before this time of day, UTC; may wrap midnight
   */
  utc_to?: TimeOfDay | null;
  /**
   * a token of input
   */
  prompt?: Price | null;
  /**
   * a token of output
   */
  completion?: Price | null;
  /**
   * a token of input read from the cache
   */
  cache_read?: Price | null;
  /**
   * a token of input written to the cache
   */
  cache_write?: Price | null;
  /**
   * a token of reasoning
   */
  reasoning?: Price | null;
  /**
   * a request
   */
  request?: Price | null;
  /**
   * an image of input
   */
  image?: Price | null;
  /**
   * calls of tools
   */
  tools?: {
    [k: string]: ToolPrice;
  } | null;
}
/**
 * The gateway's own accounts at providers.
 */
export interface Shared {
  /**
   * providers at which there is none
   */
  except?: string[] | null;
}
/**
 * What is known of an endpoint or a provider now.
 */
export interface EndpointFacts {
  /**
   * absent: up
   */
  health?: Health | null;
  /**
   * it cools down until then
   */
  cooling_until?: Instant | null;
  /**
   * share of calls that it serves
   */
  uptime?: Ratio | null;
  /**
   * share of calls that fail
   */
  error_rate?: Ratio | null;
  /**
   * time to the first token
   */
  latency_p50?: Duration | null;
  /**
   * time to the first token
   */
  latency_p75?: Duration | null;
  /**
   * time to the first token
   */
  latency_p90?: Duration | null;
  /**
   * time to the first token
   */
  latency_p99?: Duration | null;
  /**
   * output tokens per second
   */
  throughput_p50?: Decimal | null;
  /**
   * output tokens per second
   */
  throughput_p75?: Decimal | null;
  /**
   * output tokens per second
   */
  throughput_p90?: Decimal | null;
  /**
   * output tokens per second
   */
  throughput_p99?: Decimal | null;
}
/**
 * What a budget has counted: exactly one of `spend`, `requests`, `tokens`, `concurrency`.
 */
export interface BudgetRow {
  /**
   * the budget's name
   */
  budget: string;
  /**
   * the value of its `per`, or a list of them; absent where it has none
   */
  per?: Per | null;
  /**
   * absent where the budget has one window
   */
  window?: Window | null;
  /**
   * when the window began
   */
  window_start?: Instant | null;
  /**
   * dollars
   */
  spend?: Price | null;
  /**
   * calls
   */
  requests?: Count | null;
  /**
   * tokens
   */
  tokens?: Count | null;
  /**
   * runs in flight
   */
  concurrency?: Count | null;
  /**
   * held for runs in flight, in the same unit
   */
  reserved?: Decimal | null;
}
/**
 * One list of facts about the market.
 */
export interface Catalog {
  /**
   * about the list
   */
  catalog?: About | null;
  /**
   * facts by endpoint
   */
  endpoints?: Endpoint[] | null;
  /**
   * facts of all endpoints of a provider, where the endpoint says nothing
   */
  providers?: {
    [k: string]: Facts;
  } | null;
}
/**
 * About a list.
 */
export interface About {
  /**
   * its name
   */
  name?: string | null;
  /**
   * the day of which it speaks
   */
  as_of?: Date | null;
}
/**
 * An endpoint. Either `id`, or `model` and `provider`, must be there.
 */
export interface Endpoint {
  /**
   * `model@provider[/variant]`; absent: made from model and provider
   */
  id?: string | null;
  /**
   * the canonical model, the same at every provider
   */
  model?: string | null;
  /**
   * what this provider calls the model
   */
  native_model?: string | null;
  /**
   * other names of the model
   */
  aliases?: string[] | null;
  /**
   * the provider
   */
  provider?: string | null;
  /**
   * where it runs
   */
  region?: string | null;
  /**
   * tokens of input that fit
   */
  context_length?: Count | null;
  /**
   * tokens of output that fit
   */
  max_output_tokens?: Count | null;
  /**
   * whether input and output share the context
   */
  joint_context?: boolean | null;
  /**
   * parameters and abilities
   */
  supports?: string[] | null;
  /**
   * an organisation's own marks
   */
  tags?: string[] | null;
  /**
   * kinds of content that it reads
   */
  modalities?: string[] | null;
  /**
   * `fp16`, `bf16`, `fp8` and so on
   */
  quantization?: string | null;
  /**
   * whether it is free, where that does not follow from the prices
   */
  free?: boolean | null;
  /**
   * zero data retention
   */
  zdr?: boolean | null;
  /**
   * whether it learns from what it is sent
   */
  trains?: boolean | null;
  /**
   * whether it keeps what it is sent
   */
  retains?: boolean | null;
  /**
   * whether its provider advises against it
   */
  deprecated?: boolean | null;
  /**
   * the last day on which it serves
   */
  sunset?: Date | null;
  /**
   * what it costs, in dollars
   */
  prices?: Prices | null;
}
/**
 * Facts of all endpoints of a provider.
 */
export interface Facts {
  /**
   * where it runs
   */
  region?: string | null;
  /**
   * tokens of input that fit
   */
  context_length?: Count | null;
  /**
   * tokens of output that fit
   */
  max_output_tokens?: Count | null;
  /**
   * whether input and output share the context
   */
  joint_context?: boolean | null;
  /**
   * parameters and abilities
   */
  supports?: string[] | null;
  /**
   * an organisation's own marks
   */
  tags?: string[] | null;
  /**
   * kinds of content that it reads
   */
  modalities?: string[] | null;
  /**
   * `fp16`, `bf16`, `fp8` and so on
   */
  quantization?: string | null;
  /**
   * whether it is free, where that does not follow from the prices
   */
  free?: boolean | null;
  /**
   * zero data retention
   */
  zdr?: boolean | null;
  /**
   * whether it learns from what it is sent
   */
  trains?: boolean | null;
  /**
   * whether it keeps what it is sent
   */
  retains?: boolean | null;
  /**
   * whether its provider advises against it
   */
  deprecated?: boolean | null;
  /**
   * the last day on which it serves
   */
  sunset?: Date | null;
  /**
   * what it costs, in dollars
   */
  prices?: Prices | null;
}
/**
 * Where a request may go.
 */
export interface Route {
  outcome: "route";
  /**
   * the request's id
   */
  request: string;
  /**
   * the workload that decided
   */
  workload: string | null;
  /**
   * what may be tried, in order
   */
  attempts: Attempt[];
  /**
   * expected: of the first attempt; worst: of the whole run, null where there is no bound
   */
  cost: Cost;
  /**
   * the most provider calls that the request can cause
   */
  calls_at_most: number;
  /**
   * the time that the whole run has
   */
  deadline_ms: number | null;
  /**
   * always true: retries of the client's own would come on top
   */
  disable_client_retries: boolean;
  /**
   * the retry rules that can apply, one for each error class
   */
  retry: Retry[];
  /**
   * caps of tools by name, and `iterations`
   */
  tools: Tools;
  /**
   * when output reaches the client
   */
  stream: Stream;
  /**
   * the budgets touched, in the order of the text
   */
  budgets: BudgetUse[];
  /**
   * the highest threshold that each has reached
   */
  alerts: Alert[];
  /**
   * the soft caps that sent the request to another workload
   */
  degraded: Degraded[];
  /**
   * why each other candidate is not in the plan
   */
  excluded: Exclusion[];
  /**
   * the waivers that made a difference
   */
  waivers: WaiverUse[];
  /**
   * aliases through which a model was named
   */
  aliases: Alias[];
  /**
   * budgets of context rows that the policy does not know
   */
  ignored_budget_rows: string[];
  /**
   * what was decided with
   */
  digests: Digests;
}
/**
 * One entry of the plan.
 */
export interface Attempt {
  /**
   * the endpoint's id
   */
  endpoint: string;
  /**
   * its canonical model
   */
  model: string;
  /**
   * the provider
   */
  provider: string;
  /**
   * with which credential
   */
  credential: CredentialUsed;
  /**
   * the tier, from 1
   */
  tier: number;
  /**
   * the kind of move from the first
   */
  role: Role;
  /**
   * what it is expected to cost, and at most; null: unknown or no bound
   */
  cost: Cost;
  /**
   * the most time for a call
   */
  timeout_ms: number | null;
  /**
   * the most time to the first token
   */
  first_token_ms: number | null;
  /**
   * parameters of the request to drop
   */
  drop_parameters: string[];
  /**
   * what put it where it is
   */
  why: string[];
  /**
   * what the provider calls the model; null: as the canonical name
   */
  native_model: string | null;
  /**
   * the output limit to send; null: none is known
   */
  max_output_tokens: number | null;
  /**
   * the longest pause between tokens
   */
  stall_ms: number | null;
}
/**
 * Dollars.
 */
export interface Cost {
  expected: MoneyText | null;
  worst: MoneyText | null;
}
/**
 * A retry rule that can apply.
 */
export interface Retry {
  /**
   * the error class
   */
  on: string;
  /**
   * how often at one candidate
   */
  times: number;
  /**
   * where it is written
   */
  at: string;
  /**
   * what is waited, in the words of the policy; null: nothing
   */
  wait: string | null;
}
/**
 * Caps of tools.
 */
export interface Tools {
  /**
   * rounds of an agent loop
   */
  iterations: number | null;
  [k: string]: ToolCap | (number | null);
}
/**
 * The cap of a tool.
 */
export interface ToolCap {
  /**
   * calls
   */
  calls: number;
  /**
   * results of a call; null: not capped
   */
  results: number | null;
}
export interface Stream {
  commit: Commit;
  partial: Partial;
}
/**
 * A budget that the request touches. Amounts are money as text for `spend`, and whole numbers for the rest.
 */
export interface BudgetUse {
  /**
   * the budget's name
   */
  budget: string;
  /**
   * the value of its `per`, a list of several, null for none
   */
  per: PerUsed;
  /**
   * start and end of the present window; null for `total` and concurrency
   *
   * @minItems 2
   * @maxItems 2
   */
  window: InstantText[] | null;
  limit: Amount;
  /**
   * what was counted before; null: unknown
   */
  counted: Amount | null;
  /**
   * what is left for this request; null: unknown
   */
  remaining: Amount | null;
  /**
   * the most that this run can add, to be reserved; null: no bound is known
   */
  this_run_at_most: Amount | null;
  kind: Limit;
  /**
   * `minute`, `hour`, `day`, `week`, `month`, `total`; null for concurrency
   */
  period: string | null;
  /**
   * where the budget is written
   */
  at: string;
}
/**
 * A threshold that a budget has reached.
 */
export interface Alert {
  budget: string;
  /**
   * `50%`
   */
  reached: string;
}
/**
 * A soft cap that sent the request to another workload.
 */
export interface Degraded {
  budget: string;
  from: string;
  to: string;
  at: string;
}
/**
 * A candidate that is not in the plan, with all reasons.
 */
export interface Exclusion {
  endpoint: string;
  credential: CredentialUsed;
  reasons: Reason[];
}
export interface Reason {
  /**
   * `guardrail NAME`, `budget NAME`, `workload NAME`, `request` or `built-in`
   */
  rule: string;
  code: string;
  detail: string;
  /**
   * `file:line:column`; null where no text says it
   */
  at: string | null;
}
/**
 * A waiver that lifted a guardrail.
 */
export interface WaiverUse {
  guardrail: string;
  at: string;
  /**
   * its last day
   */
  until: string;
  /**
   * the endpoints that the guardrail would have excluded
   */
  endpoints: string[];
}
export interface Alias {
  alias: string;
  model: string;
}
/**
 * What was decided with.
 */
export interface Digests {
  policy: string;
  catalog: string;
  engine: string;
}
/**
 * Why a request may not go anywhere.
 */
export interface Deny {
  outcome: "deny";
  /**
   * the request's id
   */
  request: string;
  /**
   * the workload that decided; null where none was picked
   */
  workload: string | null;
  /**
   * why
   */
  denial: Denial;
  /**
   * the budgets touched, in the order of the text
   */
  budgets: BudgetUse[];
  /**
   * the highest threshold that each has reached
   */
  alerts: Alert[];
  /**
   * the soft caps that sent the request to another workload
   */
  degraded: Degraded[];
  /**
   * why each other candidate is not in the plan
   */
  excluded: Exclusion[];
  /**
   * the waivers that made a difference
   */
  waivers: WaiverUse[];
  /**
   * aliases through which a model was named
   */
  aliases: Alias[];
  /**
   * budgets of context rows that the policy does not know
   */
  ignored_budget_rows: string[];
  /**
   * what was decided with
   */
  digests: Digests;
}
/**
 * Why a request is denied.
 */
export interface Denial {
  code: string;
  /**
   * the HTTP status that a client expects
   */
  status: number;
  /**
   * the rule that stood in the way most
   */
  rule: string | null;
  at: string | null;
  message: string;
  /**
   * when it opens again; null: waiting does not help, or it is not known
   */
  opens_at: InstantText | null;
  /**
   * the smallest change that would admit an endpoint
   */
  nearest: string | null;
  /**
   * what the client or the operator may do about it
   */
  advice: string;
}
