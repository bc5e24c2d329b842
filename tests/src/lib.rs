//! What the tests share.

/// Returns a folder of the repository.
#[must_use]
pub fn repository(folder: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder)
}
