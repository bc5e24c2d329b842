//! Invariants: parsed and checked for names and types; proving them needs a solver, which is not here.

use faregate_syntax::ast::{Block, InvariantStatement, Item};

use super::expr::Place;
use super::{Checker, Once, messages};
use crate::ir::{Always, Invariant};

impl<'a> Checker<'a> {
    pub(super) fn invariants(&mut self) {
        for item in self.files.iter().flat_map(|f| &f.items) {
            if let Item::Invariant(block) = item {
                self.invariant(block);
            }
        }
    }

    fn invariant(&mut self, block: &'a Block<InvariantStatement>) {
        let mut seen = Once::default();
        let mut workload = None;
        let mut condition = None;
        let mut always = None;
        let mut written = false;
        for statement in &block.statements {
            let span = statement.span;
            let claim = match &statement.kind {
                InvariantStatement::ForWorkload(name) => {
                    if !self.scope.workloads.contains_key(name.text.as_str()) {
                        let names = self.names_like(|scope| scope.workloads.keys().copied().collect());
                        self.push(messages::unknown_name("workload", name, names));
                    }
                    if self.once(&mut seen, "for workload", span) {
                        workload = Some(name.text.clone());
                    }
                    continue;
                }
                InvariantStatement::For(expr) => {
                    let lowered = self.expr(expr, Place::InvariantFor);
                    if self.once(&mut seen, "for", span) {
                        condition = lowered;
                    }
                    continue;
                }
                InvariantStatement::Always(expr) => self.expr(expr, Place::Always).map(Always::Holds),
                InvariantStatement::AtLeast(n, what) => self.count(n).map(|n| Always::AtLeast(n, *what)),
                InvariantStatement::Cost(op, money) => self.money(money).map(|m| Always::Cost(*op, m)),
                InvariantStatement::Calls(op, n) => self.count(n).map(|n| Always::Calls(*op, n)),
                InvariantStatement::Served => Some(Always::Served),
                InvariantStatement::Denied => Some(Always::Denied),
            };
            written = true;
            if self.once(&mut seen, "always", span) {
                always = claim;
            }
        }
        if !written && !self.is_broken(block.span) {
            let help = "write what holds: `always endpoint.zdr`, `always cost <= $2`, `always served`";
            self.push(messages::missing_statement(block.keyword, "the invariant", "`always`", help));
        }
        if let Some(always) = always {
            let name = block.name.text.clone();
            self.policy.invariants.push(Invariant { name, workload, condition, always, span: block.keyword });
        }
    }
}
