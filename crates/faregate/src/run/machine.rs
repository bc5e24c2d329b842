//! The state machine: what to do next, given how the last attempt ended and what is known now.

use super::money::{Spent, spent_by_failure, spent_by_success};
use super::outcome::{Failure, Outcome, Phase};
use super::record::{FailedCall, Record, RunLimit, StepRecord, Told};
use super::saved::{SavedCall, SavedRun, SavedState};
use super::wait::wait_ms;
use crate::engine::Engine;
use crate::ir::{Body, Budget, CeilingKind, Fallback, Routing, Workload};
use crate::reference::budgets::{Ledger, per_value};
use crate::reference::candidate::Candidate;
use crate::reference::plan::move_kind;
use crate::reference::world::{AttemptFacts, World};
use crate::{Amount, Attempt, Context, Credential, ErrorClass, Money, Timestamp};
use faregate_syntax::ast::Commit;

/// A run: the calls that one request causes, one after the other.
///
/// It is pure: it asks for a call or a wait, the host acts and tells what came of it. It has no clock; every instant comes
/// in. It ends after a bounded number of calls, whatever it is told.
#[derive(Clone, Debug)]
pub struct Run {
    /// `None`: the plan was made by hand, and nothing can be called.
    pub(super) engine: Option<Engine>,
    pub(super) data: SavedRun,
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
}

/// Why a candidate is not called now.
type Refused = Option<RunLimit>;

impl Run {
    pub(crate) fn new(engine: Option<Engine>, data: SavedRun) -> Self {
        Self { engine, data }
    }

    pub(crate) fn restore(engine: &Engine, data: SavedRun) -> Result<Self, RestoreError> {
        let digests = [
            ("policy", &data.digests.policy, engine.policy().digest()),
            ("catalog", &data.digests.catalog, engine.catalog().digest()),
        ];
        for (what, saved, here) in digests {
            if saved != here {
                return Err(RestoreError::Digest { what, saved: saved.clone(), here: here.to_owned() });
            }
        }
        let run = Self { engine: Some(engine.clone()), data };
        let retries = match run.routing() {
            Some((_, routing)) => routing.retry.as_ref().map_or(0, |r| r.rules.len()),
            None => return Err(RestoreError::Unknown(format!("workload {}", run.data.workload))),
        };
        let known = |id: &String| engine.catalog().endpoint(id).is_some();
        if let Some((id, _)) = run.data.plan.iter().find(|(id, _)| !known(id)) {
            return Err(RestoreError::Unknown(format!("endpoint {id}")));
        }
        let in_plan = |at: usize| at < run.data.plan.len();
        if !in_plan(run.data.at)
            || !run.data.calls.iter().all(|c| in_plan(c.at))
            || run.data.used.len() != retries
        {
            return Err(RestoreError::Unknown("places outside its plan".to_owned()));
        }
        Ok(run)
    }

    /// Returns all that the run knows, as plain data.
    #[must_use]
    pub fn save(&self) -> SavedRun {
        self.data.clone()
    }

    /// Takes in fresher facts: health, budgets, credits, credentials. Its `now` is not looked at.
    pub fn observe(&mut self, context: &Context) {
        self.data.observed = context.clone();
        self.data.observed.now = self.data.context.now;
        self.data.told.push(Told::Observed(Box::new(context.clone())));
    }

