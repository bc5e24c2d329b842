//! Which constructs of the language a file uses, by name.

use std::collections::BTreeSet;

use faregate::syntax::ast::*;

/// Returns the names of all constructs of a file: `guardrail require`, `retry wait exponential`, `attribute key.team`.
#[must_use]
pub fn constructs(file: &File) -> BTreeSet<String> {
    let mut seen = Seen(BTreeSet::new());
    for comment in &file.comments {
        seen.note(if comment.doc { "documentation" } else { "comment" });
    }
    for item in &file.items {
        seen.item(item);
    }
    seen.0
}

struct Seen(BTreeSet<String>);

impl Seen {
    fn note(&mut self, name: impl Into<String>) {
        self.0.insert(name.into());
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Policy(block) => {
                for statement in &block.statements {
                    self.note(match &statement.kind {
                        PolicyStatement::Language(_) => "policy language",
                        PolicyStatement::Owner(_) => "policy owner",
                        PolicyStatement::Version(_) => "policy version",
                    });
                }
            }
            Item::Declare(declare) => declare.attributes.iter().for_each(|a| self.declared(&a.kind)),
            Item::Group(group) => self.note(match group.kind {
                GroupKind::Models => "group models",
                GroupKind::Providers => "group providers",
            }),
            Item::Guardrail(block) => block.statements.iter().for_each(|s| self.guardrail(&s.kind)),
            Item::Waive(block) => block.statements.iter().for_each(|s| self.waive(&s.kind)),
            Item::Budget(block) => block.statements.iter().for_each(|s| self.budget(&s.kind)),
            Item::Profile(block) => {
                self.note("profile");
                block.statements.iter().for_each(|s| self.workload(&s.kind));
            }
            Item::Workload(block) => block.statements.iter().for_each(|s| self.workload(&s.kind)),
            Item::Invariant(block) => block.statements.iter().for_each(|s| self.invariant(&s.kind)),
        }
    }

    fn declared(&mut self, declared: &DeclaredAttribute) {
        let ty = match &declared.ty {
            DeclaredType::OneOf(_) => "one_of",
            DeclaredType::SetOf(_) => "set_of",
            DeclaredType::Text => "text",
            DeclaredType::Bool => "bool",
            DeclaredType::Count => "count",
            DeclaredType::Money => "money",
            DeclaredType::Duration => "duration",
        };
        self.note(format!("declare {ty}"));
        match &declared.default {
            Some(values) if values.is_empty() => self.note("declare default none"),
            Some(_) => self.note(format!("declare {ty} default")),
            None => {}
        }
    }

    fn guardrail(&mut self, statement: &GuardrailStatement) {
        let (name, expr) = match statement {
            GuardrailStatement::When(e) => ("when", Some(e)),
            GuardrailStatement::Require(e) => ("require", Some(e)),
            GuardrailStatement::Forbid(e) => ("forbid", Some(e)),
            GuardrailStatement::Because(_) => ("because", None),
            GuardrailStatement::WaivableIn(_) => ("waivable in", None),
        };
        self.note(format!("guardrail {name}"));
        expr.into_iter().for_each(|e| self.expr(e));
    }

    fn waive(&mut self, statement: &WaiveStatement) {
        match statement {
            WaiveStatement::When(e) => {
                self.note("waive when");
                self.expr(e);
            }
            WaiveStatement::Until(_) => self.note("waive until"),
            WaiveStatement::Approved(_) => self.note("waive approved"),
            WaiveStatement::Because(_) => self.note("waive because"),
        }
    }

    fn budget(&mut self, statement: &BudgetStatement) {
        match statement {
            BudgetStatement::When(e) => {
                self.note("budget when");
                self.expr(e);
            }
            BudgetStatement::Covers(e) => {
                self.note("budget covers");
                self.expr(e);
            }
            BudgetStatement::Per(attributes) => {
                self.note(if attributes.len() > 1 { "budget per several" } else { "budget per" });
                for attribute in attributes {
                    self.note(format!("budget per {}.{}", attribute.subject.text, attribute.name.text));
                }
            }
            BudgetStatement::Limit(kind, limits) => {
                let kind = match kind {
                    LimitKind::Spend => "spend",
                    LimitKind::Requests => "requests",
                    LimitKind::Tokens => "tokens",
                    LimitKind::Concurrency => "concurrency",
                };
                self.note(format!("budget {kind}"));
                if limits.len() > 1 {
                    self.note("budget several limits");
                }
                for limit in limits {
                    if let Some(window) = &limit.window {
                        self.note(format!("budget window {}", window.text));
                    }
                    if limit.zone.is_some() {
                        self.note("budget zone");
                    }
                }
            }
            BudgetStatement::Byok(included) => {
                self.note(if *included { "budget byok included" } else { "budget byok excluded" });
            }
            BudgetStatement::Reserve(_, e) => {
                self.note("budget reserve");
                self.expr(e);
            }
            BudgetStatement::Alert(_) => self.note("budget alert"),
            BudgetStatement::OnExhausted(what) => self.note(match what {
                OnExhausted::Deny => "budget on exhausted deny",
                OnExhausted::UseWorkload(_) => "budget on exhausted use workload",
                OnExhausted::AlertOnly => "budget on exhausted alert only",
            }),
        }
    }

    fn workload(&mut self, statement: &WorkloadStatement) {
        match statement {
            WorkloadStatement::When(e) => {
                self.note("workload when");
                self.expr(e);
            }
            WorkloadStatement::Otherwise => self.note("workload otherwise"),
            WorkloadStatement::Deny(_) => self.note("workload deny"),
            WorkloadStatement::Use(_) => self.note("workload use"),
            WorkloadStatement::Route(body) => body.iter().for_each(|s| self.route(&s.kind)),
            WorkloadStatement::Ceiling(body) => body.iter().for_each(|s| self.ceiling(&s.kind)),
            WorkloadStatement::Fallback(body) => body.iter().for_each(|s| self.fallback(&s.kind)),
            WorkloadStatement::FallbackNone => self.note("fallback none"),
            WorkloadStatement::Retry(body) => body.iter().for_each(|s| self.retry(&s.kind)),
            WorkloadStatement::RetryNone => self.note("retry none"),
            WorkloadStatement::Health(body) => {
                for statement in body {
                    self.note(match statement.kind {
                        HealthStatement::Cool { .. } => "health cool",
                        HealthStatement::CoolRetryAfter(_) => "health cool retry_after",
                        HealthStatement::Probe(_) => "health probe",
                    });
                }
            }
            WorkloadStatement::Stream(body) => {
                for statement in body {
                    self.note(match statement.kind {
                        StreamStatement::Commit(Commit::FirstToken) => "stream commit at first_token",
                        StreamStatement::Commit(Commit::End) => "stream commit at end",
                        StreamStatement::Partial(Partial::MarkIncomplete) => "stream partial mark_incomplete",
                        StreamStatement::Partial(Partial::Discard) => "stream partial discard",
                    });
                }
            }
            WorkloadStatement::Tools(body) => {
                for statement in body {
                    self.note(match &statement.kind {
                        ToolsStatement::Tool { results: Some(_), .. } => "tools results",
                        ToolsStatement::Tool { .. } => "tools calls",
                        ToolsStatement::Iterations(_) => "tools iterations",
                    });
                }
            }
        }
    }

    fn route(&mut self, statement: &RouteStatement) {
        match statement {
            RouteStatement::Models(tiers) => {
                if tiers.len() > 1 {
                    self.note("route models then");
                }
                tiers.iter().for_each(|t| self.tier(t));
            }
            RouteStatement::Require(e) => {
                self.note("route require");
                self.expr(e);
            }
            RouteStatement::Forbid(e) => {
                self.note("route forbid");
                self.expr(e);
            }
            RouteStatement::Prefer(e) => {
                self.note("route prefer");
                self.expr(e);
            }
            RouteStatement::OrderBy(keys) => {
                keys.iter().for_each(|key| self.note(format!("route order by {}", key.text)));
            }
            RouteStatement::Balance { by, sticky } => {
                self.note(match by {
                    BalanceBy::Price => "route balance by price",
                    BalanceBy::Shares(_) => "route balance shares",
                });
                if sticky.is_some() {
                    self.note("route sticky");
                }
            }
            RouteStatement::Credentials { mode, providers } => {
                self.note(match mode {
                    CredentialMode::OwnThenShared => "route credentials own then shared",
                    CredentialMode::SharedThenOwn => "route credentials shared then own",
                    CredentialMode::OwnOnly => "route credentials own only",
                    CredentialMode::SharedOnly => "route credentials shared only",
                });
                if !providers.is_empty() {
                    self.note("route credentials for");
                }
            }
            RouteStatement::Tolerate(_) => self.note("route tolerate"),
        }
    }

    fn tier(&mut self, tier: &Tier) {
        let entries = match tier {
            Tier::Entries(entries) => entries.as_slice(),
            Tier::Requested { within, .. } => {
                self.note(if within.is_some() { "models requested within" } else { "models requested" });
                within.as_slice()
            }
        };
        for entry in entries {
            self.note(match entry {
                TierEntry::Group(_) => "models group",
                TierEntry::Model(s) if s.value.contains('*') => "models pattern",
                TierEntry::Model(_) => "models id",
            });
        }
    }

    fn ceiling(&mut self, ceiling: &CeilingStatement) {
        let tool = if ceiling.tool { "tool " } else { "" };
        self.note(format!("ceiling {tool}{}", ceiling.name.text));
        if let Some(when) = &ceiling.when {
            self.note("ceiling when");
            self.expr(when);
        }
    }

    fn fallback(&mut self, statement: &FallbackStatement) {
        match statement {
            FallbackStatement::Other { kind, on, when } => {
                let kind = match kind {
                    MoveKind::Credential => "credential",
                    MoveKind::Provider => "provider",
                    MoveKind::Model => "model",
                };
                self.note(format!("fallback other {kind}"));
                on.iter().for_each(|class| self.note(format!("class {}", class.text)));
                if let Some(when) = when {
                    self.note("fallback when");
                    self.expr(when);
                }
            }
            FallbackStatement::Require(e) => {
                self.note("fallback require");
                self.expr(e);
            }
            FallbackStatement::AtMostMoves(_) => self.note("fallback at most"),
            FallbackStatement::PriceAtMost(_) => self.note("fallback price at most"),
        }
    }

    fn retry(&mut self, statement: &RetryStatement) {
        match statement {
            RetryStatement::On(rule) => {
                self.note("retry on");
                if let Some(wait) = &rule.wait {
                    self.wait(wait);
                }
                if let Some(when) = &rule.when {
                    self.note("retry when");
                    self.expr(when);
                }
            }
            RetryStatement::AtMostCalls(_) => self.note("retry at most"),
            RetryStatement::Timeout(_) => self.note("retry timeout"),
            RetryStatement::FirstToken(_) => self.note("retry first_token"),
            RetryStatement::Stall(_) => self.note("retry stall"),
            RetryStatement::Deadline(_) => self.note("retry deadline"),
        }
    }

    fn wait(&mut self, wait: &Wait) {
        let backoff = match wait {
            Wait::RetryAfter { up_to, otherwise } => {
                self.note(match (up_to.is_some(), otherwise.is_some()) {
                    (false, false) => "retry wait retry_after",
                    (true, false) => "retry wait retry_after up to",
                    (false, true) => "retry wait retry_after else",
                    (true, true) => "retry wait retry_after up to else",
                });
                otherwise.as_ref()
            }
            Wait::Backoff(backoff) => Some(backoff),
        };
        if let Some(backoff) = backoff {
            self.note(if backoff.to.is_some() { "retry wait exponential" } else { "retry wait fixed" });
            match backoff.jitter {
                Some(Jitter::Full) => self.note("retry jitter full"),
                Some(Jitter::Equal) => self.note("retry jitter equal"),
                Some(Jitter::None) => self.note("retry jitter none"),
                None => {}
            }
        }
    }

    fn invariant(&mut self, statement: &InvariantStatement) {
        match statement {
            InvariantStatement::ForWorkload(_) => self.note("invariant for workload"),
            InvariantStatement::For(e) => {
                self.note("invariant for");
                self.expr(e);
            }
            InvariantStatement::Always(e) => {
                self.note("invariant always");
                self.expr(e);
            }
            InvariantStatement::AtLeast(_, counted) => self.note(match counted {
                Counted::Providers => "invariant at least providers",
                Counted::Models => "invariant at least models",
                Counted::Endpoints => "invariant at least endpoints",
            }),
            InvariantStatement::Cost(..) => self.note("invariant cost"),
            InvariantStatement::Calls(..) => self.note("invariant calls"),
            InvariantStatement::Served => self.note("invariant served"),
            InvariantStatement::Denied => self.note("invariant denied"),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Or(parts) => {
                self.note("expr or");
                parts.iter().for_each(|p| self.expr(p));
            }
            ExprKind::And(parts) => {
                self.note("expr and");
                parts.iter().for_each(|p| self.expr(p));
            }
            ExprKind::Not(inner) => {
                self.note("expr not");
                self.expr(inner);
            }
            ExprKind::Paren(inner) => {
                self.note("expr parentheses");
                self.expr(inner);
            }
            ExprKind::Bool(_) => self.note("expr constant"),
            ExprKind::Attribute(a) => {
                self.note("expr flag");
                self.attribute(a);
            }
            ExprKind::Present(a) => {
                self.note("expr present");
                self.attribute(a);
            }
            ExprKind::Compare { left, op, right, zone } => {
                self.note(match op {
                    CompareOp::Eq => "expr ==",
                    CompareOp::Ne => "expr !=",
                    CompareOp::Lt => "expr <",
                    CompareOp::Le => "expr <=",
                    CompareOp::Gt => "expr >",
                    CompareOp::Ge => "expr >=",
                });
                match (left, right) {
                    (Operand::Attribute(_), Operand::Attribute(_)) => self.note("expr two attributes"),
                    (Operand::Attribute(_), _) => {}
                    _ => self.note("expr value first"),
                }
                self.operands([left, right]);
                self.zone(zone.as_ref());
            }
            ExprKind::In { left, items, zone } => {
                self.note("expr in");
                self.operands([left].into_iter().chain(items));
                self.zone(zone.as_ref());
            }
            ExprKind::Between { left, low, high, zone } => {
                self.note("expr between");
                self.operands([left, low, high]);
                self.zone(zone.as_ref());
            }
            ExprKind::Includes { left, quantifier, items } => {
                self.note(match quantifier {
                    Quantifier::One => "expr includes",
                    Quantifier::Any => "expr includes any of",
                    Quantifier::All => "expr includes all of",
                });
                self.operands([left].into_iter().chain(items));
            }
            ExprKind::Matches { left, .. } => {
                self.note("expr matches");
                self.operands([left]);
            }
        }
    }

    fn zone(&mut self, zone: Option<&Str>) {
        if zone.is_some() {
            self.note("expr zone");
        }
    }

    fn operands<'a>(&mut self, operands: impl IntoIterator<Item = &'a Operand>) {
        for operand in operands {
            match operand {
                Operand::Attribute(a) => self.attribute(a),
                Operand::Literal(literal) => self.note(match literal.kind {
                    LiteralKind::Count(_) => "literal count",
                    LiteralKind::Money(_) => "literal money",
                    LiteralKind::Price(_, Unit::Mtok) => "literal price per Mtok",
                    LiteralKind::Price(_, Unit::Image) => "literal price per image",
                    LiteralKind::Price(_, Unit::Call) => "literal price per call",
                    LiteralKind::Duration(_) => "literal duration",
                    LiteralKind::Ratio(_) => "literal ratio",
                    LiteralKind::Date(_) => "literal date",
                    LiteralKind::Instant(_) => "literal instant",
                    LiteralKind::TimeOfDay(_) => "literal time of day",
                    _ => "literal of a new kind",
                }),
                Operand::Bool(..) => self.note("literal bool"),
                Operand::Str(_) => self.note("literal string"),
                Operand::Word(_) => self.note("literal word"),
            }
        }
    }

    fn attribute(&mut self, attribute: &Attribute) {
        self.note(format!("attribute {}.{}", attribute.subject.text, attribute.name.text));
    }
}

