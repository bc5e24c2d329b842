//! The parts of two policies, one by one: rules, waivers, budgets, preferences, and limits of moves and calls.

use faregate::model::{Body, Budget, Expr, ExprKind, Guardrail, Member, Routing, Rule, Term, Value};

use faregate_syntax::ast::CredentialMode;

use super::super::shape::shape;
use super::{Pair, read};
use crate::prove::admit::Candidate;
use crate::prove::formula::Formula;

/// An endpoint with a kind of credential in a workload that names it.
pub(super) struct Place<'a> {
    workload: usize,
    candidate: Candidate<'a>,
    /// Where a request comes there and names it.
    here: Formula,
    /// Where every filter but the budgets of the old policy lets it through.
    admitted: Formula,
}

impl<'a> Pair<'a> {
    pub(super) fn find_places(&mut self) {
        let reached = self.lower.reached_in_runs();
        for (workload, (of, reached)) in self.old.workloads.iter().zip(reached).enumerate() {
            let Body::Route(routing) = &of.body else { continue };
            // A credential that the route does not take is excluded, and for all other reasons that there are too.
            let mut any = routing.as_ref().clone();
            any.credentials = CredentialMode::OwnThenShared;
            any.credentials_for.clear();
            for candidate in self.lower.candidates(&any, true) {
                let here = self.lower.arena.both(reached, candidate.named);
                let special =
                    routing.credentials_for.get(&candidate.endpoint.provider).map(|(mode, _)| *mode);
                let refusing =
                    if candidate.own { CredentialMode::SharedOnly } else { CredentialMode::OwnOnly };
                let admitted = if routing.credentials == refusing || special == Some(refusing) {
                    Formula::FALSE
                } else {
                    self.lower.admitted(routing, &candidate)
                };
                let admitted = self.lower.arena.both(reached, admitted);
                self.places.push(Place { workload, candidate, here, admitted });
            }
        }
    }

