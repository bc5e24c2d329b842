//! The order within a tier (step 5, rules 22 to 24).

use std::cmp::Ordering;

use super::expr::{at, id};
use super::judge::{By, Cand, Judge};
use super::packed::unpack;
use super::scratch::{Entry, Key, Planned, SHARED, Work};
use super::value::Val;
use crate::ir::{Order, OrderKey};
use crate::reference::balance::{price_weight, share_weight};
use crate::reference::values::show;
use crate::{Health, Money, Ratio};
use faregate_syntax::ast::CredentialMode;

/// Sorts the admitted candidates into `work.plan`, tier by tier. `first_only`: all but the first may stand anywhere.
pub(super) fn order<'a>(judge: &Judge<'a>, by: By<'a>, work: &mut Work, tiers: &[u32], first_only: bool) {
    work.plan.clear();
    if work.is_packed {
        unpack(judge, work, first_only);
        return;
    }
    if by_price_alone(judge, by, work) {
        by_plain_cost(judge, by, work, tiers);
        return;
    }
    collect(judge, by, work, tiers);
    let keys = match &by.routing.order {
        Order::By(keys) => keys.as_slice(),
        Order::BalanceByPrice { .. } | Order::Balance { .. } => &[],
    };
    fill_keys(judge, by, work, keys);
    let words = by.code.prefers.len().div_ceil(64);
    let (prefers, values) = (&work.prefers, &work.keys);
    let earlier = |a: &Entry, b: &Entry| {
        (a.tier, a.rank, a.cooling)
            .cmp(&(b.tier, b.rank, b.cooling))
            .then_with(|| part(prefers, a.number, words).cmp(part(prefers, b.number, words)))
            .then_with(|| a.degraded.cmp(&b.degraded))
    };
    let by_keys =
        |a: &Entry, b: &Entry| part(values, a.number, keys.len()).cmp(part(values, b.number, keys.len()));
    let by_id = |a: &Entry, b: &Entry| compare_ids(judge, &a.planned, &b.planned);
    let entries = &mut work.entries;
    entries.sort_unstable_by(|a, b| earlier(a, b).then_with(|| by_keys(a, b)).then_with(|| by_id(a, b)));
    let (shares, _) = match &by.routing.order {
        Order::By(_) => {
            work.plan.extend(entries.iter().map(|e| e.planned));
            return;
        }
        Order::BalanceByPrice { sticky } => (None, sticky),
        Order::Balance { shares, sticky } => (Some(shares.as_slice()), sticky),
    };
    let mut draw = Draw { drawn: &mut work.drawn, weights: &mut work.weights };
    with_seed(judge, by, |seed| {
        for group in entries.chunk_by(|a, b| earlier(a, b).is_eq()) {
            draw.group(judge, seed, shares, group, &mut work.plan);
        }
    });
}

/// Whether nothing but tiers and plain prices decides the order.
fn by_price_alone(judge: &Judge<'_>, by: By<'_>, work: &Work) -> bool {
    by.code.by_price
        && work.own.is_empty()
        && judge.ask.context.endpoints.is_empty()
        && judge.ask.request.tools.is_empty()
        && work.open.is_subset(&judge.bound.columns.plain)
}

/// Sorts by tier, cost and id.
fn by_plain_cost(judge: &Judge<'_>, by: By<'_>, work: &mut Work, tiers: &[u32]) {
    let (ask, columns) = (&judge.ask, &judge.bound.columns);
    let plain = judge.limits_are_plain(by);
    let cost_of = |place: usize| {
        let flat = columns.flat.get(place)?;
        let limit = if plain {
            flat.output_limit(ask.max_output)
        } else {
            judge.output_limits(Cand::shared(place)).1
        };
        flat.expected(columns.unit, ask.request, ask.expected_output, limit)
    };
    work.plan.extend(work.open.ones().map(|place| Planned {
        place: id(place),
        own: SHARED,
        tier: tiers.get(place).copied().unwrap_or(0),
        expected: cost_of(place),
    }));
    work.plan.sort_unstable_by(|a, b| {
        let costs = crate::reference::order::ascending(a.expected, b.expected);
        a.tier.cmp(&b.tier).then(costs).then(a.place.cmp(&b.place))
    });
}

