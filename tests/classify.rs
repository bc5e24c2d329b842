//! Answers of providers, each with what a person wrote down that it means.
//!
//! `classify/*.yaml` has, for each provider, bodies as its documentation or a report has them, under their address. Where
//! a page tells only code and shape, the body is `built` of these. What an answer means must depend on nothing but codes:
//! with all prose taken out, or put in, it means the same.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use faregate::{Classified, Dialect, ErrorClass, Phase, Timestamp};
use faregate_tests::repository;
use faregate_wire::{Node, classify_event, classify_response, read_one};
use proptest::prelude::*;
use serde_json::Value;

const KEYS: [&str; 12] = [
    "name",
    "provider",
    "source",
    "built",
    "status",
    "headers",
    "phase",
    "body",
    "class",
    "retry_after_ms",
    "should_retry",
    "now",
];

struct Case {
    name: String,
    provider: String,
    source: String,
    built: bool,
    status: u16,
    headers: Vec<(String, String)>,
    phase: Phase,
    now: Timestamp,
    body: String,
    expected: (ErrorClass, Option<u64>, Option<bool>),
}

fn word(node: Option<&Node>) -> Option<String> {
    match node? {
        Node::Text(text) | Node::Number(text) => Some(text.clone()),
        Node::Bool(value) => Some(value.to_string()),
        other => panic!("not a word: {other:?}"),
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut files: Vec<_> = fs::read_dir(repository("tests/classify"))
        .expect("the cases")
        .map(|e| e.expect("an entry").path())
        .collect();
    files.sort();
    for path in files {
        let file = read_one(&fs::read_to_string(&path).expect("a file of cases")).expect("YAML");
        let provider = word(file.get("provider")).expect("a provider");
        for node in file.get("cases").and_then(Node::as_seq).expect("cases") {
            for (key, _) in node.as_map().expect("a case") {
                assert!(KEYS.contains(&key.as_str()), "{}: {key}", path.display());
            }
            let text = |key: &str| word(node.get(key));
            let name = format!("{provider}: {}", text("name").expect("a name"));
            let class = text("class").and_then(|c| ErrorClass::parse(&c)).unwrap_or_else(|| panic!("{name}"));
            let headers = node.get("headers").and_then(Node::as_map).unwrap_or_default();
            cases.push(Case {
                provider: text("provider").unwrap_or_else(|| provider.clone()),
                source: text("source").expect("a source"),
                built: text("built").is_some(),
                status: text("status").and_then(|s| s.parse().ok()).expect("a status"),
                headers: headers.iter().map(|(k, v)| (k.clone(), word(Some(v)).expect("a header"))).collect(),
                phase: text("phase").map_or(Phase::BeforeOutput, |p| Phase::parse(&p).expect("a phase")),
                now: text("now").map_or(Timestamp(0), |t| t.parse().expect("an instant")),
                body: text("body").expect("a body"),
                expected: (
                    class,
                    text("retry_after_ms").map(|ms| ms.parse().expect("milliseconds")),
                    text("should_retry").map(|yes| yes == "true"),
                ),
                name,
            });
        }
    }
    cases
}

impl Case {
    fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn read(&self, body: &str) -> Classified {
        classify_response(&self.provider, self.status, self.headers(), body.as_bytes(), self.phase, self.now)
    }
}

fn parts(read: Classified) -> (ErrorClass, Option<u64>, Option<bool>) {
    (read.class, read.retry_after_ms, read.should_retry)
}

#[test]
fn answers_mean_what_a_person_says_they_mean() {
    let wrong: Vec<String> = cases()
        .iter()
        .filter(|case| parts(case.read(&case.body)) != case.expected)
        .map(|case| format!("{}: {:?}, not {:?}", case.name, parts(case.read(&case.body)), case.expected))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_failure_with_status_200_is_seen_as_one() {
    for case in cases().iter().filter(|case| case.status == 200) {
        let read = classify_event(&case.provider, case.headers(), case.body.as_bytes(), case.phase, case.now);
        assert_eq!(read.map(parts), Some(case.expected), "{}", case.name);
    }
}

#[test]
fn each_dialect_has_cases_of_its_own_and_most_were_published() {
    let cases = cases();
    let mut names = BTreeSet::new();
    let mut of_dialect: BTreeMap<String, usize> = BTreeMap::new();
    let mut n_published = 0;
    for case in &cases {
        assert!(names.insert(&case.name), "{} stands twice", case.name);
        assert!(case.source.starts_with("https://"), "{}: {}", case.name, case.source);
        *of_dialect.entry(format!("{:?}", Dialect::of(&case.provider))).or_default() += 1;
        n_published += usize::from(!case.built);
    }
    for dialect in Dialect::ALL {
        let n = of_dialect.get(&format!("{dialect:?}")).copied().unwrap_or(0);
        assert!(n >= 6, "{dialect:?} has {n} cases");
    }
    assert!(n_published * 2 > cases.len(), "{n_published} of {} were published", cases.len());
}

#[test]
fn all_classes_that_an_answer_can_have_are_shown() {
    let shown: BTreeSet<_> = cases().iter().map(|case| case.expected.0).collect();
    // A network fails without an answer.
    let missing: Vec<_> =
        ErrorClass::ALL.iter().filter(|c| !shown.contains(c) && **c != ErrorClass::Network).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Puts other prose where prose stands.
fn reword(value: &mut Value, prose: &str) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let is_prose =
                    matches!(key.as_str(), "message" | "error" | "detail" | "raw" | "msg" | "remedy_hint");
                match inner {
                    Value::String(text) if is_prose && !text.starts_with('{') => *text = prose.to_owned(),
                    inner => reword(inner, prose),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| reword(item, prose)),
        _ => {}
    }
}

#[test]
fn prose_changes_nothing() {
    for case in cases() {
        let Ok(body) = serde_json::from_str::<Value>(&case.body) else { continue };
        for prose in
            ["", "context_length_exceeded", "insufficient_quota rate limit overloaded content_filter 429 401"]
        {
            let mut other = body.clone();
            reword(&mut other, prose);
            assert_eq!(parts(case.read(&other.to_string())), case.expected, "{}: {other}", case.name);
        }
    }
}

proptest! {
    #[test]
    fn no_answer_panics(
        status: u16,
        name in "retry-after|retry-after-ms|x-should-retry|x-amzn-errortype",
        value in ".{0,40}|[0-9]{0,30}([.][0-9]{0,30})?|[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT",
        now: i64,
        pick: prop::sample::Index,
        cut: prop::sample::Index,
        other in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let cases = cases();
        let case = &cases[pick.index(cases.len())];
        let mut body = case.body.clone().into_bytes();
        body.truncate(cut.index(body.len().max(1)));
        body.extend(other);
        let headers = [(name.as_str(), value.as_str())];
        let read = |status| {
            parts(classify_response(&case.provider, status, headers, &body, case.phase, Timestamp(now)))
        };
        let event = classify_event(&case.provider, headers, &body, case.phase, Timestamp(now));
        prop_assert_eq!((read(status).1, read(status).2), (read(200).1, read(200).2));
        prop_assert!(event.is_none_or(|event| parts(event) == read(200)));
    }
}
