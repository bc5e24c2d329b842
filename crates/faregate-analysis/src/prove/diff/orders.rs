//! Whom a plan begins with, and who follows: two candidates of one tier that both sides admit at once may change places.

use std::collections::BTreeSet;

use faregate::model::{Expr, Routing, Subject, attributes};

use super::Direction;
use super::picks::Pair;
use super::sections::Aspect;
use super::sides::{Differ, Side};
use super::values::Kind;
use crate::prove::formula::Formula;

/// So many pairs of candidates are asked about.
const MOST_PAIRS: usize = 2000;

/// So many requests are decided to show that two change places.
const MOST_SHOWN: usize = 1500;

/// So many more where moves depend on the order.
const MOST_AFTER: usize = 300;

/// What became of the pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placed {
    /// No two are ever admitted at once.
    Never,
    Shown,
    Open,
}

impl Differ<'_> {
    /// Looks for two candidates that change places, one of them of these (empty: any).
    pub(super) fn places_change(
        &mut self,
        pair: &Pair,
        old: &Routing,
        new: &Routing,
        aspect: &Aspect,
        kind: Kind,
        met: &mut BTreeSet<Direction>,
    ) -> Placed {
        let mut candidates = self.shared_candidates(pair);
        candidates.sort_by_key(|(_, own)| *own);
        let (mut pairs, mut left) = (MOST_PAIRS, self.affordable(MOST_SHOWN));
        let mut placed = Placed::Never;
        let moves = [old, new].iter().any(|r| r.fallback.as_ref().is_some_and(|f| !f.rules.is_empty()));
        for (at, a) in candidates.iter().enumerate() {
            // Two own keys of one endpoint too; which kind of key comes first is written elsewhere.
            for b in candidates.iter().skip(at.saturating_add(usize::from(!a.1))) {
                let focused = aspect.focus.is_empty() || [a, b].iter().any(|w| aspect.focus.contains(&w.0));
                let ranked = a.1 != b.1 && old.credentials == new.credentials;
                if !focused
                    || ranked
                    || self.stands_after(*a, *b, old, new)
                    || self.stands_after(*b, *a, old, new)
                {
                    continue;
                }
                for way in &pair.ways {
                    let Some(fewer) = pairs.checked_sub(1) else { return Placed::Open };
                    pairs = fewer;
                    let both = [self.both_admit(pair, way, *a), self.both_admit(pair, way, *b)];
                    let question = self.arena.all(both);
                    let Some(model) = self.model(question) else { continue };
                    if placed == Placed::Never {
                        placed = Placed::Open;
                    }
                    for ends in [(*a, *b), (*b, *a)] {
                        for (request, context) in self.only_these(pair, way, &model, ends, kind) {
                            let Some(fewer) = left.checked_sub(1) else { return placed };
                            left = fewer;
                            self.show(pair, &request, &context, aspect, met);
                            if met.contains(&Direction::Order) {
                                // Moves may lead elsewhere then.
                                placed = Placed::Shown;
                                let more = kind == Kind::Costs && moves;
                                left = left.min(if more { MOST_AFTER } else { 0 });
                            }
                        }
                    }
                }
            }
        }
        placed
    }

    /// Returns the preferences of one side that tell two candidates apart that can stand in one plan of both.
    pub(super) fn telling<'e>(
        &mut self,
        pair: &Pair,
        side: Side,
        [old, new]: [&Routing; 2],
        prefers: &[&'e Expr],
    ) -> Vec<&'e Expr> {
        let candidates = self.shared_candidates(pair);
        let at = if side == Side::Old { pair.old } else { pair.new };
        let mut left = MOST_PAIRS;
        let mut telling = Vec::new();
        for prefer in prefers {
            // Own keys of one endpoint may differ in what they pay.
            let mut of_keys = false;
            attributes(prefer, &mut |a| {
                let keyed = a.name == "cost" || a.name == "credential" || a.name.starts_with("price_");
                of_keys |= a.subject == Subject::Endpoint && keyed;
            });
            if of_keys && candidates.iter().any(|(_, own)| *own) {
                telling.push(*prefer);
                continue;
            }
            let mut known: Vec<Formula> = Vec::new();
            for (number, own) in &candidates {
                let Some(candidate) = at.and_then(|at| self.candidate(side, at, *number, *own)) else {
                    return prefers.to_vec();
                };
                known.push(self.on(side, |lower| lower.truth(prefer, Some(candidate.seen())).yes));
            }
            let mut tells = false;
            for (x, (a, p)) in candidates.iter().zip(&known).enumerate() {
                for (b, q) in candidates.iter().zip(&known).skip(x.saturating_add(1)) {
                    if tells
                        || p == q
                        || (a.1 != b.1 && old.credentials == new.credentials)
                        || self.stands_after(*a, *b, old, new)
                        || self.stands_after(*b, *a, old, new)
                    {
                        continue;
                    }
                    let Some(fewer) = left.checked_sub(1) else { return prefers.to_vec() };
                    left = fewer;
                    let (y, z) = (self.arena.both(*p, q.not()), self.arena.both(*q, p.not()));
                    let differ = self.arena.either(y, z);
                    tells |= pair.ways.iter().any(|way| {
                        let both = [self.both_admit(pair, way, *a), self.both_admit(pair, way, *b), differ];
                        let question = self.arena.all(both);
                        !self.is_never(question)
                    });
                }
            }
            if tells {
                telling.push(*prefer);
            }
        }
        telling
    }
}
