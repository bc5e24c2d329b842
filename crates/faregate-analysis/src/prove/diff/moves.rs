//! Which moves lead from one candidate to another, on each side: what a plan has beside its first depends on nothing else.
//!
//! Two plans of the same candidates in the same order differ only if between two of them a move leads on one side alone, or after
//! other failures. So each pair is asked about, over all requests in which both sides admit both; where one can differ, the two are
//! left alone together, and the engines show it.

use std::collections::{BTreeMap, BTreeSet};

use faregate::ErrorClass;
use faregate::model::{Fallback, Routing, Tier};
use faregate::syntax::Span;
use faregate_syntax::FileId;
use faregate_syntax::ast::MoveKind;

use super::attempts::{Looks, after};
use super::picks::{JointWay, Pair};
use super::sections::Aspect;
use super::sides::{Differ, Side, Two};
use super::values::Kind;
use super::{DecisionChange, Direction};
use crate::prove::formula::Formula;

/// So many pairs of candidates are asked about for one pair of workloads.
const MOST_ASKED: usize = 6000;

/// So many of them are decided to show one difference.
const MOST_SHOWN: usize = 36;

/// What becomes of a plan if two candidates are its only ones.
const SORTS: [Direction; 3] = [Direction::Looser, Direction::Tighter, Direction::Retries];

/// Where moves of a kind lead to a candidate: after errors of any kind, and of those that ask for a larger context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Leads {
    plain: Vec<Formula>,
    larger: Vec<Formula>,
}

/// A candidate: the index of its endpoint, and whether its key is an own one.
pub(super) type Who = (usize, bool);

impl<'a> Differ<'a> {
    /// Compares what moves lead to; the ways in which that differs in decisions, or may.
    pub(super) fn moves(
        &mut self,
        pair: &Pair,
        old: &Routing,
        new: &Routing,
        aspect: &Aspect,
    ) -> BTreeSet<Direction> {
        let none = Fallback {
            rules: Vec::new(),
            requires: Vec::new(),
            at_most: None,
            price_at_most: None,
            span: Span::new(FileId(0), 0, 0),
        };
        let of =
            Two { old: old.fallback.as_ref().unwrap_or(&none), new: new.fallback.as_ref().unwrap_or(&none) };
        let candidates = self.shared_candidates(pair);
        let mut met: BTreeSet<Direction> = BTreeSet::new();
        let mut open: BTreeSet<Direction> = BTreeSet::new();
        let mut left = MOST_ASKED;
        let mut in_runs = false;
        for kind in [MoveKind::Provider, MoveKind::Model, MoveKind::Credential] {
            let classes: BTreeSet<ErrorClass> = Side::BOTH
                .iter()
                .flat_map(|side| of.of(*side).rules.iter().filter(|r| r.kind == kind))
                .flat_map(|r| r.on.iter().copied())
                .collect();
            if classes.is_empty() {
                continue;
            }
            for to in &candidates {
                let leads = self.leads(pair, &of, kind, &classes, *to, Looks::Decision);
                if leads.old == leads.new && !self.context_differs(&leads.new) {
                    if !in_runs && self.leads_in_runs(pair, &of, kind, &classes, *to) {
                        in_runs = true;
                    }
                    continue;
                }
                // What differs only depends on whether the contexts are larger.
                let mut known: BTreeMap<(bool, bool, Direction), Formula> = BTreeMap::new();
                for from in &candidates {
                    if !self.is_move(kind, *from, *to) || self.stands_after(*from, *to, old, new) {
                        continue;
                    }
                    for sort in SORTS {
                        if met.contains(&sort) {
                            continue;
                        }
                        let [a, b] = Side::BOTH.map(|side| self.is_larger(side, *from, *to));
                        let differs = match known.get(&(a, b, sort)) {
                            Some(differs) => *differs,
                            None => self.sort(&leads, (a, b), sort),
                        };
                        known.insert((a, b, sort), differs);
                        if differs == Formula::FALSE {
                            continue;
                        }
                        let Some(fewer) = left.checked_sub(1) else {
                            self.unsettled(
                                "there are more pairs of candidates to move between than were looked at"
                                    .to_owned(),
                                aspect.places.0.clone(),
                                aspect.places.1.clone(),
                            );
                            return BTreeSet::from(SORTS);
                        };
                        left = fewer;
                        self.ask(pair, *from, *to, differs, sort, aspect, &mut met, &mut open);
                    }
                }
            }
        }
        if met.is_empty() && open.is_empty() && in_runs {
            self.may_differ_in_runs(pair, &aspect.what, &aspect.places);
        }
        for direction in open.difference(&met) {
            let name = self.workload(Side::New, pair.new).map_or("", |w| w.name.as_str());
            let why = format!(
                "the fallbacks of workload {name} may be {}, and no request was found that shows it",
                direction.as_str()
            );
            self.unsettled(why, aspect.places.0.clone(), aspect.places.1.clone());
        }
        &met | &open
    }

