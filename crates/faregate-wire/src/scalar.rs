//! Scalars of our shapes: money, counts, durations, ratios, instants. Each is a whole number of its smallest unit.

use std::fmt;

use faregate::MAX_COUNT;
use faregate_syntax::{Fixed, FixedError};
use serde::ser::{Serialize, Serializer};

use crate::slot::{Reader, Slot, Stop};
use crate::{Node, literal};

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Dollars, which may be owed; 10^-24.
    Money,
    /// Dollars, never below zero; 10^-24.
    Price,
    /// A decimal, never below zero; 10^-24.
    Decimal,
    /// A share between 0 and 1; 10^-24.
    Ratio,
    /// Milliseconds.
    Duration,
    /// Milliseconds that others told, however many.
    AnyDuration,
    /// A whole number up to [`MAX_COUNT`].
    Count,
    /// A whole number that others told, up to 2^64 - 1.
    AnyCount,
    /// A whole number, which may be below zero.
    Integer,
    /// Milliseconds since 1970.
    Instant,
    /// The same of any clock, also one that is beyond all calendars.
    AnyInstant,
    /// Year, month and day as eight digits.
    Date,
    /// Milliseconds since midnight.
    TimeOfDay,
}

impl Kind {
    fn expected(self) -> &'static str {
        match self {
            Self::Money | Self::Price => "money such as \"182.40\"",
            Self::Decimal => "a number",
            Self::Ratio => "a share such as 98.7%, or between 0 and 1",
            Self::Duration | Self::AnyDuration => "a duration such as \"2s\", or whole milliseconds",
            Self::Count | Self::AnyCount | Self::Integer => "a whole number",
            Self::Instant | Self::AnyInstant => "an instant such as 2026-11-23T10:00:00Z",
            Self::Date => "a day such as 2026-11-23",
            Self::TimeOfDay => "a time of day such as \"16:30\"",
        }
    }

    /// Returns the value of a node, or what is wrong with it.
    pub(crate) fn read(self, node: &Node) -> Result<i128, String> {
        let no = || format!("expected {}, found {}", self.expected(), node.found());
        match (self, node) {
            (Self::Money | Self::Price | Self::Decimal, Node::Number(text) | Node::Text(text)) => {
                self.decimal(text, &no)
            }
            (Self::Ratio, Node::Text(text)) if text.ends_with('%') => {
                let share = literal::ratio(text).ok_or_else(no)?;
                if share > Fixed::ONE { Err(no()) } else { Ok(share.units()) }
            }
            (Self::Ratio, Node::Number(text) | Node::Text(text)) => {
                let units = self.decimal(text, &no)?;
                if units > Fixed::ONE.units() { Err(no()) } else { Ok(units) }
            }
            (Self::Duration | Self::AnyDuration, Node::Text(text)) => {
                literal::duration_ms(text).filter(|ms| *ms <= MAX_COUNT).map(i128::from).ok_or_else(no)
            }
            (Self::Count | Self::Duration, Node::Number(raw)) => {
                let digits = raw.bytes().all(|b| b.is_ascii_digit());
                match raw.parse::<u64>().ok().filter(|n| digits && *n <= MAX_COUNT) {
                    Some(n) => Ok(n.into()),
                    None if digits => Err(format!("{} is too large; at most {MAX_COUNT}", node.found())),
                    None => Err(no()),
                }
            }
            (Self::AnyCount | Self::AnyDuration, Node::Number(raw)) => {
                let digits = raw.bytes().all(|b| b.is_ascii_digit());
                raw.parse::<u64>().ok().filter(|_| digits).map(i128::from).ok_or_else(no)
            }
            (Self::Integer, Node::Number(raw)) => {
                let digits = raw.strip_prefix('-').unwrap_or(raw).bytes().all(|b| b.is_ascii_digit());
                raw.parse::<i64>().ok().filter(|_| digits).map(i128::from).ok_or_else(no)
            }
            (Self::Instant | Self::AnyInstant, Node::Text(text)) => {
                let beyond = text.strip_suffix("ms").filter(|_| self == Self::AnyInstant);
                match beyond {
                    Some(ms) => ms.parse::<i64>().map(i128::from).map_err(|_| no()),
                    None => text.parse::<faregate::Timestamp>().map(|at| at.0.into()).map_err(|_| no()),
                }
            }
            (Self::Date, Node::Text(text)) => date(text).ok_or_else(no),
            (Self::TimeOfDay, Node::Text(text)) => time_of_day(text).ok_or_else(no),
            _ => Err(no()),
        }
    }

    fn decimal(self, text: &str, no: &dyn Fn() -> String) -> Result<i128, String> {
        match text.parse::<Fixed>() {
            Ok(value) if value < Fixed::ZERO && self != Self::Money => Err(format!("{text} is below zero")),
            Ok(value) => Ok(value.units()),
            Err(FixedError::Malformed) => Err(no()),
            Err(error) => Err(format!("{}: {error}", crate::node::shortened(text))),
        }
    }
}

