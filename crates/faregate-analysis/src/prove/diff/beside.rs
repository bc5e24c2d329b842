//! What a change may do beside what was shown of it. A direction that no request showed is either ruled out, since nothing that
//! differs can move a plan that way, or it is told that it may be met.
//!
//! What a run costs, and who is in its plan, go one way where everything that differs goes that way: fewer are admitted, each
//! costs no more, fewer calls are made, and the plan loses nobody's company, because moves led from whoever is lost to all others.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use faregate::model::{Ceiling, Fallback, Order, OrderKey, RetryRule, Routing};
use faregate::{Endpoint, ErrorClass};
use faregate_syntax::ast::MoveKind;

use super::super::shape::shape;
use super::effects::effects;
use super::moves::Who;
use super::picks::Pair;
use super::sides::{Differ, Met, Side, Two, money};
use super::{DecisionChange, Direction};
use crate::prove::formula::Formula;

/// Which ways something may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Goes {
    pub(super) up: bool,
    pub(super) down: bool,
}

impl Goes {
    pub(super) const ANYWHERE: Self = Self { up: true, down: true };

    fn of(ordering: Ordering) -> Self {
        Self { up: ordering == Ordering::Less, down: ordering == Ordering::Greater }
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self { up: self.up || other.up, down: self.down || other.down }
    }

    fn stays(self) -> bool {
        self == Self::default()
    }

    /// Whether it may go where this direction lies, `up` being its way.
    fn that_way(self, up: bool) -> bool {
        if up { self.up } else { self.down }
    }
}

/// What of a pair of workloads does not say the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    pub(super) order: bool,
    pub(super) moves: bool,
    /// Whom moves lead to at all.
    pub(super) company: bool,
    pub(super) limits_of_moves: bool,
    pub(super) retries: bool,
    pub(super) stream: bool,
    /// What attempts cost, by the catalogs.
    pub(super) costs: Goes,
    /// What the ceilings of runs and of output let through.
    pub(super) run: Goes,
    pub(super) output: Goes,
    /// What stands behind an endpoint, and which parameters are dropped.
    pub(super) behind: bool,
    pub(super) dropped: bool,
    /// What budgets that touch the pair let through; anywhere where what one covers may differ.
    pub(super) budgets: Goes,
    /// Where budgets that differ and touch the pair are written, on each side.
    pub(super) budgets_at: (Vec<String>, Vec<String>),
}

/// Candidates, and where they are admitted by one side alone.
pub(super) type Noted = BTreeMap<Who, Formula>;

/// The workloads of a pair.
pub(super) type Ends = (Option<usize>, Option<usize>);

/// So many ways on which a soft cap leads on on one side alone are gone.
const MOST_UNEVEN: usize = 24;

/// So many pairs of endpoints are held against each other by what they cost.
const MOST_COMPARED: usize = 100_000;

/// Directions of which a pair of workloads is asked, each with what to say of it.
const ASKED: [(Direction, &str); 7] = [
    (Direction::Looser, "may leave more: it was not ruled out"),
    (Direction::Dearer, "may cost more: it was not ruled out"),
    (Direction::Tighter, "may leave less: it was not ruled out"),
    (Direction::Cheaper, "may cost less: it was not ruled out"),
    (Direction::Order, "may be tried in another order"),
    (Direction::Retries, "after failures another way may be gone: it was not ruled out"),
    (Direction::Denial, "may have another code: it was not ruled out"),
];

