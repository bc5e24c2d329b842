//! After an attempt: the run, a pure state machine that can be saved and restored.

mod machine;
mod money;
mod outcome;
mod record;
mod report;
mod wait;

pub use machine::{RestoreError, Run, Step};
pub use outcome::{Failure, Outcome, Phase, Success, ToolUse, Usage};
pub use record::{
    AlertCrossed, BudgetChange, Charge, FailedCall, Record, RunLimit, Served, StepRecord, Told,
};
pub use saved::{SavedCall, SavedRun, SavedState};

mod saved;
