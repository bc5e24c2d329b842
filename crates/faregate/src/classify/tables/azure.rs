//! Azure OpenAI, with the API management in front of it.

use super::Table;

pub(in crate::classify) const TABLE: Table = Table {
    codes: rows! {
        "https://learn.microsoft.com/en-us/azure/ai-services/openai/concepts/content-filter" {
            Moderation: Code "content_filter", Reason "ResponsibleAIPolicyViolation", Finish "content_filter";
        }
        "https://github.com/chatboxai/chatbox/issues/646" {
            NotFound: Code "DeploymentNotFound" "ResourceNotFound" "ModelNotFound";
        }
        "https://github.com/langchain-ai/langmem/issues/13" { Unsupported: Code "OperationNotSupported"; }
        "https://github.com/microsoft/sample-app-aoai-chatGPT/issues/1000" {
            Authentication: Code "AuthenticationTypeDisabled" "PermissionDenied" "Unauthorized";
        }
        "https://learn.microsoft.com/en-us/azure/ai-services/openai/how-to/quota" {
            RateLimit: Code "RateLimitReached" "too_many_requests";
        }
    },
    statuses: statuses! {
        "https://learn.microsoft.com/en-us/azure/ai-services/authentication" { Authentication: 403; }
    },
    hints: &[],
};
