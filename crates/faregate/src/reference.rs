//! The reference evaluator: the language's meaning, sentence by sentence; slow, short, obvious.
//!
//! It follows section 5 of the language: validate, pick the workload, name the candidates, filter, order, plan. The
//! decision is a function of its inputs alone.

pub(crate) mod balance;
pub(crate) mod budgets;
pub(crate) mod candidate;
mod cost;
pub(crate) mod deny;
pub(crate) mod eval;
pub(crate) mod filters;
pub(crate) mod nearest;
pub(crate) mod order;
pub(crate) mod plan;
pub(crate) mod reason;
pub(crate) mod truth;
pub(crate) mod values;
mod why;
pub(crate) mod world;

use std::collections::{BTreeMap, BTreeSet};

use faregate_syntax::Sources;

use crate::catalog::Catalog;
use crate::ir::{Body, Exhausted, Policy, Routing, Workload};
use crate::time::date_text;
use crate::watch::{Applied, Watch};
use crate::{
    Attempt, Context, Decision, Degraded, Denial, DenialCode, Digests, Exclusion, Explanation, Nearest, Plan,
    Request, WaiverUse,
};
use budgets::Ledger;
use candidate::Candidate;
use deny::Out;
use filters::Waived;
use reason::RawReason;
use truth::Truth;
pub(crate) use why::why;
pub use why::{Check, CheckVerdict, CredentialWhy, Why};
use world::World;

/// What a decision is made with.
#[derive(Clone, Copy)]
pub(crate) struct Inputs<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) policy: &'a Policy,
    /// Who is told of what is looked at.
    pub(crate) watch: Option<&'a dyn Watch>,
    pub(crate) policy_digest: &'a str,
    pub(crate) catalog: &'a Catalog,
}

/// Decides a request.
pub(crate) fn decide(inputs: Inputs<'_>, request: &Request, context: &Context) -> Decision {
    let blank = blank(inputs, request);
    let Inputs { sources, policy, watch, catalog, .. } = inputs;
    // 1. Validate.
    let world = match World::new(sources, Applied { policy, watch }, catalog, request, context) {
        Ok(world) => world,
        Err(message) => return deny(blank, DenialCode::InvalidRequest, "request", None, message),
    };
    let ledger = match Ledger::new(&world) {
        Ok(ledger) => ledger,
        Err(message) => return deny(blank, DenialCode::InvalidRequest, "request", None, message),
    };
    let mut blank = blank;
    blank.ignored_budget_rows.clone_from(&ledger.ignored);
    // 2. Pick the workload.
    for workload in &policy.workloads {
        let Some((when, span)) = &workload.when else {
            return decide_as(&world, inputs, ledger, blank, workload);
        };
        match world.eval(when, None) {
            Truth::True => return decide_as(&world, inputs, ledger, blank, workload),
            Truth::False => {}
            Truth::Unknown => {
                let missing = world.missing(when, None);
                let names: Vec<String> = missing.iter().map(|n| format!("`{n}`")).collect();
                let verb = if names.len() == 1 { "is" } else { "are" };
                let message = format!(
                    "{} {verb} not known, and workload {} depends on it",
                    names.join(", "),
                    workload.name
                );
                let rule = format!("workload {}", workload.name);
                return deny(blank, DenialCode::MissingAttribute, &rule, Some(world.at(*span)), message);
            }
        }
    }
    // The checker sees to it that the last workload is `otherwise`.
    deny(
        blank,
        DenialCode::NoRoute,
        "built-in",
        None,
        "the policy has no workload for this request".to_owned(),
    )
}

