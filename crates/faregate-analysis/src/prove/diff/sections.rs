//! What a workload does with the candidates that it admits: order, moves, retries, limits and costs.
//!
//! Each of these is compared as it is written, then by meaning; where it differs, requests that reach the workload are decided
//! by both engines until one shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use faregate::model::{Ceiling, CeilingKind, Routing};
use faregate::syntax::Span;
use faregate::{Context, Decision, Health, Request};

use super::super::shape::shape;
use super::attempts::Looks;
use super::beside::Level;
use super::effects::effects;
use super::orders::Placed;
use super::picks::{JointWay, Pair};
use super::probe::Wanted;
use super::sides::{Differ, Side, money};
use super::values::{Kind, MOST_FIGURES, variations};
use super::{DecisionChange, Difference, Direction};
use crate::prove::formula::Formula;
use crate::prove::witness::MOST_DOWN;

/// So many candidates of a pair are looked at together.
const MOST_SEEN: usize = 10;

/// So many conditions of moves and retries are made to hold.
const MOST_CONDITIONS: usize = 6;

/// So many requests are decided to show one difference.
const MOST_PROBES: usize = 240;

/// Something that differs in writing.
pub(super) struct Aspect {
    pub(super) what: String,
    pub(super) places: (Vec<String>, Vec<String>),
    /// The candidates that it is about; empty: any.
    pub(super) focus: BTreeSet<usize>,
    /// What it can change.
    pub(super) directions: &'static [Direction],
    pub(super) kind: Kind,
    /// It shows in a run and not in a decision.
    pub(super) run_only: bool,
}

const MOVES: &[Direction] =
    &[Direction::Looser, Direction::Tighter, Direction::Dearer, Direction::Cheaper, Direction::Retries];
const LIMITS: &[Direction] =
    &[Direction::Looser, Direction::Tighter, Direction::Dearer, Direction::Cheaper, Direction::Order];
const RETRIES: &[Direction] = &[Direction::Retries, Direction::Dearer, Direction::Cheaper];
pub(super) const COSTS: &[Direction] =
    &[Direction::Dearer, Direction::Cheaper, Direction::Order, Direction::Looser, Direction::Tighter];
const ORDER: &[Direction] = &[Direction::Order, Direction::Dearer, Direction::Cheaper];

impl<'a> Differ<'a> {
    pub(super) fn sections(&mut self, pair: &Pair) {
        let (Some(old), Some(new)) = (self.routing(Side::Old, pair.old), self.routing(Side::New, pair.new))
        else {
            return;
        };
        let mut aspects = self.written(pair, old, new);
        aspects.extend(self.priced(pair));
        for aspect in aspects {
            self.settle(pair, old, new, &aspect);
        }
        let decided = self.same_retries(pair, old, new, Looks::Decision);
        if decided && !self.same_retries(pair, old, new, Looks::Run) {
            let places = self.retries_at(old, new);
            self.may_differ_in_runs(pair, "the retries", &places);
        }
        if !self.same_moves(pair, old, new) {
            let aspect = Aspect {
                what: "the fallbacks".to_owned(),
                places: self.moves_at(old, new),
                focus: BTreeSet::new(),
                directions: MOVES,
                kind: Kind::Plain,
                run_only: false,
            };
            let differ = self.moves(pair, old, new, &aspect);
            let level = self.levels.entry((pair.old, pair.new)).or_default();
            level.moves = !differ.is_empty();
            level.company = differ.iter().any(|d| *d != Direction::Retries);
        }
    }

    fn retries_at(&self, old: &Routing, new: &Routing) -> (Vec<String>, Vec<String>) {
        let lines =
            |r: &Routing| r.retry.iter().flat_map(|f| f.rules.iter().map(|m| m.span)).collect::<Vec<_>>();
        self.differing(&lines(old), &lines(new), (old.models_span, new.models_span))
    }

    fn moves_at(&self, old: &Routing, new: &Routing) -> (Vec<String>, Vec<String>) {
        let span = |r: &Routing| r.fallback.as_ref().map_or(r.models_span, |f| f.span);
        let lines =
            |r: &Routing| r.fallback.iter().flat_map(|f| f.rules.iter().map(|m| m.span)).collect::<Vec<_>>();
        self.differing(&lines(old), &lines(new), (span(old), span(new)))
    }

