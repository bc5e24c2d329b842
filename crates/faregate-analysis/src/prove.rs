//! Whether the invariants of a policy hold for every request and every context.
//!
//! For each way in which a request comes to a workload, and for each endpoint and kind of credential that the workload may
//! name, one formula says where the endpoint is admitted and the invariant is not kept. Facts of the catalog are folded into
//! it, so that what is left speaks of request, key, time and context alone. If no formula can hold, the invariant is proved.
//! If one can, its model becomes a request and a context, and the engine decides them: only what the engine breaks is broken.
//!
//! The formulas say at least what the engine may do: where the model does not follow it exactly, an atom is free. So what is
//! proved is so; what is not confirmed is undecided, and says why.

mod admit;
mod alike;
mod bounds;
mod checks;
mod costs;
mod diff;
mod facts;
mod formula;
mod linear;
mod lower;
mod moments;
mod shape;
mod solve;
mod spare;
mod texts;
mod ways;
mod witness;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use faregate::model::{Always, Body, Expr, Invariant, Policy, Routing, policy};
use faregate::{Context, Date, Decision, Engine, Request, Timestamp};

pub use diff::{DecisionChange, Difference, Differences, Direction, NotRuledOut, Unsettled, diff};

use admit::Candidate;
pub use alike::decide_alike;
pub use checks::{Depth, Findings, check, findings};
use formula::{Arena, Formula};
use lower::{Lower, Stands};
use solve::{Answer, Query};
use ways::Way;
use witness::Target;

/// What became of an invariant.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Proof {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub at: String,
    /// The answer.
    pub outcome: Outcome,
}

/// The answer to whether an invariant holds.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It holds for every request and every context.
    Proved,
    /// It does not hold for this request and context.
    Broken(Box<Counterexample>),
    /// Neither was shown, and why.
    Undecided(String),
}

/// A request and a context that break an invariant, as the engine decides them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Counterexample {
    /// What is asked.
    pub request: Request,
    /// What is known.
    pub context: Context,
    /// The decision that they get.
    pub decision: Decision,
    /// The attempt of its plan that breaks the invariant, counted from 0, where one does.
    pub attempt: Option<usize>,
    /// Why it is broken: `endpoint.zdr is false`.
    pub why: String,
}

/// Decides the invariants of an engine's policy over all requests and contexts, in the order of the text: those whose name is
/// asked for.
///
/// ```
/// use faregate::{Catalog, Engine, PolicySet};
/// use faregate_analysis::{Outcome, prove};
/// let text = r#"
///     policy demo { language 1 }
///     workload rest { otherwise deny "closed" }
///     invariant nothing-goes { always false }
///     invariant something-goes { always served }
/// "#;
/// let policy = PolicySet::parse([("demo.fare", text)]).unwrap();
/// let engine = Engine::new(policy, Catalog::new(Vec::new()).unwrap()).unwrap();
/// let proofs = prove(&engine, &|_| true);
/// assert!(matches!(proofs[0].outcome, Outcome::Proved));
/// let Outcome::Broken(counterexample) = &proofs[1].outcome else { panic!() };
/// assert_eq!(counterexample.why, "closed");
/// ```
#[must_use]
pub fn prove(engine: &Engine, asked: &dyn Fn(&str) -> bool) -> Vec<Proof> {
    let mut prover = Prover::new(engine);
    let invariants = &policy(engine.policy()).invariants;
    let proof = |invariant: &Invariant| Proof {
        name: invariant.name.clone(),
        at: engine.policy().sources().at(invariant.span),
        outcome: prover.prove(invariant),
    };
    invariants.iter().filter(|i| asked(&i.name)).map(proof).collect()
}

/// Returns noon of a day; 2026-01-01T12:00:00Z without one.
fn noon(day: Option<Date>) -> Timestamp {
    let noon = |day: Date| format!("{:04}-{:02}-{:02}T12:00:00Z", day.year, day.month, day.day).parse().ok();
    day.and_then(noon).unwrap_or(Timestamp(1_767_268_800_000))
}