impl Differ<'_> {
    /// Remembers a candidate that one side may admit alone.
    pub(super) fn note(&mut self, pair: &Pair, direction: Direction, who: Who, when: Formula) {
        let of = self.noted.entry((pair.old, pair.new)).or_default();
        let side = if direction == Direction::Looser { Side::New } else { Side::Old };
        let known = of.of_mut(side).entry(who).or_insert(when);
        if *known != when {
            *known = Formula::TRUE;
        }
    }

    /// Tells, where something of a pair is told, in which further directions it may change.
    pub(super) fn beside(&mut self, pairs: &[Pair]) {
        for pair in pairs {
            let routes = (self.routing(Side::Old, pair.old), self.routing(Side::New, pair.new));
            let (Some(old), Some(new)) = routes else {
                if routes.0.is_some() || routes.1.is_some() {
                    self.beside_denial(pair);
                }
                continue;
            };
            let ends = (pair.old, pair.new);
            let mut level = self.levels.get(&ends).cloned().unwrap_or_default();
            if self.covers_apart(pair) {
                level.budgets = Goes::ANYWHERE;
            }
            let noted = self.noted.get(&ends).cloned().unwrap_or_default();
            let told: Vec<&DecisionChange> = self
                .found
                .changes
                .iter()
                .filter(|c| c.direction != Direction::Words && self.is_of(pair, c))
                .collect();
            let (mut at_old, mut at_new) = level.budgets_at.clone();
            if told.is_empty() && at_old.is_empty() && at_new.is_empty() {
                continue;
            }
            // Nothing is said beside nothing.
            let somewhere = self.found.changes.iter().any(|c| c.certain && c.direction != Direction::Words);
            let certain = if told.is_empty() { somewhere } else { told.iter().any(|c| c.certain) };
            let directions: BTreeSet<Direction> = told.iter().map(|c| c.direction).collect();
            for change in told {
                for (all, some) in [(&mut at_old, &change.at_old), (&mut at_new, &change.at_new)] {
                    let more: Vec<String> = some.iter().filter(|p| !all.contains(p)).cloned().collect();
                    all.extend(more);
                }
            }
            for (direction, what) in ASKED {
                if directions.contains(&direction)
                    || self.is_ruled_out(pair, [old, new], direction, &level, &noted)
                {
                    continue;
                }
                self.add_open(pair, direction, what, (at_old.clone(), at_new.clone()), false);
            }
            let name = |side, at| self.workload(side, at).map(|w| w.name.clone());
            let of = (name(Side::Old, pair.old), name(Side::New, pair.new));
            let open = self.found.changes.iter_mut().filter(|c| !c.certain && c.witness.is_none());
            for change in open.filter(|c| (&c.old_workload, &c.new_workload) == (&of.0, &of.1)) {
                change.beside = certain;
            }
        }
    }

    /// Where one side denies and the other one routes, that one may deny too, with another code.
    fn beside_denial(&mut self, pair: &Pair) {
        let told = self.found.changes.iter().filter(|c| c.certain && self.is_of(pair, c));
        let places: Vec<_> = told.map(|c| (c.direction, c.at_old.clone(), c.at_new.clone())).collect();
        let Some((_, at_old, at_new)) = places.first().cloned() else { return };
        if places.iter().any(|(direction, ..)| *direction == Direction::Denial) {
            return;
        }
        let what = "may have another code: it was not ruled out";
        self.add_open(pair, Direction::Denial, what, (at_old, at_new), true);
    }

    /// Tells what shows only where a soft cap leads on on one side alone: what a change does there is part of the classes that it
    /// makes elsewhere, so that directions which are told already are not told again.
    pub(super) fn soft_caps_apart(&mut self) {
        let all = std::mem::take(&mut self.uneven);
        let kept = all.len().min(MOST_UNEVEN);
        for pair in all.iter().take(kept) {
            let places = self.picked_at(pair);
            let Some(way) = pair.ways.first() else { continue };
            for model in self.models(way.when) {
                let (request, context) = self.concrete(&model, way, None);
                let keys = self.own_keys(&context);
                let down = self.all_down(&request, context.clone());
                for context in [context, keys, down] {
                    let (old, new) = self.decide(&request, &context);
                    if !self.is_pair(pair, &old, &new) {
                        continue;
                    }
                    let mut found = effects(&old, &new);
                    found.retain(|e| {
                        e.direction != Direction::Words
                            && !self.found.changes.iter().any(|c| c.certain && c.direction == e.direction)
                    });
                    if !found.is_empty() {
                        self.tell(pair, &request, &context, &places);
                    }
                }
            }
        }
        let told: Vec<&DecisionChange> =
            self.found.changes.iter().filter(|c| c.direction != Direction::Words).collect();
        if let (Some(pair), Some(some)) = (all.first(), told.first()) {
            let places = (some.at_old.clone(), some.at_new.clone());
            let directions: BTreeSet<Direction> = told.iter().map(|c| c.direction).collect();
            for (direction, what) in ASKED {
                if !directions.contains(&direction) {
                    self.add_open(pair, direction, what, places.clone(), true);
                }
            }
        }
    }

    /// Whether budgets may cover other candidates of a pair since the catalogs say other things of them.
    pub(super) fn covers_apart(&mut self, pair: &Pair) -> bool {
        let covers =
            Side::BOTH.iter().any(|side| self.policies.of(*side).budgets.iter().any(|b| b.covers.is_some()));
        covers && self.shared_candidates(pair).iter().any(|(n, _)| self.met.get(*n).is_some_and(|m| !m.same))
    }

    /// Whether a class is about a pair of workloads.
    fn is_of(&self, pair: &Pair, change: &DecisionChange) -> bool {
        let name = |side, at| self.workload(side, at).map(|w| &w.name);
        let (old, new) = (name(Side::Old, pair.old), name(Side::New, pair.new));
        (change.old_workload.as_ref(), change.new_workload.as_ref()) == (old, new)
            || (old == new && new.is_some_and(|name| change.also.contains(name)))
    }

    /// Whether nothing that differs can change decisions in a direction.
    fn is_ruled_out(
        &mut self,
        pair: &Pair,
        [old, new]: [&Routing; 2],
        direction: Direction,
        level: &Level,
        noted: &Two<Noted>,
    ) -> bool {
        let limited =
            [old, new].iter().any(|r| r.fallback.as_ref().is_some_and(|f| f.price_at_most.is_some()));
        let priced = limited && !level.costs.or(self.shaped(pair, old, new, level)).stays();
        let sorted = !level.order && self.keeps_places(pair, new, level);
        match direction {
            Direction::Order => {
                let drawn = !matches!(new.order, Order::By(_));
                let same = noted.old.is_empty() && noted.new.is_empty();
                sorted && (!drawn || same)
            }
            Direction::Retries => {
                !level.moves && !level.limits_of_moves && !level.retries && !level.stream && !priced
            }
            Direction::Looser | Direction::Tighter => {
                let up = direction == Direction::Looser;
                let side = if up { Side::New } else { Side::Old };
                // Where moves do not lead everywhere, another order leads to others.
                noted.of(side).is_empty()
                    && !level.budgets.that_way(up)
                    && (sorted || self.leads_on(pair, [old, new]))
                    && !priced
                    && price_limit(old) == price_limit(new)
                    && !level.output.that_way(up)
                    && !output_of(self, pair).that_way(up)
                    && !tools(old, new).that_way(up)
                    && !level.behind
                    && !level.dropped
            }
            Direction::Dearer | Direction::Cheaper => {
                let up = direction == Direction::Dearer;
                let (fewer, more) = if up { (Side::New, Side::Old) } else { (Side::Old, Side::New) };
                // What retries ask of an attempt plans take as favourable.
                let again = if level.retries { calls(old, new) } else { Goes::default() };
                let calls = moves_at_most(old, new).or(again);
                !level.costs.or(self.shaped(pair, old, new, level)).that_way(up)
                    && !calls.that_way(up)
                    && !level.run.that_way(up)
                    && noted.of(fewer).is_empty()
                    && self.keeps_company(pair, more, [old, new], level, noted.of(more))
            }
            // Which rules keep candidates out was looked at; which budgets do, was not.
            Direction::Denial => level.budgets.stays(),
            Direction::Words => true,
        }
    }

    /// Which way costs may go since the workloads make other costs of the same prices.
    fn shaped(&self, pair: &Pair, old: &Routing, new: &Routing, level: &Level) -> Goes {
        if !self.costs_differ(pair) {
            return Goes::default();
        }
        let deadline = |r: &Routing| r.retry.as_ref().and_then(|r| r.deadline_ms);
        // A deadline is how far the dearest price is looked for.
        let windows = self.met.iter().any(|m| {
            [m.of.old, m.of.new]
                .into_iter()
                .flatten()
                .any(|e| e.facts.prices.overrides.as_ref().is_some_and(|o| !o.is_empty()))
        });
        let dated = deadline(old) != deadline(new) && windows;
        if dated || old.tools != new.tools { Goes::ANYWHERE } else { level.output }
    }

    /// Whether the plans of one side have whoever the other side's plans have, if it admits whoever that one does, and these more.
    fn keeps_company(
        &mut self,
        pair: &Pair,
        more: Side,
        [old, new]: [&Routing; 2],
        level: &Level,
        lost: &Noted,
    ) -> bool {
        let (at, routing) = if more == Side::Old { (pair.old, old) } else { (pair.new, new) };
        let Some(at) = at else { return false };
        let alone = |r: &Routing| r.fallback.as_ref().is_none_or(|f| f.rules.is_empty());
        let alike = !level.order
            && !level.company
            && price_limit(old) == price_limit(new)
            && (price_limit(old).is_none() || level.costs.or(self.shaped(pair, old, new, level)).stays())
            && self.keeps_places(pair, new, level);
        if lost.is_empty() && alike {
            return true;
        }
        let mut candidates = Vec::new();
        for number in 0..self.met.len() {
            for own in [false, true] {
                if self.has(more, at, number, own) {
                    candidates.push((number, own));
                }
            }
        }
        let drawn = !matches!(new.order, Order::By(_));
        // Who is lost with all its keys needs no move from one to another.
        let together = |who: &Who| {
            let [shared, own] = [lost.get(&(who.0, false)), lost.get(&(who.0, true))];
            let has = |own| candidates.contains(&(who.0, own));
            (shared.is_some() || !has(false))
                && (own.is_some() || !has(true))
                && (shared == own || !has(false) || !has(true))
        };
        let from: Vec<Who> =
            if alike && !drawn { lost.keys().copied().collect() } else { candidates.clone() };
        let whole: BTreeSet<usize> = if alike && !drawn {
            from.iter().filter(|w| together(w)).map(|w| w.0).collect()
        } else {
            BTreeSet::new()
        };
        if self.leads_everywhere(more, routing, &from, &candidates, &whole) {
            return true;
        }
        // A plan of one: whoever is called in the place of another costs no more.
        alike
            && !drawn
            && alone(old)
            && alone(new)
            && from.iter().all(|a| {
                candidates
                    .iter()
                    .all(|b| a == b || self.stands_after(*a, *b, old, new) || self.costs_no_more(*b, *a))
            })
    }

    /// Whether moves lead from anybody to anybody on both sides, or from nobody to anybody.
    fn leads_on(&mut self, pair: &Pair, [old, new]: [&Routing; 2]) -> bool {
        let alone = |r: &Routing| r.fallback.as_ref().is_none_or(|f| f.rules.is_empty());
        if alone(old) && alone(new) {
            return true;
        }
        let candidates = self.shared_candidates(pair);
        [(Side::Old, old), (Side::New, new)].into_iter().all(|(side, routing)| {
            self.leads_everywhere(side, routing, &candidates, &candidates, &BTreeSet::new())
        })
    }

    /// Whether moves lead from each of these to all others, whatever is asked for.
    fn leads_everywhere(
        &self,
        side: Side,
        routing: &Routing,
        from: &[Who],
        to: &[Who],
        whole: &BTreeSet<usize>,
    ) -> bool {
        let none = BTreeSet::new();
        let kinds = routing.fallback.as_ref().map_or(none, unconditional);
        let model = |who: &Who| self.met.get(who.0).and_then(|m| *m.of.of(side)).map(|e| e.model.as_str());
        let mut models: BTreeMap<Option<&str>, BTreeSet<usize>> = BTreeMap::new();
        for who in to {
            models.entry(model(who)).or_default().insert(who.0);
        }
        from.iter().all(|who| {
            let others = models.get(&model(who)).map_or(0, BTreeSet::len);
            let keys = !whole.contains(&who.0) && to.iter().any(|t| t.0 == who.0 && t.1);
            (kinds.contains(&Kind::Model) || models.len() <= 1)
                && (kinds.contains(&Kind::Provider) || others <= 1)
                && (kinds.contains(&Kind::Credential) || !keys)
        })
    }

    /// Whether no two candidates change places because of what they cost: they cost the same on both sides, or the one that comes first
    /// by its id never costs more.
    fn keeps_places(&mut self, pair: &Pair, routing: &Routing, level: &Level) -> bool {
        let other_output = !level.output.stays();
        if !by_price(routing) || (level.costs.stays() && !other_output) {
            return true;
        }
        let Order::By(keys) = &routing.order else { return false };
        let numbers: BTreeSet<usize> = self.shared_candidates(pair).into_iter().map(|(n, _)| n).collect();
        let met = Rc::clone(&self.met);
        let all: Vec<&Met<'_>> = numbers.iter().filter_map(|n| met.get(*n)).collect();
        let moves = |x: Option<&Endpoint>, y: Option<&Endpoint>| super::prices::moved(x?, y?);
        let moved: Vec<_> =
            all.iter().filter(|m| other_output || moves(m.of.old, m.of.new).is_some()).collect();
        if moved.len().saturating_mul(all.len()) > MOST_COMPARED {
            return false;
        }
        moved.iter().all(|a| {
            all.iter().filter(|b| b.id != a.id).all(|b| {
                let (first, last) = if a.id < b.id { (**a, *b) } else { (*b, **a) };
                let of = [(first.of.old, last.of.old), (first.of.new, last.of.new)].into_iter();
                let goes: Vec<Goes> = of.map(|(x, y)| moves(x, y).unwrap_or_default()).collect();
                goes.iter().all(|g| g.stays()) || (keys.len() <= 1 && goes.iter().all(|g| !g.down))
            })
        })
    }

    /// Whether an attempt at one endpoint never costs more than one at another, both with the shared key.
    fn costs_no_more(&self, one: Who, than: Who) -> bool {
        let met = Rc::clone(&self.met);
        let of = |who: Who| met.get(who.0).and_then(|m| m.of.new.or(m.of.old));
        let (Some(a), Some(b)) = (of(one), of(than)) else { return false };
        if one.1 || than.1 || a.facts.max_output_tokens != b.facts.max_output_tokens {
            return false;
        }
        super::prices::moved(b, a).is_none_or(|goes| !goes.up)
    }
}

