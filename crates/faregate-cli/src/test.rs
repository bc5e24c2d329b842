//! `faregate test`

mod cover;
mod mutate;
mod reasons;
mod suite;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use faregate::{Context, Decision, Engine, Request, Run, SavedRun};
use faregate_analysis::Coverage;
use faregate_syntax::ast::LiteralKind;
use faregate_wire::golden::Case;
use serde::Serialize;

use self::suite::{Benches, Loaded, Suite, plain, read_noting};
use self::watch::Look;
use crate::args::{Test, TestFormat};
use crate::{Exit, Failure, Surroundings, files, paint, parallel};

pub use self::suite::{read, run_case};

/// How a case went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseResult {
    /// Its file.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Whether all is as expected.
    pub ok: bool,
    /// How what came out differs.
    pub differences: Vec<String>,
    /// Why the engine decided so, where something differs.
    pub why: Vec<String>,
}

/// The shape of `faregate test --format json`.
#[derive(Serialize)]
struct Report<'a> {
    passed: usize,
    failed: usize,
    cases: &'a [CaseResult],
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutants: Option<serde_json::Value>,
}

pub(crate) fn run(args: &Test, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    if !args.watch {
        return once(args, surroundings, &mut Loaded::default());
    }
    // A name that is wrong from the start is no file that will come back.
    if let Some(path) = args.paths.iter().find(|path| !path.exists()) {
        return Err(Failure(format!("cannot watch {}: no such file or folder", files::shown(path))));
    }
    loop {
        let mut loaded = Loaded::default();
        // What cannot be read now is reported, and mended while we watch.
        let look = |loaded: &Loaded| Look::at(&args.paths, loaded.files.iter());
        let before = look(&loaded);
        if let Err(Failure(message)) = once(args, surroundings, &mut loaded) {
            let label = paint::error("error", surroundings.colour_errors);
            writeln!(surroundings.err, "{label}: {}", message.trim_end())?;
        }
        let now = look(&loaded);
        // What changed while the cases ran is run again at once.
        let changed = before.changed_of(&now);
        surroundings.out.flush()?;
        let changed = match changed {
            Some(path) => path,
            None => {
                writeln!(surroundings.err, "watching; Ctrl-C ends")?;
                watch::wait(&now, || look(&loaded))
            }
        };
        writeln!(surroundings.err, "\n{} changed", changed.display())?;
    }
}

/// Runs all that is asked for, once. `loaded` is told what was read.
fn once(args: &Test, surroundings: &mut Surroundings<'_>, loaded: &mut Loaded) -> Result<Exit, Failure> {
    let started = Instant::now();
    let suite = suite(args, loaded)?;
    let covers = args.coverage || args.lcov.is_some() || args.coverage_threshold.is_some();
    let policies = if covers || args.mutate { policies(args, loaded)? } else { BTreeMap::new() };
    let coverage = covers.then(|| Arc::new(Coverage::new()));
    if let Some(coverage) = &coverage {
        for (path, text) in &policies {
            coverage.file(&path.display().to_string(), text);
        }
    }
    let results = run_all(&suite, &Benches::new(&suite, Evaluator::of(args.reference), coverage.as_ref()));
    let covered = coverage.map(|coverage| coverage.report());
    let failed = results.iter().filter(|r| !r.ok).count();
    let within = args.within.as_deref().map(duration).transpose()?;
    let until = within.and_then(|within| started.checked_add(within));
    let mutated = (args.mutate && failed == 0).then(|| mutate::run(&suite, &policies, until));
    if let (Some(path), Some(covered)) = (&args.lcov, &covered) {
        std::fs::write(path, faregate_analysis::lcov(covered))
            .map_err(|error| files::unwritten(path, &error))?;
    }
    let missed = |covered: &&faregate_analysis::Report| {
        args.coverage_threshold.is_some_and(|percent| !covered.reaches(percent))
    };
    // A gate that is open says nothing; one that is closed shows what is missing.
    let shown = covered.as_ref().filter(|covered| args.coverage || missed(covered));
    write_results(args, &results, shown, mutated.as_ref(), surroundings)?;
    let mut good = failed == 0;
    if let Some(percent) = args.coverage_threshold
        && let Some(covered) = covered.as_ref().filter(missed)
    {
        let (reached, all) = covered.rules();
        writeln!(surroundings.err, "{reached} of {all} rules are reached, and {percent} % are wanted")?;
        good = false;
    }
    if args.mutate && failed > 0 {
        writeln!(surroundings.err, "no mutant was tried: cases fail, and would fail under each")?;
    }
    if let Some(mutated) = &mutated
        && !mutated.reaches(args.mutate_threshold.unwrap_or(100))
    {
        good = false;
    }
    Ok(if good { Exit::Done } else { Exit::No })
}

