//! What `check` finds by looking at every request: by hand (`tests/checks/cases.yaml`), in random worlds, and on the command line.

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
use faregate::{Catalog, PolicySet};
use faregate_analysis::{Depth, check};
use faregate_tests::repository;
use faregate_wire::{Node, catalog_layer_from, read_one};

fn cases() -> (Catalog, Vec<Node>) {
    let text = std::fs::read_to_string(repository("tests/checks/cases.yaml")).unwrap();
    let node = read_one(&text).unwrap();
    let layer = catalog_layer_from(node.get("catalog").unwrap()).unwrap();
    (Catalog::new(vec![layer]).unwrap(), node.get("cases").unwrap().as_seq().unwrap().to_vec())
}

#[test]
fn findings_come_out_as_derived_by_hand() {
    let (catalog, cases) = cases();
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case.get("name").unwrap().as_text().unwrap();
        let text = format!("policy p {{ language 1 }}\n{}", case.get("policy").unwrap().as_text().unwrap());
        let set = PolicySet::parse([("p.fare", text)]).unwrap_or_else(|found| panic!("{name}:\n{found}"));
        let catalog = case.get("market").map(|_| &catalog);
        let depth = if case.get("thorough").is_some() { Depth::Thorough } else { Depth::Quick };
        let found = check(&set, catalog, None, depth);
        let lines: Vec<String> = found
            .iter()
            .map(|d| format!("{} {}", d.code, found.sources().place(d.primary.span).line - 1))
            .collect();
        let expected: Vec<&str> =
            case.get("expect").unwrap().as_seq().unwrap().iter().map(|n| n.as_text().unwrap()).collect();
        if lines != expected {
            wrong.push(format!("{name}: expected {expected:?}, got {lines:?}\n{}", found.render(false)));
        }
    }
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Lists of words that have one in common.
const OVERLAP: &str = "\
policy desk { language 1 }

workload a {
  when request.workload in chat, incident
  deny \"a\"
}

workload b {
  when request.workload in incident, batch
  deny \"b\"
}

workload c {
  otherwise
  deny \"c\"
}
";

#[test]
fn a_request_that_two_workloads_want_is_shown() {
    let desk = Desk::new(&[("desk.fare", OVERLAP)]);
    let (code, out, err) = run(&["check", &desk.path("desk.fare")]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("warning[overlapping-workloads]"), "{out}");
    assert!(out.contains("both want `request.workload == incident`"), "{out}");
    let (code, _, _) = run(&["check", &desk.path("desk.fare"), "--deny", "overlapping-workloads"]);
    assert_eq!(code, 1);
}

#[test]
fn levels_of_the_manifest_hold_for_these_codes_too() {
    let manifest = |level| {
        format!("sets:\n  desk: {{ policies: [desk.fare] }}\nlevels: {{ overlapping-workloads: {level} }}\n")
    };
    for (level, code, told) in [("allow", 0, false), ("warn", 0, true), ("deny", 1, true)] {
        let desk = Desk::new(&[("desk.fare", OVERLAP), ("faregate.yaml", &manifest(level))]);
        let (ended, out, err) = run(&["check", &desk.0.display().to_string()]);
        assert_eq!((ended, out.contains("overlapping-workloads")), (code, told), "{level}\n{out}{err}");
    }
}

#[test]
fn clocks_are_followed_where_asked() {
    let text = "\
policy desk { language 1 }
workload a {
  when time.hour between 10:00 and 10:30 in \"Europe/Berlin\" and time.hour between 10:00 and 10:30 in \"Europe/London\"
  deny \"a\"
}
workload b { otherwise deny \"b\" }
";
    let desk = Desk::new(&[("desk.fare", text)]);
    let (_, out, err) = run(&["check", &desk.path("desk.fare")]);
    assert_eq!((out.as_str(), err.contains("0 warnings")), ("", true), "{err}");
    let (_, out, _) = run(&["check", &desk.path("desk.fare"), "--thorough"]);
    assert!(out.contains("warning[never-true]") && out.contains("exclude each other"), "{out}");
}
