//! Faregate behind a C ABI. The header, `include/faregate.h`, is made of this crate and says who owns what.
//!
//! Everything of meaning is in `faregate-embed`; here pointers become slices, results become a status and what was asked for, and
//! panics become a status too.
//!
//! - **Invariant:** every function catches panics (`guard`), so that none crosses into C.
//! - **Invariant:** a pointer is looked at only in `given`, written to only by `give`; both say what a caller has promised.

mod answer;
mod engine;
mod give;
mod given;
mod guard;
mod live;
mod run;
mod tracker;

pub use answer::{faregate_classify_event, faregate_classify_response, faregate_classify_transport};
pub use engine::{
    faregate_check, faregate_decide, faregate_decide_json, faregate_decision_free, faregate_decision_json,
    faregate_decision_run, faregate_decision_status, faregate_engine_catalog_digest, faregate_engine_copy,
    faregate_engine_free, faregate_engine_load, faregate_engine_policy_digest, faregate_engine_warnings,
    faregate_version, faregate_why,
};
pub use faregate_embed::{Decision, Engine, Live, Run, Tracker};
pub use give::{FaregateText, faregate_text_free};
pub use given::{FaregateFile, FaregateStr};
pub use guard::FaregateStatus;
pub use live::{
    faregate_live_engine, faregate_live_free, faregate_live_load_catalog, faregate_live_load_policy,
    faregate_live_new, faregate_live_replace,
};
pub use run::{
    faregate_run_free, faregate_run_next, faregate_run_observe, faregate_run_restore, faregate_run_save,
    faregate_run_step,
};
pub use tracker::{
    faregate_tracker_admit, faregate_tracker_fill, faregate_tracker_free, faregate_tracker_new,
    faregate_tracker_reserve,
};
