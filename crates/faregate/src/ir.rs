//! A checked policy: names resolved, types known, profiles merged, nothing left to go wrong at run time.
//!
//! Analyses read it as `faregate::model` (feature `model`); gateways never see it.

#![allow(
    missing_docs,
    reason = "fields and variants bear the names of the language, of which grammar/README.md and docs/language tell"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use faregate_syntax::Span;
use faregate_syntax::ast::{
    Commit, CompareOp, Counted, CredentialMode, Date, Jitter, LimitKind, MoveKind, Partial, Quantifier,
};

use crate::attributes::{Subject, Type};
use crate::classes::ErrorClass;
pub(crate) use crate::decision::Amount;
use crate::decision::ToolCap;
use crate::pattern::Pattern;
use crate::time::{Period, Zone};
use crate::{Money, Ratio};

/// All declarations of a set.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub name: String,
    pub declared: Vec<Declared>,
    pub guardrails: Vec<Guardrail>,
    pub waivers: Vec<Waiver>,
    pub budgets: Vec<Budget>,
    pub workloads: Vec<Workload>,
    pub invariants: Vec<Invariant>,
}

/// An attribute that `declare` adds or narrows.
#[derive(Clone, Debug)]
pub struct Declared {
    pub subject: Subject,
    pub name: String,
    pub ty: Type,
    pub default: Option<Value>,
    /// Whether it narrows a built-in attribute.
    pub narrows: bool,
    pub span: Span,
}

/// A value; everything that has an order is a whole number: counts, 10^-24 dollars, 10^-24 shares, milliseconds,
/// days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Bool(bool),
    Number(i128),
    Set(BTreeSet<String>),
}

/// An attribute, as an expression reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Attr {
    pub subject: Subject,
    pub name: String,
    pub ty: Type,
}

impl Attr {
    /// Whether its value may be another later in a run: by the clock, or since the host observed something.
    pub fn may_change(&self) -> bool {
        match self.subject {
            Subject::Time => true,
            Subject::Key => self.name == "credits",
            Subject::Endpoint => {
                let figure =
                    ["price_", "latency", "throughput"].iter().any(|start| self.name.starts_with(start));
                figure
                    || matches!(
                        self.name.as_str(),
                        "uptime" | "error_rate" | "health" | "cooling_down" | "cost"
                    )
            }
            Subject::Request | Subject::Attempt => false,
        }
    }
}

/// An expression and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

/// What an expression says.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    Constant(bool),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Flag(Attr),
    Present(Attr),
    /// Values are of the attribute's type.
    Compare {
        left: Attr,
        op: CompareOp,
        right: Term,
        zone: Option<Zone>,
    },
    Between {
        left: Attr,
        low: i128,
        high: i128,
        zone: Option<Zone>,
    },
    In {
        left: Attr,
        members: Vec<Member>,
        zone: Option<Zone>,
    },
    Includes {
        left: Attr,
        quantifier: Quantifier,
        right: SetTerm,
    },
    Matches {
        left: Attr,
        pattern: Pattern,
    },
}

/// The right side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    Value(Value),
    Attr(Attr),
}

/// What may stand in the list after `in`.
#[derive(Clone, Debug, PartialEq)]
pub enum Member {
    Value(Value),
    /// The members of a group.
    Group(String, Arc<[Pattern]>),
}

/// The right side of `includes`.
#[derive(Clone, Debug, PartialEq)]
pub enum SetTerm {
    Values(Vec<String>),
    Attr(Attr),
}

/// `require` or `forbid`.
#[derive(Clone, Debug)]
pub struct Rule {
    pub forbid: bool,
    pub expr: Expr,
    pub span: Span,
}

/// A `guardrail`.
#[derive(Clone, Debug)]
pub struct Guardrail {
    pub name: String,
    pub when: Option<Expr>,
    pub rules: Vec<Rule>,
    pub because: Option<String>,
}

/// A `waive`.
#[derive(Clone, Debug)]
pub struct Waiver {
    pub guardrail: String,
    pub when: Option<Expr>,
    pub until: Date,
    pub until_span: Span,
    pub span: Span,
}

