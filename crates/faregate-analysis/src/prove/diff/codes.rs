//! Denials of a pair of workloads that admits the same: whether what keeps candidates out is of the same kind on both sides.
//!
//! A denial has the code of the candidate that is the nearest to being admitted (rule 35). Others can be down, which is the
//! farthest, so each candidate is looked at alone.

use std::rc::Rc;

use faregate::model::{Subject, attributes};
use faregate::syntax::Span;
use faregate::{Context, Decision, Health, Request};

use super::Direction;
use super::effects::{Effect, effects};
use super::picks::Pair;
use super::probe::Wanted;
use super::sides::{Differ, Met, Part, Side, Two, Unit};
use crate::prove::formula::Formula;
use crate::prove::witness::MOST_DOWN;

/// Filters of these kinds and below are passed by whoever makes a denial one of guardrails, or one of money and quotas.
const LEVELS: [u8; 2] = [0, 1];

/// So many requests are tried for one pair of workloads, and fewer where there are many endpoints and workloads.
const MOST_TRIED: usize = 64;

/// So many endpoints are decided about in all such tries, about.
const MOST_MET: usize = 300_000;

fn kind(unit: &Unit<'_>) -> u8 {
    match unit.part {
        Part::Guardrail(_) => 1,
        Part::Budget(..) | Part::Credits => 2,
        _ => 0,
    }
}

impl<'a> Differ<'a> {
    pub(super) fn codes(&mut self, pair: &Pair, units: &Two<Rc<Vec<Unit<'a>>>>, changed: &Two<Vec<usize>>) {
        let spans = |side: Side| -> Vec<Span> {
            let of = changed.of(side).iter().filter_map(|n| units.of(side).get(*n));
            of.flat_map(|u| u.spans.clone()).collect()
        };
        let spans = (spans(Side::Old), spans(Side::New));
        let met = Rc::clone(&self.met);
        let mut open = None;
        let mut left = self.tries();
        for (number, place) in met.iter().enumerate() {
            if place.same && changed.old.is_empty() && changed.new.is_empty() && self.same_kinds(pair) {
                continue;
            }
            let Some(endpoint) = place.of.new.or(place.of.old) else { continue };
            for own in self.keys_of(number).iter().copied() {
                let wanted = Wanted { endpoint: place.id, provider: &endpoint.provider, own };
                for level in LEVELS {
                    // First what is not common to both; only where that differs, everything.
                    let part = self.near(pair, units, changed, number, own, level, false);
                    if part.old == part.new {
                        continue;
                    }
                    let near = self.near(pair, units, changed, number, own, level, true);
                    for (holds, not, side) in
                        [(near.old, near.new, Side::Old), (near.new, near.old, Side::New)]
                    {
                        let differs = self.arena.both(holds, not.not());
                        if self.is_never(differs) {
                            continue;
                        }
                        let mut places = self.lines(&spans.0, &spans.1);
                        if !place.same {
                            let of = format!("{} in the catalog", place.id);
                            places.0.extend(place.of.old.map(|_| of.clone()));
                            places.1.extend(place.of.new.map(|_| of));
                        }
                        match self.code(pair, side, differs, number, wanted, &places, &mut left) {
                            Some(true) => return,
                            Some(false) => open = Some(places),
                            None => {}
                        }
                    }
                }
            }
        }
        if let Some(places) = open {
            let what =
                "candidates are kept out by rules of another kind, so that a denial may have another code";
            self.add_open(pair, Direction::Denial, what, places, false);
        }
    }

    /// Where a candidate passes the filters up to a level, on each side.
    #[expect(clippy::too_many_arguments, reason = "the filters of both sides, and which of them of whom")]
    fn near(
        &mut self,
        pair: &Pair,
        units: &Two<Rc<Vec<Unit<'a>>>>,
        changed: &Two<Vec<usize>>,
        number: usize,
        own: bool,
        level: u8,
        whole: bool,
    ) -> Two<Formula> {
        let same = self.met.get(number).is_some_and(|m| m.same);
        let mut near = Two { old: Formula::FALSE, new: Formula::FALSE };
        for (side, at) in [(Side::Old, pair.old), (Side::New, pair.new)] {
            let Some(at) = at.filter(|at| self.has(side, *at, number, own)) else { continue };
            let mut parts = Vec::new();
            for (which, unit) in units.of(side).iter().enumerate() {
                let looked = whole || !same || changed.of(side).contains(&which);
                if looked && kind(unit) <= level {
                    parts.push(self.passes_soon(side, at, unit, number, own));
                }
            }
            *near.of_mut(side) = self.arena.all(parts);
        }
        near
    }

    /// Where a candidate passes a filter, or would if it were not cooling down: that is a quota, whatever else is required.
    fn passes_soon(&mut self, side: Side, at: usize, unit: &Unit<'a>, number: usize, own: bool) -> Formula {
        let passes = self.passes(side, at, unit, number, own);
        let Part::Rule(rule) = &unit.part else { return passes };
        let mut cools = false;
        attributes(&rule.expr, &mut |a| cools |= a.subject == Subject::Endpoint && a.name == "cooling_down");
        if rule.forbid || !cools {
            return passes;
        }
        let Some(candidate) = self.candidate(side, at, number, own) else { return passes };
        let later = self.on(side, |lower| {
            lower.cooled = true;
            let later = lower.satisfied(rule, Some(candidate.seen()));
            lower.cooled = false;
            later
        });
        self.arena.either(passes, later)
    }

