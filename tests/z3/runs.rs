//! What a whole run may cost, and how many calls it may make (rules 12 and 18).

use std::collections::{BTreeMap, BTreeSet};

use faregate::model::{
    CeilingKind, Expr, ExprKind, Fallback, Invariant, Member, Routing, Subject, Term as Right,
    Value as Known, attributes,
};
use faregate::syntax::ast::{CompareOp, MoveKind};
use faregate::{Amount, ErrorClass};

use super::ask::{Breaks, Opinion, broken_above, broken_below};
use super::facts::{Covered, Facts, Seen};
use super::script::{Term, all, any, at_most, below, int, ite, no, not, sum, times, truth, yes};

/// Calls of one candidate if each retry applies.
fn most_of_one(routing: &Routing) -> i128 {
    1 + routing.retry.iter().flat_map(|r| &r.rules).map(|r| i128::from(r.times)).sum::<i128>()
}

/// Calls of one candidate if only retries without a condition apply.
fn least_of_one(routing: &Routing) -> i128 {
    let rules = routing.retry.iter().flat_map(|r| &r.rules).filter(|r| r.when.is_none());
    1 + rules.map(|r| i128::from(r.times)).sum::<i128>()
}

fn cap(routing: &Routing) -> Option<i128> {
    routing.retry.as_ref().and_then(|r| r.at_most_calls).map(i128::from)
}

fn capped(routing: &Routing, calls: i128) -> i128 {
    cap(routing).map_or(calls, |cap| cap.min(calls))
}

/// Moves that a run may make; `None`: as many as there are candidates.
fn moves(routing: &Routing) -> Option<i128> {
    match &routing.fallback {
        Some(fallback) if !fallback.rules.is_empty() => fallback.at_most.map(i128::from),
        _ => Some(0),
    }
}

/// Calls of any plan; `None`: no bound.
fn most_of_all(routing: &Routing, of_one: i128) -> Option<i128> {
    match moves(routing) {
        Some(moves) => Some(capped(routing, (1 + moves) * of_one)),
        None => cap(routing),
    }
}

/// How many candidates a plan needs for so many calls.
fn needed(routing: &Routing, of_one: i128, calls: i128) -> Option<i128> {
    if cap(routing).is_some_and(|cap| cap < calls) {
        return None;
    }
    let candidates = (calls + of_one - 1) / of_one;
    moves(routing).is_none_or(|moves| candidates <= 1 + moves).then_some(candidates)
}

/// Whether moves of a kind are listed for a class that leads anywhere, without a condition.
fn surely_moves(fallback: &Fallback, kind: MoveKind) -> bool {
    fallback.price_at_most.is_none()
        && fallback.rules.iter().any(|rule| {
            rule.kind == kind
                && rule.when.is_none()
                && rule.on.iter().any(|c| *c != ErrorClass::ContextLength)
        })
}

impl<'a> Facts<'a> {
    /// So much for each call of a plan of one candidate.
    fn calls_of_one(&mut self, seen: &Seen<'a>, each: &str) -> Covered<Term> {
        let mut calls = int(0);
        let (mut fixed, mut parts) = (1, Vec::new());
        for rule in seen.routing.retry.iter().flat_map(|r| &r.rules) {
            let Some(when) = &rule.when else {
                fixed += i128::from(rule.times);
                continue;
            };
            let mut can = Vec::new();
            for class in &rule.on {
                can.push(self.possible(when, seen, *class)?.0);
            }
            parts.push(ite(&any(can), &times(&int(i128::from(rule.times)), each), "0"));
        }
        let most = most_of_one(seen.routing);
        if let Some(cap) = cap(seen.routing).filter(|cap| *cap < most) {
            if cap <= fixed {
                return Ok(times(&int(cap), each));
            }
            calls = times(&int(cap), each);
        }
        parts.insert(0, times(&int(fixed), each));
        let all = sum(parts);
        Ok(if calls == "0" { all } else { ite(&below(&all, &calls), &all, &calls) })
    }

    /// Whether the condition of a retry can be true, and can be false, at some moment of a run. Of attempts only the class of
    /// the error is known; what time and hosts change may be either; what the request leaves out is neither.
    fn possible(&mut self, expr: &Expr, seen: &Seen<'a>, class: ErrorClass) -> Covered<(Term, Term)> {
        let mut parts = |parts: &[Expr]| -> Covered<(Vec<Term>, Vec<Term>)> {
            Ok(parts
                .iter()
                .map(|p| self.possible(p, seen, class))
                .collect::<Covered<Vec<_>>>()?
                .into_iter()
                .unzip())
        };
        match &expr.kind {
            ExprKind::And(of) => parts(of).map(|(can, can_not)| (all(can), any(can_not))),
            ExprKind::Or(of) => parts(of).map(|(can, can_not)| (any(can), all(can_not))),
            ExprKind::Not(inner) => self.possible(inner, seen, class).map(|(can, can_not)| (can_not, can)),
            _ => {
                let (mut of_attempt, mut changes) = (false, false);
                attributes(expr, &mut |a| {
                    of_attempt |= a.subject == Subject::Attempt;
                    changes |= a.may_change();
                });
                if changes {
                    return Ok((yes(), yes()));
                }
                if of_attempt {
                    return Ok(match of_error(expr, class) {
                        Some(holds) => (truth(holds), truth(!holds)),
                        None => (yes(), yes()),
                    });
                }
                let truth = self.truth(expr, Some(seen))?;
                Ok((truth.yes, truth.no))
            }
        }
    }

