//! The one place that touches files: a source tree from a folder or a `.tar.gz`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use crate::ImportError;

/// The largest archive content that is read, in bytes: a hundred times what models.dev needs.
const LARGEST: u64 = 512 * 1024 * 1024;

/// Returns every `.toml` file below a folder, or in a `.tar.gz`, as its path there and its text.
///
/// Paths are relative to the folder or the archive's root and use `/`; their order is that of the paths.
///
/// # Errors
/// [`ImportError::Read`] if something cannot be read or is not UTF-8.
pub fn toml_files(source: &Path) -> Result<Vec<(String, String)>, ImportError> {
    let mut files = Vec::new();
    if source.is_dir() {
        folder(source, "", &mut files)?;
    } else {
        archive(source, &mut files)?;
    }
    files.sort();
    Ok(files)
}

fn folder(at: &Path, below: &str, files: &mut Vec<(String, String)>) -> Result<(), ImportError> {
    let failed = |source| ImportError::Read { path: at.display().to_string(), source };
    for entry in fs::read_dir(at).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let relative = if below.is_empty() { name } else { format!("{below}/{name}") };
        let path = entry.path();
        if path.is_dir() {
            folder(&path, &relative, files)?;
        } else if relative.ends_with(".toml") {
            let text = fs::read_to_string(&path)
                .map_err(|source| ImportError::Read { path: path.display().to_string(), source })?;
            files.push((relative, text));
        }
    }
    Ok(())
}

fn archive(at: &Path, files: &mut Vec<(String, String)>) -> Result<(), ImportError> {
    let failed = |source| ImportError::Read { path: at.display().to_string(), source };
    let unpacked = GzDecoder::new(File::open(at).map_err(failed)?).take(LARGEST);
    let mut archive = tar::Archive::new(unpacked);
    let mut by_path: BTreeMap<String, String> = BTreeMap::new();
    let mut links = Vec::new();
    for entry in archive.entries().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        let path = entry.path().map_err(failed)?.to_string_lossy().into_owned();
        if !path.ends_with(".toml") {
            continue;
        }
        if entry.header().entry_type().is_file() {
            let mut text = String::new();
            entry.read_to_string(&mut text).map_err(failed)?;
            by_path.insert(path, text);
        } else if let Some(target) = entry.link_name().map_err(failed)? {
            links.push((path, target.to_string_lossy().into_owned()));
        }
    }
    for (path, target) in links {
        // Equal files are stored once; the others are hard links, whose targets are paths from the root.
        let Some(text) = by_path.get(&target).cloned() else {
            return Err(ImportError::source(
                &path,
                format!("is a link to `{target}`, which is not in the archive"),
            ));
        };
        by_path.insert(path, text);
    }
    files.extend(by_path);
    Ok(())
}
