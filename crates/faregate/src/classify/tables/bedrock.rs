//! Amazon Bedrock. The exception is named by a header, by `__type`, or by the key of an event of a stream.

use super::Table;

pub(in crate::classify) const TABLE: Table = Table {
    codes: rows! {
        "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html" {
            RateLimit: Type "ThrottlingException";
            Overloaded: Type "ServiceUnavailableException" "ModelNotReadyException";
            Timeout: Type "ModelTimeoutException";
            Authentication: Type "AccessDeniedException";
            NotFound: Type "ResourceNotFoundException";
            BadRequest: Type "ValidationException";
            ProviderError: Type "InternalServerException" "ModelErrorException";
            StreamInterrupted: Type "ModelStreamErrorException";
        }
        "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html" {
            QuotaExhausted: Type "ServiceQuotaExceededException";
        }
        "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html" {
            RateLimit: Type "TooManyRequestsException" "Throttling" "ThrottledException";
            Overloaded: Type "ServiceUnavailable";
            Authentication: Type "IncompleteSignature" "InvalidClientTokenId" "NotAuthorized" "RequestExpired"
                "UnrecognizedClientException" "ExpiredTokenException" "InvalidSignatureException"
                "MissingAuthenticationTokenException" "OptInRequired" "FTUFormNotFilled";
            BadRequest: Type "ValidationError";
            ProviderError: Type "InternalFailure" "InternalServerError";
        }
        "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html" {
            Moderation: Finish "guardrail_intervened" "content_filtered";
            ContextLength: Finish "model_context_window_exceeded";
            InvalidResponse: Finish "malformed_model_output" "malformed_tool_use";
        }
    },
    statuses: statuses! {
        "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html" {
            Authentication: 403;
        }
    },
    hints: &[],
};
