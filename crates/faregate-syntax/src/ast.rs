//! The syntax tree of a policy file, with the place of every node.
//!
//! The tree says what is written, not what it means: names are not resolved, types are not checked, a
//! section that stands twice is there twice. Nodes appear in the order of the text.

#![expect(
    clippy::large_enum_variant,
    reason = "a tree is built once and read in place; boxes would only blur it"
)]

use std::cmp::Ordering;

use crate::{Fixed, Span};

/// One parsed file.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Declarations in the order of the text, the `policy` block among them.
    pub items: Vec<Item>,
    /// All comments, documentation included, in the order of the text.
    pub comments: Vec<Comment>,
    /// What declarations that could not be read seem to have declared: names, and attributes as `request.tier`. Whoever misses one of
    /// these elsewhere need not be told: the broken declaration has been reported.
    pub lost: Vec<String>,
}

/// A comment: from its `//` to the end of its line, line break not included.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    /// Where it stands.
    pub span: Span,
    /// Whether it is documentation (`///`, exactly three strokes).
    pub doc: bool,
}

/// A name or bare word: `[a-z][a-z0-9_-]*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A string, its escapes resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Str {
    /// The text between the quotes, `\"` and `\\` resolved.
    pub value: String,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// A literal with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Literal {
    /// The value.
    pub kind: LiteralKind,
    /// Where it stands.
    pub span: Span,
}

/// The value of a literal.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LiteralKind {
    /// `200_000`, `200k`, `1M`: at most 2^53 - 1.
    Count(u64),
    /// `$0.25`: dollars.
    Money(Fixed),
    /// `$5 per Mtok`: dollars as written and the unit as written.
    Price(Fixed, Unit),
    /// `250ms`, `30s`, `5m`, `1h`, `7d`: milliseconds.
    Duration(u64),
    /// `99.5%`: as a share, so 0.995.
    Ratio(Fixed),
    /// `2026-12-31`.
    Date(Date),
    /// `2026-12-31T18:00:00Z`: milliseconds since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// `09:00`, `09:00:30`: milliseconds since midnight.
    TimeOfDay(u32),
}

/// The unit of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// `per Mtok`: a million tokens.
    Mtok,
    /// `per image`.
    Image,
    /// `per call`.
    Call,
}

/// A day of the Gregorian calendar that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Year, 0 to 9999.
    pub year: i16,
    /// Month, from 1.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
}

/// A statement of a block: its kind and the range from its keyword to its last token.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement<K> {
    /// What it says.
    pub kind: K,
    /// Where it stands, nested blocks included.
    pub span: Span,
}

/// A declaration.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `policy NAME { … }`
    Policy(Block<PolicyStatement>),
    /// `declare { … }`: the block has no name.
    Declare(Declare),
    /// `group NAME = …`
    Group(Group),
    /// `guardrail NAME { … }`
    Guardrail(Block<GuardrailStatement>),
    /// `waive GUARDRAIL { … }`
    Waive(Block<WaiveStatement>),
    /// `budget NAME { … }`
    Budget(Block<BudgetStatement>),
    /// `profile NAME { … }`: only [`WorkloadStatement`]s that are sections.
    Profile(Block<WorkloadStatement>),
    /// `workload NAME { … }`
    Workload(Block<WorkloadStatement>),
    /// `invariant NAME { … }`
    Invariant(Block<InvariantStatement>),
}

/// A named declaration with a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Block<K> {
    /// Lines of `///` directly above, each without its strokes and one leading blank, joined by line breaks.
    pub doc: Option<String>,
    /// The declaration's keyword.
    pub keyword: Span,
    /// Its name.
    pub name: Word,
    /// Its statements.
    pub statements: Vec<Statement<K>>,
    /// From the keyword to the closing brace.
    pub span: Span,
}

/// `declare { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Declare {
    /// Documentation above.
    pub doc: Option<String>,
    /// The declared attributes.
    pub attributes: Vec<Statement<DeclaredAttribute>>,
    /// From the keyword to the closing brace.
    pub span: Span,
}

