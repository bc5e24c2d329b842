//! `always at least N …` and `always served`: what is left to a request when every endpoint is up and no budget is used.
//!
//! A request asks here for nothing that its `for` does not speak of but tokens and images: no parameters, tools, modalities
//! but text, no choice of providers, no credits that could run out; the gateway has its shared keys and none of its own. Else
//! no such invariant could ever hold: any request may ask for what nobody supports.

use std::collections::BTreeSet;

use faregate::Decision;
use faregate::model::{
    Attr, Body, Budget, Exhausted, Fallback, Invariant, Judged, Subject, Type, attributes,
};
use faregate_syntax::ast::{Counted, MoveKind};

use super::admit::Candidate;
use super::formula::{Formula, TextTest};
use super::solve::{Answer, Query};
use super::witness::{self, Target};
use super::{Counterexample, MOST_TRIES, Outcome, Prover, facts};

/// So many requests are decided before the question is given up.
const MOST_REQUESTS: usize = 400;

impl Prover<'_> {
    pub(super) fn at_least(&mut self, invariant: &Invariant, n: u64, what: Option<Counted>) -> Outcome {
        let policy = self.policy();
        let plain = self.plain(invariant);
        let concerned = self.concerned(invariant);
        let base = self.lower.arena.both(concerned, plain);
        let picked = self.lower.picked();
        let mut why = None;
        for (at, (workload, picked)) in policy.workloads.iter().zip(picked).enumerate() {
            if invariant.workload.as_ref().is_some_and(|name| *name != workload.name) {
                continue;
            }
            let here = self.lower.arena.both(base, picked);
            let outcome = match &workload.body {
                Body::Deny(..) => self.any_request(invariant, here),
                Body::Route(_) => self.spare_in(invariant, at, here, n, what),
            };
            match outcome {
                Outcome::Proved => {}
                Outcome::Undecided(reason) => why = why.or(Some(reason)),
                broken @ Outcome::Broken(_) => return broken,
            }
        }
        // A request of which too little is known to pick a workload is denied.
        if invariant.workload.is_none() {
            let mut before = Formula::TRUE;
            for workload in &policy.workloads {
                let Some((when, _)) = &workload.when else { break };
                let truth = self.lower.truth(when, None);
                let missing = self.lower.arena.all([base, before, truth.yes.not(), truth.no.not()]);
                match self.any_request(invariant, missing) {
                    Outcome::Proved => {}
                    Outcome::Undecided(reason) => why = why.or(Some(reason)),
                    broken @ Outcome::Broken(_) => return broken,
                }
                before = self.lower.arena.both(before, truth.no);
            }
        }
        if let Some(name) = &invariant.workload {
            match self.led_to(invariant, name, base) {
                Outcome::Proved => {}
                Outcome::Undecided(reason) => why = why.or(Some(reason)),
                broken @ Outcome::Broken(_) => return broken,
            }
        }
        why.map_or(Outcome::Proved, Outcome::Undecided)
    }

    /// A soft cap may lead to a workload though nothing is used: what a budget counts by is not known, or its limit is less than
    /// one attempt. Such a decision is the workload's too, for a request that the workload's own `when` need not choose.
    fn led_to(&mut self, invariant: &Invariant, name: &str, base: Formula) -> Outcome {
        let policy = self.policy();
        let soft: Vec<&Budget> =
            policy.budgets.iter().filter(|b| matches!(&b.exhausted, Exhausted::UseWorkload(..))).collect();
        let target = |b: &&Budget| matches!(&b.exhausted, Exhausted::UseWorkload(to, _) if to == name);
        if !soft.iter().any(target) {
            return Outcome::Proved;
        }
        let none = BTreeSet::new();
        let picked = self.lower.picked();
        let mut why = None;
        for (at, (workload, picked)) in policy.workloads.iter().zip(picked).enumerate() {
            let Body::Route(routing) = &workload.body else { continue };
            if workload.name == name {
                continue;
            }
            let candidates = self.candidates(at);
            let mut parts = vec![base, picked];
            let mut only_out_of_budget = Vec::new();
            for (number, candidate) in candidates.iter().enumerate().filter(|(_, c)| !c.own) {
                self.up(candidate, &mut parts);
                parts.push(self.admitted(at, number, &none).not());
                let but_for_budgets = self.lower.admitted(routing, candidate);
                for budget in &soft {
                    let closed = self.lower.within_budget(budget, routing, candidate).not();
                    only_out_of_budget.push(self.lower.arena.both(but_for_budgets, closed));
                }
            }
            parts.push(self.lower.arena.any(only_out_of_budget));
            let question = self.lower.arena.all(parts);
            match self.any_request(invariant, question) {
                Outcome::Proved => {}
                Outcome::Undecided(_) => {
                    let reason = "soft caps may lead there though nothing is used, and what is left then was not settled";
                    why = why.or(Some(reason.to_owned()));
                }
                broken @ Outcome::Broken(_) => return broken,
            }
        }
        why.map_or(Outcome::Proved, Outcome::Undecided)
    }

    /// Says that an endpoint is up and not cooling down.
    fn up(&mut self, candidate: &Candidate<'_>, parts: &mut Vec<Formula>) {
        let id = &candidate.endpoint.id;
        let attr = |name: &str| Attr { subject: Subject::Endpoint, name: name.to_owned(), ty: Type::Bool };
        let health = facts::figure(&mut self.lower.arena, id, &attr("health"));
        let cooling = facts::figure(&mut self.lower.arena, id, &attr("cooling_down"));
        parts.push(self.lower.arena.text(health, TextTest::Is("up".to_owned())));
        parts.push(self.lower.arena.is_true(cooling).not());
    }

    /// Whether a formula can hold at all; then the engine is asked.
    fn any_request(&self, invariant: &Invariant, question: Formula) -> Outcome {
        if question == Formula::FALSE {
            return Outcome::Proved;
        }
        let mut query = Query::new(&self.lower.arena, &[question], &[], self.first);
        for tried in 0..MOST_TRIES {
            match query.next() {
                Answer::Never if tried == 0 => return Outcome::Proved,
                Answer::Never => break,
                Answer::Unsure(why) => return Outcome::Undecided(why),
                Answer::Holds(model) => match self.decided(invariant, &model) {
                    Some(found) => return Outcome::Broken(found),
                    None => query.forbid_model(&model),
                },
            }
        }
        Outcome::Undecided("a request may be denied, and none was found that is".to_owned())
    }

    fn decided(&self, invariant: &Invariant, model: &super::solve::Model) -> Option<Box<Counterexample>> {
        let none = BTreeSet::new();
        let target = Target { endpoint: None, provider: "", own: false, spent: &none };
        witness::confirm(self.engine, &self.lower.arena, invariant, model, &target, false).map(Box::new)
    }

    fn spare_in(
        &mut self,
        invariant: &Invariant,
        workload: usize,
        base: Formula,
        n: u64,
        what: Option<Counted>,
    ) -> Outcome {
        let Some(routing) = self.routing(workload) else { return Outcome::Proved };
        let candidates = self.candidates(workload);
        let none = BTreeSet::new();
        // With every endpoint up and not cooling down, each candidate where it is admitted and a move surely leads to it.
        let mut reached = Vec::new();
        let mut up = vec![base];
        for (at, candidate) in candidates.iter().enumerate() {
            if candidate.own {
                continue;
            }
            self.up(candidate, &mut up);
            let mut parts = vec![self.admitted(workload, at, &none)];
            for (require, _) in routing.fallback.iter().flat_map(|f| &f.requires) {
                if n > 1 {
                    parts.push(self.lower.truth(require, Some(candidate.seen())).yes);
                }
            }
            reached.push((candidate, self.lower.arena.all(parts)));
        }
        let formulas: Vec<Formula> = reached.iter().map(|(_, f)| *f).collect();
        let models: BTreeSet<&str> = reached.iter().map(|(c, _)| c.endpoint.model.as_str()).collect();
        let moves = Moves::of(routing.fallback.as_ref(), models.len(), what, n);
        let mut query = Query::new(&self.lower.arena, &up, &formulas, self.first);
        for _ in 0..MOST_REQUESTS {
            let model = match query.next() {
                Answer::Never => return Outcome::Proved,
                Answer::Unsure(why) => return Outcome::Undecided(why),
                Answer::Holds(model) => model,
            };
            let decision = match self.decision(invariant, &model) {
                Ok(decision) => decision,
                Err(found) => return Outcome::Broken(found),
            };
            let Decision::Route(plan) = decision else {
                return Outcome::Undecided(
                    "a request was denied that the invariant does not concern".to_owned(),
                );
            };
            if moves == Moves::Unclear {
                return Outcome::Undecided(
                    "which fallbacks are reached depends on the order of the candidates, which the proof does not follow"
                        .to_owned(),
                );
            }
            // So many of the plan are enough, wherever they are all admitted.
            let mut counted: BTreeSet<&str> = BTreeSet::new();
            let mut enough = Vec::new();
            for attempt in &plan.attempts {
                let name = match what {
                    Some(Counted::Providers) => &attempt.provider,
                    Some(Counted::Models) => &attempt.model,
                    Some(Counted::Endpoints) | None => &attempt.endpoint,
                };
                let formula =
                    reached.iter().find(|(c, _)| c.endpoint.id == attempt.endpoint).map(|(_, f)| *f);
                let Some(formula) = formula.filter(|f| *f != Formula::FALSE) else { continue };
                if u64::try_from(counted.len()).unwrap_or(u64::MAX) < n && counted.insert(name) {
                    enough.push(formula);
                }
            }
            if u64::try_from(counted.len()).unwrap_or(u64::MAX) < n {
                return Outcome::Undecided(
                    "a plan was long enough, and why could not be followed".to_owned(),
                );
            }
            query.forbid(&enough);
        }
        Outcome::Undecided(format!("more than {MOST_REQUESTS} cases would have to be looked at"))
    }

    /// Decides a model; the error is that it breaks the invariant.
    fn decision(
        &self,
        invariant: &Invariant,
        model: &super::solve::Model,
    ) -> Result<Decision, Box<Counterexample>> {
        let (request, context) = witness::plain(&self.lower.arena, model);
        let decision = self.engine.decide(&request, &context);
        match faregate::model::judge(self.engine, &request, &context, invariant, &decision) {
            Judged::Broken { .. } => match self.decided(invariant, model) {
                Some(found) => Err(found),
                None => Ok(decision),
            },
            _ => Ok(decision),
        }
    }

    /// Where a request asks for nothing special that the `for` does not speak of.
    fn plain(&mut self, invariant: &Invariant) -> Formula {
        let mut read: BTreeSet<(Subject, String)> = BTreeSet::new();
        if let Some(condition) = &invariant.condition {
            attributes(condition, &mut |a| {
                read.insert((a.subject, a.name.clone()));
            });
        }
        let asks = |name: &str| read.contains(&(Subject::Request, name.to_owned()));
        let mut parts = Vec::new();
        for (name, members) in
            [("parameters", vec![]), ("tools", vec![]), ("modalities", vec!["text".to_owned()])]
        {
            if !asks(name) {
                let key = self.lower.request(name);
                parts.push(self.lower.arena.within(key, members.into_iter().collect()));
            }
        }
        for name in ["only", "ignore"] {
            if !asks(name) {
                let key = self.lower.request(name);
                parts.push(self.lower.arena.known(key).not());
            }
        }
        let caller = facts::caller_output(&mut self.lower.arena);
        parts.push(self.lower.arena.known(caller).not());
        if !read.contains(&(Subject::Key, "credits".to_owned()))
            && let Some(credits) =
                facts::given(&mut self.lower.arena, self.lower.policy, Subject::Key, "credits")
        {
            parts.push(self.lower.arena.known(credits).not());
        }
        // A declared default is there whatever a request says; it cannot be left out.
        parts.retain(|p| *p != Formula::FALSE);
        self.lower.arena.all(parts)
    }
}

/// Whether moves surely lead to every candidate that is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moves {
    Everywhere,
    Unclear,
}

impl Moves {
    fn of(fallback: Option<&Fallback>, models: usize, what: Option<Counted>, n: u64) -> Self {
        if n <= 1 {
            return Self::Everywhere;
        }
        // Without moves a plan has one attempt, and the engine says so.
        let Some(fallback) = fallback.filter(|f| f.price_at_most.is_none()) else { return Self::Unclear };
        let certain = |kind: MoveKind| {
            fallback.rules.iter().any(|rule| {
                rule.kind == kind
                    && rule.when.is_none()
                    && rule.on.iter().any(|class| *class != faregate::ErrorClass::ContextLength)
            })
        };
        let (provider, model) = (certain(MoveKind::Provider), certain(MoveKind::Model));
        // By models alone, each model is reached from any other; the first's own counts by the first.
        let enough = (provider && (model || models <= 1)) || (model && what == Some(Counted::Models));
        if enough { Self::Everywhere } else { Self::Unclear }
    }
}
