//! Which changes of a policy are proved to decide as before: by hand, and in random worlds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that panics has failed"
)]

use faregate::{Catalog, Context, Decision, Engine, Plan, PolicySet, Request};
use faregate_analysis::{decide_alike, mutants};
use faregate_tests::generate::outcomes::{script, walk};
use faregate_tests::{Draw, World, bytes, generate, repository};
use faregate_wire::{Node, catalog_layer_from, decision_to_node, read_one, record_to_node};

/// A policy, and changes of it: what is replaced, by what, and whether it is proved to decide as before.
type Case = (&'static str, &'static [(&'static str, &'static str, bool)]);

/// `m/a` is served in the north (zdr, region eu, a context of 100,000 tokens) and in the south (not zdr, us, 200,000).
const CASES: [Case; 12] = [
    // A request without a workload is denied by `a`, and that it lacks is all that it lacks.
    (
        r#"declare { request.workload one_of chat, batch }
           workload a { when request.workload == chat deny "a" }
           workload b { when request.workload == batch route { models "m/a" } }
           workload c { otherwise deny "c" }"#,
        &[
            ("when request.workload == batch", "when true", true),
            ("request.workload == chat", "request.workload != batch", true),
            ("request.workload == batch", "request.stream", false),
            ("request.workload == chat", "request.workload == chat and request.stream", false),
            ("deny \"a\"", "deny \"d\"", false),
            ("models \"m/a\"", "models \"m/b\"", false),
        ],
    ),
    // Who lacks both attributes is told of another one.
    (
        r#"workload a { when key.team == "a" and key.user == "u" deny "a" }
           workload c { otherwise deny "c" }"#,
        &[(r#"key.team == "a" and key.user == "u""#, r#"key.user == "u" and key.team == "a""#, false)],
    ),
    // One more rule that excludes the south is one more reason.
    (
        r#"guardrail g { require endpoint.provider in "north", "south" }
           workload w { otherwise route { models "m/a" require present(endpoint.zdr) and endpoint.zdr } }"#,
        &[
            (r#"endpoint.provider in "north", "south""#, "true", true),
            (r#""north", "south""#, r#""north""#, false),
            ("present(endpoint.zdr) and endpoint.zdr", "endpoint.zdr", true),
            ("present(endpoint.zdr) and endpoint.zdr", "present(endpoint.zdr)", false),
            ("endpoint.zdr }", "endpoint.zdr or request.stream }", false),
            ("require present", "forbid not present", false),
        ],
    ),
    // A denial tells how far a bound is off: that is the bound's.
    (
        r#"workload w { otherwise route { models "m/a" require endpoint.context_length >= 150k } }"#,
        &[("150k", "160k", false), ("150k", "100k", false)],
    ),
    (
        r#"workload w { otherwise route { models "m/a" require endpoint.context_length >= 50k } }"#,
        &[("50k", "60k", true), ("50k", "100k", true), ("50k", "101k", false)],
    ),
    // The guardrail's `when` is about requests that no route takes.
    (
        r#"declare { key.environment one_of production, staging, ci }
           guardrail g { when key.environment in production, staging require endpoint.zdr }
           workload a { when key.environment == production deny "a" }
           workload w { otherwise route { models "m/a" } }"#,
        &[("in production, staging", "in staging", true), ("in production, staging", "in production", false)],
    ),
    // A retry may come when the hours are over.
    (
        r#"workload a {
             when time.hour between 08:00 and 12:00
             route { models "m/a" require time.hour between 07:00 and 13:00 or endpoint.zdr }
             retry { on timeout 1 time wait 2h }
           }
           workload c { otherwise deny "c" }"#,
        &[("time.hour between 07:00 and 13:00 or endpoint.zdr", "true", false)],
    ),
    // Two calls at most, whatever the limit says.
    (
        r#"workload w {
             otherwise route { models "m/a" } fallback none
             retry { on timeout 1 time wait 1s at most 2 calls }
           }"#,
        &[
            ("2 calls", "3 calls", true),
            ("at most 2 calls", "", true),
            ("2 calls", "1 calls", false),
            ("1 time", "2 times", false),
        ],
    ),
    // An own credential is not taken, and whatever else excludes it is told too.
    (
        r#"budget b { spend $10 per day byok included }
           workload w { otherwise route { models "m/a" credentials shared only } }"#,
        &[("byok included", "byok excluded", false)],
    ),
    // Two endpoints, one move, two calls at each. A run that ends at its limit says so.
    (
        r#"workload w {
             otherwise
             route { models "m/a" credentials shared only }
             fallback { other provider on timeout at most 1 move }
             retry { on timeout 1 time wait 1s at most 4 calls }
           }"#,
        &[
            ("4 calls", "5 calls", true),
            ("4 calls", "3 calls", false),
            ("1 move", "2 moves", true),
            ("1 move", "0 moves", false),
            // With keys of one's own there may be any number of candidates.
            ("credentials shared only", "", false),
        ],
    ),
    (
        r#"workload w {
             otherwise
             route { models "m/a" }
             fallback { other provider on timeout at most 1 move }
             retry { on timeout 1 time wait 1s at most 4 calls }
           }"#,
        &[("4 calls", "5 calls", false), ("4 calls", "3 calls", false), ("1 move", "2 moves", false)],
    ),
    // What an admitted endpoint meets anyway, a budget that covers what it covered, a preference for nobody.
    (
        r#"budget b { covers not endpoint.byok spend $10 per day byok excluded }
           guardrail g { when request.stream require endpoint.zdr }
           waive g { when request.stream and request.idempotent until 2027-01-01 approved "a@b.example" because "pilot" }
           workload w {
             otherwise
             route { models "m/a" require endpoint.zdr prefer endpoint.region == "mars" }
             fallback { other provider on timeout require endpoint.region == "eu" }
           }"#,
        &[
            ("covers not endpoint.byok", "covers true", true),
            ("byok excluded", "byok included", true),
            ("covers not endpoint.byok", "covers endpoint.zdr", false),
            ("$10", "$20", false),
            ("when request.stream and request.idempotent", "when request.idempotent", true),
            ("when request.stream and request.idempotent", "when request.stream", false),
            (r#"prefer endpoint.region == "mars""#, "", true),
            (r#"prefer endpoint.region == "mars""#, "prefer endpoint.zdr", false),
            (r#"require endpoint.region == "eu""#, "", true),
            (r#"endpoint.region == "eu""#, r#"endpoint.region == "us""#, false),
        ],
    ),
];

#[test]
fn changes_are_proved_equal_as_derived_by_hand() {
    let text = std::fs::read_to_string(repository("tests/checks/cases.yaml")).unwrap();
    let layer = catalog_layer_from(read_one(&text).unwrap().get("catalog").unwrap()).unwrap();
    let catalog = Catalog::new(vec![layer]).unwrap();
    let set = |text: &str| {
        let text = format!("policy p {{ language 1 }}\n{text}");
        PolicySet::parse([("p.fare", text.as_str())]).unwrap_or_else(|found| panic!("{text}\n{found}"))
    };
    let mut wrong = Vec::new();
    for (text, changes) in CASES {
        assert!(decide_alike(&set(text), &set(text), &catalog), "{text}");
        for (from, to, alike) in changes {
            assert!(text.contains(from), "{from}");
            let changed = text.replacen(from, to, 1);
            if decide_alike(&set(text), &set(&changed), &catalog) != *alike {
                wrong.push(format!("`{from}` -> `{to}`: should be {alike}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How many times as many worlds as usual are wanted.
fn times() -> u64 {
    std::env::var("FAREGATE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1)
}

/// The first of the worlds.
fn first() -> u64 {
    std::env::var("FAREGATE_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(0) * 1_000_000
}

/// Returns requests of a world with their contexts.
fn asked(world: &World, number: u64) -> Vec<(Request, Context)> {
    let mut asked = vec![(world.request.clone(), world.context.clone())];
    for other in 0..30 {
        let bytes = bytes(number * 1000 + other, 900);
        let mut draw = Draw::new(&bytes);
        let request = generate::request(&mut draw.part(160), &world.scope);
        let context = generate::context(&mut draw.part(640), &world.scope, &world.catalog, &request);
        asked.push((request, context));
    }
    asked
}

/// Returns what a decision decides, without the words that it takes from the text and the places there.
fn decided(decision: &Decision) -> Node {
    strip(&decision_to_node(decision))
}

fn strip(node: &Node) -> Node {
    const WORDS: [&str; 7] = ["at", "by", "detail", "message", "policy", "digests", "rule_at"];
    match node {
        Node::Map(fields) => {
            let kept = fields.iter().filter(|(name, _)| !WORDS.contains(&name.as_str()));
            Node::Map(kept.map(|(name, value)| (name.clone(), strip(value))).collect())
        }
        Node::Seq(items) => Node::Seq(items.iter().map(strip).collect()),
        // `prefer at desk.fare:12:5`
        Node::Text(text) => Node::Text(text.split(" at ").next().unwrap_or("").to_owned()),
        other => other.clone(),
    }
}

#[test]
fn what_is_proved_alike_decides_alike() {
    let (mut alike, mut other, mut runs) = (0, 0, 0);
    for number in first()..first() + 30 * times() {
        let world = World::draw(&mut Draw::new(&bytes(number, 6000)));
        let Ok(engine) = world.engine() else { continue };
        let asked = asked(&world, number);
        let (name, text) = &world.policies[0];
        for mutant in mutants(text).iter().skip(usize::try_from(number % 5).unwrap()).step_by(5) {
            let changed = [(name.clone(), mutant.apply(text))];
            let all = changed.into_iter().chain(world.policies.iter().skip(1).cloned());
            let Ok(set) = PolicySet::parse(all) else { continue };
            if !decide_alike(engine.policy(), &set, engine.catalog()) {
                other += 1;
                continue;
            }
            alike += 1;
            let changed = Engine::new(set, engine.catalog().clone()).unwrap();
            let mut what =
                format!("`{}` -> `{}` is said to be equal", mutant.original(text), mutant.replacement());
            what = format!("{what}\n{world:?}");
            for (at, (request, context)) in (0..).zip(&asked) {
                let (before, after) = (engine.decide(request, context), changed.decide(request, context));
                assert_eq!(decided(&before), decided(&after), "{what}");
                let (Decision::Route(before), Decision::Route(after)) = (before, after) else { continue };
                let script = script(&mut Draw::new(&bytes(number * 1000 + at, 400)), &world, true, true);
                let record = |plan: &Plan| {
                    let walk = walk(plan, context, &script, |_, _| Ok(()));
                    walk.map(|walk| strip(&record_to_node(&walk.record)))
                };
                runs += 1;
                assert_eq!(record(&before), record(&after), "{what}\n{script:?}");
            }
        }
    }
    assert!(alike >= 10 && other >= 100 && runs >= 50, "{alike} alike, {other} others, {runs} runs");
}