/// Returns an explanation of which only the inputs are told.
pub(crate) fn blank(inputs: Inputs<'_>, request: &Request) -> Explanation {
    let digests = Digests {
        policy: inputs.policy_digest.to_owned(),
        catalog: inputs.catalog.digest().to_owned(),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Explanation::new(request.id.clone(), digests)
}

pub(crate) fn deny(
    explanation: Explanation,
    code: DenialCode,
    rule: &str,
    at: Option<String>,
    message: String,
) -> Decision {
    let rule = Some(rule.to_owned());
    Decision::Deny(Box::new(Denial { code, rule, at, message, opens_at: None, nearest: None, explanation }))
}

/// Steps 3 to 7 as a workload, and as the workloads that soft caps lead to.
fn decide_as(
    world: &World<'_>,
    inputs: Inputs<'_>,
    mut ledger: Ledger<'_>,
    blank: Explanation,
    first: &Workload,
) -> Decision {
    let mut workload = first;
    let mut degraded: Vec<Degraded> = Vec::new();
    let mut left: Vec<&str> = Vec::new();
    loop {
        let mut explanation = blank.clone();
        explanation.workload = Some(workload.name.clone());
        explanation.degraded.clone_from(&degraded);
        explanation.ignored_budget_rows.clone_from(&ledger.ignored);
        world.tell_rule(workload.span);
        let routing = match &workload.body {
            Body::Route(routing) => routing,
            Body::Deny(message, span) => {
                let rule = format!("workload {}", workload.name);
                return deny(explanation, DenialCode::Refused, &rule, Some(world.at(*span)), message.clone());
            }
        };
        let found = admit(world, &ledger, workload, routing);
        explanation.aliases = found.aliases;
        explanation.waivers = waiver_uses(world, &found.waived);
        if found.admitted.is_empty() {
            if let Some((budget, target, at)) = soft_cap(world, &ledger, &found.out)
                && let Some(next) = world.policy.workloads.iter().find(|w| w.name == target)
                && !left.contains(&next.name.as_str())
            {
                degraded.push(Degraded {
                    budget: budget.clone(),
                    from: workload.name.clone(),
                    to: target,
                    at,
                });
                ledger.spent.insert(budget);
                if next.name != workload.name {
                    left.push(&workload.name);
                }
                workload = next;
                continue;
            }
            return denied(world, inputs, &ledger, explanation, workload, routing, found.out);
        }
        return route(world, &ledger, explanation, workload, routing, found.admitted, found.out);
    }
}

/// Candidates of a workload: those admitted, and those out with their reasons.
struct Found<'a> {
    admitted: Vec<Candidate<'a>>,
    out: Vec<Out<'a>>,
    waived: Waived,
    aliases: BTreeMap<String, String>,
}

/// Steps 3 and 4.
fn admit<'a>(world: &World<'a>, ledger: &Ledger<'_>, workload: &Workload, routing: &Routing) -> Found<'a> {
    let tiers = world.tiers(routing);
    if world.watch.is_some() {
        world.tell_of_entries(routing);
    }
    let mut found =
        Found { admitted: Vec::new(), out: Vec::new(), waived: Vec::new(), aliases: BTreeMap::new() };
    for candidate in world.candidates(routing, &tiers) {
        let reasons = world.reasons(&workload.name, routing, &candidate, ledger, &mut found.waived);
        if reasons.is_empty() {
            found.admitted.push(candidate);
        } else {
            found.out.push((candidate, reasons));
        }
    }
    found.aliases = tiers.aliases;
    found
}

/// Returns the first soft cap in text order that alone keeps a candidate out: budget, workload, place (rule 32).
fn soft_cap(world: &World<'_>, ledger: &Ledger<'_>, out: &[Out<'_>]) -> Option<(String, String, String)> {
    let by_budgets_alone = |reasons: &[RawReason]| reasons.iter().all(|r| r.rule.starts_with("budget "));
    let named: BTreeSet<&str> = out
        .iter()
        .filter(|(_, reasons)| by_budgets_alone(reasons))
        .flat_map(|(_, reasons)| reasons.iter().map(|r| r.rule.as_str()))
        .collect();
    ledger.applying.iter().filter(|b| ledger.closes(b)).find_map(|budget| match &budget.exhausted {
        Exhausted::UseWorkload(target, span)
            if named.contains(format!("budget {}", budget.name).as_str()) =>
        {
            world.tell_rule(*span);
            Some((budget.name.clone(), target.clone(), world.at(*span)))
        }
        _ => None,
    })
}

/// Steps 5 and 6.
fn route<'a>(
    world: &World<'a>,
    ledger: &Ledger<'_>,
    mut explanation: Explanation,
    workload: &Workload,
    routing: &Routing,
    admitted: Vec<Candidate<'a>>,
    out: Vec<Out<'a>>,
) -> Decision {
    let mut all: Vec<Candidate<'a>> = admitted.iter().chain(out.iter().map(|(c, _)| c)).cloned().collect();
    all.sort_by(|a, b| a.id_key().cmp(&b.id_key()));
    let ordered = world.order(routing, admitted);
    let (plan, unreached) = world.reachable(&workload.name, workload.span, routing, ordered);
    explanation.excluded =
        exclusions(world, out.into_iter().chain(unreached.into_iter().map(|(c, r)| (c, vec![r]))));
    let attempts = plan.iter().enumerate().map(|(n, c)| world.attempt_of(routing, &plan, n, c)).collect();
    planned(world, ledger, explanation, routing, &all, &plan, attempts)
}

