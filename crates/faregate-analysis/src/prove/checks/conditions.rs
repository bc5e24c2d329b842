//! `never-true`: conditions that no request, endpoint and moment makes true.

use faregate::model::{Body, Expr, ExprKind, Policy};
use faregate_syntax::{Diagnostic, Span};

use super::Finder;
use crate::prove::formula::Formula;

/// Of a condition with more parts it is not told which of them exclude one another.
const MOST_PARTS: usize = 100;

impl Finder<'_> {
    pub(super) fn never_true(&mut self) {
        for expr in conditions(self.policy()) {
            // `false` is written on purpose, and the checker speaks of it where it stands for a mistake.
            if matches!(expr.kind, ExprKind::Constant(_)) {
                continue;
            }
            let yes = self.lower.truth(expr, None).yes;
            if self.never(yes) {
                self.dead.insert(expr.span);
                self.contradicts_itself(expr);
            }
        }
    }

    fn contradicts_itself(&mut self, expr: &Expr) {
        let parts = self.exclude_one_another(expr);
        let texts: Vec<String> = parts.iter().map(|span| format!("`{}`", self.text(*span))).collect();
        let why = match texts.as_slice() {
            [] | [_] => "no request meets it".to_owned(),
            [one, other] => format!("{one} and {other} exclude each other"),
            [first @ .., last] => format!("{} and {last} are never true together", first.join(", ")),
        };
        let message = format!("this can never be true: {why}");
        self.warn(Diagnostic::warning("never-true", expr.span, message));
    }

    /// Returns the places of parts of a condition that cannot all be true; none of them can be left out.
    fn exclude_one_another(&mut self, expr: &Expr) -> Vec<Span> {
        let ExprKind::And(parts) = &expr.kind else { return Vec::new() };
        if parts.len() > MOST_PARTS {
            return Vec::new();
        }
        let mut kept: Vec<(Span, Formula)> =
            parts.iter().map(|p| (p.span, self.lower.truth(p, None).yes)).collect();
        let mut at = 0;
        while at < kept.len() {
            let rest: Vec<Formula> =
                kept.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, (_, f))| *f).collect();
            let rest = self.lower.arena.all(rest);
            if self.never(rest) {
                kept.remove(at);
            } else {
                at = at.saturating_add(1);
            }
        }
        kept.into_iter().map(|(span, _)| span).collect()
    }
}

/// Returns all conditions that are to be true of something.
fn conditions(policy: &Policy) -> Vec<&Expr> {
    let mut all: Vec<&Expr> = Vec::new();
    for budget in &policy.budgets {
        all.extend(budget.when.iter().chain(&budget.covers));
        all.extend(budget.reserve.iter().map(|(_, expr)| expr));
    }
    for guardrail in &policy.guardrails {
        all.extend(&guardrail.when);
        all.extend(guardrail.rules.iter().map(|r| &r.expr));
    }
    all.extend(policy.waivers.iter().filter_map(|w| w.when.as_ref()));
    for workload in &policy.workloads {
        all.extend(workload.when.iter().map(|(expr, _)| expr));
        let Body::Route(routing) = &workload.body else { continue };
        all.extend(routing.rules.iter().map(|r| &r.expr));
        all.extend(routing.prefers.iter().map(|(expr, _)| expr));
        all.extend(routing.ceilings.iter().filter_map(|c| c.when.as_ref()));
        if let Some(fallback) = &routing.fallback {
            all.extend(fallback.requires.iter().map(|(expr, _)| expr));
            all.extend(fallback.rules.iter().filter_map(|r| r.when.as_ref()));
        }
        if let Some(retry) = &routing.retry {
            all.extend(retry.rules.iter().filter_map(|r| r.when.as_ref()));
        }
    }
    all.extend(policy.invariants.iter().filter_map(|i| i.condition.as_ref()));
    // A profile's conditions come with each workload that uses it.
    let mut seen = std::collections::HashSet::new();
    all.retain(|expr| seen.insert(expr.span));
    all
}
