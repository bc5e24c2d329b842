//! What a policy says of one candidate: the truth of a condition, its prices, whether it is out, and for what kind of reason.

use std::cell::Cell;

use super::bound::{Bound, RouteBound, lets_in};
use super::code::{Code, GuardCode, PassId, RouteCode, RuleCode};
use super::columns::fact_of;
use super::cost::Worst;
use super::declared::declared_value;
use super::expr::{Atom, Node, NodeId, UNKNOWN, at};
use super::leaf::{Leaf, leaf_truth};
use super::now::Now;
use super::scratch::SHARED;
use super::source::{AttemptFact, Clock, Fact, Source, WEB_SEARCH};
use super::value::{Texts, Val};
use crate::attributes::WEEKDAYS;
use crate::catalog::{Catalog, Endpoint, Moment};
use crate::ir::{CeilingKind, Policy, Routing};
use crate::pattern::Pattern;
use crate::reference::candidate::smaller;
use crate::reference::truth::Truth;
use crate::reference::values::health_name;
use crate::reference::world::AttemptFacts;
use crate::time::{Date, Wall, day_number, utc_date};
use crate::{
    Amount, Context, CredentialState, EndpointFacts, ErrorClass, Health, Money, OwnCredential, Ratio, Request,
};

/// What of a request and its context a decision looks at again and again, declared defaults filled in.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) request: &'a Request,
    pub(super) context: &'a Context,
    pub(super) model: Option<&'a str>,
    pub(super) max_output: Option<u64>,
    pub(super) expected_output: Option<u64>,
    pub(super) only: Option<Texts<'a>>,
    pub(super) ignore: Option<Texts<'a>>,
    pub(super) credits: Option<Money>,
    pub(super) moment: Moment,
    /// How much of the deadline a run has used, in milliseconds.
    pub(super) elapsed_ms: u64,
    /// The attempt that failed, in a run.
    pub(super) attempt: Option<AttemptFacts>,
}

/// An endpoint with a credential.
#[derive(Clone, Copy)]
pub(super) struct Cand<'a> {
    /// The place of the endpoint.
    pub(super) place: usize,
    /// The own credential; `None`: the shared one.
    pub(super) own: Option<&'a OwnCredential>,
    /// Whether `output` ceilings are left aside: their own conditions may read the cost as it was without.
    pub(super) plain: bool,
    /// Whether it is taken not to be cooling down.
    pub(super) cool: bool,
}

impl<'a> Cand<'a> {
    pub(super) fn shared(place: usize) -> Self {
        Self { place, own: None, plain: false, cool: false }
    }

    pub(super) fn own(place: usize, own: &'a OwnCredential) -> Self {
        Self { place, own: Some(own), plain: false, cool: false }
    }

    /// Returns it as it will be once it does not cool down.
    pub(super) fn cooled(self) -> Self {
        Self { cool: true, ..self }
    }
}

/// The workload by which is judged.
#[derive(Clone, Copy)]
pub(super) struct By<'a> {
    pub(super) code: &'a RouteCode,
    pub(super) bound: &'a RouteBound,
    pub(super) routing: &'a Routing,
}

/// All that a judgement looks at.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) code: &'a Code,
    pub(super) bound: &'a Bound,
    pub(super) policy: &'a Policy,
    pub(super) catalog: &'a Catalog,
    pub(super) ask: Ask<'a>,
    pub(super) symbols: &'a [u32],
    pub(super) masks: &'a [Option<u64>],
    /// What the clocks show, once somebody has looked.
    pub(super) walls: &'a [Cell<Option<Option<Wall>>>],
    /// The day in UTC, once somebody has looked.
    pub(super) today: &'a Cell<Option<Option<Date>>>,
    /// The caller's own ceilings.
    pub(super) caller: &'a [(CeilingKind, Amount)],
    /// What the context says of endpoints, by place; `None`: look it up.
    pub(super) touched: Option<&'a Now>,
    pub(super) by: Option<By<'a>>,
}

