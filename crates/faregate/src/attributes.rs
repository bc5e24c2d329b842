//! The attributes of the language: their subjects, names and types, in one table.

use std::collections::HashSet;
use std::sync::Arc;

use faregate_syntax::ast::Unit;

use crate::classes::ErrorClass;

/// Whose attribute it is.
#[allow(missing_docs, reason = "each variant is the word of the language")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    Request,
    Key,
    Endpoint,
    Time,
    Attempt,
}

/// What an attribute holds.
#[allow(missing_docs, reason = "each variant is the type of that name in the language")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    Text(Vocabulary),
    Set(Vocabulary),
    Bool,
    Count,
    Money,
    /// Dollars per unit; a token price is written per Mtok and held per token.
    Price(Unit),
    Duration,
    Ratio,
    /// Tokens per second.
    Rate,
    Date,
    Instant,
    TimeOfDay,
}

/// Which words may stand for the values of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vocabulary {
    /// Any text, always quoted.
    Open,
    /// Models: quoted, or a group after `in`.
    Models,
    /// Providers: quoted, or a group after `in`.
    Providers,
    /// Any bare word.
    Words,
    /// These words bare, any other text quoted.
    Known(&'static [&'static str]),
    /// These values and no others.
    Declared(Arc<Values>),
}

/// The values of a declared list, in its order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Values {
    list: Vec<String>,
    /// The same, so that a list of any length is searched at once.
    known: HashSet<String>,
}

impl std::fmt::Debug for Values {
    /// Writes them sorted, since their order has no meaning.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut sorted: Vec<&String> = self.list.iter().collect();
        sorted.sort_unstable();
        f.debug_set().entries(sorted).finish()
    }
}

impl FromIterator<String> for Values {
    fn from_iter<I: IntoIterator<Item = String>>(values: I) -> Self {
        let mut list = Self::default();
        for value in values {
            list.add(&value);
        }
        list
    }
}

impl Values {
    /// Adds a value; `false` where it is there already.
    pub(crate) fn add(&mut self, value: &str) -> bool {
        let new = self.known.insert(value.to_owned());
        if new {
            self.list.push(value.to_owned());
        }
        new
    }

    /// Whether it lists a value.
    #[must_use]
    pub fn contains(&self, value: &str) -> bool {
        self.known.contains(value)
    }

    /// Returns the values in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, String> {
        self.list.iter()
    }

    pub(crate) fn as_slice(&self) -> &[String] {
        &self.list
    }
}

/// An attribute of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BuiltIn {
    pub(crate) subject: Subject,
    pub(crate) name: &'static str,
    pub(crate) ty: Type,
}

pub(crate) const MODALITIES: &[&str] = &["text", "image", "audio", "video", "pdf", "file"];

pub(crate) const PARAMETERS: &[&str] = &[
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "structured_outputs",
    "reasoning",
    "include_reasoning",
    "reasoning_effort",
    "verbosity",
    "temperature",
    "top_p",
    "top_k",
    "top_a",
    "min_p",
    "seed",
    "stop",
    "max_tokens",
    "max_completion_tokens",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "n",
    "prediction",
    "web_search_options",
    "caching",
];

pub(crate) const TOOLS: &[&str] = &[
    "web_search",
    "web_fetch",
    "code_execution",
    "code_interpreter",
    "file_search",
    "image_generation",
    "maps",
];

pub(crate) const QUANTIZATIONS: &[&str] =
    &["int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "fp16", "bf16", "fp32", "unknown"];

pub(crate) const HEALTH: &[&str] = &["up", "degraded", "down"];

pub(crate) const WEEKDAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The percentiles of latency and throughput, in the order of the context's arrays.
pub(crate) const PERCENTILES: [&str; 4] = ["p50", "p75", "p90", "p99"];

impl Subject {
    pub(crate) const ALL: [Self; 5] = [Self::Request, Self::Key, Self::Endpoint, Self::Time, Self::Attempt];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Key => "key",
            Self::Endpoint => "endpoint",
            Self::Time => "time",
            Self::Attempt => "attempt",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }
}

impl Type {
    /// Returns the type's name for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Text(Vocabulary::Open) => "a text",
            Self::Text(Vocabulary::Models) => "a model",
            Self::Text(Vocabulary::Providers) => "a provider",
            Self::Text(_) => "a name",
            Self::Set(_) => "a set",
            Self::Bool => "true or false",
            Self::Count => "a count",
            Self::Money => "an amount of money",
            Self::Price(Unit::Mtok) => "a price per Mtok",
            Self::Price(Unit::Image) => "a price per image",
            Self::Price(Unit::Call) => "a price per call",
            Self::Duration => "a duration",
            Self::Ratio => "a ratio",
            Self::Rate => "a count per second",
            Self::Date => "a date",
            Self::Instant => "an instant",
            Self::TimeOfDay => "a time of day",
        }
    }

    /// Whether values of the type have an order.
    pub(crate) fn is_ordered(&self) -> bool {
        !matches!(self, Self::Text(_) | Self::Set(_) | Self::Bool)
    }
}

