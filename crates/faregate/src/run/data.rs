//! All that a run knows, in the form in which it goes on: nothing is written twice, so that to note how a call ended is
//! cheap. What a [`SavedRun`] has beside it follows from the calls.

use super::machine::RestoreError;
use super::outcome::{Failure, Outcome};
use super::record::{FailedCall, StepRecord, Told};
use super::saved::{SavedCall, SavedRun, SavedState};
use crate::catalog::{Catalog, Endpoint};
use crate::ir::{Body, Routing, Workload};
use crate::{Context, Credential, Digests, Engine, ErrorClass, OwnCredential, Request, Timestamp};

/// As [`SavedRun`], but for what follows from the calls.
#[derive(Clone, Debug)]
pub(crate) struct Data {
    pub(crate) request: Request,
    pub(crate) context: Context,
    /// What was last observed. Its `now` is the instant that was last looked at.
    pub(crate) observed: Context,
    pub(crate) workload: String,
    /// The place of the workload in the policy.
    pub(crate) workload_at: Option<usize>,
    pub(crate) degraded: Vec<String>,
    pub(crate) plan: Vec<(String, Credential)>,
    /// For each candidate of the plan the place of its endpoint in the catalog.
    pub(crate) places: Vec<Option<usize>>,
    pub(crate) state: SavedState,
    pub(crate) at: usize,
    pub(crate) moves: u64,
    pub(crate) used: Vec<u64>,
    pub(crate) calls: Vec<SavedCall>,
    pub(crate) steps: Vec<Note>,
    pub(crate) told: Vec<Heard>,
    pub(crate) discarded_tokens: u64,
    pub(crate) digests: Digests,
}

/// A step that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// The next of the calls.
    Try,
    Wait {
        ms: u64,
        at: Timestamp,
    },
    Done,
    Fail(Option<ErrorClass>),
}

impl Note {
    fn of(step: &StepRecord) -> Self {
        match *step {
            StepRecord::Try { .. } => Self::Try,
            StepRecord::Wait { ms, at } => Self::Wait { ms, at },
            StepRecord::Done => Self::Done,
            StepRecord::Fail(error) => Self::Fail(error),
        }
    }
}

/// What the host told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// How the next of the calls ended.
    Call { at: Timestamp },
    /// Anything else.
    Else(Told),
}

/// A candidate of the plan as it is at an instant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat<'a> {
    /// The place of its endpoint in the catalog.
    pub(crate) place: usize,
    pub(crate) endpoint: &'a Endpoint,
    /// The own credential; `None`: the shared one.
    pub(crate) own: Option<&'a OwnCredential>,
}

impl Data {
    /// Takes in what is to be run; `engine`: `None` where nothing can be called.
    pub(super) fn new(saved: SavedRun, engine: Option<&Engine>) -> Self {
        let workloads = engine.map_or(&[][..], |engine| engine.policy().policy().workloads.as_slice());
        let place = |(id, _): &(String, Credential)| engine?.catalog().place(id);
        let mut data = Self {
            workload_at: workloads.iter().position(|w| w.name == saved.workload),
            places: saved.plan.iter().map(place).collect(),
            request: saved.request,
            context: saved.context,
            observed: saved.observed,
            workload: saved.workload,
            degraded: saved.degraded,
            plan: saved.plan,
            state: saved.state,
            at: saved.at,
            moves: saved.moves,
            used: saved.used,
            calls: saved.calls,
            steps: saved.steps.iter().map(Note::of).collect(),
            told: Vec::with_capacity(saved.told.len()),
            discarded_tokens: saved.discarded_tokens,
            digests: saved.digests,
        };
        let mut ended = data.calls.iter().filter_map(|call| call.outcome.as_ref()).peekable();
        for told in saved.told {
            let call = match &told {
                Told::Outcome { at, outcome } if ended.peek() == Some(&outcome) => Some(*at),
                _ => None,
            };
            data.told.push(match call {
                Some(at) => {
                    ended.next();
                    Heard::Call { at }
                }
                None => Heard::Else(told),
            });
        }
        data
    }

