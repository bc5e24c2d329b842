//! One endpoint, rule by rule: what each rule of the policy says of it, also of rules that let it pass.

use super::budgets::Ledger;
use super::candidate::Candidate;
use super::filters::Waived;
use super::reason::RawReason;
use super::world::World;
use super::{Inputs, decide};
use crate::ir::{Body, Routing};
use crate::{Context, Credential, Decision, Request};

/// Why an endpoint is where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Why {
    /// The endpoint's id.
    pub endpoint: String,
    /// Its model.
    pub model: String,
    /// The workload that decides.
    pub workload: String,
    /// The tier that names its model; `None`: no tier does.
    pub tier: Option<u32>,
    /// For each credential, shared first: what became of it.
    pub credentials: Vec<CredentialWhy>,
}

/// Why an endpoint with a credential is where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialWhy {
    /// With which credential.
    pub credential: Credential,
    /// Its place in the plan, from 1; `None`: it is not in the plan.
    pub place: Option<usize>,
    /// What each rule says, in the order of the filters and of the text.
    pub checks: Vec<Check>,
}

/// What one rule says of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// `guardrail NAME`, `built-in` and so on.
    pub rule: String,
    /// What of it: `require`, `ceiling prompt`, `budget`.
    pub what: String,
    /// Where it is written.
    pub at: Option<String>,
    /// What it says.
    pub verdict: CheckVerdict,
    /// The facts behind it; may be empty.
    pub detail: String,
}

/// What a rule says of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckVerdict {
    /// It holds.
    Passes,
    /// It does not apply here.
    DoesNotApply,
    /// A waiver lifts it.
    Waived,
    /// It keeps the candidate out.
    Excludes,
}

/// Says of an endpoint, rule by rule, why it is where it is. `None`: the catalog has no such endpoint, or the request is
/// denied before endpoints are looked at.
pub(crate) fn why(inputs: Inputs<'_>, request: &Request, context: &Context, endpoint: &str) -> Option<Why> {
    let decision = decide(inputs, request, context);
    let explanation = decision.explanation();
    let name = explanation.workload.clone()?;
    let found = inputs.catalog.endpoint(endpoint)?;
    let world = World::new(inputs.sources, inputs.policy, inputs.catalog, request, context).ok()?;
    let mut ledger = Ledger::new(&world).ok()?;
    ledger.spent.extend(explanation.degraded.iter().map(|d| d.budget.clone()));
    let workload = inputs.policy.workloads.iter().find(|w| w.name == name)?;
    let Body::Route(routing) = &workload.body else { return None };
    let tiers = world.tiers(routing);
    let tier = tiers.tier_of.get(&found.model).copied();
    let credentials = world
        .with_all_credentials(routing, found, tier.unwrap_or(0))
        .iter()
        .map(|candidate| {
            let mut checks = world.checks(&name, routing, candidate, &ledger);
            let unreached = explanation
                .excluded
                .iter()
                .find(|x| x.endpoint == endpoint && x.credential == candidate.credential());
            for reason in unreached.into_iter().flat_map(|x| &x.reasons).filter(|r| r.code == "fallback") {
                checks.push(Check {
                    rule: reason.rule.clone(),
                    what: "fallback".to_owned(),
                    at: reason.at.clone(),
                    verdict: CheckVerdict::Excludes,
                    detail: reason.detail.clone(),
                });
            }
            let place = match &decision {
                Decision::Route(plan) => plan
                    .attempts
                    .iter()
                    .position(|a| a.endpoint == endpoint && a.credential == candidate.credential())
                    .map(|at| at.saturating_add(1)),
                Decision::Deny(_) => None,
            };
            CredentialWhy { credential: candidate.credential(), place, checks }
        })
        .collect();
    Some(Why { endpoint: endpoint.to_owned(), model: found.model.clone(), workload: name, tier, credentials })
}

impl World<'_> {
    fn checks(
        &self,
        workload: &str,
        routing: &Routing,
        candidate: &Candidate<'_>,
        ledger: &Ledger<'_>,
    ) -> Vec<Check> {
        let mut waived = Waived::new();
        let reasons = self.reasons(workload, routing, candidate, ledger, &mut waived);
        let mut checks = Vec::new();
        let mut told: Vec<&RawReason> = Vec::new();
        let check = |rule: &str, what: &str, at: Option<String>, verdict, detail: &str| Check {
            rule: rule.to_owned(),
            what: what.to_owned(),
            at,
            verdict,
            detail: detail.to_owned(),
        };
        for code in ["context_length", "output_length", "parameters", "modalities", "sunset", "health"] {
            let broken: Vec<&RawReason> =
                reasons.iter().filter(|r| r.rule == "built-in" && r.code == code).collect();
            if broken.is_empty() {
                checks.push(check("built-in", code, None, CheckVerdict::Passes, ""));
            }
            for reason in broken {
                checks.push(check("built-in", code, None, CheckVerdict::Excludes, &reason.detail));
                told.push(reason);
            }
        }
        let mut written = |rule: &str, what: &str, span, verdict| {
            let broken: Vec<&RawReason> =
                reasons.iter().filter(|r| r.rule == rule && r.span == Some(span)).collect();
            if broken.is_empty() {
                checks.push(check(rule, what, Some(self.at(span)), verdict, ""));
            }
            for reason in broken {
                checks.push(check(
                    rule,
                    &reason.code,
                    Some(self.at(span)),
                    CheckVerdict::Excludes,
                    &reason.detail,
                ));
                told.push(reason);
            }
        };
        let name = format!("workload {workload}");
        for rule in &routing.rules {
            written(&name, if rule.forbid { "forbid" } else { "require" }, rule.span, CheckVerdict::Passes);
        }
        for guardrail in &self.policy.guardrails {
            let applies = guardrail.when.as_ref().is_none_or(|w| !self.eval(w, Some(candidate)).is_false());
            let lifted = waived
                .iter()
                .any(|(at, _)| self.policy.waivers.get(*at).is_some_and(|w| w.guardrail == guardrail.name));
            let verdict = match (applies, lifted) {
                (false, _) => CheckVerdict::DoesNotApply,
                (true, true) => CheckVerdict::Waived,
                (true, false) => CheckVerdict::Passes,
            };
            for rule in &guardrail.rules {
                let what = if rule.forbid { "forbid" } else { "require" };
                written(&format!("guardrail {}", guardrail.name), what, rule.span, verdict);
            }
        }
        for ceiling in &routing.ceilings {
            let applies = ceiling.when.as_ref().is_none_or(|w| !self.eval(w, Some(candidate)).is_false());
            let verdict = if applies { CheckVerdict::Passes } else { CheckVerdict::DoesNotApply };
            written(&name, &format!("ceiling {}", ceiling.kind.name()), ceiling.span, verdict);
        }
        for budget in &self.policy.budgets {
            let applies = ledger.applying.iter().any(|b| b.name == budget.name)
                && Ledger::covers(self, budget, candidate);
            let verdict = if applies { CheckVerdict::Passes } else { CheckVerdict::DoesNotApply };
            for limit in &budget.limits {
                let what = super::budgets::kind(limit.kind);
                written(&format!("budget {}", budget.name), what, limit.span, verdict);
            }
        }
        // Credentials, credits and the caller's wishes are told only where they exclude.
        let rest = reasons.iter().filter(|r| !told.iter().any(|t| std::ptr::eq(*t, *r)));
        let rest: Vec<Check> = rest
            .map(|r| check(&r.rule, &r.code, r.span.map(|s| self.at(s)), CheckVerdict::Excludes, &r.detail))
            .collect();
        checks.extend(rest);
        checks
    }
}
