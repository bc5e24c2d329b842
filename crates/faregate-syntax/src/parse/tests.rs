//! The parser and the rule `file` of the grammar are two ways to read the same language.

#![expect(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use pest::Parser as _;
use proptest::prelude::*;

use super::parse;
use crate::FileId;
use crate::grammar::{Grammar, Rule};
use crate::lexer::lex;

const POLICY: &str = include_str!("../../tests/fixtures/acme-support.fare");
const SAMPLER: &str = include_str!("../../tests/fixtures/sampler.fare");

/// Returns whether the grammar takes the whole text, and what the parser says of it.
fn both(text: &str) -> (bool, Vec<String>) {
    let (_, diagnostics) = parse(FileId(0), text);
    let whole = Grammar::parse(Rule::file, text).is_ok();
    // What the grammar leaves to the parser, as it says at its beginning.
    let beyond = |message: &str, label: &str| {
        label.starts_with("begins a statement of")
            || ["there is no ", "is too large", "has more than", "is not a whole"]
                .iter()
                .any(|m| message.contains(m))
    };
    let messages = diagnostics.into_iter().filter(|d| !(whole && beyond(&d.message, &d.primary.text)));
    (whole, messages.map(|d| d.message).collect())
}

fn agree(text: &str) {
    let (whole, messages) = both(text);
    assert_eq!(whole, messages.is_empty(), "{messages:?} in:\n{text}");
}

#[test]
fn on_whole_policies() {
    for text in [POLICY, SAMPLER, "", "\u{feff}// nothing\n", "guardrail a { }\r\n"] {
        let (whole, messages) = both(text);
        assert!(whole);
        assert_eq!(messages, [""; 0], "in {text}");
    }
}

#[test]
fn on_mistakes() {
    for text in [
        "guardrail",
        "guardrail a",
        "guardrail a {",
        "guardrail a { } }",
        "guardrail a { when }",
        "guardrail a { when key.a == b, }",
        "guardrail a { when key.a == \"b }",
        "guardrail a { when key.a == 'b' }",
        "guardrail a { when (key.a }",
        "guardrail a { when key.a) }",
        "guardrail A { }",
        "group a = models",
        "group a = models \"b\" \"c\"",
        "policy a { language 5x }",
        "workload a { use none }",
        "// only\u{a0}a comment\nx",
    ] {
        assert!(!both(text).0, "{text}");
        agree(text);
    }
}

/// What is done to a text, token by token.
#[derive(Clone, Copy, Debug)]
enum Change {
    Drop,
    Double,
    /// Takes the place of the token that stands so many after it.
    Swap(usize),
}

fn changes() -> impl Strategy<Value = Vec<(usize, Change)>> {
    let change = prop_oneof![Just(Change::Drop), Just(Change::Double), (1..400_usize).prop_map(Change::Swap)];
    proptest::collection::vec((0..700_usize, change), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn on_texts_with_a_token_changed(
        changes in changes(),
        blanks in proptest::collection::vec(prop_oneof![3 => Just(" "), 2 => Just("\n"), 1 => Just(" // c\n")], 1..50),
        sampler: bool,
    ) {
        let text = if sampler { SAMPLER } else { POLICY };
        let lexed = lex(FileId(0), text);
        let mut tokens: Vec<&str> = lexed.tokens.iter().map(|token| token.text(text)).collect();
        for (at, change) in changes {
            let at = at % tokens.len();
            match change {
                Change::Drop => drop(tokens.remove(at)),
                Change::Double => tokens.insert(at, tokens[at]),
                Change::Swap(by) => {
                    let other = (at + by) % tokens.len();
                    tokens.swap(at, other);
                }
            }
        }
        let mut changed = String::new();
        for (i, token) in tokens.iter().enumerate() {
            // An attribute is written without blanks.
            let joined = *token == "." || i > 0 && tokens[i - 1] == ".";
            if !joined {
                changed.push_str(blanks[i % blanks.len()]);
            }
            changed.push_str(token);
        }
        agree(&changed);
    }
}
