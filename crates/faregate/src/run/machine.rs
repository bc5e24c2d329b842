//! The state machine: what to do next, given how the last attempt ended and what is known now.

use super::by_reference::Scene;
use super::data::{Data, Heard, Note};
use super::money::{spent_by_failure, spent_by_success};
use super::outcome::{Failure, Outcome, Phase, Success};
use super::record::{Record, RunLimit, Told};
use super::saved::{SavedCall, SavedRun, SavedState};
use super::view::{Refused, Sight};
use super::wait::wait_ms;
use crate::compiled::{Asked, Room};
use crate::engine::BY_REFERENCE;
use crate::engine::Engine;
use crate::ir::{Policy, Routing, Workload};
use crate::reference::world::{AttemptFacts, World};
use crate::{Attempt, Context, ErrorClass, Money, Timestamp};
use faregate_syntax::ast::Commit;

/// A run: the calls that one request causes, one after the other.
///
/// It is pure: it asks for a call or a wait, the host acts and tells what came of it. It has no clock; every instant comes
/// in. It ends after a bounded number of calls, whatever it is told.
#[derive(Clone, Debug)]
pub struct Run {
    /// `None`: the plan was made by hand, and nothing can be called.
    pub(super) engine: Option<Engine>,
    pub(super) data: Data,
    /// Whether the reference answers what the run asks of the policy.
    by_reference: bool,
}

/// What the host is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Call this endpoint and tell how it ended by [`Run::next`].
    Try(Box<Attempt>),
    /// Nothing before this instant; then ask again.
    Wait {
        /// Until when.
        until: Timestamp,
    },
    /// An answer came.
    Done(Box<Record>),
    /// None came.
    Failed(Box<Record>),
}

/// Why a saved run cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// It was begun under another policy or catalog.
    #[error("the run was begun with another {what}: {saved}, and this engine has {here}")]
    Digest {
        /// `policy` or `catalog`.
        what: &'static str,
        /// The digest of the run.
        saved: String,
        /// The digest of the engine.
        here: String,
    },
    /// It names something that the engine does not have.
    #[error("the run names {0}, which the engine does not have")]
    Unknown(String),
    /// One part of it does not follow from another.
    #[error("the run contradicts itself: {0}")]
    Contradiction(&'static str),
}

/// What came of a look at the candidates behind a failed attempt.
struct Onward {
    found: Option<usize>,
    limit: Refused,
}

impl Run {
    pub(crate) fn new(engine: Option<Engine>, begin: SavedRun) -> Self {
        Self { data: Data::new(begin, engine.as_ref()), engine, by_reference: false }
    }

    pub(crate) fn restore(engine: &Engine, saved: SavedRun) -> Result<Self, RestoreError> {
        let digests = [
            ("policy", &saved.digests.policy, engine.policy().digest()),
            ("catalog", &saved.digests.catalog, engine.catalog().digest()),
        ];
        for (what, saved, here) in digests {
            if saved != here {
                return Err(RestoreError::Digest { what, saved: saved.clone(), here: here.to_owned() });
            }
        }
        Ok(Self { data: Data::restored(saved, engine)?, engine: Some(engine.clone()), by_reference: false })
    }

    /// Makes the run ask the reference what the policy says, and not the compiled engine: slow, and the same answers, or
    /// one of the two is wrong.
    #[must_use]
    pub fn by_reference(mut self) -> Self {
        self.by_reference = true;
        self
    }

    fn goes_by_reference(&self) -> bool {
        BY_REFERENCE || self.by_reference
    }

    /// Returns all that the run knows, as plain data.
    #[must_use]
    pub fn save(&self) -> SavedRun {
        self.data.save(self.engine.as_ref().map(Engine::catalog))
    }

    /// Takes in fresher facts: health, budgets, credits, credentials. Its `now` is not looked at.
    pub fn observe(&mut self, context: &Context) {
        self.data.observed = context.clone();
        self.data.told.push(Heard::Else(Told::Observed(Box::new(context.clone()))));
    }

