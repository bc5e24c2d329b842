//! Policies so small that all their requests can be gone through, one by one: the proof and the enumeration must agree.

use faregate::model::{Judged, judge, policy};
use faregate::{Catalog, Context, EndpointFacts, Engine, Health, PolicySet, Request};
use faregate_analysis::{Outcome, prove};
use faregate_tests::Draw;
use faregate_wire::{catalog_layer, context_from, context_to_node, read_one, request_from, request_to_node};

/// What a policy may look at: the atoms of conditions, and all values that tell requests apart for them, as lines of data.
struct Dimension {
    /// `request`, `attributes` or `key`.
    holder: &'static str,
    field: &'static str,
    atoms: &'static [&'static str],
    /// The empty one leaves the field out.
    values: &'static [&'static str],
}

const DIMENSIONS: [Dimension; 6] = [
    Dimension {
        holder: "request",
        field: "workload",
        atoms: &["request.workload == a", "request.workload != b", "present(request.workload)"],
        values: &["", "a", "b"],
    },
    Dimension {
        holder: "request",
        field: "data",
        atoms: &[
            "request.data includes pii",
            "request.data includes any of pii, phi",
            "request.data includes all of pii, phi",
            "present(request.data)",
        ],
        values: &["", "[]", "[pii]", "[phi]", "[pii, phi]"],
    },
    Dimension {
        holder: "attributes",
        field: "tier",
        atoms: &["request.tier == x", "request.tier in x, y"],
        values: &["", "x", "y", "z"],
    },
    Dimension { holder: "request", field: "stream", atoms: &["request.stream"], values: &["false", "true"] },
    Dimension {
        holder: "key",
        field: "environment",
        atoms: &["key.environment == prod", "key.environment != prod", "present(key.environment)"],
        values: &["", "prod", "dev"],
    },
    Dimension {
        holder: "request",
        field: "input_tokens",
        atoms: &[
            "request.input_tokens > 1000",
            "request.input_tokens <= 300",
            "request.input_tokens between 300 and 2k",
        ],
        values: &["0", "299", "300", "301", "1000", "1001", "2000", "2001"],
    },
];

const ENDPOINT_ATOMS: [&str; 5] = [
    "endpoint.zdr",
    "endpoint.trains",
    "endpoint.free",
    r#"endpoint.provider == "north""#,
    r#"endpoint.model == "m/two""#,
];

const ENDPOINTS: [&str; 3] = ["m/one@north", "m/one@south", "m/two@north"];

/// A policy that looks at few things, as text, and which.
struct Small {
    policy: String,
    catalog: String,
    used: Vec<&'static Dimension>,
}

impl Small {
    fn draw(draw: &mut Draw<'_>) -> Self {
        let count = 1 + draw.below(3);
        let mut used: Vec<&'static Dimension> = Vec::new();
        for _ in 0..count {
            let dimension = &DIMENSIONS[draw.below(DIMENSIONS.len())];
            if used.iter().all(|d| d.field != dimension.field) {
                used.push(dimension);
            }
        }
        let mut text = "policy small { language 1 }\n\
             declare { request.workload one_of a, b\n request.data set_of pii, phi\n request.tier one_of x, y, z\n key.environment one_of prod, dev }\n"
            .to_owned();
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
        let combinations: usize = self.used.iter().map(|d| d.values.len()).product();
        for number in 0..combinations {
            let (mut rest, mut request, mut attributes, mut key) =
                (number, String::new(), String::new(), String::new());
            for dimension in &self.used {
                let value = dimension.values[rest % dimension.values.len()];
                rest /= dimension.values.len();
                let line =
                    if value.is_empty() { String::new() } else { format!("{}: {value}, ", dimension.field) };
                match dimension.holder {
                    "key" => key += &line,
                    "attributes" => attributes += &line,
                    _ => request += &line,
                }
            }
            if !self.used.iter().any(|d| d.field == "input_tokens") {
                request += "input_tokens: 10, ";
            }
            // What the policy does not look at is such that nothing else stands in the way.
            if !self.used.iter().any(|d| d.field == "data") {
                request += "data: [], ";
            }
            let request = format!("{{ id: r, {request} attributes: {{ {attributes} }} }}");
            let context = format!("{{ now: 2026-11-23T10:00:00Z, budgets: [], key: {{ {key} }} }}");
            let request = request_from(&read_one(&request).unwrap()).unwrap();
            let mut context = context_from(&read_one(&context).unwrap()).unwrap();
            // Endpoints that are down make room for others.
            for down in 0..1_u32 << ENDPOINTS.len() {
                let mut facts = EndpointFacts::default();
                facts.health = Some(Health::Down);
                let those = ENDPOINTS.iter().enumerate().filter(|(n, _)| down & 1 << n != 0);
                context.endpoints = those.map(|(_, id)| ((*id).to_owned(), facts.clone())).collect();
                with(&request, &context);
            }
        }
    }
}

fn catalog(draw: &mut Draw<'_>) -> String {
    let mut rows = String::new();
    for id in ENDPOINTS {
        let mut row = format!("id: {id}, context_length: 9000, modalities: [text]");
        for fact in ["zdr", "trains", "free"] {
            row += match draw.below(3) {
                0 => format!(", {fact}: true"),
                1 => format!(", {fact}: false"),
                _ => String::new(),
            }
            .as_str();
        }
        rows += &format!("  - {{ {row} }}\n");
    }
    format!("endpoints:\n{rows}")
}

fn condition(draw: &mut Draw<'_>, used: &[&'static Dimension], depth: usize) -> String {
    if depth > 0 && draw.percent(50) {
        let (left, right) = (condition(draw, used, depth - 1), condition(draw, used, depth - 1));
        return match draw.below(3) {
            0 => format!("({left} and {right})"),
            1 => format!("({left} or {right})"),
            _ => format!("not ({left})"),
        };
    }
    let dimension = used[draw.below(used.len())];
    draw.text(dimension.atoms)
}

fn rule(draw: &mut Draw<'_>, depth: usize) -> String {
    if depth > 0 && draw.percent(40) {
        let (left, right) = (rule(draw, depth - 1), rule(draw, depth - 1));
        return match draw.below(3) {
            0 => format!("({left} and {right})"),
            1 => format!("({left} or {right})"),
            _ => format!("not ({left})"),
        };
    }
    draw.text(&ENDPOINT_ATOMS)
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
        let small = Small::draw(&mut Draw::new(&super::bytes(seed, 400)));
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
