//! Of the order in which an answer is read, of waits, and of the tables as data. Bodies of providers are in
//! `tests/classify/`.

use std::collections::BTreeSet;

use super::*;
use crate::ErrorClass::*;

fn signals(status: u16, marks: &[(Field, &str)]) -> Signals {
    let mut signals = Signals::new(status);
    for (field, word) in marks {
        signals.mark(*field, word);
    }
    signals
}

fn class(dialect: Dialect, signals: &Signals, phase: Phase) -> ErrorClass {
    classify(dialect, signals, phase, Timestamp(0)).class
}

fn early(dialect: Dialect, status: u16, marks: &[(Field, &str)]) -> ErrorClass {
    class(dialect, &signals(status, marks), Phase::BeforeOutput)
}

#[test]
fn a_word_outweighs_the_status_and_a_hint_does_not() {
    assert_eq!(early(Dialect::OpenAi, 429, &[(Field::Type, "insufficient_quota")]), QuotaExhausted);
    assert_eq!(early(Dialect::OpenAi, 401, &[(Field::Type, "invalid_request_error")]), Authentication);
    assert_eq!(early(Dialect::OpenAi, 200, &[(Field::Type, "invalid_request_error")]), BadRequest);
}

#[test]
fn an_unknown_shape_falls_back_to_the_status() {
    let cases = [
        (400, BadRequest),
        (401, Authentication),
        (402, InsufficientCredits),
        (403, Forbidden),
        (404, NotFound),
        (405, Unsupported),
        (408, Timeout),
        (409, ProviderError),
        (410, NotFound),
        (413, BadRequest),
        (418, BadRequest),
        (422, BadRequest),
        (429, RateLimit),
        (499, Cancelled),
        (500, ProviderError),
        (501, Unsupported),
        (502, ProviderError),
        (503, Overloaded),
        (504, Timeout),
        (524, Timeout),
        (529, Overloaded),
        (599, ProviderError),
        (200, InvalidResponse),
        (302, InvalidResponse),
        (0, InvalidResponse),
        (999, InvalidResponse),
    ];
    for (status, expected) in cases {
        assert_eq!(early(Dialect::Compatible, status, &[(Field::Code, "of_no_table")]), expected, "{status}");
    }
}

#[test]
fn a_status_in_the_body_counts_where_that_of_the_answer_is_a_success() {
    assert_eq!(early(Dialect::Compatible, 200, &[(Field::Code, "429")]), RateLimit);
    assert_eq!(early(Dialect::Compatible, 400, &[(Field::Code, "429")]), BadRequest);
    assert_eq!(early(Dialect::Compatible, 200, &[(Field::Code, "200")]), InvalidResponse);
    assert_eq!(early(Dialect::Mistral, 200, &[(Field::Code, "1300")]), RateLimit);
}

#[test]
fn mid_stream_what_may_pass_is_an_interrupted_stream() {
    let late = |marks: &[(Field, &str)]| class(Dialect::OpenRouter, &signals(200, marks), Phase::MidStream);
    for passing in ["rate_limit_exceeded", "provider_overloaded", "server", "timeout", "unmapped"] {
        assert_eq!(late(&[(Field::Reason, passing)]), StreamInterrupted, "{passing}");
    }
    assert_eq!(late(&[(Field::Finish, "error")]), StreamInterrupted);
    assert_eq!(late(&[]), StreamInterrupted);
    assert_eq!(late(&[(Field::Reason, "refusal")]), Moderation);
    assert_eq!(late(&[(Field::Reason, "payment_required")]), InsufficientCredits);
    let broken = signals(200, &[(Field::Finish, "MALFORMED_FUNCTION_CALL")]);
    assert_eq!(class(Dialect::Google, &broken, Phase::MidStream), InvalidResponse);
}

#[test]
fn what_an_upstream_says_of_the_request_counts_and_of_the_gateways_keys_does_not() {
    let passed_on = |code: &str| {
        let mut outer = signals(400, &[(Field::Reason, "unmapped")]);
        outer.upstream(Dialect::OpenAi, signals(200, &[(Field::Code, code)]));
        class(Dialect::OpenRouter, &outer, Phase::BeforeOutput)
    };
    assert_eq!(passed_on("context_length_exceeded"), ContextLength);
    assert_eq!(passed_on("unsupported_parameter"), Unsupported);
    assert_eq!(passed_on("invalid_api_key"), BadRequest);
    assert_eq!(passed_on("insufficient_quota"), BadRequest);
}

