//! The lines of the README in each language are those of a program that is run: in Rust here, in the others by `.ci/bindings`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test that panics has failed"
)]

use std::cell::Cell;
use std::error::Error;
use std::fs;

use faregate::{Attempt, Catalog, Decision, Denial, Engine, Outcome, PolicySet, Record, Step, Timestamp};
use faregate_tests::repository;
use faregate_wire::{catalog_layer, context_from, read_one, request_from, scripted_from};

/// Language of the fence, and the program that has its lines between `[readme]` and `[/readme]`.
const PROGRAMS: [(&str, &str); 6] = [
    ("rust", "tests/readme.rs"),
    ("python", "crates/faregate-python/examples/ten_lines.py"),
    ("js", "crates/faregate-node/examples/ten_lines.mjs"),
    ("js", "crates/faregate-wasm/examples/ten_lines.mjs"),
    ("c", "crates/faregate-capi/examples/ten_lines.c"),
    ("go", "examples/go/tenlines/main.go"),
];

/// Returns the marked lines of a program, as far to the left as they go.
fn marked(program: &str) -> String {
    let text = fs::read_to_string(repository(program)).unwrap_or_else(|error| panic!("{program}: {error}"));
    let is = |line: &str, mark: &str| line.trim_matches([' ', '\t', '/', '*', '#']) == mark;
    let lines = text.lines().skip_while(|line| !is(line, "[readme]")).skip(1);
    let lines: Vec<&str> = lines.take_while(|line| !is(line, "[/readme]")).collect();
    assert!((8..=16).contains(&lines.len()), "{program} has {} lines for the README", lines.len());
    let deep = |line: &&str| line.len() - line.trim_start().len();
    let indent = lines.iter().filter(|line| !line.is_empty()).map(deep).min().unwrap();
    lines.iter().map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect()
}

/// `UPDATE=1` writes the lines into the README anew.
#[test]
fn the_readme_shows_the_lines_of_programs() {
    let mut readme = fs::read_to_string(repository("README.md")).unwrap();
    for (language, program) in PROGRAMS {
        let open = format!("<!-- {program} -->\n```{language}\n");
        let (before, rest) = readme.split_once(&open).unwrap_or_else(|| panic!("no {open:?} in the README"));
        let (shown, after) = rest.split_once("```\n").expect("the end of the lines");
        let lines = marked(program);
        if std::env::var_os("UPDATE").is_some() {
            readme = format!("{before}{open}{lines}```\n{after}");
        } else {
            assert_eq!(shown, lines, "the README does not show {program}: run the test with UPDATE=1");
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(repository("README.md"), readme).unwrap();
    }
}

thread_local!(static CLOCK: Cell<Timestamp> = const { Cell::new(Timestamp(1_795_428_000_000)) });

fn now() -> Timestamp {
    CLOCK.get()
}

fn sleep_until(until: Timestamp) {
    CLOCK.set(until);
}

/// Stands for the HTTP client: the first provider is overloaded, the next answers.
fn send(attempt: &Attempt) -> Outcome {
    let answer = match attempt.endpoint.as_str() {
        "large/one@north" => r#"{ "error": "overloaded", "status": 529 }"#,
        _ => r#"{ "ok": { "input_tokens": 1200, "output_tokens": 80 } }"#,
    };
    scripted_from(&read_one(answer).unwrap()).unwrap().outcome
}

fn refuse(denial: &Denial) -> Result<Record, Box<dyn Error>> {
    Err(denial.message.clone().into())
}

fn serve(policy: &str, catalog: &str, request: &str, context: &str) -> Result<Record, Box<dyn Error>> {
    let request = request_from(&read_one(request)?)?;
    let context = context_from(&read_one(context)?)?;
    // [readme]
    let policy = PolicySet::parse([("policy.fare", policy)])?; // Err: every finding, with its place
    let engine = Engine::new(policy, Catalog::new(vec![catalog_layer(catalog)?])?)?;
    match engine.decide(&request, &context) {
        Decision::Deny(denial) => refuse(&denial), // denial.code.status() is the HTTP status
        Decision::Route(plan) => {
            let mut run = plan.run(); // retries, moves, money: a pure state machine
            loop {
                match run.step(now()) {
                    Step::Try(attempt) => run.next(send(&attempt), now()),
                    Step::Wait { until } => sleep_until(until),
                    Step::Done(record) | Step::Failed(record) => break Ok(*record),
                }
            }
        }
    }
    // [/readme]
}

#[test]
fn the_lines_in_rust_serve_a_request() {
    let text = |name: &str| fs::read_to_string(repository("examples/one-decision").join(name)).unwrap();
    let texts = ["policy.fare", "catalog.json", "request.json", "context.json"].map(text);
    let [policy, catalog, request, context] = &texts;
    let record = serve(policy, catalog, request, context).unwrap();
    let json = faregate_wire::record_to_json(&record);
    assert!(json.contains(r#""steps":["try large/one@north","try large/one@west","done"]"#), "{json}");
    // Personal data, a request that the policy does not know: the message is the policy's.
    let other = request.replace("\"chat\"", "\"summarize\"");
    assert_eq!(serve(policy, catalog, &other, context).unwrap_err().to_string(), "name a workload");
}