/// Kinds of moves, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Credential,
    Provider,
    Model,
}

/// Returns the kinds of moves that lead to anybody, whatever is asked for.
fn unconditional(fallback: &Fallback) -> BTreeSet<Kind> {
    if !fallback.requires.is_empty() || fallback.price_at_most.is_some() {
        return BTreeSet::new();
    }
    let plain = fallback.rules.iter().filter(|r| r.when.is_none());
    let rules = plain.filter(|r| r.on.iter().any(|class| *class != ErrorClass::ContextLength));
    rules
        .map(|r| match r.kind {
            MoveKind::Credential => Kind::Credential,
            MoveKind::Provider => Kind::Provider,
            MoveKind::Model => Kind::Model,
        })
        .collect()
}

/// Whether candidates are sorted by what they cost.
fn by_price(routing: &Routing) -> bool {
    match &routing.order {
        Order::By(keys) => keys.is_empty() || keys.contains(&OrderKey::Price),
        _ => true,
    }
}

fn price_limit(routing: &Routing) -> Option<faregate::Ratio> {
    routing.fallback.as_ref().and_then(|f| f.price_at_most.as_ref().map(|(share, _)| *share))
}

/// Compares two limits; none is the highest.
fn limit<T: Ord>(old: Option<T>, new: Option<T>) -> Goes {
    Goes::of((old.is_none(), old).cmp(&(new.is_none(), new)))
}

