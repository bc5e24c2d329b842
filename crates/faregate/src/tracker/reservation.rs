//! What one run holds of budgets and probes, from its decision to its end.

use std::fmt;

use super::counters::{Counters, CountersUnavailable, Hold, Settlement, zero_like};
use super::{Tracker, counter};
use crate::decision::Origin;
use crate::ir::{Body, HealthRules};
use crate::sync::lock;
use crate::{Attempt, BudgetChange, Context, Engine, Outcome, Plan, Record, Request, Run, Step, Timestamp};

/// What a run holds: amounts of budgets, and places to probe. It goes with the run by [`Reservation::step`] and
/// [`Reservation::next`], which tell the tracker how endpoints fare and the run what has changed.
///
/// Where it is dropped before it is settled, what the run's calls have cost, or may have cost, is counted, and the rest is
/// released: a run that goes away neither keeps what it held nor spends in secret.
#[must_use = "what it holds is released where it is dropped"]
pub struct Reservation<C: Counters> {
    tracker: Tracker<C>,
    /// `None`: the plan was made by hand; nothing is held.
    of: Option<Of>,
    holds: Vec<Hold>,
    /// Endpoints for which a place to probe is held.
    places: Vec<String>,
    /// What the run has added to budgets so far, calls that are out at their worst.
    added: Vec<BudgetChange>,
    /// Whether facts may have changed since the run last saw them.
    stale: bool,
    /// Until when the run waits.
    waits: Option<Timestamp>,
    /// Where the call goes that is out.
    calling: Option<String>,
}

/// What the reservation was made for.
#[derive(Debug)]
struct Of {
    engine: Engine,
    request: Request,
    /// What the host knows; health and budgets are written into a copy.
    context: Context,
    /// When the run began: its budgets count in the windows of this instant.
    began: Timestamp,
    workload: String,
    /// The endpoints of the plan.
    endpoints: Vec<String>,
}

impl<C: Counters> Reservation<C> {
    pub(super) fn new(tracker: Tracker<C>, origin: &Origin, plan: &Plan, places: Vec<String>) -> Self {
        let of = Of {
            engine: origin.engine.clone(),
            request: origin.request.clone(),
            context: origin.context.clone(),
            began: origin.context.now,
            workload: plan.explanation.workload.clone().unwrap_or_default(),
            endpoints: plan.attempts.iter().map(|a| a.endpoint.clone()).collect(),
        };
        let mut reservation = Self::of_nothing(tracker);
        reservation.of = Some(of);
        reservation.places = places;
        reservation
    }

    pub(super) fn of_nothing(tracker: Tracker<C>) -> Self {
        let (holds, places, added) = (Vec::new(), Vec::new(), Vec::new());
        Self { tracker, of: None, holds, places, added, stale: false, waits: None, calling: None }
    }

    pub(super) fn holds(&mut self, holds: Vec<Hold>) {
        self.holds = holds;
    }

    /// Returns what the run is to do, as [`Run::step`] does; before that it tells the run of health and budgets as they are
    /// now, and holds a place where the next call is to probe an endpoint.
    pub fn step(&mut self, run: &mut Run, now: Timestamp) -> Step {
        if self.waits.is_some_and(|until| now < until) || self.calling.is_some() {
            return run.step(now);
        }
        if self.stale {
            self.enter(now);
            if let Some(context) = self.fresh(now) {
                run.observe(&context);
            }
        }
        let step = run.step(now);
        self.waits = None;
        self.stale = true;
        let going_to = match &step {
            Step::Try(attempt) => {
                self.calling = Some(attempt.endpoint.clone());
                self.added = run.added(now);
                Some(attempt.as_ref())
            }
            Step::Wait { until } => {
                self.waits = Some(*until);
                None
            }
            Step::Done(_) | Step::Failed(_) => None,
        };
        self.leave_all_but(going_to);
        step
    }

