//! Policies so small that all their requests can be gone through, one by one: the proof and the enumeration must agree.

use faregate::model::{Judged, judge, policy};
use faregate::{Catalog, Context, Engine, PolicySet, Request};
use faregate_analysis::{Outcome, prove};
use faregate_tests::Draw;
use faregate_tests::small::{
    DECLARED, Dimension, ENDPOINTS, condition, dimensions, downs, facts, requests, rule,
};
use faregate_wire::{catalog_layer, context_to_node, request_to_node};

/// A policy that looks at few things, as text, and which.
struct Small {
    policy: String,
    catalog: String,
    used: Vec<&'static Dimension>,
}

impl Small {
    fn draw(draw: &mut Draw<'_>) -> Self {
        let used = dimensions(draw);
        let mut text = format!("policy small {{ language 1 }}\n{DECLARED}");
        for n in 0..draw.below(3) {
            let (when, verb, what) =
                (condition(draw, &used, 2), draw.text(&["require", "forbid"]), rule(draw, 1));
            text += &format!("guardrail g{n} {{ when {when}  {verb} {what} }}\n");
        }
        for n in 0..1 + draw.below(2) {
            let when = condition(draw, &used, 2);
            text += &format!("workload w{n} {{ when {when}  {} }}\n", body(draw));
        }
        text += &format!("workload rest {{ otherwise {} }}\n", body(draw));
        for n in 0..1 + draw.below(2) {
            let mut about = String::new();
            if draw.percent(60) {
                about += &format!("for {} ", condition(draw, &used, 2));
            }
            if draw.percent(30) {
                about += &format!("for workload {} ", draw.text(&["w0", "rest"]));
            }
            let always = if draw.percent(20) { "denied".to_owned() } else { rule(draw, 2) };
            text += &format!("invariant i{n} {{ {about} always {always} }}\n");
        }
        Self { policy: text, catalog: catalog(draw), used }
    }

    /// Calls `with` with every request that the policy can tell from another, and its context.
    fn all(&self, with: &mut dyn FnMut(&Request, &Context)) {
        requests(&self.used, &mut |request, context| {
            // Endpoints that are down make room for others.
            downs(context, &ENDPOINTS, &mut |context| with(request, context));
        });
    }
}

fn catalog(draw: &mut Draw<'_>) -> String {
    let mut rows = String::new();
    for id in ENDPOINTS {
        let row = format!("id: {id}, context_length: 9000, modalities: [text]{}", facts(draw));
        rows += &format!("  - {{ {row} }}\n");
    }
    format!("endpoints:\n{rows}")
}

fn body(draw: &mut Draw<'_>) -> String {
    if draw.percent(15) {
        return r#"deny "no""#.to_owned();
    }
    let models = draw.text(&[r#""m/one""#, r#""m/one" then "m/two""#, r#""m/one", "m/two""#, r#""m/two""#]);
    let require = if draw.percent(30) { format!("require {}", rule(draw, 1)) } else { String::new() };
    let moves = draw.text(&[
        "",
        "other provider on overloaded",
        "other model on unavailable",
        "other provider on overloaded  other model on unavailable",
    ]);
    let fallback = if moves.is_empty() { String::new() } else { format!("fallback {{ {moves} }}") };
    format!("route {{ models {models} {require} }} {fallback}")
}

/// How many worlds a run goes through; `FAREGATE_CASES` multiplies it.
const WORLDS: u64 = 400;

#[test]
fn proofs_and_enumeration_agree() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let (times, first) =
        (number("FAREGATE_CASES").unwrap_or(1), number("FAREGATE_SEED").unwrap_or(0) * 10_000_000);
    let (mut worlds, mut proved, mut broken, mut requests) = (0, 0, 0, 0_u64);
    for seed in first..first + WORLDS * times {
        let small = Small::draw(&mut Draw::new(&faregate_tests::bytes(seed, 400)));
        let set = match PolicySet::parse([("small.fare", small.policy.as_str())]) {
            Ok(set) => set,
            // A condition that contradicts itself, and the like: an error of the checker, and nothing to prove.
            Err(found) if found.iter().all(|d| d.code != "syntax") => continue,
            Err(found) => panic!("{found}\n{}", small.policy),
        };
        let engine =
            Engine::new(set, Catalog::new(vec![catalog_layer(&small.catalog).unwrap()]).unwrap()).unwrap();
        let proofs = prove(&engine, &|_| true);
        super::hold_counterexamples(&engine, &proofs);
        worlds += 1;
        let invariants = &policy(engine.policy()).invariants;
        let mut breaks: Vec<Option<String>> = vec![None; invariants.len()];
        small.all(&mut |request, context| {
            requests += 1;
            let decision = engine.decide(request, context);
            for (invariant, broken) in invariants.iter().zip(&mut breaks).filter(|(_, b)| b.is_none()) {
                if let Judged::Broken { why, .. } = judge(&engine, request, context, invariant, &decision) {
                    let (request, context) =
                        (request_to_node(request).to_json(), context_to_node(context).to_json());
                    *broken = Some(format!("{why}\n{request}\n{context}"));
                }
            }
        });
        for proof in &proofs {
            let at = invariants.iter().position(|i| i.name == proof.name).unwrap();
            let told = || format!("{} (seed {seed})\n{}{}", proof.name, small.policy, small.catalog);
            match (&proof.outcome, &breaks[at]) {
                (Outcome::Proved, None) => proved += 1,
                (Outcome::Broken(_), Some(_)) => broken += 1,
                (Outcome::Proved, Some(found)) => panic!("proved, and broken by\n{found}\n{}", told()),
                (Outcome::Broken(found), None) => panic!(
                    "broken, and no request of all breaks it: {}\n{}\n{}\n{}",
                    found.why,
                    request_to_node(&found.request).to_json(),
                    context_to_node(&found.context).to_json(),
                    told()
                ),
                (Outcome::Undecided(why), _) => panic!("undecided: {why:?}\n{}", told()),
            }
        }
    }
    println!("{worlds} policies, {requests} requests: {proved} invariants proved, {broken} broken");
    // Both answers are met, and few policies have faults, else the worlds say nothing.
    assert!(worlds * 10 > WORLDS * times * 8, "{worlds} of {}", WORLDS * times);
    assert!(proved * 20 > worlds && broken * 4 > worlds, "{proved} proved, {broken} broken");
}
