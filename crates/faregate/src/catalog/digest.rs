//! The hash of a catalog: of its merged facts, so that neither the order of rows nor that of files matters.

use super::Catalog;

/// Returns `blake3:` and 64 hex digits.
pub(super) fn of(catalog: &Catalog) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut feed = |part: &str| {
        hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part.as_bytes());
    };
    for e in catalog.endpoints() {
        feed(&e.id);
        feed(&e.model);
        feed(&e.provider);
        feed(e.native_model.as_deref().unwrap_or(""));
        // Every field of the facts has a fixed place and an unambiguous form here.
        feed(&format!("{:?}", e.facts));
    }
    for (alias, model) in catalog.aliases() {
        feed(alias);
        feed(model);
    }
    format!("blake3:{}", hasher.finalize().to_hex())
}
