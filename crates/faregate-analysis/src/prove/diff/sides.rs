//! Two policies over one arena of formulas, and the filters of each workload as units that can be told apart.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use faregate::model::{
    Attr, Body, Budget, Ceiling, CeilingKind, Exhausted, Expr, Guardrail, Policy, Routing, Rule, Subject,
    Workload, attributes,
};
use faregate::syntax::Span;
use faregate::{Amount, Endpoint, Engine, Timestamp};
use faregate_syntax::ast::CredentialMode;

use super::super::shape::shape;
use super::beside::{Ends, Level, Noted};
use super::bills::Alone;
use super::joint::Joint;
use super::picks::{Pair, Spent};
use super::{DecisionChange, Differences, NotRuledOut, Unsettled};
use crate::prove::admit::Candidate;
use crate::prove::formula::{Arena, Formula};
use crate::prove::lower::{Lower, Seen, Stands, Truth};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Old,
    New,
}

impl Side {
    pub(super) const BOTH: [Self; 2] = [Self::Old, Self::New];
}

/// Something of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Two<T> {
    pub(super) old: T,
    pub(super) new: T,
}

impl<T> Two<T> {
    pub(super) fn of(&self, side: Side) -> &T {
        match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        }
    }

    pub(super) fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Old => &mut self.old,
            Side::New => &mut self.new,
        }
    }
}

/// An endpoint that one of the catalogs has, or both.
pub(super) struct Met<'a> {
    pub(super) id: &'a str,
    pub(super) of: Two<Option<&'a Endpoint>>,
    /// Whether both catalogs say the same of it.
    pub(super) same: bool,
}