    fn tries(&self) -> usize {
        let all = self.met.len().saturating_mul(self.policies.new.workloads.len()).max(1);
        MOST_MET.checked_div(all).unwrap_or(MOST_TRIED).clamp(2, MOST_TRIED)
    }

    /// Looks for a denial whose code differs: whether one was found; `None`: there is none.
    #[expect(clippy::too_many_arguments, reason = "a candidate, where it differs, and what is left to try")]
    fn code(
        &mut self,
        pair: &Pair,
        side: Side,
        differs: Formula,
        number: usize,
        wanted: Wanted<'_>,
        places: &(Vec<String>, Vec<String>),
        left: &mut usize,
    ) -> Option<bool> {
        let at = if side == Side::Old { pair.old } else { pair.new }?;
        let mut open = false;
        for way in &pair.ways {
            let admitted = self.admitted(side, at, number, wanted.own, way.spent.of(side));
            let question = self.arena.all([way.when, differs, admitted.not()]);
            if self.is_never(question) {
                continue;
            }
            open = true;
            if *left == 0 {
                break;
            }
            for model in self.models(question) {
                let Some(fewer) = left.checked_sub(1) else { break };
                *left = fewer;
                let start = self.concrete(&model, way, Some(wanted));
                if self.denied(pair, &start, wanted, places) {
                    return Some(true);
                }
            }
        }
        open.then_some(false)
    }

    /// Takes whoever is admitted down, so that nothing but denials is left, then everybody else; whether their codes differ.
    fn denied(
        &mut self,
        pair: &Pair,
        (request, context): &(Request, Context),
        wanted: Wanted<'_>,
        places: &(Vec<String>, Vec<String>),
    ) -> bool {
        let mut context = self.all_down(request, context.clone());
        if self.tell_denial(pair, request, &context, places) {
            return true;
        }
        if wanted.own {
            context.shared_except.insert(wanted.provider.to_owned());
        }
        let mut request = request.clone();
        let many = self.met.len() > MOST_DOWN;
        if many {
            request.only = Some([wanted.provider.to_owned()].into());
        }
        let provider = |m: &Met<'_>| m.of.new.or(m.of.old).map(|e| e.provider == wanted.provider);
        let near = |m: &&Met<'_>| m.id != wanted.endpoint && (!many || provider(m) == Some(true));
        for other in self.met.iter().filter(near).take(MOST_DOWN) {
            context.endpoints.entry(other.id.to_owned()).or_default().health = Some(Health::Down);
        }
        self.tell_denial(pair, &request, &context, places)
    }

    /// Adds the denial that a request shows, or its workload to one with the same lines and codes; whether it shows any.
    fn tell_denial(
        &mut self,
        pair: &Pair,
        request: &Request,
        context: &Context,
        places: &(Vec<String>, Vec<String>),
    ) -> bool {
        let (old, new) = self.decide(request, context);
        let of_denial = |e: &Effect| e.direction == Direction::Denial;
        let Some(shown) = effects(&old, &new).into_iter().find(of_denial) else { return false };
        if !self.is_pair(pair, &old, &new) {
            return false;
        }
        let name = |side, at| self.workload(side, at).map(|w| w.name.clone());
        let (before, after) = (name(Side::Old, pair.old), name(Side::New, pair.new));
        let known = self.found.changes.iter_mut().find(|c| {
            (c.direction, c.certain) == (Direction::Denial, true)
                && (&c.at_old, &c.at_new) == (&places.0, &places.1)
                && c.what == shown.what
                && c.old_workload == c.new_workload
        });
        if let (Some(known), Some(after), true) = (known, &after, before == after) {
            if known.new_workload.as_ref() != Some(after) {
                known.also.insert(after.clone());
            }
            return true;
        }
        let (witness, effects) = self.shrink(request.clone(), context.clone(), &|old, new, effects| {
            self.is_pair(pair, old, new) && effects.iter().any(of_denial)
        });
        self.add_change(pair, Direction::Denial, &effects, witness, places.clone());
        true
    }

    /// Takes whoever either side may call down, and whoever it would if a move led there.
    pub(super) fn all_down(&self, request: &Request, mut context: Context) -> Context {
        for _ in 0..MOST_DOWN {
            let mut changed = false;
            let (old, new) = self.decide(request, &context);
            for decision in [old, new] {
                let Decision::Route(plan) = decision else { continue };
                let left = plan.explanation.excluded.iter();
                let left = left.filter(|e| e.reasons.iter().all(|r| r.code == "fallback"));
                let left = left.map(|e| &e.endpoint);
                for id in plan.attempts.iter().map(|a| &a.endpoint).chain(left) {
                    let facts = context.endpoints.entry(id.clone()).or_default();
                    changed |= facts.health.replace(Health::Down) != Some(Health::Down);
                }
            }
            if !changed {
                break;
            }
        }
        context
    }
}
