//! Engines and decisions.

use faregate_embed::{Decision, Engine, check, version};

use crate::Run;
use crate::give::{FaregateText, free, give, give_text, place_for, place_for_text};
use crate::given::{FaregateFile, FaregateStr, files, handle, layers};
use crate::guard::{FaregateStatus, guard, guarded};

/// Returns the version of the engine. The text is the library's and is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_version() -> FaregateStr {
    let version = version();
    FaregateStr { data: version.as_ptr(), len: version.len() }
}

/// Checks a policy set: `out` gets all findings, `{"diagnostics": [...], "errors": 1, "warnings": 0}`. Faults of the policy are
/// findings, not a failure. With catalogs (`n_catalogs` > 0), also what only a catalog shows. `today` is a day such as
/// `2026-11-23` for waivers and sunsets, or empty.
///
/// # Safety
/// Pointers are valid for their lengths; `out` and `error` are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_check(
    policies: *const FaregateFile,
    n_policies: usize,
    catalogs: *const FaregateStr,
    n_catalogs: usize,
    today: FaregateStr,
    out: *mut FaregateText,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for_text(out)? };
        // SAFETY: the caller's promise.
        let files = unsafe { files(policies, n_policies)? };
        // SAFETY: the caller's promise.
        let layers = unsafe { layers(catalogs, n_catalogs)? };
        // SAFETY: the caller's promise.
        let today = unsafe { today.text("today")? };
        let found = check(&files, &layers, (!today.is_empty()).then_some(today))?;
        // SAFETY: the caller's promise.
        unsafe { give_text(out, Some(found)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Loads a policy set and the layers of a catalog, each laid over those before it.
///
/// # Safety
/// Pointers are valid for their lengths; `out` and `error` are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_engine_load(
    policies: *const FaregateFile,
    n_policies: usize,
    catalogs: *const FaregateStr,
    n_catalogs: usize,
    out: *mut *mut Engine,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for(out)? };
        // SAFETY: the caller's promise.
        let files = unsafe { files(policies, n_policies)? };
        // SAFETY: the caller's promise.
        let layers = unsafe { layers(catalogs, n_catalogs)? };
        let engine = Engine::load(&files, &layers)?;
        // SAFETY: `place_for` was asked.
        unsafe { give(out, engine) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Returns another handle of the same engine; cheap. NULL of NULL.
///
/// # Safety
/// `engine` is NULL or a handle that is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_engine_copy(engine: *const Engine) -> *mut Engine {
    // SAFETY: the caller's promise.
    let engine = unsafe { handle(engine, "engine") };
    guarded(std::ptr::null_mut(), || match engine {
        Ok(engine) => Box::into_raw(Box::new(engine.clone())),
        Err(_) => std::ptr::null_mut(),
    })
}

/// Frees an engine; NULL is let be. Decisions, runs and holders made with it live on.
///
/// # Safety
/// `engine` is NULL or a handle that was not freed before, and nobody uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_engine_free(engine: *mut Engine) {
    // SAFETY: the caller's promise.
    unsafe { free(engine) };
}

/// Gives the warnings of an engine's policy on its catalog, as `faregate_check` does.
///
/// # Safety
/// `engine` is NULL or a handle that is not freed; `out` and `error` are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_engine_warnings(
    engine: *const Engine,
    out: *mut FaregateText,
    error: *mut FaregateText,
) -> FaregateStatus {
    // SAFETY: the caller's promise.
    unsafe { tell(engine, out, error, Engine::warnings) }
}

/// Gives the digest of an engine's policy set: `blake3:...`.
///
/// # Safety
/// As `faregate_engine_warnings`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_engine_policy_digest(
    engine: *const Engine,
    out: *mut FaregateText,
    error: *mut FaregateText,
) -> FaregateStatus {
    // SAFETY: the caller's promise.
    unsafe { tell(engine, out, error, |engine| engine.policy_digest().to_owned()) }
}

/// Gives the digest of an engine's catalog: `blake3:...`.
///
/// # Safety
/// As `faregate_engine_warnings`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_engine_catalog_digest(
    engine: *const Engine,
    out: *mut FaregateText,
    error: *mut FaregateText,
) -> FaregateStatus {
    // SAFETY: the caller's promise.
    unsafe { tell(engine, out, error, |engine| engine.catalog_digest().to_owned()) }
}

