//! What is known at the moment of a decision: time, key, credentials, health, budgets.

use std::collections::{BTreeMap, BTreeSet};

use faregate_syntax::Fixed;
use faregate_syntax::ast::LimitKind;

use crate::catalog::PriceList;
use crate::{Key, Money, Ratio, Timestamp};

/// The facts of one moment. The engine has no clock and no store of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// The moment of the decision.
    pub now: Timestamp,
    /// The gateway's key.
    pub key: Key,
    /// The gateway's own credentials at providers (BYOK). Shared ones need no entry.
    pub credentials: Vec<OwnCredential>,
    /// Providers for which the gateway has no shared credential.
    pub shared_except: BTreeSet<String>,
    /// What is known of endpoints now, by endpoint id or provider; the endpoint's facts go first.
    pub endpoints: BTreeMap<String, EndpointFacts>,
    /// What budgets have counted. `None` is not the same as empty: nothing is known then, and every
    /// budget that applies closes.
    pub budgets: Option<Vec<BudgetRow>>,
}

impl Context {
    /// Returns a context of which only the time is known. Budgets are unknown, not untouched.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            key: Key::default(),
            credentials: Vec::new(),
            shared_except: BTreeSet::new(),
            endpoints: BTreeMap::new(),
            budgets: None,
        }
    }
}

/// A credential of the gateway's own at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OwnCredential {
    /// Its id, never the secret.
    pub id: String,
    /// The provider that it opens.
    pub provider: String,
    /// Lower goes first; 0 where absent.
    pub priority: i64,
    /// Whether it is to be tried after the shared ones.
    pub fallback: bool,
    /// Models or patterns that it serves; `None`: all.
    pub models: Option<Vec<String>>,
    /// Gateway keys that may use it; `None`: all.
    pub keys: Option<Vec<String>>,
    /// Whether it works.
    pub state: CredentialState,
    /// Prices of its own, laid over the endpoint's field by field.
    pub prices: Option<PriceList>,
    /// What the gateway charges on top of its costs: 0.05 is 5 %.
    pub fee: Ratio,
}

impl OwnCredential {
    /// Returns a working credential for all models and keys.
    #[must_use]
    pub fn new(id: impl Into<String>, provider: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            provider: provider.into(),
            priority: 0,
            fallback: false,
            models: None,
            keys: None,
            state: CredentialState::Ok,
            prices: None,
            fee: Ratio::default(),
        }
    }
}

/// Whether a credential works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CredentialState {
    /// `ok`
    #[default]
    Ok,
    /// `exhausted`
    Exhausted,
    /// `invalid`
    Invalid,
    /// `disabled`
    Disabled,
}

/// What is known of an endpoint or a provider now.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct EndpointFacts {
    /// Absent: up.
    pub health: Option<Health>,
    /// It cools down until then.
    pub cooling_until: Option<Timestamp>,
    /// Share of calls that it serves.
    pub uptime: Option<Ratio>,
    /// Share of calls that fail.
    pub error_rate: Option<Ratio>,
    /// Milliseconds to the first token: p50, p75, p90, p99.
    pub latency_ms: [Option<u64>; 4],
    /// Output tokens per second: p50, p75, p90, p99.
    pub throughput: [Option<Fixed>; 4],
}

/// The health of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Health {
    /// `up`
    Up,
    /// `degraded`
    Degraded,
    /// `down`
    Down,
}

/// What a budget has counted for one value of its `per` in one window.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetRow {
    /// The budget's name.
    pub budget: String,
    /// The values of its `per`, in its order; empty where it has none.
    pub per: Vec<String>,
    /// `minute`, `hour`, `day`, `week`, `month` or `total`; `None` where the budget has one window.
    pub window: Option<String>,
    /// When the window began.
    pub window_start: Option<Timestamp>,
    /// What is counted, and how much.
    pub counted: Counted,
    /// Held for runs in flight, in the same unit; counts as counted.
    pub reserved: Option<Counted>,
}

impl BudgetRow {
    /// Returns a row without window and reservation.
    #[must_use]
    pub fn new(budget: impl Into<String>, per: Vec<String>, counted: Counted) -> Self {
        Self { budget: budget.into(), per, window: None, window_start: None, counted, reserved: None }
    }
}

/// An amount of one of the things that a budget counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Dollars.
    Spend(Money),
    /// Calls.
    Requests(u64),
    /// Tokens.
    Tokens(u64),
    /// Runs in flight.
    Concurrency(u64),
}

impl Counted {
    /// Returns what is counted.
    #[must_use]
    pub fn kind(self) -> LimitKind {
        match self {
            Self::Spend(_) => LimitKind::Spend,
            Self::Requests(_) => LimitKind::Requests,
            Self::Tokens(_) => LimitKind::Tokens,
            Self::Concurrency(_) => LimitKind::Concurrency,
        }
    }
}
