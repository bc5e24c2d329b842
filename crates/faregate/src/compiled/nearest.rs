//! The smallest change that would admit an endpoint (rule 52), without deciding again for each rule.
//!
//! A rule taken away takes its reasons with it and nothing else, so that those come in who are out for no other reason.
//! Two changes reach further: a bound that moves must be looked at again by the rule that holds it, and an `output`
//! ceiling also changes costs. Those are decided again, for the candidates that could come in.

use std::collections::BTreeMap;

use crate::Nearest;
use crate::ir::{Body, CeilingKind, Policy, Routing, Workload};
use crate::reference::Inputs;
use crate::reference::budgets::Ledger;
use crate::reference::deny::Out;
use crate::reference::nearest::{apply, removable, smallest, without};
use crate::reference::reason::{BoundChange, RawReason};
use crate::reference::world::World;
use faregate_syntax::Span;

/// Returns the change.
pub(super) fn nearest(
    inputs: Inputs<'_>,
    world: &World<'_>,
    ledger: &Ledger<'_>,
    workload: &Workload,
    routing: &Routing,
    out: &[Out<'_>],
) -> Option<Nearest> {
    let output_ceiling =
        |span: Span| routing.ceilings.iter().any(|c| c.kind == CeilingKind::Output && c.span == span);
    if let Some(change) = smallest(out) {
        let mut policy = reduced(world, workload);
        apply(&mut policy, change);
        let costs = output_ceiling(change.span);
        let may = |reasons: &[RawReason]| costs || reasons.iter().all(|r| holds(r, change));
        let count = admitted(inputs, world, ledger, &policy, &workload.name, out, &may);
        if count > 0 {
            return Some(change.admitting(count));
        }
    }
    let alone = alone(out);
    let mut best: Option<(usize, Span, &str)> = None;
    for (span, rule) in removable(out) {
        let count = if rule.starts_with("workload ") && output_ceiling(span) {
            let mut policy = reduced(world, workload);
            without(&mut policy, &workload.name, rule, span, world);
            admitted(inputs, world, ledger, &policy, &workload.name, out, &|_| true)
        } else {
            alone.get(&key(rule, Some(span))).copied().unwrap_or(0)
        };
        if count > best.map_or(0, |(most, ..)| most) {
            best = Some((count, span, rule));
        }
    }
    let (admits, span, rule) = best?;
    let rule = without(&mut reduced(world, workload), &workload.name, rule, span, world);
    Some(Nearest::Without { rule, admits })
}

/// What of a policy this decision looks at.
fn reduced(world: &World<'_>, workload: &Workload) -> Policy {
    Policy {
        name: world.policy.name.clone(),
        declared: world.policy.declared.clone(),
        guardrails: world.guardrails().cloned().collect(),
        waivers: world.policy.waivers.clone(),
        budgets: world.policy.budgets.clone(),
        workloads: vec![workload.clone()],
        invariants: Vec::new(),
    }
}

/// Whether the statement of a reason holds the bound of a change.
fn holds(reason: &RawReason, change: &BoundChange) -> bool {
    let within =
        |of: Span| of.file == change.span.file && of.start <= change.span.start && change.span.end <= of.end;
    reason.span.is_some_and(within)
}

/// What is taken away together: a guardrail or a budget whole, of a workload one statement.
type Removal<'o> = (&'o str, Option<Span>);

fn key(rule: &str, span: Option<Span>) -> Removal<'_> {
    if rule.starts_with("guardrail ") || rule.starts_with("budget ") { (rule, None) } else { (rule, span) }
}

/// Counts the candidates that one removal alone keeps out.
fn alone<'o>(out: &'o [Out<'_>]) -> BTreeMap<Removal<'o>, usize> {
    let mut counts: BTreeMap<Removal<'o>, usize> = BTreeMap::new();
    for (_, reasons) in out {
        let mut keys = reasons.iter().map(|r| key(&r.rule, r.span));
        if let Some(first) = keys.next()
            && keys.all(|k| k == first)
        {
            let count = counts.entry(first).or_insert(0);
            *count = count.saturating_add(1);
        }
    }
    counts
}

/// Counts who is admitted under a changed policy, among those that may be.
fn admitted(
    inputs: Inputs<'_>,
    world: &World<'_>,
    ledger: &Ledger<'_>,
    policy: &Policy,
    workload: &str,
    out: &[Out<'_>],
    may: &dyn Fn(&[RawReason]) -> bool,
) -> usize {
    let changed = World::new(inputs.sources, policy, inputs.catalog, &world.request, world.context);
    let Ok(changed) = changed else { return 0 };
    let Ok(mut new_ledger) = Ledger::new(&changed) else { return 0 };
    new_ledger.spent.clone_from(&ledger.spent);
    let Some(workload) = policy.workloads.iter().find(|w| w.name == workload) else { return 0 };
    let Body::Route(routing) = &workload.body else { return 0 };
    let again = out.iter().filter(|(_, reasons)| may(reasons)).filter(|(candidate, _)| {
        let candidate = changed.candidate(routing, candidate.endpoint, candidate.own, candidate.tier);
        changed.reasons(&workload.name, routing, &candidate, &new_ledger, &mut Vec::new()).is_empty()
    });
    again.count()
}