/// Returns all built-in attributes, subject by subject.
pub(crate) fn built_ins() -> &'static [BuiltIn] {
    static TABLE: std::sync::LazyLock<Vec<BuiltIn>> = std::sync::LazyLock::new(table);
    &TABLE
}

/// Returns the built-in attributes, subject by subject: the name as policies write it, and what it holds, in words.
///
/// ```
/// let attributes: Vec<(String, &str)> = faregate::built_in_attributes().collect();
/// assert!(attributes.contains(&("endpoint.context_length".to_owned(), "a count")));
/// ```
pub fn built_in_attributes() -> impl Iterator<Item = (String, &'static str)> {
    built_ins().iter().map(|a| (format!("{}.{}", a.subject.as_str(), a.name), a.ty.describe()))
}

/// Returns the built-in attribute of this name.
pub(crate) fn built_in(subject: Subject, name: &str) -> Option<&'static BuiltIn> {
    built_ins().iter().find(|a| a.subject == subject && a.name == name)
}

fn table() -> Vec<BuiltIn> {
    let mut table = Vec::new();
    let mut add = |subject, name, ty| table.push(BuiltIn { subject, name, ty });
    macro_rules! fields {
        ($($name:ident: $ty:ident $absence:ident $doc:literal,)*) => {
            [$((stringify!($name), stringify!($ty)),)*]
        };
    }
    for (name, ty) in request_fields!(fields) {
        add(Subject::Request, name, field_type(name, ty));
    }
    add(Subject::Request, "total_tokens", Type::Count);
    for (name, ty) in key_fields!(fields) {
        add(Subject::Key, name, field_type(name, ty));
    }
    for (name, ty) in [
        ("id", Type::Text(Vocabulary::Open)),
        ("model", Type::Text(Vocabulary::Models)),
        ("native_model", Type::Text(Vocabulary::Open)),
        ("provider", Type::Text(Vocabulary::Providers)),
        ("region", Type::Text(Vocabulary::Open)),
        ("quantization", Type::Text(Vocabulary::Known(QUANTIZATIONS))),
        ("context_length", Type::Count),
        ("max_output_tokens", Type::Count),
        ("supports", Type::Set(Vocabulary::Known(PARAMETERS))),
        ("modalities", Type::Set(Vocabulary::Known(MODALITIES))),
        ("tags", Type::Set(Vocabulary::Open)),
        ("free", Type::Bool),
        ("zdr", Type::Bool),
        ("trains", Type::Bool),
        ("retains", Type::Bool),
        ("byok", Type::Bool),
        ("deprecated", Type::Bool),
        ("joint_context", Type::Bool),
        ("sunset", Type::Date),
        ("price_prompt", Type::Price(Unit::Mtok)),
        ("price_completion", Type::Price(Unit::Mtok)),
        ("price_request", Type::Price(Unit::Call)),
        ("price_image", Type::Price(Unit::Image)),
        ("price_cache_read", Type::Price(Unit::Mtok)),
        ("price_cache_write", Type::Price(Unit::Mtok)),
        ("price_reasoning", Type::Price(Unit::Mtok)),
        ("price_web_search", Type::Price(Unit::Call)),
        ("cost", Type::Money),
        ("uptime", Type::Ratio),
        ("error_rate", Type::Ratio),
        ("latency_p50", Type::Duration),
        ("latency_p75", Type::Duration),
        ("latency_p90", Type::Duration),
        ("latency_p99", Type::Duration),
        ("throughput_p50", Type::Rate),
        ("throughput_p75", Type::Rate),
        ("throughput_p90", Type::Rate),
        ("throughput_p99", Type::Rate),
        ("health", Type::Text(Vocabulary::Known(HEALTH))),
        ("cooling_down", Type::Bool),
    ] {
        add(Subject::Endpoint, name, ty);
    }
    for (name, ty) in [
        ("now", Type::Instant),
        ("date", Type::Date),
        ("hour", Type::TimeOfDay),
        ("weekday", Type::Text(Vocabulary::Known(WEEKDAYS))),
    ] {
        add(Subject::Time, name, ty);
    }
    for (name, ty) in [
        ("number", Type::Count),
        ("error", Type::Text(Vocabulary::Known(&ErrorClass::NAMES))),
        ("emitted_tokens", Type::Count),
        ("elapsed", Type::Duration),
    ] {
        add(Subject::Attempt, name, ty);
    }
    table
}

/// The type of a field of the request's or key's table; some texts have a vocabulary of their own.
fn field_type(name: &str, ty: &str) -> Type {
    let vocabulary = match name {
        "model" | "models" => Vocabulary::Models,
        "only" | "ignore" => Vocabulary::Providers,
        "parameters" => Vocabulary::Known(PARAMETERS),
        "modalities" => Vocabulary::Known(MODALITIES),
        "tools" => Vocabulary::Known(TOOLS),
        _ => Vocabulary::Open,
    };
    match ty {
        "name" => Type::Text(Vocabulary::Words),
        "count" => Type::Count,
        "bool" => Type::Bool,
        "money" => Type::Money,
        "set" | "list" => Type::Set(vocabulary),
        _ => Type::Text(vocabulary),
    }
}
