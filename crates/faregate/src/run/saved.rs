//! A run as plain data, so that it can be kept elsewhere and go on later.

use super::outcome::Outcome;
use super::record::{FailedCall, RunLimit, StepRecord, Told};
use crate::{Context, Credential, Digests, ErrorClass, Money, Request, Timestamp};

/// All that a run knows. [`Engine::restore`](crate::Engine::restore) makes it go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedRun {
    /// What is asked.
    pub request: Request,
    /// What was known at the beginning.
    pub context: Context,
    /// What was last observed; `now` is that of the beginning.
    pub observed: Context,
    /// The workload that decided.
    pub workload: String,
    /// Budgets that degraded the request: they close nothing.
    pub degraded: Vec<String>,
    /// The plan: endpoint and credential of each attempt, in order.
    pub plan: Vec<(String, Credential)>,
    /// What the run is about to do.
    pub state: SavedState,
    /// Where in the plan it is, from 0.
    pub at: usize,
    /// Moves made.
    pub moves: u64,
    /// How often each retry rule was used at the present candidate, in text order.
    pub used: Vec<u64>,
    /// Calls made, in order.
    pub calls: Vec<SavedCall>,
    /// Own keys, by id, and providers' shared credentials, that are dead: provider and credential.
    pub dead: Vec<(String, Credential)>,
    /// Errors so far.
    pub errors: Vec<FailedCall>,
    /// Steps so far.
    pub steps: Vec<StepRecord>,
    /// Tokens of output thrown away.
    pub discarded_tokens: u64,
    /// What the host told.
    pub told: Vec<Told>,
    /// What was decided with.
    pub digests: Digests,
}

/// What a run is about to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SavedState {
    /// Call the present candidate; `waited_ms` passed before.
    Ready {
        /// Milliseconds waited before the call.
        waited_ms: u64,
    },
    /// Wait, then call the present candidate again.
    Waiting {
        /// Until when.
        until: Timestamp,
        /// How long in all, in milliseconds.
        ms: u64,
    },
    /// A call is out.
    Calling,
    /// A call has failed; what follows is decided at the next step, with what was observed until then.
    Judging {
        /// When it failed.
        at: Timestamp,
    },
    /// It has ended with an answer.
    Done {
        /// When.
        at: Timestamp,
    },
    /// It has ended without one.
    Failed {
        /// The class of the last error; `None`: no call could be made.
        error: Option<ErrorClass>,
        /// The cap that kept it from going on.
        limit: Option<RunLimit>,
        /// Whether output that reached the client was cut.
        cut: bool,
        /// When.
        at: Timestamp,
    },
}

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedCall {
    /// Where in the plan, from 0.
    pub at: usize,
    /// When it began.
    pub started_at: Timestamp,
    /// Milliseconds waited before it.
    pub waited_ms: u64,
    /// What it may cost at most, as known when it began; `None`: no bound.
    pub worst: Option<Money>,
    /// Input and output tokens that it may use at most; `None`: no bound.
    pub worst_tokens: Option<u64>,
    /// What it cost or may have cost; `None`: no bound. As `worst` while it is out.
    pub spent: Option<Money>,
    /// Tokens that it used or may have used.
    pub tokens: Option<u64>,
    /// The counters of budgets under which it counts, as policy and facts were when it began: budget and values of its `per`.
    pub counts_under: Vec<(String, Vec<Option<String>>)>,
    /// How it ended; `None`: it is out.
    pub outcome: Option<Outcome>,
}