/// Turns a plan into a decision: its bounds, the budgets that it touches. `all` are all candidates, sorted by id.
pub(crate) fn planned(
    world: &World<'_>,
    ledger: &Ledger<'_>,
    mut explanation: Explanation,
    routing: &Routing,
    all: &[Candidate<'_>],
    plan: &[Candidate<'_>],
    attempts: Vec<Attempt>,
) -> Decision {
    let bounds = world.run_bounds(routing, plan);
    (explanation.budgets, explanation.alerts) = world.budget_uses(ledger, all, plan, Some(&bounds));
    let retry = world.retry_uses(routing, plan);
    let worst_cost = bounds.dearest(plan.iter().map(|c| c.worst.known()));
    Decision::Route(Box::new(Plan {
        expected_cost: plan.first().and_then(|c| c.expected),
        worst_cost,
        attempts,
        calls_at_most: bounds.calls,
        deadline_ms: routing.retry.as_ref().and_then(|r| r.deadline_ms),
        retry,
        tools: routing.tools.clone(),
        iterations: routing.iterations,
        commit: routing.commit,
        partial: routing.partial,
        explanation,
        origin: None,
    }))
}

/// Step 7.
fn denied(
    world: &World<'_>,
    inputs: Inputs<'_>,
    ledger: &Ledger<'_>,
    explanation: Explanation,
    workload: &Workload,
    routing: &Routing,
    out: Vec<Out<'_>>,
) -> Decision {
    let admits = |policy: &Policy| admitted_under(inputs, world, ledger, policy, &workload.name);
    let nearest = nearest::nearest(world, &workload.name, &out, &admits);
    refused(world, ledger, explanation, workload, routing, out, nearest)
}

/// Turns the reasons for which nobody is admitted into a decision.
pub(crate) fn refused(
    world: &World<'_>,
    ledger: &Ledger<'_>,
    mut explanation: Explanation,
    workload: &Workload,
    routing: &Routing,
    out: Vec<Out<'_>>,
    nearest: Option<Nearest>,
) -> Decision {
    let all: Vec<Candidate<'_>> = out.iter().map(|(c, _)| c.clone()).collect();
    (explanation.budgets, explanation.alerts) = world.budget_uses(ledger, &all, &[], None);
    let verdict = world.verdict(&workload.name, routing.models_span, &out);
    explanation.excluded = exclusions(world, out);
    Decision::Deny(Box::new(Denial {
        code: verdict.code,
        rule: Some(verdict.rule),
        at: verdict.at.map(|s| world.at(s)),
        message: verdict.message,
        opens_at: verdict.opens_at,
        nearest,
        explanation,
    }))
}

/// Counts who is admitted to a workload under a changed policy.
fn admitted_under(
    inputs: Inputs<'_>,
    world: &World<'_>,
    ledger: &Ledger<'_>,
    policy: &Policy,
    workload: &str,
) -> usize {
    let changed = World::new(inputs.sources, policy, inputs.catalog, &world.request, world.context);
    let Ok(changed) = changed else { return 0 };
    let Ok(mut new_ledger) = Ledger::new(&changed) else { return 0 };
    new_ledger.spent.clone_from(&ledger.spent);
    let Some(workload) = policy.workloads.iter().find(|w| w.name == workload) else { return 0 };
    match &workload.body {
        Body::Route(routing) => admit(&changed, &new_ledger, workload, routing).admitted.len(),
        Body::Deny(..) => 0,
    }
}

pub(crate) fn exclusions<'a>(world: &World<'_>, out: impl IntoIterator<Item = Out<'a>>) -> Vec<Exclusion> {
    let mut excluded: Vec<Exclusion> = out
        .into_iter()
        .map(|(candidate, reasons)| Exclusion {
            endpoint: candidate.endpoint.id.clone(),
            credential: candidate.credential(),
            reasons: reasons.iter().map(|r| r.write(world)).collect(),
        })
        .collect();
    excluded.sort_by(|a, b| (&a.endpoint, &a.credential).cmp(&(&b.endpoint, &b.credential)));
    excluded
}

pub(crate) fn waiver_uses(world: &World<'_>, waived: &Waived) -> Vec<WaiverUse> {
    let used: BTreeSet<usize> = waived.iter().map(|(at, _)| *at).collect();
    let uses = used.into_iter().filter_map(|at| {
        let waiver = world.policy.waivers.get(at)?;
        let mut endpoints: Vec<String> =
            waived.iter().filter(|(w, _)| *w == at).map(|(_, id)| id.clone()).collect();
        endpoints.sort_unstable();
        Some(WaiverUse {
            guardrail: waiver.guardrail.clone(),
            at: world.at(waiver.span),
            until: date_text(waiver.until),
            endpoints,
        })
    });
    uses.collect()
}
