//! Plans: every attempt passes every filter, and what a plan says of itself agrees.

use std::collections::BTreeSet;

use faregate::syntax::ast::{CeilingStatement, Item, LiteralKind, MoveKind, WorkloadStatement};
use faregate::syntax::{FileId, parse};
use faregate::{Attempt, Credential, Decision, Engine, Explanation, Money, Plan};

use super::{Verdict, admitted, comparable, flattened};
use crate::World;

macro_rules! hold {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err(format!($($what)+));
        }
    };
}

/// Checks a decision by itself: attempts, roles, tiers, costs, budgets, explanations.
///
/// # Errors
/// What does not agree.
pub fn plans_are_sound(world: &World) -> Verdict {
    let engine = world.engine()?;
    let decision = engine.decide(&world.request, &world.context);
    explanation(world, decision.explanation())?;
    let Decision::Route(plan) = &decision else {
        let left = admitted(&decision);
        hold!(left.is_empty(), "denied, and yet only the fallback keeps {left:?} out");
        return Ok(());
    };
    attempts(world, plan)?;
    costs(world, plan)?;
    capped(world, &engine, plan)?;
    for (n, attempt) in plan.attempts.iter().enumerate() {
        let why = engine.why(&world.request, &world.context, &attempt.endpoint);
        let place =
            why.and_then(|w| w.credentials.into_iter().find(|c| c.credential == attempt.credential)?.place);
        hold!(
            place == Some(n + 1),
            "`why` has {} at {place:?}, and it is attempt {}",
            attempt.endpoint,
            n + 1
        );
    }
    Ok(())
}

/// Caps the run at the cost of its dearest attempt: there is a plan still, and it costs no more than that. It may be another,
/// since a balance draws anew where a candidate that no move led to is out.
fn capped(world: &World, engine: &Engine, plan: &Plan) -> Verdict {
    let dearest: Option<Vec<Money>> = plan.attempts.iter().map(|a| a.worst_cost).collect();
    let Some(cap) = dearest.and_then(|costs| costs.into_iter().max()) else { return Ok(()) };
    if world.request.max_price.contains_key("run") {
        return Ok(());
    }
    let mut request = world.request.clone();
    request.max_price.insert("run".to_owned(), format!("${cap}"));
    let Decision::Route(under) = engine.decide(&request, &world.context) else {
        return Err(format!("a run ceiling of {cap}, which no attempt exceeds, leaves nothing"));
    };
    hold!(
        under.worst_cost.is_some_and(|worst| worst <= cap),
        "under a run ceiling of {cap}: {:?}",
        under.worst_cost
    );
    Ok(())
}

fn attempts(world: &World, plan: &Plan) -> Verdict {
    let first = plan.attempts.first().ok_or("a plan without attempts")?;
    let mut seen = BTreeSet::new();
    for (n, attempt) in plan.attempts.iter().enumerate() {
        let who = (&attempt.endpoint, &attempt.credential);
        hold!(seen.insert(who), "{who:?} is tried twice");
        let out = plan.explanation.excluded.iter().any(|e| (&e.endpoint, &e.credential) == who);
        hold!(!out, "{who:?} is in the plan and excluded");
        hold!(attempt.role == role(first, attempt, n), "the role of {who:?} is {:?}", attempt.role);
        hold!(attempt.on.is_empty() == (n == 0), "{who:?} follows {:?}", attempt.on);
        let before = n.checked_sub(1).and_then(|n| plan.attempts.get(n));
        hold!(
            before.is_none_or(|b| b.tier <= attempt.tier),
            "{who:?} is of an earlier tier than the attempt before"
        );
        hold!(attempt.tier > 0, "{who:?} is of no tier");
        let limit = world.request.max_output_tokens;
        hold!(limit.is_none() || attempt.max_output_tokens == limit, "{who:?} is sent another output limit");
        let dropped = attempt.drop_parameters.is_subset(&world.request.parameters);
        hold!(dropped, "{who:?} drops what was not asked for");
    }
    Ok(())
}

fn role(first: &Attempt, attempt: &Attempt, number: usize) -> Option<MoveKind> {
    match number {
        0 => None,
        _ if first.model != attempt.model => Some(MoveKind::Model),
        _ if first.endpoint != attempt.endpoint => Some(MoveKind::Provider),
        _ => Some(MoveKind::Credential),
    }
}

fn costs(world: &World, plan: &Plan) -> Verdict {
    hold!(plan.calls_at_most > 0, "a plan of no calls");
    let first = plan.attempts.first().ok_or("a plan without attempts")?;
    hold!(plan.expected_cost == first.expected_cost, "the expected cost is not the first attempt's");
    if let (Some(run), Some(attempt)) = (plan.worst_cost, first.worst_cost) {
        hold!(run >= attempt, "the run costs at most {run}, and its first attempt {attempt}");
    }
    // Cached input is expected at the price of a cache read, and bounded by the plain price where `caching` is not set
    // (rule 10): where a read is dearer than the input itself, the bound is below the expectation.
    let request = &world.request;
    let cached_in_secret = request.cached_input_tokens > 0 && !request.caching;
    for attempt in &plan.attempts {
        if let (Some(worst), Some(expected)) = (attempt.worst_cost, attempt.expected_cost) {
            hold!(
                worst >= expected || cached_in_secret,
                "{} costs {worst} at most and is expected to cost {expected}",
                attempt.endpoint
            );
        }
    }
    let workload = plan.explanation.workload.as_deref().unwrap_or_default();
    for ceiling in run_ceilings(world, workload) {
        let within = |cost: Option<Money>| cost.is_some_and(|cost| cost <= ceiling);
        hold!(within(plan.worst_cost), "the run costs {:?}, above its ceiling {ceiling}", plan.worst_cost);
        for attempt in &plan.attempts {
            hold!(
                within(attempt.worst_cost),
                "{} costs {:?}, above {ceiling}",
                attempt.endpoint,
                attempt.worst_cost
            );
        }
    }
    Ok(())
}

