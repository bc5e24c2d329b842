//! `always cost …` and `always calls …`: what rule 18 says of a whole run.

mod keys;
mod sums;

use std::collections::BTreeSet;

use faregate::model::{CeilingKind, Invariant, Routing};
use faregate::{Amount, Money};
use faregate_syntax::ast::CompareOp;

use super::formula::Formula;
use super::solve::{Answer, Query};
use super::ways::Way;
use super::witness::{self, Target};
use super::{Counterexample, Outcome, Prover, Search};

/// So many models are tried as the first of a long plan.
const MOST_STARTS: usize = 8;

/// So many candidates more than needed are looked at for one.
const MOST_EXTRA: u64 = 4;

/// How many calls a run can make.
struct Calls {
    /// At most; `None`: as many as there are candidates.
    most: Option<u64>,
    /// Of so many candidates at most; `None`: of all that there are.
    of: Option<u64>,
    /// Certainly counted for a plan of one candidate.
    one_at_least: u64,
    /// At most for a plan of one candidate.
    one_at_most: u64,
}

/// Counts the calls of a plan that has so many candidates at most; `None`: any number of them.
fn calls_of(routing: &Routing, candidates: Option<u64>) -> Calls {
    let rules = routing.retry.iter().flat_map(|r| &r.rules);
    let sum = |certain: bool| {
        let rules = rules.clone().filter(|r| !certain || r.when.is_none());
        rules.fold(1_u64, |sum, r| sum.saturating_add(r.times))
    };
    let cap = routing.retry.as_ref().and_then(|r| r.at_most_calls);
    let capped = |n: u64| cap.map_or(n, |cap| cap.min(n));
    let moves = match &routing.fallback {
        None => Some(0),
        Some(fallback) if fallback.rules.is_empty() => Some(0),
        Some(fallback) => fallback.at_most,
    };
    let of = match (moves.map(|n| n.saturating_add(1)), candidates) {
        (Some(reached), Some(candidates)) => Some(reached.min(candidates)),
        (reached, candidates) => reached.or(candidates),
    };
    let most = match of {
        Some(of) => Some(capped(of.saturating_mul(sum(false)))),
        None => cap,
    };
    Calls { most, of, one_at_least: capped(sum(true)), one_at_most: capped(sum(false)) }
}

