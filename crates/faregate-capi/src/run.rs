//! Runs.

use faregate_embed::{Engine, Run, Timestamp};

use crate::give::{FaregateText, free, give, give_text, place_for, place_for_text};
use crate::given::{FaregateStr, handle};
use crate::guard::{FaregateStatus, guard};

/// Makes a saved run go on.
///
/// # Safety
/// `engine` is NULL or a handle that is not freed; `saved` is valid for its length; `out` and `error` are NULL or valid for
/// writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_run_restore(
    engine: *const Engine,
    saved: FaregateStr,
    out: *mut *mut Run,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for(out)? };
        // SAFETY: the caller's promise.
        let engine = unsafe { handle(engine, "engine")? };
        // SAFETY: the caller's promise.
        let saved = unsafe { saved.data("saved")? };
        let run = engine.restore(&saved)?;
        // SAFETY: `place_for` was asked.
        unsafe { give(out, run) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Gives what to do at an instant: `{"step": "try", "attempt": ...}`, `{"step": "wait", "until": ..., "until_ms": ...}`,
/// `{"step": "done", "record": ...}` or `{"step": "failed", "record": ...}`. Asked again before you have acted, it says the same.
///
/// # Safety
/// `run` is NULL or a handle that is not freed; `out` and `error` are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_run_step(
    run: *const Run,
    now_ms: i64,
    out: *mut FaregateText,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for_text(out)? };
        // SAFETY: the caller's promise.
        let run = unsafe { handle(run, "run")? };
        let step = run.step(Timestamp(now_ms))?;
        // SAFETY: the caller's promise.
        unsafe { give_text(out, Some(step)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Tells a run how the call ended that `faregate_run_step` asked for: `{"ok": {"input_tokens": 120, "output_tokens": 40}}`, or
/// what classification gives.
///
/// # Safety
/// `run` is NULL or a handle that is not freed; `outcome` is valid for its length; `error` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_run_next(
    run: *const Run,
    outcome: FaregateStr,
    now_ms: i64,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        let run = unsafe { handle(run, "run")? };
        // SAFETY: the caller's promise.
        let outcome = unsafe { outcome.data("outcome")? };
        run.next(&outcome, Timestamp(now_ms))
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Tells a run fresher facts: a context.
///
/// # Safety
/// `run` is NULL or a handle that is not freed; `context` is valid for its length; `error` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_run_observe(
    run: *const Run,
    context: FaregateStr,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        let run = unsafe { handle(run, "run")? };
        // SAFETY: the caller's promise.
        let context = unsafe { context.data("context")? };
        run.observe(&context)
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Gives all that a run knows, for `faregate_run_restore`. What a tracker holds for it is no part of it.
///
/// # Safety
/// `run` is NULL or a handle that is not freed; `out` and `error` are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_run_save(
    run: *const Run,
    out: *mut FaregateText,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for_text(out)? };
        // SAFETY: the caller's promise.
        let run = unsafe { handle(run, "run")? };
        // SAFETY: the caller's promise.
        unsafe { give_text(out, Some(run.save())) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Frees a run; NULL is let be. Of one that a tracker accompanies and that has not ended, what its calls may have cost is
/// counted, and the rest is given back.
///
/// # Safety
/// `run` is NULL or a handle that was not freed before, and nobody uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_run_free(run: *mut Run) {
    // SAFETY: the caller's promise.
    unsafe { free(run) };
}
