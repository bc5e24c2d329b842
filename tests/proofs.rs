//! Invariants: what is proved of them and what breaks them, by hand (`tests/proofs/cases.yaml`), and in random worlds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that panics has failed"
)]

#[path = "proofs/small.rs"]
mod small;

use faregate::model::{Always, Judged, judge, policy};
use faregate::{Catalog, Context, Engine, PolicySet, Request};
use faregate_analysis::{Outcome, Proof, prove};
use faregate_tests::{Draw, World, bytes, generate, repository};
use faregate_wire::{Node, catalog_layer_from, context_to_node, read_one, request_to_node};

/// Returns the word of an outcome.
fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Proved => "proved",
        Outcome::Broken(_) => "broken",
        Outcome::Undecided(_) => "undecided",
    }
}

/// Holds every counterexample to the engine and to the reference: both must show what is claimed.
fn hold_counterexamples(engine: &Engine, proofs: &[Proof]) {
    for proof in proofs {
        let Outcome::Broken(found) = &proof.outcome else { continue };
        let invariant = policy(engine.policy()).invariants.iter().find(|i| i.name == proof.name).unwrap();
        let decision = engine.decide_by_reference(&found.request, &found.context);
        assert_eq!(decision, found.decision, "{}", proof.name);
        let judged = judge(engine, &found.request, &found.context, invariant, &decision);
        assert_eq!(
            judged,
            Judged::Broken { attempt: found.attempt, why: found.why.clone() },
            "{} is said to be broken",
            proof.name
        );
    }
}

fn cases() -> (Catalog, Vec<Node>) {
    let text = std::fs::read_to_string(repository("tests/proofs/cases.yaml")).unwrap();
    let node = read_one(&text).unwrap();
    let layer = catalog_layer_from(node.get("catalog").unwrap()).unwrap();
    let cases = node.get("cases").unwrap().as_seq().unwrap().to_vec();
    (Catalog::new(vec![layer]).unwrap(), cases)
}

#[test]
fn invariants_come_out_as_derived_by_hand() {
    let (catalog, cases) = cases();
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in &cases {
        let name = case.get("name").unwrap().as_text().unwrap();
        let text = format!("policy p {{ language 1 }}\n{}", case.get("policy").unwrap().as_text().unwrap());
        let set = PolicySet::parse([("p.fare", text)]).unwrap_or_else(|found| panic!("{name}:\n{found}"));
        let own =
            case.get("catalog").map(|node| Catalog::new(vec![catalog_layer_from(node).unwrap()]).unwrap());
        let engine = Engine::new(set, own.unwrap_or_else(|| catalog.clone())).unwrap();
        let proofs = prove(&engine, &|_| true);
        hold_counterexamples(&engine, &proofs);
        let expected = case.get("expect").unwrap().as_map().unwrap();
        assert_eq!(expected.len(), proofs.len(), "{name}: an expectation for each invariant");
        for proof in &proofs {
            count += 1;
            let (_, wanted) = expected.iter().find(|(n, _)| *n == proof.name).unwrap();
            if wanted.as_text() != Some(word(&proof.outcome)) {
                wrong.push(format!("{name}: {}: expected {wanted:?}, got {:?}", proof.name, proof.outcome));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Makes a request ask for nothing special, every endpoint being up and every budget untouched: what `at least` and `served` are
/// about.
fn plain(request: &mut Request, context: &mut Context) {
    request.parameters.clear();
    request.tools.clear();
    request.modalities = ["text".to_owned()].into();
    (request.only, request.ignore) = (None, None);
    request.max_price.clear();
    context.key.credits = None;
    context.credentials.clear();
    context.shared_except.clear();
    context.endpoints.clear();
    context.budgets = Some(Vec::new());
}

#[test]
fn no_random_request_breaks_what_is_proved() {
    let times: u64 = std::env::var("FAREGATE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let first: u64 =
        std::env::var("FAREGATE_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0) * 1_000_000;
    let mut words = std::collections::BTreeMap::new();
    for number in first..first + 200 * times {
        let world = World::draw(&mut Draw::new(&bytes(number, 6000)));
        let Ok(engine) = world.engine() else { continue };
        let proofs = prove(&engine, &|_| true);
        hold_counterexamples(&engine, &proofs);
        let mut asked = vec![(world.request.clone(), world.context.clone())];
        for other in 0..40 {
            let bytes = bytes(number * 1000 + other, 900);
            let mut draw = Draw::new(&bytes);
            let request = generate::request(&mut draw.part(160), &world.scope);
            let context = generate::context(&mut draw.part(640), &world.scope, &world.catalog, &request);
            asked.push((request, context));
        }
        for proof in &proofs {
            let invariant = policy(engine.policy()).invariants.iter().find(|i| i.name == proof.name).unwrap();
            let every = !matches!(invariant.always, Always::AtLeast(..) | Always::Served);
            *words.entry((word(&proof.outcome), every)).or_insert(0) += 1;
            if !matches!(proof.outcome, Outcome::Proved) {
                continue;
            }
            for (request, context) in &asked {
                let (mut request, mut context) = (request.clone(), context.clone());
                if !every {
                    plain(&mut request, &mut context);
                }
                let (request, context) = (&request, &context);
                let decision = engine.decide(request, context);
                let judged = judge(&engine, request, context, invariant, &decision);
                assert!(
                    !matches!(judged, Judged::Broken { .. }),
                    "{} is proved, and broken: {judged:?}\n{}\n{}\n{world:?}",
                    proof.name,
                    request_to_node(request).to_json(),
                    context_to_node(context).to_json()
                );
            }
        }
    }
    // All answers are met, else the worlds say nothing.
    assert!(words[&("proved", true)] >= 20 && words[&("broken", true)] >= 20, "{words:?}");
    assert!(words[&("proved", false)] >= 1 && words[&("broken", false)] >= 10, "{words:?}");
}
