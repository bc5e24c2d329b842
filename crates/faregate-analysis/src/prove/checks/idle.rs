//! `no-effect` and `waives-nothing`: rules that exclude nothing, or nothing that their neighbours do not, and waivers of nothing.
//!
//! What is looked at is which endpoints are admitted, of all that a catalog could have: a rule that only finds nothing to do in
//! today's catalog is no mistake, and neither is one that guards what a rule in another block guards too.

use faregate::model::{Body, Ceiling, Expr, Guardrail, Policy, Rule, Subject, attributes, day};
use faregate_syntax::{Diagnostic, Span};

use super::Finder;
use crate::prove::formula::Formula;

/// So many rules of a block are held to one another.
const MOST_RULES: usize = 40;

impl Finder<'_> {
    pub(super) fn idle(&mut self, reached: &[Formula]) {
        for guardrail in &self.policy().guardrails {
            let off = guardrail.when.as_ref().map_or(Formula::FALSE, |w| self.lower.truth(w, None).no);
            if guardrail.when.as_ref().is_some_and(|w| self.is_dead(w)) {
                continue;
            }
            let found = self.idle_rules(&guardrail.rules, off.not());
            found.into_iter().for_each(|d| self.warn(d));
        }
        for waiver in &self.policy().waivers {
            self.waives_nothing(waiver);
        }
        self.idle_in_routes(reached);
    }

    /// A profile's lines come with each workload that uses it: they are idle where they are in all of them.
    fn idle_in_routes(&mut self, reached: &[Formula]) {
        let policy: &Policy = self.policy();
        let mut alive: Vec<Span> = Vec::new();
        let mut idle: Vec<Diagnostic> = Vec::new();
        for (workload, reached) in policy.workloads.iter().zip(reached) {
            let Body::Route(routing) = &workload.body else { continue };
            if self.never(*reached) {
                continue;
            }
            let mut found = self.idle_rules(&routing.rules, *reached);
            found.extend(self.idle_ceilings(&routing.ceilings));
            found.extend(routing.prefers.iter().filter_map(|(expr, span)| self.prefers_none(expr, *span)));
            let lines = routing.rules.iter().map(|r| r.span).chain(routing.ceilings.iter().map(|c| c.span));
            let lines = lines.chain(routing.prefers.iter().map(|(_, span)| *span));
            alive.extend(lines.filter(|line| !found.iter().any(|d| d.primary.span == *line)));
            idle.append(&mut found);
        }
        let mut told: Vec<Span> = Vec::new();
        for diagnostic in idle {
            let span = diagnostic.primary.span;
            if !alive.contains(&span) && !told.contains(&span) {
                told.push(span);
                self.warn(diagnostic);
            }
        }
    }

    /// Rules of one block that exclude nothing where `when` holds, or nothing that another one there lets through.
    fn idle_rules(&mut self, rules: &[Rule], when: Formula) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let met: Vec<Formula> = rules.iter().map(|r| self.lower.satisfied(r, None)).collect();
        let mut idle: Vec<usize> = Vec::new();
        for (at, (rule, fits)) in rules.iter().zip(&met).enumerate() {
            // What is never true has been reported; `require true` too.
            if self.is_dead(&rule.expr) || *fits == Formula::TRUE {
                continue;
            }
            if self.implies(when, *fits) {
                idle.push(at);
                let message = format!("`{}` excludes nothing", self.text(rule.span));
                let help = "it holds wherever it is asked; delete it, or finish it";
                found.push(Diagnostic::warning("no-effect", rule.span, message).help(help));
                continue;
            }
            if rules.len() > MOST_RULES {
                continue;
            }
            // Of two that say the same the later one goes.
            let stronger = |finder: &mut Self, other: usize| {
                let Some(others) = met.get(other).copied() else { return false };
                // One that is never met leaves nothing to any other, and has been reported.
                if rules.get(other).is_some_and(|r| finder.is_dead(&r.expr)) {
                    return false;
                }
                let here = finder.lower.arena.both(when, others);
                if other == at || idle.contains(&other) || !finder.implies(here, *fits) {
                    return false;
                }
                let back = finder.lower.arena.both(when, *fits);
                other < at || !finder.implies(back, others)
            };
            let by = (0..rules.len()).find(|other| stronger(self, *other));
            if let Some(other) = by.and_then(|other| rules.get(other)) {
                idle.push(at);
                let message =
                    format!("`{}` excludes nothing that its neighbour lets through", self.text(rule.span));
                let diagnostic = Diagnostic::warning("no-effect", rule.span, message);
                found.push(diagnostic.related(other.span, "excludes all of that and more"));
            }
        }
        found
    }

    /// Ceilings beside which a lower one of the same kind always holds.
    fn idle_ceilings(&mut self, ceilings: &[Ceiling]) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        if ceilings.len() > MOST_RULES {
            return found;
        }
        let applies: Vec<Formula> = ceilings
            .iter()
            .map(|c| c.when.as_ref().map_or(Formula::TRUE, |w| self.lower.truth(w, None).no.not()))
            .collect();
        for (at, (ceiling, here)) in ceilings.iter().zip(&applies).enumerate() {
            if ceiling.when.as_ref().is_some_and(|w| self.is_dead(w)) {
                continue;
            }
            for (other, (lower, there)) in ceilings.iter().zip(&applies).enumerate() {
                let tighter = lower.kind == ceiling.kind
                    && (lower.amount < ceiling.amount || lower.amount == ceiling.amount && other < at);
                if tighter && self.implies(*here, *there) {
                    let message =
                        format!("`{}` never decides: a lower ceiling holds too", self.text(ceiling.span));
                    let diagnostic = Diagnostic::warning("no-effect", ceiling.span, message);
                    found.push(diagnostic.related(lower.span, "the lower one"));
                    break;
                }
            }
        }
        found
    }

    /// `prefer` orders endpoints; a condition that reads none is the same for all.
    fn prefers_none(&mut self, expr: &Expr, span: Span) -> Option<Diagnostic> {
        let mut reads = false;
        attributes(expr, &mut |attr| reads |= attr.subject == Subject::Endpoint);
        if reads || self.is_dead(expr) {
            return None;
        }
        let message = "the preference reads nothing of the endpoint, so that it prefers all of them or none";
        Some(Diagnostic::warning("no-effect", span, message))
    }

    fn waives_nothing(&mut self, waiver: &faregate::model::Waiver) {
        let guardrail: Option<&Guardrail> =
            self.policy().guardrails.iter().find(|g| g.name == waiver.guardrail);
        let Some(guardrail) = guardrail.filter(|g| !g.rules.is_empty()) else { return };
        let dead = |expr: &Expr| self.is_dead(expr);
        if waiver.when.iter().chain(&guardrail.when).any(dead) {
            return;
        }
        let on = guardrail.when.as_ref().map_or(Formula::TRUE, |w| self.lower.truth(w, None).no.not());
        let kept: Vec<Formula> = guardrail.rules.iter().map(|r| self.lower.satisfied(r, None)).collect();
        let kept = self.lower.arena.all(kept);
        let when = waiver.when.as_ref().map_or(Formula::TRUE, |w| self.lower.truth(w, None).yes);
        let until = self.lower.until(day(waiver.until));
        let lifts = self.lower.arena.all([on, kept.not(), when, until]);
        if self.never(lifts) {
            let message = format!(
                "the waiver lifts nothing: where its `when` is true, guardrail `{}` excludes no endpoint",
                waiver.guardrail
            );
            self.warn(
                Diagnostic::warning("waives-nothing", waiver.span, message)
                    .help("delete it, or say in its `when` what the guardrail is about"),
            );
        }
    }
}
