//! `faregate check`

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use faregate::{Completeness, DIAGNOSTIC_CODES, Date};
use faregate_syntax::ast::LiteralKind;
use faregate_syntax::{Diagnostic, Diagnostics, Severity};
use faregate_wire::Node;

use crate::args::{Check, CheckFormat};
use crate::manifest::{self, Level};
use crate::{Exit, Failure, Surroundings, files, github, paint, sarif};

/// Files to be checked together.
struct Set {
    policies: Vec<PathBuf>,
    catalogs: Vec<PathBuf>,
    completeness: Completeness,
    levels: BTreeMap<String, Level>,
}

pub(crate) fn run(args: &Check, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    let now = args.now.as_deref().map(date).transpose()?;
    for code in args.deny.iter().filter(|c| *c != "warnings") {
        known_code(code, "--deny")?;
    }
    let sets = sets(args, surroundings)?;
    let mut reports = Vec::new();
    let mut invariants = 0_usize;
    for set in &sets {
        let checked = files::policies(&set.policies, set.completeness, surroundings)?;
        let catalogs: Vec<PathBuf> = set.catalogs.iter().chain(&args.catalogs).cloned().collect();
        let catalog = if catalogs.is_empty() { None } else { Some(files::catalog(&catalogs, surroundings)?) };
        let found = match &checked.policy {
            Some(policy) => {
                invariants = invariants.saturating_add(policy.invariants());
                policy.check_with(catalog.as_ref(), now)
            }
            None => checked.diagnostics,
        };
        reports.push(levelled(&found, &set.levels, &args.deny));
    }
    let reports = without_repetition(&reports);
    let count = |severity: Severity| {
        reports.iter().flat_map(Diagnostics::iter).filter(|d| d.severity == severity).count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    match args.format {
        CheckFormat::Text => {
            let texts: Vec<String> =
                reports.iter().filter(|r| !r.is_empty()).map(|r| r.render(surroundings.colour)).collect();
            write!(surroundings.out, "{}", texts.join("\n"))?;
            // The summary comes after what it sums up, also where both go to one terminal.
            surroundings.out.flush()?;
            let policies: BTreeSet<&PathBuf> = sets.iter().flat_map(|s| &s.policies).collect();
            let summary = summary(policies.len(), errors, warnings, surroundings.colour_errors);
            writeln!(surroundings.err, "{summary}")?;
            if errors == 0 {
                not_there_yet(invariants, surroundings)?;
            }
        }
        CheckFormat::Json => writeln!(surroundings.out, "{}", json(&reports, errors, warnings))?,
        CheckFormat::Sarif => {
            writeln!(surroundings.out, "{}", serde_json::to_string_pretty(&sarif::log(&reports))?)?;
        }
        CheckFormat::Github => write!(surroundings.out, "{}", github::commands(&reports))?,
    }
    Ok(if errors > 0 { Exit::No } else { Exit::Done })
}

/// Says what is read and checked and has nobody yet who acts on it.
fn not_there_yet(invariants: usize, surroundings: &mut Surroundings<'_>) -> Result<(), Failure> {
    let what = match invariants {
        0 => return Ok(()),
        1 => "1 invariant is".to_owned(),
        n => format!("{n} invariants are"),
    };
    writeln!(surroundings.err, "note: {what} read and not proved: this version has no `prove`")?;
    Ok(())
}

fn summary(policies: usize, errors: usize, warnings: usize, colour: bool) -> String {
    let plural = |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    let counts = format!("{}, {}", plural(errors, "error"), plural(warnings, "warning"));
    let counts = match (errors, warnings) {
        (0, 0) => paint::good(&counts, colour),
        (0, _) => paint::note(&counts, colour),
        _ => paint::error(&counts, colour),
    };
    format!("{counts} in {}", plural(policies, "policy file"))
}

/// Holds a code to be one: a misspelt gate would never close.
pub(crate) fn known_code(code: &str, whence: &str) -> Result<(), Failure> {
    if DIAGNOSTIC_CODES.contains(&code) {
        return Ok(());
    }
    let near = faregate_syntax::nearest(code, DIAGNOSTIC_CODES);
    let near = near.map(|n| format!("; a similar code exists: {n}")).unwrap_or_default();
    Err(Failure(format!("{whence}: no diagnostic has the code `{code}`{near}")))
}

fn date(text: &str) -> Result<Date, Failure> {
    match faregate_syntax::parse_literal(text) {
        Ok(LiteralKind::Date(date)) => Ok(date),
        _ => Err(Failure(format!("--now wants a day such as 2026-11-23, not `{text}`"))),
    }
}

/// Finds out what is to be checked together.
fn sets(args: &Check, surroundings: &mut Surroundings<'_>) -> Result<Vec<Set>, Failure> {
    let mut sets = Vec::new();
    let mut together: Vec<PathBuf> = Vec::new();
    for path in &args.paths {
        let folder = path.is_dir();
        if folder
            && !args.set
            && let Some(manifest) = manifest::of_folder(path, surroundings)?
        {
            of_manifest(path, manifest, &mut sets, surroundings)?;
            continue;
        }
        let found = if path == Path::new("-") { vec![path.clone()] } else { files::find(path, ".fare")? };
        if found.is_empty() {
            return Err(Failure(format!("{} holds no policy (*.fare)", path.display())));
        }
        if args.set {
            together.extend(found);
            continue;
        }
        for policy in found {
            // A file that is named is a set of its own; one that is found may hold guardrails alone.
            let completeness = if folder { Completeness::Part } else { Completeness::Alone };
            sets.push(Set {
                policies: vec![policy],
                catalogs: Vec::new(),
                completeness,
                levels: BTreeMap::new(),
            });
        }
    }
    if !together.is_empty() {
        let (catalogs, levels) = (Vec::new(), BTreeMap::new());
        sets.push(Set { policies: together, catalogs, completeness: Completeness::Whole, levels });
    }
    Ok(sets)
}

fn of_manifest(
    folder: &Path,
    manifest: manifest::Manifest,
    sets: &mut Vec<Set>,
    surroundings: &mut Surroundings<'_>,
) -> Result<(), Failure> {
    let mut listed: BTreeSet<PathBuf> = BTreeSet::new();
    for set in manifest.sets {
        if set.policies.is_empty() {
            let path = folder.join(manifest::NAME);
            return Err(Failure(format!("{}: set `{}` lists no policies", path.display(), set.name)));
        }
        listed.extend(set.policies.iter().cloned());
        let levels = manifest.levels.clone();
        let completeness = Completeness::Whole;
        sets.push(Set { policies: set.policies, catalogs: set.catalogs, completeness, levels });
    }
    for path in files::find(folder, ".fare")?.iter().filter(|p| !listed.contains(*p)) {
        writeln!(
            surroundings.err,
            "note: {} belongs to no set of the manifest and is not checked",
            path.display()
        )?;
    }
    Ok(())
}

/// Applies the manifest's levels and `--deny`.
fn levelled(found: &Diagnostics, levels: &BTreeMap<String, Level>, deny: &[String]) -> Diagnostics {
    let level = |d: &Diagnostic| {
        if d.severity == Severity::Error || deny.iter().any(|code| code == d.code) {
            return Level::Deny;
        }
        // What the manifest allows is no warning, so that `--deny warnings` does not speak of it.
        match levels.get(d.code).copied().unwrap_or(Level::Warn) {
            Level::Warn if deny.iter().any(|code| code == "warnings") => Level::Deny,
            level => level,
        }
    };
    let kept = found.iter().filter_map(|d| {
        let mut d = d.clone();
        match level(&d) {
            Level::Allow => return None,
            Level::Warn => {}
            Level::Deny => d.severity = Severity::Error,
        }
        Some(d)
    });
    Diagnostics::new(kept.collect(), found.sources().clone())
}

/// A file that stands in two sets is reported once for the same finding.
fn without_repetition(reports: &[Diagnostics]) -> Vec<Diagnostics> {
    let mut seen: BTreeSet<(&'static str, String, String)> = BTreeSet::new();
    let mut kept = Vec::new();
    for report in reports {
        let sources = report.sources();
        let fresh = |d: &&Diagnostic| seen.insert((d.code, sources.at(d.primary.span), d.message.clone()));
        let list: Vec<Diagnostic> = report.iter().filter(fresh).cloned().collect();
        kept.push(Diagnostics::new(list, sources.clone()));
    }
    kept
}

fn json(reports: &[Diagnostics], errors: usize, warnings: usize) -> String {
    let mut all: Vec<Node> = Vec::new();
    for report in reports {
        let list: Vec<Diagnostic> = report.iter().cloned().collect();
        if let Some(Node::Seq(found)) =
            faregate_wire::diagnostics_to_node(&list, report.sources()).get("diagnostics")
        {
            all.extend(found.iter().cloned());
        }
    }
    let count = |n: usize| Node::Number(n.to_string());
    let report = Node::Map(vec![
        ("diagnostics".to_owned(), Node::Seq(all)),
        ("errors".to_owned(), count(errors)),
        ("warnings".to_owned(), count(warnings)),
    ]);
    serde_json::to_string_pretty(&report).unwrap_or_default()
}
