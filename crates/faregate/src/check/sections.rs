//! The sections of a workload beside `route`: ceilings, fallbacks, retries, health, stream, tools.

use std::collections::HashMap;

use faregate_syntax::ast::{
    self, CeilingStatement, FallbackStatement, HealthStatement, Jitter, MoveKind, RetryStatement, Statement,
    StreamStatement, ToolsStatement, Word,
};
use faregate_syntax::{Diagnostic, Fixed, Span};

use super::expr::Place;
use super::{Checker, Once, Rules, messages};
use crate::attributes::Type;
use crate::classes::ErrorClass;
use crate::decision::ToolCap;
use crate::ir::{
    Backoff, Ceiling, CeilingKind, CoolRule, Fallback, HealthRules, MoveRule, Retry, RetryRule, Routing, Wait,
};
use crate::{Amount, Money};

impl<'a> Checker<'a> {
    pub(super) fn ceiling(&mut self, ceiling: &'a CeilingStatement, span: Span) -> Option<Ceiling> {
        let kind = if ceiling.tool {
            Some(CeilingKind::Tool(ceiling.name.text.clone()))
        } else {
            CeilingKind::parse(&ceiling.name.text)
        };
        let Some(kind) = kind else {
            self.push(messages::unknown_ceiling(&ceiling.name.text, ceiling.name.span, &ceiling.amount));
            return None;
        };
        let place = if kind == CeilingKind::Run { Place::RunCeilingWhen } else { Place::CeilingWhen };
        let when = ceiling.when.as_ref().map(|e| self.expr(e, place));
        let ty = kind.ty();
        if let Some(unit) = &ceiling.unknown_unit {
            let found = format!("money per `{}`", unit.text);
            self.push(messages::unit_mismatch(unit.span, &found, ty.describe()));
            return None;
        }
        let before = self.diagnostics.len();
        let Some(amount) = self.literal(&ceiling.amount, &ty) else {
            // Whatever stands in the place of a bound, it is its unit that is wrong (rule 9).
            for diagnostic in self.diagnostics.iter_mut().skip(before).filter(|d| d.code == "type-mismatch") {
                diagnostic.code = "unit-mismatch";
            }
            return None;
        };
        let amount = match ty {
            Type::Count => Amount::Count(u64::try_from(amount).ok()?),
            _ => Amount::Money(Money(Fixed::from_units(amount))),
        };
        let when = match when {
            None => None,
            Some(lowered) => Some(lowered?),
        };
        Some(Ceiling { kind, amount, when, span })
    }

