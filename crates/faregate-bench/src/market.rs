//! The real market with each of the policies in `policies/`: Faregate alone, on the requests that stand beside them.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use faregate::{
    Catalog, Context, Decision, Engine, ErrorClass, Failure, Outcome, PolicySet, Request, Run, Scratch, Step,
    Timestamp,
};
use faregate_wire::Node;

use crate::alloc;
use crate::measure::{Samples, each, passes};

/// Figures of one set of policies.
pub struct Figures {
    pub set: String,
    pub attempts: usize,
    pub excluded: usize,
    pub median_ns: f64,
    pub mean_ns: f64,
    pub allocations: f64,
    /// With the whole explanation written out: `decide`.
    pub explained_ns: f64,
    pub explained_allocations: f64,
}

/// What it takes to get there.
pub struct Loading {
    pub endpoints: usize,
    pub read: Duration,
    pub catalog: Duration,
    pub compile: Duration,
    pub rebind: Duration,
    pub memory: i64,
}

/// Figures of a run after its plan: each call of `next` and each of `step`.
pub struct Runs {
    pub next: (f64, f64),
    pub step: (f64, f64),
}

pub fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies")
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub fn layers() -> Vec<faregate::CatalogLayer> {
    ["market.yaml", "data-terms.yaml"]
        .iter()
        .map(|name| faregate_wire::catalog_layer(&text(&policies().join("catalogs").join(name))))
        .map(|layer| layer.unwrap_or_else(|e| panic!("{e}")))
        .collect()
}

