//! Warnings about a policy that loads: what its author surely did not mean, as far as the text alone shows it.

use faregate_syntax::ast::{CompareOp, CredentialMode, File, LimitKind, MoveKind};
use faregate_syntax::{Diagnostic, Span};

use super::messages;
use crate::attributes::Type;
use crate::ir::{
    Attr, Backoff, Body, Budget, Exhausted, Expr, ExprKind, Policy, Retry, Routing, Rule, SetTerm, Term,
    Tier, TierEntry, Value, Wait, Workload,
};
use crate::time::{Date, date_text, day_number};

/// More calls than this for one request are worth a warning.
const MANY_CALLS: u64 = 10;
/// Waivers and sunsets this many days ahead are worth a warning.
pub(super) const SOON_DAYS: i128 = 30;

pub(super) fn lint(policy: &Policy, _files: &[File], diagnostics: &mut Vec<Diagnostic>) {
    for budget in &policy.budgets {
        soft_cap_alone(budget, &policy.budgets, diagnostics);
        for expr in budget.when.iter().chain(&budget.covers) {
            never_true(expr, diagnostics);
        }
    }
    for guardrail in &policy.guardrails {
        guardrail.when.iter().for_each(|e| never_true(e, diagnostics));
        guardrail.rules.iter().for_each(|r| always_met(r, diagnostics));
    }
    for waiver in &policy.waivers {
        waiver.when.iter().for_each(|e| never_true(e, diagnostics));
    }
    set_defaults(policy, diagnostics);
    unreachable_workloads(policy, diagnostics);
    for workload in &policy.workloads {
        workload.when.iter().for_each(|(e, _)| never_true(e, diagnostics));
        if let Body::Route(routing) = &workload.body {
            routing_lints(workload, routing, diagnostics);
        }
    }
}

/// `require true` and `forbid false`.
fn always_met(rule: &Rule, diagnostics: &mut Vec<Diagnostic>) {
    let ExprKind::Constant(value) = rule.expr.kind else { return };
    if value != rule.forbid {
        let word = if rule.forbid { "forbid" } else { "require" };
        diagnostics.push(messages::no_effect(rule.span, format!("`{word} {value}` excludes nothing")));
    }
}

fn routing_lints(workload: &Workload, routing: &Routing, diagnostics: &mut Vec<Diagnostic>) {
    routing.rules.iter().for_each(|r| always_met(r, diagnostics));
    for ceiling in &routing.ceilings {
        ceiling.when.iter().for_each(|e| never_true(e, diagnostics));
    }
    if let Some(retry) = &routing.retry {
        outlasts_deadline(retry, diagnostics);
        for rule in retry.rules.iter().filter(|r| r.times == 0) {
            diagnostics.push(messages::no_effect(rule.span, "the rule retries 0 times"));
        }
    }
    never_eligible(routing, diagnostics);
    if let Some(calls) = worst_calls(routing, None)
        && calls > MANY_CALLS
    {
        diagnostics.push(many_calls(workload.span, calls));
    }
}

pub(super) fn many_calls(span: Span, calls: u64) -> Diagnostic {
    let message = format!("one request can cause {calls} provider calls");
    Diagnostic::warning("many-calls", span, message)
        .help("cap the run: `at most 6 calls` in `retry`, `at most 3 moves` in `fallback`")
}

/// Returns the most calls that a request can cause, whatever it says. Without the number of candidates it is known only
/// where the text bounds the moves.
pub(super) fn worst_calls(routing: &Routing, candidates: Option<u64>) -> Option<u64> {
    let times = routing.retry.iter().flat_map(|r| &r.rules).fold(0_u64, |sum, r| sum.saturating_add(r.times));
    let per_candidate = times.saturating_add(1);
    let later = candidates.map(|n| n.saturating_sub(1));
    let moves = match &routing.fallback {
        None => Some(0),
        Some(fallback) if fallback.rules.is_empty() => Some(0),
        Some(fallback) => match (fallback.at_most, later) {
            (Some(n), Some(later)) => Some(n.min(later)),
            (Some(n), None) => Some(n),
            (None, later) => later,
        },
    };
    let cap = routing.retry.as_ref().and_then(|r| r.at_most_calls);
    // With moves that nothing bounds, the retries of the first candidate alone are a lower bound worth naming.
    let calls = match moves {
        Some(moves) => Some(moves.saturating_add(1).saturating_mul(per_candidate)),
        None if cap.is_none() && per_candidate > MANY_CALLS => Some(per_candidate),
        None => None,
    };
    match (calls, cap) {
        (Some(calls), Some(cap)) => Some(calls.min(cap)),
        (calls, cap) => calls.or(cap),
    }
}

