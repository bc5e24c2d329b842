//! Warnings about a policy that loads: what its author surely did not mean, as far as the text alone shows it.

use std::collections::{HashMap, HashSet};

use faregate_syntax::ast::{CredentialMode, File, LimitKind, MoveKind};
use faregate_syntax::{Diagnostic, Span};

use super::messages;
use super::simple::{Premise, impossible, is_short};
use crate::attributes::{Subject, Type};
use crate::ir::{
    Attr, Backoff, Body, Budget, Exhausted, Expr, ExprKind, Member, Policy, Retry, Routing, Rule, SetTerm,
    Term, Tier, TierEntry, Wait, Workload,
};
use crate::time::{Date, date_text, day_number};

/// More calls than this for one request are worth a warning.
const MANY_CALLS: u64 = 10;
/// So many workloads are compared with each later one; what is written twice is found among any number.
const MOST_COMPARED: usize = 100;
/// Waivers and sunsets this many days ahead are worth a warning.
pub(super) const SOON_DAYS: i128 = 30;

pub(super) fn lint(policy: &Policy, _files: &[File], diagnostics: &mut Vec<Diagnostic>) {
    let hard = hard_caps(&policy.budgets);
    for budget in &policy.budgets {
        soft_cap_alone(budget, &hard, diagnostics);
        let reserved = budget.reserve.iter().map(|(_, expr)| expr);
        for expr in budget.when.iter().chain(&budget.covers).chain(reserved) {
            never_true(expr, diagnostics);
        }
    }
    for guardrail in &policy.guardrails {
        guardrail.when.iter().for_each(|e| never_true(e, diagnostics));
        guardrail.rules.iter().for_each(|r| rule_lints(r, diagnostics));
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

fn rule_lints(rule: &Rule, diagnostics: &mut Vec<Diagnostic>) {
    always_met(rule, diagnostics);
    if !rule.forbid {
        never_true(&rule.expr, diagnostics);
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
    routing.rules.iter().for_each(|r| rule_lints(r, diagnostics));
    for ceiling in &routing.ceilings {
        ceiling.when.iter().for_each(|e| never_true(e, diagnostics));
    }
    if let Some(fallback) = &routing.fallback {
        let required = fallback.requires.iter().map(|(expr, _)| expr);
        let whens = fallback.rules.iter().filter_map(|r| r.when.as_ref());
        required.chain(whens).for_each(|e| never_true(e, diagnostics));
    }
    if let Some(retry) = &routing.retry {
        retry.rules.iter().filter_map(|r| r.when.as_ref()).for_each(|e| never_true(e, diagnostics));
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

/// Returns what budgets that deny limit.
fn hard_caps(budgets: &[Budget]) -> Vec<LimitKind> {
    let mut kinds: Vec<LimitKind> = Vec::new();
    for limit in budgets.iter().filter(|b| b.exhausted == Exhausted::Deny).flat_map(|b| &b.limits) {
        if !kinds.contains(&limit.kind) {
            kinds.push(limit.kind);
        }
    }
    kinds
}

fn soft_cap_alone(budget: &Budget, hard: &[LimitKind], diagnostics: &mut Vec<Diagnostic>) {
    let Exhausted::UseWorkload(_, span) = &budget.exhausted else { return };
    let harder = budget.limits.iter().any(|limit| hard.contains(&limit.kind));
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
    let targets: HashSet<&str> = policy
        .budgets
        .iter()
        .filter_map(|b| match &b.exhausted {
            Exhausted::UseWorkload(name, _) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let target = |name: &str| targets.contains(name);
    let mut seen: Vec<(&Expr, Span)> = Vec::new();
    let mut certain: Option<Span> = None;
    let mut written: HashMap<String, Span> = HashMap::new();
    for workload in &policy.workloads {
        let Some((when, _)) = &workload.when else { continue };
        // Where the later condition is true the earlier one is true too, or unknown, and then the request is denied there.
        let follows = || {
            let premise = is_short(when).then(|| Premise::new(when))?;
            seen.iter().find(|(earlier, _)| premise.implies(earlier)).map(|(_, span)| *span)
        };
        let key = key(when);
        if impossible(when).is_none()
            && let Some(first) = certain.or_else(|| written.get(&key).copied()).or_else(follows)
            && !target(&workload.name)
        {
            let message = format!(
                "workload `{}` is never reached: an earlier one takes the same requests",
                workload.name
            );
            let diagnostic = Diagnostic::warning("unreachable-workload", workload.span, message);
            diagnostics.push(diagnostic.related(first, "the earlier one"));
        }
        if matches!(when.kind, ExprKind::Constant(true)) {
            certain = certain.or(Some(workload.span));
        }
        written.entry(key).or_insert(workload.span);
        // A thousand workloads are not compared each with each.
        if seen.len() < MOST_COMPARED && is_short(when) {
            seen.push((when, workload.span));
        }
    }
}

/// Returns a condition as a text that is the same for conditions which are the same but for their places.
fn key(expr: &Expr) -> String {
    let mut key = String::new();
    write_key(expr, &mut key);
    key
}

fn write_key(expr: &Expr, key: &mut String) {
    let mut all = |word: &str, parts: &[Expr]| {
        key.push_str(word);
        for part in parts {
            write_key(part, key);
            key.push(',');
        }
        key.push(')');
    };
    // What a name stands for is the same wherever it is written.
    let written = match &expr.kind {
        ExprKind::And(parts) => return all("and(", parts),
        ExprKind::Or(parts) => return all("or(", parts),
        ExprKind::Not(inner) => return all("not(", std::slice::from_ref(inner)),
        ExprKind::Constant(value) => value.to_string(),
        ExprKind::Flag(attr) => attr.to_string(),
        ExprKind::Present(attr) => format!("present({attr})"),
        ExprKind::Compare { left, op, right: Term::Value(value), zone } => {
            format!("{left} {op:?} {value:?} {zone:?}")
        }
        ExprKind::Compare { left, op, right: Term::Attr(right), zone } => {
            format!("{left} {op:?} {right} {zone:?}")
        }
        ExprKind::Between { left, low, high, zone } => format!("{left} between {low} {high} {zone:?}"),
        ExprKind::Matches { left, pattern } => format!("{left} matches {:?}", pattern.as_str()),
        ExprKind::Includes { left, quantifier, right: SetTerm::Values(values) } => {
            format!("{left} includes {quantifier:?} {values:?}")
        }
        ExprKind::Includes { left, quantifier, right: SetTerm::Attr(right) } => {
            format!("{left} includes {quantifier:?} {right}")
        }
        ExprKind::In { left, members, zone } => {
            let members = members.iter().map(|member| match member {
                Member::Value(value) => format!("{value:?}"),
                Member::Group(name, _) => name.clone(),
            });
            format!("{left} in {} {zone:?}", members.collect::<Vec<_>>().join(","))
        }
    };
    key.push_str(&written);
}

/// `default` for a set that a guardrail reads: leaving the set out is then as good as saying the default.
fn set_defaults(policy: &Policy, diagnostics: &mut Vec<Diagnostic>) {
    let mut read: HashSet<(Subject, &str)> = HashSet::new();
    for guardrail in &policy.guardrails {
        for expr in guardrail.when.iter().chain(guardrail.rules.iter().map(|r| &r.expr)) {
            attributes(expr, &mut |attr| {
                read.insert((attr.subject, &attr.name));
            });
        }
    }
    for declared in policy.declared.iter().filter(|d| d.default.is_some() && matches!(d.ty, Type::Set(_))) {
        if read.contains(&(declared.subject, declared.name.as_str())) {
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
pub(crate) fn attributes<'e>(expr: &'e Expr, see: &mut impl FnMut(&'e Attr)) {
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
    if let Some(why) = impossible(expr) {
        diagnostics.push(messages::never_true(expr.span, &why));
        return;
    }
    let ExprKind::And(parts) = &expr.kind else { return };
    let asked: HashSet<String> = parts.iter().map(key).collect();
    let refused = parts.iter().filter_map(|part| match &part.kind {
        ExprKind::Not(inner) => Some(key(inner)),
        _ => None,
    });
    if refused.into_iter().any(|inner| asked.contains(&inner)) {
        diagnostics.push(messages::never_true(expr.span, "it asks for something and its opposite"));
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
