//! Cohere, which tells status and prose, and in streams a reason for the end.

use super::Table;

pub(in crate::classify) const TABLE: Table = Table {
    codes: rows! {
        "https://docs.cohere.com/reference/chat" {
            Moderation: Finish "ERROR_TOXIC";
            ContextLength: Finish "ERROR_LIMIT";
            Timeout: Finish "TIMEOUT";
            Cancelled: Finish "USER_CANCEL";
        }
    },
    statuses: statuses! {
        // 498 is a request that the usage guidelines forbid.
        "https://github.com/cohere-ai/cohere-developer-experience/pull/189" { Moderation: 498; Cancelled: 499; }
        "https://github.com/cohere-ai/cohere-python/blob/main/src/cohere/errors/forbidden_error.py" { Authentication: 403; }
    },
    hints: rows! {
        "https://docs.cohere.com/reference/chat" { ProviderError: Finish "ERROR"; }
    },
};
