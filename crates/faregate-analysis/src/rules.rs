//! The rules and conditions of a policy file: what a test can reach.
//!
//! They are read off the tree, so that a profile that nobody uses and a file that no set names are there too.

use faregate_syntax::Span;
use faregate_syntax::ast::{
    Block, BudgetStatement, CeilingStatement, Expr, ExprKind, FallbackStatement, File, GuardrailStatement,
    Item, MoveKind, OnExhausted, RetryStatement, RouteStatement, Statement, Tier, TierEntry, WaiveStatement,
    WorkloadStatement,
};

use crate::backstop::unreachable;

/// A rule of a policy: something that admits, excludes, orders, bounds or moves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// What it is, for people: `workload chat: ceiling prompt`.
    pub name: String,
    /// Where an engine that is watched tells of it: see [`faregate::Watch::rule`].
    pub at: Span,
}

/// A condition of a rule, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Condition {
    /// Of what, for people: `budget team-month: when`.
    pub name: String,
    /// Where it stands, without parentheses around it.
    pub at: Span,
    /// Whether it is a part of a condition that joins several by `and` or `or`.
    pub part: bool,
}

/// Returns the rules of a file, in the order of the text.
///
/// Rules are workloads, the `require` and `forbid` of guardrails, waivers, limits of budgets and where a soft cap leads,
/// and in workloads and profiles each model or group that is named, `require`, `forbid`, `prefer`, the order, credentials,
/// ceilings, moves and retries. Settings such as time-outs are none: they hold wherever their workload serves. `health` is
/// read by whoever keeps counts between requests, and no decision looks at it; invariants are for a prover. The last workload is
/// none where those before it take every value that a declared attribute can have, so that no request gets there.
///
/// ```
/// use faregate_analysis::rules;
/// use faregate_syntax::{FileId, parse};
/// let text = r#"policy p { language 1 }
/// guardrail g { require endpoint.zdr }
/// workload rest { otherwise  route { models "m/a" then "m/b" } }"#;
/// let names: Vec<String> = rules(&parse(FileId(0), text).0).into_iter().map(|rule| rule.name).collect();
/// assert_eq!(
///     names,
///     ["guardrail g: require", "workload rest", "workload rest: model \"m/a\"", "workload rest: model \"m/b\""],
/// );
/// ```
#[must_use]
pub fn rules(file: &File) -> Vec<Rule> {
    walked(file).rules
}

/// Returns the conditions of a file, in the order of the text: each whole condition, and behind it its parts, where it joins
/// several. `true` and `false` are none: there is nothing to see.
///
/// ```
/// use faregate_analysis::conditions;
/// use faregate_syntax::{FileId, parse};
/// let text = "guardrail g { when request.stream or not request.caching  require (endpoint.zdr) }";
/// let found = conditions(&parse(FileId(0), text).0);
/// let texts: Vec<&str> = found.iter().map(|c| &text[c.at.start as usize..c.at.end as usize]).collect();
/// assert_eq!(
///     texts,
///     ["request.stream or not request.caching", "request.stream", "not request.caching", "endpoint.zdr"],
/// );
/// ```
#[must_use]
pub fn conditions(file: &File) -> Vec<Condition> {
    walked(file).conditions
}

fn walked(file: &File) -> Walk {
    let mut walk = Walk::default();
    let backstop = unreachable(file);
    let reachable = |item: &&Item| match item {
        Item::Workload(block) => Some(block.name.text.as_str()) != backstop,
        _ => true,
    };
    file.items.iter().filter(reachable).for_each(|item| walk.item(item));
    walk
}

#[derive(Default)]
struct Walk {
    rules: Vec<Rule>,
    conditions: Vec<Condition>,
}

impl Walk {
    fn rule(&mut self, name: String, at: Span) {
        self.rules.push(Rule { name, at });
    }

