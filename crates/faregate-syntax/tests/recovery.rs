//! A mistake gives one diagnostic, at its place, and what is good around it stays in the tree.
//!
//! The mistakes stand in the texts as comments: `//~ COLUMN MESSAGE` on the line of a diagnostic. What is not so marked
//! fails the test.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod common;

use common::show_file;
use faregate_syntax::{FileId, Sources, parse};

/// Checks the diagnostics of a text against its marks.
fn check(text: &str) {
    let mut sources = Sources::new();
    let id = sources.add("test.fare", text);
    let (_, diagnostics) = parse(id, text);
    let found: Vec<String> = diagnostics
        .iter()
        .map(|d| {
            let place = sources.place(d.primary.span);
            format!("{}:{} {}", place.line, place.column, d.message)
        })
        .collect();
    let mut expected = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let Some((_, marks)) = content.split_once("//~ ") else { continue };
        for mark in marks.split(" //~ ") {
            let (column, message) = mark.split_once(' ').unwrap();
            expected.push(format!("{line}:{column} {message}"));
        }
    }
    assert_eq!(found, expected, "in {text}");
}

/// Checks where the one diagnostic of a text stands and what it says.
fn check_one(text: &str, expected: &str) {
    let mut sources = Sources::new();
    let id = sources.add("test.fare", text);
    let (_, diagnostics) = parse(id, text);
    let found: Vec<String> = diagnostics
        .iter()
        .map(|d| {
            let place = sources.place(d.primary.span);
            format!("{}:{} {}", place.line, place.column, d.message)
        })
        .collect();
    assert_eq!(found, [expected], "in {text}");
}

/// Checks what is left of a text with mistakes.
fn check_left(text: &str, expected: &str) {
    let (file, diagnostics) = parse(FileId(0), text);
    assert!(!diagnostics.is_empty());
    let trim = |s: &str| s.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("\n");
    assert_eq!(trim(&show_file(&file)), trim(expected), "in {text}");
}

#[test]
fn five_mistakes_are_five_diagnostics() {
    check(
        r#"
policy acme {
  language one        //~ 12 expected an amount, found `one`
  owner "o"
}
guardrail a {
  when request.tier = free    //~ 21 expected a comparison, `and`, `or` or the next statement, found `=`
  requre endpoint.zdr         //~ 3 expected a statement of `guardrail`, found `requre`
  because "x"
}
workload b {
  when request.workload == chat
  route {
    models "a", //
    prefer endpoint.x         //~ 5 expected a model in quotes, or a group, found `prefer`
    order by price
  }
  ceiling { run $5k }         //~ 17 expected an amount, found `$5k`
}
"#,
    );
}

#[test]
fn what_is_good_stays_in_the_tree() {
    check_left(
        "guardrail a {
           when request.tier = free
           require endpoint.zdr
           forbd endpoint.free
           because 'x'
           waivable in \"a.fare\"
         }
         workload b {
           when request.tier == pro
           rout { }
           ceiling { run $5 promt 5 6 attempt $1 }
         }
         grop g = models \"m\"
         group h = models \"m\"",
        "guardrail a
           require endpoint.zdr
           waivable in \"a.fare\"
         workload b
           when [request.tier Eq pro]
           ceiling
             run Money(5)
         group h Models \"m\"",
    );
}

#[test]
fn operators_of_other_languages() {
    check(
        r#"
guardrail a {
  when key.a && key.b       //~ 14 expected a comparison, `and`, `or` or the next statement, found `&&`
  when key.a || key.b       //~ 14 expected a comparison, `and`, `or` or the next statement, found `||`
  when !key.a               //~ 8 expected a condition, found `!`
  when key.a === b          //~ 14 expected a comparison, `and`, `or` or the next statement, found `===`
  when key.a; //~ 13 expected a comparison, `and`, `or` or the next statement, found `;`
  when: key.a               //~ 7 expected a condition, found `:`
  when key.a == -5          //~ 17 expected a value, found `-`
  because "a"
  # comment                 //~ 3 expected a statement of `guardrail`, found `#`
  when key.a == 'b'         //~ 17 `'` begins no string
  when 1 < key.a < 5        //~ 18 expected `and`, `or`, `in` or the next statement, found `<`
  when key.a includes b, c  //~ 24 expected `and`, `or` or the next statement, found `,`
  when zdr                  //~ 8 expected a condition, found `zdr`
  when key.a in b,          //
  }                         //~ 3 expected a value, found `}`
"#,
    );
}

