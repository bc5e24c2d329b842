//! Literals: from their text to their value.

use jiff::civil;
use jiff::tz::Offset;
use pest::Parser;

use crate::ast::{Date, LiteralKind, Unit};
use crate::grammar::{Grammar, Rule};
use crate::messages::{self, Problem};
use crate::{Fixed, FixedError};

/// The largest count, and the longest duration in milliseconds: 2^53 - 1, which every JSON reader keeps exact.
const MAX_COUNT: u64 = (1 << 53) - 1;

/// Milliseconds in each unit of time.
const SECOND: u64 = 1_000;
const MINUTE: u64 = 60_000;
const HOUR: u64 = 3_600_000;
const DAY: u64 = 86_400_000;

/// Returns the value of a literal that stands alone in `text`.
///
/// # Errors
/// What is wrong with it, in one plain sentence, if `text` is not one literal of the language.
///
/// ```
/// use faregate_syntax::ast::LiteralKind;
/// use faregate_syntax::parse_literal;
/// assert_eq!(parse_literal("2s"), Ok(LiteralKind::Duration(2_000)));
/// assert_eq!(parse_literal("2k"), Ok(LiteralKind::Count(2_000)));
/// assert!(parse_literal("two seconds").is_err());
/// ```
pub fn parse_literal(text: &str) -> Result<LiteralKind, String> {
    let whole = || messages::no_literal(text);
    let mut pairs = Grammar::parse(Rule::literal, text).map_err(|_| whole())?;
    let literal = pairs.next().filter(|pair| pair.as_span().end() == text.len()).ok_or_else(whole)?;
    let form = literal.into_inner().next().ok_or_else(whole)?;
    let kind = match form.as_rule() {
        Rule::price => {
            let mut parts = form.into_inner().filter(|part| part.as_rule() != Rule::kw_per);
            let (money, unit) = (parts.next().ok_or_else(whole)?, parts.next().ok_or_else(whole)?);
            price(money.as_str(), unit.as_str())
        }
        rule => value(rule, form.as_str()),
    };
    kind.map_err(Problem::into_text)
}

/// Returns the value of a literal of the form `rule`, which is not a price.
pub(crate) fn value(rule: Rule, text: &str) -> Result<LiteralKind, Problem> {
    match rule {
        Rule::money => dollars(text).map(LiteralKind::Money),
        Rule::ratio => ratio(text),
        Rule::count => count(text),
        Rule::duration => duration(text),
        Rule::date => date(text).map(|day| LiteralKind::Date(plain(day))),
        Rule::instant => instant(text),
        Rule::time_of_day => time_of_day(text),
        _ => Err(messages::bad_literal(text)),
    }
}

/// Returns the value of `$5 per Mtok`.
pub(crate) fn price(money: &str, unit: &str) -> Result<LiteralKind, Problem> {
    let unit = match unit {
        "Mtok" => Unit::Mtok,
        "image" => Unit::Image,
        "call" => Unit::Call,
        _ => return Err(messages::bad_literal(unit)),
    };
    dollars(money).map(|amount| LiteralKind::Price(amount, unit))
}

fn dollars(text: &str) -> Result<Fixed, Problem> {
    decimal(text, text.strip_prefix('$').unwrap_or(text))
}

/// Reads `number`, a part of the literal `text`.
fn decimal(text: &str, number: &str) -> Result<Fixed, Problem> {
    number.replace('_', "").parse().map_err(|error| match error {
        FixedError::Malformed => messages::bad_literal(text),
        FixedError::TooPrecise => messages::too_precise(text),
        FixedError::TooLarge => messages::too_large(text),
    })
}

fn ratio(text: &str) -> Result<LiteralKind, Problem> {
    let percent = decimal(text, text.strip_suffix('%').unwrap_or(text))?;
    percent.checked_shift_right(2).map(LiteralKind::Ratio).ok_or_else(|| messages::too_precise(text))
}