    fn places(&self, old: Vec<Span>, new: Vec<Span>) -> (Vec<String>, Vec<String>) {
        (self.at(Side::Old, old), self.at(Side::New, new))
    }

    /// Returns the sections that do not say the same.
    fn written(&mut self, pair: &Pair, old: &'a Routing, new: &'a Routing) -> Vec<Aspect> {
        let whole = (old.models_span, new.models_span);
        let mut level = Level::default();
        let mut aspects = Vec::new();
        let mut add = |what: &str, places, directions, kind, run_only| {
            let focus = BTreeSet::new();
            aspects.push(Aspect { what: what.to_owned(), places, focus, directions, kind, run_only });
        };
        if !self.same_order(pair, old, new) {
            level.order = true;
            let (a, b) = (order_spans(old), order_spans(new));
            add("the order of candidates", self.differing(&a, &b, whole), ORDER, Kind::Figures, false);
        }
        if !self.same_limits_of_moves(pair, old, new) {
            level.limits_of_moves = true;
            add("the fallbacks", self.moves_at(old, new), MOVES, Kind::Plain, false);
        }
        if !self.same_retries(pair, old, new, Looks::Decision) {
            level.retries = true;
            let places = self.retries_at(old, new);
            let deadline = |r: &Routing| r.retry.as_ref().and_then(|r| r.deadline_ms);
            // A deadline is how far the dearest price is looked for.
            let kind = if deadline(old) == deadline(new) { Kind::Plain } else { Kind::Costs };
            add("the retries and limits of time", places, RETRIES, kind, false);
        }
        if shape(&old.health) != shape(&new.health) {
            let places = self.places(vec![whole.0], vec![whole.1]);
            add("when an endpoint is left to cool down", places, &[Direction::Retries], Kind::Plain, true);
        }
        if (old.commit, old.partial) != (new.commit, new.partial) {
            level.stream = true;
            let places = self.places(vec![whole.0], vec![whole.1]);
            add("when output is handed on", places, &[Direction::Retries], Kind::Plain, false);
        }
        if old.tools != new.tools || old.iterations != new.iterations {
            let places = self.places(vec![whole.0], vec![whole.1]);
            add("the limits of tools", places, LIMITS, Kind::Tools, false);
        }
        for kind in [CeilingKind::Run, CeilingKind::Output] {
            // One call costs what the filter lets through; a run's ceiling bounds more only where there are more.
            if kind == CeilingKind::Run && one_call(old) && one_call(new) {
                continue;
            }
            let of = |r: &'a Routing| r.ceilings.iter().filter(|c| c.kind == kind).collect::<Vec<_>>();
            let (a, b) = self.ceilings(pair, of(old), of(new));
            let goes = if kind == CeilingKind::Run { &mut level.run } else { &mut level.output };
            *goes = super::beside::ceilings(&a, &b);
            if !a.is_empty() || !b.is_empty() {
                let spans = |list: &[&Ceiling]| list.iter().map(|c| c.span).collect();
                let places = self.places(spans(&a), spans(&b));
                let what =
                    format!("the ceiling of {}", if kind == CeilingKind::Run { "a run" } else { "output" });
                add(&what, places, LIMITS, Kind::Costs, false);
            }
        }
        self.levels.insert((pair.old, pair.new), level);
        aspects
    }

    /// Returns the lines whose text the other side does not have, else all of them.
    pub(super) fn lines(&self, old: &[Span], new: &[Span]) -> (Vec<String>, Vec<String>) {
        let (a, b) = self.only(old, new);
        if a.is_empty() && b.is_empty() { self.places(old.to_vec(), new.to_vec()) } else { self.places(a, b) }
    }

    /// Returns the lines whose text the other side does not have, else where the sections stand.
    fn differing(&self, old: &[Span], new: &[Span], whole: (Span, Span)) -> (Vec<String>, Vec<String>) {
        let (mut a, mut b) = self.only(old, new);
        if a.is_empty() && b.is_empty() {
            (a, b) = (vec![whole.0], vec![whole.1]);
        }
        self.places(a, b)
    }