/// `request.tier one_of free, pro default free`
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredAttribute {
    /// What is declared.
    pub attribute: Attribute,
    /// Its type.
    pub ty: DeclaredType,
    /// What an absent value counts as. Several values, or none (`default none`), for a set.
    pub default: Option<Vec<Operand>>,
}

/// The type in a declaration.
#[derive(Clone, Debug, PartialEq)]
pub enum DeclaredType {
    /// `one_of a, b`: words or strings.
    OneOf(Vec<Operand>),
    /// `set_of a, b`: words or strings.
    SetOf(Vec<Operand>),
    /// `text`
    Text,
    /// `bool`
    Bool,
    /// `count`
    Count,
    /// `money`
    Money,
    /// `duration`
    Duration,
}

/// `group NAME = models …` or `group NAME = providers …`
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Documentation above.
    pub doc: Option<String>,
    /// Its name.
    pub name: Word,
    /// What it holds.
    pub kind: GroupKind,
    /// Ids or patterns.
    pub members: Vec<Str>,
    /// From the keyword to the last member.
    pub span: Span,
}

/// What a group holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// Models.
    Models,
    /// Providers.
    Providers,
}

/// In `policy { … }`.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyStatement {
    /// `language 1`
    Language(Literal),
    /// `owner "…"`
    Owner(Str),
    /// `version "…"`
    Version(Str),
}

/// In `guardrail { … }`.
#[derive(Clone, Debug, PartialEq)]
pub enum GuardrailStatement {
    /// `when EXPR`
    When(Expr),
    /// `require EXPR`
    Require(Expr),
    /// `forbid EXPR`
    Forbid(Expr),
    /// `because "…"`
    Because(Str),
    /// `waivable in "file.fare"`
    WaivableIn(Str),
}

/// In `waive { … }`.
#[derive(Clone, Debug, PartialEq)]
pub enum WaiveStatement {
    /// `when EXPR`
    When(Expr),
    /// `until 2026-12-31`: the literal should be a date.
    Until(Literal),
    /// `approved "…"`
    Approved(Str),
    /// `because "…"`
    Because(Str),
}

/// In `budget { … }`.
#[derive(Clone, Debug, PartialEq)]
pub enum BudgetStatement {
    /// `when EXPR`
    When(Expr),
    /// `covers EXPR`
    Covers(Expr),
    /// `per key.team, key.environment`
    Per(Vec<Attribute>),
    /// `spend`, `requests`, `tokens` or `concurrency`, with one or more limits.
    Limit(LimitKind, Vec<Limit>),
    /// `byok included` (true) or `byok excluded` (false)
    Byok(bool),
    /// `reserve 10% for EXPR`
    Reserve(Literal, Expr),
    /// `alert at 50%, 80%`
    Alert(Vec<Literal>),
    /// `on exhausted …`
    OnExhausted(OnExhausted),
}

/// What a budget counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LimitKind {
    /// `spend $2_000 per month`
    Spend,
    /// `requests 50 per day`
    Requests,
    /// `tokens 1M per hour`
    Tokens,
    /// `concurrency 8`
    Concurrency,
}

/// `$2_000 per month in "Europe/Berlin"`
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// How much.
    pub amount: Literal,
    /// The window's word (`minute`, `hour`, `day`, `week`, `month`, `total`), absent for `concurrency`.
    /// `per total` and plain `total` are both read.
    pub window: Option<Word>,
    /// The zone in which the window starts.
    pub zone: Option<Str>,
    /// From the amount to the last token.
    pub span: Span,
}

/// What happens when a budget is used up.
#[derive(Clone, Debug, PartialEq)]
pub enum OnExhausted {
    /// `deny`
    Deny,
    /// `use workload NAME`
    UseWorkload(Word),
    /// `alert only`
    AlertOnly,
}

