//! Budgets at any use: what they count, where they apply, and what becomes of requests when they are used up.

use std::collections::BTreeSet;

use faregate::model::{Budget, Exhausted, Expr, attributes};
use faregate::syntax::Span;
use faregate::{Context, Request};

use super::super::shape::shape;
use super::effects::effects;
use super::picks::Pair;
use super::sides::{Differ, Side};
use super::{DecisionChange, Direction};
use crate::prove::formula::Formula;

/// So many requests are decided to show what a budget changes.
const MOST_PROBES: usize = 120;

/// What a budget can change beside words.
const TOLD: &[Direction] = &[Direction::Looser, Direction::Tighter, Direction::Denial];

impl<'a> Differ<'a> {
    pub(super) fn budgets(&mut self, pairs: &[Pair]) {
        let (old, new) = (self.policies.old, self.policies.new);
        let only_new = new.budgets.iter().filter(|b| !old.budgets.iter().any(|o| o.name == b.name));
        for budget in old.budgets.iter().chain(only_new) {
            let of =
                |policy: &'a faregate::model::Policy| policy.budgets.iter().find(|b| b.name == budget.name);
            let (a, b) = (of(old), of(new));
            if let (Some(a), Some(b)) = (a, b)
                && self.same_budget(a, b, pairs)
            {
                continue;
            }
            self.budget(&budget.name, a, b, pairs);
        }
    }

    fn same_budget(&mut self, old: &Budget, new: &Budget, pairs: &[Pair]) -> bool {
        let figures = |b: &Budget| {
            let limits: Vec<String> = b
                .limits
                .iter()
                .map(|l| format!("{:?} {:?} {:?} {:?}", l.kind, l.amount, l.period, l.zone))
                .collect();
            let to = match &b.exhausted {
                Exhausted::UseWorkload(name, _) => format!("use {name}"),
                other => shape(other),
            };
            let share = b.reserve.as_ref().map(|(share, _)| *share);
            format!("{limits:?} {:?} {} {share:?} {:?} {to}", shape(&b.per), b.byok_included, b.alerts)
        };
        if figures(old) != figures(new) {
            return false;
        }
        let kept = |b: &'_ Budget| b.reserve.as_ref().map(|(_, e)| e.clone());
        let conditions = [(old.when.clone(), new.when.clone()), (kept(old), kept(new))];
        for (a, b) in conditions {
            match (a, b) {
                (None, None) => {}
                (Some(a), Some(b)) if self.same_truth(&a, &b) => {}
                _ => return false,
            }
        }
        match (&old.covers, &new.covers) {
            (None, None) => true,
            (Some(a), Some(b)) => self.same_covers(a, b, pairs),
            _ => false,
        }
    }

    /// Whether two conditions on request and key are true alike and false alike.
    fn same_truth(&mut self, old: &Expr, new: &Expr) -> bool {
        let (a, b) = (self.truth(Side::Old, old), self.truth(Side::New, new));
        [(a.yes, b.yes), (a.no, b.no)].into_iter().all(|(a, b)| self.equivalent(a, b))
    }

    fn equivalent(&mut self, a: Formula, b: Formula) -> bool {
        if a == b {
            return true;
        }
        let (x, y) = (self.arena.both(a, b.not()), self.arena.both(b, a.not()));
        self.is_never(x) && self.is_never(y)
    }

    fn same_covers(&mut self, old: &Expr, new: &Expr, pairs: &[Pair]) -> bool {
        let written = self.meaning(Side::Old, &[old]) == self.meaning(Side::New, &[new]);
        let mut money = false;
        attributes(old, &mut |a| money |= a.name == "cost" || a.name.starts_with("price_"));
        for pair in pairs {
            let (Some(old_at), Some(new_at)) = (pair.old, pair.new) else { continue };
            let moved = money && self.costs_differ(pair);
            for (number, own) in self.shared_candidates(pair) {
                if written && !moved && self.met.get(number).is_some_and(|m| m.same) {
                    continue;
                }
                let (Some(a), Some(b)) = (
                    self.candidate(Side::Old, old_at, number, own),
                    self.candidate(Side::New, new_at, number, own),
                ) else {
                    return false;
                };
                let a = self.on(Side::Old, |lower| lower.truth(old, Some(a.seen())));
                let b = self.on(Side::New, |lower| lower.truth(new, Some(b.seen())));
                if !self.equivalent(a.no, b.no) || !self.equivalent(a.yes, b.yes) {
                    return false;
                }
            }
        }
        true
    }

    /// Looks for requests that show what a budget changes.
    fn budget(&mut self, name: &str, old: Option<&Budget>, new: Option<&Budget>, pairs: &[Pair]) {
        let spans = |b: Option<&Budget>| -> Vec<Span> {
            b.iter()
                .flat_map(|b| b.limits.iter().map(|l| l.span).chain(b.when.iter().map(|w| w.span)))
                .collect()
        };
        let places = (self.at(Side::Old, spans(old)), self.at(Side::New, spans(new)));
        let told = |b: Option<&Budget>| b.is_none_or(|b| b.exhausted == Exhausted::AlertOnly);
        let only_told = told(old) && told(new);
        let asked: Vec<(Request, Context)> =
            pairs.iter().flat_map(|pair| self.touching(name, pair)).take(MOST_PROBES).collect();
        // Requests that it applies to first; then any, since a row that does not fit denies by itself; words come last.
        let mut any = Vec::new();
        for pair in pairs {
            let model = pair.ways.first().and_then(|way| Some((self.model(way.when)?, way)));
            any.extend(model.map(|(model, way)| self.concrete(&model, way, None)));
        }
        let rounds = [(TOLD, &asked, false), (TOLD, &any, true), (&[Direction::Words][..], &asked, false)];
        let mut met = false;
        for (directions, asked, odd) in rounds {
            if !met {
                met = self.try_budget(name, directions, asked, odd, only_told, &places);
            }
        }
        let rows = |b: Option<&Budget>| {
            let limits = |b: &Budget| {
                b.limits.iter().map(|l| format!("{:?} {:?}", l.kind, l.period)).collect::<Vec<_>>()
            };
            b.map(|b| (b.per.len(), limits(b)))
        };
        if !met && (!asked.is_empty() || rows(old) != rows(new)) {
            let why = format!("budget {name} differs, and no request was found that shows it");
            self.unsettled(why, places.0, places.1);
        }
    }

