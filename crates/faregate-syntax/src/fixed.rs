//! Exact decimals: whole numbers of 10^-24 in 128 bits.

use std::fmt;
use std::str::FromStr;

/// Decimal places that a [`Fixed`] holds.
pub const DECIMALS: u32 = 24;

/// An exact decimal: a whole number of 10^-24 in 128 bits, so up to some 1.7 × 10^14 in size.
///
/// Nothing is ever rounded: a text with more than 24 decimals, or too large, is an error, and arithmetic
/// is checked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fixed(i128);

/// Why a text is no [`Fixed`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FixedError {
    /// Not a decimal number.
    Malformed,
    /// More than 24 decimals.
    TooPrecise,
    /// Too large for 128 bits.
    TooLarge,
}

impl fmt::Display for FixedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not a decimal number",
            Self::TooPrecise => "more than 24 decimals",
            Self::TooLarge => "too large",
        })
    }
}

impl std::error::Error for FixedError {}

impl Fixed {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(10_i128.pow(DECIMALS));

    /// Returns `units` × 10^-24.
    #[must_use]
    pub const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// Returns the whole number of 10^-24.
    #[must_use]
    pub const fn units(self) -> i128 {
        self.0
    }

    /// Returns `n` as a decimal; `None` past the range.
    #[must_use]
    pub fn from_int(n: u64) -> Option<Self> {
        i128::from(n).checked_mul(Self::ONE.0).map(Self)
    }

    /// Returns the sum; `None` on overflow.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Returns the difference; `None` on overflow.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// Returns this times a whole number; `None` on overflow.
    #[must_use]
    pub fn checked_mul_int(self, n: u64) -> Option<Self> {
        self.0.checked_mul(i128::from(n)).map(Self)
    }

    /// Returns the exact product; `None` on overflow or where it needs more than 24 decimals.
    ///
    /// ```
    /// use faregate_syntax::Fixed;
    /// let half: Fixed = "0.5".parse().unwrap();
    /// assert_eq!(half.checked_mul(half).unwrap().to_string(), "0.25");
    /// ```
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        // Trailing zeros are moved out of both first, so that what fits is never lost to an intermediate.
        let (a, za) = strip_zeros(self.0);
        let (b, zb) = strip_zeros(other.0);
        let product = a.checked_mul(b)?;
        let zeros = za.checked_add(zb)?;
        if zeros >= DECIMALS {
            10_i128.checked_pow(zeros.checked_sub(DECIMALS)?)?.checked_mul(product).map(Self)
        } else {
            let divisor = 10_i128.checked_pow(DECIMALS.checked_sub(zeros)?)?;
            (product.checked_rem(divisor)? == 0).then(|| product.checked_div(divisor)).flatten().map(Self)
        }
    }

    /// Returns this divided by 10^`places`; `None` where that needs more than 24 decimals.
    #[must_use]
    pub fn checked_shift_right(self, places: u32) -> Option<Self> {
        let divisor = 10_i128.checked_pow(places)?;
        (self.0.checked_rem(divisor)? == 0).then(|| self.0.checked_div(divisor)).flatten().map(Self)
    }

    /// Returns this times 10^`places`; `None` on overflow.
    #[must_use]
    pub fn checked_shift_left(self, places: u32) -> Option<Self> {
        self.0.checked_mul(10_i128.checked_pow(places)?).map(Self)
    }
}

fn strip_zeros(mut n: i128) -> (i128, u32) {
    let mut zeros = 0_u32;
    if n == 0 {
        return (n, zeros);
    }
    // Division is what this costs, so that many zeros go at once, and none is tried where the number is not even enough.
    for (places, power) in [(16, 10_i128.pow(16)), (8, 10_i128.pow(8)), (4, 10_000), (2, 100), (1, 10)] {
        while n.trailing_zeros() >= places && n.checked_rem(power) == Some(0) {
            n = n.checked_div(power).unwrap_or(0);
            zeros = zeros.saturating_add(places);
        }
    }
    (n, zeros)
}

impl FromStr for Fixed {
    type Err = FixedError;