/// What kinds of reasons keep a candidate out, as bits.
pub(super) mod out {
    pub(in crate::compiled) const OTHER: u8 = 1;
    pub(in crate::compiled) const GUARDRAIL: u8 = 2;
    pub(in crate::compiled) const CREDITS: u8 = 4;
    pub(in crate::compiled) const SPEND: u8 = 8;
    pub(in crate::compiled) const QUOTA: u8 = 16;
    /// Whatever does not come from a budget, beside its kind.
    pub(in crate::compiled) const BEYOND_BUDGETS: u8 = 32;
}

/// What is known of an endpoint now: its own facts before those of its provider.
#[derive(Clone, Copy, Default)]
pub(super) struct NowFacts<'a> {
    pub(super) own: Option<&'a EndpointFacts>,
    pub(super) provider: Option<&'a EndpointFacts>,
}

impl NowFacts<'_> {
    fn first<T>(self, of: impl Fn(&EndpointFacts) -> Option<T>) -> Option<T> {
        self.own.and_then(&of).or_else(|| self.provider.and_then(&of))
    }

    pub(super) fn health(self) -> Health {
        self.first(|f| f.health).unwrap_or(Health::Up)
    }

    pub(super) fn uptime(self) -> Option<Ratio> {
        self.first(|f| f.uptime)
    }

    pub(super) fn latency(self, percentile: usize) -> Option<u64> {
        self.first(|f| f.latency_ms.get(percentile).copied().flatten())
    }

    pub(super) fn throughput(self, percentile: usize) -> Option<i128> {
        self.first(|f| f.throughput.get(percentile).copied().flatten()).map(faregate_syntax::Fixed::units)
    }
}