#[test]
fn a_quota_is_read_by_the_words_of_its_name() {
    let quota = |name: &str| early(Dialect::Google, 429, &[(Field::Quota, name)]);
    assert_eq!(quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"), QuotaExhausted);
    assert_eq!(quota("GenerateContentInputTokensPerModelPerDay"), QuotaExhausted);
    assert_eq!(quota("GenerateRequestsPerMinutePerProjectPerModel"), RateLimit);
    assert_eq!(quota("RequestsPerDaylightPerModel"), RateLimit);
    assert_eq!(quota("SuperDay"), RateLimit);
}

#[test]
fn waits_are_read_in_every_form() {
    // 1994-11-06T08:49:07Z, half a minute before the date of RFC 9110.
    let now = Timestamp(784_111_747_000);
    let wait = |name: &str, value: &str| {
        let mut signals = Signals::new(429);
        signals.header(name, value);
        wait::retry_after_ms(&signals, now)
    };
    let cases = [
        ("Retry-After", "20", Some(20_000)),
        ("retry-after", "1.5", Some(1500)),
        ("retry-after", "0.0001", Some(1)),
        ("retry-after", "2.", Some(2000)),
        ("retry-after", " 7 ", Some(7000)),
        ("retry-after", "0", Some(0)),
        ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT", Some(30_000)),
        ("retry-after", "Sunday, 06-Nov-94 08:49:37 GMT", Some(30_000)),
        ("retry-after", "Sun Nov  6 08:49:37 1994", Some(30_000)),
        ("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
        ("retry-after", "-5", None),
        ("retry-after", "", None),
        ("retry-after", ".5", None),
        ("retry-after", "1e3", None),
        ("retry-after", "soon", None),
        ("retry-after", "18446744073709551615", None),
        ("retry-after", "99999999999999999999", None),
        ("retry-after-ms", "250", Some(250)),
        ("retry-after-ms", "250.2", Some(251)),
        ("x-other", "9", None),
    ];
    for (name, value, expected) in cases {
        assert_eq!(wait(name, value), expected, "{name}: {value}");
    }
}

#[test]
fn of_several_waits_the_most_precise_header_counts() {
    let mut signals = Signals::new(429);
    signals.retry_delay("10.689924287s");
    signals.retry_delay("1s");
    assert_eq!(wait::retry_after_ms(&signals, Timestamp(0)), Some(10_690));
    signals.header("retry-after", "4");
    assert_eq!(wait::retry_after_ms(&signals, Timestamp(0)), Some(4000));
    signals.header("retry-after-ms", "3999");
    assert_eq!(wait::retry_after_ms(&signals, Timestamp(0)), Some(3999));
    signals.header("retry-after-ms", "?");
    assert_eq!(wait::retry_after_ms(&signals, Timestamp(0)), Some(4000));
}

#[test]
fn whether_to_try_again_is_passed_on() {
    for (value, expected) in [("true", Some(true)), ("false", Some(false)), ("maybe", None)] {
        let mut signals = Signals::new(529);
        signals.header("X-Should-Retry", value);
        let answer = classify(Dialect::Anthropic, &signals, Phase::BeforeOutput, Timestamp(0));
        assert_eq!((answer.class, answer.should_retry), (Overloaded, expected));
    }
}

#[test]
fn exceptions_are_named_by_headers_and_with_what_surrounds_them() {
    for name in [
        "ThrottlingException",
        "ThrottlingException:http://internal.amazon.com/coral/",
        "a.b#throttlingException",
    ] {
        let mut signals = Signals::new(200);
        signals.header("x-amzn-ErrorType", name);
        assert!(signals.fails(Dialect::Bedrock));
        assert_eq!(class(Dialect::Bedrock, &signals, Phase::BeforeOutput), RateLimit, "{name}");
    }
}

#[test]
fn memory_is_bounded() {
    let mut signals = Signals::new(200);
    for _ in 0..1000 {
        signals.mark(Field::Reason, "x");
        signals.mark(Field::Reason, &"y".repeat(1000));
    }
    assert!(!signals.has(Field::Reason, &"y".repeat(1000)));
    signals.mark(Field::Code, "insufficient_quota");
    assert!(!signals.has(Field::Code, "insufficient_quota"));
}

#[test]
fn every_row_has_a_source_and_can_be_reached() {
    let mut n_rows: usize = 0;
    for dialect in Dialect::ALL {
        let table = dialect.tables()[0];
        let mut words = BTreeSet::new();
        for row in table.codes.iter().chain(table.hints) {
            assert!(row.source.starts_with("https://"), "{dialect:?}: {}", row.value);
            let key = (format!("{:?}", row.field), row.value.to_ascii_lowercase());
            assert!(words.insert(key), "{dialect:?} has {:?} {} twice", row.field, row.value);
            let found = early(dialect, 200, &[(row.field, row.value)]);
            assert_eq!(found, row.class, "{dialect:?}: {:?} {}", row.field, row.value);
            n_rows = n_rows.saturating_add(1);
        }
        let mut statuses = BTreeSet::new();
        for row in table.statuses {
            assert!(
                row.source.starts_with("https://") && statuses.insert(row.status),
                "{dialect:?}: {}",
                row.status
            );
            assert_eq!(early(dialect, row.status, &[]), row.class, "{dialect:?}: {}", row.status);
            n_rows = n_rows.saturating_add(1);
        }
    }
    assert!(STATUSES.iter().all(|row| row.source.starts_with("https://")));
    assert!(n_rows >= 200, "{n_rows} rows");
}

#[test]
fn connections_fail_by_kind_and_phase() {
    let before = |kind| classify_transport(kind, Phase::BeforeOutput);
    let during = |kind| classify_transport(kind, Phase::MidStream);
    for kind in [Transport::Refused, Transport::Dns, Transport::Tls] {
        assert_eq!((before(kind), during(kind)), (Network, Network));
    }
    for kind in [Transport::Reset, Transport::Ended] {
        assert_eq!((before(kind), during(kind)), (Network, StreamInterrupted));
    }
    assert_eq!((before(Transport::Timeout), during(Transport::Timeout)), (Timeout, Timeout));
    assert_eq!((before(Transport::ClientLeft), during(Transport::ClientLeft)), (Cancelled, Cancelled));
}