    fn only(&self, old: &[Span], new: &[Span]) -> (Vec<Span>, Vec<Span>) {
        let text = |side: Side, span: &Span| {
            let text = self.engines.of(side).policy().sources().text(*span);
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let texts = |side: Side, spans: &[Span]| spans.iter().map(|s| text(side, s)).collect::<Vec<_>>();
        let (a, b) = (texts(Side::Old, old), texts(Side::New, new));
        let only = |spans: &[Span], mine: &[String], others: &[String]| {
            let pairs = spans.iter().zip(mine).filter(|(_, t)| !others.contains(t));
            pairs.map(|(s, _)| *s).collect::<Vec<_>>()
        };
        (only(old, &a, &b), only(new, &b, &a))
    }

    /// Returns the ceilings that have no match on the other side.
    fn ceilings<'c>(
        &mut self,
        pair: &Pair,
        mut old: Vec<&'c Ceiling>,
        mut new: Vec<&'c Ceiling>,
    ) -> (Vec<&'c Ceiling>, Vec<&'c Ceiling>) {
        old.retain(|a| {
            let same = |b: &&Ceiling| {
                a.amount == b.amount
                    && match (&a.when, &b.when) {
                        (None, None) => true,
                        // Where it is not false it applies.
                        (Some(x), Some(y)) => {
                            self.meaning(Side::Old, &[x]) == self.meaning(Side::New, &[y]) || {
                                let not = |e: &faregate::model::Expr| faregate::model::Expr {
                                    kind: faregate::model::ExprKind::Not(Box::new(e.clone())),
                                    span: e.span,
                                };
                                self.same_condition(pair, (&not(x), &not(y)))
                                    && self.same_condition(pair, (x, y))
                            }
                        }
                        _ => false,
                    }
            };
            match new.iter().position(same) {
                Some(at) => {
                    new.remove(at);
                    false
                }
                None => true,
            }
        });
        // Of unconditional ceilings the smallest counts.
        let least =
            |list: &[&Ceiling]| list.iter().filter(|c| c.when.is_none()).filter_map(|c| money(c)).min();
        let redundant = |list: &[&Ceiling]| list.iter().all(|c| c.when.is_none());
        if !old.is_empty()
            && redundant(&old)
            && redundant(&new)
            && least(&old) == least(&new)
            && least(&old).is_some()
        {
            return (Vec::new(), Vec::new());
        }
        (old, new)
    }

    /// Looks for requests that show a difference; where there is none and none was ruled out, it is undecided.
    fn settle(&mut self, pair: &Pair, old: &Routing, new: &Routing, aspect: &Aspect) {
        let mut candidates = self.shared_candidates(pair);
        candidates.retain(|(n, _)| aspect.focus.is_empty() || aspect.focus.contains(n));
        self.apart(&mut candidates);
        let mut starts = self.starts(pair, &candidates, aspect);
        if starts.is_empty() {
            return;
        }
        // Moves from key to key show where there are keys.
        let keys: Vec<_> = starts.iter().take(2).map(|(r, c, n)| (r.clone(), self.own_keys(c), *n)).collect();
        if aspect.directions == RETRIES {
            // What is done again shows where nobody else is called.
            let one = |(r, c, n): &(Request, Context, usize)| {
                let id = self.met.get(*n)?.id;
                Some((r.clone(), self.alone_up(r, c.clone(), &[id].into())?, *n))
            };
            let mut alone: Vec<_> = starts.iter().take(MOST_SEEN).filter_map(one).collect();
            alone.append(&mut starts);
            starts = alone;
        }
        starts.extend(keys);
        let mut met: BTreeSet<Direction> = BTreeSet::new();
        let mut left = MOST_PROBES;
        let ids: BTreeSet<&str> =
            candidates.iter().filter_map(|(n, _)| self.met.get(*n)).map(|m| m.id).collect();
        let ids: Vec<String> = ids.into_iter().take(MOST_FIGURES).map(str::to_owned).collect();
        for (request, context, wanted) in &starts {
            let all = variations(aspect.kind, request, context, old, new, &self.met_of(*wanted), &ids);
            for (request, context) in all {
                let Some(fewer) = left.checked_sub(1) else { break };
                left = fewer;
                let Some(context) = self.reach(&request, context, pair, *wanted, aspect) else { continue };
                self.show(pair, &request, &context, aspect, &mut met);
            }
            if !met.is_empty() && left < MOST_PROBES / 2 {
                break;
            }
        }
        let costs = aspect.directions == COSTS;
        let mut placed = Placed::Open;
        if (aspect.directions == ORDER || costs) && !met.contains(&Direction::Order) {
            let kind = if costs { Kind::Costs } else { Kind::Figures };
            placed = self.places_change(pair, old, new, aspect, kind, &mut met);
        }
        if !met.is_empty() {
            self.alike(pair, aspect, &candidates, &met);
            self.half(aspect, &met);
            return;
        }
        if placed == Placed::Never && !costs && self.same_tiers(pair, old, new) {
            self.levels.entry((pair.old, pair.new)).or_default().order = false;
            return;
        }
        let Some((request, context, _)) = starts.into_iter().next() else { return };
        let name = |side, at| self.workload(side, at).map(|w| w.name.clone());
        let (old_workload, new_workload) = (name(Side::Old, pair.old), name(Side::New, pair.new));
        let order = aspect.directions == ORDER;
        if !aspect.run_only && !order {
            let workload = new_workload.unwrap_or_default();
            let why = format!(
                "{} of workload {workload} differ, and no request was found that shows it",
                aspect.what
            );
            self.unsettled(why, aspect.places.0.clone(), aspect.places.1.clone());
            return;
        }
        let (old, new) = self.decide(&request, &context);
        let witness = (!order).then(|| Box::new(Difference { request, context, old, new }));
        let what = if order { "may be tried in another order".to_owned() } else { aspect.what.clone() };
        let (at_old, at_new) = aspect.places.clone();
        self.add(DecisionChange {
            direction: if order { Direction::Order } else { Direction::Retries },
            old_workload,
            new_workload,
            endpoints: BTreeSet::new(),
            and_more: false,
            also: BTreeSet::new(),
            what,
            certain: !order,
            beside: false,
            witness,
            at_old,
            at_new,
        });
    }

