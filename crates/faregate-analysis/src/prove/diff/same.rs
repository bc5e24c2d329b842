//! Whether what is written differently means the same: conditions by formulas, sections piece by piece.

use std::collections::BTreeSet;
use std::rc::Rc;

use faregate::ErrorClass;
use faregate::model::{Expr, ExprKind, Fallback, Retry, Routing, Subject, Tier, attributes};
use faregate::syntax::Span;
use faregate_syntax::FileId;
use faregate_syntax::ast::{CredentialMode, MoveKind};

use super::super::shape::shape;
use super::attempts::{Looks, after};
use super::picks::Pair;
use super::sides::{Differ, Side};
use crate::prove::formula::Formula;

/// A condition of each side.
type Conditions<'c> = (&'c Expr, &'c Expr);

impl<'a> Differ<'a> {
    /// Returns the candidates that both sides of a pair can have.
    pub(super) fn shared_candidates(&mut self, pair: &Pair) -> Vec<(usize, bool)> {
        let (Some(old), Some(new)) = (pair.old, pair.new) else { return Vec::new() };
        let mut shared = Vec::new();
        for number in 0..self.met.len() {
            for own in [false, true] {
                if self.has(Side::Old, old, number, own) && self.has(Side::New, new, number, own) {
                    shared.push((number, own));
                }
            }
        }
        shared
    }

    /// Whether two conditions are true of the same requests and candidates. What cannot be settled is not the same.
    pub(super) fn same_condition(&mut self, pair: &Pair, (old, new): Conditions<'_>) -> bool {
        let reads = |expr: &Expr, subject: Subject| {
            let mut reads = false;
            attributes(expr, &mut |a| reads |= a.subject == subject);
            reads
        };
        let endpoint = reads(old, Subject::Endpoint) || reads(new, Subject::Endpoint);
        let written = self.meaning(Side::Old, &[old]) == self.meaning(Side::New, &[new]);
        let met = Rc::clone(&self.met);
        if written && !endpoint {
            return true;
        }
        if reads(old, Subject::Attempt) || reads(new, Subject::Attempt) {
            let mut known: Vec<(usize, bool)> = self.shared_candidates(pair);
            known.retain(|(n, _)| met.get(*n).is_some_and(|m| !m.same));
            return written && known.is_empty();
        }
        let ways: Vec<Formula> = pair.ways.iter().map(|w| w.when).collect();
        let region = self.arena.any(ways);
        if !endpoint {
            let (a, b) = (self.truth(Side::Old, old).yes, self.truth(Side::New, new).yes);
            return self.same_formula(region, a, b);
        }
        let (Some(old_at), Some(new_at)) = (pair.old, pair.new) else { return false };
        for (number, own) in self.shared_candidates(pair) {
            let same = met.get(number).is_some_and(|m| m.same);
            if written && same && !self.costs_differ(pair) {
                continue;
            }
            let (Some(a), Some(b)) = (
                self.candidate(Side::Old, old_at, number, own),
                self.candidate(Side::New, new_at, number, own),
            ) else {
                return false;
            };
            let a = self.on(Side::Old, |lower| lower.truth(old, Some(a.seen())).yes);
            let b = self.on(Side::New, |lower| lower.truth(new, Some(b.seen())).yes);
            if !self.same_formula(region, a, b) {
                return false;
            }
        }
        true
    }

    fn same_formula(&mut self, region: Formula, a: Formula, b: Formula) -> bool {
        if a == b {
            return true;
        }
        let x = self.arena.all([region, a, b.not()]);
        let y = self.arena.all([region, b, a.not()]);
        self.is_never(x) && self.is_never(y)
    }

    /// Whether the workloads of a pair make other costs of the same prices.
    pub(super) fn costs_differ(&self, pair: &Pair) -> bool {
        match (self.routing(Side::Old, pair.old), self.routing(Side::New, pair.new)) {
            (Some(a), Some(b)) => self.cost_shape(Side::Old, a) != self.cost_shape(Side::New, b),
            _ => false,
        }
    }

