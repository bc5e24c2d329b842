//! Endpoints in the order of what they cost, worked out beforehand for some ratios of output to input.
//!
//! Which of two endpoints is cheaper depends on how much output comes with how much input, and on little else. Candidates
//! that are looked at in the order of the nearest ratio stand nearly in the order of their costs, so that sorting them is
//! little work. These orders decide nothing: what is sorted in the end are the costs of the request.

use super::cost::Flat;
use super::expr::{at, id};

/// The smallest ratio is 2^-10; each is twice the one before.
const RATIOS: u32 = 16;
const LEAST: u32 = 10;

/// The input for which the orders are made.
const INPUT: u64 = 4096;

/// One order for each ratio.
#[derive(Debug, Default)]
pub(super) struct Ranks {
    orders: Vec<Rank>,
    /// Whether all prices of a token and of a request that are known fit 32 bits, and reasoning costs what other output does.
    pub(super) brief: bool,
}

/// One order: who has each rank, and the rank of each place.
#[derive(Debug, Default)]
pub(super) struct Rank {
    pub(super) ranked: Vec<Ranked>,
    pub(super) ranks: Vec<u32>,
}

/// An endpoint, and what of its prices most requests are about, where that fits ([`Ranks::brief`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ranked {
    pub(super) place: u32,
    pub(super) prompt: u32,
    pub(super) completion: u32,
    pub(super) request: u32,
}

impl Ranks {
    pub(super) fn new(flat: &[Flat]) -> Self {
        let brief = flat.iter().all(|flat| flat.is_blank() || flat.brief().is_some());
        Self { orders: (0..RATIOS).map(|ratio| Rank::new(flat, ratio)).collect(), brief }
    }

    /// Returns the order whose ratio is nearest.
    pub(super) fn nearest(&self, input: u64, output: u64) -> Option<&Rank> {
        // Counts are below 2^53, so that nothing is lost. A factor of √2 rounds the logarithm.
        let ratio = output.wrapping_shl(LEAST).checked_div(input.max(1)).unwrap_or(0);
        let rounded = (ratio.saturating_mul(181) / 128).max(1);
        self.orders.get(at(rounded.ilog2().min(RATIOS - 1)))
    }
}

impl Rank {
    fn new(flat: &[Flat], ratio: u32) -> Self {
        let output = (INPUT >> LEAST) << ratio;
        let mut sorted: Vec<(u128, u32)> =
            (0_u32..).zip(flat).map(|(n, f)| (f.sum(INPUT, output), n)).collect();
        sorted.sort_unstable();
        let mut ranks = vec![0; flat.len()];
        for (rank, (_, place)) in sorted.iter().enumerate() {
            if let Some(slot) = ranks.get_mut(at(*place)) {
                *slot = id(rank);
            }
        }
        let ranked = |(_, place): (u128, u32)| {
            let brief = flat.get(at(place)).and_then(Flat::brief);
            let (prompt, completion, request) = brief.unwrap_or_default();
            Ranked { place, prompt, completion, request }
        };
        Self { ranked: sorted.into_iter().map(ranked).collect(), ranks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_ratio_is_taken() {
        let ranked = |place| Ranked { place, prompt: 0, completion: 0, request: 0 };
        let orders = (0..RATIOS).map(|n| Rank { ranked: vec![ranked(n)], ranks: vec![0] }).collect();
        let ranks = Ranks { orders, brief: true };
        let nearest = |input, output| ranks.nearest(input, output).map(|rank| rank.ranked.clone());
        // 2^-10 is the first, 1 the eleventh, 2^5 the last; 1.5 is nearer to 2 than to 1 as a power, 1.4 is not.
        for (input, output, number) in [
            (1024, 1, 0),
            (1 << 52, 0, 0),
            (1000, 1000, 10),
            (1000, 1400, 10),
            (1000, 1500, 11),
            (0, 32, 15),
            (1, crate::MAX_COUNT, 15),
        ] {
            assert_eq!(nearest(input, output), Some(vec![ranked(number)]), "{output} / {input}");
        }
    }
}
