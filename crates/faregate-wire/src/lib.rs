//! YAML and JSON shapes of Faregate: requests, contexts and catalogs in, decisions, records and diagnostics out, saved
//! runs, golden cases.
//!
//! This crate is the only one in which our types meet serde. Money and all other numbers are read from their source
//! text, never through binary floating point; an unknown field is an error with its path and the nearest name.
//!
//! ```
//! let documents = faregate_wire::read_requests("
//!   request: { id: req-1, input_tokens: 1200, data: [pii] }
//!   context: { now: 2026-11-23T10:00:00Z, key: { credits: 0.10000000000000000001 } }
//! ").unwrap();
//! let context = documents[0].context.as_ref().unwrap();
//! assert_eq!(context.key.credits.unwrap().to_string(), "0.10000000000000000001");
//!
//! let error = faregate_wire::read_requests("request: { id: r, input_tokens: 1, max_ouput_tokens: 5 }").unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "request.max_ouput_tokens: unknown field; a field with a similar name exists: max_output_tokens",
//! );
//! ```
//!
//! # Input safety
//!
//! No input panics. A text is at most [`MAX_TEXT_BYTES`] long and [`MAX_DEPTH`] deep, and aliases may make of it
//! at most [`MAX_EXTRA_BYTES`] more than twice its length. Reading takes time in proportion to the text. All
//! faults of a document are reported, not the first alone.
//!
//! # Determinism
//!
//! Equal decisions are equal bytes: keys have one order, money has one form, and nothing depends on the machine.
//! All functions are pure and may be called from any thread.

mod catalog;
mod classify;
mod context;
mod de;
mod decision;
mod diagnostics;
mod document;
mod error;
pub mod golden;
mod json;
mod literal;
mod near;
mod node;
mod outcome;
mod path;
mod read;
mod record;
mod request;
mod saved;
mod scalar;
#[cfg(feature = "schema")]
mod schema;
mod sink;
mod slot;
mod step;
mod why;
#[cfg(feature = "yaml")]
mod yaml;

pub use catalog::{catalog_layer, catalog_layer_from, catalog_layer_to_node};
pub use classify::{classify_event, classify_response};
pub use context::{context_from, context_to_node};
pub use de::from_node;
pub use decision::{decision_to_json, decision_to_json_pretty, decision_to_node};
pub use diagnostics::diagnostics_to_node;
pub use document::{Document, read_contexts, read_requests};
pub use error::{Error, Issue};
pub use node::Node;
pub use outcome::{Scripted, outcome_to_node, outcomes_file, scripted_from, scripted_to_node};
pub use read::{MAX_DEPTH, MAX_EXTRA_BYTES, MAX_TEXT_BYTES, read_many, read_one, text_of};
pub use record::{
    ReplayInput, record_to_json, record_to_json_pretty, record_to_node, record_to_otel, replay_input,
};
pub use request::{request_from, request_to_node};
pub use saved::{saved_run_from, saved_run_to_json, saved_run_to_node};
#[cfg(feature = "schema")]
pub use schema::{Shape, schema};
pub use step::{step_to_json, step_to_node};
pub use why::why_to_node;

#[cfg(test)]
mod tests;
