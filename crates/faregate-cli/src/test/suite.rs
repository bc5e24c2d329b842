//! Cases with the files that they come from, and the engines that they need: one for each policy set and catalog, whoever
//! shares them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use faregate::{
    Catalog, Completeness, Context, Decision, Engine, PolicySet, Request, Run, SavedRun, Watched, check_set,
};
use faregate_analysis::Coverage;
use faregate_wire::golden::{Case, Expect, Got, Input, Policy, play, read_cases};

use super::Evaluator;
use crate::files;

/// Reads the golden cases of a file; paths in it are relative to the file.
///
/// # Errors
/// What is wrong with the file as a whole, as a message that names it.
pub fn read(path: &Path) -> Result<Vec<Case>, String> {
    read_noting(path, &mut Loaded::default())
}

/// What files of cases have loaded.
#[derive(Default)]
pub(crate) struct Loaded {
    /// Policies by their text.
    pub(crate) policies: BTreeMap<String, PathBuf>,
    /// All files.
    pub(crate) files: BTreeSet<PathBuf>,
}

pub(crate) fn read_noting(path: &Path, loaded: &mut Loaded) -> Result<Vec<Case>, String> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let text = |path: &Path| std::fs::read_to_string(path).map_err(|e| files::plain(&e));
    let mut load = |name: &str| {
        let path = plain(&folder.join(name));
        loaded.files.insert(path.clone());
        let text = text(&path)?;
        if path.extension().is_some_and(|ending| ending == "fare") {
            loaded.policies.entry(text.clone()).or_insert(path);
        }
        Ok(text)
    };
    let cases = text(path).map_err(|why| format!("cannot read {}: {why}", path.display()))?;
    read_cases(&cases, &mut load).map_err(|e| files::prefixed(path, &e.to_string()))
}

/// Without steps down and up again: `policies/../tests` is `tests`.
pub(crate) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// Cases, and what they share.
pub(crate) struct Suite {
    /// File and case.
    pub(crate) cases: Vec<(String, Case)>,
    pub(crate) sets: Vec<Set>,
    catalogs: Vec<Result<Catalog, String>>,
    /// For each case the places of its set and its catalog; `None` where nothing is decided.
    places: Vec<Option<(usize, usize)>>,
}

/// A policy set that cases use.
pub(crate) struct Set {
    pub(crate) policies: Vec<Policy>,
    /// The file of each policy; `None`: its text stands in the case.
    pub(crate) paths: Vec<Option<PathBuf>>,
}

impl Suite {
    pub(crate) fn new(cases: Vec<(String, Case)>, loaded: &Loaded) -> Self {
        let mut suite =
            Self { cases: Vec::new(), sets: Vec::new(), catalogs: Vec::new(), places: Vec::new() };
        let mut layers = Vec::new();
        for (_, case) in &cases {
            let place = decided(case).map(|input| {
                let set = suite.sets.iter().position(|set| set.policies == input.policies);
                let set = set.unwrap_or_else(|| {
                    let path = |policy: &Policy| loaded.policies.get(&policy.text).cloned();
                    let paths = input.policies.iter().map(path).collect();
                    suite.sets.push(Set { policies: input.policies.clone(), paths });
                    suite.sets.len().saturating_sub(1)
                });
                let catalog = layers.iter().position(|known| *known == &input.catalog);
                let catalog = catalog.unwrap_or_else(|| {
                    layers.push(&input.catalog);
                    suite.catalogs.push(catalog_of(input));
                    layers.len().saturating_sub(1)
                });
                (set, catalog)
            });
            suite.places.push(place);
        }
        drop(layers);
        suite.cases = cases;
        suite
    }

    /// Returns the cases that decide by a set, by catalog, in their order.
    pub(crate) fn of_set(&self, set: usize) -> BTreeMap<usize, Vec<usize>> {
        let mut by_catalog: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (case, place) in self.places.iter().enumerate() {
            if let Some((_, catalog)) = place.filter(|(of, _)| *of == set) {
                by_catalog.entry(catalog).or_default().push(case);
            }
        }
        by_catalog
    }

