//! A decision from the request to the plan.

use std::sync::atomic::{AtomicU64, Ordering};

use fixedbitset::FixedBitSet;

use super::bound::{Bound, RouteBound, TierBound, names};
use super::code::Code;
use super::expr::{at, id};
use super::judge::{Ask, By, Judge};
use super::now::Now;
use super::order::order;
use super::plan::reach;
use super::scratch::{Answer, Eyes, Scratch, Work};
use super::source::Source;
use super::sweep::{classify, sweep};
use super::value::{Texts, Val};
use super::{code::Fill, expr};
use crate::attributes::Subject;
use crate::catalog::{Catalog, Moment};
use crate::ir::{Body, Exhausted, Policy, Routing, Tier};
use crate::reference::truth::Truth;
use crate::reference::world::caller_ceiling;
use crate::time::{DAY_MS, TimeOfDay, in_calendar};
use crate::{Context, MAX_COUNT, Request};

/// A policy compiled and bound to a catalog.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(super) code: std::sync::Arc<Code>,
    pub(super) bound: Bound,
    /// Tells bindings apart, so that room made for one is not taken for another.
    pub(super) number: u64,
}

impl Compiled {
    pub(crate) fn new(policy: &Policy, catalog: &Catalog) -> Self {
        Self::bind(std::sync::Arc::new(Code::new(policy)), policy, catalog)
    }

    /// Binds the same policy to another catalog.
    pub(crate) fn rebound(&self, policy: &Policy, catalog: &Catalog) -> Self {
        Self::bind(std::sync::Arc::clone(&self.code), policy, catalog)
    }

