//! The order by this request's cost where plain prices alone decide it: cost and place of a candidate as one number.
//!
//! What bounds the worst cost is asked in the same go, since both costs have most of their arithmetic in common. The sums are in
//! 64 bits: that none passes them is seen beforehand, from the dearest prices of the catalog.

use super::columns::Columns;
use super::expr::at;
use super::judge::{By, Judge};
use super::ranks::{Rank, Ranked};
use super::scratch::{Planned, SHARED, Work};

/// Packs the shared candidates that are still there, those out that cost too much. `false`: it takes more work to order them.
pub(super) fn pack(judge: &Judge<'_>, by: By<'_>, work: &mut Work) -> bool {
    let (ask, request, columns) = (&judge.ask, judge.ask.request, &judge.bound.columns);
    let price_alone = by.code.by_price && by.bound.one_tier;
    let nothing_else = ask.context.credentials.is_empty()
        && ask.context.endpoints.is_empty()
        && request.tools.is_empty()
        && judge.limits_are_plain(by);
    if !price_alone || !nothing_else || !has_costs(judge, work) {
        return false;
    }
    let unasked = columns.longest.max(ask.expected_output.unwrap_or(0));
    let most = columns.most.cost(request, ask.max_output.unwrap_or(unasked));
    let bits = columns.place_bits;
    if most >> u64::BITS.saturating_sub(bits) != 0 {
        return false;
    }
    let limit = work.cost_limit.and_then(|limit| u64::try_from(limit).ok()).unwrap_or(u64::MAX);
    let input = request.input_tokens;
    let output = ask.expected_output.or(ask.max_output).unwrap_or(columns.longest);
    let Some(rank) = columns.ranks.nearest(input, output) else { return false };
    let plain = request.images == 0 && request.cached_input_tokens == 0 && !request.caching;
    match ask.max_output {
        // Who cannot give so much output is out already.
        Some(asked) if plain && columns.ranks.brief => {
            let expected = output.min(asked);
            let cost = move |ranked: &Ranked, output: u64| {
                let input =
                    u64::from(ranked.prompt).wrapping_mul(input).wrapping_add(u64::from(ranked.request));
                input.wrapping_add(u64::from(ranked.completion).wrapping_mul(output))
            };
            if limit == u64::MAX {
                enter(columns, rank, work, move |ranked| Some(cost(ranked, expected)));
            } else {
                enter(columns, rank, work, move |ranked| {
                    (cost(ranked, asked) <= limit).then(|| cost(ranked, expected))
                });
            }
        }
        asked => enter(columns, rank, work, |ranked| {
            let flat = columns.flat.get(at(ranked.place))?;
            let output = flat.output_limit(asked);
            if flat.worst_small(request, output) > limit {
                return None;
            }
            flat.expected_small(request, ask.expected_output, output)
        }),
    }
    true
}

/// Whether all that are still there have an expected cost that is known, and a worst one where a ceiling asks for it.
fn has_costs(judge: &Judge<'_>, work: &Work) -> bool {
    let (ask, columns) = (&judge.ask, &judge.bound.columns);
    let limited = ask.max_output.is_some() || ask.expected_output.is_some();
    (columns.all_priced || work.open.is_subset(&columns.priced))
        && (ask.request.images == 0 || work.open.is_subset(&columns.images))
        && (limited || work.open.is_subset(&columns.limited))
}

/// Enters those that have a cost, in the order of their ranks.
fn enter(columns: &Columns, rank: &Rank, work: &mut Work, cost: impl Fn(&Ranked) -> Option<u64>) {
    let Work { open, ranked, small, .. } = work;
    small.clear();
    // All words are zero before and after.
    each(open.as_slice().iter().copied(), |place| {
        let Some(rank) = rank.ranks.get(place) else { return };
        if let Some(word) = ranked.get_mut(at(*rank / usize::BITS)) {
            *word |= 1_usize.wrapping_shl(*rank);
        }
    });
    let bits = columns.place_bits;
    each(ranked.iter_mut().map(std::mem::take), |number| {
        if let Some(ranked) = rank.ranked.get(number)
            && let Some(cost) = cost(ranked)
        {
            small.push(cost.wrapping_shl(bits) | u64::from(ranked.place));
        }
    });
}

/// Calls `see` with each bit that is set.
fn each(words: impl Iterator<Item = usize>, mut see: impl FnMut(usize)) {
    let mut first = 0_usize;
    for word in words {
        let mut left = word;
        while left != 0 {
            see(first.wrapping_add(at(left.trailing_zeros())));
            left &= left.wrapping_sub(1);
        }
        first = first.wrapping_add(at(usize::BITS));
    }
}

/// Writes the plan. `first_only`: all but the first may stand anywhere.
pub(super) fn unpack(judge: &Judge<'_>, work: &mut Work, first_only: bool) {
    let columns = &judge.bound.columns;
    let (bits, unit) = (columns.place_bits, columns.unit);
    if first_only {
        let first = work.small.iter().enumerate().min_by_key(|(_, packed)| **packed).map(|(at, _)| at);
        if let Some(first) = first {
            work.small.swap(0, first);
        }
    } else {
        sort(&mut work.small);
    }
    let mask = 1_u64.wrapping_shl(bits).wrapping_sub(1);
    work.plan.extend(work.small.iter().map(|packed| Planned {
        place: u32::try_from(packed & mask).unwrap_or(u32::MAX),
        own: SHARED,
        tier: 1,
        expected: Some(unit.money(u128::from(packed.wrapping_shr(bits)))),
    }));
}

/// Sorts what is nearly sorted: by insertion, as long as little must be moved for it.
fn sort(keys: &mut [u64]) {
    let mut moves = keys.len().saturating_mul(16);
    let mut largest = 0;
    for number in 0..keys.len() {
        let Some(key) = keys.get(number).copied() else { break };
        if largest <= key {
            largest = key;
            continue;
        }
        let Some(sorted) = keys.get_mut(..=number) else { break };
        // From the back: what is larger goes one on.
        let mut slots = sorted.iter_mut().rev();
        let Some(mut hole) = slots.next() else { break };
        let mut moved = 0_usize;
        for slot in slots {
            if *slot <= key {
                break;
            }
            *hole = *slot;
            hole = slot;
            moved = moved.wrapping_add(1);
        }
        *hole = key;
        moves = moves.saturating_sub(moved);
        if moves == 0 {
            keys.sort_unstable();
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_nearly_sorted_is_sorted_too() {
        for length in [0, 1, 2, 3, 40, 1000] {
            let down: Vec<u64> = (0..length).rev().collect();
            let mixed: Vec<u64> = (0..length).map(|n| n * 7919 % 1009).collect();
            let nearly: Vec<u64> = (0..length).map(|n| n ^ 3).collect();
            for keys in [down, mixed, nearly] {
                let (mut sorted, mut ours) = (keys.clone(), keys);
                sorted.sort_unstable();
                sort(&mut ours);
                assert_eq!(ours, sorted);
            }
        }
    }
}
