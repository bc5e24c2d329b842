//! What a provider's answer means: the class of the failure, when to come again, whether to at all.
//!
//! A host puts the machine-readable words of an answer into [`Signals`] (`faregate-wire` reads them out of bytes), and a
//! table for the provider's [`Dialect`] gives the class. Prose is never looked at: a message may change its words any
//! day, and what users write comes back in it. The first of these that says something decides:
//!
//! 1. the rows of the dialect, in their order, then those of the dialects that it speaks as well;
//! 2. where a gateway passes on what its own upstream said: that, if it is about the request itself;
//! 3. the status, of the answer or, where that is a success, the one in the body;
//! 4. rows that are too general to outweigh a status (`api_error`, `invalid_request_error`);
//! 5. the phase: a stream that breaks is interrupted, anything else cannot be used.
//!
//! Mid-stream, a failure that may pass is `stream_interrupted`, whatever caused it: the retry and fallback rules of a
//! policy then see what happened to the client. One that will not pass keeps its class, as does unusable output.

mod dialect;
mod signals;
mod tables;
mod wait;

pub use dialect::Dialect;
pub use signals::{Field, Signals};

use crate::{ErrorClass, Phase, Timestamp};
use tables::{STATUSES, Table, status_class};

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Classified {
    /// How the attempt failed.
    pub class: ErrorClass,
    /// How long the provider asks to wait, in milliseconds from now, rounded up; 0 if the instant is past.
    pub retry_after_ms: Option<u64>,
    /// What the provider says of trying again. `false` forbids a retry, not a move.
    pub should_retry: Option<bool>,
}

/// How a connection failed, where there is no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// No connection, no first token, or no further token within the limit.
    Timeout,
    /// The connection was refused.
    Refused,
    /// The connection was reset.
    Reset,
    /// The name was not found.
    Dns,
    /// The secure connection failed.
    Tls,
    /// The stream ended before its end was told.
    Ended,
    /// The client left.
    ClientLeft,
}

/// Returns the class of an answer, with what it says of trying again.
///
/// To be called for answers that failed: a status that is no success, or [`Signals::fails`]. `now` is what an instant in
/// `retry-after` is counted from.
///
/// # Example: one status, two meanings
///
/// ```
/// use faregate::{Dialect, ErrorClass, Field, Phase, Signals, Timestamp, classify};
/// let now = Timestamp(0);
///
/// let mut limited = Signals::new(429);
/// limited.mark(Field::Code, "rate_limit_exceeded");
/// limited.header("Retry-After", "1.5");
/// let answer = classify(Dialect::OpenAi, &limited, Phase::BeforeOutput, now);
/// assert_eq!((answer.class, answer.retry_after_ms), (ErrorClass::RateLimit, Some(1500)));
///
/// let mut broke = Signals::new(429);
/// broke.mark(Field::Code, "insufficient_quota");
/// let answer = classify(Dialect::OpenAi, &broke, Phase::BeforeOutput, now);
/// assert_eq!((answer.class, answer.retry_after_ms), (ErrorClass::QuotaExhausted, None));
/// ```
///
/// # Example: an error event mid-stream
///
/// ```
/// use faregate::{Dialect, ErrorClass, Field, Phase, Signals, Timestamp, classify};
/// let mut event = Signals::new(200);
/// event.mark(Field::Type, "overloaded_error");
/// let early = classify(Dialect::Anthropic, &event, Phase::BeforeOutput, Timestamp(0));
/// let late = classify(Dialect::Anthropic, &event, Phase::MidStream, Timestamp(0));
/// assert_eq!((early.class, late.class), (ErrorClass::Overloaded, ErrorClass::StreamInterrupted));
/// ```
#[must_use]
pub fn classify(dialect: Dialect, signals: &Signals, phase: Phase, now: Timestamp) -> Classified {
    let class = told(dialect, signals).unwrap_or(match phase {
        Phase::MidStream => ErrorClass::StreamInterrupted,
        Phase::BeforeOutput | Phase::AfterCompletion => ErrorClass::InvalidResponse,
    });
    Classified {
        class: if phase == Phase::MidStream && passes(class) { ErrorClass::StreamInterrupted } else { class },
        retry_after_ms: wait::retry_after_ms(signals, now),
        should_retry: signals.should_retry(),
    }
}