fn soft_cap_alone(budget: &Budget, all: &[Budget], diagnostics: &mut Vec<Diagnostic>) {
    let Exhausted::UseWorkload(_, span) = &budget.exhausted else { return };
    let kinds: Vec<LimitKind> = budget.limits.iter().map(|l| l.kind).collect();
    let harder = all.iter().any(|b| {
        b.name != budget.name
            && b.exhausted == Exhausted::Deny
            && b.limits.iter().any(|l| kinds.contains(&l.kind))
    });
    if !harder {
        let message =
            format!("past budget `{}` requests go on elsewhere, and no other budget stops them", budget.name);
        let diagnostic = Diagnostic::warning("soft-cap-alone", *span, message);
        diagnostics.push(diagnostic.help("put a harder budget with `on exhausted deny` beside it"));
    }
}

fn outlasts_deadline(retry: &Retry, diagnostics: &mut Vec<Diagnostic>) {
    let Some(deadline) = retry.deadline_ms else { return };
    for rule in &retry.rules {
        let own = |b: &Backoff| own_waits_ms(b, rule.times) >= deadline;
        let too_long = match &rule.wait {
            None => false,
            Some(Wait::Backoff(b)) => own(b),
            Some(Wait::RetryAfter { up_to_ms, otherwise }) => {
                up_to_ms.is_some_and(|ms| ms >= deadline) || otherwise.as_ref().is_some_and(own)
            }
        };
        if too_long && rule.times > 0 {
            let message =
                "the waits of this rule can last until the deadline, so that the last retry is never made";
            let diagnostic = Diagnostic::warning("outlasts-deadline", rule.span, message);
            diagnostics.push(diagnostic.help("shorten the waits, or move the deadline"));
        }
    }
}

/// The sum of the longest waits of a rule.
fn own_waits_ms(backoff: &Backoff, times: u64) -> u64 {
    let Some(to) = backoff.to_ms else { return backoff.from_ms.saturating_mul(times) };
    let mut sum = 0_u64;
    let mut wait = backoff.from_ms;
    for used in 0..times {
        if wait >= to || wait == 0 {
            return sum.saturating_add(wait.min(to).saturating_mul(times.saturating_sub(used)));
        }
        sum = sum.saturating_add(wait);
        wait = wait.saturating_mul(2);
    }
    sum
}

fn never_eligible(routing: &Routing, diagnostics: &mut Vec<Diagnostic>) {
    let Some(fallback) = &routing.fallback else { return };
    let one_model = matches!(routing.tiers.as_slice(), [Tier::Entries(entries)] if matches!(entries.as_slice(), [TierEntry::Model(_)]));
    let shared_only = routing.credentials == CredentialMode::SharedOnly;
    for rule in &fallback.rules {
        let why = match rule.kind {
            MoveKind::Model if one_model => "the route names one model",
            MoveKind::Credential if shared_only => "`credentials shared only` leaves one credential",
            _ if fallback.at_most == Some(0) => "`at most 0 moves` allows none",
            _ => continue,
        };
        diagnostics.push(Diagnostic::warning(
            "never-eligible",
            rule.span,
            format!("this move is never possible: {why}"),
        ));
    }
}

fn unreachable_workloads(policy: &Policy, diagnostics: &mut Vec<Diagnostic>) {
    let target = |name: &str| {
        policy.budgets.iter().any(|b| matches!(&b.exhausted, Exhausted::UseWorkload(w, _) if w == name))
    };
    let mut seen: Vec<(&Expr, Span)> = Vec::new();
    for workload in &policy.workloads {
        if let Some((when, _)) = &workload.when {
            let taken =
                seen.iter().find(|(e, _)| matches!(e.kind, ExprKind::Constant(true)) || same(e, when));
            if let Some((_, first)) = taken
                && !target(&workload.name)
            {
                let message = format!(
                    "workload `{}` is never reached: an earlier one takes the same requests",
                    workload.name
                );
                diagnostics.push(
                    Diagnostic::warning("unreachable-workload", workload.span, message)
                        .related(*first, "the earlier one"),
                );
            }
            // Enough to find what is written twice; a thousand workloads are not compared each with each.
            if seen.len() < 1000 {
                seen.push((when, workload.span));
            }
        }
    }
}

