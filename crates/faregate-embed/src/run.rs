//! What follows a decision.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use faregate::{MemoryCounters, Reservation, Step, Timestamp};
use faregate_wire::{Node, saved_run_to_json, step_to_json, step_to_node};

use crate::{Data, Error};

/// A run: the calls that one request causes, one after the other. It asks, the host acts and tells.
///
/// A run that a [`Tracker`](crate::Tracker) holds money or a place for is accompanied: what its calls show is counted, what it
/// held is given back when it ends or is dropped.
pub struct Run {
    driven: Mutex<Driven>,
}

struct Driven {
    run: faregate::Run,
    held: Option<Reservation<MemoryCounters>>,
}

impl Run {
    pub(crate) fn new(run: faregate::Run, held: Option<Reservation<MemoryCounters>>) -> Self {
        Self { driven: Mutex::new(Driven { run, held }) }
    }

    /// Returns what to do at an instant, as JSON: `step` is `try` with an `attempt`, `wait` with `until` and `until_ms`, or `done`
    /// or `failed` with the `record`. Asked again before the host has acted, it says the same.
    ///
    /// # Errors
    /// Where counters are kept cannot be reached; today they are kept in memory, which cannot be away.
    pub fn step(&self, now: Timestamp) -> Result<String, Error> {
        self.stepped(now).map(|step| step_to_json(&step))
    }

    /// Returns what to do at an instant, as a tree.
    ///
    /// # Errors
    /// As [`Run::step`].
    pub fn step_node(&self, now: Timestamp) -> Result<Node, Error> {
        self.stepped(now).map(|step| step_to_node(&step))
    }

    fn stepped(&self, now: Timestamp) -> Result<Step, Error> {
        let mut driven = self.lock();
        let Driven { run, held } = &mut *driven;
        let step = match held {
            Some(held) => held.step(run, now),
            None => run.step(now),
        };
        if let Step::Done(record) | Step::Failed(record) = &step
            && let Some(held) = driven.held.take()
        {
            held.settle(record)?;
        }
        Ok(step)
    }

    /// Tells how the call ended that [`Run::step`] asked for: `{ ok: { input_tokens, output_tokens, … } }` or `{ error: CLASS, … }`,
    /// as classification gives it.
    ///
    /// # Errors
    /// All faults of the outcome; nothing was told then.
    pub fn next(&self, outcome: &Data<'_>, now: Timestamp) -> Result<(), Error> {
        let outcome = outcome.outcome()?;
        let mut driven = self.lock();
        let Driven { run, held } = &mut *driven;
        match held {
            Some(held) => held.next(run, outcome, now),
            None => run.next(outcome, now),
        }
        Ok(())
    }

    /// Takes in fresher facts. Of an accompanied run, health and budgets are the tracker's.
    ///
    /// # Errors
    /// All faults of the context; nothing was taken in then.
    pub fn observe(&self, context: &Data<'_>) -> Result<(), Error> {
        let context = context.context()?;
        let mut driven = self.lock();
        let Driven { run, held } = &mut *driven;
        match held {
            Some(held) => held.observe(&context),
            None => run.observe(&context),
        }
        Ok(())
    }

    /// Writes all that the run knows as JSON, for [`Engine::restore`](crate::Engine::restore). What a tracker holds for it is no part
    /// of it: the restored run is not accompanied.
    #[must_use]
    pub fn save(&self) -> String {
        saved_run_to_json(&self.lock().run.save())
    }

    fn lock(&self) -> MutexGuard<'_, Driven> {
        self.driven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Run")
    }
}
