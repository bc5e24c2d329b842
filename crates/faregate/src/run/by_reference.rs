//! The reference's answers to what a run asks.

use super::data::Seat;
use super::view::{Counted, Kept, View};
use crate::ir::{CeilingKind, Policy, Routing, Workload};
use crate::reference::budgets::{Ledger, per_value};
use crate::reference::candidate::Candidate;
use crate::reference::world::{AttemptFacts, World};
use crate::{Amount, Attempt, Money};

/// The policy's view of one instant, by the reference.
pub(super) struct Scene<'a> {
    world: World<'a>,
    ledger: Ledger<'a>,
    workload: &'a Workload,
    routing: &'a Routing,
    policy: &'a Policy,
}

impl<'a> Scene<'a> {
    /// Sets the scene; `None`: the data make no sense.
    pub(super) fn new(
        mut world: World<'a>,
        (workload, routing): (&'a Workload, &'a Routing),
        degraded: &[String],
        elapsed_ms: u64,
        attempt: Option<AttemptFacts>,
    ) -> Option<Self> {
        world.elapsed_ms = elapsed_ms;
        world.attempt = attempt;
        let mut ledger = Ledger::new(&world).ok()?;
        ledger.spent.extend(degraded.iter().cloned());
        let policy = world.policy;
        Some(Self { world, ledger, workload, routing, policy })
    }

    fn candidate(&self, seat: Seat<'a>) -> Candidate<'a> {
        let tier = self.world.tier_of(self.routing, &seat.endpoint.model).unwrap_or(0);
        self.world.candidate(self.routing, seat.endpoint, seat.own, tier)
    }
}

impl<'a> View<'a> for Scene<'a> {
    fn retries(&self, rule: usize, seat: Seat<'a>) -> bool {
        let rule = self.routing.retry.as_ref().and_then(|r| r.rules.get(rule));
        let Some(when) = rule.and_then(|r| r.when.as_ref()) else { return true };
        self.world.eval(when, Some(&self.candidate(seat))).is_true()
    }

    fn moves(&self, rule: usize, seat: Seat<'a>) -> bool {
        let rule = self.routing.fallback.as_ref().and_then(|f| f.rules.get(rule));
        let Some(when) = rule.and_then(|r| r.when.as_ref()) else { return true };
        self.world.eval(when, Some(&self.candidate(seat))).is_true()
    }

    fn is_required(&self, seat: Seat<'a>) -> bool {
        let candidate = self.candidate(seat);
        let mut requires = self.routing.fallback.iter().flat_map(|f| &f.requires);
        requires.all(|(expr, _)| self.world.eval(expr, Some(&candidate)).is_true())
    }

    fn worst(&self, seat: Seat<'a>) -> Option<Money> {
        self.candidate(seat).worst.known()
    }

    fn output_limit(&self, seat: Seat<'a>) -> Option<u64> {
        self.candidate(seat).output_limit
    }

    fn filters(&self, seat: Seat<'a>) -> Kept {
        let (candidate, mut waived) = (self.candidate(seat), Vec::new());
        let reasons =
            self.world.reasons(&self.workload.name, self.routing, &candidate, &self.ledger, &mut waived);
        let money = |code: &str| matches!(code, "budget" | "credits" | "ceiling_run");
        match reasons.iter().all(|r| money(&r.code)) {
            _ if reasons.is_empty() => Kept::In,
            true => Kept::OutForMoney,
            false => Kept::Out,
        }
    }

    fn run_ceilings(&self) -> Vec<Money> {
        let ceilings = self.routing.ceilings.iter().filter(|c| {
            c.kind == CeilingKind::Run && c.when.as_ref().is_none_or(|w| !self.world.eval(w, None).is_false())
        });
        let caller =
            self.world.caller.iter().filter(|(kind, _)| *kind == CeilingKind::Run).map(|(_, amount)| *amount);
        let amounts = ceilings.map(|c| c.amount).chain(caller).filter_map(|amount| match amount {
            Amount::Money(m) => Some(m),
            Amount::Count(_) => None,
        });
        amounts.collect()
    }

    fn credits(&self) -> Option<Money> {
        self.world.credits
    }

    fn counters(&self, seat: Seat<'a>) -> Vec<Counted> {
        let candidate = self.candidate(seat);
        let budgets = self.policy.budgets.iter().enumerate();
        let covering = budgets.filter(|(_, budget)| {
            self.ledger.applying.iter().any(|b| std::ptr::eq(*b, *budget))
                && Ledger::covers(&self.world, budget, &candidate)
        });
        let counted = covering.map(|(place, budget)| Counted {
            budget: place,
            closes: self.ledger.closes(budget),
            per: budget.per.iter().map(|attr| per_value(&self.world, attr, Some(&candidate))).collect(),
            remaining: budget
                .limits
                .iter()
                .map(|limit| Ledger::counter(&self.world, budget, limit, &candidate).remaining)
                .collect(),
        });
        counted.collect()
    }

    fn attempt(&self, seat: Seat<'a>, before: &[Seat<'a>]) -> Option<Attempt> {
        let plan: Vec<Candidate<'a>> = before.iter().map(|earlier| self.candidate(*earlier)).collect();
        Some(self.world.attempt_of(self.routing, &plan, plan.len(), &self.candidate(seat)))
    }
}
