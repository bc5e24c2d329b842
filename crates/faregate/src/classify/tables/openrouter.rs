//! OpenRouter, whose `metadata.error_type` is the same for all its APIs.

use super::Table;

pub(in crate::classify) const TABLE: Table = Table {
    codes: rows! {
        // Whose limit it was says more than the status: budgets come as 403, money in flight as 402.
        "https://openrouter.ai/docs/api/reference/errors-and-debugging" {
            InsufficientCredits: Source "openrouter_credits" "openrouter_key_limit" "openrouter_workspace_budget"
                "openrouter_guardrail_budget";
            RateLimit: Source "openrouter_in_flight_budget" "upstream_provider_shared_pool";
            Moderation: Key "flagged_input";
        }
        "https://github.com/OpenRouterTeam/typescript-sdk/blob/main/.speakeasy/in.openapi.yaml" {
            ContextLength: Reason "context_length_exceeded";
            BadRequest: Reason "max_tokens_exceeded" "invalid_request" "invalid_prompt" "precondition_failed"
                "payload_too_large" "unprocessable" "invalid_image" "image_not_found" "image_download_failed";
            InsufficientCredits: Reason "token_limit_exceeded" "payment_required";
            Unsupported: Reason "string_too_long" "image_too_large" "image_too_small" "unsupported_image_format";
            Authentication: Reason "authentication";
            Forbidden: Reason "permission_denied";
            RateLimit: Reason "rate_limit_exceeded";
            Overloaded: Reason "provider_overloaded";
            ProviderError: Reason "provider_unavailable" "server";
            NotFound: Reason "not_found";
            Moderation: Reason "content_policy_violation" "refusal";
            Timeout: Reason "timeout";
        }
    },
    statuses: statuses! {
        // 403 may be a guardrail of the account; 503 is that no provider meets the routing.
        "https://openrouter.ai/docs/api/reference/errors-and-debugging" {
            Forbidden: 403;
            Unavailable: 503;
        }
    },
    hints: rows! {
        "https://openrouter.ai/docs/api/reference/streaming" {
            ProviderError: Finish "error", Code "server_error";
        }
    },
};
