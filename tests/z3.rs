//! A second opinion on proofs: z3 answers each invariant by an encoding of its own, and must say what `prove` says.
//!
//! The encoding is written from the language's exact rules over the checked policy. Of the prover only the answers are used.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that panics has failed"
)]

#[path = "z3/admit.rs"]
mod admit;
#[path = "z3/ask.rs"]
mod ask;
#[path = "z3/clock.rs"]
mod clock;
#[path = "z3/facts.rs"]
mod facts;
#[path = "z3/left.rs"]
mod left;
#[path = "z3/prices.rs"]
mod prices;
#[path = "z3/runs.rs"]
mod runs;
#[path = "z3/script.rs"]
mod script;
#[path = "z3/truth.rs"]
mod truth;

use std::collections::BTreeMap;

use faregate::model::{Body, Tier, TierEntry, policy};
use faregate::{Catalog, CatalogLayer, Engine, PolicySet};
use faregate_analysis::{Outcome, mutants, prove};
use faregate_tests::{Draw, World, bytes, repository};
use faregate_wire::{catalog_layer, context_to_node, read_one, request_to_node};

use ask::{Opinion, opinions};
use script::Solver;

/// The solver, where the environment names one.
fn solver() -> Option<Solver> {
    match std::env::var("FAREGATE_Z3") {
        Ok(program) => Some(Solver::new(&program, 20_000)),
        Err(_) => {
            eprintln!("skipped: FAREGATE_Z3 names no z3");
            None
        }
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// What came of all the invariants that were asked about.
#[derive(Default)]
struct Tally {
    policies: usize,
    agreed: BTreeMap<&'static str, usize>,
    undecided: usize,
    not_covered: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

impl Tally {
    fn hold(&mut self, engine: &Engine, solver: &mut Solver, told: &str) {
        let proofs = prove(engine, &|_| true);
        self.policies += 1;
        for (proof, (name, opinion)) in proofs.iter().zip(opinions(engine, solver)) {
            assert_eq!(proof.name, name);
            match (&proof.outcome, opinion) {
                (_, Opinion::NotCovered(why)) => *self.not_covered.entry(why).or_default() += 1,
                (Outcome::Proved, Opinion::Proved) => *self.agreed.entry("proved").or_default() += 1,
                (Outcome::Broken(_), Opinion::Broken(_)) => *self.agreed.entry("broken").or_default() += 1,
                (Outcome::Undecided(_), _) => self.undecided += 1,
                (outcome, Opinion::Broken(question)) => {
                    let model = solver.model([question]);
                    self.wrong
                        .push(format!("{told}: {name}: {outcome:?} by prove, and broken by z3:\n{model}"));
                }
                (outcome, Opinion::Proved) => {
                    let Outcome::Broken(found) = outcome else { unreachable!("all others are told above") };
                    let (request, context) =
                        (request_to_node(&found.request), context_to_node(&found.context));
                    self.wrong.push(format!(
                        "{told}: {name}: proved by z3, and broken by prove, since {}:\n{}\n{}",
                        found.why,
                        request.to_json(),
                        context.to_json()
                    ));
                }
            }
        }
    }

    /// Says what came of them; fails where one is answered in two ways, and where too few are covered to say anything.
    fn settle(&self, what: &str) {
        println!(
            "{} {what}: agreed {:?}, undecided by prove {}, not covered {:?}",
            self.policies, self.agreed, self.undecided, self.not_covered
        );
        assert!(self.wrong.is_empty(), "{} disagree:\n{}", self.wrong.len(), self.wrong.join("\n"));
        let (agreed, missed) =
            (self.agreed.values().sum::<usize>(), self.not_covered.values().sum::<usize>());
        assert!(
            agreed > 9 * missed && agreed > 9 * self.undecided,
            "{agreed} of {missed} and {}",
            self.undecided
        );
        assert!(self.agreed["proved"] > 20, "{:?}", self.agreed);
    }
}

/// A policy set of the tree: its name, its files, its catalogs.
type Set = (String, Vec<(String, String)>, Vec<String>);

fn sets() -> Vec<Set> {
    let manifest = read_one(&std::fs::read_to_string(repository("policies/faregate.yaml")).unwrap()).unwrap();
    let sets = manifest.get("sets").unwrap().as_map().unwrap().iter();
    let set = |(name, set): &(String, faregate_wire::Node)| {
        let list = |field: &str| -> Vec<String> {
            set.get(field)
                .unwrap()
                .as_seq()
                .unwrap()
                .iter()
                .map(|p| p.as_text().unwrap().to_owned())
                .collect()
        };
        let read = |path: &String| std::fs::read_to_string(repository("policies").join(path)).unwrap();
        let files = list("policies").into_iter().map(|path| (path.clone(), read(&path))).collect();
        (name.clone(), files, list("catalogs"))
    };
    sets.map(set).collect()
}

fn layers(paths: &[String]) -> Vec<CatalogLayer> {
    let read = |path: &String| std::fs::read_to_string(repository("policies").join(path)).unwrap();
    paths.iter().map(|path| catalog_layer(&read(path)).unwrap()).collect()
}

#[test]
fn the_policies_of_the_tree() {
    let Some(mut solver) = solver() else { return };
    let mut tally = Tally::default();
    for (name, files, catalogs) in sets() {
        let engine =
            Engine::new(PolicySet::parse(files).unwrap(), Catalog::new(layers(&catalogs)).unwrap()).unwrap();
        tally.hold(&engine, &mut solver, &name);
    }
    tally.settle("policies");
}

/// The endpoints that the workloads of a policy name, and some of the others, which requests may ask for.
fn part_of_the_market(set: &PolicySet, layers: &[CatalogLayer]) -> Catalog {
    let whole = Catalog::new(layers.to_vec()).unwrap();
    let workloads = policy(set).workloads.iter();
    let tiers = workloads.flat_map(|w| match &w.body {
        Body::Route(routing) => routing.tiers.as_slice(),
        Body::Deny(..) => &[],
    });
    let entries: Vec<&TierEntry> = tiers
        .flat_map(|tier| match tier {
            Tier::Entries(entries) => entries.as_slice(),
            Tier::Requested { .. } => &[],
        })
        .collect();
    let named = |model: &str| {
        entries.iter().any(|entry| match entry {
            TierEntry::Model(name) => whole.resolve(name) == model,
            TierEntry::Pattern(pattern) => pattern.matches(model),
            TierEntry::Group(names) => {
                names.iter().any(|n| n.matches(model) || whole.resolve(n.as_str()) == model)
            }
        })
    };
    let mut layers = layers.to_vec();
    for layer in &mut layers {
        let mut number = 0;
        layer.endpoints.retain(|row| {
            number += 1;
            row.model.as_ref().is_none_or(|model| named(model)) || number % 40 == 0
        });
    }
    Catalog::new(layers).unwrap()
}

/// Every fortieth change; `FAREGATE_CASES` multiplies them, `FAREGATE_SEED` takes others.
#[test]
fn changes_of_the_policies_of_the_tree() {
    let Some(mut solver) = solver() else { return };
    let step = usize::try_from(40 / number("FAREGATE_CASES", 1).clamp(1, 40)).unwrap();
    let skipped = usize::try_from(number("FAREGATE_SEED", 0)).unwrap() % step;
    let mut tally = Tally::default();
    for (_, files, catalogs) in sets() {
        let layers = layers(&catalogs);
        let catalog = part_of_the_market(&PolicySet::parse(files.clone()).unwrap(), &layers);
        for (at, (path, text)) in files.iter().enumerate() {
            for mutant in mutants(text).into_iter().skip(skipped).step_by(step) {
                let mut changed = files.clone();
                changed[at].1 = mutant.apply(text);
                // A change that the checker refuses is nothing to prove.
                let Ok(set) = PolicySet::parse(changed) else { continue };
                let engine = Engine::new(set, catalog.clone()).unwrap();
                let told = format!("{path}: {} -> {}", mutant.original(text), mutant.replacement());
                tally.hold(&engine, &mut solver, &told);
            }
        }
    }
    tally.settle("changes");
    assert!(tally.agreed["broken"] > 1, "{:?}", tally.agreed);
}

#[test]
fn random_worlds_of_the_whole_language() {
    let Some(mut solver) = solver() else { return };
    let (times, first) = (number("FAREGATE_CASES", 1), number("FAREGATE_SEED", 0) * 1_000_000);
    let mut tally = Tally::default();
    for seed in first..first + 300 * times {
        let world = World::draw(&mut Draw::new(&bytes(seed, 6000)));
        let Ok(engine) = world.engine() else { continue };
        tally.hold(&engine, &mut solver, &format!("world {seed}"));
    }
    tally.settle("worlds");
    assert!(tally.agreed["broken"] > 50, "{:?}", tally.agreed);
}
