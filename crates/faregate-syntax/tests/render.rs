//! Reports as a reader sees them.

use faregate_syntax::{Diagnostic, Diagnostics, Sources, Span, parse_all, render};

#[test]
fn other_places_are_shown_too() {
    let mut sources = Sources::new();
    let first = sources.add("org.fare", "// ours\ngroup fast = models \"a\"\n");
    let second = sources.add("team.fare", "group fast = models \"b\"\n");
    let diagnostic =
        Diagnostic::error("duplicate-name", Span::new(second, 6, 10), "the name `fast` is taken")
            .label("declared again")
            .related(Span::new(first, 14, 18), "first declared here")
            .help("rename one of them");
    assert_eq!(
        render([&diagnostic], &sources, false),
        "\
error[duplicate-name]: the name `fast` is taken
 --> team.fare:1:7
  |
1 | group fast = models \"b\"
  |       ^^^^ declared again
  |
 ::: org.fare:2:7
  |
2 | group fast = models \"a\"
  |       ---- first declared here
  |
help: rename one of them
"
    );
}

#[test]
fn an_error_is_its_own_report() {
    let mut sources = Sources::new();
    sources.add("a.fare", "guardrail ü {\n  when endpoint.zdr && endpoint.free\n");
    let (_, list) = parse_all(&sources);
    let diagnostics = Diagnostics::new(list, sources);
    let error: Box<dyn std::error::Error> = Box::new(diagnostics);
    assert_eq!(
        error.to_string(),
        "\
error[syntax]: `ü` holds `ü` (U+00FC), which is no letter of a name
 --> a.fare:1:11
  |
1 | guardrail ü {
  |           ^
  |
help: names hold `a` to `z`, digits, `_` and `-`; other texts stand in quotes

error[syntax]: `guardrail ü` is never closed
 --> a.fare:1:13
  |
1 | guardrail ü {
  |             ^ opened here
2 |   when endpoint.zdr && endpoint.free
  |                                     - still open at the end of the file
  |
help: write a `}` after its last statement

error[syntax]: expected a comparison, `and`, `or` or the next statement, found `&&`
 --> a.fare:2:21
  |
2 |   when endpoint.zdr && endpoint.free
  |                     ^^
  |
help: write `and`
  |
2 -   when endpoint.zdr && endpoint.free
2 +   when endpoint.zdr and endpoint.free
  |
"
    );
}

#[test]
fn warnings_and_colour() {
    let mut sources = Sources::new();
    let id = sources.add("a.fare", "group a = models \"m\"\n");
    let list = vec![Diagnostic::warning("no-effect", Span::new(id, 6, 7), "nothing uses `a`")];
    let diagnostics = Diagnostics::new(list, sources);
    assert!(!diagnostics.has_errors() && !diagnostics.is_empty());
    assert_eq!(diagnostics.iter().count(), 1);
    assert!(diagnostics.to_string().starts_with("warning[no-effect]: nothing uses `a`\n"));
    assert!(diagnostics.render(true).contains("\u{1b}["));
}
