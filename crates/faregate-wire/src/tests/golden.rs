//! Golden cases: how a file is read, and what counts as a difference.

use std::collections::BTreeMap;

use faregate::syntax::{Diagnostic, Sources, Span};

use super::decisions::{denial, full_plan};
use crate::golden::{Expect, Got, compare, read_cases};
use crate::{decision_to_node, read_one};

/// Files that cases refer to.
fn load(path: &str) -> Result<String, String> {
    match path {
        "../policies/a.fare" => Ok("policy a { language 1 }".into()),
        "b.fare" => Ok("policy b { language 1 }".into()),
        "market.yaml" => Ok("catalog: { name: market }\nendpoints: [{ id: a@b }]".into()),
        "broken.yaml" => Ok("endpoints: [{ ident: a@b }]".into()),
        _ => Err("no such file".into()),
    }
}

fn cases(text: &str) -> Vec<crate::golden::Case> {
    read_cases(text, &mut load).unwrap()
}

const BASE: &str = "
policy: ../policies/a.fare
catalog: market.yaml
request: { id: r1, input_tokens: 1000, max_output_tokens: 500, tags: [a, b] }
context: { now: 2026-11-23T10:00:00Z, key: { environment: production, credits: 0.10 }, budgets: [] }
cases:
";

fn case(fields: &str) -> crate::golden::Case {
    cases(&format!("{BASE}  - {{ name: c, {fields} }}")).remove(0)
}

#[test]
fn a_case_is_laid_over_the_base() {
    let read = case(
        "request: { tags: [c], max_output_tokens: null }, context: { key: { team: t }, budgets: null }, expect: { outcome: deny }",
    );
    let input = read.input.unwrap();
    let request = input.request.unwrap();
    assert_eq!((request.id.as_str(), request.input_tokens, request.max_output_tokens), ("r1", 1000, None));
    assert_eq!(request.tags.iter().collect::<Vec<_>>(), ["c"]);
    let context = input.context.unwrap();
    assert_eq!(
        (context.key.environment.as_deref(), context.key.team.as_deref()),
        (Some("production"), Some("t"))
    );
    assert_eq!(context.key.credits.unwrap().to_string(), "0.1");
    assert_eq!(context.budgets, None);
    assert_eq!(
        (input.policies[0].name.as_str(), input.policies[0].text.as_str()),
        ("a.fare", "policy a { language 1 }")
    );
    assert_eq!(input.catalog[0].name.as_deref(), Some("market"));
    assert_eq!((input.outcomes, input.check_now), (None, None));
}

#[test]
fn policies_and_catalogs_in_every_form() {
    let read = case(
        r#"policy: ["b.fare", "policy x {\n}\n", { name: own.fare, text: y }], catalog: [market.yaml, { providers: { p: { zdr: true } } }],
        check_now: 2026-12-01, expect: { diagnostics: [] }"#,
    );
    let input = read.input.unwrap();
    let names: Vec<_> = input.policies.iter().map(|p| (p.name.as_str(), p.text.as_str())).collect();
    assert_eq!(
        names,
        [("b.fare", "policy b { language 1 }"), ("policy-2.fare", "policy x {\n}\n"), ("own.fare", "y")]
    );
    assert_eq!((input.catalog.len(), input.catalog[1].providers["p"].zdr), (2, Some(true)));
    assert_eq!(input.check_now.map(|d| (d.month, d.day)), Some((12, 1)));
    let inline = "policy: p\ncatalog: { catalog: { name: x }, endpoints: [{ id: a@b }] }\ncases: [{ name: c, policy: b.fare, catalog: { endpoints: [{ id: c@d }] }, expect: { diagnostics: [] } }]";
    let input = cases(inline).remove(0).input.unwrap();
    assert_eq!(
        (input.catalog[0].name.as_deref(), input.catalog[0].endpoints[0].id.as_deref()),
        (Some("x"), Some("c@d"))
    );
}

