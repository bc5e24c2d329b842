//! Files read, with errors that name them.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use faregate::{Catalog, CatalogLayer, Checked, Completeness, check_set};
use faregate_syntax::{Diagnostic, Diagnostics};

use crate::args::Format;
use crate::{Exit, Failure, Surroundings};

/// No file is read past this; the largest limit of any shape.
const MAX_BYTES: u64 = 64 << 20;

/// Reads a file, or standard input for `-`.
pub(crate) fn text(path: &Path, surroundings: &mut Surroundings<'_>) -> Result<String, Failure> {
    let limit = MAX_BYTES.saturating_add(1);
    let mut bytes = Vec::new();
    let wrong = |e: std::io::Error| Failure(format!("cannot read {}: {}", shown(path), plain(&e)));
    if path == Path::new("-") {
        (&mut *surroundings.stdin).take(limit).read_to_end(&mut bytes).map_err(wrong)?;
    } else {
        let file = std::fs::File::open(path).map_err(wrong)?;
        if file.metadata().map_err(wrong)?.is_dir() {
            return Err(Failure(format!("{} is a folder, and a file is wanted", path.display())));
        }
        file.take(limit).read_to_end(&mut bytes).map_err(wrong)?;
    }
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_BYTES {
        return Err(Failure(format!("{} is larger than {} MiB", shown(path), MAX_BYTES.wrapping_shr(20))));
    }
    match faregate_wire::text_of(&bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(Failure(format!("{}: {error}", shown(path)))),
    }
}

pub(crate) fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "no permission".to_owned(),
        _ => error.to_string(),
    }
}

/// Says why a file was not written.
pub(crate) fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "no such folder".to_owned(),
        _ => plain(error),
    };
    Failure(format!("cannot write {}: {why}", shown(path)))
}

/// Names a path for messages.
pub(crate) fn shown(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}

/// Puts `text` into a file, so that a reader finds the old or the new text and never a part of it. A link stays one, and
/// the file keeps its permissions.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let written = std::fs::canonicalize(path).and_then(|file| {
        let folder = file.parent().unwrap_or(Path::new("."));
        let mut fresh = tempfile::Builder::new().prefix(".faregate-").tempfile_in(folder)?;
        fresh.write_all(text.as_bytes())?;
        std::fs::set_permissions(fresh.path(), std::fs::metadata(&file)?.permissions())?;
        fresh.persist(&file)?;
        Ok(())
    });
    written.map_err(|error| unwritten(path, &error))
}

/// Reads and checks the files of a policy set.
pub(crate) fn policies(
    paths: &[PathBuf],
    completeness: Completeness,
    surroundings: &mut Surroundings<'_>,
) -> Result<Checked, Failure> {
    let mut texts = Vec::new();
    for path in paths {
        texts.push((shown(path), text(path, surroundings)?));
    }
    Ok(check_set(texts, completeness))
}

/// Reads catalogs and lays them over one another.
pub(crate) fn catalog(paths: &[PathBuf], surroundings: &mut Surroundings<'_>) -> Result<Catalog, Failure> {
    let mut layers: Vec<CatalogLayer> = Vec::new();
    for path in paths {
        let text = text(path, surroundings)?;
        let layer =
            faregate_wire::catalog_layer(&text).map_err(|e| Failure(prefixed(path, &e.to_string())))?;
        layers.push(layer);
    }
    Catalog::new(layers).map_err(|errors| {
        let names: Vec<String> = paths.iter().map(|path| shown(path)).collect();
        let lines: Vec<String> = errors.iter().map(|e| format!("{}: {e}", names.join(" + "))).collect();
        Failure(lines.join("\n"))
    })
}

/// Puts the file's name before each line of a message.
pub(crate) fn prefixed(path: &Path, message: &str) -> String {
    let lines: Vec<String> = message.lines().map(|line| format!("{}: {line}", shown(path))).collect();
    lines.join("\n")
}

/// Writes findings to `err`.
pub(crate) fn report(diagnostics: &Diagnostics, surroundings: &mut Surroundings<'_>) {
    let _closed = write!(surroundings.err, "{}", diagnostics.render(surroundings.colour_errors));
}

/// Ends a command whose policy does not load. What programs read is on standard output then too, in the shape of `check`.
pub(crate) fn unread(
    diagnostics: &Diagnostics,
    format: Format,
    surroundings: &mut Surroundings<'_>,
) -> Result<Exit, Failure> {
    if format == Format::Json {
        let list: Vec<Diagnostic> = diagnostics.iter().cloned().collect();
        let report = faregate_wire::diagnostics_to_node(&list, diagnostics.sources());
        writeln!(surroundings.out, "{}", serde_json::to_string_pretty(&report)?)?;
    }
    Ok(Exit::No)
}

/// Finds the files below a folder whose name ends so, sorted; a file stands for itself.
pub(crate) fn find(path: &Path, ending: &str) -> Result<Vec<PathBuf>, Failure> {
    let wrong = |e: std::io::Error| Failure(format!("cannot read {}: {}", path.display(), plain(&e)));
    let metadata = std::fs::metadata(path).map_err(wrong)?;
    if !metadata.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            let kind = entry.file_type().map_err(wrong)?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if kind.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
                folders.push(entry.path());
            } else if kind.is_file() && name.ends_with(ending) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}
