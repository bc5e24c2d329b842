//! Declarations and statements, each with the changes that fit it.

use faregate_syntax::Span;
use faregate_syntax::ast::{
    Backoff, BudgetStatement, CeilingStatement, Commit, CredentialMode, DeclaredAttribute, FallbackStatement,
    GuardrailStatement, Item, Literal, OnExhausted, Operand, Partial, RetryRule, RetryStatement,
    RouteStatement, Statement, StreamStatement, ToolsStatement, Wait, WaiveStatement, Word,
    WorkloadStatement,
};

use super::{Change, Maker};

impl Maker<'_> {
    pub(super) fn item(&mut self, item: &Item) {
        match item {
            Item::Policy(_) | Item::Invariant(_) => {}
            Item::Declare(declare) => declare.attributes.iter().for_each(|a| self.declared(&a.kind)),
            Item::Group(group) => self.shorten(&group.members.iter().map(|m| m.span).collect::<Vec<_>>()),
            Item::Guardrail(block) => block.statements.iter().for_each(|s| self.guardrail(s)),
            Item::Waive(block) => {
                self.drop(block.span);
                for statement in &block.statements {
                    match &statement.kind {
                        WaiveStatement::When(expr) => self.condition(expr),
                        WaiveStatement::Until(day) => self.step(day),
                        WaiveStatement::Approved(_) | WaiveStatement::Because(_) => {}
                    }
                }
            }
            Item::Budget(block) => {
                self.drop(block.span);
                block.statements.iter().for_each(|s| self.budget(s));
            }
            Item::Profile(block) | Item::Workload(block) => {
                block.statements.iter().for_each(|s| self.section(s));
            }
        }
    }

    /// The vocabulary is left alone; a default is a rule.
    fn declared(&mut self, declared: &DeclaredAttribute) {
        let values = declared.default.as_deref().unwrap_or_default();
        let (Some(first), Some(last)) = (values.first(), values.last()) else { return };
        let (start, end) = (declared.attribute.span.end, first.span().start);
        let before = Span { start, end, ..first.span() };
        let Some(keyword) = self.of(before).rfind("default") else { return };
        let start = start.saturating_add(u32::try_from(keyword).unwrap_or(0));
        self.drop(Span { start, end: last.span().end, ..before });
    }

    fn guardrail(&mut self, statement: &Statement<GuardrailStatement>) {
        match &statement.kind {
            GuardrailStatement::When(expr) => self.condition(expr),
            GuardrailStatement::Require(expr) | GuardrailStatement::Forbid(expr) => {
                self.judgement(statement.span, expr);
            }
            GuardrailStatement::Because(_) | GuardrailStatement::WaivableIn(_) => {}
        }
    }

    fn budget(&mut self, statement: &Statement<BudgetStatement>) {
        let at = statement.span;
        match &statement.kind {
            BudgetStatement::When(expr) | BudgetStatement::Covers(expr) => self.condition(expr),
            BudgetStatement::Per(attributes) => {
                self.drop(at);
                self.shorten(&attributes.iter().map(|a| a.span).collect::<Vec<_>>());
            }
            BudgetStatement::Limit(_, limits) => {
                self.drop(at);
                self.shorten(&limits.iter().map(|l| l.span).collect::<Vec<_>>());
                limits.iter().for_each(|limit| self.step(&limit.amount));
            }
            BudgetStatement::Byok(included) => {
                self.make(Change::Swapped, at, if *included { "byok excluded" } else { "byok included" });
            }
            BudgetStatement::Reserve(share, expr) => {
                self.drop(at);
                self.step(share);
                self.condition(expr);
            }
            BudgetStatement::Alert(shares) => {
                self.drop(at);
                self.shorten(&literals(shares));
                shares.iter().for_each(|share| self.step(share));
            }
            BudgetStatement::OnExhausted(OnExhausted::UseWorkload(_) | OnExhausted::AlertOnly) => {
                self.drop(at)
            }
            // What holds anyway.
            BudgetStatement::OnExhausted(OnExhausted::Deny) => {}
        }
    }

    fn section(&mut self, statement: &Statement<WorkloadStatement>) {
        match &statement.kind {
            WorkloadStatement::When(expr) => self.condition(expr),
            WorkloadStatement::Use(_) => self.drop(statement.span),
            WorkloadStatement::Route(lines) => lines.iter().for_each(|line| self.route(line)),
            WorkloadStatement::Ceiling(lines) => lines.iter().for_each(|line| self.ceiling(line)),
            WorkloadStatement::Fallback(lines) => lines.iter().for_each(|line| self.fallback(line)),
            WorkloadStatement::Retry(lines) => lines.iter().for_each(|line| self.retry(line)),
            WorkloadStatement::Stream(lines) => lines.iter().for_each(|line| self.stream(line)),
            WorkloadStatement::Tools(lines) => lines.iter().for_each(|line| self.tool(line)),
            WorkloadStatement::Otherwise
            | WorkloadStatement::Deny(_)
            | WorkloadStatement::FallbackNone
            | WorkloadStatement::RetryNone
            | WorkloadStatement::Health(_) => {}
        }
    }

    fn route(&mut self, line: &Statement<RouteStatement>) {
        match &line.kind {
            RouteStatement::Models(tiers) => self.tiers(tiers),
            RouteStatement::Require(expr) | RouteStatement::Forbid(expr) => self.judgement(line.span, expr),
            // Preferring what always holds is preferring nothing.
            RouteStatement::Prefer(expr) => {
                self.negate(expr);
                self.drop(line.span);
                self.inside(expr);
            }
            RouteStatement::OrderBy(keys) => {
                // By price is what holds anyway.
                if !matches!(keys.as_slice(), [key] if key.text == "price") {
                    self.drop(line.span);
                }
                self.shorten(&words(keys));
            }
            RouteStatement::Balance { .. } => self.drop(line.span),
            RouteStatement::Credentials { mode, providers } => {
                if !(providers.is_empty() && *mode == CredentialMode::OwnThenShared) {
                    self.drop(line.span);
                }
            }
            RouteStatement::Tolerate(parameters) => {
                self.drop(line.span);
                self.shorten(&parameters.iter().map(Operand::span).collect::<Vec<_>>());
            }
        }
    }

    fn ceiling(&mut self, line: &Statement<CeilingStatement>) {
        self.drop(line.span);
        self.step(&line.kind.amount);
        if let Some(when) = &line.kind.when {
            self.condition(when);
        }
    }

    fn fallback(&mut self, line: &Statement<FallbackStatement>) {
        match &line.kind {
            FallbackStatement::Other { on, when, .. } => {
                self.drop(line.span);
                self.shorten(&words(on));
                if let Some(when) = when {
                    self.condition(when);
                }
            }
            FallbackStatement::Require(expr) => self.judgement(line.span, expr),
            FallbackStatement::AtMostMoves(bound) | FallbackStatement::PriceAtMost(bound) => {
                self.bound(line.span, bound);
            }
        }
    }

    fn retry(&mut self, line: &Statement<RetryStatement>) {
        match &line.kind {
            RetryStatement::On(rule) => self.retry_rule(line.span, rule),
            RetryStatement::AtMostCalls(bound)
            | RetryStatement::Timeout(bound)
            | RetryStatement::FirstToken(bound)
            | RetryStatement::Stall(bound)
            | RetryStatement::Deadline(bound) => self.bound(line.span, bound),
        }
    }

    fn retry_rule(&mut self, line: Span, rule: &RetryRule) {
        self.drop(line);
        self.shorten(&words(&rule.on));
        self.step(&rule.times);
        match &rule.wait {
            None => {}
            Some(Wait::Backoff(backoff)) => self.backoff(backoff),
            Some(Wait::RetryAfter { up_to, otherwise }) => {
                up_to.iter().for_each(|up_to| self.step(up_to));
                otherwise.iter().for_each(|backoff| self.backoff(backoff));
            }
        }
        if let Some(when) = &rule.when {
            self.condition(when);
        }
    }

    fn backoff(&mut self, backoff: &Backoff) {
        self.step(&backoff.from);
        backoff.to.iter().for_each(|to| self.step(to));
    }

    fn stream(&mut self, line: &Statement<StreamStatement>) {
        let other = match line.kind {
            StreamStatement::Commit(Commit::FirstToken) => "commit at end",
            StreamStatement::Commit(Commit::End) => "commit at first_token",
            StreamStatement::Partial(Partial::MarkIncomplete) => "partial discard",
            StreamStatement::Partial(Partial::Discard) => "partial mark_incomplete",
        };
        self.make(Change::Swapped, line.span, other);
    }

    fn tool(&mut self, line: &Statement<ToolsStatement>) {
        match &line.kind {
            ToolsStatement::Tool { calls, results, .. } => {
                self.bound(line.span, calls);
                results.iter().for_each(|results| self.step(results));
            }
            ToolsStatement::Iterations(bound) => self.bound(line.span, bound),
        }
    }

    /// A line that is a bound.
    fn bound(&mut self, line: Span, bound: &Literal) {
        self.drop(line);
        self.step(bound);
    }
}

fn words(words: &[Word]) -> Vec<Span> {
    words.iter().map(|word| word.span).collect()
}

fn literals(literals: &[Literal]) -> Vec<Span> {
    literals.iter().map(|literal| literal.span).collect()
}