#[test]
fn sections() {
    check(
        r#"
workload a {
  celing { run 5K }         //~ 3 expected a statement of `workload`, found `celing` //~ 16 expected an amount, found `5K`
  use Foo                   //~ 7 expected a name, found `Foo`
  use none                  //~ 7 expected a name, found `none`
  when request.workload == deny //~ 28 expected a value, found `deny`
  route {
    models "a" "b"          //~ 16 expected `,`, `then` or the next statement, found `"b"`
    order by                //
    prefer endpoint.a       //~ 5 expected what to order by, such as `price`, found `prefer`
    credentials mine        //~ 17 expected `own` or `shared`, found `mine`
  }
  ceiling {
    prompt $5 Mtok          //~ 15 expected `when`, `per` or the next statement, found `Mtok`
    run                     //
    attempt $1              //~ 5 expected an amount, found `attempt`
  }
  retry {
    on timeout twice        //~ 16 expected an amount or `,`, found `twice`
    timeout                 //
    deadline 45sec          //~ 5 expected an amount, found `deadline` //~ 14 expected an amount, found `45sec`
    on rate_limit 2 times wat 1s //~ 27 expected `when`, `wait` or the next statement, found `wat`
  }
  stream { commit at last } //~ 22 expected `first_token` or `end`, found `last`
  fallback { at most 3 }    //~ 24 expected `moves`, found `}`
}
"#,
    );
}

#[test]
fn it_goes_on_at_a_line_that_can_only_begin_a_statement() {
    // Not on the same line, not after a comma or an operator, not deeper.
    check_left(
        "guardrail a {
           when & require endpoint.a
           require endpoint.b and
           when require
           because \"c\"
         }
         workload b { when &
           route { require endpoint.d }
         }",
        "guardrail a
           because \"c\"
         workload b
           route
             require endpoint.d",
    );
}

#[test]
fn heads() {
    check(
        r#"
gaurdrail a {               //~ 1 expected a declaration, found `gaurdrail`
  wehn key.a                //~ 3 expected a statement of `guardrail`, found `wehn`
}
guardrail B { require }     //~ 11 expected a name, found `B` //~ 23 expected a condition, found `}`
guardrail "c" { }           //~ 11 expected a name, found `"c"`
group d models "m"          //~ 9 expected `=`, found `models`
group e = "m"               //~ 11 expected `models` or `providers`, found `"m"`
declare x { }               //~ 9 expected `{`, found `x`
hello                       //~ 1 expected a declaration, found `hello`
guardrail f { }
"#,
    );
}

#[test]
fn a_missing_closing_brace_is_one_mistake() {
    check_one("guardrail a {\n  require endpoint.b\nguardrail c { }\n", "1:13 `guardrail a` is never closed");
    check_one(
        "guardrail a {\n  require endpoint.b\ngroup c = models \"m\"\n",
        "1:13 `guardrail a` is never closed",
    );
    check_one("declare {\ndeclare {\n}\n", "1:9 `declare` is never closed");
    check_one("workload a {\n  route {\n  ceiling { run $2 }\n}\n", "2:9 `route` is never closed");
    check_one(
        "workload a {\n  route {\n    order by price\n}\nworkload b { }\n",
        "2:9 `route` is never closed",
    );
    check_one("workload a {\n  route { }\n", "1:12 `workload a` is never closed");
    check_left(
        "guardrail a {\n require endpoint.b\nguardrail c { }",
        "guardrail a\nrequire endpoint.b\nguardrail c",
    );
}

