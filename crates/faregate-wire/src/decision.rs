//! Decisions as data.

use std::collections::{BTreeMap, BTreeSet};

use faregate::syntax::ast::{Commit, LimitKind, MoveKind, Partial};
use faregate::{Amount, Credential, Decision, Denial, Explanation, Money, Plan, Timestamp};
use serde::{Serialize, Serializer};

use crate::Node;
use crate::request::to_node;

/// Writes a decision as JSON on one line, keys in one order, absent values as `null`.
///
/// Equal decisions are equal bytes.
///
/// ```
/// use faregate::{Decision, Denial, DenialCode, Digests, Explanation};
/// let about = Explanation::new("req-1", Digests::new("blake3:p", "blake3:c", "0.1.0"));
/// let denial = Denial::new(DenialCode::NoRoute, "nothing serves it", about);
/// let json = faregate_wire::decision_to_json(&Decision::Deny(Box::new(denial)));
/// assert!(json.starts_with(r#"{"outcome":"deny","request":"req-1","workload":null,"denial":{"code":"no_route","status":503"#));
/// ```
#[must_use]
pub fn decision_to_json(decision: &Decision) -> String {
    // Nothing in the shape can fail to be written: no floats, no keys but texts.
    serde_json::to_string(&DecisionDto::from(decision)).unwrap_or_default()
}

/// Writes a decision as JSON, two blanks a level.
#[must_use]
pub fn decision_to_json_pretty(decision: &Decision) -> String {
    serde_json::to_string_pretty(&DecisionDto::from(decision)).unwrap_or_default()
}

/// Returns a decision as a tree, for comparing it with what a golden case expects or for writing it beside other data.
#[must_use]
pub fn decision_to_node(decision: &Decision) -> Node {
    to_node(&DecisionDto::from(decision))
}

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
    request: &'a str,
    /// the workload that decided
    workload: Option<&'a str>,
    /// what may be tried, in order
    attempts: Vec<AttemptDto<'a>>,
    /// expected: of the first attempt; worst: of the whole run, null where there is no bound
    cost: CostDto,
    /// the most provider calls that the request can cause
    calls_at_most: u64,
    /// the time that the whole run has
    deadline_ms: Option<u64>,
    /// always true: retries of the client's own would come on top
    disable_client_retries: bool,
    /// the retry rules that can apply, one for each error class
    retry: Vec<RetryDto<'a>>,
    /// caps of tools by name, and `iterations`
    tools: ToolsDto<'a>,
    /// when output reaches the client
    stream: StreamDto,
    #[serde(flatten)]
    rest: ExplanationDto<'a>,
}

/// Why a request may not go anywhere.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Deny"))]
pub(crate) struct DenyDto<'a> {
    /// the request's id
    request: &'a str,
    /// the workload that decided; null where none was picked
    workload: Option<&'a str>,
    /// why
    denial: DenialDto<'a>,
    #[serde(flatten)]
    rest: ExplanationDto<'a>,
}

/// What a decision says of itself, whichever way it went.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct ExplanationDto<'a> {
    /// the budgets touched, in the order of the text
    budgets: Vec<BudgetDto<'a>>,
    /// the highest threshold that each has reached
    alerts: Vec<AlertDto<'a>>,
    /// the soft caps that sent the request to another workload
    degraded: Vec<DegradedDto<'a>>,
    /// why each other candidate is not in the plan
    excluded: Vec<ExclusionDto<'a>>,
    /// the waivers that made a difference
    waivers: Vec<WaiverDto<'a>>,
    /// aliases through which a model was named
    aliases: Vec<AliasDto<'a>>,
    /// budgets of context rows that the policy does not know
    ignored_budget_rows: &'a BTreeSet<String>,
    /// what was decided with
    digests: DigestsDto<'a>,
}

