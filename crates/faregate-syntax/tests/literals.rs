//! Literals and their values.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use faregate_syntax::ast::{Date, LiteralKind, Unit};
use faregate_syntax::{FileId, Fixed, parse, parse_literal};

fn fixed(text: &str) -> Fixed {
    text.parse().unwrap()
}

#[test]
fn values() {
    for (text, expected) in [
        ("0", LiteralKind::Count(0)),
        ("200_000", LiteralKind::Count(200_000)),
        ("200k", LiteralKind::Count(200_000)),
        ("1.5k", LiteralKind::Count(1_500)),
        ("1M", LiteralKind::Count(1_000_000)),
        ("2.0", LiteralKind::Count(2)),
        ("9007199254740991", LiteralKind::Count(9_007_199_254_740_991)),
        ("$0.25", LiteralKind::Money(fixed("0.25"))),
        ("$2_000", LiteralKind::Money(fixed("2000"))),
        ("$0.000000000000000000000001", LiteralKind::Money(fixed("1e-24"))),
        ("$5 per Mtok", LiteralKind::Price(fixed("5"), Unit::Mtok)),
        ("$0.01 per image", LiteralKind::Price(fixed("0.01"), Unit::Image)),
        ("$0.005  per\tcall", LiteralKind::Price(fixed("0.005"), Unit::Call)),
        ("250ms", LiteralKind::Duration(250)),
        ("30s", LiteralKind::Duration(30_000)),
        ("1.5s", LiteralKind::Duration(1_500)),
        ("5m", LiteralKind::Duration(300_000)),
        ("1h", LiteralKind::Duration(3_600_000)),
        ("7d", LiteralKind::Duration(604_800_000)),
        ("99.5%", LiteralKind::Ratio(fixed("0.995"))),
        ("150%", LiteralKind::Ratio(fixed("1.5"))),
        ("2026-12-31", LiteralKind::Date(Date { year: 2026, month: 12, day: 31 })),
        ("2024-02-29", LiteralKind::Date(Date { year: 2024, month: 2, day: 29 })),
        ("1970-01-01T00:00:00Z", LiteralKind::Instant(0)),
        ("1969-12-31T23:59:59Z", LiteralKind::Instant(-1_000)),
        ("2026-12-31T18:00:00Z", LiteralKind::Instant(1_798_740_000_000)),
        ("1970-01-01T00:00:01.5Z", LiteralKind::Instant(1_500)),
        ("1969-12-31T23:59:59.250Z", LiteralKind::Instant(-750)),
        ("09:00", LiteralKind::TimeOfDay(32_400_000)),
        ("09:00:30", LiteralKind::TimeOfDay(32_430_000)),
        ("23:59:59", LiteralKind::TimeOfDay(86_399_000)),
    ] {
        assert_eq!(parse_literal(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_has_no_value() {
    for (text, expected) in [
        (
            "1.5",
            "`1.5` is not a whole number; an amount of money is written `$1.5`, a ratio `1.5%`; a count has decimals only where `k` or `M` makes it whole, as in `1.5k`",
        ),
        (
            "1.0005k",
            "`1.0005k` is not a whole number; a count has decimals only where `k` or `M` makes it whole, as in `1.5k`",
        ),
        ("0.5ms", "`0.5ms` is not a whole number of milliseconds"),
        (
            "9007199254740992",
            "`9007199254740992` is too large; counts, and durations in milliseconds, are at most 9_007_199_254_740_991",
        ),
        (
            "999999999999999999999999999999999999999999",
            "`9999999999999999999999999999999999999999…` is too large; counts, and durations in milliseconds, are at most \
             9_007_199_254_740_991",
        ),
        (
            "$1000000000000000",
            "`$1000000000000000` is too large; money is at most some 170 million million dollars",
        ),
        ("$0.0000000000000000000000001", "`$0.0000000000000000000000001` has more than 24 decimals"),
        ("0.00000000000000000000001%", "`0.00000000000000000000001%` has more than 24 decimals"),
        ("2026-02-30", "there is no day `2026-02-30`"),
        ("2025-02-29", "there is no day `2025-02-29`"),
        ("2026-13-01T00:00:00Z", "there is no day `2026-13-01`"),
        ("25:00", "there is no time of day `25:00`"),
        ("24:00", "there is no time of day `24:00`; midnight is `00:00`"),
        ("2026-01-01T00:60:00Z", "there is no time of day `2026-01-01T00:60:00Z`"),
    ] {
        assert_eq!(parse_literal(text), Err(expected.to_owned()), "{text}");
    }
}

#[test]
fn what_is_no_literal() {
    for text in [
        "",
        " 5",
        "5 ",
        "-5",
        "+5",
        ".5",
        "5.",
        "1__000",
        "_5",
        "5_",
        "5x",
        "5K",
        "5_k",
        "5 k",
        "1h30m",
        "$5k",
        "$ 5",
        "$.50",
        "$-5",
        "5$",
        "$5 per",
        "$5 per token",
        "$5 per Mtoken",
        "$5 per Mtok x",
        "$5perMtok",
        "5%%",
        "50 %",
        "2026-1-3",
        "2026-01-03T18:00Z",
        "2026-01-03T18:00:00",
        "2026-01-03T18:00:00+01:00",
        "9:00",
        "09:0",
        "09:00:00.5",
        "1e5",
        "0x10",
        "NaN",
        "true",
        "\"5\"",
        "５",
        "5 // five",
    ] {
        assert!(parse_literal(text).is_err(), "{text}");
    }
}

#[test]
fn a_literal_that_has_no_value_costs_its_statement_only() {
    let text = "waive a {\n  until 2026-02-30 because \"b\"\n  approved \"c\"\n}";
    let (_, diagnostics) = parse(FileId(0), text);
    let codes: Vec<_> = diagnostics.iter().map(|d| (d.code, d.primary.span.start)).collect();
    assert_eq!(codes, [("syntax", 18)]);
    let (_, diagnostics) = parse(FileId(0), "budget a { spend $1000000000000000 per day }");
    assert_eq!(diagnostics[0].code, "limit-exceeded");
}
