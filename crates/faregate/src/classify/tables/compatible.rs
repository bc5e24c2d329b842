//! Servers with an API like OpenAI's.

use super::Table;

pub(in crate::classify) const TABLE: Table = Table {
    codes: rows! {
        "https://github.com/ggml-org/llama.cpp/pull/15780" { ContextLength: Type "exceed_context_size_error"; }
        "https://github.com/antirez/ds4/pull/150" { ContextLength: Type "context_exceeded"; }
        // Loading the model, or no slot free.
        "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md" {
            Overloaded: Type "unavailable_error";
            Unsupported: Type "not_supported_error";
        }
        "https://github.com/huggingface/text-generation-inference/blob/main/router/src/server.rs" {
            Overloaded: Reason "overloaded";
            BadRequest: Reason "validation";
            InvalidResponse: Reason "incomplete_generation";
        }
        "https://github.com/vllm-project/vllm/issues/3485" { NotFound: Type "NotFoundError"; }
        "https://docs.litellm.ai/docs/exception_mapping" {
            ContextLength: Type "ContextWindowExceededError";
            Moderation: Type "ContentPolicyViolationError";
            RateLimit: Type "throttling_error";
        }
        "https://docs.litellm.ai/docs/proxy/users" { InsufficientCredits: Type "budget_exceeded"; }
    },
    statuses: &[],
    hints: rows! {
        "https://github.com/vllm-project/vllm/issues/4667" {
            BadRequest: Type "BadRequestError";
            ProviderError: Type "InternalServerError";
        }
        "https://github.com/huggingface/text-generation-inference/blob/main/router/src/server.rs" {
            ProviderError: Reason "generation";
        }
    },
};
