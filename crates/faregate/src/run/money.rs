//! Money during a run (rule 17): what calls have cost or may have cost, and whether the next one fits.

use super::outcome::{Failure, Success, Usage};
use super::saved::SavedCall;
use crate::catalog::Moment;
use crate::decision::ToolCap;
use crate::reference::budgets::Ledger;
use crate::reference::candidate::Candidate;
use crate::reference::world::World;
use crate::time::{TimeOfDay, Zone};
use crate::{Amount, Credential, ErrorClass, Money, Request, Timestamp};
use faregate_syntax::ast::LimitKind;
use std::collections::BTreeMap;

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
pub(crate) fn spent_by_success(
    success: &Success,
    request: &Request,
    tools: &BTreeMap<String, ToolCap>,
    candidate: &Candidate<'_>,
    started_at: Timestamp,
    worst: Option<Money>,
) -> Option<Money> {
    if let Some(cost) = success.cost {
        return Some(cost);
    }
    let Some(usage) = &success.usage else { return worst };
    usage_cost(usage, request, tools, candidate, started_at).or(worst)
}

fn usage_cost(
    usage: &Usage,
    request: &Request,
    tools: &BTreeMap<String, ToolCap>,
    candidate: &Candidate<'_>,
    started_at: Timestamp,
) -> Option<Money> {
    let time_of_day = Zone::utc().wall(started_at).map_or(TimeOfDay(0), |w| w.time);
    let list = match candidate.own.and_then(|own| own.prices.as_ref()) {
        Some(over) => candidate.endpoint.facts.prices.overlaid(over),
        None => candidate.endpoint.facts.prices.clone(),
    };
    let prices = list.at(Moment { input_tokens: usage.input_tokens, time_of_day });
    let cached = usage.cached_input_tokens.min(usage.input_tokens);
    let reasoning = usage.reasoning_tokens.min(usage.output_tokens);
    let part = |price: Option<Money>, n: u64| if n == 0 { Some(Money::ZERO) } else { price?.times(n) };
    let mut total = part(prices.prompt, usage.input_tokens.saturating_sub(cached))?;
    total = total.plus(part(prices.cache_read, cached)?)?;
    total = total.plus(part(prices.completion, usage.output_tokens.saturating_sub(reasoning))?)?;
    total = total.plus(part(prices.reasoning, reasoning)?)?;
    total = total.plus(prices.request)?;
    total = total.plus(part(prices.image, request.images)?)?;
    for tool in request.tools.iter().chain(usage.tools.keys().filter(|t| !request.tools.contains(*t))) {
        let (calls, results) = match (usage.tools.get(tool), tools.get(tool)) {
            (Some(used), _) => (used.calls, used.results),
            (None, Some(cap)) => (cap.calls, cap.calls.checked_mul(cap.results.unwrap_or(0))?),
            (None, None) => return None,
        };
        let price = prices.tools.get(tool);
        total = total.plus(part(price.map(|p| p.per_call), calls)?)?;
        let per_result = price.map(|p| p.per_result.unwrap_or(Money::ZERO));
        total = total.plus(part(per_result, results)?)?;
    }
    total.share(candidate.fee())?.plus(total)
}

/// What a run has spent so far.
pub(crate) struct Spent<'a> {
    pub(crate) calls: &'a [SavedCall],
    pub(crate) plan: &'a [(String, Credential)],
}

impl Spent<'_> {
    /// Returns the sum of all calls; `None`: one has no bound.
    pub(crate) fn total(&self) -> Option<Money> {
        sum(self.calls.iter().map(|c| c.spent))
    }

    /// Returns the sum of the calls with the shared credential.
    fn shared(&self) -> Option<Money> {
        let with = |call: &SavedCall| self.plan.get(call.at).map(|(_, credential)| credential);
        let shared = self.calls.iter().filter(|call| with(call).is_none_or(|c| *c == Credential::Shared));
        sum(shared.map(|call| call.spent))
    }

    /// Returns what the run has added to a counter: of money, calls or tokens; `None`: no bound. A call counts where it
    /// counted when it began.
    pub(crate) fn under(
        &self,
        budget: &crate::ir::Budget,
        limit: &crate::ir::Limit,
        per: &[Option<String>],
    ) -> Option<Amount> {
        let counts = |call: &&SavedCall| {
            call.counts_under.iter().any(|(name, values)| *name == budget.name && values == per)
        };
        let covered = self.calls.iter().filter(counts);
        match limit.kind {
            LimitKind::Spend => sum(covered.map(|c| c.spent)).map(Amount::Money),
            LimitKind::Requests => Some(Amount::Count(u64::try_from(covered.count()).unwrap_or(u64::MAX))),
            LimitKind::Tokens => {
                let mut total = 0_u64;
                for call in covered {
                    total = total.checked_add(call.tokens?)?;
                }
                Some(Amount::Count(total))
            }
            LimitKind::Concurrency => Some(Amount::Count(0)),
        }
    }

    /// Whether the next call of a candidate fits the budgets and the credits with what the run has spent.
    pub(crate) fn fits(&self, world: &World<'_>, ledger: &Ledger<'_>, candidate: &Candidate<'_>) -> bool {
        let closing =
            ledger.applying.iter().filter(|b| ledger.closes(b) && Ledger::covers(world, b, candidate));
        for budget in closing {
            for limit in &budget.limits {
                let counter = Ledger::counter(world, budget, limit, candidate);
                let used = self.under(budget, limit, &counter.per);
                if !limit_fits(world, limit.kind, counter.remaining, used, candidate) {
                    return false;
                }
            }
        }
        let Some(credits) = world.credits.filter(|_| candidate.own.is_none()) else {
            return true;
        };
        let after = self.shared().zip(candidate.worst.known()).and_then(|(spent, worst)| spent.plus(worst));
        after.is_some_and(|after| after <= credits)
    }
}

fn limit_fits(
    world: &World<'_>,
    kind: LimitKind,
    remaining: Option<Amount>,
    used: Option<Amount>,
    candidate: &Candidate<'_>,
) -> bool {
    match (kind, remaining, used) {
        (LimitKind::Concurrency, ..) => true,
        (LimitKind::Spend, Some(Amount::Money(remaining)), Some(Amount::Money(used))) => candidate
            .worst
            .known()
            .is_some_and(|worst| worst.is_zero() || used.plus(worst).is_some_and(|after| after <= remaining)),
        (_, Some(Amount::Count(remaining)), Some(Amount::Count(used))) => {
            let next = match (kind, candidate.output_limit) {
                (LimitKind::Tokens, Some(output)) => world.request.input_tokens.checked_add(output),
                (LimitKind::Tokens, None) => None,
                _ => Some(1),
            };
            next.and_then(|n| n.checked_add(used)).is_some_and(|after| after <= remaining)
        }
        _ => false,
    }
}

fn sum(amounts: impl Iterator<Item = Option<Money>>) -> Option<Money> {
    let mut total = Money::ZERO;
    for amount in amounts {
        total = total.plus(amount?)?;
    }
    Some(total)
}
