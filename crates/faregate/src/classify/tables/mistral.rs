//! Mistral.

use super::Table;

pub(in crate::classify) const TABLE: Table = Table {
    codes: rows! {
        "https://github.com/cline/cline/issues/9085" { RateLimit: Code "1300", Type "rate_limited"; }
        // Capacity of the service, not a limit of the caller.
        "https://github.com/BerriAI/litellm/pull/25078" {
            Overloaded: Code "3505", Type "service_tier_capacity_exceeded";
        }
        "https://github.com/tmc/langchaingo/issues/1233" {
            NotFound: Code "1500" "unknown_model", Type "invalid_model";
        }
        // A field that the API does not know.
        "https://github.com/Gitlawb/openclaude/issues/739" { Unsupported: Reason "extra_forbidden"; }
    },
    statuses: statuses! {
        "https://docs.mistral.ai/resources/error-glossary" { Authentication: 403; }
    },
    hints: rows! {
        "https://docs.mistral.ai/resources/error-glossary" {
            ProviderError: Type "server_error" "internal_server_error", Code "1000";
            ProviderError: Finish "error";
        }
    },
};