fn count(text: &str) -> Result<LiteralKind, Problem> {
    let (number, factor) = match (text.strip_suffix('k'), text.strip_suffix('M')) {
        (Some(number), _) => (number, 1_000),
        (_, Some(number)) => (number, 1_000_000),
        _ => (text, 1),
    };
    times(text, number, factor)?.map(LiteralKind::Count).ok_or_else(|| messages::count_not_whole(text))
}

fn duration(text: &str) -> Result<LiteralKind, Problem> {
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(at).unwrap_or((text, ""));
    let unit_ms = match unit {
        "ms" => 1,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        _ => return Err(messages::bad_literal(text)),
    };
    times(text, number, unit_ms)?.map(LiteralKind::Duration).ok_or_else(|| messages::duration_not_whole(text))
}

/// Returns `number` times `factor` if that is whole; both are parts of the literal `text`.
fn times(text: &str, number: &str, factor: u64) -> Result<Option<u64>, Problem> {
    let number = number.replace('_', "");
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    let fraction = fraction.trim_end_matches('0');
    let decimals = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
    // No factor makes more decimals whole than it has digits itself.
    let Some(divisor) = 10_u128.checked_pow(decimals).filter(|_| decimals < 20) else { return Ok(None) };
    let digits = format!("{whole}{fraction}").parse::<u128>().ok();
    let product =
        digits.and_then(|n| n.checked_mul(u128::from(factor))).ok_or_else(|| messages::too_large(text))?;
    if product.checked_rem(divisor) != Some(0) {
        return Ok(None);
    }
    let quotient = product.checked_div(divisor).and_then(|n| u64::try_from(n).ok());
    quotient.filter(|n| *n <= MAX_COUNT).map(Some).ok_or_else(|| messages::too_large(text))
}

fn date(text: &str) -> Result<civil::Date, Problem> {
    let mut parts = text.splitn(3, '-');
    let mut part = || parts.next().unwrap_or("").parse::<i16>().ok();
    let (year, month, day) = (part(), part(), part());
    let small = |n: Option<i16>| n.and_then(|n| i8::try_from(n).ok());
    match (year, small(month), small(day)) {
        (Some(year), Some(month), Some(day)) => civil::Date::new(year, month, day).ok(),
        _ => None,
    }
    .ok_or_else(|| messages::no_such_day(text))
}

fn plain(day: civil::Date) -> Date {
    Date { year: day.year(), month: day.month().unsigned_abs(), day: day.day().unsigned_abs() }
}

fn instant(text: &str) -> Result<LiteralKind, Problem> {
    let (day, clock) = text.split_once('T').unwrap_or((text, ""));
    let day = date(day)?;
    let clock = clock.strip_suffix('Z').unwrap_or(clock);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let time = clock_time(text, clock)?;
    // One to three decimals of a second.
    let ms = format!("{fraction:0<3}").parse::<i64>().map_err(|_| messages::bad_literal(text))?;
    let instant = Offset::UTC.to_timestamp(day.to_datetime(time)).map_err(|_| messages::no_such_day(text))?;
    Ok(LiteralKind::Instant(instant.as_millisecond().saturating_add(ms)))
}

fn time_of_day(text: &str) -> Result<LiteralKind, Problem> {
    let time = clock_time(text, text)?;
    let seconds = [(time.hour(), HOUR), (time.minute(), MINUTE), (time.second(), SECOND)];
    let ms = seconds
        .into_iter()
        .fold(0_u64, |sum, (n, unit)| sum.saturating_add(u64::from(n.unsigned_abs()).saturating_mul(unit)));
    u32::try_from(ms).map(LiteralKind::TimeOfDay).map_err(|_| messages::no_such_time(text))
}

/// Reads `09:00` or `09:00:30`, a part of the literal `text`.
fn clock_time(text: &str, clock: &str) -> Result<civil::Time, Problem> {
    let mut parts = clock.splitn(3, ':').map(|part| part.parse::<i8>().ok());
    let (hour, minute, second) = (parts.next().flatten(), parts.next().flatten(), parts.next());
    match (hour, minute, second.unwrap_or(Some(0))) {
        (Some(hour), Some(minute), Some(second)) => civil::Time::new(hour, minute, second, 0).ok(),
        _ => None,
    }
    .ok_or_else(|| messages::no_such_time(text))
}
