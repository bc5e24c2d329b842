//! The same routing job through Faregate, through Rust by hand and through general policy engines, side by side.
//!
//! `cargo run --release` in this folder asserts equal answers, measures, prints a table and writes `results/`.
//! Everything is made from seeds. See `docs/performance.md` for what the figures say.

pub mod alloc;
pub mod job;
pub mod market;
pub mod measure;
pub mod report;
pub mod rivals;
pub mod traces;