#[test]
fn a_block_where_none_can_stand_is_one_mistake() {
    // As in other languages, with a brace of its own that closes it: nothing is missing.
    check_one(
        "workload w {\n  when request.stream {\n    route { models \"m/a\" }\n  }\n}\n",
        "2:23 expected a comparison, `and`, `or` or the next statement, found `{`",
    );
    check_one(
        "workload w { when request.stream {\nroute { models \"m/a\" } } }\n",
        "1:34 expected a comparison, `and`, `or` or the next statement, found `{`",
    );
    // Without such a brace, the sections are those of the workload.
    check_one(
        "workload w {\n  when request.stream {\n  route { models \"m/a\" }\n}\n",
        "2:23 expected a comparison, `and`, `or` or the next statement, found `{`",
    );
    check_left(
        "workload w {\n  when request.stream {\n  route { models \"m/a\" }\n}\n",
        "workload w\nroute\nmodels \"m/a\"",
    );
    let twice = "expected a statement of `guardrail`, found `{`";
    check_one("guardrail g { {\n  require endpoint.b\n} }\n", &format!("1:15 {twice}"));
    check_one("guardrail g {\n  {\n  require endpoint.b\n  }\n}\n", &format!("2:3 {twice}"));
    check_one("guardrail g {{\n  when key.a\n  require endpoint.b\n}}\n", &format!("1:14 {twice}"));
    check_one("guardrail g { {\n  require endpoint.b\n}\nguardrail h { }\n", &format!("1:15 {twice}"));
    check_one(
        "workload w { {\n  route { models \"m/a\" }\n} }\n",
        "1:14 expected a statement of `workload`, found `{`",
    );
    check_one(
        "workload w {\n  route { {\n    models \"m/a\"\n  } }\n}\n",
        "2:11 expected a statement of `route`, found `{`",
    );
    check_one(
        "workload w {\n  route {\n    models \"m/a\"\n    ceiling { run $2 }\n  }\n}\n",
        "4:5 expected a statement of `route`, found `ceiling`",
    );
    check_left(
        "guardrail g {\n  { require endpoint.b }\n  require endpoint.c\n}\n",
        "guardrail g\nrequire endpoint.c",
    );
}

#[test]
fn a_missing_opening_brace_is_one_mistake() {
    check_one("guardrail a\n  require endpoint.b\n}\nguardrail c { }\n", "2:3 expected `{`, found `require`");
    check_one(
        "workload a {\n  route\n    models \"m\"\n  }\n  ceiling { run $2 }\n}\n",
        "3:5 expected `{`, found `models`",
    );
    check(
        "workload a { ceiling //\n ceiling //~ 2 expected `{`, found `ceiling`\n tool x $1 per call } } //~ 2 expected `{`, found `tool`",
    );
    check_one("workload a {\n  retry\n  otherwise\n}\n", "3:3 expected `{` or `none`, found `otherwise`");
}

#[test]
fn an_unclosed_parenthesis_is_shown_where_it_opens() {
    check_one("guardrail a {\n  when (key.b or (key.c)\n  require key.d\n}", "2:8 this `(` is never closed");
    check_one("guardrail a { when ((key.b) }", "1:20 this `(` is never closed");
    check_one("guardrail a { when present(key.b }", "1:27 this `(` is never closed");
    check_one("guardrail a { when (key.b 5) }", "1:27 expected a comparison, `)`, `and` or `or`, found `5`");
}

#[test]
fn a_stray_closing_brace_is_one_mistake() {
    check_one("guardrail a { }\n}\nguardrail b { }\n", "2:1 this `}` closes nothing");
    check_one("}", "1:1 this `}` closes nothing");
}

#[test]
fn an_unclosed_string_ends_with_its_line() {
    check_one(
        "guardrail a {\n  because \"b }\n  require endpoint.c\n}\n",
        "2:11 this string is never closed",
    );
    check_one("group a = models \"m\\\ngroup b = models \"m\"", "1:18 this string is never closed");
    check_left(
        "guardrail a {\n  because \"b }\n  require endpoint.c\n}\n",
        "guardrail a\nrequire endpoint.c",
    );
}

