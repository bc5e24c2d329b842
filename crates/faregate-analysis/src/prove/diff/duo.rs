//! Two candidates left alone: what one does to the other shows there.

use std::collections::BTreeSet;

use faregate::{Context, Decision, Health, OwnCredential, Request, Timestamp};

use super::moves::Who;
use super::picks::{JointWay, Pair};
use super::probe::Wanted;
use super::sides::{Differ, Side};
use super::values::{Kind, variations};
use crate::prove::solve::Model;
use crate::prove::witness::MOST_DOWN;

/// So many endpoints are decided about, in all requests of one search together.
const MOST_DECIDED: usize = 1_000_000;

impl Differ<'_> {
    /// Returns how many requests a search may decide: fewer where there are many endpoints.
    pub(super) fn affordable(&self, most: usize) -> usize {
        let count = MOST_DECIDED.checked_div(self.met.len()).unwrap_or(most);
        most.min(count.max(48))
    }

    /// Returns requests in which two candidates are left alone, the first standing before the second if that can be had.
    pub(super) fn only_these(
        &self,
        pair: &Pair,
        way: &JointWay,
        model: &Model,
        (from, to): (Who, Who),
        kind: Kind,
    ) -> Vec<(Request, Context)> {
        let ends = [from, to].map(|who| {
            let met = self.met.get(who.0)?;
            let provider = met.of.new.or(met.of.old).map(|e| e.provider.as_str())?;
            Some(Wanted { endpoint: met.id, provider, own: who.1 })
        });
        let [Some(first), Some(second)] = ends else { return Vec::new() };
        let wanted = if second.own { second } else { first };
        let (request, mut context) = self.concrete(model, way, Some(wanted));
        if first.own && second.own {
            let mut other = OwnCredential::new("other-key", first.provider);
            other.prices = context.credentials.first().and_then(|own| own.prices.clone());
            context.credentials.push(other);
        }
        let keep: BTreeSet<&str> = [first.endpoint, second.endpoint].into();
        let mut all = Vec::new();
        let (Some(old), Some(new)) = (self.routing(Side::Old, pair.old), self.routing(Side::New, pair.new))
        else {
            return all;
        };
        let mut contexts = vec![context.clone()];
        if first.endpoint != second.endpoint {
            // Who cools down stands last.
            let mut last = context.clone();
            let until = Timestamp(context.now.0.saturating_add(60_000));
            last.endpoints.entry(second.endpoint.to_owned()).or_default().cooling_until = Some(until);
            contexts.push(last);
        }
        if from == to {
            // What two keys of one endpoint pay.
            let mut other = context.clone();
            other.credentials.iter_mut().filter(|own| own.id != "own-key").for_each(|own| own.prices = None);
            contexts.push(other);
        }
        if second.own && !first.own {
            let mut last = context.clone();
            last.credentials.iter_mut().for_each(|own| own.fallback = true);
            contexts.push(last);
        }
        for context in contexts {
            let Some(context) = self.alone_up(&request, context, &keep) else { continue };
            let ids: Vec<String> = keep.iter().map(|id| (*id).to_owned()).collect();
            all.extend(variations(kind, &request, &context, old, new, &self.met_of(to.0), &ids));
        }
        all
    }

    /// Takes down whoever is in a plan and not wanted.
    pub(super) fn alone_up(
        &self,
        request: &Request,
        mut context: Context,
        keep: &BTreeSet<&str>,
    ) -> Option<Context> {
        for _ in 0..MOST_DOWN {
            let (old, new) = self.decide(request, &context);
            let mut changed = false;
            for decision in [&old, &new] {
                let Decision::Route(plan) = decision else { return None };
                for attempt in plan.attempts.iter().filter(|a| !keep.contains(a.endpoint.as_str())) {
                    let facts = context.endpoints.entry(attempt.endpoint.clone()).or_default();
                    changed |= facts.health.replace(Health::Down) != Some(Health::Down);
                }
            }
            if !changed {
                return Some(context);
            }
        }
        None
    }
}
