//! The moment as an attribute: one instant for each way in which conditions on time can come out together.
//!
//! Days and instants that a policy names divide time into spans. Clocks and weekdays repeat; within a span every instant is
//! looked at where one of them may turn, in every zone, over 28 years before the first named day and after the last, since
//! after 28 years every day of the year has had every weekday.

use std::collections::BTreeMap;

use faregate::Timestamp;
use faregate::model::{Value, Zone, time_fact};

use super::formula::Moment;

const MINUTE: i64 = 60_000;
const DAY: i64 = 1440 * MINUTE;
const YEARS: i64 = 28 * 366 * DAY;
/// 2024-01-01T00:00:00Z: where time is looked at when a policy names no day.
const ANCHOR: i64 = 1_704_067_200_000;
/// As far as the calendar is looked at: the years 1000 to 9000.
const EARLIEST: i64 = -30_610_224_000_000;
const LATEST: i64 = 221_845_392_000_000;

/// Returns an instant for each way in which the tests can come out, the ways without repetition. `first` is looked at first.
pub(super) fn ways(tests: &[&Moment], first: Timestamp) -> Vec<(Vec<bool>, Timestamp)> {
    let mut instants: Vec<i64> = vec![first.0];
    let named: Vec<i64> = tests.iter().flat_map(|t| borders(t)).collect();
    let recurring = tests.iter().any(|t| repeats(t));
    for border in &named {
        instants.extend([border.saturating_sub(1), *border]);
    }
    let start =
        named.iter().copied().min().unwrap_or(ANCHOR).min(first.0).saturating_sub(YEARS).max(EARLIEST);
    let end = named.iter().copied().max().unwrap_or(ANCHOR).max(first.0).saturating_add(YEARS).min(LATEST);
    let mut found: BTreeMap<Vec<bool>, Timestamp> = BTreeMap::new();
    let mut order: Vec<(Vec<bool>, Timestamp)> = Vec::new();
    let mut look = |at: i64| {
        let way: Vec<bool> = tests.iter().map(|t| holds(t, Timestamp(at))).collect();
        found.entry(way.clone()).or_insert_with(|| {
            order.push((way, Timestamp(at)));
            Timestamp(at)
        });
    };
    for at in instants {
        look(at);
    }
    if recurring {
        // From the first instant on, then what was before it: a counterexample of these years reads best.
        turns(tests, first.0, end, &mut look);
        turns(tests, start, first.0, &mut look);
    }
    for at in [start, end] {
        look(at);
    }
    order
}

/// Looks at every instant at which a clock or a weekday may turn.
fn turns(tests: &[&Moment], start: i64, end: i64, look: &mut impl FnMut(i64)) {
    let mut zones: Vec<Option<Zone>> = vec![None];
    let mut clock: Vec<i64> = vec![0];
    for test in tests {
        let zone = match test {
            Moment::Compare { name, zone, value, .. } => {
                if name == "hour"
                    && let Ok(ms) = i64::try_from(*value)
                {
                    clock.extend([ms, ms.saturating_add(1)]);
                }
                zone
            }
            Moment::Hour { zone, from, to } => {
                clock.extend([from, to].into_iter().filter_map(|ms| i64::try_from(*ms).ok()));
                zone
            }
            Moment::Weekday { zone, .. } => zone,
            Moment::Clock(from, to) => {
                clock.extend([i64::from(*from), i64::from(*to)]);
                &None
            }
        };
        if !zones.contains(zone) {
            zones.push(zone.clone());
        }
    }
    clock.sort_unstable();
    clock.dedup();
    let mut day = start.saturating_sub(start.rem_euclid(DAY));
    let mut offsets: Vec<Option<i64>> = Vec::new();
    while day <= end {
        let now: Vec<Option<i64>> = zones.iter().map(|z| offset(z.as_ref(), day)).collect();
        for offset in now.iter().flatten() {
            for ms in &clock {
                look(day.saturating_add(*ms).saturating_sub(*offset));
            }
        }
        // A day on which a zone changes its clock is looked at every quarter of an hour, and so is the one before.
        if now != offsets && !offsets.is_empty() {
            let mut at = day.saturating_sub(DAY);
            while at < day.saturating_add(DAY) {
                look(at);
                at = at.saturating_add(15_i64.saturating_mul(MINUTE));
            }
        }
        offsets = now;
        day = day.saturating_add(DAY);
    }
}

/// How far a zone's clock is ahead of UTC, in milliseconds.
fn offset(zone: Option<&Zone>, at: i64) -> Option<i64> {
    let number = |name| match time_fact(Timestamp(at), name, zone) {
        Some(Value::Number(n)) => i64::try_from(n).ok(),
        _ => None,
    };
    let local = number("date")?.checked_mul(DAY)?.checked_add(number("hour")?)?;
    local.checked_sub(at)
}

