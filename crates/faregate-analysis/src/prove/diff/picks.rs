//! Which workload of the one policy meets which of the other: where both are picked, and where soft caps lead on from there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use faregate::model::{Budget, Exhausted};

use super::super::shape::shape;
use super::beside::Ends;
use super::budgets::figures;
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
    /// The workloads that it ends in.
    pub(super) ends: Two<Option<usize>>,
    /// What has become of them on each side.
    pub(super) spent: Two<Spent>,
    /// The workloads that were left, on each side.
    left: Two<BTreeSet<usize>>,
    /// Whether a soft cap led on on one side alone, since it has other limits there.
    apart: bool,
}

/// Indexes of the budgets that are used up.
#[derive(Clone, Debug, Default)]
pub(super) struct Spent {
    /// They led on, and close nothing any more.
    pub(super) passed: BTreeSet<usize>,
    /// They led on only on the other side, and close what they cover.
    pub(super) closed: BTreeSet<usize>,
}

/// A soft cap of either policy, or of both: its index, and the workload that it leads to.
struct Soft {
    name: String,
    to: Two<Option<(usize, usize)>>,
}

/// A workload of each policy that decide the same requests; `None`: too little is known to pick one.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) old: Option<usize>,
    pub(super) new: Option<usize>,
    /// The shortest first.
    pub(super) ways: Vec<JointWay>,
}

