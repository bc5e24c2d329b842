//! Models as requests and contexts, decided by the engine: nothing is called broken that it does not break.

use std::collections::BTreeSet;

use faregate::model::{Invariant, Judged, exhausted_rows, judge, policy};
use faregate::syntax::Fixed;
use faregate::{
    AttributeValue, Context, Credential, Decision, EndpointFacts, Engine, Health, Money, OwnCredential,
    PriceList, Ratio, Request, Timestamp,
};

use super::Counterexample;
use super::formula::{Arena, Place, Unit};
use super::solve::{Given, Model};

/// What a counterexample is to go through.
pub(super) struct Target<'a> {
    pub(super) endpoint: Option<&'a str>,
    pub(super) provider: &'a str,
    pub(super) own: bool,
    /// Indexes of the budgets that are used up.
    pub(super) spent: &'a BTreeSet<usize>,
}

/// The id of the own credential of a counterexample.
const OWN: &str = "own-key";

/// Others are taken down one after the other until the one in question is reached; more than so many are not.
pub(super) const MOST_DOWN: usize = 400;

/// Decides a model, others being down as far as needed; the counterexample is made as small as can be.
pub(super) fn confirm(
    engine: &Engine,
    arena: &Arena,
    invariant: &Invariant,
    model: &Model,
    target: &Target<'_>,
    may_be_down: bool,
) -> Option<Counterexample> {
    let (request, mut context) = concrete(arena, model, target);
    for budget in target.spent {
        let name = &policy(engine.policy()).budgets.get(*budget)?.name;
        let rows = exhausted_rows(engine, &request, &context, name)?;
        context.budgets.get_or_insert_default().extend(rows);
    }
    for _ in 0..MOST_DOWN {
        let decision = engine.decide(&request, &context);
        if let Judged::Broken { .. } = judge(engine, &request, &context, invariant, &decision) {
            return Some(smallest(engine, invariant, request, context));
        }
        let Decision::Route(plan) = decision else { return None };
        if !may_be_down {
            return None;
        }
        let is_target = |id: &str, credential: &Credential| {
            Some(id) == target.endpoint && target.own == matches!(credential, Credential::Own(_))
        };
        let alone = plan.attempts.len() == 1;
        if alone && plan.attempts.iter().any(|a| is_target(&a.endpoint, &a.credential)) {
            return None;
        }
        for attempt in &plan.attempts {
            if Some(attempt.endpoint.as_str()) != target.endpoint {
                context.endpoints.entry(attempt.endpoint.clone()).or_default().health = Some(Health::Down);
            } else if !is_target(&attempt.endpoint, &attempt.credential) && target.own {
                context.shared_except.insert(attempt.provider.clone());
            }
        }
    }
    None
}

/// Decides a model with so many own keys, as those of these providers come in turn: each costs a little more than the one before it,
/// and the last what the model says, so that an order by price takes the providers in turn too.
pub(super) fn confirm_with_keys(
    engine: &Engine,
    arena: &Arena,
    invariant: &Invariant,
    model: &Model,
    target: &Target<'_>,
    providers: &[&str],
    keys: usize,
) -> Option<Counterexample> {
    let (request, mut context) = concrete(arena, model, target);
    let pattern = context.credentials.pop()?;
    let dearest = pattern.prices.as_ref().and_then(|p| p.request).map_or(0, |m| m.0.units());
    let last = i128::try_from(keys.saturating_sub(1)).ok()?;
    for (nth, provider) in (0_i128..=last).zip(providers.iter().cycle()) {
        let id = if nth == 0 { OWN.to_owned() } else { format!("{OWN}-{nth}") };
        let mut own = OwnCredential::new(id, *provider);
        own.prices.clone_from(&pattern.prices);
        if let Some(prices) = &mut own.prices {
            let cheaper = dearest.checked_sub(last.checked_sub(nth)?).filter(|_| dearest > last);
            prices.request = Some(Money(Fixed::from_units(cheaper.unwrap_or(nth))));
        }
        context.credentials.push(own);
    }
    for budget in target.spent {
        let name = &policy(engine.policy()).budgets.get(*budget)?.name;
        let rows = exhausted_rows(engine, &request, &context, name)?;
        context.budgets.get_or_insert_default().extend(rows);
    }
    let decision = engine.decide(&request, &context);
    match judge(engine, &request, &context, invariant, &decision) {
        Judged::Broken { .. } => Some(smallest(engine, invariant, request, context)),
        _ => None,
    }
}