    /// Asks something of each place, with what holds there; of one workload, or of all.
    fn everywhere(
        &mut self,
        workload: Option<usize>,
        mut holds: impl FnMut(&mut Self, &Place<'a>) -> bool,
    ) -> bool {
        let places = std::mem::take(&mut self.places);
        let all = places
            .iter()
            .filter(|place| workload.is_none_or(|w| w == place.workload))
            .all(|place| holds(self, place));
        self.places = places;
        all
    }

    pub(super) fn guardrails(&mut self) -> bool {
        let (old, new) = (self.old, self.new);
        old.guardrails.iter().zip(&new.guardrails).all(|(was, is)| {
            let text = |g: &Guardrail| (shape(&g.when), shape(&g.rules));
            was.because == is.because && (text(was) == text(is) || self.guardrail(was, is))
        })
    }

    fn guardrail(&mut self, was: &Guardrail, is: &Guardrail) -> bool {
        // Its `when` may read the endpoint, so that it is looked at in each place.
        let whens = [&was.when, &is.when].map(|when| when.clone().unwrap_or_else(always));
        if shape(&whens[0]) == shape(&whens[1]) {
            return self.rules_under(None, (&was.rules, &whens[0]), (&is.rules, &whens[1]));
        }
        self.certain(&whens[0])
            && self.certain(&whens[1])
            && self.rules_under(None, (&was.rules, &whens[0]), (&is.rules, &whens[1]))
    }

    pub(super) fn rules(&mut self, workload: Option<usize>, was: &[Rule], is: &[Rule]) -> bool {
        shape(&was) == shape(&is) || self.rules_under(workload, (was, &always()), (is, &always()))
    }

    /// Rules that exclude nobody fall away; the others must exclude the same, one by one.
    fn rules_under(
        &mut self,
        workload: Option<usize>,
        (was, was_when): (&[Rule], &Expr),
        (is, is_when): (&[Rule], &Expr),
    ) -> bool {
        let was: Vec<&Rule> =
            was.iter().filter(|rule| !self.excludes_nobody(workload, rule, was_when)).collect();
        let is: Vec<&Rule> =
            is.iter().filter(|rule| !self.excludes_nobody(workload, rule, is_when)).collect();
        let same_when = shape(was_when) == shape(is_when);
        was.len() == is.len()
            && was.iter().zip(&is).all(|(a, b)| {
                let alike = shape(*a) == shape(*b);
                // What a denial offers to change, and what it says of cooling endpoints, is read off the rule.
                let plain = alike || a.forbid == b.forbid && self.certain(&a.expr) && self.certain(&b.expr);
                alike && same_when
                    || plain
                        && self.everywhere(workload, |pair, place| {
                            let old = pair.excludes(a, was_when, place);
                            let new = pair.excludes(b, is_when, place);
                            pair.same_where(place.here, old, new)
                        })
            })
    }

    fn excludes_nobody(&mut self, workload: Option<usize>, rule: &Rule, when: &Expr) -> bool {
        !reads_cost(&rule.expr)
            && !reads_cost(when)
            && self.everywhere(workload, |pair, place| {
                let excludes = pair.excludes(rule, when, place);
                let excludes = pair.lower.arena.both(place.here, excludes);
                pair.never(excludes)
            })
    }

    /// Where a rule excludes an endpoint, if nothing waives it.
    fn excludes(&mut self, rule: &Rule, when: &Expr, place: &Place<'a>) -> Formula {
        let seen = Some(place.candidate.seen());
        let off = self.lower.truth(when, seen).no;
        let met = self.lower.satisfied(rule, seen);
        self.lower.arena.both(off.not(), met.not())
    }

    /// Whether a condition is free of what a decision reads of it beside its truth: bounds, and facts that are not followed.
    fn certain(&self, expr: &Expr) -> bool {
        !has_bound(expr) && !reads_cost(expr)
    }

    pub(super) fn waivers(&mut self) -> bool {
        let (old, new) = (self.old, self.new);
        old.waivers.iter().zip(&new.waivers).all(|(was, is)| {
            if was.until != is.until {
                return false;
            }
            let whens = [&was.when, &is.when].map(|when| when.clone().unwrap_or_else(always));
            if shape(&whens[0]) == shape(&whens[1]) {
                return true;
            }
            if whens.iter().any(reads_cost) {
                return false;
            }
            let Some(guardrail) = old.guardrails.iter().find(|g| g.name == was.guardrail) else {
                return false;
            };
            self.everywhere(None, |pair, place| {
                let seen = Some(place.candidate.seen());
                let when = guardrail.when.clone().unwrap_or_else(always);
                let broken: Vec<Formula> =
                    guardrail.rules.iter().map(|rule| pair.excludes(rule, &when, place)).collect();
                let broken = pair.lower.arena.any(broken);
                let here = pair.lower.arena.both(place.here, broken);
                let [a, b] = whens.each_ref().map(|when| pair.lower.truth(when, seen).yes);
                pair.same_where(here, a, b)
            })
        })
    }

    pub(super) fn budgets(&mut self) -> bool {
        let (old, new) = (self.old, self.new);
        old.budgets.iter().zip(&new.budgets).all(|(was, is)| {
            let bare = |budget: &Budget| {
                let mut bare = budget.clone();
                bare.covers = None;
                bare.byok_included = true;
                shape(&bare)
            };
            shape(was) == shape(is) || bare(was) == bare(is) && self.covers_alike(was, is)
        })
    }

    /// Whether two budgets cover the same endpoints and credentials, true where true and unknown where unknown.
    fn covers_alike(&mut self, was: &Budget, is: &Budget) -> bool {
        let covers = [was, is].map(|budget| budget.covers.clone().unwrap_or_else(always));
        if covers.iter().any(reads_cost) {
            return false;
        }
        self.everywhere(None, |pair, place| {
            let seen = Some(place.candidate.seen());
            let [a, b] = [(was, &covers[0]), (is, &covers[1])].map(|(budget, covers)| {
                let truth = pair.lower.truth(covers, seen);
                let counts = Formula::of(!place.candidate.own || budget.byok_included);
                (pair.lower.arena.both(counts, truth.yes), pair.lower.arena.either(counts.not(), truth.no))
            });
            pair.same_where(place.here, a.0, b.0) && pair.same_where(place.here, a.1, b.1)
        })
    }

    /// Preferences for nobody fall away; the others are the same. One that is the same for all orders nothing, and yet a decision
    /// says that it was met.
    pub(super) fn prefers(&mut self, workload: usize, was: &Routing, is: &Routing) -> bool {
        let mut left = |routing: &Routing| {
            let met = routing.prefers.iter().filter(|(expr, _)| !self.prefers_nobody(workload, expr));
            met.map(|(expr, _)| shape(expr)).collect::<Vec<_>>()
        };
        left(was) == left(is)
    }

    fn prefers_nobody(&mut self, workload: usize, expr: &Expr) -> bool {
        !reads_cost(expr)
            && self.everywhere(Some(workload), |pair, place| {
                let met = pair.lower.truth(expr, Some(place.candidate.seen())).yes;
                let met = pair.lower.arena.both(place.here, met);
                pair.never(met)
            })
    }

    /// What a fallback must meet: what every admitted endpoint meets falls away, the rest is the same.
    pub(super) fn moves_need(&mut self, workload: usize, was: &Routing, is: &Routing) -> bool {
        let mut left = |routing: &Routing| {
            let needs = routing.fallback.iter().flat_map(|f| &f.requires);
            let open = needs.filter(|(expr, _)| !self.all_meet(workload, expr));
            open.map(|(expr, _)| shape(expr)).collect::<Vec<_>>()
        };
        left(was) == left(is)
    }

    fn all_meet(&mut self, workload: usize, expr: &Expr) -> bool {
        !reads_cost(expr)
            && self.everywhere(Some(workload), |pair, place| {
                let met = pair.lower.truth(expr, Some(place.candidate.seen())).yes;
                let open = pair.lower.arena.both(place.admitted, met.not());
                pair.never(open)
            })
    }

    /// Limits of moves and calls: the same, or none of them ever reached.
    pub(super) fn limits(&mut self, workload: usize, was: &Routing, is: &Routing) -> bool {
        let later = self.most_candidates(workload).map(|n| n.saturating_sub(1));
        let moves = |r: &Routing| r.fallback.as_ref().and_then(|f| f.at_most);
        let calls = |r: &Routing| r.retry.as_ref().and_then(|retry| retry.at_most_calls);
        let spare = |limit: Option<u64>, most: Option<u64>| {
            limit.is_none_or(|limit| most.is_some_and(|most| most <= limit))
        };
        let no_moves = was.fallback.as_ref().is_none_or(|f| f.rules.is_empty());
        let later = if no_moves { Some(0) } else { later };
        if moves(was) != moves(is) && !(spare(moves(was), later) && spare(moves(is), later)) {
            return false;
        }
        // Each candidate may be called once and as often again as rules retry.
        let times = was.retry.iter().flat_map(|r| &r.rules).fold(1_u64, |sum, r| sum.saturating_add(r.times));
        let moved = match (moves(was), later) {
            (Some(moves), Some(later)) => Some(moves.min(later)),
            (moves, later) => moves.or(later),
        };
        let most = moved.map(|moves| moves.saturating_add(1).saturating_mul(times));
        // A run that ends at its last move says which limit it met: then the calls must not be the first to be used up.
        let most = if moved == later { most } else { most.map(|n| n.saturating_add(1)) };
        calls(was) == calls(is) || spare(calls(was), most) && spare(calls(is), most)
    }

    /// How many candidates a plan of a workload can have; `None`: as many as there are own credentials.
    fn most_candidates(&self, workload: usize) -> Option<u64> {
        let mut most = 0_u64;
        for place in self.places.iter().filter(|p| p.workload == workload) {
            if place.admitted == Formula::FALSE || self.never(place.admitted) {
                continue;
            }
            if place.candidate.own {
                return None;
            }
            most = most.saturating_add(1);
        }
        Some(most)
    }
}

fn always() -> Expr {
    Expr { kind: ExprKind::Constant(true), span: super::NOWHERE }
}

/// Whether a condition compares something with a number, which a denial may offer to change.
fn has_bound(expr: &Expr) -> bool {
    let number = |value: &Value| matches!(value, Value::Number(_));
    match &expr.kind {
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().any(has_bound),
        ExprKind::Not(inner) => has_bound(inner),
        ExprKind::Between { .. } => true,
        ExprKind::Compare { right: Term::Value(value), .. } => number(value),
        ExprKind::Compare { right: Term::Attr(_), .. } => true,
        ExprKind::In { members, .. } => {
            members.iter().any(|m| matches!(m, Member::Value(value) if number(value)))
        }
        ExprKind::Constant(_)
        | ExprKind::Flag(_)
        | ExprKind::Present(_)
        | ExprKind::Includes { .. }
        | ExprKind::Matches { .. } => false,
    }
}

/// Whether a condition reads what an attempt costs, which formulas bound and do not always follow.
fn reads_cost(expr: &Expr) -> bool {
    read(expr).iter().any(|(name, _)| name == "endpoint.cost")
}