impl JointWay {
    /// Whether a soft cap led on only one side.
    pub(super) fn uneven(&self) -> bool {
        self.apart || Side::BOTH.iter().any(|side| !self.spent.of(*side).closed.is_empty())
    }
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
                let ends = Two { old: *a, new: *b };
                let (spent, left) = (Two::default(), Two::default());
                let way = JointWay { when, through: Vec::new(), ends, spent, left, apart: false };
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
            for cap in soft.iter().filter(|cap| !way.through.contains(&cap.name)) {
                // Both lead on, or only one does: since it alone has such a cap, or somebody left beside.
                for sides in [&Side::BOTH[..], &[Side::Old], &[Side::New]] {
                    open.extend(self.led_on((a, b), &way, cap, sides));
                }
            }
            if way.uneven() {
                self.uneven.push(Pair { old: a, new: b, ways: vec![way] });
            } else {
                pairs.entry((a, b)).or_default().push(way);
            }
        }
        pairs.into_iter().map(|((old, new), ways)| Pair { old, new, ways }).collect()
    }

    /// Where some candidate of a workload passes every filter that is no budget, and this one covers it.
    fn only_out_of(&mut self, side: Side, at: Option<usize>, budget: usize) -> Formula {
        let Some(routing) = self.routing(side, at) else { return Formula::FALSE };
        self.on(side, |lower| lower.someone_only_out_of_budget(budget, routing))
    }

    /// Returns where a soft cap leads on these sides, and on no other.
    fn led_on(
        &mut self,
        (a, b): (Option<usize>, Option<usize>),
        way: &JointWay,
        cap: &Soft,
        sides: &[Side],
    ) -> Option<(Ends, JointWay)> {
        let mut next = Two { old: a, new: b };
        let mut further = way.clone();
        further.through.push(cap.name.clone());
        let mut parts = vec![way.when];
        for side in sides.iter().copied() {
            let from = *next.of(side);
            let (budget, to) = (*cap.to.of(side))?;
            let entered = Some(to) != from && way.left.of(side).contains(&to);
            if entered || self.routing(side, from).is_none() {
                return None;
            }
            let policy = *self.policies.of(side);
            if let Some(when) = policy.budgets.get(budget).and_then(|b| b.when.as_ref()) {
                parts.push(self.truth(side, when).no.not());
            }
            parts.push(self.only_out_of(side, from, budget));
            further.left.of_mut(side).extend(from);
            further.spent.of_mut(side).passed.insert(budget);
            *next.of_mut(side) = Some(to);
        }
        if let [side] = sides {
            let other = if *side == Side::Old { Side::New } else { Side::Old };
            let of = |side: Side| self.policies.of(side).budgets.iter().position(|b| b.name == cap.name);
            let text = |side: Side| {
                let budget = of(side).and_then(|at| self.policies.of(side).budgets.get(at));
                budget.map(|b| format!("{} {:?}", figures(b), shape(&b.reserve)))
            };
            if text(*side) == text(other) {
                further.spent.of_mut(other).closed.extend(of(other));
                let from = Two { old: a, new: b };
                parts.push(self.parted(*side, other, &from, (way, &further), cap));
            } else {
                // It may be used up here and not there.
                further.apart |= of(other).is_some();
            }
        }
        further.when = self.arena.all(parts);
        further.ends = next.clone();
        let never = further.when == Formula::FALSE || (sides.len() == 1 && self.is_never(further.when));
        (!never).then_some(((next.old, next.new), further))
    }

    /// Where the other side stays in its workload although one is led on: whoever is only out of this budget here is out for more
    /// there, or somebody is admitted there who is not here. Everybody else may be down, or without a key.
    fn parted(
        &mut self,
        led: Side,
        other: Side,
        from: &Two<Option<usize>>,
        (before, after): (&JointWay, &JointWay),
        cap: &Soft,
    ) -> Formula {
        let (Some(here), Some(there)) = (*from.of(led), *from.of(other)) else { return Formula::TRUE };
        let left = before.left.of(other);
        match *cap.to.of(other) {
            Some((_, to))
                if self.routing(other, Some(there)).is_some() && (to == there || !left.contains(&to)) => {}
            _ => return Formula::TRUE,
        }
        let every = |differ: &Self, side: Side| Spent {
            passed: (0..differ.policies.of(side).budgets.len()).collect(),
            closed: BTreeSet::new(),
        };
        let (open_here, open_there) = (every(self, led), every(self, other));
        // A budget that is not the same may be used up here and untouched there.
        let (mut used, mut untouched) = (before.spent.of(led).clone(), after.spent.of(other).clone());
        let others = self.budgets_that_differ(led).into_iter().filter(|at| !used.passed.contains(at));
        used.closed.extend(others.collect::<Vec<_>>());
        let others = self.budgets_that_differ(other).into_iter().filter(|at| !untouched.closed.contains(at));
        untouched.passed.extend(others.collect::<Vec<_>>());
        used.closed.extend(self.policies.of(led).budgets.iter().position(|b| b.name == cap.name));
        let (mut out, mut beside) = (Vec::new(), Vec::new());
        for number in 0..self.met.len() {
            for own in [false, true] {
                let counted = self.counted(led, Some(here), &cap.name, (number, own));
                let passes = self.admitted(led, here, number, own, &open_here);
                let mine = self.arena.both(counted, passes);
                let counted = self.counted(other, Some(there), &cap.name, (number, own));
                let passes = self.admitted(other, there, number, own, &open_there);
                let theirs = self.arena.both(counted, passes);
                out.push(self.arena.both(mine, theirs.not()));
                let mine = self.admitted(led, here, number, own, &used);
                let theirs = self.admitted(other, there, number, own, &untouched);
                beside.push(self.arena.both(theirs, mine.not()));
            }
        }
        out.append(&mut beside);
        self.arena.any(out)
    }

    /// Returns the budgets of a side that are written otherwise on the other one, or not there.
    fn budgets_that_differ(&self, side: Side) -> Vec<usize> {
        let text = |b: &Budget| {
            format!("{} {:?} {:?} {:?}", figures(b), shape(&b.reserve), shape(&b.when), shape(&b.covers))
        };
        let other = if side == Side::Old { self.policies.new } else { self.policies.old };
        let here = self.policies.of(side).budgets.iter().enumerate();
        let differs =
            |b: &Budget| other.budgets.iter().find(|o| o.name == b.name).is_none_or(|o| text(o) != text(b));
        here.filter(|(_, b)| differs(b)).map(|(at, _)| at).collect()
    }

    /// Returns the soft caps of both policies.
    fn soft(&self) -> Vec<Soft> {
        let of = |side: Side, name: &str| {
            let policy = *self.policies.of(side);
            let at = policy.budgets.iter().position(|b| b.name == name)?;
            match &policy.budgets.get(at)?.exhausted {
                Exhausted::UseWorkload(target, _) => {
                    Some((at, policy.workloads.iter().position(|w| w.name == *target)?))
                }
                _ => None,
            }
        };
        let mut soft: Vec<Soft> = Vec::new();
        for budget in self.policies.old.budgets.iter().chain(&self.policies.new.budgets) {
            let to = Two { old: of(Side::Old, &budget.name), new: of(Side::New, &budget.name) };
            if (to.old.is_some() || to.new.is_some()) && !soft.iter().any(|s| s.name == budget.name) {
                soft.push(Soft { name: budget.name.clone(), to });
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