/// One entry of the plan.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Attempt"))]
struct AttemptDto<'a> {
    /// the endpoint's id
    endpoint: &'a str,
    /// its canonical model
    model: &'a str,
    /// the provider
    provider: &'a str,
    /// with which credential
    credential: CredentialDto<'a>,
    /// the tier, from 1
    tier: u32,
    /// the kind of move from the first
    role: RoleDto,
    /// what it is expected to cost, and at most; null: unknown or no bound
    cost: CostDto,
    /// the most time for a call
    timeout_ms: Option<u64>,
    /// the most time to the first token
    first_token_ms: Option<u64>,
    /// parameters of the request to drop
    drop_parameters: &'a BTreeSet<String>,
    /// what put it where it is
    why: &'a [String],
    /// what the provider calls the model; null: as the canonical name
    native_model: Option<&'a str>,
    /// the output limit to send; null: none is known
    max_output_tokens: Option<u64>,
    /// the longest pause between tokens
    stall_ms: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Role"))]
enum RoleDto {
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
enum CredentialDto<'a> {
    Shared,
    Own { key: &'a str },
}

/// Dollars.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Cost"))]
struct CostDto {
    expected: Option<MoneyText>,
    worst: Option<MoneyText>,
}

/// A retry rule that can apply.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Retry"))]
struct RetryDto<'a> {
    /// the error class
    on: &'a str,
    /// how often at one candidate
    times: u64,
    /// where it is written
    at: &'a str,
    /// what is waited, in the words of the policy; null: nothing
    wait: Option<&'a str>,
}

/// The cap of a tool.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ToolCap"))]
struct ToolCapDto {
    /// calls
    calls: u64,
    /// results of a call; null: not capped
    results: Option<u64>,
}

/// Caps of tools.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Tools"))]
struct ToolsDto<'a> {
    #[serde(flatten)]
    tools: BTreeMap<&'a str, ToolCapDto>,
    /// rounds of an agent loop
    iterations: Option<u64>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Stream"))]
struct StreamDto {
    commit: CommitDto,
    partial: PartialDto,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Commit"))]
enum CommitDto {
    FirstToken,
    End,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Partial"))]
enum PartialDto {
    MarkIncomplete,
    Discard,
}

/// A budget that the request touches. Amounts are money as text for `spend`, and whole numbers for the rest.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "BudgetUse"))]
struct BudgetDto<'a> {
    /// the budget's name
    budget: &'a str,
    /// the value of its `per`, a list of several, null for none
    per: PerDto<'a>,
    /// start and end of the present window; null for `total` and concurrency
    window: Option<[InstantText; 2]>,
    limit: AmountDto,
    /// what was counted before; null: unknown
    counted: Option<AmountDto>,
    /// what is left for this request; null: unknown
    remaining: Option<AmountDto>,
    /// the most that this run can add, to be reserved; null: no bound is known
    this_run_at_most: Option<AmountDto>,
    kind: LimitDto,
    /// `minute`, `hour`, `day`, `week`, `month`, `total`; null for concurrency
    period: Option<&'a str>,
    /// where the budget is written
    at: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "PerUsed"))]
enum PerDto<'a> {
    One(Option<&'a str>),
    Several(&'a [Option<String>]),
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Limit"))]
enum LimitDto {
    Spend,
    Requests,
    Tokens,
    Concurrency,
}

#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Amount"))]
enum AmountDto {
    Money(MoneyText),
    Count(u64),
}

/// A threshold that a budget has reached.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Alert"))]
struct AlertDto<'a> {
    budget: &'a str,
    /// `50%`
    reached: String,
}

/// A soft cap that sent the request to another workload.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Degraded"))]
struct DegradedDto<'a> {
    budget: &'a str,
    from: &'a str,
    to: &'a str,
    at: &'a str,
}

/// A candidate that is not in the plan, with all reasons.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Exclusion"))]
struct ExclusionDto<'a> {
    endpoint: &'a str,
    credential: CredentialDto<'a>,
    reasons: Vec<ReasonDto<'a>>,
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Reason"))]
struct ReasonDto<'a> {
    /// `guardrail NAME`, `budget NAME`, `workload NAME`, `request` or `built-in`
    rule: &'a str,
    code: &'a str,
    detail: &'a str,
    /// `file:line:column`; null where no text says it
    at: Option<&'a str>,
}

