//! What happened in a run: for billing, for audit, and for deciding it again.

use faregate_syntax::ast::{LimitKind, MoveKind, Partial};

use super::outcome::{Outcome, Phase, Usage};
use crate::{Amount, Context, Credential, Digests, ErrorClass, Money, Ratio, Request, Timestamp};

/// The record of a run that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// Whether an answer came.
    pub ok: bool,
    /// The workload that decided.
    pub workload: String,
    /// The attempt that served; `None`: none did.
    pub served: Option<Served>,
    /// What the answer used, where it was reported.
    pub usage: Option<Usage>,
    /// The class of the last error of a run that failed.
    pub error: Option<ErrorClass>,
    /// Which cap of the run kept it from going on.
    pub limit: Option<RunLimit>,
    /// When it may be worth to try again: what the last provider asked for.
    pub opens_at: Option<Timestamp>,
    /// Every error, in order.
    pub errors: Vec<FailedCall>,
    /// Every step, in order.
    pub steps: Vec<StepRecord>,
    /// Provider calls.
    pub calls: u64,
    /// What was and may have been spent; calls whose cost has no bound count nothing here and stand in `unknown_costs`.
    pub cost: Money,
    /// Calls whose cost is not known at all.
    pub unknown_costs: u64,
    /// Where it was charged: each credential that was charged, in the order of the first call.
    pub charged: Vec<Charge>,
    /// What the run added to each budget that it touched, by name.
    pub budgets: Vec<BudgetChange>,
    /// Thresholds that this run crossed.
    pub alerts: Vec<AlertCrossed>,
    /// What is to be done with output that reached the client and was cut; `None`: nothing was cut.
    pub partial: Option<Partial>,
    /// Tokens of output that were thrown away, since an answer began anew.
    pub discarded_tokens: u64,
    /// When the run began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What was asked.
    pub request: Request,
    /// What was known at the beginning.
    pub context: Context,
    /// What the host told, in order, each with its instant.
    pub told: Vec<Told>,
    /// What was decided with.
    pub digests: Digests,
}

/// The attempt that served.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Served {
    /// The endpoint.
    pub endpoint: String,
    /// Its canonical model.
    pub model: String,
    /// What the provider calls it.
    pub native_model: Option<String>,
    /// The provider.
    pub provider: String,
    /// The credential that was charged.
    pub credential: Credential,
    /// The kind of move from the first attempt of the plan; `None`: it is the first.
    pub role: Option<MoveKind>,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedCall {
    /// Its class.
    pub class: ErrorClass,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The endpoint.
    pub endpoint: String,
    /// The credential.
    pub credential: Credential,
    /// When it failed.
    pub phase: Phase,
    /// Tokens of output that came before.
    pub emitted_tokens: u64,
    /// What the provider asked to wait.
    pub retry_after_ms: Option<u64>,
    /// What the run waited before this call, in milliseconds.
    pub waited_ms: u64,
    /// What it cost or may have cost; `None`: not known.
    pub cost: Option<Money>,
}

impl FailedCall {
    /// Returns a call that failed before any output, with nothing known but its class and where it went.
    #[must_use]
    pub fn new(class: ErrorClass, endpoint: impl Into<String>, credential: Credential) -> Self {
        Self {
            class,
            status: None,
            endpoint: endpoint.into(),
            credential,
            phase: Phase::BeforeOutput,
            emitted_tokens: 0,
            retry_after_ms: None,
            waited_ms: 0,
            cost: None,
        }
    }
}

/// A step that a run took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepRecord {
    /// A call.
    Try {
        /// The endpoint.
        endpoint: String,
        /// Its provider.
        provider: String,
        /// The credential.
        credential: Credential,
        /// When it began.
        at: Timestamp,
    },
    /// A wait, in milliseconds.
    Wait {
        /// How long.
        ms: u64,
        /// From when.
        at: Timestamp,
    },
    /// The end, with an answer.
    Done,
    /// The end, without one.
    Fail(Option<ErrorClass>),
}

/// A cap of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RunLimit {
    /// No time is left.
    Deadline,
    /// No call is left.
    Calls,
    /// No move is left.
    Moves,
    /// No money is left: the `run` ceiling, a budget, or credits.
    Cost,
}

impl RunLimit {
    /// Returns the name as records write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Calls => "calls",
            Self::Moves => "moves",
            Self::Cost => "cost",
        }
    }
}

/// What a credential was charged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Charge {
    /// The provider.
    pub provider: String,
    /// The credential.
    pub credential: Credential,
    /// How much.
    pub cost: Money,
}

/// What a run added to a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetChange {
    /// The budget.
    pub budget: String,
    /// What is counted.
    pub kind: LimitKind,
    /// The values of its `per`.
    pub per: Vec<Option<String>>,
    /// `minute`, `hour`, … ; `None` for concurrency.
    pub period: Option<String>,
    /// What the run added.
    pub added: Amount,
}

/// A threshold that a run crossed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlertCrossed {
    /// The budget.
    pub budget: String,
    /// The threshold.
    pub threshold: Ratio,
}

/// What the host told a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// How an attempt ended.
    Outcome {
        /// When.
        at: Timestamp,
        /// How.
        outcome: Outcome,
    },
    /// Fresher facts.
    Observed(Box<Context>),
}

impl Record {
    /// Returns what may be done about a run that failed (rule 20); `None` where it did not, or nothing helps.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        use ErrorClass as E;
        Some(match self.error? {
            E::BadRequest | E::Unsupported => "fix_request",
            E::Authentication => "rotate_credentials",
            E::InsufficientCredits => "add_credits",
            E::Forbidden | E::Moderation => "review_policy",
            E::ContextLength | E::Timeout => "reduce_request",
            E::RateLimit | E::QuotaExhausted => "slow_down",
            E::Network
            | E::Overloaded
            | E::ProviderError
            | E::InvalidResponse
            | E::StreamInterrupted
            | E::NotFound => "switch_provider",
            E::Unavailable => "relax_routing",
            E::Cancelled => return None,
        })
    }
}
