//! Bounds a step larger or smaller.

use faregate_syntax::ast::{Literal, LiteralKind};
use faregate_syntax::parse_literal;

use super::{Change, Maker};

impl Maker<'_> {
    pub(super) fn step(&mut self, literal: &Literal) {
        let text = self.of(literal.span);
        let steps = match literal.kind {
            LiteralKind::Date(_) => days(text, ""),
            LiteralKind::Instant(_) => match text.split_once('T') {
                Some((day, time)) => days(day, &format!("T{time}")),
                None => Vec::new(),
            },
            LiteralKind::TimeOfDay(_) => times(text),
            _ => amounts(text),
        };
        for step in steps {
            self.make(Change::Stepped, literal.span, step);
        }
    }
}

/// `99.5%` to `99.6%` and `99.4%`, `$2_000` to `$3000` and `$1000`, `0` to `1`: one at the last digit that is not zero.
fn amounts(text: &str) -> Vec<String> {
    let start = text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len());
    let Some((prefix, rest)) = text.split_at_checked(start) else { return Vec::new() };
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '_' | '.'))).unwrap_or(rest.len());
    let Some((number, suffix)) = rest.split_at_checked(end) else { return Vec::new() };
    let number: String = number.chars().filter(|c| *c != '_').collect();
    let decimals = number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let Ok(value) = digits.parse::<u128>() else { return Vec::new() };
    let zeros = if value == 0 { 0 } else { digits.chars().rev().take_while(|c| *c == '0').count() };
    let unit = u32::try_from(zeros).ok().and_then(|zeros| 10_u128.checked_pow(zeros));
    let Some(unit) = unit else { return Vec::new() };
    [value.checked_add(unit), value.checked_sub(unit)]
        .into_iter()
        .flatten()
        .map(|value| format!("{prefix}{}{suffix}", with_decimals(value, decimals)))
        .collect()
}

fn with_decimals(value: u128, decimals: usize) -> String {
    let digits = format!("{value:0>width$}", width = decimals.saturating_add(1));
    match digits.split_at_checked(digits.len().saturating_sub(decimals)) {
        Some((whole, rest)) if !rest.is_empty() => format!("{whole}.{rest}"),
        _ => digits,
    }
}

/// The day after and the day before.
fn days(text: &str, suffix: &str) -> Vec<String> {
    let Ok(LiteralKind::Date(date)) = parse_literal(text) else { return Vec::new() };
    let (year, month, day) = (date.year, date.month, date.day);
    let day_text = |(y, m, d): (i16, u8, u8)| format!("{y:04}-{m:02}-{d:02}");
    let first_there = |days: &[(i16, u8, u8)]| {
        let texts = days.iter().map(|day| day_text(*day));
        texts.into_iter().find(|text| matches!(parse_literal(text), Ok(LiteralKind::Date(_))))
    };
    let after = [
        (year, month, day.saturating_add(1)),
        (year, month.saturating_add(1), 1),
        (year.saturating_add(1), 1, 1),
    ];
    let (before_year, before_month) =
        if month == 1 { (year.saturating_sub(1), 12) } else { (year, month.saturating_sub(1)) };
    let before = [
        (year, month, day.saturating_sub(1)),
        (before_year, before_month, 31),
        (before_year, before_month, 30),
        (before_year, before_month, 29),
        (before_year, before_month, 28),
    ];
    [first_there(&after), first_there(&before)].into_iter().flatten().map(|day| day + suffix).collect()
}

/// An hour later and earlier where it is a full hour, else a minute.
fn times(text: &str) -> Vec<String> {
    let mut parts = text.splitn(3, ':');
    let number = |part: Option<&str>| part.and_then(|p| p.parse::<u8>().ok());
    let (Some(hour), Some(minute)) = (number(parts.next()), number(parts.next())) else { return Vec::new() };
    let rest = parts.next().map(|seconds| format!(":{seconds}")).unwrap_or_default();
    let write = |(h, m): (u8, u8)| format!("{h:02}:{m:02}{rest}");
    let steps = if minute == 0 {
        [hour.checked_add(1).map(|h| (h, 0)), hour.checked_sub(1).map(|h| (h, 0))]
    } else {
        [minute.checked_add(1).map(|m| (hour, m)), minute.checked_sub(1).map(|m| (hour, m))]
    };
    let texts = steps.into_iter().flatten().map(write);
    texts.filter(|text| matches!(parse_literal(text), Ok(LiteralKind::TimeOfDay(_)))).collect()
}

#[cfg(test)]
mod tests {
    use super::{amounts, days, times};

    #[test]
    fn an_amount_goes_one_up_and_one_down_at_its_last_digit_that_counts() {
        for (text, up, down) in [
            ("$2_000", "$3000", "$1000"),
            ("$1_500", "$1600", "$1400"),
            ("$0.25", "$0.26", "$0.24"),
            ("$0.30 per Mtok", "$0.40 per Mtok", "$0.20 per Mtok"),
            ("$1.00", "$2.00", "$0.00"),
            ("99.5%", "99.6%", "99.4%"),
            ("150%", "160%", "140%"),
            ("32k", "33k", "31k"),
            ("500ms", "600ms", "400ms"),
            ("1M", "2M", "0M"),
        ] {
            assert_eq!(amounts(text), [up, down], "{text}");
        }
        assert_eq!(amounts("0"), ["1"]);
    }

    #[test]
    fn a_day_has_one_after_and_one_before() {
        assert_eq!(days("2026-12-31", ""), ["2027-01-01", "2026-12-30"]);
        assert_eq!(days("2028-03-01", "T00:00:00Z"), ["2028-03-02T00:00:00Z", "2028-02-29T00:00:00Z"]);
    }

    #[test]
    fn a_time_steps_by_hours_or_by_minutes() {
        assert_eq!(times("09:00"), ["10:00", "08:00"]);
        assert_eq!(times("00:00"), ["01:00"]);
        assert_eq!(times("23:00"), ["22:00"]);
        assert_eq!(times("16:30"), ["16:31", "16:29"]);
    }
}
