//! xAI. Its `code` is the description of a gRPC status, or `kind:detail`.

use super::Table;

pub(in crate::classify) const TABLE: Table = Table {
    codes: rows! {
        "https://github.com/tetsuo-ai/agenc-core/pull/2483" {
            InsufficientCredits: Code "personal-team-blocked:spending-limit";
        }
        // The descriptions, as the gRPC library that the API is written with has them.
        "https://docs.rs/tonic/latest/tonic/enum.Code.html" {
            Cancelled: Code "The operation was cancelled";
            Timeout: Code "Deadline expired before operation could complete";
            NotFound: Code "Some requested entity was not found";
            Authentication: Code "The caller does not have permission to execute the specified operation"
                "The request does not have valid authentication credentials";
            RateLimit: Code "Some resource has been exhausted";
            BadRequest: Code "The system is not in a state required for the operation's execution"
                "Operation was attempted past the valid range" "Some entity that we attempted to create already exists";
            Unsupported: Code "Operation is not implemented or not supported";
            Overloaded: Code "The service is currently unavailable";
            ProviderError: Code "Internal error" "Unknown error" "Unrecoverable data loss or corruption"
                "The operation was aborted";
        }
        "https://github.com/Anantys-oss/koan/issues/2412" { Authentication: Code "permission-denied"; }
    },
    statuses: statuses! {
        "https://docs.x.ai/developers/debugging" {
            Authentication: 403;
            NotFound: 404;
            Unsupported: 405 415;
        }
    },
    hints: rows! {
        // Also what xAI says of a wrong key, with status 400; only its prose tells them apart.
        "https://github.com/chatboxai/chatbox/issues/1622" {
            BadRequest: Code "Client specified an invalid argument";
        }
    },
};