/// Returns `2026-11-23` as 20261123 if there is such a day.
fn date(text: &str) -> Option<i128> {
    let shape = |(n, b): (usize, u8)| if n == 4 || n == 7 { b == b'-' } else { b.is_ascii_digit() };
    if text.len() != 10 || !text.bytes().enumerate().all(shape) {
        return None;
    }
    // The calendar is that of the engine.
    format!("{text}T00:00:00Z").parse::<faregate::Timestamp>().ok()?;
    text.replace('-', "").parse().ok()
}

/// Returns the milliseconds since midnight of `16:30`, `16:30:15` or `16:30:15.250`.
fn time_of_day(text: &str) -> Option<i128> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = clock.split(':').map(|part| {
        (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()))
            .then(|| part.parse::<i128>().ok())
            .flatten()
    });
    let hours = parts.next()??;
    let minutes = parts.next()??;
    let seconds = parts.next();
    let ends = parts.next().is_none();
    let whole_minutes = seconds.is_none();
    let seconds = seconds.unwrap_or(Some(0))?;
    let digits = (1..=3).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit());
    let fraction_ok = digits && !(whole_minutes && text.contains('.'));
    if hours > 23 || minutes > 59 || seconds > 59 || !ends || !fraction_ok {
        return None;
    }
    let ms = format!("{fraction:0<3}").parse::<i128>().ok()?;
    let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
    minutes.checked_mul(60)?.checked_add(seconds)?.checked_mul(1000)?.checked_add(ms)
}

/// A scalar: its type in the engine, how that comes from a whole number of its kind, and how it is written.
macro_rules! scalars {
    ($($(#[$doc:meta])* $name:ident($inner:ty) from $from:expr, write $write:expr, schema $schema:tt;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub(crate) struct $name(pub(crate) $inner);

            impl Default for $name {
                fn default() -> Self {
                    let convert: fn(i128) -> $inner = $from;
                    Self(convert(0))
                }
            }

            impl Slot for $name {
                fn fill(&mut self, from: &Reader<'_>) -> Result<(), Stop> {
                    let convert: fn(i128) -> $inner = $from;
                    if let Some(number) = from.scalar(Kind::$name) {
                        self.0 = convert(number);
                    }
                    Ok(())
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let write: fn(&$inner) -> Written = $write;
                    match write(&self.0) {
                        Written::Number(n) => serializer.serialize_i64(n),
                        Written::Unsigned(n) => serializer.serialize_u64(n),
                        Written::Text(text) => serializer.serialize_str(&text),
                    }
                }
            }

            #[cfg(feature = "schema")]
            impl schemars::JsonSchema for $name {
                fn schema_name() -> std::borrow::Cow<'static, str> {
                    stringify!($name).into()
                }

                fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                    schemars::json_schema!($schema)
                }
            }
        )*
    };
}

/// How a scalar is written.
enum Written {
    Number(i64),
    Unsigned(u64),
    Text(String),
}

fn number<T: TryInto<i64>>(n: T) -> Written {
    Written::Number(n.try_into().unwrap_or(i64::MAX))
}

fn text(value: impl fmt::Display) -> Written {
    Written::Text(value.to_string())
}

/// Narrows a number; those of its kind fit.
fn whole<T: TryFrom<i128> + Default>(n: i128) -> T {
    n.try_into().unwrap_or_default()
}

