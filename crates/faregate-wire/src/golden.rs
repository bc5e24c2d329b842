//! Golden cases: one form for the conformance suite, for policy authors' tests and for every binding.
//!
//! A file has a base and cases. A case is laid over the base: maps merge, lists and scalars replace, `null` removes.
//! What a case expects names only the fields that matter. Reading a file runs nothing; whoever runs a case hands what
//! came out to [`Case::differences`]. Where a case [runs](Case::runs), [`play`] drives the plan through its outcomes.
//!
//! ```
//! use faregate_wire::golden::{Got, read_cases};
//!
//! let file = r#"
//! policy: |
//!   policy p { language 1 }
//! request: { id: r1, input_tokens: 1000 }
//! context: { now: 2026-11-23T10:00:00Z }
//! cases:
//!   - name: personal data is refused
//!     request: { data: [pii] }
//!     expect: { outcome: deny, denial: { code: guardrail } }
//!   - name: a misspelt field is an error
//!     request: { dta: [pii] }
//!     expect: { error: "request.dta: unknown field" }
//! "#;
//! let cases = read_cases(file, &mut |path| Err(format!("no file {path}"))).unwrap();
//! let input = cases[0].input.as_ref().unwrap();
//! assert!(input.request.as_ref().unwrap().data.as_ref().unwrap().contains("pii"));
//! // Nothing is left to run for the second, and it holds.
//! assert_eq!(cases[1].settled(), Some(vec![]));
//! assert_eq!(
//!     cases[0].differences(Got::Error("the policy does not load")),
//!     ["expected a decision, got the error: the policy does not load"],
//! );
//! ```

mod case;
mod compare;
mod merge;
mod play;
mod steps;

pub use case::{Case, Expect, Got, Input, Policy, read_cases};
pub use compare::{compare, compare_diagnostics, compare_run};
pub use merge::merge;
pub use play::{Played, play};

#[cfg(feature = "schema")]
pub(crate) use case::CaseFileDto;
