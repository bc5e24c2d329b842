//! A catalog as an importer makes it, before it is text.

use std::collections::BTreeMap;

use faregate_syntax::Fixed;

/// What an import made: endpoints in the order of their ids, and facts of their providers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// One model at one provider each, by id; no id stands twice.
    pub endpoints: Vec<Endpoint>,
    /// The region of a provider, where the source shows one for all it serves.
    pub provider_regions: BTreeMap<String, String>,
    /// The newest date of change that the source names, as `YYYY-MM-DD`.
    pub as_of: Option<String>,
}

/// One model at one provider, in the terms of part "Catalog".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// `model@provider[/variant]`.
    pub id: String,
    /// The name that this model has at all providers.
    pub model: String,
    /// What this provider calls it.
    pub native_model: String,
    /// Further names of the model, free of collisions.
    pub aliases: Vec<String>,
    /// The provider.
    pub provider: String,
    /// Where it is served, if the source says so for this endpoint.
    pub region: Option<String>,
    /// The largest input, in tokens.
    pub context_length: Option<u64>,
    /// The longest answer, in tokens.
    pub max_output_tokens: Option<u64>,
    /// Request parameters that the source says it takes.
    pub supports: Vec<&'static str>,
    /// What may be sent to it.
    pub modalities: Vec<String>,
    /// `fp8` and so on, where the provider's name for the model says so.
    pub quantization: Option<String>,
    /// Marks such as `beta`.
    pub tags: Vec<String>,
    /// Whether the source calls it deprecated.
    pub deprecated: bool,
    /// What it costs.
    pub prices: Prices,
}

/// Prices in dollars: per token, `request` per call. What is absent is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prices {
    /// Input.
    pub prompt: Option<Fixed>,
    /// Output.
    pub completion: Option<Fixed>,
    /// Input read from the provider's cache.
    pub cache_read: Option<Fixed>,
    /// Input written to the provider's cache.
    pub cache_write: Option<Fixed>,
    /// Output that is reasoning.
    pub reasoning: Option<Fixed>,
    /// Each call.
    pub request: Option<Fixed>,
    /// Dearer prices of larger inputs, ascending.
    pub overrides: Vec<Override>,
}

/// Prices that hold above a size of input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Override {
    /// The input size above which they hold, in tokens.
    pub above_input_tokens: u64,
    /// Input.
    pub prompt: Option<Fixed>,
    /// Output.
    pub completion: Option<Fixed>,
    /// Input read from the provider's cache.
    pub cache_read: Option<Fixed>,
    /// Input written to the provider's cache.
    pub cache_write: Option<Fixed>,
    /// Output that is reasoning.
    pub reasoning: Option<Fixed>,
}

impl Prices {
    /// Returns whether input and output cost nothing.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.prompt == Some(Fixed::ZERO) && self.completion == Some(Fixed::ZERO)
    }
}
