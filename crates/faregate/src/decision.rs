//! What comes out: a plan or a denial, with the reason for everything.

mod nearest;

use std::collections::{BTreeMap, BTreeSet};

use faregate_syntax::ast::{Commit, LimitKind, MoveKind, Partial};

pub use self::nearest::Nearest;
use crate::{Context, Engine, ErrorClass, Money, Ratio, Request, Run, SavedRun, SavedState, Timestamp};

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Where it may go.
    Route(Box<Plan>),
    /// Why it may not.
    Deny(Box<Denial>),
}

impl Decision {
    /// Returns what both kinds explain.
    #[must_use]
    pub fn explanation(&self) -> &Explanation {
        match self {
            Self::Route(plan) => &plan.explanation,
            Self::Deny(denial) => &denial.explanation,
        }
    }
}

/// What a decision says of itself, whichever way it went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The request's id.
    pub request: String,
    /// The workload that decided; `None` where the request was denied before one was picked.
    pub workload: Option<String>,
    /// The budgets touched, by name; the limits of one in the order of the text.
    pub budgets: Vec<BudgetUse>,
    /// The highest threshold that each budget touched has reached.
    pub alerts: Vec<Alert>,
    /// The soft caps that sent the request to another workload.
    pub degraded: Vec<Degraded>,
    /// Why each other candidate is not in the plan, sorted by endpoint id, shared before own, key id.
    pub excluded: Vec<Exclusion>,
    /// The waivers that made a difference.
    pub waivers: Vec<WaiverUse>,
    /// Aliases through which the request or the workload named a model.
    pub aliases: BTreeMap<String, String>,
    /// Budgets of context rows that the policy does not know.
    pub ignored_budget_rows: BTreeSet<String>,
    /// What was decided with.
    pub digests: Digests,
}

impl Explanation {
    /// Returns an explanation that has nothing to tell but what was decided, and with what.
    #[must_use]
    pub fn new(request: impl Into<String>, digests: Digests) -> Self {
        Self {
            request: request.into(),
            workload: None,
            budgets: Vec::new(),
            alerts: Vec::new(),
            degraded: Vec::new(),
            excluded: Vec::new(),
            waivers: Vec::new(),
            aliases: BTreeMap::new(),
            ignored_budget_rows: BTreeSet::new(),
            digests,
        }
    }
}

/// Where a request may go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// What may be tried, in order; never empty.
    pub attempts: Vec<Attempt>,
    /// Expected cost of the first attempt; `None`: unknown.
    pub expected_cost: Option<Money>,
    /// The most that the whole run can cost; `None`: no bound.
    pub worst_cost: Option<Money>,
    /// The most provider calls that the request can cause.
    pub calls_at_most: u64,
    /// The time that the whole run has, in milliseconds.
    pub deadline_ms: Option<u64>,
    /// The retry rules that can apply, one for each error class.
    pub retry: Vec<RetryUse>,
    /// Caps of tools.
    pub tools: BTreeMap<String, ToolCap>,
    /// Rounds of an agent loop, for the host.
    pub iterations: Option<u64>,
    /// When output reaches the client.
    pub commit: Commit,
    /// What becomes of an answer that was cut.
    pub partial: Partial,
    /// Why the plan is what it is.
    pub explanation: Explanation,
    /// Where it comes from, so that it can be run.
    pub(crate) origin: Option<Origin>,
}

impl Plan {
    /// Returns a plan of one call to each attempt, without costs, retries and limits.
    #[must_use]
    pub fn new(attempts: Vec<Attempt>, explanation: Explanation) -> Self {
        Self {
            calls_at_most: u64::try_from(attempts.len()).unwrap_or(u64::MAX),
            attempts,
            expected_cost: None,
            worst_cost: None,
            deadline_ms: None,
            retry: Vec::new(),
            tools: BTreeMap::new(),
            iterations: None,
            commit: Commit::FirstToken,
            partial: Partial::MarkIncomplete,
            explanation,
            origin: None,
        }
    }
}