/// Turns a model into a request and a context in which nothing is down and nothing is used.
pub(super) fn plain(arena: &Arena, model: &Model) -> (Request, Context) {
    let none = BTreeSet::new();
    concrete(arena, model, &Target { endpoint: None, provider: "", own: false, spent: &none })
}

/// Turns a model into a request and a context. What matters to nobody is left out.
pub(super) fn concrete(arena: &Arena, model: &Model, target: &Target<'_>) -> (Request, Context) {
    let mut request = Request::new("counterexample", 1);
    let mut context = Context::new(model.now);
    context.budgets = Some(Vec::new());
    let mut own = OwnCredential::new(OWN, target.provider);
    let mut prices = PriceList::default();
    let nothing = Some(Money::ZERO);
    (prices.prompt, prices.completion, prices.request, prices.image) = (nothing, nothing, nothing, nothing);
    for (key, given) in &model.given {
        let Some(about) = arena.about(*key) else { continue };
        match &about.place {
            Place::Request(name) => put_request(&mut request, name, given),
            Place::RequestAttribute(name) => {
                put_attribute(&mut request.attributes, name, given, about.unit);
            }
            Place::Key(name) => put_key(&mut context, name, given),
            Place::KeyAttribute(name) => put_attribute(&mut context.key.attributes, name, given, about.unit),
            Place::Endpoint(id, fact) => {
                let facts = context.endpoints.entry(id.clone()).or_default();
                put_figure(facts, fact, given, model.now);
            }
            Place::Own(name) => put_price(&mut prices, name, given),
            Place::Any(_) => {}
            Place::CallerOutput => {
                if let Given::Number(n) = given {
                    request.max_price.insert("output".to_owned(), n.to_string());
                }
            }
        }
    }
    context.endpoints.retain(|_, facts| *facts != EndpointFacts::default());
    if target.own {
        // Where it pays what the catalog says, it names none.
        own.prices = (!arena.taken.list_prices).then_some(prices);
        context.credentials.push(own);
    }
    (request, context)
}

fn count(given: &Given) -> Option<u64> {
    match given {
        Given::Number(n) => u64::try_from(*n).ok(),
        _ => None,
    }
}

pub(super) fn put_request(request: &mut Request, name: &str, given: &Given) {
    let text = || match given {
        Given::Text(text) => Some(text.clone()),
        _ => None,
    };
    let set = || match given {
        Given::Set(set) => Some(set.clone()),
        _ => None,
    };
    let flag = *given == Given::Bool(true);
    match name {
        "id" => request.id = text().unwrap_or_default(),
        "workload" => request.workload = text(),
        "model" => request.model = text(),
        "models" => request.models = set().unwrap_or_default().into_iter().collect(),
        "input_tokens" => request.input_tokens = count(given).unwrap_or(0),
        "max_output_tokens" => request.max_output_tokens = count(given),
        "expected_output_tokens" => request.expected_output_tokens = count(given),
        "cached_input_tokens" => request.cached_input_tokens = count(given).unwrap_or(0),
        "caching" => request.caching = flag,
        "images" => request.images = count(given).unwrap_or(0),
        "stream" => request.stream = flag,
        "idempotent" => request.idempotent = flag,
        "side_effects" => request.side_effects = flag,
        "parameters" => request.parameters = set().unwrap_or_default(),
        "modalities" => request.modalities = set().unwrap_or_default(),
        "tools" => request.tools = set().unwrap_or_default(),
        "data" => request.data = set(),
        "tags" => request.tags = set().unwrap_or_default(),
        "user" => request.user = text(),
        "session" => request.session = text(),
        "region" => request.region = text(),
        "priority" => request.priority = text(),
        "only" => request.only = set(),
        "ignore" => request.ignore = set(),
        _ => {}
    }
}