    /// Takes a saved run in.
    ///
    /// # Errors
    /// It names what the engine does not have, or contradicts itself.
    pub(super) fn restored(saved: SavedRun, engine: &Engine) -> Result<Self, RestoreError> {
        let (steps, errors, dead) = (saved.steps.clone(), saved.errors.clone(), saved.dead.clone());
        let data = Self::new(saved, Some(engine));
        if let Some(((id, _), _)) = data.plan.iter().zip(&data.places).find(|(_, place)| place.is_none()) {
            return Err(RestoreError::Unknown(format!("endpoint {id}")));
        }
        let Some((_, routing)) = data.routing(engine) else {
            return Err(RestoreError::Unknown(format!("workload {}", data.workload)));
        };
        let retries = routing.retry.as_ref().map_or(0, |r| r.rules.len());
        let in_plan = |at: usize| at < data.plan.len();
        if !in_plan(data.at) || !data.calls.iter().all(|c| in_plan(c.at)) || data.used.len() != retries {
            return Err(RestoreError::Unknown("places outside its plan".to_owned()));
        }
        let told = data.told.iter().filter(|heard| matches!(heard, Heard::Call { .. })).count();
        let ended = data.calls.iter().filter(|call| call.outcome.is_some()).count();
        let tries = data.steps.iter().filter(|note| **note == Note::Try).count();
        let contradiction = match () {
            () if told != ended => "a call has ended, and nobody told how",
            () if tries != data.calls.len() || data.step_records(Some(engine.catalog())) != steps => {
                "its steps are not those of its calls"
            }
            () if data.errors() != errors => "its errors are not those of its calls",
            () if data.dead(engine.catalog()) != dead => {
                "its dead credentials are not those that its calls have found dead"
            }
            () => return Ok(data),
        };
        Err(RestoreError::Contradiction(contradiction))
    }

    /// Returns all that the run knows, as plain data.
    pub(super) fn save(&self, catalog: Option<&Catalog>) -> SavedRun {
        let mut observed = self.observed.clone();
        observed.now = self.context.now;
        SavedRun {
            request: self.request.clone(),
            context: self.context.clone(),
            observed,
            workload: self.workload.clone(),
            degraded: self.degraded.clone(),
            plan: self.plan.clone(),
            state: self.state.clone(),
            at: self.at,
            moves: self.moves,
            used: self.used.clone(),
            calls: self.calls.clone(),
            dead: catalog.map_or_else(Vec::new, |catalog| self.dead(catalog)),
            errors: self.errors(),
            steps: self.step_records(catalog),
            discarded_tokens: self.discarded_tokens,
            told: self.all_told(),
            digests: self.digests.clone(),
        }
    }

    /// Returns the calls that failed, in order.
    pub(super) fn errors(&self) -> Vec<FailedCall> {
        let failed = self.calls.iter().filter_map(|call| match &call.outcome {
            Some(Outcome::Failure(failure)) => Some((call, failure)),
            _ => None,
        });
        failed
            .filter_map(|(call, failure)| {
                let (endpoint, credential) = self.plan.get(call.at)?.clone();
                Some(FailedCall {
                    class: failure.class,
                    status: failure.status,
                    endpoint,
                    credential,
                    phase: failure.phase,
                    emitted_tokens: failure.emitted_tokens,
                    retry_after_ms: failure.retry_after_ms,
                    waited_ms: call.waited_ms,
                    cost: call.spent,
                })
            })
            .collect()
    }

    /// Returns the steps, in order; without a catalog there are no calls among them.
    pub(super) fn step_records(&self, catalog: Option<&Catalog>) -> Vec<StepRecord> {
        let mut calls = self.calls.iter();
        let mut step = |note: &Note| match *note {
            Note::Try => {
                let call = calls.next()?;
                let (endpoint, credential) = self.plan.get(call.at)?.clone();
                let provider = self.endpoint(catalog?, call.at)?.provider.clone();
                Some(StepRecord::Try { endpoint, provider, credential, at: call.started_at })
            }
            Note::Wait { ms, at } => Some(StepRecord::Wait { ms, at }),
            Note::Done => Some(StepRecord::Done),
            Note::Fail(error) => Some(StepRecord::Fail(error)),
        };
        self.steps.iter().filter_map(&mut step).collect()
    }

