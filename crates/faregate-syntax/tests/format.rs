//! The one layout.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod common;

use common::tree;
use faregate_syntax::{FileId, format, parse};
use proptest::prelude::*;

const POLICY: &str = include_str!("fixtures/acme-support.fare");
const SAMPLER: &str = include_str!("fixtures/sampler.fare");

fn formatted(text: &str) -> String {
    format(FileId(0), text).unwrap_or_else(|diagnostics| panic!("{diagnostics:?} in {text}"))
}

fn comments(text: &str) -> Vec<String> {
    let comments = parse(FileId(0), text).0.comments;
    comments.iter().map(|c| text[c.span.start as usize..c.span.end as usize].trim_end().to_owned()).collect()
}

/// Checks what holds of every text: nothing is lost, nothing changes its meaning, and once is enough.
fn sound(text: &str) -> String {
    let once = formatted(text);
    assert_eq!(tree(text), tree(&once), "in {text}");
    assert_eq!(comments(text), comments(&once), "in {text}");
    assert_eq!(formatted(&once), once, "of {text}");
    assert!(once.is_empty() || once.ends_with('\n') && !once.ends_with("\n\n"));
    assert!(!once.contains('\r') && !once.lines().any(|line| line.ends_with(' ')), "in {once}");
    once
}

fn check(text: &str, expected: &str) {
    assert_eq!(sound(text), expected, "of {text}");
}

#[test]
fn the_support_policy_stays_readable() {
    assert_eq!(sound(POLICY), include_str!("fixtures/acme-support.formatted.fare"));
    assert_eq!(sound(SAMPLER), include_str!("fixtures/sampler.formatted.fare"));
}

#[test]
fn blanks_and_lines() {
    check("", "");
    check(" \n\n", "");
    check("guardrail  a{when key . b}".replace(" . ", ".").as_str(), "guardrail a {\n  when key.b\n}\n");
    check(
        "guardrail a {\n\n\n  when key.b\n\n\n  when key.c\n\n}\n\n\n",
        "guardrail a {\n  when key.b\n\n  when key.c\n}\n",
    );
    check(
        "guardrail a { when not(key.b==c)and present ( key.d ) }\r\n",
        "guardrail a {\n  when not (key.b == c) and present(key.d)\n}\n",
    );
    check("\u{feff}guardrail a { }", "guardrail a {}\n");
}

#[test]
fn declarations_stand_apart() {
    check(
        "group a = models \"m\" group b=models \"m\" ,\"n\"\n\n\ngroup c = models \"m\" guardrail d { because \"x\" }group e = models \"m\"",
        "group a = models \"m\"\ngroup b = models \"m\", \"n\"\n\ngroup c = models \"m\"\n\nguardrail d {\n  because \"x\"\n}\n\ngroup e = models \"m\"\n",
    );
}

#[test]
fn sections_of_one_statement_are_lines() {
    check(
        "workload a { ceiling {\n run $2\n }\n stream { commit at end partial discard } route { } }",
        "workload a {\n  ceiling { run $2 }\n  stream {\n    commit at end\n    partial discard\n  }\n  route {}\n}\n",
    );
    check("workload a { ceiling { run $2 // c\n } }", "workload a {\n  ceiling {\n    run $2 // c\n  }\n}\n");
    let long = "\"".to_owned() + &"m".repeat(90) + "\"";
    check(
        &format!("workload a {{ route {{ models {long} }} }}"),
        &format!("workload a {{\n  route {{\n    models {long}\n  }}\n}}\n"),
    );
}

#[test]
fn long_statements_are_wrapped() {
    let model = |n: usize| format!("\"{}\"", "m".repeat(n));
    check(
        &format!("group a = models {}, {}, {}", model(40), model(30), model(3)),
        &format!("group a = models {}, {}, {}\n", model(40), model(30), model(3)),
    );
    check(
        &format!("group a = models {}, {}, {}", model(40), model(30), model(4)),
        &format!("group a = models {}, {},\n    {}\n", model(40), model(30), model(4)),
    );
    check(
        &format!("workload b {{ route {{ models {} then {}, x\norder by y }} }}", model(60), model(60)),
        &format!(
            "workload b {{\n  route {{\n    models {} then\n        {}, x\n    order by y\n  }}\n}}\n",
            model(60),
            model(60)
        ),
    );
    // Where nothing can be torn apart, it stays long.
    check(&format!("group a = models {}", model(200)), &format!("group a = models {}\n", model(200)));
}

#[test]
fn comments_stay_where_they_are() {
    check(
        "// a\n\n\n/// b\nguardrail c { // d\n  // e\n\n  // f\n  when key.g // h\n // i\n } // j\n// k\n",
        "// a\n\n/// b\nguardrail c { // d\n  // e\n\n  // f\n  when key.g // h\n  // i\n} // j\n// k\n",
    );
    check(
        "group a = models \"b\", // c\n // d\n\n \"e\" // f\n",
        "group a = models \"b\", // c\n    // d\n    \"e\" // f\n",
    );
    check("guardrail // a\nb // c\n{ }", "guardrail // a\n    b // c\n    {}\n");
    check("guardrail a { // b\n}", "guardrail a { // b\n}\n");
    check("guardrail a {\n// b\n}", "guardrail a {\n  // b\n}\n");
    check(
        "group a = models \"b\"\n// of c\nguardrail c { because \"d\" }\n// of e\ngroup e = models \"f\"",
        "group a = models \"b\"\n\n// of c\nguardrail c {\n  because \"d\"\n}\n\n// of e\ngroup e = models \"f\"\n",
    );
}

#[test]
fn a_text_with_mistakes_is_left_alone() {
    let diagnostics = format(FileId(0), "guardrail a { when }").unwrap_err();
    assert_eq!(diagnostics.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn it_is_sound_however_the_text_is_spread(
        blanks in proptest::collection::vec(
            prop_oneof![
                8 => Just(" "), 2 => Just("\n"), 1 => Just("\n\n\n"), 1 => Just(" // c\n"), 1 => Just("\n/// d\n"), 1 => Just("\r\n"),
            ],
            1..200,
        ),
        sampler: bool,
    ) {
        let text = if sampler { SAMPLER } else { POLICY };
        // Blanks are put where blanks are; those in strings and comments stay.
        let mut spread = String::new();
        let mut i = 0;
        for line in text.lines() {
            if line.trim_start().starts_with("//") || line.contains("// ") || line.contains('"') {
                spread.push_str(line);
            } else {
                for word in line.split_inclusive(' ') {
                    spread.push_str(word.trim_end());
                    spread.push_str(blanks[i % blanks.len()]);
                    i += 1;
                }
            }
            spread.push('\n');
        }
        sound(&spread);
    }
}