/// All that [`constructs`] tells apart, but attributes.
pub const CONSTRUCTS: &[&str] = &[
    "budget alert",
    "budget byok excluded",
    "budget byok included",
    "budget concurrency",
    "budget covers",
    "budget on exhausted alert only",
    "budget on exhausted deny",
    "budget on exhausted use workload",
    "budget per",
    "budget per endpoint.credential",
    "budget per endpoint.model",
    "budget per endpoint.provider",
    "budget per key.environment",
    "budget per key.team",
    "budget per request.input_tokens",
    "budget per request.stream",
    "budget per request.tier",
    "budget per request.user",
    "budget per several",
    "budget per time.weekday",
    "budget requests",
    "budget reserve",
    "budget several limits",
    "budget spend",
    "budget tokens",
    "budget when",
    "budget window day",
    "budget window hour",
    "budget window minute",
    "budget window month",
    "budget window total",
    "budget window week",
    "budget zone",
    "ceiling attempt",
    "ceiling cache_read",
    "ceiling cache_write",
    "ceiling completion",
    "ceiling image",
    "ceiling output",
    "ceiling prompt",
    "ceiling reasoning",
    "ceiling request_fee",
    "ceiling run",
    "ceiling tool acme:lookup",
    "ceiling tool code_execution",
    "ceiling web_search",
    "ceiling when",
    "class authentication",
    "class context_length",
    "class insufficient_credits",
    "class invalid_response",
    "class moderation",
    "class network",
    "class not_found",
    "class overloaded",
    "class provider_error",
    "class quota_exhausted",
    "class rate_limit",
    "class stream_interrupted",
    "class timeout",
    "class unavailable",
    "class unsupported",
    "comment",
    "declare bool",
    "declare bool default",
    "declare count",
    "declare count default",
    "declare default none",
    "declare duration",
    "declare duration default",
    "declare money",
    "declare money default",
    "declare one_of",
    "declare one_of default",
    "declare set_of",
    "declare set_of default",
    "declare text",
    "declare text default",
    "documentation",
    "expr !=",
    "expr <",
    "expr <=",
    "expr ==",
    "expr >",
    "expr >=",
    "expr and",
    "expr between",
    "expr constant",
    "expr flag",
    "expr in",
    "expr includes",
    "expr includes all of",
    "expr includes any of",
    "expr matches",
    "expr not",
    "expr or",
    "expr parentheses",
    "expr present",
    "expr two attributes",
    "expr value first",
    "expr zone",
    "fallback at most",
    "fallback none",
    "fallback other credential",
    "fallback other model",
    "fallback other provider",
    "fallback price at most",
    "fallback require",
    "fallback when",
    "group models",
    "group providers",
    "guardrail because",
    "guardrail forbid",
    "guardrail require",
    "guardrail waivable in",
    "guardrail when",
    "health cool",
    "health cool retry_after",
    "health probe",
    "invariant always",
    "invariant at least endpoints",
    "invariant at least models",
    "invariant at least providers",
    "invariant calls",
    "invariant cost",
    "invariant for",
    "invariant for workload",
    "invariant served",
    "invariant denied",
    "literal bool",
    "literal count",
    "literal date",
    "literal duration",
    "literal instant",
    "literal money",
    "literal price per Mtok",
    "literal price per call",
    "literal price per image",
    "literal ratio",
    "literal string",
    "literal time of day",
    "literal word",
    "models group",
    "models id",
    "models pattern",
    "models requested",
    "models requested within",
    "policy language",
    "policy owner",
    "policy version",
    "profile",
    "retry at most",
    "retry deadline",
    "retry first_token",
    "retry jitter equal",
    "retry jitter full",
    "retry jitter none",
    "retry none",
    "retry on",
    "retry stall",
    "retry timeout",
    "retry wait exponential",
    "retry wait fixed",
    "retry wait retry_after",
    "retry wait retry_after else",
    "retry wait retry_after up to",
    "retry wait retry_after up to else",
    "retry when",
    "route balance by price",
    "route balance shares",
    "route credentials for",
    "route credentials own only",
    "route credentials own then shared",
    "route credentials shared only",
    "route credentials shared then own",
    "route forbid",
    "route models then",
    "route order by latency",
    "route order by latency_p75",
    "route order by latency_p90",
    "route order by latency_p99",
    "route order by price",
    "route order by throughput",
    "route order by throughput_p90",
    "route order by uptime",
    "route prefer",
    "route require",
    "route sticky",
    "route tolerate",
    "stream commit at end",
    "stream commit at first_token",
    "stream partial discard",
    "stream partial mark_incomplete",
    "tools calls",
    "tools iterations",
    "tools results",
    "waive approved",
    "waive because",
    "waive until",
    "waive when",
    "workload deny",
    "workload otherwise",
    "workload use",
    "workload when",
];
