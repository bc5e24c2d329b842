//! What tests reach: the list of what there is to reach is held to the language, and what the command says to what ran.

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

use self::desk::{Desk, run};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Arc, Mutex};

use faregate::syntax::{FileId, Span, parse};
use faregate::{Catalog, Decision, Engine, PolicySet, Watch};
use faregate_analysis::{conditions, rules};
use faregate_cli::read_cases;
use faregate_tests::repository;
use faregate_wire::golden::{Expect, play};
use serde_json::{Value, json};

/// Every place of the language where a rule or a condition stands, once.
const EVERY_PLACE: &str = r#"policy p { language 1 }
declare { request.tier one_of free, pro default free }
group g = models "m/c"
guardrail rail { when request.stream require endpoint.zdr forbid endpoint.free }
waive rail { when request.caching until 2026-12-31 approved "a" because "b" }
budget cap {
  when request.idempotent
  covers endpoint.byok
  per key.team
  spend $1 per day, $5 per month
  requests 9 per day
  byok included
  reserve 10% for request.side_effects
  alert at 50%
  on exhausted use workload rest
}
profile care {
  route { require not endpoint.deprecated }
  ceiling { prompt $1 per Mtok when request.stream }
}
workload first {
  when request.tier == pro or (request.stream and not request.caching)
  use care
  route {
    models "m/a" then g then requested within "m/*"
    require endpoint.zdr
    forbid endpoint.trains
    prefer endpoint.provider == "north"
    balance by price
    credentials own then shared
    credentials own only for "south"
    tolerate seed
  }
  ceiling { run $1 }
  fallback {
    other model on timeout when request.stream
    require endpoint.zdr
    at most 2 moves
    price at most 150% of first
  }
  retry { on network 1 time when attempt.number < 2  deadline 9s }
  health { probe 1 request }
  stream { commit at end }
  tools { web_search 1 calls }
}
workload shut { when request.idempotent deny "no" }
workload rest { otherwise route { models "m/b" order by latency_p90 } }
invariant i { always endpoint.zdr }
"#;

#[test]
fn each_place_of_the_language_has_its_rule_and_its_condition() {
    let (tree, found) = parse(FileId(0), EVERY_PLACE);
    assert_eq!(found, []);
    PolicySet::parse([("p.fare", EVERY_PLACE)]).expect("it loads");
    let shown = |at: Span| &EVERY_PLACE[at.start as usize..at.end as usize];
    let rules: Vec<(String, &str)> = rules(&tree).into_iter().map(|r| (r.name, shown(r.at))).collect();
    let rules: Vec<(&str, &str)> = rules.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    assert_eq!(
        rules,
        [
            ("guardrail rail: require", "require endpoint.zdr"),
            ("guardrail rail: forbid", "forbid endpoint.free"),
            ("waive rail", "waive"),
            ("budget cap: limit", "$1 per day"),
            ("budget cap: limit", "$5 per month"),
            ("budget cap: limit", "9 per day"),
            ("budget cap: use workload rest", "on exhausted use workload rest"),
            ("profile care: require", "require not endpoint.deprecated"),
            ("profile care: ceiling prompt", "prompt $1 per Mtok when request.stream"),
            ("workload first", "workload"),
            ("workload first: model \"m/a\"", "\"m/a\""),
            ("workload first: group g", "g"),
            ("workload first: requested", "requested within \"m/*\""),
            ("workload first: require", "require endpoint.zdr"),
            ("workload first: forbid", "forbid endpoint.trains"),
            ("workload first: prefer", "prefer endpoint.provider == \"north\""),
            ("workload first: balance", "balance by price"),
            ("workload first: credentials", "credentials own then shared"),
            ("workload first: credentials", "credentials own only for \"south\""),
            ("workload first: ceiling run", "run $1"),
            ("workload first: other model", "other model on timeout when request.stream"),
            ("workload first: fallback require", "require endpoint.zdr"),
            ("workload first: price at most", "price at most 150% of first"),
            ("workload first: retry on network", "on network 1 time when attempt.number < 2"),
            ("workload shut", "workload"),
            ("workload rest", "workload"),
            ("workload rest: model \"m/b\"", "\"m/b\""),
            ("workload rest: order by", "order by latency_p90"),
        ]
    );
    let conditions: Vec<(String, bool)> =
        conditions(&tree).into_iter().map(|c| (format!("{} `{}`", c.name, shown(c.at)), c.part)).collect();
    let conditions: Vec<(&str, bool)> =
        conditions.iter().map(|(text, part)| (text.as_str(), *part)).collect();
    assert_eq!(
        conditions,
        [
            ("guardrail rail: when `request.stream`", false),
            ("guardrail rail: require `endpoint.zdr`", false),
            ("guardrail rail: forbid `endpoint.free`", false),
            ("waive rail: when `request.caching`", false),
            ("budget cap: when `request.idempotent`", false),
            ("budget cap: covers `endpoint.byok`", false),
            ("budget cap: reserve `request.side_effects`", false),
            ("profile care: require `not endpoint.deprecated`", false),
            ("profile care: ceiling prompt when `request.stream`", false),
            ("workload first: when `request.tier == pro or (request.stream and not request.caching)`", false),
            ("workload first: when `request.tier == pro`", true),
            ("workload first: when `request.stream`", true),
            ("workload first: when `not request.caching`", true),
            ("workload first: require `endpoint.zdr`", false),
            ("workload first: forbid `endpoint.trains`", false),
            ("workload first: prefer `endpoint.provider == \"north\"`", false),
            ("workload first: other model when `request.stream`", false),
            ("workload first: fallback require `endpoint.zdr`", false),
            ("workload first: retry on network when `attempt.number < 2`", false),
            ("workload shut: when `request.idempotent`", false),
        ]
    );
}

