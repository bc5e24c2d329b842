//! A decision for people: the route, what follows it, and why everything else is out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use faregate::syntax::ast::{LimitKind, MoveKind};
use faregate::{
    Amount, Attempt, BudgetUse, Credential, Decision, Denial, Engine, Exclusion, Explanation, Money, Nearest,
    Plan,
};

use crate::paint::{error, faint, good, note, strong};

/// Endpoints named for each group of reasons before the rest is counted.
const NAMED: usize = 3;
/// Groups of reasons shown before the rest is counted.
const GROUPS: usize = 8;
/// Fallbacks shown before the rest is counted.
const FALLBACKS: usize = 12;

/// Returns a decision as text.
pub(crate) fn write(engine: &Engine, decision: &Decision, colour: bool) -> String {
    let mut text = String::new();
    let explanation = decision.explanation();
    heading(&mut text, explanation, colour);
    match decision {
        Decision::Route(plan) => route(&mut text, plan, colour),
        Decision::Deny(denial) => deny(&mut text, denial, colour),
    }
    budgets(&mut text, explanation, colour);
    if !explanation.waivers.is_empty() {
        section(&mut text, "Waived", colour);
        for w in &explanation.waivers {
            let _ = writeln!(
                text,
                "  guardrail {} until {} for {} ({})",
                w.guardrail,
                w.until,
                listed(&w.endpoints, ", "),
                w.at
            );
        }
    }
    excluded(&mut text, engine, decision, colour);
    text
}

fn heading(text: &mut String, explanation: &Explanation, colour: bool) {
    let workload = explanation.workload.as_deref().unwrap_or("none");
    let _ = writeln!(
        text,
        "request {}, workload {}",
        strong(&printable(&explanation.request), colour),
        strong(workload, colour)
    );
    for d in &explanation.degraded {
        let line =
            format!("budget {} is exhausted: workload {} instead of {} ({})", d.budget, d.to, d.from, d.at);
        let _ = writeln!(text, "{}", note(&line, colour));
    }
    for (alias, model) in &explanation.aliases {
        let _ = writeln!(text, "{}", note(&format!("`{alias}` is an alias of {model}"), colour));
    }
    if !explanation.ignored_budget_rows.is_empty() {
        let names: Vec<&str> = explanation.ignored_budget_rows.iter().map(String::as_str).collect();
        let line = format!("rows of unknown budgets were ignored: {}", names.join(", "));
        let _ = writeln!(text, "{}", note(&line, colour));
    }
}

fn section(text: &mut String, title: &str, colour: bool) {
    let _ = writeln!(text, "\n{}", strong(title, colour));
}

fn route(text: &mut String, plan: &Plan, colour: bool) {
    section(text, "Route", colour);
    let shown = || plan.attempts.iter().take(FALLBACKS.saturating_add(1));
    let width = shown().map(|a| name(a).chars().count()).max().unwrap_or(0);
    let mut role = String::new();
    for (number, attempt) in shown().enumerate() {
        let lead = lead(attempt);
        if lead != role {
            let _ = writeln!(text, "  {lead}");
            role = lead;
        }
        attempt_line(text, number.saturating_add(1), attempt, width, colour);
    }
    let hidden = plan.attempts.len().saturating_sub(FALLBACKS.saturating_add(1));
    if hidden > 0 {
        let _ = writeln!(text, "  and {hidden} more; `--format json` lists all");
    }
    section(text, "The whole run", colour);
    let worst =
        plan.worst_cost.map_or("no bound on its cost".to_owned(), |m| format!("at most {}", dollars(m)));
    let deadline = plan.deadline_ms.map(|ms| format!(" within {}", duration(ms))).unwrap_or_default();
    let calls = if plan.calls_at_most == 1 { "call" } else { "calls" };
    let _ = writeln!(text, "  at most {} {calls}{deadline}; {worst}", plan.calls_at_most);
}

/// Returns the word of a kind of move.
pub(crate) fn move_word(kind: MoveKind) -> &'static str {
    match kind {
        MoveKind::Credential => "credential",
        MoveKind::Provider => "provider",
        MoveKind::Model => "model",
    }
}

/// What leads to an attempt: its role, and the errors after which a move goes there.
fn lead(attempt: &Attempt) -> String {
    let kind = match attempt.role {
        None => return "first:".to_owned(),
        Some(kind) => format!("another {}", move_word(kind)),
    };
    let on: Vec<&str> = attempt.on.iter().map(|c| c.as_str()).collect();
    format!("{kind}, after {}:", on.join(", "))
}

