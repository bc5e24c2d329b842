//! The packed zones against those of the library, which reads the database as it is published.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp, civil};

use super::Zone;

#[test]
fn names_are_those_of_the_database() {
    let database = TimeZoneDatabase::bundled();
    let names: Vec<_> = database.available().map(|name| name.as_str().to_owned()).collect();
    assert_eq!(Zone::names(), names);
    assert!(names.len() > 500);
    for name in ["utc", "EUROPE/berlin", "Etc/Unknown", "etc/unknown"] {
        assert!(Zone::named(name).is_some() && database.get(name).is_ok(), "{name}");
    }
    for name in ["", "Europe", "Europe/Berlin\n", "Mars/Base"] {
        assert!(Zone::named(name).is_none() && database.get(name).is_err(), "{name}");
    }
}

/// Holds both to one another at an instant, and at the midnights around it.
fn same(name: &str, zone: &Zone, whole: &TimeZone, at: Timestamp) {
    for millisecond in [-1500, -1000, -1, 0, 1, 1000] {
        let Ok(at) = at.checked_add(Span::new().milliseconds(millisecond)) else { continue };
        assert_eq!(zone.offset(at), whole.to_offset(at), "{name} {at}");
    }
    let day = whole.to_datetime(at).date();
    for days in -2..=2 {
        let Ok(day) = day.checked_add(Span::new().days(days)) else { continue };
        let begins = day.to_zoned(whole.clone()).ok().map(|zoned| zoned.timestamp());
        assert_eq!(zone.midnight(day), begins, "{name} {day}");
    }
}

#[test]
fn every_zone_shows_what_the_database_says() {
    let database = TimeZoneDatabase::bundled();
    for name in database.available() {
        let name = name.as_str();
        let (zone, whole) = (Zone::named(name).unwrap(), database.get(name).unwrap());
        for change in whole
            .following(Timestamp::MIN)
            .take_while(|change| change.timestamp() < Timestamp::from_second(2_524_608_000).unwrap())
        {
            same(name, &zone, &whole, change.timestamp());
        }
        for year in (1800..2300).step_by(3) {
            for month in 1..=12 {
                let day = civil::date(year, month, 17).at(11, 30, 0, 0);
                same(name, &zone, &whole, day.to_zoned(TimeZone::UTC).unwrap().timestamp());
            }
        }
        for at in [Timestamp::MIN, Timestamp::MAX] {
            same(name, &zone, &whole, at);
        }
    }
}

/// Midnights of every day in zones that skip or repeat them, or whole days.
#[test]
fn days_begin_where_the_database_says() {
    let database = TimeZoneDatabase::bundled();
    for name in [
        "America/Sao_Paulo",
        "Asia/Beirut",
        "Pacific/Apia",
        "Africa/Cairo",
        "America/Havana",
        "Asia/Manila",
        "Europe/Dublin",
    ] {
        let (zone, whole) = (Zone::named(name).unwrap(), database.get(name).unwrap());
        let mut day = civil::date(1840, 1, 1);
        while day < civil::date(2060, 1, 1) {
            let begins = day.to_zoned(whole.clone()).unwrap().timestamp();
            assert_eq!(zone.midnight(day), Some(begins), "{name} {day}");
            day = day.tomorrow().unwrap();
        }
    }
}
