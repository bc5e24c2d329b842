//! Values that one policy allows and the other refuses, and the values that requests are tried with.

use std::collections::BTreeSet;

use faregate::model::{Declared, Routing, Subject, Value};
use faregate::{
    Context, Endpoint, EndpointFacts, Health, MAX_COUNT, Money, PriceList, Ratio, Request, Timestamp,
};
use faregate_syntax::Fixed;

use super::super::shape::shape;
use super::admission::clock;
use super::effects::effects;
use super::joint::Redeclared;
use super::picks::Pair;
use super::sides::{Differ, Side};
use super::{DecisionChange, Direction};
use crate::prove::facts::{is_key_field, is_request_field};
use crate::prove::formula::Unit;
use crate::prove::solve::Given;
use crate::prove::witness::{put_attribute, put_key, put_request};

/// What requests are tried with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Output and effects.
    Plain,
    /// What is known of endpoints now.
    Figures,
    /// Everything that costs.
    Costs,
    /// Prices of the catalog that all move one way.
    Prices,
    /// Prices that rise and fall.
    Mixed,
    /// Tools.
    Tools,
    /// Parameters that may be dropped.
    Parameters,
}

/// So many endpoints are told apart by what is known of them.
pub(super) const MOST_FIGURES: usize = 40;

/// Attributes that the engine fills in for filters and costs, not for conditions alone.
const FILLED: [&str; 7] =
    ["model", "models", "max_output_tokens", "expected_output_tokens", "only", "ignore", "credits"];

impl Differ<'_> {
    /// Tells of values that only one policy allows, by requests that carry them.
    pub(super) fn values(&mut self, redeclared: &[Redeclared], pairs: &[Pair]) {
        for attribute in redeclared {
            let span = |d: &Option<Declared>| d.as_ref().map(|d| d.span);
            let places = (self.at(Side::Old, span(&attribute.old)), self.at(Side::New, span(&attribute.new)));
            let subject = if attribute.subject == Subject::Key { "key" } else { "request" };
            let name = format!("{subject}.{}", attribute.name);
            let default = |d: &Option<Declared>| shape(&d.as_ref().and_then(|d| d.default.clone()));
            let filled = FILLED.contains(&attribute.name.as_str());
            let counted = Side::BOTH.iter().any(|side| {
                let mut per = self.policies.of(*side).budgets.iter().flat_map(|b| &b.per);
                per.any(|a| a.subject == attribute.subject && a.name == attribute.name)
            });
            if attribute.unclear || filled || (counted && default(&attribute.old) != default(&attribute.new))
            {
                let why =
                    format!("{name} is declared differently, and not all that follows from it was settled");
                self.unsettled(why, places.0.clone(), places.1.clone());
            }
            for value in &attribute.odd {
                if !self.odd(attribute, value, pairs, &places) {
                    let why = format!(
                        "{name} has values that one policy refuses, and no request was found that shows what follows"
                    );
                    self.unsettled(why, places.0.clone(), places.1.clone());
                }
            }
        }
    }

    /// Tries requests that carry a value; whether one was routed on one side alone.
    fn odd(
        &mut self,
        attribute: &Redeclared,
        value: &Value,
        pairs: &[Pair],
        places: &(Vec<String>, Vec<String>),
    ) -> bool {
        let mut denial = None;
        for pair in pairs {
            for way in &pair.ways {
                let admitted = self.someone(pair, way);
                let Some(model) = self.model(admitted).or_else(|| self.model(way.when)) else { continue };
                let (mut request, mut context) = self.concrete(&model, way, None);
                put(attribute, value, &mut request, &mut context);
                let (old, new) = self.decide(&request, &context);
                let found = effects(&old, &new);
                let direction = [Direction::Looser, Direction::Tighter, Direction::Denial]
                    .into_iter()
                    .find(|d| found.iter().any(|e| e.direction == *d));
                let Some(direction) = direction else { continue };
                let (witness, effects) = self.shrink(request, context, &|_, _, effects| {
                    effects.iter().any(|e| e.direction == direction)
                });
                let of = || effects.iter().filter(|e| e.direction == direction);
                let change = DecisionChange {
                    direction,
                    old_workload: witness.old.explanation().workload.clone(),
                    new_workload: witness.new.explanation().workload.clone(),
                    endpoints: BTreeSet::new(),
                    and_more: false,
                    also: BTreeSet::new(),
                    what: of().map(|e| e.what.clone()).next().unwrap_or_default(),
                    certain: true,
                    beside: false,
                    witness: Some(witness),
                    at_old: places.0.clone(),
                    at_new: places.1.clone(),
                };
                if direction == Direction::Denial {
                    denial.get_or_insert(change);
                    continue;
                }
                self.add(change);
                return true;
            }
        }
        let found = denial.is_some();
        denial.into_iter().for_each(|change| self.add(change));
        found
            && pairs
                .iter()
                .all(|p| self.routing(Side::Old, p.old).is_none() && self.routing(Side::New, p.new).is_none())
    }

    /// Where some candidate of a pair is admitted on both sides, or on one where only one routes.
    pub(super) fn someone(
        &mut self,
        pair: &Pair,
        way: &super::picks::JointWay,
    ) -> crate::prove::formula::Formula {
        for number in 0..self.met.len() {
            let mut parts = vec![way.when];
            for (side, at) in [(Side::Old, pair.old), (Side::New, pair.new)] {
                if self.routing(side, at).is_some()
                    && let Some(at) = at
                {
                    parts.push(self.admitted(side, at, number, false, way.spent.of(side)));
                }
            }
            let question = self.arena.all(parts);
            if !self.is_never(question) {
                return question;
            }
        }
        crate::prove::formula::Formula::FALSE
    }
}

