//! What a gateway has to remember between requests: how endpoints fare, and what budgets have counted.
//!
//! The engine has no memory of its own: a decision takes what is known from its [`Context`]. A [`Tracker`] keeps that
//! knowledge for a gateway that has no store of its own, and writes it into the context. It has no clock either; every
//! instant comes in.

mod counters;
mod health;
mod reservation;

use std::fmt;

use faregate_syntax::ast::LimitKind;

use crate::attributes::Subject;
use crate::decision::Origin;
use crate::ir::{Attr, Budget, Exhausted, Limit, Policy};
use crate::reference::budgets::per_value;
use crate::reference::world::World;
use crate::sync::{Arc, Mutex, lock};
use crate::time::Period;
use crate::{Amount, BudgetRow, BudgetUse, Context, Counted, Engine, Plan, Record, Request, Timestamp};
pub use counters::{
    Count, CounterId, CounterKey, Counters, CountersUnavailable, Hold, MemoryCounters, ReserveError,
    Settlement,
};
use health::Circuits;
pub use reservation::Reservation;

/// Keeps what `health` and budgets need, for all threads of a gateway.
///
/// Health is kept in this process; the counters of budgets are kept by a [`Counters`], in memory by default. Cheap to clone:
/// copies share what they keep.
///
/// The way of a request: [`Tracker::fill`] writes what is known into its context; the engine decides; [`Tracker::reserve`]
/// holds what the run may add to each budget, or refuses since other runs were faster, and the host decides again; the
/// [`Reservation`] accompanies the run and counts what it really used.
///
/// ```
/// use faregate::{Catalog, Context, Decision, Engine, Outcome, PolicySet, Request, Step, Success, Tracker};
/// # let text = r#"policy demo { language 1 }
/// #   budget team { per key.team requests 1 per minute }
/// #   workload rest { otherwise route { models "*" } }"#;
/// # let policy = PolicySet::parse([("demo.fare", text)]).unwrap();
/// # let mut row = faregate::EndpointRow::default();
/// # row.id = Some("m/a@north".to_owned());
/// # row.facts.context_length = Some(1000);
/// # row.facts.modalities = Some(["text".to_owned()].into());
/// # let mut layer = faregate::CatalogLayer::default();
/// # layer.endpoints.push(row);
/// # let engine = Engine::new(policy, Catalog::new(vec![layer]).unwrap()).unwrap();
/// let tracker = Tracker::new();
/// let now = "2026-11-23T10:00:00Z".parse().unwrap();
/// let request = Request::new("r1", 100);
/// let mut context = Context::new(now);
/// context.key.team = Some("support".to_owned());
/// tracker.fill(&engine, &request, &mut context);
///
/// let Decision::Route(plan) = engine.decide(&request, &context) else { panic!() };
/// let mut held = tracker.reserve(&plan).unwrap();
/// assert!(tracker.reserve(&plan).is_err(), "the one request of this minute is held");
///
/// let mut run = plan.run();
/// let Step::Try(_) = held.step(&mut run, now) else { panic!() };
/// held.next(&mut run, Outcome::Success(Success::default()), now);
/// let Step::Done(record) = held.step(&mut run, now) else { panic!() };
/// held.settle(&record).unwrap();
///
/// tracker.fill(&engine, &request, &mut context);
/// assert!(matches!(engine.decide(&request, &context), Decision::Deny(_)));
/// ```
pub struct Tracker<C: Counters = MemoryCounters> {
    kept: Arc<Kept<C>>,
}

struct Kept<C> {
    counters: C,
    circuits: Mutex<Circuits>,
}

impl<C: Counters> Clone for Tracker<C> {
    fn clone(&self) -> Self {
        Self { kept: Arc::clone(&self.kept) }
    }
}

impl<C: Counters> fmt::Debug for Tracker<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tracker")
    }
}

impl Default for Tracker {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a run may not begin as planned: something has changed since the decision. Decide again, with a fresh context.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Other runs hold what was left of this budget.
    #[error("budget {0} has no room any more for what this run may add")]
    Budget(String),
    /// Other runs probe the first endpoint of the plan after its cooldown.
    #[error("{0} is probed by as many runs as may do so at once")]
    Probe(String),
    /// The counters cannot be reached.
    #[error(transparent)]
    Unavailable(#[from] CountersUnavailable),
}

impl Tracker {
    /// Returns a tracker that knows nothing yet, with counters in memory.
    #[must_use]
    pub fn new() -> Self {
        Self::with_counters(MemoryCounters::new())
    }
}

impl<C: Counters> Tracker<C> {
    /// Returns a tracker that keeps the counters of budgets elsewhere.
    #[must_use]
    pub fn with_counters(counters: C) -> Self {
        Self { kept: Arc::new(Kept { counters, circuits: Mutex::new(Circuits::default()) }) }
    }