/// So many models of one question are decided by the engine before it is given up.
const MOST_TRIES: usize = 12;

struct Prover<'a> {
    engine: &'a Engine,
    lower: Lower<'a>,
    /// The instant that counterexamples take where none is asked for.
    first: Timestamp,
    /// Whether `ways` has all of them.
    all_ways: bool,
    ways: Vec<Way>,
    candidates: HashMap<usize, Arc<Vec<Candidate<'a>>>>,
    /// By workload, candidate and budgets that are used up.
    admitted: HashMap<(usize, usize, BTreeSet<usize>), Formula>,
}

impl<'a> Prover<'a> {
    fn new(engine: &'a Engine) -> Self {
        let policy = policy(engine.policy());
        let mut lower = Lower {
            arena: Arena::new(),
            policy,
            catalog: engine.catalog(),
            stands: Stands::new(),
            cooled: false,
        };
        let ways = lower.ways();
        let all_ways = ways.is_some();
        let mut ways = ways.unwrap_or_default();
        // The shortest ways make the smallest counterexamples.
        ways.sort_by_key(|w| (w.through.len(), w.through.clone()));
        let first = noon(engine.catalog().as_of());
        Self { engine, lower, first, all_ways, ways, candidates: HashMap::new(), admitted: HashMap::new() }
    }

