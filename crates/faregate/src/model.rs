//! The checked policy for analyses: what a set says, read-only, and the pieces of the reference that give it meaning.
//!
//! Behind the feature `model`, which gateways do not need. What is here follows the engine and may change with it; the
//! language does not.

pub use crate::attributes::{Subject, Type, Values, Vocabulary};
use crate::catalog::Moment;
pub use crate::catalog::prices::EffectivePrices;
pub use crate::ir::{
    Always, Attr, Body, Budget, Ceiling, CeilingKind, Declared, Exhausted, Expr, ExprKind, Fallback,
    Guardrail, Invariant, Limit, Member, MoveRule, Order, OrderKey, Policy, Retry, RetryRule, Routing, Rule,
    SetTerm, Term, Tier, TierEntry, Value, Waiver, Workload,
};
pub use crate::pattern::Pattern;
pub use crate::time::{Period, Zone};

use faregate_syntax::ast::{Counted, LimitKind};
use faregate_syntax::{Diagnostic, Diagnostics};

use crate::reference::budgets::{less_share, per_value};
use crate::reference::truth::Truth;
use crate::reference::values::{catalog_value, dollars, price_value, time_value};
use crate::reference::world::World;
use crate::time::{TimeOfDay, day_number, in_calendar, utc_date};
use crate::{
    Amount, BudgetRow, Catalog, Context, Credential, Date, Decision, DenialCode, Endpoint, Engine, Money,
    PolicySet, PriceList, Ratio, Request, Timestamp,
};

/// Returns what a policy set says.
///
/// ```
/// use faregate::PolicySet;
/// let text = r#"policy demo { language 1 } workload rest { otherwise deny "closed" } invariant shut { always false }"#;
/// let policy = PolicySet::parse([("demo.fare", text)]).unwrap();
/// assert_eq!(faregate::model::policy(&policy).invariants[0].name, "shut");
/// ```
#[must_use]
pub fn policy(set: &PolicySet) -> &Policy {
    set.policy()
}

/// Returns findings of an analysis as `check` reports them: without those that `allow` comments silence, by file and place.
#[must_use]
pub fn settled(set: &PolicySet, found: Vec<Diagnostic>) -> Diagnostics {
    set.settle(found)
}

/// Whether a request meets a condition that reads no endpoint, by the reference; `None`: unknown, or the declarations refuse the
/// request.
#[must_use]
pub fn meets(
    set: &PolicySet,
    catalog: &Catalog,
    request: &Request,
    context: &Context,
    condition: &Expr,
) -> Option<bool> {
    let policy: &Policy = set.policy();
    let world = World::new(set.sources(), policy, catalog, request, context).ok()?;
    match world.truth(condition, None) {
        Truth::True => Some(true),
        Truth::False => Some(false),
        Truth::Unknown => None,
    }
}

/// Calls `see` for each attribute that an expression reads.
pub fn attributes(expr: &Expr, see: &mut impl FnMut(&Attr)) {
    crate::check::attributes(expr, see);
}

/// Returns what the catalog alone says of an endpoint, by the name of the attribute; `None`: unknown, or not the catalog's to
/// say.
#[must_use]
pub fn endpoint_fact(endpoint: &Endpoint, name: &str) -> Option<Value> {
    catalog_value(endpoint, name)
}

/// Returns the price that an attribute of `endpoint` names: the outer level is whether it names one, the inner one whether it
/// is known.
#[must_use]
pub fn named_price(prices: &EffectivePrices, name: &str) -> Option<Option<Money>> {
    price_value(prices, name)
}

/// Returns the prices of an input of this size at a time of day (UTC, milliseconds).
#[must_use]
pub fn prices_at(prices: &PriceList, input_tokens: u64, time_ms: u32) -> EffectivePrices {
    prices.at(Moment { input_tokens, time_of_day: TimeOfDay(time_ms) })
}