impl Prover<'_> {
    pub(super) fn cost(&mut self, invariant: &Invariant, op: CompareOp, bound: Money) -> Outcome {
        let units = bound.0.units();
        // What the cost may be at most; more breaks the invariant.
        let most = match op {
            CompareOp::Le => units,
            CompareOp::Lt => units.saturating_sub(1),
            CompareOp::Eq if bound.is_zero() => 0,
            _ => return self.search_only(invariant, "a cost is only bounded from above"),
        };
        let concerned = self.concerned(invariant);
        let mut search = Search::default();
        for way in self.ways_of(invariant) {
            let Some(routing) = self.routing(way.last()) else { continue };
            let capped = self.capped(routing, most);
            let base = self.lower.arena.all([way.when, concerned, capped.not()]);
            if base == Formula::FALSE {
                continue;
            }
            let mut calls = calls_of(routing, None);
            let candidates = self.candidates(way.last());
            if calls.of.is_none() {
                calls = calls_of(routing, self.most_candidates(base, &way, u64::MAX));
            }
            let mut could = Vec::new();
            // First what one candidate alone can cost: the engine will confirm that.
            for (at, candidate) in candidates.iter().enumerate() {
                let admitted = self.admitted(way.last(), at, &way.spent);
                let over = self.over(&candidate.cost, Some(calls.one_at_least), most);
                let question = self.lower.arena.all([base, admitted, over]);
                if let Some(found) = self.ask(&mut search, invariant, question, &way, candidate, true) {
                    return Outcome::Broken(found);
                }
                let over = self.over(&candidate.cost, calls.most, most);
                could.push((self.lower.arena.all([base, admitted, over]), candidate));
            }
            // Then what a run costs if every call were as dear as the dearest, and if every candidate were called.
            could.retain(|(question, _)| self.may_hold(&mut search, *question));
            if could.is_empty() {
                continue;
            }
            if let Some(found) = self.many_dear_keys(invariant, base, &way, &calls, most) {
                return Outcome::Broken(found);
            }
            let together = self.together_over(base, &way, calls.one_at_most, most);
            for (question, candidate) in could {
                let question = self.lower.arena.both(question, together);
                if let Some(found) = self.ask(&mut search, invariant, question, &way, candidate, false) {
                    return Outcome::Broken(found);
                }
            }
        }
        search.outcome()
    }

    /// Where so many calls may cost more than `most`, or nobody knows how much. Without a number of calls, where one costs
    /// anything.
    fn over(&mut self, cost: &[super::costs::Case], calls: Option<u64>, most: i128) -> Formula {
        let Some(calls) = calls.map(i128::from) else {
            let nothing = self.lower.costs_at_most(cost, 0);
            return nothing.not();
        };
        let mut within = Vec::new();
        for case in cost {
            let Some(cost) = &case.cost else { continue };
            let fits = match cost.times(calls).and_then(|c| Some((most.checked_sub(c.constant)?, c))) {
                Some((left, total)) => self.lower.arena.sum_at_most(&total.terms, left),
                None => self.lower.arena.free(),
            };
            within.push(self.lower.arena.both(case.when, fits));
        }
        self.lower.arena.any(within).not()
    }

    /// Where a `run` ceiling caps the whole run at `most` or less.
    fn capped(&mut self, routing: &Routing, most: i128) -> Formula {
        let mut parts = Vec::new();
        for ceiling in routing.ceilings.iter().filter(|c| c.kind == CeilingKind::Run) {
            let Amount::Money(amount) = ceiling.amount else { continue };
            if amount.0.units() > most {
                continue;
            }
            let applies = match &ceiling.when {
                None => Formula::TRUE,
                Some(when) => {
                    let applies = self.lower.truth(when, None).no.not();
                    // One that may end before the run does bounds it only where the engine says so.
                    let certain = if changes(when) { self.lower.arena.free() } else { Formula::TRUE };
                    self.lower.arena.both(applies, certain)
                }
            };
            parts.push(applies);
        }
        self.lower.arena.any(parts)
    }

    pub(super) fn calls(&mut self, invariant: &Invariant, op: CompareOp, bound: u64) -> Outcome {
        let concerned = self.concerned(invariant);
        let mut search = Search::default();
        for way in self.ways_of(invariant) {
            let Some(routing) = self.routing(way.last()) else { continue };
            let base = self.lower.arena.both(way.when, concerned);
            if base == Formula::FALSE {
                continue;
            }
            let calls = calls_of(routing, None);
            let under = calls.most.is_some_and(|most| match op {
                CompareOp::Lt => most < bound,
                CompareOp::Le | CompareOp::Eq => most <= bound,
                _ => true,
            });
            let over = match op {
                CompareOp::Ge | CompareOp::Eq => calls.one_at_least >= bound,
                CompareOp::Gt => calls.one_at_least > bound,
                CompareOp::Ne => calls.one_at_least > bound || calls.most.is_some_and(|m| m < bound),
                _ => true,
            };
            if under && over {
                continue;
            }
            let most_allowed = match op {
                CompareOp::Lt => bound.saturating_sub(1),
                CompareOp::Le | CompareOp::Eq => bound,
                _ => u64::MAX,
            };
            // Requests for which every retry applies make the most calls, others the fewest.
            let mut retries = Vec::new();
            for rule in routing.retry.iter().flat_map(|r| &r.rules) {
                if let Some(when) = &rule.when {
                    retries.push(self.lower.truth(when, None).yes);
                }
            }
            let retries = self.lower.arena.all(retries);
            let candidates = self.candidates(way.last());
            let mut asked = Search::default();
            if !under && calls.one_at_most <= most_allowed {
                // A plan of few candidates makes too few calls to break an upper bound: so many are needed.
                let wanted = most_allowed.checked_div(calls.one_at_most).unwrap_or(0).saturating_add(1);
                if over && !self.may_have(base, &way, wanted) {
                    continue;
                }
                for with in [retries, Formula::TRUE] {
                    let base = self.lower.arena.both(base, with);
                    if let Some(found) = self.crowd(invariant, base, &way, wanted) {
                        return Outcome::Broken(found);
                    }
                    if let Some(found) = self.many_keys(invariant, base, &way, wanted) {
                        return Outcome::Broken(found);
                    }
                }
                if over {
                    search.unsure(format!(
                        "more calls need a plan of {wanted} candidates; none was found that the engine makes, and none could be \
                         ruled out"
                    ));
                    continue;
                }
            }
            for with in [retries, Formula::TRUE] {
                for (at, candidate) in candidates.iter().enumerate() {
                    let admitted = self.admitted(way.last(), at, &way.spent);
                    let question = self.lower.arena.all([base, admitted, with]);
                    if let Some(found) = self.ask(&mut asked, invariant, question, &way, candidate, true) {
                        return Outcome::Broken(found);
                    }
                }
            }
            if let Some(why) = asked.why {
                search.unsure(why);
            }
        }
        search.outcome()
    }

    /// Whether a plan may have so many candidates: as many can be admitted, if not all for the same request, or an own key can,
    /// of which a gateway may have any number.
    fn may_have(&mut self, base: Formula, way: &Way, wanted: u64) -> bool {
        self.most_candidates(base, way, wanted).is_none_or(|most| most >= wanted)
    }

    /// Looks for a plan of so many candidates: one after the other is added, as long as all can be admitted at once.
    fn crowd(
        &mut self,
        invariant: &Invariant,
        base: Formula,
        way: &Way,
        wanted: u64,
    ) -> Option<Box<Counterexample>> {
        let routing = self.routing(way.last())?;
        let candidates = self.candidates(way.last());
        let mut open: Vec<(&str, Formula)> = Vec::new();
        for (at, candidate) in candidates.iter().enumerate().filter(|(_, c)| !c.own) {
            let mut parts = vec![base, self.admitted(way.last(), at, &way.spent)];
            for (require, _) in routing.fallback.iter().flat_map(|f| &f.requires) {
                parts.push(self.lower.truth(require, Some(candidate.seen())).yes);
            }
            let formula = self.lower.arena.all(parts);
            if formula != Formula::FALSE {
                open.push((&candidate.endpoint.model, formula));
            }
        }
        // Moves may lead among endpoints of one model alone: each model is tried first.
        let models: BTreeSet<&str> = open.iter().map(|(model, _)| *model).collect();
        for model in models.into_iter().take(MOST_STARTS) {
            open.sort_by_key(|(of, _)| *of != model);
            let mut together = base;
            let mut met = 0_u64;
            for (_, formula) in &open {
                let more = self.lower.arena.both(together, *formula);
                let mut query = Query::new(&self.lower.arena, &[more], &[], self.first);
                let Answer::Holds(found) = query.next() else { continue };
                together = more;
                met = met.saturating_add(1);
                if met < wanted {
                    continue;
                }
                let target = Target { endpoint: None, provider: "", own: false, spent: &way.spent };
                let arena = &self.lower.arena;
                if let Some(found) = witness::confirm(self.engine, arena, invariant, &found, &target, false) {
                    return Some(Box::new(found));
                }
                // Some may be out of reach for moves; a few more are looked at.
                if met >= wanted.saturating_add(MOST_EXTRA) {
                    break;
                }
            }
        }
        None
    }

    /// Looks for a counterexample where nothing can be proved.
    fn search_only(&mut self, invariant: &Invariant, why: &str) -> Outcome {
        let concerned = self.concerned(invariant);
        let mut search = Search::default();
        for way in self.ways_of(invariant) {
            let base = self.lower.arena.both(way.when, concerned);
            let candidates = self.candidates(way.last());
            for (at, candidate) in candidates.iter().enumerate() {
                let admitted = self.admitted(way.last(), at, &way.spent);
                let question = self.lower.arena.both(base, admitted);
                if let Some(found) = self.ask(&mut search, invariant, question, &way, candidate, true) {
                    return Outcome::Broken(found);
                }
            }
        }
        match search.why {
            None => Outcome::Proved,
            Some(_) => Outcome::Undecided(why.to_owned()),
        }
    }
}

/// Whether a condition reads what may change while a run goes on.
fn changes(expr: &faregate::model::Expr) -> bool {
    let mut changes = false;
    faregate::model::attributes(expr, &mut |attr| changes |= attr.may_change());
    changes
}