    /// Whether moves are limited alike: by number, where there are so many candidates, and by price.
    pub(super) fn same_limits_of_moves(&mut self, pair: &Pair, old: &Routing, new: &Routing) -> bool {
        let none = Fallback { span: nowhere(), ..Fallback::default() };
        let (a, b) = (old.fallback.as_ref().unwrap_or(&none), new.fallback.as_ref().unwrap_or(&none));
        if a.rules.is_empty() && b.rules.is_empty() {
            return true;
        }
        let price = |f: &Fallback| f.price_at_most.map(|(share, _)| share);
        if price(a) == price(b) && a.at_most == b.at_most {
            return true;
        }
        if !self.any_move(pair, a, b) {
            return true;
        }
        if price(a) != price(b) {
            return false;
        }
        let mut most = 0_u64;
        for (side, at) in [(Side::Old, pair.old), (Side::New, pair.new)] {
            let Some(at) = at else { continue };
            let mut count = 0_u64;
            for number in 0..self.met.len() {
                // A gateway may have any number of own keys.
                if self.has(side, at, number, true) {
                    return false;
                }
                count = count.saturating_add(u64::from(self.has(side, at, number, false)));
            }
            most = most.max(count);
        }
        [a, b].into_iter().all(|f| f.at_most.is_none_or(|n| n.saturating_add(1) >= most))
    }

    /// Whether the same moves lead to the same candidates.
    pub(super) fn same_moves(&mut self, pair: &Pair, old: &Routing, new: &Routing) -> bool {
        let none = Fallback { span: nowhere(), ..Fallback::default() };
        let (a, b) = (old.fallback.as_ref().unwrap_or(&none), new.fallback.as_ref().unwrap_or(&none));
        if a.rules.is_empty() && b.rules.is_empty() {
            return true;
        }
        let kinds = [MoveKind::Credential, MoveKind::Provider, MoveKind::Model];
        for kind in kinds {
            for class in ErrorClass::ALL {
                let when = |f: &Fallback| moves_when(f, kind, class);
                if !self.same_condition(pair, (&when(a), &when(b))) {
                    return false;
                }
            }
        }
        let requires =
            |f: &Fallback| expr(ExprKind::And(f.requires.iter().map(|(e, _)| e.clone()).collect()));
        if !self.same_condition(pair, (&requires(a), &requires(b))) {
            return false;
        }
        // Only to a larger context: what the catalog says of it counts.
        let context = a.rules.iter().chain(&b.rules).any(|r| r.on.contains(&ErrorClass::ContextLength));
        let met = Rc::clone(&self.met);
        let length = |n: usize, side: Side| {
            met.get(n).and_then(|m| *m.of.of(side)).and_then(|e| e.facts.context_length)
        };
        !context
            || self
                .shared_candidates(pair)
                .iter()
                .all(|(n, _)| length(*n, Side::Old) == length(*n, Side::New))
    }

    /// Whether the same is tried again, and as long, as decisions say it or as runs do.
    pub(super) fn same_retries(&mut self, pair: &Pair, old: &Routing, new: &Routing, looks: Looks) -> bool {
        let none = Retry::default();
        let (a, b) = (old.retry.as_ref().unwrap_or(&none), new.retry.as_ref().unwrap_or(&none));
        let limits = |r: &Retry| (r.at_most_calls, r.timeout_ms, r.first_token_ms, r.stall_ms, r.deadline_ms);
        if limits(a) != limits(b) {
            return false;
        }
        let (a, b) = (in_order(a), in_order(b));
        a.len() == b.len()
            && a.iter().zip(&b).all(|(x, y)| {
                let on = |r: &faregate::model::RetryRule| r.on.iter().copied().collect::<BTreeSet<_>>();
                on(x) == on(y)
                    && x.times == y.times
                    && shape(&x.wait) == shape(&y.wait)
                    && self.same_after(pair, x, y, looks)
            })
    }

    /// Whether two rules apply after the same failures of whoever may be called.
    fn same_after(
        &mut self,
        pair: &Pair,
        old: &faregate::model::RetryRule,
        new: &faregate::model::RetryRule,
        looks: Looks,
    ) -> bool {
        let (x, y) = (old.when.clone().unwrap_or_else(always), new.when.clone().unwrap_or_else(always));
        if self.same_condition(pair, (&x, &y)) {
            return true;
        }
        let (Some(old_at), Some(new_at)) = (pair.old, pair.new) else { return false };
        for who in self.shared_candidates(pair) {
            let (Some(a), Some(b)) = (
                self.candidate(Side::Old, old_at, who.0, who.1),
                self.candidate(Side::New, new_at, who.0, who.1),
            ) else {
                return false;
            };
            for class in old.on.iter().copied() {
                let a = self.on(Side::Old, |lower| after(lower, &x, a.seen(), class, looks).yes);
                let b = self.on(Side::New, |lower| after(lower, &y, b.seen(), class, looks).yes);
                let ways: Vec<Formula> =
                    pair.ways.iter().map(|way| self.both_admit(pair, way, who)).collect();
                let region = self.arena.any(ways);
                if !self.same_formula(region, a, b) {
                    return false;
                }
            }
        }
        true
    }

