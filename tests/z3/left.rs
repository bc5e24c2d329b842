//! `at least …` and `served`: what is left to a request that asks for nothing special, every endpoint up, no budget touched.

use std::collections::{BTreeMap, BTreeSet};

use faregate::ErrorClass;
use faregate::model::{Exhausted, Fallback, Invariant, Subject, attributes};
use faregate::syntax::ast::{Counted, MoveKind};

use super::ask::Opinion;
use super::facts::{Covered, Facts, Seen};
use super::script::{Answer, Term, all, any, at_most, int, ite, no, not, same, sum, yes};

/// A candidate of the shared key: where it is admitted, and where it may follow another.
struct Left {
    model: String,
    /// What is counted of it.
    name: String,
    admitted: Term,
    follows: Term,
}

impl<'a> Facts<'a> {
    /// Whether fewer than `n` different ones may be left.
    pub(crate) fn left_over(
        &mut self,
        invariant: &Invariant,
        n: u64,
        what: Option<Counted>,
    ) -> Covered<Opinion> {
        let concerned = self.concerned(invariant)?;
        let plain = self.plain(invariant)?;
        let base = all([concerned, plain]);
        let (mut may, mut does) = (Vec::new(), Vec::new());
        for (at, workload) in self.policy.workloads.iter().enumerate() {
            if invariant.workload.as_ref().is_some_and(|name| *name != workload.name) {
                continue;
            }
            let here = all([base.clone(), self.picked(Some(at))?]);
            if self.routing(at).is_none() {
                may.push(here.clone());
                does.push(here);
                continue;
            }
            let (too_few, surely, untouched) = self.too_few(at, n, what)?;
            may.push(all([here.clone(), too_few, untouched.clone()]));
            // An empty plan may lead on, where a soft cap closes what is otherwise admitted.
            does.push(all([here, surely, self.leads_on(at)?, untouched]));
        }
        match &invariant.workload {
            // Too little is known to pick a workload: denied.
            None => {
                let untold = all([base, self.picked(None)?]);
                may.push(untold.clone());
                does.push(untold);
            }
            Some(name) => {
                let led_to = self
                    .policy
                    .budgets
                    .iter()
                    .any(|b| matches!(&b.exhausted, Exhausted::UseWorkload(to, _) if to == name));
                if led_to {
                    return self.led_there(invariant, &base, may, does);
                }
            }
        }
        self.between(any(may), any(does), "which of the candidates moves reach, or where soft caps lead")
    }

    /// With a soft cap that leads to the workload it is only said where the cap surely does not.
    fn led_there(
        &mut self,
        invariant: &Invariant,
        base: &str,
        may: Vec<Term>,
        does: Vec<Term>,
    ) -> Covered<Opinion> {
        let mut ways = Vec::new();
        for way in self.ways_of(invariant)?.into_iter().filter(|w| !w.by.is_empty()) {
            let mut some = Vec::new();
            for seen in self.candidates(way.through[0], "")?.into_iter().filter(|s| !s.own) {
                let seen = Seen { slot: format!("{} ", seen.endpoint.id), ..seen };
                some.push(all([
                    self.passes(&seen)?,
                    self.closed(&self.policy.budgets[way.by[0]], &seen)?,
                    self.up(&seen),
                ]));
            }
            ways.push(all([
                base.to_owned(),
                self.picked(Some(way.through[0]))?,
                self.untouched(),
                any(some),
            ]));
        }
        let surely = any(does.clone());
        if self.solver.ask([surely.clone()]) == Answer::Can {
            return Ok(Opinion::Broken(surely));
        }
        if self.solver.ask([any(ways)]) != Answer::Never {
            return Err("where soft caps lead though nothing is used".to_owned());
        }
        self.between(any(may), any(does), "which of the candidates moves reach, or where soft caps lead")
    }

    /// Nothing but what the `for` speaks of.
    fn plain(&mut self, invariant: &Invariant) -> Covered<Term> {
        let mut read = BTreeSet::new();
        if let Some(condition) = &invariant.condition {
            attributes(condition, &mut |a| {
                read.insert((a.subject, a.name.clone()));
            });
        }
        let spoken = |subject, name: &str| read.contains(&(subject, name.to_owned()));
        let mut parts = Vec::new();
        for (name, members) in
            [("parameters", vec![]), ("tools", vec![]), ("modalities", vec!["text".to_owned()])]
        {
            if !spoken(Subject::Request, name) {
                parts.push(self.within(&(Subject::Request, name.to_owned()), &members.into_iter().collect()));
            }
        }
        // What a declaration fills in cannot be left out.
        let mut left_out = vec![self.caller_output().0];
        for name in ["only", "ignore"] {
            if !spoken(Subject::Request, name) {
                left_out.push(self.set_is_known(Subject::Request, name));
            }
        }
        if !spoken(Subject::Key, "credits") {
            left_out.push(self.credits().0);
        }
        parts.extend(left_out.into_iter().filter(|known| known != "true").map(|known| not(&known)));
        Ok(all(parts))
    }

    fn up(&mut self, seen: &Seen<'a>) -> Term {
        let health = self.health(&seen.slot);
        let cooling = self.solver.flag(&format!("{}cooling", seen.slot));
        all([same(&health, "0"), not(&cooling)])
    }

