//! Plans that are long since a gateway has many own keys: it may have any number of them.

use super::super::formula::Formula;
use super::super::solve::{Answer, Model, Query};
use super::super::ways::Way;
use super::super::witness::{self, Target};
use super::super::{Counterexample, Invariant, Prover};
use super::Calls;

/// So many keys are given to a gateway, the few first.
const KEYS: [u64; 5] = [2, 4, 16, 64, 256];

/// Keys of so many providers come in turn.
const MOST_PROVIDERS: usize = 6;

/// So many candidates are looked at for the first of a long plan.
const MOST_FIRST: usize = 8;

/// So many are looked at for those whose keys are admitted beside it.
const MOST_BESIDE: usize = 40;

impl Prover<'_> {
    /// Looks for own keys that together cost more than `most`.
    pub(super) fn many_dear_keys(
        &mut self,
        invariant: &Invariant,
        base: Formula,
        way: &Way,
        calls: &Calls,
        most: i128,
    ) -> Option<Box<Counterexample>> {
        let candidates = self.candidates(way.last());
        let can_be = |keys: u64| calls.of.is_none_or(|of| keys <= of);
        let mut counts: Vec<u64> = KEYS.into_iter().filter(|keys| can_be(*keys)).collect();
        counts.extend(calls.of.filter(|of| !counts.contains(of)));
        for keys in counts {
            let together = keys.saturating_mul(calls.one_at_least);
            let own = candidates.iter().enumerate().filter(|(_, c)| c.own);
            for (at, candidate) in own.take(MOST_FIRST) {
                let admitted = self.admitted(way.last(), at, &way.spent);
                let over = self.over(&candidate.cost, Some(together), most);
                let question = self.lower.arena.all([base, admitted, over]);
                if let Some(found) = self.with_keys(invariant, question, way, at, keys) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// Looks for own keys that make a plan of so many candidates.
    pub(super) fn many_keys(
        &mut self,
        invariant: &Invariant,
        base: Formula,
        way: &Way,
        wanted: u64,
    ) -> Option<Box<Counterexample>> {
        if KEYS.iter().all(|most| wanted > *most) {
            return None;
        }
        let candidates = self.candidates(way.last());
        let own = candidates.iter().enumerate().filter(|(_, c)| c.own);
        for (at, _) in own.take(MOST_FIRST) {
            let admitted = self.admitted(way.last(), at, &way.spent);
            let question = self.lower.arena.both(base, admitted);
            if let Some(found) = self.with_keys(invariant, question, way, at, wanted) {
                return Some(found);
            }
        }
        None
    }

    /// Asks about an own key, gives the gateway so many of it and of other providers for which it is admitted as well, and
    /// holds the engine to that.
    fn with_keys(
        &mut self,
        invariant: &Invariant,
        question: Formula,
        way: &Way,
        first: usize,
        keys: u64,
    ) -> Option<Box<Counterexample>> {
        let candidates = self.candidates(way.last());
        let wanted = candidates.get(first)?;
        let mut together = question;
        let mut model = self.model_of(together)?;
        let mut providers = vec![wanted.endpoint.provider.as_str()];
        // Moves may lead among endpoints of one model alone: those come first.
        let mut others: Vec<usize> = (0..candidates.len()).collect();
        others
            .sort_by_key(|at| candidates.get(*at).is_some_and(|c| c.endpoint.model != wanted.endpoint.model));
        let mut tried = 0_usize;
        for at in others {
            let Some(other) = candidates.get(at).filter(|c| c.own) else { continue };
            if providers.len() >= MOST_PROVIDERS || tried >= MOST_BESIDE {
                break;
            }
            if providers.contains(&other.endpoint.provider.as_str()) {
                continue;
            }
            tried = tried.saturating_add(1);
            let admitted = self.admitted(way.last(), at, &way.spent);
            let more = self.lower.arena.both(together, admitted);
            if let Some(found) = self.model_of(more) {
                (together, model) = (more, found);
                providers.push(&other.endpoint.provider);
            }
        }
        let target = Target {
            endpoint: Some(&wanted.endpoint.id),
            provider: &wanted.endpoint.provider,
            own: true,
            spent: &way.spent,
        };
        let keys = usize::try_from(keys).ok()?;
        // Each provider has as many as the others.
        let keys = keys.div_ceil(providers.len()).checked_mul(providers.len())?;
        let arena = &self.lower.arena;
        witness::confirm_with_keys(self.engine, arena, invariant, &model, &target, &providers, keys)
            .map(Box::new)
    }

    fn model_of(&self, question: Formula) -> Option<Model> {
        if question == Formula::FALSE {
            return None;
        }
        match Query::new(&self.lower.arena, &[question], &[], self.first).next() {
            Answer::Holds(model) => Some(model),
            _ => None,
        }
    }
}