/// Puts a value where a request or key carries it.
fn put(attribute: &Redeclared, value: &Value, request: &mut Request, context: &mut Context) {
    let given = match value {
        Value::Text(text) => Given::Text(text.clone()),
        Value::Bool(b) => Given::Bool(*b),
        Value::Number(n) => Given::Number(*n),
        Value::Set(set) => Given::Set(set.clone()),
    };
    let name = attribute.name.as_str();
    match attribute.subject {
        Subject::Request if is_request_field(name) => put_request(request, name, &given),
        Subject::Request => put_attribute(&mut request.attributes, name, &given, Unit::Count),
        Subject::Key if is_key_field(name) => put_key(context, name, &given),
        _ => put_attribute(&mut context.key.attributes, name, &given, Unit::Count),
    }
}

/// Returns a request as it is and with more that may matter.
pub(super) fn variations(
    kind: Kind,
    request: &Request,
    context: &Context,
    old: &Routing,
    new: &Routing,
    endpoints: &[Option<&Endpoint>; 2],
    ids: &[String],
) -> Vec<(Request, Context)> {
    let mut sized = request.clone();
    sized.input_tokens = sized.input_tokens.max(1000);
    sized.max_output_tokens = Some(sized.max_output_tokens.unwrap_or(500).max(500));
    let mut small = request.clone();
    (small.input_tokens, small.max_output_tokens) =
        (small.input_tokens.max(10), Some(small.max_output_tokens.unwrap_or(10).max(10)));
    let mut requests = vec![request.clone(), sized.clone(), small.clone()];
    let mut contexts = vec![context.clone()];
    let mut with = |change: &dyn Fn(&mut Request)| {
        for base in [&sized, &small] {
            let mut request = base.clone();
            change(&mut request);
            requests.push(request);
        }
    };
    with(&|r| r.max_output_tokens = None);
    with(&|r| (r.stream, r.idempotent) = (true, true));
    with(&|r| (r.side_effects, r.idempotent) = (true, true));
    let priced = matches!(kind, Kind::Costs | Kind::Prices | Kind::Mixed);
    let tools: BTreeSet<&String> = old.tools.keys().chain(new.tools.keys()).collect();
    if priced || kind == Kind::Tools {
        for tool in tools {
            with(&|r| {
                r.tools.insert(tool.clone());
            });
        }
    }
    if kind == Kind::Parameters {
        for parameter in old.tolerate.iter().chain(&new.tolerate) {
            with(&|r| {
                r.parameters.insert(parameter.clone());
            });
        }
    }
    if priced {
        with(&|r| r.caching = true);
        with(&|r| (r.caching, r.cached_input_tokens) = (true, r.input_tokens));
        with(&|r| r.images = 1);
        // Sums of several calls meet a bound somewhere between.
        for size in (0..11_u32).map(|n| 1000_u64.saturating_mul(1 << n)) {
            with(&|r| r.input_tokens = size);
        }
        with(&|r| r.expected_output_tokens = Some(1));
        for endpoint in endpoints.iter().flatten() {
            for change in endpoint.facts.prices.overrides.iter().flatten() {
                for size in [change.above_input_tokens, change.from_input_tokens].into_iter().flatten() {
                    with(&|r| r.input_tokens = size.saturating_add(1).min(MAX_COUNT));
                }
                for (from, to) in change.utc.iter() {
                    for at in [from.0, to.0] {
                        let mut other = context.clone();
                        let midnight = context.now.0.saturating_sub(context.now.0.rem_euclid(86_400_000));
                        other.now = Timestamp(midnight.saturating_add(i64::from(at)));
                        contexts.push(other);
                    }
                }
            }
            for size in
                [endpoint.facts.context_length, endpoint.facts.max_output_tokens].into_iter().flatten()
            {
                with(&|r| r.input_tokens = size.min(MAX_COUNT));
                with(&|r| r.max_output_tokens = Some(size));
            }
        }
    }
    if !context.credentials.is_empty() {
        // Own keys that pay what the catalog says.
        let mut plain = context.clone();
        plain.credentials.iter_mut().for_each(|own| own.prices = None);
        contexts.push(plain);
        if priced {
            // And those that say something of one price alone.
            let list = |keep: &dyn Fn(&mut PriceList, &PriceList)| {
                let mut other = context.clone();
                for own in &mut other.credentials {
                    let (all, mut one) = (own.prices.take().unwrap_or_default(), PriceList::default());
                    keep(&mut one, &all);
                    own.prices = Some(one);
                }
                other
            };
            contexts.push(list(&|one, all| one.prompt = all.prompt.or(Some(Money::ZERO))));
            contexts.push(list(&|one, all| one.completion = all.completion.or(Some(Money::ZERO))));
        }
    }
    if kind == Kind::Figures {
        contexts.extend(figures(context, ids));
        let mut later = context.clone();
        later.now = clock(context.now, 9);
        contexts.push(later);
    }
    let mut all = Vec::new();
    for context in &contexts {
        for request in &requests {
            all.push((request.clone(), context.clone()));
        }
    }
    all
}

/// Returns contexts in which endpoints differ in what is known of them: those with the lower ids are better, then worse.
fn figures(context: &Context, ids: &[String]) -> Vec<Context> {
    let mut contexts = Vec::new();
    for upward in [true, false] {
        for figure in 0..4_u64 {
            let mut other = context.clone();
            for (at, id) in ids.iter().enumerate() {
                let at = u64::try_from(at).unwrap_or(0);
                let rank = if upward { at } else { 100_u64.saturating_sub(at) }.saturating_add(1);
                let facts: &mut EndpointFacts = other.endpoints.entry(id.clone()).or_default();
                match figure {
                    0 => facts.latency_ms.iter_mut().for_each(|slot| *slot = Some(rank.saturating_mul(100))),
                    1 => {
                        let rate = Fixed::from_int(rank);
                        facts.throughput.iter_mut().for_each(|slot| *slot = rate);
                    }
                    2 => {
                        facts.uptime = Fixed::from_int(rank)
                            .and_then(|n| n.checked_mul(Fixed::from_units(10_i128.pow(21))))
                            .map(Ratio)
                    }
                    _ => facts.health = (rank > 50 || at > 0).then_some(Health::Degraded),
                }
            }
            contexts.push(other);
        }
    }
    contexts
}
