//! What decisions say and do not do: names and reasons of guardrails.

use std::collections::BTreeSet;

use faregate::model::{Guardrail, Policy};

use super::super::shape::shape;
use super::sides::{Differ, Side};
use super::{DecisionChange, Direction};

/// How `request.model` and `request.models` show in a shape.
const MODEL: &str = "subject: Request, name: \"model";

impl<'a> Differ<'a> {
    /// Where aliases mean other models, one request asks each side for another model: no formula follows that.
    pub(super) fn aliases(&mut self) {
        if self.same_aliases {
            return;
        }
        let asked = Side::BOTH.into_iter().any(|side| {
            let policy = self.policies.of(side);
            let mut reads =
                shape(&policy.guardrails).contains(MODEL) || shape(&policy.waivers).contains(MODEL);
            for workload in &policy.workloads {
                let text = shape(workload);
                reads |= text.contains(MODEL) || text.contains("Requested {");
            }
            reads || shape(&policy.budgets).contains(MODEL)
        });
        if asked {
            let why = "aliases of the catalogs mean other models, and requests that ask for a model by an alias were not followed";
            self.unsettled(why.to_owned(), vec![], vec![]);
        }
    }

    /// Tells of guardrails that say the same under another name, or give another reason. One that is gone or new is told
    /// where it changes what is admitted.
    pub(super) fn words(&mut self) {
        let (old, new) = (self.policies.old, self.policies.new);
        let find = |policy: &'a Policy, name: &str| policy.guardrails.iter().find(|g| g.name == name);
        let mut pairs: Vec<(&Guardrail, &Guardrail)> = Vec::new();
        for guardrail in &new.guardrails {
            match find(old, &guardrail.name) {
                Some(same) if same.because != guardrail.because => pairs.push((same, guardrail)),
                Some(_) => {}
                None => {
                    let rules = |side, g: &Guardrail| {
                        let exprs: Vec<_> = g.when.iter().chain(g.rules.iter().map(|r| &r.expr)).collect();
                        self.meaning(side, &exprs)
                    };
                    let renamed = old.guardrails.iter().find(|o| {
                        find(new, &o.name).is_none() && rules(Side::Old, o) == rules(Side::New, guardrail)
                    });
                    pairs.extend(renamed.map(|old| (old, guardrail)));
                }
            }
        }
        if pairs.is_empty() {
            return;
        }
        let span = |g: &Guardrail| g.rules.first().map(|r| r.span);
        let at_old = self.at(Side::Old, pairs.iter().filter_map(|(g, _)| span(g)));
        let at_new = self.at(Side::New, pairs.iter().filter_map(|(_, g)| span(g)));
        let names: BTreeSet<&str> = pairs.iter().map(|(_, g)| g.name.as_str()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        self.add(DecisionChange {
            direction: Direction::Words,
            old_workload: None,
            new_workload: None,
            endpoints: BTreeSet::new(),
            and_more: false,
            also: BTreeSet::new(),
            what: format!("another name or reason of guardrail {}", names.join(", ")),
            certain: true,
            beside: false,
            witness: None,
            at_old,
            at_new,
        });
    }
}