impl Plan {
    /// Begins the run of this plan.
    ///
    /// A plan that was not decided by an engine but made by hand has nothing to call; its run fails at once.
    ///
    /// ```
    /// use faregate::{Catalog, Context, Decision, Engine, PolicySet, Request, Step};
    /// # let text = r#"policy demo { language 1 } workload rest { otherwise route { models "*" } }"#;
    /// # let policy = PolicySet::parse([("demo.fare", text)]).unwrap();
    /// # let mut row = faregate::EndpointRow::default();
    /// # row.id = Some("m/a@north".to_owned());
    /// # row.facts.context_length = Some(1000);
    /// # row.facts.modalities = Some(["text".to_owned()].into());
    /// # let mut layer = faregate::CatalogLayer::default();
    /// # layer.endpoints.push(row);
    /// # let engine = Engine::new(policy, Catalog::new(vec![layer]).unwrap()).unwrap();
    /// let now = "2026-11-23T10:00:00Z".parse().unwrap();
    /// let Decision::Route(plan) = engine.decide(&Request::new("r1", 100), &Context::new(now)) else { panic!() };
    /// let mut run = plan.run();
    /// let Step::Try(attempt) = run.step(now) else { panic!() };
    /// assert_eq!(attempt.endpoint, "m/a@north");
    /// ```
    #[must_use]
    pub fn run(&self) -> Run {
        let explanation = &self.explanation;
        let (engine, request, context) = match &self.origin {
            Some(origin) => (Some(origin.engine.clone()), origin.request.clone(), origin.context.clone()),
            None => (None, Request::new(explanation.request.clone(), 0), Context::new(Timestamp(0))),
        };
        let workload = explanation.workload.clone().unwrap_or_default();
        let retries = engine.as_ref().map_or(0, |e| e.policy().retry_rules(&workload));
        let data = SavedRun {
            request,
            observed: context.clone(),
            context,
            workload,
            degraded: explanation.degraded.iter().map(|d| d.budget.clone()).collect(),
            plan: self.attempts.iter().map(|a| (a.endpoint.clone(), a.credential.clone())).collect(),
            state: SavedState::Ready { waited_ms: 0 },
            at: 0,
            moves: 0,
            used: vec![0; retries],
            calls: Vec::new(),
            dead: Vec::new(),
            errors: Vec::new(),
            steps: Vec::new(),
            discarded_tokens: 0,
            told: Vec::new(),
            digests: explanation.digests.clone(),
        };
        let run = Run::new(engine, data);
        if self.origin.as_ref().is_some_and(|origin| origin.by_reference) { run.by_reference() } else { run }
    }
}

/// What a plan was decided from. It is no part of what the plan says, so all origins are equal.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) engine: Engine,
    pub(crate) request: Request,
    pub(crate) context: Context,
    /// Whether the reference decided, and is to decide the run.
    pub(crate) by_reference: bool,
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Origin {}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Origin")
    }
}

/// One entry of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The endpoint's id.
    pub endpoint: String,
    /// Its canonical model.
    pub model: String,
    /// What the provider calls the model; `None`: as the canonical name.
    pub native_model: Option<String>,
    /// The provider.
    pub provider: String,
    /// With which credential.
    pub credential: Credential,
    /// The tier, from 1.
    pub tier: u32,
    /// The kind of move from the first; `None`: it is the first.
    pub role: Option<MoveKind>,
    /// The error classes after which a move leads here from an earlier attempt; empty for the first.
    pub on: Vec<ErrorClass>,
    /// What it is expected to cost; `None`: unknown.
    pub expected_cost: Option<Money>,
    /// What it costs at most; `None`: unknown or no bound.
    pub worst_cost: Option<Money>,
    /// The output limit to send: the request's own, else what an `output` ceiling sets; `None`: none.
    pub max_output_tokens: Option<u64>,
    /// The most time for a call, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// The most time to the first token.
    pub first_token_ms: Option<u64>,
    /// The longest pause between tokens.
    pub stall_ms: Option<u64>,
    /// Parameters of the request to drop, since the endpoint does not know them and the policy tolerates it.
    pub drop_parameters: BTreeSet<String>,
    /// What put it where it is: `prefer at acme.fare:64:5`.
    pub why: Vec<String>,
}

impl Attempt {
    /// Returns a first attempt with the shared credential, in the first tier, without costs and limits.
    #[must_use]
    pub fn new(endpoint: impl Into<String>, model: impl Into<String>, provider: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            model: model.into(),
            native_model: None,
            provider: provider.into(),
            credential: Credential::Shared,
            tier: 1,
            role: None,
            on: Vec::new(),
            expected_cost: None,
            worst_cost: None,
            max_output_tokens: None,
            timeout_ms: None,
            first_token_ms: None,
            stall_ms: None,
            drop_parameters: BTreeSet::new(),
            why: Vec::new(),
        }
    }
}

/// The key that pays for a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Credential {
    /// The gateway's account at the provider, shared by all.
    Shared,
    /// An own credential, by its id.
    Own(String),
}

