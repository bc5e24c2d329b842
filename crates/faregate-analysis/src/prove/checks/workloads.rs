//! `unreachable-workload` and `overlapping-workloads`: which requests come to which workload.

use std::collections::BTreeSet;

use faregate::model::{Body, Expr, Workload, attributes, meets};
use faregate_syntax::Diagnostic;

use super::Finder;
use super::requests::shown;
use crate::prove::formula::Formula;
use crate::prove::lower::Truth;
use crate::prove::solve::{Answer, Model};
use crate::prove::witness;

/// So many earlier workloads are looked at for those that leave nothing.
const MOST_EARLIER: usize = 40;

/// Of each workload so many overlaps are told one by one, and the others counted.
const MOST_TOLD: usize = 3;

/// So many pairs of workloads are held to each other.
const MOST_PAIRS: usize = 2_000;

impl Finder<'_> {
    pub(super) fn unreachable(&mut self, reached: &[Formula]) {
        let mut earlier: Vec<(&Workload, Truth)> = Vec::new();
        for (workload, reached) in self.policy().workloads.iter().zip(reached) {
            let when = match &workload.when {
                Some((when, _)) => self.lower.truth(when, None),
                // A set ends with `otherwise`; where it only denies, it may be there for nothing.
                None if matches!(workload.body, Body::Deny(..)) => continue,
                None => Truth::ALWAYS,
            };
            let alive = workload.when.as_ref().is_none_or(|(when, _)| !self.is_dead(when));
            if alive && self.never(*reached) {
                let before = self.that_leave_nothing(&earlier, when.yes);
                self.is_unreachable(workload, &before);
            }
            earlier.push((workload, when));
        }
    }

    /// Returns earlier workloads, none of them to spare, that together leave nothing of some requests.
    fn that_leave_nothing<'w>(
        &mut self,
        earlier: &[(&'w Workload, Truth)],
        yes: Formula,
    ) -> Vec<&'w Workload> {
        let mut kept: Vec<(&Workload, Truth)> = earlier.to_vec();
        let mut at = 0;
        while at < kept.len() && kept.len() <= MOST_EARLIER {
            let rest: Vec<Formula> =
                kept.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, (_, t))| t.no).collect();
            let rest = self.lower.arena.all(rest);
            let rest = self.lower.arena.both(yes, rest);
            if self.never(rest) {
                kept.remove(at);
            } else {
                at = at.saturating_add(1);
            }
        }
        kept.into_iter().map(|(workload, _)| workload).collect()
    }

    fn is_unreachable(&mut self, workload: &Workload, before: &[&Workload]) {
        let name = &workload.name;
        let (message, label) = match before {
            [one] if one.when.is_some() => (
                format!("workload `{name}` is never reached: an earlier one takes the same requests"),
                "the earlier one",
            ),
            _ => (
                format!("workload `{name}` is never reached: earlier ones take all of its requests"),
                "takes some of them",
            ),
        };
        let mut diagnostic = Diagnostic::warning("unreachable-workload", workload.span, message);
        for earlier in before.iter().take(4) {
            diagnostic = diagnostic.related(earlier.span, label);
        }
        if workload.when.is_none() {
            diagnostic = diagnostic
                .help("a request of which too little is known is denied by the workload that asks for it; end with `deny`");
        }
        self.warn(diagnostic);
    }

    /// Two workloads that read the same attributes, and neither is a special case of the other: then their order decides.
    ///
    /// Where they read different attributes, as `request.workload == chat` and `request.tier == free` do, an order is what was
    /// meant.
    pub(super) fn overlapping(&mut self, reached: &[Formula]) {
        let mut earlier: Vec<(&Workload, (&Expr, Truth), BTreeSet<String>)> = Vec::new();
        let mut pairs = 0_usize;
        let all = self.policy().workloads.iter().zip(reached);
        for (workload, reached) in all {
            let Some((when, _)) = &workload.when else { continue };
            let mut read = BTreeSet::new();
            attributes(when, &mut |attr| {
                read.insert(attr.to_string());
            });
            if self.is_dead(when) || self.never(*reached) {
                continue;
            }
            let when = (when, self.lower.truth(when, None));
            let mut told: Vec<Diagnostic> = Vec::new();
            let mut others = 0_usize;
            for (other, condition, attributes) in &earlier {
                if *attributes != read {
                    continue;
                }
                if pairs >= MOST_PAIRS {
                    self.left_out = true;
                    break;
                }
                pairs = pairs.saturating_add(1);
                match self.pair(other, *condition, workload, when) {
                    Some(diagnostic) if told.len() < MOST_TOLD => told.push(diagnostic),
                    Some(_) => others = others.saturating_add(1),
                    None => {}
                }
            }
            if let Some(last) = told.last_mut().filter(|_| others > 0) {
                last.message = format!("{}; {others} more earlier ones overlap with it too", last.message);
            }
            told.into_iter().for_each(|d| self.warn(d));
            earlier.push((workload, when, read));
        }
    }

    fn pair(
        &mut self,
        earlier: &Workload,
        (first, a): (&Expr, Truth),
        later: &Workload,
        (second, b): (&Expr, Truth),
    ) -> Option<Diagnostic> {
        let both = self.lower.arena.both(a.yes, b.yes);
        let (only_first, only_second) =
            (self.lower.arena.both(a.yes, b.no), self.lower.arena.both(b.yes, a.no));
        // A request of each kind is found, and the engine sees it so, or nothing is said.
        let model = self.example(both, &[(first, true), (second, true)])?;
        if self.example(only_first, &[(first, true), (second, false)]).is_none()
            || self.example(only_second, &[(first, false), (second, true)]).is_none()
        {
            return None;
        }
        let message = format!(
            "workloads `{}` and `{}` both want some requests, and the order in which they stand decides",
            earlier.name, later.name
        );
        let diagnostic = Diagnostic::warning("overlapping-workloads", later.span, message)
            .related(earlier.span, "takes what both want")
            .help(format!("both want {}; leave it out of one of them", shown(&self.lower.arena, &model)));
        Some(diagnostic)
    }

    /// Returns what makes a formula hold, where the engine finds these conditions true and false as they should be.
    fn example(&mut self, formula: Formula, expected: &[(&Expr, bool)]) -> Option<Model> {
        if formula == Formula::FALSE {
            return None;
        }
        let Some(Answer::Holds(model)) = self.answer(formula) else { return None };
        let (request, context) = witness::plain(&self.lower.arena, &model);
        let as_expected = |(expr, wanted): &(&Expr, bool)| {
            meets(self.set, self.lower.catalog, &request, &context, expr) == Some(*wanted)
        };
        expected.iter().all(as_expected).then_some(model)
    }
}