    /// Returns what to do at an instant. Asked again before the host has acted, it says the same.
    pub fn step(&mut self, now: Timestamp) -> Step {
        loop {
            match self.data.state.clone() {
                SavedState::Done { .. } => return Step::Done(Box::new(self.record(true))),
                SavedState::Failed { .. } => return Step::Failed(Box::new(self.record(false))),
                SavedState::Waiting { until, .. } if now < until => return Step::Wait { until },
                SavedState::Waiting { ms, .. } => self.data.state = SavedState::Ready { waited_ms: ms },
                SavedState::Judging { at } => match self.last_failure() {
                    Some((_, failure)) => self.react(&failure, at),
                    None => self.fail(None, None, at),
                },
                SavedState::Calling => {
                    let started = self.data.calls.last().map_or(now, |c| c.started_at);
                    if let Ok(attempt) = self.look(started, self.data.at, true, |a| a) {
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
        let last = self.last_failure();
        if self.past_deadline(now) {
            self.fail(last.as_ref().map(|(_, f)| f.class), Some(RunLimit::Deadline), now);
            return None;
        }
        match self.look(now, self.data.at, false, |a| a) {
            Ok(attempt) => {
                // The answer begins anew.
                let emitted = last.map_or(0, |(_, failure)| failure.emitted_tokens);
                self.data.discarded_tokens = self.data.discarded_tokens.saturating_add(emitted);
                let worst_tokens = self.worst_tokens(now);
                let counts_under = self.counts_under(now);
                let (endpoint, credential) = self.data.plan.get(self.data.at).cloned()?;
                self.data.calls.push(SavedCall {
                    at: self.data.at,
                    started_at: now,
                    waited_ms,
                    worst: attempt.worst_cost,
                    worst_tokens,
                    spent: attempt.worst_cost,
                    tokens: worst_tokens,
                    counts_under,
                    outcome: None,
                });
                let provider = attempt.provider.clone();
                self.data.steps.push(StepRecord::Try { endpoint, provider, credential, at: now });
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

    /// Tells how the attempt ended that [`Run::step`] asked for.
    ///
    /// Told out of turn, it is not taken in, but for `cancelled`: the client left before a call or between two, and the run ends
    /// without another.
    pub fn next(&mut self, outcome: Outcome, now: Timestamp) {
        if self.data.state != SavedState::Calling {
            let ended = matches!(self.data.state, SavedState::Done { .. } | SavedState::Failed { .. });
            if !ended && matches!(&outcome, Outcome::Failure(f) if f.class == ErrorClass::Cancelled) {
                self.data.told.push(Told::Outcome { at: now, outcome });
                self.fail(Some(ErrorClass::Cancelled), None, now);
            }
            return;
        }
        let outcome = sound(outcome);
        self.data.told.push(Told::Outcome { at: now, outcome: outcome.clone() });
        match outcome.clone() {
            Outcome::Success(success) => {
                let (spent, tokens) = self.settle_success(&success);
                self.settle(outcome, spent, tokens);
                self.data.steps.push(StepRecord::Done);
                self.data.state = SavedState::Done { at: now };
            }
            Outcome::Failure(failure) => {
                let (worst, tokens) =
                    self.data.calls.last().map_or((None, None), |c| (c.worst, c.worst_tokens));
                let spent = spent_by_failure(&failure, worst);
                self.settle(outcome, spent, tokens);
                self.note_failure(&failure, spent);
                self.data.state = SavedState::Judging { at: now };
            }
        }
    }

    fn settle(&mut self, outcome: Outcome, spent: Option<Money>, tokens: Option<u64>) {
        if let Some(call) = self.data.calls.last_mut() {
            call.outcome = Some(outcome);
            call.spent = spent;
            call.tokens = tokens;
        }
    }

    fn settle_success(&self, success: &super::outcome::Success) -> (Option<Money>, Option<u64>) {
        let Some(call) = self.data.calls.last() else { return (None, None) };
        let tokens = match &success.usage {
            Some(usage) => usage.input_tokens.checked_add(usage.output_tokens),
            None => call.worst_tokens,
        };
        let (started, worst) = (call.started_at, call.worst);
        let spent = self.with(started, None, |scene| {
            let candidate = scene.candidate(&self.data, call.at)?;
            spent_by_success(success, &scene.world.request, &scene.routing.tools, &candidate, started, worst)
        });
        (spent.flatten().or(success.cost).or(worst), tokens)
    }

    fn note_failure(&mut self, failure: &Failure, spent: Option<Money>) {
        let Some((endpoint, credential)) = self.data.plan.get(self.data.at).cloned() else { return };
        let waited_ms = self.data.calls.last().map_or(0, |c| c.waited_ms);
        self.data.errors.push(FailedCall {
            class: failure.class,
            status: failure.status,
            endpoint,
            credential: credential.clone(),
            phase: failure.phase,
            emitted_tokens: failure.emitted_tokens,
            retry_after_ms: failure.retry_after_ms,
            waited_ms,
            cost: spent,
        });
        let kills = matches!(
            failure.class,
            ErrorClass::Authentication | ErrorClass::QuotaExhausted | ErrorClass::InsufficientCredits
        );
        if kills {
            let provider = self.provider_of(self.data.at).unwrap_or_default();
            self.data.dead.push((provider, credential));
        }
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
                    self.data.steps.push(StepRecord::Wait { ms, at: now });
                    SavedState::Waiting { until: after(now, ms), ms }
                };
            }
            Err(limit) => self.move_on(self.data.at, self.data.at, failure, now, limit),
        }
    }

    /// Finds the retry rule that applies (rule 14): its index and its wait.
    fn retry(&self, failure: &Failure, now: Timestamp) -> Result<(usize, u64), Refused> {
        let mut limit = None;
        if !failure.class.may_retry() || failure.should_retry == Some(false) {
            return Err(None);
        }
        let Some((_, routing)) = self.routing() else { return Err(None) };
        let Some(retry) = &routing.retry else { return Err(None) };
        let number = self.call_number();
        for (at, rule) in retry.rules.iter().enumerate().filter(|(_, r)| r.on.contains(&failure.class)) {
            let used = self.data.used.get(at).copied().unwrap_or(0);
            if used >= rule.times {
                continue;
            }
            let holds = rule.when.as_ref().is_none_or(|when| {
                let truth = self.with(now, Some(failure), |scene| {
                    let candidate = scene.candidate(&self.data, self.data.at)?;
                    Some(scene.world.eval(when, Some(&candidate)).is_true())
                });
                truth.flatten().unwrap_or(false)
            });
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
            match self.look(at_instant, self.data.at, false, |_| ()) {
                Ok(()) => return Ok((at, ms)),
                Err(refused) => return Err(limit.or(refused)),
            }
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
        let mut limit = limit;
        let mut found = None;
        if let Some((_, routing)) = self.routing()
            && let Some(fallback) = &routing.fallback
        {
            for to in after_place.saturating_add(1)..self.data.plan.len() {
                if !self.leads(fallback, from, to, failure, now) {
                    continue;
                }
                if self.past_deadline(now) {
                    limit = limit.or(Some(RunLimit::Deadline));
                    break;
                }
                if self.calls_left() == 0 {
                    limit = limit.or(Some(RunLimit::Calls));
                    break;
                }
                if fallback.at_most.is_some_and(|n| self.data.moves >= n) {
                    limit = limit.or(Some(RunLimit::Moves));
                    break;
                }
                match self.look(now, to, false, |_| ()) {
                    Ok(()) => {
                        found = Some(to);
                        break;
                    }
                    Err(refused) => limit = limit.or(refused),
                }
            }
        }
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

    /// Whether a move from one candidate to another is one that the workload lists for this failure.
    fn leads(&self, fallback: &Fallback, from: usize, to: usize, failure: &Failure, now: Timestamp) -> bool {
        let leads = self.with(now, Some(failure), |scene| {
            let from = scene.candidate(&self.data, from)?;
            let to = scene.candidate(&self.data, to)?;
            let kind = move_kind(&from, &to);
            let context = |c: &Candidate<'_>| c.endpoint.facts.context_length;
            let larger = context(&from).is_some() && context(&to) > context(&from);
            if failure.class == ErrorClass::ContextLength && !larger {
                return Some(false);
            }
            let listed = fallback.rules.iter().any(|rule| {
                rule.kind == kind
                    && rule.on.contains(&failure.class)
                    && rule.when.as_ref().is_none_or(|w| scene.world.eval(w, Some(&to)).is_true())
            });
            let required = fallback.requires.iter().all(|(e, _)| scene.world.eval(e, Some(&to)).is_true());
            let cheap = match fallback.price_at_most {
                None => true,
                Some((share, _)) => {
                    let first = scene.candidate(&self.data, 0)?;
                    let cap = first.worst.known().and_then(|w| w.share(share));
                    cap.zip(to.worst.known()).is_some_and(|(cap, worst)| worst <= cap)
                }
            };
            Some(listed && required && cheap)
        });
        leads.flatten().unwrap_or(false)
    }

    /// Looks at a candidate as it is at an instant: every filter, the money, dead keys. `again`: only describes the
    /// attempt that is out already.
    fn look<T>(
        &self,
        now: Timestamp,
        place: usize,
        again: bool,
        use_it: impl FnOnce(Attempt) -> T,
    ) -> Result<T, Refused> {
        let found = self.with(now, None, |scene| {
            let candidate = scene.candidate(&self.data, place).ok_or(None)?;
            if !again {
                self.admissible(scene, &candidate)?;
            }
            let mut plan: Vec<Candidate<'_>> = Vec::new();
            let mut number = 0;
            for at in 0..self.data.plan.len() {
                if let Some(candidate) = scene.candidate(&self.data, at) {
                    if at == place {
                        number = plan.len();
                    }
                    plan.push(candidate);
                }
            }
            let mut attempt = scene.world.attempt_of(scene.routing, &plan, number, &candidate);
            attempt.timeout_ms = self.timeout_ms(scene.routing, now);
            Ok(attempt)
        });
        match found {
            Some(Ok(attempt)) => Ok(use_it(attempt)),
            Some(Err(refused)) => Err(refused),
            None => Err(None),
        }
    }

    fn admissible(&self, scene: &Scene<'_>, candidate: &Candidate<'_>) -> Result<(), Refused> {
        let credential = candidate.credential();
        let dead = self.data.dead.iter().any(|(provider, dead)| match dead {
            Credential::Own(_) => *dead == credential,
            Credential::Shared => {
                credential == Credential::Shared && *provider == candidate.endpoint.provider
            }
        });
        if dead {
            return Err(None);
        }
        let mut waived = Vec::new();
        let reasons =
            scene.world.reasons(&scene.workload.name, scene.routing, candidate, &scene.ledger, &mut waived);
        if !reasons.is_empty() {
            let money = |code: &str| matches!(code, "budget" | "credits" | "ceiling_run");
            return Err(reasons.iter().all(|r| money(&r.code)).then_some(RunLimit::Cost));
        }
        let spent = self.spent();
        let ceilings = scene.routing.ceilings.iter().filter(|c| {
            c.kind == CeilingKind::Run
                && c.when.as_ref().is_none_or(|w| !scene.world.eval(w, None).is_false())
        });
        let caller = scene
            .world
            .caller
            .iter()
            .filter(|(kind, _)| *kind == CeilingKind::Run)
            .map(|(_, amount)| *amount);
        let run_ceilings = ceilings.map(|c| c.amount).chain(caller).filter_map(|amount| match amount {
            Amount::Money(m) => Some(m),
            Amount::Count(_) => None,
        });
        for ceiling in run_ceilings {
            let after =
                spent.total().zip(candidate.worst.known()).and_then(|(spent, worst)| spent.plus(worst));
            if after.is_none_or(|after| after > ceiling) {
                return Err(Some(RunLimit::Cost));
            }
        }
        if spent.fits(&scene.world, &scene.ledger, candidate) { Ok(()) } else { Err(Some(RunLimit::Cost)) }
    }

    pub(super) fn spent(&self) -> Spent<'_> {
        Spent { calls: &self.data.calls, plan: &self.data.plan }
    }

    fn worst_tokens(&self, now: Timestamp) -> Option<u64> {
        let output = self.with(now, None, |scene| scene.candidate(&self.data, self.data.at)?.output_limit);
        self.data.request.input_tokens.checked_add(output.flatten()?)
    }

    /// Returns the counters under which a call of the present candidate counts that begins now.
    fn counts_under(&self, now: Timestamp) -> Vec<(String, Vec<Option<String>>)> {
        let found = self.with(now, None, |scene| {
            let candidate = scene.candidate(&self.data, self.data.at)?;
            let covering =
                scene.ledger.applying.iter().filter(|b| Ledger::covers(&scene.world, b, &candidate));
            let of = |budget: &&Budget| {
                let per = budget.per.iter().map(|attr| per_value(&scene.world, attr, Some(&candidate)));
                (budget.name.clone(), per.collect())
            };
            Some(covering.map(of).collect())
        });
        found.flatten().unwrap_or_default()
    }

    fn timeout_ms(&self, routing: &Routing, now: Timestamp) -> Option<u64> {
        let retry = routing.retry.as_ref()?;
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

    /// The number of the last call, from 1.
    pub(super) fn call_number(&self) -> u64 {
        u64::try_from(self.data.calls.len()).unwrap_or(u64::MAX)
    }

    fn calls_left(&self) -> u64 {
        let cap = self.routing().and_then(|(_, r)| r.retry.as_ref()?.at_most_calls);
        cap.map_or(u64::MAX, |cap| cap.saturating_sub(self.call_number()))
    }

    fn past_deadline(&self, now: Timestamp) -> bool {
        let deadline = self.routing().and_then(|(_, r)| r.retry.as_ref()?.deadline_ms);
        deadline.is_some_and(|ms| now >= after(self.data.context.now, ms))
    }

    /// The last call that failed: where in the plan, and how.
    pub(super) fn last_failure(&self) -> Option<(usize, Failure)> {
        let call = self.data.calls.last()?;
        match &call.outcome {
            Some(Outcome::Failure(failure)) => Some((call.at, failure.clone())),
            _ => None,
        }
    }

    pub(super) fn provider_of(&self, place: usize) -> Option<String> {
        let (id, _) = self.data.plan.get(place)?;
        self.engine.as_ref()?.catalog().endpoint(id).map(|e| e.provider.clone())
    }

    pub(super) fn routing(&self) -> Option<(&Workload, &Routing)> {
        let policy = self.engine.as_ref()?.policy().policy();
        let workload = policy.workloads.iter().find(|w| w.name == self.data.workload)?;
        match &workload.body {
            Body::Route(routing) => Some((workload, routing)),
            Body::Deny(..) => None,
        }
    }

    /// Ends the run without an answer.
    fn fail(&mut self, error: Option<ErrorClass>, limit: Option<RunLimit>, now: Timestamp) {
        let cut = match (self.last_failure(), self.routing()) {
            (Some((_, failure)), Some((_, routing))) => self.output_reached_client(&failure, routing.commit),
            _ => false,
        };
        self.data.steps.push(StepRecord::Fail(error));
        self.data.state = SavedState::Failed { error, limit, cut, at: now };
    }

    /// Sets the scene of an instant: what the policy says of the request with what is known then.
    pub(super) fn with<T>(
        &self,
        now: Timestamp,
        failure: Option<&Failure>,
        look: impl FnOnce(&Scene<'_>) -> T,
    ) -> Option<T> {
        let engine = self.engine.as_ref()?;
        let (workload, routing) = self.routing()?;
        let mut context = self.data.observed.clone();
        context.now = now;
        let (sources, policy) = (engine.policy().sources(), engine.policy().policy());
        let mut world = World::new(sources, policy, engine.catalog(), &self.data.request, &context).ok()?;
        world.elapsed_ms = u64::try_from(now.0.saturating_sub(self.data.context.now.0)).unwrap_or(0);
        world.attempt = failure.map(|failure| AttemptFacts {
            number: self.call_number(),
            error: failure.class,
            emitted_tokens: failure.emitted_tokens,
            elapsed_ms: u64::try_from(now.0.saturating_sub(self.data.context.now.0)).unwrap_or(0),
        });
        let mut ledger = Ledger::new(&world).ok()?;
        ledger.spent.extend(self.data.degraded.iter().cloned());
        Some(look(&Scene { world, ledger, workload, routing }))
    }
}

/// The policy's view of one instant of a run.
pub(super) struct Scene<'a> {
    pub(super) world: World<'a>,
    pub(super) ledger: Ledger<'a>,
    workload: &'a Workload,
    routing: &'a Routing,
}

impl<'a> Scene<'a> {
    /// Returns a candidate of the plan as it is at this instant; `None`: its credential is gone.
    fn candidate(&self, data: &SavedRun, place: usize) -> Option<Candidate<'a>> {
        let (id, credential) = data.plan.get(place)?;
        let endpoint = self.world.catalog.endpoint(id)?;
        let own = match credential {
            Credential::Shared => None,
            Credential::Own(key) => {
                let of = |c: &&crate::OwnCredential| c.id == *key && c.provider == endpoint.provider;
                Some(self.world.context.credentials.iter().find(of)?)
            }
        };
        let tier = self.world.tier_of(self.routing, &endpoint.model).unwrap_or(0);
        Some(self.world.candidate(self.routing, endpoint, own, tier))
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
