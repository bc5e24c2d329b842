//! Differences between policies: what is found of pairs written by hand (`tests/diffs/cases.yaml`), of mutants of random policies,
//! and on the command line.

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
#[path = "diffs/shown.rs"]
mod shown;
#[path = "diffs/small.rs"]
mod small;

use std::collections::{BTreeMap, BTreeSet};

use desk::{Desk, run};
use faregate::{Catalog, Context, Decision, Engine, PolicySet, Request};
use faregate_analysis::{DecisionChange, Differences, Direction, diff, mutants};
use faregate_tests::{Draw, World, bytes, generate, repository};
use faregate_wire::{Node, catalog_layer_from, context_to_node, read_one, request_to_node};
use serde_json::Value;

/// What a decision does, in a form that two decisions can be held against each other by: not how it is explained.
fn deed(decision: &Decision) -> String {
    match decision {
        Decision::Deny(denial) => format!("{:?} {:?}", denial.code, denial.opens_at),
        Decision::Route(plan) => {
            let attempts: Vec<_> = plan
                .attempts
                .iter()
                .map(|a| {
                    let mut a = a.clone();
                    a.why.clear();
                    a
                })
                .collect();
            let retry: BTreeSet<String> =
                plan.retry.iter().map(|r| format!("{} {} {:?}", r.on, r.times, r.wait)).collect();
            format!(
                "{attempts:?} {:?} {} {:?} {retry:?} {:?} {:?} {:?} {:?}",
                plan.worst_cost,
                plan.calls_at_most,
                plan.deadline_ms,
                plan.tools,
                plan.iterations,
                plan.commit,
                plan.partial
            )
        }
    }
}

/// Holds every witness to both engines: the decisions are theirs, and what is claimed of the two is so.
fn hold_witnesses(old: &Engine, new: &Engine, found: &Differences, about: &str) {
    for change in &found.changes {
        let Some(witness) = &change.witness else {
            // Without a witness only words and orders that may differ are told.
            assert!(change.direction == Direction::Words || !change.certain, "{about}: {change:?}");
            continue;
        };
        assert_eq!(old.decide_by_reference(&witness.request, &witness.context), witness.old, "{about}");
        assert_eq!(new.decide_by_reference(&witness.request, &witness.context), witness.new, "{about}");
        hold_claim(change, about);
    }
}

/// Whether a candidate of both decisions may do other things.
fn allowed(old: &Decision, new: &Decision) -> bool {
    let (Decision::Route(old), Decision::Route(new)) = (old, new) else { return false };
    old.attempts.iter().any(|a| {
        let of_new =
            new.attempts.iter().filter(|b| (&b.endpoint, &b.credential) == (&a.endpoint, &a.credential));
        of_new.into_iter().any(|b| {
            (a.max_output_tokens, &a.drop_parameters, &a.model)
                != (b.max_output_tokens, &b.drop_parameters, &b.model)
        })
    })
}

fn hold_claim(change: &DecisionChange, about: &str) {
    let witness = change.witness.as_ref().unwrap();
    let members = |decision: &Decision| match decision {
        Decision::Deny(_) => BTreeSet::new(),
        Decision::Route(plan) => {
            plan.attempts.iter().map(|a| (a.endpoint.clone(), a.credential.clone())).collect()
        }
    };
    let (before, after) = (members(&witness.old), members(&witness.new));
    let differs = deed(&witness.old) != deed(&witness.new)
        || witness.old.explanation().budgets != witness.new.explanation().budgets;
    let shown = match change.direction {
        Direction::Looser | Direction::Tighter if change.endpoints.is_empty() => differs,
        // What candidates of both get may be more or less too: output, parameters.
        Direction::Looser => !after.is_subset(&before) || allowed(&witness.old, &witness.new),
        Direction::Tighter => !before.is_subset(&after) || allowed(&witness.old, &witness.new),
        Direction::Words => true,
        // When endpoints cool down shows in runs alone.
        Direction::Retries if change.what.contains("cool down") => true,
        _ => differs,
    };
    assert!(shown, "{about}: {change:?}");
}

fn engine(name: &str, text: &str, catalog: Catalog) -> Engine {
    let text = format!("policy p {{ language 1 }}\n{text}");
    let set = PolicySet::parse([("p.fare", text)]).unwrap_or_else(|found| panic!("{name}:\n{found}"));
    Engine::new(set, catalog).unwrap()
}

