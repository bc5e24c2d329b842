//! The shape of a decision: fields in the order in which they are written, all of them always there.

use std::collections::{BTreeMap, BTreeSet};

use faregate::{Money, Timestamp};
use serde::{Serialize, Serializer};

/// The answer to a request.
#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Decision"))]
pub(crate) enum DecisionDto<'a> {
    /// Where it may go.
    Route(RouteDto<'a>),
    /// Why it may not.
    Deny(DenyDto<'a>),
}

/// Where a request may go.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Route"))]
pub(crate) struct RouteDto<'a> {
    /// the request's id
    pub(super) request: &'a str,
    /// the workload that decided
    pub(super) workload: Option<&'a str>,
    /// what may be tried, in order
    pub(super) attempts: Vec<AttemptDto<'a>>,
    /// expected: of the first attempt; worst: of the whole run, null where there is no bound
    pub(super) cost: CostDto,
    /// the most provider calls that the request can cause
    pub(super) calls_at_most: u64,
    /// the time that the whole run has
    pub(super) deadline_ms: Option<u64>,
    /// always true: retries of the client's own would come on top
    pub(super) disable_client_retries: bool,
    /// the retry rules that can apply, one for each error class
    pub(super) retry: Vec<RetryDto<'a>>,
    /// caps of tools by name, and `iterations`
    pub(super) tools: ToolsDto<'a>,
    /// when output reaches the client
    pub(super) stream: StreamDto,
    #[serde(flatten)]
    pub(super) rest: ExplanationDto<'a>,
}

/// Why a request may not go anywhere.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Deny"))]
pub(crate) struct DenyDto<'a> {
    /// the request's id
    pub(super) request: &'a str,
    /// the workload that decided; null where none was picked
    pub(super) workload: Option<&'a str>,
    /// why
    pub(super) denial: DenialDto<'a>,
    #[serde(flatten)]
    pub(super) rest: ExplanationDto<'a>,
}

/// What a decision says of itself, whichever way it went.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct ExplanationDto<'a> {
    /// the budgets touched, in the order of the text
    pub(super) budgets: Vec<BudgetDto<'a>>,
    /// the highest threshold that each has reached
    pub(super) alerts: Vec<AlertDto<'a>>,
    /// the soft caps that sent the request to another workload
    pub(super) degraded: Vec<DegradedDto<'a>>,
    /// why each other candidate is not in the plan
    pub(super) excluded: Vec<ExclusionDto<'a>>,
    /// the waivers that made a difference
    pub(super) waivers: Vec<WaiverDto<'a>>,
    /// aliases through which a model was named
    pub(super) aliases: Vec<AliasDto<'a>>,
    /// budgets of context rows that the policy does not know
    pub(super) ignored_budget_rows: &'a BTreeSet<String>,
    /// what was decided with
    pub(super) digests: DigestsDto<'a>,
}

/// One entry of the plan.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Attempt"))]
pub(super) struct AttemptDto<'a> {
    /// the endpoint's id
    pub(super) endpoint: &'a str,
    /// its canonical model
    pub(super) model: &'a str,
    /// the provider
    pub(super) provider: &'a str,
    /// with which credential
    pub(super) credential: CredentialDto<'a>,
    /// the tier, from 1
    pub(super) tier: u32,
    /// the kind of move from the first
    pub(super) role: RoleDto,
    /// what it is expected to cost, and at most; null: unknown or no bound
    pub(super) cost: CostDto,
    /// the most time for a call
    pub(super) timeout_ms: Option<u64>,
    /// the most time to the first token
    pub(super) first_token_ms: Option<u64>,
    /// parameters of the request to drop
    pub(super) drop_parameters: &'a BTreeSet<String>,
    /// what put it where it is
    pub(super) why: &'a [String],
    /// what the provider calls the model; null: as the canonical name
    pub(super) native_model: Option<&'a str>,
    /// the output limit to send; null: none is known
    pub(super) max_output_tokens: Option<u64>,
    /// the longest pause between tokens
    pub(super) stall_ms: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Role"))]
pub(super) enum RoleDto {
    Primary,
    CredentialFallback,
    ProviderFallback,
    ModelFallback,
}

/// The key that pays: the gateway's account, or an own one by its id.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "CredentialUsed"))]
pub(super) enum CredentialDto<'a> {
    Shared,
    Own { key: &'a str },
}

/// Dollars.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Cost"))]
pub(super) struct CostDto {
    pub(super) expected: Option<MoneyText>,
    pub(super) worst: Option<MoneyText>,
}

/// A retry rule that can apply.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Retry"))]
pub(super) struct RetryDto<'a> {
    /// the error class
    pub(super) on: &'a str,
    /// how often at one candidate
    pub(super) times: u64,
    /// where it is written
    pub(super) at: &'a str,
    /// what is waited, in the words of the policy; null: nothing
    pub(super) wait: Option<&'a str>,
}

/// The cap of a tool.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ToolCap"))]
pub(super) struct ToolCapDto {
    /// calls
    pub(super) calls: u64,
    /// results of a call; null: not capped
    pub(super) results: Option<u64>,
}