    fn bind(code: std::sync::Arc<Code>, policy: &Policy, catalog: &Catalog) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let bound = Bound::new(&code, policy, catalog);
        Self { code, bound, number: NEXT.fetch_add(1, Ordering::Relaxed) }
    }

    /// Makes room for decisions of this binding.
    fn make_room(&self, scratch: &mut Scratch) {
        if scratch.owner == self.number {
            return;
        }
        scratch.owner = self.number;
        let (eyes, work, count) = (&mut scratch.eyes, &mut scratch.work, self.bound.columns.count);
        eyes.now = Now::new(&self.bound.columns);
        eyes.walls = vec![std::cell::Cell::new(None); self.code.arena.zones.len()];
        work.decision = 0;
        work.met = vec![0; self.code.guards.len()];
        work.ranked = vec![0; FixedBitSet::with_capacity(count).as_slice().len()];
        work.planned = vec![0; count];
        work.models = vec![(0, 0, false); self.bound.columns.n_models];
        work.counters = super::budgets::Counters::default();
        work.named_budgets = vec![false; self.code.budgets.len()];
    }

    /// Decides a request. What was decided stands in the scratch.
    pub(crate) fn decide(
        &self,
        policy: &Policy,
        catalog: &Catalog,
        scratch: &mut Scratch,
        request: &Request,
        context: &Context,
    ) {
        self.make_room(scratch);
        scratch.work.decision = scratch.work.decision.wrapping_add(1);
        scratch.work.degraded.clear();
        scratch.work.plan.clear();
        scratch.work.left.clear();
        let answer = self.answer(policy, catalog, scratch, request, context);
        scratch.work.answer = answer.unwrap_or(Answer::Invalid);
    }

    /// `None`: the data make no sense.
    fn answer(
        &self,
        policy: &Policy,
        catalog: &Catalog,
        scratch: &mut Scratch,
        request: &Request,
        context: &Context,
    ) -> Option<Answer> {
        let Scratch { eyes, work, .. } = scratch;
        let ask = self.ask(policy, request, context)?;
        self.open_eyes(policy, eyes, &ask)?;
        eyes.now.look(&self.bound.columns, context);
        let mut judge = self.judge(policy, catalog, eyes, ask);
        // Rows of budgets that the policy does not know are let be.
        if !self.code.budgets.is_empty() {
            work.counters.begin(&self.code);
            if !work.counters.look(&judge) {
                return None;
            }
        }
        let mut chosen = None;
        for (place, workload) in self.code.workloads.iter().enumerate() {
            match workload.when.map_or(Truth::True, |when| judge.asked(when)) {
                Truth::True => {
                    chosen = Some(id(place));
                    break;
                }
                Truth::False => {}
                Truth::Unknown => return Some(Answer::Missing(id(place))),
            }
        }
        let Some(first) = chosen else { return Some(Answer::Nothing) };
        meet_guards(&judge, work);
        Some(decide_as(&mut judge, work, first))
    }

    /// Sees what a judgement needs again after a decision, for whoever explains it.
    pub(super) fn judge_again<'a>(
        &'a self,
        policy: &'a Policy,
        catalog: &'a Catalog,
        eyes: &'a Eyes,
        request: &'a Request,
        context: &'a Context,
    ) -> Option<Judge<'a>> {
        Some(self.judge(policy, catalog, eyes, self.ask(policy, request, context)?))
    }

    pub(super) fn judge<'a>(
        &'a self,
        policy: &'a Policy,
        catalog: &'a Catalog,
        eyes: &'a Eyes,
        ask: Ask<'a>,
    ) -> Judge<'a> {
        Judge {
            code: &self.code,
            bound: &self.bound,
            policy,
            catalog,
            ask,
            symbols: &eyes.symbols,
            masks: &eyes.masks,
            walls: &eyes.walls,
            today: &eyes.today,
            caller: &eyes.caller,
            touched: Now::is_read(ask.context).then_some(&eyes.now),
            by: None,
        }
    }

    /// Holds the request to the declarations (step 1), and fills in their defaults.
    pub(super) fn ask<'a>(
        &'a self,
        policy: &'a Policy,
        request: &'a Request,
        context: &'a Context,
    ) -> Option<Ask<'a>> {
        let most = request.input_tokens.max(request.cached_input_tokens).max(request.images);
        let output = request.max_output_tokens.max(request.expected_output_tokens).unwrap_or(0);
        if most.max(output) > MAX_COUNT {
            return None;
        }
        let ms = context.now.0.rem_euclid(i64::from(DAY_MS));
        let time_of_day = if in_calendar(context.now) { u32::try_from(ms).unwrap_or(0) } else { 0 };
        let mut ask = Ask {
            request,
            context,
            model: request.model.as_deref(),
            max_output: request.max_output_tokens,
            expected_output: request.expected_output_tokens,
            only: request.only.as_ref().map(Texts::Tree),
            ignore: request.ignore.as_ref().map(Texts::Tree),
            credits: context.key.credits,
            moment: Moment { input_tokens: request.input_tokens, time_of_day: TimeOfDay(time_of_day) },
            elapsed_ms: 0,
            attempt: None,
        };
        // The others become symbols and marks, and are looked at there.
        for place in &self.code.asked {
            let Some((declared, code)) = policy.declared.get(*place).zip(self.code.declared.get(*place))
            else {
                continue;
            };
            let given = code.given(declared, request, context)?;
            let Some(fills) = code.fills else { continue };
            let value = given.or_else(|| declared.default.as_ref().map(Val::of));
            match (fills, value) {
                (Fill::Model, Some(Val::Text(text))) => ask.model = ask.model.or(Some(text)),
                (Fill::MaxOutput, Some(Val::Number(n))) => {
                    ask.max_output = ask.max_output.or(u64::try_from(n).ok());
                }
                (Fill::ExpectedOutput, Some(Val::Number(n))) => {
                    ask.expected_output = ask.expected_output.or(u64::try_from(n).ok());
                }
                (Fill::Only, Some(Val::Set(set))) => ask.only = ask.only.or(Some(set)),
                (Fill::Ignore, Some(Val::Set(set))) => ask.ignore = ask.ignore.or(Some(set)),
                (Fill::Credits, Some(Val::Number(n))) => {
                    let default = crate::Money(faregate_syntax::Fixed::from_units(n));
                    ask.credits = ask.credits.or(Some(default));
                }
                _ => {}
            }
        }
        for (subject, attributes) in
            [(Subject::Request, &request.attributes), (Subject::Key, &context.key.attributes)]
        {
            let declared = |name: &str| {
                policy.declared.iter().any(|d| d.subject == subject && d.name == name && !d.narrows)
            };
            if !attributes.is_empty() && !attributes.keys().all(|name| declared(name)) {
                return None;
            }
        }
        if has_twice(context) { None } else { Some(ask) }
    }

    /// Reads what conditions compare as numbers, and holds it to its declaration. `None`: something makes no sense.
    pub(super) fn open_eyes(&self, policy: &Policy, eyes: &mut Eyes, ask: &Ask<'_>) -> Option<()> {
        let (request, context) = (ask.request, ask.context);
        eyes.caller.clear();
        for (name, amount) in &request.max_price {
            eyes.caller.push(caller_ceiling(name, amount).ok()?);
        }
        eyes.walls.iter_mut().for_each(|wall| wall.set(None));
        eyes.today.set(None);
        eyes.symbols.clear();
        eyes.masks.clear();
        let value = |source: Source| match source {
            Source::Request(read) => Some(read(request)),
            Source::Key(read) => Some(read(&context.key)),
            Source::Declared(place) => {
                let (declared, code) = policy.declared.get(place).zip(self.code.declared.get(place))?;
                let given = code.given(declared, request, context)?;
                Some(given.or_else(|| declared.default.as_ref().map(Val::of)))
            }
            // No slot is made for others.
            _ => Some(None),
        };
        for slot in &self.code.arena.texts {
            eyes.symbols.push(match value(slot.source)? {
                Some(Val::Text(text)) => match slot.symbols.get(text) {
                    Some(symbol) => *symbol,
                    None if slot.closed => return None,
                    None => expr::NO_SYMBOL,
                },
                _ => expr::UNKNOWN,
            });
        }
        for slot in &self.code.arena.sets {
            eyes.masks.push(match value(slot.source)? {
                Some(Val::Set(texts)) => {
                    let mut mask = 0_u64;
                    let valid = texts.all(|text| match slot.bits.get(text) {
                        Some(bit) => {
                            mask |= 1_u64.checked_shl(*bit).unwrap_or(0);
                            true
                        }
                        None => !slot.closed,
                    });
                    if !valid {
                        return None;
                    }
                    Some(mask)
                }
                _ => None,
            });
        }
        Some(())
    }
}

