//! Google: Gemini API and Vertex AI.

use super::Table;

pub(in crate::classify) const TABLE: Table = Table {
    codes: rows! {
        // Violated quotas come first: one of a day is used up, whatever the words beside it.
        "https://ai.google.dev/gemini-api/docs/rate-limits" {
            QuotaExhausted: Quota "PerDay" "PerMonth";
            RateLimit: Quota "PerMinute" "PerSecond" "PerHour";
        }
        "https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto" {
            InsufficientCredits: Reason "BILLING_DISABLED";
            Authentication: Reason "API_KEY_INVALID" "API_KEY_SERVICE_BLOCKED" "API_KEY_HTTP_REFERRER_BLOCKED"
                "API_KEY_IP_ADDRESS_BLOCKED" "API_KEY_ANDROID_APP_BLOCKED" "API_KEY_IOS_APP_BLOCKED"
                "SERVICE_DISABLED" "USER_PROJECT_DENIED" "CONSUMER_SUSPENDED" "CONSUMER_INVALID"
                "ACCESS_TOKEN_EXPIRED" "ACCESS_TOKEN_SCOPE_INSUFFICIENT" "ACCOUNT_STATE_INVALID"
                "CREDENTIALS_MISSING";
            Forbidden: Reason "SECURITY_POLICY_VIOLATED" "LOCATION_TAX_POLICY_VIOLATED" "ORG_RESTRICTION_VIOLATION"
                "LOCATION_ORG_POLICY_VIOLATED";
            RateLimit: Reason "RATE_LIMIT_EXCEEDED";
            QuotaExhausted: Reason "RESOURCE_QUOTA_EXCEEDED";
        }
        "https://github.com/rhel-lightspeed/linux-mcp-server/pull/450" {
            Authentication: Reason "IAM_PERMISSION_DENIED";
        }
        "https://github.com/google-gemini/gemini-cli/issues/26633" {
            Overloaded: Reason "MODEL_CAPACITY_EXHAUSTED";
            QuotaExhausted: Reason "QUOTA_EXHAUSTED";
        }
        "https://github.com/google-gemini/gemini-cli/issues/14831" { RateLimit: Reason "rateLimitExceeded"; }
        "https://ai.google.dev/gemini-api/docs/generate-content/api-errors" {
            // The free tier is not for this country, or the project has no billing.
            InsufficientCredits: Status "FAILED_PRECONDITION", Code "failed_precondition";
            NotFound: Status "NOT_FOUND", Code "not_found";
            Authentication: Status "PERMISSION_DENIED" "UNAUTHENTICATED", Code "permission_denied" "authentication";
            Cancelled: Status "CANCELLED", Code "cancelled";
            Timeout: Status "DEADLINE_EXCEEDED", Code "deadline_exceeded";
            Overloaded: Status "UNAVAILABLE", Code "service_unavailable";
            QuotaExhausted: Code "quota_exceeded";
            BadRequest: Status "INVALID_ARGUMENT", Code "invalid_request";
        }
        "https://cloud.google.com/apis/design/errors#handling_errors" {
            BadRequest: Status "OUT_OF_RANGE" "ALREADY_EXISTS";
            Unsupported: Status "UNIMPLEMENTED";
            ProviderError: Status "INTERNAL" "UNKNOWN" "DATA_LOSS" "ABORTED";
        }
        "https://ai.google.dev/api/generate-content#FinishReason" {
            Moderation: Finish "SAFETY" "RECITATION" "BLOCKLIST" "PROHIBITED_CONTENT" "SPII" "IMAGE_SAFETY"
                "IMAGE_PROHIBITED_CONTENT" "IMAGE_RECITATION" "MODEL_ARMOR" "JAILBREAK";
            Unsupported: Finish "LANGUAGE";
            InvalidResponse: Finish "MALFORMED_FUNCTION_CALL" "UNEXPECTED_TOOL_CALL" "TOO_MANY_TOOL_CALLS"
                "MALFORMED_RESPONSE" "NO_IMAGE" "IMAGE_OTHER" "OTHER";
        }
    },
    statuses: statuses! {
        "https://ai.google.dev/gemini-api/docs/generate-content/api-errors" { Authentication: 403; }
    },
    hints: rows! {
        // With status 402 the prepaid credits, with 429 a limit.
        "https://ai.google.dev/gemini-api/docs/generate-content/api-errors" {
            RateLimit: Status "RESOURCE_EXHAUSTED";
        }
    },
};
