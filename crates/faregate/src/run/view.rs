//! What a run asks of the policy at one instant, and what follows from the answers.
//!
//! Both engines answer: [`View`] is the seam between them and the run, so that there is one machine and not two.

use super::data::{Data, Seat};
use super::outcome::Failure;
use super::record::RunLimit;
use super::saved::SavedCall;
use crate::catalog::Catalog;
use crate::ir::{Fallback, Policy, Routing};
use crate::{Amount, Attempt, Credential, ErrorClass, Money};
use faregate_syntax::ast::LimitKind;

/// Why a candidate is not called now; `None`: not for a cap of the run.
pub(super) type Refused = Option<RunLimit>;

/// What the policy says of candidates at one instant.
pub(crate) trait View<'a> {
    /// Whether the condition of a retry rule holds, by its place in the text.
    fn retries(&self, rule: usize, seat: Seat<'a>) -> bool;
    /// Whether the condition of a rule of `fallback` holds for the candidate to which it leads.
    fn moves(&self, rule: usize, seat: Seat<'a>) -> bool;
    /// Whether a candidate satisfies what `fallback` requires.
    fn is_required(&self, seat: Seat<'a>) -> bool;
    /// What a call costs at most; `None`: unknown or no bound.
    fn worst(&self, seat: Seat<'a>) -> Option<Money>;
    /// What bounds the output of a call (L of rule 10).
    fn output_limit(&self, seat: Seat<'a>) -> Option<u64>;
    /// Whether the filters keep a candidate out.
    fn filters(&self, seat: Seat<'a>) -> Kept;
    /// The `run` ceilings that apply, the caller's included.
    fn run_ceilings(&self) -> Vec<Money>;
    /// What is left of the key's credits.
    fn credits(&self) -> Option<Money>;
    /// The budgets that count a candidate, in the order of the text.
    fn counters(&self, seat: Seat<'a>) -> Vec<Counted>;
    /// Writes a candidate out, `before` being those of the plan before it.
    fn attempt(&self, seat: Seat<'a>, before: &[Seat<'a>]) -> Option<Attempt>;
}

/// What the filters say of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It is admitted.
    In,
    /// It is out, and for nothing but money: a `run` ceiling of the workload, a budget, credits.
    OutForMoney,
    Out,
}

/// A budget as a candidate meets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Its place in the policy.
    pub(crate) budget: usize,
    /// Whether it closes the way to candidates that do not fit.
    pub(crate) closes: bool,
    /// The values of its `per`.
    pub(crate) per: Vec<Option<String>>,
    /// What is left of each of its limits; `None`: unknown.
    pub(crate) remaining: Vec<Option<Amount>>,
}

/// What a run sees at one instant.
pub(super) struct Sight<'a> {
    pub(super) data: &'a Data,
    pub(super) policy: &'a Policy,
    pub(super) catalog: &'a Catalog,
    pub(super) routing: &'a Routing,
    pub(super) view: &'a dyn View<'a>,
}

impl<'a> Sight<'a> {
    pub(super) fn seat(&self, at: usize) -> Option<Seat<'a>> {
        self.data.seat(self.catalog, at)
    }

    /// Whether a move from one candidate to another is one that the workload lists for this failure (rule 12).
    pub(super) fn leads(&self, fallback: &Fallback, from: usize, to: usize, failure: &Failure) -> bool {
        let Some((from, to)) = self.seat(from).zip(self.seat(to)) else { return false };
        let context = |seat: Seat<'_>| seat.endpoint.facts.context_length;
        let larger = context(from).is_some() && context(to) > context(from);
        if failure.class == ErrorClass::ContextLength && !larger {
            return false;
        }
        let kind = from.endpoint.move_to(to.endpoint);
        let mut rules = fallback.rules.iter().enumerate();
        let listed =
            rules.any(|(at, r)| r.kind == kind && r.on.contains(&failure.class) && self.view.moves(at, to));
        listed && self.view.is_required(to) && self.is_cheap(fallback, to)
    }

    /// Whether a candidate costs at most as much as `price at most` allows beside the first of the plan.
    fn is_cheap(&self, fallback: &Fallback, to: Seat<'a>) -> bool {
        let Some((share, _)) = fallback.price_at_most else { return true };
        let cap = self.seat(0).and_then(|first| self.view.worst(first)?.share(share));
        cap.zip(self.view.worst(to)).is_some_and(|(cap, worst)| worst <= cap)
    }

    /// Whether a candidate may be called: every filter, dead keys, the money with what the run has spent (rule 17).
    pub(super) fn admits(&self, at: usize) -> Result<(), Refused> {
        let seat = self.seat(at).ok_or(None)?;
        if self.data.is_dead(self.catalog, seat) {
            return Err(None);
        }
        match self.view.filters(seat) {
            Kept::In => {}
            Kept::OutForMoney => return Err(Some(RunLimit::Cost)),
            Kept::Out => return Err(None),
        }
        let worst = self.view.worst(seat);
        let fits = |spent: Option<Money>, bound: Money| {
            let after = spent.zip(worst).and_then(|(spent, worst)| spent.plus(worst));
            after.is_some_and(|after| after <= bound)
        };
        let all = || sum(self.data.calls.iter().map(|call| call.spent));
        let ceilings = self.view.run_ceilings().into_iter().all(|ceiling| fits(all(), ceiling));
        let credits = self.view.credits().filter(|_| seat.own.is_none());
        let credits = credits.is_none_or(|credits| fits(self.shared(), credits));
        if ceilings && credits && self.fits_budgets(seat) { Ok(()) } else { Err(Some(RunLimit::Cost)) }
    }

    /// What calls with the shared credential have cost.
    fn shared(&self) -> Option<Money> {
        let is_shared = |call: &&SavedCall| {
            self.data.plan.get(call.at).is_none_or(|(_, credential)| *credential == Credential::Shared)
        };
        sum(self.data.calls.iter().filter(is_shared).map(|call| call.spent))
    }

    fn fits_budgets(&self, seat: Seat<'a>) -> bool {
        let counters = self.view.counters(seat);
        counters.iter().filter(|counted| counted.closes).all(|counted| {
            let Some(budget) = self.policy.budgets.get(counted.budget) else { return false };
            budget.limits.iter().zip(&counted.remaining).all(|(limit, remaining)| {
                let used = added(&self.data.calls, &budget.name, limit.kind, &counted.per);
                self.fits_limit(limit.kind, *remaining, used, seat)
            })
        })
    }

    fn fits_limit(
        &self,
        kind: LimitKind,
        remaining: Option<Amount>,
        used: Option<Amount>,
        seat: Seat<'a>,
    ) -> bool {
        match (kind, remaining, used) {
            (LimitKind::Concurrency, ..) => true,
            (LimitKind::Spend, Some(Amount::Money(remaining)), Some(Amount::Money(used))) => {
                self.view.worst(seat).is_some_and(|worst| {
                    worst.is_zero() || used.plus(worst).is_some_and(|after| after <= remaining)
                })
            }
            (_, Some(Amount::Count(remaining)), Some(Amount::Count(used))) => {
                let next = if kind == LimitKind::Tokens { self.worst_tokens(seat) } else { Some(1) };
                next.and_then(|n| n.checked_add(used)).is_some_and(|after| after <= remaining)
            }
            _ => false,
        }
    }

    /// Input and output tokens that a call may use at most; `None`: no bound.
    pub(super) fn worst_tokens(&self, seat: Seat<'a>) -> Option<u64> {
        self.data.request.input_tokens.checked_add(self.view.output_limit(seat)?)
    }

    /// Returns the counters under which a call counts that begins now.
    pub(super) fn counts_under(&self, seat: Seat<'a>) -> Vec<(String, Vec<Option<String>>)> {
        let counters = self.view.counters(seat).into_iter();
        counters
            .filter_map(|counted| Some((self.policy.budgets.get(counted.budget)?.name.clone(), counted.per)))
            .collect()
    }

    /// Writes a candidate of the plan out as it is now.
    pub(super) fn attempt(&self, at: usize, timeout_ms: Option<u64>) -> Option<Attempt> {
        let before: Vec<Seat<'a>> = (0..at).filter_map(|earlier| self.seat(earlier)).collect();
        let mut attempt = self.view.attempt(self.seat(at)?, &before)?;
        attempt.timeout_ms = timeout_ms;
        Some(attempt)
    }
}

/// Returns what calls have added to a counter: of money, calls or tokens; `None`: no bound. A call counts where it counted when
/// it began.
pub(super) fn added(
    calls: &[SavedCall],
    budget: &str,
    kind: LimitKind,
    per: &[Option<String>],
) -> Option<Amount> {
    let counts =
        |call: &&SavedCall| call.counts_under.iter().any(|(name, values)| name == budget && values == per);
    let covered = calls.iter().filter(counts);
    match kind {
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

/// Returns the sum; `None`: a part of it has no bound.
fn sum(amounts: impl Iterator<Item = Option<Money>>) -> Option<Money> {
    let mut total = Money::ZERO;
    for amount in amounts {
        total = total.plus(amount?)?;
    }
    Some(total)
}