    /// Prices that rise and fall are shown both ways, or the other way is not settled.
    fn half(&mut self, aspect: &Aspect, met: &BTreeSet<Direction>) {
        let Kind::Mixed = aspect.kind else { return };
        for direction in [Direction::Dearer, Direction::Cheaper] {
            if !met.contains(&direction) {
                let why = format!("whether {} is ever {} was not settled", aspect.what, direction.as_str());
                self.unsettled(why, aspect.places.0.clone(), aspect.places.1.clone());
            }
        }
    }

    pub(super) fn met_of(&self, number: usize) -> [Option<&'a faregate::Endpoint>; 2] {
        self.met.get(number).map_or([None, None], |m| [m.of.old, m.of.new])
    }

    /// Returns requests that reach the pair of workloads, each with a candidate that both admit; several candidates at once first.
    fn starts(
        &mut self,
        pair: &Pair,
        candidates: &[(usize, bool)],
        aspect: &Aspect,
    ) -> Vec<(Request, Context, usize)> {
        let (Some(old), Some(new)) = (pair.old, pair.new) else { return Vec::new() };
        let mut seen: Vec<(usize, bool, &JointWay, Formula)> = Vec::new();
        let mut starts = Vec::new();
        for way in &pair.ways {
            for (number, own) in candidates {
                let a = self.admitted(Side::Old, old, *number, *own, &way.spent.old);
                let b = self.admitted(Side::New, new, *number, *own, &way.spent.new);
                let question = self.arena.all([way.when, a, b]);
                let Some(model) = self.model(question) else { continue };
                let met = Rc::clone(&self.met);
                let Some((place, endpoint)) = met.get(*number).and_then(|m| Some((m, m.of.new?))) else {
                    continue;
                };
                let wanted = Wanted { endpoint: place.id, provider: &endpoint.provider, own: *own };
                let (request, context) = self.concrete(&model, way, Some(wanted));
                starts.push((request, context, *number));
                for condition in self.led(pair, *number, *own) {
                    let question = self.arena.both(question, condition);
                    if let Some(model) = self.model(question) {
                        let (request, context) = self.concrete(&model, way, Some(wanted));
                        starts.push((request, context, *number));
                    }
                }
                seen.push((*number, *own, way, question));
                if seen.len() >= MOST_SEEN {
                    break;
                }
            }
        }
        // Moves and orders show among several; those come first.
        let mut together = Vec::new();
        if aspect.focus.is_empty() {
            for (at, (number, own, way, a)) in seen.iter().enumerate() {
                for (other, _, other_way, b) in seen.iter().skip(at.saturating_add(1)) {
                    if other_way.through != way.through {
                        continue;
                    }
                    let both = self.arena.both(*a, *b);
                    // Where the conditions of moves and retries hold, if they can.
                    let led = self.led(pair, *other, false);
                    let more = self.arena.all(led.into_iter().chain([both]));
                    let question = if self.is_never(more) { both } else { more };
                    let Some(model) = self.model(question) else { continue };
                    let met = Rc::clone(&self.met);
                    let Some((place, endpoint)) = met.get(*number).and_then(|m| Some((m, m.of.new?))) else {
                        continue;
                    };
                    let wanted = Wanted { endpoint: place.id, provider: &endpoint.provider, own: *own };
                    let (request, context) = self.concrete(&model, way, Some(wanted));
                    together.push((request, context, *other));
                }
            }
        }
        together.append(&mut starts);
        together
    }

