//! What is asked: the request and the key that asks, as the host knows them.
//!
//! The fields of both come from one table each, [`request_fields!`](crate::request_fields) and
//! [`key_fields!`](crate::key_fields), from which the attributes of the language and the data shapes are made too.

use std::collections::{BTreeMap, BTreeSet};

use crate::Money;

/// The largest count: 2^53 - 1, so that every host language holds it exactly.
pub const MAX_COUNT: u64 = (1 << 53) - 1;

/// Calls the macro `$with` with the fields of a request: `name: type absence "meaning"`.
///
/// Types: `text`, `name` (a bare word of the policy), `count`, `bool`, `set` (of text), `list` (of text, in order).
/// Absence: `required`, `unknown`, or the value that an absent field has (`zero`, `no`, `empty`, `text_only`).
#[macro_export]
macro_rules! request_fields {
    ($with:ident) => {
        $with! {
            id: text required "seed of every draw",
            workload: name unknown "what the request is for, in the words of the policy",
            model: text unknown "the model asked for",
            models: list empty "the models asked for, in order of preference",
            input_tokens: count required "tokens of input, cached ones included",
            max_output_tokens: count unknown "the most tokens of output that the client accepts",
            expected_output_tokens: count unknown "tokens of output to expect, for order by price",
            cached_input_tokens: count zero "expected cache hits among the input, for the expected cost",
            caching: bool no "whether input may be billed as a cache read or write",
            images: count zero "images in the input",
            stream: bool no "whether the answer is streamed",
            idempotent: bool no "whether the request may be repeated after side effects or output",
            side_effects: bool no "whether the request may have side effects",
            parameters: set empty "parameters and abilities that the endpoint must support",
            modalities: set text_only "kinds of content in the input",
            tools: set empty "tools that the provider runs and charges",
            data: set unknown "kinds of sensitive data",
            tags: set empty "free marks",
            user: text unknown "the end user",
            session: text unknown "the conversation",
            region: text unknown "where the data may be processed",
            priority: name unknown "how urgent it is, in the words of the policy",
            only: set unknown "the only providers that the caller accepts",
            ignore: set unknown "providers that the caller refuses",
        }
    };
}

/// Calls the macro `$with` with the fields of a key, in the form of [`request_fields!`](crate::request_fields).
///
/// One more type: `money`.
#[macro_export]
macro_rules! key_fields {
    ($with:ident) => {
        $with! {
            id: text unknown "the key's id, never the secret",
            environment: name unknown "production, staging and the like, in the words of the policy",
            team: text unknown "who pays",
            project: text unknown "for what",
            account: text unknown "the account at the gateway",
            user: text unknown "the person who holds the key",
            tags: set unknown "free marks",
            credits: money unknown "dollars left on the account",
        }
    };
}

/// The Rust type of a field of the tables.
macro_rules! field_type {
    (text required) => { String };
    (count required) => { u64 };
    (text unknown) => { Option<String> };
    (name unknown) => { Option<String> };
    (count unknown) => { Option<u64> };
    (count zero) => { u64 };
    (bool no) => { bool };
    (list empty) => { Vec<String> };
    (set empty) => { BTreeSet<String> };
    (set text_only) => { BTreeSet<String> };
    (set unknown) => { Option<BTreeSet<String>> };
    (money unknown) => { Option<Money> };
}

macro_rules! define_request {
    ($($name:ident: $ty:ident $absence:ident $doc:literal,)*) => {
        /// A request, as far as routing needs to know it.
        ///
        /// Counts are at most [`MAX_COUNT`]; a larger one denies the request (`invalid_request`).
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Request {
            $(
                #[doc = $doc]
                pub $name: field_type!($ty $absence),
            )*
            /// The caller's own ceilings: name to amount, both as in a policy's `ceiling`
            /// (`prompt` to `$2 per Mtok`). A bad one denies the request.
            pub max_price: BTreeMap<String, String>,
            /// What the policy declared beyond the built-in names.
            pub attributes: BTreeMap<String, AttributeValue>,
        }
    };
}
request_fields!(define_request);

macro_rules! define_key {
    ($($name:ident: $ty:ident $absence:ident $doc:literal,)*) => {
        /// The gateway's key under which the request came.
        #[derive(Clone, Debug, PartialEq, Eq, Default)]
        #[non_exhaustive]
        pub struct Key {
            $(
                #[doc = $doc]
                pub $name: field_type!($ty $absence),
            )*
            /// What the policy declared for `key` beyond the built-in names.
            pub attributes: BTreeMap<String, AttributeValue>,
        }
    };
}
key_fields!(define_key);

/// The value of a declared attribute as the data has it; what it means follows from its declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttributeValue {
    /// A text.
    Text(String),
    /// A number in decimal digits, as written.
    Number(String),
    /// True or false.
    Bool(bool),
    /// Several texts.
    List(Vec<String>),
}

impl Request {
    /// Returns a request with this id and input size, everything else absent.
    ///
    /// ```
    /// use faregate::Request;
    /// let request = Request::new("req-1", 1200);
    /// assert!(request.modalities.contains("text"));
    /// assert_eq!(request.data, None);
    /// ```
    #[must_use]
    pub fn new(id: impl Into<String>, input_tokens: u64) -> Self {
        Self {
            id: id.into(),
            workload: None,
            model: None,
            models: Vec::new(),
            input_tokens,
            max_output_tokens: None,
            expected_output_tokens: None,
            cached_input_tokens: 0,
            caching: false,
            images: 0,
            stream: false,
            idempotent: false,
            side_effects: false,
            parameters: BTreeSet::new(),
            modalities: BTreeSet::from(["text".to_owned()]),
            tools: BTreeSet::new(),
            data: None,
            tags: BTreeSet::new(),
            user: None,
            session: None,
            region: None,
            priority: None,
            only: None,
            ignore: None,
            max_price: BTreeMap::new(),
            attributes: BTreeMap::new(),
        }
    }
}
