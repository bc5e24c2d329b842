//! The limits: kept to the character, and a diagnostic past them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use faregate_syntax::ast::{ExprKind, GuardrailStatement, Item};
use faregate_syntax::{FileId, parse};

/// Returns code and first byte of each diagnostic.
fn found(text: &str) -> Vec<(&'static str, usize)> {
    parse(FileId(0), text).1.iter().map(|d| (d.code, d.primary.span.start as usize)).collect()
}

fn require(condition: &str) -> String {
    format!("guardrail a {{ require {condition} }}")
}

const CONDITION: usize = "guardrail a { require ".len();

#[test]
fn files() {
    let declaration = "guardrail a { }\n";
    let most = (1 << 20) - declaration.len();
    let blank = " ".repeat(most);
    assert_eq!(found(&format!("{declaration}{blank}")), []);
    assert_eq!(found(&format!("{declaration}{blank} ")), [("limit-exceeded", 0)]);
}

#[test]
fn names() {
    let name = "n".repeat(128);
    assert_eq!(found(&format!("guardrail {name} {{ require key.{name} == {name} }}")), []);
    assert_eq!(found(&format!("guardrail {name}n {{ }}")), [("limit-exceeded", 10)]);
    assert_eq!(found(&require(&format!("key.a == {name}n"))), [("limit-exceeded", CONDITION + 9)]);
    assert_eq!(found(&require(&format!("key.a == \"{name}n\""))), []);
}

#[test]
fn parentheses_and_nots() {
    let nested = |n: usize| require(&format!("{}key.a{}", "(".repeat(n), ")".repeat(n)));
    assert_eq!(found(&nested(64)), []);
    assert_eq!(found(&nested(65)), [("limit-exceeded", CONDITION + 64)]);
    assert_eq!(found(&nested(100_000)), [("limit-exceeded", CONDITION + 64)]);
    let negated = |n: usize| require(&format!("{}key.a", "not ".repeat(n)));
    assert_eq!(found(&negated(64)), []);
    assert_eq!(found(&negated(65)), [("limit-exceeded", CONDITION + 256)]);
    assert_eq!(found(&negated(200_000)), [("limit-exceeded", CONDITION + 256)]);
    let both = |n: usize| require(&format!("{}key.a{}", "not(".repeat(n), ")".repeat(n)));
    assert_eq!(found(&both(32)), []);
    assert_eq!(found(&both(33)), [("limit-exceeded", CONDITION + 128)]);
}

#[test]
fn only_what_is_nested_counts() {
    let many = vec!["not (not key.a)"; 1_000];
    assert_eq!(found(&require(&many.join(" and "))), []);
    assert_eq!(found(&format!("guardrail a {{ {} }}", "require not key.a ".repeat(1_000))), []);
}

#[test]
fn braces() {
    let nested = |n: usize| format!("{}{}", "{".repeat(n), "}".repeat(n));
    // No block of the language nests so deep; past the limit the number is what is reported.
    assert_eq!(found(&nested(64)), [("syntax", 0)]);
    assert_eq!(found(&nested(65)), [("limit-exceeded", 64)]);
    assert_eq!(found(&nested(100_000)), [("limit-exceeded", 64)]);
    assert_eq!(found(&format!("guardrail a {}", nested(100_000))), [("limit-exceeded", 76)]);
}

#[test]
fn stray_braces_of_a_line_are_one_mistake() {
    let text = "}".repeat(1 << 20);
    assert_eq!(found(&text), [("syntax", 0)]);
}

#[test]
fn long_lists_are_flat() {
    let (file, diagnostics) = parse(FileId(0), &require(&vec!["key.a"; 50_000].join(" and ")));
    assert_eq!(diagnostics, []);
    let Item::Guardrail(guardrail) = &file.items[0] else { panic!("{:?}", file.items[0]) };
    let GuardrailStatement::Require(condition) = &guardrail.statements[0].kind else { panic!() };
    assert!(matches!(&condition.kind, ExprKind::And(terms) if terms.len() == 50_000));
}

#[test]
fn a_small_stack_is_enough() {
    let text = require(&format!("{}key.a{}", "(".repeat(64), ")".repeat(64)));
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(move || found(&text)).unwrap();
    assert_eq!(thread.join().unwrap(), []);
}