/// A filter that a candidate has to pass.
pub(super) enum Part<'a> {
    Named,
    Countable,
    BuiltIn,
    Rule(&'a Rule),
    Guardrail(&'a Guardrail),
    Ceiling(&'a Ceiling),
    Credits,
    Caller,
    Budget(usize, &'a Budget),
}

/// A filter, and what it says.
pub(super) struct Unit<'a> {
    pub(super) part: Part<'a>,
    /// Equal for filters that say the same of endpoints of which the same is known.
    pub(super) key: usize,
    pub(super) spans: Vec<Span>,
    /// Whether it reads what depends on the workload: costs, and prices by its deadline.
    pub(super) money: bool,
}

/// What is compared, and what was found.
pub(super) struct Differ<'a> {
    pub(super) engines: Two<&'a Engine>,
    pub(super) policies: Two<&'a Policy>,
    stands: Two<Stands>,
    pub(super) arena: Arena,
    /// The instant that witnesses take where none is asked for.
    pub(super) first: Timestamp,
    pub(super) met: Rc<Vec<Met<'a>>>,
    /// Whether aliases mean the same models.
    pub(super) same_aliases: bool,
    redeclared: HashSet<(Subject, String)>,
    keys: HashMap<String, usize>,
    formulas: HashMap<(usize, usize, bool), Formula>,
    truths: HashMap<String, Truth>,
    units: HashMap<(Side, usize), Rc<Vec<Unit<'a>>>>,
    candidates: HashMap<(Side, usize, usize, bool), Rc<Candidate<'a>>>,
    named: HashMap<(Side, usize, &'a str), Formula>,
    pub(super) never: HashSet<Formula>,
    /// Candidates that one side alone admits, of the pair of workloads that is looked at.
    pub(super) alone: Vec<Alone>,
    /// Candidates that one side may admit alone: the old one, the new one.
    pub(super) noted: HashMap<Ends, Two<Noted>>,
    /// What differs in writing and in meaning.
    pub(super) levels: HashMap<Ends, Level>,
    /// The tier of an endpoint in the route that names models there.
    pub(super) tiers: HashMap<(Side, Span, usize), Option<usize>>,
    /// Pairs of workloads that are met where a soft cap leads on on one side alone.
    pub(super) uneven: Vec<Pair>,
    /// So many requests were decided for what runs cost then.
    pub(super) bills_spent: usize,
    pub(super) found: Differences,
}

impl<'a> Differ<'a> {
    pub(super) fn new(engines: [&'a Engine; 2], joint: &'a Joint) -> Self {
        let [old, new] = engines;
        let [old_policy, new_policy] = &joint.policies;
        let [old_stands, new_stands] = joint.stands.clone();
        let noon = new.catalog().as_of().or(old.catalog().as_of()).and_then(|day| {
            format!("{:04}-{:02}-{:02}T12:00:00Z", day.year, day.month, day.day).parse().ok()
        });
        let mut met: Vec<Met<'a>> = Vec::new();
        for endpoint in old.catalog().endpoints() {
            let other = new.catalog().endpoint(&endpoint.id);
            met.push(Met {
                id: &endpoint.id,
                of: Two { old: Some(endpoint), new: other },
                same: other == Some(endpoint),
            });
        }
        for endpoint in new.catalog().endpoints() {
            if old.catalog().endpoint(&endpoint.id).is_none() {
                met.push(Met { id: &endpoint.id, of: Two { old: None, new: Some(endpoint) }, same: false });
            }
        }
        Self {
            engines: Two { old, new },
            policies: Two { old: old_policy, new: new_policy },
            stands: Two { old: old_stands, new: new_stands },
            arena: Arena::new(),
            // 2026-01-01T12:00:00Z, where the catalog has no day.
            first: noon.unwrap_or(Timestamp(1_767_268_800_000)),
            met: Rc::new(met),
            same_aliases: old.catalog().aliases() == new.catalog().aliases(),
            redeclared: joint.redeclared.iter().map(|r| (r.subject, r.name.clone())).collect(),
            keys: HashMap::new(),
            formulas: HashMap::new(),
            truths: HashMap::new(),
            units: HashMap::new(),
            candidates: HashMap::new(),
            named: HashMap::new(),
            never: HashSet::new(),
            alone: Vec::new(),
            noted: HashMap::new(),
            levels: HashMap::new(),
            tiers: HashMap::new(),
            uneven: Vec::new(),
            bills_spent: 0,
            found: Differences::default(),
        }
    }

    /// Lowers something of one side.
    pub(super) fn on<R>(&mut self, side: Side, lower: impl FnOnce(&mut Lower<'a>) -> R) -> R {
        let mut of = Lower {
            arena: std::mem::take(&mut self.arena),
            policy: self.policies.of(side),
            catalog: self.engines.of(side).catalog(),
            stands: std::mem::take(self.stands.of_mut(side)),
            cooled: false,
        };
        let result = lower(&mut of);
        self.arena = of.arena;
        *self.stands.of_mut(side) = of.stands;
        result
    }

    pub(super) fn workload(&self, side: Side, at: Option<usize>) -> Option<&'a Workload> {
        self.policies.of(side).workloads.get(at?)
    }

    pub(super) fn routing(&self, side: Side, at: Option<usize>) -> Option<&'a Routing> {
        match &self.workload(side, at)?.body {
            Body::Route(routing) => Some(routing),
            Body::Deny(..) => None,
        }
    }

    pub(super) fn at(&self, side: Side, spans: impl IntoIterator<Item = Span>) -> Vec<String> {
        let sources = self.engines.of(side).policy().sources();
        let mut places: Vec<String> = Vec::new();
        for span in spans {
            let place = sources.at(span);
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    pub(super) fn is_redeclared(&self, attr: &Attr) -> bool {
        self.redeclared.contains(&(attr.subject, attr.name.clone()))
    }

    pub(super) fn any_redeclared(&self) -> bool {
        !self.redeclared.is_empty()
    }

    /// Returns the shape of a condition, marked with its side where its meaning depends on it.
    pub(super) fn meaning(&self, side: Side, exprs: &[&Expr]) -> String {
        let mut text = shape(&exprs);
        let mut sided = !self.same_aliases;
        for expr in exprs {
            attributes(expr, &mut |attr| sided |= self.is_redeclared(attr));
        }
        if sided {
            text.push_str(&format!(" {side:?}"));
        }
        text
    }

    /// Where a condition on request, key and time is true, and where it is false; alike for what means the same.
    pub(super) fn truth(&mut self, side: Side, expr: &Expr) -> Truth {
        let key = self.meaning(side, &[expr]);
        if let Some(truth) = self.truths.get(&key) {
            return *truth;
        }
        let truth = self.on(side, |lower| lower.truth(expr, None));
        self.truths.insert(key, truth);
        truth
    }

    fn key(&mut self, text: String) -> usize {
        let next = self.keys.len();
        *self.keys.entry(text).or_insert(next)
    }

    /// Returns what the cost of an attempt depends on beside the endpoint and the request.
    pub(super) fn cost_shape(&self, side: Side, routing: &Routing) -> String {
        let outputs: Vec<&Ceiling> =
            routing.ceilings.iter().filter(|c| c.kind == CeilingKind::Output).collect();
        let whens: Vec<&Expr> = outputs.iter().filter_map(|c| c.when.as_ref()).collect();
        let deadline = routing.retry.as_ref().and_then(|r| r.deadline_ms);
        let when = self.meaning(side, &whens);
        let mut ceilings: Vec<String> =
            outputs.iter().map(|c| format!("{:?} {}", c.amount, shape(&c.when))).collect();
        ceilings.sort();
        format!("{deadline:?} {:?} {ceilings:?} {when}", routing.tools)
    }

    /// Returns the filters of a workload.
    pub(super) fn units(&mut self, side: Side, at: usize) -> Rc<Vec<Unit<'a>>> {
        if let Some(units) = self.units.get(&(side, at)) {
            return Rc::clone(units);
        }
        let units = match self.routing(side, Some(at)) {
            Some(routing) => Rc::new(self.units_of(side, routing)),
            None => Rc::default(),
        };
        self.units.insert((side, at), Rc::clone(&units));
        units
    }

    fn units_of(&mut self, side: Side, routing: &'a Routing) -> Vec<Unit<'a>> {
        let policy = *self.policies.of(side);
        let cost = self.cost_shape(side, routing);
        let aliases = if self.same_aliases { String::new() } else { format!("{side:?}") };
        let mut units = Vec::new();
        let mut add = |differ: &mut Self,
                       part: Part<'a>,
                       text: String,
                       exprs: &[&Expr],
                       spans: Vec<Span>,
                       costs: bool| {
            let (mut reads_cost, mut reads_price) = (costs, costs);
            for expr in exprs {
                attributes(expr, &mut |a| {
                    reads_cost |= a.subject == Subject::Endpoint && a.name == "cost";
                    reads_price |= a.subject == Subject::Endpoint && a.name.starts_with("price_");
                });
            }
            let mut text = format!("{text} {}", differ.meaning(side, exprs));
            if reads_cost {
                text.push_str(&cost);
            }
            let key = differ.key(text);
            units.push(Unit { part, key, spans, money: reads_cost || reads_price });
        };
        let entries: Vec<Span> = routing.entry_spans.iter().flatten().copied().collect();
        let entries = if entries.is_empty() { vec![routing.models_span] } else { entries };
        add(self, Part::Named, format!("named {} {aliases}", named_shape(routing)), &[], entries, false);
        add(self, Part::Countable, "countable".to_owned(), &[], vec![], true);
        let shut: Vec<&String> =
            routing.tools.iter().filter(|(_, cap)| cap.calls == 0).map(|(tool, _)| tool).collect();
        let built_in = format!("built-in {:?} {shut:?}", routing.tolerate);
        add(self, Part::BuiltIn, built_in, &[], vec![routing.models_span], false);
        for rule in &routing.rules {
            let text = format!("rule {}", rule.forbid);
            add(self, Part::Rule(rule), text, &[&rule.expr], vec![rule.span], false);
        }
        for guardrail in &policy.guardrails {
            let mut exprs: Vec<&Expr> = guardrail.when.iter().collect();
            let mut spans: Vec<Span> = guardrail.rules.iter().map(|r| r.span).collect();
            spans.extend(guardrail.when.iter().map(|w| w.span));
            exprs.extend(guardrail.rules.iter().map(|r| &r.expr));
            let kinds: Vec<bool> = guardrail.rules.iter().map(|r| r.forbid).collect();
            let waivers: Vec<_> = policy.waivers.iter().filter(|w| w.guardrail == guardrail.name).collect();
            exprs.extend(waivers.iter().filter_map(|w| w.when.as_ref()));
            spans.extend(waivers.iter().map(|w| w.span));
            let open: Vec<_> = waivers.iter().map(|w| (w.when.is_some(), w.until)).collect();
            let text = format!("guardrail {} {kinds:?} {open:?}", guardrail.when.is_some());
            add(self, Part::Guardrail(guardrail), text, &exprs, spans, false);
        }
        for ceiling in &routing.ceilings {
            let exprs: Vec<&Expr> = ceiling.when.iter().collect();
            let costs = matches!(ceiling.kind, CeilingKind::Attempt | CeilingKind::Run);
            let text = format!("ceiling {:?} {:?} {}", ceiling.kind, ceiling.amount, ceiling.when.is_some());
            add(self, Part::Ceiling(ceiling), text, &exprs, vec![ceiling.span], costs);
        }
        add(self, Part::Credits, "credits".to_owned(), &[], vec![], true);
        add(self, Part::Caller, "caller".to_owned(), &[], vec![], false);
        for (at, budget) in policy.budgets.iter().enumerate() {
            if budget.exhausted == Exhausted::AlertOnly {
                continue;
            }
            let mut exprs: Vec<&Expr> = budget.when.iter().chain(&budget.covers).collect();
            exprs.extend(budget.reserve.iter().map(|(_, e)| e));
            let limits: Vec<_> = budget.limits.iter().map(|l| (l.kind, l.amount)).collect();
            let text = format!(
                "budget {} {} {:?} {limits:?} {:?} {}",
                budget.when.is_some(),
                budget.covers.is_some(),
                shape(&budget.per),
                budget.reserve.as_ref().map(|(share, _)| *share),
                budget.byok_included
            );
            let spans = budget.limits.iter().map(|l| l.span).collect();
            add(self, Part::Budget(at, budget), text, &exprs, spans, true);
        }
        units
    }

    /// Where a tier of a workload names the model of an endpoint.
    pub(super) fn named(&mut self, side: Side, at: usize, endpoint: &'a Endpoint) -> Formula {
        let place = (side, at, endpoint.model.as_str());
        if let Some(named) = self.named.get(&place) {
            return *named;
        }
        let named = match self.routing(side, Some(at)) {
            Some(routing) => self.on(side, |lower| lower.named(routing, &endpoint.model)),
            None => Formula::FALSE,
        };
        self.named.insert(place, named);
        named
    }

    /// Whether a workload can have a candidate: the endpoint with this kind of credential.
    pub(super) fn has(&mut self, side: Side, at: usize, met: usize, own: bool) -> bool {
        let all = Rc::clone(&self.met);
        let Some(endpoint) = all.get(met).and_then(|m| *m.of.of(side)) else { return false };
        let Some(routing) = self.routing(side, Some(at)) else { return false };
        let refused = if own { CredentialMode::SharedOnly } else { CredentialMode::OwnOnly };
        let special = routing.credentials_for.get(&endpoint.provider).map(|(mode, _)| *mode);
        if routing.credentials == refused || special == Some(refused) {
            return false;
        }
        self.named(side, at, endpoint) != Formula::FALSE
    }

    /// Returns a candidate of a workload that [`Self::has`] it.
    pub(super) fn candidate(
        &mut self,
        side: Side,
        at: usize,
        met: usize,
        own: bool,
    ) -> Option<Rc<Candidate<'a>>> {
        let place = (side, at, met, own);
        if let Some(candidate) = self.candidates.get(&place) {
            return Some(Rc::clone(candidate));
        }
        let endpoint = (*self.met.get(met)?.of.of(side))?;
        let routing = self.routing(side, Some(at))?;
        let named = self.named(side, at, endpoint);
        let deadline = routing.retry.as_ref().and_then(|r| r.deadline_ms);
        let candidate = self.on(side, |lower| {
            let regimes = Arc::new(lower.regimes(endpoint, deadline));
            let seen = Seen { endpoint, own, regimes: &regimes, cost: None };
            let (cost, too_large) = lower.worst(routing, seen);
            Candidate { endpoint, own, regimes, cost, too_large, named }
        });
        let candidate = Rc::new(candidate);
        self.candidates.insert(place, Rc::clone(&candidate));
        Some(candidate)
    }

    /// Where a candidate passes one filter of its workload.
    pub(super) fn passes(
        &mut self,
        side: Side,
        at: usize,
        unit: &Unit<'a>,
        met: usize,
        own: bool,
    ) -> Formula {
        let same = self.met.get(met).is_some_and(|m| m.same);
        let fact = met.saturating_mul(2).saturating_add(usize::from(!same && side == Side::New));
        let place = (unit.key, fact, own);
        if let Some(formula) = self.formulas.get(&place) {
            return *formula;
        }
        let Some(endpoint) = self.met.get(met).and_then(|m| *m.of.of(side)) else { return Formula::FALSE };
        let Some(routing) = self.routing(side, Some(at)) else { return Formula::FALSE };
        let formula = match &unit.part {
            // What reads no price needs no candidate.
            Part::Guardrail(guardrail) if !unit.money => self.on(side, |lower| {
                let seen = Seen { endpoint, own, regimes: &[], cost: None };
                lower.guardrail(guardrail, seen)
            }),
            Part::Named => self.named(side, at, endpoint),
            part => {
                let Some(candidate) = self.candidate(side, at, met, own) else { return Formula::FALSE };
                self.on(side, |lower| part_of(lower, part, routing, &candidate))
            }
        };
        self.formulas.insert(place, formula);
        formula
    }

    /// Where a candidate is admitted, with these budgets used up.
    pub(super) fn admitted(
        &mut self,
        side: Side,
        at: usize,
        met: usize,
        own: bool,
        spent: &Spent,
    ) -> Formula {
        if !self.has(side, at, met, own) {
            return Formula::FALSE;
        }
        let units = self.units(side, at);
        let mut parts = Vec::new();
        if own && let Some(endpoint) = self.met.get(met).and_then(|m| *m.of.of(side)) {
            // What a key does not say of its prices the catalog does.
            let prices = &endpoint.facts.prices;
            for (name, price) in [("price_prompt", prices.prompt), ("price_completion", prices.completion)] {
                if price.is_some() {
                    let key = crate::prove::facts::own(&mut self.arena, name);
                    parts.push(self.arena.known(key));
                }
            }
        }
        for unit in units.iter() {
            let formula = match unit.part {
                Part::Budget(which, _) if spent.passed.contains(&which) => continue,
                Part::Budget(which, budget) if spent.closed.contains(&which) => {
                    let Some(candidate) = self.candidate(side, at, met, own) else { return Formula::FALSE };
                    let Some(routing) = self.routing(side, Some(at)) else { return Formula::FALSE };
                    self.on(side, |lower| lower.past_budget(budget, routing, &candidate))
                }
                _ => self.passes(side, at, unit, met, own),
            };
            if formula == Formula::FALSE {
                return Formula::FALSE;
            }
            parts.push(formula);
        }
        self.arena.all(parts)
    }

    pub(super) fn unsettled(&mut self, why: String, at_old: Vec<String>, at_new: Vec<String>) {
        let unsettled = Unsettled { why, at_old, at_new };
        if !self.found.undecided.contains(&unsettled) {
            self.found.undecided.push(unsettled);
        }
    }

    /// Adds a class, or candidates to one that is there.
    pub(super) fn add(&mut self, change: DecisionChange) {
        let same = |c: &&mut DecisionChange| {
            c.direction == change.direction
                && c.old_workload == change.old_workload
                && c.new_workload == change.new_workload
                && c.at_old == change.at_old
                && c.at_new == change.at_new
        };
        match self.found.changes.iter_mut().find(same) {
            Some(there) => {
                // Who is let in or kept out shows more than what budgets count.
                let shows_more = there.endpoints.is_empty() && !change.endpoints.is_empty();
                if there.witness.is_none() || (shows_more && change.witness.is_some()) {
                    there.witness = change.witness;
                    there.certain |= change.certain;
                }
                there.endpoints.extend(change.endpoints);
                there.and_more |= change.and_more;
                if !there.what.split("; ").any(|w| w == change.what)
                    && there.what.len() < 120
                    && !there.what.contains("cost")
                {
                    there.what = format!("{}; {}", there.what, change.what);
                }
            }
            None => self.found.changes.push(change),
        }
    }

    pub(super) fn into_found(mut self) -> Differences {
        let rank = |c: &DecisionChange| super::Direction::ALL.iter().position(|d| *d == c.direction);
        self.found.changes.sort_by_key(rank);
        let all = std::mem::take(&mut self.found.changes);
        let (beside, told) = all.into_iter().partition::<Vec<_>, _>(|change| change.beside);
        self.found.changes = told;
        self.found.not_ruled_out = beside
            .into_iter()
            .map(|change| NotRuledOut {
                direction: change.direction,
                old_workload: change.old_workload,
                new_workload: change.new_workload,
                at_old: change.at_old,
                at_new: change.at_new,
            })
            .collect();
        self.found
    }
}

/// Returns what is named, whatever tier names it.
fn named_shape(routing: &Routing) -> String {
    let mut tiers: Vec<String> = routing.tiers.iter().map(shape).collect();
    tiers.sort();
    format!("{tiers:?}")
}

fn part_of(lower: &mut Lower<'_>, part: &Part<'_>, routing: &Routing, candidate: &Candidate<'_>) -> Formula {
    let mut parts = Vec::new();
    match part {
        Part::Named => return candidate.named,
        Part::Countable => return candidate.too_large.not(),
        Part::BuiltIn => lower.built_in(routing, candidate, &mut parts),
        Part::Rule(rule) => return lower.satisfied(rule, Some(candidate.seen())),
        Part::Guardrail(guardrail) => return lower.guardrail(guardrail, candidate.seen()),
        Part::Ceiling(ceiling) => return lower.under(ceiling, candidate),
        Part::Credits => lower.credits(candidate, &mut parts),
        Part::Caller => lower.caller(candidate, &mut parts),
        Part::Budget(_, budget) => return lower.within_budget(budget, routing, candidate),
    }
    lower.arena.all(parts)
}

/// Whether a ceiling bounds money.
pub(super) fn money(ceiling: &Ceiling) -> Option<faregate::Money> {
    match ceiling.amount {
        Amount::Money(m) => Some(m),
        Amount::Count(_) => None,
    }
}
