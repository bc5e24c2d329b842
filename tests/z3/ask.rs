//! Whether an invariant can be broken (rule 48): by which requests a workload decides, and what becomes of its candidates.

use std::collections::BTreeSet;

use faregate::Engine;
use faregate::model::{Always, Body, Exhausted, Invariant, Routing, policy};
use faregate::syntax::ast::CompareOp;

use super::facts::{Covered, Facts, Seen};
use super::script::{Answer, Solver, Term, all, any, no, not, yes};

/// What the second opinion says of an invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Opinion {
    Proved,
    /// And the question that has a model.
    Broken(Term),
    /// And why.
    NotCovered(String),
}

/// How a request comes to a workload: picked, and led on by soft caps.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) through: Vec<usize>,
    /// The budget that leads from each but the last.
    pub(crate) by: Vec<usize>,
}

/// Where a candidate may break an invariant, and where it surely does.
#[derive(Clone)]
pub(crate) struct Breaks {
    pub(crate) may: Term,
    pub(crate) does: Term,
}

/// So many ways are followed.
const MOST_WAYS: usize = 64;

/// Returns what the solver says of each invariant of a policy.
pub(crate) fn opinions(engine: &Engine, solver: &mut Solver) -> Vec<(String, Opinion)> {
    let said = policy(engine.policy());
    let mut facts = Facts::new(said, engine.catalog(), solver);
    said.invariants
        .iter()
        .map(|i| (i.name.clone(), facts.opinion(i).unwrap_or_else(Opinion::NotCovered)))
        .collect()
}

impl<'a> Facts<'a> {
    pub(crate) fn opinion(&mut self, invariant: &'a Invariant) -> Covered<Opinion> {
        match &invariant.always {
            Always::Holds(condition) => self.exists(invariant, &mut |facts, seen, _| {
                let breaks = not(&facts.truth(condition, Some(seen))?.yes);
                Ok(Breaks { may: breaks.clone(), does: breaks })
            }),
            Always::Denied => self.exists(invariant, &mut |_, _, _| Ok(Breaks { may: yes(), does: yes() })),
            Always::Cost(CompareOp::Ne, _) => Err("`cost !=`".to_owned()),
            Always::Cost(op, bound) => {
                self.exists(invariant, &mut |facts, seen, _| facts.breaks_cost(seen, *op, bound.0.units()))
            }
            Always::Calls(CompareOp::Ne, _) => Err("`calls !=`".to_owned()),
            Always::Calls(op, bound) => {
                let one =
                    self.exists(invariant, &mut |facts, seen, _| facts.breaks_calls(seen, *op, *bound))?;
                match (one, op) {
                    (Opinion::NotCovered(why), CompareOp::Le | CompareOp::Lt | CompareOp::Eq) => {
                        self.crowds(invariant, *op, *bound, why)
                    }
                    (one, _) => Ok(one),
                }
            }
            Always::AtLeast(n, what) => self.left_over(invariant, *n, Some(*what)),
            Always::Served => self.left_over(invariant, 1, None),
        }
    }

    /// Where the `for` of an invariant is not false.
    pub(crate) fn concerned(&mut self, invariant: &Invariant) -> Covered<Term> {
        Ok(match &invariant.condition {
            None => yes(),
            Some(condition) => self.truth(condition, None)?.not_false(),
        })
    }

    /// Where a workload is picked; `None`: where none is, since one could not be told.
    pub(crate) fn picked(&mut self, workload: Option<usize>) -> Covered<Term> {
        let (mut before, mut untold) = (yes(), no());
        let policy = self.policy;
        for (at, candidate) in policy.workloads.iter().enumerate() {
            let Some((when, _)) = &candidate.when else {
                return Ok(if workload == Some(at) { before } else { untold });
            };
            let when = self.truth(when, None)?;
            if workload == Some(at) {
                return Ok(all([before, when.yes]));
            }
            untold = any([untold, all([before.clone(), not(&when.yes), not(&when.no)])]);
            before = all([before, when.no]);
        }
        Ok(untold)
    }