/// Returns the `run` ceilings without `when` that a workload writes itself, and the caller's.
fn run_ceilings(world: &World, workload: &str) -> Vec<Money> {
    let mut found = Vec::new();
    let mut add = |ceiling: &CeilingStatement| {
        if let LiteralKind::Money(amount) = ceiling.amount.kind
            && ceiling.name.text == "run"
            && ceiling.when.is_none()
        {
            found.push(Money(amount));
        }
    };
    for (_, text) in &world.policies {
        for item in parse(FileId(0), text).0.items {
            let Item::Workload(block) = item else { continue };
            for statement in block.statements.iter().filter(|_| block.name.text == workload) {
                if let WorkloadStatement::Ceiling(body) = &statement.kind {
                    body.iter().for_each(|s| add(&s.kind));
                }
            }
        }
    }
    let caller =
        world.request.max_price.get("run").and_then(|text| text.strip_prefix('$')?.parse::<Money>().ok());
    found.extend(caller);
    found
}

fn explanation(world: &World, explanation: &Explanation) -> Verdict {
    let excluded: Vec<(&str, &Credential)> =
        explanation.excluded.iter().map(|e| (e.endpoint.as_str(), &e.credential)).collect();
    hold!(
        excluded.is_sorted() && excluded.windows(2).all(|w| w[0] != w[1]),
        "excluded are not sorted, or twice there"
    );
    let lines = |name: &str| {
        let (_, text) = world.policies.iter().find(|(file, _)| file == name)?;
        Some(text.lines().count())
    };
    for exclusion in &explanation.excluded {
        hold!(!exclusion.reasons.is_empty(), "{} is out for no reason", exclusion.endpoint);
        for reason in &exclusion.reasons {
            hold!(!reason.detail.is_empty(), "{} {} says nothing", reason.rule, reason.code);
            let Some(at) = &reason.at else { continue };
            let mut parts = at.split(':');
            let (file, line) =
                (parts.next().unwrap_or_default(), parts.next().and_then(|n| n.parse::<usize>().ok()));
            let inside = lines(file).zip(line).is_some_and(|(count, line)| (1..=count).contains(&line));
            hold!(inside, "{at} is no place of the policy");
        }
    }
    for budget in &explanation.budgets {
        hold!(
            budget.remaining.is_none_or(|r| r <= budget.limit),
            "more is left of {} than its limit",
            budget.budget
        );
        if let (Some(most), Some(left)) = (budget.this_run_at_most, budget.remaining) {
            hold!(most <= left, "a run may add {most:?} to {}, and {left:?} is left", budget.budget);
        }
    }
    Ok(())
}

/// Decides each candidate with all others out of the way: it is in or out for the same reasons, at the same cost.
///
/// # Errors
/// Which candidate depends on others.
pub fn candidates_stand_alone(world: &World) -> Verdict {
    let world = flattened(world)?;
    let together = world.engine()?.decide(&world.request, &world.context);
    let rows = &world.catalog[0].endpoints;
    for row in rows {
        let mut alone = world.clone();
        for other in alone.catalog[0].endpoints.iter_mut().filter(|other| other.id != row.id) {
            // Who knows nothing of its context is out; its names stay, so that aliases mean the same.
            other.facts = faregate::Facts::default();
        }
        let decision = alone.engine()?.decide(&world.request, &world.context);
        if !comparable(together.explanation(), decision.explanation()) {
            continue;
        }
        let id = row.id.as_deref().unwrap_or_default();
        let (before, after) = (said_of(&together, id), said_of(&decision, id));
        hold!(before == after, "{id} depends on others:\n  with them: {before:?}\n  alone:     {after:?}");
    }
    Ok(())
}

/// Returns, for each credential, the reasons that keep an endpoint out; none where it is admitted.
fn said_of(decision: &Decision, id: &str) -> BTreeSet<(Credential, Vec<String>)> {
    let mut said: BTreeSet<(Credential, Vec<String>)> =
        admitted(decision).into_iter().filter(|(e, _)| e == id).map(|(_, c)| (c, Vec::new())).collect();
    for exclusion in decision.explanation().excluded.iter().filter(|e| e.endpoint == id) {
        let reasons = exclusion.reasons.iter().filter(|r| r.code != "fallback");
        let reasons: Vec<String> = reasons.map(|r| format!("{} {} {}", r.rule, r.code, r.detail)).collect();
        said.insert((exclusion.credential.clone(), reasons));
    }
    said
}
