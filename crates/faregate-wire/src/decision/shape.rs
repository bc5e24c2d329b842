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
    pub(crate) request: &'a str,
    /// the workload that decided
    pub(crate) workload: Option<&'a str>,
    /// what may be tried, in order
    pub(crate) attempts: Vec<AttemptDto<'a>>,
    /// expected: of the first attempt; worst: of the whole run, null where there is no bound
    pub(crate) cost: CostDto,
    /// the most provider calls that the request can cause
    pub(crate) calls_at_most: u64,
    /// the time that the whole run has
    pub(crate) deadline_ms: Option<u64>,
    /// always true: retries of the client's own would come on top
    pub(crate) disable_client_retries: bool,
    /// the retry rules that can apply, one for each error class
    pub(crate) retry: Vec<RetryDto<'a>>,
    /// caps of tools by name, and `iterations`
    pub(crate) tools: ToolsDto<'a>,
    /// when output reaches the client
    pub(crate) stream: StreamDto,
    #[serde(flatten)]
    pub(crate) rest: ExplanationDto<'a>,
}

/// Why a request may not go anywhere.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Deny"))]
pub(crate) struct DenyDto<'a> {
    /// the request's id
    pub(crate) request: &'a str,
    /// the workload that decided; null where none was picked
    pub(crate) workload: Option<&'a str>,
    /// why
    pub(crate) denial: DenialDto<'a>,
    #[serde(flatten)]
    pub(crate) rest: ExplanationDto<'a>,
}

/// What a decision says of itself, whichever way it went.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct ExplanationDto<'a> {
    /// the budgets touched, in the order of the text
    pub(crate) budgets: Vec<BudgetDto<'a>>,
    /// the highest threshold that each has reached
    pub(crate) alerts: Vec<AlertDto<'a>>,
    /// the soft caps that sent the request to another workload
    pub(crate) degraded: Vec<DegradedDto<'a>>,
    /// why each other candidate is not in the plan
    pub(crate) excluded: Vec<ExclusionDto<'a>>,
    /// the waivers that made a difference
    pub(crate) waivers: Vec<WaiverDto<'a>>,
    /// aliases through which a model was named
    pub(crate) aliases: Vec<AliasDto<'a>>,
    /// budgets of context rows that the policy does not know
    pub(crate) ignored_budget_rows: &'a BTreeSet<String>,
    /// what was decided with
    pub(crate) digests: DigestsDto<'a>,
}

/// One entry of the plan.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Attempt"))]
pub(crate) struct AttemptDto<'a> {
    /// the endpoint's id
    pub(crate) endpoint: &'a str,
    /// its canonical model
    pub(crate) model: &'a str,
    /// the provider
    pub(crate) provider: &'a str,
    /// with which credential
    pub(crate) credential: CredentialDto<'a>,
    /// the tier, from 1
    pub(crate) tier: u32,
    /// the kind of move from the first
    pub(crate) role: RoleDto,
    /// what it is expected to cost, and at most; null: unknown or no bound
    pub(crate) cost: CostDto,
    /// the most time for a call
    pub(crate) timeout_ms: Option<u64>,
    /// the most time to the first token
    pub(crate) first_token_ms: Option<u64>,
    /// parameters of the request to drop
    pub(crate) drop_parameters: &'a BTreeSet<String>,
    /// what put it where it is
    pub(crate) why: &'a [String],
    /// what the provider calls the model; null: as the canonical name
    pub(crate) native_model: Option<&'a str>,
    /// the output limit to send; null: none is known
    pub(crate) max_output_tokens: Option<u64>,
    /// the longest pause between tokens
    pub(crate) stall_ms: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Role"))]
pub(crate) enum RoleDto {
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
pub(crate) enum CredentialDto<'a> {
    Shared,
    Own { key: &'a str },
}

/// Dollars.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Cost"))]
pub(crate) struct CostDto {
    pub(crate) expected: Option<MoneyText>,
    pub(crate) worst: Option<MoneyText>,
}

/// A retry rule that can apply.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Retry"))]
pub(crate) struct RetryDto<'a> {
    /// the error class
    pub(crate) on: &'a str,
    /// how often at one candidate
    pub(crate) times: u64,
    /// where it is written
    pub(crate) at: &'a str,
    /// what is waited, in the words of the policy; null: nothing
    pub(crate) wait: Option<&'a str>,
}

/// The cap of a tool.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ToolCap"))]
pub(crate) struct ToolCapDto {
    /// calls
    pub(crate) calls: u64,
    /// results of a call; null: not capped
    pub(crate) results: Option<u64>,
}