    /// Adds what requests show of a budget, each direction once; whether any did.
    fn try_budget(
        &mut self,
        name: &str,
        directions: &[Direction],
        asked: &[(Request, Context)],
        odd: bool,
        only_told: bool,
        places: &(Vec<String>, Vec<String>),
    ) -> bool {
        let mut met: BTreeSet<Direction> = BTreeSet::new();
        let uses = asked.iter().flat_map(|(r, c)| self.uses(name, r, c, odd)).take(MOST_PROBES);
        for (request, context) in uses.collect::<Vec<_>>() {
            let (a, b) = self.decide(&request, &context);
            let found = effects(&a, &b);
            for direction in directions.iter().copied() {
                if met.contains(&direction) || !found.iter().any(|e| e.direction == direction) {
                    continue;
                }
                met.insert(direction);
                let (witness, effects) = self.shrink(request.clone(), context.clone(), &|_, _, effects| {
                    effects.iter().any(|e| e.direction == direction)
                });
                let of = || effects.iter().filter(|e| e.direction == direction);
                self.add(DecisionChange {
                    direction: if only_told { Direction::Words } else { direction },
                    old_workload: witness.old.explanation().workload.clone(),
                    new_workload: witness.new.explanation().workload.clone(),
                    endpoints: of().flat_map(|e| e.endpoints.iter().cloned()).collect(),
                    and_more: false,
                    also: BTreeSet::new(),
                    what: of().map(|e| e.what.clone()).next().unwrap_or_default(),
                    certain: true,
                    witness: Some(witness),
                    at_old: places.0.clone(),
                    at_new: places.1.clone(),
                });
            }
            if met.contains(&Direction::Looser) && met.contains(&Direction::Tighter) {
                break;
            }
        }
        !met.is_empty()
    }

    /// Returns requests to which a budget applies on one side at least.
    fn touching(&mut self, name: &str, pair: &Pair) -> Vec<(Request, Context)> {
        let mut found = Vec::new();
        for way in pair.ways.iter().filter(|w| !w.through.iter().any(|t| t == name)) {
            let mut applies = Vec::new();
            let mut spent = way.spent.clone();
            for side in Side::BOTH {
                let policy = *self.policies.of(side);
                let Some(at) = policy.budgets.iter().position(|b| b.name == name) else { continue };
                let Some(budget) = policy.budgets.get(at) else { continue };
                spent.of_mut(side).insert(at);
                let off = match &budget.when {
                    None => Formula::FALSE,
                    Some(when) => self.truth(side, when).no,
                };
                let mut known = vec![off.not()];
                for attr in budget.per.iter() {
                    let key = self.on(side, |lower| {
                        let key = crate::prove::facts::given(
                            &mut lower.arena,
                            lower.policy,
                            attr.subject,
                            &attr.name,
                        );
                        key.map(|key| lower.arena.known(key))
                    });
                    known.extend(key);
                }
                applies.push(self.arena.all(known));
            }
            // What is counted by is known where it can be.
            let applies = self.arena.any(applies);
            let here = self.arena.both(way.when, applies);
            let mut without = way.clone();
            (without.when, without.spent) = (here, spent);
            let question = self.someone(pair, &without);
            if let Some(model) = self.model(question) {
                found.push(self.concrete(&model, way, None));
            }
        }
        found
    }

    /// Returns a request with a budget untouched, and used up as either policy counts it.
    fn uses(&self, name: &str, request: &Request, context: &Context, odd: bool) -> Vec<(Request, Context)> {
        let mut sized = request.clone();
        sized.input_tokens = sized.input_tokens.max(1000);
        sized.max_output_tokens = Some(sized.max_output_tokens.unwrap_or(500).max(500));
        let keys = self.own_keys(context);
        let mut all = Vec::new();
        for (request, context) in [(request, context), (&sized, context), (&sized, &keys)] {
            all.push((request.clone(), context.clone()));
            for side in Side::BOTH {
                let rows = faregate::model::exhausted_rows(self.engines.of(side), request, context, name);
                let rows = rows.unwrap_or_default();
                let mut whole = context.clone();
                whole.budgets.get_or_insert_default().extend(rows.clone());
                for row in rows.iter().filter(|_| odd) {
                    let mut wrong = row.clone();
                    wrong.per.push("one-too-many".to_owned());
                    let mut with = context.clone();
                    with.budgets.get_or_insert_default().push(wrong);
                    all.push((request.clone(), with));
                }
                for row in rows {
                    let mut one = context.clone();
                    one.budgets.get_or_insert_default().push(row);
                    all.push((request.clone(), one));
                }
                all.push((request.clone(), whole));
            }
        }
        all
    }
}
