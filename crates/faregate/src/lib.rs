//! Embedded policy engine for gateways that send requests to large language models.

#[macro_use]
mod request;
mod catalog;
mod context;
mod decision;
mod money;
mod time;

pub use catalog::*;
pub use context::*;
pub use decision::{
    Alert, Amount, Attempt, BudgetUse, Credential, Decision, Degraded, Denial, DenialCode, Digests, Exclusion,
    Explanation, Plan, Reason, RetryUse, ToolCap, WaiverUse,
};
pub use faregate_syntax as syntax;
pub use money::{Money, MoneyError, Ratio};
pub use request::{AttributeValue, Key, MAX_COUNT, Request};
pub use time::{Date, TimeOfDay, Timestamp, TimestampError};
