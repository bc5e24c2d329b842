//! What was decided, written out: the compiled decision in the words of the reference.
//!
//! Who is admitted, in which order, and who is reached stands in the scratch. What is left is to say it. Each reason is
//! worded by the code that words it for the reference, and only for the candidates and the guardrails concerned.

use std::collections::BTreeSet;

use super::decide::Compiled;
use super::expr::{Table, at, id};
use super::nearest::nearest;
use super::scratch::{Answer, SHARED, Scratch, Work};
use crate::ir::{Body, Exhausted, Routing, Workload};
use crate::reference::budgets::Ledger;
use crate::reference::candidate::Candidate;
use crate::reference::deny::Out;
use crate::reference::filters::Waived;
use crate::reference::reason::{RawReason, rank};
use crate::reference::world::World;
use crate::reference::{self, Inputs, blank, deny, exclusions, planned, refused, waiver_uses};
use crate::{Attempt, Context, Decision, Degraded, DenialCode, ErrorClass, Explanation, Request};
use faregate_syntax::ast::MoveKind;

impl Compiled {
    /// Writes out what [`Compiled::decide`] decided.
    pub(crate) fn explain(
        &self,
        inputs: Inputs<'_>,
        scratch: &Scratch,
        request: &Request,
        context: &Context,
    ) -> Decision {
        let work = &scratch.work;
        let place = match work.answer {
            // Nothing was looked at yet but the request itself.
            Answer::Invalid | Answer::Missing(_) | Answer::Nothing => {
                return reference::decide(inputs, request, context);
            }
            Answer::Refused(place) | Answer::Routed(place) | Answer::Denied(place, _) => place,
        };
        let Inputs { sources, policy, catalog, .. } = inputs;
        let world = World::new(sources, policy, catalog, request, context);
        let ledger = world.as_ref().map_or(Err(String::new()), Ledger::new);
        let (Ok(mut world), Ok(mut ledger), Some(workload)) =
            (world, ledger, policy.workloads.get(at(place)))
        else {
            return reference::decide(inputs, request, context);
        };
        let mut met: Vec<u32> = work.guards.clone();
        met.sort_unstable();
        world.met = Some(met.iter().filter_map(|g| policy.guardrails.get(at(*g))).collect());
        let mut explanation = blank(inputs, request);
        explanation.workload = Some(workload.name.clone());
        explanation.ignored_budget_rows.clone_from(&ledger.ignored);
        for (budget, from, to) in &work.degraded {
            let Some(budget) = policy.budgets.get(at(*budget)) else { continue };
            let name =
                |place: &u32| policy.workloads.get(at(*place)).map_or_else(String::new, |w| w.name.clone());
            if let Exhausted::UseWorkload(_, span) = &budget.exhausted {
                let degraded = Degraded::new(budget.name.clone(), name(from), name(to), world.at(*span));
                explanation.degraded.push(degraded);
            }
            ledger.spent.insert(budget.name.clone());
        }
        let told = Told { compiled: self, inputs, world: &world, ledger: &ledger, work };
        match &workload.body {
            Body::Deny(message, span) => {
                let rule = format!("workload {}", workload.name);
                deny(explanation, DenialCode::Refused, &rule, Some(world.at(*span)), message.clone())
            }
            Body::Route(routing) => told.routed(explanation, place, workload, routing),
        }
    }
}

/// What is needed to tell of a decision.
struct Told<'t, 'a> {
    compiled: &'t Compiled,
    inputs: Inputs<'a>,
    world: &'t World<'a>,
    ledger: &'t Ledger<'a>,
    work: &'t Work,
}