#[test]
fn differences_come_out_as_derived_by_hand() {
    let text = std::fs::read_to_string(repository("tests/diffs/cases.yaml")).unwrap();
    let node = read_one(&text).unwrap();
    let layer = catalog_layer_from(node.get("catalog").unwrap()).unwrap();
    let only = std::env::var("FAREGATE_CASE").unwrap_or_default();
    let mut wrong = Vec::new();
    for case in node.get("cases").unwrap().as_seq().unwrap() {
        let name = case.get("name").unwrap().as_text().unwrap();
        if !name.contains(&only) {
            continue;
        }
        let mut layers = vec![layer.clone()];
        let catalog = Catalog::new(layers.clone()).unwrap();
        layers.extend(case.get("catalog_new").map(|node| catalog_layer_from(node).unwrap()));
        let old = engine(name, case.get("old").unwrap().as_text().unwrap(), catalog);
        let new = engine(name, case.get("new").unwrap().as_text().unwrap(), Catalog::new(layers).unwrap());
        let found = diff(&old, &new);
        hold_witnesses(&old, &new, &found, name);
        let mut met: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for change in &found.changes {
            met.entry(change.direction.as_str()).or_default().extend(change.endpoints.clone());
        }
        let wanted: BTreeMap<&str, BTreeSet<String>> = wanted(case.get("expect").unwrap());
        let undecided = case.get("undecided").is_some();
        let as_wanted = met.keys().eq(wanted.keys())
            && wanted.iter().all(|(direction, endpoints)| endpoints.is_subset(&met[direction]))
            && found.undecided.is_empty() != undecided;
        if !as_wanted {
            wrong.push(format!("{name}: expected {wanted:?}, got {met:?}, undecided {:?}", found.undecided));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn wanted(node: &Node) -> BTreeMap<&str, BTreeSet<String>> {
    let texts = |node: &Node| -> BTreeSet<String> {
        node.as_seq().unwrap().iter().map(|n| n.as_text().unwrap().to_owned()).collect()
    };
    node.as_map()
        .unwrap()
        .iter()
        .map(|(direction, endpoints)| (direction.as_str(), texts(endpoints)))
        .collect()
}

/// A policy is equal to itself, however much it says; a mutant that some request tells apart is never proved equal, and every
/// witness shows what it claims.
#[test]
fn no_mutant_that_a_request_tells_apart_is_proved_equal() {
    let times: u64 = std::env::var("FAREGATE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let first: u64 =
        std::env::var("FAREGATE_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0) * 1_000_000;
    let (mut equal, mut different, mut undecided, mut told_apart, mut untold) = (0, 0, 0, 0, 0);
    for number in first..first + 24 * times {
        let world = World::draw(&mut Draw::new(&bytes(number, 6000)));
        let Ok(old) = world.engine() else { continue };
        let itself = diff(&old, &old);
        assert!(itself.equal(), "{number}: a policy differs from itself: {itself:?}");
        let mut asked: Vec<(Request, Context)> = vec![(world.request.clone(), world.context.clone())];
        for other in 0..40 {
            let bytes = bytes(number * 1000 + other, 900);
            let mut draw = Draw::new(&bytes);
            let request = generate::request(&mut draw.part(160), &world.scope);
            let context = generate::context(&mut draw.part(640), &world.scope, &world.catalog, &request);
            asked.push((request, context));
        }
        let texts: Vec<(String, String)> =
            old.policy().sources().iter().map(|(_, s)| (s.name().to_owned(), s.text().to_owned())).collect();
        for (file, (_, text)) in texts.iter().enumerate() {
            let changes = mutants(text);
            let step = (changes.len() / 3).max(1);
            for mutant in changes.iter().skip(usize::try_from(number).unwrap() % step).step_by(step) {
                let mut changed = texts.clone();
                let at = (mutant.at.start as usize)..(mutant.at.end as usize);
                changed[file].1.replace_range(at, &mutant.text);
                let Ok(set) = PolicySet::parse(changed) else { continue };
                let new = Engine::new(set, old.catalog().clone()).unwrap();
                let found = diff(&old, &new);
                let about = format!("{number}: {mutant:?}");
                hold_witnesses(&old, &new, &found, &about);
                if found.equal() {
                    equal += 1;
                } else if found.changes.is_empty() {
                    undecided += 1;
                    let from = &text[mutant.at.start as usize..mutant.at.end as usize];
                    println!("{about} for `{from}`: {}", found.undecided[0].why);
                    if std::env::var_os("FAREGATE_SHOW").is_some() {
                        println!("{text}");
                    }
                } else {
                    different += 1;
                }
                for (request, context) in &asked {
                    let (a, b) = (old.decide(request, context), new.decide(request, context));
                    if deed(&a) == deed(&b) {
                        continue;
                    }
                    told_apart += 1;
                    let sent = || {
                        let nodes = [request_to_node(request), context_to_node(context)];
                        nodes.map(|node| node.to_json()).join("\n")
                    };
                    for class in shown::untold(&found, (&a, &b)) {
                        untold += 1;
                        println!("{about}: {class:?} is not told\n{}", sent());
                        if std::env::var_os("FAREGATE_SHOW").is_some() {
                            let classes = found.changes.iter();
                            let classes =
                                classes.map(|c| (c.direction, &c.old_workload, &c.new_workload, &c.what));
                            println!("{:?}\n{text}\nOLD {a:?}\nNEW {b:?}", classes.collect::<Vec<_>>());
                        }
                    }
                    assert!(!found.equal(), "{about} is proved equal, and is not:\n{}\n{text}", sent());
                }
            }
        }
    }
    println!(
        "{equal} equal, {different} different, {undecided} undecided; {told_apart} requests told two apart; {untold} directions of them are not told"
    );
    assert_eq!(untold, 0, "directions are left without a word");
    assert!(equal > 0 && different > 10 && told_apart > 10, "the worlds say nothing");
}

const OLD: &str = "\
policy desk { language 1 }

declare { request.data set_of pii, phi }

guardrail personal-data {
  when request.data includes any of pii, phi
  require endpoint.zdr
}

workload answers {
  otherwise
  route { models \"m/a\" }
  fallback { other provider on timeout }
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
        ("old.fare", OLD),
        ("new.fare", &OLD.replace("any of", "all of")),
        ("words.fare", &OLD.replace("require endpoint.zdr", "require endpoint.zdr\n  because \"contract\"")),
        ("spaced.fare", &OLD.replace("  ", "      ")),
        ("market.yaml", CATALOG),
        ("dear.yaml", &CATALOG.replace("0.000004", "0.000005")),
    ])
}

fn diff_of(desk: &Desk, old: &str, new: &str, more: &[&str]) -> (u8, String, String) {
    let (old, new, catalog) = (desk.path(old), desk.path(new), desk.path("market.yaml"));
    let mut arguments = vec!["diff", old.as_str(), new.as_str(), "--catalog", catalog.as_str()];
    arguments.extend(more);
    run(&arguments)
}

#[test]
fn nothing_is_printed_where_all_is_equal() {
    let (code, out, err) = diff_of(&desk(), "old.fare", "spaced.fare", &[]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", "proved equal\n"));
    let (code, out, _) = diff_of(&desk(), "old.fare", "spaced.fare", &["--format", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &report["equal"], report["changes"].as_array().map(Vec::len)),
        (0, &true.into(), Some(0))
    );
    let (code, out, _) = diff_of(&desk(), "old.fare", "spaced.fare", &["--format", "markdown"]);
    assert_eq!(
        (code, out.as_str()),
        (0, "**No decision changes.** Proved for every request and every context.\n")
    );
}

#[test]
fn a_leak_is_told_with_the_request_that_shows_it() {
    let desk = desk();
    let (code, out, err) = diff_of(&desk, "old.fare", "new.fare", &[]);
    assert_eq!((code, err.as_str()), (1, "1 looser, 1 dearer, 1 denial\n"), "{out}");
    // The plan of the witness has a call more, which may cost as much again.
    assert!(out.contains("dearer    workload answers: the run costs at most $0.004 -> $0.008\n"), "{out}");
    for part in
        ["looser    workload answers: may be called\n", "m/a@south", "request: {", "old: ", "new: routed to "]
    {
        assert!(out.contains(part), "{part} lacks in\n{out}");
    }
    assert!(out.contains(&format!("{}:6:8", desk.path("new.fare"))), "{out}");
    let (_, out, _) = diff_of(&desk, "old.fare", "new.fare", &["--format", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    let change = &report["changes"][0];
    assert_eq!(
        (&report["equal"], &change["direction"], &change["workload"]),
        (&false.into(), &"looser".into(), &"answers".into())
    );
    assert!(change["endpoints"].as_array().unwrap().contains(&"m/a@south".into()), "{change}");
    // Personal data of one kind alone: with both, or with none of them known, the guardrail holds as before.
    assert_eq!(change["witness"]["request"]["data"].as_array().map(Vec::len), Some(1), "{change}");
    let goes =
        |plan: &Value| plan["attempts"].as_array().unwrap().iter().any(|a| a["endpoint"] == "m/a@south");
    assert!(goes(&change["new"]), "{change}");
    assert!(change["old"]["outcome"] == "deny" || !goes(&change["old"]), "{change}");
    let (_, out, _) = diff_of(&desk, "old.fare", "new.fare", &["--format", "markdown"]);
    assert!(
        out.starts_with(
            "**Decisions change:** 1 looser, 1 dearer, 1 denial.\n\n| | who | what | endpoints | lines |\n"
        ),
        "{out}"
    );
    assert!(out.contains("| **looser** | workload answers | may be called | m/a@south"), "{out}");
}

#[test]
fn only_the_directions_that_are_asked_for_fail() {
    let desk = desk();
    assert_eq!(diff_of(&desk, "old.fare", "new.fare", &["--fail-on", "tighter,cheaper"]).0, 0);
    // What is looser may cost more, and is told so.
    assert_eq!(diff_of(&desk, "old.fare", "new.fare", &["--fail-on", "dearer"]).0, 1);
    assert_eq!(diff_of(&desk, "old.fare", "new.fare", &["--fail-on", "dearer,looser"]).0, 1);
    // Words alone are no failure, but where they are asked for.
    let (code, out, err) = diff_of(&desk, "old.fare", "words.fare", &[]);
    assert_eq!((code, err.as_str()), (0, "1 words\n"));
    assert!(out.starts_with("words     all: another name or reason of guardrail personal-data\n"), "{out}");
    assert_eq!(diff_of(&desk, "old.fare", "words.fare", &["--fail-on", "words"]).0, 1);
}

#[test]
fn one_policy_over_two_catalogs() {
    let desk = desk();
    let dear = desk.path("dear.yaml");
    let (code, out, err) = diff_of(&desk, "old.fare", "old.fare", &["--catalog-new", &dear]);
    assert_eq!(code, 1);
    assert_eq!(err, "1 dearer\n", "{out}");
    assert!(out.contains("m/a@north, m/a@south"), "{out}");
}

#[test]
fn folders_mean_the_sets_of_their_manifests() {
    let manifest = "sets:\n  one: { policies: [one.fare], catalogs: [market.yaml] }\n  two: { policies: [two.fare], catalogs: [market.yaml] }\n";
    let other = OLD.replace("any of", "all of");
    let desk = Desk::new(&[
        ("a/faregate.yaml", manifest),
        ("a/market.yaml", CATALOG),
        ("a/one.fare", OLD),
        ("a/two.fare", OLD),
        ("b/faregate.yaml", manifest),
        ("b/market.yaml", CATALOG),
        ("b/one.fare", OLD),
        ("b/two.fare", &other),
        (
            "c/faregate.yaml",
            "sets:\n  one: { policies: [../a/one.fare], catalogs: [../a/market.yaml] }\n  three: { policies: [../a/one.fare], catalogs: [../a/market.yaml] }\n",
        ),
    ]);
    let (code, out, err) = run(&["diff", &desk.path("a"), &desk.path("b")]);
    assert_eq!((code, err.as_str()), (1, "1 looser, 1 dearer, 1 denial\n"), "{out}");
    assert!(out.starts_with("two\nlooser    workload answers"), "{out}");
    let (code, _, err) = run(&["diff", &desk.path("a"), &desk.path("c")]);
    assert_eq!(code, 2);
    assert!(err.contains("the set `two` is, the set `three` is on one side alone"), "{err}");
}

#[test]
fn what_cannot_be_read_ends_with_2() {
    let desk = desk();
    let (code, out, err) = run(&["diff", &desk.path("old.fare"), &desk.path("new.fare")]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("--catalog CATALOG.yaml"), "{err}");
    let (code, _, err) = diff_of(&desk, "old.fare", "nothing.fare", &[]);
    assert_eq!(code, 2);
    assert!(err.contains("nothing.fare"), "{err}");
    let wrong = Desk::new(&[
        ("old.fare", OLD),
        ("new.fare", &OLD.replace("endpoint.zdr", "endpoint.zrd")),
        ("market.yaml", CATALOG),
    ]);
    let (code, _, err) = diff_of(&wrong, "old.fare", "new.fare", &[]);
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("error[unknown-attribute]"), "{err}");
}
