//! `faregate check`

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use faregate::{Catalog, Completeness, DIAGNOSTIC_CODES, Date, check_set};
use faregate_analysis::Depth;
use faregate_syntax::ast::LiteralKind;
use faregate_syntax::{Diagnostic, Diagnostics, Severity};
use faregate_wire::Node;

use crate::args::{Check, CheckFormat};
use crate::fixes::{self, Fixed, Texts};
use crate::manifest::{self, Level};
use crate::{Exit, Failure, Surroundings, files, github, paint, sarif};

/// Files to be checked together.
struct Set {
    policies: Vec<PathBuf>,
    catalogs: Vec<PathBuf>,
    completeness: Completeness,
    levels: BTreeMap<String, Level>,
}

/// What is checked, all of it read: the texts may be mended and looked at again.
struct Desk<'a> {
    args: &'a Check,
    now: Option<Date>,
    sets: Vec<(Set, Option<Catalog>)>,
    texts: Texts,
}

pub(crate) fn run(args: &Check, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    let now = args.now.as_deref().map(date).transpose()?;
    for code in args.deny.iter().filter(|c| *c != "warnings") {
        known_code(code, "--deny")?;
    }
    let mends = args.fix || args.diff;
    if args.also_unsafe && !mends {
        return Err(Failure(
            "--unsafe says which fixes to take; add --diff to see them or --fix to apply them".to_owned(),
        ));
    }
    let sets = sets(args, surroundings)?;
    let mut desk = read(args, now, sets, surroundings)?;
    let (mut found, mut left_out) = desk.look();
    let mut fixed = Vec::new();
    if mends {
        if desk.texts.has_standard_input() {
            return Err(Failure("standard input cannot be mended; name a file".to_owned()));
        }
        for _ in 0..MOST_ROUNDS {
            let batch = fixes::batch(&found, desk.sets.iter().map(|(s, _)| &s.policies), args.also_unsafe);
            if batch.is_empty() {
                break;
            }
            fixed.extend(desk.texts.apply(batch));
            (found, left_out) = desk.look();
        }
    }
    if left_out {
        let note =
            "note: this is too large for a look at every request; warnings that need one may be missing";
        writeln!(surroundings.err, "{note}")?;
    }
    if args.diff {
        return difference(&desk, &found, &fixed, surroundings);
    }
    for (path, text) in desk.texts.changed() {
        files::replace(path, text)?;
    }
    report(&desk, &found, &fixed, surroundings)
}

/// Mending goes round by round, since one mend may uncover another finding. No policy needs a tenth of this; it is the end
/// of mends that would undo each other.
const MOST_ROUNDS: usize = 100;

/// Reads all that is checked.
fn read<'a>(
    args: &'a Check,
    now: Option<Date>,
    sets: Vec<Set>,
    surroundings: &mut Surroundings<'_>,
) -> Result<Desk<'a>, Failure> {
    let mut texts = Texts::default();
    let mut with_catalogs = Vec::new();
    for set in sets {
        for path in &set.policies {
            if !texts.has(path) {
                texts.add(path, files::text(path, surroundings)?);
            }
        }
        let catalogs: Vec<PathBuf> = set.catalogs.iter().chain(&args.catalogs).cloned().collect();
        let catalog = if catalogs.is_empty() { None } else { Some(files::catalog(&catalogs, surroundings)?) };
        with_catalogs.push((set, catalog));
    }
    Ok(Desk { args, now, sets: with_catalogs, texts })
}

impl Desk<'_> {
    /// Checks all sets as their texts are now.
    /// The second value says whether a set was too large to be looked at in full.
    fn look(&self) -> (Vec<Diagnostics>, bool) {
        let depth = if self.args.thorough { Depth::Thorough } else { Depth::Quick };
        let mut reports = Vec::new();
        let mut left_out = false;
        for (set, catalog) in &self.sets {
            let texts = set.policies.iter().map(|path| (files::shown(path), self.texts.of(path)));
            let checked = check_set(texts, set.completeness);
            let found = match &checked.policy {
                Some(policy) => {
                    let found = faregate_analysis::findings(policy, catalog.as_ref(), self.now, depth);
                    left_out |= found.left_out;
                    found.diagnostics
                }
                None => checked.diagnostics,
            };
            reports.push(levelled(&found, &set.levels, &self.args.deny));
        }
        (reports, left_out)
    }

    fn policies(&self) -> usize {
        let policies: BTreeSet<&PathBuf> = self.sets.iter().flat_map(|(s, _)| &s.policies).collect();
        policies.len()
    }
}