#[test]
fn odd_characters_are_named() {
    for (text, expected) in [
        ("group a = models “m”", "1:18 `“` begins no string"),
        ("group a = models \"m\u{0}\"", "1:20 a NUL character (U+0000) cannot stand in a policy"),
        ("\u{0}", "1:1 a NUL character (U+0000) cannot stand in a policy"),
        ("group a\u{a0}= models \"m\"", "1:8 a no-break space (U+00A0) cannot stand in a policy"),
        ("group ａ = models \"m\"", "1:7 `ａ` holds `ａ` (U+FF41), which is no letter of a name"),
        (
            "guardrail a { requirе endpoint.b }",
            "1:15 `requirе` holds `е` (U+0435), which is no letter of a name",
        ),
        ("guardrail a { when key.b ≥ 5 }", "1:26 `≥` is a mathematical sign (U+2265) and cannot stand here"),
        (
            "guardrail a { when key.b == 5 – 3 }",
            "1:31 `–` is a typographic dash (U+2013) and cannot stand here",
        ),
        ("guardrail a { because \"\\n\" }", "1:24 there is no escape `\\n`"),
        (
            "// a\u{202e}b",
            "1:5 a character that reorders the text around it (U+202E) cannot stand in a policy",
        ),
        (
            "group a = models \"m\"\r",
            "1:21 a carriage return without a line feed (U+000D) cannot stand in a policy",
        ),
        ("guardrail a { because \"x\" 🙂 }", "1:27 `🙂` (U+1F642) cannot stand here"),
    ] {
        check_one(text, expected);
    }
}

#[test]
fn the_mended_text_mends() {
    for (text, mended) in [
        ("guardrail a {\n  requre endpoint.b\n}", "guardrail a {\n  require endpoint.b\n}"),
        ("guardrail a { when key.b = c }", "guardrail a { when key.b == c }"),
        ("guardrail a { when key.b && key.c }", "guardrail a { when key.b and key.c }"),
        ("guardrail a { when !key.b }", "guardrail a { when not key.b }"),
        ("guardrail a { when key.b in c, }", "guardrail a { when key.b in c }"),
        ("guardrail a { because 'b' }", "guardrail a { because \"b\" }"),
        ("guardrail a { because “b” }", "guardrail a { because \"b\" }"),
        ("guardrail a { because b }", "guardrail a { because \"b\" }"),
        ("guardrail a { requirе key.b }", "guardrail a { require key.b }"),
        ("guardrail A { }", "guardrail a { }"),
        ("guardrail a { because \"b\"; }", "guardrail a { because \"b\" }"),
        ("group a = modles \"b\"", "group a = models \"b\""),
        ("group\u{a0}a = models \"b\"", "group a = models \"b\""),
        ("workload a { ceiling { prompt $5 Mtok } }", "workload a { ceiling { prompt $5 per Mtok } }"),
        ("guardrail a { Require key.b }", "guardrail a { require key.b }"),
        ("group a = models b/c-1.5:free, \"d\"", "group a = models \"b/c-1.5:free\", \"d\""),
        ("workload a { route { models b/c } }", "workload a { route { models \"b/c\" } }"),
        (
            "workload a { retry { on timeout 1 time when attempt.error == timeout } }",
            "workload a { retry { on timeout 1 time when attempt.error == \"timeout\" } }",
        ),
    ] {
        let (_, diagnostics) = parse(FileId(0), text);
        let fix =
            diagnostics.iter().find_map(|d| d.fix.as_ref()).unwrap_or_else(|| panic!("no fix for {text}"));
        let mut fixed = text.to_owned();
        fixed.replace_range(fix.span.start as usize..fix.span.end as usize, &fix.text);
        let (_, left) = parse(FileId(0), &fixed);
        assert_eq!(left, [], "{fixed}");
        assert_eq!(fixed.replace(" }", "}"), mended.replace(" }", "}"));
    }
}