/// Whether two own credentials have one provider and one id.
fn has_twice(context: &Context) -> bool {
    let mut credentials = context.credentials.iter();
    if context.credentials.len() > 64 {
        let mut seen = std::collections::BTreeSet::new();
        return !credentials.all(|c| seen.insert((&c.provider, &c.id)));
    }
    while let Some(one) = credentials.next() {
        if credentials.clone().any(|other| other.id == one.id && other.provider == one.provider) {
            return true;
        }
    }
    false
}

/// Finds the guardrails that the request can meet.
fn meet_guards(judge: &Judge<'_>, work: &mut Work) {
    let Work { guards, met, decision, .. } = work;
    guards.clear();
    let index = &judge.code.index;
    index.meet(judge.symbols, judge.masks, |guard| {
        if index.repeats
            && met.get_mut(at(guard)).is_some_and(|m| std::mem::replace(m, *decision) == *decision)
        {
            return;
        }
        if judge.code.guards.get(at(guard)).is_some_and(|g| !judge.spares(g)) {
            guards.push(guard);
        }
    });
}

/// Steps 3 to 7 as a workload, and as the workloads that soft caps lead to.
fn decide_as<'a>(judge: &mut Judge<'a>, work: &mut Work, first: u32) -> Answer {
    let mut place = first;
    work.left_workloads.clear();
    loop {
        let Some(by) = by(judge, place) else { return Answer::Refused(place) };
        judge.by = Some(by);
        let mut dynamic = std::mem::take(&mut work.tier_of);
        let tiers = if by.code.requested {
            requested_tiers(judge, by, &mut dynamic);
            dynamic.as_slice()
        } else {
            by.bound.tier_of.as_slice()
        };
        sweep(judge, by, work, tiers);
        let mut next = None;
        let mut answer = Answer::Routed(place);
        if work.is_empty() {
            let code = classify(judge, by, work, tiers);
            answer = Answer::Denied(place, code);
            next = soft_cap(judge, work, place);
        } else {
            order(judge, by, work, tiers, by.routing.fallback.is_none());
            reach(judge, by, work);
        }
        work.tier_of = dynamic;
        let Some((budget, to)) = next else { return answer };
        work.degraded.push((budget, place, to));
        work.counters.spent.push(budget);
        if to != place {
            work.left_workloads.push(place);
        }
        place = to;
    }
}

