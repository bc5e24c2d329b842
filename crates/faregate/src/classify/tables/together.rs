//! Together.

use super::Table;

pub(in crate::classify) const TABLE: Table = Table {
    codes: rows! {
        "https://docs.together.ai/docs/rate-limits" {
            RateLimit: Type "dynamic_request_limited" "dynamic_token_limited", Reason "dynamic_request_limited"
                "dynamic_token_limited", Code "dynamic_request_limited" "dynamic_token_limited";
        }
        // Answered with status 400; another provider may serve the model.
        "https://github.com/HeyPuter/puter/issues/3168" {
            NotFound: Code "model_not_available" "dedicated_endpoint_not_running";
        }
    },
    statuses: statuses! {
        // Together's 403 says that input and `max_tokens` do not fit.
        "https://docs.together.ai/docs/error-codes" {
            InsufficientCredits: 402;
            ContextLength: 403;
            Overloaded: 503;
        }
    },
    hints: rows! {
        // With status 402 the credits, with 429 the limit of an account without any.
        "https://github.com/togethercomputer/MoA/issues/27" { InsufficientCredits: Type "credit_limit"; }
    },
};
