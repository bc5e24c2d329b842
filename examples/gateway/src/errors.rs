//! Errors as clients of OpenAI expect them.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use faregate::{Denial, DenialCode, ErrorClass, Record, RunLimit, Timestamp};
use serde_json::{Value, json};

/// What a client is told when it gets no answer.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) param: Option<&'static str>,
    /// Further fields: which rule stood in the way, and what would lift it.
    details: Vec<(&'static str, String)>,
    retry_after_ms: Option<u64>,
    /// `false` forbids the client to try again by itself.
    should_retry: Option<bool>,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            code,
            message,
            param: None,
            details: Vec::new(),
            retry_after_ms: None,
            should_retry: None,
        }
    }

    /// A request that makes no sense, with the field at fault.
    pub(crate) fn invalid(param: &'static str, message: impl Into<String>) -> Self {
        Self { param: Some(param), ..Self::new(400, "invalid_request", message) }
    }

    /// The policy said no. Where it also says when it opens, the client may come back then by itself.
    pub(crate) fn denied(denial: &Denial, now: Timestamp) -> Self {
        let code = match denial.code {
            // The name that clients look for; `quota` and the rest are ours.
            DenialCode::Budget | DenialCode::Credits => "insufficient_quota",
            other => other.as_str(),
        };
        let message = match &denial.at {
            Some(at) => format!("{} ({at})", denial.message),
            None => denial.message.clone(),
        };
        let nearest = denial.nearest.as_ref().map(ToString::to_string);
        Self {
            details: [("rule", denial.rule.clone()), ("nearest", nearest)]
                .into_iter()
                .filter_map(|(name, detail)| Some((name, detail?)))
                .collect(),
            retry_after_ms: denial.opens_at.map(|at| from_now(at, now)),
            should_retry: denial.opens_at.is_none().then_some(false),
            ..Self::new(denial.code.status(), code, message)
        }
    }

    /// Nobody answered. The run has tried all that the policy lets it, so the client is told not to repeat it.
    pub(crate) fn failed(record: &Record, now: Timestamp) -> Self {
        let (status, code) = shown(record.error, record.limit);
        let what = record.error.map_or("nothing could be called", ErrorClass::as_str);
        let limit = record.limit.map(|l| format!(", and the run's {} let it go no further", l.as_str()));
        let begin = match (record.partial, record.calls) {
            (Some(_), _) => "the answer broke off".to_owned(),
            (None, 1) => "no answer after 1 call".to_owned(),
            (None, calls) => format!("no answer after {calls} calls"),
        };
        let message = format!("{begin}: {what}{}", limit.unwrap_or_default());
        Self {
            retry_after_ms: record.opens_at.map(|at| from_now(at, now)),
            should_retry: Some(false),
            ..Self::new(status, code, message)
        }
    }

    /// The same, in the midst of an answer, with what the policy says is to be done with the part that came.
    pub(crate) fn cut(record: &Record) -> Value {
        let mut error = Self::failed(record, record.ended_at).body();
        let partial = record.partial.map(|p| match p {
            faregate::syntax::ast::Partial::MarkIncomplete => "mark_incomplete",
            faregate::syntax::ast::Partial::Discard => "discard",
        });
        if let Some(fields) = error.get_mut("error").and_then(Value::as_object_mut) {
            fields.insert("partial".to_owned(), json!(partial));
        }
        error
    }

    fn body(&self) -> Value {
        let kind = match self.status {
            401 => "authentication_error",
            402 => "insufficient_quota",
            403 => "permission_error",
            404 => "not_found_error",
            429 => "rate_limit_error",
            400..500 => "invalid_request_error",
            _ => "server_error",
        };
        let mut error =
            json!({ "message": self.message, "type": kind, "param": self.param, "code": self.code });
        if let Some(error) = error.as_object_mut() {
            error.extend(self.details.iter().map(|(name, detail)| ((*name).to_owned(), json!(detail))));
        }
        json!({ "error": error })
    }

    /// Writes the error with further headers.
    pub(crate) fn response(&self, mut headers: HeaderMap) -> Response {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(ms) = self.retry_after_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
            headers.insert(HeaderName::from_static("retry-after-ms"), HeaderValue::from(ms));
        }
        if let Some(again) = self.should_retry {
            let text = if again { "true" } else { "false" };
            headers.insert(HeaderName::from_static("x-should-retry"), HeaderValue::from_static(text));
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, headers, self.body().to_string()).into_response()
    }
}

/// How the failure of a run looks from outside. A key or an account that the provider refuses is the gateway's, so its
/// client is not told 401 or 402.
fn shown(error: Option<ErrorClass>, limit: Option<RunLimit>) -> (u16, &'static str) {
    use ErrorClass as E;
    match (error, limit) {
        (Some(E::BadRequest), _) => (400, "bad_request"),
        (Some(E::Unsupported), _) => (400, "unsupported"),
        (Some(E::ContextLength), _) => (400, "context_length_exceeded"),
        (Some(E::Moderation), _) => (400, "content_filter"),
        (Some(E::Forbidden), _) => (403, "forbidden"),
        (Some(E::NotFound), _) => (404, "model_not_found"),
        (Some(E::RateLimit), _) => (429, "rate_limit_exceeded"),
        (Some(E::Timeout), _) => (504, "timeout"),
        (Some(E::Overloaded), _) => (503, "overloaded"),
        (Some(E::Unavailable), _) => (503, "unavailable"),
        (Some(E::QuotaExhausted | E::InsufficientCredits), _) => (503, "upstream_quota"),
        (Some(E::Authentication), _) => (502, "upstream_authentication"),
        (Some(E::InvalidResponse), _) => (502, "invalid_response"),
        (Some(E::StreamInterrupted), _) => (502, "stream_interrupted"),
        (Some(E::Network | E::ProviderError), _) => (502, "provider_error"),
        (Some(E::Cancelled), _) => (499, "cancelled"),
        (None, Some(RunLimit::Deadline)) => (504, "timeout"),
        (None, Some(RunLimit::Cost)) => (402, "insufficient_quota"),
        (Some(_), _) | (None, _) => (503, "no_route"),
    }
}

fn from_now(at: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(at.0.saturating_sub(now.0)).unwrap_or(0)
}