/// Returns the first soft cap that alone keeps a candidate out, and where it leads (rule 32).
fn soft_cap(judge: &Judge<'_>, work: &Work, _from: u32) -> Option<(u32, u32)> {
    let found = work.counters.applying().iter().find_map(|budget| {
        if !work.named_budgets.get(at(*budget)).copied().unwrap_or(false)
            || !work.counters.closes(judge.policy, *budget)
        {
            return None;
        }
        match &judge.policy.budgets.get(at(*budget))?.exhausted {
            Exhausted::UseWorkload(target, _) => Some((*budget, target)),
            _ => None,
        }
    });
    let (budget, target) = found?;
    let to = judge.policy.workloads.iter().position(|w| w.name == *target).map(id)?;
    (!work.left_workloads.contains(&to)).then_some((budget, to))
}

pub(super) fn by<'a>(judge: &Judge<'a>, place: u32) -> Option<By<'a>> {
    let code = judge.code.workloads.get(at(place))?.route.as_ref()?;
    let bound = judge.bound.routes.get(at(place))?.as_ref()?;
    match &judge.policy.workloads.get(at(place))?.body {
        Body::Route(routing) => Some(By { code, bound, routing }),
        Body::Deny(..) => None,
    }
}

/// Numbers the tiers where some are what the request asks for (rule 21).
fn requested_tiers(judge: &Judge<'_>, by: By<'_>, tier_of: &mut Vec<u32>) {
    let columns = &judge.bound.columns;
    tier_of.clear();
    tier_of.resize(columns.count, 0);
    let mut count = 0_u32;
    let mut enter = |place: usize, number: u32| {
        if let Some(tier) = tier_of.get_mut(place)
            && *tier == 0
        {
            *tier = number;
        }
    };
    let RouteBound { tiers, .. } = by.bound;
    let Routing { tiers: written, .. } = by.routing;
    for (tier, written) in tiers.iter().zip(written) {
        match (tier, written) {
            (TierBound::Named(endpoints), _) => {
                count = count.saturating_add(1);
                endpoints.ones().for_each(|place| enter(place, count));
            }
            (TierBound::Requested, Tier::Requested { within }) => {
                let asked =
                    || judge.ask.model.into_iter().chain(judge.ask.request.models.iter().map(String::as_str));
                for (number, name) in asked().enumerate() {
                    let model = judge.catalog.resolve(name);
                    let seen = asked().take(number).any(|earlier| judge.catalog.resolve(earlier) == model);
                    if seen || !within.as_ref().is_none_or(|w| names(w, model, judge.catalog)) {
                        continue;
                    }
                    count = count.saturating_add(1);
                    let endpoints = columns.models.get(model).map_or(&[][..], Vec::as_slice);
                    endpoints.iter().for_each(|place| enter(at(*place), count));
                }
            }
            (TierBound::Requested, Tier::Entries(_)) => {}
        }
    }
}