/// Returns the class of a connection that failed.
///
/// ```
/// use faregate::{ErrorClass, Phase, Transport, classify_transport};
/// assert_eq!(classify_transport(Transport::Reset, Phase::BeforeOutput), ErrorClass::Network);
/// assert_eq!(classify_transport(Transport::Reset, Phase::MidStream), ErrorClass::StreamInterrupted);
/// assert_eq!(classify_transport(Transport::Timeout, Phase::MidStream), ErrorClass::Timeout);
/// ```
#[must_use]
pub fn classify_transport(kind: Transport, phase: Phase) -> ErrorClass {
    match kind {
        Transport::Timeout => ErrorClass::Timeout,
        Transport::ClientLeft => ErrorClass::Cancelled,
        Transport::Reset | Transport::Ended if phase == Phase::MidStream => ErrorClass::StreamInterrupted,
        Transport::Refused | Transport::Reset | Transport::Dns | Transport::Tls | Transport::Ended => {
            ErrorClass::Network
        }
    }
}

impl Signals {
    /// Whether this tells of a failure at all: to look at each event of a stream, and at each answer with status 200.
    ///
    /// ```
    /// use faregate::{Dialect, Field, Signals};
    /// let mut chunk = Signals::new(200);
    /// chunk.mark(Field::Finish, "stop");
    /// assert!(!chunk.fails(Dialect::OpenRouter));
    /// chunk.mark(Field::Finish, "error");
    /// assert!(chunk.fails(Dialect::OpenRouter));
    /// ```
    #[must_use]
    pub fn fails(&self, dialect: Dialect) -> bool {
        self.told_of_error() || told(dialect, self).is_some()
    }
}

/// Whether a failure of this class may be gone the next moment, for what a stream is concerned.
fn passes(class: ErrorClass) -> bool {
    class.may_retry() && class != ErrorClass::InvalidResponse
}

fn told(dialect: Dialect, signals: &Signals) -> Option<ErrorClass> {
    let tables = dialect.tables();
    by_rows(tables, signals, |table| table.codes)
        .or_else(|| upstream(signals))
        .or_else(|| by_status(tables, signals))
        .or_else(|| by_rows(tables, signals, |table| table.hints))
}

fn by_rows(
    tables: &[&'static Table],
    signals: &Signals,
    part: fn(&'static Table) -> &'static [tables::Row],
) -> Option<ErrorClass> {
    let mut rows = tables.iter().flat_map(|table| part(table));
    rows.find(|row| signals.has(row.field, row.value)).map(|row| row.class)
}

/// What the upstream of a gateway said, where it is about the request. Keys, credits and limits there are the
/// gateway's, not ours.
fn upstream(signals: &Signals) -> Option<ErrorClass> {
    let (dialect, inner) = signals.upstream_of()?;
    let class = by_rows(dialect.tables(), inner, |table| table.codes)?;
    let of_the_request = matches!(
        class,
        ErrorClass::ContextLength | ErrorClass::Moderation | ErrorClass::Unsupported | ErrorClass::NotFound
    );
    of_the_request.then_some(class)
}

fn by_status(tables: &[&'static Table], signals: &Signals) -> Option<ErrorClass> {
    let status = signals.failing_status()?;
    let own = tables.first().and_then(|table| table.statuses.iter().find(|row| row.status == status));
    own.or_else(|| STATUSES.iter().find(|row| row.status == status))
        .map_or_else(|| status_class(status), |row| Some(row.class))
}

#[cfg(test)]
mod tests;
