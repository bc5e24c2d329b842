//! Policy and catalog from files, and again when the files change.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use faregate::{Catalog, PolicySet};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::server::Gateway;

/// Reads policy and catalog.
///
/// # Errors
/// What does not load, as a report for people.
pub(crate) fn load(config: &Config) -> Result<(PolicySet, Catalog), String> {
    let text = |path: &PathBuf| {
        let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok::<_, String>((name.into_owned(), text))
    };
    let policies = config.policies.iter().map(text).collect::<Result<Vec<_>, _>>()?;
    let policy = PolicySet::parse(policies).map_err(|found| found.to_string())?;
    let layer = |path| {
        let (name, text) = text(path)?;
        faregate_wire::catalog_layer(&text).map_err(|e| format!("{name}: {e}"))
    };
    let layers = config.catalogs.iter().map(layer).collect::<Result<Vec<_>, _>>()?;
    let catalog = Catalog::new(layers).map_err(|errors| errors.to_string())?;
    Ok((policy, catalog))
}

/// Looks at the files now and then, and reloads when one has changed.
pub(crate) async fn watch(gateway: Arc<Gateway>, stop: CancellationToken) {
    let mut seen = stamps(&gateway.config);
    while stop.run_until_cancelled(tokio::time::sleep(gateway.config.reload_every)).await.is_some() {
        let now = stamps(&gateway.config);
        if now != seen {
            seen = now;
            match gateway.reload() {
                Ok(()) => eprintln!("policy and catalog reloaded"),
                Err(error) => eprintln!("not reloaded, the old ones serve on: {error}"),
            }
        }
    }
}

/// When each file was written, and how long it is.
fn stamps(config: &Config) -> Vec<Option<(SystemTime, u64)>> {
    let stamp = |path: &PathBuf| {
        let about = std::fs::metadata(path).ok()?;
        Some((about.modified().ok()?, about.len()))
    };
    config.policies.iter().chain(&config.catalogs).map(stamp).collect()
}