#[test]
fn what_is_settled_before_anything_runs() {
    let lines = |lines: &[&str]| Some(lines.iter().map(|&l| l.to_owned()).collect::<Vec<_>>());
    for (fields, expected) in [
        ("expect: { outcome: route }", None),
        ("expect: { diagnostics: [] }", None),
        ("expect: { error: unknown }", None),
        (
            "expect: { outcme: route }",
            lines(&["expect.outcme: unknown field; a field with a similar name exists: outcome"]),
        ),
        ("expect: {}", lines(&["expect: names nothing, so that anything would do"])),
        ("expect: [x]", lines(&["expect: expected a map, found a list"])),
        ("expect: { error: 5 }", lines(&["expect.error: expected text, found the number 5"])),
        (
            "expect: { error: x, outcome: deny }",
            lines(&["expect.error: stands alone, and here are other fields"]),
        ),
        (
            "expct: {}",
            lines(&[
                "expct: unknown field; a field with a similar name exists: expect",
                "expect: is missing",
            ]),
        ),
        (
            "request: { stram: true }, expect: { outcome: route }",
            lines(&["request.stram: unknown field; a field with a similar name exists: stream"]),
        ),
        ("request: { stram: true }, expect: { error: \"request.stram: unknown\" }", lines(&[])),
        (
            "request: { stram: true }, expect: { error: nothing }",
            lines(&[
                "error: expected \"nothing\", got \"request.stram: unknown field; a field with a similar name exists: stream\"",
            ]),
        ),
        ("request: null, expect: { outcome: route }", lines(&["request: is missing"])),
        ("request: null, context: null, expect: { diagnostics: [] }", None),
        (
            "policy: c.fare, expect: { outcome: route }",
            lines(&["policy: cannot read \"c.fare\": no such file"]),
        ),
        ("policy: null, expect: { outcome: route }", lines(&["policy: is missing"])),
        (
            "catalog: [broken.yaml], expect: { outcome: route }",
            lines(&[
                "catalog[0]: broken.yaml: endpoints[0].ident: unknown field; the fields are: id, model, native_model, aliases, provider, region, context_length, max_output_tokens, joint_context, supports, tags, modalities, quantization, free, zdr, trains, retains, deprecated, sunset, prices",
            ]),
        ),
        ("outcomes: [{ error: rate_limit }], expect: { outcome: route }", None),
        (
            "outcomes: [{ error: ratelimit }], expect: { outcome: route }",
            lines(&[
                "outcomes[0].error: no error class `ratelimit`; one with a similar name exists: rate_limit",
            ]),
        ),
        ("expect: { steps: [done] }", None),
        ("expect: { cost: '0.1' }", None),
        ("expect: { cost: { worst: 0.1 } }", None),
        (
            "check_now: today, expect: { diagnostics: [] }",
            lines(&["check_now: expected a day such as 2026-11-23, found the text \"today\""]),
        ),
    ] {
        assert_eq!(case(fields).settled(), expected, "{fields}");
    }
    assert_eq!(
        case("expect: { outcome: route }").expect,
        Ok(Expect::Decision(read_one("outcome: route").unwrap()))
    );
}

#[test]
fn null_is_a_value_to_expect_and_removes_elsewhere() {
    let read =
        case("request: { tags: null }, expect: { denial: { opens_at: null }, excluded: { 'a@b': null } }");
    let expected = read_one("{ denial: { opens_at: null }, excluded: { 'a@b': null } }").unwrap();
    assert_eq!(read.expect, Ok(Expect::Decision(expected)));
    assert!(read.input.unwrap().request.unwrap().tags.is_empty());
}

