//! The classes of errors that an attempt can end with, and what each allows.

use faregate_syntax::ast::MoveKind;

macro_rules! classes {
    ($($variant:ident $name:literal retry $retry:literal credential $c:literal provider $p:literal model $m:literal,)*) => {
        /// How an attempt failed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ErrorClass {
            $(
                #[doc = concat!("`", $name, "`")]
                $variant,
            )*
        }

        impl ErrorClass {
            /// All classes, in the order of the language's table.
            pub const ALL: [Self; 18] = [$(Self::$variant,)*];

            /// Their names, in the same order.
            pub const NAMES: [&'static str; 18] = [$($name,)*];

            /// Returns the name as policies write it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether an attempt that failed so may be made again.
            #[must_use]
            pub fn may_retry(self) -> bool {
                match self { $(Self::$variant => $retry,)* }
            }

            /// Whether a move of this kind may follow.
            #[must_use]
            pub fn may_move(self, kind: MoveKind) -> bool {
                match (self, kind) {
                    $(
                        (Self::$variant, MoveKind::Credential) => $c,
                        (Self::$variant, MoveKind::Provider) => $p,
                        (Self::$variant, MoveKind::Model) => $m,
                    )*
                }
            }
        }
    };
}

classes! {
    BadRequest "bad_request" retry false credential false provider false model false,
    Authentication "authentication" retry false credential true provider true model false,
    InsufficientCredits "insufficient_credits" retry false credential true provider true model false,
    QuotaExhausted "quota_exhausted" retry false credential true provider true model true,
    Moderation "moderation" retry false credential false provider false model true,
    Forbidden "forbidden" retry false credential false provider false model false,
    ContextLength "context_length" retry false credential false provider false model true,
    Timeout "timeout" retry true credential true provider true model true,
    Network "network" retry true credential true provider true model true,
    RateLimit "rate_limit" retry true credential true provider true model true,
    Overloaded "overloaded" retry true credential true provider true model true,
    ProviderError "provider_error" retry true credential true provider true model true,
    InvalidResponse "invalid_response" retry true credential true provider true model true,
    Unavailable "unavailable" retry true credential true provider true model true,
    NotFound "not_found" retry false credential false provider true model true,
    Unsupported "unsupported" retry false credential false provider true model true,
    StreamInterrupted "stream_interrupted" retry true credential true provider true model true,
    Cancelled "cancelled" retry false credential false provider false model false,
}

impl ErrorClass {
    /// Returns the class of this name.
    ///
    /// ```
    /// use faregate::ErrorClass;
    /// assert_eq!(ErrorClass::parse("rate_limit"), Some(ErrorClass::RateLimit));
    /// assert_eq!(ErrorClass::parse("ratelimit"), None);
    /// ```
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }
}
