//! After an attempt: the run, a pure state machine that can be saved and restored.

mod by_reference;
mod data;
mod machine;
mod money;
mod outcome;
mod record;
mod report;
mod saved;
mod view;
mod wait;

pub(crate) use data::Seat;
pub use machine::{RestoreError, Run, Step};
pub(crate) use money::Rates;
pub use outcome::{Failure, Outcome, Phase, Success, ToolUse, Usage};
pub use record::{
    AlertCrossed, BudgetChange, Charge, FailedCall, Record, RunLimit, Served, StepRecord, Told,
};
pub use saved::{SavedCall, SavedRun, SavedState};
pub(crate) use view::{Counted, Kept, View};