/// Reads the cases that are asked for.
fn suite(args: &Test, loaded: &mut Loaded) -> Result<Suite, Failure> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in &args.paths {
        let found = files::find(path, ".test.yaml")?;
        if found.is_empty() {
            return Err(Failure(format!("{} holds no cases (*.test.yaml)", path.display())));
        }
        paths.extend(found);
    }
    loaded.files.extend(paths.iter().cloned());
    let read = parallel::each(paths.len(), |at| {
        let Some(path) = paths.get(at) else { return Ok(Default::default()) };
        let mut loaded = Loaded::default();
        let cases = read_noting(path, &mut loaded)?;
        Ok::<_, String>((path.display().to_string(), cases, loaded))
    });
    let mut cases = Vec::new();
    for read in read {
        let (file, of_file, noted): (String, Vec<Case>, Loaded) = read.map_err(Failure)?;
        for (text, path) in noted.policies {
            loaded.policies.entry(text).or_insert(path);
        }
        loaded.files.extend(noted.files);
        cases.extend(of_file.into_iter().map(|case| (file.clone(), case)));
    }
    let all = cases.len();
    if !args.names.is_empty() {
        cases.retain(|(_, case)| args.names.iter().any(|part| case.name.contains(part)));
    }
    if cases.is_empty() {
        return Err(Failure(match all {
            0 => "the files hold no cases".to_owned(),
            n => format!("none of the {n} cases has a name that holds {}", args.names.join(" or ")),
        }));
    }
    Ok(Suite::new(cases, loaded))
}

/// Returns the policies that tests are held to: those in the folders that are named, and those that cases load.
fn policies(args: &Test, loaded: &Loaded) -> Result<BTreeMap<PathBuf, String>, Failure> {
    let mut policies = BTreeMap::new();
    for path in args.paths.iter().filter(|path| path.is_dir()) {
        for policy in files::find(path, ".fare")? {
            let text = std::fs::read_to_string(&policy)
                .map_err(|e| Failure(format!("cannot read {}: {e}", policy.display())))?;
            policies.insert(plain(&policy), text);
        }
    }
    policies.extend(loaded.policies.iter().map(|(text, path)| (path.clone(), text.clone())));
    Ok(policies)
}

fn duration(text: &str) -> Result<Duration, Failure> {
    match faregate_syntax::parse_literal(text) {
        Ok(LiteralKind::Duration(ms)) => Ok(Duration::from_millis(ms)),
        _ => Err(Failure(format!("--within wants a duration such as 2m, not `{text}`"))),
    }
}