/// Returns each price by itself at its dearest from a time of day until `span_ms` later; over the whole day without it.
#[must_use]
pub fn dearest_prices(
    prices: &PriceList,
    input_tokens: u64,
    time_ms: u32,
    span_ms: Option<u64>,
) -> EffectivePrices {
    prices.dearest(input_tokens, TimeOfDay(time_ms), span_ms)
}

/// Returns what an attribute of `time` is at an instant, in a zone, else in UTC.
#[must_use]
pub fn time_fact(now: Timestamp, name: &str, zone: Option<&Zone>) -> Option<Value> {
    time_value(now, name, zone)
}

/// Returns the days from 1970-01-01 to a day.
#[must_use]
pub fn day(date: Date) -> i128 {
    day_number(date)
}

/// Returns the day of an instant in UTC, as days from 1970-01-01.
#[must_use]
pub fn utc_day(now: Timestamp) -> Option<i128> {
    utc_date(now).map(day_number)
}

/// Whether the calendar has days and windows for an instant.
#[must_use]
pub fn has_days(now: Timestamp) -> bool {
    in_calendar(now)
}

/// Returns what is left of a limit for those for whom the reserved share is not kept.
#[must_use]
pub fn without_reserve(limit: Amount, share: Ratio) -> Amount {
    less_share(limit, share)
}

/// Returns rows that have counted all of a budget, as a request meets it; `None`: what it counts by is not known.
#[must_use]
pub fn exhausted_rows(
    engine: &Engine,
    request: &Request,
    context: &Context,
    budget: &str,
) -> Option<Vec<BudgetRow>> {
    let policy: &Policy = engine.policy().policy();
    let world = World::new(engine.policy().sources(), policy, engine.catalog(), request, context).ok()?;
    let budget = policy.budgets.iter().find(|b| b.name == budget)?;
    let per: Vec<String> =
        budget.per.iter().map(|attr| per_value(&world, attr, None)).collect::<Option<_>>()?;
    let row = |limit: &Limit| {
        let counted = match (limit.kind, limit.amount) {
            (LimitKind::Spend, Amount::Money(m)) => crate::Counted::Spend(m),
            (LimitKind::Requests, Amount::Count(n)) => crate::Counted::Requests(n),
            (LimitKind::Tokens, Amount::Count(n)) => crate::Counted::Tokens(n),
            (LimitKind::Concurrency, Amount::Count(n)) => crate::Counted::Concurrency(n),
            _ => return None,
        };
        let mut row = BudgetRow::new(budget.name.clone(), per.clone(), counted);
        row.window = limit.period.map(|p| p.as_str().to_owned());
        row.window_start =
            limit.period.and_then(|p| limit.zone.window(p, context.now)).map(|(start, _)| start);
        Some(row)
    };
    budget.limits.iter().map(row).collect()
}

/// What an invariant is to one decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Its `for` does not hold of the request.
    NotConcerned,
    /// It holds.
    Holds,
    /// It does not hold.
    Broken {
        /// The attempt of the plan that breaks it, counted from 0, where one does.
        attempt: Option<usize>,
        /// Why, as a sentence: `endpoint.zdr is false`.
        why: String,
    },
}

