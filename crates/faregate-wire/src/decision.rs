//! Decisions as data.

mod shape;

use faregate::syntax::ast::{Commit, LimitKind, MoveKind, Partial};
use faregate::{Amount, Credential, Decision, Denial, Digests, Explanation, Money, Plan};

use crate::Node;
use crate::request::to_node;

use shape::{
    AlertDto, AliasDto, BudgetDto, CommitDto, CostDto, DegradedDto, DenialDto, DenyDto, ExclusionDto,
    ExplanationDto, ReasonDto, RetryDto, RouteDto, StreamDto, ToolCapDto, ToolsDto, WaiverDto,
};
pub(crate) use shape::{
    AmountDto, AttemptDto, CredentialDto, DecisionDto, DigestsDto, InstantText, LimitDto, MoneyText,
    PartialDto, PerDto, RoleDto,
};

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
///
/// ```
/// use faregate::{Decision, Digests, Explanation, Plan};
/// let plan = Plan::new(vec![], Explanation::new("req-1", Digests::new("blake3:p", "blake3:c", "0.1.0")));
/// let json = faregate_wire::decision_to_json_pretty(&Decision::Route(Box::new(plan)));
/// assert!(json.starts_with("{\n  \"outcome\": \"route\",\n  \"request\": \"req-1\","));
/// ```
#[must_use]
pub fn decision_to_json_pretty(decision: &Decision) -> String {
    serde_json::to_string_pretty(&DecisionDto::from(decision)).unwrap_or_default()
}

/// Returns a decision as a tree, for comparing it with what a golden case expects or for writing it beside other data.
///
/// ```
/// use faregate::{Attempt, Decision, Digests, Explanation, Plan};
/// let about = Explanation::new("req-1", Digests::new("blake3:p", "blake3:c", "0.1.0"));
/// let plan = Plan::new(vec![Attempt::new("a/b@north", "a/b", "north")], about);
/// let node = faregate_wire::decision_to_node(&Decision::Route(Box::new(plan)));
/// let first = &node.get("attempts").unwrap().as_seq().unwrap()[0];
/// assert_eq!(first.get("provider").unwrap().as_text(), Some("north"));
/// ```
#[must_use]
pub fn decision_to_node(decision: &Decision) -> Node {
    to_node(&DecisionDto::from(decision))
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
                partial: plan.partial.into(),
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
                nearest: denial.nearest.as_ref().map(ToString::to_string),
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
            digests: DigestsDto::from(&about.digests),
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
            role: attempt.role.map_or(RoleDto::Primary, RoleDto::from),
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
            per: PerDto::from(budget.per.as_slice()),
            window: budget.window.map(|(start, end)| [InstantText(start), InstantText(end)]),
            limit: budget.limit.into(),
            counted: budget.counted.map(AmountDto::from),
            remaining: budget.remaining.map(AmountDto::from),
            this_run_at_most: budget.this_run_at_most.map(AmountDto::from),
            kind: budget.kind.into(),
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

impl From<Amount> for AmountDto {
    fn from(amount: Amount) -> Self {
        match amount {
            Amount::Money(money) => Self::Money(MoneyText(money)),
            Amount::Count(count) => Self::Count(count),
        }
    }
}

impl From<LimitKind> for LimitDto {
    fn from(kind: LimitKind) -> Self {
        match kind {
            LimitKind::Spend => Self::Spend,
            LimitKind::Requests => Self::Requests,
            LimitKind::Tokens => Self::Tokens,
            LimitKind::Concurrency => Self::Concurrency,
        }
    }
}

impl From<MoveKind> for RoleDto {
    fn from(kind: MoveKind) -> Self {
        match kind {
            MoveKind::Credential => Self::CredentialFallback,
            MoveKind::Provider => Self::ProviderFallback,
            MoveKind::Model => Self::ModelFallback,
        }
    }
}

impl From<Partial> for PartialDto {
    fn from(partial: Partial) -> Self {
        match partial {
            Partial::MarkIncomplete => Self::MarkIncomplete,
            Partial::Discard => Self::Discard,
        }
    }
}

impl<'a> From<&'a [Option<String>]> for PerDto<'a> {
    fn from(per: &'a [Option<String>]) -> Self {
        match per {
            [] => Self::One(None),
            [value] => Self::One(value.as_deref()),
            values => Self::Several(values),
        }
    }
}

impl<'a> From<&'a Digests> for DigestsDto<'a> {
    fn from(digests: &'a Digests) -> Self {
        Self { policy: &digests.policy, catalog: &digests.catalog, engine: &digests.engine }
    }
}