    /// Returns what to do at an instant. Asked again before the host has acted, it says the same.
    pub fn step(&mut self, now: Timestamp) -> Step {
        loop {
            match self.data.state.clone() {
                SavedState::Done { .. } => return Step::Done(Box::new(self.record(true))),
                SavedState::Failed { .. } => return Step::Failed(Box::new(self.record(false))),
                SavedState::Waiting { until, .. } if now < until => return Step::Wait { until },
                SavedState::Waiting { ms, .. } => self.data.state = SavedState::Ready { waited_ms: ms },
                SavedState::Judging { at } => match self.data.last_failure() {
                    Some((_, failure)) => {
                        let failure = failure.clone();
                        self.react(&failure, at);
                    }
                    None => self.fail(None, None, at),
                },
                SavedState::Calling => {
                    let started = self.data.calls.last().map_or(now, |c| c.started_at);
                    let timeout_ms = self.timeout_ms(started);
                    let attempt = self.at(started, None, |sight| sight.attempt(sight.data.at, timeout_ms));
                    if let Some(attempt) = attempt.flatten() {
                        return Step::Try(Box::new(attempt));
                    }
                    // The facts of the call cannot be worked out any more; it may still be told how it ended.
                    return Step::Wait { until: now };
                }
                SavedState::Ready { waited_ms } => {
                    if let Some(step) = self.begin(waited_ms, now) {
                        return step;
                    }
                }
            }
        }
    }

    /// Starts the call of the present candidate, or finds another. `None`: the state has changed.
    fn begin(&mut self, waited_ms: u64, now: Timestamp) -> Option<Step> {
        let last = self.data.last_failure().map(|(from, failure)| (from, failure.clone()));
        if self.past_deadline(now) {
            self.fail(last.as_ref().map(|(_, f)| f.class), Some(RunLimit::Deadline), now);
            return None;
        }
        match self.call(waited_ms, now) {
            Ok((attempt, call)) => {
                // The answer begins anew.
                let emitted = last.map_or(0, |(_, failure)| failure.emitted_tokens);
                self.data.discarded_tokens = self.data.discarded_tokens.saturating_add(emitted);
                self.data.calls.push(call);
                self.data.steps.push(Note::Try);
                // Room to note how it ends.
                self.data.steps.reserve(2);
                self.data.told.reserve(1);
                self.data.state = SavedState::Calling;
                Some(Step::Try(Box::new(attempt)))
            }
            Err(limit) => {
                match last {
                    // What was planned does not fit any more: on to what comes after it.
                    Some((from, failure)) => self.move_on(from, self.data.at, &failure, now, limit),
                    None if self.data.at.saturating_add(1) < self.data.plan.len() => {
                        self.data.at = self.data.at.saturating_add(1);
                    }
                    None => self.fail(None, limit, now),
                }
                None
            }
        }
    }

    /// Looks whether the present candidate may be called now, and how.
    fn call(&mut self, waited_ms: u64, now: Timestamp) -> Result<(Attempt, SavedCall), Refused> {
        let timeout_ms = self.timeout_ms(now);
        let found = self.at(now, None, |sight| {
            let at = sight.data.at;
            sight.admits(at)?;
            let seat = sight.seat(at).ok_or(None)?;
            let attempt = sight.attempt(at, timeout_ms).ok_or(None)?;
            let (worst, worst_tokens) = (attempt.worst_cost, sight.worst_tokens(seat));
            let call = SavedCall {
                at,
                started_at: now,
                waited_ms,
                worst,
                worst_tokens,
                spent: worst,
                tokens: worst_tokens,
                counts_under: sight.counts_under(seat),
                outcome: None,
            };
            Ok((attempt, call))
        });
        found.unwrap_or(Err(None))
    }

    /// Tells how the attempt ended that [`Run::step`] asked for.
    ///
    /// Told out of turn, it is not taken in, but for `cancelled`: the client left before a call or between two, and the run ends
    /// without another.
    pub fn next(&mut self, outcome: Outcome, now: Timestamp) {
        if self.data.state != SavedState::Calling {
            let ended = matches!(self.data.state, SavedState::Done { .. } | SavedState::Failed { .. });
            if !ended && matches!(&outcome, Outcome::Failure(f) if f.class == ErrorClass::Cancelled) {
                self.data.told.push(Heard::Else(Told::Outcome { at: now, outcome }));
                self.fail(Some(ErrorClass::Cancelled), None, now);
            }
            return;
        }
        let outcome = sound(outcome);
        self.data.told.push(Heard::Call { at: now });
        let (spent, tokens) = match &outcome {
            Outcome::Success(success) => {
                self.data.steps.push(Note::Done);
                self.data.state = SavedState::Done { at: now };
                self.settle_success(success)
            }
            Outcome::Failure(failure) => {
                self.data.state = SavedState::Judging { at: now };
                let (worst, tokens) =
                    self.data.calls.last().map_or((None, None), |c| (c.worst, c.worst_tokens));
                (spent_by_failure(failure, worst), tokens)
            }
        };
        if let Some(call) = self.data.calls.last_mut() {
            call.outcome = Some(outcome);
            call.spent = spent;
            call.tokens = tokens;
        }
    }