/// Decides a request. What the policy does not allow is no failure but a decision.
///
/// # Safety
/// `engine` is NULL or a handle that is not freed; texts are valid for their lengths; `out` and `error` are NULL or valid for
/// writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_decide(
    engine: *const Engine,
    request: FaregateStr,
    context: FaregateStr,
    out: *mut *mut Decision,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for(out)? };
        // SAFETY: the caller's promise.
        let decision = unsafe { decided(engine, request, context)? };
        // SAFETY: `place_for` was asked.
        unsafe { give(out, decision) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Decides a request and gives the decision as JSON, for who runs nothing.
///
/// # Safety
/// As `faregate_decide`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_decide_json(
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
        let decision = unsafe { decided(engine, request, context)? };
        // SAFETY: the caller's promise.
        unsafe { give_text(out, Some(decision.json())) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Says of one endpoint, rule by rule, why it is where it is. `out` is empty where the catalog has no such endpoint, or the
/// request is denied before endpoints are looked at.
///
/// # Safety
/// As `faregate_decide`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_why(
    engine: *const Engine,
    request: FaregateStr,
    context: FaregateStr,
    endpoint: FaregateStr,
    out: *mut FaregateText,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for_text(out)? };
        // SAFETY: the caller's promise.
        let engine = unsafe { handle(engine, "engine")? };
        // SAFETY: the caller's promise.
        let request = unsafe { request.data("request")? };
        // SAFETY: the caller's promise.
        let context = unsafe { context.data("context")? };
        // SAFETY: the caller's promise.
        let endpoint = unsafe { endpoint.text("endpoint")? };
        let why = engine.why(&request, &context, endpoint)?;
        // SAFETY: the caller's promise.
        unsafe { give_text(out, why) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Gives a decision as JSON; equal decisions are equal bytes.
///
/// # Safety
/// `decision` is NULL or a handle that is not freed; `out` and `error` are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_decision_json(
    decision: *const Decision,
    out: *mut FaregateText,
    error: *mut FaregateText,
) -> FaregateStatus {
    // SAFETY: the caller's promise.
    unsafe { tell(decision, out, error, Decision::json) }
}

/// Returns 200 where the request may go somewhere, the HTTP status of a denial, or 0 of NULL.
///
/// # Safety
/// `decision` is NULL or a handle that is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_decision_status(decision: *const Decision) -> u16 {
    // SAFETY: the caller's promise.
    let decision = unsafe { handle(decision, "decision") };
    guarded(0, || decision.map_or(0, |decision| decision.denied().unwrap_or(200)))
}

/// Begins a run of a decision; `out` is NULL where the request is denied.
///
/// # Safety
/// `decision` is NULL or a handle that is not freed; `out` and `error` are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_decision_run(
    decision: *const Decision,
    out: *mut *mut Run,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for(out)? };
        // SAFETY: the caller's promise.
        let decision = unsafe { handle(decision, "decision")? };
        if let Some(run) = decision.run() {
            // SAFETY: `place_for` was asked.
            unsafe { give(out, run) };
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Frees a decision; NULL is let be. Its runs live on.
///
/// # Safety
/// `decision` is NULL or a handle that was not freed before, and nobody uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_decision_free(decision: *mut Decision) {
    // SAFETY: the caller's promise.
    unsafe { free(decision) };
}

/// Gives what a handle can tell.
///
/// # Safety
/// `of` is NULL or a handle that is not freed; `out` and `error` are NULL or valid for writing.
unsafe fn tell<T>(
    of: *const T,
    out: *mut FaregateText,
    error: *mut FaregateText,
    what: impl FnOnce(&T) -> String,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for_text(out)? };
        // SAFETY: the caller's promise.
        let of = unsafe { handle(of, "handle")? };
        // SAFETY: the caller's promise.
        unsafe { give_text(out, Some(what(of))) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Decides.
///
/// # Safety
/// `engine` is NULL or a handle that is not freed; texts are valid for their lengths.
unsafe fn decided(
    engine: *const Engine,
    request: FaregateStr,
    context: FaregateStr,
) -> Result<Decision, faregate_embed::Error> {
    // SAFETY: the caller's promise.
    let engine = unsafe { handle(engine, "engine")? };
    // SAFETY: the caller's promise.
    let request = unsafe { request.data("request")? };
    // SAFETY: the caller's promise.
    let context = unsafe { context.data("context")? };
    engine.decide(&request, &context)
}