impl<'a> Told<'_, 'a> {
    fn routed(
        &self,
        mut explanation: Explanation,
        place: u32,
        workload: &Workload,
        routing: &Routing,
    ) -> Decision {
        explanation.aliases = self.world.aliases(routing);
        let (work, world) = (self.work, self.world);
        let settled = self.compiled.bound.routes.get(at(place)).and_then(Option::as_ref);
        let requested = self.compiled.code.workloads.get(at(place)).and_then(|w| w.route.as_ref());
        let tiers = match settled {
            Some(route) if requested.is_none_or(|r| !r.requested) => route.tier_of.as_slice(),
            _ => work.tier_of.as_slice(),
        };
        let mut planned_at: Table<(u32, u32), usize> = Table::default();
        for (number, planned) in work.plan.iter().enumerate() {
            planned_at.insert((planned.place, planned.own), number);
        }
        let left: BTreeSet<(u32, u32)> = work.left.iter().map(|p| (p.place, p.own)).collect();
        let mut plan: Vec<Option<Candidate<'a>>> = vec![None; work.plan.len()];
        let mut out: Vec<Out<'a>> = Vec::new();
        let mut unreached: Vec<Candidate<'a>> = Vec::new();
        let mut waived = Waived::new();
        for (key, candidate) in self.candidates(routing, tiers) {
            if let Some(slot) = planned_at.get(&key).and_then(|number| plan.get_mut(*number)) {
                self.lifted(&candidate, &mut waived);
                *slot = Some(candidate);
            } else if left.contains(&key) {
                self.lifted(&candidate, &mut waived);
                unreached.push(candidate);
            } else {
                let reasons = world.reasons(&workload.name, routing, &candidate, self.ledger, &mut waived);
                out.push((candidate, reasons));
            }
        }
        explanation.waivers = waiver_uses(world, &waived);
        let plan: Vec<Candidate<'a>> = plan.into_iter().flatten().collect();
        if plan.is_empty() {
            let change = nearest(self.inputs, world, self.ledger, workload, routing, &out);
            return refused(world, self.ledger, explanation, workload, routing, out, change);
        }
        let mut all: Vec<Candidate<'a>> = Vec::new();
        if !self.ledger.applying.is_empty() {
            all = plan.iter().chain(&unreached).chain(out.iter().map(|(c, _)| c)).cloned().collect();
            all.sort_by(|a, b| a.id_key().cmp(&b.id_key()));
        }
        let attempts = self.attempts(place, routing, &plan);
        let first = plan.first();
        let unreached = unreached.into_iter().map(|candidate| {
            let reason = self.unreached(workload, routing, first, &candidate);
            (candidate, vec![reason])
        });
        explanation.excluded = exclusions(world, out.into_iter().chain(unreached));
        planned(world, self.ledger, explanation, routing, &all, &plan, attempts)
    }

    /// All candidates in the order of their ids, with their places: endpoint, credential.
    fn candidates(
        &self,
        routing: &Routing,
        tiers: &[u32],
    ) -> impl Iterator<Item = ((u32, u32), Candidate<'a>)> {
        let (world, context) = (self.world, self.world.context);
        let named =
            world.catalog.endpoints().iter().zip(tiers).enumerate().filter(|(_, (_, tier))| **tier > 0);
        named.flat_map(move |(place, (endpoint, tier))| {
            let own = context.credentials.iter().enumerate();
            let own = own.filter(|(_, c)| c.provider == endpoint.provider).map(|(n, c)| (id(n), Some(c)));
            std::iter::once((SHARED, None)).chain(own).map(move |(number, own)| {
                ((id(place), number), world.candidate(routing, endpoint, own, *tier))
            })
        })
    }

    /// Notes the waivers without which a candidate would not be admitted.
    fn lifted(&self, candidate: &Candidate<'_>, waived: &mut Waived) {
        let waivers = &self.world.policy.waivers;
        if waivers.is_empty() {
            return;
        }
        let mut reasons = Vec::new();
        for guardrail in self.world.guardrails() {
            if waivers.iter().any(|w| w.guardrail == guardrail.name) {
                self.world.guardrail(guardrail, candidate, waived, &mut reasons);
            }
        }
    }

    /// Says why no move leads to an admitted candidate. That none does is known.
    fn unreached(
        &self,
        workload: &Workload,
        routing: &Routing,
        first: Option<&Candidate<'_>>,
        candidate: &Candidate<'_>,
    ) -> RawReason {
        let why = match (&routing.fallback, first) {
            (Some(fallback), Some(first)) => self.world.unreachable(fallback, first, &[], candidate),
            _ => None,
        };
        let why = why.unwrap_or_else(|| reference::plan::NO_FALLBACK.to_owned());
        let span = routing.fallback.as_ref().map_or(workload.span, |f| f.span);
        RawReason::new(rank::FALLBACK, format!("workload {}", workload.name), "fallback", why).at(span)
    }

    fn attempts(&self, place: u32, routing: &Routing, plan: &[Candidate<'a>]) -> Vec<Attempt> {
        let classes = self.classes(place, plan);
        let on = classes.iter();
        plan.iter()
            .zip(on)
            .map(|(candidate, on)| {
                let first = plan.first().filter(|first| !std::ptr::eq(*first, candidate));
                self.world.attempt_on(routing, first, candidate, on)
            })
            .collect()
    }

    /// Returns for each candidate of the plan the errors after which a move from one before leads there.
    fn classes(&self, place: u32, plan: &[Candidate<'a>]) -> Vec<BTreeSet<ErrorClass>> {
        let rules = match self.world.policy.workloads.get(at(place)).map(|w| &w.body) {
            Some(Body::Route(routing)) => routing.fallback.as_ref().map_or(&[][..], |f| f.rules.as_slice()),
            _ => &[],
        };
        // Of each kind of move: how many came before, and the smallest context among them.
        let mut before = Before::default();
        let mut all = Vec::with_capacity(plan.len());
        for candidate in plan {
            let mut on = BTreeSet::new();
            for rule in rules {
                let Some(smallest) = before.contexts(rule.kind, candidate) else { continue };
                let larger = smallest.is_some() && candidate.endpoint.facts.context_length > smallest;
                for class in &rule.on {
                    let may = *class != ErrorClass::ContextLength || larger;
                    let holds = || {
                        rule.when.as_ref().is_none_or(|w| self.world.possible(w, candidate, *class, false).0)
                    };
                    if may && !on.contains(class) && holds() {
                        on.insert(*class);
                    }
                }
            }
            before.enter(candidate);
            all.push(on);
        }
        all
    }
}

/// The candidates that came before, by what a move from them would be.
#[derive(Default)]
struct Before<'p> {
    models: Vec<(&'p str, Smallest)>,
    model_of: Table<&'p str, usize>,
    endpoints: Table<&'p str, Smallest>,
    by_model: Table<&'p str, Vec<(&'p str, Smallest)>>,
}