/// In `workload { … }` and `profile { … }`.
#[derive(Clone, Debug, PartialEq)]
pub enum WorkloadStatement {
    /// `when EXPR`
    When(Expr),
    /// `otherwise`
    Otherwise,
    /// `deny "…"`
    Deny(Str),
    /// `use PROFILE`
    Use(Word),
    /// `route { … }`
    Route(Vec<Statement<RouteStatement>>),
    /// `ceiling { … }`
    Ceiling(Vec<Statement<CeilingStatement>>),
    /// `fallback { … }`
    Fallback(Vec<Statement<FallbackStatement>>),
    /// `fallback none`
    FallbackNone,
    /// `retry { … }`
    Retry(Vec<Statement<RetryStatement>>),
    /// `retry none`
    RetryNone,
    /// `health { … }`
    Health(Vec<Statement<HealthStatement>>),
    /// `stream { … }`
    Stream(Vec<Statement<StreamStatement>>),
    /// `tools { … }`
    Tools(Vec<Statement<ToolsStatement>>),
}

/// In `route { … }`.
#[derive(Clone, Debug, PartialEq)]
pub enum RouteStatement {
    /// `models A then B, C`: the tiers.
    Models(Vec<Tier>),
    /// `require EXPR`
    Require(Expr),
    /// `forbid EXPR`
    Forbid(Expr),
    /// `prefer EXPR`
    Prefer(Expr),
    /// `order by price, latency_p90`
    OrderBy(Vec<Word>),
    /// `balance by price` or `balance "a" 70%, "b" 30%`, either with `sticky by request.session`
    Balance {
        /// How the weights come about.
        by: BalanceBy,
        /// What seeds the draw in place of the request id.
        sticky: Option<Attribute>,
    },
    /// `credentials own then shared for "azure"`
    Credentials {
        /// Which, and in which order.
        mode: CredentialMode,
        /// Providers for which it holds; empty: the general line.
        providers: Vec<Str>,
    },
    /// `tolerate "seed", "top_k"`: strings or words
    Tolerate(Vec<Operand>),
}

/// One tier of `models`.
#[derive(Clone, Debug, PartialEq)]
pub enum Tier {
    /// `"a", "b-*", group`
    Entries(Vec<TierEntry>),
    /// `requested`, `requested within "openai/*"`, `requested within group`
    Requested {
        /// What it is limited to.
        within: Option<TierEntry>,
        /// Where it stands.
        span: Span,
    },
}

/// An entry of a tier.
#[derive(Clone, Debug, PartialEq)]
pub enum TierEntry {
    /// A model id, an alias or a pattern.
    Model(Str),
    /// A group.
    Group(Word),
}

/// How `balance` weighs.
#[derive(Clone, Debug, PartialEq)]
pub enum BalanceBy {
    /// `by price`
    Price,
    /// Provider and share.
    Shares(Vec<(Str, Literal)>),
}

/// Which credentials, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialMode {
    /// `own then shared`
    OwnThenShared,
    /// `shared then own`
    SharedThenOwn,
    /// `own only`
    OwnOnly,
    /// `shared only`
    SharedOnly,
}

/// In `ceiling { … }`: `NAME AMOUNT`, `tool NAME AMOUNT`, each with an optional `when`.
#[derive(Clone, Debug, PartialEq)]
pub struct CeilingStatement {
    /// Whether it was written `tool NAME …`.
    pub tool: bool,
    /// The ceiling's or the tool's name, as written; a tool may be a string.
    pub name: ToolName,
    /// The bound.
    pub amount: Literal,
    /// The word after `per` where it is not `Mtok`, `image` or `call`; the amount is then plain money.
    pub unknown_unit: Option<Word>,
    /// `when EXPR`
    pub when: Option<Expr>,
}