    /// Returns where the counters are kept.
    #[must_use]
    pub fn counters(&self) -> &C {
        &self.kept.counters
    }

    /// Writes what is known at `context.now` into a context: cooldowns and probes of endpoints, and a row for each counter that
    /// the request may meet, what runs in flight hold included.
    ///
    /// What the host knows of endpoints itself stays: the later cooldown and the worse health win. Rows of budgets are written
    /// anew. Where the counters cannot be reached, `context.budgets` is left out, so that every budget that applies closes.
    pub fn fill(&self, engine: &Engine, request: &Request, context: &mut Context) {
        self.fill_for(engine, request, context, &|_| false, &[]);
    }

    /// As [`Tracker::fill`], for a run that has places to probe and holds some amounts itself.
    fn fill_for(
        &self,
        engine: &Engine,
        request: &Request,
        context: &mut Context,
        mine: &dyn Fn(&str) -> bool,
        held: &[Hold],
    ) {
        let (now, endpoints) = (context.now, &mut context.endpoints);
        lock(&self.kept.circuits).write(now, mine, |endpoint, write| {
            write(endpoints.entry(endpoint.to_owned()).or_default());
        });
        // Rows say what they are asked for; the request is looked at without those of before.
        context.budgets = Some(Vec::new());
        let rows = self.rows(engine, request, context, held);
        context.budgets = rows.ok();
    }

    fn rows(
        &self,
        engine: &Engine,
        request: &Request,
        context: &Context,
        held: &[Hold],
    ) -> Result<Vec<BudgetRow>, CountersUnavailable> {
        let policy = engine.policy().policy();
        let mut rows = Vec::new();
        // A request that makes no sense is denied whatever was counted.
        let Ok(world) = World::new(engine.policy().sources(), policy, engine.catalog(), request, context)
        else {
            return Ok(rows);
        };
        for budget in &policy.budgets {
            if budget.when.as_ref().is_some_and(|when| world.eval(when, None).is_false()) {
                continue;
            }
            let given = budget.per.iter().filter(|attr| attr.subject != Subject::Endpoint);
            let Some(values) = given.map(|attr| per_value(&world, attr, None)).collect::<Option<Vec<_>>>()
            else {
                continue;
            };
            for limit in &budget.limits {
                let key = key(budget, limit, values.clone(), context.now);
                for (endpoint, mut count) in self.kept.counters.read(&key)? {
                    for hold in held.iter().filter(|h| h.counter.key == key && h.counter.endpoint == endpoint)
                    {
                        count.reserved = counters::minus(count.reserved, hold.amount);
                    }
                    rows.extend(row(budget, limit, &key, &endpoint, count));
                }
            }
        }
        Ok(rows)
    }

    /// Holds what the run of a plan may add to each budget, all of it or nothing, and a place to probe its first endpoint where
    /// that is being probed.
    ///
    /// # Errors
    /// Something has changed since the decision: write a fresh context and decide again. That ends, since each refusal means
    /// that another run was admitted or has settled; a host gives up after some tries, with 429.
    pub fn reserve(&self, plan: &Plan) -> Result<Reservation<C>, Refused> {
        let Some(origin) = &plan.origin else { return Ok(Reservation::of_nothing(self.clone())) };
        let holds = holds(origin, plan);
        let first = plan.attempts.first().map(|a| a.endpoint.clone()).unwrap_or_default();
        let entered = lock(&self.kept.circuits).enter(&first, origin.context.now);
        let places: Vec<String> = match entered {
            Ok(true) => vec![first],
            Ok(false) => Vec::new(),
            Err(()) => return Err(Refused::Probe(first)),
        };
        // From here on the places are given back whatever happens.
        let mut reservation = Reservation::new(self.clone(), origin, plan, places);
        match self.kept.counters.reserve(&holds) {
            Ok(()) => {
                reservation.holds(holds);
                Ok(reservation)
            }
            Err(ReserveError::Full(at)) => {
                let budget = holds.get(at).map(|hold| hold.counter.key.budget.clone());
                Err(Refused::Budget(budget.unwrap_or_default()))
            }
            Err(ReserveError::Unavailable(error)) => Err(Refused::Unavailable(error)),
        }
    }

