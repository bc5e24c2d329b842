//! Embedded policy engine for gateways that send requests to large language models.
//!
//! A policy says which workload may go to which model and provider, at what price, what may replace it when it
//! fails. [`Engine::decide`] turns a request and its context into a [`Decision`] that explains itself.
//!
//! # Promises
//!
//! - **Total**: every decision ends; a policy that loaded cannot fail at run time.
//! - **Closed**: what no rule permits is denied; a missing fact never widens what is allowed.
//! - **Exact**: money is a whole number of 10^-24 dollars; nothing is rounded, overflow excludes.
//! - **Pure**: no files, no clock, no randomness, no network; time and seed come in with the request.
//! - No input panics; nothing here is `unsafe`; all types are `Send + Sync`.

#[macro_use]
mod request;
#[cfg_attr(
    not(feature = "model"),
    allow(unreachable_pub, reason = "parts of it are public to analyses alone")
)]
mod attributes;
#[cfg_attr(
    not(feature = "model"),
    allow(unreachable_pub, reason = "parts of it are public to analyses alone")
)]
mod catalog;
mod check;
mod classes;
mod classify;
mod compiled;
mod context;
mod decision;
mod draw;
mod engine;
#[cfg_attr(
    not(feature = "model"),
    allow(unreachable_pub, reason = "parts of it are public to analyses alone")
)]
mod ir;
mod live;
#[cfg(feature = "model")]
pub mod model;
mod money;
#[cfg_attr(
    not(feature = "model"),
    allow(unreachable_pub, reason = "parts of it are public to analyses alone")
)]
mod pattern;
mod policy;
mod reference;
mod run;
mod sync;
#[cfg_attr(
    not(feature = "model"),
    allow(unreachable_pub, reason = "parts of it are public to analyses alone")
)]
mod time;
mod tracker;
mod watch;

pub use attributes::built_in_attributes;
pub use catalog::*;
pub use check::{Completeness, DIAGNOSTIC_CODES};
pub use classes::ErrorClass;
pub use classify::{Classified, Dialect, Field, Signals, Transport, classify, classify_transport};
pub use compiled::{Choice, Scratch, Verdict};
pub use context::*;
pub use decision::{
    Alert, Amount, Attempt, BudgetUse, Credential, Decision, Degraded, Denial, DenialCode, Digests,
    Exclusion, Explanation, Nearest, Plan, Reason, RetryUse, ToolCap, WaiverUse,
};
pub use engine::{Engine, EngineError};
pub use faregate_syntax as syntax;
pub use live::{Live, LoadError};
pub use money::{Money, MoneyError, Ratio};
pub use policy::{Checked, MAX_FILES, PolicySet, check_set};
pub use reference::{Check, CheckVerdict, CredentialWhy, Why};
pub use request::{AttributeValue, Key, MAX_COUNT, Request};
pub use run::{
    AlertCrossed, BudgetChange, Charge, FailedCall, Failure, Outcome, Phase, Record, RestoreError, Run,
    RunLimit, SavedCall, SavedRun, SavedState, Served, Step, StepRecord, Success, Told, ToolUse, Usage,
};
pub use time::{Date, TimeOfDay, Timestamp, TimestampError};
pub use tracker::{
    Count, CounterId, CounterKey, Counters, CountersUnavailable, Hold, MemoryCounters, Refused, Reservation,
    ReserveError, Settlement, Tracker,
};
pub use watch::{Watch, Watched};
