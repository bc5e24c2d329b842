//! A checked policy: names resolved, types known, profiles merged, nothing left to go wrong at run time.

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

#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) declared: Vec<Declared>,
    pub(crate) guardrails: Vec<Guardrail>,
    pub(crate) waivers: Vec<Waiver>,
    pub(crate) budgets: Vec<Budget>,
    pub(crate) workloads: Vec<Workload>,
    pub(crate) invariants: Vec<Invariant>,
}

#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) subject: Subject,
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) default: Option<Value>,
    /// Whether it narrows a built-in attribute.
    pub(crate) narrows: bool,
    pub(crate) span: Span,
}

/// A value; everything that has an order is a whole number: counts, 10^-24 dollars, 10^-24 shares, milliseconds,
/// days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Bool(bool),
    Number(i128),
    Set(BTreeSet<String>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attr {
    pub(crate) subject: Subject,
    pub(crate) name: String,
    pub(crate) ty: Type,
}

impl Attr {
    /// Whether its value may be another later in a run: by the clock, or since the host observed something.
    pub(crate) fn may_change(&self) -> bool {
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

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ExprKind {
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

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    Value(Value),
    Attr(Attr),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Member {
    Value(Value),
    /// The members of a group.
    Group(String, Arc<[Pattern]>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SetTerm {
    Values(Vec<String>),
    Attr(Attr),
}

/// `require` or `forbid`.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) forbid: bool,
    pub(crate) expr: Expr,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct Guardrail {
    pub(crate) name: String,
    pub(crate) when: Option<Expr>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) because: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Waiver {
    pub(crate) guardrail: String,
    pub(crate) when: Option<Expr>,
    pub(crate) until: Date,
    pub(crate) until_span: Span,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct Budget {
    pub(crate) name: String,
    pub(crate) when: Option<Expr>,
    pub(crate) covers: Option<Expr>,
    pub(crate) per: Vec<Attr>,
    pub(crate) limits: Vec<Limit>,
    pub(crate) byok_included: bool,
    pub(crate) reserve: Option<(Ratio, Expr)>,
    /// Ascending.
    pub(crate) alerts: Vec<Ratio>,
    pub(crate) exhausted: Exhausted,
}

#[derive(Clone, Debug)]
pub(crate) struct Limit {
    pub(crate) kind: LimitKind,
    pub(crate) amount: Amount,
    /// `None` for concurrency.
    pub(crate) period: Option<Period>,
    pub(crate) zone: Zone,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Exhausted {
    Deny,
    UseWorkload(String, Span),
    AlertOnly,
}

#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) name: String,
    /// `None`: otherwise.
    pub(crate) when: Option<(Expr, Span)>,
    pub(crate) body: Body,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Deny(String, Span),
    Route(Box<Routing>),
}

#[derive(Clone, Debug)]
pub(crate) struct Routing {
    pub(crate) tiers: Vec<Tier>,
    pub(crate) models_span: Span,
    /// Where the entries of each tier stand; one for `requested`.
    pub(crate) entry_spans: Vec<Vec<Span>>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) prefers: Vec<(Expr, Span)>,
    pub(crate) order: Order,
    /// Where the order is written; `None`: by price, as where nothing is written.
    pub(crate) order_span: Option<Span>,
    pub(crate) credentials: CredentialMode,
    pub(crate) credentials_span: Option<Span>,
    pub(crate) credentials_for: BTreeMap<String, (CredentialMode, Span)>,
    pub(crate) tolerate: BTreeSet<String>,
    pub(crate) ceilings: Vec<Ceiling>,
    pub(crate) fallback: Option<Fallback>,
    pub(crate) retry: Option<Retry>,
    pub(crate) health: Option<HealthRules>,
    pub(crate) commit: Commit,
    pub(crate) partial: Partial,
    pub(crate) tools: BTreeMap<String, ToolCap>,
    pub(crate) iterations: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) enum Tier {
    Entries(Vec<TierEntry>),
    Requested { within: Option<TierEntry> },
}

#[derive(Clone, Debug)]
pub(crate) enum TierEntry {
    /// An id or an alias.
    Model(String),
    Pattern(Pattern),
    Group(Arc<[Pattern]>),
}

#[derive(Clone, Debug)]
pub(crate) enum Order {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrderKey {
    Price,
    /// Index of the percentile.
    Latency(usize),
    Throughput(usize),
    Uptime,
}

#[derive(Clone, Debug)]
pub(crate) struct Ceiling {
    pub(crate) kind: CeilingKind,
    /// Dollars (a price: per token, image or call), or a count for `output`.
    pub(crate) amount: Amount,
    pub(crate) when: Option<Expr>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CeilingKind {
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
    pub(crate) const NAMES: [&'static str; 10] = [
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

    pub(crate) fn parse(name: &str) -> Option<Self> {
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

    pub(crate) fn name(&self) -> &str {
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
    pub(crate) fn ty(&self) -> Type {
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

#[derive(Clone, Debug, Default)]
pub(crate) struct Fallback {
    pub(crate) rules: Vec<MoveRule>,
    pub(crate) requires: Vec<(Expr, Span)>,
    pub(crate) at_most: Option<u64>,
    pub(crate) price_at_most: Option<(Ratio, Span)>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) struct MoveRule {
    pub(crate) kind: MoveKind,
    pub(crate) on: Vec<ErrorClass>,
    pub(crate) when: Option<Expr>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Retry {
    pub(crate) rules: Vec<RetryRule>,
    pub(crate) at_most_calls: Option<u64>,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) first_token_ms: Option<u64>,
    pub(crate) stall_ms: Option<u64>,
    pub(crate) deadline_ms: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct RetryRule {
    pub(crate) on: Vec<ErrorClass>,
    pub(crate) times: u64,
    pub(crate) wait: Option<Wait>,
    pub(crate) when: Option<Expr>,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum Wait {
    RetryAfter { up_to_ms: Option<u64>, otherwise: Option<Backoff> },
    Backoff(Backoff),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    pub(crate) from_ms: u64,
    /// `None`: fixed.
    pub(crate) to_ms: Option<u64>,
    pub(crate) jitter: Jitter,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct HealthRules {
    pub(crate) cool: Vec<CoolRule>,
    pub(crate) cool_retry_after: Vec<ErrorClass>,
    pub(crate) probe: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct CoolRule {
    pub(crate) cool_ms: u64,
    pub(crate) failures: u64,
    pub(crate) within_ms: u64,
    pub(crate) on: Vec<ErrorClass>,
}

#[derive(Clone, Debug)]
#[expect(dead_code, reason = "checked here, kept for the prover")]
pub(crate) struct Invariant {
    pub(crate) name: String,
    pub(crate) workload: Option<String>,
    pub(crate) condition: Option<Expr>,
    pub(crate) always: Always,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
#[expect(dead_code, reason = "checked here, kept for the prover")]
pub(crate) enum Always {
    Holds(Expr),
    AtLeast(u64, Counted),
    Cost(CompareOp, Money),
    Calls(CompareOp, u64),
    Served,
}
