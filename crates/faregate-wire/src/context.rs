//! The context as data: time, key, credentials, health, budgets.

use std::collections::BTreeSet;

use faregate::{
    BudgetRow, Context, Counted, CredentialState, EndpointFacts, Health, Key, MAX_COUNT, OwnCredential,
};
use faregate_syntax::Fixed;
use faregate_syntax::ast::LimitKind;
use serde::Serialize;

use crate::catalog::PricesDto;
use crate::path::Path;
use crate::request::{KeyDto, to_node};
use crate::scalar::{Count, Decimal, Duration, Instant, Integer, Price, Ratio};
use crate::sink::Sink;
use crate::slot::{Entries, Reader, Slot, Stop, read, shape, words};
use crate::{Error, Node};

/// Reads a context.
///
/// # Errors
/// All fields that are unknown, missing or of another type, with paths that begin with `context`.
///
/// ```
/// use faregate_wire::{context_from, read_one};
/// let node = read_one("{ now: 2026-11-23T10:00:00Z, key: { credits: [1] }, budgets: [{ budget: b }] }").unwrap();
/// assert_eq!(
///     context_from(&node).unwrap_err().to_string(),
///     "context.key.credits: expected money such as \"182.40\", found a list",
/// );
/// ```
pub fn context_from(node: &Node) -> Result<Context, Error> {
    let sink = Sink::default();
    let context = read_at(node, &Path::Root("context"), &sink);
    sink.finish(context)
}

/// Returns a context as data; what is absent is left out.
///
/// ```
/// let node = faregate_wire::context_to_node(&faregate::Context::new(faregate::Timestamp(0)));
/// assert_eq!(node.to_json(), r#"{"now":"1970-01-01T00:00:00Z"}"#);
/// ```
#[must_use]
pub fn context_to_node(context: &Context) -> Node {
    to_node(&ContextDto::from(context))
}

pub(crate) fn read_at(node: &Node, path: &Path<'_>, sink: &Sink) -> Option<Context> {
    let dto = read::<ContextDto>(node, path, sink)?;
    let mut context = Context::new(dto.now.0);
    context.key = dto.key.map(Key::from).unwrap_or_default();
    let credentials = Path::Key(path, "credentials");
    let read_credential = |(n, own)| credential(own, &Path::Index(&credentials, n), sink);
    context.credentials =
        dto.credentials.unwrap_or_default().into_iter().enumerate().map(read_credential).collect();
    context.shared_except = dto.shared.and_then(|shared| shared.except).unwrap_or_default();
    let facts = dto.endpoints.unwrap_or_default();
    context.endpoints = facts.0.into_iter().map(|(name, facts)| (name, EndpointFacts::from(facts))).collect();
    if let Some(rows) = dto.budgets {
        let budgets = Path::Key(path, "budgets");
        let read_row = |(n, row)| budget_row(row, &Path::Index(&budgets, n), sink);
        context.budgets = Some(rows.into_iter().enumerate().filter_map(read_row).collect());
    }
    Some(context)
}

shape! {
    /// What is known at the moment of a decision.
    pub(crate) struct ContextDto as "Context" {
        /// the moment of the decision
        now: Instant,
        /// the gateway's key
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<KeyDto>,
        /// own credentials at providers; shared ones need no entry
        #[serde(skip_serializing_if = "Option::is_none")]
        credentials: Option<Vec<CredentialDto>>,
        /// the gateway's own accounts
        #[serde(skip_serializing_if = "Option::is_none")]
        shared: Option<SharedDto>,
        /// what is known of endpoints now, by endpoint id or provider
        #[serde(skip_serializing_if = "Option::is_none")]
        endpoints: Option<Entries<EndpointFactsDto>>,
        /// what budgets have counted; absent: nothing is known, and every budget that applies closes
        #[serde(skip_serializing_if = "Option::is_none")]
        budgets: Option<Vec<BudgetRowDto>>,
    }
}

shape! {
    /// The gateway's own accounts at providers.
    struct SharedDto as "Shared" {
        /// providers at which there is none
        #[serde(skip_serializing_if = "Option::is_none")]
        except: Option<BTreeSet<String>>,
    }
}

