//! A tree as short text, without places: what the tests compare.

#![expect(unreachable_pub, reason = "a module of several test programs")]
#![allow(dead_code, reason = "not all of them use all of it")]

use faregate_syntax::ast::*;
use faregate_syntax::{FileId, parse};

/// Returns the tree of a text without mistakes, a line a declaration, statement or section.
pub fn tree(text: &str) -> String {
    let (file, diagnostics) = parse(FileId(0), text);
    assert_eq!(diagnostics, [], "in {text}");
    show_file(&file)
}

pub fn show_file(file: &File) -> String {
    file.items.iter().map(item).collect()
}

fn item(item: &Item) -> String {
    match item {
        Item::Policy(b) => block("policy", b, policy),
        Item::Declare(d) => format!("{}declare\n{}", doc(&d.doc), lines(&d.attributes, declared)),
        Item::Group(g) => {
            format!("{}group {} {:?} {}\n", doc(&g.doc), g.name.text, g.kind, list(&g.members, string))
        }
        Item::Guardrail(b) => block("guardrail", b, guardrail),
        Item::Waive(b) => block("waive", b, waive),
        Item::Budget(b) => block("budget", b, budget),
        Item::Profile(b) => block("profile", b, workload),
        Item::Workload(b) => block("workload", b, workload),
        Item::Invariant(b) => block("invariant", b, invariant),
    }
}

fn doc(doc: &Option<String>) -> String {
    doc.as_ref().map_or(String::new(), |doc| format!("{doc:?}\n"))
}

fn block<K>(keyword: &str, b: &Block<K>, show: impl Fn(&K) -> String) -> String {
    format!("{}{keyword} {}\n{}", doc(&b.doc), b.name.text, lines(&b.statements, show))
}

fn lines<K>(statements: &[Statement<K>], show: impl Fn(&K) -> String) -> String {
    statements.iter().map(|s| format!("  {}\n", show(&s.kind).trim_end().replace('\n', "\n  "))).collect()
}

fn list<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    items.iter().map(show).collect::<Vec<_>>().join(", ")
}

fn string(s: &Str) -> String {
    format!("{:?}", s.value)
}

fn word(w: &Word) -> String {
    w.text.clone()
}

fn attribute(a: &Attribute) -> String {
    format!("{}.{}", a.subject.text, a.name.text)
}

fn literal(l: &Literal) -> String {
    format!("{:?}", l.kind)
}

fn operand(o: &Operand) -> String {
    match o {
        Operand::Attribute(a) => attribute(a),
        Operand::Literal(l) => literal(l),
        Operand::Bool(b, _) => b.to_string(),
        Operand::Str(s) => string(s),
        Operand::Word(w) => word(w),
    }
}

fn zone(z: &Option<Str>) -> String {
    z.as_ref().map_or(String::new(), |z| format!(" in {}", string(z)))
}

fn when(e: &Option<Expr>) -> String {
    e.as_ref().map_or(String::new(), |e| format!(" when {}", expr(e)))
}

/// Returns an expression with all its parentheses: those written are round, those understood square.
pub fn expr(e: &Expr) -> String {
    match &e.kind {
        ExprKind::Or(terms) => format!("[{}]", terms.iter().map(expr).collect::<Vec<_>>().join(" or ")),
        ExprKind::And(terms) => format!("[{}]", terms.iter().map(expr).collect::<Vec<_>>().join(" and ")),
        ExprKind::Not(inner) => format!("[not {}]", expr(inner)),
        ExprKind::Paren(inner) => format!("({})", expr(inner)),
        ExprKind::Bool(b) => b.to_string(),
        ExprKind::Attribute(a) => attribute(a),
        ExprKind::Present(a) => format!("present({})", attribute(a)),
        ExprKind::Compare { left, op, right, zone: z } => {
            format!("[{} {op:?} {}{}]", operand(left), operand(right), zone(z))
        }
        ExprKind::In { left, items, zone: z } => {
            format!("[{} in {}{}]", operand(left), list(items, operand), zone(z))
        }
        ExprKind::Between { left, low, high, zone: z } => {
            format!("[{} between {} and {}{}]", operand(left), operand(low), operand(high), zone(z))
        }
        ExprKind::Includes { left, quantifier, items } => {
            format!("[{} includes {quantifier:?} {}]", operand(left), list(items, operand))
        }
        ExprKind::Matches { left, pattern } => format!("[{} matches {}]", operand(left), string(pattern)),
    }
}

fn policy(s: &PolicyStatement) -> String {
    match s {
        PolicyStatement::Language(l) => format!("language {}", literal(l)),
        PolicyStatement::Owner(s) => format!("owner {}", string(s)),
        PolicyStatement::Version(s) => format!("version {}", string(s)),
    }
}