/// Whether two expressions are the same but for their places.
fn same(a: &Expr, b: &Expr) -> bool {
    use ExprKind as E;
    let all = |a: &[Expr], b: &[Expr]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b));
    match (&a.kind, &b.kind) {
        (E::And(a), E::And(b)) | (E::Or(a), E::Or(b)) => all(a, b),
        (E::Not(a), E::Not(b)) => same(a, b),
        (a, b) => a == b,
    }
}

/// `default` for a set that a guardrail reads: leaving the set out is then as good as saying the default.
fn set_defaults(policy: &Policy, diagnostics: &mut Vec<Diagnostic>) {
    for declared in policy.declared.iter().filter(|d| d.default.is_some() && matches!(d.ty, Type::Set(_))) {
        let mut read = false;
        for guardrail in &policy.guardrails {
            for expr in guardrail.when.iter().chain(guardrail.rules.iter().map(|r| &r.expr)) {
                attributes(expr, &mut |attr| {
                    read |= attr.subject == declared.subject && attr.name == declared.name
                });
            }
        }
        if read {
            let what = format!(
                "`{}.{}` has a default, and a guardrail reads it",
                declared.subject.as_str(),
                declared.name
            );
            diagnostics.push(messages::absence_widens(declared.span, &what));
        }
    }
}

/// Calls `see` for each attribute that an expression reads.
pub(crate) fn attributes(expr: &Expr, see: &mut impl FnMut(&Attr)) {
    match &expr.kind {
        ExprKind::Constant(_) => {}
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().for_each(|p| attributes(p, see)),
        ExprKind::Not(inner) => attributes(inner, see),
        ExprKind::Flag(attr) | ExprKind::Present(attr) => see(attr),
        ExprKind::Compare { left, right, .. } => {
            see(left);
            if let Term::Attr(attr) = right {
                see(attr);
            }
        }
        ExprKind::Between { left, .. } | ExprKind::In { left, .. } | ExprKind::Matches { left, .. } => {
            see(left)
        }
        ExprKind::Includes { left, right, .. } => {
            see(left);
            if let SetTerm::Attr(attr) = right {
                see(attr);
            }
        }
    }
}

/// Conditions that contradict themselves in plain sight. What needs a solver is not found here.
fn never_true(expr: &Expr, diagnostics: &mut Vec<Diagnostic>) {
    if matches!(expr.kind, ExprKind::Constant(false)) {
        diagnostics.push(messages::never_true(expr.span, "it says `false`"));
        return;
    }
    let ExprKind::And(parts) = &expr.kind else { return };
    let mut equal: Vec<(&Attr, &Value)> = Vec::new();
    for part in parts {
        if let ExprKind::Compare { left, op: CompareOp::Eq, right: Term::Value(value), .. } = &part.kind {
            if equal.iter().any(|(a, v)| *a == left && *v != value) {
                let why = format!("`{left}` cannot have two values");
                diagnostics.push(messages::never_true(expr.span, &why));
                return;
            }
            // Long conjunctions are left to a solver.
            if equal.len() < 100 {
                equal.push((left, value));
            }
        }
    }
    for (at, part) in parts.iter().enumerate().take(100) {
        let negated = |other: &Expr| matches!(&other.kind, ExprKind::Not(inner) if same(inner, part));
        if parts.iter().enumerate().take(100).any(|(i, other)| i != at && negated(other)) {
            diagnostics.push(messages::never_true(expr.span, "it asks for something and its opposite"));
            return;
        }
    }
}

/// Reports waivers that have run out on a day, or do so within thirty days.
pub(super) fn waivers(policy: &Policy, today: Date) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for waiver in &policy.waivers {
        let left = day_number(waiver.until).saturating_sub(day_number(today));
        let until = date_text(waiver.until);
        let message = if left < 0 {
            format!("the waiver of `{}` ran out on {until}", waiver.guardrail)
        } else if left <= SOON_DAYS {
            let when = match left {
                0 => "today".to_owned(),
                1 => "tomorrow".to_owned(),
                n => format!("in {n} days"),
            };
            format!("the waiver of `{}` runs out on {until}, {when}", waiver.guardrail)
        } else {
            continue;
        };
        diagnostics.push(Diagnostic::warning("waiver-expired", waiver.until_span, message));
    }
    diagnostics
}
