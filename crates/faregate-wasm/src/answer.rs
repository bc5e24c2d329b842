//! What a provider's answer means.

use faregate_embed::{Timestamp, classify_event, classify_response, classify_transport};

use crate::memory::given;
use crate::reply::{Arguments, NOTHING, reply};

/// Tells what an answer that failed means, as an outcome for `faregate_run_next`.
///
/// The first argument: `{"provider":"openai","status":429,"headers":[["retry-after","1.5"]],"phase":"before_output"}`; `headers` are
/// all headers of the answer, `phase` is `before_output`, `mid_stream` or `after_completion`. The second is the body, bytes.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_classify_response(
    at: u32,
    len: u32,
    body_at: u32,
    body_len: u32,
    now_ms: i64,
) -> u64 {
    reply(|| {
        let arguments =
            Arguments::read(given("response", at, len), &["provider", "status", "headers", "phase"])?;
        let status = arguments.number("status", "a number from 0 to 65535")?;
        let body = given("body", body_at, body_len).bytes()?;
        let (provider, phase) = (arguments.text("provider")?, arguments.text("phase")?);
        let told = classify_response(
            provider,
            status,
            arguments.pairs("headers")?,
            &body,
            phase,
            Timestamp(now_ms),
        )?;
        Ok(told.to_json())
    })
}

/// Tells what an event of a stream means, or an answer with status 200, if it tells of a failure; else `null`.
///
/// The first argument: `{"provider":"openai","headers":[],"phase":"mid_stream"}`. The second is the event's data, bytes.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_classify_event(
    at: u32,
    len: u32,
    data_at: u32,
    data_len: u32,
    now_ms: i64,
) -> u64 {
    reply(|| {
        let arguments = Arguments::read(given("event", at, len), &["provider", "headers", "phase"])?;
        let data = given("data", data_at, data_len).bytes()?;
        let (provider, phase) = (arguments.text("provider")?, arguments.text("phase")?);
        let told = classify_event(provider, arguments.pairs("headers")?, &data, phase, Timestamp(now_ms))?;
        Ok(told.map_or_else(|| NOTHING.to_owned(), |told| told.to_json()))
    })
}

/// Tells what a connection that failed means.
///
/// The argument: `{"kind":"refused","phase":"before_output"}`; `kind` is `timeout`, `refused`, `reset`, `dns`, `tls`, `ended` or
/// `client_left`.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_classify_transport(at: u32, len: u32) -> u64 {
    reply(|| {
        let arguments = Arguments::read(given("transport", at, len), &["kind", "phase"])?;
        Ok(classify_transport(arguments.text("kind")?, arguments.text("phase")?)?.to_json())
    })
}
