//! One instant of a run: what the policy says of candidates then, by the same judgements as a decision.

use std::cell::Cell;

use super::budgets::Counters;
use super::decide::{Compiled, by};
use super::expr::{at, id};
use super::judge::{By, Cand, Judge, out};
use super::scratch::Eyes;
use crate::engine::Engine;
use crate::ir::CeilingKind;
use crate::reference::candidate::smaller;
use crate::reference::world::{AttemptFacts, World};
use crate::run::{Counted, Kept, Seat, View};
use crate::{Amount, Attempt, Context, ErrorClass, Health, Money, Request};
use faregate_syntax::ast::MoveKind;
use std::collections::BTreeSet;

/// What a run asks at one instant. The context's `now` is that instant.
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a Request,
    pub(crate) context: &'a Context,
    /// The place of the workload that decided.
    pub(crate) workload: usize,
    /// Budgets that degraded the request: they close nothing.
    pub(crate) degraded: &'a [String],
    /// How much of the deadline is used.
    pub(crate) elapsed_ms: u64,
    pub(crate) attempt: Option<AttemptFacts>,
}

/// Room for what an instant works out once.
#[derive(Default)]
pub(crate) struct Room {
    eyes: Eyes,
    /// Guardrails that the request may meet.
    guards: Vec<u32>,
    counters: Counters,
}

/// A workload's view of candidates at one instant.
pub(crate) struct Instant<'a> {
    engine: &'a Engine,
    judge: Judge<'a>,
    by: By<'a>,
    guards: &'a [u32],
    counters: &'a Counters,
}

impl Compiled {
    /// Looks at one instant of a run. `None`: the data make no sense.
    pub(crate) fn instant<'a>(
        &'a self,
        engine: &'a Engine,
        room: &'a mut Room,
        asked: Asked<'a>,
    ) -> Option<Instant<'a>> {
        let (policy, catalog) = (engine.policy().policy(), engine.catalog());
        let mut ask = self.ask(policy, asked.request, asked.context)?;
        (ask.elapsed_ms, ask.attempt) = (asked.elapsed_ms, asked.attempt);
        let Room { eyes, guards, counters } = room;
        eyes.walls = vec![Cell::new(None); self.code.arena.zones.len()];
        self.open_eyes(policy, eyes, &ask)?;
        // Of few endpoints the context is asked by name.
        let judge = Judge { touched: None, ..self.judge(policy, catalog, eyes, ask) };
        let by = by(&judge, id(asked.workload))?;
        counters.begin(&self.code);
        if !self.code.budgets.is_empty() && !counters.look(&judge) {
            return None;
        }
        let named = asked.degraded.iter().filter_map(|name| self.code.budget_named.get(name.as_str()));
        counters.spent.extend(named);
        self.code.index.meet(judge.symbols, judge.masks, |guard| {
            if self.code.guards.get(at(guard)).is_some_and(|code| !judge.spares(code)) {
                guards.push(guard);
            }
        });
        Some(Instant { engine, judge: Judge { by: Some(by), ..judge }, by, guards, counters })
    }
}

impl<'a> Instant<'a> {
    /// Whether a ceiling keeps a candidate out; `own`: whether the workload wrote it.
    fn ceiling(&self, kind: &CeilingKind, amount: Amount, cand: Cand<'a>, own: bool) -> Kept {
        if !self.judge.over(kind, amount, cand) {
            return Kept::In;
        }
        let known = self.judge.worst(cand).value.is_some();
        if own && known && *kind == CeilingKind::Run { Kept::OutForMoney } else { Kept::Out }
    }

