//! Budgets.

use std::collections::HashMap;

use faregate_syntax::Span;
use faregate_syntax::ast::{self, Attribute, Block, BudgetStatement, Item, LimitKind, OnExhausted};

use super::expr::Place;
use super::{Checker, Once, messages};
use crate::attributes::{Subject, Type};
use crate::ir::{Attr, Budget, Exhausted, Limit};
use crate::time::{Period, Zone};
use crate::{Amount, Money, Ratio};
use faregate_syntax::{Diagnostic, Fixed};

impl<'a> Checker<'a> {
    pub(super) fn budgets(&mut self) {
        for item in self.files.iter().flat_map(|f| &f.items) {
            if let Item::Budget(block) = item {
                self.budget(block);
            }
        }
    }

    fn budget(&mut self, block: &'a Block<BudgetStatement>) {
        let mut seen = Once::default();
        let mut budget = Budget {
            name: block.name.text.clone(),
            when: None,
            covers: None,
            per: Vec::new(),
            limits: Vec::new(),
            byok_included: true,
            reserve: None,
            alerts: Vec::new(),
            exhausted: Exhausted::Deny,
        };
        let mut spend: Option<Span> = None;
        let mut byok = false;
        for statement in &block.statements {
            let span = statement.span;
            match &statement.kind {
                BudgetStatement::When(expr) => {
                    let lowered = self.expr(expr, Place::BudgetWhen);
                    if self.once(&mut seen, "when", span) {
                        budget.when = lowered;
                    }
                }
                BudgetStatement::Covers(expr) => {
                    let lowered = self.expr(expr, Place::Covers);
                    if self.once(&mut seen, "covers", span) {
                        budget.covers = lowered;
                    }
                }
                BudgetStatement::Per(attributes) => {
                    if self.once(&mut seen, "per", span) {
                        budget.per = attributes.iter().filter_map(|a| self.per(a)).collect();
                    }
                }
                BudgetStatement::Limit(kind, limits) => {
                    if *kind == LimitKind::Spend {
                        spend = spend.or(Some(span));
                    }
                    if self.once(&mut seen, kind_name(*kind), span) {
                        for limit in limits {
                            budget.limits.extend(self.limit(*kind, limit));
                        }
                        self.same_window_twice(*kind, limits);
                    }
                }
                BudgetStatement::Byok(included) => {
                    byok = true;
                    if self.once(&mut seen, "byok", span) {
                        budget.byok_included = *included;
                    }
                }
                BudgetStatement::Reserve(share, expr) => {
                    let lowered = self.expr(expr, Place::Reserve);
                    let share = self.ratio(share, true);
                    if self.once(&mut seen, "reserve", span) {
                        budget.reserve = share.zip(lowered);
                    }
                }
                BudgetStatement::Alert(thresholds) => {
                    if self.once(&mut seen, "alert", span) {
                        budget.alerts = thresholds.iter().filter_map(|t| self.ratio(t, false)).collect();
                        budget.alerts.sort_unstable();
                    }
                }
                BudgetStatement::OnExhausted(what) => {
                    let exhausted = self.exhausted(what, span);
                    if self.once(&mut seen, "on exhausted", span) {
                        budget.exhausted = exhausted;
                    }
                }
            }
        }
        let broken = self.is_broken(block.span);
        if let Some(spend) = spend
            && !byok
            && !broken
        {
            self.push(messages::missing_byok(&block.name, spend));
        }
        let limits_written = block.statements.iter().any(|s| matches!(s.kind, BudgetStatement::Limit(..)));
        if !limits_written && !broken {
            let what = format!("budget `{}` limits nothing", block.name.text);
            let diagnostic = messages::no_effect(block.name.span, what);
            self.push(diagnostic.help("write `spend`, `requests`, `tokens` or `concurrency` with a limit"));
        }
        self.policy.budgets.push(budget);
    }

    fn exhausted(&mut self, what: &'a OnExhausted, span: Span) -> Exhausted {
        match what {
            OnExhausted::Deny => Exhausted::Deny,
            OnExhausted::AlertOnly => Exhausted::AlertOnly,
            OnExhausted::UseWorkload(name) => {
                if !self.scope.workloads.contains_key(name.text.as_str()) {
                    let names = self.names_like(|scope| scope.workloads.keys().copied().collect());
                    self.push(messages::unknown_name("workload", name, names));
                }
                Exhausted::UseWorkload(name.text.clone(), span)
            }
        }
    }