    /// Tells that moves or retries ask something else of an attempt, which no decision shows.
    pub(super) fn may_differ_in_runs(
        &mut self,
        pair: &Pair,
        what: &str,
        places: &(Vec<String>, Vec<String>),
    ) {
        let name = |side, at| self.workload(side, at).map(|w| w.name.clone());
        self.add(DecisionChange {
            direction: Direction::Retries,
            old_workload: name(Side::Old, pair.old),
            new_workload: name(Side::New, pair.new),
            endpoints: BTreeSet::new(),
            and_more: false,
            also: BTreeSet::new(),
            what: format!("{what} may differ in a run: they ask something else of an attempt"),
            certain: false,
            beside: false,
            witness: None,
            at_old: places.0.clone(),
            at_new: places.1.clone(),
        });
    }

    fn is_move(&self, kind: MoveKind, from: Who, to: Who) -> bool {
        let (Some(a), Some(b)) = (self.met.get(from.0), self.met.get(to.0)) else { return false };
        let model = |m: &super::sides::Met<'a>| m.of.new.or(m.of.old).map(|e| &e.model);
        let is = if model(a) != model(b) {
            MoveKind::Model
        } else if from.0 != to.0 {
            MoveKind::Provider
        } else if from.1 != to.1 || from.1 {
            MoveKind::Credential
        } else {
            return false;
        };
        is == kind
    }

    /// Whether a candidate only ever stands after another one: in a later tier.
    pub(super) fn stands_after(&mut self, from: Who, to: Who, old: &Routing, new: &Routing) -> bool {
        if !self.same_aliases {
            return false;
        }
        let asked = |r: &Routing| r.tiers.iter().any(|t| matches!(t, Tier::Requested { .. }));
        if asked(old) || asked(new) {
            return false;
        }
        [(Side::Old, old), (Side::New, new)].into_iter().all(|(side, routing)| {
            let there = |who: Who| self.met.get(who.0).is_some_and(|m| m.of.of(side).is_some());
            there(from) && there(to) && self.tier_of(side, routing, from) > self.tier_of(side, routing, to)
        })
    }

    /// Returns the tier that names a candidate; `None`: none does.
    fn tier_of(&mut self, side: Side, routing: &Routing, who: Who) -> Option<usize> {
        let key = (side, routing.models_span, who.0);
        if let Some(tier) = self.tiers.get(&key) {
            return *tier;
        }
        let endpoint = self.met.get(who.0).and_then(|m| *m.of.of(side))?;
        let tier = self.on(side, |lower| {
            routing.tiers.iter().position(|tier| match tier {
                Tier::Entries(entries) => entries.iter().any(|e| lower.entry_names(e, &endpoint.model)),
                // Whatever was asked for comes first there.
                Tier::Requested { .. } => true,
            })
        });
        self.tiers.insert(key, tier);
        tier
    }

    fn leads(
        &mut self,
        pair: &Pair,
        of: &Two<&Fallback>,
        kind: MoveKind,
        classes: &BTreeSet<ErrorClass>,
        to: Who,
        looks: Looks,
    ) -> Two<Leads> {
        let mut leads: Two<Leads> = Two::default();
        for (side, at) in [(Side::Old, pair.old), (Side::New, pair.new)] {
            let Some(candidate) = at.and_then(|at| self.candidate(side, at, to.0, to.1)) else { continue };
            let fallback = *of.of(side);
            let found = self.on(side, |lower| {
                let mut found = Leads::default();
                let mut required = Vec::new();
                for (require, _) in &fallback.requires {
                    required.push(lower.truth(require, Some(candidate.seen())).yes);
                }
                let required = lower.arena.all(required);
                for class in classes {
                    let mut any = Vec::new();
                    for rule in fallback.rules.iter().filter(|r| r.kind == kind && r.on.contains(class)) {
                        any.push(match &rule.when {
                            None => Formula::TRUE,
                            Some(when) => after(lower, when, candidate.seen(), *class, looks).yes,
                        });
                    }
                    let any = lower.arena.any(any);
                    let leads = lower.arena.both(any, required);
                    let list = if *class == ErrorClass::ContextLength {
                        &mut found.larger
                    } else {
                        &mut found.plain
                    };
                    list.push(leads);
                }
                found
            });
            *leads.of_mut(side) = found;
        }
        leads
    }

