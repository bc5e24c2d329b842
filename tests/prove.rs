//! `faregate prove` as a person and a program meet it: what it writes, and how it ends.

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

use desk::{Desk, run};
use serde_json::Value;

/// Personal data meet a guardrail on shared keys alone, so an own key lets them pass.
const POLICY: &str = "\
policy desk { language 1 }

declare { request.data set_of pii }

guardrail personal-data {
  when not endpoint.byok and request.data includes pii
  require endpoint.zdr
}

workload answers {
  otherwise
  route { models \"m/a\" }
  ceiling { run $0.10 }
  fallback { other provider on timeout  price at most 200% of first }
}

invariant kept {
  for request.data includes pii
  always endpoint.zdr
}

invariant ten-cents { always cost <= $0.10 }

invariant two-places {
  for request.input_tokens <= 1k and request.max_output_tokens <= 1k and request.images == 0 and present(request.data) and
      not request.data includes pii
  always at least 2 providers
}
";

const CATALOG: &str = "\
catalog: { name: desk, as_of: 2026-11-20 }
endpoints:
  - { id: m/a@north, model: m/a, provider: north, context_length: 1000, max_output_tokens: 1000, modalities: [text], zdr: true, prices: { prompt: \"0.000001\", completion: \"0.000004\" } }
  - { id: m/a@south, model: m/a, provider: south, context_length: 1000, max_output_tokens: 1000, modalities: [text], zdr: false, prices: { prompt: \"0.000001\", completion: \"0.000004\" } }
";

fn desk() -> Desk {
    Desk::new(&[
        ("desk.fare", POLICY),
        ("market.yaml", CATALOG),
        ("faregate.yaml", "sets:\n  desk: { policies: [desk.fare], catalogs: [market.yaml] }\n"),
    ])
}

/// Runs `prove` on the one policy of a desk.
fn prove(desk: &Desk, more: &[&str]) -> (u8, String, String) {
    let (policy, catalog) = (desk.path("desk.fare"), desk.path("market.yaml"));
    let mut arguments = vec!["prove", policy.as_str(), "--catalog", catalog.as_str()];
    arguments.extend(more);
    run(&arguments)
}

#[test]
fn what_is_proved_ends_with_0() {
    let (code, out, err) = prove(&desk(), &["--name", "ten-cents"]);
    assert_eq!((code, out.as_str()), (0, "proved     ten-cents\n"), "{err}");
    assert_eq!(err, "1 proved of 1 invariant\n");
}

#[test]
fn what_is_broken_is_told_with_request_decision_and_rules() {
    let desk = desk();
    let (code, out, err) = prove(&desk, &["--name", "kept"]);
    assert_eq!((code, err.as_str()), (1, "0 proved, 1 broken of 1 invariant\n"));
    let place = format!("{}:17:1", desk.path("desk.fare"));
    assert!(out.starts_with(&format!("broken     kept ({place})\n")), "{out}");
    for part in [
        "because endpoint.zdr is false",
        "request: {",
        // The day of the catalog, not some day long ago.
        "context: {\"now\":\"2026-11-20T12:00:00Z\"",
        "routed by workload answers",
        "this one: m/a@south with the own key",
    ] {
        assert!(out.contains(part), "{part} lacks in\n{out}");
    }
}

#[test]
fn what_is_undecided_says_why_and_ends_with_1() {
    let (code, out, err) = prove(&desk(), &["--name", "two-places"]);
    assert_eq!((code, err.as_str()), (1, "0 proved, 1 undecided of 1 invariant\n"));
    assert!(out.starts_with("undecided  two-places ("), "{out}");
    assert!(out.contains("which fallbacks are reached depends on the order of the candidates"), "{out}");
}

#[test]
fn programs_get_the_witness_as_data() {
    let (code, out, _) = prove(&desk(), &["--format", "json"]);
    assert_eq!(code, 1);
    let report: Value = serde_json::from_str(&out).unwrap();
    let invariants = report["invariants"].as_array().unwrap();
    let results: Vec<(&str, &str)> =
        invariants.iter().map(|i| (i["name"].as_str().unwrap(), i["result"].as_str().unwrap())).collect();
    assert_eq!(results, [("kept", "broken"), ("ten-cents", "proved"), ("two-places", "undecided")]);
    let witness = &invariants[0]["witness"];
    assert_eq!(invariants[0]["why"], "endpoint.zdr is false");
    // The attempt that breaks it goes to the south with an own key.
    let attempt = usize::try_from(witness["attempt"].as_u64().unwrap()).unwrap();
    let attempt = &witness["decision"]["attempts"][attempt];
    assert_eq!((&attempt["endpoint"], &attempt["credential"]["kind"]), (&"m/a@south".into(), &"own".into()));
    assert!(witness["request"]["input_tokens"].is_u64(), "{witness}");
    assert_eq!(witness["context"]["now"], "2026-11-20T12:00:00Z");
    assert!(invariants[1]["witness"].is_null() && invariants[1]["why"].is_null());
    assert!(invariants[2]["witness"].is_null() && invariants[2]["why"].is_string());
}

#[test]
fn the_witness_gets_the_decision_that_is_told() {
    let desk = desk();
    let (_, out, _) = prove(&desk, &["--name", "kept", "--format", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    let witness = &report["invariants"][0]["witness"];
    let asked = Desk::new(&[
        ("request.json", &witness["request"].to_string()),
        ("context.json", &witness["context"].to_string()),
    ]);
    let paths = [desk.path("desk.fare"), desk.path("market.yaml")];
    let (code, out, err) = run(&[
        "decide",
        &paths[0],
        "--catalog",
        &paths[1],
        "--request",
        &asked.path("request.json"),
        "--context",
        &asked.path("context.json"),
        "--format",
        "json",
    ]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), witness["decision"]);
}

#[test]
fn a_folder_means_the_sets_of_its_manifest() {
    let desk = desk();
    let folder = desk.0.display().to_string();
    let (code, _, err) = run(&["prove", &folder]);
    assert_eq!((code, err.as_str()), (1, "1 proved, 1 broken, 1 undecided of 3 invariants\n"));
    let (code, out, err) =
        run(&["prove", &folder, "--name", "ten-cents", "--name", "kept", "--format", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, report["invariants"].as_array().unwrap().len()), (1, 2), "{err}");
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    let desk = desk();
    let policy = desk.path("desk.fare");
    // Without a catalog nothing can be said.
    let (code, out, err) = run(&["prove", &policy]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("--catalog CATALOG.yaml"), "{err}");
    let (code, _, err) = run(&["prove", &policy, "--catalog", &desk.path("nothing.yaml")]);
    assert_eq!(code, 2);
    assert!(err.contains("nothing.yaml"), "{err}");
    // A policy that does not load is told as by `check`, and ends as there.
    let wrong = Desk::new(&[
        ("desk.fare", &POLICY.replace("endpoint.zdr", "endpoint.zrd")),
        ("market.yaml", CATALOG),
    ]);
    let (code, _, err) = prove(&wrong, &[]);
    assert_eq!(code, 1);
    assert!(err.contains("error[unknown-attribute]"), "{err}");
    // A folder without a manifest does not say what belongs together.
    let bare = Desk::new(&[("desk.fare", POLICY)]);
    let (code, _, err) = run(&["prove", &bare.0.display().to_string()]);
    assert_eq!(code, 2);
    assert!(err.contains("has no faregate.yaml"), "{err}");
}

#[test]
fn an_unknown_name_is_no_proof() {
    let (code, out, err) = prove(&desk(), &["--name", "ten-cent", "--name", "twenty-cents"]);
    assert_eq!(code, 2, "{out}");
    assert!(err.contains("no invariant has a name that holds `twenty-cents`"), "{err}");
}

#[test]
fn a_policy_without_invariants_has_nothing_to_prove() {
    let text = "policy desk { language 1 }\nworkload w { otherwise deny \"no\" }\n";
    let desk = Desk::new(&[("desk.fare", text), ("market.yaml", CATALOG)]);
    let (code, out, err) = prove(&desk, &[]);
    assert_eq!((code, out.as_str()), (0, ""));
    assert_eq!(err, "nothing to prove: the policies have no invariant\n");
    let (code, out, _) = prove(&desk, &["--format", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, report["invariants"].as_array().map(Vec::len)), (0, Some(0)));
}