    /// Returns what the host told, in order.
    pub(super) fn all_told(&self) -> Vec<Told> {
        let mut ended = self.calls.iter().filter_map(|call| call.outcome.as_ref());
        let told = self.told.iter().filter_map(|heard| match heard {
            Heard::Call { at } => Some(Told::Outcome { at: *at, outcome: ended.next()?.clone() }),
            Heard::Else(told) => Some(told.clone()),
        });
        told.collect()
    }

    /// Returns the credentials that are dead, with their providers.
    fn dead(&self, catalog: &Catalog) -> Vec<(String, Credential)> {
        let dead = self.calls.iter().filter(|call| kills(call));
        dead.filter_map(|call| {
            let (_, credential) = self.plan.get(call.at)?;
            Some((self.endpoint(catalog, call.at)?.provider.clone(), credential.clone()))
        })
        .collect()
    }

    /// Whether a call has found a candidate's credential dead.
    pub(super) fn is_dead(&self, catalog: &Catalog, seat: Seat<'_>) -> bool {
        self.calls.iter().filter(|call| kills(call)).any(|call| {
            match (self.plan.get(call.at).map(|(_, credential)| credential), seat.own) {
                (Some(Credential::Own(dead)), Some(own)) => *dead == own.id,
                (Some(Credential::Shared), None) => {
                    self.endpoint(catalog, call.at).is_some_and(|e| e.provider == seat.endpoint.provider)
                }
                _ => false,
            }
        })
    }

    /// Returns the endpoint of a candidate of the plan.
    pub(super) fn endpoint<'c>(&self, catalog: &'c Catalog, at: usize) -> Option<&'c Endpoint> {
        catalog.endpoints().get((*self.places.get(at)?)?)
    }

    /// Returns a candidate of the plan with the credential as it was last observed; `None`: the credential is gone.
    pub(crate) fn seat<'a>(&'a self, catalog: &'a Catalog, at: usize) -> Option<Seat<'a>> {
        let (_, credential) = self.plan.get(at)?;
        let place = (*self.places.get(at)?)?;
        let endpoint = catalog.endpoints().get(place)?;
        let own = match credential {
            Credential::Shared => None,
            Credential::Own(key) => {
                let of = |c: &&OwnCredential| c.id == *key && c.provider == endpoint.provider;
                Some(self.observed.credentials.iter().find(of)?)
            }
        };
        Some(Seat { place, endpoint, own })
    }

    /// Returns the workload that decided, and its route.
    pub(super) fn routing<'e>(&self, engine: &'e Engine) -> Option<(&'e Workload, &'e Routing)> {
        let workload = engine.policy().policy().workloads.get(self.workload_at?)?;
        match &workload.body {
            Body::Route(routing) => Some((workload, routing)),
            Body::Deny(..) => None,
        }
    }

    /// The number of the last call, from 1.
    pub(super) fn call_number(&self) -> u64 {
        u64::try_from(self.calls.len()).unwrap_or(u64::MAX)
    }

    /// The last call that failed: where in the plan, and how.
    pub(super) fn last_failure(&self) -> Option<(usize, &Failure)> {
        let call = self.calls.last()?;
        match &call.outcome {
            Some(Outcome::Failure(failure)) => Some((call.at, failure)),
            _ => None,
        }
    }
}

/// Whether a call has found its credential dead.
fn kills(call: &SavedCall) -> bool {
    use ErrorClass as E;
    match &call.outcome {
        Some(Outcome::Failure(failure)) => {
            matches!(failure.class, E::Authentication | E::QuotaExhausted | E::InsufficientCredits)
        }
        _ => false,
    }
}
