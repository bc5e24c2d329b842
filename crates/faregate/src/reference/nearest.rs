//! The smallest change that would admit an endpoint (rule 52), checked by deciding again.

use std::cmp::Ordering;

use faregate_syntax::Span;

use super::budgets::units;
use super::deny::Out;
use super::reason::BoundChange;
use super::world::World;
use crate::ir::{Body, CeilingKind, Expr, ExprKind, Policy, Term, Value};
use crate::{Amount, Money, Nearest};
use faregate_syntax::Fixed;

/// More rules than this are not tried one by one.
const MAX_RULES: usize = 200;

/// Returns the change. `admits` decides again under a changed policy and counts who is admitted.
pub(crate) fn nearest(
    world: &World<'_>,
    workload: &str,
    out: &[Out<'_>],
    admits: &dyn Fn(&Policy) -> usize,
) -> Option<Nearest> {
    if let Some(change) = smallest(out) {
        let mut policy = world.policy.clone();
        apply(&mut policy, change);
        let count = admits(&policy);
        if count > 0 {
            return Some(change.admitting(count));
        }
    }
    // The rule whose absence would admit most.
    let rules = removable(out);
    let mut best: Option<(usize, String)> = None;
    for (span, rule) in rules {
        let mut policy = world.policy.clone();
        let name = without(&mut policy, workload, rule, span, world);
        let count = admits(&policy);
        if count > best.as_ref().map_or(0, |(n, _)| *n) {
            best = Some((count, name));
        }
    }
    best.map(|(admits, rule)| Nearest::Without { rule, admits })
}

/// Returns the rules whose absence is tried, with a place of each, in the order of the text.
pub(crate) fn removable<'o>(out: &'o [Out<'_>]) -> Vec<(Span, &'o str)> {
    let mut rules: Vec<(Span, &str)> = Vec::new();
    for reason in out.iter().flat_map(|(_, reasons)| reasons) {
        if let Some(span) = reason.span
            && rules.len() < MAX_RULES
            && !rules
                .iter()
                .any(|(s, r)| *s == span || (*r == reason.rule && !reason.rule.starts_with("workload ")))
        {
            rules.push((span, &reason.rule));
        }
    }
    rules.sort_unstable();
    rules
}

/// Returns the smallest change of a bound, relative to it, among candidates that are out for that bound alone.
pub(crate) fn smallest<'o>(out: &'o [Out<'_>]) -> Option<&'o BoundChange> {
    let mut best: Option<&BoundChange> = None;
    for (_, reasons) in out {
        let [reason] = reasons.as_slice() else { continue };
        let Some(change) = &reason.bound else { continue };
        if best.is_none_or(|b| relative(change, b) == Ordering::Less) {
            best = Some(change);
        }
    }
    best
}

/// Compares two changes by |to - from| / |from|, exactly where 256 bits suffice.
fn relative(a: &BoundChange, b: &BoundChange) -> Ordering {
    let size = |c: &BoundChange| (c.to.abs_diff(c.from), c.from.unsigned_abs());
    let ((delta_a, from_a), (delta_b, from_b)) = (size(a), size(b));
    // delta_a / from_a against delta_b / from_b; a bound of nothing is infinitely far.
    match (from_a, from_b) {
        (0, 0) => delta_a.cmp(&delta_b),
        (0, _) => Ordering::Greater,
        (_, 0) => Ordering::Less,
        _ => product(delta_a, from_b).cmp(&product(delta_b, from_a)),
    }
}

/// Returns the 256-bit product, high half first.
fn product(a: u128, b: u128) -> (u128, u128) {
    let mask = u128::from(u64::MAX);
    let (a1, a0) = (a.wrapping_shr(64), a & mask);
    let (b1, b0) = (b.wrapping_shr(64), b & mask);
    // Each partial product of 64-bit halves fits into 128 bits; the carries are kept apart.
    let low = a0.wrapping_mul(b0);
    let (middle, carry) = a1.wrapping_mul(b0).overflowing_add(a0.wrapping_mul(b1));
    let (low, carry_low) = low.overflowing_add(middle.wrapping_shl(64));
    let high = a1
        .wrapping_mul(b1)
        .wrapping_add(middle.wrapping_shr(64))
        .wrapping_add(u128::from(carry).wrapping_shl(64))
        .wrapping_add(u128::from(carry_low));
    (high, low)
}

pub(crate) fn apply(policy: &mut Policy, change: &BoundChange) {
    let amount = |old: Amount| match old {
        Amount::Money(_) => Amount::Money(Money(Fixed::from_units(change.to))),
        Amount::Count(n) => Amount::Count(u64::try_from(change.to).unwrap_or(n)),
    };
    for budget in &mut policy.budgets {
        for limit in budget.limits.iter_mut().filter(|l| l.span == change.span) {
            if units(limit.amount) == change.from {
                limit.amount = amount(limit.amount);
            }
        }
    }
    for guardrail in &mut policy.guardrails {
        for rule in &mut guardrail.rules {
            apply_to_expr(&mut rule.expr, change);
        }
    }
    for workload in &mut policy.workloads {
        if let Body::Route(routing) = &mut workload.body {
            for ceiling in routing.ceilings.iter_mut().filter(|c| c.span == change.span) {
                ceiling.amount = amount(ceiling.amount);
            }
            for rule in &mut routing.rules {
                apply_to_expr(&mut rule.expr, change);
            }
        }
    }
}

fn apply_to_expr(expr: &mut Expr, change: &BoundChange) {
    if expr.span == change.span {
        match &mut expr.kind {
            ExprKind::Compare { right: Term::Value(Value::Number(bound)), .. } => {
                *bound = change.to;
                return;
            }
            // A range is only ever widened.
            ExprKind::Between { low, .. } if change.to < change.from => {
                *low = change.to;
                return;
            }
            ExprKind::Between { high, .. } => {
                *high = change.to;
                return;
            }
            _ => {}
        }
    }
    match &mut expr.kind {
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter_mut().for_each(|p| apply_to_expr(p, change)),
        ExprKind::Not(inner) => apply_to_expr(inner, change),
        _ => {}
    }
}

/// Takes a rule away and returns its name.
pub(crate) fn without(
    policy: &mut Policy,
    workload: &str,
    rule: &str,
    span: Span,
    world: &World<'_>,
) -> String {
    if let Some(name) = rule.strip_prefix("guardrail ") {
        policy.guardrails.retain(|g| g.name != name);
        return rule.to_owned();
    }
    if let Some(name) = rule.strip_prefix("budget ") {
        policy.budgets.retain(|b| b.name != name);
        return rule.to_owned();
    }
    let mut what = "the rule".to_owned();
    for w in policy.workloads.iter_mut().filter(|w| w.name == workload) {
        let Body::Route(routing) = &mut w.body else { continue };
        if let Some(rule) = routing.rules.iter().find(|r| r.span == span) {
            what = if rule.forbid { "the forbid".to_owned() } else { "the require".to_owned() };
        }
        if let Some(ceiling) = routing.ceilings.iter().find(|c| c.span == span) {
            what = format!("ceiling {}", CeilingKind::name(&ceiling.kind));
        }
        routing.rules.retain(|r| r.span != span);
        routing.ceilings.retain(|c| c.span != span);
        if routing.credentials_span == Some(span) {
            routing.credentials = faregate_syntax::ast::CredentialMode::OwnThenShared;
            what = "the credentials line".to_owned();
        }
        routing.credentials_for.retain(|_, (_, s)| *s != span);
    }
    format!("{what} at {}", world.at(span))
}
