//! `balance`: a permutation drawn from a hash, the same on every machine (rule 24).

use super::candidate::Candidate;
use super::order::by_expected;
use crate::{Money, Ratio};

/// The weight of a share of one.
const SCALE: u64 = 1_000_000_000_000;

/// Draws by 1/price², price zero first, unknown last. The group is sorted by id.
pub(crate) fn by_price<'a>(seed: &str, group: Vec<Candidate<'a>>) -> Vec<Candidate<'a>> {
    let (free, rest): (Vec<_>, Vec<_>) =
        group.into_iter().partition(|c| c.expected.is_some_and(Money::is_zero));
    let (priced, unknown): (Vec<_>, Vec<_>) = rest.into_iter().partition(|c| c.expected.is_some());
    let least = priced.iter().filter_map(|c| c.expected).min().unwrap_or(Money::ZERO);
    let weighed = priced.into_iter().map(|c| {
        let weight = c.expected.map_or(1, |p| price_weight(least, p));
        (c, weight)
    });
    let drawn = draw(seed, weighed.collect());
    free.into_iter().chain(drawn).chain(unknown).collect()
}

/// Draws by the shares of providers, those not named last, by price. The group is sorted by id.
pub(crate) fn by_shares<'a>(
    seed: &str,
    shares: &[(String, Ratio)],
    group: Vec<Candidate<'a>>,
) -> Vec<Candidate<'a>> {
    let share_of =
        |c: &Candidate<'_>| shares.iter().find(|(p, _)| *p == c.endpoint.provider).map(|(_, s)| *s);
    let (named, mut others): (Vec<_>, Vec<_>) = group.into_iter().partition(|c| share_of(c).is_some());
    let weights: Vec<u64> = named
        .iter()
        .map(|c| {
            let siblings = named.iter().filter(|o| o.endpoint.provider == c.endpoint.provider).count();
            share_of(c).map_or(0, |share| share_weight(share, siblings))
        })
        .collect();
    others.sort_by(by_expected);
    let mut ordered = draw(seed, named.into_iter().zip(weights).collect());
    ordered.extend(others);
    ordered
}

/// floor(10^12 × share / siblings)
pub(crate) fn share_weight(share: Ratio, siblings: usize) -> u64 {
    let units = share.0.units().max(0).unsigned_abs();
    // A share is at most one, so the product is at most 10^36, below 2^127.
    let scaled = units.saturating_mul(u128::from(SCALE));
    let one = faregate_syntax::Fixed::ONE.units().unsigned_abs();
    let siblings = u128::try_from(siblings).unwrap_or(1).max(1);
    let divisor = one.saturating_mul(siblings);
    scaled.checked_div(divisor).and_then(|w| u64::try_from(w).ok()).unwrap_or(0)
}

/// max(1, floor(10^12 × (least / price)²)), exactly.
pub(crate) fn price_weight(least: Money, price: Money) -> u64 {
    let least = least.0.units().unsigned_abs();
    let price = price.0.units().unsigned_abs();
    let wanted = Wide::square(least).times(SCALE);
    let square = Wide::square(price);
    // The largest weight whose product with price² does not pass 10^12 × least².
    let (mut low, mut high) = (0_u64, SCALE);
    while low < high {
        let middle = low.saturating_add(high.saturating_sub(low).div_ceil(2));
        if square.times(middle) <= wanted {
            low = middle;
        } else {
            high = middle.saturating_sub(1);
        }
    }
    low.max(1)
}

/// A whole number of 384 bits: six limbs, the most significant first, so that comparison is by limbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wide([u64; 6]);

impl Wide {
    fn square(n: u128) -> Self {
        let limbs = |n: u128| [low(n), low(n.wrapping_shr(64))];
        let parts = limbs(n);
        let mut sum = Self([0; 6]);
        for (i, a) in parts.into_iter().enumerate() {
            let row = Self::from_u128(n).times(a);
            sum = sum.plus(if i == 0 { row } else { row.shifted() });
        }
        sum
    }

    fn from_u128(n: u128) -> Self {
        Self([0, 0, 0, 0, low(n.wrapping_shr(64)), low(n)])
    }

    fn times(self, factor: u64) -> Self {
        let mut carry: u128 = 0;
        let mut limbs = self.0;
        for limb in limbs.iter_mut().rev() {
            // (2^64 - 1)² + 2^64 - 1 is below 2^128.
            let product = u128::from(*limb).wrapping_mul(u128::from(factor)).wrapping_add(carry);
            *limb = low(product);
            carry = product.wrapping_shr(64);
        }
        Self(limbs)
    }

    fn plus(self, other: Self) -> Self {
        let mut carry: u128 = 0;
        let mut limbs = self.0;
        for (limb, add) in limbs.iter_mut().zip(other.0).rev() {
            let sum = u128::from(*limb).wrapping_add(u128::from(add)).wrapping_add(carry);
            *limb = low(sum);
            carry = sum.wrapping_shr(64);
        }
        Self(limbs)
    }

    /// Times 2^64.
    fn shifted(self) -> Self {
        let [_, a, b, c, d, e] = self.0;
        Self([a, b, c, d, e, 0])
    }
}

/// The low 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
fn low(n: u128) -> u64 {
    n as u64
}

/// Draws without replacement: round r picks by BLAKE3("balance\0" seed "\0" r) modulo the weight that is left.
fn draw<'a>(seed: &str, mut left: Vec<(Candidate<'a>, u64)>) -> Vec<Candidate<'a>> {
    let mut drawn = Vec::with_capacity(left.len());
    for round in 1_u64.. {
        let total: u128 = left.iter().map(|(_, w)| u128::from(*w)).sum();
        if total == 0 {
            break;
        }
        let mut point = u128::from(hash(seed, round)).checked_rem(total).unwrap_or(0);
        let at = left.iter().position(|(_, w)| match point.checked_sub(u128::from(*w)) {
            Some(beyond) => {
                point = beyond;
                false
            }
            None => true,
        });
        let Some(at) = at else { break };
        drawn.push(left.remove(at).0);
    }
    // Only candidates without weight are left; they keep the order of their ids.
    drawn.extend(left.into_iter().map(|(c, _)| c));
    drawn
}

/// The first 8 bytes, little-endian, of BLAKE3("balance\0" seed "\0" round).
fn hash(seed: &str, round: u64) -> u64 {
    crate::draw::first_eight(&[b"balance\0", seed.as_bytes(), b"\0", round.to_string().as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_by_price_are_exact() {
        let money = |s: &str| s.parse::<Money>().unwrap();
        for (least, price, weight) in [
            ("1", "1", SCALE),
            ("1", "2", 250_000_000_000),
            ("1", "3", 111_111_111_111),
            ("0.000000000000000000000001", "100000000000000", 1),
            ("99999999999999.999999999999999999999999", "100000000000000", 999_999_999_999),
        ] {
            assert_eq!(price_weight(money(least), money(price)), weight, "{least} against {price}");
        }
    }

    #[test]
    fn weights_by_share_divide_among_the_candidates_of_a_provider() {
        let ratio = |s: &str| Ratio(s.parse().unwrap());
        assert_eq!(share_weight(ratio("0.7"), 1), 700_000_000_000);
        assert_eq!(share_weight(ratio("1"), 3), 333_333_333_333);
        assert_eq!(share_weight(ratio("0"), 1), 0);
    }
}