/// Caps of tools.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Tools"))]
pub(crate) struct ToolsDto<'a> {
    #[serde(flatten)]
    pub(crate) tools: BTreeMap<&'a str, ToolCapDto>,
    /// rounds of an agent loop
    pub(crate) iterations: Option<u64>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Stream"))]
pub(crate) struct StreamDto {
    pub(crate) commit: CommitDto,
    pub(crate) partial: PartialDto,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Commit"))]
pub(crate) enum CommitDto {
    FirstToken,
    End,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Partial"))]
pub(crate) enum PartialDto {
    MarkIncomplete,
    Discard,
}

/// A budget that the request touches. Amounts are money as text for `spend`, and whole numbers for the rest.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "BudgetUse"))]
pub(crate) struct BudgetDto<'a> {
    /// the budget's name
    pub(crate) budget: &'a str,
    /// the value of its `per`, a list of several, null for none
    pub(crate) per: PerDto<'a>,
    /// start and end of the present window; null for `total` and concurrency
    pub(crate) window: Option<[InstantText; 2]>,
    pub(crate) limit: AmountDto,
    /// what was counted before; null: unknown
    pub(crate) counted: Option<AmountDto>,
    /// what is left for this request; null: unknown
    pub(crate) remaining: Option<AmountDto>,
    /// the most that this run can add, to be reserved; null: no bound is known
    pub(crate) this_run_at_most: Option<AmountDto>,
    pub(crate) kind: LimitDto,
    /// `minute`, `hour`, `day`, `week`, `month`, `total`; null for concurrency
    pub(crate) period: Option<&'a str>,
    /// where the budget is written
    pub(crate) at: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "PerUsed"))]
pub(crate) enum PerDto<'a> {
    One(Option<&'a str>),
    Several(&'a [Option<String>]),
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Limit"))]
pub(crate) enum LimitDto {
    Spend,
    Requests,
    Tokens,
    Concurrency,
}

#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Amount"))]
pub(crate) enum AmountDto {
    Money(MoneyText),
    Count(u64),
}

/// A threshold that a budget has reached.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Alert"))]
pub(crate) struct AlertDto<'a> {
    pub(crate) budget: &'a str,
    /// `50%`
    pub(crate) reached: String,
}

/// A soft cap that sent the request to another workload.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Degraded"))]
pub(crate) struct DegradedDto<'a> {
    pub(crate) budget: &'a str,
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) at: &'a str,
}

/// A candidate that is not in the plan, with all reasons.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Exclusion"))]
pub(crate) struct ExclusionDto<'a> {
    pub(crate) endpoint: &'a str,
    pub(crate) credential: CredentialDto<'a>,
    pub(crate) reasons: Vec<ReasonDto<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Reason"))]
pub(crate) struct ReasonDto<'a> {
    /// `guardrail NAME`, `budget NAME`, `workload NAME`, `request` or `built-in`
    pub(crate) rule: &'a str,
    pub(crate) code: &'a str,
    pub(crate) detail: &'a str,
    /// `file:line:column`; null where no text says it
    pub(crate) at: Option<&'a str>,
}

/// A waiver that lifted a guardrail.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "WaiverUse"))]
pub(crate) struct WaiverDto<'a> {
    pub(crate) guardrail: &'a str,
    pub(crate) at: &'a str,
    /// its last day
    pub(crate) until: &'a str,
    /// the endpoints that the guardrail would have excluded
    pub(crate) endpoints: &'a [String],
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Alias"))]
pub(crate) struct AliasDto<'a> {
    pub(crate) alias: &'a str,
    pub(crate) model: &'a str,
}

/// What was decided with.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Digests"))]
pub(crate) struct DigestsDto<'a> {
    pub(crate) policy: &'a str,
    pub(crate) catalog: &'a str,
    pub(crate) engine: &'a str,
}

/// Why a request is denied.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Denial"))]
pub(crate) struct DenialDto<'a> {
    pub(crate) code: &'a str,
    /// the HTTP status that a client expects
    pub(crate) status: u16,
    /// the rule that stood in the way most
    pub(crate) rule: Option<&'a str>,
    pub(crate) at: Option<&'a str>,
    pub(crate) message: &'a str,
    /// when it opens again; null: waiting does not help, or it is not known
    pub(crate) opens_at: Option<InstantText>,
    /// the smallest change that would admit an endpoint
    pub(crate) nearest: Option<String>,
    /// what the client or the operator may do about it
    pub(crate) advice: &'a str,
}

/// Money in its one form: no exponent, no trailing zeros.
pub(crate) struct MoneyText(pub(crate) Money);

impl Serialize for MoneyText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// An instant in its one form: UTC, milliseconds only where there are any.
pub(crate) struct InstantText(pub(crate) Timestamp);

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