    pub(crate) fn routing(&self, workload: usize) -> Option<&'a Routing> {
        match &self.policy.workloads[workload].body {
            Body::Route(routing) => Some(routing),
            Body::Deny(..) => None,
        }
    }

    /// Every endpoint that a workload may name, with the shared and with an own key.
    pub(crate) fn candidates(&mut self, workload: usize, slot: &str) -> Covered<Vec<Seen<'a>>> {
        let Some(routing) = self.routing(workload) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        let catalog = self.catalog;
        for endpoint in catalog.endpoints() {
            if self.named(routing, endpoint)? != "false" {
                let seen = |own| Seen { endpoint, own, slot: slot.to_owned(), routing };
                found.extend([seen(false), seen(true)]);
            }
        }
        Ok(found)
    }

    /// All ways on which soft caps can lead a request (rule 32).
    fn ways(&self) -> Covered<Vec<Way>> {
        let mut ways: Vec<Way> =
            (0..self.policy.workloads.len()).map(|at| Way { through: vec![at], by: Vec::new() }).collect();
        let mut at = 0;
        while at < ways.len() {
            let way = ways[at].clone();
            at += 1;
            let here = *way.through.last().unwrap();
            if self.routing(here).is_none() {
                continue;
            }
            for (number, budget) in self.policy.budgets.iter().enumerate() {
                let Exhausted::UseWorkload(target, _) = &budget.exhausted else { continue };
                let to = self.policy.workloads.iter().position(|w| w.name == *target);
                let Some(to) = to.filter(|_| !way.by.contains(&number)) else { continue };
                // One that the request has left is not entered again.
                if to != here && way.through.contains(&to) {
                    continue;
                }
                let mut longer = way.clone();
                longer.through.push(to);
                longer.by.push(number);
                ways.push(longer);
            }
            if ways.len() > MOST_WAYS {
                return Err("soft caps lead on in too many ways".to_owned());
            }
        }
        Ok(ways)
    }

    pub(crate) fn ways_of(&self, invariant: &Invariant) -> Covered<Vec<Way>> {
        let about = |way: &Way| match &invariant.workload {
            None => true,
            Some(name) => way.through.iter().any(|at| self.policy.workloads[*at].name == *name),
        };
        Ok(self.ways()?.into_iter().filter(about).collect())
    }

    /// Whether some admitted candidate breaks an invariant: it can be alone in the plan, since all others may be down.
    fn exists(
        &mut self,
        invariant: &Invariant,
        breaks: &mut dyn FnMut(&mut Self, &Seen<'a>, &Way) -> Covered<Breaks>,
    ) -> Covered<Opinion> {
        let concerned = self.concerned(invariant)?;
        let (mut may, mut does) = (Vec::new(), Vec::new());
        for way in self.ways_of(invariant)? {
            let base = all([concerned.clone(), self.picked(Some(way.through[0]))?]);
            if base == "false" {
                continue;
            }
            let spent: BTreeSet<usize> = way.by.iter().copied().collect();
            let (mut may_here, mut does_here, mut alone) =
                (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
            for seen in self.candidates(*way.through.last().unwrap(), "")? {
                let admitted = self.admitted(&seen, &spent)?;
                if admitted == "false" {
                    continue;
                }
                let breaks = breaks(self, &seen, &way)?;
                may_here.insert(all([admitted.clone(), breaks.may]));
                let does = all([admitted, breaks.does]);
                if way.by.is_empty() {
                    does_here.insert(does);
                    continue;
                }
                if does == "false" {
                    continue;
                }
                // The only endpoint that is up, at each step and in the end; or one that no step before names.
                let mut same = vec![does.clone()];
                for step in 0..way.by.len() {
                    same.push(self.led(&way, step, &seen, "")?);
                }
                alone.insert(all(same));
                let elsewhere = self.named_elsewhere(&way, way.by.len(), &seen)?;
                does_here.insert(all([does, not(&elsewhere), self.key(&seen)]));
            }
            let mut led = Vec::new();
            let mut apart = Vec::new();
            for step in 0..way.by.len() {
                let slot = format!("step {step} ");
                let (mut some, mut some_apart) = (BTreeSet::new(), BTreeSet::new());
                for seen in self.candidates(way.through[step], &slot)? {
                    let leads = self.led(&way, step, &seen, &slot)?;
                    if leads == "false" {
                        continue;
                    }
                    let elsewhere = self.named_elsewhere(&way, step, &seen)?;
                    some_apart.insert(all([leads.clone(), not(&elsewhere), self.key(&seen)]));
                    some.insert(leads);
                }
                led.push(any(some));
                apart.push(any(some_apart));
            }
            may.push(all([base.clone(), any(may_here), all(led)]));
            does.push(all([base.clone(), any(does_here), all(apart)]));
            does.push(all([base, any(alone)]));
        }
        let (may, does) = (any(may), any(does));
        match self.solver.ask([may.clone()]) {
            Answer::Never => return Ok(Opinion::Proved),
            Answer::Can if may == does => return Ok(Opinion::Broken(may)),
            Answer::Can => {}
            Answer::GaveUp => return Err("the solver gave up".to_owned()),
        }
        match self.solver.ask([does.clone()]) {
            Answer::Can => Ok(Opinion::Broken(does)),
            Answer::GaveUp => Err("the solver gave up".to_owned()),
            Answer::Never => Err(match &invariant.always {
                Always::Cost(..) | Always::Calls(..) => "only a plan of several candidates would break it",
                _ => "only soft caps that overlap would break it",
            }
            .to_owned()),
        }
    }

    /// Where budgets alone keep a candidate out of a step, and the first that names a workload is the one that leads on.
    fn led(&mut self, way: &Way, step: usize, seen: &Seen<'a>, slot: &str) -> Covered<Term> {
        let Some(routing) = self.routing(way.through[step]) else { return Ok(no()) };
        let seen = Seen { routing, slot: slot.to_owned(), ..seen.clone() };
        let policy = self.policy;
        let mut parts = vec![self.passes(&seen)?, self.closed(&policy.budgets[way.by[step]], &seen)?];
        if parts.iter().any(|p| p == "false") {
            return Ok(no());
        }
        for (number, budget) in policy.budgets[..way.by[step]].iter().enumerate() {
            if matches!(budget.exhausted, Exhausted::UseWorkload(..)) && !way.by[..step].contains(&number) {
                parts.push(not(&self.closed(budget, &seen)?));
            }
        }
        Ok(all(parts))
    }

    /// Where another step of a way names an endpoint too.
    fn named_elsewhere(&mut self, way: &Way, step: usize, seen: &Seen<'a>) -> Covered<Term> {
        let mut parts = Vec::new();
        for (other, workload) in way.through.iter().enumerate().filter(|(other, _)| *other != step) {
            let _ = other;
            if let Some(routing) = self.routing(*workload) {
                parts.push(self.named(routing, seen.endpoint)?);
            }
        }
        Ok(any(parts))
    }

    /// Whether the gateway has a shared key at a provider; then its own keys there are not alone.
    fn key(&mut self, seen: &Seen<'a>) -> Term {
        let shared = self.solver.flag(&format!("shared key at {}", seen.endpoint.provider));
        if seen.own { not(&shared) } else { shared }
    }

    /// Asks two questions, the second of which says that it surely is so.
    pub(crate) fn between(&mut self, may: Term, does: Term, why: &str) -> Covered<Opinion> {
        match (self.solver.ask([may]), self.solver.ask([does.clone()])) {
            (Answer::Never, _) => Ok(Opinion::Proved),
            (_, Answer::Can) => Ok(Opinion::Broken(does)),
            (Answer::GaveUp, _) | (_, Answer::GaveUp) => Err("the solver gave up".to_owned()),
            (Answer::Can, Answer::Never) => Err(why.to_owned()),
        }
    }
}

/// Whether a comparison is broken above its bound, and from which number on.
pub(crate) fn broken_above(op: CompareOp, bound: i128) -> Option<i128> {
    match op {
        CompareOp::Le | CompareOp::Eq => Some(bound + 1),
        CompareOp::Lt => Some(bound),
        _ => None,
    }
}

/// Whether a comparison is broken below its bound, and up to which number.
pub(crate) fn broken_below(op: CompareOp, bound: i128) -> Option<i128> {
    match op {
        CompareOp::Ge | CompareOp::Eq => Some(bound - 1),
        CompareOp::Gt => Some(bound),
        _ => None,
    }
}