    /// Where a `run` ceiling of less than so much bounds the whole run: surely, and perhaps.
    fn run_ceiling(&mut self, routing: &'a Routing, less_than: Option<i128>) -> Covered<(Term, Term)> {
        let (mut surely, mut perhaps) = (Vec::new(), Vec::new());
        for ceiling in routing.ceilings.iter().filter(|c| c.kind == CeilingKind::Run) {
            let Amount::Money(amount) = ceiling.amount else { continue };
            if less_than.is_some_and(|n| amount.0.units() >= n) {
                continue;
            }
            let Some(when) = &ceiling.when else {
                surely.push(yes());
                perhaps.push(yes());
                continue;
            };
            // One that may end before the run does bounds it only where it still holds then.
            let mut changes = false;
            attributes(when, &mut |a| changes |= a.may_change());
            let applies = self.truth(when, None)?.not_false();
            if !changes {
                surely.push(applies.clone());
            }
            perhaps.push(applies);
        }
        Ok((any(surely), any(perhaps)))
    }

    /// Where the worst cost of a plan with a candidate breaks a bound.
    pub(crate) fn breaks_cost(&mut self, seen: &Seen<'a>, op: CompareOp, bound: i128) -> Covered<Breaks> {
        let (known, worst) = self.worst(seen)?;
        let alone = self.calls_of_one(seen, &worst)?;
        let (mut may, mut does) = (Vec::new(), Vec::new());
        // Without any bound it is broken, whatever the bound is.
        let (surely, perhaps) = self.run_ceiling(seen.routing, None)?;
        may.push(all([not(&known), not(&surely)]));
        does.push(all([not(&known), not(&perhaps)]));
        if let Some(from) = broken_above(op, bound) {
            let (surely, perhaps) = self.run_ceiling(seen.routing, Some(from))?;
            let unknown = not(&known);
            let dear = |calls: Option<i128>| match calls {
                Some(calls) => any([unknown.clone(), at_most(&int(from), &times(&int(calls), &worst))]),
                None => any([unknown.clone(), below("0", &worst)]),
            };
            may.push(all([not(&surely), dear(most_of_all(seen.routing, most_of_one(seen.routing)))]));
            let one = any([unknown.clone(), at_most(&int(from), &alone)]);
            does.push(all([not(&perhaps), one]));
            // A gateway may have any number of own keys at one endpoint.
            if let Some(again) = self.again(seen)? {
                let many = dear(most_of_all(seen.routing, least_of_one(seen.routing)));
                does.push(all([not(&perhaps), again, many]));
            }
        }
        if let Some(to) = broken_below(op, bound) {
            let cheap = all([known, at_most(&alone, &int(to))]);
            let (surely, perhaps) = self.run_ceiling(seen.routing, Some(to + 1))?;
            may.push(any([cheap.clone(), perhaps]));
            does.push(any([cheap, surely]));
        }
        Ok(Breaks { may: any(may), does: any(does) })
    }

    /// Where other own keys of the same endpoint surely follow in the plan; `None`: nowhere.
    fn again(&mut self, seen: &Seen<'a>) -> Covered<Option<Term>> {
        let Some(fallback) = seen.routing.fallback.as_ref().filter(|f| surely_moves(f, MoveKind::Credential))
        else {
            return Ok(None);
        };
        if !seen.own {
            return Ok(None);
        }
        Ok(Some(self.required(fallback, seen)?))
    }

    /// Where `fallback require` lets a candidate follow.
    pub(crate) fn required(&mut self, fallback: &'a Fallback, seen: &Seen<'a>) -> Covered<Term> {
        let mut parts = Vec::new();
        for (require, _) in &fallback.requires {
            parts.push(self.truth(require, Some(seen))?.yes);
        }
        Ok(all(parts))
    }

