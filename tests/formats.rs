//! What the command line writes for machines: SARIF, workflow commands, JUnit, shell scripts.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod desk;

use self::desk::{Desk, run};
use std::fs;

use faregate_tests::repository;
use serde_json::{Value, json};

/// One error with a fix, one with a second place, and a warning; a name that is no plain URI.
const POLICY: &str = "policy p { language 1 }
group twice = models \"m/a\"
group twice = models \"m/b\"
guardrail g {
  when     request.stream and request.idempotent or request.caching
  require  endpoint.regoin == \"eu: 1, 2\"
}
workload rest { otherwise deny \"no\" }
";

fn valid_sarif(log: &Value) -> Vec<String> {
    let schema = fs::read_to_string(repository("tests/schemas/sarif-2.1.0.json")).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    validator.iter_errors(log).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn sarif_is_as_its_schema_says_and_holds_places_fixes_and_pages() {
    let desk = Desk::new(&[("a b.fare", POLICY)]);
    let (code, out, _) = run(&["check", &desk.path("a b.fare"), "--format", "sarif"]);
    assert_eq!(code, 1);
    let log: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(valid_sarif(&log), Vec::<String>::new());
    let broken = json!({ "version": "2.1.0", "runs": [ { "results": [ { "ruleId": 7 } ] } ] });
    assert!(!valid_sarif(&broken).is_empty(), "the schema finds what is wrong");

    let driver = &log["runs"][0]["tool"]["driver"];
    let results = log["runs"][0]["results"].as_array().unwrap();
    let seen: Vec<(&str, &str, u64)> = results
        .iter()
        .map(|r| {
            let line = &r["locations"][0]["physicalLocation"]["region"]["startLine"];
            (r["ruleId"].as_str().unwrap(), r["level"].as_str().unwrap(), line.as_u64().unwrap())
        })
        .collect();
    assert_eq!(
        seen,
        [("duplicate-name", "error", 3), ("mixed-and-or", "warning", 5), ("unknown-attribute", "error", 6)]
    );
    for result in results {
        let rule = &driver["rules"][usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        let page = format!("docs/diagnostics/{}.md", rule["id"].as_str().unwrap());
        assert!(rule["helpUri"].as_str().unwrap().ends_with(&page) && repository(&page).is_file(), "{page}");
        assert!(rule["shortDescription"]["text"].as_str().unwrap().len() > 20);
        let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert!(uri.as_str().unwrap().ends_with("/a%20b.fare"), "{uri}");
    }
    assert_eq!(results[0]["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 2);
    let change = &results[2]["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(change["insertedContent"]["text"], "region");
    assert_eq!(results[2]["fixes"][0]["properties"]["safety"], "unsafe");
    assert_eq!(results[1]["fixes"][0]["properties"]["safety"], "safe");
    assert_eq!(
        (&change["deletedRegion"]["startColumn"], &change["deletedRegion"]["endColumn"]),
        (&json!(21), &json!(27))
    );
}

#[test]
fn sarif_of_policies_without_findings_is_an_empty_log() {
    let (code, out, _) = run(&["check", &repository("policies").display().to_string(), "--format", "sarif"]);
    let log: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, valid_sarif(&log)), (0, Vec::new()));
    assert_eq!(log["runs"][0]["results"], json!([]));
}

#[test]
fn github_reads_each_finding_as_one_line() {
    let desk = Desk::new(&[("a,b.fare", POLICY)]);
    let path = desk.path("a,b.fare");
    let (code, out, _) = run(&["check", &path, "--format", "github"]);
    assert_eq!(code, 1);
    let file = path.replace(',', "%2C");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    let start = format!("::error file={file},line=6,endLine=6,col=12,endColumn=27,title=unknown-attribute::");
    assert!(lines[2].starts_with(&start), "{}", lines[2]);
    assert!(lines[2].ends_with("%0Ahelp: an attribute with a similar name exists: `region`"), "{}", lines[2]);
    assert!(lines[1].starts_with(&format!("::warning file={file},line=5,")), "{}", lines[1]);
}

const CASES: &str = "
policy: |
  policy p { language 1 }
  workload rest { otherwise deny \"closed & done\" }
catalog: { endpoints: [] }
request: { id: r1, input_tokens: 1 }
context: { now: 2026-11-23T10:00:00Z }
cases:
  - { name: it is refused, expect: { denial: { code: refused } } }
  - { name: it is <served>, expect: { outcome: route } }
";

#[test]
fn junit_has_a_suite_for_each_file_and_says_what_differs() {
    let desk = Desk::new(&[("a.test.yaml", CASES)]);
    let path = desk.path("a.test.yaml");
    let (code, out, _) = run(&["test", &path, "--format", "junit"]);
    assert_eq!(code, 1);
    let report = quick_junit::Report::deserialize_from_str(&out).unwrap();
    assert_eq!((report.tests, report.failures, report.test_suites.len()), (2, 1, 1));
    assert_eq!(report.test_suites[0].name.as_str(), path);
    let names: Vec<&str> = report.test_suites[0].test_cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["it is refused", "it is <served>"]);
    assert!(
        out.contains(
            "outcome: expected &quot;route&quot;, got &quot;deny&quot; (refused: closed &amp; done)"
        ),
        "{out}"
    );
}

#[test]
fn cases_are_picked_by_name() {
    let desk = Desk::new(&[("a.test.yaml", CASES)]);
    let path = desk.path("a.test.yaml");
    assert_eq!(
        run(&["test", &path, "--name", "refused"]),
        (0, "1 passed, 0 failed\n".to_owned(), String::new())
    );
    assert_eq!(run(&["test", &path, "--name", "served", "--name", "refused"]).0, 1);
    let (code, _, err) = run(&["test", &path, "--name", "nobody"]);
    assert_eq!(code, 2);
    assert!(err.contains("none of the 2 cases has a name that holds nobody"), "{err}");
}

#[test]
fn shells_get_a_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, out, err) = run(&["completions", shell]);
        assert_eq!((code, err.as_str()), (0, ""), "{shell}");
        assert!(out.contains("rehearse") && out.contains("--fail-on-deny") || shell == "fish", "{shell}");
    }
}
