//! Groq.

use super::Table;

pub(in crate::classify) const TABLE: Table = Table {
    codes: rows! {
        "https://console.groq.com/docs/flex-processing" {
            Overloaded: Code "capacity_exceeded", Type "capacity_exceeded";
        }
        // The model's output was no call of a tool, or not what the schema asks for: another try may do.
        "https://github.com/groq/groq-typescript/issues/103" { InvalidResponse: Code "tool_use_failed"; }
        "https://github.com/thepersonalaicompany/amurex-backend/issues/38" { InvalidResponse: Code "json_validate_failed"; }
        "https://github.com/atiilla/sqlmap-ai/issues/3" { NotFound: Code "model_decommissioned"; }
        "https://console.groq.com/docs/errors" {
            Authentication: Code "organization_restricted";
            BadRequest: Code "request_too_large";
        }
        // The key is good for other models.
        "https://console.groq.com/docs/model-permissions" {
            NotFound: Code "model_permission_blocked_org" "model_permission_blocked_project";
        }
    },
    statuses: statuses! {
        "https://console.groq.com/docs/errors" {
            Authentication: 403;
            Overloaded: 498 503;
            Cancelled: 499;
        }
    },
    hints: rows! {
        "https://console.groq.com/docs/errors" { RateLimit: Type "tokens" "requests"; }
    },
};
