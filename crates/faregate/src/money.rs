//! Money and ratios: exact, checked, never through binary floating point.

use std::fmt;

use faregate_syntax::Fixed;

/// US dollars as a checked whole number of 10^-24, up to some 1.7 × 10^14 dollars.
///
/// Also the price of one unit: a token, an image, a call. Arithmetic gives `None` where the result does not
/// fit; nothing wraps and nothing is rounded.
///
/// ```
/// use faregate::Money;
/// let price: Money = "0.000003".parse().unwrap();
/// assert_eq!(price.times(1200).unwrap().to_string(), "0.0036");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(pub Fixed);

impl Money {
    /// No money.
    pub const ZERO: Self = Self(Fixed::ZERO);

    /// Returns the sum; `None` on overflow.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Returns the difference, never below zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        if other >= self { Self::ZERO } else { self.0.checked_sub(other.0).map_or(Self::ZERO, Self) }
    }

    /// Returns `n` times this; `None` on overflow.
    #[must_use]
    pub fn times(self, n: u64) -> Option<Self> {
        self.0.checked_mul_int(n).map(Self)
    }

    /// Returns this share of the amount; `None` on overflow or where it needs more than 24 decimals.
    #[must_use]
    pub fn share(self, ratio: Ratio) -> Option<Self> {
        self.0.checked_mul(ratio.0).map(Self)
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }
}

impl std::str::FromStr for Money {
    type Err = faregate_syntax::FixedError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Money {
    /// Writes the canonical form: no currency, no exponent, no trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}", self.0)
    }
}

/// Why a [`rust_decimal::Decimal`] and a [`Money`] cannot be turned into each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// It needs more than 24 decimals, or more digits than the other side holds.
    #[error("the amount needs more digits than can be held exactly")]
    TooPrecise,
    /// It is out of range.
    #[error("the amount is too large")]
    TooLarge,
}

impl TryFrom<rust_decimal::Decimal> for Money {
    type Error = MoneyError;

    /// ```
    /// use faregate::Money;
    /// let money = Money::try_from(rust_decimal::Decimal::new(25, 2)).unwrap();
    /// assert_eq!(money.to_string(), "0.25");
    /// ```
    fn try_from(decimal: rust_decimal::Decimal) -> Result<Self, MoneyError> {
        let units = Fixed::from_units(decimal.mantissa());
        // mantissa × 10^-scale, as a whole number of 10^-24.
        let shifted = match faregate_syntax::DECIMALS.checked_sub(decimal.scale()) {
            Some(left) => units.checked_shift_left(left).ok_or(MoneyError::TooLarge)?,
            None => {
                let right = decimal.scale().saturating_sub(faregate_syntax::DECIMALS);
                units.checked_shift_right(right).ok_or(MoneyError::TooPrecise)?
            }
        };
        Ok(Self(shifted))
    }
}

impl TryFrom<Money> for rust_decimal::Decimal {
    type Error = MoneyError;

    fn try_from(money: Money) -> Result<Self, MoneyError> {
        let mut units = money.0.units();
        let mut scale = faregate_syntax::DECIMALS;
        while scale > 0 && units.checked_rem(10) == Some(0) {
            units = units.checked_div(10).unwrap_or(units);
            scale = scale.saturating_sub(1);
        }
        Self::try_from_i128_with_scale(units, scale).map_err(|_| MoneyError::TooPrecise)
    }
}

/// A share: 0.995 is 99.5 %. Exact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ratio(pub Fixed);

impl fmt::Display for Ratio {
    /// Writes it as a percentage: `99.5%`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.checked_shift_left(2) {
            Some(percent) => write!(f, "{percent}%"),
            None => write!(f, "{}", self.0),
        }
    }
}

impl fmt::Debug for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
