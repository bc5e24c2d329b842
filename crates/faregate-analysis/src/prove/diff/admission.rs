//! Which candidates are admitted by the one policy and not by the other, in each pair of workloads.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use faregate::model::Body;
use faregate::syntax::Span;
use faregate::{MAX_COUNT, Timestamp};

use super::bills::Alone;
use super::picks::Pair;
use super::probe::{Sought, Wanted};
use super::sides::{Differ, Part, Side, Two, Unit};
use super::{DecisionChange, Direction};
use crate::prove::formula::Formula;

/// Once a class is found, so many further candidates are looked at for it.
const MOST_FURTHER: usize = 24;

/// What a class is told apart by: its direction, and the places that cause it.
type Class = (Direction, Vec<String>, Vec<String>);

/// What was found of one class.
#[derive(Default)]
struct Known {
    covered: BTreeSet<String>,
    further: usize,
}

impl<'a> Differ<'a> {
    pub(super) fn admission(&mut self, pair: &Pair) {
        let routes = [self.routing(Side::Old, pair.old), self.routing(Side::New, pair.new)];
        if self.is_listed() && routes.iter().any(Option::is_none) {
            return;
        }
        if routes.iter().all(Option::is_none) {
            self.without_routes(pair);
            return;
        }
        let units = Two { old: self.units_at(Side::Old, pair.old), new: self.units_at(Side::New, pair.new) };
        let changed = changed(&units);
        let mut classes: HashMap<Class, Known> = HashMap::new();
        let met = Rc::clone(&self.met);
        for (number, place) in met.iter().enumerate() {
            let both = routes.iter().all(Option::is_some);
            // What is the same on both sides needs no look.
            if both && place.same && changed.old.is_empty() && changed.new.is_empty() && self.same_kinds(pair)
            {
                continue;
            }
            for own in self.keys_of(number) {
                self.candidate_differs(pair, &units, &changed, number, *own, &mut classes);
            }
        }
        if self.is_listed() {
            self.codes(pair, &units, &changed);
            return;
        }
        self.bills(pair);
        if routes.iter().any(Option::is_none) || self.names_differ(pair) {
            self.outcomes(pair);
        }
        if routes.iter().all(Option::is_some) {
            self.codes(pair, &units, &changed);
        }
    }