    pub(crate) fn catalog(&self, at: usize) -> Option<&Catalog> {
        self.catalogs.get(at)?.as_ref().ok()
    }
}

/// The input of a case that decides something.
fn decided(case: &Case) -> Option<&Input> {
    let (Ok(input), Ok(expect)) = (&case.input, &case.expect) else { return None };
    (case.settled().is_none() && !matches!(expect, Expect::Diagnostics(_))).then_some(input)
}

fn catalog_of(input: &Input) -> Result<Catalog, String> {
    Catalog::new(input.catalog.clone()).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(|e| format!("catalog: {e}")).collect();
        lines.join("\n")
    })
}

/// Who decides, and makes saved runs go on.
#[derive(Clone)]
pub(crate) enum Bench {
    Engine(Engine, Evaluator),
    Watched { engine: Engine, watched: Watched, coverage: Arc<Coverage> },
}

impl Bench {
    pub(crate) fn engine(&self) -> &Engine {
        match self {
            Self::Engine(engine, _) | Self::Watched { engine, .. } => engine,
        }
    }

    fn decide(&self, request: &Request, context: &Context) -> Decision {
        match self {
            Self::Engine(engine, by) => by.decide(engine, request, context),
            Self::Watched { watched, coverage, .. } => {
                let decision = watched.decide(request, context);
                coverage.decision(&decision);
                decision
            }
        }
    }

    fn restore(&self, saved: SavedRun) -> Result<Run, String> {
        match self {
            Self::Engine(engine, by) => by.restore(engine, saved),
            Self::Watched { watched, .. } => watched.restore(saved).map_err(|e| e.to_string()),
        }
    }
}

/// A count of what is reached, with the number of each file of each set in it.
struct Counted {
    coverage: Arc<Coverage>,
    files: Vec<Vec<Option<usize>>>,
}

/// The engines of a suite, made when first needed.
pub(crate) struct Benches<'a> {
    suite: &'a Suite,
    by: Evaluator,
    /// Where it is counted what the cases reach, if it is.
    coverage: Option<Counted>,
    sets: Vec<OnceLock<Result<PolicySet, String>>>,
    made: BTreeMap<(usize, usize), OnceLock<Result<Bench, String>>>,
}

impl<'a> Benches<'a> {
    pub(crate) fn new(suite: &'a Suite, by: Evaluator, coverage: Option<&Arc<Coverage>>) -> Self {
        let numbers = |coverage: &Arc<Coverage>| {
            let of = |(policy, path): (&Policy, &Option<PathBuf>)| {
                path.as_ref().map(|path| coverage.file(&path.display().to_string(), &policy.text))
            };
            suite.sets.iter().map(|s| s.policies.iter().zip(&s.paths).map(of).collect()).collect()
        };
        Self {
            suite,
            by,
            coverage: coverage.map(|c| Counted { coverage: Arc::clone(c), files: numbers(c) }),
            sets: suite.sets.iter().map(|_| OnceLock::new()).collect(),
            made: suite.places.iter().flatten().map(|place| (*place, OnceLock::new())).collect(),
        }
    }

    /// Runs a case and returns how what came out differs, and why the engine decided so.
    pub(crate) fn run(&self, number: usize) -> (Vec<String>, Vec<String>) {
        let Some((_, case)) = self.suite.cases.get(number) else { return Default::default() };
        let Some(place) = self.suite.places.get(number).copied().flatten() else {
            return (run_undecided(case), Vec::new());
        };
        let bench = self.made.get(&place).map(|slot| slot.get_or_init(|| self.make(place)));
        match bench {
            Some(Ok(bench)) => run_on(case, bench, true),
            Some(Err(error)) => (case.differences(Got::Error(error)), Vec::new()),
            None => Default::default(),
        }
    }