fn report(
    desk: &Desk<'_>,
    found: &[Diagnostics],
    fixed: &[Fixed],
    surroundings: &mut Surroundings<'_>,
) -> Result<Exit, Failure> {
    let reports = without_repetition(found);
    let (errors, warnings) = counts(&reports);
    match desk.args.format {
        CheckFormat::Text => {
            let texts: Vec<String> =
                reports.iter().filter(|r| !r.is_empty()).map(|r| r.render(surroundings.colour)).collect();
            write!(surroundings.out, "{}", texts.join("\n"))?;
            // The summary comes after what it sums up, also where both go to one terminal.
            surroundings.out.flush()?;
            for mend in fixed {
                writeln!(surroundings.err, "fixed {mend}")?;
            }
            let summary = summary(desk.policies(), errors, warnings, surroundings.colour_errors);
            writeln!(surroundings.err, "{summary}")?;
            if let Some(offer) = fixes::offer(&reports, desk.args.fix) {
                writeln!(surroundings.err, "{offer}")?;
            }
        }
        CheckFormat::Json => {
            let fixed = desk.args.fix.then_some(fixed);
            writeln!(surroundings.out, "{}", json(&reports, errors, warnings, fixed))?;
        }
        CheckFormat::Sarif => {
            writeln!(surroundings.out, "{}", serde_json::to_string_pretty(&sarif::log(&reports))?)?;
        }
        CheckFormat::Github => write!(surroundings.out, "{}", github::commands(&reports))?,
    }
    Ok(if errors > 0 { Exit::No } else { Exit::Done })
}

/// Shows what would change, and says what would be left.
fn difference(
    desk: &Desk<'_>,
    found: &[Diagnostics],
    fixed: &[Fixed],
    surroundings: &mut Surroundings<'_>,
) -> Result<Exit, Failure> {
    let mut files = 0_usize;
    for difference in desk.texts.differences() {
        files = files.saturating_add(1);
        write!(surroundings.out, "{difference}")?;
    }
    surroundings.out.flush()?;
    for mend in fixed {
        writeln!(surroundings.err, "would fix {mend}")?;
    }
    let reports = without_repetition(found);
    let (errors, warnings) = counts(&reports);
    let left = summary(desk.policies(), errors, warnings, surroundings.colour_errors);
    writeln!(
        surroundings.err,
        "{files} {} would change; left then: {left}",
        if files == 1 { "file" } else { "files" }
    )?;
    Ok(if files > 0 || errors > 0 { Exit::No } else { Exit::Done })
}

fn counts(reports: &[Diagnostics]) -> (usize, usize) {
    let count = |severity: Severity| {
        reports.iter().flat_map(Diagnostics::iter).filter(|d| d.severity == severity).count()
    };
    (count(Severity::Error), count(Severity::Warning))
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
        let manifests = if args.set { Vec::new() } else { manifest::below(path)? };
        let mut found = if path == Path::new("-") { vec![path.clone()] } else { files::find(path, ".fare")? };
        for folder in &manifests {
            if let Some(manifest) = manifest::of_folder(folder, surroundings)? {
                of_manifest(folder, manifest, &mut sets, surroundings)?;
            }
            found.retain(|policy| !policy.starts_with(folder));
        }
        if path.file_name() == Some(manifest::NAME.as_ref()) && !args.set {
            continue;
        }
        if found.is_empty() && manifests.is_empty() {
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

/// `fixed`: what was mended, where that was asked for.
fn json(reports: &[Diagnostics], errors: usize, warnings: usize, fixed: Option<&[Fixed]>) -> String {
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
    let mut report = vec![
        ("diagnostics".to_owned(), Node::Seq(all)),
        ("errors".to_owned(), count(errors)),
        ("warnings".to_owned(), count(warnings)),
    ];
    if let Some(fixed) = fixed {
        report.push(("fixed".to_owned(), Node::Seq(fixed.iter().map(Fixed::to_node).collect())));
    }
    serde_json::to_string_pretty(&Node::Map(report)).unwrap_or_default()
}