/// A `budget`.
#[derive(Clone, Debug)]
pub struct Budget {
    pub name: String,
    pub when: Option<Expr>,
    pub covers: Option<Expr>,
    pub per: Vec<Attr>,
    pub limits: Vec<Limit>,
    pub byok_included: bool,
    pub reserve: Option<(Ratio, Expr)>,
    /// Ascending.
    pub alerts: Vec<Ratio>,
    pub exhausted: Exhausted,
}

/// One limit of a budget.
#[derive(Clone, Debug)]
pub struct Limit {
    pub kind: LimitKind,
    pub amount: Amount,
    /// `None` for concurrency.
    pub period: Option<Period>,
    pub zone: Zone,
    pub span: Span,
}

/// What `on exhausted` says.
#[derive(Clone, Debug, PartialEq)]
pub enum Exhausted {
    Deny,
    UseWorkload(String, Span),
    AlertOnly,
}

/// A `workload`.
#[derive(Clone, Debug)]
pub struct Workload {
    pub name: String,
    /// `None`: otherwise.
    pub when: Option<(Expr, Span)>,
    pub body: Body,
    pub span: Span,
}

/// What a workload does.
#[derive(Clone, Debug)]
pub enum Body {
    Deny(String, Span),
    Route(Box<Routing>),
}

/// The sections of a workload, its profiles merged in.
#[derive(Clone, Debug)]
pub struct Routing {
    pub tiers: Vec<Tier>,
    pub models_span: Span,
    /// Where the entries of each tier stand; one for `requested`.
    pub entry_spans: Vec<Vec<Span>>,
    pub rules: Vec<Rule>,
    pub prefers: Vec<(Expr, Span)>,
    pub order: Order,
    /// Where the order is written; `None`: by price, as where nothing is written.
    pub order_span: Option<Span>,
    pub credentials: CredentialMode,
    pub credentials_span: Option<Span>,
    pub credentials_for: BTreeMap<String, (CredentialMode, Span)>,
    pub tolerate: BTreeSet<String>,
    pub ceilings: Vec<Ceiling>,
    pub fallback: Option<Fallback>,
    pub retry: Option<Retry>,
    pub health: Option<HealthRules>,
    pub commit: Commit,
    pub partial: Partial,
    pub tools: BTreeMap<String, ToolCap>,
    pub iterations: Option<u64>,
}

/// One tier of `models`.
#[derive(Clone, Debug)]
pub enum Tier {
    Entries(Vec<TierEntry>),
    Requested { within: Option<TierEntry> },
}

/// One entry of a tier.
#[derive(Clone, Debug)]
pub enum TierEntry {
    /// An id or an alias.
    Model(String),
    Pattern(Pattern),
    Group(Arc<[Pattern]>),
}

/// How candidates of a tier are sorted.
#[derive(Clone, Debug)]
pub enum Order {
    By(Vec<OrderKey>),
    BalanceByPrice {
        sticky: Option<Attr>,
    },
    /// Provider and share.
    Balance {
        shares: Vec<(String, Ratio)>,
        sticky: Option<Attr>,
    },
}

/// A key of `order by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKey {
    Price,
    /// Index of the percentile.
    Latency(usize),
    Throughput(usize),
    Uptime,
}

/// A line of `ceiling`.
#[derive(Clone, Debug)]
pub struct Ceiling {
    pub kind: CeilingKind,
    /// Dollars (a price: per token, image or call), or a count for `output`.
    pub amount: Amount,
    pub when: Option<Expr>,
    pub span: Span,
}

/// What a ceiling bounds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CeilingKind {
    Prompt,
    Completion,
    RequestFee,
    Image,
    CacheRead,
    CacheWrite,
    Reasoning,
    Tool(String),
    Attempt,
    Run,
    Output,
}

