//! The compiled engine: the same decisions as the reference, made quickly.
mod bound;
mod budgets;
mod code;
mod columns;
mod cost;
mod decide;
mod explain;
mod expr;
mod index;
mod judge;
mod nearest;
mod order;
mod plan;
mod scratch;
mod sweep;
mod value;
mod verdict;

pub(crate) use decide::Compiled;
pub use scratch::Scratch;
pub use verdict::{Choice, Verdict};
