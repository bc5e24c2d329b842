//! YAML and JSON to trees.

use crate::{MAX_DEPTH, Node, read_many, read_one};

/// What a text reads as: JSON with `#` before numbers, or the error.
fn shown(text: &str) -> String {
    fn show(node: &Node) -> String {
        match node {
            Node::Number(raw) => format!("#{raw}"),
            Node::Seq(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
            Node::Map(entries) => {
                let entries: Vec<_> =
                    entries.iter().map(|(name, value)| format!("{name}: {}", show(value))).collect();
                format!("{{{}}}", entries.join(", "))
            }
            Node::Null => "null".to_owned(),
            Node::Bool(value) => value.to_string(),
            Node::Text(text) => format!("{text:?}"),
        }
    }
    match read_many(text) {
        Ok(documents) => documents.iter().map(show).collect::<Vec<_>>().join(" | "),
        Err(error) => error.to_string(),
    }
}

#[test]
fn scalars_of_yaml() {
    for (text, expected) in [
        // Numbers keep their text, whatever a float would make of it.
        ("1e-7", "#1e-7"),
        ("0.10000000000000000001", "#0.10000000000000000001"),
        ("3.125e-07", "#3.125e-07"),
        ("1.50", "#1.50"),
        ("-0", "#-0"),
        ("+5", "#+5"),
        (".5", "#.5"),
        ("123456789012345678901234567890", "#123456789012345678901234567890"),
        (
            "1234567890123456789012345678901234567890123456789",
            "#1234567890123456789012345678901234567890123456789",
        ),
        // Numbers that no field accepts are still not taken for texts.
        (".inf", "#.inf"),
        ("-.INF", "#-.INF"),
        (".nan", "#.nan"),
        ("0x1F", "#0x1F"),
        ("0o7", "#0o7"),
        ("0b11", "#0b11"),
        // Texts.
        ("1_000", "\"1_000\""),
        ("007", "\"007\""),
        ("1e400", "\"1e400\""),
        ("2026-11-23", "\"2026-11-23\""),
        ("2026-11-23T10:00:00Z", "\"2026-11-23T10:00:00Z\""),
        ("16:30", "\"16:30\""),
        ("98.7%", "\"98.7%\""),
        ("\"5\"", "\"5\""),
        ("'0.5'", "\"0.5\""),
        ("yes", "\"yes\""),
        ("no", "\"no\""),
        ("on", "\"on\""),
        ("!!str 5", "\"5\""),
        ("|\n  a\n  b\n", "\"a\\nb\\n\""),
        ("inf", "\"inf\""),
        ("nan", "\"nan\""),
        // The rest.
        ("true", "true"),
        ("False", "false"),
        ("a: ~", "{a: null}"),
        ("a: null", "{a: null}"),
        ("a:", "{a: null}"),
        ("!!float 5", "#5"),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn structures_of_yaml() {
    for (text, expected) in [
        ("a: [1, {b: x}]\nc: {}", "{a: [#1, {b: \"x\"}], c: {}}"),
        ("1: x\ntrue: y\n2.50: z", "{1: \"x\", true: \"y\", 2.50: \"z\"}"),
        ("a: &x [1, 2.0]\nb: *x", "{a: [#1, #2.0], b: [#1, #2.0]}"),
        ("a: &x 1.10\nb: [*x, *x]", "{a: #1.10, b: [#1.10, #1.10]}"),
        ("&k a: 1\nb: {*k : 2}", "{a: #1, b: {a: #2}}"),
        ("{a: 1, b: x}", "{a: #1, b: \"x\"}"),
        ("[a, b]", "\"a\" | \"b\""),
        ("--- a\n--- [b]\n...\n---\n", "\"a\" | \"b\""),
        ("# nothing", ""),
        ("", ""),
        ("\u{feff}a: 1", "{a: #1}"),
        ("a: 1\r\nb: 2\r\n", "{a: #1, b: #2}"),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn json() {
    for (text, expected) in [
        (
            "{\"a\": [1e-7, 1.50, -0, 12345678901234567890123], \"b\": \"5\"}",
            "{a: [#1e-7, #1.50, #-0, #12345678901234567890123], b: \"5\"}",
        ),
        ("{\"a\":1}\n{\"a\":2}\n\n", "{a: #1} | {a: #2}"),
        ("[{\"a\":1},{\"a\":2}]", "{a: #1} | {a: #2}"),
        ("{\"a\": \"\\u00e9\\n\"}", "{a: \"é\\n\"}"),
        // No JSON, but YAML.
        ("{\"a\": 1,}", "{a: #1}"),
        ("{a: 0x1F} # four", "{a: #0x1F}"),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn faults_are_plain_and_have_a_place() {
    for (text, expected) in [
        ("a: 1\nb: [", "line 3, column 1: did not find expected node content, while parsing a flow node"),
        ("a: b: c", "line 1, column 5: mapping values are not allowed in this context"),
        ("{\"a\": 1,\n \"b\" 2}", "line 2, column 6: expected `:`"),
        ("{\"a\": 1", "line 1, column 7: EOF while parsing an object"),
        ("[1]\n [\"\\ud800\"]", "line 2, column 10: unexpected end of hex escape"),
        ("[1]\n[2}\n", "line 2, column 3: expected `,` or `]`"),
        ("a: 1\nb: 2\na: 3", "a: stands twice"),
        ("{\"a\": {\"b\": 1, \"b\": 1}}", "a.b: stands twice"),
        ("a: [{x.y: 1, x.y: 2}]", "a[0][\"x.y\"]: stands twice"),
        ("a: 1\n---\na: 1\na: 1", "document 2: a: stands twice"),
        ("b: &b {x: 1}\na:\n  <<: *b\n", "a[\"<<\"]: merge keys are not read; write the fields out"),
        ("a: !secret x", "line 1, column 4: a: tags such as `!secret` are not read"),
        ("a: *b", "line 1, column 4: unknown anchor"),
        ("[a, b]: 1", "line 1, column 1: invalid type: sequence, expected a text as the key of a map"),
        ("a: [&x 1, &x 2, &y 3, *x]", "the anchor `&x` stands twice; give each its own name"),
        ("a: &x [*x]", "nested deeper than 64 levels"),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
    assert_eq!(read_one("a\n--- b").unwrap_err().to_string(), "holds 2 documents where one is expected");
    assert_eq!(crate::text_of(b"a\nb\xff").unwrap_err().to_string(), "line 2, column 2: not UTF-8");
}

#[test]
fn limits() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    for prefix in ["", "--- "] {
        assert!(read_one(&format!("{prefix}{}", nested(MAX_DEPTH))).is_ok());
        let error = read_one(&format!("{prefix}{}", nested(MAX_DEPTH + 1))).unwrap_err();
        assert_eq!(error.to_string(), "nested deeper than 64 levels");
        let error = read_one(&format!("{prefix}{}", nested(100_000))).unwrap_err();
        assert!(!error.to_string().is_empty());
    }
    // The laughs: ten lines that would be 10^10 texts.
    let mut laughs = "a0: &a0 lol\n".to_owned();
    for n in 1..=10 {
        let before = n - 1;
        laughs += &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{before}"); 10].join(", "));
    }
    assert_eq!(read_one(&laughs).unwrap_err().to_string(), "aliases multiply the text past what is read");
    // One long text many times.
    let long = format!("a: &a {}\nb: [{}]", "x".repeat(100_000), vec!["*a"; 10_000].join(","));
    assert_eq!(read_one(&long).unwrap_err().to_string(), "aliases multiply the text past what is read");
    // Without aliases no text is too much, not even the densest.
    for text in [
        format!("[{}]", "a,".repeat(300_000)),
        format!("{{{}}}", (0..100_000).map(|n| format!("\"{n}\\L\",")).collect::<String>()),
        "- ".repeat(60),
    ] {
        assert!(read_one(&text).is_ok(), "{}", text.chars().take(20).collect::<String>());
    }
    let huge = " ".repeat(crate::MAX_TEXT_BYTES + 1);
    assert!(read_one(&huge).unwrap_err().to_string().starts_with("67108865 bytes of text"));
}
