//! The only clock: the engine has none.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use faregate::Timestamp;

/// Returns the instant.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Returns when this instant has come.
pub(crate) async fn sleep_until(at: Timestamp) {
    let ms = u64::try_from(at.0.saturating_sub(now().0)).unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(ms)).await;
}
