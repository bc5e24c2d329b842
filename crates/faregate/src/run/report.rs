//! The record of a run, made of all that the run knows.

use std::collections::BTreeSet;

use super::machine::{Run, after};
use super::outcome::Outcome;
use super::record::{AlertCrossed, BudgetChange, Charge, Record, Served};
use super::saved::{SavedCall, SavedState};
use super::view::added;
use crate::engine::Engine;
use crate::reference::budgets::counted;
use crate::{Amount, Money, Timestamp};
use faregate_syntax::Fixed;

impl Run {
    pub(super) fn record(&self, ok: bool) -> Record {
        let data = &self.data;
        let ended_at = match data.state {
            SavedState::Done { at } | SavedState::Failed { at, .. } => at,
            _ => data.context.now,
        };
        let (error, limit, cut) = match data.state {
            SavedState::Failed { error, limit, cut, .. } => (error, limit, cut),
            _ => (None, None, false),
        };
        let asked = data.last_failure().filter(|_| !ok).and_then(|(_, f)| f.retry_after_ms);
        let usage = data.calls.last().and_then(|call| match &call.outcome {
            Some(Outcome::Success(success)) => success.usage.clone(),
            _ => None,
        });
        let (budgets, alerts) = self.changes(ended_at);
        let mut cost = Money::ZERO;
        let mut unknown_costs = 0_u64;
        for call in &data.calls {
            match call.spent.and_then(|spent| cost.plus(spent)) {
                Some(sum) => cost = sum,
                None => unknown_costs = unknown_costs.saturating_add(1),
            }
        }
        Record {
            ok,
            workload: data.workload.clone(),
            served: if ok { self.served() } else { None },
            usage,
            error,
            limit,
            opens_at: asked.map(|ms| after(ended_at, ms)),
            errors: data.errors(),
            steps: data.step_records(self.engine.as_ref().map(Engine::catalog)),
            calls: data.call_number(),
            cost,
            unknown_costs,
            charged: self.charged(),
            budgets,
            alerts,
            partial: if cut { self.routing().map(|(_, r)| r.partial) } else { None },
            discarded_tokens: data.discarded_tokens,
            started_at: data.context.now,
            ended_at,
            request: data.request.clone(),
            context: data.context.clone(),
            told: data.all_told(),
            digests: data.digests.clone(),
        }
    }

    /// Returns what the run has added to budgets so far, a call that is out at its worst.
    pub(crate) fn added(&self, now: Timestamp) -> Vec<BudgetChange> {
        self.changes(now).0
    }

    fn served(&self) -> Option<Served> {
        let (_, credential) = self.data.plan.get(self.data.at)?;
        let catalog = self.engine.as_ref()?.catalog();
        let endpoint = self.data.endpoint(catalog, self.data.at)?;
        let first = self.data.endpoint(catalog, 0)?;
        let role = (self.data.at > 0).then(|| first.move_to(endpoint));
        Some(Served {
            endpoint: endpoint.id.clone(),
            model: endpoint.model.clone(),
            native_model: endpoint.native_model.clone(),
            provider: endpoint.provider.clone(),
            credential: credential.clone(),
            role,
        })
    }

    fn charged(&self) -> Vec<Charge> {
        let mut charges: Vec<Charge> = Vec::new();
        for call in &self.data.calls {
            let Some((_, credential)) = self.data.plan.get(call.at) else { continue };
            let Some(spent) = call.spent.filter(|m| !m.is_zero()) else { continue };
            let Some(endpoint) = self.engine.as_ref().and_then(|e| self.data.endpoint(e.catalog(), call.at))
            else {
                continue;
            };
            let provider = endpoint.provider.clone();
            match charges.iter_mut().find(|c| c.provider == provider && c.credential == *credential) {
                Some(charge) => charge.cost = charge.cost.plus(spent).unwrap_or(charge.cost),
                None => charges.push(Charge { provider, credential: credential.clone(), cost: spent }),
            }
        }
        charges
    }

    /// What the run added to each budget, and the thresholds that this crossed (rule 33).
    fn changes(&self, now: Timestamp) -> (Vec<BudgetChange>, Vec<AlertCrossed>) {
        let (calls, observed) = (&self.data.calls, &self.data.observed);
        let mut changes: Vec<BudgetChange> = Vec::new();
        let mut alerts: Vec<AlertCrossed> = Vec::new();
        let budgets = self.engine.as_ref().map(Engine::policy).map(|p| p.policy().budgets.as_slice());
        for budget in budgets.unwrap_or_default() {
            let under = |call: &SavedCall| {
                let found = call.counts_under.iter().find(|(name, _)| *name == budget.name);
                found.map(|(_, per)| per.clone())
            };
            let counters: BTreeSet<Vec<Option<String>>> = calls.iter().filter_map(under).collect();
            for limit in &budget.limits {
                for per in &counters {
                    let Some(added) = added(calls, &budget.name, limit.kind, per) else { continue };
                    if let Some(counted) = counted(observed.budgets.as_deref(), now, budget, limit, per) {
                        for share in &budget.alerts {
                            if crosses(counted, added, limit.amount, share.0) {
                                alerts.push(AlertCrossed { budget: budget.name.clone(), threshold: *share });
                            }
                        }
                    }
                    let (per, period) = (per.clone(), limit.period.map(|p| p.as_str().to_owned()));
                    changes.push(BudgetChange {
                        budget: budget.name.clone(),
                        kind: limit.kind,
                        per,
                        period,
                        added,
                    });
                }
            }
        }
        changes.sort_by(|a, b| a.budget.cmp(&b.budget));
        alerts.sort_by(|a, b| (&a.budget, a.threshold).cmp(&(&b.budget, b.threshold)));
        (changes, alerts)
    }
}

/// Whether adding to a counter crosses a share of its limit.
fn crosses(counted: Amount, added: Amount, limit: Amount, share: Fixed) -> bool {
    let exact = |amount: Amount| match amount {
        Amount::Money(m) => Some(m.0),
        Amount::Count(n) => Fixed::from_int(n),
    };
    let threshold = exact(limit).and_then(|l| l.checked_mul(share));
    let before = exact(counted);
    let after = before.zip(exact(added)).and_then(|(a, b)| a.checked_add(b));
    match (threshold, before, after) {
        (Some(threshold), Some(before), Some(after)) => before < threshold && threshold <= after,
        _ => false,
    }
}