    fn make(&self, (set, catalog): (usize, usize)) -> Result<Bench, String> {
        // The catalog first: a case may expect what is wrong with it.
        let catalog = match self.suite.catalogs.get(catalog) {
            Some(catalog) => catalog.clone()?,
            None => return Err("the case has no catalog".to_owned()),
        };
        let policies = self.suite.sets.get(set).map(|s| s.policies.as_slice()).unwrap_or_default();
        let policy = match self.sets.get(set) {
            Some(slot) => slot.get_or_init(|| policy_of(policies)).clone()?,
            None => policy_of(policies)?,
        };
        let engine = Engine::new(policy, catalog).map_err(|e| e.to_string())?;
        Ok(match &self.coverage {
            None => Bench::Engine(engine, self.by),
            Some(Counted { coverage, files }) => {
                let files = files.get(set).cloned().unwrap_or_default();
                let watched = engine.watched(Coverage::watch(coverage, files));
                Bench::Watched { engine, watched, coverage: Arc::clone(coverage) }
            }
        })
    }
}

fn policy_of(policies: &[Policy]) -> Result<PolicySet, String> {
    let texts = policies.iter().map(|p| (p.name.as_str(), p.text.as_str()));
    PolicySet::parse(texts).map_err(|d| format!("the policy does not load:\n{d}"))
}

/// Runs a golden case and returns how what came out differs; nothing where the case holds.
#[must_use]
pub fn run_case(case: &Case, by: Evaluator) -> Vec<String> {
    let Some(input) = decided(case) else { return run_undecided(case) };
    let engine = catalog_of(input)
        .and_then(|catalog| Engine::new(policy_of(&input.policies)?, catalog).map_err(|e| e.to_string()));
    match engine {
        Ok(engine) => run_on(case, &Bench::Engine(engine, by), false).0,
        Err(error) => case.differences(Got::Error(&error)),
    }
}

/// Runs a case that decides nothing: it is settled, or speaks of what `check` finds.
fn run_undecided(case: &Case) -> Vec<String> {
    if let Some(settled) = case.settled() {
        return settled;
    }
    let Ok(input) = &case.input else { return vec!["the case cannot be read".to_owned()] };
    let catalog = match catalog_of(input) {
        Ok(catalog) => catalog,
        Err(error) => return case.differences(Got::Error(&error)),
    };
    let texts = input.policies.iter().map(|p| (p.name.as_str(), p.text.as_str()));
    let checked = check_set(texts, Completeness::Whole);
    let found = match &checked.policy {
        Some(policy) => {
            let catalog = (!input.catalog.is_empty()).then_some(&catalog);
            policy.check_with(catalog, input.check_now)
        }
        None => checked.diagnostics,
    };
    let list: Vec<_> = found.iter().cloned().collect();
    case.differences(Got::Diagnostics(&list, found.sources()))
}

/// Runs a case that decides: how it differs, and where that is asked for, why.
pub(crate) fn run_on(case: &Case, bench: &Bench, explain: bool) -> (Vec<String>, Vec<String>) {
    let inputs = case.input.as_ref().ok().and_then(|i| Some((i, i.request.as_ref()?, i.context.as_ref()?)));
    let Some((input, request, context)) = inputs else {
        return (case.differences(Got::Error("the case has no request or no context")), Vec::new());
    };
    let decision = bench.decide(request, context);
    let differences = match (&decision, case.runs()) {
        (Decision::Route(plan), true) => {
            let script = input.outcomes.as_deref().unwrap_or_default();
            match play(plan.run(), script, context, &|saved| bench.restore(saved)) {
                Ok(played) => case.differences(Got::Run { decision: &decision, record: &played.record }),
                Err(error) => case.differences(Got::Error(&error)),
            }
        }
        _ => case.differences(Got::Decision(&decision)),
    };
    let why = match &case.expect {
        Ok(expect) if explain && !differences.is_empty() => {
            super::reasons::of(&differences, &decision, bench.engine(), request, context, expect)
        }
        _ => Vec::new(),
    };
    (differences, why)
}
