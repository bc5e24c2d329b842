//! What holds of any text at all.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use faregate_syntax::{FileId, Sources, format, parse, parse_literal, render};
use proptest::prelude::*;

/// Checks that a text is read without panic, and that what is said about it is well-formed.
fn check(text: &str) {
    let mut sources = Sources::new();
    let id = sources.add("any.fare", text);
    let (file, diagnostics) = parse(id, text);
    for diagnostic in &diagnostics {
        let places = diagnostic.related.iter().map(|l| l.span).chain(diagnostic.fix.iter().map(|f| f.span));
        for span in places.chain([diagnostic.primary.span]) {
            assert_eq!(span.file, id);
            assert!(text.get(span.start as usize..span.end as usize).is_some(), "{diagnostic:?}");
        }
        assert!(!diagnostic.message.contains("kw_") && !diagnostic.message.contains('\n'), "{diagnostic:?}");
        assert!(matches!(diagnostic.code, "syntax" | "limit-exceeded"));
    }
    for comment in &file.comments {
        assert!(text[comment.span.start as usize..].starts_with("//"));
    }
    assert!(diagnostics.windows(2).all(|w| w[0].primary.span.start <= w[1].primary.span.start));
    assert_eq!(render(&diagnostics, &sources, false).is_empty(), diagnostics.is_empty());
    assert!(diagnostics.is_empty() || render(&diagnostics, &sources, true).contains('\u{1b}'));
    match format(FileId(0), text) {
        Ok(once) => assert_eq!(format(FileId(0), &once).as_ref(), Ok(&once)),
        Err(found) => assert_eq!(found.len(), diagnostics.len()),
    }
    let _ = parse_literal(text);
}

const VOCABULARY: &[&str] = &[
    "policy",
    "declare",
    "group",
    "guardrail",
    "waive",
    "budget",
    "profile",
    "workload",
    "invariant",
    "route",
    "ceiling",
    "fallback",
    "retry",
    "health",
    "stream",
    "tools",
    "when",
    "require",
    "requre",
    "forbid",
    "models",
    "order by price",
    "per",
    "month",
    "key.team",
    "request.tier",
    "endpoint.zdr",
    "and",
    "or",
    "not",
    "(",
    ")",
    "in",
    "between",
    "includes",
    "any of",
    "matches",
    "present(",
    "==",
    "!=",
    "<=",
    "=",
    "&&",
    "!",
    ",",
    ";",
    ".",
    "{",
    "}",
    "{\n",
    "\n}\n",
    "\n",
    "\n\n",
    "a",
    "b-c",
    "Foo",
    "\"m*\"",
    "\"open",
    "'x'",
    "“y”",
    "$5",
    "$5 per Mtok",
    "5%",
    "5m",
    "5x",
    "1.5",
    "2026-12-31",
    "2026-02-30",
    "09:00",
    "at most",
    "3",
    "calls",
    "then",
    "requested",
    "none",
    "otherwise",
    "on",
    "timeout",
    "2 times",
    "wait",
    "// c\n",
    "/// d\n",
    "\u{a0}",
    "\u{0}",
    "\r\n",
    "\t",
    "é",
    "\\",
    "\"\\n\"",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn of_tokens_in_any_order(tokens in proptest::collection::vec(proptest::sample::select(VOCABULARY), 0..80), blanks: bool) {
        check(&tokens.join(if blanks { " " } else { "" }));
    }

    #[test]
    fn of_any_characters(text in "\\PC*|[\\x00-\\x7f]{0,200}|(.|\\n){0,200}") {
        check(&text);
    }

    #[test]
    fn of_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        check(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn of_a_policy_with_bytes_changed(at in 0..4000_usize, length in 0..40_usize, put in "\\PC{0,6}|[ -~]{0,6}|\\{|\\}|\"") {
        let mut text = include_str!("fixtures/acme-support.fare").to_owned();
        let floor = |mut at: usize| { while !text.is_char_boundary(at) { at -= 1; } at };
        let (start, end) = (floor(at.min(text.len())), floor((at + length).min(text.len())));
        text.replace_range(start..end, &put);
        check(&text);
    }
}
