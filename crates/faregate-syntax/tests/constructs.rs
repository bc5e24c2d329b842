//! Every construct of the language, and the tree that it gives.

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

fn check(text: &str, expected: &str) {
    let trim = |s: &str| s.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("\n");
    assert_eq!(trim(&tree(text)), trim(expected), "in {text}");
}

/// Checks statements of a block; several may stand in one line.
fn check_in(block: &str, statements: &str, expected: &str) {
    let (open, close) = match block.split_once('/') {
        Some((outer, section)) => (format!("{outer} x {{ {section} {{ "), " } }"),
        None => (format!("{block} x {{ "), " }"),
    };
    let head = match block.split_once('/') {
        Some((outer, section)) => format!("{outer} x\n{section}\n"),
        None => format!("{block} x\n"),
    };
    check(&format!("{open}{statements}{close}"), &format!("{head}{expected}"));
}

/// Checks a condition; square brackets show how it is understood.
fn check_condition(text: &str, expected: &str) {
    check_in("guardrail", &format!("when {text}"), &format!("when {expected}"));
}

#[test]
fn declarations() {
    check(
        "policy a { language 1 owner \"o\" version \"v\" }",
        "policy a\nlanguage Count(1)\nowner \"o\"\nversion \"v\"",
    );
    check("group a = models \"x\", \"y-*\"", "group a Models \"x\", \"y-*\"");
    check(
        "group a = providers \"x\" group b = models \"y\"",
        "group a Providers \"x\"\ngroup b Models \"y\"",
    );
    check("invariant a { } guardrail b { }", "invariant a\nguardrail b");
    check("", "");
}

#[test]
fn declared_attributes() {
    check(
        "declare {
           request.tier one_of free, \"Pro\" default free
           request.data set_of pii, phi default none
           request.tags set_of a, b default a, b
           key.owner text
           request.x bool default false
           request.n count default 5
           key.m money default $2
           request.d duration
         }",
        "declare
         request.tier one_of free, \"Pro\" default [free]
         request.data set_of pii, phi default []
         request.tags set_of a, b default [a, b]
         key.owner Text
         request.x Bool default [false]
         request.n Count default [Count(5)]
         key.m Money default [Money(2)]
         request.d Duration",
    );
}

#[test]
fn guardrails_and_waivers() {
    check_in(
        "guardrail",
        "when endpoint.a require endpoint.b forbid endpoint.c because \"d\" waivable in \"e.fare\"",
        "when endpoint.a\nrequire endpoint.b\nforbid endpoint.c\nbecause \"d\"\nwaivable in \"e.fare\"",
    );
    check_in(
        "waive",
        "when endpoint.a until 2026-12-31 approved \"b\" because \"c\"",
        "when endpoint.a\nuntil Date(Date { year: 2026, month: 12, day: 31 })\napproved \"b\"\nbecause \"c\"",
    );
}

#[test]
fn budgets() {
    check_in(
        "budget",
        "when key.a covers endpoint.b per key.c, key.d",
        "when key.a\ncovers endpoint.b\nper key.c, key.d",
    );
    check_in(
        "budget",
        "spend $1_500 per month in \"Europe/Berlin\", $9 total, $5 per total",
        "Spend Money(1500) per month in \"Europe/Berlin\", Money(9) per total, Money(5) per total",
    );
    check_in(
        "budget",
        "requests 50 per day, 20 per minute",
        "Requests Count(50) per day, Count(20) per minute",
    );
    check_in("budget", "tokens 1M per hour per key.team", "Tokens Count(1000000) per hour\nper key.team");
    check_in("budget", "requests 5 per fortnight in \"UTC\"", "Requests Count(5) per fortnight in \"UTC\"");
    check_in("budget", "concurrency 8 per key.team", "Concurrency Count(8)\nper key.team");
    check_in("budget", "byok included byok excluded", "byok true\nbyok false");
    check_in("budget", "reserve 10% for request.a", "reserve Ratio(0.1) for request.a");
    check_in("budget", "alert at 50%, 80%", "alert Ratio(0.5), Ratio(0.8)");
    check_in(
        "budget",
        "on exhausted deny on exhausted alert only on exhausted use workload w",
        "exhausted Deny\nexhausted AlertOnly\nexhausted use w",
    );
}

#[test]
fn workloads_and_profiles() {
    check_in(
        "workload",
        "when request.a use p deny \"d\" otherwise fallback none retry none route { }",
        "when request.a\nuse p\ndeny \"d\"\notherwise\nfallback none\nretry none\nroute",
    );
    check_in("profile", "ceiling { run $2 } retry none", "ceiling\nrun Money(2)\nretry none");
}

