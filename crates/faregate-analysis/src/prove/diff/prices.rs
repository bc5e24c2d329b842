//! What two catalogs say otherwise of an endpoint that both have: prices, limits, and what stands behind its id.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use faregate::{Endpoint, Money, PriceList};

use super::Direction;
use super::beside::Goes;
use super::picks::Pair;
use super::sections::{Aspect, COSTS};
use super::sides::{Differ, Side};
use super::values::Kind;

/// So many endpoints are named as places of one change.
const MOST_PLACES: usize = 12;

impl Differ<'_> {
    /// Returns what differs in the facts of the candidates of a pair that no condition reads.
    pub(super) fn priced(&mut self, pair: &Pair) -> Vec<Aspect> {
        let (Some(old), Some(new)) = (self.routing(Side::Old, pair.old), self.routing(Side::New, pair.new))
        else {
            return Vec::new();
        };
        let met = Rc::clone(&self.met);
        let (mut prices, mut behind, mut dropped) =
            (BTreeMap::<(bool, bool), BTreeSet<usize>>::new(), BTreeSet::new(), BTreeSet::new());
        for (number, _) in self.shared_candidates(pair) {
            let Some(place) = met.get(number).filter(|m| !m.same) else { continue };
            let (Some(a), Some(b)) = (place.of.old, place.of.new) else { continue };
            if let Some(moved) = moved(a, b)
                && (prices_differ(a, b) || self.limits_tell(pair, number))
            {
                prices.entry((moved.up, moved.down)).or_default().insert(number);
            }
            if (&a.provider, &a.model, &a.native_model) != (&b.provider, &b.model, &b.native_model) {
                behind.insert(number);
            }
            let tolerated = !old.tolerate.is_empty() || !new.tolerate.is_empty();
            if tolerated && a.facts.supports != b.facts.supports {
                dropped.insert(number);
            }
        }
        let mut aspects = Vec::new();
        for (moved, focus) in prices {
            let kind = if moved == (true, true) { Kind::Mixed } else { Kind::Prices };
            let level = self.levels.entry((pair.old, pair.new)).or_default();
            level.costs = Goes { up: level.costs.up || moved.0, down: level.costs.down || moved.1 };
            aspects.push(self.of_catalog("the costs of endpoints", focus, COSTS, kind));
        }
        let level = self.levels.entry((pair.old, pair.new)).or_default();
        (level.behind, level.dropped) = (!behind.is_empty(), !dropped.is_empty());
        if !behind.is_empty() {
            aspects.push(self.of_catalog(
                "what stands behind endpoints",
                behind,
                &[Direction::Looser],
                Kind::Plain,
            ));
        }
        if !dropped.is_empty() {
            let directions = &[Direction::Looser, Direction::Tighter];
            aspects.push(self.of_catalog(
                "the parameters that are dropped",
                dropped,
                directions,
                Kind::Parameters,
            ));
        }
        aspects
    }

    /// Whether a request of a pair may ask for more output than one of two limits lets it have, or for no limit at all.
    fn limits_tell(&mut self, pair: &Pair, number: usize) -> bool {
        let met = Rc::clone(&self.met);
        let limits = met
            .get(number)
            .map(|m| Side::BOTH.map(|side| m.of.of(side).and_then(|e| e.facts.max_output_tokens)));
        let Some(least) = limits.into_iter().flatten().flatten().min() else { return true };
        let fits = self.on(Side::New, |lower| {
            let (_, output) = lower.tokens();
            let known = lower.arena.known(output);
            let fits = lower.arena.at_most(output, i128::from(least));
            lower.arena.both(known, fits)
        });
        [false, true].into_iter().any(|own| {
            pair.ways.iter().any(|way| {
                let both = self.both_admit(pair, way, (number, own));
                let question = self.arena.both(both, fits.not());
                !self.is_never(question)
            })
        })
    }

    fn of_catalog(
        &self,
        what: &str,
        focus: BTreeSet<usize>,
        directions: &'static [Direction],
        kind: Kind,
    ) -> Aspect {
        let named = focus.iter().filter_map(|n| self.met.get(*n)).map(|m| format!("{} in the catalog", m.id));
        let mut places: Vec<String> = named.take(MOST_PLACES).collect();
        if let Some(more @ 1..) = focus.len().checked_sub(MOST_PLACES) {
            places.push(format!("{more} more endpoints in the catalog"));
        }
        let places = (places.clone(), places);
        Aspect { what: what.to_owned(), places, focus, directions, kind, run_only: false }
    }
}

/// Whether more than the limit of output differs of what an attempt costs.
fn prices_differ(old: &Endpoint, new: &Endpoint) -> bool {
    let mut other = old.clone();
    other.facts.max_output_tokens = new.facts.max_output_tokens;
    moved(&other, new).is_some()
}

/// Returns which way an attempt's cost can move, since prices or the limit of output differ.
pub(super) fn moved(old: &Endpoint, new: &Endpoint) -> Option<Goes> {
    let (a, b) = (&old.facts.prices, &new.facts.prices);
    let (mut up, mut down) = (false, false);
    let mut compare = |ordering: Ordering| match ordering {
        Ordering::Less => up = true,
        Ordering::Greater => down = true,
        Ordering::Equal => {}
    };
    // What is unknown has no bound.
    let rank = |price: Option<Money>| (price.is_none(), price);
    let list = |p: &PriceList| {
        let zero = Some(Money::ZERO);
        [
            p.prompt,
            p.completion,
            p.request.or(zero),
            p.image,
            p.cache_read.or(p.prompt),
            p.cache_write.or(p.prompt),
            p.reasoning.or(p.completion),
        ]
    };
    for (x, y) in list(a).into_iter().zip(list(b)) {
        compare(rank(x).cmp(&rank(y)));
    }
    let tools: BTreeSet<&String> = a.tools.keys().chain(b.tools.keys()).collect();
    for tool in tools {
        match (a.tools.get(tool), b.tools.get(tool)) {
            (Some(x), Some(y)) => {
                compare(x.per_call.cmp(&y.per_call));
                compare(x.per_result.unwrap_or(Money::ZERO).cmp(&y.per_result.unwrap_or(Money::ZERO)));
            }
            (x, y) => compare(x.is_none().cmp(&y.is_none())),
        }
    }
    let limit = |e: &Endpoint| e.facts.max_output_tokens.unwrap_or(u64::MAX);
    compare(limit(old).cmp(&limit(new)));
    if a.overrides.as_deref().unwrap_or_default() != b.overrides.as_deref().unwrap_or_default() {
        (up, down) = (true, true);
    }
    (up || down).then_some(Goes { up, down })
}