/// A retry rule that can apply to the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryUse {
    /// The error class.
    pub on: String,
    /// How often at one candidate.
    pub times: u64,
    /// What is waited, in the words of the policy; `None`: nothing.
    pub wait: Option<String>,
    /// Where it is written.
    pub at: String,
}

impl RetryUse {
    /// Returns a rule that retries at once.
    #[must_use]
    pub fn new(on: impl Into<String>, times: u64, at: impl Into<String>) -> Self {
        Self { on: on.into(), times, wait: None, at: at.into() }
    }
}

/// The cap of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolCap {
    /// Calls.
    pub calls: u64,
    /// Results of a call; `None`: not capped.
    pub results: Option<u64>,
}

/// A budget that the request touches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetUse {
    /// The budget's name.
    pub budget: String,
    /// What is counted.
    pub kind: LimitKind,
    /// The values of its `per`; `None` for a value that is unknown.
    pub per: Vec<Option<String>>,
    /// `minute`, `hour`, `day`, `week`, `month`, `total`; `None` for concurrency.
    pub period: Option<String>,
    /// Start and end of the present window; `None` for `total` and concurrency.
    pub window: Option<(Timestamp, Timestamp)>,
    /// The limit.
    pub limit: Amount,
    /// What was counted and reserved before; `None`: unknown.
    pub counted: Option<Amount>,
    /// What is left for this request; `None`: unknown.
    pub remaining: Option<Amount>,
    /// The most that this run can add, to be reserved; `None`: no bound is known.
    pub this_run_at_most: Option<Amount>,
    /// Where the budget is written.
    pub at: String,
}

impl BudgetUse {
    /// Returns a budget of one counter, of which nothing is known but its limit.
    #[must_use]
    pub fn new(budget: impl Into<String>, kind: LimitKind, limit: Amount, at: impl Into<String>) -> Self {
        Self {
            budget: budget.into(),
            kind,
            per: Vec::new(),
            period: None,
            window: None,
            limit,
            counted: None,
            remaining: None,
            this_run_at_most: None,
            at: at.into(),
        }
    }
}

/// Money or a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Amount {
    /// Dollars.
    Money(Money),
    /// A count.
    Count(u64),
}

/// A threshold that a budget has reached.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alert {
    /// The budget.
    pub budget: String,
    /// The threshold.
    pub reached: Ratio,
}

impl Alert {
    /// Returns a threshold that a budget has reached.
    #[must_use]
    pub fn new(budget: impl Into<String>, reached: Ratio) -> Self {
        Self { budget: budget.into(), reached }
    }
}

/// A soft cap that sent the request to another workload.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Degraded {
    /// The budget.
    pub budget: String,
    /// The workload before.
    pub from: String,
    /// The workload after.
    pub to: String,
    /// Where it is written.
    pub at: String,
}

impl Degraded {
    /// Returns the move from one workload to another.
    #[must_use]
    pub fn new(
        budget: impl Into<String>,
        from: impl Into<String>,
        to: impl Into<String>,
        at: impl Into<String>,
    ) -> Self {
        Self { budget: budget.into(), from: from.into(), to: to.into(), at: at.into() }
    }
}

/// A candidate that is not in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exclusion {
    /// The endpoint's id.
    pub endpoint: String,
    /// With which credential.
    pub credential: Credential,
    /// Why: all reasons, in the order of the filters, then file and line. Never empty.
    pub reasons: Vec<Reason>,
}

impl Exclusion {
    /// Returns the exclusion of a candidate for these reasons.
    #[must_use]
    pub fn new(endpoint: impl Into<String>, credential: Credential, reasons: Vec<Reason>) -> Self {
        Self { endpoint: endpoint.into(), credential, reasons }
    }
}

/// One reason for which a candidate is not in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reason {
    /// `guardrail NAME`, `budget NAME`, `workload NAME`, `request` or `built-in`.
    pub rule: String,
    /// The code: `guardrail`, `ceiling_prompt`, …
    pub code: String,
    /// What is the matter: `endpoint.zdr is false`.
    pub detail: String,
    /// `file:line:column`; `None` where no text says it.
    pub at: Option<String>,
}