shape! {
    /// A credential of one's own at a provider.
    struct CredentialDto as "Credential" {
        /// its id, never the secret
        id: String,
        /// the provider that it opens
        provider: String,
        /// lower goes first; absent: 0
        #[serde(skip_serializing_if = "Option::is_none")]
        priority: Option<Integer>,
        /// whether it is tried after the shared ones
        #[serde(skip_serializing_if = "Option::is_none")]
        fallback: Option<bool>,
        /// models or patterns that it serves; absent: all
        #[serde(skip_serializing_if = "Option::is_none")]
        models: Option<Vec<String>>,
        /// gateway keys that may use it; absent: all
        #[serde(skip_serializing_if = "Option::is_none")]
        keys: Option<Vec<String>>,
        /// whether it works; absent: ok
        #[serde(skip_serializing_if = "Option::is_none")]
        state: Option<StateDto>,
        /// prices of its own, laid over the endpoint's
        #[serde(skip_serializing_if = "Option::is_none")]
        prices: Option<PricesDto>,
        /// what the gateway charges on top of costs
        #[serde(skip_serializing_if = "Option::is_none")]
        fee: Option<Ratio>,
    }
}

words! {
    enum StateDto as "CredentialState" {
        Ok = "ok",
        Exhausted = "exhausted",
        Invalid = "invalid",
        Disabled = "disabled",
    }
}

words! {
    enum HealthDto as "Health" {
        Up = "up",
        Degraded = "degraded",
        Down = "down",
    }
}

shape! {
    /// What is known of an endpoint or a provider now.
    struct EndpointFactsDto as "EndpointFacts" {
        /// absent: up
        #[serde(skip_serializing_if = "Option::is_none")]
        health: Option<HealthDto>,
        /// it cools down until then
        #[serde(skip_serializing_if = "Option::is_none")]
        cooling_until: Option<Instant>,
        /// share of calls that it serves
        #[serde(skip_serializing_if = "Option::is_none")]
        uptime: Option<Ratio>,
        /// share of calls that fail
        #[serde(skip_serializing_if = "Option::is_none")]
        error_rate: Option<Ratio>,
        /// time to the first token
        #[serde(skip_serializing_if = "Option::is_none")]
        latency_p50: Option<Duration>,
        /// time to the first token
        #[serde(skip_serializing_if = "Option::is_none")]
        latency_p75: Option<Duration>,
        /// time to the first token
        #[serde(skip_serializing_if = "Option::is_none")]
        latency_p90: Option<Duration>,
        /// time to the first token
        #[serde(skip_serializing_if = "Option::is_none")]
        latency_p99: Option<Duration>,
        /// output tokens per second
        #[serde(skip_serializing_if = "Option::is_none")]
        throughput_p50: Option<Decimal>,
        /// output tokens per second
        #[serde(skip_serializing_if = "Option::is_none")]
        throughput_p75: Option<Decimal>,
        /// output tokens per second
        #[serde(skip_serializing_if = "Option::is_none")]
        throughput_p90: Option<Decimal>,
        /// output tokens per second
        #[serde(skip_serializing_if = "Option::is_none")]
        throughput_p99: Option<Decimal>,
    }
}

shape! {
    /// What a budget has counted: exactly one of `spend`, `requests`, `tokens`, `concurrency`.
    struct BudgetRowDto as "BudgetRow" {
        /// the budget's name
        budget: String,
        /// the value of its `per`, or a list of them; absent where it has none
        #[serde(skip_serializing_if = "Option::is_none")]
        per: Option<Per>,
        /// absent where the budget has one window
        #[serde(skip_serializing_if = "Option::is_none")]
        window: Option<WindowDto>,
        /// when the window began
        #[serde(skip_serializing_if = "Option::is_none")]
        window_start: Option<Instant>,
        /// dollars
        #[serde(skip_serializing_if = "Option::is_none")]
        spend: Option<Price>,
        /// calls
        #[serde(skip_serializing_if = "Option::is_none")]
        requests: Option<Count>,
        /// tokens
        #[serde(skip_serializing_if = "Option::is_none")]
        tokens: Option<Count>,
        /// runs in flight
        #[serde(skip_serializing_if = "Option::is_none")]
        concurrency: Option<Count>,
        /// held for runs in flight, in the same unit
        #[serde(skip_serializing_if = "Option::is_none")]
        reserved: Option<Decimal>,
    }
}

words! {
    enum WindowDto as "Window" {
        Minute = "minute",
        Hour = "hour",
        Day = "day",
        Week = "week",
        Month = "month",
        Total = "total",
    }
}