    /// Where the number of calls of a plan with a candidate breaks a bound.
    pub(crate) fn breaks_calls(&mut self, seen: &Seen<'a>, op: CompareOp, bound: u64) -> Covered<Breaks> {
        let calls = self.calls_of_one(seen, "1")?;
        let (mut may, mut does) = (Vec::new(), Vec::new());
        if let Some(from) = broken_above(op, i128::from(bound)) {
            let more = most_of_all(seen.routing, most_of_one(seen.routing)).is_none_or(|most| most >= from);
            may.push(truth(more));
            does.push(at_most(&int(from), &calls));
            if let Some(again) = self.again(seen)? {
                let many =
                    most_of_all(seen.routing, least_of_one(seen.routing)).is_none_or(|most| most >= from);
                does.push(all([again, truth(many)]));
            }
        }
        if let Some(to) = broken_below(op, i128::from(bound)) {
            let few = at_most(&calls, &int(to));
            may.push(few.clone());
            does.push(few);
        }
        Ok(Breaks { may: any(may), does: any(does) })
    }

    /// Whether a plan of several candidates makes too many calls, where none of one does.
    pub(crate) fn crowds(
        &mut self,
        invariant: &Invariant,
        op: CompareOp,
        bound: u64,
        why: String,
    ) -> Covered<Opinion> {
        let Some(from) = broken_above(op, i128::from(bound)) else { return Err(why) };
        let concerned = self.concerned(invariant)?;
        let (mut may, mut does) = (Vec::new(), Vec::new());
        for way in self.ways_of(invariant)? {
            let Some(routing) = self.routing(*way.through.last().unwrap()) else { continue };
            if !way.by.is_empty() {
                return Err(why);
            }
            let base = all([concerned.clone(), self.picked(Some(way.through[0]))?]);
            let most = needed(routing, most_of_one(routing), from);
            let surely = needed(routing, least_of_one(routing), from);
            let Some(most) = most else { continue };
            let moves =
                |kind| routing.fallback.as_ref().is_some_and(|f| f.rules.iter().any(|r| r.kind == kind));
            let sure = |kind| routing.fallback.as_ref().is_some_and(|f| surely_moves(f, kind));
            let mut own = BTreeSet::new();
            let (mut there, mut follows) = (Groups::new(), Groups::new());
            for seen in self.candidates(way.through[0], "")? {
                let slot = if seen.own { String::new() } else { format!("{} ", seen.endpoint.id) };
                let seen = Seen { slot, ..seen };
                let admitted = self.admitted(&seen, &BTreeSet::new())?;
                if seen.own {
                    own.insert(admitted);
                    continue;
                }
                let required = match &routing.fallback {
                    Some(fallback) => self.required(fallback, &seen)?,
                    None => no(),
                };
                let model = seen.endpoint.model.clone();
                there.entry(model.clone()).or_default().push(admitted.clone());
                follows.entry(model).or_default().push(all([admitted, required]));
            }
            let own = any(own);
            may.push(all([
                base.clone(),
                any([own, crowd(&there, most, moves(MoveKind::Model), moves(MoveKind::Provider), false)]),
            ]));
            if let Some(surely) = surely {
                let crowd = crowd(&follows, surely, sure(MoveKind::Model), sure(MoveKind::Provider), true);
                does.push(all([base, crowd]));
            }
        }
        self.between(any(may), any(does), &why)
    }
}

/// Where the candidates of each model are admitted.
type Groups = BTreeMap<String, Vec<Term>>;

/// Where so many of them can be in one plan, as far as the kinds of moves tell. From one model moves lead back to another
/// endpoint of the first, if the order has it so: not surely.
fn crowd(groups: &Groups, wanted: i128, models: bool, providers: bool, surely: bool) -> Term {
    let count = |parts: Vec<Term>| at_most(&int(wanted), &sum(parts.iter().map(|p| ite(p, "1", "0"))));
    match (models, providers) {
        (true, _) if providers || !surely => count(groups.values().flatten().cloned().collect()),
        (true, _) => count(groups.values().map(|g| any(g.iter().cloned())).collect()),
        (false, true) => any(groups.values().map(|g| count(g.clone()))),
        (false, false) => truth(wanted <= 1),
    }
}

/// The truth of a condition on the class of an error alone.
fn of_error(expr: &Expr, class: ErrorClass) -> Option<bool> {
    let error = Known::Text(class.as_str().to_owned());
    let reads = |a: &faregate::model::Attr| a.subject == Subject::Attempt && a.name == "error";
    match &expr.kind {
        ExprKind::Compare { left, op: CompareOp::Eq, right: Right::Value(v), .. } if reads(left) => {
            Some(*v == error)
        }
        ExprKind::Compare { left, op: CompareOp::Ne, right: Right::Value(v), .. } if reads(left) => {
            Some(*v != error)
        }
        ExprKind::In { left, members, .. } if reads(left) => {
            Some(members.iter().any(|m| matches!(m, Member::Value(v) if *v == error)))
        }
        ExprKind::Present(left) if reads(left) => Some(true),
        _ => None,
    }
}
