//! Whether two policy sets surely decide alike, over all requests, contexts and runs with a catalog.
//!
//! What is written alike but for its place decides alike. Of the rest few kinds of difference are understood, each by a question
//! that formulas answer exactly: conditions of workloads that pick the same, rules that exclude nobody or the same endpoints,
//! waivers that lift the same, preferences for nobody, limits that are never reached. Any other difference, and any
//! doubt, is no proof. What a decision quotes of the policy's text and places is not looked at; the change that a denial offers
//! (`nearest`) is.

mod parts;

use std::collections::BTreeSet;

use faregate::Catalog;
use faregate::model::{Attr, Body, Expr, ExprKind, Policy, Routing, Workload, attributes, policy};
use faregate::{PolicySet, Timestamp};

use super::formula::{Arena, Formula};
use super::lower::{Lower, Stands};
use super::noon;
use super::shape::shape;
use super::solve::{Answer, Query};
use parts::Place;

/// Whether two policy sets surely decide alike with a catalog: whatever is asked and known, they admit and exclude the same for the
/// same kinds of reasons, in the same order and at the same bounds, and runs take the same steps. `false`: that was not shown.
///
/// ```
/// use faregate::{Catalog, PolicySet};
/// use faregate_analysis::decide_alike;
/// let policy = |when: &str| {
///     let text = format!(
///         "policy p {{ language 1 }} declare {{ request.workload one_of chat, batch }}
///          workload a {{ when request.workload == chat deny \"a\" }}
///          workload b {{ when {when} deny \"b\" }}
///          workload c {{ otherwise deny \"c\" }}"
///     );
///     PolicySet::parse([("p.fare", text)]).unwrap()
/// };
/// let none = Catalog::new(Vec::new()).unwrap();
/// assert!(decide_alike(&policy("request.workload == batch"), &policy("true"), &none));
/// assert!(!decide_alike(&policy("request.workload == batch"), &policy("request.stream"), &none));
/// ```
#[must_use]
pub fn decide_alike(old: &PolicySet, new: &PolicySet, catalog: &Catalog) -> bool {
    let (old, new) = (policy(old), policy(new));
    if shape(&old.declared) != shape(&new.declared) || !same_names(old, new) {
        return false;
    }
    let lower = Lower { arena: Arena::new(), policy: old, catalog, stands: Stands::default(), cooled: false };
    let mut pair = Pair { old, new, lower, first: noon(catalog.as_of()), places: Vec::new() };
    if !pair.picks_alike() {
        return false;
    }
    pair.find_places();
    pair.guardrails() && pair.waivers() && pair.budgets() && pair.routes()
}

/// Whether both have the same declarations, by name and in order.
fn same_names(old: &Policy, new: &Policy) -> bool {
    let names = |p: &Policy| {
        let workloads = p.workloads.iter().map(|w| (w.name.clone(), matches!(w.body, Body::Deny(..))));
        let guardrails: Vec<String> = p.guardrails.iter().map(|g| g.name.clone()).collect();
        let budgets: Vec<String> = p.budgets.iter().map(|b| b.name.clone()).collect();
        let waivers: Vec<String> = p.waivers.iter().map(|w| w.guardrail.clone()).collect();
        (p.name.clone(), workloads.collect::<Vec<_>>(), guardrails, budgets, waivers)
    };
    names(old) == names(new)
}

/// Two policies with the same declarations, and formulas over both.
struct Pair<'a> {
    old: &'a Policy,
    new: &'a Policy,
    lower: Lower<'a>,
    first: Timestamp,
    /// Every endpoint with each kind of credential, in every workload that names it.
    places: Vec<Place<'a>>,
}

impl<'a> Pair<'a> {
    fn never(&self, formula: Formula) -> bool {
        if formula == Formula::FALSE || formula == Formula::TRUE {
            return formula == Formula::FALSE;
        }
        matches!(Query::new(&self.lower.arena, &[formula], &[], self.first).next(), Answer::Never)
    }