    /// Whether a move may lead to somebody at all, as either side has it.
    pub(super) fn any_move(&mut self, pair: &Pair, old: &Fallback, new: &Fallback) -> bool {
        let of = Two { old, new };
        let candidates = self.shared_candidates(pair);
        for kind in [MoveKind::Provider, MoveKind::Model, MoveKind::Credential] {
            let rules = old.rules.iter().chain(&new.rules).filter(|r| r.kind == kind);
            let classes: BTreeSet<ErrorClass> = rules.flat_map(|r| r.on.iter().copied()).collect();
            for to in &candidates {
                let leads = self.leads(pair, &of, kind, &classes, *to, Looks::Decision);
                let all = [&leads.old, &leads.new].into_iter().flat_map(|l| l.plain.iter().chain(&l.larger));
                let any = self.arena.any(all.copied().collect::<Vec<_>>());
                if any == Formula::FALSE || !candidates.iter().any(|from| self.is_move(kind, *from, *to)) {
                    continue;
                }
                for way in &pair.ways {
                    let both = self.both_admit(pair, way, *to);
                    let question = self.arena.both(any, both);
                    if !self.is_never(question) {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Whether a run may take another move to a candidate that both admit.
    fn leads_in_runs(
        &mut self,
        pair: &Pair,
        of: &Two<&Fallback>,
        kind: MoveKind,
        classes: &BTreeSet<ErrorClass>,
        to: Who,
    ) -> bool {
        let leads = self.leads(pair, of, kind, classes, to, Looks::Run);
        if leads.old == leads.new {
            return false;
        }
        let pairs = |l: &Leads| l.plain.iter().chain(&l.larger).copied().collect::<Vec<_>>();
        let (a, b) = (pairs(&leads.old), pairs(&leads.new));
        a.into_iter().zip(b).any(|(a, b)| {
            let (x, y) = (self.arena.both(a, b.not()), self.arena.both(b, a.not()));
            let differs = self.arena.either(x, y);
            pair.ways.iter().any(|way| {
                let both = self.both_admit(pair, way, to);
                let question = self.arena.both(differs, both);
                !self.is_never(question)
            })
        })
    }

    /// Where both sides admit a candidate on one way.
    pub(super) fn both_admit(&mut self, pair: &Pair, way: &JointWay, who: Who) -> Formula {
        let (Some(old), Some(new)) = (pair.old, pair.new) else { return Formula::FALSE };
        let a = self.admitted(Side::Old, old, who.0, who.1, &way.spent.old);
        let b = self.admitted(Side::New, new, who.0, who.1, &way.spent.new);
        self.arena.all([way.when, a, b])
    }

    /// Whether a candidate is known to have a larger context than another one.
    fn is_larger(&self, side: Side, from: Who, to: Who) -> bool {
        let length =
            |who: Who| self.met.get(who.0).and_then(|m| *m.of.of(side)).and_then(|e| e.facts.context_length);
        length(from).is_some() && length(to) > length(from)
    }

    /// Whether moves to a larger context may differ by what the catalogs say of contexts.
    fn context_differs(&self, leads: &Leads) -> bool {
        leads.larger.iter().any(|f| *f != Formula::FALSE)
            && self.met.iter().any(|m| {
                let length = |side: Side| m.of.of(side).and_then(|e| e.facts.context_length);
                !m.same && m.of.old.is_some() && m.of.new.is_some() && length(Side::Old) != length(Side::New)
            })
    }

    /// Where moves to a candidate differ in one way; `larger` says of each side whether its context is larger than that of whom they leave.
    fn sort(&mut self, leads: &Two<Leads>, larger: (bool, bool), sort: Direction) -> Formula {
        let mut all: Two<Vec<Formula>> = Two::default();
        let mut any = Two { old: Formula::FALSE, new: Formula::FALSE };
        for side in Side::BOTH {
            let of = leads.of(side);
            let larger = if side == Side::Old { larger.0 } else { larger.1 };
            let list = all.of_mut(side);
            list.extend(&of.plain);
            list.extend(of.larger.iter().map(|f| if larger { *f } else { Formula::FALSE }));
            *any.of_mut(side) = self.arena.any(list.iter().copied());
        }
        match sort {
            Direction::Looser => self.arena.both(any.new, any.old.not()),
            Direction::Tighter => self.arena.both(any.old, any.new.not()),
            _ => {
                let mut differ = Vec::new();
                for (a, b) in all.old.iter().zip(&all.new) {
                    if a != b {
                        let (x, y) = (self.arena.both(*a, b.not()), self.arena.both(*b, a.not()));
                        differ.extend([x, y]);
                    }
                }
                let differ = self.arena.any(differ);
                self.arena.all([any.old, any.new, differ])
            }
        }
    }

    /// Looks for a request that shows that moves between two candidates differ.
    #[expect(clippy::too_many_arguments, reason = "two candidates, what of them, and what became of it")]
    fn ask(
        &mut self,
        pair: &Pair,
        from: Who,
        to: Who,
        differs: Formula,
        sort: Direction,
        aspect: &Aspect,
        met: &mut BTreeSet<Direction>,
        open: &mut BTreeSet<Direction>,
    ) {
        for way in &pair.ways {
            let (a, b) = (self.both_admit(pair, way, from), self.both_admit(pair, way, to));
            let question = self.arena.all([a, b, differs]);
            if self.is_never(question) {
                continue;
            }
            open.insert(sort);
            for model in self.models(question) {
                let all = self.only_these(pair, way, &model, (from, to), Kind::Plain);
                for (request, context) in all.into_iter().take(MOST_SHOWN) {
                    self.show(pair, &request, &context, aspect, met);
                    if met.contains(&sort) {
                        return;
                    }
                }
            }
        }
    }
}