/// A waiver that lifted a guardrail.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "WaiverUse"))]
struct WaiverDto<'a> {
    guardrail: &'a str,
    at: &'a str,
    /// its last day
    until: &'a str,
    /// the endpoints that the guardrail would have excluded
    endpoints: &'a [String],
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Alias"))]
struct AliasDto<'a> {
    alias: &'a str,
    model: &'a str,
}

/// What was decided with.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Digests"))]
struct DigestsDto<'a> {
    policy: &'a str,
    catalog: &'a str,
    engine: &'a str,
}

/// Why a request is denied.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Denial"))]
struct DenialDto<'a> {
    code: &'a str,
    /// the HTTP status that a client expects
    status: u16,
    /// the rule that stood in the way most
    rule: Option<&'a str>,
    at: Option<&'a str>,
    message: &'a str,
    /// when it opens again; null: waiting does not help, or it is not known
    opens_at: Option<InstantText>,
    /// the smallest change that would admit an endpoint
    nearest: Option<&'a str>,
    /// what the client or the operator may do about it
    advice: &'a str,
}

/// Money in its one form: no exponent, no trailing zeros.
struct MoneyText(Money);

impl Serialize for MoneyText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// An instant in its one form: UTC, milliseconds only where there are any.
struct InstantText(Timestamp);

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

impl<'a> From<&'a Decision> for DecisionDto<'a> {
    fn from(decision: &'a Decision) -> Self {
        match decision {
            Decision::Route(plan) => Self::Route(RouteDto::from(plan.as_ref())),
            Decision::Deny(denial) => Self::Deny(DenyDto::from(denial.as_ref())),
        }
    }
}

impl<'a> From<&'a Plan> for RouteDto<'a> {
    fn from(plan: &'a Plan) -> Self {
        let cap = |(name, cap): (&'a String, &faregate::ToolCap)| {
            (name.as_str(), ToolCapDto { calls: cap.calls, results: cap.results })
        };
        Self {
            request: &plan.explanation.request,
            workload: plan.explanation.workload.as_deref(),
            attempts: plan.attempts.iter().map(AttemptDto::from).collect(),
            cost: cost(plan.expected_cost, plan.worst_cost),
            calls_at_most: plan.calls_at_most,
            deadline_ms: plan.deadline_ms,
            disable_client_retries: true,
            retry: plan.retry.iter().map(RetryDto::from).collect(),
            tools: ToolsDto { tools: plan.tools.iter().map(cap).collect(), iterations: plan.iterations },
            stream: StreamDto {
                commit: match plan.commit {
                    Commit::FirstToken => CommitDto::FirstToken,
                    Commit::End => CommitDto::End,
                },
                partial: match plan.partial {
                    Partial::MarkIncomplete => PartialDto::MarkIncomplete,
                    Partial::Discard => PartialDto::Discard,
                },
            },
            rest: ExplanationDto::from(&plan.explanation),
        }
    }
}

impl<'a> From<&'a Denial> for DenyDto<'a> {
    fn from(denial: &'a Denial) -> Self {
        Self {
            request: &denial.explanation.request,
            workload: denial.explanation.workload.as_deref(),
            denial: DenialDto {
                code: denial.code.as_str(),
                status: denial.code.status(),
                rule: denial.rule.as_deref(),
                at: denial.at.as_deref(),
                message: &denial.message,
                opens_at: denial.opens_at.map(InstantText),
                nearest: denial.nearest.as_deref(),
                advice: denial.code.advice(),
            },
            rest: ExplanationDto::from(&denial.explanation),
        }
    }
}

impl<'a> From<&'a Explanation> for ExplanationDto<'a> {
    fn from(about: &'a Explanation) -> Self {
        Self {
            budgets: about.budgets.iter().map(BudgetDto::from).collect(),
            alerts: about
                .alerts
                .iter()
                .map(|alert| AlertDto { budget: &alert.budget, reached: alert.reached.to_string() })
                .collect(),
            degraded: about
                .degraded
                .iter()
                .map(|d| DegradedDto { budget: &d.budget, from: &d.from, to: &d.to, at: &d.at })
                .collect(),
            excluded: about.excluded.iter().map(ExclusionDto::from).collect(),
            waivers: about
                .waivers
                .iter()
                .map(|w| WaiverDto {
                    guardrail: &w.guardrail,
                    at: &w.at,
                    until: &w.until,
                    endpoints: &w.endpoints,
                })
                .collect(),
            aliases: about.aliases.iter().map(|(alias, model)| AliasDto { alias, model }).collect(),
            ignored_budget_rows: &about.ignored_budget_rows,
            digests: DigestsDto {
                policy: &about.digests.policy,
                catalog: &about.digests.catalog,
                engine: &about.digests.engine,
            },
        }
    }
}

