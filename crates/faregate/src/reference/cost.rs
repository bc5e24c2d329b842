//! Costs of an attempt (rule 10): the worst case, and what is to be expected.

use std::collections::BTreeMap;

use super::candidate::Candidate;
use crate::decision::ToolCap;
use crate::{Money, Request};

/// The most that an attempt can cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bound {
    value: Option<Money>,
    /// Which price is unknown.
    pub(crate) unknown: Option<String>,
    /// What has no bound.
    pub(crate) unbounded: Option<String>,
    /// Whether the cost is past what can be counted exactly; that excludes whatever the policy bounds (rule 11).
    pub(crate) overflow: bool,
}

impl Bound {
    /// Returns the cost where it is known and bounded.
    pub(crate) fn known(&self) -> Option<Money> {
        self.value
    }
}

/// Adds up parts of a cost, and remembers why it cannot.
#[derive(Default)]
struct Sum {
    total: Money,
    unknown: Option<String>,
    unbounded: Option<String>,
    overflow: bool,
}

impl Sum {
    fn overflow(&mut self) {
        self.overflow = true;
        self.unbounded("the cost is too large to be counted");
    }

    fn unknown(&mut self, what: &str) {
        self.unknown.get_or_insert_with(|| format!("the price of {what} is unknown"));
    }

    fn unbounded(&mut self, what: impl Into<String>) {
        self.unbounded.get_or_insert_with(|| what.into());
    }

    fn add(&mut self, price: Option<Money>, times: u64, what: &str) {
        match price {
            None => self.unknown(what),
            Some(price) => match price.times(times).and_then(|cost| self.total.plus(cost)) {
                Some(total) => self.total = total,
                None => self.overflow(),
            },
        }
    }
}

/// Returns the worst case of one attempt, each price at its dearest until the deadline.
pub(crate) fn worst_cost(
    request: &Request,
    tools: &BTreeMap<String, ToolCap>,
    candidate: &Candidate<'_>,
) -> Bound {
    let prices = &candidate.prices_dearest;
    let mut sum = Sum::default();
    let input = if request.caching {
        prices.prompt.max(prices.cache_read).max(prices.cache_write).filter(|_| prices.prompt.is_some())
    } else {
        prices.prompt
    };
    sum.add(input, request.input_tokens, "input");
    // Models reason, and bill it, unasked.
    let output =
        prices.completion.zip(prices.reasoning).map(|(completion, reasoning)| completion.max(reasoning));
    match candidate.output_limit {
        Some(limit) => sum.add(output, limit, "output"),
        None => {
            sum.unbounded("nothing limits the output");
            sum.add(output, 0, "output");
        }
    }
    sum.add(Some(prices.request), 1, "a request");
    if request.images > 0 {
        sum.add(prices.image, request.images, "an image");
    }
    for tool in &request.tools {
        let price = prices.tools.get(tool);
        let Some(price) = price else {
            sum.unknown(&format!("`{tool}`"));
            if !tools.contains_key(tool) {
                sum.unbounded(format!("nothing caps the calls of `{tool}`"));
            }
            continue;
        };
        let Some(cap) = tools.get(tool) else {
            sum.unbounded(format!("nothing caps the calls of `{tool}`"));
            continue;
        };
        sum.add(Some(price.per_call), cap.calls, tool);
        match (price.per_result, cap.results) {
            (Some(per_result), Some(results)) => match per_result.times(results) {
                Some(per_call) => sum.add(Some(per_call), cap.calls, tool),
                None => sum.overflow(),
            },
            (Some(per_result), None) if !per_result.is_zero() && cap.calls > 0 => {
                sum.unbounded(format!("nothing caps the results of `{tool}`"));
            }
            _ => {}
        }
    }
    let value =
        if sum.unknown.is_none() && sum.unbounded.is_none() { with_fee(sum.total, candidate) } else { None };
    if value.is_none() && sum.unknown.is_none() && sum.unbounded.is_none() {
        sum.overflow = true;
        sum.unbounded("the cost and its fee cannot be written exactly");
    }
    Bound { value, unknown: sum.unknown, unbounded: sum.unbounded, overflow: sum.overflow }
}

/// Returns what an attempt is expected to cost at the prices of now; `None` where a price is unknown.
pub(crate) fn expected_cost(request: &Request, candidate: &Candidate<'_>) -> Option<Money> {
    let prices = &candidate.prices_now;
    let cached = request.cached_input_tokens.min(request.input_tokens);
    let output = match (candidate.output_limit, request.expected_output_tokens) {
        (Some(limit), Some(expected)) => limit.min(expected),
        (limit, expected) => limit.or(expected)?,
    };
    let mut total = prices.prompt?.times(request.input_tokens.saturating_sub(cached))?;
    if cached > 0 {
        total = total.plus(prices.cache_read?.times(cached)?)?;
    }
    total = total.plus(prices.completion?.times(output)?)?;
    total = total.plus(prices.request)?;
    if request.images > 0 {
        total = total.plus(prices.image?.times(request.images)?)?;
    }
    with_fee(total, candidate)
}

/// Lays the fee of an own key on a cost; `None` where the result cannot be written exactly.
fn with_fee(cost: Money, candidate: &Candidate<'_>) -> Option<Money> {
    cost.share(candidate.fee())?.plus(cost)
}