/// The name of a tool: a word or a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolName {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// In `fallback { … }`.
#[derive(Clone, Debug, PartialEq)]
pub enum FallbackStatement {
    /// `other provider on rate_limit, timeout when EXPR`
    Other {
        /// The kind of move.
        kind: MoveKind,
        /// On which error classes.
        on: Vec<Word>,
        /// `when EXPR`
        when: Option<Expr>,
    },
    /// `require EXPR`
    Require(Expr),
    /// `at most 3 moves`
    AtMostMoves(Literal),
    /// `price at most 150% of first`
    PriceAtMost(Literal),
}

/// The kind of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MoveKind {
    /// The next credential of the same endpoint.
    Credential,
    /// Another endpoint of the same model.
    Provider,
    /// Another model.
    Model,
}

/// In `retry { … }`.
#[derive(Clone, Debug, PartialEq)]
pub enum RetryStatement {
    /// `on rate_limit 2 times wait … when …`
    On(RetryRule),
    /// `at most 6 calls`
    AtMostCalls(Literal),
    /// `timeout 30s`
    Timeout(Literal),
    /// `first_token 5s`
    FirstToken(Literal),
    /// `stall 10s`
    Stall(Literal),
    /// `deadline 45s`
    Deadline(Literal),
}

/// `on rate_limit 2 times wait … when …`
#[derive(Clone, Debug, PartialEq)]
pub struct RetryRule {
    /// The error classes.
    pub on: Vec<Word>,
    /// How often at one candidate.
    pub times: Literal,
    /// What to wait before the call; absent: nothing.
    pub wait: Option<Wait>,
    /// `when EXPR`
    pub when: Option<Expr>,
}

/// A wait before a retry.
#[derive(Clone, Debug, PartialEq)]
pub enum Wait {
    /// `retry_after up to 30s else …`
    RetryAfter {
        /// The longest that is waited.
        up_to: Option<Literal>,
        /// What is waited where the provider sent none.
        otherwise: Option<Backoff>,
    },
    /// A wait of one's own.
    Backoff(Backoff),
}

/// A wait that does not come from the provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Backoff {
    /// `1s`, or the first wait of `exponential from`.
    pub from: Literal,
    /// The longest wait of `exponential from … to …`; absent for a fixed wait.
    pub to: Option<Literal>,
    /// `jitter full`, `jitter equal`, `jitter none`
    pub jitter: Option<Jitter>,
}

/// How a wait is spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Jitter {
    /// Anything from nothing to the wait.
    Full,
    /// From half of the wait to the wait.
    Equal,
    /// The wait.
    None,
}

/// In `health { … }`.
#[derive(Clone, Debug, PartialEq)]
pub enum HealthStatement {
    /// `cool 60s after 3 failures within 30s on provider_error, overloaded`
    Cool {
        /// How long.
        cool: Literal,
        /// After how many failures.
        failures: Literal,
        /// Within which time.
        within: Literal,
        /// Of which classes.
        on: Vec<Word>,
    },
    /// `cool retry_after on rate_limit`
    CoolRetryAfter(Vec<Word>),
    /// `probe 1 request`
    Probe(Literal),
}

/// In `stream { … }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStatement {
    /// `commit at first_token`, `commit at end`
    Commit(Commit),
    /// `partial mark_incomplete`, `partial discard`
    Partial(Partial),
}

/// When output reaches the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Commit {
    /// As it comes.
    FirstToken,
    /// When it is complete.
    End,
}

/// What becomes of an answer that was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Partial {
    /// It is kept and marked.
    MarkIncomplete,
    /// It is thrown away.
    Discard,
}

/// In `tools { … }`.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolsStatement {
    /// `web_search 3 calls, 5 results`
    Tool {
        /// The tool.
        name: ToolName,
        /// How many calls.
        calls: Literal,
        /// How many results a call.
        results: Option<Literal>,
    },
    /// `iterations 8`
    Iterations(Literal),
}

