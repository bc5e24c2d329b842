//! Faregate as a WebAssembly module without imports: it asks nothing of its host, no clock, no randomness, no files, so that any
//! host can load it. Everything of meaning is in `faregate-embed`; here are only memory, handles and answers. `js/` has a loader.
//!
//! # The ABI
//!
//! A text goes in as a pointer and a length: ask [`faregate_alloc`](memory::faregate_alloc) for room, write UTF-8 there, call, and
//! give the room back with [`faregate_free`](memory::faregate_free). What is handed in stays the caller's and is not looked at
//! after the call.
//!
//! Every function that answers returns 64 bits, `pointer << 32 | length` (unsigned: in JavaScript `BigInt.asUintN(64, …)`): UTF-8
//! that is the caller's to free. It is JSON on one line, one of
//!
//! ```json
//! {"ok":…}
//! {"error":{"code":"invalid_data","message":"…","at":"request.input_tokens","issues":[…],"diagnostics":null}}
//! ```
//!
//! so that the value of an answer that is none of an error is what stands between the first six bytes and the last: the bytes that
//! the engine gives in every language. Data that go in are JSON or YAML; arguments that hold several things are one JSON object, in
//! which a text is again JSON or YAML, and anything else is the value itself.
//!
//! Engines, decisions, runs, trackers and holders are numbers from 1 up, given once each, to be freed by
//! [`faregate_handle_free`](handles::faregate_handle_free). A number that stands for nothing, or for something else, is an error, and so is
//! a pointer that `faregate_alloc` did not give; both are told with the argument's name.
//!
//! Instants are milliseconds since 1970-01-01T00:00:00Z, and always the caller's.
//!
//! # What may go wrong
//!
//! No input panics; the engine's own promise is kept by fuzzing, and this crate has no `unsafe` code. A fault of Faregate itself, or memory that
//! is used up (a module has at most 4 GiB), is a trap (`unreachable`): the host sees it as its error, and the instance is to be
//! thrown away, since what it was at may be half done. Loading reads texts of at most 64 MiB.
//!
//! An instance belongs to one thread at a time, as WebAssembly without shared memory does. A program with several has several instances.

mod answer;
mod engine;
mod handles;
mod live;
mod memory;
mod reply;
mod run;
mod tracker;
