//! What outlives a request: the engine in force, how endpoints fare, what budgets have counted.

use faregate::{
    Context, Decision, Denial, Engine, Key, Live, MemoryCounters, Plan, Refused, Request, Reservation,
    Tracker,
};

use crate::clock::now;

/// How often a request is decided anew because others were faster. Each time one of them got ahead, so a few do.
const TRIES: usize = 16;

/// Shared by all requests.
pub(crate) struct State {
    live: Live,
    tracker: Tracker,
}

/// A request that may run, with what is held for it.
pub(crate) type Admitted = (Box<Plan>, Reservation<MemoryCounters>);

/// Why a request may not run.
pub(crate) enum NotAdmitted {
    /// The policy says no.
    Denied(Box<Denial>),
    /// Others took what it would have needed, again and again.
    Busy(Refused),
}

impl State {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { live: Live::new(engine), tracker: Tracker::new() }
    }

    pub(crate) fn engine(&self) -> Engine {
        self.live.engine()
    }

    pub(crate) fn replace(&self, engine: Engine) {
        self.live.replace(engine);
    }

    /// Decides a request with all that is known now, and holds what its run may add to budgets.
    pub(crate) fn admit(&self, request: &Request, known: &Context) -> Result<Admitted, NotAdmitted> {
        let engine = self.live.engine();
        let mut tries = 1;
        loop {
            let mut context = known.clone();
            context.now = now();
            self.tracker.fill(&engine, request, &mut context);
            let plan = match engine.decide(request, &context) {
                Decision::Route(plan) => plan,
                Decision::Deny(denial) => return Err(NotAdmitted::Denied(denial)),
            };
            match self.tracker.reserve(&plan) {
                Ok(held) => return Ok((plan, held)),
                Err(refused) if tries == TRIES => return Err(NotAdmitted::Busy(refused)),
                Err(_) => tries = tries.saturating_add(1),
            }
        }
    }

    /// Returns what was counted for a key, and what runs in flight hold, as a decision would see it.
    pub(crate) fn known(&self, key: &Key) -> Context {
        let mut context = Context::new(now());
        context.key = key.clone();
        self.tracker.fill(&self.live.engine(), &Request::new("budgets", 0), &mut context);
        context
    }
}