    /// Returns for each kind of move to a candidate whether one of those before it leads there, and whether one of them has a
    /// smaller context.
    fn ways(before: &[Seat<'a>], to: Seat<'a>) -> [(MoveKind, bool, bool); 3] {
        [MoveKind::Model, MoveKind::Provider, MoveKind::Credential].map(|kind| {
            let from = before.iter().filter(|from| from.endpoint.move_to(to.endpoint) == kind);
            let contexts = from.map(|from| from.endpoint.facts.context_length);
            let (mut any, mut smallest) = (false, None);
            for context in contexts {
                any = true;
                smallest = smaller(smallest, context);
            }
            (kind, any, smallest.is_some() && to.endpoint.facts.context_length > smallest)
        })
    }

    /// Returns the errors after which a move from one of those before leads to a candidate.
    fn classes(&self, before: &[Seat<'a>], to: Seat<'a>) -> BTreeSet<ErrorClass> {
        let ways = Self::ways(before, to);
        let mut classes = BTreeSet::new();
        for rule in &self.by.code.moves {
            let Some((_, any, larger)) = ways.iter().copied().find(|(kind, ..)| *kind == rule.kind) else {
                continue;
            };
            let leads = |class: &&ErrorClass| {
                let there = if **class == ErrorClass::ContextLength { larger } else { any };
                there && rule.when.is_none_or(|when| self.judge.possible(when, cand(to), **class).0)
            };
            classes.extend(rule.on.iter().filter(leads));
        }
        classes
    }
}

fn cand(seat: Seat<'_>) -> Cand<'_> {
    seat.own.map_or(Cand::shared(seat.place), |own| Cand::own(seat.place, own))
}

impl<'a> View<'a> for Instant<'a> {
    fn retries(&self, rule: usize, seat: Seat<'a>) -> bool {
        let when = self.by.code.retries.get(rule).copied().flatten();
        when.is_none_or(|when| self.judge.truth(when, Some(cand(seat))).is_true())
    }

    fn moves(&self, rule: usize, seat: Seat<'a>) -> bool {
        let when = self.by.code.moves.get(rule).and_then(|rule| rule.when);
        when.is_none_or(|when| self.judge.truth(when, Some(cand(seat))).is_true())
    }

    fn is_required(&self, seat: Seat<'a>) -> bool {
        self.by.code.requires.iter().all(|node| self.judge.truth(*node, Some(cand(seat))).is_true())
    }

    fn worst(&self, seat: Seat<'a>) -> Option<Money> {
        self.judge.worst(cand(seat)).value
    }

    fn output_limit(&self, seat: Seat<'a>) -> Option<u64> {
        self.judge.output_limits(cand(seat)).1
    }

    fn filters(&self, seat: Seat<'a>) -> Kept {
        let (judge, by, cand) = (&self.judge, self.by, cand(seat));
        let out = judge.credential_out(by, cand)
            || judge.caller_refuses(cand)
            || judge.now_facts(cand.place).health() == Health::Down
            || judge.built_in_out(by, cand)
            || by.code.rules.iter().any(|rule| !judge.satisfied(*rule, cand))
            || self.guards.iter().any(|guard| judge.guarded(*guard, cand));
        if out {
            return Kept::Out;
        }
        let written = by.routing.ceilings.iter().zip(&by.code.ceilings);
        let ceilings = written
            .filter(|(_, when)| judge.applies(**when, cand))
            .map(|(ceiling, _)| self.ceiling(&ceiling.kind, ceiling.amount, cand, true));
        let caller = judge.caller.iter().map(|(kind, amount)| self.ceiling(kind, *amount, cand, false));
        let money =
            [judge.credits_out(cand), self.counters.out(judge, cand, |_| {})].map(|kinds| match kinds {
                0 => Kept::In,
                kinds if kinds & out::OTHER != 0 => Kept::Out,
                _ => Kept::OutForMoney,
            });
        ceilings.chain(caller).chain(money).fold(Kept::In, |kept, next| match (kept, next) {
            (Kept::Out, _) | (_, Kept::Out) => Kept::Out,
            (Kept::OutForMoney, _) | (_, Kept::OutForMoney) => Kept::OutForMoney,
            (Kept::In, Kept::In) => Kept::In,
        })
    }

    fn run_ceilings(&self) -> Vec<Money> {
        let written = self.by.routing.ceilings.iter().zip(&self.by.code.ceilings);
        let applying =
            written.filter(|(_, when)| when.is_none_or(|when| !self.judge.truth(when, None).is_false()));
        let own = applying.map(|(ceiling, _)| (&ceiling.kind, ceiling.amount));
        let caller = self.judge.caller.iter().map(|(kind, amount)| (kind, *amount));
        own.chain(caller)
            .filter_map(|(kind, amount)| match (kind, amount) {
                (CeilingKind::Run, Amount::Money(amount)) => Some(amount),
                _ => None,
            })
            .collect()
    }

    fn credits(&self) -> Option<Money> {
        self.judge.ask.credits
    }

    fn counters(&self, seat: Seat<'a>) -> Vec<Counted> {
        self.counters.counting(&self.judge, cand(seat))
    }

    /// What was judged is put into the words of the reference.
    fn attempt(&self, seat: Seat<'a>, before: &[Seat<'a>]) -> Option<Attempt> {
        let Judge { policy, catalog, ask, .. } = self.judge;
        let sources = self.engine.policy().sources();
        let mut world = World::new(sources, policy, catalog, ask.request, ask.context).ok()?;
        (world.elapsed_ms, world.attempt) = (ask.elapsed_ms, ask.attempt);
        let routing = self.by.routing;
        let written = |seat: Seat<'a>| {
            let tier = world.tier_of(routing, &seat.endpoint.model).unwrap_or(0);
            world.candidate(routing, seat.endpoint, seat.own, tier)
        };
        let first = before.first().map(|first| written(*first));
        let on = self.classes(before, seat);
        Some(world.attempt_on(routing, first.as_ref(), &written(seat), &on))
    }
}
