//! Faregate as a WebAssembly module without imports: it asks nothing of its host, no clock, no randomness, no files, so that any
//! host can load it. Everything of meaning is in `faregate-embed`; here are only memory, handles and answers. `js/` has a loader.
//!
//! # The ABI
//!
//! A text goes in as a pointer and a length: ask `faregate_alloc` for room, write UTF-8 there, call, and
//! give the room back with `faregate_free`. What is handed in stays the caller's and is not looked at
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
//! the engine gives in every language. Data that go in are JSON (a module built with the feature `yaml` reads that too); arguments that hold
//! several things are one JSON object, in which a text is again JSON, and anything else is the value itself.
//!
//! Engines, decisions, runs, trackers and holders are numbers from 1 up, given once each, to be freed by
//! `faregate_handle_free`. A number that stands for nothing, or for something else, is an error, and so is
//! a pointer that `faregate_alloc` did not give; both are told with the argument's name.
//!
//! Instants are milliseconds since 1970-01-01T00:00:00Z, and always the caller's.
//!
//! # The functions
//!
//! `TEXT` stands for two arguments, pointer and length; handles are `u32`, `now` is `i64`. What an answer's `ok` holds is behind the arrow;
//! the functions themselves say more.
//!
//! | function | arguments → answer |
//! | --- | --- |
//! | `faregate_alloc`, `faregate_free` | length → address; address |
//! | `faregate_handle_free`, `faregate_handles` | handle → 1 or 0; how many things live |
//! | `faregate_version` | → the version |
//! | `faregate_now` | TEXT in RFC 3339 → milliseconds |
//! | `faregate_check` | TEXT with policies, catalogs, today → findings |
//! | `faregate_engine_load` | TEXT with policies, catalogs → `{"engine":1}` |
//! | `faregate_engine_with_catalog` | engine, TEXT of catalogs → `{"engine":2}` |
//! | `faregate_engine_warnings`, `faregate_engine_digests` | engine → findings; digests |
//! | `faregate_decide` | engine, TEXT of the request, TEXT of the context → `{"decision":3,"status":200}` |
//! | `faregate_decide_json` | the same → the decision |
//! | `faregate_why` | the same, TEXT of an endpoint → why, or `null` |
//! | `faregate_decision_json`, `faregate_decision_run` | decision → the decision; `{"run":4}` or `null` |
//! | `faregate_run_restore` | engine, TEXT of a saved run → `{"run":4}` |
//! | `faregate_run_step` | run, now → the step |
//! | `faregate_run_next` | run, TEXT of the outcome, now → `null` |
//! | `faregate_run_observe` | run, TEXT of a context → `null` |
//! | `faregate_run_save` | run → the saved run |
//! | `faregate_live_new`, `faregate_live_engine` | engine → `{"live":5}`; live → `{"engine":6}` |
//! | `faregate_live_replace` | live, engine → `null` |
//! | `faregate_live_load_policy`, `faregate_live_load_catalog` | live, TEXT of policies or catalogs → `null` |
//! | `faregate_tracker_new` | → `{"tracker":7}` |
//! | `faregate_tracker_fill` | tracker, engine, TEXT of the request, TEXT of the context → the context |
//! | `faregate_tracker_reserve` | tracker, decision → `{"run":8}` or `null` |
//! | `faregate_tracker_admit` | as `faregate_tracker_fill` → `{"decision":9,"status":200,"run":10}` |
//! | `faregate_classify_response`, `faregate_classify_event` | TEXT of what is known, TEXT of the body, now → the outcome, or `null` |
//! | `faregate_classify_transport` | TEXT with kind, phase → the outcome |
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