    /// Counts a run that was not accompanied by a reservation, as one of before a restart that a log has kept. Windows that have
    /// ended by `now` are let be.
    ///
    /// # Errors
    /// The counters cannot be reached.
    pub fn count(&self, engine: &Engine, record: &Record, now: Timestamp) -> Result<(), CountersUnavailable> {
        let policy = engine.policy().policy();
        let used = record.budgets.iter().filter_map(|change| {
            let per = change.per.iter().cloned().collect::<Option<Vec<String>>>()?;
            let counter = counter(
                policy,
                &change.budget,
                change.kind,
                change.period.as_deref(),
                &per,
                record.started_at,
            )?;
            let over = counter.key.window.is_some_and(|(_, end)| end <= now);
            let held = counters::zero_like(change.added);
            (!over).then_some(Settlement { counter, held, used: change.added })
        });
        self.kept.counters.settle(&used.collect::<Vec<_>>(), now)
    }
}

/// Returns what the run of a plan may add to each budget, with the room there is.
fn holds(origin: &Origin, plan: &Plan) -> Vec<Hold> {
    let policy = origin.engine.policy().policy();
    let explanation = &plan.explanation;
    let hold = |used: &BudgetUse| {
        let amount = used.this_run_at_most?;
        let per = used.per.iter().cloned().collect::<Option<Vec<String>>>()?;
        let at = origin.context.now;
        let counter = counter(policy, &used.budget, used.kind, used.period.as_deref(), &per, at)?;
        let budget = policy.budgets.iter().find(|b| b.name == used.budget)?;
        let degraded = explanation.degraded.iter().any(|d| d.budget == used.budget);
        let closes = budget.exhausted != Exhausted::AlertOnly && !degraded;
        // What is there for this request, whatever was counted: where nothing remained, nothing is asked for.
        let usable = counters::plus_or_most(used.counted?, used.remaining?);
        Some(Hold { counter, amount, limit: closes.then_some(usable) })
    };
    explanation.budgets.iter().filter_map(hold).collect()
}

/// Returns the counter that a decision or a record speaks of; `None`: the policy has no such limit.
fn counter(
    policy: &Policy,
    name: &str,
    kind: LimitKind,
    period: Option<&str>,
    per: &[String],
    at: Timestamp,
) -> Option<CounterId> {
    let budget = policy.budgets.iter().find(|b| b.name == name)?;
    let limit = budget.limits.iter().find(|l| l.kind == kind && l.period.map(Period::as_str) == period)?;
    let (mut values, mut endpoint) = (Vec::new(), Vec::new());
    for (attr, value) in budget.per.iter().zip(per) {
        if attr.subject == Subject::Endpoint { &mut endpoint } else { &mut values }.push(value.clone());
    }
    Some(CounterId { key: key(budget, limit, values, at), endpoint })
}

fn key(budget: &Budget, limit: &Limit, values: Vec<String>, at: Timestamp) -> CounterKey {
    CounterKey {
        budget: budget.name.clone(),
        kind: limit.kind,
        period: limit.period.map(|p| p.as_str().to_owned()),
        window: limit.period.and_then(|p| limit.zone.window(p, at)),
        by: budget.per.iter().map(Attr::to_string).collect(),
        values,
    }
}

/// Returns the row of a counter; `None`: its unit is not the limit's.
fn row(
    budget: &Budget,
    limit: &Limit,
    key: &CounterKey,
    endpoint: &[String],
    count: Count,
) -> Option<BudgetRow> {
    let unit = |amount: Amount| match (limit.kind, amount) {
        (LimitKind::Spend, Amount::Money(m)) => Some(Counted::Spend(m)),
        (LimitKind::Requests, Amount::Count(n)) => Some(Counted::Requests(n)),
        (LimitKind::Tokens, Amount::Count(n)) => Some(Counted::Tokens(n)),
        (LimitKind::Concurrency, Amount::Count(n)) => Some(Counted::Concurrency(n)),
        _ => None,
    };
    let (mut values, mut endpoint) = (key.values.iter(), endpoint.iter());
    let per = budget
        .per
        .iter()
        .map(|attr| if attr.subject == Subject::Endpoint { endpoint.next() } else { values.next() }.cloned());
    let mut row = BudgetRow::new(&budget.name, per.collect::<Option<Vec<_>>>()?, unit(count.counted)?);
    row.reserved = unit(count.reserved).filter(|_| !counters::is_zero(count.reserved));
    row.window.clone_from(&key.period);
    row.window_start = key.window.map(|(start, _)| start);
    Some(row)
}
