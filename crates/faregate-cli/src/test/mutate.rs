//! `faregate test --mutate`: which change of a policy no case notices.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use faregate::{Engine, PolicySet};
use faregate_analysis::{Mutant, Verdict, decide_alike, mutants};
use faregate_syntax::{FileId, Sources};
use serde_json::{Value, json};

use super::Evaluator;
use super::suite::{Bench, Suite, run_on};
use crate::{paint, parallel};

/// What came of all mutants.
pub(super) struct Outcome {
    tried: Vec<Tried>,
    /// Policies that no case decides by.
    unused: Vec<PathBuf>,
}

struct Tried {
    file: usize,
    mutant: Mutant,
    verdict: Verdict,
    place: (u32, u32),
    name: String,
    original: String,
}

/// A policy file, and the sets that it is part of: set, and place in it.
struct Subject {
    path: PathBuf,
    text: String,
    formatted: Option<String>,
    sets: Vec<(usize, usize)>,
}

/// A policy set with the cases that decide by it.
struct Tests {
    by_catalog: BTreeMap<usize, Vec<usize>>,
    /// The case that noticed the last mutant: it is asked first, since changes nearby are often noticed by the same.
    last: AtomicUsize,
}

/// Tries every mutant of every policy that cases load from a file. All cases pass before. `until`: no mutant is begun later.
pub(super) fn run(suite: &Suite, policies: &BTreeMap<PathBuf, String>, until: Option<Instant>) -> Outcome {
    let subjects = subjects(suite);
    let tests: Vec<Tests> = (0..suite.sets.len())
        .map(|set| Tests { by_catalog: suite.of_set(set), last: AtomicUsize::new(usize::MAX) })
        .collect();
    let work: Vec<(usize, Mutant)> =
        (0..).zip(&subjects).flat_map(|(n, s)| mutants(&s.text).into_iter().map(move |m| (n, m))).collect();
    let verdicts =
        parallel::each(work.len(), |at| match work.get(at).and_then(|(n, m)| Some((subjects.get(*n)?, m))) {
            Some(_) if until.is_some_and(|until| Instant::now() >= until) => Verdict::Untried,
            Some((subject, mutant)) => judge(suite, &tests, subject, mutant),
            None => Verdict::Void,
        });
    let tried = work.into_iter().zip(verdicts).filter_map(|((file, mutant), verdict)| {
        let subject = subjects.get(file)?;
        let mut sources = Sources::new();
        let id = sources.add(subject.path.display().to_string(), subject.text.as_str());
        let place = sources.place(faregate_syntax::Span { file: id, ..mutant.at });
        let (name, original) = (subject.path.display().to_string(), mutant.original(&subject.text));
        Some(Tried { file, mutant, verdict, place: (place.line, place.column), name, original })
    });
    let used = |path: &Path| subjects.iter().any(|s| s.path == path);
    Outcome { tried: tried.collect(), unused: policies.keys().filter(|path| !used(path)).cloned().collect() }
}

fn subjects(suite: &Suite) -> Vec<Subject> {
    let mut subjects: BTreeMap<&PathBuf, Subject> = BTreeMap::new();
    for (number, set) in suite.sets.iter().enumerate() {
        for (place, (policy, path)) in set.policies.iter().zip(&set.paths).enumerate() {
            let Some(path) = path else { continue };
            let new = || Subject {
                path: path.clone(),
                text: policy.text.clone(),
                formatted: faregate_syntax::format(FileId(0), &policy.text).ok(),
                sets: Vec::new(),
            };
            subjects.entry(path).or_insert_with(new).sets.push((number, place));
        }
    }
    subjects.into_values().collect()
}

fn judge(suite: &Suite, tests: &[Tests], subject: &Subject, mutant: &Mutant) -> Verdict {
    let changed = mutant.apply(&subject.text);
    match faregate_syntax::format(FileId(0), &changed) {
        Ok(formatted) if subject.formatted.as_ref() == Some(&formatted) => return Verdict::Void,
        Ok(_) => {}
        Err(_) => return Verdict::Void,
    }
    let mut loads = false;
    let mut unnoticed: Vec<(usize, PolicySet)> = Vec::new();
    for (set, place) in &subject.sets {
        let (Some(policies), Some(tests)) = (suite.sets.get(*set).map(|s| &s.policies), tests.get(*set))
        else {
            continue;
        };
        let texts = policies.iter().enumerate().map(|(n, policy)| {
            let text = if n == *place { changed.as_str() } else { policy.text.as_str() };
            (policy.name.as_str(), text)
        });
        let Ok(policy) = PolicySet::parse(texts) else { continue };
        loads = true;
        if noticed(suite, tests, policy.clone()) {
            return Verdict::Noticed;
        }
        unnoticed.push((*set, policy));
    }
    match loads {
        true if unnoticed.iter().all(|(set, policy)| alike(suite, tests, *set, policy)) => Verdict::Equal,
        true => Verdict::Unnoticed,
        false => Verdict::Void,
    }
}

