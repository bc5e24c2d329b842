//! Faregate for Node.js: the raw functions on which `surface.js` builds the classes that programs use. Everything of meaning is in
//! `faregate-embed`; here texts and handles cross, and errors become texts of JSON that `index.js` raises as `FaregateError`.
//!
//! - **Invariant:** no panic reaches Node: it is an error with the code `internal` (`told`).
//! - **Invariant:** nothing is shared between threads but what `faregate-embed` shares, which is `Send + Sync`; each worker
//!   thread loads the addon for itself.

mod answer;
mod engine;
mod kept;
mod run;
mod values;