fn moves_at_most(old: &Routing, new: &Routing) -> Goes {
    // Without moves there is one candidate.
    let most = |r: &Routing| {
        r.fallback.as_ref().map_or(Some(0), |f| if f.rules.is_empty() { Some(0) } else { f.at_most })
    };
    limit(most(old), most(new))
}

/// Which way the number of calls may go.
fn calls(old: &Routing, new: &Routing) -> Goes {
    let most = |r: &Routing| r.retry.as_ref().and_then(|r| r.at_most_calls);
    let none = Vec::new();
    let rules = |r: &Routing| -> Vec<(String, u64)> {
        let rules = r.retry.as_ref().map_or(&none, |r| &r.rules);
        let text = |r: &RetryRule| format!("{:?} {}", r.on, shape(&r.when));
        rules.iter().map(|r| (text(r), r.times)).collect()
    };
    let (a, b) = (rules(old), rules(new));
    let texts = |rules: &[(String, u64)]| rules.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>();
    let again = if texts(&a) == texts(&b) {
        a.iter().zip(&b).fold(Goes::default(), |goes, (x, y)| goes.or(Goes::of(x.1.cmp(&y.1))))
    } else if a.is_empty() {
        Goes { up: true, down: false }
    } else if b.is_empty() {
        Goes { up: false, down: true }
    } else {
        Goes::ANYWHERE
    };
    limit(most(old), most(new)).or(again)
}