    pub(super) fn classes(&mut self, words: &'a [Word]) -> Vec<(ErrorClass, &'a Word)> {
        let mut classes: Vec<(ErrorClass, &'a Word)> = Vec::new();
        for word in words {
            match ErrorClass::parse(&word.text) {
                None => self.push(messages::unknown_class(word)),
                Some(class) => match classes.iter().find(|(c, _)| *c == class) {
                    Some((_, first)) => {
                        let message = format!("`{}` stands twice in the list", word.text);
                        let diagnostic = Diagnostic::error("duplicate-name", word.span, message);
                        self.push(diagnostic.related(first.span, "first here"));
                    }
                    None => classes.push((class, word)),
                },
            }
        }
        classes
    }

    pub(super) fn fallback(&mut self, body: &'a [Statement<FallbackStatement>], span: Span) -> Fallback {
        let mut seen = Once::default();
        let mut written = Rules::default();
        let mut fallback = Fallback { span, ..Fallback::default() };
        for statement in body {
            match &statement.kind {
                FallbackStatement::Other { kind, on, when } => {
                    let classes = self.classes(on);
                    for (class, word) in &classes {
                        if !class.may_move(*kind) {
                            let kinds = [MoveKind::Credential, MoveKind::Provider, MoveKind::Model];
                            let allowed: Vec<_> =
                                kinds.into_iter().filter(|k| class.may_move(*k)).map(move_name).collect();
                            self.push(messages::forbidden_fallback(word, move_name(*kind), &allowed));
                        }
                    }
                    let when = match when {
                        None => None,
                        Some(expr) => match self.expr(expr, Place::FallbackWhen) {
                            None => continue,
                            lowered => lowered,
                        },
                    };
                    let on = classes.into_iter().map(|(c, _)| c).collect();
                    fallback.rules.push(MoveRule { kind: *kind, on, when, span: statement.span });
                }
                FallbackStatement::Require(expr) => {
                    self.rule_once(&mut written, statement.span);
                    if let Some(expr) = self.expr(expr, Place::FallbackRequire) {
                        fallback.requires.push((expr, statement.span));
                    }
                }
                FallbackStatement::AtMostMoves(n) => {
                    let n = self.count(n);
                    if self.once(&mut seen, "at most", statement.span) {
                        fallback.at_most = n;
                    }
                }
                FallbackStatement::PriceAtMost(share) => {
                    let ratio = self.ratio(share, false);
                    if self.once(&mut seen, "price at most", statement.span) {
                        fallback.price_at_most = ratio.map(|r| (r, statement.span));
                    }
                }
            }
        }
        if !self.is_broken(span)
            && fallback.rules.is_empty()
            && !body.iter().any(|s| matches!(s.kind, FallbackStatement::Other { .. }))
        {
            let what = "the section lists no move, so that nothing replaces a failed attempt";
            self.push(
                messages::no_effect(span, what).help("write `other provider on timeout`, or `fallback none`"),
            );
        }
        fallback
    }

    pub(super) fn retry(&mut self, body: &'a [Statement<RetryStatement>]) -> Retry {
        let mut seen = Once::default();
        let mut retry = Retry::default();
        let mut taken: Vec<(ErrorClass, Span)> = Vec::new();
        for statement in body {
            let span = statement.span;
            let (word, literal, slot) = match &statement.kind {
                RetryStatement::On(rule) => {
                    let lowered = self.retry_rule(rule, span, &mut taken);
                    retry.rules.extend(lowered);
                    continue;
                }
                RetryStatement::AtMostCalls(n) => {
                    let n = self.count(n);
                    if self.once(&mut seen, "at most", span) {
                        if n == Some(0) {
                            let message = "a run makes at least one call";
                            self.push(Diagnostic::error("limit-exceeded", span, message));
                        }
                        retry.at_most_calls = n;
                    }
                    continue;
                }
                RetryStatement::Timeout(l) => ("timeout", l, &mut retry.timeout_ms),
                RetryStatement::FirstToken(l) => ("first_token", l, &mut retry.first_token_ms),
                RetryStatement::Stall(l) => ("stall", l, &mut retry.stall_ms),
                RetryStatement::Deadline(l) => ("deadline", l, &mut retry.deadline_ms),
            };
            let ms = self.duration(literal);
            if self.once(&mut seen, word, span) {
                *slot = ms;
            }
        }
        retry
    }

    fn retry_rule(
        &mut self,
        rule: &'a ast::RetryRule,
        span: Span,
        taken: &mut Vec<(ErrorClass, Span)>,
    ) -> Option<RetryRule> {
        let classes = self.classes(&rule.on);
        for (class, word) in &classes {
            if !class.may_retry() {
                self.push(messages::forbidden_retry(word));
            } else if let Some((_, first)) = taken.iter().find(|(c, _)| c == class) {
                self.push(messages::unreachable_retry(word, span, *first));
            }
        }
        if rule.when.is_none() {
            for (class, _) in &classes {
                if !taken.iter().any(|(c, _)| c == class) {
                    taken.push((*class, span));
                }
            }
        }
        let times = self.count(&rule.times);
        let wait = rule.wait.as_ref().map(|w| self.wait(w));
        let when = rule.when.as_ref().map(|e| self.expr(e, Place::RetryWhen));
        let wait = match wait {
            None => None,
            Some(lowered) => Some(lowered?),
        };
        let when = match when {
            None => None,
            Some(lowered) => Some(lowered?),
        };
        let on = classes.into_iter().map(|(c, _)| c).collect();
        Some(RetryRule { on, times: times?, wait, when, span })
    }

    fn wait(&mut self, wait: &'a ast::Wait) -> Option<Wait> {
        Some(match wait {
            ast::Wait::Backoff(backoff) => Wait::Backoff(self.backoff(backoff)?),
            ast::Wait::RetryAfter { up_to, otherwise } => {
                // Both are looked at, also where the first is wrong.
                let up_to_ms = up_to.as_ref().map(|literal| self.duration(literal));
                let otherwise = otherwise.as_ref().map(|backoff| self.backoff(backoff));
                let up_to_ms = match up_to_ms {
                    None => None,
                    Some(ms) => Some(ms?),
                };
                let otherwise = match otherwise {
                    None => None,
                    Some(backoff) => Some(backoff?),
                };
                Wait::RetryAfter { up_to_ms, otherwise }
            }
        })
    }

    fn backoff(&mut self, backoff: &'a ast::Backoff) -> Option<Backoff> {
        let from_ms = self.duration(&backoff.from);
        let to_ms = match &backoff.to {
            None => None,
            Some(literal) => Some(self.duration(literal)?),
        };
        Some(Backoff { from_ms: from_ms?, to_ms, jitter: backoff.jitter.unwrap_or(Jitter::None) })
    }

    pub(super) fn health(&mut self, body: &'a [Statement<HealthStatement>]) -> HealthRules {
        let mut seen = Once::default();
        let mut health = HealthRules::default();
        for statement in body {
            match &statement.kind {
                HealthStatement::Cool { cool, failures, within, on } => {
                    let classes = self.classes(on).into_iter().map(|(c, _)| c).collect();
                    let (cool, failures, within) =
                        (self.duration(cool), self.count(failures), self.duration(within));
                    if let (Some(cool_ms), Some(failures), Some(within_ms)) = (cool, failures, within) {
                        health.cool.push(CoolRule { cool_ms, failures, within_ms, on: classes });
                    }
                }
                HealthStatement::CoolRetryAfter(on) => {
                    let classes = self.classes(on);
                    health.cool_retry_after.extend(classes.into_iter().map(|(c, _)| c));
                }
                HealthStatement::Probe(n) => {
                    let n = self.count(n);
                    if self.once(&mut seen, "probe", statement.span) {
                        health.probe = n;
                    }
                }
            }
        }
        health
    }

    pub(super) fn stream(&mut self, body: &'a [Statement<StreamStatement>], routing: &mut Routing) {
        let mut seen = Once::default();
        for statement in body {
            match statement.kind {
                StreamStatement::Commit(commit) => {
                    if self.once(&mut seen, "commit", statement.span) {
                        routing.commit = commit;
                    }
                }
                StreamStatement::Partial(partial) => {
                    if self.once(&mut seen, "partial", statement.span) {
                        routing.partial = partial;
                    }
                }
            }
        }
    }

    pub(super) fn tools(&mut self, body: &'a [Statement<ToolsStatement>], routing: &mut Routing) {
        let mut seen = Once::default();
        let mut at: HashMap<&str, Span> = HashMap::new();
        for statement in body {
            match &statement.kind {
                ToolsStatement::Tool { name, calls, results } => {
                    let calls = self.count(calls);
                    let results = match results {
                        None => Some(None),
                        Some(literal) => self.count(literal).map(Some),
                    };
                    if let Some(first) = at.get(name.text.as_str()) {
                        let what = format!("the cap of `{}`", name.text);
                        let first = *first;
                        self.push(messages::duplicate_section(&what, statement.span, first));
                        continue;
                    }
                    if name.text == "iterations" {
                        let message = "`iterations` is the cap of rounds, and no name for a tool";
                        self.push(Diagnostic::error("duplicate-name", name.span, message));
                        continue;
                    }
                    at.insert(&name.text, statement.span);
                    if let (Some(calls), Some(results)) = (calls, results) {
                        routing.tools.insert(name.text.clone(), ToolCap { calls, results });
                    }
                }
                ToolsStatement::Iterations(n) => {
                    let n = self.count(n);
                    if self.once(&mut seen, "iterations", statement.span) {
                        routing.iterations = n;
                    }
                }
            }
        }
    }
}

/// Returns the word of a kind of move.
pub(super) fn move_name(kind: MoveKind) -> &'static str {
    match kind {
        MoveKind::Credential => "credential",
        MoveKind::Provider => "provider",
        MoveKind::Model => "model",
    }
}