fn attempt_line(text: &mut String, number: usize, attempt: &Attempt, width: usize, colour: bool) {
    let name = format!("{:width$}", name(attempt));
    let name = if number == 1 { good(&name, colour) } else { name };
    let expected =
        attempt.expected_cost.map_or("cost unknown".to_owned(), |m| format!("{} expected", dollars(m)));
    let worst = attempt.worst_cost.map_or("no bound".to_owned(), |m| format!("at most {}", dollars(m)));
    let _ = writeln!(text, "  {number:>3}. {name}  {expected}, {worst}");
    if number == 1 {
        let why = format!("tier {}; {}", attempt.tier, attempt.why.join("; "));
        let _ = writeln!(text, "       {}", faint(&why, colour));
    }
    if !attempt.drop_parameters.is_empty() {
        let dropped: Vec<&str> = attempt.drop_parameters.iter().map(String::as_str).collect();
        let _ = writeln!(
            text,
            "       {}",
            faint(&format!("without the parameters {}", dropped.join(", ")), colour)
        );
    }
}

fn name(attempt: &Attempt) -> String {
    match &attempt.credential {
        Credential::Shared => attempt.endpoint.clone(),
        Credential::Own(key) => format!("{} with own key {key}", attempt.endpoint),
    }
}

fn deny(text: &mut String, denial: &Denial, colour: bool) {
    section(text, "Denied", colour);
    let verdict = format!("{} ({})", denial.code.as_str(), denial.code.status());
    let _ = writeln!(text, "  {}: {}", error(&verdict, colour), denial.message);
    if let Some(rule) = &denial.rule {
        let at = denial.at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
        let _ = writeln!(text, "  by {rule}{at}");
    }
    if let Some(at) = denial.opens_at {
        let _ = writeln!(text, "  opens at {at}");
    }
    if let Some(nearest) = &denial.nearest {
        let nearest = nearest_words(nearest, &denial.explanation);
        let _ = writeln!(text, "  nearest: {}", note(&nearest, colour));
    }
    let _ = writeln!(text, "  advice: {}", denial.code.advice().replace('_', " "));
}

/// Says which change would admit how many.
fn nearest_words(nearest: &Nearest, explanation: &Explanation) -> String {
    // With own keys an endpoint may be several candidates.
    let endpoints: BTreeSet<&str> = explanation.excluded.iter().map(|x| x.endpoint.as_str()).collect();
    let noun = if endpoints.len() == explanation.excluded.len() { "endpoint" } else { "candidate" };
    let counted = |n: usize| if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") };
    match nearest {
        Nearest::Bound { what, op, from, to, admits, .. } => {
            let op = op.map(|op| format!("{} ", op.as_str())).unwrap_or_default();
            format!("{what} {op}{to} in place of {from} would admit {}", counted(*admits))
        }
        Nearest::Without { rule, admits, .. } => {
            format!("without {rule}, {} would be admitted", counted(*admits))
        }
        other => other.to_string(),
    }
}

fn budgets(text: &mut String, explanation: &Explanation, colour: bool) {
    if explanation.budgets.is_empty() {
        return;
    }
    section(text, "Budgets", colour);
    for budget in &explanation.budgets {
        let alert = explanation.alerts.iter().find(|a| a.budget == budget.budget);
        let alert = alert.map(|a| note(&format!("; {} reached", a.reached), colour)).unwrap_or_default();
        let _ = writeln!(text, "  {}{alert}", budget_line(budget));
    }
}

fn budget_line(budget: &BudgetUse) -> String {
    let known = |a: Option<Amount>| a.map_or("an unknown amount".to_owned(), amount);
    let per: Vec<&str> = budget.per.iter().map(|p| p.as_deref().unwrap_or("unknown")).collect();
    let per = if per.is_empty() { String::new() } else { format!(" ({})", per.join(", ")) };
    let kind = match budget.kind {
        LimitKind::Spend => "",
        LimitKind::Requests => " requests",
        LimitKind::Tokens => " tokens",
        LimitKind::Concurrency => " runs in flight",
    };
    let window = match &budget.period {
        Some(period) if period == "total" => " in total".to_owned(),
        Some(period) => format!(" per {period}"),
        None => String::new(),
    };
    let adds =
        budget.this_run_at_most.map(|a| format!("; this run adds at most {}", amount(a))).unwrap_or_default();
    format!(
        "{}{per}: {} of {}{kind}{window} counted, {} left{adds}",
        budget.budget,
        known(budget.counted),
        amount(budget.limit),
        known(budget.remaining)
    )
}