    fn settle_success(&self, success: &Success) -> (Option<Money>, Option<u64>) {
        let Some(call) = self.data.calls.last() else { return (None, None) };
        let tokens = match &success.usage {
            Some(usage) => usage.input_tokens.checked_add(usage.output_tokens),
            None => call.worst_tokens,
        };
        let seat = self.engine.as_ref().and_then(|e| self.data.seat(e.catalog(), call.at));
        let spent = seat.zip(self.routing()).and_then(|(seat, (_, routing))| {
            spent_by_success(
                success,
                &self.data.request,
                &routing.tools,
                seat,
                call,
                self.goes_by_reference(),
            )
        });
        (spent.or(success.cost).or(call.worst), tokens)
    }

    /// What follows a failure: a retry, a move, or the end.
    fn react(&mut self, failure: &Failure, now: Timestamp) {
        let class = failure.class;
        let Some((_, routing)) = self.routing() else {
            self.fail(Some(class), None, now);
            return;
        };
        let idempotent = self.data.request.idempotent;
        let begun = self.output_reached_client(failure, routing.commit) || self.side_effects_begun(failure);
        if begun && !idempotent {
            self.fail(Some(class), None, now);
            return;
        }
        match self.retry(failure, now) {
            Ok((rule, ms)) => {
                if let Some(used) = self.data.used.get_mut(rule) {
                    *used = used.saturating_add(1);
                }
                self.data.state = if ms == 0 {
                    SavedState::Ready { waited_ms: 0 }
                } else {
                    self.data.steps.push(Note::Wait { ms, at: now });
                    SavedState::Waiting { until: after(now, ms), ms }
                };
            }
            Err(limit) => self.move_on(self.data.at, self.data.at, failure, now, limit),
        }
    }

    /// Finds the retry rule that applies (rule 14): its index and its wait.
    fn retry(&mut self, failure: &Failure, now: Timestamp) -> Result<(usize, u64), Refused> {
        let mut limit = None;
        if !failure.class.may_retry() || failure.should_retry == Some(false) {
            return Err(None);
        }
        let engine = self.engine.clone();
        let routing = engine.as_ref().and_then(|engine| self.data.routing(engine));
        let retry = routing.and_then(|(_, routing)| routing.retry.as_ref()).ok_or(None)?;
        let number = self.data.call_number();
        for (at, rule) in retry.rules.iter().enumerate().filter(|(_, r)| r.on.contains(&failure.class)) {
            let used = self.data.used.get(at).copied().unwrap_or(0);
            if used >= rule.times {
                continue;
            }
            let holds = rule.when.is_none() || {
                let truth = self.at(now, Some(failure), |sight| {
                    sight.seat(sight.data.at).is_some_and(|seat| sight.view.retries(at, seat))
                });
                truth.unwrap_or(false)
            };
            if !holds {
                continue;
            }
            let id = &self.data.request.id;
            let Some(ms) =
                wait_ms(rule.wait.as_ref(), failure.retry_after_ms, used.saturating_add(1), id, number)
            else {
                continue;
            };
            let at_instant = after(now, ms);
            if self.past_deadline(at_instant) {
                limit = limit.or(Some(RunLimit::Deadline));
                continue;
            }
            if self.calls_left() == 0 {
                return Err(Some(RunLimit::Calls));
            }
            let admitted = self.at(at_instant, None, |sight| sight.admits(sight.data.at));
            return match admitted.unwrap_or(Err(None)) {
                Ok(()) => Ok((at, ms)),
                Err(refused) => Err(limit.or(refused)),
            };
        }
        Err(limit)
    }

    /// Moves to the first candidate behind `after_place` to which a move from the failed attempt leads (rule 12), or
    /// ends the run.
    fn move_on(
        &mut self,
        from: usize,
        after_place: usize,
        failure: &Failure,
        now: Timestamp,
        limit: Refused,
    ) {
        let (past, left) = (self.past_deadline(now), self.calls_left());
        let behind = after_place.saturating_add(1)..self.data.plan.len();
        let onward = self.at(now, Some(failure), |sight| {
            let Some(fallback) = &sight.routing.fallback else { return Onward { found: None, limit } };
            let mut onward = Onward { found: None, limit };
            for to in behind {
                if !sight.leads(fallback, from, to, failure) {
                    continue;
                }
                let capped = match () {
                    () if past => Some(RunLimit::Deadline),
                    () if left == 0 => Some(RunLimit::Calls),
                    () if fallback.at_most.is_some_and(|n| sight.data.moves >= n) => Some(RunLimit::Moves),
                    () => None,
                };
                if capped.is_some() {
                    onward.limit = onward.limit.or(capped);
                    break;
                }
                match sight.admits(to) {
                    Ok(()) => {
                        onward.found = Some(to);
                        break;
                    }
                    Err(refused) => onward.limit = onward.limit.or(refused),
                }
            }
            onward
        });
        let Onward { found, limit } = onward.unwrap_or(Onward { found: None, limit });
        match found {
            Some(to) => {
                // Where a candidate that was moved to does not fit any more, this is still the same move.
                if after_place == from {
                    self.data.moves = self.data.moves.saturating_add(1);
                }
                self.data.at = to;
                self.data.used.iter_mut().for_each(|n| *n = 0);
                self.data.state = SavedState::Ready { waited_ms: 0 };
            }
            None => self.fail(Some(failure.class), limit, now),
        }
    }