fn write_results(
    args: &Test,
    results: &[CaseResult],
    covered: Option<&faregate_analysis::Report>,
    mutated: Option<&mutate::Outcome>,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    let passed = results.iter().filter(|r| r.ok).count();
    let failed = results.len().saturating_sub(passed);
    match args.format {
        TestFormat::Json => {
            let report = Report {
                passed,
                failed,
                cases: results,
                coverage: covered.map(cover::json),
                mutants: mutated.map(mutate::Outcome::json),
            };
            writeln!(surroundings.out, "{}", serde_json::to_string_pretty(&report)?)?;
        }
        TestFormat::Text => {
            let mut shown: BTreeSet<&str> = BTreeSet::new();
            for result in results.iter().filter(|r| !r.ok) {
                let mark = paint::error("failed", surroundings.colour);
                writeln!(surroundings.out, "{mark} {}: {}", result.file, result.name)?;
                for difference in &result.differences {
                    // A policy that does not load fails every case of its file, and is reported once.
                    match difference.split_once('\n') {
                        Some((first, _)) if !shown.insert(difference) => {
                            writeln!(surroundings.out, "  {first} as above")?;
                        }
                        _ => writeln!(surroundings.out, "  {difference}")?,
                    }
                }
                for why in &result.why {
                    writeln!(surroundings.out, "  {} {why}", paint::faint("why:", surroundings.colour))?;
                }
            }
            let counts = format!("{passed} passed, {failed} failed");
            let counts = match failed {
                0 => paint::good(&counts, surroundings.colour),
                _ => paint::error(&counts, surroundings.colour),
            };
            writeln!(surroundings.out, "{counts}")?;
            let colour = surroundings.colour;
            let covered = covered.map(|covered| cover::text(covered, colour));
            let mutated = mutated.map(|mutated| mutated.text(colour));
            for report in covered.into_iter().chain(mutated) {
                write!(surroundings.out, "{report}")?;
            }
        }
        TestFormat::Junit => {
            let report = junit(results).to_string().map_err(|e| Failure(e.to_string()))?;
            write!(surroundings.out, "{report}")?;
        }
    }
    Ok(())
}

/// Runs cases on as many threads as the machine has; the results are in the order of the cases.
fn run_all(suite: &Suite, benches: &Benches<'_>) -> Vec<CaseResult> {
    let results = parallel::each(suite.cases.len(), |number| {
        let (file, case) = suite.cases.get(number)?;
        let (differences, why) = benches.run(number);
        let (file, name) = (file.clone(), case.name.clone());
        Some(CaseResult { file, name, ok: differences.is_empty(), differences, why })
    });
    results.into_iter().flatten().collect()
}

/// Returns the results in JUnit's form: a suite a file.
fn junit(results: &[CaseResult]) -> quick_junit::Report {
    let mut report = quick_junit::Report::new("faregate test");
    for of_file in results.chunk_by(|a, b| a.file == b.file) {
        let name = of_file.first().map_or("", |result| result.file.as_str());
        let mut suite = quick_junit::TestSuite::new(name);
        for result in of_file {
            let mut status = quick_junit::TestCaseStatus::success();
            if !result.ok {
                status = quick_junit::TestCaseStatus::non_success(quick_junit::NonSuccessKind::Failure);
                status.set_message(result.differences.first().cloned().unwrap_or_default());
                let why = result.why.iter().map(|why| format!("why: {why}"));
                let lines: Vec<String> = result.differences.iter().cloned().chain(why).collect();
                status.set_description(lines.join("\n"));
            }
            let mut case = quick_junit::TestCase::new(result.name.clone(), status);
            case.set_classname(result.file.clone());
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report
}

/// Who decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evaluator {
    /// The engine that gateways embed.
    Compiled,
    /// The plain interpreter that says what the language means.
    Reference,
}

impl Evaluator {
    pub(crate) fn of(reference: bool) -> Self {
        if reference { Self::Reference } else { Self::Compiled }
    }

    pub(crate) fn decide(self, engine: &Engine, request: &Request, context: &Context) -> Decision {
        match self {
            Self::Compiled => engine.decide(request, context),
            Self::Reference => engine.decide_by_reference(request, context),
        }
    }

    pub(crate) fn restore(self, engine: &Engine, saved: SavedRun) -> Result<Run, String> {
        let run = engine.restore(saved).map_err(|e| e.to_string())?;
        Ok(match self {
            Self::Compiled => run,
            Self::Reference => run.by_reference(),
        })
    }
}
