//! The machine-readable words of a provider's answer, read out of its bytes.
//!
//! Only the fields that [`faregate::classify`] knows are kept; all else, prose before all, is skipped while reading, and
//! no tree is built: a body costs time in proportion to its length, whatever its shape. Nesting deeper than `serde_json`
//! follows makes it unreadable. What cannot be read says nothing: the status and the headers then decide.

use std::fmt;

use faregate::{Classified, Dialect, Field, Phase, Signals, Timestamp};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// How often a gateway may wrap an error in an error.
const MAX_WRAPS: u8 = 2;

/// Returns what an answer that failed means: its class, the wait it asks for, whether it may be tried again.
///
/// `provider` is a name as catalogs have it, see [`Dialect::of`]. `headers` are all headers of the answer, or of an event
/// of Amazon's streams. `body` is the body or the data of one event, with or without `data:` before it.
///
/// # Example: a daily quota
///
/// ```
/// use faregate::{ErrorClass, Phase, Timestamp};
/// let body = br#"{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [
///   {"@type": "type.googleapis.com/google.rpc.QuotaFailure",
///    "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
///   {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "22s"}]}}"#;
/// let answer = faregate_wire::classify_response("gemini", 429, [], body, Phase::BeforeOutput, Timestamp(0));
/// assert_eq!(answer.class, ErrorClass::QuotaExhausted);
/// assert_eq!(answer.retry_after_ms, Some(22_000));
/// ```
///
/// # Example: a body that is no JSON
///
/// ```
/// use faregate::{ErrorClass, Phase, Timestamp};
/// let headers = [("Retry-After", "3")];
/// let answer =
///     faregate_wire::classify_response("openai", 502, headers, b"<html>", Phase::BeforeOutput, Timestamp(0));
/// assert_eq!((answer.class, answer.retry_after_ms), (ErrorClass::ProviderError, Some(3000)));
/// ```
#[must_use]
pub fn classify_response<'a>(
    provider: &str,
    status: u16,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    body: &[u8],
    phase: Phase,
    now: Timestamp,
) -> Classified {
    faregate::classify(Dialect::of(provider), &signals(status, headers, body), phase, now)
}

/// Returns what an event of a stream means, or an answer with status 200, if it tells of a failure; else `None`.
///
/// ```
/// use faregate::{ErrorClass, Phase, Timestamp};
/// let read = |data: &str| {
///     faregate_wire::classify_event("openrouter", [], data.as_bytes(), Phase::MidStream, Timestamp(0)).map(|a| a.class)
/// };
/// assert_eq!(read(r#"{"choices": [{"delta": {"content": "error"}, "finish_reason": null}]}"#), None);
/// assert_eq!(
///     read(r#"data: {"error": {"code": "server_error"}, "choices": [{"delta": {}, "finish_reason": "error"}]}"#),
///     Some(ErrorClass::StreamInterrupted),
/// );
/// ```
#[must_use]
pub fn classify_event<'a>(
    provider: &str,
    headers: impl IntoIterator<Item = (&'a str, &'a str)>,
    data: &[u8],
    phase: Phase,
    now: Timestamp,
) -> Option<Classified> {
    let dialect = Dialect::of(provider);
    let signals = signals(200, headers, data);
    signals.fails(dialect).then(|| faregate::classify(dialect, &signals, phase, now))
}

fn signals<'a>(status: u16, headers: impl IntoIterator<Item = (&'a str, &'a str)>, body: &[u8]) -> Signals {
    let mut signals = Signals::new(status);
    for (name, value) in headers {
        signals.header(name, value);
    }
    for json in documents(body) {
        let mut found = signals.clone();
        if read(json, &mut found, MAX_WRAPS).is_some() {
            signals = found;
        }
    }
    signals
}

/// The JSON in a body: all of it, or what stands behind `data:` in the lines of events.
fn documents(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = body.trim_ascii_start();
    let whole = matches!(text.first(), Some(b'{' | b'['));
    let lines = text.split(|b| *b == b'\n' || *b == b'\r').filter_map(|line| line.strip_prefix(b"data:"));
    whole.then_some(text).into_iter().chain(lines.take(if whole { 0 } else { 64 }))
}

fn read(json: &[u8], found: &mut Signals, wraps: u8) -> Option<()> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    Look { at: Place::Root, found, wraps }.deserialize(&mut reader).ok()?;
    reader.end().ok()
}