/// One text, or a list of texts.
#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
enum Per {
    One(String),
    Several(Vec<String>),
}

impl Default for Per {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl Slot for Per {
    fn fill(&mut self, from: &Reader<'_>) -> Result<(), Stop> {
        match from.node {
            Node::Text(text) => *self = Self::One(text.clone()),
            Node::Seq(_) => {
                let mut items = Vec::new();
                items.fill(from)?;
                *self = Self::Several(items);
            }
            Node::Number(_) => return from.stop("expected text or a list of texts, found a number"),
            _ => return from.other("text or a list of texts"),
        }
        Ok(())
    }
}

fn budget_row(dto: BudgetRowDto, path: &Path<'_>, sink: &Sink) -> Option<BudgetRow> {
    let counted = [
        dto.spend.map(|spend| Counted::Spend(spend.0)),
        dto.requests.map(|n| Counted::Requests(n.0)),
        dto.tokens.map(|n| Counted::Tokens(n.0)),
        dto.concurrency.map(|n| Counted::Concurrency(n.0)),
    ];
    let mut counted = counted.into_iter().flatten();
    let (Some(counted), None) = (counted.next(), counted.next()) else {
        sink.push(path, "needs exactly one of spend, requests, tokens, concurrency");
        return None;
    };
    let per = match dto.per {
        None => Vec::new(),
        Some(Per::One(value)) => vec![value],
        Some(Per::Several(values)) => values,
    };
    let mut row = BudgetRow::new(dto.budget, per, counted);
    row.window = dto.window.and_then(window_word).map(str::to_owned);
    row.window_start = dto.window_start.map(|at| at.0);
    if let Some(Decimal(amount)) = dto.reserved {
        row.reserved = reserved(counted.kind(), amount);
        if row.reserved.is_none() {
            sink.push(
                Path::Key(path, "reserved"),
                format!("expected a whole number, as is counted here, found {amount}"),
            );
        }
    }
    Some(row)
}

fn reserved(kind: LimitKind, amount: Fixed) -> Option<Counted> {
    let whole = || {
        let one = Fixed::ONE.units();
        let rest = amount.units().checked_rem(one)?;
        let n = u64::try_from(amount.units().checked_div(one)?).ok()?;
        (rest == 0 && n <= MAX_COUNT).then_some(n)
    };
    match kind {
        LimitKind::Spend => Some(Counted::Spend(faregate::Money(amount))),
        LimitKind::Requests => whole().map(Counted::Requests),
        LimitKind::Tokens => whole().map(Counted::Tokens),
        LimitKind::Concurrency => whole().map(Counted::Concurrency),
    }
}

fn credential(dto: CredentialDto, path: &Path<'_>, sink: &Sink) -> OwnCredential {
    let mut own = OwnCredential::new(dto.id, dto.provider);
    own.priority = dto.priority.map_or(0, |priority| priority.0);
    own.fallback = dto.fallback.unwrap_or(false);
    own.models = dto.models;
    own.keys = dto.keys;
    own.state = match dto.state {
        None | Some(StateDto::Ok) => CredentialState::Ok,
        Some(StateDto::Exhausted) => CredentialState::Exhausted,
        Some(StateDto::Invalid) => CredentialState::Invalid,
        Some(StateDto::Disabled) => CredentialState::Disabled,
    };
    own.prices = dto.prices.map(|prices| prices.price_list(&Path::Key(path, "prices"), sink));
    own.fee = dto.fee.map_or(own.fee, |fee| fee.0);
    own
}

impl From<EndpointFactsDto> for EndpointFacts {
    fn from(dto: EndpointFactsDto) -> Self {
        let mut facts = Self::default();
        facts.health = dto.health.map(|health| match health {
            HealthDto::Up => Health::Up,
            HealthDto::Degraded => Health::Degraded,
            HealthDto::Down => Health::Down,
        });
        facts.cooling_until = dto.cooling_until.map(|at| at.0);
        facts.uptime = dto.uptime.map(|share| share.0);
        facts.error_rate = dto.error_rate.map(|share| share.0);
        facts.latency_ms =
            [dto.latency_p50, dto.latency_p75, dto.latency_p90, dto.latency_p99].map(|ms| ms.map(|ms| ms.0));
        facts.throughput = [dto.throughput_p50, dto.throughput_p75, dto.throughput_p90, dto.throughput_p99]
            .map(|n| n.map(|n| n.0));
        facts
    }
}

impl From<&Context> for ContextDto {
    fn from(context: &Context) -> Self {
        let key = (context.key != Key::default()).then(|| KeyDto::from(&context.key));
        let credentials: Vec<_> = context.credentials.iter().map(CredentialDto::from).collect();
        let shared = SharedDto { except: Some(context.shared_except.clone()) };
        let endpoints: Entries<_> =
            context.endpoints.iter().map(|(name, facts)| (name.clone(), facts.into())).collect();
        Self {
            now: Instant(context.now),
            key,
            credentials: (!credentials.is_empty()).then_some(credentials),
            shared: (!context.shared_except.is_empty()).then_some(shared),
            endpoints: (!context.endpoints.is_empty()).then_some(endpoints),
            budgets: context.budgets.as_ref().map(|rows| rows.iter().map(BudgetRowDto::from).collect()),
        }
    }
}

impl From<&OwnCredential> for CredentialDto {
    fn from(own: &OwnCredential) -> Self {
        Self {
            id: own.id.clone(),
            provider: own.provider.clone(),
            priority: (own.priority != 0).then_some(Integer(own.priority)),
            fallback: own.fallback.then_some(true),
            models: own.models.clone(),
            keys: own.keys.clone(),
            state: match own.state {
                CredentialState::Ok => None,
                CredentialState::Exhausted => Some(StateDto::Exhausted),
                CredentialState::Invalid => Some(StateDto::Invalid),
                CredentialState::Disabled => Some(StateDto::Disabled),
            },
            prices: own.prices.as_ref().map(PricesDto::from),
            fee: (own.fee != faregate::Ratio::default()).then_some(Ratio(own.fee)),
        }
    }
}

impl From<&EndpointFacts> for EndpointFactsDto {
    fn from(facts: &EndpointFacts) -> Self {
        let [latency_p50, latency_p75, latency_p90, latency_p99] =
            facts.latency_ms.map(|ms| ms.map(Duration));
        let [throughput_p50, throughput_p75, throughput_p90, throughput_p99] =
            facts.throughput.map(|n| n.map(Decimal));
        Self {
            health: facts.health.map(|health| match health {
                Health::Up => HealthDto::Up,
                Health::Degraded => HealthDto::Degraded,
                Health::Down => HealthDto::Down,
            }),
            cooling_until: facts.cooling_until.map(Instant),
            uptime: facts.uptime.map(Ratio),
            error_rate: facts.error_rate.map(Ratio),
            latency_p50,
            latency_p75,
            latency_p90,
            latency_p99,
            throughput_p50,
            throughput_p75,
            throughput_p90,
            throughput_p99,
        }
    }
}

impl From<&BudgetRow> for BudgetRowDto {
    fn from(row: &BudgetRow) -> Self {
        let mut dto = Self {
            budget: row.budget.clone(),
            per: match row.per.as_slice() {
                [] => None,
                [value] => Some(Per::One(value.clone())),
                values => Some(Per::Several(values.to_vec())),
            },
            window: row.window.as_deref().and_then(window),
            window_start: row.window_start.map(Instant),
            spend: None,
            requests: None,
            tokens: None,
            concurrency: None,
            reserved: row.reserved.map(|reserved| match reserved {
                Counted::Spend(money) => Decimal(money.0),
                Counted::Requests(n) | Counted::Tokens(n) | Counted::Concurrency(n) => {
                    Decimal(Fixed::from_int(n).unwrap_or_default())
                }
            }),
        };
        match row.counted {
            Counted::Spend(money) => dto.spend = Some(Price(money)),
            Counted::Requests(n) => dto.requests = Some(Count(n)),
            Counted::Tokens(n) => dto.tokens = Some(Count(n)),
            Counted::Concurrency(n) => dto.concurrency = Some(Count(n)),
        }
        dto
    }
}

fn window(word: &str) -> Option<WindowDto> {
    let place = WindowDto::WORDS.iter().position(|known| *known == word)?;
    WindowDto::ALL.get(place).copied()
}

fn window_word(window: WindowDto) -> Option<&'static str> {
    let place = WindowDto::ALL.iter().position(|known| *known == window)?;
    WindowDto::WORDS.get(place).copied()
}
