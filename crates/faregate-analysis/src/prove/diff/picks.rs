//! Which workload of the one policy meets which of the other: where both are picked, and where soft caps lead on from there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use faregate::model::Exhausted;

use super::sides::{Differ, Side, Two};
use crate::prove::formula::Formula;
use crate::prove::solve::{Answer, Query};

/// Soft caps that lead to one another make many ways; past so many nothing is said.
const MOST_WAYS: usize = 200;

/// A way on which a request comes to a workload of each policy.
#[derive(Clone, Debug)]
pub(super) struct JointWay {
    pub(super) when: Formula,
    /// The budgets that led on, by name.
    pub(super) through: Vec<String>,
    /// Their indexes.
    pub(super) spent: Two<BTreeSet<usize>>,
    /// The workloads that were left.
    left: BTreeSet<(Option<usize>, Option<usize>)>,
}

/// A workload of each policy that decide the same requests; `None`: too little is known to pick one.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) old: Option<usize>,
    pub(super) new: Option<usize>,
    /// The shortest first.
    pub(super) ways: Vec<JointWay>,
}

impl Differ<'_> {
    /// Where each workload is picked, and last where too little is known.
    fn picks(&mut self, side: Side) -> Vec<(Option<usize>, Formula)> {
        let policy = *self.policies.of(side);
        let (mut before, mut missing, mut picks) = (Formula::TRUE, Vec::new(), Vec::new());
        for (at, workload) in policy.workloads.iter().enumerate() {
            let Some((when, _)) = &workload.when else {
                picks.push((Some(at), before));
                break;
            };
            let truth = self.truth(side, when);
            picks.push((Some(at), self.arena.both(before, truth.yes)));
            missing.push(self.arena.all([before, truth.yes.not(), truth.no.not()]));
            before = self.arena.both(before, truth.no);
        }
        picks.push((None, self.arena.any(missing)));
        picks
    }

    /// Returns all pairs of workloads that some request meets.
    pub(super) fn pairs(&mut self) -> Vec<Pair> {
        let (old, new) = (self.picks(Side::Old), self.picks(Side::New));
        let alike = |f: &Formula, others: &[(Option<usize>, Formula)]| others.iter().any(|(_, g)| g == f);
        let mut pairs: BTreeMap<(Option<usize>, Option<usize>), Vec<JointWay>> = BTreeMap::new();
        let mut open = VecDeque::new();
        for (a, when_a) in old.iter().filter(|(_, f)| *f != Formula::FALSE) {
            for (b, when_b) in new.iter().filter(|(_, f)| *f != Formula::FALSE) {
                let when = self.arena.both(*when_a, *when_b);
                // Where one is picked no other is.
                if when == Formula::FALSE
                    || (when_a != when_b && (alike(when_a, &new) || alike(when_b, &old)))
                {
                    continue;
                }
                if self.is_never(when) {
                    continue;
                }
                let way =
                    JointWay { when, through: Vec::new(), spent: Two::default(), left: BTreeSet::new() };
                open.push_back(((*a, *b), way));
            }
        }
        let soft = self.soft();
        let mut count = 0_usize;
        while let Some(((a, b), way)) = open.pop_front() {
            count = count.saturating_add(1);
            if count > MOST_WAYS.saturating_add(old.len().saturating_mul(2)) {
                self.unsettled(
                    "soft caps lead on in too many ways to be followed".to_owned(),
                    vec![],
                    vec![],
                );
                break;
            }
            for (name, at, to) in &soft {
                let next = (Some(to.old), Some(to.new));
                let entered = next != (a, b) && way.left.contains(&next);
                if entered || way.through.contains(name) || self.routing(Side::Old, a).is_none() {
                    continue;
                }
                if self.routing(Side::New, b).is_none() {
                    continue;
                }
                let mut parts = vec![way.when];
                for side in Side::BOTH {
                    let policy = *self.policies.of(side);
                    if let Some(when) = policy.budgets.get(*at.of(side)).and_then(|b| b.when.as_ref()) {
                        parts.push(self.truth(side, when).no.not());
                    }
                }
                parts.push(self.only_out_of(Side::Old, a, at.old));
                parts.push(self.only_out_of(Side::New, b, at.new));
                let when = self.arena.all(parts);
                if when == Formula::FALSE {
                    continue;
                }
                let mut further = way.clone();
                further.when = when;
                further.through.push(name.clone());
                further.left.insert((a, b));
                further.spent.old.insert(at.old);
                further.spent.new.insert(at.new);
                open.push_back((next, further));
            }
            pairs.entry((a, b)).or_default().push(way);
        }
        pairs.into_iter().map(|((old, new), ways)| Pair { old, new, ways }).collect()
    }

    /// Where some candidate of a workload passes every filter that is no budget, and this one covers it.
    fn only_out_of(&mut self, side: Side, at: Option<usize>, budget: usize) -> Formula {
        let Some(routing) = self.routing(side, at) else { return Formula::FALSE };
        self.on(side, |lower| lower.someone_only_out_of_budget(budget, routing))
    }

    /// Returns the soft caps that both policies have: name, indexes, and where they lead.
    fn soft(&self) -> Vec<(String, Two<usize>, Two<usize>)> {
        let mut soft = Vec::new();
        for (old_at, old) in self.policies.old.budgets.iter().enumerate() {
            let Some(new_at) = self.policies.new.budgets.iter().position(|b| b.name == old.name) else {
                continue;
            };
            let Some(new) = self.policies.new.budgets.get(new_at) else { continue };
            let to = |side: Side, exhausted: &Exhausted| match exhausted {
                Exhausted::UseWorkload(target, _) => {
                    self.policies.of(side).workloads.iter().position(|w| w.name == *target)
                }
                _ => None,
            };
            if let (Some(a), Some(b)) = (to(Side::Old, &old.exhausted), to(Side::New, &new.exhausted)) {
                soft.push((old.name.clone(), Two { old: old_at, new: new_at }, Two { old: a, new: b }));
            }
        }
        soft
    }

    /// Whether no request makes a formula hold.
    pub(super) fn is_never(&mut self, formula: Formula) -> bool {
        if formula == Formula::FALSE || self.never.contains(&formula) {
            return true;
        }
        if formula == Formula::TRUE {
            return false;
        }
        let never = matches!(Query::new(&self.arena, &[formula], &[], self.first).next(), Answer::Never);
        if never {
            self.never.insert(formula);
        }
        never
    }
}
