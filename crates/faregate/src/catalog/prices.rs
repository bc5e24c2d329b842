//! Prices of an endpoint: base prices, conditions under which others hold, and what holds at a moment.

use std::collections::BTreeMap;

use crate::Money;
use crate::time::{DAY_MS, TimeOfDay};

/// What an endpoint charges, in dollars: per token, image or call. `None` is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PriceList {
    /// A token of input.
    pub prompt: Option<Money>,
    /// A token of output.
    pub completion: Option<Money>,
    /// A request; absent: nothing.
    pub request: Option<Money>,
    /// An image of input.
    pub image: Option<Money>,
    /// A token of input read from the cache; absent: as `prompt`.
    pub cache_read: Option<Money>,
    /// A token of input written to the cache; absent: as `prompt`.
    pub cache_write: Option<Money>,
    /// A token of reasoning; absent: as `completion`.
    pub reasoning: Option<Money>,
    /// Calls of tools that the provider runs.
    pub tools: BTreeMap<String, ToolPrice>,
    /// Prices that hold under conditions. The last that matches wins, for each price by itself. `None`: the layer
    /// says nothing of them.
    pub overrides: Option<Vec<Override>>,
}

/// What a tool costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolPrice {
    /// A call.
    pub per_call: Money,
    /// Each result of a call.
    pub per_result: Option<Money>,
}

impl ToolPrice {
    /// Returns a price per call, and per result where there is one.
    #[must_use]
    pub fn new(per_call: Money, per_result: Option<Money>) -> Self {
        Self { per_call, per_result }
    }
}

/// Prices that hold where all conditions are met.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Override {
    /// The input, cached tokens included, is larger than this.
    pub above_input_tokens: Option<u64>,
    /// The input, cached tokens included, is this large or larger.
    pub from_input_tokens: Option<u64>,
    /// The time of day (UTC) lies from the first (inside) to the second (outside); wraps midnight where the second
    /// is smaller.
    pub utc: Option<(TimeOfDay, TimeOfDay)>,
    /// A token of input.
    pub prompt: Option<Money>,
    /// A token of output.
    pub completion: Option<Money>,
    /// A request.
    pub request: Option<Money>,
    /// An image of input.
    pub image: Option<Money>,
    /// A token of input read from the cache.
    pub cache_read: Option<Money>,
    /// A token of input written to the cache.
    pub cache_write: Option<Money>,
    /// A token of reasoning.
    pub reasoning: Option<Money>,
    /// Calls of tools.
    pub tools: BTreeMap<String, ToolPrice>,
}

/// What decides which price holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) input_tokens: u64,
    pub(crate) time_of_day: TimeOfDay,
}

/// The prices at one moment, absences filled in.
#[allow(missing_docs, reason = "each field is the price of that name")]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct EffectivePrices {
    pub prompt: Option<Money>,
    pub completion: Option<Money>,
    pub request: Money,
    pub image: Option<Money>,
    pub cache_read: Option<Money>,
    pub cache_write: Option<Money>,
    pub reasoning: Option<Money>,
    pub tools: BTreeMap<String, ToolPrice>,
}

impl Override {
    pub(crate) fn matches(&self, moment: Moment) -> bool {
        self.above_input_tokens.is_none_or(|n| moment.input_tokens > n)
            && self.from_input_tokens.is_none_or(|n| moment.input_tokens >= n)
            && self.utc.is_none_or(|(from, to)| {
                let t = moment.time_of_day;
                if from <= to { from <= t && t < to } else { t >= from || t < to }
            })
    }
}

impl PriceList {
    /// Returns the prices that hold at a moment.
    pub(crate) fn at(&self, moment: Moment) -> EffectivePrices {
        let mut prompt = self.prompt;
        let mut completion = self.completion;
        let mut request = self.request;
        let mut image = self.image;
        let mut cache_read = self.cache_read;
        let mut cache_write = self.cache_write;
        let mut reasoning = self.reasoning;
        let mut tools = self.tools.clone();
        for o in self.overrides.iter().flatten().filter(|o| o.matches(moment)) {
            prompt = o.prompt.or(prompt);
            completion = o.completion.or(completion);
            request = o.request.or(request);
            image = o.image.or(image);
            cache_read = o.cache_read.or(cache_read);
            cache_write = o.cache_write.or(cache_write);
            reasoning = o.reasoning.or(reasoning);
            tools.extend(o.tools.iter().map(|(name, price)| (name.clone(), *price)));
        }
        EffectivePrices {
            prompt,
            completion,
            request: request.unwrap_or(Money::ZERO),
            image,
            cache_read: cache_read.or(prompt),
            cache_write: cache_write.or(prompt),
            reasoning: reasoning.or(completion),
            tools,
        }
    }

    /// Returns the dearest of each price, by itself, from `start` over `span_ms` milliseconds, both ends inside; over
    /// the whole day where `span_ms` is `None`. A price that is unknown at some moment is unknown.
    pub(crate) fn dearest(
        &self,
        input_tokens: u64,
        start: TimeOfDay,
        span_ms: Option<u64>,
    ) -> EffectivePrices {
        let at = |time_of_day| self.at(Moment { input_tokens, time_of_day });
        let span_ms = span_ms.unwrap_or(u64::from(DAY_MS)).min(u64::from(DAY_MS));
        // Prices change only where a window begins or ends.
        let borders = self.overrides.iter().flatten().filter_map(|o| o.utc).flat_map(|(from, to)| [from, to]);
        let mut dearest = at(start);
        for border in borders {
            let ahead = border.0.wrapping_add(DAY_MS).wrapping_sub(start.0).checked_rem(DAY_MS).unwrap_or(0);
            if u64::from(ahead) <= span_ms {
                dearest = dearest.max_each(at(border));
            }
        }
        dearest
    }

    /// Returns this list with another laid over it, field by field; overrides are replaced whole.
    pub(crate) fn overlaid(&self, over: &Self) -> Self {
        let mut tools = self.tools.clone();
        tools.extend(over.tools.iter().map(|(name, price)| (name.clone(), *price)));
        Self {
            prompt: over.prompt.or(self.prompt),
            completion: over.completion.or(self.completion),
            request: over.request.or(self.request),
            image: over.image.or(self.image),
            cache_read: over.cache_read.or(self.cache_read),
            cache_write: over.cache_write.or(self.cache_write),
            reasoning: over.reasoning.or(self.reasoning),
            tools,
            overrides: over.overrides.clone().or_else(|| self.overrides.clone()),
        }
    }
}

impl EffectivePrices {
    fn max_each(self, other: Self) -> Self {
        let max = |a: Option<Money>, b: Option<Money>| a.zip(b).map(|(a, b)| a.max(b));
        // A tool without a price at some moment has no price that holds for all of them.
        let both = self.tools.into_iter().filter_map(|(name, a)| {
            let b = other.tools.get(&name)?;
            let price = ToolPrice {
                per_call: a.per_call.max(b.per_call),
                per_result: a.per_result.max(b.per_result),
            };
            Some((name, price))
        });
        let tools = both.collect();
        Self {
            prompt: max(self.prompt, other.prompt),
            completion: max(self.completion, other.completion),
            request: self.request.max(other.request),
            image: max(self.image, other.image),
            cache_read: max(self.cache_read, other.cache_read),
            cache_write: max(self.cache_write, other.cache_write),
            reasoning: max(self.reasoning, other.reasoning),
            tools,
        }
    }
}
