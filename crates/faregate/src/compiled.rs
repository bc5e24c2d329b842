//! The compiled engine: the decisions of the reference, made quickly.
//!
//! [`code`] compiles a policy once: conditions become nodes, equal ones one node, and guardrails stand behind an [`index`] of
//! the texts and marks that a request can carry. [`bound`] binds the code to a catalog: what [`columns`] of facts settle
//! becomes bit sets. A decision then runs through [`decide`]: `ask` holds the request to its declarations, the index finds
//! the guardrails that it can meet, [`sweep`] intersects bit sets and looks only at what is left one by one, [`order`] sorts,
//! [`plan`](mod@plan) keeps what moves can reach. [`explain`] writes the decision out, with the words of the reference.
//!
//! Nothing here decides what a policy means. Where a question has an answer in `reference`, the answer is that one, and
//! `tests/properties/engines.rs` holds the two to the same bytes. Every construct has a compiled form; none falls back to
//! the reference.

mod bound;
mod budgets;
mod code;
mod columns;
mod cost;
mod decide;
mod declared;
mod explain;
mod expr;
mod index;
mod instant;
mod judge;
mod leaf;
mod nearest;
mod now;
mod order;
mod packed;
mod plan;
mod priced;
mod ranks;
mod scratch;
mod source;
mod sweep;
#[cfg(test)]
mod tests;
mod value;
mod verdict;

pub(crate) use cost::Listed;
pub(crate) use decide::Compiled;
pub(crate) use instant::{Asked, Room};
pub use scratch::Scratch;
pub use verdict::{Choice, Verdict};