    fn timeout_ms(&self, now: Timestamp) -> Option<u64> {
        let retry = self.routing()?.1.retry.as_ref()?;
        let left = retry.deadline_ms.map(|deadline| {
            let end = after(self.data.context.now, deadline);
            u64::try_from(end.0.saturating_sub(now.0)).unwrap_or(0)
        });
        match (retry.timeout_ms, left) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    fn output_reached_client(&self, failure: &Failure, commit: Commit) -> bool {
        self.data.request.stream && commit == Commit::FirstToken && failure.emitted_tokens > 0
    }

    fn side_effects_begun(&self, failure: &Failure) -> bool {
        let unclear = matches!(failure.class, ErrorClass::Timeout | ErrorClass::Network);
        self.data.request.side_effects && (failure.phase != Phase::BeforeOutput || unclear)
    }

    fn calls_left(&self) -> u64 {
        let cap = self.routing().and_then(|(_, r)| r.retry.as_ref()?.at_most_calls);
        cap.map_or(u64::MAX, |cap| cap.saturating_sub(self.data.call_number()))
    }

    fn past_deadline(&self, now: Timestamp) -> bool {
        let deadline = self.routing().and_then(|(_, r)| r.retry.as_ref()?.deadline_ms);
        deadline.is_some_and(|ms| now >= after(self.data.context.now, ms))
    }

    pub(super) fn routing(&self) -> Option<(&Workload, &Routing)> {
        self.data.routing(self.engine.as_ref()?)
    }

    /// Ends the run without an answer.
    fn fail(&mut self, error: Option<ErrorClass>, limit: Option<RunLimit>, now: Timestamp) {
        let cut = match (self.data.last_failure(), self.routing()) {
            (Some((_, failure)), Some((_, routing))) => self.output_reached_client(failure, routing.commit),
            _ => false,
        };
        self.data.steps.push(Note::Fail(error));
        self.data.state = SavedState::Failed { error, limit, cut, at: now };
    }

    /// Looks at an instant: what the policy says of the request with what is known then. `None`: the data make no sense.
    fn at<T>(
        &mut self,
        now: Timestamp,
        failure: Option<&Failure>,
        look: impl FnOnce(&Sight<'_>) -> T,
    ) -> Option<T> {
        self.data.observed.now = now;
        let (engine, data) = (self.engine.as_ref()?, &self.data);
        let (workload, routing) = data.routing(engine)?;
        let elapsed_ms = u64::try_from(now.0.saturating_sub(data.context.now.0)).unwrap_or(0);
        let attempt = failure.map(|failure| AttemptFacts {
            number: data.call_number(),
            error: failure.class,
            emitted_tokens: failure.emitted_tokens,
            elapsed_ms,
        });
        let (followed, catalog) = (engine.policy().policy(), engine.catalog());
        let policy: &Policy = followed;
        let (request, context, degraded) = (&data.request, &data.observed, &data.degraded);
        if self.goes_by_reference() {
            let world = World::new(engine.policy().sources(), followed, catalog, request, context).ok()?;
            let scene = Scene::new(world, (workload, routing), degraded, elapsed_ms, attempt)?;
            return Some(look(&Sight { data, policy, catalog, routing, view: &scene }));
        }
        let mut room = Room::default();
        let workload = data.workload_at?;
        let asked = Asked { request, context, workload, degraded, elapsed_ms, attempt };
        let instant = engine.compiled().instant(engine, &mut room, asked)?;
        Some(look(&Sight { data, policy, catalog, routing, view: &instant }))
    }
}

/// Leaves out a reported cost below zero: it would make room, and no provider pays.
fn sound(mut outcome: Outcome) -> Outcome {
    let cost = match &mut outcome {
        Outcome::Success(success) => &mut success.cost,
        Outcome::Failure(failure) => &mut failure.cost,
    };
    *cost = cost.filter(|cost| *cost >= Money::ZERO);
    outcome
}

/// Returns the instant that lies this many milliseconds later.
pub(super) fn after(at: Timestamp, ms: u64) -> Timestamp {
    Timestamp(at.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)))
}