/// Where in an answer a value stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    Error,
    /// `type`, `object`, `event_type` of the whole: may say that it is an error.
    Kind,
    /// One of several outputs, or an event: `choices[]`, `candidates[]`, `delta`, `messageStop`.
    Output,
    /// What FastAPI finds wrong with one field: `detail[]`.
    Fault,
    /// `details[]`, `errors[]`, `innererror`.
    Detail,
    Violation,
    /// What Google adds to a reason.
    ReasonData,
    /// What OpenRouter adds to an error.
    Metadata,
    /// The error of an upstream, as JSON or as a text that holds it; its code; whose it is.
    Raw,
    RawCode,
    RawProvider,
    /// A word, or a list of them.
    Word(Field),
    Delay,
    /// Something of which only the presence counts.
    Presence(&'static str),
    Skipped,
}

/// Returns where the value of a key stands.
fn below(at: Place, key: &str) -> Place {
    use Field::{Code, Finish, Quota, Reason, Source, Status, Type};
    match (at, key) {
        (Place::Root | Place::Output | Place::Fault, "error") => Place::Error,
        (Place::Root, "response") => Place::Root,
        (Place::Root | Place::Fault, "detail") | (Place::Root, "message") => Place::Fault,
        (Place::Root, "code" | "statusCode" | "status_code") => Place::Word(Code),
        (Place::Root, "type" | "object" | "event_type") => Place::Kind,
        (Place::Root, "__type") => Place::Word(Type),
        (Place::Root, "error_type") => Place::Word(Reason),
        (
            Place::Root,
            "choices" | "candidates" | "delta" | "messageStop" | "incomplete_details" | "promptFeedback",
        ) => Place::Output,
        (Place::Root | Place::Output, "finish_reason" | "finishReason" | "stop_reason" | "stopReason")
        | (Place::Output, "native_finish_reason" | "reason" | "blockReason") => Place::Word(Finish),
        (Place::Fault, "type") => Place::Word(Reason),
        (Place::Error, "code" | "status_code") => Place::Word(Code),
        (Place::Error, "type") => Place::Word(Type),
        (Place::Error, "status") => Place::Word(Status),
        (Place::Error | Place::Metadata, "error_type") => Place::Word(Reason),
        (Place::Error, "details" | "errors" | "innererror" | "inner_error") => Place::Detail,
        (Place::Error, "metadata") => Place::Metadata,
        (Place::Detail, "reason" | "code" | "error_code") => Place::Word(Reason),
        (Place::Detail, "retryDelay") => Place::Delay,
        (Place::Detail, "violations") => Place::Violation,
        (Place::Detail, "metadata") => Place::ReasonData,
        (Place::Violation, "quotaId") | (Place::ReasonData, "quota_limit") => Place::Word(Quota),
        (Place::Metadata, "limit_source") => Place::Word(Source),
        (Place::Metadata, "flagged_input") => Place::Presence("flagged_input"),
        (Place::Metadata, "raw") => Place::Raw,
        (Place::Metadata, "provider_code") => Place::RawCode,
        (Place::Metadata, "provider_name") => Place::RawProvider,
        _ => Place::Skipped,
    }
}

/// Walks through one value.
struct Look<'s> {
    at: Place,
    found: &'s mut Signals,
    wraps: u8,
}