    /// Puts two candidates of each model first, then those that differ in provider from all before.
    fn apart(&self, candidates: &mut [(usize, bool)]) {
        let (mut models, mut providers) = (BTreeMap::<&String, usize>::new(), BTreeSet::new());
        let mut ranked: Vec<((u8, bool), (usize, bool))> = Vec::new();
        for (number, own) in candidates.iter() {
            let endpoint = self.met.get(*number).and_then(|m| m.of.new.or(m.of.old));
            let rank = endpoint.map_or(3, |endpoint| {
                let before = models.entry(&endpoint.model).or_default();
                *before = before.saturating_add(usize::from(!*own));
                let fresh = providers.insert(&endpoint.provider);
                if *before <= 2 && !*own {
                    0
                } else if fresh {
                    1
                } else {
                    2
                }
            });
            ranked.push(((rank, *own), (*number, *own)));
        }
        ranked.sort_unstable();
        for (slot, (_, candidate)) in candidates.iter_mut().zip(ranked) {
            *slot = candidate;
        }
    }

    /// Returns where the conditions of moves and retries hold for a candidate, those that are not always so.
    fn led(&mut self, pair: &Pair, number: usize, own: bool) -> Vec<Formula> {
        let mut led = Vec::new();
        for (side, at) in [(Side::Old, pair.old), (Side::New, pair.new)] {
            let Some(routing) = self.routing(side, at) else { continue };
            let Some(candidate) = at.and_then(|at| self.candidate(side, at, number, own)) else { continue };
            let requires = routing.fallback.iter().flat_map(|f| f.requires.iter().map(|(e, _)| e));
            let moves = routing.fallback.iter().flat_map(|f| f.rules.iter().filter_map(|r| r.when.as_ref()));
            let retries = routing.retry.iter().flat_map(|r| r.rules.iter().filter_map(|r| r.when.as_ref()));
            for condition in requires.chain(moves).chain(retries) {
                let holds = self.on(side, |lower| lower.truth(condition, Some(candidate.seen())).yes);
                if holds != Formula::TRUE && holds != Formula::FALSE && !led.contains(&holds) {
                    led.push(holds);
                }
            }
        }
        led.truncate(MOST_CONDITIONS);
        led
    }

    /// Takes others down until both plans have the candidate that an aspect is about.
    fn reach(
        &self,
        request: &Request,
        mut context: Context,
        pair: &Pair,
        wanted: usize,
        aspect: &Aspect,
    ) -> Option<Context> {
        if aspect.focus.is_empty() {
            return Some(context);
        }
        let id = self.met.get(wanted)?.id;
        for _ in 0..MOST_DOWN {
            let (old, new) = self.decide(request, &context);
            if !self.is_pair(pair, &old, &new) {
                return None;
            }
            let mut down: BTreeSet<String> = BTreeSet::new();
            let mut there = true;
            for decision in [&old, &new] {
                let Decision::Route(plan) = decision else { return None };
                there &= plan.attempts.iter().any(|a| a.endpoint == id);
                down.extend(plan.attempts.iter().filter(|a| a.endpoint != id).map(|a| a.endpoint.clone()));
            }
            if there {
                return Some(context);
            }
            if down.is_empty() {
                return None;
            }
            for other in down {
                context.endpoints.entry(other).or_default().health = Some(Health::Down);
            }
        }
        None
    }

