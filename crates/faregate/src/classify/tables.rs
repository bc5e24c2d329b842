//! The tables: data, each row under the page that it was taken from.

use super::Field;
use crate::ErrorClass;

/// What one word in one field means.
pub(super) struct Row {
    pub(super) field: Field,
    pub(super) value: &'static str,
    pub(super) class: ErrorClass,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for people, and for the test that no row is without one")
    )]
    pub(super) source: &'static str,
}

/// What a status means by itself.
pub(super) struct StatusRow {
    pub(super) status: u16,
    pub(super) class: ErrorClass,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for people, and for the test that no row is without one")
    )]
    pub(super) source: &'static str,
}

/// What a provider's words mean.
pub(super) struct Table {
    /// Words that say more than the status. The first that is there decides.
    pub(super) codes: &'static [Row],
    /// Statuses that mean something else here than elsewhere.
    pub(super) statuses: &'static [StatusRow],
    /// Words that count only where no status speaks, as in a stream.
    pub(super) hints: &'static [Row],
}

/// Writes rows: `Class: Field "word" "word", Field "word"; …`, under the address of their source.
macro_rules! rows {
    ($($source:literal { $($class:ident: $($field:ident $($value:literal)+),+;)+ })*) => {
        &[$($($($($crate::classify::tables::Row {
            field: $crate::classify::Field::$field,
            value: $value,
            class: $crate::ErrorClass::$class,
            source: $source,
        },)+)+)+)*]
    };
}

/// Writes rows of statuses: `Class: 402 403; …`, under the address of their source.
macro_rules! statuses {
    ($($source:literal { $($class:ident: $($status:literal)+;)+ })*) => {
        &[$($($($crate::classify::tables::StatusRow {
            status: $status,
            class: $crate::ErrorClass::$class,
            source: $source,
        },)+)+)*]
    };
}

pub(super) mod anthropic;
pub(super) mod azure;
pub(super) mod bedrock;
pub(super) mod cohere;
pub(super) mod compatible;
pub(super) mod deepseek;
pub(super) mod google;
pub(super) mod groq;
pub(super) mod mistral;
pub(super) mod openai;
pub(super) mod openrouter;
pub(super) mod together;
pub(super) mod xai;

/// What statuses mean where a provider gives them no meaning of its own. A bare 403 may be a guardrail's, so it is
/// `forbidden`, which tries nothing; providers for which it is a matter of the key say so in their tables.
pub(super) const STATUSES: &[StatusRow] = statuses! {
    "https://www.rfc-editor.org/rfc/rfc9110#section-15" {
        Authentication: 401 407;
        InsufficientCredits: 402;
        Forbidden: 403 451;
        NotFound: 404 410;
        Unsupported: 405 501;
        Timeout: 408 504;
        Overloaded: 503;
        ProviderError: 500 502;
    }
    "https://www.rfc-editor.org/rfc/rfc6585#section-4" { RateLimit: 429; }
    // Clients of OpenAI, Anthropic and Groq try again after a conflict.
    "https://github.com/openai/openai-python/blob/main/src/openai/_base_client.py" { ProviderError: 409; }
    // A server further back failed: models on Bedrock, text-generation-inference, Azure, Groq.
    "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html" { ProviderError: 424; }
    "https://www.rfc-editor.org/rfc/rfc8470#section-5.2" { ProviderError: 425; }
    "https://ai.google.dev/gemini-api/docs/generate-content/api-errors" { Cancelled: 499; }
    "https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/" {
        ProviderError: 520 521 523 530;
        Timeout: 522 524;
        Network: 525 526;
    }
    "https://platform.claude.com/docs/en/api/errors" { Overloaded: 529; }
};

/// Returns what a status that stands in no table means: the client's fault, the server's, or neither.
pub(super) fn status_class(status: u16) -> Option<ErrorClass> {
    match status {
        400..500 => Some(ErrorClass::BadRequest),
        500..600 => Some(ErrorClass::ProviderError),
        _ => None,
    }
}
