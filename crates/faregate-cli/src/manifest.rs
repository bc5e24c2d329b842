//! `faregate.yaml`: what belongs together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{Failure, Surroundings, files};

/// The name of a manifest.
pub(crate) const NAME: &str = "faregate.yaml";

/// A manifest as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    sets: BTreeMap<String, WrittenSet>,
    #[serde(default)]
    levels: BTreeMap<String, Level>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSet {
    policies: Vec<String>,
    #[serde(default)]
    catalogs: Vec<String>,
}

/// What a code of diagnostics counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// An error.
    Deny,
    /// As it is.
    Warn,
    /// Not reported.
    Allow,
}

/// A manifest, its paths relative to where the command runs.
pub(crate) struct Manifest {
    pub(crate) sets: Vec<Set>,
    pub(crate) levels: BTreeMap<String, Level>,
}

/// Policies and catalogs that belong together.
pub(crate) struct Set {
    pub(crate) name: String,
    pub(crate) policies: Vec<PathBuf>,
    pub(crate) catalogs: Vec<PathBuf>,
}

/// Returns the folders at a path that have a manifest, but for those below another such folder. A path that is a manifest
/// stands for its folder.
pub(crate) fn below(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if path.is_file() && path.file_name() == Some(NAME.as_ref()) {
        let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        return Ok(vec![folder.to_owned()]);
    }
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let manifests = files::find(path, NAME)?;
    let mut folders: Vec<PathBuf> = manifests
        .iter()
        .filter(|file| file.file_name() == Some(NAME.as_ref()))
        .filter_map(|file| Some(file.parent()?.to_owned()))
        .collect();
    folders.sort();
    let mut kept: Vec<PathBuf> = Vec::new();
    for folder in folders {
        if !kept.iter().any(|outer| folder.starts_with(outer)) {
            kept.push(folder);
        }
    }
    Ok(kept)
}

/// Reads the manifest of a folder, where it has one.
pub(crate) fn of_folder(
    folder: &Path,
    surroundings: &mut Surroundings<'_>,
) -> Result<Option<Manifest>, Failure> {
    let path = folder.join(NAME);
    if !path.is_file() {
        return Ok(None);
    }
    let text = files::text(&path, surroundings)?;
    let wrong = |e: faregate_wire::Error| Failure(files::prefixed(&path, &e.to_string()));
    let node = faregate_wire::read_one(&text).map_err(wrong)?;
    let written: Written = faregate_wire::from_node(&node, "").map_err(wrong)?;
    for code in written.levels.keys() {
        crate::check::known_code(code, &format!("{}: levels", path.display()))?;
    }
    if written.sets.is_empty() {
        return Err(Failure(format!("{} lists no sets", path.display())));
    }
    let all = |paths: &[String]| paths.iter().map(|p| folder.join(p)).collect();
    let sets = written.sets.into_iter().map(|(name, set)| Set {
        name,
        policies: all(&set.policies),
        catalogs: all(&set.catalogs),
    });
    Ok(Some(Manifest { sets: sets.collect(), levels: written.levels }))
}