#[test]
fn routes() {
    check_in("workload/route", "models \"a\", g then \"b-*\"", "models \"a\", g then \"b-*\"");
    check_in(
        "workload/route",
        "models requested then requested within \"o/*\" then requested within g",
        "models requested then requested within \"o/*\" then requested within g",
    );
    check_in(
        "workload/route",
        "require endpoint.a forbid endpoint.b prefer endpoint.c order by price, latency_p90",
        "require endpoint.a\nforbid endpoint.b\nprefer endpoint.c\norder by price, latency_p90",
    );
    check_in("workload/route", "balance by price", "balance price");
    check_in(
        "workload/route",
        "balance \"a\" 70%, \"b\" 30% sticky by request.session",
        "balance \"a\" Ratio(0.7), \"b\" Ratio(0.3) sticky request.session",
    );
    check_in(
        "workload/route",
        "credentials own then shared credentials shared then own credentials own only for \"a\", \"b\" credentials shared only",
        "OwnThenShared\nSharedThenOwn\nOwnOnly \"a\", \"b\"\nSharedOnly",
    );
    check_in("workload/route", "tolerate \"seed\", top_k", "tolerate \"seed\", top_k");
}

#[test]
fn ceilings() {
    check_in(
        "workload/ceiling",
        "prompt $5 per Mtok image $0.01 per image request_fee $1 per call output 2k run $2",
        "prompt Price(5, Mtok)\nimage Price(0.01, Image)\nrequest_fee Price(1, Call)\noutput Count(2000)\nrun Money(2)",
    );
    check_in(
        "workload/ceiling",
        "tool search $1 per call tool \"x:y\" $2 per call tool $3",
        "tool search Price(1, Call)\ntool x:y Price(2, Call)\ntool Money(3)",
    );
    check_in(
        "workload/ceiling",
        "prompt $5 per ktok when request.a == b run $1 when request.c",
        "prompt Money(5) per? ktok when [request.a Eq b]\nrun Money(1) when request.c",
    );
}

#[test]
fn fallbacks() {
    check_in(
        "workload/fallback",
        "other provider on timeout, network when request.a other model on x other credential on y",
        "Provider on timeout, network when request.a\nModel on x\nCredential on y",
    );
    check_in(
        "workload/fallback",
        "require endpoint.a at most 3 moves at most 1 move price at most 150% of first",
        "require endpoint.a\nmoves Count(3)\nmoves Count(1)\nprice Ratio(1.5)",
    );
}

#[test]
fn retries() {
    check_in("workload/retry", "on timeout, network 1 time", "on timeout, network Count(1)");
    check_in(
        "workload/retry",
        "on a 2 times wait retry_after up to 30s else exponential from 500ms to 20s jitter full when request.b",
        "on a Count(2) wait retry_after up to Duration(30000) else Duration(500) to Duration(20000) Full when request.b",
    );
    check_in("workload/retry", "on a 2 times wait retry_after", "on a Count(2) wait retry_after");
    check_in(
        "workload/retry",
        "on a 2 times wait retry_after else 1s",
        "on a Count(2) wait retry_after else Duration(1000)",
    );
    check_in(
        "workload/retry",
        "on a 2 times wait 1s jitter equal on b 1 time wait exponential from 1s to 2s jitter none",
        "on a Count(2) wait Duration(1000) Equal\non b Count(1) wait Duration(1000) to Duration(2000) None",
    );
    check_in(
        "workload/retry",
        "at most 6 calls timeout 30s first_token 5s stall 10s deadline 45s",
        "calls Count(6)\ntimeout Duration(30000)\nfirst_token Duration(5000)\nstall Duration(10000)\ndeadline Duration(45000)",
    );
}

#[test]
fn health_stream_and_tools() {
    check_in(
        "workload/health",
        "cool 60s after 3 failures within 30s on a, b cool retry_after on c probe 1 request probe 2 requests",
        "cool Duration(60000) after Count(3) within Duration(30000) on a, b\ncool retry_after on c\nprobe Count(1)\nprobe Count(2)",
    );
    check_in(
        "workload/stream",
        "commit at first_token commit at end partial mark_incomplete partial discard",
        "Commit(FirstToken)\nCommit(End)\nPartial(MarkIncomplete)\nPartial(Discard)",
    );
    check_in(
        "workload/tools",
        "web_search 3 calls, 5 results fetch 1 call \"o:s\" 0 calls, 1 result iterations 8",
        "web_search Count(3), Count(5)\nfetch Count(1)\no:s Count(0), Count(1)\niterations Count(8)",
    );
}

#[test]
fn invariants() {
    check_in("invariant", "for workload w always served", "for workload w\nserved");
    check_in("invariant", "for request.a always endpoint.b", "for request.a\nalways endpoint.b");
    check_in(
        "invariant",
        "always at least 2 providers always at least 1 model always at least 3 endpoints",
        "at least Count(2) Providers\nat least Count(1) Models\nat least Count(3) Endpoints",
    );
    check_in("invariant", "always cost <= $2 always calls < 6", "cost Le Money(2)\ncalls Lt Count(6)");
}

