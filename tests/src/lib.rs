//! What the tests share: random worlds, the promises that hold in them, and what fuzz targets try to break.
//!
//! A *world* is a policy set with a catalog, a request and a context. [`World::draw`] makes one of any bytes, so that
//! the property tests and the fuzz targets speak of the same worlds.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "test support: a test fails by panicking, and what is counted here is small"
)]

mod constructs;
mod draw;
pub mod fences;
pub mod fuzzed;
pub mod generate;
pub mod promises;
mod reduce;
pub mod replay;
pub mod shell;
pub mod small;
mod tree;
mod world;

pub use constructs::{CONSTRUCTS, constructs};
pub use draw::{Draw, bytes};
pub use reduce::reduce;
pub use tree::{comments, same_tree};
pub use world::{World, worlds};

/// Returns a folder of the repository.
#[must_use]
pub fn repository(folder: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder)
}