pub(super) fn put_key(context: &mut Context, name: &str, given: &Given) {
    let key = &mut context.key;
    let text = match given {
        Given::Text(text) => Some(text.clone()),
        _ => None,
    };
    match name {
        "id" => key.id = text,
        "environment" => key.environment = text,
        "team" => key.team = text,
        "project" => key.project = text,
        "account" => key.account = text,
        "user" => key.user = text,
        "tags" => {
            key.tags = match given {
                Given::Set(set) => Some(set.clone()),
                _ => None,
            }
        }
        "credits" => {
            key.credits = match given {
                Given::Number(n) => Some(Money(Fixed::from_units(*n))),
                _ => None,
            }
        }
        _ => {}
    }
}

pub(super) fn put_attribute(
    attributes: &mut std::collections::BTreeMap<String, AttributeValue>,
    name: &str,
    given: &Given,
    unit: Unit,
) {
    let value = match given {
        Given::Absent => return,
        Given::Text(text) => AttributeValue::Text(text.clone()),
        Given::Bool(b) => AttributeValue::Bool(*b),
        Given::Number(n) if unit == Unit::Fixed => AttributeValue::Text(Fixed::from_units(*n).to_string()),
        Given::Number(n) => AttributeValue::Number(n.to_string()),
        Given::Set(set) => AttributeValue::List(set.iter().cloned().collect()),
    };
    attributes.insert(name.to_owned(), value);
}

fn put_figure(facts: &mut EndpointFacts, name: &str, given: &Given, now: Timestamp) {
    let fixed = match given {
        Given::Number(n) => Some(Fixed::from_units(*n)),
        _ => None,
    };
    match (name, given) {
        ("health", Given::Text(health)) => {
            facts.health = match health.as_str() {
                "degraded" => Some(Health::Degraded),
                "down" => Some(Health::Down),
                _ => None,
            };
        }
        ("cooling_down", Given::Bool(true)) => {
            facts.cooling_until = Some(Timestamp(now.0.saturating_add(60_000)));
        }
        ("uptime", _) => facts.uptime = fixed.map(Ratio),
        ("error_rate", _) => facts.error_rate = fixed.map(Ratio),
        (figure, _) => {
            let Some((figure, percentile)) = figure.split_once('_') else { return };
            let Some(at) = ["p50", "p75", "p90", "p99"].iter().position(|p| *p == percentile) else { return };
            if figure == "latency" {
                if let Some(slot) = facts.latency_ms.get_mut(at) {
                    *slot = count(given);
                }
            } else if let Some(slot) = facts.throughput.get_mut(at) {
                *slot = fixed;
            }
        }
    }
}

fn put_price(prices: &mut PriceList, name: &str, given: &Given) {
    let price = match given {
        Given::Number(n) => Some(Money(Fixed::from_units(*n))),
        _ => return,
    };
    match name {
        "price_prompt" => prices.prompt = price,
        "price_completion" => prices.completion = price,
        "price_request" | "cost" => prices.request = prices.request.max(price),
        "price_image" => prices.image = price,
        "price_cache_read" => prices.cache_read = price,
        "price_cache_write" => prices.cache_write = price,
        "price_reasoning" => prices.reasoning = price,
        tool => {
            if let (Some(tool), Some(price)) = (tool.strip_prefix("price_"), price) {
                prices.tools.insert(tool.to_owned(), faregate::ToolPrice::new(price, None));
            }
        }
    }
}

/// Leaves out of a counterexample whatever it does not need.
fn smallest(engine: &Engine, invariant: &Invariant, request: Request, context: Context) -> Counterexample {
    let broken = |request: &Request, context: &Context| {
        let decision = engine.decide(request, context);
        match judge(engine, request, context, invariant, &decision) {
            Judged::Broken { attempt, why } => Some((decision, attempt, why)),
            _ => None,
        }
    };
    let (mut request, mut context) = (request, context);
    let mut changed = true;
    while changed {
        changed = false;
        for (fewer_request, fewer_context) in smaller(&request, &context) {
            if broken(&fewer_request, &fewer_context).is_some() {
                (request, context) = (fewer_request, fewer_context);
                changed = true;
                break;
            }
        }
    }
    let (decision, attempt, why) = match broken(&request, &context) {
        Some(found) => found,
        // It was broken when this began, and only what stays broken is taken over.
        None => (engine.decide(&request, &context), None, String::new()),
    };
    Counterexample { request, context, decision, attempt, why }
}

