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
use std::collections::BTreeMap;

use faregate::model::{Body, meets, policy};
use faregate::syntax::Span;
use faregate::{Catalog, Context, Decision, Engine, PolicySet, Request};
use faregate_analysis::{Depth, check};
use faregate_tests::{Draw, World, bytes, generate, repository};
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

/// How many times as many worlds as usual are wanted.
fn times() -> u64 {
    std::env::var("FAREGATE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1)
}

/// Returns requests of a world with their contexts, keys of its own at the prices of the catalog.
fn asked(world: &World, number: u64, count: u64) -> Vec<(Request, Context)> {
    let mut asked = vec![(world.request.clone(), world.context.clone())];
    for other in 0..count {
        let bytes = bytes(number * 1000 + other, 900);
        let mut draw = Draw::new(&bytes);
        let request = generate::request(&mut draw.part(160), &world.scope);
        let context = generate::context(&mut draw.part(640), &world.scope, &world.catalog, &request);
        asked.push((request, context));
    }
    for (_, context) in &mut asked {
        for own in &mut context.credentials {
            (own.prices, own.fee) = (None, faregate::Ratio::default());
        }
    }
    asked
}

/// Returns a set without a place: blanks stand there.
fn without(world: &World, policy: &PolicySet, span: Span) -> Option<PolicySet> {
    let cut = |(at, (name, text)): (usize, &(String, String))| {
        let mut text = text.clone();
        if usize::from(span.file.0) == at {
            let blanks = " ".repeat((span.end - span.start) as usize);
            text.replace_range(span.start as usize..span.end as usize, &blanks);
        }
        (name.clone(), text)
    };
    assert!(policy.sources().get(span.file).is_some());
    PolicySet::parse(world.policies.iter().enumerate().map(cut)).ok()
}

/// Which endpoints a decision calls, in order.
fn called(decision: &Decision) -> Vec<(String, String)> {
    match decision {
        Decision::Route(plan) => {
            plan.attempts.iter().map(|a| (a.endpoint.clone(), format!("{:?}", a.credential))).collect()
        }
        Decision::Deny(_) => Vec::new(),
    }
}

#[test]
fn no_random_request_shows_a_finding_to_be_wrong() {
    let mut seen: BTreeMap<&'static str, u32> = BTreeMap::new();
    for number in 0..300 * times() {
        let world = World::draw(&mut Draw::new(&bytes(number, 6000)));
        let Ok(engine) = world.engine() else { continue };
        let set = engine.policy();
        let told = set.check_with(Some(engine.catalog()), None);
        let found = check(set, Some(engine.catalog()), None, Depth::Quick);
        let fresh: Vec<_> = found.iter().filter(|d| !told.iter().any(|k| k == *d)).collect();
        if fresh.is_empty() {
            continue;
        }
        let asked = asked(&world, number, 60);
        for finding in fresh {
            *seen.entry(finding.code).or_default() += 1;
            let span = finding.primary.span;
            let wrong = |what: &str| panic!("{what}: {}\n{}\n{world:?}", finding.code, found.render(false));
            let less = match finding.code {
                "no-effect" => {
                    without(&world, set, span).map(|s| Engine::new(s, engine.catalog().clone()).unwrap())
                }
                _ => None,
            };
            for (request, context) in &asked {
                let decision = engine.decide(request, context);
                let workload = decision.explanation().workload.clone();
                match finding.code {
                    "unreachable-workload" => {
                        let of = policy(set).workloads.iter().find(|w| w.span == span).unwrap();
                        if workload.as_ref() == Some(&of.name) {
                            wrong("it is reached");
                        }
                    }
                    "never-true" => {
                        let conditions = policy(set).workloads.iter().filter_map(|w| w.when.as_ref());
                        let condition = conditions.map(|(e, _)| e).find(|e| e.span == span);
                        if condition
                            .is_some_and(|e| meets(set, engine.catalog(), request, context, e) == Some(true))
                        {
                            wrong("it is true");
                        }
                    }
                    "excludes-everything" | "never-eligible" => {
                        let whole = policy(set)
                            .workloads
                            .iter()
                            .find(|w| finding.message.contains(&format!("workload `{}`", w.name)));
                        let entry = set.sources().text(span).trim_matches('"');
                        let hit = match (whole, &decision) {
                            (_, Decision::Deny(_)) => false,
                            (Some(of), Decision::Route(_)) => workload.as_ref() == Some(&of.name),
                            (None, Decision::Route(plan)) => {
                                let of = policy(set)
                                    .workloads
                                    .iter()
                                    .find(|w| workload.as_ref() == Some(&w.name))
                                    .unwrap();
                                let Body::Route(routing) = &of.body else { continue };
                                routing.entry_spans.iter().flatten().any(|s| *s == span)
                                    && plan
                                        .attempts
                                        .iter()
                                        .any(|a| a.model == engine.catalog().resolve(entry))
                            }
                        };
                        if hit {
                            wrong("it is called");
                        }
                    }
                    "no-effect" => {
                        if let Some(less) = &less
                            && called(&less.decide(request, context)) != called(&decision)
                        {
                            wrong("it has an effect");
                        }
                    }
                    "waives-nothing" => {
                        let at = set.sources().at(span);
                        if decision.explanation().waivers.iter().any(|w| w.at == at) {
                            wrong("it waives something");
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    // The worlds say nothing where nothing is found in them.
    for code in ["never-true", "unreachable-workload", "never-eligible", "excludes-everything"] {
        assert!(seen.get(code).copied().unwrap_or(0) >= 3, "{code} is hardly met: {seen:?}");
    }
}
