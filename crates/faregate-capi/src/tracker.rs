//! What is remembered between requests.

use faregate_embed::{Decision, Engine, Error, Run, Tracker};

use crate::give::{FaregateText, free, give, give_text, place_for, place_for_text};
use crate::given::{FaregateStr, handle};
use crate::guard::{FaregateStatus, guard, guarded};

/// Returns a tracker that knows nothing yet, with counters in memory.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_tracker_new() -> *mut Tracker {
    guarded(std::ptr::null_mut(), || Box::into_raw(Box::new(Tracker::new())))
}

/// Gives a context with what is known at its `now`: cooldowns and probes, and what budgets have counted.
///
/// # Safety
/// Handles are NULL or not freed; texts are valid for their lengths; `out` and `error` are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_tracker_fill(
    tracker: *const Tracker,
    engine: *const Engine,
    request: FaregateStr,
    context: FaregateStr,
    out: *mut FaregateText,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for_text(out)? };
        // SAFETY: the caller's promise.
        let tracker = unsafe { handle(tracker, "tracker")? };
        // SAFETY: the caller's promise.
        let engine = unsafe { handle(engine, "engine")? };
        // SAFETY: the caller's promise.
        let request = unsafe { request.data("request")? };
        // SAFETY: the caller's promise.
        let context = unsafe { context.data("context")? };
        let filled = tracker.fill(engine, &request, &context)?;
        // SAFETY: the caller's promise.
        unsafe { give_text(out, Some(filled.to_json())) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Holds what the run of a decision may add to budgets, and begins the run, which the tracker accompanies; NULL where the
/// request is denied. FAREGATE_REFUSED: others were faster; fill a fresh context and decide again.
///
/// # Safety
/// Handles are NULL or not freed; `out` and `error` are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_tracker_reserve(
    tracker: *const Tracker,
    decision: *const Decision,
    out: *mut *mut Run,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for(out)? };
        // SAFETY: the caller's promise.
        let tracker = unsafe { handle(tracker, "tracker")? };
        // SAFETY: the caller's promise.
        let decision = unsafe { handle(decision, "decision")? };
        if let Some(run) = tracker.reserve(decision)? {
            // SAFETY: `place_for` was asked.
            unsafe { give(out, run) };
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Fills the context, decides, and holds what the run may add; again where others were faster. `out_decision` gets the
/// decision, `out_run` the run, or NULL where the request is denied.
///
/// # Safety
/// Handles are NULL or not freed; texts are valid for their lengths; `out_decision`, `out_run` and `error` are NULL or valid for
/// writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_tracker_admit(
    tracker: *const Tracker,
    engine: *const Engine,
    request: FaregateStr,
    context: FaregateStr,
    out_decision: *mut *mut Decision,
    out_run: *mut *mut Run,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        let place = unsafe { place_for(out_decision) };
        // SAFETY: the caller's promise.
        unsafe { place_for(out_run)? };
        place?;
        // SAFETY: the caller's promise.
        let tracker = unsafe { handle(tracker, "tracker")? };
        // SAFETY: the caller's promise.
        let engine = unsafe { handle(engine, "engine")? };
        // SAFETY: the caller's promise.
        let request = unsafe { request.data("request")? };
        // SAFETY: the caller's promise.
        let context = unsafe { context.data("context")? };
        let admitted = tracker.admit(engine, &request, &context)?;
        // SAFETY: `place_for` was asked.
        unsafe { give(out_decision, admitted.decision) };
        if let Some(run) = admitted.run {
            // SAFETY: `place_for` was asked.
            unsafe { give(out_run, run) };
        }
        Ok::<(), Error>(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Frees a tracker; NULL is let be. Runs that it accompanies live on.
///
/// # Safety
/// `tracker` is NULL or a handle that was not freed before, and nobody uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_tracker_free(tracker: *mut Tracker) {
    // SAFETY: the caller's promise.
    unsafe { free(tracker) };
}