    /// Reads `-?digits[.digits][e[+-]digits]` without going through binary floating point.
    ///
    /// ```
    /// use faregate_syntax::{Fixed, FixedError};
    /// assert_eq!("3.125e-07".parse::<Fixed>().unwrap().to_string(), "0.0000003125");
    /// assert_eq!("1e-25".parse::<Fixed>(), Err(FixedError::TooPrecise));
    /// ```
    fn from_str(text: &str) -> Result<Self, FixedError> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((m, e)) => (m, parse_exponent(e)?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let dot_without_digits = mantissa.contains('.') && fraction.is_empty();
        if whole.is_empty() || dot_without_digits || !all_digits(whole) || !all_digits(fraction) {
            return Err(FixedError::Malformed);
        }
        let fraction = fraction.trim_end_matches('0');
        let mut units: i128 = 0;
        for b in whole.bytes().chain(fraction.bytes()) {
            let digit = i128::from(b.wrapping_sub(b'0'));
            units = units.checked_mul(10).and_then(|n| n.checked_add(digit)).ok_or(FixedError::TooLarge)?;
        }
        let decimals = i64::try_from(fraction.len()).map_err(|_| FixedError::TooPrecise)?;
        // units × 10^(exponent - decimals + 24)
        let shift = exponent.saturating_sub(decimals).saturating_add(i64::from(DECIMALS));
        let units = if units == 0 {
            0
        } else if shift >= 0 {
            let shift = u32::try_from(shift).map_err(|_| FixedError::TooLarge)?;
            10_i128.checked_pow(shift).and_then(|p| units.checked_mul(p)).ok_or(FixedError::TooLarge)?
        } else {
            let shift = u32::try_from(shift.unsigned_abs()).map_err(|_| FixedError::TooPrecise)?;
            let divisor = 10_i128.checked_pow(shift).ok_or(FixedError::TooPrecise)?;
            if units.checked_rem(divisor) != Some(0) {
                return Err(FixedError::TooPrecise);
            }
            units.checked_div(divisor).unwrap_or(0)
        };
        Ok(Self(if negative { units.wrapping_neg() } else { units }))
    }
}

fn parse_exponent(text: &str) -> Result<i64, FixedError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(FixedError::Malformed);
    }
    // Anything past a few digits is far out of range either way.
    let size =
        digits.trim_start_matches('0').parse::<i64>().unwrap_or(if digits.len() > 18 { i64::MAX } else { 0 });
    let size = size.min(1_000_000);
    Ok(if text.starts_with('-') { size.wrapping_neg() } else { size })
}

impl fmt::Display for Fixed {
    /// Writes the one canonical form: no exponent, no trailing zeros, no dot without decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        let one = Self::ONE.0.unsigned_abs();
        let whole = size.checked_div(one).unwrap_or(0);
        let fraction = size.checked_rem(one).unwrap_or(0);
        if self.0 < 0 {
            f.write_str("-")?;
        }
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{fraction:024}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl fmt::Debug for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_exact() {
        for (text, canonical) in [
            ("0", "0"),
            ("1e-7", "0.0000001"),
            ("0.10000000000000000001", "0.10000000000000000001"),
            ("3.125e-07", "0.0000003125"),
            ("1E+3", "1000"),
            ("-0.50", "-0.5"),
            ("000.100", "0.1"),
            ("170141183460469", "170141183460469"),
        ] {
            assert_eq!(text.parse::<Fixed>().unwrap().to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_held_is_refused() {
        for (text, error) in [
            ("", FixedError::Malformed),
            (".5", FixedError::Malformed),
            ("5.", FixedError::Malformed),
            ("1e", FixedError::Malformed),
            ("0x10", FixedError::Malformed),
            ("NaN", FixedError::Malformed),
            ("1_000", FixedError::Malformed),
            ("0.0000000000000000000000001", FixedError::TooPrecise),
            ("1e-99999999999999999999", FixedError::TooPrecise),
            ("1e99", FixedError::TooLarge),
            ("1000000000000000", FixedError::TooLarge),
        ] {
            assert_eq!(text.parse::<Fixed>(), Err(error), "{text}");
        }
    }

    #[test]
    fn all_zeros_at_the_end_are_stripped() {
        for zeros in 0..=37 {
            for digits in [1_i128, -1, 7, -25, 16_384] {
                if let Some(n) = 10_i128.pow(zeros).checked_mul(digits) {
                    assert_eq!(strip_zeros(n), (digits, zeros));
                }
            }
        }
        assert_eq!(strip_zeros(0), (0, 0));
        assert_eq!(strip_zeros(i128::MIN), (i128::MIN, 0));
    }

    #[test]
    fn products_are_exact_or_nothing() {
        let f = |s: &str| s.parse::<Fixed>().unwrap();
        assert_eq!(f("1.05").checked_mul(f("0.0156")), Some(f("0.01638")));
        assert_eq!(f("1e-20").checked_mul(f("1e-20")), None);
        assert_eq!(f("100000000000000").checked_mul(f("100")), None);
    }
}
