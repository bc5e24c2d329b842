//! Attributes resolved: where the value of each is.

use super::cost::PriceKind;
use super::expr::reads;
use super::value::{KeyField, RequestField};
use crate::attributes::PERCENTILES;

/// Where the value of an attribute is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    Request(RequestField),
    TotalTokens,
    Model,
    Models,
    Key(KeyField),
    /// Index into the policy's declarations.
    Declared(usize),
    Fact(Fact),
    Now,
    Clock(Clock, usize),
    Attempt(AttemptFact),
    Nothing,
}

/// A part of the time on a wall clock; its zone stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    Date,
    Hour,
    Weekday,
}

/// A fact of the attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AttemptFact {
    Number,
    Error,
    EmittedTokens,
    Elapsed,
}

impl AttemptFact {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "number" => Self::Number,
            "error" => Self::Error,
            "emitted_tokens" => Self::EmittedTokens,
            "elapsed" => Self::Elapsed,
            _ => return None,
        })
    }
}

/// A fact of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    Id,
    Model,
    NativeModel,
    Provider,
    Region,
    Quantization,
    ContextLength,
    MaxOutputTokens,
    Supports,
    Modalities,
    Tags,
    Free,
    Zdr,
    Trains,
    Retains,
    Deprecated,
    JointContext,
    Sunset,
    Credential,
    Byok,
    Price(PriceKind),
    WebSearch,
    Cost,
    Uptime,
    ErrorRate,
    Health,
    CoolingDown,
    Latency(usize),
    Throughput(usize),
}

/// The tool of which `endpoint.price_web_search` is the price.
pub(super) const WEB_SEARCH: &str = "web_search";

impl Fact {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Id,
            "model" => Self::Model,
            "native_model" => Self::NativeModel,
            "provider" => Self::Provider,
            "region" => Self::Region,
            "quantization" => Self::Quantization,
            "context_length" => Self::ContextLength,
            "max_output_tokens" => Self::MaxOutputTokens,
            "supports" => Self::Supports,
            "modalities" => Self::Modalities,
            "tags" => Self::Tags,
            "free" => Self::Free,
            "zdr" => Self::Zdr,
            "trains" => Self::Trains,
            "retains" => Self::Retains,
            "deprecated" => Self::Deprecated,
            "joint_context" => Self::JointContext,
            "sunset" => Self::Sunset,
            "credential" => Self::Credential,
            "byok" => Self::Byok,
            "price_prompt" => Self::Price(PriceKind::Prompt),
            "price_completion" => Self::Price(PriceKind::Completion),
            "price_request" => Self::Price(PriceKind::Request),
            "price_image" => Self::Price(PriceKind::Image),
            "price_cache_read" => Self::Price(PriceKind::CacheRead),
            "price_cache_write" => Self::Price(PriceKind::CacheWrite),
            "price_reasoning" => Self::Price(PriceKind::Reasoning),
            "price_web_search" => Self::WebSearch,
            "cost" => Self::Cost,
            "uptime" => Self::Uptime,
            "error_rate" => Self::ErrorRate,
            "health" => Self::Health,
            "cooling_down" => Self::CoolingDown,
            _ => {
                let (figure, percentile) = name.split_once('_')?;
                let at = PERCENTILES.iter().position(|p| *p == percentile)?;
                match figure {
                    "latency" => Self::Latency(at),
                    "throughput" => Self::Throughput(at),
                    _ => return None,
                }
            }
        })
    }

    /// Whether the catalog alone settles it, whatever the credential and the moment.
    fn of_catalog(self) -> bool {
        use Fact as F;
        matches!(
            self,
            F::Id
                | F::Model
                | F::NativeModel
                | F::Provider
                | F::Region
                | F::Quantization
                | F::ContextLength
                | F::MaxOutputTokens
                | F::Supports
                | F::Modalities
                | F::Tags
                | F::Free
                | F::Zdr
                | F::Trains
                | F::Retains
                | F::Deprecated
                | F::JointContext
                | F::Sunset
        )
    }
}

impl Source {
    pub(super) fn reads(self) -> u8 {
        match self {
            Self::Fact(fact) if fact.of_catalog() => reads::CATALOG,
            Self::Fact(Fact::Price(_) | Fact::WebSearch) => reads::PRICE,
            Self::Fact(_) => reads::MOMENT,
            Self::Attempt(_) => reads::ATTEMPT,
            _ => reads::REQUEST,
        }
    }
}
