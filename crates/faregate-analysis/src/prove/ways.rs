//! The ways on which a request comes to a workload: it is picked, and soft caps lead on from there (steps 2 and 7, rule 32).

use std::collections::BTreeSet;

use faregate::model::{Body, Exhausted, Routing, attributes};

use super::formula::Formula;
use super::lower::Lower;

/// One way to a workload.
#[derive(Clone, Debug)]
pub(super) struct Way {
    /// Indexes of the workloads on it; the last decides.
    pub(super) through: Vec<usize>,
    /// Indexes of the budgets that led on.
    pub(super) spent: BTreeSet<usize>,
    /// Where it is gone.
    pub(super) when: Formula,
}

impl Way {
    /// Returns the workload that decides.
    pub(super) fn last(&self) -> usize {
        self.through.last().copied().unwrap_or(0)
    }
}

/// Soft caps that lead to one another make many ways; past so many nothing is proved.
const MOST_WAYS: usize = 300;

/// A route of more candidates than this is taken to have one that only budgets keep out.
const MOST_CANDIDATES: usize = 200;

impl Lower<'_> {
    /// Where each workload is the first whose `when` is true, and none before it is unknown.
    pub(super) fn picked(&mut self) -> Vec<Formula> {
        let policy = self.policy;
        let mut before = Formula::TRUE;
        let mut picked = Vec::new();
        for workload in &policy.workloads {
            match &workload.when {
                None => {
                    picked.push(before);
                    before = Formula::FALSE;
                }
                Some((when, _)) => {
                    let truth = self.truth(when, None);
                    picked.push(self.arena.both(before, truth.yes));
                    before = self.arena.both(before, truth.no);
                }
            }
        }
        picked
    }

    /// Where requests may come to each workload; anywhere where a soft cap may lead to it.
    pub(super) fn reached(&mut self) -> Vec<Formula> {
        let policy = self.policy;
        let led = |name: &str| {
            policy.budgets.iter().any(|b| matches!(&b.exhausted, Exhausted::UseWorkload(to, _) if to == name))
        };
        let picked = policy.workloads.iter().zip(self.picked());
        picked.map(|(w, picked)| if led(&w.name) { Formula::TRUE } else { picked }).collect()
    }

    /// Where requests may be in each workload at every instant of their runs: what picked it may have changed since.
    pub(super) fn reached_in_runs(&mut self) -> Vec<Formula> {
        let mut changes = false;
        for (when, _) in self.policy.workloads.iter().filter_map(|w| w.when.as_ref()) {
            attributes(when, &mut |attr| changes |= attr.may_change());
        }
        let reached = self.reached();
        if changes { vec![Formula::TRUE; reached.len()] } else { reached }
    }

    /// Returns all ways to all workloads that route, soft caps included; `None`: there are too many.
    pub(super) fn ways(&mut self) -> Option<Vec<Way>> {
        let picked = self.picked();
        let mut open: Vec<Way> = picked
            .into_iter()
            .enumerate()
            .filter(|(_, when)| *when != Formula::FALSE)
            .map(|(at, when)| Way { through: vec![at], spent: BTreeSet::new(), when })
            .collect();
        let mut ways = Vec::new();
        while let Some(way) = open.pop() {
            let policy = self.policy;
            let Some(Body::Route(routing)) = policy.workloads.get(way.last()).map(|w| &w.body) else {
                continue;
            };
            if ways.len() > MOST_WAYS {
                return None;
            }
            for (at, budget) in policy.budgets.iter().enumerate() {
                let Exhausted::UseWorkload(target, _) = &budget.exhausted else { continue };
                let Some(to) = policy.workloads.iter().position(|w| w.name == *target) else { continue };
                // One that was left is not entered again; the present one may be.
                let left = way.through.contains(&to) && to != way.last();
                if way.spent.contains(&at) || left {
                    continue;
                }
                let off = budget.when.as_ref().map_or(Formula::FALSE, |w| self.truth(w, None).no);
                let someone = self.someone_only_out_of_budget(at, routing);
                let when = self.arena.all([way.when, off.not(), someone]);
                if when == Formula::FALSE {
                    continue;
                }
                let mut next = way.clone();
                next.through.push(to);
                next.spent.insert(at);
                next.when = when;
                open.push(next);
            }
            ways.push(way);
        }
        Some(ways)
    }

    /// Where some candidate that a budget covers passes every filter that is no budget.
    pub(super) fn someone_only_out_of_budget(&mut self, budget: usize, routing: &Routing) -> Formula {
        let policy = self.policy;
        let Some(budget) = policy.budgets.get(budget) else { return Formula::FALSE };
        let candidates = self.candidates(routing, true);
        if candidates.len() > MOST_CANDIDATES {
            return Formula::TRUE;
        }
        let mut parts = Vec::new();
        for candidate in &candidates {
            if candidate.own && !budget.byok_included {
                continue;
            }
            let covered = match &budget.covers {
                None => Formula::TRUE,
                Some(covers) => self.truth(covers, Some(candidate.seen())).no.not(),
            };
            let admitted = self.admitted(routing, candidate);
            parts.push(self.arena.both(covered, admitted));
        }
        self.arena.any(parts)
    }
}
