//! DeepSeek, which tells the cause by the status; its codes are `invalid_request_error` whatever it is.

use super::Table;

pub(in crate::classify) const TABLE: Table = Table {
    codes: rows! {
        "https://api-docs.deepseek.com/api/create-chat-completion" {
            Overloaded: Finish "insufficient_system_resource";
            Moderation: Finish "content_filter";
        }
    },
    statuses: statuses! {
        "https://api-docs.deepseek.com/quick_start/error_codes" {
            InsufficientCredits: 402;
            BadRequest: 422;
            Overloaded: 503;
        }
    },
    hints: &[],
};
