//! The plan (step 6): which candidates moves can reach, and what the whole run can cost at most (rules 12, 13, 18).

use std::collections::BTreeSet;

use faregate_syntax::ast::LimitKind;

use super::budgets::{Counter, Ledger, amount_type, limit_span, per_candidate};
use super::candidate::{Candidate, smaller};
use super::eval::attributes;
use super::reason::{RawReason, rank};
use super::world::World;
use crate::attributes::Type;
use crate::classes::ErrorClass;
use crate::ir::{Backoff, Budget, CeilingKind, Expr, Fallback, Limit, Routing, Wait};
use crate::{Alert, Amount, Attempt, BudgetUse, Money, RetryUse, Timestamp};
use faregate_syntax::Fixed;
use faregate_syntax::ast::Jitter;

/// Why none but the first candidate is in a plan without a `fallback` section.
pub(crate) const NO_FALLBACK: &str = "the workload has no `fallback`, so that nothing follows the first";

impl<'a> World<'a> {
    /// Splits the ordered candidates into the plan and those that no chain of moves reaches, with the reason.
    pub(crate) fn reachable(
        &self,
        workload: &str,
        workload_span: faregate_syntax::Span,
        routing: &Routing,
        ordered: Vec<Candidate<'a>>,
    ) -> (Vec<Candidate<'a>>, Vec<(Candidate<'a>, RawReason)>) {
        let mut plan: Vec<Candidate<'a>> = Vec::new();
        let mut left = Vec::new();
        for candidate in ordered {
            let refused = match (plan.first(), &routing.fallback) {
                (None, _) => None,
                (Some(_), None) => Some(NO_FALLBACK.to_owned()),
                (Some(first), Some(fallback)) => self.unreachable(fallback, first, &plan, &candidate),
            };
            match refused {
                None => plan.push(candidate),
                Some(why) => {
                    let span = routing.fallback.as_ref().map_or(workload_span, |f| f.span);
                    let rule = format!("workload {workload}");
                    let reason = RawReason::new(rank::FALLBACK, rule, "fallback", why).at(span);
                    left.push((candidate, reason));
                }
            }
        }
        (plan, left)
    }

    /// Says why no move leads to a candidate; `None`: one does.
    pub(crate) fn unreachable(
        &self,
        fallback: &Fallback,
        first: &Candidate<'_>,
        before: &[Candidate<'_>],
        to: &Candidate<'_>,
    ) -> Option<String> {
        for (expr, span) in &fallback.requires {
            self.tell_rule(*span);
            if !self.eval(expr, Some(to)).is_true() {
                return Some(format!(
                    "a fallback is required otherwise: {}",
                    self.why_not(expr, true, Some(to))
                ));
            }
        }
        if let Some((share, span)) = fallback.price_at_most {
            self.tell_rule(span);
            let cap = first.worst.known().and_then(|w| w.share(share));
            let fits = cap.zip(to.worst.known()).is_some_and(|(cap, worst)| worst <= cap);
            if !fits {
                return Some(format!("its worst cost is not known to be at most {share} of the first's"));
            }
        }
        if before.iter().any(|from| self.moves(fallback, from, to)) {
            return None;
        }
        Some("no move that the workload lists leads there".to_owned())
    }

    fn moves(&self, fallback: &Fallback, from: &Candidate<'_>, to: &Candidate<'_>) -> bool {
        !self.classes(fallback, from, to).is_empty()
    }

    /// Returns the error classes after which a move from one candidate leads to another.
    fn classes(&self, fallback: &Fallback, from: &Candidate<'_>, to: &Candidate<'_>) -> BTreeSet<ErrorClass> {
        let kind = from.endpoint.move_to(to.endpoint);
        let rules = fallback.rules.iter().filter(|r| r.kind == kind);
        let pairs = rules.flat_map(|rule| rule.on.iter().map(move |class| (rule, *class)));
        let leads = pairs.filter(|(rule, class)| {
            let context = |c: &Candidate<'_>| c.endpoint.facts.context_length;
            let larger = context(from).is_some() && context(to) > context(from);
            (*class != ErrorClass::ContextLength || larger)
                && rule.when.as_ref().is_none_or(|w| self.can_be_true(w, to, *class, false))
        });
        let leads = leads.inspect(|(rule, _)| self.tell_rule(rule.span));
        leads.map(|(_, class)| class).collect()
    }

    /// Turns a candidate of the plan into an attempt.
    pub(crate) fn attempt_of(
        &self,
        routing: &Routing,
        plan: &[Candidate<'a>],
        number: usize,
        candidate: &Candidate<'a>,
    ) -> Attempt {
        let before = plan.get(..number).unwrap_or_default();
        let on =
            routing.fallback.iter().flat_map(|f| before.iter().flat_map(|b| self.classes(f, b, candidate)));
        self.attempt_on(routing, before.first(), candidate, &on.collect())
    }

    /// Turns a candidate of the plan into an attempt; `on` are the classes after which a move leads there.
    pub(crate) fn attempt_on(
        &self,
        routing: &Routing,
        first: Option<&Candidate<'a>>,
        candidate: &Candidate<'a>,
        on: &BTreeSet<ErrorClass>,
    ) -> Attempt {
        let endpoint = candidate.endpoint;
        let retry = routing.retry.as_ref();
        // No limit of time runs past the deadline.
        let deadline = retry.and_then(|r| r.deadline_ms);
        let within = |limit: Option<u64>| limit.map(|ms| deadline.map_or(ms, |d| d.min(ms)));
        let supports = endpoint.facts.supports.clone().unwrap_or_default();
        let drop_parameters: BTreeSet<String> =
            self.request.parameters.iter().filter(|p| !supports.contains(*p)).cloned().collect();
        Attempt {
            endpoint: endpoint.id.clone(),
            model: endpoint.model.clone(),
            native_model: endpoint.native_model.clone(),
            provider: endpoint.provider.clone(),
            credential: candidate.credential(),
            tier: candidate.tier,
            role: first.map(|first| first.endpoint.move_to(candidate.endpoint)),
            on: on.iter().copied().collect(),
            expected_cost: candidate.expected,
            worst_cost: candidate.worst.known(),
            max_output_tokens: candidate.send_limit,
            timeout_ms: smaller(retry.and_then(|r| r.timeout_ms), retry.and_then(|r| r.deadline_ms)),
            first_token_ms: within(retry.and_then(|r| r.first_token_ms)),
            stall_ms: within(retry.and_then(|r| r.stall_ms)),
            drop_parameters,
            why: self.why(routing, candidate),
        }
    }

    /// Returns the retry rules that can apply to the request at some candidate of the plan: with each, its classes.
    fn usable_retries<'r>(
        &self,
        routing: &'r Routing,
        plan: &[Candidate<'_>],
    ) -> Vec<(&'r crate::ir::RetryRule, Vec<ErrorClass>)> {
        let rules = routing.retry.iter().flat_map(|r| &r.rules);
        let usable = rules.map(|rule| {
            let can = |class: &ErrorClass| {
                rule.when.as_ref().is_none_or(|w| plan.iter().any(|c| self.can_be_true(w, c, *class, true)))
            };
            (rule, rule.on.iter().copied().filter(can).collect::<Vec<_>>())
        });
        let usable = usable.filter(|(rule, classes)| rule.times > 0 && !classes.is_empty());
        usable.inspect(|(rule, _)| self.tell_rule(rule.span)).collect()
    }

    /// Returns what a decision says of retries.
    pub(crate) fn retry_uses(&self, routing: &Routing, plan: &[Candidate<'_>]) -> Vec<RetryUse> {
        let mut uses = Vec::new();
        for (rule, classes) in self.usable_retries(routing, plan) {
            for class in classes {
                uses.push(RetryUse {
                    on: class.as_str().to_owned(),
                    times: rule.times,
                    wait: rule.wait.as_ref().map(wait_text),
                    at: self.at(rule.span),
                });
            }
        }
        uses
    }

    /// Returns the bounds of the run (rule 18).
    pub(crate) fn run_bounds(&self, routing: &Routing, plan: &[Candidate<'_>]) -> RunBounds {
        let times =
            self.usable_retries(routing, plan).iter().fold(0_u64, |sum, (r, _)| sum.saturating_add(r.times));
        let per_candidate = times.saturating_add(1);
        let later = u64::try_from(plan.len()).unwrap_or(u64::MAX).saturating_sub(1);
        let at_most = routing.fallback.as_ref().map_or(Some(0), |f| f.at_most);
        let moves = at_most.map_or(later, |n| n.min(later));
        let product = moves.saturating_add(1).saturating_mul(per_candidate);
        let cap = routing.retry.as_ref().and_then(|r| r.at_most_calls);
        let calls = cap.map_or(product, |cap| cap.min(product));
        RunBounds { calls, moves, per_candidate, ceiling: self.run_ceiling(routing) }
    }

    /// Returns the smallest `run` ceiling that bounds the whole run, the caller's included.
    fn run_ceiling(&self, routing: &Routing) -> Option<Money> {
        let deadline = routing.retry.as_ref().and_then(|r| r.deadline_ms);
        let policy = routing.ceilings.iter().filter(|c| {
            c.kind == CeilingKind::Run && c.when.as_ref().is_none_or(|w| self.holds_until(w, deadline))
        });
        let caller =
            self.caller.iter().filter(|(kind, _)| *kind == CeilingKind::Run).map(|(_, amount)| *amount);
        let amounts = policy.map(|c| c.amount).chain(caller).filter_map(|amount| match amount {
            Amount::Money(m) => Some(m),
            Amount::Count(_) => None,
        });
        amounts.min()
    }

    /// Whether a condition that is not false now is not false at the deadline either; without a deadline, whether it reads
    /// nothing that changes.
    fn holds_until(&self, when: &Expr, deadline_ms: Option<u64>) -> bool {
        let mut changes = false;
        attributes(when, &mut |attr| changes |= attr.may_change());
        let now = !self.eval(when, None).is_false();
        if !now || !changes {
            return now;
        }
        let Some(ms) = deadline_ms else { return false };
        let mut context = self.context.clone();
        context.now = Timestamp(context.now.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)));
        let then = World::new(self.sources, self.policy, self.catalog, &self.request, &context);
        then.is_ok_and(|then| !then.eval(when, None).is_false())
    }

    /// Returns the lines of the budgets that the request touches, and the alerts that they have reached.
    pub(crate) fn budget_uses(
        &self,
        ledger: &Ledger<'_>,
        candidates: &[Candidate<'_>],
        plan: &[Candidate<'_>],
        bounds: Option<&RunBounds>,
    ) -> (Vec<BudgetUse>, Vec<Alert>) {
        let mut uses = Vec::new();
        let mut alerts: Vec<Alert> = Vec::new();
        for budget in &ledger.applying {
            let covered: Vec<&Candidate<'_>> =
                candidates.iter().filter(|c| Ledger::covers(self, budget, c)).collect();
            for limit in &budget.limits {
                let mut lines: Vec<(Counter, Vec<usize>)> = Vec::new();
                for candidate in &covered {
                    let counter = Ledger::counter(self, budget, limit, candidate);
                    let planned = plan.iter().position(|p| {
                        p.id_key() == candidate.id_key() && p.own.is_some() == candidate.own.is_some()
                    });
                    match lines.iter_mut().find(|(c, _)| c.per == counter.per) {
                        Some((_, members)) => members.extend(planned),
                        None => lines.push((counter, planned.into_iter().collect())),
                    }
                }
                if per_candidate(budget) {
                    lines.sort_by(|(a, _), (b, _)| a.per.cmp(&b.per));
                }
                for (counter, members) in lines {
                    let members: Vec<&Candidate<'_>> =
                        members.iter().filter_map(|at| plan.get(*at)).collect();
                    let most = bounds.and_then(|b| self.this_run(b, limit, &counter, &members));
                    self.alert(budget, limit, &counter, &mut alerts);
                    uses.push(BudgetUse {
                        budget: budget.name.clone(),
                        kind: limit.kind,
                        per: counter.per,
                        period: limit.period.map(|p| p.as_str().to_owned()),
                        window: counter.window,
                        limit: limit.amount,
                        counted: counter.counted,
                        remaining: counter.remaining,
                        this_run_at_most: most,
                        at: self.at(limit_span(limit)),
                    });
                }
            }
        }
        // By name; the sort is stable, so that the limits of one budget keep their order.
        uses.sort_by(|a: &BudgetUse, b| a.budget.cmp(&b.budget));
        alerts.sort_by(|a, b| a.budget.cmp(&b.budget));
        (uses, alerts)
    }

    fn this_run(
        &self,
        bounds: &RunBounds,
        limit: &Limit,
        counter: &Counter,
        covered: &[&Candidate<'_>],
    ) -> Option<Amount> {
        let most = match limit.kind {
            LimitKind::Spend => bounds.dearest(covered.iter().map(|c| c.worst.known())).map(Amount::Money),
            LimitKind::Tokens => {
                let tokens = covered.iter().map(|c| {
                    let tokens = self.request.input_tokens.checked_add(c.output_limit?)?;
                    Fixed::from_int(tokens).map(Money)
                });
                let sum = bounds.dearest_uncapped(tokens);
                sum.and_then(|m| m.0.units().checked_div(Fixed::ONE.units()))
                    .and_then(|n| u64::try_from(n).ok())
                    .map(Amount::Count)
            }
            LimitKind::Requests => {
                let reach =
                    u64::try_from(covered.len()).unwrap_or(u64::MAX).min(bounds.moves.saturating_add(1));
                Some(Amount::Count(reach.saturating_mul(bounds.per_candidate).min(bounds.calls)))
            }
            LimitKind::Concurrency => Some(Amount::Count(u64::from(!covered.is_empty()))),
        };
        match (most, counter.remaining) {
            (Some(most), Some(remaining)) => Some(most.min(remaining)),
            // Without a bound of its own, the run may use what is left.
            (None, remaining) => remaining,
            (most, None) => most,
        }
    }

    /// Notes the highest threshold that a counter has reached (rule 33).
    fn alert(&self, budget: &Budget, limit: &Limit, counter: &Counter, alerts: &mut Vec<Alert>) {
        let Some(counted) = counter.counted else { return };
        let reached = budget.alerts.iter().rev().find(|share| match (counted, limit.amount) {
            (Amount::Money(c), Amount::Money(l)) => l.share(**share).is_some_and(|t| c >= t),
            (Amount::Count(c), Amount::Count(l)) => {
                let threshold = Fixed::from_int(l).and_then(|l| l.checked_mul(share.0));
                threshold.zip(Fixed::from_int(c)).is_some_and(|(t, c)| c >= t)
            }
            _ => false,
        });
        let Some(reached) = reached else { return };
        match alerts.iter_mut().find(|a| a.budget == budget.name) {
            Some(alert) => alert.reached = alert.reached.max(*reached),
            None => alerts.push(Alert { budget: budget.name.clone(), reached: *reached }),
        }
        debug_assert!(matches!(amount_type(limit), Type::Money | Type::Count));
    }
}

/// How much a run can do at most.
pub(crate) struct RunBounds {
    pub(crate) calls: u64,
    pub(crate) moves: u64,
    pub(crate) per_candidate: u64,
    ceiling: Option<Money>,
}

impl RunBounds {
    /// The sum of the `calls` dearest calls, each candidate called `per_candidate` times, from at most 1 + moves
    /// candidates, capped by the `run` ceiling. `None`: no bound.
    pub(crate) fn dearest(&self, costs: impl Iterator<Item = Option<Money>>) -> Option<Money> {
        match self.dearest_uncapped(costs) {
            Some(sum) => Some(self.ceiling.map_or(sum, |ceiling| ceiling.min(sum))),
            None => self.ceiling,
        }
    }

    fn dearest_uncapped(&self, costs: impl Iterator<Item = Option<Money>>) -> Option<Money> {
        let mut costs = costs.collect::<Option<Vec<Money>>>()?;
        costs.sort_unstable_by(|a, b| b.cmp(a));
        let reach = usize::try_from(self.moves.saturating_add(1)).unwrap_or(usize::MAX);
        let mut calls = self.calls;
        let mut sum = Money::ZERO;
        for cost in costs.into_iter().take(reach) {
            let here = calls.min(self.per_candidate);
            sum = sum.plus(cost.times(here)?)?;
            calls = calls.saturating_sub(here);
        }
        Some(sum)
    }
}

/// Writes a wait as a policy would.
fn wait_text(wait: &Wait) -> String {
    match wait {
        Wait::Backoff(backoff) => backoff_text(backoff),
        Wait::RetryAfter { up_to_ms, otherwise } => {
            let up_to =
                up_to_ms.map(|ms| format!(" up to {}", super::values::duration(ms))).unwrap_or_default();
            let otherwise =
                otherwise.as_ref().map(|b| format!(" else {}", backoff_text(b))).unwrap_or_default();
            format!("retry_after{up_to}{otherwise}")
        }
    }
}

fn backoff_text(backoff: &Backoff) -> String {
    let from = super::values::duration(backoff.from_ms);
    let jitter = match backoff.jitter {
        Jitter::Full => " jitter full",
        Jitter::Equal => " jitter equal",
        Jitter::None => "",
    };
    match backoff.to_ms {
        Some(to) => format!("exponential from {from} to {}{jitter}", super::values::duration(to)),
        None => format!("{from}{jitter}"),
    }
}
