//! What outlives a request: the engine in force, and what was counted.

use std::sync::{PoisonError, RwLock};

use faregate::{
    Catalog, Context, Decision, Denial, Engine, Outcome, Plan, PolicySet, Record, Request, Run, Step,
    Timestamp,
};

pub(crate) struct State {
    engine: RwLock<Engine>,
}

pub(crate) struct Held;

impl State {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine: RwLock::new(engine) }
    }

    pub(crate) fn engine(&self) -> Engine {
        self.engine.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn replace(&self, policy: PolicySet, catalog: Catalog) -> Result<(), String> {
        let engine = Engine::new(policy, catalog).map_err(|e| e.to_string())?;
        *self.engine.write().unwrap_or_else(PoisonError::into_inner) = engine;
        Ok(())
    }

    pub(crate) fn admit(
        &self,
        request: &Request,
        mut context: Context,
    ) -> Result<(Box<Plan>, Held), Box<Denial>> {
        context.budgets = Some(Vec::new());
        match self.engine().decide(request, &context) {
            Decision::Route(plan) => Ok((plan, Held)),
            Decision::Deny(denial) => Err(denial),
        }
    }
}

impl Held {
    pub(crate) fn step(&mut self, run: &mut Run, now: Timestamp) -> Step {
        run.step(now)
    }

    pub(crate) fn next(&mut self, run: &mut Run, outcome: Outcome, now: Timestamp) {
        run.next(outcome, now);
    }

    pub(crate) fn settle(self, _record: &Record) {}
}
