//! The command line as a person meets it: exit codes, wrong input, and what is said of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that panics has failed"
)]

mod desk;

use std::fs;

use self::desk::Desk;
use faregate_tests::repository;
use serde_json::Value;

/// What a command did.
struct Ran {
    code: u8,
    out: String,
    err: String,
}

fn run_with(stdin: &str, arguments: &[&str]) -> Ran {
    let (code, out, err) = desk::run_with(stdin, arguments);
    Ran { code, out, err }
}

fn run(arguments: &[&str]) -> Ran {
    run_with("", arguments)
}

const POLICY: &str = "\
policy desk { language 1 }

guardrail kept-nowhere {
  when request.data includes any of \"pii\"
  require endpoint.zdr
}

workload chat {
  otherwise
  route { models \"m/a\" then \"m/b\" }
  ceiling { completion $5 per Mtok }
  fallback { other model on timeout  at most 1 moves }
}
";

const CATALOG: &str = "\
catalog: { name: desk, as_of: 2026-11-20 }
endpoints:
  - { model: m/a, provider: north, context_length: 1000, modalities: [text], zdr: true, prices: { prompt: \"0.000001\", completion: \"0.000004\" } }
  - { model: m/b, provider: south, context_length: 1000, modalities: [text], zdr: false, prices: { prompt: \"0.000001\", completion: \"0.000002\" } }
";

const REQUEST: &str = "\
request: { id: r1, input_tokens: 100, max_output_tokens: 50, data: [pii] }
context: { now: 2026-11-23T10:00:00Z, budgets: [] }
";

fn desk(policy: &str, catalog: &str, request: &str) -> Desk {
    Desk::new(&[("desk.fare", policy), ("catalog.yaml", catalog), ("request.yaml", request)])
}

fn decide(desk: &Desk, more: &[&str]) -> Ran {
    let (policy, catalog, request) =
        (desk.path("desk.fare"), desk.path("catalog.yaml"), desk.path("request.yaml"));
    let mut arguments = vec!["decide", &policy, "--catalog", &catalog, "--request", &request];
    arguments.extend(more);
    run(&arguments)
}

fn decided(desk: &Desk) -> Value {
    let ran = decide(desk, &["--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn a_guardrail_keeps_an_endpoint_out_and_without_it_the_endpoint_is_back() {
    let with = decided(&desk(POLICY, CATALOG, REQUEST));
    assert_eq!(with["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(with["excluded"][0]["endpoint"], "m/b@south");
    assert_eq!(with["excluded"][0]["reasons"][0]["rule"], "guardrail kept-nowhere");
    assert_eq!(with["excluded"][0]["reasons"][0]["detail"], "endpoint.zdr is false");

    let start = POLICY.find("guardrail").unwrap();
    let end = POLICY.find("workload").unwrap();
    let without = format!("{}{}", &POLICY[..start], &POLICY[end..]);
    let without = decided(&desk(&without, CATALOG, REQUEST));
    assert_eq!(without["attempts"].as_array().unwrap().len(), 2);
    assert_eq!(without["attempts"][1]["role"], "model_fallback");
}

#[test]
fn a_ceiling_that_is_lowered_says_what_would_help() {
    let lower = POLICY.replace("$5 per Mtok", "$3 per Mtok");
    let ran = decide(&desk(&lower, CATALOG, REQUEST), &[]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.out.contains("the price of output is $4 per Mtok, and the ceiling is $3 per Mtok"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains(
            "nearest: ceiling completion $4 per Mtok in place of $3 per Mtok would admit 1 endpoint"
        ),
        "{}",
        ran.out
    );
    let failing = decide(&desk(&lower, CATALOG, REQUEST), &["--fail-on-deny"]);
    assert_eq!(failing.code, 1);
}

#[test]
fn the_nearest_change_is_a_sentence_whatever_it_changes() {
    // 100 tokens in and 50 out: $0.0003 at a, $0.0002 at b.
    let workload = |route: &str| format!("workload w {{ otherwise {route} }}");
    let zdr = format!("guardrail kept {{ require endpoint.zdr }} {}", workload("route { models \"m/b\" }"));
    let own = REQUEST.replace("budgets", "credentials: [ { id: mine, provider: south } ], budgets");
    for (rules, request, nearest) in [
        (
            &workload("route { models \"m/a\" } ceiling { attempt $0.0002 }"),
            REQUEST,
            "ceiling attempt $0.0003 in place of $0.0002 would admit 1 endpoint",
        ),
        (
            &workload("route { models \"m/*\" } ceiling { output 40 }"),
            REQUEST,
            "ceiling output 50 in place of 40 would admit 2 endpoints",
        ),
        (
            &format!(
                "budget b {{ spend $0.0001 per day byok included }} {}",
                workload("route { models \"m/*\" }")
            ),
            REQUEST,
            "budget b spend $0.0002 in place of $0.0001 would admit 1 endpoint",
        ),
        (
            &workload("route { models \"m/*\" require endpoint.context_length >= 2k }"),
            REQUEST,
            "require endpoint.context_length >= 1000 in place of 2000 would admit 2 endpoints",
        ),
        (
            &workload("route { models \"m/*\" forbid endpoint.context_length < 2k }"),
            REQUEST,
            "forbid endpoint.context_length < 1000 in place of 2000 would admit 2 endpoints",
        ),
        (
            &format!(
                "guardrail big {{ require endpoint.context_length > 1k }} {}",
                workload("route { models \"m/*\" }")
            ),
            REQUEST,
            "guardrail big require endpoint.context_length > 999 in place of 1000 would admit 2 endpoints",
        ),
        (
            &workload("route { models \"m/b\" require endpoint.zdr }"),
            REQUEST,
            "without the require at desk.fare:2:45, 1 endpoint would be admitted",
        ),
        (&zdr, REQUEST, "without guardrail kept, 1 endpoint would be admitted"),
        (&zdr, &own, "without guardrail kept, 2 candidates would be admitted"),
    ] {
        let desk = desk(&format!("policy desk {{ language 1 }}\n{rules}\n"), CATALOG, request);
        let ran = decide(&desk, &[]);
        let shown = ran.out.replace(&desk.path("desk.fare"), "desk.fare");
        assert!(
            shown.lines().any(|line| line == format!("  nearest: {nearest}")),
            "{rules}: {shown}{}",
            ran.err
        );
    }
}

#[test]
fn a_misspelt_attribute_is_named_with_the_right_one() {
    let wrong = POLICY.replace("endpoint.zdr", "endpoint.zdt");
    let ran = decide(&desk(&wrong, CATALOG, REQUEST), &[]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("error[unknown-attribute]: no attribute `zdt` on `endpoint`"), "{}", ran.err);
    assert!(ran.err.contains("desk.fare:5:11"), "{}", ran.err);
    assert!(ran.err.contains("a similar name exists: `zdr`"), "{}", ran.err);
}

#[test]
fn a_bracket_that_was_cut_is_one_finding() {
    let cut = POLICY.replacen("  require endpoint.zdr\n}", "  require endpoint.zdr\n", 1);
    let ran = decide(&desk(&cut, CATALOG, REQUEST), &[]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.err.matches("error[").count(), 1, "{}", ran.err);
    assert!(ran.err.contains("error[syntax]"), "{}", ran.err);
    assert!(ran.err.contains("desk.fare:3:"), "{}", ran.err);
}

#[test]
fn an_unknown_field_of_a_request_is_named_with_its_path() {
    let wrong = REQUEST.replace("max_output_tokens", "max_ouput_tokens");
    let ran = decide(&desk(POLICY, CATALOG, &wrong), &[]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    let wanted =
        "request.max_ouput_tokens: unknown field; a field with a similar name exists: max_output_tokens";
    assert!(ran.err.contains(wanted), "{}", ran.err);
}

#[test]
fn a_request_without_a_context_is_told_what_to_write() {
    let ran = decide(&desk(POLICY, CATALOG, "{ id: r1, input_tokens: 5 }"), &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("has no context") && ran.err.contains("context: { now:"), "{}", ran.err);
}

#[test]
fn files_that_are_not_there_are_named() {
    let desk = desk(POLICY, CATALOG, REQUEST);
    let policy = desk.path("desk.fare");
    let ran = run(&["decide", &policy, "--catalog", "nowhere.yaml", "--request", "-"]);
    assert_eq!((ran.code, ran.err.as_str()), (2, "error: cannot read nowhere.yaml: no such file\n"));
}

#[test]
fn several_requests_give_several_decisions() {
    let several = format!("{REQUEST}---\n{}", REQUEST.replace("r1", "r2"));
    let decisions = decided(&desk(POLICY, CATALOG, &several));
    assert_eq!(decisions.as_array().unwrap().len(), 2);
    assert_eq!(decisions[1]["request"], "r2");
}

#[test]
fn standard_input_is_read_for_a_dash() {
    let desk = desk(POLICY, CATALOG, REQUEST);
    let (policy, catalog) = (desk.path("desk.fare"), desk.path("catalog.yaml"));
    let ran =
        run_with(REQUEST, &["decide", &policy, "--catalog", &catalog, "--request", "-", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(serde_json::from_str::<Value>(&ran.out).unwrap()["outcome"], "route");
}

#[test]
fn why_tells_of_one_endpoint_also_where_no_tier_names_it() {
    let other = format!(
        "{CATALOG}  - {{ model: m/c, provider: east, context_length: 10, modalities: [text], prices: {{}} }}\n"
    );
    let desk = desk(POLICY, &other, REQUEST);
    let out = decide(&desk, &["--why", "m/b@south"]).out;
    assert!(out.contains("excludes  guardrail kept-nowhere, guardrail"), "{out}");
    assert!(out.contains("passes    workload chat, ceiling completion"), "{out}");
    let out = decide(&desk, &["--why", "m/c@east"]).out;
    assert!(out.contains("no tier names its model, m/c"), "{out}");
    assert!(out.contains("excludes  built-in, context_length: an input of 100 tokens, and 10 fit"), "{out}");
    let ran = decide(&desk, &["--why", "m/b@suoth"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("an endpoint with a similar id exists: m/b@south"), "{}", ran.err);
}

const RETRIED: &str = "\
policy desk { language 1 }
workload rest { otherwise route { models \"m/a\" } retry { on rate_limit 1 time wait 2s } }
";

fn rehearse(desk: &Desk, outcomes: &str, more: &[&str]) -> Ran {
    fs::write(desk.path("outcomes.yaml"), outcomes).unwrap();
    let paths = ["desk.fare", "catalog.yaml", "request.yaml", "outcomes.yaml"].map(|name| desk.path(name));
    let [policy, catalog, request, outcomes] = paths.each_ref().map(String::as_str);
    let mut arguments =
        vec!["rehearse", policy, "--catalog", catalog, "--request", request, "--outcomes", outcomes];
    arguments.extend(more);
    run(&arguments)
}

#[test]
fn a_rehearsal_tells_the_run_as_a_story() {
    let desk = desk(RETRIED, CATALOG, REQUEST);
    let outcomes =
        "[ { error: rate_limit, took: 500ms }, { ok: { input_tokens: 100, output_tokens: 10 }, took: 1s } ]";
    let ran = rehearse(&desk, outcomes, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let story: Vec<&str> = ran.out.lines().map(str::trim).collect();
    assert_eq!(
        story,
        [
            "request r1, workload rest: 1 attempt planned, at most 2 calls, at most $0.0006",
            "",
            "0.000s  call     m/a@north",
            "0.500s  failed   rate_limit, nothing spent",
            "0.500s  wait     2s",
            "2.500s  call     m/a@north",
            "3.500s  answered",
            "3.500s  done     served by m/a@north",
            "",
            "2 calls, $0.00014 spent or possibly spent",
            "$0.00014 at north by the shared credential",
        ]
    );
}

#[test]
fn a_rehearsal_that_fails_tells_each_failure_once_and_why_it_ends() {
    let desk = desk(RETRIED, CATALOG, REQUEST);
    let told = |outcomes: &str| {
        let ran = rehearse(&desk, outcomes, &[]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        ran.out.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        told("[ { error: bad_request, took: 1s } ]")[2..],
        [
            "0.000s  call     m/a@north",
            "1.000s  failed   bad_request, nothing spent",
            "1.000s  ended    no retry or fallback applies",
            "",
            "1 call, $0 spent or possibly spent",
            "advice: fix request",
        ]
    );
    // The wait would end at 4s + 2s = 6s, and a call may only start before 5s.
    fs::write(desk.path("desk.fare"), RETRIED.replace("wait 2s }", "wait 2s  deadline 5s }")).unwrap();
    assert_eq!(
        told("[ { error: rate_limit, took: 4s } ]")[2..],
        [
            "0.000s  call     m/a@north",
            "4.000s  failed   rate_limit, nothing spent",
            "4.000s  ended    no time left",
            "",
            "1 call, $0 spent or possibly spent",
            "advice: slow down",
        ]
    );
}

#[test]
fn rehearsals_add_up_to_a_log_of_records() {
    let desk = desk(RETRIED, CATALOG, REQUEST);
    let log = desk.path("runs.jsonl");
    for (outcomes, code) in [("[ { ok: {} } ]", 0), ("[ { error: bad_request } ]", 0)] {
        assert_eq!(rehearse(&desk, outcomes, &["--log", &log]).code, code);
    }
    let lines = fs::read_to_string(&log).unwrap();
    let records: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ends: Vec<&Value> = records.iter().map(|record| &record["outcome"]).collect();
    assert_eq!(ends, ["success", "failure"]);
    for record in &records {
        assert_eq!(record["input"]["request"]["input_tokens"], 100);
        assert_eq!(record["input"]["context"]["now"], "2026-11-23T10:00:00Z");
        assert!(record["digests"]["policy"].as_str().unwrap().starts_with("blake3:"));
        assert_eq!(record["input"]["outcomes"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn a_rehearsal_that_cannot_be_played_says_what_lacks() {
    let routed = desk(RETRIED, CATALOG, REQUEST);
    let ran = rehearse(&routed, "[ { error: rate_limit } ]", &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("no outcome for call 2, `try m/a@north`"), "{}", ran.err);

    let closed = "policy desk { language 1 }\nworkload rest { otherwise deny \"closed\" }\n";
    let ran = rehearse(&desk(closed, CATALOG, REQUEST), "[]", &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("closed") && ran.err.contains("nothing to rehearse"), "{}{}", ran.out, ran.err);
}

#[test]
fn why_is_data_too() {
    let desk = desk(POLICY, CATALOG, REQUEST);
    let ran = decide(&desk, &["--why", "m/b@south", "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let why: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&why["endpoint"], &why["tier"]), (&Value::from("m/b@south"), &Value::from(2)));
    let checks = why["credentials"][0]["checks"].as_array().unwrap();
    let excluding: Vec<&Value> = checks.iter().filter(|check| check["verdict"] == "excludes").collect();
    assert_eq!(excluding.len(), 1);
    assert_eq!(excluding[0]["rule"], "guardrail kept-nowhere");
    assert!(excluding[0]["at"].as_str().unwrap().ends_with("desk.fare:5:3"));
}

#[test]
fn a_policy_that_does_not_load_is_told_to_programs_in_their_form() {
    let desk = desk("policy p { langage 1 }\n", CATALOG, REQUEST);
    let ran = decide(&desk, &["--format", "json"]);
    assert_eq!(ran.code, 1);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["diagnostics"][0]["code"], "syntax");
    assert!(report["errors"].as_u64().unwrap() >= 1);
}

#[test]
fn what_the_manifest_allows_is_no_warning() {
    let policy = "policy p { language 1 }
guardrail g { when request.stream and request.idempotent or request.caching  require endpoint.zdr }
workload rest { otherwise deny \"no\" }
";
    let manifest = "sets: { all: { policies: [p.fare] } }\nlevels: { mixed-and-or: allow }\n";
    let desk = Desk::new(&[("p.fare", policy), ("faregate.yaml", manifest)]);
    let folder = desk.path("");
    assert_eq!(run(&["check", &folder, "--deny", "warnings"]).code, 0);
    assert_eq!(run(&["check", &folder, "--deny", "mixed-and-or"]).code, 1);
    fs::write(desk.path("faregate.yaml"), manifest.replace("allow", "warn")).unwrap();
    assert_eq!(run(&["check", &folder, "--deny", "warnings"]).code, 1);
}

#[test]
fn check_reports_as_json_and_counts() {
    let desk = desk(&POLICY.replace("zdr", "zdt"), CATALOG, REQUEST);
    let ran = run(&["check", &desk.path("desk.fare"), "--format", "json"]);
    assert_eq!(ran.code, 1);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&report["errors"], &report["warnings"]), (&Value::from(1), &Value::from(0)));
    let finding = &report["diagnostics"][0];
    assert_eq!(finding["code"], "unknown-attribute");
    assert_eq!((finding["line"].as_u64(), finding["column"].as_u64()), (Some(5), Some(11)));
    assert_eq!(finding["severity"], "error");
    assert!(finding["file"].as_str().unwrap().ends_with("desk.fare"));
}

#[test]
fn warnings_are_errors_where_they_are_denied() {
    let mixed = POLICY
        .replace("require endpoint.zdr", "require endpoint.zdr and not endpoint.trains or endpoint.free");
    let desk = desk(&mixed, CATALOG, REQUEST);
    let path = desk.path("desk.fare");
    assert_eq!(run(&["check", &path]).code, 0);
    assert_eq!(run(&["check", &path, "--deny", "mixed-and-or"]).code, 1);
    assert_eq!(run(&["check", &path, "--deny", "many-calls"]).code, 0);
    assert_eq!(run(&["check", &path, "--deny", "warnings"]).code, 1);
}

#[test]
fn a_manifest_below_a_folder_counts_there() {
    let workload = "workload rest { otherwise  deny \"no\" }\n";
    let desk = Desk::new(&[("faregate.yaml", "sets: { a: { policies: [org.fare, desk.fare] } }\n")]);
    fs::create_dir_all(desk.path("in/one")).unwrap();
    fs::create_dir_all(desk.path("in/two")).unwrap();
    fs::rename(desk.path("faregate.yaml"), desk.path("in/one/faregate.yaml")).unwrap();
    fs::write(desk.path("in/one/org.fare"), "policy org { language 1 }\ngroup good = providers \"x\"\n")
        .unwrap();
    let text =
        format!("policy a {{ language 1 }}\nguardrail g {{ require endpoint.provider in good }}\n{workload}");
    fs::write(desk.path("in/one/desk.fare"), text).unwrap();
    fs::write(desk.path("in/two/alone.fare"), format!("policy b {{ language 1 }}\n{workload}")).unwrap();
    for path in ["in", "in/one", "in/one/faregate.yaml"] {
        let ran = run(&["check", &desk.path(path)]);
        let files = if path == "in" { 3 } else { 2 };
        assert_eq!(
            (ran.code, ran.err),
            (0, format!("0 errors, 0 warnings in {files} policy files\n")),
            "{path}"
        );
    }
}

#[test]
fn a_manifest_says_what_belongs_together() {
    let guardrails = "policy org { language 1 }\nguardrail g { when request.stream  require endpoint.zdr }\n";
    let manifest = "sets: { desk: { policies: [org.fare, desk.fare], catalogs: [catalog.yaml] } }\nlevels: { alias-named: allow }\n";
    let files = [
        ("org.fare", guardrails),
        ("desk.fare", POLICY),
        ("catalog.yaml", CATALOG),
        ("faregate.yaml", manifest),
    ];
    let desk = Desk::new(&files);
    let ran = run(&["check", &desk.0.display().to_string()]);
    // `m/b` keeps what it is sent, and may replace `m/a`, which does not.
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("warning[laxer-fallback]"), "{}", ran.out);

    let without = Desk::new(&files[..3]);
    let ran = run(&["check", &without.0.display().to_string()]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);

    let wrong = Desk::new(&[("desk.fare", POLICY), ("faregate.yaml", "set: {}")]);
    let ran = run(&["check", &wrong.0.display().to_string()]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("set: unknown field; a field with a similar name exists: sets"), "{}", ran.err);
}

#[test]
fn fmt_changes_files_and_only_says_so_with_check() {
    let untidy = "policy desk{language 1}\n\n\n\nworkload rest{otherwise   deny \"no\"} // why\n";
    let desk = Desk::new(&[("desk.fare", untidy)]);
    let path = desk.path("desk.fare");
    let ran = run(&["fmt", "--check", &path]);
    assert_eq!((ran.code, desk.read("desk.fare").as_str()), (1, untidy));
    assert!(ran.out.contains("desk.fare"));
    assert_eq!(run(&["fmt", &path]).code, 0);
    let tidy = desk.read("desk.fare");
    assert!(tidy.contains("// why") && tidy != untidy, "{tidy}");
    assert_eq!(run(&["fmt", "--check", &path]).code, 0);
    let ran = run_with(untidy, &["fmt", "-"]);
    assert_eq!((ran.code, ran.out), (0, tidy));
    let ran = run_with("policy {", &["fmt", "-"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
}

#[test]
fn a_test_that_fails_says_what_differs() {
    let cases = "\
policy: desk.fare
catalog: catalog.yaml
request: { id: r1, input_tokens: 100, max_output_tokens: 50, data: [] }
context: { now: 2026-11-23T10:00:00Z, budgets: [] }
cases:
  - { name: holds, expect: { outcome: route, attempts: [ { provider: north }, { provider: south } ] } }
  - { name: does not hold, expect: { attempts: [ { provider: south }, { provider: north } ] } }
";
    let desk = Desk::new(&[("desk.fare", POLICY), ("catalog.yaml", CATALOG), ("desk.test.yaml", cases)]);
    let ran = run(&["test", &desk.0.display().to_string(), "--format", "json"]);
    assert_eq!(ran.code, 1);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&report["passed"], &report["failed"]), (&Value::from(1), &Value::from(1)));
    let differences = report["cases"][1]["differences"].as_array().unwrap();
    assert_eq!(differences[0], "attempts[0].provider: expected \"south\", got \"north\"");
}

#[test]
fn every_shape_has_a_schema_and_a_wrong_name_is_told_the_right_one() {
    for shape in ["request", "context", "catalog", "decision", "case"] {
        let ran = run(&["schema", shape]);
        assert_eq!(ran.code, 0);
        assert!(serde_json::from_str::<Value>(&ran.out).unwrap().get("$schema").is_some(), "{shape}");
    }
    let ran = run(&["schema", "requests"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("a similar one exists: request"), "{}", ran.err);
}

#[test]
fn a_first_policy_passes_as_it_is_written() {
    let desk = Desk::new(&[("unrelated.txt", "")]);
    let folder = desk.path("new");
    let ran = run(&["init", &folder]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out.lines().filter(|line| line.starts_with("wrote ")).count(), 5);
    let checked = run(&["check", &folder, "--deny", "warnings"]);
    assert_eq!((checked.code, checked.out.as_str()), (0, ""), "{}", checked.err);
    assert_eq!(run(&["fmt", "--check", &folder]).code, 0);
    let tested = run(&["test", &folder]);
    assert_eq!((tested.code, tested.out.as_str()), (0, "16 passed, 0 failed\n"));
    // Whoever begins with it sees how well a policy can be tested: no change of it goes unnoticed.
    let mutated = run(&["test", &folder, "--mutate"]);
    assert_eq!(mutated.code, 0, "{}{}", mutated.out, mutated.err);
    assert!(mutated.out.contains(" changes noticed, 0 not"), "{}", mutated.out);
    let proved = run(&["prove", &folder]);
    assert_eq!(proved.code, 0, "{}{}", proved.out, proved.err);
    let job = desk.read("new/.github/workflows/policies.yml");
    assert!(job.contains("faregate check . --deny warnings") && job.contains("faregate test ."));

    fs::write(desk.path("new/support.fare"), "mine").unwrap();
    let again = run(&["init", &folder]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("nothing is overwritten"), "{}", again.err);
    assert_eq!(desk.read("new/support.fare"), "mine");
}

#[test]
fn every_code_is_explained_and_a_wrong_one_is_told_the_right_one() {
    let ran = run(&["explain", "many-calls"]);
    assert_eq!(ran.code, 0);
    assert!(ran.out.starts_with("# many-calls\n\nwarning\n"), "{}", ran.out);
    let ran = run(&["explain", "guardrail"]);
    assert!(ran.out.contains("\nreason\n") && ran.out.contains("\ndenial; status: 403;"), "{}", ran.out);
    let ran = run(&["explain", "rate-limit"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("a similar one exists: rate_limit"), "{}", ran.err);
    let ran = run(&["explain"]);
    let listed = |code: &str| ran.out.lines().any(|line| line.trim() == code);
    for code in faregate::DIAGNOSTIC_CODES.into_iter().chain(faregate::Reason::CODES) {
        assert!(listed(code), "{code} is not listed");
        assert_eq!(run(&["explain", code]).code, 0, "{code} has no page");
    }
}

#[test]
fn every_set_of_the_tree_decides_its_requests() {
    let manifest = fs::read_to_string(repository("policies/faregate.yaml")).unwrap();
    let manifest = faregate_wire::read_one(&manifest).unwrap();
    let mut decided = 0;
    for (name, set) in manifest.get("sets").and_then(|s| s.as_map()).unwrap() {
        let paths = |field: &str| -> Vec<String> {
            let list = set.get(field).and_then(|l| l.as_seq()).unwrap();
            list.iter()
                .map(|p| repository("policies").join(p.as_text().unwrap()).display().to_string())
                .collect()
        };
        let request = if name == "support" { "chat" } else { name };
        let request = repository("policies/requests").join(format!("{request}.yaml")).display().to_string();
        let (policies, catalogs) = (paths("policies"), paths("catalogs"));
        let mut arguments = vec!["decide", "--request", &request];
        arguments.extend(policies.iter().map(String::as_str));
        arguments.extend(catalogs.iter().flat_map(|c| ["--catalog", c]));
        let ran = run(&arguments);
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        assert!(ran.out.contains("workload"), "{name}");
        decided += 1;
    }
    assert!(decided >= 14, "{decided}");
}