/// The smallest context that is known.
type Smallest = Option<u64>;

impl<'p> Before<'p> {
    fn enter(&mut self, candidate: &Candidate<'p>) {
        let (model, id) = (candidate.endpoint.model.as_str(), candidate.endpoint.id.as_str());
        let context = candidate.endpoint.facts.context_length;
        let lesser = |a: Smallest, b: Smallest| crate::reference::candidate::smaller(a, b);
        match self.model_of.get(model).and_then(|at| self.models.get_mut(*at)) {
            Some((_, smallest)) => *smallest = lesser(*smallest, context),
            None => {
                self.model_of.insert(model, self.models.len());
                self.models.push((model, context));
            }
        }
        if self.endpoints.insert(id, context).is_none() {
            self.by_model.entry(model).or_default().push((id, context));
        }
    }

    /// Returns the smallest context among those from which a move of this kind leads to a candidate; `None`: there is none.
    fn contexts(&self, kind: MoveKind, to: &Candidate<'_>) -> Option<Smallest> {
        let (model, id) = (to.endpoint.model.as_str(), to.endpoint.id.as_str());
        let all = |contexts: &mut dyn Iterator<Item = Smallest>| {
            contexts.reduce(crate::reference::candidate::smaller)
        };
        match kind {
            MoveKind::Credential => self.endpoints.get(id).copied(),
            MoveKind::Provider => {
                let same = self.by_model.get(model)?;
                all(&mut same.iter().filter(|(other, _)| *other != id).map(|(_, context)| *context))
            }
            MoveKind::Model => {
                all(&mut self.models.iter().filter(|(other, _)| *other != model).map(|(_, context)| *context))
            }
        }
    }
}
