//! What a provider's answer means.

use faregate_embed::{Timestamp, classify_event, classify_response, classify_transport};

use crate::give::{FaregateText, give_text, place_for_text};
use crate::given::{FaregateFile, FaregateStr, pairs};
use crate::guard::{FaregateStatus, guard};

/// Gives what an answer that failed means, as an outcome for `faregate_run_next`. `headers` are all headers of the answer,
/// `phase` is `before_output`, `mid_stream` or `after_completion`.
///
/// # Safety
/// Pointers are valid for their lengths; `out` and `error` are NULL or valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_classify_response(
    provider: FaregateStr,
    status: u16,
    headers: *const FaregateFile,
    n_headers: usize,
    body: FaregateStr,
    phase: FaregateStr,
    now_ms: i64,
    out: *mut FaregateText,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for_text(out)? };
        // SAFETY: the caller's promise.
        let provider = unsafe { provider.text("provider")? };
        // SAFETY: the caller's promise.
        let headers = unsafe { pairs(headers, n_headers, "headers")? };
        // SAFETY: the caller's promise.
        let body = unsafe { body.bytes("body")? };
        // SAFETY: the caller's promise.
        let phase = unsafe { phase.text("phase")? };
        let told = classify_response(provider, status, headers, body, phase, Timestamp(now_ms))?;
        // SAFETY: the caller's promise.
        unsafe { give_text(out, Some(told.to_json())) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Gives what an event of a stream means, or an answer with status 200, if it tells of a failure; else `out` is empty.
///
/// # Safety
/// As `faregate_classify_response`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_classify_event(
    provider: FaregateStr,
    headers: *const FaregateFile,
    n_headers: usize,
    data: FaregateStr,
    phase: FaregateStr,
    now_ms: i64,
    out: *mut FaregateText,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for_text(out)? };
        // SAFETY: the caller's promise.
        let provider = unsafe { provider.text("provider")? };
        // SAFETY: the caller's promise.
        let headers = unsafe { pairs(headers, n_headers, "headers")? };
        // SAFETY: the caller's promise.
        let data = unsafe { data.bytes("data")? };
        // SAFETY: the caller's promise.
        let phase = unsafe { phase.text("phase")? };
        let told = classify_event(provider, headers, data, phase, Timestamp(now_ms))?;
        // SAFETY: the caller's promise.
        unsafe { give_text(out, told.map(|told| told.to_json())) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}

/// Gives what a connection that failed means: `kind` is `timeout`, `refused`, `reset`, `dns`, `tls`, `ended` or `client_left`.
///
/// # Safety
/// As `faregate_classify_response`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_classify_transport(
    kind: FaregateStr,
    phase: FaregateStr,
    out: *mut FaregateText,
    error: *mut FaregateText,
) -> FaregateStatus {
    let work = || {
        // SAFETY: the caller's promise.
        unsafe { place_for_text(out)? };
        // SAFETY: the caller's promise.
        let kind = unsafe { kind.text("kind")? };
        // SAFETY: the caller's promise.
        let phase = unsafe { phase.text("phase")? };
        let told = classify_transport(kind, phase)?;
        // SAFETY: the caller's promise.
        unsafe { give_text(out, Some(told.to_json())) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, work) }
}
