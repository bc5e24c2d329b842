//! The order by this request's cost where plain prices alone decide it: cost and place of a candidate as one number.
//!
//! What bounds the worst cost is asked in the same go, since both costs have most of their arithmetic in common. The sums are in
//! 64 bits: that none passes them is seen beforehand, from the dearest prices of the catalog.

use super::columns::Columns;
use super::cost::Flat;
use super::expr::at;
use super::judge::{By, Judge};
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
    let plain = request.images == 0 && request.cached_input_tokens == 0 && !request.caching;
    match ask.max_output {
        // Who cannot give so much output is out already.
        Some(asked) if plain => {
            let expected = ask.expected_output.map_or(asked, |expected| expected.min(asked));
            let input = request.input_tokens;
            if limit == u64::MAX {
                enter(columns, work, (input, expected), |flat| Some(flat.small(input, expected)));
            } else {
                enter(columns, work, (input, expected), |flat| {
                    flat.small_within(input, asked, expected, limit)
                });
            }
        }
        asked => {
            let output = ask.expected_output.or(asked).unwrap_or(columns.longest);
            enter(columns, work, (request.input_tokens, output), |flat| {
                let output = flat.output_limit(asked);
                let worst = flat.worst_small(request, output);
                if worst > limit { None } else { flat.expected_small(request, ask.expected_output, output) }
            });
        }
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

/// Enters those that have a cost, in the order of the ratio of output to input that is nearest.
fn enter(
    columns: &Columns,
    work: &mut Work,
    (input, output): (u64, u64),
    cost: impl Fn(&Flat) -> Option<u64>,
) {
    let Work { open, ranked, small, .. } = work;
    small.clear();
    let Some(rank) = columns.ranks.nearest(input, output) else { return };
    ranked.clear();
    ranked.resize(open.as_slice().len(), 0);
    each(open.as_slice(), |place| {
        let Some(rank) = rank.ranks.get(place) else { return };
        if let Some(word) = ranked.get_mut(at(*rank / usize::BITS)) {
            *word |= 1_usize.wrapping_shl(*rank);
        }
    });
    each(ranked, |number| {
        let Some(place) = rank.places.get(number) else { return };
        if let Some(cost) = columns.flat.get(at(*place)).and_then(&cost) {
            small.push(cost.wrapping_shl(columns.place_bits) | u64::from(*place));
        }
    });
}

/// Calls `see` with each bit that is set.
fn each(words: &[usize], mut see: impl FnMut(usize)) {
    let mut first = 0_usize;
    for word in words {
        let mut left = *word;
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
    for number in 1..keys.len() {
        let (Some(key), mut hole) = (keys.get(number).copied(), number) else { continue };
        while let Some(before) = hole.checked_sub(1)
            && let Some([left, right]) = keys.get_mut(before..=hole)
            && *left > key
        {
            *right = *left;
            *left = key;
            hole = before;
        }
        moves = moves.saturating_sub(number.wrapping_sub(hole));
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