/// Remembers all that it is told.
#[derive(Default)]
struct Told {
    rules: Mutex<BTreeSet<Span>>,
    conditions: Mutex<BTreeMap<Span, [bool; 3]>>,
}

impl Watch for Told {
    fn condition(&self, at: Span, truth: Option<bool>) {
        let mut conditions = self.conditions.lock().unwrap();
        let which = match truth {
            Some(true) => 0,
            Some(false) => 1,
            None => 2,
        };
        conditions.entry(at).or_default()[which] = true;
    }

    fn rule(&self, at: Span) {
        self.rules.lock().unwrap().insert(at);
    }
}

/// Whatever an engine looks at, in all golden cases, stands in the lists; and the cases together reach every kind of rule
/// and of condition that there is.
#[test]
fn what_a_watched_engine_tells_of_is_listed() {
    let mut kinds: BTreeSet<String> = BTreeSet::new();
    let mut paths = Vec::new();
    for folder in ["tests/decisions", "tests/runs", "policies"] {
        let entries = fs::read_dir(repository(folder)).unwrap();
        paths.extend(
            entries.map(|e| e.unwrap().path()).filter(|p| p.to_string_lossy().ends_with(".test.yaml")),
        );
    }
    let mut told_of = 0;
    for path in paths {
        for case in read_cases(&path).unwrap() {
            let (Ok(input), Ok(Expect::Decision(_))) = (&case.input, &case.expect) else { continue };
            let (Some(request), Some(context)) = (&input.request, &input.context) else { continue };
            let texts: Vec<(&str, &str)> =
                input.policies.iter().map(|p| (p.name.as_str(), p.text.as_str())).collect();
            let Ok(policy) = PolicySet::parse(texts.iter().copied()) else { continue };
            let engine = Engine::new(policy, Catalog::new(input.catalog.clone()).unwrap()).unwrap();
            let told = Arc::new(Told::default());
            let watched = engine.watched(told.clone());
            let decision = watched.decide(request, context);
            assert_eq!(decision, engine.decide(request, context), "{}", case.name);
            if let Decision::Route(plan) = &decision {
                let script = input.outcomes.as_deref().unwrap_or_default();
                let restore = |saved| watched.restore(saved).map_err(|e| e.to_string());
                let _played = play(plan.run(), script, context, &restore);
            }
            let trees = texts
                .iter()
                .enumerate()
                .map(|(n, (_, text))| parse(FileId(u16::try_from(n).unwrap()), text).0);
            let (mut listed_rules, mut listed_conditions) = (BTreeMap::new(), BTreeMap::new());
            for tree in trees {
                listed_rules.extend(rules(&tree).into_iter().map(|r| (r.at, r.name)));
                listed_conditions.extend(conditions(&tree).into_iter().map(|c| (c.at, c.name)));
            }
            for at in told.rules.lock().unwrap().iter() {
                let name = listed_rules.get(at).unwrap_or_else(|| {
                    panic!("{}: a rule at {} is not listed", case.name, engine.policy().sources().at(*at))
                });
                kinds.insert(kind(name));
                told_of += 1;
            }
            for at in told.conditions.lock().unwrap().keys() {
                let text = engine.policy().sources().text(*at);
                let within = listed_conditions
                    .iter()
                    .find(|(of, _)| of.file == at.file && of.start <= at.start && at.end <= of.end);
                let constant = ["true", "false"].contains(&text.trim_start_matches("not "));
                assert!(within.is_some() || constant, "{}: `{text}` is not listed", case.name);
                kinds.extend(within.map(|(_, name)| format!("{} ?", kind(name))));
            }
        }
    }
    assert!(told_of > 2000, "{told_of}");
    let (tree, _) = parse(FileId(0), EVERY_PLACE);
    for rule in rules(&tree) {
        assert!(kinds.contains(&kind(&rule.name)), "no case reaches a rule such as {}", rule.name);
    }
    for condition in conditions(&tree) {
        let kind = format!("{} ?", kind(&condition.name));
        assert!(kinds.contains(&kind), "no case asks a condition such as {}", condition.name);
    }
}

