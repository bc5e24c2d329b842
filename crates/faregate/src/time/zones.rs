//! The time zones of the world, as `build.rs` packs them: only offsets and when they change, a quarter of what the database takes as it is
//! published.
//!
//! `zone-names` has for each name its text, a line feed and the number of its record; `zone-records` has for each its length and
//!
//! 1. how many offsets there are, and these, the first of all times first;
//! 2. how many changes there are; the time from each to the next (of the first from 1970); and for each which offset it begins;
//! 3. the rule that holds from the last change on, as POSIX writes it.
//!
//! Numbers have seven bits a byte, the lowest first. Of a number of seconds the lowest bit tells it from one of hours, the next is the sign.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{self, Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

static NAMES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/zone-names"));
static RECORDS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/zone-records"));

/// A time zone of the bundled database; the machine's is never asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Which offset holds from when on, in order; the first holds since ever, and of the last only the beginning counts.
    past: Arc<[Change]>,
    /// What holds from the last change on; always, where there is none.
    rule: TimeZone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    /// Seconds since 1970.
    at: i64,
    offset: Offset,
}

impl Zone {
    pub(crate) fn utc() -> Self {
        Self { past: Arc::default(), rule: TimeZone::UTC }
    }

    /// Returns the IANA zone of this name, in whatever case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        // The one name that the database knows without data.
        if name.eq_ignore_ascii_case("Etc/Unknown") {
            return Some(Self::utc());
        }
        let (_, record) = names().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Packed(RECORDS).nth_record(record)?.zone()
    }

    /// Returns the names of all zones.
    pub(crate) fn names() -> Vec<String> {
        names().map(|(name, _)| name.to_owned()).collect()
    }

    /// Returns the offset of an instant.
    pub(super) fn offset(&self, at: Timestamp) -> Offset {
        let second = at.as_millisecond().div_euclid(1000);
        let begun = self.past.partition_point(|change| change.at <= second);
        match begun.checked_sub(1).and_then(|n| self.past.get(n)) {
            Some(change) if begun < self.past.len() => change.offset,
            _ => self.rule.to_offset(at),
        }
    }

    /// Returns the instant at which a day begins. Where clocks skip midnight it is as late after the change as midnight would have been,
    /// where they show it twice the first.
    pub(super) fn midnight(&self, day: Date) -> Option<Timestamp> {
        let shown = day.to_datetime(Time::midnight());
        self.offset_of(shown)
            .map_or_else(|| self.rule.to_timestamp(shown), |offset| offset.to_timestamp(shown))
            .ok()
    }

    /// Returns the offset of what clocks show; `None` where the rule has to say it.
    fn offset_of(&self, shown: DateTime) -> Option<Offset> {
        let second = shown.duration_since(civil::date(1970, 1, 1).to_datetime(Time::midnight())).as_secs();
        let last = self.past.len().checked_sub(2)?;
        for (n, pair) in self.past.windows(2).enumerate().rev() {
            let [before, now] = pair else { continue };
            let shows = |offset: Offset| now.at.saturating_add(offset.seconds().into());
            if second < shows(before.offset.min(now.offset)) {
                continue;
            }
            // In between clocks skip, or show again.
            if second < shows(before.offset.max(now.offset)) {
                return Some(before.offset);
            }
            return (n < last).then_some(now.offset);
        }
        self.past.first().map(|first| first.offset)
    }
}

/// The names of zones, each with the number of its record.
fn names() -> impl Iterator<Item = (&'static str, u64)> {
    let mut rest = Packed(NAMES);
    std::iter::from_fn(move || {
        let end = rest.0.iter().position(|b| *b == b'\n')?;
        let name = str::from_utf8(rest.bytes(end)?).ok()?;
        rest.bytes(1)?;
        Some((name, rest.number()?))
    })
}

/// What is left to be read.
struct Packed(&'static [u8]);

impl Packed {
    fn bytes(&mut self, count: usize) -> Option<&'static [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn seconds(&mut self) -> Option<i64> {
        let number = self.number()?;
        let unit = match number & 3 {
            0 => 3600,
            1 => 1,
            2 => -3600,
            _ => -1,
        };
        i64::try_from(number >> 2).ok()?.checked_mul(unit)
    }

    fn nth_record(mut self, n: u64) -> Option<Self> {
        for _ in 0..n {
            let length = self.number()?;
            self.bytes(usize::try_from(length).ok()?)?;
        }
        let length = self.number()?;
        self.bytes(usize::try_from(length).ok()?).map(Self)
    }

    fn zone(mut self) -> Option<Zone> {
        let mut offsets = Vec::new();
        for _ in 0..self.number()? {
            offsets.push(Offset::from_seconds(i32::try_from(self.seconds()?).ok()?).ok()?);
        }
        let mut times = Vec::new();
        let mut at: i64 = 0;
        for _ in 0..self.number()? {
            at = at.checked_add(self.seconds()?)?;
            times.push(at);
        }
        let mut past = Vec::new();
        if !times.is_empty() {
            past.push(Change { at: i64::MIN, offset: *offsets.first()? });
        }
        for at in times {
            past.push(Change { at, offset: *offsets.get(usize::try_from(self.number()?).ok()?)? });
        }
        let rule = TimeZone::posix(str::from_utf8(self.0).ok()?).ok()?;
        Some(Zone { past: past.into(), rule })
    }
}

#[cfg(test)]
mod tests;