scalars! {
    /// Dollars as a decimal.
    Money(faregate::Money) from |n| faregate::Money(Fixed::from_units(n)), write |m| text(m), schema {
        "description": "dollars as a decimal, text or number, at most 24 decimals",
        "type": ["string", "number"], "pattern": r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$",
    };
    /// Dollars as a decimal, never below zero.
    Price(faregate::Money) from |n| faregate::Money(Fixed::from_units(n)), write |m| text(m), schema {
        "description": "dollars as a decimal, text or number, at most 24 decimals, not below zero",
        "type": ["string", "number"], "pattern": r"^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$", "minimum": 0,
    };
    /// A decimal, never below zero.
    Decimal(Fixed) from Fixed::from_units, write |d| text(d), schema {
        "description": "a decimal, text or number, at most 24 decimals, not below zero",
        "type": ["string", "number"], "pattern": r"^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$", "minimum": 0,
    };
    /// A share.
    Ratio(faregate::Ratio) from |n| faregate::Ratio(Fixed::from_units(n)), write |r| text(r), schema {
        "description": "a share: `98.7%`, or a decimal between 0 and 1",
        "type": ["string", "number"], "minimum": 0, "maximum": 1,
        "pattern": r"^[0-9_]+(\.[0-9_]+)?%$|^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$",
    };
    /// Milliseconds.
    Duration(u64) from whole, write |n| number(*n), schema {
        "description": "a duration: `250ms`, `2s`, `5m`, `1h`, `7d`, or whole milliseconds",
        "type": ["string", "integer"], "minimum": 0, "maximum": 9_007_199_254_740_991_u64,
        "pattern": r"^[0-9_]+(\.[0-9_]+)?(ms|s|m|h|d)$",
    };
    /// Milliseconds that others told.
    AnyDuration(u64) from whole, write |n| Written::Unsigned(*n), schema {
        "description": "a duration: `250ms`, `2s`, `5m`, `1h`, `7d`, or whole milliseconds",
        "type": ["string", "integer"], "minimum": 0,
        "pattern": r"^[0-9_]+(\.[0-9_]+)?(ms|s|m|h|d)$",
    };
    /// A whole number that others told.
    AnyCount(u64) from whole, write |n| Written::Unsigned(*n), schema {
        "description": "a whole number, written in digits", "type": "integer", "minimum": 0,
    };
    /// A whole number.
    Count(u64) from whole, write |n| number(*n), schema {
        "description": "a whole number, written in digits",
        "type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_u64,
    };
    /// A whole number, which may be below zero.
    Integer(i64) from whole, write |n| number(*n), schema {
        "description": "a whole number", "type": "integer",
    };
    /// An instant.
    Instant(faregate::Timestamp) from |n| faregate::Timestamp(whole(n)), write |t| text(t),
    schema {
        "description": "an instant as RFC 3339", "type": "string", "format": "date-time",
    };
    /// An instant of any clock.
    AnyInstant(faregate::Timestamp) from |n| faregate::Timestamp(whole(n)),
    write |t| text(t), schema {
        "description": "an instant as RFC 3339", "type": "string", "format": "date-time",
    };
    /// A day.
    Date(faregate::Date) from day_of, write |d| text(date_text(*d)), schema {
        "description": "a day", "type": "string", "format": "date",
    };
    /// A time of day.
    TimeOfDay(faregate::TimeOfDay) from |n| faregate::TimeOfDay(whole(n)),
    write |t| text(clock(*t)), schema {
        "description": "a time of day: `16:30`, also with seconds",
        "type": "string", "pattern": r"^[0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,3})?)?$",
    };
}

fn day_of(digits: i128) -> faregate::Date {
    let part = |unit: i128, of: i128| digits.checked_div(unit).and_then(|n| n.checked_rem(of)).unwrap_or(0);
    faregate::Date {
        year: whole(part(10_000, 10_000)),
        month: whole(part(100, 100)),
        day: whole(part(1, 100)),
    }
}

/// Writes `2026-11-23`.
pub(crate) fn date_text(date: faregate::Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

/// Writes `16:30`, with seconds and milliseconds only where there are any.
fn clock(time: faregate::TimeOfDay) -> String {
    let part = |unit: u32, of: u32| time.0.checked_div(unit).and_then(|n| n.checked_rem(of)).unwrap_or(0);
    let (hours, minutes, seconds, ms) =
        (part(3_600_000, 24), part(60_000, 60), part(1000, 60), part(1, 1000));
    match (seconds, ms) {
        (0, 0) => format!("{hours:02}:{minutes:02}"),
        (_, 0) => format!("{hours:02}:{minutes:02}:{seconds:02}"),
        _ => format!("{hours:02}:{minutes:02}:{seconds:02}.{ms:03}"),
    }
}
