//! OpenAI: Chat Completions, Responses, and what others copy from them.

use super::Table;

pub(in crate::classify) const TABLE: Table = Table {
    codes: rows! {
        "https://platform.openai.com/docs/guides/error-codes/api-errors" {
            // Before the type `insufficient_quota`, which these codes share.
            InsufficientCredits: Code "credit_balance_exhausted" "billing_not_active";
            QuotaExhausted: Code "insufficient_quota" "organization_spend_limit_exceeded" "project_spend_limit_exceeded"
                "organization_usage_limit_exceeded" "billing_hard_limit_reached", Type "insufficient_quota";
            InsufficientCredits: Type "billing_not_active";
            Authentication: Code "invalid_api_key" "mismatched_organization" "ip_not_authorized" "account_deactivated"
                "unsupported_country_region_territory", Type "authentication_error";
            RateLimit: Code "rate_limit_exceeded" "slow_down", Type "rate_limit_error" "rate_limit_exceeded";
            Overloaded: Code "server_is_overloaded", Type "service_unavailable_error";
        }
        "https://github.com/openai/openai-python/blob/main/src/openai/types/responses/response_error.py" {
            // `invalid_prompt` is OpenAI's name for a prompt that was flagged.
            Moderation: Code "invalid_prompt" "image_content_policy_violation";
            Unsupported: Code "unsupported_image_media_type" "image_too_large" "image_too_small" "image_file_too_large"
                "invalid_image_mode";
            BadRequest: Code "invalid_image" "invalid_image_format" "invalid_base64_image" "invalid_image_url"
                "image_parse_error" "empty_image_file" "failed_to_download_image" "image_file_not_found";
            Timeout: Code "vector_store_timeout";
        }
        "https://github.com/UKGovernmentBEIS/inspect_ai/pull/3607" { Moderation: Code "cyber_policy"; }
        "https://platform.openai.com/docs/guides/safety-best-practices" {
            Moderation: Code "content_policy_violation" "content_filter" "moderation_blocked";
        }
        "https://github.com/crewAIInc/crewAI-examples/issues/121" {
            ContextLength: Code "context_length_exceeded", Type "context_length_exceeded";
        }
        "https://github.com/microsoft/clarity-agent/issues/59" {
            Unsupported: Code "unsupported_parameter" "unsupported_value";
        }
        "https://github.com/madox2/vim-ai/issues/124" {
            NotFound: Code "model_not_found", Type "not_found_error";
        }
        "https://platform.openai.com/docs/api-reference/chat/object" {
            Moderation: Finish "content_filter";
        }
    },
    statuses: statuses! {
        "https://platform.openai.com/docs/guides/error-codes/api-errors" { Authentication: 403; }
    },
    hints: rows! {
        "https://github.com/openai/openai-python/blob/main/src/openai/types/responses/response_error.py" {
            ProviderError: Code "server_error" "internal_error", Type "server_error" "internal_server_error" "api_error";
        }
        "https://platform.openai.com/docs/guides/error-codes/api-errors" {
            RateLimit: Type "tokens" "requests";
            Authentication: Type "permission_error" "permission_denied_error";
            BadRequest: Type "invalid_request_error" "invalid_request", Code "invalid_request_error";
            ProviderError: Finish "error";
        }
    },
};