/// Holds one decision to an invariant, by the reference.
///
/// A request that the declarations refuse concerns no invariant that asks for endpoints (`at least`, `served`), and satisfies
/// the others, as every denial does (rule 48).
///
/// ```
/// use faregate::model::{Judged, judge, policy};
/// use faregate::{Catalog, Context, Engine, PolicySet, Request};
/// let text = r#"policy demo { language 1 } workload rest { otherwise deny "closed" } invariant open { always served }"#;
/// let engine = Engine::new(PolicySet::parse([("demo.fare", text)]).unwrap(), Catalog::new(Vec::new()).unwrap()).unwrap();
/// let (request, context) = (Request::new("r1", 100), Context::new("2026-11-23T10:00:00Z".parse().unwrap()));
/// let invariant = &policy(engine.policy()).invariants[0];
/// let judged = judge(&engine, &request, &context, invariant, &engine.decide(&request, &context));
/// assert_eq!(judged, Judged::Broken { attempt: None, why: "closed".to_owned() });
/// ```
#[must_use]
pub fn judge(
    engine: &Engine,
    request: &Request,
    context: &Context,
    invariant: &Invariant,
    decision: &Decision,
) -> Judged {
    let policy: &Policy = engine.policy().policy();
    let Ok(world) = World::new(engine.policy().sources(), policy, engine.catalog(), request, context) else {
        return match invariant.always {
            Always::AtLeast(..) | Always::Served => Judged::NotConcerned,
            _ => Judged::Holds,
        };
    };
    if invariant.condition.as_ref().is_some_and(|c| world.truth(c, None).is_false()) {
        return Judged::NotConcerned;
    }
    let told = decision.explanation();
    if let Some(name) = &invariant.workload {
        let passed = told.degraded.iter().any(|d| d.from == *name);
        if told.workload.as_ref() != Some(name) && !passed {
            return Judged::NotConcerned;
        }
    }
    let broken = |attempt, why: String| Judged::Broken { attempt, why };
    let plan = match decision {
        Decision::Route(plan) => plan,
        Decision::Deny(denial) => {
            return match invariant.always {
                Always::AtLeast(..) | Always::Served if denial.code != DenialCode::InvalidRequest => {
                    broken(None, denial.message.clone())
                }
                Always::AtLeast(..) | Always::Served => Judged::NotConcerned,
                _ => Judged::Holds,
            };
        }
    };
    match &invariant.always {
        Always::Served => Judged::Holds,
        Always::Denied => {
            let first = plan.attempts.first().map_or("somewhere", |attempt| attempt.endpoint.as_str());
            broken(Some(0), format!("the request goes to {first}"))
        }
        Always::Cost(op, bound) => match plan.worst_cost {
            Some(worst) if op.holds(worst.cmp(bound)) => Judged::Holds,
            Some(worst) => broken(None, format!("the run costs up to {}", dollars(worst))),
            None => broken(None, "nothing bounds the cost of the run".to_owned()),
        },
        Always::Calls(op, bound) if op.holds(plan.calls_at_most.cmp(bound)) => Judged::Holds,
        Always::Calls(..) => broken(None, format!("the run may make {} calls", plan.calls_at_most)),
        Always::AtLeast(n, what) => {
            let names = plan.attempts.iter().map(|a| match what {
                Counted::Providers => &a.provider,
                Counted::Models => &a.model,
                Counted::Endpoints => &a.endpoint,
            });
            let distinct: std::collections::BTreeSet<&String> = names.collect();
            let count = u64::try_from(distinct.len()).unwrap_or(u64::MAX);
            if count >= *n {
                return Judged::Holds;
            }
            let word = match what {
                Counted::Providers => "providers",
                Counted::Models => "models",
                Counted::Endpoints => "endpoints",
            };
            broken(None, format!("the plan has {count} of {n} {word}"))
        }
        Always::Holds(expr) => {
            let routing = policy.workloads.iter().find(|w| Some(&w.name) == told.workload.as_ref());
            let Some(Body::Route(routing)) = routing.map(|w| &w.body) else { return Judged::Holds };
            for (number, attempt) in plan.attempts.iter().enumerate() {
                let Some(endpoint) = engine.catalog().endpoint(&attempt.endpoint) else { continue };
                let own = match &attempt.credential {
                    Credential::Shared => None,
                    Credential::Own(id) => {
                        context.credentials.iter().find(|c| c.id == *id && c.provider == attempt.provider)
                    }
                };
                let candidate = world.candidate(routing, endpoint, own, attempt.tier);
                if world.truth(expr, Some(&candidate)) != Truth::True {
                    return broken(Some(number), world.why_not(expr, true, Some(&candidate)));
                }
            }
            Judged::Holds
        }
    }
}
