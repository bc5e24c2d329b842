//! `faregate diff`

mod markdown;
mod report;

use std::path::{Path, PathBuf};

use faregate::{Catalog, Completeness, Engine};
use faregate_analysis::{Differences, Direction, diff};

use crate::args::{Diff, DiffDirection, DiffFormat, Format};
use crate::{Exit, Failure, Surroundings, files, manifest, paint};

/// What is compared under one name.
struct Side {
    name: Option<String>,
    policies: Vec<PathBuf>,
    catalogs: Vec<PathBuf>,
}

/// What came of one set.
struct Compared {
    set: Option<String>,
    found: Differences,
}

pub(crate) fn run(args: &Diff, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    let new_catalogs = if args.catalogs_new.is_empty() { &args.catalogs } else { &args.catalogs_new };
    let old = sides(&args.old, &args.catalogs, surroundings)?;
    let new = sides(&args.new, new_catalogs, surroundings)?;
    if old.iter().chain(&new).any(|s| s.catalogs.is_empty()) {
        return Err(Failure(
            "what differs depends on the catalog; give one: `--catalog CATALOG.yaml`, and `--catalog-new` where the new side has \
             another"
                .to_owned(),
        ));
    }
    let alone = unmatched(&old, &new);
    if !alone.is_empty() {
        return Err(Failure(format!(
            "{} on one side alone, so there is nothing to compare; name two files to compare them, or look at the set with \
             `faregate check` and `faregate prove`",
            alone.join(", ")
        )));
    }
    let mut all = Vec::new();
    let mut read = Vec::new();
    for (old, new) in old.iter().zip(&new) {
        let mut engines = Vec::new();
        for side in [old, new] {
            let checked = files::policies(&side.policies, Completeness::Whole, surroundings)?;
            let Some(policy) = checked.policy else {
                files::report(&checked.diagnostics, surroundings);
                let format = if args.format == DiffFormat::Json { Format::Json } else { Format::Text };
                files::unread(&checked.diagnostics, format, surroundings)?;
                return Err(Failure(format!(
                    "{} does not load",
                    files::shown(side.policies.first().map_or(Path::new(""), PathBuf::as_path))
                )));
            };
            engines.push(Engine::new(policy, catalog(&side.catalogs, &mut read, surroundings)?)?);
        }
        let [old_engine, new_engine] = engines.as_slice() else { continue };
        let set = new.name.clone().filter(|_| old.name.is_some());
        all.push(Compared { set, found: diff(old_engine, new_engine) });
    }
    let several = all.len() > 1;
    for compared in &mut all {
        compared.set = compared.set.take().filter(|_| several);
    }
    match args.format {
        DiffFormat::Text => report::text(&all, surroundings)?,
        DiffFormat::Json => report::json(&all, surroundings)?,
        DiffFormat::Markdown => markdown::write(&all, surroundings)?,
    }
    counts(&all, surroundings)?;
    Ok(if fails(args, &all) { Exit::No } else { Exit::Done })
}

/// Reads catalogs; those that were read for another set or side are not read again.
fn catalog(
    paths: &[PathBuf],
    read: &mut Vec<(Vec<PathBuf>, Catalog)>,
    surroundings: &mut Surroundings<'_>,
) -> Result<Catalog, Failure> {
    if let Some((_, catalog)) = read.iter().find(|(of, _)| of == paths) {
        return Ok(catalog.clone());
    }
    let catalog = files::catalog(paths, surroundings)?;
    read.push((paths.to_vec(), catalog.clone()));
    Ok(catalog)
}

/// Returns the sets at a path, by name.
fn sides(
    path: &Path,
    catalogs: &[PathBuf],
    surroundings: &mut Surroundings<'_>,
) -> Result<Vec<Side>, Failure> {
    if !path.is_dir() {
        return Ok(vec![Side { name: None, policies: vec![path.to_owned()], catalogs: catalogs.to_vec() }]);
    }
    let Some(found) = manifest::of_folder(path, surroundings)? else {
        return Err(Failure(format!(
            "{0} has no {1}; write one that says which policies and catalogs belong together, or name the files: \
             `faregate diff OLD.fare NEW.fare --catalog CATALOG.yaml`",
            path.display(),
            manifest::NAME
        )));
    };
    let mut sides: Vec<Side> = found
        .sets
        .into_iter()
        .map(|set| Side {
            name: Some(set.name),
            policies: set.policies,
            catalogs: set.catalogs.into_iter().chain(catalogs.iter().cloned()).collect(),
        })
        .collect();
    sides.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(sides)
}

/// Names the sets that only one side has. One set on each side is compared whatever it is called.
fn unmatched(old: &[Side], new: &[Side]) -> Vec<String> {
    if old.len() == 1 && new.len() == 1 {
        return Vec::new();
    }
    let lacks = |side: &Side, others: &[Side]| !others.iter().any(|o| o.name == side.name);
    let name = |side: &Side| match &side.name {
        Some(name) => format!("the set `{name}` is"),
        None => "a single policy is".to_owned(),
    };
    let gone = old.iter().filter(|s| lacks(s, new));
    gone.chain(new.iter().filter(|s| lacks(s, old))).map(name).collect()
}

fn named(direction: DiffDirection) -> Direction {
    match direction {
        DiffDirection::Looser => Direction::Looser,
        DiffDirection::Tighter => Direction::Tighter,
        DiffDirection::Dearer => Direction::Dearer,
        DiffDirection::Cheaper => Direction::Cheaper,
        DiffDirection::Order => Direction::Order,
        DiffDirection::Retries => Direction::Retries,
        DiffDirection::Denial => Direction::Denial,
        DiffDirection::Words => Direction::Words,
    }
}

/// Whether the answer is no: something differs that should not, or nobody knows.
fn fails(args: &Diff, all: &[Compared]) -> bool {
    let asked: Vec<Direction> = args.fail_on.iter().copied().map(named).collect();
    let counts = |direction: Direction| {
        if asked.is_empty() { direction != Direction::Words } else { asked.contains(&direction) }
    };
    all.iter().any(|c| {
        !c.found.undecided.is_empty()
            || c.found.changes.iter().any(|c| counts(c.direction))
            || c.found.not_ruled_out.iter().any(|open| counts(open.direction))
    })
}

/// Says on standard error how much was found.
fn counts(all: &[Compared], surroundings: &mut Surroundings<'_>) -> Result<(), Failure> {
    surroundings.out.flush()?;
    let colour = surroundings.colour_errors;
    let count = |d: Direction| all.iter().flat_map(|c| &c.found.changes).filter(|c| c.direction == d).count();
    let mut parts: Vec<String> = Direction::ALL
        .into_iter()
        .filter(|d| count(*d) > 0)
        .map(|d| format!("{} {}", count(d), d.as_str()))
        .collect();
    let undecided: usize = all.iter().map(|c| c.found.undecided.len()).sum();
    let open: usize = all.iter().map(|c| c.found.not_ruled_out.len()).sum();
    parts.extend((open > 0).then(|| format!("{open} not ruled out")));
    parts.extend((undecided > 0).then(|| format!("{undecided} undecided")));
    let text = if parts.is_empty() {
        paint::good("proved equal", colour)
    } else {
        paint::note(&parts.join(", "), colour)
    };
    writeln!(surroundings.err, "{text}")?;
    Ok(())
}