/// Whether a test comes out alike again and again.
pub(super) fn repeats(test: &Moment) -> bool {
    match test {
        Moment::Compare { name, .. } => name == "hour",
        Moment::Weekday { .. } | Moment::Hour { .. } | Moment::Clock(..) => true,
    }
}

/// Returns the instants at which a test of a day or an instant may turn.
fn borders(test: &Moment) -> Vec<i64> {
    let Moment::Compare { name, zone, value, .. } = test else { return Vec::new() };
    let next = value.saturating_add(1);
    match name.as_str() {
        "now" => [*value, next].into_iter().filter_map(|n| i64::try_from(n).ok()).collect(),
        "date" => [*value, next].into_iter().map(|day| first_of(day, zone.as_ref())).collect(),
        _ => Vec::new(),
    }
}

/// Returns the first instant of a day, in a zone.
fn first_of(day: i128, zone: Option<&Zone>) -> i64 {
    let reached = |at: i64| match time_fact(Timestamp(at), "date", zone) {
        Some(Value::Number(n)) => n >= day,
        _ => at > 0,
    };
    let noon = i64::try_from(day).ok().and_then(|d| d.checked_mul(DAY)).unwrap_or(LATEST);
    let (mut low, mut high) =
        (noon.saturating_sub(2_i64.saturating_mul(DAY)), noon.saturating_add(2_i64.saturating_mul(DAY)));
    while high.saturating_sub(low) > 1 {
        let middle = low.saturating_add(high.saturating_sub(low).div_euclid(2));
        if reached(middle) { high = middle } else { low = middle }
    }
    high
}

/// Whether a test holds at an instant.
fn holds(test: &Moment, at: Timestamp) -> bool {
    match test {
        Moment::Compare { name, zone, op, value } => match time_fact(at, name, zone.as_ref()) {
            Some(Value::Number(n)) => op.holds(n.cmp(value)),
            _ => false,
        },
        Moment::Weekday { zone, days } => match time_fact(at, "weekday", zone.as_ref()) {
            Some(Value::Text(day)) => days.contains(&day),
            _ => false,
        },
        Moment::Clock(from, to) => match time_fact(at, "hour", None) {
            Some(Value::Number(n)) => i128::from(*from) <= n && n < i128::from(*to),
            _ => false,
        },
        Moment::Hour { zone, from, to } => match time_fact(at, "hour", zone.as_ref()) {
            Some(Value::Number(n)) => {
                if from <= to {
                    *from <= n && n < *to
                } else {
                    n >= *from || n < *to
                }
            }
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use faregate_syntax::ast::CompareOp;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_named_day_divides_time_in_two() {
        let until = Moment::Compare { name: "date".to_owned(), zone: None, op: CompareOp::Le, value: 20_818 };
        let ways = ways(&[&until], at("2026-11-23T12:00:00Z"));
        // 20,818 days after 1970-01-01 is 2026-12-31: open on it, shut at the midnight after it.
        assert_eq!(
            ways,
            [(vec![true], at("2026-11-23T12:00:00Z")), (vec![false], at("2027-01-01T00:00:00Z"))]
        );
    }

    #[test]
    fn two_clocks_meet_in_every_way_that_they_can() {
        let berlin = time_zone("Europe/Berlin");
        let early = Moment::Hour { zone: None, from: 0, to: 3_600_000 };
        let there = Moment::Hour { zone: berlin, from: 3_600_000, to: 7_200_000 };
        let mut ways: Vec<Vec<bool>> =
            ways(&[&early, &there], at("2026-11-23T12:00:00Z")).into_iter().map(|(way, _)| way).collect();
        ways.sort();
        // In winter both begin at midnight UTC, in summer the second an hour before the first: never alike then.
        assert_eq!(ways, [[false, false], [false, true], [true, false], [true, true]]);
    }

    fn time_zone(name: &str) -> Option<Zone> {
        let text = format!(
            "policy p {{ language 1 }}\nworkload a {{ when time.hour < 09:00 in \"{name}\"  deny \"no\" }}\n\
             workload b {{ otherwise deny \"no\" }}"
        );
        let set = faregate::PolicySet::parse([("p.fare", text)]).unwrap();
        let when = faregate::model::policy(&set).workloads.first().unwrap().when.clone().unwrap();
        match when.0.kind {
            faregate::model::ExprKind::Compare { zone, .. } => zone,
            _ => None,
        }
    }
}