    fn policy(&self) -> &'a Policy {
        policy(self.engine.policy())
    }

    fn prove(&mut self, invariant: &Invariant) -> Outcome {
        if !self.all_ways && !matches!(invariant.always, Always::AtLeast(..) | Always::Served) {
            return Outcome::Undecided("soft caps lead on in too many ways to be followed".to_owned());
        }
        match &invariant.always {
            Always::Holds(condition) => self.always(invariant, Some(condition)),
            // No endpoint is one that may be reached.
            Always::Denied => self.always(invariant, None),
            Always::Cost(op, bound) => self.cost(invariant, *op, *bound),
            Always::Calls(op, bound) => self.calls(invariant, *op, *bound),
            Always::AtLeast(n, what) => self.at_least(invariant, *n, Some(*what)),
            Always::Served => self.at_least(invariant, 1, None),
        }
    }

    fn routing(&self, workload: usize) -> Option<&'a Routing> {
        match &self.policy().workloads.get(workload)?.body {
            Body::Route(routing) => Some(routing),
            Body::Deny(..) => None,
        }
    }

    /// Where the `for` of an invariant is not false; unknown may be, so it must hold.
    fn concerned(&mut self, invariant: &Invariant) -> Formula {
        match &invariant.condition {
            None => Formula::TRUE,
            Some(condition) => self.lower.truth(condition, None).no.not(),
        }
    }

    /// Returns the ways that an invariant is about: all that touch its workload.
    fn ways_of(&self, invariant: &Invariant) -> Vec<Way> {
        let policy = self.policy();
        let of = |way: &&Way| match &invariant.workload {
            None => true,
            Some(name) => {
                way.through.iter().any(|at| policy.workloads.get(*at).is_some_and(|w| w.name == *name))
            }
        };
        self.ways.iter().filter(of).cloned().collect()
    }

    fn candidates(&mut self, workload: usize) -> Arc<Vec<Candidate<'a>>> {
        if let Some(candidates) = self.candidates.get(&workload) {
            return Arc::clone(candidates);
        }
        let candidates = match self.routing(workload) {
            Some(routing) => Arc::new(self.lower.candidates(routing, true)),
            None => Arc::default(),
        };
        self.candidates.insert(workload, Arc::clone(&candidates));
        candidates
    }

    /// Where a candidate is admitted, some budgets closing nothing any more and the others being untouched.
    fn admitted(&mut self, workload: usize, at: usize, spent: &BTreeSet<usize>) -> Formula {
        let place = (workload, at, spent.clone());
        if let Some(formula) = self.admitted.get(&place) {
            return *formula;
        }
        let candidates = self.candidates(workload);
        let (Some(candidate), Some(routing)) = (candidates.get(at), self.routing(workload)) else {
            return Formula::FALSE;
        };
        let mut parts = vec![self.lower.admitted(routing, candidate)];
        if parts != [Formula::FALSE] {
            for (number, budget) in self.policy().budgets.iter().enumerate() {
                if !spent.contains(&number) {
                    parts.push(self.lower.within_budget(budget, routing, candidate));
                }
            }
        }
        let formula = self.lower.arena.all(parts);
        self.admitted.insert(place, formula);
        formula
    }

    /// `always COND`: any candidate that is admitted can be called, since all others may be down.
    fn always(&mut self, invariant: &Invariant, condition: Option<&Expr>) -> Outcome {
        let concerned = self.concerned(invariant);
        let mut search = Search::default();
        for way in self.ways_of(invariant) {
            let base = self.lower.arena.both(way.when, concerned);
            if base == Formula::FALSE {
                continue;
            }
            let candidates = self.candidates(way.last());
            for (at, candidate) in candidates.iter().enumerate() {
                let kept = match condition {
                    Some(condition) => self.lower.truth(condition, Some(candidate.seen())).yes,
                    None => Formula::FALSE,
                };
                if kept == Formula::TRUE {
                    continue;
                }
                let admitted = self.admitted(way.last(), at, &way.spent);
                let question = self.lower.arena.all([base, kept.not(), admitted]);
                if let Some(found) = self.ask(&mut search, invariant, question, &way, candidate, true) {
                    return Outcome::Broken(found);
                }
            }
        }
        search.outcome()
    }

    /// Asks whether a formula can hold, and holds the engine to each model.
    fn ask(
        &self,
        search: &mut Search,
        invariant: &Invariant,
        question: Formula,
        way: &Way,
        candidate: &Candidate<'_>,
        may_be_down: bool,
    ) -> Option<Box<Counterexample>> {
        if question == Formula::FALSE || search.never.contains(&question) || search.is_over() {
            return None;
        }
        let arena = &self.lower.arena;
        let mut query = Query::new(arena, &[question], &[], self.first);
        let target = Target {
            endpoint: Some(&candidate.endpoint.id),
            provider: &candidate.endpoint.provider,
            own: candidate.own,
            spent: &way.spent,
        };
        for tried in 0..MOST_TRIES {
            match query.next() {
                Answer::Never if tried == 0 => {
                    search.never.insert(question);
                    return None;
                }
                Answer::Never => break,
                Answer::Unsure(why) => {
                    search.unsure(why);
                    return None;
                }
                Answer::Holds(model) => {
                    if let Some(found) =
                        witness::confirm(self.engine, arena, invariant, &model, &target, may_be_down)
                    {
                        return Some(Box::new(found));
                    }
                    query.forbid_model(&model);
                }
            }
        }
        let kind = if candidate.own { "an own key" } else { "the shared key" };
        let workload = self.policy().workloads.get(way.last()).map_or("", |w| w.name.as_str());
        search.unsure(format!(
            "{} with {kind} in workload {workload} could not be ruled out, and no request was found that the engine \
             sends there",
            candidate.endpoint.id
        ));
        None
    }
}

/// What a search for a counterexample has met.
#[derive(Default)]
struct Search {
    never: HashSet<Formula>,
    why: Option<String>,
    failures: usize,
}

impl Search {
    fn unsure(&mut self, why: String) {
        self.failures = self.failures.saturating_add(1);
        self.why.get_or_insert(why);
    }

    /// After so many questions without an answer no more are asked.
    fn is_over(&self) -> bool {
        self.failures >= 40
    }

    fn outcome(self) -> Outcome {
        self.why.map_or(Outcome::Proved, Outcome::Undecided)
    }
}