    /// Tells how the call ended that [`Reservation::step`] asked for: the run, as [`Run::next`] does, and the rules of `health`.
    pub fn next(&mut self, run: &mut Run, outcome: Outcome, now: Timestamp) {
        if let (Some(endpoint), Some(of)) = (self.calling.take(), &self.of) {
            let at = self.places.iter().position(|place| *place == endpoint);
            let probed = at.map(|at| self.places.swap_remove(at)).is_some();
            let none = HealthRules::default();
            let rules = of.rules().unwrap_or(&none);
            lock(&self.tracker.kept.circuits).told(&endpoint, &outcome, rules, now, probed);
        }
        run.next(outcome, now);
        self.added = run.added(now);
        self.stale = true;
    }

    /// Takes in what the host knows anew: credentials, credits, its own figures of endpoints. Health and budgets that the tracker
    /// keeps are written into it.
    pub fn observe(&mut self, context: &Context) {
        if let Some(of) = &mut self.of {
            of.context = context.clone();
        }
        self.stale = true;
    }

    /// Counts what the run has used, and releases what it held.
    ///
    /// A run counts in the windows in which it was decided, whenever it ends.
    ///
    /// # Errors
    /// The counters cannot be reached; what was held stays held there.
    pub fn settle(mut self, record: &Record) -> Result<(), CountersUnavailable> {
        self.added.clone_from(&record.budgets);
        self.close(record.ended_at)
    }

    /// Takes a place at each endpoint of the plan that is being probed, where there is one.
    fn enter(&mut self, now: Timestamp) {
        let Some(of) = &self.of else { return };
        let mut circuits = lock(&self.tracker.kept.circuits);
        for endpoint in &of.endpoints {
            if !self.places.contains(endpoint) && circuits.enter(endpoint, now) == Ok(true) {
                self.places.push(endpoint.clone());
            }
        }
    }

    fn leave_all_but(&mut self, attempt: Option<&Attempt>) {
        if self.places.is_empty() {
            return;
        }
        let mut circuits = lock(&self.tracker.kept.circuits);
        self.places.retain(|place| {
            let stays = attempt.is_some_and(|attempt| attempt.endpoint == *place);
            if !stays {
                circuits.leave(place);
            }
            stays
        });
    }

    /// Returns what is known now, but for what this run holds itself.
    fn fresh(&self, now: Timestamp) -> Option<Context> {
        let of = self.of.as_ref()?;
        let mut context = of.context.clone();
        context.now = now;
        let mine = |endpoint: &str| self.places.iter().any(|place| place == endpoint);
        self.tracker.fill_for(&of.engine, &of.request, &mut context, &mine, &self.holds);
        Some(context)
    }

    fn close(&mut self, now: Timestamp) -> Result<(), CountersUnavailable> {
        self.leave_all_but(None);
        let Some(of) = self.of.take() else { return Ok(()) };
        let mut settled: Vec<Settlement> = Vec::new();
        for hold in self.holds.drain(..) {
            settled.push(Settlement {
                used: zero_like(hold.amount),
                counter: hold.counter,
                held: hold.amount,
            });
        }
        let policy = of.engine.policy().policy();
        for change in self.added.drain(..) {
            let Some(per) = change.per.iter().cloned().collect::<Option<Vec<String>>>() else { continue };
            let period = change.period.as_deref();
            let Some(counter) = counter(policy, &change.budget, change.kind, period, &per, of.began) else {
                continue;
            };
            match settled.iter_mut().find(|s| s.counter == counter) {
                Some(settlement) => settlement.used = change.added,
                None => {
                    settled.push(Settlement { counter, held: zero_like(change.added), used: change.added });
                }
            }
        }
        if settled.is_empty() { Ok(()) } else { self.tracker.kept.counters.settle(&settled, now) }
    }
}

impl Of {
    /// Returns the rules of health of the workload that decided.
    fn rules(&self) -> Option<&HealthRules> {
        let workloads = &self.engine.policy().policy().workloads;
        match &workloads.iter().find(|w| w.name == self.workload)?.body {
            Body::Route(routing) => routing.health.as_ref(),
            Body::Deny(..) => None,
        }
    }
}

impl<C: Counters> fmt::Debug for Reservation<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation")
            .field("holds", &self.holds)
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}

impl<C: Counters> Drop for Reservation<C> {
    fn drop(&mut self) {
        let began = self.of.as_ref().map_or(Timestamp(0), |of| of.began);
        // There is nobody left to tell; a store that is away keeps what was held, which closes rather than opens.
        let _ = self.close(began);
    }
}
