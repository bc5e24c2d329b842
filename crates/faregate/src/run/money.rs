//! Money during a run (rule 17): what calls have cost or may have cost.

use std::collections::BTreeMap;

use super::data::Seat;
use super::outcome::{Failure, Success, Usage};
use super::saved::SavedCall;
use crate::catalog::{Moment, ToolPrice};
use crate::compiled::Listed;
use crate::decision::ToolCap;
use crate::time::{TimeOfDay, Zone};
use crate::{ErrorClass, Money, Ratio, Request};

/// Returns what a failed call cost or may have cost; `None`: no bound.
pub(crate) fn spent_by_failure(failure: &Failure, worst: Option<Money>) -> Option<Money> {
    use ErrorClass as E;
    if let Some(cost) = failure.cost {
        return Some(cost);
    }
    let nothing_generated = matches!(
        failure.class,
        E::BadRequest
            | E::Authentication
            | E::InsufficientCredits
            | E::QuotaExhausted
            | E::Forbidden
            | E::ContextLength
            | E::RateLimit
            | E::Overloaded
            | E::Unavailable
            | E::NotFound
            | E::Unsupported
    );
    if nothing_generated && failure.emitted_tokens == 0 { Some(Money::ZERO) } else { worst }
}

/// Returns what an answer cost: as reported, else its usage at the prices of the instant its call started, else its
/// worst.
pub(super) fn spent_by_success(
    success: &Success,
    request: &Request,
    tools: &BTreeMap<String, ToolCap>,
    seat: Seat<'_>,
    call: &SavedCall,
    by_reference: bool,
) -> Option<Money> {
    if let Some(cost) = success.cost {
        return Some(cost);
    }
    let Some(usage) = &success.usage else { return call.worst };
    let time_of_day = Zone::utc().wall(call.started_at).map_or(TimeOfDay(0), |w| w.time);
    let moment = Moment { input_tokens: usage.input_tokens, time_of_day };
    let list = &seat.endpoint.facts.prices;
    let over = seat.own.and_then(|own| own.prices.as_ref());
    let fee = seat.own.map_or_else(Ratio::default, |own| own.fee);
    let cost = if by_reference {
        let prices = over.map_or_else(|| list.clone(), |over| list.overlaid(over)).at(moment);
        let rates = Rates {
            prompt: prices.prompt,
            completion: prices.completion,
            request: prices.request,
            image: prices.image,
            cache_read: prices.cache_read,
            reasoning: prices.reasoning,
        };
        usage_cost(usage, request, tools, &rates, |tool| prices.tools.get(tool).copied())
    } else {
        let listed = Listed::new(list, over);
        usage_cost(usage, request, tools, &listed.rates(moment), |tool| listed.tool_at(tool, moment))
    };
    cost.and_then(|cost| cost.share(fee)?.plus(cost)).or(call.worst)
}

/// The prices at which usage is counted.
pub(crate) struct Rates {
    pub(crate) prompt: Option<Money>,
    pub(crate) completion: Option<Money>,
    pub(crate) request: Money,
    pub(crate) image: Option<Money>,
    pub(crate) cache_read: Option<Money>,
    pub(crate) reasoning: Option<Money>,
}

fn usage_cost(
    usage: &Usage,
    request: &Request,
    tools: &BTreeMap<String, ToolCap>,
    rates: &Rates,
    price_of: impl Fn(&str) -> Option<ToolPrice>,
) -> Option<Money> {
    let cached = usage.cached_input_tokens.min(usage.input_tokens);
    let reasoning = usage.reasoning_tokens.min(usage.output_tokens);
    let part = |price: Option<Money>, n: u64| if n == 0 { Some(Money::ZERO) } else { price?.times(n) };
    let mut total = part(rates.prompt, usage.input_tokens.saturating_sub(cached))?;
    total = total.plus(part(rates.cache_read, cached)?)?;
    total = total.plus(part(rates.completion, usage.output_tokens.saturating_sub(reasoning))?)?;
    total = total.plus(part(rates.reasoning, reasoning)?)?;
    total = total.plus(rates.request)?;
    total = total.plus(part(rates.image, request.images)?)?;
    for tool in request.tools.iter().chain(usage.tools.keys().filter(|t| !request.tools.contains(*t))) {
        let (calls, results) = match (usage.tools.get(tool), tools.get(tool)) {
            (Some(used), _) => (used.calls, used.results),
            (None, Some(cap)) => (cap.calls, cap.calls.checked_mul(cap.results.unwrap_or(0))?),
            (None, None) => return None,
        };
        let price = price_of(tool);
        total = total.plus(part(price.map(|p| p.per_call), calls)?)?;
        let per_result = price.map(|p| p.per_result.unwrap_or(Money::ZERO));
        total = total.plus(part(per_result, results)?)?;
    }
    Some(total)
}