impl Reason {
    /// Every code of a reason, in the order of the filters. The ceiling of a tool has the tool's name:
    /// `ceiling_web_search` stands for all of them.
    pub const CODES: [&str; 27] = [
        "context_length",
        "output_length",
        "parameters",
        "modalities",
        "sunset",
        "require",
        "forbid",
        "guardrail",
        "ceiling_prompt",
        "ceiling_completion",
        "ceiling_request_fee",
        "ceiling_image",
        "ceiling_cache_read",
        "ceiling_cache_write",
        "ceiling_reasoning",
        "ceiling_web_search",
        "ceiling_attempt",
        "ceiling_run",
        "ceiling_output",
        "cost_unbounded",
        "price_unknown",
        "budget",
        "credits",
        "health",
        "credential",
        "caller",
        "fallback",
    ];

    /// Returns a reason that no text says.
    #[must_use]
    pub fn new(rule: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { rule: rule.into(), code: code.into(), detail: detail.into(), at: None }
    }
}

/// A waiver that lifted a guardrail.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaiverUse {
    /// The guardrail.
    pub guardrail: String,
    /// Where the waiver is written.
    pub at: String,
    /// Its last day, `2026-12-31`.
    pub until: String,
    /// The endpoints that the guardrail would have excluded.
    pub endpoints: Vec<String>,
}

impl WaiverUse {
    /// Returns the use of a waiver for these endpoints.
    #[must_use]
    pub fn new(
        guardrail: impl Into<String>,
        at: impl Into<String>,
        until: impl Into<String>,
        endpoints: Vec<String>,
    ) -> Self {
        Self { guardrail: guardrail.into(), at: at.into(), until: until.into(), endpoints }
    }
}

/// What was decided with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Digests {
    /// `blake3:…` of the policy's texts.
    pub policy: String,
    /// `blake3:…` of the catalog's facts.
    pub catalog: String,
    /// The engine's version.
    pub engine: String,
}

impl Digests {
    /// Returns the digests of policy and catalog, and the engine's version.
    #[must_use]
    pub fn new(policy: impl Into<String>, catalog: impl Into<String>, engine: impl Into<String>) -> Self {
        Self { policy: policy.into(), catalog: catalog.into(), engine: engine.into() }
    }
}

/// Why a request may not go anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Denial {
    /// The code.
    pub code: DenialCode,
    /// The rule that stood in the way most.
    pub rule: Option<String>,
    /// Where it is written.
    pub at: Option<String>,
    /// One sentence for the client.
    pub message: String,
    /// When it opens again; `None`: waiting does not help, or it is not known.
    pub opens_at: Option<Timestamp>,
    /// The smallest change that would admit an endpoint.
    pub nearest: Option<Nearest>,
    /// Why each candidate is out.
    pub explanation: Explanation,
}

impl Denial {
    /// Returns a denial that names no rule.
    #[must_use]
    pub fn new(code: DenialCode, message: impl Into<String>, explanation: Explanation) -> Self {
        Self {
            code,
            rule: None,
            at: None,
            message: message.into(),
            opens_at: None,
            nearest: None,
            explanation,
        }
    }
}

/// The kind of a denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DenialCode {
    /// A value outside its declaration, or data that make no sense.
    InvalidRequest,
    /// A workload cannot be picked without an attribute.
    MissingAttribute,
    /// A workload says deny.
    Refused,
    /// A spend budget is used up.
    Budget,
    /// The key's credits are used up.
    Credits,
    /// A quota is used up, or everything cools down.
    Quota,
    /// A guardrail forbids it.
    Guardrail,
    /// Nothing serves it.
    NoRoute,
}

impl DenialCode {
    /// All codes.
    pub const ALL: [Self; 8] = [
        Self::InvalidRequest,
        Self::MissingAttribute,
        Self::Refused,
        Self::Budget,
        Self::Credits,
        Self::Quota,
        Self::Guardrail,
        Self::NoRoute,
    ];

    /// Returns the code as decisions write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::MissingAttribute => "missing_attribute",
            Self::Refused => "refused",
            Self::Budget => "budget",
            Self::Credits => "credits",
            Self::Quota => "quota",
            Self::Guardrail => "guardrail",
            Self::NoRoute => "no_route",
        }
    }

    /// Returns the HTTP status that a client expects.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidRequest | Self::MissingAttribute => 400,
            Self::Budget | Self::Credits => 402,
            Self::Refused | Self::Guardrail => 403,
            Self::Quota => 429,
            Self::NoRoute => 503,
        }
    }

    /// Returns what the client or the operator may do about it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::InvalidRequest | Self::MissingAttribute => "fix_request",
            Self::Budget | Self::Credits => "add_credits",
            Self::Refused | Self::Guardrail => "review_policy",
            Self::Quota => "slow_down",
            Self::NoRoute => "relax_routing",
        }
    }
}
