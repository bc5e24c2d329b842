//! How an attempt ended, as the host tells it.

use std::collections::BTreeMap;

use crate::{ErrorClass, Money};

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It answered.
    Success(Success),
    /// It failed.
    Failure(Failure),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Success {
    /// What was used; `None`: not reported, and the worst case counts.
    pub usage: Option<Usage>,
    /// What it cost, where the provider reports it; it counts before the usage.
    pub cost: Option<Money>,
}

/// What an answer used.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of input, cached ones included.
    pub input_tokens: u64,
    /// Tokens of output, those of reasoning included.
    pub output_tokens: u64,
    /// Tokens of input that were read from the cache.
    pub cached_input_tokens: u64,
    /// Tokens of output that were reasoning.
    pub reasoning_tokens: u64,
    /// Calls of tools that the provider ran; a tool of the request that is not listed counts with its cap.
    pub tools: BTreeMap<String, ToolUse>,
}

/// Calls of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ToolUse {
    /// Calls.
    pub calls: u64,
    /// Results of all calls together.
    pub results: u64,
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// Its class.
    pub class: ErrorClass,
    /// The HTTP status, where there was one.
    pub status: Option<u16>,
    /// When it happened.
    pub phase: Phase,
    /// Tokens of output that came before.
    pub emitted_tokens: u64,
    /// How long the provider asks to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// Whether the provider forbids (`false`) to try again (`x-should-retry`).
    pub should_retry: Option<bool>,
    /// What it cost, where the provider reports it.
    pub cost: Option<Money>,
}

/// When an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Phase {
    /// Before any output.
    #[default]
    BeforeOutput,
    /// While output came.
    MidStream,
    /// After the output was complete.
    AfterCompletion,
}

impl Phase {
    /// All phases.
    pub const ALL: [Self; 3] = [Self::BeforeOutput, Self::MidStream, Self::AfterCompletion];

    /// Returns the name as data have it: `before_output`, `mid_stream`, `after_completion`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BeforeOutput => "before_output",
            Self::MidStream => "mid_stream",
            Self::AfterCompletion => "after_completion",
        }
    }

    /// Returns the phase of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == name)
    }
}

impl Failure {
    /// Returns a failure before any output, with nothing known but its class.
    ///
    /// ```
    /// use faregate::{ErrorClass, Failure, Phase};
    /// assert_eq!(Failure::new(ErrorClass::RateLimit).phase, Phase::BeforeOutput);
    /// ```
    #[must_use]
    pub fn new(class: ErrorClass) -> Self {
        Self {
            class,
            status: None,
            phase: Phase::BeforeOutput,
            emitted_tokens: 0,
            retry_after_ms: None,
            should_retry: None,
            cost: None,
        }
    }
}

impl Success {
    /// Returns an answer with its usage.
    #[must_use]
    pub fn new(usage: Option<Usage>, cost: Option<Money>) -> Self {
        Self { usage, cost }
    }
}

impl Usage {
    /// Returns a usage without cache, reasoning and tools.
    #[must_use]
    pub fn new(input_tokens: u64, output_tokens: u64) -> Self {
        Self { input_tokens, output_tokens, ..Self::default() }
    }
}
