//! Instants, days, times of day, zones: all of it given, none of it read from the machine.

mod zones;

use std::fmt;

use jiff::civil;

pub use faregate_syntax::ast::Date;
pub use zones::Zone;

/// Milliseconds of a day.
pub(crate) const DAY_MS: u32 = 86_400_000;

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp(pub i64);

/// A time of day: milliseconds since midnight, below 86,400,000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct TimeOfDay(pub u32);

/// A text is no RFC 3339 instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an instant such as 2026-11-23T10:00:00Z")]
pub struct TimestampError;

impl std::str::FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads RFC 3339. Parts of a millisecond are cut.
    ///
    /// ```
    /// use faregate::Timestamp;
    /// let noon: Timestamp = "2026-11-23T13:00:00+01:00".parse().unwrap();
    /// assert_eq!(noon.to_string(), "2026-11-23T12:00:00Z");
    /// ```
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let bytes = text.as_bytes();
        let separated = bytes.get(10).is_some_and(|b| matches!(b, b'T' | b't'));
        let stamp: jiff::Timestamp = text.parse().map_err(|_| TimestampError)?;
        if separated { Ok(Self(stamp.as_millisecond())) } else { Err(TimestampError) }
    }
}

impl fmt::Display for Timestamp {
    /// Writes RFC 3339 in UTC, with milliseconds only where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(stamp) => write!(f, "{stamp}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

/// An instant as a wall clock shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wall {
    pub(crate) date: Date,
    pub(crate) time: TimeOfDay,
    /// 0 is Monday.
    pub(crate) weekday: u8,
}

/// How long a budget counts before it begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant is the word of the language")]
pub enum Period {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Total,
}

impl Period {
    pub(crate) const NAMES: [&'static str; 6] = ["minute", "hour", "day", "week", "month", "total"];

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "minute" => Self::Minute,
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "total" => Self::Total,
            _ => return None,
        })
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Total => "total",
        }
    }
}

impl Zone {
    pub(crate) fn wall(&self, at: Timestamp) -> Option<Wall> {
        let at = jiff::Timestamp::from_millisecond(at.0).ok()?;
        let shown = self.offset(at).to_datetime(at);
        let (date, time) = (shown.date(), shown.time());
        let part = |n: i16, ms: u32| u32::from(n.unsigned_abs()).saturating_mul(ms);
        let ms = part(i16::from(time.hour()), 3_600_000)
            .saturating_add(part(i16::from(time.minute()), 60_000))
            .saturating_add(part(i16::from(time.second()), 1000))
            .saturating_add(part(time.millisecond(), 1));
        let weekday = date.weekday().to_monday_zero_offset().unsigned_abs();
        let date =
            Date { year: date.year(), month: date.month().unsigned_abs(), day: date.day().unsigned_abs() };
        Some(Wall { date, time: TimeOfDay(ms), weekday })
    }

    /// Returns the window of a period that holds an instant: its start (inside) and its end (outside).
    /// `None` for `total`, and out of the calendar's range.
    pub(crate) fn window(&self, period: Period, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let instant = jiff::Timestamp::from_millisecond(at.0).ok()?;
        let offset = self.offset(instant);
        let day = offset.to_datetime(instant).date();
        let (first, last) = match period {
            Period::Total => return None,
            // Minutes and hours are lengths of time. Where a zone is off by parts of an hour, hours begin on its clock.
            Period::Minute | Period::Hour => {
                let length = if period == Period::Minute { 60_000 } else { 3_600_000 };
                let offset = i64::from(offset.seconds()).checked_mul(1000)?;
                let into = at.0.checked_add(offset)?.checked_rem_euclid(length)?;
                let start = at.0.checked_sub(into)?;
                return Some((Timestamp(start), Timestamp(start.checked_add(length)?)));
            }
            Period::Day => (day, day.tomorrow().ok()?),
            Period::Week => {
                let back = i32::from(day.weekday().to_monday_zero_offset());
                let first = day.checked_sub(jiff::Span::new().days(back)).ok()?;
                (first, first.checked_add(jiff::Span::new().days(7)).ok()?)
            }
            Period::Month => {
                let first = civil::Date::new(day.year(), day.month(), 1).ok()?;
                (first, first.checked_add(jiff::Span::new().months(1)).ok()?)
            }
        };
        let start = |date: civil::Date| self.midnight(date).map(|at| Timestamp(at.as_millisecond()));
        Some((start(first)?, start(last)?))
    }
}

/// Whether an instant lies in the years that the calendar covers. Outside there are no days and no windows.
pub(crate) fn in_calendar(at: Timestamp) -> bool {
    jiff::Timestamp::from_millisecond(at.0).is_ok()
}

/// Returns the day of an instant in UTC.
pub(crate) fn utc_date(at: Timestamp) -> Option<Date> {
    Zone::utc().wall(at).map(|w| w.date)
}

/// Writes `2026-12-31`.
pub(crate) fn date_text(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year, date.month, date.day)
}

/// Returns the days from 1970-01-01 to a day.
pub(crate) fn day_number(date: Date) -> i128 {
    let epoch = civil::date(1970, 1, 1);
    let day = civil::Date::new(
        date.year,
        i8::try_from(date.month).unwrap_or(1),
        i8::try_from(date.day).unwrap_or(1),
    );
    day.ok().and_then(|d| d.since(epoch).ok()).map_or(0, |span| i128::from(span.get_days()))
}

/// Returns the day that lies a number of days after 1970-01-01.
pub(crate) fn day_from_number(days: i128) -> Option<Date> {
    let day = civil::date(1970, 1, 1)
        .checked_add(jiff::Span::new().try_days(i64::try_from(days).ok()?).ok()?)
        .ok()?;
    Some(Date { year: day.year(), month: day.month().unsigned_abs(), day: day.day().unsigned_abs() })
}
