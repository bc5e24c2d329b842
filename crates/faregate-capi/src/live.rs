//! Engines that are replaced under traffic.

use faregate_embed::{Engine, Live};

use crate::give::{FaregateText, free, give, place_for};
use crate::given::{FaregateFile, FaregateStr, files, handle, layers};
use crate::guard::{FaregateStatus, guard};

/// Makes a holder of an engine, which stays yours to free.
///
/// # Safety
/// `engine` is NULL or a handle that is not freed; `out` and `error` are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_live_new(
    engine: *const Engine,
    out: *mut *mut Live,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for(out)? };
        // SAFETY: the caller's promise.
        let engine = unsafe { handle(engine, "engine")? };
        // SAFETY: `place_for` was asked.
        unsafe { give(out, Live::new(engine)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Gives a handle of the engine that serves now, to be kept for a whole request and freed after it; cheap.
///
/// # Safety
/// `live` is NULL or a handle that is not freed; `out` and `error` are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_live_engine(
    live: *const Live,
    out: *mut *mut Engine,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for(out)? };
        // SAFETY: the caller's promise.
        let live = unsafe { handle(live, "live")? };
        // SAFETY: `place_for` was asked.
        unsafe { give(out, live.engine()) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Lets another engine, which stays yours to free, serve from now on.
///
/// # Safety
/// `live` and `engine` are NULL or handles that are not freed; `error` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_live_replace(
    live: *const Live,
    engine: *const Engine,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        let live = unsafe { handle(live, "live")? };
        // SAFETY: the caller's promise.
        live.replace(unsafe { handle(engine, "engine")? });
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Lets another policy set serve with the catalog that serves now. Where it does not load, what served goes on serving.
///
/// # Safety
/// `live` is NULL or a handle that is not freed; pointers are valid for their lengths; `error` is NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_live_load_policy(
    live: *const Live,
    policies: *const FaregateFile,
    n_policies: usize,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        let live = unsafe { handle(live, "live")? };
        // SAFETY: the caller's promise.
        live.load_policy(&unsafe { files(policies, n_policies)? })
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Lets another catalog serve with the policy set that serves now. Where it does not load, what served goes on serving.
///
/// # Safety
/// As `faregate_live_load_policy`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_live_load_catalog(
    live: *const Live,
    catalogs: *const FaregateStr,
    n_catalogs: usize,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        let live = unsafe { handle(live, "live")? };
        // SAFETY: the caller's promise.
        live.load_catalog(&unsafe { layers(catalogs, n_catalogs)? })
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Frees a holder; NULL is let be. Engines that it gave live on.
///
/// # Safety
/// `live` is NULL or a handle that was not freed before, and nobody uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_live_free(live: *mut Live) {
    // SAFETY: the caller's promise.
    unsafe { free(live) };
}
