//! What all bindings of Faregate have in common: the engine behind texts and trees of data.
//!
//! A binding hands in policies as texts, data as YAML, JSON or a tree of its language's values, and instants; it gets JSON
//! back, the same bytes in every language, and errors as data: a code, a sentence, a place. What is left to a binding is how its
//! language writes functions, owns memory and raises errors. A program in Rust uses `faregate` and `faregate-wire` themselves.
//!
//! ```
//! use faregate_embed::{Engine, File, Timestamp};
//!
//! let policy = r#"policy p { language 1 } workload chat { otherwise route { models requested } }"#;
//! let catalog = "endpoints: [ { id: m/a@north, context_length: 9000, modalities: [text] } ]";
//! let engine = Engine::load(&[File::new("p.fare", policy)], &[catalog.into()]).unwrap();
//!
//! let decision = engine.decide(
//!     &r#"{ "id": "r1", "model": "m/a", "input_tokens": 120 }"#.into(),
//!     &r#"{ "now": "2026-11-23T10:00:00Z" }"#.into(),
//! ).unwrap();
//! assert!(decision.json().starts_with(r#"{"outcome":"route","request":"r1","workload":"chat""#));
//!
//! let run = decision.run().unwrap();
//! let now = Timestamp(1_795_428_000_000);
//! assert!(run.step(now).unwrap().starts_with(r#"{"step":"try","attempt":{"endpoint":"m/a@north""#));
//! run.next(&r#"{ "ok": { "input_tokens": 120, "output_tokens": 40 } }"#.into(), now).unwrap();
//! assert!(run.step(now).unwrap().starts_with(r#"{"step":"done","record":{"record":"r1""#));
//! ```
//!
//! # Threads
//!
//! All types are `Send + Sync`. Only [`Run`] has a lock of its own, so that a run that two threads drive at once takes one
//! step after the other; nothing else waits for anything.

mod answer;
mod data;
mod engine;
mod error;
mod live;
mod run;
mod tracker;

pub use answer::{classify_event, classify_response, classify_transport};
pub use data::{Data, File, now_from};
pub use engine::{Decision, Engine, check, check_node, version};
pub use error::{Code, Error, caught};
pub use faregate::Timestamp;
pub use faregate_wire::Node;
pub use live::Live;
pub use run::Run;
pub use tracker::{Admitted, Tracker};
