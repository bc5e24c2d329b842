//! `faregate test`

use std::path::{Path, PathBuf};
use std::thread;

use faregate::{
    Catalog, Completeness, Context, Decision, Engine, PolicySet, Request, Run, SavedRun, check_set,
};
use faregate_wire::golden::{Case, Expect, Got, Input, play, read_cases};
use serde::Serialize;

use crate::args::{Test, TestFormat};
use crate::{Exit, Failure, Surroundings, files, paint};

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
}

/// The shape of `faregate test --format json`.
#[derive(Serialize)]
struct Report<'a> {
    passed: usize,
    failed: usize,
    cases: &'a [CaseResult],
}

pub(crate) fn run(args: &Test, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in &args.paths {
        let found = files::find(path, ".test.yaml")?;
        if found.is_empty() {
            return Err(Failure(format!("{} holds no cases (*.test.yaml)", path.display())));
        }
        paths.extend(found);
    }
    let mut cases = Vec::new();
    for path in &paths {
        let file = path.display().to_string();
        cases.extend(read(path).map_err(Failure)?.into_iter().map(|case| (file.clone(), case)));
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
    let results = run_all(&cases, Evaluator::of(args.reference));
    let passed = results.iter().filter(|r| r.ok).count();
    let failed = results.len().saturating_sub(passed);
    match args.format {
        TestFormat::Json => {
            let report = Report { passed, failed, cases: &results };
            writeln!(surroundings.out, "{}", serde_json::to_string_pretty(&report)?)?;
        }
        TestFormat::Text => {
            for result in results.iter().filter(|r| !r.ok) {
                let mark = paint::error("failed", surroundings.colour);
                writeln!(surroundings.out, "{mark} {}: {}", result.file, result.name)?;
                for difference in &result.differences {
                    writeln!(surroundings.out, "  {difference}")?;
                }
            }
            let counts = format!("{passed} passed, {failed} failed");
            let counts = match failed {
                0 => paint::good(&counts, surroundings.colour),
                _ => paint::error(&counts, surroundings.colour),
            };
            writeln!(surroundings.out, "{counts}")?;
        }
        TestFormat::Junit => {
            let report = junit(&results).to_string().map_err(|e| Failure(e.to_string()))?;
            write!(surroundings.out, "{report}")?;
        }
    }
    Ok(if failed == 0 { Exit::Done } else { Exit::No })
}

/// Runs cases on as many threads as the machine has; the results are in the order of the cases.
fn run_all(cases: &[(String, Case)], by: Evaluator) -> Vec<CaseResult> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = cases.len().div_ceil(threads).max(1);
    let run = move |(file, case): &(String, Case)| {
        let differences = run_case(case, by);
        let (file, name) = (file.clone(), case.name.clone());
        CaseResult { file, name, ok: differences.is_empty(), differences }
    };
    thread::scope(|scope| {
        let parts: Vec<_> = cases
            .chunks(share)
            .map(|part| (part, scope.spawn(move || part.iter().map(run).collect::<Vec<_>>())))
            .collect();
        // A part whose thread did not end is run here, where its panic is seen.
        let results = parts.into_iter().map(|(part, thread)| match thread.join() {
            Ok(results) => results,
            Err(_) => part.iter().map(run).collect(),
        });
        results.flatten().collect()
    })
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
                status.set_description(result.differences.join("\n"));
            }
            let mut case = quick_junit::TestCase::new(result.name.clone(), status);
            case.set_classname(result.file.clone());
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report
}

/// Reads the golden cases of a file; paths in it are relative to the file.
///
/// # Errors
/// What is wrong with the file as a whole, as a message that names it.
pub fn read(path: &Path) -> Result<Vec<Case>, String> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let text = |path: &Path| {
        std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))
    };
    let mut load = |name: &str| text(&folder.join(name));
    read_cases(&text(path)?, &mut load).map_err(|e| files::prefixed(path, &e.to_string()))
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

/// Runs a golden case and returns how what came out differs; nothing where the case holds.
#[must_use]
pub fn run_case(case: &Case, by: Evaluator) -> Vec<String> {
    if let Some(settled) = case.settled() {
        return settled;
    }
    let (Ok(input), Ok(expect)) = (&case.input, &case.expect) else {
        return vec!["the case cannot be read".to_owned()];
    };
    let texts = || input.policies.iter().map(|p| (p.name.as_str(), p.text.as_str()));
    let catalog = match Catalog::new(input.catalog.clone()) {
        Ok(catalog) => catalog,
        Err(errors) => {
            let lines: Vec<String> = errors.iter().map(|e| format!("catalog: {e}")).collect();
            return case.differences(Got::Error(&lines.join("\n")));
        }
    };
    if matches!(expect, Expect::Diagnostics(_)) {
        let checked = check_set(texts(), Completeness::Whole);
        let found = match &checked.policy {
            Some(policy) => {
                let catalog = (!input.catalog.is_empty()).then_some(&catalog);
                policy.check_with(catalog, input.check_now)
            }
            None => checked.diagnostics,
        };
        let list: Vec<_> = found.iter().cloned().collect();
        return case.differences(Got::Diagnostics(&list, found.sources()));
    }
    let (engine, decision) = match decide(texts(), catalog, input, by) {
        Ok(decided) => decided,
        Err(error) => return case.differences(Got::Error(&error)),
    };
    let (Decision::Route(plan), true, Some(context)) = (&decision, case.runs(), &input.context) else {
        return case.differences(Got::Decision(&decision));
    };
    let restore = |saved| by.restore(&engine, saved);
    let script = input.outcomes.as_deref().unwrap_or_default();
    match play(plan.run(), script, context, &restore) {
        Ok(played) => case.differences(Got::Run { decision: &decision, record: &played.record }),
        Err(error) => case.differences(Got::Error(&error)),
    }
}

fn decide<'a>(
    texts: impl Iterator<Item = (&'a str, &'a str)>,
    catalog: Catalog,
    input: &Input,
    by: Evaluator,
) -> Result<(Engine, Decision), String> {
    let policy = PolicySet::parse(texts).map_err(|d| format!("the policy does not load:\n{d}"))?;
    let engine = Engine::new(policy, catalog).map_err(|e| e.to_string())?;
    let (Some(request), Some(context)) = (&input.request, &input.context) else {
        return Err("the case has no request or no context".to_owned());
    };
    let decision = by.decide(&engine, request, context);
    Ok((engine, decision))
}