    /// No budget has counted anything.
    fn untouched(&mut self) -> Term {
        let mut parts = vec![self.solver.flag("budgets are known")];
        for counter in self.solver.constants(" counted|") {
            parts.push(same(&counter, "0"));
        }
        all(parts)
    }

    fn shared(&mut self, workload: usize) -> Covered<Vec<Seen<'a>>> {
        let found = self.candidates(workload, "")?.into_iter().filter(|s| !s.own);
        Ok(found.map(|s| Seen { slot: format!("{} ", s.endpoint.id), ..s }).collect())
    }

    /// Where no soft cap closes what is otherwise admitted.
    fn leads_on(&mut self, workload: usize) -> Covered<Term> {
        let mut parts = Vec::new();
        let policy = self.policy;
        let soft = |b: &&'a faregate::model::Budget| matches!(b.exhausted, Exhausted::UseWorkload(..));
        for budget in policy.budgets.iter().filter(soft) {
            for seen in self.shared(workload)? {
                let passes = self.passes(&seen)?;
                let closed = self.closed(budget, &seen)?;
                parts.push(not(&all([passes, closed])));
            }
        }
        Ok(all(parts))
    }

    /// Where fewer than `n` may be left, where surely, and that every endpoint is up and every budget untouched.
    fn too_few(&mut self, workload: usize, n: u64, what: Option<Counted>) -> Covered<(Term, Term, Term)> {
        let Some(routing) = self.routing(workload) else { return Ok((yes(), yes(), yes())) };
        let mut left = Vec::new();
        let mut world = Vec::new();
        for seen in self.shared(workload)? {
            world.push(self.up(&seen));
            let admitted = self.admitted(&seen, &BTreeSet::new())?;
            let follows = match &routing.fallback {
                Some(fallback) => all([admitted.clone(), self.required(fallback, &seen)?]),
                None => no(),
            };
            let name = match what {
                Some(Counted::Providers) => &seen.endpoint.provider,
                Some(Counted::Models) => &seen.endpoint.model,
                _ => &seen.endpoint.id,
            };
            left.push(Left { model: seen.endpoint.model.clone(), name: name.clone(), admitted, follows });
        }
        world.push(self.untouched());
        let world = all(world);
        let admitted = fewer(left.iter().map(|l| (&l.name, &l.admitted)), n);
        if n <= 1 {
            return Ok((admitted.clone(), admitted, world));
        }
        let may = match &routing.fallback {
            None => yes(),
            Some(fallback) => match (leads(fallback, MoveKind::Model), leads(fallback, MoveKind::Provider)) {
                (Moves::Unclear, _) | (_, Moves::Unclear) => yes(),
                (Moves::Surely, Moves::Surely) => fewer(left.iter().map(|l| (&l.name, &l.follows)), n),
                // The models that the first may be of.
                (Moves::Never, Moves::Surely) => {
                    let models: BTreeSet<&String> = left.iter().map(|l| &l.model).collect();
                    let few = models.into_iter().map(|model| {
                        let of = || left.iter().filter(move |l| l.model == *model);
                        all([
                            any(of().map(|l| l.admitted.clone())),
                            fewer(of().map(|l| (&l.name, &l.follows)), n),
                        ])
                    });
                    any([any(few), admitted.clone()])
                }
                (Moves::Surely, Moves::Never) => {
                    let few = left.iter().map(|first| {
                        let others = left.iter().filter(|l| l.model != first.model);
                        let with =
                            others.map(|l| (&l.name, &l.follows)).chain([(&first.name, &first.admitted)]);
                        all([first.admitted.clone(), fewer(with, n)])
                    });
                    any([any(few), admitted.clone()])
                }
                (Moves::Never, Moves::Never) => yes(),
            },
        };
        let none_follows = match &routing.fallback {
            None => true,
            Some(fallback) => !fallback.rules.iter().any(|r| r.kind != MoveKind::Credential),
        };
        let does = if none_follows { yes() } else { admitted };
        Ok((may, does, world))
    }
}

/// Whether moves of a kind lead to whoever comes later.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moves {
    Surely,
    Never,
    Unclear,
}

fn leads(fallback: &Fallback, kind: MoveKind) -> Moves {
    let mut rules = fallback.rules.iter().filter(|r| r.kind == kind);
    if fallback.price_at_most.is_some() {
        return Moves::Unclear;
    }
    if rules.clone().any(|r| r.when.is_none() && r.on.iter().any(|c| *c != ErrorClass::ContextLength)) {
        return Moves::Surely;
    }
    if rules.next().is_none() { Moves::Never } else { Moves::Unclear }
}

/// Where fewer than `n` names have somebody.
fn fewer<'l>(left: impl Iterator<Item = (&'l String, &'l Term)>, n: u64) -> Term {
    let mut names: BTreeMap<&String, Vec<Term>> = BTreeMap::new();
    for (name, there) in left {
        names.entry(name).or_default().push(there.clone());
    }
    let count = sum(names.into_values().map(|there| ite(&any(there), "1", "0")));
    not(&at_most(&int(i128::from(n)), &count))
}
