//! What a provider's answer means.

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::values::{Pairs, instant, lent, told};

/// Returns what an answer that failed means, as JSON.
#[napi]
pub fn classify_response(
    provider: String,
    status: u16,
    headers: Pairs,
    body: Uint8Array,
    phase: String,
    now_ms: i64,
) -> napi::Result<String> {
    told(|| {
        let now = instant(now_ms);
        let told = faregate_embed::classify_response(&provider, status, lent(&headers), &body, &phase, now)?;
        Ok(told.to_json())
    })
}

/// Returns what an event of a stream means, as JSON, if it tells of a failure.
#[napi]
pub fn classify_event(
    provider: String,
    headers: Pairs,
    data: Uint8Array,
    phase: String,
    now_ms: i64,
) -> napi::Result<Option<String>> {
    told(|| {
        let now = instant(now_ms);
        let told = faregate_embed::classify_event(&provider, lent(&headers), &data, &phase, now)?;
        Ok(told.map(|told| told.to_json()))
    })
}

/// Returns what a connection that failed means, as JSON.
#[napi]
pub fn classify_transport(kind: String, phase: String) -> napi::Result<String> {
    told(|| Ok(faregate_embed::classify_transport(&kind, &phase)?.to_json()))
}