fn declared(d: &DeclaredAttribute) -> String {
    let ty = match &d.ty {
        DeclaredType::OneOf(values) => format!("one_of {}", list(values, operand)),
        DeclaredType::SetOf(values) => format!("set_of {}", list(values, operand)),
        ty => format!("{ty:?}"),
    };
    let default =
        d.default.as_ref().map_or(String::new(), |values| format!(" default [{}]", list(values, operand)));
    format!("{} {ty}{default}", attribute(&d.attribute))
}

fn guardrail(s: &GuardrailStatement) -> String {
    match s {
        GuardrailStatement::When(e) => format!("when {}", expr(e)),
        GuardrailStatement::Require(e) => format!("require {}", expr(e)),
        GuardrailStatement::Forbid(e) => format!("forbid {}", expr(e)),
        GuardrailStatement::Because(s) => format!("because {}", string(s)),
        GuardrailStatement::WaivableIn(s) => format!("waivable in {}", string(s)),
    }
}

fn waive(s: &WaiveStatement) -> String {
    match s {
        WaiveStatement::When(e) => format!("when {}", expr(e)),
        WaiveStatement::Until(l) => format!("until {}", literal(l)),
        WaiveStatement::Approved(s) => format!("approved {}", string(s)),
        WaiveStatement::Because(s) => format!("because {}", string(s)),
    }
}

fn budget(s: &BudgetStatement) -> String {
    match s {
        BudgetStatement::When(e) => format!("when {}", expr(e)),
        BudgetStatement::Covers(e) => format!("covers {}", expr(e)),
        BudgetStatement::Per(attributes) => format!("per {}", list(attributes, attribute)),
        BudgetStatement::Limit(kind, limits) => {
            let limit = |l: &Limit| {
                let window = l.window.as_ref().map_or(String::new(), |w| format!(" per {}", word(w)));
                format!("{}{window}{}", literal(&l.amount), zone(&l.zone))
            };
            format!("{kind:?} {}", list(limits, limit))
        }
        BudgetStatement::Byok(included) => format!("byok {included}"),
        BudgetStatement::Reserve(share, e) => format!("reserve {} for {}", literal(share), expr(e)),
        BudgetStatement::Alert(shares) => format!("alert {}", list(shares, literal)),
        BudgetStatement::OnExhausted(OnExhausted::UseWorkload(name)) => {
            format!("exhausted use {}", word(name))
        }
        BudgetStatement::OnExhausted(other) => format!("exhausted {other:?}"),
    }
}

fn workload(s: &WorkloadStatement) -> String {
    match s {
        WorkloadStatement::When(e) => format!("when {}", expr(e)),
        WorkloadStatement::Otherwise => "otherwise".to_owned(),
        WorkloadStatement::Deny(s) => format!("deny {}", string(s)),
        WorkloadStatement::Use(name) => format!("use {}", word(name)),
        WorkloadStatement::Route(s) => format!("route\n{}", lines(s, route)),
        WorkloadStatement::Ceiling(s) => format!("ceiling\n{}", lines(s, ceiling)),
        WorkloadStatement::Fallback(s) => format!("fallback\n{}", lines(s, fallback)),
        WorkloadStatement::FallbackNone => "fallback none".to_owned(),
        WorkloadStatement::Retry(s) => format!("retry\n{}", lines(s, retry)),
        WorkloadStatement::RetryNone => "retry none".to_owned(),
        WorkloadStatement::Health(s) => format!("health\n{}", lines(s, health)),
        WorkloadStatement::Stream(s) => format!("stream\n{}", lines(s, |s| format!("{s:?}"))),
        WorkloadStatement::Tools(s) => format!("tools\n{}", lines(s, tools)),
    }
}

fn entry(e: &TierEntry) -> String {
    match e {
        TierEntry::Model(s) => string(s),
        TierEntry::Group(w) => word(w),
    }
}

fn tier(t: &Tier) -> String {
    match t {
        Tier::Entries(entries) => list(entries, entry),
        Tier::Requested { within, .. } => {
            within.as_ref().map_or("requested".to_owned(), |e| format!("requested within {}", entry(e)))
        }
    }
}