    /// Whether candidates are sorted alike.
    pub(super) fn same_order(&mut self, pair: &Pair, old: &Routing, new: &Routing) -> bool {
        // Own and shared ones are only ranked where both kinds are asked.
        let ranked =
            |r: &Routing| !matches!(r.credentials, CredentialMode::OwnOnly | CredentialMode::SharedOnly);
        // What a draw sticks to may have another default.
        let sticky = self.any_redeclared()
            && [&old.order, &new.order].into_iter().any(|order| shape(order).contains("sticky: Some"));
        if sticky
            || shape(&old.order) != shape(&new.order)
            || (ranked(old) && ranked(new) && old.credentials != new.credentials)
        {
            return false;
        }
        if !self.same_tiers(pair, old, new) {
            return false;
        }
        let written: [Vec<&Expr>; 2] = [old, new].map(|r| r.prefers.iter().map(|(e, _)| e).collect());
        let [a, b] = &written;
        if a.len() == b.len() && a.iter().zip(b).all(|(x, y)| self.same_condition(pair, (x, y))) {
            return true;
        }
        // Those that tell nobody from another one do nothing.
        let a = self.telling(pair, Side::Old, [old, new], a);
        let b = self.telling(pair, Side::New, [old, new], b);
        a.len() == b.len() && a.iter().zip(&b).all(|(x, y)| self.same_condition(pair, (x, y)))
    }

    pub(super) fn same_tiers(&mut self, pair: &Pair, old: &Routing, new: &Routing) -> bool {
        if shape(&old.tiers) == shape(&new.tiers) && self.same_aliases {
            return true;
        }
        let asked = |r: &Routing| r.tiers.iter().any(|t| matches!(t, Tier::Requested { .. }));
        if asked(old) || asked(new) {
            return false;
        }
        let met = Rc::clone(&self.met);
        for (number, _) in self.shared_candidates(pair) {
            let Some(place) = met.get(number) else { continue };
            let mut tiers = Vec::new();
            for (side, routing) in [(Side::Old, old), (Side::New, new)] {
                let Some(endpoint) = place.of.of(side) else { continue };
                let names = self.on(side, |lower| {
                    routing.tiers.iter().position(|tier| match tier {
                        Tier::Entries(entries) => {
                            entries.iter().any(|e| lower.entry_names(e, &endpoint.model))
                        }
                        Tier::Requested { .. } => false,
                    })
                });
                tiers.push(names);
            }
            if tiers.first() != tiers.get(1) {
                return false;
            }
        }
        true
    }
}

/// Returns rules that have no error class in common in one order, whatever the order of the text; else as they are.
fn in_order(retry: &Retry) -> Vec<&faregate::model::RetryRule> {
    let mut rules: Vec<_> = retry.rules.iter().collect();
    let mut seen = BTreeSet::new();
    let apart = rules.iter().flat_map(|r| &r.on).all(|class| seen.insert(*class));
    if apart {
        rules.sort_by_key(|r| r.on.iter().min().copied());
    }
    rules
}

/// When a failure of a class leads to a move of a kind.
fn moves_when(fallback: &Fallback, kind: MoveKind, class: ErrorClass) -> Expr {
    let rules = fallback.rules.iter().filter(|r| r.kind == kind && r.on.contains(&class));
    let whens: Vec<Option<Expr>> = rules.map(|r| r.when.clone()).collect();
    if whens.iter().any(Option::is_none) {
        return always();
    }
    expr(ExprKind::Or(whens.into_iter().flatten().collect()))
}

fn always() -> Expr {
    expr(ExprKind::And(Vec::new()))
}

fn expr(kind: ExprKind) -> Expr {
    Expr { kind, span: nowhere() }
}

fn nowhere() -> Span {
    Span::new(FileId(0), 0, 0)
}