impl<'a> Judge<'a> {
    /// Returns the candidate of a plan; `own` is the place of a credential in the context.
    pub(super) fn candidate(&self, place: u32, own: u32) -> Option<Cand<'a>> {
        if own == SHARED {
            return Some(Cand::shared(at(place)));
        }
        Some(Cand::own(at(place), self.ask.context.credentials.get(at(own))?))
    }

    pub(super) fn endpoint(&self, place: usize) -> Option<&'a Endpoint> {
        self.catalog.endpoints().get(place)
    }

    /// Returns the truth of a condition; without a candidate its facts are unknown.
    pub(super) fn truth(&self, node: NodeId, cand: Option<Cand<'a>>) -> Truth {
        let code = self.code;
        let Some(part) = code.arena.nodes.get(at(node)) else { return Truth::Unknown };
        if let Some(cand) = cand
            && let Some(known) = self.bound.known(node)
            && !(known.priced && self.may_cost_otherwise(cand))
        {
            return if known.yes.contains(cand.place) {
                Truth::True
            } else if known.no.contains(cand.place) {
                Truth::False
            } else {
                Truth::Unknown
            };
        }
        match part {
            Node::Constant(value) => Truth::from(*value),
            Node::All(parts) => Truth::all(parts.iter().map(|p| self.truth(*p, cand))),
            Node::Any(parts) => Truth::any(parts.iter().map(|p| self.truth(*p, cand))),
            Node::Not(inner) => self.truth(*inner, cand).not(),
            Node::Leaf(leaf) => match code.arena.leaves.get(at(*leaf)) {
                Some(leaf) => self.leaf(leaf, cand),
                None => Truth::Unknown,
            },
        }
    }

    /// Returns the truth of a condition that the request settles.
    pub(super) fn asked(&self, node: NodeId) -> Truth {
        match self.code.arena.nodes.get(at(node)) {
            Some(Node::Leaf(leaf)) => match self.code.arena.leaves.get(at(*leaf)) {
                Some(leaf) => self.leaf(leaf, None),
                None => Truth::Unknown,
            },
            Some(Node::All(parts)) => Truth::all(parts.iter().map(|p| self.asked(*p))),
            Some(Node::Any(parts)) => Truth::any(parts.iter().map(|p| self.asked(*p))),
            Some(Node::Not(inner)) => self.asked(*inner).not(),
            Some(Node::Constant(value)) => Truth::from(*value),
            None => Truth::Unknown,
        }
    }

    /// Whether the request alone says that a guardrail does not apply.
    pub(super) fn spares(&self, guard: &GuardCode) -> bool {
        let symbol = |slot: usize| self.symbols.get(slot).copied().unwrap_or(UNKNOWN);
        let mask = |slot: usize| self.masks.get(slot).copied().flatten();
        // Where a fact is unknown, nothing is false yet.
        let fails = |atom: &Atom| match *atom {
            Atom::Is { slot, symbol: wanted } => {
                let symbol = symbol(slot);
                symbol != wanted && symbol != UNKNOWN
            }
            Atom::IsNot { slot, symbol: wanted } => symbol(slot) == wanted,
            Atom::Overlaps { slot, mask: wanted } => mask(slot).is_some_and(|mask| mask & wanted == 0),
            Atom::Holds { slot, mask: wanted } => mask(slot).is_some_and(|mask| mask & wanted != wanted),
        };
        guard.atoms.iter().any(fails)
            || (guard.intricate && guard.request_when.is_some_and(|when| self.asked(when).is_false()))
    }

    fn leaf(&self, leaf: &'a Leaf, cand: Option<Cand<'a>>) -> Truth {
        let symbol = |slot: &usize| self.symbols.get(*slot).copied().unwrap_or(UNKNOWN);
        let mask = |slot: &usize| self.masks.get(*slot).copied().flatten();
        match leaf {
            Leaf::Is { slot, symbol: wanted, negated } => match symbol(slot) {
                UNKNOWN => Truth::Unknown,
                symbol => Truth::from((symbol == *wanted) != *negated),
            },
            Leaf::OneOf { slot, symbols } => match symbol(slot) {
                UNKNOWN => Truth::Unknown,
                symbol => Truth::from(symbols.contains(&symbol)),
            },
            Leaf::Overlaps { slot, mask: wanted } => Truth::known(mask(slot).map(|m| m & wanted != 0)),
            Leaf::Holds { slot, mask: wanted } => Truth::known(mask(slot).map(|m| m & wanted == *wanted)),
            leaf => leaf_truth(leaf, self.catalog, |source| self.value(source, cand)),
        }
    }

    /// Whether a condition can be true after a failure of this class, and whether it can be false (`reference::eval`).
    pub(super) fn possible(&self, node: NodeId, cand: Cand<'a>, error: ErrorClass) -> (bool, bool) {
        let settled = |truth: Truth| (truth.is_true(), truth.is_false());
        if self.code.arena.reads(node) & super::expr::reads::ATTEMPT == 0 {
            return settled(self.truth(node, Some(cand)));
        }
        match self.code.arena.nodes.get(at(node)) {
            Some(Node::All(parts)) => parts.iter().fold((true, false), |(t, f), part| {
                let (can, cannot) = self.possible(*part, cand, error);
                (t && can, f || cannot)
            }),
            Some(Node::Any(parts)) => parts.iter().fold((false, true), |(t, f), part| {
                let (can, cannot) = self.possible(*part, cand, error);
                (t || can, f && cannot)
            }),
            Some(Node::Not(inner)) => {
                let (t, f) = self.possible(*inner, cand, error);
                (f, t)
            }
            Some(Node::Leaf(leaf)) => match self.code.arena.leaves.get(at(*leaf)) {
                Some(Leaf::Attempt { possible, .. }) => {
                    possible.iter().find(|(class, _)| *class == error).map_or((true, true), |(_, can)| *can)
                }
                _ => (true, true),
            },
            Some(Node::Constant(value)) => (*value, !*value),
            None => (false, false),
        }
    }

    /// Returns what an attribute is; `None`: unknown.
    pub(super) fn value(&self, source: Source, cand: Option<Cand<'a>>) -> Option<Val<'a>> {
        let ask = &self.ask;
        match source {
            Source::Request(read) => read(ask.request),
            Source::Key(read) => read(&ask.context.key),
            Source::TotalTokens => {
                let output = i128::from(ask.max_output?);
                Some(Val::Number(i128::from(ask.request.input_tokens).saturating_add(output)))
            }
            // Policies speak of models, whatever alias the client used.
            Source::Model => ask.model.map(|m| Val::Text(self.catalog.resolve(m))),
            Source::Models => Some(Val::Set(Texts::Asked(&ask.request.models, self.catalog))),
            Source::Declared(place) => {
                declared_value(self.policy, self.code, place, ask.request, ask.context)
            }
            Source::Fact(fact) => self.fact(fact, cand?),
            Source::Now => Some(Val::Number(i128::from(ask.context.now.0))),
            Source::Clock(clock, zone) => {
                let wall = self.wall(zone)?;
                match clock {
                    Clock::Date => Some(Val::Number(day_number(wall.date))),
                    Clock::Hour => Some(Val::Number(i128::from(wall.time.0))),
                    Clock::Weekday => WEEKDAYS.get(usize::from(wall.weekday)).copied().map(Val::Text),
                }
            }
            Source::Attempt(fact) => {
                let attempt = ask.attempt.as_ref()?;
                Some(match fact {
                    AttemptFact::Number => Val::Number(i128::from(attempt.number)),
                    AttemptFact::Error => Val::Text(attempt.error.as_str()),
                    AttemptFact::EmittedTokens => Val::Number(i128::from(attempt.emitted_tokens)),
                    AttemptFact::Elapsed => Val::Number(i128::from(attempt.elapsed_ms)),
                })
            }
            Source::Nothing => None,
        }
    }

    fn wall(&self, zone: usize) -> Option<Wall> {
        let look = || self.code.arena.zones.get(zone)?.wall(self.ask.context.now);
        let Some(cell) = self.walls.get(zone) else { return look() };
        if let Some(wall) = cell.get() {
            return wall;
        }
        let wall = look();
        cell.set(Some(wall));
        wall
    }

    pub(super) fn today(&self) -> Option<Date> {
        if let Some(today) = self.today.get() {
            return today;
        }
        let today = utc_date(self.ask.context.now);
        self.today.set(Some(today));
        today
    }

    fn fact(&self, fact: Fact, cand: Cand<'a>) -> Option<Val<'a>> {
        let number = |m: Option<Money>| m.map(|m| Val::Number(m.0.units()));
        match fact {
            Fact::Credential => Some(Val::Text(cand.own.map_or("shared", |own| own.id.as_str()))),
            Fact::Byok => Some(Val::Bool(cand.own.is_some())),
            Fact::Price(kind) => number(self.prices_now(cand).get(kind)),
            Fact::WebSearch => {
                let price = self.listed(cand)?.tool_at(WEB_SEARCH, self.ask.moment);
                number(price.map(|t| t.per_call))
            }
            Fact::Cost => number(self.worst(cand).value),
            Fact::Uptime => self.now_facts(cand.place).uptime().map(|r| Val::Number(r.0.units())),
            Fact::ErrorRate => {
                self.now_facts(cand.place).first(|f| f.error_rate).map(|r| Val::Number(r.0.units()))
            }
            Fact::Health => Some(Val::Text(health_name(self.now_facts(cand.place).health()))),
            Fact::CoolingDown => Some(Val::Bool(self.is_cooling(cand))),
            Fact::Latency(at) => self.now_facts(cand.place).latency(at).map(|n| Val::Number(i128::from(n))),
            Fact::Throughput(at) => self.now_facts(cand.place).throughput(at).map(Val::Number),
            fact => fact_of(self.endpoint(cand.place)?, fact),
        }
    }

    pub(super) fn now_facts(&self, place: usize) -> NowFacts<'a> {
        if let Some(now) = self.touched {
            return now.facts(&self.bound.columns, place);
        }
        let known = &self.ask.context.endpoints;
        if known.is_empty() {
            return NowFacts::default();
        }
        let Some(endpoint) = self.endpoint(place) else { return NowFacts::default() };
        NowFacts { own: known.get(&endpoint.id), provider: known.get(&endpoint.provider) }
    }

    pub(super) fn cooling_until(&self, cand: Cand<'a>) -> Option<crate::Timestamp> {
        let until = self.now_facts(cand.place).first(|f| f.cooling_until);
        until.filter(|until| *until > self.ask.context.now && !cand.cool)
    }

    pub(super) fn is_cooling(&self, cand: Cand<'a>) -> bool {
        self.cooling_until(cand).is_some()
    }

    pub(super) fn satisfied(&self, rule: RuleCode, cand: Cand<'a>) -> bool {
        let truth = self.truth(rule.node, Some(cand));
        if rule.forbid { truth.is_false() } else { truth.is_true() }
    }

    /// Whether prices of a candidate are not those that its endpoint has at every moment.
    pub(super) fn may_cost_otherwise(&self, cand: Cand<'a>) -> bool {
        cand.own.is_some_and(|own| own.prices.is_some()) || self.bound.columns.changing.contains(cand.place)
    }

    /// Whether a candidate satisfies rules that the catalog settles.
    pub(super) fn passes(&self, pass: PassId, cand: Cand<'a>) -> bool {
        let (Some(bound), Some(code)) = (self.bound.pass(pass), self.code.passes.get(at(pass))) else {
            return true;
        };
        if !(bound.priced && self.may_cost_otherwise(cand)) {
            return bound.set.contains(cand.place);
        }
        code.when.is_some_and(|when| self.truth(when, Some(cand)).is_false())
            || code.rules.iter().all(|rule| self.satisfied(*rule, cand))
    }

    /// Whether a guardrail keeps a candidate out. That the request may meet it is known.
    pub(super) fn guarded(&self, guard: u32, cand: Cand<'a>) -> bool {
        let Some(code) = self.code.guards.get(at(guard)) else { return false };
        if code.endpoint_when.is_some_and(|w| self.truth(w, Some(cand)).is_false()) {
            return false;
        }
        let broken = !code.pass.is_none_or(|p| self.passes(p, cand))
            || !code.late.iter().all(|rule| self.satisfied(*rule, cand));
        broken && !self.waived(&code.waivers, cand)
    }

    /// Whether one of these waivers lifts its guardrail for a candidate today.
    pub(super) fn waived(&self, waivers: &[u32], cand: Cand<'a>) -> bool {
        waivers.iter().any(|place| {
            let Some(waiver) = self.policy.waivers.get(at(*place)) else { return false };
            let when = self.code.waivers.get(at(*place)).copied().flatten();
            self.today().is_some_and(|today| today <= waiver.until)
                && when.is_none_or(|w| self.truth(w, Some(cand)).is_true())
        })
    }

    /// Whether a filter that is built in keeps a candidate out.
    pub(super) fn built_in_out(&self, by: By<'a>, cand: Cand<'a>) -> bool {
        let Some(endpoint) = self.endpoint(cand.place) else { return true };
        let (request, facts) = (self.ask.request, &endpoint.facts);
        if !self.fits(cand)
            || matches!((self.ask.max_output, facts.max_output_tokens), (Some(asked), Some(fits)) if asked > fits)
        {
            return true;
        }
        let mut strict = request.parameters.iter().filter(|p| !by.routing.tolerate.contains(*p));
        let supported = match &facts.supports {
            Some(supports) => strict.all(|p| supports.contains(p)),
            None => strict.next().is_none(),
        };
        let read = match &facts.modalities {
            Some(modalities) => request.modalities.iter().all(|m| modalities.contains(m)),
            None => request.modalities.is_empty(),
        };
        !supported
            || !read
            || self.names_forbidden_tool(by)
            || self.worst(cand).overflow
            || facts.sunset.is_some_and(|last| self.today().is_none_or(|today| today > last))
    }

    /// Whether the input, and the output where both share it, fits the context.
    pub(super) fn fits(&self, cand: Cand<'a>) -> bool {
        let Some(endpoint) = self.endpoint(cand.place) else { return false };
        // What an `output` ceiling sets comes after this filter (rule 28), so that it makes no room here (rule 7).
        let limit = smaller(self.ask.max_output, endpoint.facts.max_output_tokens);
        let output = if endpoint.facts.joint_context == Some(true) { limit.unwrap_or(0) } else { 0 };
        let needed = self.ask.request.input_tokens.saturating_add(output);
        endpoint.facts.context_length.map_or(needed == 0, |fits| needed <= fits)
    }

    pub(super) fn names_forbidden_tool(&self, by: By<'a>) -> bool {
        let tools = &self.ask.request.tools;
        tools.iter().any(|t| by.routing.tools.get(t).is_some_and(|cap| cap.calls == 0))
    }

    /// Whether a ceiling keeps a candidate out; that it applies is known.
    pub(super) fn over(&self, kind: &CeilingKind, amount: Amount, cand: Cand<'a>) -> bool {
        self.over_at(kind, amount, cand, || self.worst(cand))
    }

    /// The same, where the worst cost may be known already.
    pub(super) fn over_at(
        &self,
        kind: &CeilingKind,
        amount: Amount,
        cand: Cand<'a>,
        worst: impl FnOnce() -> Worst,
    ) -> bool {
        let limit = match amount {
            Amount::Count(limit) => return self.ask.max_output.is_some_and(|asked| asked > limit),
            Amount::Money(limit) => limit,
        };
        if matches!(kind, CeilingKind::Attempt | CeilingKind::Run) {
            let worst = worst();
            return worst.value.map_or(worst.is_told(), |worst| worst > limit);
        }
        if !self.uses(kind) {
            return false;
        }
        let prices = self.prices_now(cand);
        let price = match kind {
            CeilingKind::Prompt => prices.prompt,
            CeilingKind::Completion => prices.completion,
            CeilingKind::RequestFee => Some(prices.request),
            CeilingKind::Image => prices.image,
            CeilingKind::CacheRead => prices.cache_read,
            CeilingKind::CacheWrite => prices.cache_write,
            CeilingKind::Reasoning => prices.reasoning,
            CeilingKind::Tool(tool) => {
                self.listed(cand).and_then(|l| l.tool_at(tool, self.ask.moment)).map(|t| t.per_call)
            }
            CeilingKind::Attempt | CeilingKind::Run | CeilingKind::Output => return false,
        };
        price.is_none_or(|p| p > limit)
    }

    /// Whether the request uses what a ceiling on a price bounds (rule 9).
    pub(super) fn uses(&self, kind: &CeilingKind) -> bool {
        let request = self.ask.request;
        match kind {
            CeilingKind::Prompt | CeilingKind::Completion | CeilingKind::RequestFee => true,
            CeilingKind::Image => request.images > 0,
            CeilingKind::CacheRead | CeilingKind::CacheWrite => {
                request.caching || request.cached_input_tokens > 0
            }
            CeilingKind::Reasoning => request.parameters.contains("reasoning"),
            CeilingKind::Tool(tool) => request.tools.contains(tool),
            CeilingKind::Attempt | CeilingKind::Run | CeilingKind::Output => true,
        }
    }

    /// Whether a ceiling of the workload applies to a candidate.
    pub(super) fn applies(&self, when: Option<NodeId>, cand: Cand<'a>) -> bool {
        when.is_none_or(|w| !self.truth(w, Some(cand)).is_false())
    }

    /// Returns whether the key's credits do not suffice, and whether the cost is not known.
    pub(super) fn credits_out(&self, cand: Cand<'a>) -> u8 {
        self.credits_out_at(cand, || self.worst(cand))
    }

    /// The same, where the worst cost may be known already.
    pub(super) fn credits_out_at(&self, cand: Cand<'a>, worst: impl FnOnce() -> Worst) -> u8 {
        let Some(credits) = self.ask.credits else { return 0 };
        if cand.own.is_some() {
            return 0;
        }
        let worst = worst();
        match worst.value {
            Some(worst) if worst > credits => out::CREDITS,
            Some(_) => 0,
            None if worst.is_told() => out::OTHER,
            None => 0,
        }
    }

    /// Whether its credential keeps a candidate out.
    pub(super) fn credential_out(&self, by: By<'a>, cand: Cand<'a>) -> bool {
        let Some(endpoint) = self.endpoint(cand.place) else { return true };
        if !lets_in(by.routing, endpoint, cand.own.is_some()) {
            return true;
        }
        let Some(own) = cand.own else { return self.ask.context.shared_except.contains(&endpoint.provider) };
        let model = endpoint.model.as_str();
        let names = |p: &String| Pattern::matches_text(p, model) || self.catalog.resolve(p) == model;
        let key_id = || self.value(self.code.key_id, None);
        own.state != CredentialState::Ok
            || !own.models.as_ref().is_none_or(|models| models.iter().any(names))
            || !own
                .keys
                .as_ref()
                .is_none_or(|keys| matches!(key_id(), Some(Val::Text(id)) if keys.iter().any(|k| k == id)))
    }

    pub(super) fn caller_refuses(&self, cand: Cand<'a>) -> bool {
        let Some(endpoint) = self.endpoint(cand.place) else { return true };
        let provider = endpoint.provider.as_str();
        self.ask.only.is_some_and(|only| !only.contains(provider))
            || self.ask.ignore.is_some_and(|ignore| ignore.contains(provider))
    }
}
