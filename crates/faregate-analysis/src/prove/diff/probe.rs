//! Requests that may show a difference, decided by both engines: nothing is claimed that they do not show.

use std::collections::BTreeSet;

use faregate::model::exhausted_rows;
use faregate::{BudgetRow, Context, Credential, Decision, Health, OwnCredential, Request};

use super::effects::{Effect, effects};
use super::picks::{JointWay, Pair};
use super::sides::{Differ, Side};
use super::{DecisionChange, Difference, Direction};
use crate::prove::MOST_TRIES;
use crate::prove::formula::Formula;
use crate::prove::solve::{Answer, Model, Query};
use crate::prove::witness::{MOST_DOWN, Target, concrete, smaller};

/// So many providers get a key of the gateway's own.
const MOST_KEYS: usize = 20;

/// Whom a witness is about.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'w> {
    pub(super) endpoint: &'w str,
    pub(super) provider: &'w str,
    pub(super) own: bool,
}

/// What became of a question.
pub(super) enum Sought {
    /// No request makes it hold.
    Never,
    /// This one does, and the engines differ in these ways.
    Found(Box<Difference>, Vec<Effect>),
    /// Nobody knows.
    Unsure(String),
}

/// So many requests are tried to make a witness smaller; fewer where there are many endpoints.
const MOST_SHRUNK: usize = 400;

/// As many at least.
const LEAST_SHRUNK: usize = 64;

/// So many endpoints are decided about in all of them, about.
const MOST_MET: usize = 400_000;

impl Wanted<'_> {
    /// Returns the name of the candidate, as effects name it.
    pub(super) fn name(&self) -> String {
        if self.own { format!("{}#own-key", self.endpoint) } else { self.endpoint.to_owned() }
    }
}