pub fn market() -> Catalog {
    Catalog::new(layers()).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// A set's name, its policy and its requests.
pub type Set = (String, PolicySet, Vec<(Request, Context)>);

/// Returns the sets that `policies/faregate.yaml` lists.
pub fn sets() -> Vec<Set> {
    let manifest = faregate_wire::read_one(&text(&policies().join("faregate.yaml"))).expect("a manifest");
    let sets = manifest.get("sets").and_then(Node::as_map).expect("sets");
    sets.iter()
        .map(|(name, set)| {
            let files = set.get("policies").and_then(Node::as_seq).expect("policies of a set");
            let files = files.iter().filter_map(Node::as_text);
            let files: Vec<(String, String)> =
                files.map(|f| (f.to_owned(), text(&policies().join(f)))).collect();
            let policy = PolicySet::parse(files).unwrap_or_else(|found| panic!("{found}"));
            (name.clone(), policy, requests(name))
        })
        .collect()
}

/// Returns the requests of a set.
pub fn requests(set: &str) -> Vec<(Request, Context)> {
    let file = if set == "support" { "chat" } else { set };
    let path = policies().join("requests").join(format!("{file}.yaml"));
    let documents = faregate_wire::read_requests(&text(&path)).unwrap_or_else(|e| panic!("{e}"));
    let whole = documents.into_iter().filter_map(|d| Some((d.request?, d.context?)));
    whole.collect()
}

pub fn measure(time: Duration) -> (Vec<Figures>, Loading) {
    let start = Instant::now();
    let read = layers();
    let reading = start.elapsed();
    let start = Instant::now();
    let catalog = Catalog::new(read).unwrap_or_else(|faults| panic!("{faults:?}"));
    let loading = start.elapsed();
    let mut figures = Vec::new();
    let mut bounds = (Duration::ZERO, Duration::ZERO, 0);
    for (set, policy, requests) in sets() {
        assert!(!requests.is_empty(), "{set} has requests");
        let other = catalog.clone();
        let before = alloc::live();
        let start = Instant::now();
        let engine = Engine::new(policy, catalog.clone()).expect("an engine");
        let compile = start.elapsed();
        let memory = alloc::live() - before;
        let start = Instant::now();
        let rebound = engine.with_catalog(other).expect("an engine");
        bounds = (bounds.0.max(compile), bounds.1.max(start.elapsed()), bounds.2.max(memory));
        drop(rebound);
        figures.push(one(set, &engine, &requests, time));
    }
    let loading = Loading {
        endpoints: catalog.endpoints().len(),
        read: reading,
        catalog: loading,
        compile: bounds.0,
        rebind: bounds.1,
        memory: bounds.2,
    };
    (figures, loading)
}

fn one(set: String, engine: &Engine, requests: &[(Request, Context)], time: Duration) -> Figures {
    let mut scratch = Scratch::new();
    let (mut attempts, mut excluded) = (0, 0);
    for (request, context) in requests {
        let by_reference = engine.decide_by_reference(request, context);
        let verdict = engine.decide_with(&mut scratch, request, context);
        assert!(
            verdict.explain() == by_reference,
            "{set}: the engine and the reference differ on {}",
            request.id
        );
        attempts += verdict.attempts().count();
        excluded += by_reference.explanation().excluded.len();
    }
    let count = requests.len() as f64;
    let mut light = |(request, context): &(Request, Context)| {
        black_box(engine.decide_with(&mut scratch, black_box(request), context).attempts().count());
    };
    requests.iter().for_each(&mut light);
    let calls = alloc::calls();
    requests.iter().for_each(&mut light);
    let allocations = (alloc::calls() - calls) as f64 / count;
    let (samples, _) = each(requests, time, &mut light);
    let mean_ns = passes(requests, time / 2, &mut light);
    let full = |(request, context): &(Request, Context)| {
        black_box(engine.decide(black_box(request), context));
    };
    let calls = alloc::calls();
    requests.iter().for_each(full);
    let explained_allocations = (alloc::calls() - calls) as f64 / count;
    let (explained, _) = each(requests, time, full);
    Figures {
        set,
        attempts,
        excluded,
        median_ns: samples.at(0.5),
        mean_ns,
        allocations,
        explained_ns: explained.at(0.5),
        explained_allocations,
    }
}

/// Begins the run of the support desk's plan, and plays it against providers that are overloaded until none is left.
pub struct Rehearsal {
    run: Run,
    start: Timestamp,
}

impl Rehearsal {
    pub fn new() -> Self {
        let (_, policy, requests) = sets().into_iter().find(|(set, ..)| set == "support").expect("support");
        let engine = Engine::new(policy, market()).expect("an engine");
        let (request, context) = &requests[0];
        let Decision::Route(plan) = engine.decide(request, context) else { panic!("the example routes") };
        Self { run: plan.run(), start: context.now }
    }

    pub fn run(&self) -> Run {
        self.run.clone()
    }

    /// When the run begins.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    pub fn outcome() -> Outcome {
        Outcome::Failure(Failure::new(ErrorClass::Overloaded))
    }

    /// Goes through a run; `step` and `next` are called by those who want to look at them.
    pub fn play(
        &self,
        run: &mut Run,
        mut step: impl FnMut(&mut Run, Timestamp) -> Step,
        mut next: impl FnMut(&mut Run, Outcome, Timestamp),
    ) {
        let mut now = self.start;
        loop {
            match step(run, now) {
                Step::Try(_) => {
                    now = Timestamp(now.0 + 300);
                    next(run, Self::outcome(), now);
                }
                Step::Wait { until } => now = until,
                Step::Done(_) | Step::Failed(_) => return,
            }
        }
    }
}

impl Default for Rehearsal {
    fn default() -> Self {
        Self::new()
    }
}

/// Times the calls of `next` and of `step`, and counts what each puts on the heap on average.
pub fn runs(time: Duration) -> Runs {
    let rehearsal = Rehearsal::new();
    let clock = crate::measure::clock_ns();
    let (mut next, mut step) = (Vec::new(), Vec::new());
    let (mut next_calls, mut step_calls) = (0, 0);
    let began = Instant::now();
    while began.elapsed() < time {
        rehearsal.play(
            &mut rehearsal.run(),
            |run, now| {
                let calls = alloc::calls();
                let start = Instant::now();
                let result = run.step(now);
                step.push((start.elapsed().as_nanos() as f64 - clock).max(0.0));
                step_calls += alloc::calls() - calls;
                result
            },
            |run, outcome, now| {
                let calls = alloc::calls();
                let start = Instant::now();
                run.next(outcome, now);
                next.push((start.elapsed().as_nanos() as f64 - clock).max(0.0));
                next_calls += alloc::calls() - calls;
            },
        );
    }
    let per = |calls: u64, samples: &Vec<f64>| calls as f64 / samples.len() as f64;
    let (next_per, step_per) = (per(next_calls, &next), per(step_calls, &step));
    Runs { next: (Samples::new(next).at(0.5), next_per), step: (Samples::new(step).at(0.5), step_per) }
}