impl<'a> From<&'a faregate::Attempt> for AttemptDto<'a> {
    fn from(attempt: &'a faregate::Attempt) -> Self {
        Self {
            endpoint: &attempt.endpoint,
            model: &attempt.model,
            provider: &attempt.provider,
            credential: CredentialDto::from(&attempt.credential),
            tier: attempt.tier,
            role: match attempt.role {
                None => RoleDto::Primary,
                Some(MoveKind::Credential) => RoleDto::CredentialFallback,
                Some(MoveKind::Provider) => RoleDto::ProviderFallback,
                Some(MoveKind::Model) => RoleDto::ModelFallback,
            },
            cost: cost(attempt.expected_cost, attempt.worst_cost),
            timeout_ms: attempt.timeout_ms,
            first_token_ms: attempt.first_token_ms,
            drop_parameters: &attempt.drop_parameters,
            why: &attempt.why,
            native_model: attempt.native_model.as_deref(),
            max_output_tokens: attempt.max_output_tokens,
            stall_ms: attempt.stall_ms,
        }
    }
}

impl<'a> From<&'a Credential> for CredentialDto<'a> {
    fn from(credential: &'a Credential) -> Self {
        match credential {
            Credential::Shared => Self::Shared,
            Credential::Own(key) => Self::Own { key },
        }
    }
}

impl<'a> From<&'a faregate::RetryUse> for RetryDto<'a> {
    fn from(rule: &'a faregate::RetryUse) -> Self {
        Self { on: &rule.on, times: rule.times, at: &rule.at, wait: rule.wait.as_deref() }
    }
}

impl<'a> From<&'a faregate::BudgetUse> for BudgetDto<'a> {
    fn from(budget: &'a faregate::BudgetUse) -> Self {
        Self {
            budget: &budget.budget,
            per: match budget.per.as_slice() {
                [] => PerDto::One(None),
                [value] => PerDto::One(value.as_deref()),
                values => PerDto::Several(values),
            },
            window: budget.window.map(|(start, end)| [InstantText(start), InstantText(end)]),
            limit: amount(budget.limit),
            counted: budget.counted.map(amount),
            remaining: budget.remaining.map(amount),
            this_run_at_most: budget.this_run_at_most.map(amount),
            kind: match budget.kind {
                LimitKind::Spend => LimitDto::Spend,
                LimitKind::Requests => LimitDto::Requests,
                LimitKind::Tokens => LimitDto::Tokens,
                LimitKind::Concurrency => LimitDto::Concurrency,
            },
            period: budget.period.as_deref(),
            at: &budget.at,
        }
    }
}

impl<'a> From<&'a faregate::Exclusion> for ExclusionDto<'a> {
    fn from(exclusion: &'a faregate::Exclusion) -> Self {
        let reason = |reason: &'a faregate::Reason| ReasonDto {
            rule: &reason.rule,
            code: &reason.code,
            detail: &reason.detail,
            at: reason.at.as_deref(),
        };
        Self {
            endpoint: &exclusion.endpoint,
            credential: CredentialDto::from(&exclusion.credential),
            reasons: exclusion.reasons.iter().map(reason).collect(),
        }
    }
}

fn cost(expected: Option<Money>, worst: Option<Money>) -> CostDto {
    CostDto { expected: expected.map(MoneyText), worst: worst.map(MoneyText) }
}

fn amount(amount: Amount) -> AmountDto {
    match amount {
        Amount::Money(money) => AmountDto::Money(MoneyText(money)),
        Amount::Count(count) => AmountDto::Count(count),
    }
}
