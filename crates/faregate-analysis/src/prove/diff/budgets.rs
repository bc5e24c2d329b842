//! Budgets at any use: what they count, where they apply, and what becomes of requests when they are used up.

use std::collections::BTreeSet;
use std::rc::Rc;

use faregate::model::{Budget, Exhausted, Expr, attributes, without_reserve};
use faregate::syntax::Span;
use faregate::{Amount, BudgetRow, Context, Counted, Decision, Ratio, Request};

use super::super::shape::shape;
use super::beside::Goes;
use super::effects::effects;
use super::picks::Pair;
use super::probe::Wanted;
use super::sides::{Differ, Side};
use super::{DecisionChange, Direction};
use crate::prove::formula::Formula;

/// So many requests are decided to show what a budget changes.
const MOST_PROBES: usize = 400;

/// So many of them for each pair of workloads at least.
const LEAST_PROBES: usize = 48;

/// So many candidates of a sort are looked at on each way to a pair of workloads.
const MOST_STARTS: usize = 4;

/// What a budget can change beside words.
const TOLD: &[Direction] = &[
    Direction::Looser,
    Direction::Tighter,
    Direction::Dearer,
    Direction::Cheaper,
    Direction::Order,
    Direction::Retries,
    Direction::Denial,
];

/// Where all of these are met nothing more is looked for.
const ENOUGH: [Direction; 4] = [Direction::Looser, Direction::Tighter, Direction::Dearer, Direction::Cheaper];

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
            if let (Some(a), Some(b)) = (a, b) {
                let quiet = Budget { alerts: b.alerts.clone(), ..a.clone() };
                if self.same_budget(&quiet, b, pairs) {
                    self.other_alerts(a, b, pairs);
                    continue;
                }
            }
            self.budget(&budget.name, a, b, pairs);
        }
    }

    /// Tells that a budget which touches somebody gives other alerts.
    fn other_alerts(&mut self, old: &Budget, new: &Budget, pairs: &[Pair]) {
        if pairs.iter().all(|pair| self.touching(&old.name, pair).is_none()) {
            return;
        }
        let span = |b: &Budget| b.limits.iter().map(|l| l.span).collect::<Vec<_>>();
        self.add(DecisionChange {
            direction: Direction::Words,
            old_workload: None,
            new_workload: None,
            endpoints: BTreeSet::new(),
            and_more: false,
            also: BTreeSet::new(),
            what: format!("other alerts of budget {}", old.name),
            certain: true,
            beside: false,
            witness: None,
            at_old: self.at(Side::Old, span(old)),
            at_new: self.at(Side::New, span(new)),
        });
    }

    fn same_budget(&mut self, old: &Budget, new: &Budget, pairs: &[Pair]) -> bool {
        if (figures(old), &old.alerts) != (figures(new), &new.alerts) {
            return false;
        }
        let kept = |b: &Budget| reserve(b).map(|(_, e)| e.clone());
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
        let mut touching = Vec::new();
        for pair in pairs {
            let Some(starts) = self.touching(name, pair) else { continue };
            touching.push(starts);
            if !only_told {
                let goes = self.note_budget(pair, name, old, new);
                let level = self.levels.entry((pair.old, pair.new)).or_default();
                level.budgets = level.budgets.or(goes);
                level.budgets_at.0.extend(places.0.iter().cloned());
                level.budgets_at.1.extend(places.1.iter().cloned());
            }
        }
        let touched = !touching.is_empty();
        let most = MOST_PROBES.checked_div(touching.len()).unwrap_or(MOST_PROBES).max(LEAST_PROBES);
        // Requests that it applies to first; then any, since a row that does not fit denies by itself; words come last.
        let mut any = Vec::new();
        for pair in pairs {
            let model = pair.ways.first().and_then(|way| Some((self.model(way.when)?, way)));
            any.extend(model.map(|(model, way)| self.concrete(&model, way, None)));
        }
        let rounds = [
            (TOLD, &touching, false),
            (TOLD, &vec![any.clone()], true),
            (&[Direction::Words][..], &touching, false),
        ];
        let mut met = BTreeSet::new();
        for (directions, asked, odd) in rounds {
            if met.is_empty() {
                for asked in asked {
                    let uses = asked.iter().flat_map(|(r, c)| self.uses(name, r, c, odd));
                    let uses = uses.take(if odd { MOST_PROBES } else { most }).collect();
                    self.try_budget(directions, uses, only_told, &places, &mut met);
                }
            }
        }
        let rows = |b: Option<&Budget>| {
            let limits = |b: &Budget| {
                b.limits.iter().map(|l| format!("{:?} {:?}", l.kind, l.period)).collect::<Vec<_>>()
            };
            b.map(|b| (b.per.len(), limits(b)))
        };
        if old.is_some() && new.is_some() && rows(old) != rows(new) {
            let starts: Vec<_> =
                touching.iter().filter_map(|of| of.first()).chain(&any).take(MOST_STARTS).cloned().collect();
            self.refused_rows(name, &starts, &places, &mut met);
        }
        let met = !met.is_empty();
        if !met && (touched || rows(old) != rows(new)) {
            let why = format!("budget {name} differs, and no request was found that shows it");
            self.unsettled(why, places.0, places.1);
        }
    }

    /// Tells that a row which one side counts by is refused by the other one.
    fn refused_rows(
        &mut self,
        name: &str,
        starts: &[(Request, Context)],
        places: &(Vec<String>, Vec<String>),
        met: &mut BTreeSet<(Direction, [Option<String>; 2])>,
    ) {
        let mut uses = Vec::new();
        for (request, context) in starts {
            let down = self.all_down(request, context.clone());
            uses.extend(self.uses(name, request, context, false));
            uses.extend(self.uses(name, request, &down, false));
        }
        self.try_budget(TOLD, uses, false, places, met);
    }

    /// Remembers whom a budget may close on one side alone; which way that goes.
    fn note_budget(&mut self, pair: &Pair, name: &str, old: Option<&Budget>, new: Option<&Budget>) -> Goes {
        let closing = |b: Option<&Budget>| b.filter(|b| b.exhausted != Exhausted::AlertOnly).cloned();
        let goes = match (closing(old), closing(new)) {
            (None, None) => Goes::default(),
            (None, Some(_)) => Goes { up: false, down: true },
            (Some(_), None) => Goes { up: true, down: false },
            (Some(a), Some(b)) => {
                let amounts = |b: &Budget| b.limits.iter().map(|l| l.amount).collect::<Vec<_>>();
                let of = |b: &Budget| {
                    let limits: Vec<_> = b.limits.iter().map(|l| (l.kind, l.period)).collect();
                    (
                        limits,
                        shape(&b.when),
                        shape(&b.covers),
                        shape(&b.per),
                        shape(&b.reserve),
                        b.byok_included,
                    )
                };
                let (x, y) = (amounts(&a), amounts(&b));
                let (up, down) = (x.iter().zip(&y).any(|(x, y)| x < y), x.iter().zip(&y).any(|(x, y)| x > y));
                let alike = of(&a) == of(&b) && !(a.covers.is_some() && self.covers_apart(pair));
                if alike { Goes { up, down } } else { Goes::ANYWHERE }
            }
        };
        for (side, at, directions) in [
            (Side::Old, pair.old, [(goes.up, Direction::Looser), (goes.down, Direction::Tighter)]),
            (Side::New, pair.new, [(goes.up, Direction::Looser), (goes.down, Direction::Tighter)]),
        ] {
            for number in 0..self.met.len() {
                for own in [false, true] {
                    let counted = self.counted(side, at, name, (number, own));
                    if counted == Formula::FALSE {
                        continue;
                    }
                    for (goes, direction) in directions {
                        if goes {
                            self.note(pair, direction, (number, own), counted);
                        }
                    }
                }
            }
        }
        goes
    }

    /// Adds what requests show of a budget, each direction once for each pair of workloads.
    fn try_budget(
        &mut self,
        directions: &[Direction],
        uses: Vec<(Request, Context)>,
        only_told: bool,
        places: &(Vec<String>, Vec<String>),
        met: &mut BTreeSet<(Direction, [Option<String>; 2])>,
    ) {
        let names = |old: &Decision, new: &Decision| {
            [old, new].map(|decision| decision.explanation().workload.clone())
        };
        for (request, context) in uses {
            let (a, b) = self.decide(&request, &context);
            let of = names(&a, &b);
            let found = effects(&a, &b);
            for direction in directions.iter().copied() {
                if !found.iter().any(|e| e.direction == direction) || !met.insert((direction, of.clone())) {
                    continue;
                }
                // A row that one side alone refuses denies, whatever becomes of a budget that is used up.
                let told =
                    if only_told && of.iter().all(Option::is_some) { Direction::Words } else { direction };
                if self.joins_budget(told, &of, places) {
                    continue;
                }
                let (witness, effects) = self.shrink(request.clone(), context.clone(), &|a, b, effects| {
                    names(a, b) == of && effects.iter().any(|e| e.direction == direction)
                });
                let shown = || effects.iter().filter(|e| e.direction == direction);
                let [old_workload, new_workload] = of.clone();
                self.add(DecisionChange {
                    direction: told,
                    old_workload,
                    new_workload,
                    endpoints: shown().flat_map(|e| e.endpoints.iter().cloned()).collect(),
                    and_more: false,
                    also: BTreeSet::new(),
                    what: shown().map(|e| e.what.clone()).next().unwrap_or_default(),
                    certain: true,
                    beside: false,
                    witness: Some(witness),
                    at_old: places.0.clone(),
                    at_new: places.1.clone(),
                });
            }
            if ENOUGH.iter().all(|d| met.contains(&(*d, of.clone()))) {
                break;
            }
        }
    }

    /// Adds a workload to a class that the same lines make in another one.
    fn joins_budget(
        &mut self,
        direction: Direction,
        [old, new]: &[Option<String>; 2],
        places: &(Vec<String>, Vec<String>),
    ) -> bool {
        // The same workload on both sides, or rows that one side refuses whatever the workload.
        let one = |old: &Option<String>, new: &Option<String>| (old == new, old.is_some(), new.is_some());
        let sort = one(old, new);
        let there = self.found.changes.iter_mut().find(|c| {
            c.direction == direction
                && matches!(sort, (true, true, true) | (false, true, false) | (false, false, true))
                && one(&c.old_workload, &c.new_workload) == sort
                && (&c.at_old, &c.at_new) == (&places.0, &places.1)
        });
        let Some(there) = there else { return false };
        if (&there.old_workload, &there.new_workload) != (old, new) {
            there.also.extend(new.clone().or_else(|| old.clone()));
        }
        true
    }

    /// Returns requests that a budget touches, those first of which one side alone says so; `None`: there are none.
    fn touching(&mut self, name: &str, pair: &Pair) -> Option<Vec<(Request, Context)>> {
        let mut found: [Vec<(Request, Context)>; 8] = Default::default();
        let mut touched = false;
        let met = Rc::clone(&self.met);
        // For whom one side alone keeps a share.
        let [kept_old, kept_new] = Side::BOTH.map(|side| self.kept(side, name));
        let (only_old, only_new) =
            (self.arena.both(kept_old, kept_new.not()), self.arena.both(kept_new, kept_old.not()));
        for way in pair.ways.iter().filter(|w| !w.through.iter().any(|t| t == name)) {
            for (number, place) in met.iter().enumerate() {
                let Some(endpoint) = place.of.new.or(place.of.old) else { continue };
                for own in [false, true] {
                    let old = self.counted(Side::Old, pair.old, name, (number, own));
                    let new = self.counted(Side::New, pair.new, name, (number, own));
                    if (old, new) == (Formula::FALSE, Formula::FALSE) {
                        continue;
                    }
                    let mut parts = vec![way.when];
                    for (side, at, counts) in [(Side::Old, pair.old, old), (Side::New, pair.new, new)] {
                        let Some(at) = at.filter(|_| self.routing(side, at).is_some()) else { continue };
                        let mut spent = way.spent.of(side).clone();
                        spent
                            .passed
                            .extend(self.policies.of(side).budgets.iter().position(|b| b.name == name));
                        let admitted = self.admitted(side, at, number, own, &spent);
                        parts.push(admitted);
                        // Whoever is kept out by something else is not counted.
                        let reached = self.arena.all([way.when, counts, admitted]);
                        touched = touched || !self.is_never(reached);
                    }
                    let admitted = self.arena.all(parts);
                    // By what it counts may be known on one side alone.
                    let [a, b] = Side::BOTH.map(|side| self.counter_known(side, name, number));
                    let (both, one) = (self.arena.both(a, b), self.arena.both(a, b.not()));
                    let other = self.arena.both(b, a.not());
                    let counted = self.arena.both(old, new);
                    let sorts = [
                        (counted, both),
                        (old, new.not()),
                        (new, old.not()),
                        (counted, one),
                        (counted, other),
                        (counted, only_old),
                        (counted, only_new),
                        (old, new),
                    ];
                    for (starts, (a, b)) in found.iter_mut().zip(sorts) {
                        if starts.len() >= MOST_STARTS {
                            continue;
                        }
                        let question = self.arena.all([admitted, a, b]);
                        let Some(model) = self.model(question) else { continue };
                        let wanted = Wanted { endpoint: place.id, provider: &endpoint.provider, own };
                        let (request, context) = self.concrete(&model, way, Some(wanted));
                        let alone = self.alone_up(&request, context.clone(), &[place.id].into());
                        starts.push((request.clone(), context));
                        starts.extend(alone.map(|alone| (request, alone)));
                    }
                }
            }
        }
        // One of each sort after the other.
        let most = found.iter().map(Vec::len).max().unwrap_or(0);
        let starts = (0..most).flat_map(|n| found.iter().filter_map(move |of| of.get(n).cloned())).collect();
        touched.then_some(starts)
    }

    /// Where a budget of one side keeps a share for a request.
    fn kept(&mut self, side: Side, name: &str) -> Formula {
        let policy = *self.policies.of(side);
        let budget = policy.budgets.iter().find(|b| b.name == name);
        match budget.and_then(reserve) {
            None => Formula::FALSE,
            Some((_, expr)) => self.truth(side, expr).yes,
        }
    }

    /// Where all is known that a budget of one side counts an endpoint by.
    fn counter_known(&mut self, side: Side, name: &str, number: usize) -> Formula {
        let policy = *self.policies.of(side);
        let budget = policy.budgets.iter().find(|b| b.name == name);
        let endpoint = self.met.get(number).and_then(|m| *m.of.of(side));
        let (Some(budget), Some(endpoint)) = (budget, endpoint) else { return Formula::TRUE };
        self.on(side, |lower| lower.counter_known(budget, endpoint))
    }

    /// Where a budget counts a candidate of a workload.
    pub(super) fn counted(
        &mut self,
        side: Side,
        at: Option<usize>,
        name: &str,
        (number, own): (usize, bool),
    ) -> Formula {
        let policy = *self.policies.of(side);
        let (Some(budget), Some(at)) = (policy.budgets.iter().find(|b| b.name == name), at) else {
            return Formula::FALSE;
        };
        if (own && !budget.byok_included) || !self.has(side, at, number, own) {
            return Formula::FALSE;
        }
        let off = match &budget.when {
            None => Formula::FALSE,
            Some(when) => self.truth(side, when).no,
        };
        let covered = match &budget.covers {
            None => Formula::TRUE,
            Some(covers) => match self.candidate(side, at, number, own) {
                Some(candidate) => {
                    self.on(side, |lower| lower.truth(covers, Some(candidate.seen())).no.not())
                }
                None => Formula::TRUE,
            },
        };
        self.arena.both(off.not(), covered)
    }

    /// Returns a request with a budget untouched, and used up as either policy counts it: whole, and up to what it keeps for some.
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
                let several = rows.len() > 1;
                let less = self.up_to_reserve(side, name, &rows);
                for row in rows.into_iter().chain(less) {
                    let mut one = context.clone();
                    one.budgets.get_or_insert_default().push(row);
                    all.push((request.clone(), one));
                }
                if several {
                    all.push((request.clone(), whole));
                }
            }
        }
        all
    }

    /// Returns rows of a budget that have counted all but what it keeps for some.
    fn up_to_reserve(&self, side: Side, name: &str, rows: &[BudgetRow]) -> Vec<BudgetRow> {
        let budget = self.policies.of(side).budgets.iter().find(|b| b.name == name);
        let Some((share, _)) = budget.and_then(reserve) else { return Vec::new() };
        let less = |row: &BudgetRow| {
            let counted = match row.counted {
                Counted::Spend(m) => Amount::Money(m),
                Counted::Requests(n) | Counted::Tokens(n) | Counted::Concurrency(n) => Amount::Count(n),
            };
            let counted = match (row.counted, without_reserve(counted, *share)) {
                (Counted::Spend(_), Amount::Money(m)) => Counted::Spend(m),
                (Counted::Requests(_), Amount::Count(n)) => Counted::Requests(n),
                (Counted::Tokens(_), Amount::Count(n)) => Counted::Tokens(n),
                (Counted::Concurrency(_), Amount::Count(n)) => Counted::Concurrency(n),
                _ => return None,
            };
            let mut row = row.clone();
            row.counted = counted;
            Some(row)
        };
        rows.iter().filter_map(less).collect()
    }
}

/// Returns what a budget keeps for some, if it keeps anything.
fn reserve(budget: &Budget) -> Option<&(Ratio, Expr)> {
    budget.reserve.as_ref().filter(|(share, _)| share.0.units() != 0)
}

/// Returns what a budget counts, up to what, and what becomes of it then; its conditions and its alerts stand apart.
pub(super) fn figures(b: &Budget) -> String {
    let limits: Vec<String> =
        b.limits.iter().map(|l| format!("{:?} {:?} {:?} {:?}", l.kind, l.amount, l.period, l.zone)).collect();
    let to = match &b.exhausted {
        Exhausted::UseWorkload(name, _) => format!("use {name}"),
        other => shape(other),
    };
    let share = reserve(b).map(|(share, _)| *share);
    format!("{limits:?} {:?} {} {share:?} {to}", shape(&b.per), b.byok_included)
}
