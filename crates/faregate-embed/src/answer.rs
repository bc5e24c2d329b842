//! What a provider's answer means, as an outcome that a run takes.

use faregate::{Classified, ErrorClass, Failure, Outcome, Phase, Timestamp, Transport};
use faregate_wire::{Node, outcome_to_node};

use crate::Error;

/// The names of the ways in which a connection fails.
const TRANSPORTS: [(&str, Transport); 7] = [
    ("timeout", Transport::Timeout),
    ("refused", Transport::Refused),
    ("reset", Transport::Reset),
    ("dns", Transport::Dns),
    ("tls", Transport::Tls),
    ("ended", Transport::Ended),
    ("client_left", Transport::ClientLeft),
];

/// Returns what an answer that failed means, as an outcome for [`Run::next`](crate::Run::next). `phase` is `before_output`,
/// `mid_stream` or `after_completion`; the outcome tells it, and not yet how many tokens came before (`emitted_tokens`).
///
/// # Errors
/// There is no such phase.
///
/// ```
/// use faregate_embed::{Timestamp, classify_response};
/// let headers = [("retry-after", "1.5")];
/// let told = classify_response("openai", 429, headers, b"{}", "before_output", Timestamp(0)).unwrap();
/// assert_eq!(told.to_json(), r#"{"error":"rate_limit","status":429,"retry_after":1500}"#);
/// ```
pub fn classify_response<'a>(
    provider: &str,
    status: u16,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    body: &[u8],
    phase: &str,
    now: Timestamp,
) -> Result<Node, Error> {
    let phase = phase_of(phase)?;
    let told = faregate_wire::classify_response(provider, status, headers, body, phase, now);
    Ok(outcome(told, Some(status), phase))
}

/// Returns what an event of a stream means, or an answer with status 200, if it tells of a failure; else `None`.
///
/// # Errors
/// There is no such phase.
///
/// ```
/// use faregate_embed::{Timestamp, classify_event};
/// let told = |data: &str| classify_event("anthropic", [], data.as_bytes(), "mid_stream", Timestamp(0)).unwrap();
/// assert_eq!(told(r#"{"type": "content_block_delta"}"#), None);
/// assert_eq!(
///     told(r#"{"type": "error", "error": {"type": "overloaded_error"}}"#).unwrap().to_json(),
///     r#"{"error":"stream_interrupted","phase":"mid_stream"}"#,
/// );
/// ```
pub fn classify_event<'a>(
    provider: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    data: &[u8],
    phase: &str,
    now: Timestamp,
) -> Result<Option<Node>, Error> {
    let phase = phase_of(phase)?;
    let told = faregate_wire::classify_event(provider, headers, data, phase, now);
    Ok(told.map(|told| outcome(told, None, phase)))
}

/// Returns what a connection that failed means: `timeout`, `refused`, `reset`, `dns`, `tls`, `ended` or `client_left`.
///
/// # Errors
/// There is no such failure, or no such phase.
///
/// ```
/// use faregate_embed::classify_transport;
/// assert_eq!(classify_transport("refused", "before_output").unwrap().to_json(), r#"{"error":"network"}"#);
/// assert_eq!(classify_transport("burnt", "before_output").unwrap_err().at(), Some("kind"));
/// ```
pub fn classify_transport(kind: &str, phase: &str) -> Result<Node, Error> {
    let phase = phase_of(phase)?;
    let Some((_, transport)) = TRANSPORTS.iter().find(|(name, _)| *name == kind) else {
        let names: Vec<&str> = TRANSPORTS.iter().map(|(name, _)| *name).collect();
        return Err(Error::argument("kind", &format!("expected one of: {}", names.join(", "))));
    };
    let class = faregate::classify_transport(*transport, phase);
    Ok(failed(class, phase, |_| ()))
}

fn phase_of(name: &str) -> Result<Phase, Error> {
    let names = || Phase::ALL.map(Phase::as_str).join(", ");
    Phase::parse(name).ok_or_else(|| Error::argument("phase", &format!("expected one of: {}", names())))
}

fn outcome(told: Classified, status: Option<u16>, phase: Phase) -> Node {
    failed(told.class, phase, |failure| {
        failure.status = status;
        failure.retry_after_ms = told.retry_after_ms;
        failure.should_retry = told.should_retry;
    })
}

fn failed(class: ErrorClass, phase: Phase, more: impl FnOnce(&mut Failure)) -> Node {
    let mut failure = Failure::new(class);
    failure.phase = phase;
    more(&mut failure);
    outcome_to_node(&Outcome::Failure(failure))
}