/// Caps of tools.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Tools"))]
pub(super) struct ToolsDto<'a> {
    #[serde(flatten)]
    pub(super) tools: BTreeMap<&'a str, ToolCapDto>,
    /// rounds of an agent loop
    pub(super) iterations: Option<u64>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Stream"))]
pub(super) struct StreamDto {
    pub(super) commit: CommitDto,
    pub(super) partial: PartialDto,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Commit"))]
pub(super) enum CommitDto {
    FirstToken,
    End,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Partial"))]
pub(super) enum PartialDto {
    MarkIncomplete,
    Discard,
}

/// A budget that the request touches. Amounts are money as text for `spend`, and whole numbers for the rest.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "BudgetUse"))]
pub(super) struct BudgetDto<'a> {
    /// the budget's name
    pub(super) budget: &'a str,
    /// the value of its `per`, a list of several, null for none
    pub(super) per: PerDto<'a>,
    /// start and end of the present window; null for `total` and concurrency
    pub(super) window: Option<[InstantText; 2]>,
    pub(super) limit: AmountDto,
    /// what was counted before; null: unknown
    pub(super) counted: Option<AmountDto>,
    /// what is left for this request; null: unknown
    pub(super) remaining: Option<AmountDto>,
    /// the most that this run can add, to be reserved; null: no bound is known
    pub(super) this_run_at_most: Option<AmountDto>,
    pub(super) kind: LimitDto,
    /// `minute`, `hour`, `day`, `week`, `month`, `total`; null for concurrency
    pub(super) period: Option<&'a str>,
    /// where the budget is written
    pub(super) at: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "PerUsed"))]
pub(super) enum PerDto<'a> {
    One(Option<&'a str>),
    Several(&'a [Option<String>]),
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Limit"))]
pub(super) enum LimitDto {
    Spend,
    Requests,
    Tokens,
    Concurrency,
}

#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Amount"))]
pub(super) enum AmountDto {
    Money(MoneyText),
    Count(u64),
}

/// A threshold that a budget has reached.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Alert"))]
pub(super) struct AlertDto<'a> {
    pub(super) budget: &'a str,
    /// `50%`
    pub(super) reached: String,
}

/// A soft cap that sent the request to another workload.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Degraded"))]
pub(super) struct DegradedDto<'a> {
    pub(super) budget: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) at: &'a str,
}

/// A candidate that is not in the plan, with all reasons.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Exclusion"))]
pub(super) struct ExclusionDto<'a> {
    pub(super) endpoint: &'a str,
    pub(super) credential: CredentialDto<'a>,
    pub(super) reasons: Vec<ReasonDto<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Reason"))]
pub(super) struct ReasonDto<'a> {
    /// `guardrail NAME`, `budget NAME`, `workload NAME`, `request` or `built-in`
    pub(super) rule: &'a str,
    pub(super) code: &'a str,
    pub(super) detail: &'a str,
    /// `file:line:column`; null where no text says it
    pub(super) at: Option<&'a str>,
}

/// A waiver that lifted a guardrail.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "WaiverUse"))]
pub(super) struct WaiverDto<'a> {
    pub(super) guardrail: &'a str,
    pub(super) at: &'a str,
    /// its last day
    pub(super) until: &'a str,
    /// the endpoints that the guardrail would have excluded
    pub(super) endpoints: &'a [String],
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Alias"))]
pub(super) struct AliasDto<'a> {
    pub(super) alias: &'a str,
    pub(super) model: &'a str,
}

/// What was decided with.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Digests"))]
pub(super) struct DigestsDto<'a> {
    pub(super) policy: &'a str,
    pub(super) catalog: &'a str,
    pub(super) engine: &'a str,
}

/// Why a request is denied.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Denial"))]
pub(super) struct DenialDto<'a> {
    pub(super) code: &'a str,
    /// the HTTP status that a client expects
    pub(super) status: u16,
    /// the rule that stood in the way most
    pub(super) rule: Option<&'a str>,
    pub(super) at: Option<&'a str>,
    pub(super) message: &'a str,
    /// when it opens again; null: waiting does not help, or it is not known
    pub(super) opens_at: Option<InstantText>,
    /// the smallest change that would admit an endpoint
    pub(super) nearest: Option<&'a str>,
    /// what the client or the operator may do about it
    pub(super) advice: &'a str,
}

/// Money in its one form: no exponent, no trailing zeros.
pub(super) struct MoneyText(pub(super) Money);

impl Serialize for MoneyText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// An instant in its one form: UTC, milliseconds only where there are any.
pub(super) struct InstantText(pub(super) Timestamp);

impl Serialize for InstantText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(feature = "schema")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    impl JsonSchema for super::MoneyText {
        fn schema_name() -> Cow<'static, str> {
            "MoneyText".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "dollars as a decimal without exponent and trailing zeros",
                "type": "string", "pattern": r"^-?[0-9]+(\.[0-9]*[1-9])?$",
            })
        }
    }

    impl JsonSchema for super::InstantText {
        fn schema_name() -> Cow<'static, str> {
            "InstantText".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "description": "an instant in UTC", "type": "string", "format": "date-time" })
        }
    }
}