#[test]
fn faults_of_a_file() {
    for (text, expected) in [
        ("policy: a.fare", "cases: is missing"),
        ("polcy: a.fare\ncases: []", "polcy: unknown field; a field with a similar name exists: policy"),
        (
            "cases: [{ name: a, expect: { error: x } }, { name: a, expect: { error: x } }]",
            "cases[1].name: \"a\" stands twice",
        ),
        ("cases: {}", "cases: expected a list, found a map"),
    ] {
        assert_eq!(read_cases(text, &mut load).unwrap_err().to_string(), expected, "{text}");
    }
    let wrong = cases("cases: [5, {}]");
    assert_eq!(wrong[0].settled(), Some(vec!["expected a map, found the number 5".into()]));
    assert_eq!(
        (wrong[1].name.as_str(), wrong[1].settled()),
        ("case 2", Some(vec!["name: is missing".into()]))
    );
}

#[test]
fn each_file_is_loaded_once() {
    let mut loads = BTreeMap::<String, u32>::new();
    let text = format!(
        "{BASE}  - {{ name: a, expect: {{ outcome: route }} }}\n  - {{ name: b, expect: {{ outcome: route }} }}"
    );
    let read = read_cases(&text, &mut |path| {
        *loads.entry(path.to_owned()).or_default() += 1;
        load(path)
    });
    assert_eq!(read.unwrap().len(), 2);
    assert!(loads.values().all(|n| *n == 1) && loads.len() == 2, "{loads:?}");
}

#[test]
fn differences_of_a_plan() {
    let plan = decision_to_node(&full_plan());
    for (expect, expected) in [
        ("outcome: route", vec![]),
        ("attempts: [{ provider: north }, { provider: south, tier: 2, credential: { key: corp } }]", vec![]),
        (
            "attempts: [{ provider: north }]",
            vec!["attempts: expected 1 entry, got 2: [a/b@north, a/b@south]"],
        ),
        (
            "attempts: [{ provider: bedrock }, {}]",
            vec!["attempts[0].provider: expected \"bedrock\", got \"north\""],
        ),
        (
            "attempts: [{ providr: north }, {}]",
            vec!["attempts[0].providr: unknown field; a field with a similar name exists: provider"],
        ),
        ("attempts: [{ cost: { expected: 0.00810, worst: '1.56e-2' } }, { cost: { worst: null } }]", vec![]),
        (
            "attempts: [{ cost: { worst: 0.0157 } }, {}]",
            vec!["attempts[0].cost.worst: expected 0.0157, got \"0.0156\""],
        ),
        ("attempts: [{ tier: '1' }, {}]", vec!["attempts[0].tier: expected \"1\", got 1"]),
        ("cost: { expected: '0.00810', worst: null }", vec![]),
        ("calls_at_most: 4.0", vec![]),
        ("calls_at_most: 5", vec!["calls_at_most: expected 5, got 4"]),
        ("tools: { web_search: { calls: 3 }, iterations: 8 }", vec![]),
        (
            "budgets: [{ budget: hard, limit: 2000.00, per: support }, { limit: 50, per: [a, null] }, { per: null }]",
            vec![],
        ),
        ("budgets: [{ window: ['2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'] }, {}, {}]", vec![]),
        ("excluded: { 'a/c@east': guardrail g }", vec![]),
        ("excluded: { 'a/c@east': health }", vec![]),
        ("excluded: { 'a/c@east': [health, guardrail] }", vec![]),
        ("excluded: { 'a/c@east': [guardrail g, { code: health, at: null }] }", vec![]),
        (
            "excluded: { 'a/c@east': [guardrail g] }",
            vec!["excluded[\"a/c@east\"]: expected [\"guardrail g\"], got [guardrail g, built-in (health)]"],
        ),
        (
            "excluded: { 'a/c@east': [health, health] }",
            vec![
                "excluded[\"a/c@east\"]: expected [\"health\",\"health\"], got [guardrail g, built-in (health)]",
            ],
        ),
        (
            "excluded: { 'a/c@east': require }",
            vec!["excluded[\"a/c@east\"]: expected \"require\", got [guardrail g, built-in (health)]"],
        ),
        (
            "excluded: { 'a/c@east': null }",
            vec!["excluded[\"a/c@east\"]: expected not to be excluded, got [guardrail g, built-in (health)]"],
        ),
        ("excluded: { 'a/b@north': [], 'a/c@east#corp': null }", vec![]),
        (
            "excluded: { 'a/b@north': budget }",
            vec!["excluded[\"a/b@north\"]: expected \"budget\", but it is in the plan"],
        ),
        (
            "excluded: { 'a/b@south#corp': budget }",
            vec!["excluded[\"a/b@south#corp\"]: expected \"budget\", but it is in the plan"],
        ),
        (
            "excluded: { 'a/b@south': budget }",
            vec!["excluded[\"a/b@south\"]: expected \"budget\", but it is not excluded"],
        ),
        ("excluded: []", vec!["excluded: expected 0 entries, got 1: [a/c@east]"]),
        ("excluded: [{ endpoint: a/c@east }]", vec![]),
        (
            "outcome: deny\ndenial: { code: budget }",
            vec![
                "outcome: expected \"deny\", got \"route\"",
                "denial: expected {\"code\":\"budget\"}, but a route has no denial",
            ],
        ),
        ("alerts: [{ budget: hard, reached: 50% }]", vec![]),
        ("stream: null", vec!["stream: expected null, got {\"commit\":\"end\",\"partial\":\"discard\"}"]),
    ] {
        assert_eq!(compare(&read_one(expect).unwrap(), &plan), expected, "{expect}");
    }
}

