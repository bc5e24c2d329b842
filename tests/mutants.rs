//! Changes of a policy that a test should notice: all of them are made, and the command says which nobody noticed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that panics has failed"
)]

mod desk;

use self::desk::{Desk, run};
use std::collections::BTreeSet;
use std::fs;

use faregate::{Completeness, check_set};
use faregate_analysis::{Mutant, mutants};
use faregate_tests::repository;
use serde_json::{Value, json};

/// The changes of a text as `original -> changed`.
fn changes(text: &str) -> Vec<String> {
    mutants(text).iter().map(|m| format!("{} -> {}", m.original(text), m.replacement())).collect()
}

fn of_line(line: &str) -> Vec<String> {
    changes(&format!("workload w {{ otherwise {line} }}"))
}

/// Each kind of statement has the changes that a person would think of, and no others.
#[test]
fn each_statement_has_its_changes() {
    let rows: [(&str, &[&str]); 17] = [
        (
            "route { models \"a\" then \"b\", g }",
            &[
                "\"a\" then \"b\", g -> \"b\", g",
                "\"a\" then \"b\", g -> \"a\" then g",
                "\"a\" then \"b\", g -> \"a\" then \"b\"",
                "\"a\" then \"b\", g -> \"a\", \"b\", g",
            ],
        ),
        (
            "route { require endpoint.zdr and endpoint.byok }",
            &[
                "require -> forbid",
                "endpoint.zdr and endpoint.byok -> true",
                "endpoint.zdr and endpoint.byok -> false",
                "endpoint.zdr and endpoint.byok -> endpoint.byok",
                "endpoint.zdr and endpoint.byok -> endpoint.zdr",
                "endpoint.zdr and endpoint.byok -> (endpoint.zdr or endpoint.byok)",
                "endpoint.zdr -> not (endpoint.zdr)",
                "endpoint.byok -> not (endpoint.byok)",
            ],
        ),
        (
            "route { forbid endpoint.uptime < 99% }",
            &[
                "forbid -> require",
                "endpoint.uptime < 99% -> true",
                "endpoint.uptime < 99% -> false",
                "< -> <=",
                "99% -> 100%",
                "99% -> 98%",
            ],
        ),
        (
            "route { prefer not endpoint.byok }",
            &["prefer not endpoint.byok -> ", "not endpoint.byok -> endpoint.byok"],
        ),
        ("route { order by price }", &[]),
        (
            "route { order by latency, price }",
            &["order by latency, price -> ", "latency, price -> price", "latency, price -> latency"],
        ),
        ("route { credentials own only tolerate seed }", &["credentials own only -> ", "tolerate seed -> "]),
        (
            "ceiling { run $2 when request.stream }",
            &[
                "run $2 when request.stream -> ",
                "$2 -> $3",
                "$2 -> $1",
                "request.stream -> not (request.stream)",
                "request.stream -> true",
                "request.stream -> false",
            ],
        ),
        (
            "fallback { other model on timeout, network at most 3 moves }",
            &[
                "other model on timeout, network -> ",
                "timeout, network -> network",
                "timeout, network -> timeout",
                "at most 3 moves -> ",
                "3 -> 4",
                "3 -> 2",
            ],
        ),
        (
            "retry { on network 1 time wait retry_after up to 30s else exponential from 500ms to 20s }",
            &[
                "on network 1 time wait retry_after up to 30s else exponential from 500ms to 20s -> ",
                "1 -> 2",
                "1 -> 0",
                "30s -> 40s",
                "30s -> 20s",
                "500ms -> 600ms",
                "500ms -> 400ms",
                "20s -> 30s",
                "20s -> 10s",
            ],
        ),
        ("retry { deadline 45s }", &["deadline 45s -> ", "45s -> 46s", "45s -> 44s"]),
        (
            "stream { commit at end partial discard }",
            &["commit at end -> commit at first_token", "partial discard -> partial mark_incomplete"],
        ),
        (
            "tools { web_search 3 calls, 5 results }",
            &["web_search 3 calls, 5 results -> ", "3 -> 4", "3 -> 2", "5 -> 6", "5 -> 4"],
        ),
        ("health { probe 1 request }", &[]),
        (
            "route { require request.tags includes any of \"a\", \"b\" }",
            &[
                "require -> forbid",
                "request.tags includes any of \"a\", \"b\" -> true",
                "request.tags includes any of \"a\", \"b\" -> false",
                "includes any of -> includes all of",
                "\"a\", \"b\" -> \"b\"",
                "\"a\", \"b\" -> \"a\"",
            ],
        ),
        (
            "route { require time.hour between 09:00 and 18:00 }",
            &[
                "require -> forbid",
                "time.hour between 09:00 and 18:00 -> true",
                "time.hour between 09:00 and 18:00 -> false",
                "09:00 -> 10:00",
                "09:00 -> 08:00",
                "18:00 -> 19:00",
                "18:00 -> 17:00",
            ],
        ),
        ("deny \"no\"", &[]),
    ];
    for (line, expected) in rows {
        let found = of_line(line);
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn declarations_have_their_changes() {
    assert_eq!(changes("declare { request.tier one_of free, pro default free }"), ["default free -> "]);
    assert_eq!(changes("group g = models \"a\", \"b\""), ["\"a\", \"b\" -> \"b\"", "\"a\", \"b\" -> \"a\""]);
    assert_eq!(
        changes("waive g { until 2026-12-31 approved \"a\" because \"b\" }"),
        [
            "waive g { until 2026-12-31 approved \"a\" because \"b\" } -> ",
            "2026-12-31 -> 2027-01-01",
            "2026-12-31 -> 2026-12-30",
        ]
    );
    let budget = "budget b { per key.team spend $2_000 per month byok included reserve 10% for request.stream alert at 80% \
                  on exhausted alert only }";
    assert_eq!(
        changes(budget),
        [
            &format!("{budget} -> "),
            "per key.team -> ",
            "spend $2_000 per month -> ",
            "$2_000 -> $3000",
            "$2_000 -> $1000",
            "byok included -> byok excluded",
            "reserve 10% for request.stream -> ",
            "10% -> 20%",
            "10% -> 0%",
            "request.stream -> not (request.stream)",
            "request.stream -> true",
            "request.stream -> false",
            "alert at 80% -> ",
            "80% -> 90%",
            "80% -> 70%",
            "on exhausted alert only -> ",
        ]
    );
    assert_eq!(changes("invariant i { always endpoint.zdr }"), [] as [&str; 0]);
    assert_eq!(changes("guardrail broken {"), [] as [&str; 0]);
}

/// Nearly every mutant loads, none is the text that it was made of, and none is made twice.
#[test]
fn mutants_of_the_policies_load() {
    let org = fs::read_to_string(repository("policies/org/guardrails.fare")).unwrap();
    let (mut all, mut loaded) = (0, 0);
    for entry in fs::read_dir(repository("policies")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "fare") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        // A waiver names the file that it stands in.
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let made: Vec<Mutant> = mutants(&text);
        let texts: BTreeSet<String> = made.iter().map(|m| m.apply(&text)).collect();
        assert_eq!(texts.len(), made.len(), "{}", path.display());
        assert!(!texts.contains(&text));
        for changed in texts {
            all += 1;
            // The organisation's rules come first where a policy takes a profile of theirs.
            let beside = if text.contains("use patience") { Some(("org.fare", org.as_str())) } else { None };
            let files = beside.into_iter().chain([(name.as_str(), changed.as_str())]);
            let checked = check_set(files, Completeness::Part);
            loaded += usize::from(!checked.diagnostics.has_errors());
        }
    }
    assert!(all > 1500, "{all} mutants");
    assert!(loaded * 100 >= all * 98, "{loaded} of {all} load");
}

const POLICY: &str = "\
policy p { language 1 }
workload chat {
  when request.stream
  route { models \"m/a\" }
  ceiling { completion $5 per Mtok }
}
workload rest { otherwise deny \"streams alone\" }
";

/// $4 is admitted and no price just above $5 is tried: that the ceiling is five dollars, and none of six, nobody shows.
const CASES: &str = "\
policy: p.fare
catalog:
  endpoints:
    - { id: m/a@north, model: m/a, provider: north, context_length: 9000, modalities: [text], prices: { prompt: \"0.000001\", completion: \"0.0000045\" } }
    - { id: m/a@south, model: m/a, provider: south, context_length: 9000, modalities: [text], prices: { prompt: \"0.000001\", completion: \"0.000009\" } }
request: { id: r1, input_tokens: 100, max_output_tokens: 50, stream: true }
context: { now: 2026-11-23T10:00:00Z }
cases:
  - name: a stream goes where output is cheap
    expect: { outcome: route, attempts: [ { provider: north } ], excluded: { m/a@south: ceiling_completion } }
  - name: nothing else is served
    request: { stream: false }
    expect: { outcome: deny, denial: { code: refused } }
";

#[test]
fn what_no_case_notices_is_told_with_its_place() {
    let desk = Desk::new(&[("p.fare", POLICY), ("p.test.yaml", CASES)]);
    let folder = desk.0.display().to_string();
    let (code, out, _) = run(&["test", &folder, "--mutate"]);
    assert_eq!(code, 1);
    let expected = format!(
        "2 passed, 0 failed\n\nchanges that no test notices\n  {folder}/p.fare:5:24: `$5 per Mtok` -> `$6 per Mtok`\n\
         5 changes noticed, 1 not\n"
    );
    assert_eq!(out, expected);

    let (code, out, _) = run(&["test", &folder, "--mutate", "--mutate-threshold", "83", "--format", "json"]);
    assert_eq!(code, 0);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        report["mutants"],
        json!({
            "noticed": 5,
            "unnoticed": [ { "file": format!("{folder}/p.fare"), "line": 5, "column": 24, "change": "stepped",
                             "original": "$5 per Mtok", "replacement": "$6 per Mtok" } ],
            "equal": [], "untried": 0, "void": 0, "unused": [],
        })
    );
    assert_eq!(run(&["test", &folder, "--mutate", "--mutate-threshold", "84"]).0, 1);
}

#[test]
fn cases_that_fail_and_time_that_is_up_are_told() {
    let wrong = CASES.replace("code: refused", "code: no_route");
    let desk = Desk::new(&[("p.fare", POLICY), ("p.test.yaml", &wrong)]);
    let (code, out, err) = run(&["test", &desk.0.display().to_string(), "--mutate"]);
    assert_eq!((code, err.as_str()), (1, "no mutant was tried: cases fail, and would fail under each\n"));
    assert!(!out.contains("changes"), "{out}");

    let desk = Desk::new(&[("p.fare", POLICY), ("p.test.yaml", CASES)]);
    let (code, out, _) = run(&["test", &desk.0.display().to_string(), "--mutate", "--within", "0s"]);
    assert_eq!(code, 1);
    assert!(out.ends_with("0 changes noticed, 0 not, 6 not tried for want of time\n"), "{out}");
    let (code, _, err) = run(&["test", &desk.0.display().to_string(), "--mutate", "--within", "soon"]);
    assert_eq!((code, err.as_str()), (2, "error: --within wants a duration such as 2m, not `soon`\n"));
}