/// `workload first: ceiling run when` is of the kind `workload: ceiling when`, as is a profile's: names are left out.
fn kind(name: &str) -> String {
    let (owner, rest) = name.split_once(": ").unwrap_or((name, ""));
    let owner = owner.split(' ').next().unwrap().replace("profile", "workload");
    let first = rest.split(' ').next().unwrap();
    let condition = if rest.ends_with(" when") { " when" } else { "" };
    format!("{owner}: {first}{condition}")
}

const POLICY: &str = "\
policy p { language 1 }
guardrail kept-nowhere {
  when request.stream
  require endpoint.zdr
}
workload chat {
  when request.workload == \"chat\"
  route { models \"m/a\" then \"m/b\" }
  fallback { other model on timeout }
}
workload rest {
  otherwise
  deny \"chat alone\"
}
";

const CASES: &str = "\
policy: p.fare
catalog:
  endpoints:
    - { id: m/a@north, model: m/a, provider: north, context_length: 9000, modalities: [text], zdr: true }
    - { id: m/b@south, model: m/b, provider: south, context_length: 9000, modalities: [text], zdr: false }
request: { id: r1, workload: chat, input_tokens: 100, max_output_tokens: 50, stream: true }
context: { now: 2026-11-23T10:00:00Z }
cases:
  - name: what streams stays where nothing is kept
    expect: { outcome: route, attempts: [ { provider: north } ], excluded: { m/b@south: guardrail kept-nowhere } }
";

#[test]
fn coverage_says_what_is_reached_and_what_is_not() {
    let desk = Desk::new(&[
        ("p.fare", POLICY),
        ("p.test.yaml", CASES),
        ("alone.fare", "workload w { otherwise deny \"no\" }\n"),
    ]);
    let folder = desk.0.display().to_string();
    let (code, out, _) = run(&["test", &folder, "--coverage"]);
    assert_eq!(code, 0);
    let expected = format!(
        "1 passed, 0 failed\n\ncoverage\n  \
         {folder}/alone.fare: 0 of 1 rules (0.0 %), 0 of 0 outcomes of conditions (100.0 %)\n    \
         {folder}/alone.fare:1:1: no test reaches workload w\n  \
         {folder}/p.fare: 4 of 6 rules (66.6 %), 4 of 6 outcomes of conditions (66.6 %)\n    \
         {folder}/p.fare:3:8: never false: `request.stream` (guardrail kept-nowhere: when)\n    \
         {folder}/p.fare:7:8: never false: `request.workload == \"chat\"` (workload chat: when)\n    \
         {folder}/p.fare:9:14: no test reaches workload chat: other model\n    \
         {folder}/p.fare:11:1: no test reaches workload rest\n  \
         conditions seen unknown: 0 of 3\n  reasons reached: guardrail\n  denials reached: none\n\
         4 of 7 rules (57.1 %), 4 of 6 outcomes of conditions (66.6 %)\n"
    );
    assert_eq!(out, expected);
    // A threshold closes the gate, from where it is missed on.
    assert_eq!(run(&["test", &folder, "--coverage-threshold", "57"]).0, 0);
    let (code, _, err) = run(&["test", &folder, "--coverage-threshold", "58"]);
    assert_eq!((code, err.as_str()), (1, "4 of 7 rules are reached, and 58 % are wanted\n"));
}

#[test]
fn coverage_is_there_for_programs_too() {
    let desk = Desk::new(&[("p.fare", POLICY), ("p.test.yaml", CASES)]);
    let (folder, lcov) = (desk.0.display().to_string(), desk.path("lcov.info"));
    let (code, out, _) = run(&["test", &folder, "--coverage", "--format", "json", "--lcov", &lcov]);
    assert_eq!(code, 0);
    let report: Value = serde_json::from_str(&out).unwrap();
    let coverage = &report["coverage"];
    assert_eq!(coverage["rules"], json!({ "reached": 4, "all": 6 }));
    assert_eq!(coverage["reasons"]["reached"], json!(["guardrail"]));
    assert_eq!(
        coverage["files"][0]["condition"][0],
        json!({ "of": "guardrail kept-nowhere: when", "text": "request.stream", "line": 3, "column": 8, "part": false,
                "true": 2, "false": 0, "unknown": 0 })
    );
    let written = fs::read_to_string(&lcov).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    // Two candidates stream; one of the two keeps what it is sent.
    assert_eq!(
        lines[..5],
        ["TN:", &format!("SF:{folder}/p.fare"), "BRDA:3,0,0,2", "BRDA:3,0,1,0", "BRDA:4,1,0,1"]
    );
    assert!(lines.contains(&"DA:9,0") && lines.contains(&"LH:3") && lines.contains(&"LF:5"), "{written}");
}

#[test]
fn what_cannot_be_written_or_watched_is_told_at_once() {
    let desk = Desk::new(&[("p.fare", POLICY), ("p.test.yaml", CASES)]);
    let (folder, lcov) = (desk.0.display().to_string(), desk.path("nowhere/lcov.info"));
    let (code, _, err) = run(&["test", &folder, "--lcov", &lcov]);
    assert_eq!((code, err), (2, format!("error: cannot write {lcov}: no such folder\n")));
    let missing = desk.path("nowhere");
    let (code, _, err) = run(&["test", &missing, "--watch"]);
    assert_eq!((code, err), (2, format!("error: cannot watch {missing}: no such file or folder\n")));
}

#[test]
fn a_case_that_fails_says_why_the_engine_decided_so() {
    let wrong = CASES.replace(
        "{ provider: north } ], excluded: { m/b@south: guardrail kept-nowhere }",
        "{ provider: north }, { provider: south } ]",
    );
    assert_ne!(wrong, CASES);
    let desk = Desk::new(&[("p.fare", POLICY), ("p.test.yaml", &wrong)]);
    let (code, out, _) = run(&["test", &desk.0.display().to_string()]);
    assert_eq!(code, 1);
    assert!(
        out.contains(
            "why: m/b@south: excluded by guardrail kept-nowhere at p.fare:4:3: endpoint.zdr is false"
        ),
        "{out}"
    );

    let denied = CASES.replace("workload: chat", "workload: code");
    let desk = Desk::new(&[("p.fare", POLICY), ("p.test.yaml", &denied)]);
    let (code, out, _) = run(&["test", &desk.0.display().to_string()]);
    assert_eq!(code, 1);
    assert!(out.contains("why: denied (refused) by workload rest at p.fare:13:3: chat alone"), "{out}");
}

#[test]
fn a_policy_that_does_not_load_is_reported_once() {
    let broken = POLICY.replace("require endpoint", "requre endpoint");
    let more = format!("{CASES}  - name: another\n    expect: {{ outcome: route }}\n");
    let desk = Desk::new(&[("p.fare", &broken), ("p.test.yaml", &more)]);
    let (code, out, _) = run(&["test", &desk.0.display().to_string()]);
    assert_eq!(code, 1);
    assert_eq!(out.matches("a statement with a similar name exists").count(), 1, "{out}");
    assert!(out.contains("the policy does not load: as above"), "{out}");
}