    /// Whether two formulas come out alike wherever a third one holds.
    fn same_where(&mut self, when: Formula, one: Formula, other: Formula) -> bool {
        if one == other {
            return true;
        }
        let more = self.lower.arena.all([when, one, other.not()]);
        let less = self.lower.arena.all([when, other, one.not()]);
        self.never(more) && self.never(less)
    }

    /// Whether every request comes to the same workload, or is denied for want of the same attribute.
    fn picks_alike(&mut self) -> bool {
        let mut before = Formula::TRUE;
        for (old, new) in self.old.workloads.iter().zip(&self.new.workloads) {
            let (was, is) = match (&old.when, &new.when) {
                (None, None) => continue,
                (Some((was, _)), Some((is, _))) => (was, is),
                _ => return false,
            };
            let a = self.lower.truth(was, None);
            if shape(was) != shape(is) {
                let b = self.lower.truth(is, None);
                if !self.same_where(before, a.yes, b.yes) || !self.same_where(before, a.no, b.no) {
                    return false;
                }
                let unknown = self.lower.arena.all([before, a.yes.not(), a.no.not()]);
                if !self.names_the_same(unknown, was, is) {
                    return false;
                }
            }
            before = self.lower.arena.both(before, a.no);
        }
        true
    }

    /// Whether a denial for want of an attribute names the same one, since it is the only one that is not known.
    fn names_the_same(&mut self, unknown: Formula, was: &Expr, is: &Expr) -> bool {
        if self.never(unknown) {
            return true;
        }
        let (was, is) = (read(was), read(is));
        let all: Vec<Attr> = was.iter().chain(&is).map(|(_, attr)| attr.clone()).collect();
        was.iter().filter(|(name, _)| is.iter().any(|(other, _)| other == name)).any(|(_, only)| {
            all.iter().filter(|attr| attr.to_string() != only.to_string()).all(|attr| {
                let present = Expr { kind: ExprKind::Present(attr.clone()), span: NOWHERE };
                let missing = self.lower.truth(&present, None).no;
                let missing = self.lower.arena.both(unknown, missing);
                self.never(missing)
            })
        })
    }

    fn routes(&mut self) -> bool {
        let pairs: Vec<(usize, &'a Workload, &'a Workload)> = (0..)
            .zip(self.old.workloads.iter().zip(&self.new.workloads))
            .map(|(at, (old, new))| (at, old, new))
            .collect();
        pairs.into_iter().all(|(at, old, new)| match (&old.body, &new.body) {
            (Body::Deny(was, _), Body::Deny(is, _)) => was == is,
            (Body::Route(was), Body::Route(is)) => shape(was) == shape(is) || self.route(at, was, is),
            _ => false,
        })
    }

    fn route(&mut self, workload: usize, was: &'a Routing, is: &'a Routing) -> bool {
        bare(was) == bare(is)
            && self.prefers(workload, was, is)
            && self.rules(Some(workload), &was.rules, &is.rules)
            && self.moves_need(workload, was, is)
            && self.limits(workload, was, is)
    }
}

/// A place of a condition that stands nowhere.
const NOWHERE: faregate_syntax::Span =
    faregate_syntax::Span { file: faregate_syntax::FileId(0), start: 0, end: 0 };

/// Returns what a route says beside the parts that are compared one by one.
fn bare(routing: &Routing) -> String {
    let mut bare = routing.clone();
    bare.rules.clear();
    bare.prefers.clear();
    if let Some(fallback) = &mut bare.fallback {
        fallback.requires.clear();
        fallback.at_most = None;
    }
    if let Some(retry) = &mut bare.retry {
        retry.at_most_calls = None;
    }
    shape(&bare)
}

/// Returns the attributes that a condition reads, by name.
fn read(expr: &Expr) -> Vec<(String, Attr)> {
    let mut seen = BTreeSet::new();
    let mut read = Vec::new();
    attributes(expr, &mut |attr| {
        if seen.insert(attr.to_string()) {
            read.push((attr.to_string(), attr.clone()));
        }
    });
    read
}
