//! What is remembered between requests.

use faregate_embed::{Decision, Engine, Tracker};

use crate::engine::told;
use crate::handles::{kept, thing};
use crate::memory::given;
use crate::reply::{NOTHING, handle, reply};

/// Makes a tracker that knows nothing yet, with counters in this instance's memory: `{"tracker":7}`.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_tracker_new() -> u64 {
    reply(|| Ok(handle(Some(Tracker::new()))))
}

/// Gives a context with what is known at its `now`: cooldowns and probes, and what budgets have counted.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_tracker_fill(
    tracker: u32,
    engine: u32,
    request_at: u32,
    request_len: u32,
    context_at: u32,
    context_len: u32,
) -> u64 {
    reply(|| {
        let (tracker, engine) = (thing::<Tracker>(tracker)?, thing::<Engine>(engine)?);
        let filled = given("request", request_at, request_len).data(|request| {
            given("context", context_at, context_len).data(|context| tracker.fill(&engine, request, context))
        })?;
        Ok(filled.to_json())
    })
}

/// Holds what the run of a decision may add to budgets, and begins the run, which the tracker accompanies: `{"run":8}`, or `null`
/// where the request is denied. An error with the code `refused`: others were faster; fill a fresh context and decide again.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_tracker_reserve(tracker: u32, decision: u32) -> u64 {
    reply(|| {
        let (tracker, decision) = (thing::<Tracker>(tracker)?, thing::<Decision>(decision)?);
        Ok(handle(tracker.reserve(&decision)?))
    })
}

/// Fills the context, decides, and holds what the run may add. The answer: `{"decision":9,"status":200,"run":10}`; `run` is `null`
/// where the request is denied.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_tracker_admit(
    tracker: u32,
    engine: u32,
    request_at: u32,
    request_len: u32,
    context_at: u32,
    context_len: u32,
) -> u64 {
    reply(|| {
        let (tracker, engine) = (thing::<Tracker>(tracker)?, thing::<Engine>(engine)?);
        let admitted = given("request", request_at, request_len).data(|request| {
            given("context", context_at, context_len).data(|context| tracker.admit(&engine, request, context))
        })?;
        let run = admitted.run.map_or_else(|| NOTHING.to_owned(), |run| kept(run).to_string());
        Ok(format!("{{{},\"run\":{run}}}", told(admitted.decision)))
    })
}
