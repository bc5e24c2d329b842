//! The machine-readable words of an answer.

use super::Dialect;

/// The most words that are kept of one answer, and the length of the longest: no code is longer, and an answer of any
/// size then costs no more memory than this.
const MAX_MARKS: usize = 64;
const MAX_MARK_BYTES: usize = 160;

/// Which field of an answer a word stood in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// `error.code`, or `code`.
    Code,
    /// `error.type`, or `type`; the name of an exception.
    Type,
    /// `error.status`, the word that Google puts there.
    Status,
    /// A reason beside code and type: `details[].reason`, `innererror.code`, `metadata.error_type`.
    Reason,
    /// Why the output ended: `finish_reason`, `stop_reason`, `blockReason`.
    Finish,
    /// The name of a quota that is used up: `quotaId`. Rows name a part of it: `PerDay`.
    Quota,
    /// Whose limit it was: `metadata.limit_source`.
    Source,
    /// The name of a field that is there.
    Key,
}

/// What an answer says in words made for machines: status, codes, types, headers.
///
/// Takes at most 64 words of at most 160 bytes; the rest is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    status: Option<u16>,
    inner_status: Option<u16>,
    error: bool,
    marks: Vec<(Field, String)>,
    upstream: Option<Box<(Dialect, Signals)>>,
    should_retry: Option<bool>,
    pub(super) retry_after: Option<String>,
    pub(super) retry_after_ms: Option<String>,
    pub(super) retry_delay: Option<String>,
}

impl Signals {
    /// Begins with the status of the answer.
    ///
    /// ```
    /// use faregate::{Dialect, ErrorClass, Phase, Signals, Timestamp, classify};
    /// let answer = classify(Dialect::Compatible, &Signals::new(503), Phase::BeforeOutput, Timestamp(0));
    /// assert_eq!(answer.class, ErrorClass::Overloaded);
    /// ```
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// Adds a word. A [`Field::Code`] that is a number from 100 to 599 is a status told in the body.
    ///
    /// ```
    /// use faregate::{Dialect, ErrorClass, Field, Phase, Signals, Timestamp, classify};
    /// let mut chunk = Signals::new(200);
    /// chunk.mark(Field::Code, "402");
    /// let answer = classify(Dialect::OpenRouter, &chunk, Phase::BeforeOutput, Timestamp(0));
    /// assert_eq!(answer.class, ErrorClass::InsufficientCredits);
    /// ```
    pub fn mark(&mut self, field: Field, word: &str) {
        let number = if field == Field::Code { word.parse().ok() } else { None };
        if let Some(status) = number.filter(|n| (100..600).contains(n)) {
            self.inner_status.get_or_insert(status);
        } else if self.marks.len() < MAX_MARKS && word.len() <= MAX_MARK_BYTES {
            self.marks.push((field, word.to_owned()));
        }
    }

    /// Says that there is an error, in whatever shape.
    pub fn error(&mut self) {
        self.error = true;
    }

    /// Looks at a header of the answer, or of an event of Amazon's streams. Case does not matter, others are ignored.
    ///
    /// Read are `retry-after`, `retry-after-ms`, `x-should-retry`, `x-amzn-errortype` and `:exception-type`.
    pub fn header(&mut self, name: &str, value: &str) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        let value = value.trim();
        let text = || (value.len() <= MAX_MARK_BYTES).then(|| value.to_owned());
        if is("retry-after") {
            self.retry_after = text();
        } else if is("retry-after-ms") {
            self.retry_after_ms = text();
        } else if is("x-should-retry") {
            self.should_retry = match value {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            };
        } else if is("x-amzn-errortype") || is(":exception-type") {
            self.exception(value);
        }
    }

    /// Adds the name of an exception of Amazon's: `ThrottlingException:http://…` or `com.amazon.coral#ThrottlingException`.
    pub fn exception(&mut self, name: &str) {
        let name = name.split(':').next().unwrap_or_default();
        self.mark(Field::Type, name.rsplit('#').next().unwrap_or_default());
        self.error = true;
    }

    /// Adds the wait that the body asks for, as Google's `RetryInfo` has it: `22s`, `10.5s`. The first one counts, and
    /// headers before it.
    pub fn retry_delay(&mut self, text: &str) {
        if self.retry_delay.is_none() && text.len() <= MAX_MARK_BYTES {
            self.retry_delay = Some(text.to_owned());
        }
    }

    /// Adds what the upstream of a gateway answered, as the gateway passes it on.
    pub fn upstream(&mut self, dialect: Dialect, signals: Self) {
        self.upstream = Some(Box::new((dialect, signals)));
    }

    /// Returns what the provider says of trying again.
    pub(super) fn should_retry(&self) -> Option<bool> {
        self.should_retry
    }

    pub(super) fn upstream_of(&self) -> Option<(Dialect, &Self)> {
        self.upstream.as_deref().map(|(dialect, signals)| (*dialect, signals))
    }

    pub(super) fn told_of_error(&self) -> bool {
        self.error
    }

    /// The status of the answer unless that is a success; else the one in the body unless that is.
    pub(super) fn failing_status(&self) -> Option<u16> {
        let failed = |status: &u16| !(200..300).contains(status);
        self.status.filter(failed).or(self.inner_status.filter(failed))
    }

    /// Whether a field holds this word, in whatever case; for a quota, whether its name has this part.
    pub(super) fn has(&self, field: Field, word: &str) -> bool {
        self.marks.iter().any(|(f, w)| {
            *f == field
                && if field == Field::Quota { has_part(w, word) } else { w.eq_ignore_ascii_case(word) }
        })
    }
}

/// Whether a name in camel case has these words, one after the other: `RequestsPerDayPerModel` has `PerDay`, not
/// `PerDa` and not `Quest`.
fn has_part(name: &str, part: &str) -> bool {
    let begins = |rest: &str| {
        rest.strip_prefix(part).is_some_and(|r| !r.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    name.char_indices().any(|(at, c)| c.is_ascii_uppercase() && name.get(at..).is_some_and(begins))
}