/// Whether a changed set surely decides as before, with every catalog by which a case decides.
fn alike(suite: &Suite, tests: &[Tests], set: usize, changed: &PolicySet) -> bool {
    let (Some(policies), Some(tests)) = (suite.sets.get(set).map(|s| &s.policies), tests.get(set)) else {
        return false;
    };
    let texts = policies.iter().map(|policy| (policy.name.as_str(), policy.text.as_str()));
    let Ok(before) = PolicySet::parse(texts) else { return false };
    let with = |catalog: &usize| {
        suite.catalog(*catalog).is_some_and(|catalog| decide_alike(&before, changed, catalog))
    };
    !tests.by_catalog.is_empty() && tests.by_catalog.keys().all(with)
}

/// Whether a case fails under the changed set.
fn noticed(suite: &Suite, tests: &Tests, policy: PolicySet) -> bool {
    let last = tests.last.load(Ordering::Relaxed);
    let mut catalogs: Vec<(usize, &Vec<usize>)> =
        tests.by_catalog.iter().map(|(c, cases)| (*c, cases)).collect();
    catalogs.sort_by_key(|(_, cases)| !cases.contains(&last));
    let mut engine: Option<Engine> = None;
    for (catalog, cases) in catalogs {
        let Some(catalog) = suite.catalog(catalog) else { continue };
        let bound = match &engine {
            Some(engine) => engine.with_catalog(catalog.clone()),
            None => Engine::new(policy.clone(), catalog.clone()),
        };
        let Ok(bound) = bound else { return true };
        engine = Some(bound.clone());
        let bench = Bench::Engine(bound, Evaluator::Compiled);
        let first = cases.iter().copied().filter(|case| *case == last);
        for number in first.chain(cases.iter().copied().filter(|case| *case != last)) {
            let Some((_, case)) = suite.cases.get(number) else { continue };
            if !run_on(case, &bench, false).0.is_empty() {
                tests.last.store(number, Ordering::Relaxed);
                return true;
            }
        }
    }
    false
}

impl Outcome {
    fn count(&self, verdict: Verdict) -> usize {
        self.tried.iter().filter(|t| t.verdict == verdict).count()
    }

    /// Whether at least this share of the mutants that count was noticed, in percent, and none was left out for want of time.
    pub(super) fn reaches(&self, percent: u8) -> bool {
        let (noticed, unnoticed) = (self.count(Verdict::Noticed), self.count(Verdict::Unnoticed));
        let all = noticed.saturating_add(unnoticed);
        self.count(Verdict::Untried) == 0
            && noticed.saturating_mul(100) >= all.saturating_mul(usize::from(percent))
    }

    /// For people: each change that no case notices, by file and place.
    pub(super) fn text(&self, colour: bool) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "\n{}", paint::strong("changes that no test notices", colour));
        let of_file = |a: &&Tried, b: &&Tried| a.file == b.file;
        let unnoticed: Vec<&Tried> = self.tried.iter().filter(|t| t.verdict == Verdict::Unnoticed).collect();
        for tried in unnoticed.chunk_by(of_file).flatten() {
            let (line, column) = tried.place;
            let replacement = tried.mutant.replacement();
            let change = if replacement.is_empty() {
                format!("`{}` dropped", tried.original)
            } else {
                format!("`{}` -> `{replacement}`", tried.original)
            };
            let _ = writeln!(text, "  {}:{line}:{column}: {}", tried.name, paint::note(&change, colour));
        }
        for path in &self.unused {
            let _ = writeln!(text, "  {}: no case decides by this policy", path.display());
        }
        let (noticed, unnoticed) = (self.count(Verdict::Noticed), self.count(Verdict::Unnoticed));
        let mut line = format!("{noticed} changes noticed, {unnoticed} not");
        match self.count(Verdict::Equal) {
            0 => {}
            equal => line.push_str(&format!(", {equal} proved equal")),
        }
        match self.count(Verdict::Untried) {
            0 => {}
            untried => line.push_str(&format!(", {untried} not tried for want of time")),
        }
        let line = if unnoticed == 0 { paint::good(&line, colour) } else { paint::note(&line, colour) };
        let _ = writeln!(text, "{line}");
        text
    }

    /// For programs: those that count and were not noticed, and those that were proved equal.
    pub(super) fn json(&self) -> Value {
        let list = |verdict: Verdict| {
            let of = |t: &&Tried| t.verdict == verdict;
            let node = |t: &Tried| {
                json!({
                    "file": t.name, "line": t.place.0, "column": t.place.1, "change": t.mutant.change.as_str(),
                    "original": t.original, "replacement": t.mutant.replacement(),
                })
            };
            self.tried.iter().filter(of).map(node).collect::<Vec<_>>()
        };
        json!({
            "noticed": self.count(Verdict::Noticed),
            "unnoticed": list(Verdict::Unnoticed),
            "equal": list(Verdict::Equal),
            "untried": self.count(Verdict::Untried),
            "void": self.count(Verdict::Void),
            "unused": self.unused.iter().map(|p| p.display().to_string()).collect::<Vec<_>>(),
        })
    }
}