    fn per(&mut self, attribute: &Attribute) -> Option<Attr> {
        let candidate = attribute.subject.text == "endpoint";
        let by_candidate =
            candidate && matches!(attribute.name.text.as_str(), "provider" | "model" | "credential");
        if by_candidate {
            let ty = Type::Text(crate::attributes::Vocabulary::Open);
            return Some(Attr { subject: Subject::Endpoint, name: attribute.name.text.clone(), ty });
        }
        let attr = self.attribute_anywhere(attribute)?;
        let readable = "attributes of `request`, `key` and `time`, and `endpoint.provider`, `endpoint.model`, `endpoint.credential`";
        if !matches!(attr.subject, Subject::Request | Subject::Key | Subject::Time) {
            self.push(messages::attribute_out_of_place(attribute, "`per`", readable));
            return None;
        }
        if matches!(attr.ty, Type::Set(_)) {
            let diagnostic = messages::type_mismatch(attribute.span, "a set", "one value to count by");
            self.push(diagnostic);
            return None;
        }
        Some(attr)
    }

    fn limit(&mut self, kind: LimitKind, limit: &'a ast::Limit) -> Option<Limit> {
        let amount = match kind {
            LimitKind::Spend => self.money(&limit.amount).map(Amount::Money),
            _ => self.count(&limit.amount).map(Amount::Count),
        };
        let period = match (&limit.window, kind) {
            (None, LimitKind::Concurrency) => Some(None),
            (None, _) => {
                let what = format!("`{}`", kind_name(kind));
                let help =
                    "the window is `per minute`, `per hour`, `per day`, `per week`, `per month`, or `total`";
                self.push(messages::missing_statement(limit.span, &what, "a window", help));
                None
            }
            (Some(word), LimitKind::Concurrency) => {
                let message = "`concurrency` counts runs in flight and has no window";
                self.push(Diagnostic::error("unit-mismatch", word.span, message));
                None
            }
            (Some(word), _) => {
                let period = Period::parse(&word.text);
                if period.is_none() {
                    self.push(messages::unknown_window(word, &Period::NAMES));
                }
                period.map(Some)
            }
        };
        let zone = match &limit.zone {
            None => Some(Zone::utc()),
            Some(name) if matches!(period, Some(Some(Period::Total) | None)) => {
                let message = "a limit without a window has no zone";
                self.push(Diagnostic::error("type-mismatch", name.span, message));
                None
            }
            Some(name) => self.named_zone(name),
        };
        Some(Limit { kind, amount: amount?, period: period?, zone: zone?, span: limit.span })
    }

    fn same_window_twice(&mut self, kind: LimitKind, limits: &'a [ast::Limit]) {
        let mut seen: HashMap<Option<&str>, Span> = HashMap::new();
        for limit in limits {
            let first = *seen.entry(limit.window.as_ref().map(|w| w.text.as_str())).or_insert(limit.span);
            if first != limit.span {
                let what = format!("a limit of `{}` for the same window", kind_name(kind));
                self.push(messages::duplicate_section(&what, limit.span, first));
            }
        }
    }

    pub(super) fn money(&mut self, literal: &ast::Literal) -> Option<Money> {
        self.literal(literal, &Type::Money).map(|n| Money(Fixed::from_units(n)))
    }

    pub(super) fn count(&mut self, literal: &ast::Literal) -> Option<u64> {
        self.literal(literal, &Type::Count).and_then(|n| u64::try_from(n).ok())
    }

    pub(super) fn duration(&mut self, literal: &ast::Literal) -> Option<u64> {
        self.literal(literal, &Type::Duration).and_then(|n| u64::try_from(n).ok())
    }

    pub(super) fn ratio(&mut self, literal: &ast::Literal, at_most_whole: bool) -> Option<Ratio> {
        let ratio = self.literal(literal, &Type::Ratio).map(|n| Ratio(Fixed::from_units(n)))?;
        if at_most_whole && ratio.0 > Fixed::ONE {
            let message = "a share is at most 100%";
            self.push(Diagnostic::error("limit-exceeded", literal.span, message));
            return None;
        }
        Some(ratio)
    }
}

/// Returns the statement word of a limit.
pub(crate) fn kind_name(kind: LimitKind) -> &'static str {
    match kind {
        LimitKind::Spend => "spend",
        LimitKind::Requests => "requests",
        LimitKind::Tokens => "tokens",
        LimitKind::Concurrency => "concurrency",
    }
}
