//! What holds in every world: random policies, catalogs, requests and contexts; and what fuzzing once found.
//!
//! `FAREGATE_CASES=20` runs twenty times as many cases, `FAREGATE_SEED=7` other ones. Without them every run is the same.

#[path = "properties/corners.rs"]
mod corners;
#[path = "properties/engines.rs"]
mod engines;
#[path = "properties/hold.rs"]
mod hold;
#[path = "properties/promises.rs"]
mod promises;
#[path = "properties/reach.rs"]
mod reach;
#[path = "properties/regressions.rs"]
mod regressions;
#[path = "properties/runs.rs"]
mod runs;