/// Returns everything that has one thing less.
pub(super) fn smaller(request: &Request, context: &Context) -> Vec<(Request, Context)> {
    let mut fewer: Vec<(Request, Context)> = Vec::new();
    let mut with_request = |change: &dyn Fn(&mut Request)| {
        let mut less = request.clone();
        change(&mut less);
        if less != *request {
            fewer.push((less, context.clone()));
        }
    };
    with_request(&|r| r.workload = None);
    with_request(&|r| r.model = None);
    with_request(&|r| r.models.clear());
    with_request(&|r| r.max_output_tokens = None);
    with_request(&|r| r.expected_output_tokens = None);
    with_request(&|r| r.cached_input_tokens = 0);
    with_request(&|r| r.caching = false);
    with_request(&|r| r.images = 0);
    with_request(&|r| r.stream = false);
    with_request(&|r| r.idempotent = false);
    with_request(&|r| r.side_effects = false);
    with_request(&|r| r.modalities = BTreeSet::from(["text".to_owned()]));
    with_request(&|r| r.data = None);
    with_request(&|r| r.user = None);
    with_request(&|r| r.session = None);
    with_request(&|r| r.region = None);
    with_request(&|r| r.priority = None);
    with_request(&|r| r.only = None);
    with_request(&|r| r.ignore = None);
    with_request(&|r| r.max_price.clear());
    with_request(&|r| r.input_tokens = r.input_tokens.min(1));
    for parameter in &request.parameters {
        with_request(&|r| {
            r.parameters.remove(parameter);
        });
    }
    for tool in &request.tools {
        with_request(&|r| {
            r.tools.remove(tool);
        });
    }
    for tag in &request.tags {
        with_request(&|r| {
            r.tags.remove(tag);
        });
    }
    for kind in request.data.iter().flatten() {
        with_request(&|r| {
            if let Some(data) = &mut r.data {
                data.remove(kind);
            }
        });
    }
    for name in request.attributes.keys() {
        with_request(&|r| {
            r.attributes.remove(name);
        });
    }
    let mut with_context = |change: &dyn Fn(&mut Context)| {
        let mut less = context.clone();
        change(&mut less);
        if less != *context {
            fewer.push((request.clone(), less));
        }
    };
    with_context(&|c| c.credentials.clear());
    // Of many keys the half first.
    let keys = context.credentials.len();
    for fewer in [keys.div_ceil(2), keys.saturating_sub(1)] {
        with_context(&|c| c.credentials.truncate(fewer));
    }
    with_context(&|c| c.credentials.iter_mut().for_each(|own| own.prices = None));
    with_context(&|c| c.shared_except.clear());
    with_context(&|c| {
        if let Some(rows) = &mut c.budgets {
            rows.clear();
        }
    });
    for number in 0..context.budgets.as_ref().map_or(0, Vec::len) {
        with_context(&|c| {
            if let Some(rows) = &mut c.budgets {
                rows.remove(number);
            }
        });
    }
    with_context(&|c| c.key.id = None);
    with_context(&|c| c.key.environment = None);
    with_context(&|c| c.key.team = None);
    with_context(&|c| c.key.project = None);
    with_context(&|c| c.key.account = None);
    with_context(&|c| c.key.user = None);
    with_context(&|c| c.key.tags = None);
    with_context(&|c| c.key.credits = None);
    // Nothing left says what a debt says.
    with_context(&|c| c.key.credits = c.key.credits.map(|credits| credits.max(Money::ZERO)));
    for name in context.key.attributes.keys() {
        with_context(&|c| {
            c.key.attributes.remove(name);
        });
    }
    with_context(&|c| c.endpoints.clear());
    // Of many a half or a quarter first.
    let ids: Vec<&String> = context.endpoints.keys().collect();
    for part in [2, 4] {
        for some in ids.chunks(ids.len().div_ceil(part).max(1)).filter(|some| some.len() > 1) {
            with_context(&|c| c.endpoints.retain(|id, _| !some.contains(&id)));
        }
    }
    for id in context.endpoints.keys() {
        with_context(&|c| {
            c.endpoints.remove(id);
        });
    }
    fewer
}