fn route(s: &RouteStatement) -> String {
    match s {
        RouteStatement::Models(tiers) => {
            format!("models {}", tiers.iter().map(tier).collect::<Vec<_>>().join(" then "))
        }
        RouteStatement::Require(e) => format!("require {}", expr(e)),
        RouteStatement::Forbid(e) => format!("forbid {}", expr(e)),
        RouteStatement::Prefer(e) => format!("prefer {}", expr(e)),
        RouteStatement::OrderBy(keys) => format!("order by {}", list(keys, word)),
        RouteStatement::Balance { by, sticky } => {
            let by = match by {
                BalanceBy::Price => "price".to_owned(),
                BalanceBy::Shares(shares) => list(shares, |(s, l)| format!("{} {}", string(s), literal(l))),
            };
            format!(
                "balance {by}{}",
                sticky.as_ref().map_or(String::new(), |a| format!(" sticky {}", attribute(a)))
            )
        }
        RouteStatement::Credentials { mode, providers } => format!("{mode:?} {}", list(providers, string)),
        RouteStatement::Tolerate(parameters) => format!("tolerate {}", list(parameters, operand)),
    }
}

fn ceiling(s: &CeilingStatement) -> String {
    let unit = s.unknown_unit.as_ref().map_or(String::new(), |u| format!(" per? {}", word(u)));
    let tool = if s.tool { "tool " } else { "" };
    format!("{tool}{} {}{unit}{}", s.name.text, literal(&s.amount), when(&s.when))
}

fn fallback(s: &FallbackStatement) -> String {
    match s {
        FallbackStatement::Other { kind, on, when: w } => {
            format!("{kind:?} on {}{}", list(on, word), when(w))
        }
        FallbackStatement::Require(e) => format!("require {}", expr(e)),
        FallbackStatement::AtMostMoves(l) => format!("moves {}", literal(l)),
        FallbackStatement::PriceAtMost(l) => format!("price {}", literal(l)),
    }
}

fn backoff(b: &Backoff) -> String {
    let to = b.to.as_ref().map_or(String::new(), |to| format!(" to {}", literal(to)));
    format!("{}{to}{}", literal(&b.from), b.jitter.map_or(String::new(), |j| format!(" {j:?}")))
}

fn retry(s: &RetryStatement) -> String {
    match s {
        RetryStatement::On(rule) => {
            let wait = match &rule.wait {
                None => String::new(),
                Some(Wait::Backoff(b)) => format!(" wait {}", backoff(b)),
                Some(Wait::RetryAfter { up_to, otherwise }) => format!(
                    " wait retry_after{}{}",
                    up_to.as_ref().map_or(String::new(), |l| format!(" up to {}", literal(l))),
                    otherwise.as_ref().map_or(String::new(), |b| format!(" else {}", backoff(b))),
                ),
            };
            format!("on {} {}{wait}{}", list(&rule.on, word), literal(&rule.times), when(&rule.when))
        }
        RetryStatement::AtMostCalls(l) => format!("calls {}", literal(l)),
        RetryStatement::Timeout(l) => format!("timeout {}", literal(l)),
        RetryStatement::FirstToken(l) => format!("first_token {}", literal(l)),
        RetryStatement::Stall(l) => format!("stall {}", literal(l)),
        RetryStatement::Deadline(l) => format!("deadline {}", literal(l)),
    }
}

fn health(s: &HealthStatement) -> String {
    match s {
        HealthStatement::Cool { cool, failures, within, on } => {
            let (cool, failures, within) = (literal(cool), literal(failures), literal(within));
            format!("cool {cool} after {failures} within {within} on {}", list(on, word))
        }
        HealthStatement::CoolRetryAfter(on) => format!("cool retry_after on {}", list(on, word)),
        HealthStatement::Probe(l) => format!("probe {}", literal(l)),
    }
}

fn tools(s: &ToolsStatement) -> String {
    match s {
        ToolsStatement::Tool { name, calls, results } => {
            let results = results.as_ref().map_or(String::new(), |l| format!(", {}", literal(l)));
            format!("{} {}{results}", name.text, literal(calls))
        }
        ToolsStatement::Iterations(l) => format!("iterations {}", literal(l)),
    }
}

fn invariant(s: &InvariantStatement) -> String {
    match s {
        InvariantStatement::ForWorkload(name) => format!("for workload {}", word(name)),
        InvariantStatement::For(e) => format!("for {}", expr(e)),
        InvariantStatement::Always(e) => format!("always {}", expr(e)),
        InvariantStatement::AtLeast(l, counted) => format!("at least {} {counted:?}", literal(l)),
        InvariantStatement::Cost(op, l) => format!("cost {op:?} {}", literal(l)),
        InvariantStatement::Calls(op, l) => format!("calls {op:?} {}", literal(l)),
        InvariantStatement::Served => "served".to_owned(),
        InvariantStatement::Denied => "denied".to_owned(),
    }
}