#[test]
fn differences_of_a_denial() {
    let denial = decision_to_node(&denial());
    for (expect, expected) in [
        (
            "denial: { code: quota, status: 429, opens_at: 2026-11-24T00:00:00Z, nearest: null, advice: slow_down }",
            vec![],
        ),
        ("denial: { message: the quota is used up }", vec![]),
        ("denial: { message: { contains: quota } }", vec![]),
        (
            "denial: { message: quota }",
            vec!["denial.message: expected \"quota\", got \"the quota is used up\""],
        ),
        (
            "denial: { message: { contains: budget } }",
            vec!["denial.message: expected a text with \"budget\", got \"the quota is used up\""],
        ),
        ("outcome: route", vec!["outcome: expected \"route\", got \"deny\" (quota: the quota is used up)"]),
        ("attempts: []", vec!["attempts: expected [], but a denial has no attempts"]),
    ] {
        assert_eq!(compare(&read_one(expect).unwrap(), &denial), expected, "{expect}");
    }
}

#[test]
fn differences_of_diagnostics() {
    let mut sources = Sources::new();
    let file = sources.add("a.fare", "one\ntwo\n");
    let found = [
        Diagnostic::error("not-total", Span::new(file, 0, 3), "x"),
        Diagnostic::warning("many-calls", Span::new(file, 4, 7), "y"),
    ];
    for (expect, expected) in [
        ("[{ code: not-total, line: 1 }, { code: many-calls, line: 2, file: a.fare, column: 1 }]", vec![]),
        (
            "[{ code: many-calls, line: 2 }, { code: not-total, line: 1 }]",
            vec![
                "diagnostics[0].code: expected \"many-calls\", got \"not-total\"",
                "diagnostics[0].line: expected 2, got 1",
                "diagnostics[1].code: expected \"not-total\", got \"many-calls\"",
                "diagnostics[1].line: expected 1, got 2",
            ],
        ),
        (
            "[{ code: not-total }]",
            vec!["diagnostics: expected 1 entry, got 2: [not-total at a.fare:1:1, many-calls at a.fare:2:1]"],
        ),
    ] {
        let case = case(&format!("expect: {{ diagnostics: {expect} }}"));
        assert_eq!(case.differences(Got::Diagnostics(&found, &sources)), expected, "{expect}");
    }
    let decision = denial();
    assert_eq!(
        case("expect: { diagnostics: [] }").differences(Got::Decision(&decision)),
        ["expected diagnostics, got a decision"],
    );
    assert_eq!(case("expect: { outcome: deny }").differences(Got::Decision(&decision)), [""; 0]);
    assert_eq!(
        case("expect: { error: stands twice }").differences(Got::Error("endpoints[1]: the id stands twice")),
        [""; 0],
    );
}