/// Makes an entry of each admitted candidate.
fn collect<'a>(judge: &Judge<'a>, by: By<'a>, work: &mut Work, tiers: &[u32]) {
    work.entries.clear();
    let shared = work.open.ones().map(|place| (id(place), SHARED));
    let own = work.own.iter().copied();
    for (place, own) in shared.chain(own) {
        let Some(cand) = judge.candidate(place, own) else { continue };
        let tier = tiers.get(at(place)).copied().unwrap_or(0);
        let planned = Planned { place, own, tier, expected: judge.expected(cand) };
        work.entries.push(Entry {
            tier,
            rank: rank(by.routing.credentials, cand),
            cooling: judge.is_cooling(cand),
            degraded: judge.now_facts(cand.place).health() == Health::Degraded,
            number: id(work.entries.len()),
            planned,
        });
    }
}

/// The rank of a credential (rule 22).
fn rank(mode: CredentialMode, cand: Cand<'_>) -> u8 {
    match (mode, cand.own) {
        (CredentialMode::SharedThenOwn, None) => 0,
        (CredentialMode::SharedThenOwn, Some(own)) => 1_u8.saturating_add(u8::from(own.fallback)),
        (_, None) => 1,
        (_, Some(own)) if own.fallback => 2,
        (_, Some(_)) => 0,
    }
}

/// Writes down the preferences and keys of each entry; the smaller goes first.
fn fill_keys<'a>(judge: &Judge<'a>, by: By<'a>, work: &mut Work, keys: &[OrderKey]) {
    work.prefers.clear();
    work.keys.clear();
    for entry in &work.entries {
        let Some(cand) = judge.candidate(entry.planned.place, entry.planned.own) else { continue };
        for chunk in by.code.prefers.chunks(64) {
            let mut word = 0_u64;
            for (bit, prefer) in (0_u32..64).zip(chunk) {
                if !judge.truth(*prefer, Some(cand)).is_true() {
                    // The first preference is the highest bit.
                    word |= 1_u64 << 63_u32.saturating_sub(bit);
                }
            }
            work.prefers.push(word);
        }
        let facts = judge.now_facts(cand.place);
        for key in keys {
            work.keys.push(match key {
                OrderKey::Price => ascending(entry.planned.expected.map(|m| m.0.units())),
                OrderKey::Latency(at) => ascending(facts.latency(*at).map(i128::from)),
                OrderKey::Throughput(at) => descending(facts.throughput(*at)),
                OrderKey::Uptime => descending(facts.uptime().map(|r| r.0.units())),
            });
        }
    }
}

fn part<T>(all: &[T], number: u32, size: usize) -> &[T] {
    let start = at(number).saturating_mul(size);
    all.get(start..start.saturating_add(size)).unwrap_or_default()
}

/// Small first, unknown last. The order of signed numbers is that of unsigned ones with the sign turned round.
fn ascending(value: Option<i128>) -> Key {
    (value.is_none(), value.map_or(0, |n| n.cast_unsigned() ^ (1 << 127)))
}

/// Large first, unknown last.
fn descending(value: Option<i128>) -> Key {
    (value.is_none(), value.map_or(0, |n| !(n.cast_unsigned() ^ (1 << 127))))
}

/// By endpoint id, priority of the key, its id.
fn compare_ids(judge: &Judge<'_>, a: &Planned, b: &Planned) -> Ordering {
    let key = |p: &Planned| {
        let own = judge.ask.context.credentials.get(at(p.own));
        own.map_or((0, ""), |own| (own.priority, own.id.as_str()))
    };
    a.place.cmp(&b.place).then_with(|| key(a).cmp(&key(b)))
}

/// Calls `with` with what draws are made from.
fn with_seed<'a>(judge: &Judge<'a>, by: By<'a>, with: impl FnOnce(&str)) {
    let sticky = by.code.sticky.as_ref().and_then(|(source, _)| judge.value(*source, None));
    match sticky {
        Some(Val::Text(text)) => with(text),
        Some(value) => with(&show(&value.owned(), &crate::attributes::Type::Count)),
        None => with(&judge.ask.request.id),
    }
}

/// Draws without replacement.
struct Draw<'w> {
    drawn: &'w mut Vec<Entry>,
    weights: &'w mut Vec<(u32, u64)>,
}