/// What a value tells of an upstream, which the map around it puts together.
#[derive(Default)]
struct Upstream {
    dialect: Option<Dialect>,
    code: Option<String>,
    signals: Option<Signals>,
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = Upstream;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Upstream, D::Error> {
        if self.at == Place::Skipped {
            deserializer.deserialize_ignored_any(IgnoredAny)?;
            return Ok(Upstream::default());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = Upstream;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Upstream, E> {
        let mut upstream = Upstream::default();
        match self.at {
            // `{"error": "…"}`: prose, but an error.
            Place::Error => self.found.error(),
            Place::Kind if matches!(text, "error" | "response.failed") => self.found.error(),
            Place::Kind => self.found.mark(Field::Type, text),
            Place::Word(field) => self.found.mark(field, text),
            Place::Delay => self.found.retry_delay(text),
            Place::Presence(name) => self.found.mark(Field::Key, name),
            Place::Raw => upstream.signals = self.unwrap(text),
            Place::RawCode => upstream.code = Some(text.to_owned()),
            Place::RawProvider => upstream.dialect = Some(Dialect::of(text)),
            _ => {}
        }
        Ok(upstream)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Upstream, E> {
        // Azure has the status as a number where Google has a word.
        if let Place::Word(Field::Code | Field::Status) = self.at {
            self.found.mark(Field::Code, &number.to_string());
        }
        Ok(Upstream::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Upstream, E> {
        Ok(Upstream::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Upstream, E> {
        Ok(Upstream::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Upstream, E> {
        Ok(Upstream::default())
    }

    fn visit_unit<E>(self) -> Result<Upstream, E> {
        Ok(Upstream::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Upstream, A::Error> {
        while items.next_element_seed(Look { at: self.at, found: self.found, wraps: self.wraps })?.is_some() {
        }
        Ok(Upstream::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Upstream, A::Error> {
        let mut raw = Signals::new(200);
        let is_raw = self.at == Place::Raw;
        let (at, found) = if is_raw { (Place::Root, &mut raw) } else { (self.at, self.found) };
        if at == Place::Error {
            found.error();
        }
        let mut upstream = Upstream::default();
        while let Some(key) = entries.next_key::<String>()? {
            let place = below(at, &key);
            // An event of Amazon's streams is named by its only key.
            if at == Place::Root && key.ends_with("Exception") {
                found.exception(&key);
            }
            let told = entries.next_value_seed(Look { at: place, found, wraps: self.wraps })?;
            upstream.dialect = upstream.dialect.or(told.dialect);
            upstream.code = upstream.code.or(told.code);
            upstream.signals = upstream.signals.or(told.signals);
        }
        if at == Place::Metadata && (upstream.code.is_some() || upstream.signals.is_some()) {
            let mut signals = upstream.signals.take().unwrap_or_default();
            if let Some(code) = upstream.code.take() {
                signals.mark(Field::Code, &code);
            }
            found.upstream(upstream.dialect.unwrap_or_default(), signals);
        }
        Ok(Upstream { signals: is_raw.then_some(raw), ..Upstream::default() })
    }
}

impl Look<'_> {
    fn unwrap(&self, text: &str) -> Option<Signals> {
        let mut inner = Signals::new(200);
        read(text.as_bytes(), &mut inner, self.wraps.checked_sub(1)?)?;
        Some(inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(provider: &str, status: u16, body: &[u8]) -> faregate::ErrorClass {
        classify_response(provider, status, [], body, Phase::BeforeOutput, Timestamp(0)).class
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        use faregate::ErrorClass::{Overloaded, RateLimit};
        let deep = "[".repeat(100_000);
        let nested = format!("{}{}", r#"{"error":"#.repeat(100_000), "}".repeat(100_000));
        for body in
            ["", "{", "null", "7", "{\"error\": {\"code\": \"insufficient_quota\"", "\u{1}", &deep, &nested]
        {
            assert_eq!(class("openai", 503, body.as_bytes()), Overloaded);
        }
        assert_eq!(class("openai", 429, &[0xff, 0xfe, b'{']), RateLimit);
        assert_eq!(class("openai", 429, b"{\"error\": {\"code\": [1.5, -3, true, null, {}]}}"), RateLimit);
    }

    #[test]
    fn prose_is_not_looked_at() {
        use faregate::ErrorClass::BadRequest;
        let body = br#"{"error": {"message": "context_length_exceeded insufficient_quota rate_limit_exceeded content_filter",
            "param": "context_length_exceeded", "type": "invalid_request_error", "code": null}}"#;
        for dialect in ["openai", "azure", "openrouter", "deepseek", "vllm"] {
            assert_eq!(class(dialect, 400, body), BadRequest);
        }
    }

    #[test]
    fn an_upstream_is_read_as_text_and_as_an_object() {
        use faregate::ErrorClass::ContextLength;
        let text = br#"{"error": {"code": 400, "metadata": {"provider_name": "OpenAI",
            "raw": "{\"error\": {\"code\": \"context_length_exceeded\"}}"}}}"#;
        let object = br#"{"error": {"code": 400, "metadata": {"raw": {"error": {"code": "context_length_exceeded"}}}}}"#;
        let code = br#"{"error": {"code": 400, "metadata": {"provider_code": "context_length_exceeded"}}}"#;
        for body in [&text[..], &object[..], &code[..]] {
            assert_eq!(class("openrouter", 400, body), ContextLength);
        }
    }

    #[test]
    fn an_event_without_a_failure_is_none() {
        for data in [
            r#"{"type": "response.completed", "response": {"status": "completed", "error": null}}"#,
            r#"{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}"#,
            r#"{"candidates": [{"finishReason": "STOP"}]}"#,
            "[DONE]",
            ": OPENROUTER PROCESSING",
            "",
        ] {
            for provider in ["openai", "anthropic", "google", "bedrock", "openrouter", "local"] {
                let read = classify_event(provider, [], data.as_bytes(), Phase::MidStream, Timestamp(0));
                assert_eq!(read, None, "{provider}: {data}");
            }
        }
    }
}
