//! Anthropic: Messages, and Claude on Vertex, Bedrock and Azure.

use super::Table;

pub(in crate::classify) const TABLE: Table = Table {
    codes: rows! {
        // Of type `rate_limit_error`; the limit ends with the month.
        "https://platform.claude.com/docs/en/api/rate-limits" {
            QuotaExhausted: Reason "enforced_spend_limit_reached";
        }
        "https://platform.claude.com/docs/en/api/errors" {
            Authentication: Type "authentication_error" "permission_error";
            InsufficientCredits: Type "billing_error";
            NotFound: Type "not_found_error";
            // A matter of bytes, not of tokens: no model takes more.
            BadRequest: Type "request_too_large";
            RateLimit: Type "rate_limit_error";
            Timeout: Type "timeout_error";
            Overloaded: Type "overloaded_error";
        }
        "https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons" {
            Moderation: Finish "refusal";
            ContextLength: Finish "model_context_window_exceeded";
        }
    },
    statuses: statuses! {
        "https://platform.claude.com/docs/en/api/errors" { Authentication: 403; }
    },
    hints: rows! {
        "https://platform.claude.com/docs/en/api/errors" {
            ProviderError: Type "api_error" "conflict_error";
            BadRequest: Type "invalid_request_error";
        }
    },
};