    fn units_at(&mut self, side: Side, at: Option<usize>) -> Rc<Vec<Unit<'a>>> {
        at.map_or_else(Rc::default, |at| self.units(side, at))
    }

    fn names_differ(&self, pair: &Pair) -> bool {
        let name = |side, at| self.workload(side, at).map(|w| &w.name);
        name(Side::Old, pair.old) != name(Side::New, pair.new)
    }

    /// Whether the same kinds of credentials are asked.
    pub(super) fn same_kinds(&self, pair: &Pair) -> bool {
        let (Some(a), Some(b)) = (self.routing(Side::Old, pair.old), self.routing(Side::New, pair.new))
        else {
            return false;
        };
        let special = |r: &faregate::model::Routing| {
            r.credentials_for.iter().map(|(p, (mode, _))| (p.clone(), *mode)).collect::<BTreeMap<_, _>>()
        };
        a.credentials == b.credentials && special(a) == special(b)
    }

    fn candidate_differs(
        &mut self,
        pair: &Pair,
        units: &Two<Rc<Vec<Unit<'a>>>>,
        changed: &Two<Vec<usize>>,
        number: usize,
        own: bool,
        classes: &mut HashMap<Class, Known>,
    ) {
        let met = Rc::clone(&self.met);
        let Some(place) = met.get(number) else { return };
        let (mut conditions, mut causes) =
            (Two::<Vec<Formula>>::default(), Two::<Vec<(Formula, usize)>>::default());
        for side in Side::BOTH {
            let at = match side {
                Side::Old => pair.old,
                Side::New => pair.new,
            };
            let there = at.is_some_and(|at| self.has(side, at, number, own));
            let Some(at) = at.filter(|_| there) else {
                conditions.of_mut(side).push(Formula::FALSE);
                continue;
            };
            let all: Vec<usize> =
                if place.same { changed.of(side).clone() } else { (0..units.of(side).len()).collect() };
            for which in all {
                let Some(unit) = units.of(side).get(which) else { continue };
                if self.is_of_money(pair, unit) {
                    continue;
                }
                let formula = self.passes(side, at, unit, number, own);
                conditions.of_mut(side).push(formula);
                causes.of_mut(side).push((formula, which));
            }
        }
        let (old, new) = (self.arena.all(conditions.old.clone()), self.arena.all(conditions.new.clone()));
        if old == new {
            return;
        }
        let Some(endpoint) = place.of.new.or(place.of.old) else { return };
        let wanted = Wanted { endpoint: place.id, provider: &endpoint.provider, own };
        // What stands on both sides is no cause.
        let mine = |side: Side, other: &[Formula]| -> Vec<Span> {
            let differ = causes.of(side).iter().filter(|(f, _)| !other.contains(f));
            differ
                .flat_map(|(_, which)| {
                    units.of(side).get(*which).map(|u| u.spans.clone()).unwrap_or_default()
                })
                .collect()
        };
        let (old_spans, new_spans) = (mine(Side::Old, &conditions.new), mine(Side::New, &conditions.old));
        let mut at = self.lines(&old_spans, &new_spans);
        if !place.same {
            let of = format!("{} in the catalog", place.id);
            at.0.extend(place.of.old.map(|_| of.clone()));
            at.1.extend(place.of.new.map(|_| of));
        }
        for (direction, holds, not) in [(Direction::Looser, new, old), (Direction::Tighter, old, new)] {
            let difference = self.arena.both(holds, not.not());
            if self.is_never(difference) {
                continue;
            }
            let class = (direction, at.0.clone(), at.1.clone());
            let known = classes.entry(class.clone()).or_default();
            if known.covered.contains(&wanted.name()) {
                self.note(pair, direction, (number, own), difference);
                continue;
            }
            if known.further >= MOST_FURTHER {
                self.note(pair, direction, (number, own), difference);
                self.mark_more(pair, &class);
                continue;
            }
            self.in_direction(pair, number, wanted, difference, class, classes);
        }
    }

    /// Whether a filter only lets through what money is left for, as the other side does: what other costs make of it is part
    /// of dearer and cheaper, and budgets are compared by themselves.
    fn is_of_money(&self, pair: &Pair, unit: &Unit<'_>) -> bool {
        let both = self.routing(Side::Old, pair.old).is_some() && self.routing(Side::New, pair.new).is_some();
        match unit.part {
            Part::Credits | Part::Countable => both,
            Part::Budget(_, budget) => {
                let has = |side| self.policies.of(side).budgets.iter().any(|b| b.name == budget.name);
                both && has(Side::Old) && has(Side::New)
            }
            _ => false,
        }
    }

    /// Asks on which way to the pair of workloads a candidate is admitted by the one side alone.
    fn in_direction(
        &mut self,
        pair: &Pair,
        number: usize,
        wanted: Wanted<'_>,
        difference: Formula,
        class: Class,
        classes: &mut HashMap<Class, Known>,
    ) {
        let (direction, at_old, at_new) = class.clone();
        let (side, at) =
            if direction == Direction::Looser { (Side::New, pair.new) } else { (Side::Old, pair.old) };
        let Some(at) = at else { return };
        let mut why = None;
        let mut one = None;
        for way in &pair.ways {
            let admitted = self.admitted(side, at, number, wanted.own, way.spent.of(side));
            let question = self.arena.all([way.when, difference, admitted]);
            if self.is_never(question) {
                continue;
            }
            self.note(pair, direction, (number, wanted.own), difference);
            one.get_or_insert_with(|| {
                let places = (at_old.clone(), at_new.clone());
                self.alone.push(Alone { number, own: wanted.own, side, question, way: way.clone(), places });
            });
            // The engines showed one request of the class; for the others the formulas speak.
            if self.joins(pair, &class, wanted) {
                let known = classes.entry(class).or_default();
                known.further = known.further.saturating_add(1);
                return;
            }
            match self.seek(question, pair, way, wanted, direction) {
                Sought::Never => {}
                Sought::Unsure(reason) => why = why.or(Some(reason)),
                Sought::Found(witness, effects) => {
                    let names = effects.iter().filter(|e| e.direction == direction);
                    let names: BTreeSet<String> = names.flat_map(|e| e.endpoints.iter().cloned()).collect();
                    classes.entry(class).or_default().covered.extend(names);
                    self.add_change(pair, direction, &effects, witness, (at_old, at_new));
                    return;
                }
            }
        }
        if let Some(why) = why {
            let kind = if wanted.own { "an own key" } else { "the shared key" };
            let name = self.workload(side, Some(at)).map_or("", |w| w.name.as_str());
            let because = if why.is_empty() { "no request was found that shows it" } else { why.as_str() };
            self.unsettled(
                format!(
                    "{} with {kind} may be {} in workload {name}: {because}",
                    wanted.endpoint,
                    direction.as_str()
                ),
                at_old,
                at_new,
            );
        }
    }

    /// Adds a candidate to a class that is there already, of this pair of workloads or of another one.
    fn joins(&mut self, pair: &Pair, (direction, at_old, at_new): &Class, wanted: Wanted<'_>) -> bool {
        let differ = self.names_differ(pair);
        let name = |side, at| self.workload(side, at).map(|w| w.name.clone());
        let (old, new) = (name(Side::Old, pair.old), name(Side::New, pair.new));
        let there = self.found.changes.iter_mut().find(|c| {
            let same_pair = (&c.old_workload, &c.new_workload) == (&old, &new);
            c.direction == *direction
                && (&c.at_old, &c.at_new) == (at_old, at_new)
                && c.witness.is_some()
                && (same_pair || (!differ && c.old_workload == c.new_workload))
        });
        let Some(there) = there else { return false };
        there.endpoints.insert(wanted.name());
        if there.new_workload != new {
            there.also.extend(new);
        }
        true
    }

    fn mark_more(&mut self, pair: &Pair, (direction, at_old, at_new): &Class) {
        let name = |side, at| self.workload(side, at).map(|w| w.name.clone());
        let (old, new) = (name(Side::Old, pair.old), name(Side::New, pair.new));
        let same = |c: &&mut DecisionChange| {
            c.direction == *direction
                && ((&c.old_workload, &c.new_workload) == (&old, &new)
                    || new.as_ref().is_some_and(|n| c.also.contains(n)))
                && (&c.at_old, &c.at_new) == (at_old, at_new)
        };
        if let Some(change) = self.found.changes.iter_mut().find(same) {
            change.and_more = true;
        }
    }

    /// Both sides deny: with another code, by another workload, in other words.
    fn without_routes(&mut self, pair: &Pair) {
        if pair.old.is_none() && pair.new.is_none() {
            return;
        }
        let said = |side, at| match self.workload(side, at).map(|w| &w.body) {
            Some(Body::Deny(message, _)) => Some(message.clone()),
            _ => None,
        };
        if self.names_differ(pair) || said(Side::Old, pair.old) != said(Side::New, pair.new) {
            self.outcomes(pair);
        }
    }

    /// Two workloads that are not one by name decide the same requests: each outcome is looked at.
    fn outcomes(&mut self, pair: &Pair) {
        let places = self.picked_at(pair);
        let before = self.found.changes.len();
        for way in &pair.ways {
            let Some(model) = self.model(way.when) else { continue };
            let (request, context) = self.concrete(&model, way, None);
            let mut large = request.clone();
            large.input_tokens = large.input_tokens.max(MAX_COUNT);
            for request in [request.clone(), large] {
                self.tell(pair, &request, &context, &places);
            }
            // Where nobody can be called at all.
            self.tell(pair, &request, &self.all_down(&request, context), &places);
        }
        let found = self.found.changes.len() > before;
        let known = self.found.changes.iter().any(|c| {
            let name = |side, at| self.workload(side, at).map(|w| &w.name);
            c.old_workload.as_ref() == name(Side::Old, pair.old)
                && c.new_workload.as_ref() == name(Side::New, pair.new)
        });
        if !found && !known {
            let name = |side, at| self.workload(side, at).map_or("none", |w| w.name.as_str()).to_owned();
            let why = format!(
                "workload {} may decide what {} decided, and no request was found that shows it",
                name(Side::New, pair.new),
                name(Side::Old, pair.old)
            );
            self.unsettled(why, places.0, places.1);
        }
    }

    /// Returns where the conditions stand that pick the workloads of a pair.
    pub(super) fn picked_at(&self, pair: &Pair) -> (Vec<String>, Vec<String>) {
        let span = |side, at: Option<usize>| {
            self.workload(side, at).map(|w| match (&w.body, &w.when) {
                (Body::Deny(_, span), _) if !self.names_differ(pair) => *span,
                (_, Some((_, span))) => *span,
                _ => w.span,
            })
        };
        (self.at(Side::Old, span(Side::Old, pair.old)), self.at(Side::New, span(Side::New, pair.new)))
    }
}

/// Returns the indexes of the filters that the other side does not have.
fn changed(units: &Two<Rc<Vec<Unit<'_>>>>) -> Two<Vec<usize>> {
    let only = |mine: &[Unit<'_>], other: &[Unit<'_>]| {
        let mut left: Vec<usize> = other.iter().map(|u| u.key).collect();
        let mut only = Vec::new();
        for (number, unit) in mine.iter().enumerate() {
            match left.iter().position(|k| *k == unit.key) {
                Some(at) => {
                    left.swap_remove(at);
                }
                None => only.push(number),
            }
        }
        only
    };
    Two { old: only(&units.old, &units.new), new: only(&units.new, &units.old) }
}

/// Noon and midnight of the day of an instant.
pub(super) fn clock(now: Timestamp, hours: i64) -> Timestamp {
    Timestamp(now.0.saturating_add(hours.saturating_mul(3_600_000)))
}