impl Draw<'_> {
    fn group(
        &mut self,
        judge: &Judge<'_>,
        seed: &str,
        shares: Option<&[(String, Ratio)]>,
        group: &[Entry],
        plan: &mut Vec<Planned>,
    ) {
        self.drawn.clear();
        self.drawn.extend_from_slice(group);
        self.drawn.sort_unstable_by(|a, b| compare_ids(judge, &a.planned, &b.planned));
        match shares {
            None => self.by_price(seed, plan),
            Some(shares) => self.by_shares(judge, seed, shares, plan),
        }
    }

    /// By 1/price², price zero first, unknown last.
    fn by_price(&mut self, seed: &str, plan: &mut Vec<Planned>) {
        let costs = |e: &Entry| e.planned.expected;
        plan.extend(self.drawn.iter().filter(|e| costs(e).is_some_and(Money::is_zero)).map(|e| e.planned));
        let priced = |e: &Entry| costs(e).filter(|c| !c.is_zero());
        let least = self.drawn.iter().filter_map(priced).min().unwrap_or(Money::ZERO);
        self.weights.clear();
        for (number, entry) in (0_u32..).zip(self.drawn.iter()) {
            if let Some(cost) = priced(entry) {
                self.weights.push((number, price_weight(least, cost)));
            }
        }
        self.draw(seed, plan);
        plan.extend(self.drawn.iter().filter(|e| costs(e).is_none()).map(|e| e.planned));
    }

    /// By the shares of providers, those not named last, by price.
    fn by_shares(
        &mut self,
        judge: &Judge<'_>,
        seed: &str,
        shares: &[(String, Ratio)],
        plan: &mut Vec<Planned>,
    ) {
        let provider = |e: &Entry| judge.endpoint(at(e.planned.place)).map_or("", |e| e.provider.as_str());
        let share_of = |e: &Entry| shares.iter().find(|(p, _)| *p == provider(e)).map(|(_, s)| *s);
        self.weights.clear();
        for (number, entry) in (0_u32..).zip(self.drawn.iter()) {
            if let Some(share) = share_of(entry) {
                let siblings = self.drawn.iter().filter(|o| provider(o) == provider(entry)).count();
                self.weights.push((number, share_weight(share, siblings)));
            }
        }
        self.draw(seed, plan);
        self.drawn.retain(|e| share_of(e).is_none());
        self.drawn.sort_unstable_by(|a, b| {
            let costs = crate::reference::order::ascending(a.planned.expected, b.planned.expected);
            costs.then_with(|| compare_ids(judge, &a.planned, &b.planned))
        });
        plan.extend(self.drawn.iter().map(|e| e.planned));
    }

    /// Draws those that have weights; those of no weight come last, in the order of their ids.
    fn draw(&mut self, seed: &str, plan: &mut Vec<Planned>) {
        let mut total: u128 =
            self.weights.iter().fold(0, |sum, (_, weight)| sum.saturating_add(u128::from(*weight)));
        for round in 1_u64.. {
            let Some(mut point) = u128::from(hash(seed, round)).checked_rem(total) else { break };
            let at_weight = self.weights.iter().position(|(_, w)| match point.checked_sub(u128::from(*w)) {
                Some(beyond) => {
                    point = beyond;
                    false
                }
                None => true,
            });
            let Some(found) = at_weight else { break };
            let (number, weight) = self.weights.remove(found);
            total = total.saturating_sub(u128::from(weight));
            plan.extend(self.drawn.get(at(number)).map(|e| e.planned));
        }
        plan.extend(self.weights.iter().filter_map(|(n, _)| self.drawn.get(at(*n))).map(|e| e.planned));
    }
}

/// The first 8 bytes of BLAKE3("balance\0" seed "\0" round), the round in decimal.
fn hash(seed: &str, round: u64) -> u64 {
    let mut digits = [0_u8; 20];
    let mut length = 0_usize;
    let mut left = round;
    for slot in digits.iter_mut().rev() {
        *slot = b'0'.saturating_add(u8::try_from(left % 10).unwrap_or(0));
        left /= 10;
        length = length.saturating_add(1);
        if left == 0 {
            break;
        }
    }
    let written = digits.get(digits.len().saturating_sub(length)..).unwrap_or_default();
    crate::draw::first_eight(&[b"balance\0", seed.as_bytes(), b"\0", written])
}