#[test]
fn comparisons() {
    for (text, expected) in [
        ("request.a == b", "[request.a Eq b]"),
        ("request.a!=\"b\"", "[request.a Ne \"b\"]"),
        ("request.a < 1", "[request.a Lt Count(1)]"),
        ("request.a <= 1", "[request.a Le Count(1)]"),
        ("request.a > 1", "[request.a Gt Count(1)]"),
        ("request.a >= $5 per Mtok", "[request.a Ge Price(5, Mtok)]"),
        ("request.a == false", "[request.a Eq false]"),
        ("1 < request.a", "[Count(1) Lt request.a]"),
        ("b == request.a", "[b Eq request.a]"),
        ("endpoint.region == request.region", "[endpoint.region Eq request.region]"),
        ("request.a in b, \"c\", 1", "[request.a in b, \"c\", Count(1)]"),
        ("request.a between 1 and 2", "[request.a between Count(1) and Count(2)]"),
        ("request.a includes b", "[request.a includes One b]"),
        ("request.a includes any of b, c", "[request.a includes Any b, c]"),
        ("endpoint.a includes all of request.b", "[endpoint.a includes All request.b]"),
        ("request.a matches \"b*\"", "[request.a matches \"b*\"]"),
        ("present(request.a)", "present(request.a)"),
        ("present ( request.a )", "present(request.a)"),
        ("true", "true"),
        ("time.weekday in mon, tue in \"Europe/Berlin\"", "[time.weekday in mon, tue in \"Europe/Berlin\"]"),
        ("time.hour < 09:00 in \"UTC\"", "[time.hour Lt TimeOfDay(32400000) in \"UTC\"]"),
        (
            "time.hour between 09:00 and 18:00 in \"UTC\"",
            "[time.hour between TimeOfDay(32400000) and TimeOfDay(64800000) in \"UTC\"]",
        ),
    ] {
        check_condition(text, expected);
    }
}

#[test]
fn precedence() {
    for (text, expected) in [
        ("key.a and key.b and key.c", "[key.a and key.b and key.c]"),
        ("key.a or key.b and key.c or key.d", "[key.a or [key.b and key.c] or key.d]"),
        ("not key.a and key.b", "[[not key.a] and key.b]"),
        ("not key.a == b", "[not [key.a Eq b]]"),
        ("not not key.a", "[not [not key.a]]"),
        ("(key.a or key.b) and not (key.c)", "[([key.a or key.b]) and [not (key.c)]]"),
        ("not(key.a)", "[not (key.a)]"),
        ("key.a between 1 and 2 and key.b", "[[key.a between Count(1) and Count(2)] and key.b]"),
        ("key.a in b, c and key.d", "[[key.a in b, c] and key.d]"),
    ] {
        check_condition(text, expected);
    }
}

#[test]
fn keywords_name_things_where_they_are_not_reserved() {
    check(
        "workload workload { use use when key.when == policy }",
        "workload workload\nuse use\nwhen [key.when Eq policy]",
    );
    check("guardrail\nguardrail\n{ }", "guardrail guardrail");
    check("workload a { use\nroute\nroute { } }", "workload a\nuse route\nroute");
    check("workload a { use route route { } }", "workload a\nuse route\nroute");
    check_condition("request.in == in-house", "[request.in Eq in-house]");
    check_condition("notable.x and order.by", "[notable.x and order.by]");
}

#[test]
fn blanks_line_breaks_and_comments_mean_nothing() {
    let plain = "guardrail a { when key.b == c and key.d require endpoint.e }";
    let spread = "\u{feff}\r\n guardrail\ta\r\n// c\r\n{when key.b// {\n==\n\nc and\nkey.d// \"\nrequire endpoint.e}// }";
    assert_eq!(tree(plain), tree(spread));
}

#[test]
fn documentation_stands_directly_above() {
    check("/// a\n///b\n///\n///  c\ngroup g = models \"m\"", "\"a\\nb\\n\\n c\"\ngroup g Models \"m\"");
    check("/// a\n\ngroup g = models \"m\"", "group g Models \"m\"");
    check("/// a\n// b\ngroup g = models \"m\"", "\"a\"\ngroup g Models \"m\"");
    check("//// a\ngroup g = models \"m\"", "group g Models \"m\"");
    check(
        "group f = models \"m\" /// a\ngroup g = models \"m\"",
        "group f Models \"m\"\ngroup g Models \"m\"",
    );
    check("  /// a\n  guardrail g { /// b\n }", "\"a\"\nguardrail g");
    check("/// a\ndeclare { }", "\"a\"\ndeclare");
}

#[test]
fn strings_know_two_escapes() {
    check(r#"group g = models "a\"b\\c", "ü*", """#, "group g Models \"a\\\"b\\\\c\", \"ü*\", \"\"");
}