/// Which way the limits of tools go.
fn tools(old: &Routing, new: &Routing) -> Goes {
    let mut goes = limit(old.iterations, new.iterations);
    for tool in old.tools.keys().chain(new.tools.keys()) {
        let cap = |r: &Routing| r.tools.get(tool).map(|cap| (cap.calls, cap.results.unwrap_or(u64::MAX)));
        let (a, b) = (cap(old).unwrap_or_default(), cap(new).unwrap_or_default());
        goes = goes.or(Goes::of(a.0.cmp(&b.0))).or(Goes::of(a.1.cmp(&b.1)));
    }
    goes
}

/// Which way the limits of output go that the catalogs give to candidates of a pair.
fn output_of(differ: &mut Differ<'_>, pair: &Pair) -> Goes {
    let mut goes = Goes::default();
    for (number, _) in differ.shared_candidates(pair) {
        let [old, new] = differ.met_of(number);
        let (Some(a), Some(b)) = (old, new) else { continue };
        goes = goes.or(limit(a.facts.max_output_tokens, b.facts.max_output_tokens));
    }
    goes
}

/// Which way ceilings go, of which each side has some that the other has not.
pub(super) fn ceilings(old: &[&Ceiling], new: &[&Ceiling]) -> Goes {
    let least = |list: &[&Ceiling]| -> Option<(Option<faregate::Money>, u64)> {
        let whole = list.iter().all(|c| c.when.is_none());
        let least = list.iter().map(|c| {
            let count = if let faregate::Amount::Count(n) = c.amount { n } else { 0 };
            (money(c), count)
        });
        whole.then(|| least.min()).flatten()
    };
    match (old.is_empty(), new.is_empty()) {
        (true, true) => Goes::default(),
        (true, false) => Goes { up: false, down: true },
        (false, true) => Goes { up: true, down: false },
        (false, false) => match (least(old), least(new)) {
            (Some(a), Some(b)) => Goes::of(a.cmp(&b)),
            _ => Goes::ANYWHERE,
        },
    }
}