impl Differ<'_> {
    pub(super) fn decide(&self, request: &Request, context: &Context) -> (Decision, Decision) {
        (self.engines.old.decide(request, context), self.engines.new.decide(request, context))
    }

    /// Looks for a request that makes a formula hold and that both engines decide differently, in this direction and for this
    /// candidate.
    pub(super) fn seek(
        &mut self,
        question: Formula,
        pair: &Pair,
        way: &JointWay,
        wanted: Wanted<'_>,
        direction: Direction,
    ) -> Sought {
        if question == Formula::FALSE || self.never.contains(&question) {
            return Sought::Never;
        }
        let mut never = false;
        let mut result = Sought::Unsure(String::new());
        {
            let mut query = Query::new(&self.arena, &[question], &[], self.first);
            for tried in 0..MOST_TRIES {
                match query.next() {
                    Answer::Never if tried == 0 => {
                        never = true;
                        break;
                    }
                    Answer::Never => break,
                    Answer::Unsure(why) => {
                        result = Sought::Unsure(why);
                        break;
                    }
                    Answer::Holds(model) => {
                        if let Some((found, effects)) = self.confirm(&model, pair, way, wanted, direction) {
                            result = Sought::Found(found, effects);
                            break;
                        }
                        query.forbid_model(&model);
                    }
                }
            }
        }
        if never {
            self.never.insert(question);
            return Sought::Never;
        }
        result
    }

    /// Makes a request and a context of a model, the budgets of its way used up.
    pub(super) fn concrete(
        &self,
        model: &Model,
        way: &JointWay,
        wanted: Option<Wanted<'_>>,
    ) -> (Request, Context) {
        let none = BTreeSet::new();
        let target = Target {
            endpoint: wanted.map(|w| w.endpoint),
            provider: wanted.map_or("", |w| w.provider),
            own: wanted.is_some_and(|w| w.own),
            spent: &none,
        };
        let (mut request, mut context) = concrete(&self.arena, model, &target);
        request.id = "example".to_owned();
        for name in &way.through {
            let rows = self.exhausted(name, &request, &context);
            context.budgets.get_or_insert_default().extend(rows);
        }
        if way.uneven() {
            context = self.lead_on(&request, context, way, wanted);
        }
        (request, context)
    }

    /// Takes down who keeps a side in a workload out of which its soft cap is to lead.
    fn lead_on(
        &self,
        request: &Request,
        mut context: Context,
        way: &JointWay,
        wanted: Option<Wanted<'_>>,
    ) -> Context {
        for _ in 0..MOST_DOWN {
            let (old, new) = self.decide(request, &context);
            let mut changed = false;
            for (side, decision) in [(Side::Old, &old), (Side::New, &new)] {
                let end = self.workload(side, *way.ends.of(side)).map(|w| &w.name);
                let Decision::Route(plan) = decision else { continue };
                if plan.explanation.workload.as_ref() == end {
                    continue;
                }
                for attempt in &plan.attempts {
                    if wanted.is_some_and(|w| w.endpoint == attempt.endpoint) {
                        continue;
                    }
                    let facts = context.endpoints.entry(attempt.endpoint.clone()).or_default();
                    changed |= facts.health.replace(Health::Down) != Some(Health::Down);
                }
            }
            if !changed {
                break;
            }
        }
        context
    }

    /// Adds a key of the gateway's own for every provider, up to a few.
    pub(super) fn own_keys(&self, context: &Context) -> Context {
        let mut context = context.clone();
        let mut providers: BTreeSet<&str> =
            self.met.iter().filter_map(|m| m.of.new.or(m.of.old)).map(|e| e.provider.as_str()).collect();
        for own in &context.credentials {
            providers.remove(own.provider.as_str());
        }
        for provider in providers.into_iter().take(MOST_KEYS) {
            context.credentials.push(OwnCredential::new(format!("key-{provider}"), provider));
        }
        context
    }

    /// Returns models of a formula, a few.
    pub(super) fn models(&mut self, question: Formula) -> Vec<Model> {
        let mut models = Vec::new();
        let mut query = Query::new(&self.arena, &[question], &[], self.first);
        while models.len() < MOST_TRIES
            && let Answer::Holds(model) = query.next()
        {
            query.forbid_model(&model);
            models.push(model);
        }
        models
    }

    /// Returns rows that use up a budget under both policies.
    pub(super) fn exhausted(&self, name: &str, request: &Request, context: &Context) -> Vec<BudgetRow> {
        let rows =
            |side: Side| exhausted_rows(self.engines.of(side), request, context, name).unwrap_or_default();
        let (old, new) = (rows(Side::Old), rows(Side::New));
        if new.is_empty() { old } else { new }
    }

    /// Decides a model with both engines, others being down as far as needed to reach the one that is wanted.
    fn confirm(
        &self,
        model: &Model,
        pair: &Pair,
        way: &JointWay,
        wanted: Wanted<'_>,
        direction: Direction,
    ) -> Option<(Box<Difference>, Vec<Effect>)> {
        let (request, mut context) = self.concrete(model, way, Some(wanted));
        let name = wanted.name();
        let shows = |old: &Decision, new: &Decision, effects: &[Effect]| {
            self.is_pair(pair, old, new)
                && effects.iter().any(|e| e.direction == direction && e.endpoints.contains(&name))
        };
        for _ in 0..MOST_DOWN {
            let (old, new) = self.decide(&request, &context);
            let found = effects(&old, &new);
            if shows(&old, &new, &found) {
                return Some(self.shrink(request, context, &shows));
            }
            let side = if direction == Direction::Tighter { old } else { new };
            let Decision::Route(plan) = side else { return None };
            let is_wanted = |id: &str, credential: &Credential| {
                id == wanted.endpoint && wanted.own == matches!(credential, Credential::Own(_))
            };
            let alone = plan.attempts.len() == 1;
            if alone && plan.attempts.iter().any(|a| is_wanted(&a.endpoint, &a.credential)) {
                return None;
            }
            let mut changed = false;
            for attempt in &plan.attempts {
                if attempt.endpoint != wanted.endpoint {
                    context.endpoints.entry(attempt.endpoint.clone()).or_default().health =
                        Some(Health::Down);
                    changed = true;
                } else if !is_wanted(&attempt.endpoint, &attempt.credential) && wanted.own {
                    changed |= context.shared_except.insert(attempt.provider.clone());
                }
            }
            if !changed {
                return None;
            }
        }
        None
    }

    /// Leaves out of a witness whatever it does not need to show what it is to show.
    pub(super) fn shrink(
        &self,
        mut request: Request,
        mut context: Context,
        shows: &dyn Fn(&Decision, &Decision, &[Effect]) -> bool,
    ) -> (Box<Difference>, Vec<Effect>) {
        let mut tries =
            MOST_SHRUNK.min(MOST_MET.checked_div(self.met.len()).unwrap_or(MOST_SHRUNK).max(LEAST_SHRUNK));
        let mut changed = true;
        while changed {
            changed = false;
            for (fewer_request, fewer_context) in smaller(&request, &context) {
                let Some(left) = tries.checked_sub(1) else { break };
                tries = left;
                let (old, new) = self.decide(&fewer_request, &fewer_context);
                if shows(&old, &new, &effects(&old, &new)) {
                    (request, context) = (fewer_request, fewer_context);
                    changed = true;
                    break;
                }
            }
        }
        let (old, new) = self.decide(&request, &context);
        let found = effects(&old, &new);
        (Box::new(Difference { request, context, old, new }), found)
    }

    /// Returns a model of a formula; `None`: none was found.
    pub(super) fn model(&mut self, question: Formula) -> Option<Model> {
        if question == Formula::FALSE || self.never.contains(&question) {
            return None;
        }
        let answer = Query::new(&self.arena, &[question], &[], self.first).next();
        match answer {
            Answer::Holds(model) => Some(model),
            Answer::Never => {
                self.never.insert(question);
                None
            }
            // What the solver does not know must not pass for nothing.
            Answer::Unsure(why) => {
                self.unsettled(why, Vec::new(), Vec::new());
                None
            }
        }
    }

    /// Adds a class for each direction in which a request is decided differently, each with a witness of its own.
    pub(super) fn tell(
        &mut self,
        pair: &Pair,
        request: &Request,
        context: &Context,
        places: &(Vec<String>, Vec<String>),
    ) -> bool {
        let (old, new) = self.decide(request, context);
        if !self.is_pair(pair, &old, &new) {
            return false;
        }
        let found = effects(&old, &new);
        let mut directions: Vec<Direction> = found.iter().map(|e| e.direction).collect();
        directions.sort_unstable();
        directions.dedup();
        for direction in &directions {
            let direction = *direction;
            let (witness, effects) = self.shrink(request.clone(), context.clone(), &|old, new, effects| {
                self.is_pair(pair, old, new) && effects.iter().any(|e| e.direction == direction)
            });
            self.add_change(pair, direction, &effects, witness, places.clone());
        }
        !directions.is_empty()
    }

    /// Adds a direction that was neither shown nor ruled out, as a class of its own or beside those that are told.
    pub(super) fn add_open(
        &mut self,
        pair: &Pair,
        direction: Direction,
        what: &str,
        (at_old, at_new): (Vec<String>, Vec<String>),
        beside: bool,
    ) {
        let name = |side: Side, at| self.workload(side, at).map(|w| w.name.clone());
        self.add(DecisionChange {
            direction,
            old_workload: name(Side::Old, pair.old),
            new_workload: name(Side::New, pair.new),
            endpoints: BTreeSet::new(),
            and_more: false,
            also: BTreeSet::new(),
            what: what.to_owned(),
            certain: false,
            beside,
            witness: None,
            at_old,
            at_new,
        });
    }

    /// Adds what a witness shows of one direction.
    pub(super) fn add_change(
        &mut self,
        pair: &Pair,
        direction: Direction,
        effects: &[Effect],
        witness: Box<Difference>,
        (at_old, at_new): (Vec<String>, Vec<String>),
    ) {
        let of = || effects.iter().filter(|e| e.direction == direction);
        let endpoints = of().flat_map(|e| e.endpoints.iter().cloned()).collect();
        let what = of().map(|e| e.what.clone()).next().unwrap_or_default();
        let name = |side: Side, at| self.workload(side, at).map(|w| w.name.clone());
        self.add(DecisionChange {
            direction,
            old_workload: name(Side::Old, pair.old),
            new_workload: name(Side::New, pair.new),
            endpoints,
            and_more: false,
            also: BTreeSet::new(),
            what,
            certain: true,
            beside: false,
            witness: Some(witness),
            at_old,
            at_new,
        });
    }
}