impl CeilingKind {
    /// Names that are not tools, as written.
    pub const NAMES: [&'static str; 10] = [
        "prompt",
        "completion",
        "request_fee",
        "image",
        "cache_read",
        "cache_write",
        "reasoning",
        "attempt",
        "run",
        "output",
    ];

    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "prompt" => Self::Prompt,
            "completion" => Self::Completion,
            "request_fee" => Self::RequestFee,
            "image" => Self::Image,
            "cache_read" => Self::CacheRead,
            "cache_write" => Self::CacheWrite,
            "reasoning" => Self::Reasoning,
            "attempt" => Self::Attempt,
            "run" => Self::Run,
            "output" => Self::Output,
            "web_search" => Self::Tool("web_search".to_owned()),
            _ => return None,
        })
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Prompt => "prompt",
            Self::Completion => "completion",
            Self::RequestFee => "request_fee",
            Self::Image => "image",
            Self::CacheRead => "cache_read",
            Self::CacheWrite => "cache_write",
            Self::Reasoning => "reasoning",
            Self::Tool(tool) => tool,
            Self::Attempt => "attempt",
            Self::Run => "run",
            Self::Output => "output",
        }
    }

    /// Returns the type of the bound.
    pub fn ty(&self) -> Type {
        use faregate_syntax::ast::Unit;
        match self {
            Self::Prompt | Self::Completion | Self::CacheRead | Self::CacheWrite | Self::Reasoning => {
                Type::Price(Unit::Mtok)
            }
            Self::Image => Type::Price(Unit::Image),
            Self::RequestFee | Self::Tool(_) => Type::Price(Unit::Call),
            Self::Attempt | Self::Run => Type::Money,
            Self::Output => Type::Count,
        }
    }
}

/// The `fallback` section.
#[derive(Clone, Debug, Default)]
pub struct Fallback {
    pub rules: Vec<MoveRule>,
    pub requires: Vec<(Expr, Span)>,
    pub at_most: Option<u64>,
    pub price_at_most: Option<(Ratio, Span)>,
    pub span: Span,
}

/// A line of `fallback` that names a kind of move.
#[derive(Clone, Debug)]
pub struct MoveRule {
    pub kind: MoveKind,
    pub on: Vec<ErrorClass>,
    pub when: Option<Expr>,
    pub span: Span,
}

/// The `retry` section.
#[derive(Clone, Debug, Default)]
pub struct Retry {
    pub rules: Vec<RetryRule>,
    pub at_most_calls: Option<u64>,
    pub timeout_ms: Option<u64>,
    pub first_token_ms: Option<u64>,
    pub stall_ms: Option<u64>,
    pub deadline_ms: Option<u64>,
}

/// An `on` rule of `retry`.
#[derive(Clone, Debug)]
pub struct RetryRule {
    pub on: Vec<ErrorClass>,
    pub times: u64,
    pub wait: Option<Wait>,
    pub when: Option<Expr>,
    pub span: Span,
}

/// How long a retry waits.
#[derive(Clone, Debug)]
pub enum Wait {
    RetryAfter { up_to_ms: Option<u64>, otherwise: Option<Backoff> },
    Backoff(Backoff),
}

/// A wait that may grow.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    pub from_ms: u64,
    /// `None`: fixed.
    pub to_ms: Option<u64>,
    pub jitter: Jitter,
}

/// The `health` section.
#[derive(Clone, Debug, Default)]
pub struct HealthRules {
    pub cool: Vec<CoolRule>,
    pub cool_retry_after: Vec<ErrorClass>,
    pub probe: Option<u64>,
}

/// A `cool … after` rule.
#[derive(Clone, Debug)]
pub struct CoolRule {
    pub cool_ms: u64,
    pub failures: u64,
    pub within_ms: u64,
    pub on: Vec<ErrorClass>,
}

/// An `invariant`.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "model"), expect(dead_code, reason = "checked here, kept for the prover"))]
pub struct Invariant {
    pub name: String,
    pub workload: Option<String>,
    pub condition: Option<Expr>,
    pub always: Always,
    pub span: Span,
}

/// What an invariant claims.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "model"), expect(dead_code, reason = "checked here, kept for the prover"))]
pub enum Always {
    Holds(Expr),
    AtLeast(u64, Counted),
    Cost(CompareOp, Money),
    Calls(CompareOp, u64),
    Served,
    Denied,
}