/// Everything that is not in the plan, grouped by why.
fn excluded(text: &mut String, engine: &Engine, decision: &Decision, colour: bool) {
    let explanation = decision.explanation();
    let Some(workload) = &explanation.workload else { return };
    let mut groups: BTreeMap<Vec<String>, Vec<&Exclusion>> = BTreeMap::new();
    for exclusion in &explanation.excluded {
        groups.entry(labels(exclusion)).or_default().push(exclusion);
    }
    let mut candidates: Vec<&str> = explanation.excluded.iter().map(|x| x.endpoint.as_str()).collect();
    if let Decision::Route(plan) = decision {
        candidates.extend(plan.attempts.iter().map(|a| a.endpoint.as_str()));
    }
    candidates.sort_unstable();
    candidates.dedup();
    let rest = engine.catalog().endpoints().len().saturating_sub(candidates.len());
    if groups.is_empty() && rest == 0 {
        return;
    }
    section(text, "Not chosen", colour);
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, members)| std::cmp::Reverse(members.len()));
    let width = groups.iter().map(|(_, m)| m.len()).max().unwrap_or(0).max(rest).to_string().len();
    for (labels, members) in groups.iter().take(GROUPS) {
        let _ = writeln!(text, "  {:>width$}  {}", members.len(), listed(labels, " and "));
        let _ = writeln!(text, "  {:width$}    {}", "", faint(&detail(members), colour));
        let names: Vec<String> = members.iter().map(|x| excluded_name(x)).collect();
        let _ = writeln!(text, "  {:width$}    {}", "", faint(&listed(&names, ", "), colour));
    }
    let hidden: usize = groups.iter().skip(GROUPS).map(|(_, m)| m.len()).sum();
    if hidden > 0 {
        let _ = writeln!(text, "  {hidden:>width$}  for other reasons");
    }
    if rest > 0 {
        let _ = writeln!(text, "  {rest:>width$}  of models that workload {workload} does not name");
    }
    if !groups.is_empty() {
        let _ = writeln!(
            text,
            "{}",
            faint("`--why ENDPOINT` tells of one, rule by rule; `--format json` has all reasons", colour)
        );
    }
}

/// The rules that exclude a candidate, each once: guardrails and budgets by name, the rest by what they are about.
fn labels(exclusion: &Exclusion) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for reason in &exclusion.reasons {
        let named = reason.rule.starts_with("guardrail ") || reason.rule.starts_with("budget ");
        let unpriced = matches!(reason.code.as_str(), "price_unknown" | "cost_unbounded");
        let label = if named && !unpriced { reason.rule.clone() } else { reason.code.replace('_', " ") };
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}

/// The first reason of a group, with its place; "such as" where the others differ.
fn detail(members: &[&Exclusion]) -> String {
    let first = |x: &Exclusion| {
        x.reasons.first().map_or(String::new(), |r| match &r.at {
            Some(at) => format!("{} ({at})", r.detail),
            None => r.detail.clone(),
        })
    };
    let shown = members.first().map_or(String::new(), |x| first(x));
    let same = members.iter().all(|x| first(x) == shown);
    shortened(&if same { shown } else { format!("such as: {shown}") })
}

fn excluded_name(exclusion: &Exclusion) -> String {
    match &exclusion.credential {
        Credential::Shared => exclusion.endpoint.clone(),
        Credential::Own(key) => format!("{}#{key}", exclusion.endpoint),
    }
}

/// Names the first few and counts the rest.
fn listed(names: &[String], with: &str) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    match names.len().saturating_sub(shown.len()) {
        0 => shown.join(with),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A request's id comes from a client: what could steer a terminal is written as an escape.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
        .collect()
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 160;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    format!("{}…", text.chars().take(LONGEST).collect::<String>())
}

fn amount(amount: Amount) -> String {
    match amount {
        Amount::Money(m) => dollars(m),
        Amount::Count(n) => n.to_string(),
    }
}

/// Writes `$0.25`.
pub(crate) fn dollars(money: Money) -> String {
    let text = money.to_string();
    match text.split_once('.') {
        Some((_, fraction)) if fraction.len() == 1 => format!("${text}0"),
        _ => format!("${text}"),
    }
}

/// Writes `30s` or `250ms`.
pub(crate) fn duration(ms: u64) -> String {
    match (ms.checked_div(1000), ms.checked_rem(1000)) {
        (Some(s), Some(0)) => format!("{s}s"),
        _ => format!("{ms}ms"),
    }
}