/// In `invariant { … }`.
#[derive(Clone, Debug, PartialEq)]
pub enum InvariantStatement {
    /// `for workload NAME`
    ForWorkload(Word),
    /// `for EXPR`
    For(Expr),
    /// `always EXPR`
    Always(Expr),
    /// `always at least 2 providers`
    AtLeast(Literal, Counted),
    /// `always cost <= $2`
    Cost(CompareOp, Literal),
    /// `always calls <= 6`
    Calls(CompareOp, Literal),
    /// `always served`
    Served,
    /// `always denied`
    Denied,
}

/// What `at least N …` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// `providers`
    Providers,
    /// `models`
    Models,
    /// `endpoints`
    Endpoints,
}

/// `request.workload`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// `request`, `key`, `endpoint`, `time`, `attempt`, or whatever was written there.
    pub subject: Word,
    /// The part after the dot.
    pub name: Word,
    /// Both.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `a or b or c`: two or more.
    Or(Vec<Expr>),
    /// `a and b and c`: two or more.
    And(Vec<Expr>),
    /// `not a`
    Not(Box<Expr>),
    /// `( a )`: kept, since the formatter and a warning need it.
    Paren(Box<Expr>),
    /// `true`, `false`
    Bool(bool),
    /// A bare attribute.
    Attribute(Attribute),
    /// `present(X)`
    Present(Attribute),
    /// `a == b` and its like.
    Compare {
        /// The left side.
        left: Operand,
        /// The operator.
        op: CompareOp,
        /// The right side.
        right: Operand,
        /// `in "Europe/Berlin"`
        zone: Option<Str>,
    },
    /// `X in a, b`
    In {
        /// What is looked for.
        left: Operand,
        /// Where it is looked for.
        items: Vec<Operand>,
        /// `in "Europe/Berlin"`
        zone: Option<Str>,
    },
    /// `X between A and B`
    Between {
        /// What is bounded.
        left: Operand,
        /// The lower bound, inside.
        low: Operand,
        /// The upper bound, inside (a time of day: outside).
        high: Operand,
        /// `in "Europe/Berlin"`
        zone: Option<Str>,
    },
    /// `SET includes …`
    Includes {
        /// The set.
        left: Operand,
        /// One, any or all.
        quantifier: Quantifier,
        /// What it should include: values, or one attribute that is a set.
        items: Vec<Operand>,
    },
    /// `TEXT matches "pattern"`
    Matches {
        /// The text.
        left: Operand,
        /// The pattern.
        pattern: Str,
    },
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl CompareOp {
    /// Returns the operator as a policy writes it.
    ///
    /// ```
    /// use faregate_syntax::ast::CompareOp;
    /// assert_eq!(CompareOp::Le.as_str(), "<=");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }

    /// Returns whether a comparison holds of two values of which the left one stands in this order to the right one.
    ///
    /// ```
    /// use faregate_syntax::ast::CompareOp;
    /// assert!(CompareOp::Le.holds(2.cmp(&3)));
    /// assert!(!CompareOp::Ne.holds(3.cmp(&3)));
    /// ```
    #[must_use]
    pub fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Eq => ordering.is_eq(),
            Self::Ne => ordering.is_ne(),
            Self::Lt => ordering.is_lt(),
            Self::Le => ordering.is_le(),
            Self::Gt => ordering.is_gt(),
            Self::Ge => ordering.is_ge(),
        }
    }
}

/// How much of a list a set must include.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// `includes a`
    One,
    /// `includes any of a, b`
    Any,
    /// `includes all of a, b`
    All,
}

/// A side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// `request.tier`
    Attribute(Attribute),
    /// `$5 per Mtok`
    Literal(Literal),
    /// `true`, `false`
    Bool(bool, Span),
    /// `"anthropic"`
    Str(Str),
    /// `production`
    Word(Word),
}

impl Operand {
    /// Returns where it stands.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::Attribute(a) => a.span,
            Self::Literal(l) => l.span,
            Self::Bool(_, s) => *s,
            Self::Str(s) => s.span,
            Self::Word(w) => w.span,
        }
    }
}