    /// Whether the workloads of a pair made two decisions.
    pub(super) fn is_pair(&self, pair: &Pair, old: &Decision, new: &Decision) -> bool {
        let name = |side, at| self.workload(side, at).map(|w| &w.name);
        old.explanation().workload.as_ref() == name(Side::Old, pair.old)
            && new.explanation().workload.as_ref() == name(Side::New, pair.new)
    }

    /// Adds the classes that a request shows and that were not met yet.
    pub(super) fn show(
        &mut self,
        pair: &Pair,
        request: &Request,
        context: &Context,
        aspect: &Aspect,
        met: &mut BTreeSet<Direction>,
    ) {
        let (old, new) = self.decide(request, context);
        if !self.is_pair(pair, &old, &new) {
            return;
        }
        let found = effects(&old, &new);
        for direction in aspect.directions {
            if met.contains(direction) || !found.iter().any(|e| e.direction == *direction) {
                continue;
            }
            // What rules of admission change is told elsewhere, with their places.
            let told = matches!(direction, Direction::Looser | Direction::Tighter)
                && found
                    .iter()
                    .filter(|e| e.direction == *direction)
                    .all(|e| self.is_told(pair, *direction, &e.endpoints));
            if told {
                continue;
            }
            let (witness, effects) = self.shrink(request.clone(), context.clone(), &|old, new, effects| {
                self.is_pair(pair, old, new) && effects.iter().any(|e| e.direction == *direction)
            });
            met.insert(*direction);
            self.add_change(pair, *direction, &effects, witness, aspect.places.clone());
        }
    }

    fn is_told(&self, pair: &Pair, direction: Direction, endpoints: &BTreeSet<String>) -> bool {
        let name = |side, at| self.workload(side, at).map(|w| &w.name);
        self.found.changes.iter().any(|c| {
            c.direction == direction
                && c.old_workload.as_ref() == name(Side::Old, pair.old)
                && c.new_workload.as_ref() == name(Side::New, pair.new)
                && !endpoints.is_empty()
                && endpoints.is_subset(&c.endpoints)
        })
    }

    /// Names the other candidates of an aspect whose prices change the same way.
    fn alike(
        &mut self,
        pair: &Pair,
        aspect: &Aspect,
        candidates: &[(usize, bool)],
        met: &BTreeSet<Direction>,
    ) {
        if aspect.kind != Kind::Prices {
            return;
        }
        let (Some(old), Some(new)) = (pair.old, pair.new) else { return };
        let mut names: BTreeSet<String> = BTreeSet::new();
        for (number, own) in candidates.iter().filter(|(_, own)| !own) {
            for way in &pair.ways {
                let a = self.admitted(Side::Old, old, *number, *own, &way.spent.old);
                let b = self.admitted(Side::New, new, *number, *own, &way.spent.new);
                let question = self.arena.all([way.when, a, b]);
                if !self.is_never(question) {
                    names.extend(self.met.get(*number).map(|m| m.id.to_owned()));
                    break;
                }
            }
        }
        let name = |side, at| self.workload(side, at).map(|w| w.name.clone());
        let (from, to) = (name(Side::Old, pair.old), name(Side::New, pair.new));
        for change in &mut self.found.changes {
            let dearer = matches!(change.direction, Direction::Dearer | Direction::Cheaper)
                && met.contains(&change.direction);
            if dearer
                && change.old_workload == from
                && change.new_workload == to
                && change.at_new == aspect.places.1
            {
                change.endpoints.extend(names.iter().cloned());
            }
        }
    }
}

/// Whether no run makes more than one call.
fn one_call(routing: &Routing) -> bool {
    routing.fallback.as_ref().is_none_or(|f| f.rules.is_empty())
        && routing.retry.as_ref().is_none_or(|r| r.rules.is_empty())
}

/// Returns the lines that sort candidates.
fn order_spans(routing: &Routing) -> Vec<Span> {
    let mut spans: Vec<Span> = routing.entry_spans.iter().flatten().copied().collect();
    spans.extend(routing.prefers.iter().map(|(_, span)| *span));
    spans.extend(routing.order_span);
    spans.extend(routing.credentials_span);
    spans.extend(routing.credentials_for.values().map(|(_, span)| *span));
    spans
}