    fn condition(&mut self, name: &str, expr: &Expr) {
        let whole = bare(expr);
        self.note(name, whole, false);
        if matches!(joined(whole).kind, ExprKind::And(_) | ExprKind::Or(_)) {
            self.parts(name, whole);
        }
    }

    fn parts(&mut self, name: &str, expr: &Expr) {
        match &joined(expr).kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().for_each(|p| self.parts(name, p)),
            _ => self.note(name, bare(expr), true),
        }
    }

    fn note(&mut self, name: &str, expr: &Expr, part: bool) {
        if !matches!(joined(expr).kind, ExprKind::Bool(_)) {
            self.conditions.push(Condition { name: name.to_owned(), at: expr.span, part });
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Policy(_) | Item::Declare(_) | Item::Group(_) | Item::Invariant(_) => {}
            Item::Guardrail(block) => self.guardrail(block),
            Item::Waive(block) => {
                let name = format!("waive {}", block.name.text);
                self.rule(name.clone(), block.keyword);
                for statement in &block.statements {
                    if let WaiveStatement::When(expr) = &statement.kind {
                        self.condition(&format!("{name}: when"), expr);
                    }
                }
            }
            Item::Budget(block) => self.budget(block),
            Item::Profile(block) => self.sections(&format!("profile {}", block.name.text), &block.statements),
            Item::Workload(block) => {
                let name = format!("workload {}", block.name.text);
                self.rule(name.clone(), block.keyword);
                self.sections(&name, &block.statements);
            }
        }
    }

    fn guardrail(&mut self, block: &Block<GuardrailStatement>) {
        let name = format!("guardrail {}", block.name.text);
        for statement in &block.statements {
            match &statement.kind {
                GuardrailStatement::When(expr) => self.condition(&format!("{name}: when"), expr),
                GuardrailStatement::Require(expr) => self.judged(&name, "require", statement.span, expr),
                GuardrailStatement::Forbid(expr) => self.judged(&name, "forbid", statement.span, expr),
                GuardrailStatement::Because(_) | GuardrailStatement::WaivableIn(_) => {}
            }
        }
    }

    /// A rule that is a condition.
    fn judged(&mut self, owner: &str, word: &str, at: Span, expr: &Expr) {
        let name = format!("{owner}: {word}");
        self.condition(&name, expr);
        self.rule(name, at);
    }

    fn budget(&mut self, block: &Block<BudgetStatement>) {
        let name = format!("budget {}", block.name.text);
        for statement in &block.statements {
            match &statement.kind {
                BudgetStatement::When(expr) => self.condition(&format!("{name}: when"), expr),
                BudgetStatement::Covers(expr) => self.condition(&format!("{name}: covers"), expr),
                BudgetStatement::Reserve(_, expr) => self.condition(&format!("{name}: reserve"), expr),
                BudgetStatement::Limit(_, limits) => {
                    limits.iter().for_each(|limit| self.rule(format!("{name}: limit"), limit.span));
                }
                BudgetStatement::OnExhausted(OnExhausted::UseWorkload(target)) => {
                    self.rule(format!("{name}: use workload {}", target.text), statement.span);
                }
                BudgetStatement::OnExhausted(OnExhausted::Deny | OnExhausted::AlertOnly)
                | BudgetStatement::Per(_)
                | BudgetStatement::Byok(_)
                | BudgetStatement::Alert(_) => {}
            }
        }
    }

    fn sections(&mut self, owner: &str, statements: &[Statement<WorkloadStatement>]) {
        for statement in statements {
            match &statement.kind {
                WorkloadStatement::When(expr) => self.condition(&format!("{owner}: when"), expr),
                WorkloadStatement::Route(lines) => lines.iter().for_each(|l| self.route(owner, l)),
                WorkloadStatement::Ceiling(lines) => lines.iter().for_each(|l| self.ceiling(owner, l)),
                WorkloadStatement::Fallback(lines) => lines.iter().for_each(|l| self.fallback(owner, l)),
                WorkloadStatement::Retry(lines) => lines.iter().for_each(|l| self.retry(owner, l)),
                WorkloadStatement::Otherwise
                | WorkloadStatement::Deny(_)
                | WorkloadStatement::Use(_)
                | WorkloadStatement::FallbackNone
                | WorkloadStatement::RetryNone
                | WorkloadStatement::Health(_)
                | WorkloadStatement::Stream(_)
                | WorkloadStatement::Tools(_) => {}
            }
        }
    }

    fn route(&mut self, owner: &str, line: &Statement<RouteStatement>) {
        let at = line.span;
        match &line.kind {
            RouteStatement::Models(tiers) => tiers.iter().for_each(|tier| self.tier(owner, tier)),
            RouteStatement::Require(expr) => self.judged(owner, "require", at, expr),
            RouteStatement::Forbid(expr) => self.judged(owner, "forbid", at, expr),
            RouteStatement::Prefer(expr) => self.judged(owner, "prefer", at, expr),
            RouteStatement::OrderBy(_) => self.rule(format!("{owner}: order by"), at),
            RouteStatement::Balance { .. } => self.rule(format!("{owner}: balance"), at),
            RouteStatement::Credentials { .. } => self.rule(format!("{owner}: credentials"), at),
            RouteStatement::Tolerate(_) => {}
        }
    }

    fn tier(&mut self, owner: &str, tier: &Tier) {
        match tier {
            Tier::Entries(entries) => {
                for entry in entries {
                    match entry {
                        TierEntry::Model(model) => {
                            self.rule(format!("{owner}: model \"{}\"", model.value), model.span);
                        }
                        TierEntry::Group(group) => {
                            self.rule(format!("{owner}: group {}", group.text), group.span);
                        }
                    }
                }
            }
            Tier::Requested { span, .. } => self.rule(format!("{owner}: requested"), *span),
        }
    }

    fn ceiling(&mut self, owner: &str, line: &Statement<CeilingStatement>) {
        let name = format!("{owner}: ceiling {}", line.kind.name.text);
        self.rule(name.clone(), line.span);
        if let Some(when) = &line.kind.when {
            self.condition(&format!("{name} when"), when);
        }
    }

    fn fallback(&mut self, owner: &str, line: &Statement<FallbackStatement>) {
        match &line.kind {
            FallbackStatement::Other { kind, when, .. } => {
                let kind = match kind {
                    MoveKind::Credential => "credential",
                    MoveKind::Provider => "provider",
                    MoveKind::Model => "model",
                };
                let name = format!("{owner}: other {kind}");
                self.rule(name.clone(), line.span);
                if let Some(when) = when {
                    self.condition(&format!("{name} when"), when);
                }
            }
            FallbackStatement::Require(expr) => self.judged(owner, "fallback require", line.span, expr),
            FallbackStatement::PriceAtMost(_) => self.rule(format!("{owner}: price at most"), line.span),
            FallbackStatement::AtMostMoves(_) => {}
        }
    }

    fn retry(&mut self, owner: &str, line: &Statement<RetryStatement>) {
        match &line.kind {
            RetryStatement::On(rule) => {
                let classes: Vec<&str> = rule.on.iter().map(|class| class.text.as_str()).collect();
                let name = format!("{owner}: retry on {}", classes.join(", "));
                self.rule(name.clone(), line.span);
                if let Some(when) = &rule.when {
                    self.condition(&format!("{name} when"), when);
                }
            }
            RetryStatement::AtMostCalls(_)
            | RetryStatement::Timeout(_)
            | RetryStatement::FirstToken(_)
            | RetryStatement::Stall(_)
            | RetryStatement::Deadline(_) => {}
        }
    }
}

/// Without parentheses around it: the checked policy has none.
fn bare(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Paren(inner) => bare(inner),
        _ => expr,
    }
}

/// Without parentheses and `not`: what is joined in it, if anything.
fn joined(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Paren(inner) | ExprKind::Not(inner) => joined(inner),
        _ => expr,
    }
}
