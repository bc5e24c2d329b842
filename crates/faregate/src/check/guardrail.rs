//! Guardrails and their waivers.

use faregate_syntax::Span;
use faregate_syntax::ast::{Block, Date, GuardrailStatement, Item, LiteralKind, WaiveStatement};

use super::expr::Place;
use super::{Checker, Once, Rules, messages};
use crate::ir::{Guardrail, Rule, Waiver};

impl<'a> Checker<'a> {
    pub(super) fn guardrails(&mut self) {
        for item in self.files.iter().flat_map(|f| &f.items) {
            match item {
                Item::Guardrail(block) => self.guardrail(block),
                Item::Waive(block) => self.waiver(block),
                _ => {}
            }
        }
    }

    fn guardrail(&mut self, block: &'a Block<GuardrailStatement>) {
        let mut seen = Once::default();
        let mut when = None;
        let mut rules = Vec::new();
        let mut written = Rules::default();
        let mut wrong = false;
        let mut because = None;
        for statement in &block.statements {
            match &statement.kind {
                GuardrailStatement::When(expr) => {
                    let lowered = self.expr(expr, Place::GuardrailWhen);
                    wrong |= lowered.is_none();
                    if self.once(&mut seen, "when", statement.span) {
                        when = lowered;
                    }
                }
                GuardrailStatement::Require(expr) | GuardrailStatement::Forbid(expr) => {
                    let forbid = matches!(statement.kind, GuardrailStatement::Forbid(_));
                    self.rule_once(&mut written, statement.span);
                    match self.expr(expr, if forbid { Place::Forbid } else { Place::Require }) {
                        Some(expr) => rules.push(Rule { forbid, expr, span: statement.span }),
                        None => wrong = true,
                    }
                }
                GuardrailStatement::Because(text) => {
                    if self.once(&mut seen, "because", statement.span) {
                        because = Some(text.value.clone());
                    }
                }
                GuardrailStatement::WaivableIn(_) => {}
            }
        }
        if rules.is_empty() && !wrong && !self.is_broken(block.span) {
            let what = format!("guardrail `{}` neither requires nor forbids anything", block.name.text);
            self.push(messages::no_effect(block.name.span, what));
        }
        self.policy.guardrails.push(Guardrail { name: block.name.text.clone(), when, rules, because });
    }

    fn waiver(&mut self, block: &'a Block<WaiveStatement>) {
        let mut seen = Once::default();
        let mut when = None;
        let mut until: Option<(Date, Span)> = None;
        let (mut approved, mut because) = (false, false);
        for statement in &block.statements {
            match &statement.kind {
                WaiveStatement::When(expr) => {
                    let lowered = self.expr(expr, Place::WaiverWhen);
                    if self.once(&mut seen, "when", statement.span) {
                        when = lowered;
                    }
                }
                WaiveStatement::Until(literal) => {
                    self.once(&mut seen, "until", statement.span);
                    match literal.kind {
                        LiteralKind::Date(date) => until = Some((date, literal.span)),
                        _ => {
                            let found = messages::describe_literal(literal);
                            let diagnostic = messages::type_mismatch(literal.span, found, "a date");
                            self.push(diagnostic.help("the last day of the waiver, such as `2026-12-31`"));
                            // Reported already; the day stands in so that it is not reported as missing too.
                            until = until.or(Some((Date { year: 1970, month: 1, day: 1 }, literal.span)));
                        }
                    }
                }
                WaiveStatement::Approved(_) => approved |= self.once(&mut seen, "approved", statement.span),
                WaiveStatement::Because(_) => because |= self.once(&mut seen, "because", statement.span),
            }
        }
        for (there, what, help) in [
            (until.is_some(), "`until`", "a waiver has a last day: `until 2026-12-31`"),
            (approved, "`approved`", "a waiver names who approved it: `approved \"cto@acme.example\"`"),
            (because, "`because`", "a waiver gives its reason: `because \"…\"`"),
        ] {
            if !there && !self.is_broken(block.span) {
                self.push(messages::missing_statement(block.keyword, "the waiver", what, help));
            }
        }
        match self.scope.guardrails.get(block.name.text.as_str()).copied() {
            None => {
                let names = self.names_like(|scope| scope.guardrails.keys().copied().collect());
                self.push(messages::unknown_name("guardrail", &block.name, names));
            }
            Some(guardrail) if guardrail.span.file != block.span.file => {
                let here = self.file_name(block.span.file);
                let there = self.file_name(guardrail.span.file);
                let waivable = guardrail.statements.iter().any(|s| match &s.kind {
                    GuardrailStatement::WaivableIn(file) => same_file(&file.value, here),
                    _ => false,
                });
                if !waivable {
                    self.push(messages::waiver_elsewhere(&block.name, guardrail.name.span, there, here));
                }
            }
            Some(_) => {}
        }
        if let Some((until, until_span)) = until {
            let guardrail = block.name.text.clone();
            self.policy.waivers.push(Waiver { guardrail, when, until, until_span, span: block.keyword });
        }
    }
}

/// A file is named by its path's end: `support.fare` names `policies/support.fare`.
fn same_file(written: &str, path: &str) -> bool {
    path == written || path.strip_suffix(written).is_some_and(|before| before.ends_with('/'))
}
