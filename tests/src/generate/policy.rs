//! Policy sets as text.

use std::fmt::Write as _;

use super::expr::{Place, expr, value};
use super::sections::{self, Section, rule_line};
use super::words::{
    DATA, ENVIRONMENTS, MODEL_NAMES, PRIORITIES, PROVIDERS, REASONS, REGIONS, TAGS, WINDOWS, WORKLOADS, ZONES,
};
use super::{BudgetShape, Declared, Kind, Scope, Vocabulary};
use crate::Draw;

/// A declaration with a body.
#[derive(Default)]
struct Block {
    head: String,
    statements: Vec<String>,
    sections: Vec<Section>,
}

impl Block {
    fn new(head: impl Into<String>) -> Self {
        Self { head: head.into(), ..Self::default() }
    }

    fn write(&self, draw: &mut Draw<'_>) -> String {
        let mut text = String::new();
        if draw.percent(10) {
            let _ = writeln!(text, "/// {}", draw.text(&["What it is for.", "Größer ist nicht besser.", ""]));
        }
        if draw.percent(5) {
            text.push_str("// allow no-effect: it is random\n");
        }
        let _ = writeln!(text, "{} {{", self.head);
        for statement in &self.statements {
            let _ = writeln!(text, "  {statement}");
        }
        for (word, lines) in &self.sections {
            if lines.is_empty() && (*word == "fallback" || *word == "retry") && draw.percent(50) {
                let _ = writeln!(text, "  {word} none");
                continue;
            }
            let _ = writeln!(text, "  {word} {{");
            for line in lines {
                let _ = writeln!(text, "    {line}");
            }
            text.push_str("  }\n");
        }
        text.push_str("}\n");
        text
    }
}

/// Writes a policy set, file by file, that loads; and what it declares.
pub fn policy(draw: &mut Draw<'_>, wild: bool) -> (Vec<(String, String)>, Scope) {
    let mut scope = Scope { wild, ..Scope::default() };
    let organised = draw.percent(30);
    let mut head = draw.part(24);
    let mut org =
        format!("policy organisation {{ language 1 }}\n{}", declare(&mut draw.part(48), &mut scope));
    org.push_str(&groups(&mut draw.part(32), &mut scope));
    let mut own = String::new();
    let guardrails = head.of(if wild { &[0, 1, 0, 2, 3] } else { &[0, 0, 0, 1, 2, 0, 1] });
    let budgets = head.of(if wild { &[0, 1, 1, 2] } else { &[0, 0, 1, 2, 0, 1, 0] });
    let workloads = head.of(&[1, 1, 2, 3]);
    for n in 0..guardrails {
        let mut part = draw.part(96);
        let waivable = if organised && head.percent(50) { Some("own.fare") } else { None };
        org.push_str(&guardrail(&mut part, &scope, &format!("guard-{n}"), waivable));
        if (waivable.is_some() || !organised) && head.percent(40) {
            own.push_str(&waive(&mut draw.part(48), &scope, &format!("guard-{n}")));
        }
    }
    for n in 0..budgets {
        let mut part = draw.part(160);
        let target = format!("work-{}", head.below(workloads));
        let (text, shape) = budget(&mut part, &scope, &format!("cap-{n}"), Some(&target));
        own.push_str(&text);
        scope.budgets.push(shape);
    }
    let profiles = head.of(&[0, 0, 1, 2]);
    let mut whole_route = false;
    for n in 0..profiles {
        let (text, routes) = profile(&mut draw.part(400), &scope, n);
        own.push_str(&text);
        whole_route |= routes;
    }
    for n in 0..workloads {
        let last = n + 1 == workloads;
        own.push_str(&workload(&mut draw.part(900), &scope, n, last, (profiles, whole_route)));
    }
    for n in 0..head.of(&[0, 0, 1, 2]) {
        own.push_str(&invariant(&mut draw.part(64), &scope, n, workloads));
    }
    let mut own_head = Block::new("policy own");
    own_head.statements.push("language 1".to_owned());
    if head.percent(40) {
        own_head.statements.push("owner \"owner@acme.example\"".to_owned());
    }
    if head.percent(40) {
        own_head.statements.push("version \"2026.11.0\"".to_owned());
    }
    let own_head = own_head.write(&mut Draw::new(&[]));
    let files = match organised {
        true => vec![("org.fare".to_owned(), org), ("own.fare".to_owned(), own_head + &own)],
        false => {
            let (_, rest) = org.split_once('\n').unwrap_or_default();
            vec![("own.fare".to_owned(), format!("{own_head}{rest}{own}"))]
        }
    };
    (files, scope)
}

/// An attribute that a policy may declare: subject, name, kind, type as written, defaults, whether it narrows.
type Declarable = (&'static str, &'static str, Kind, &'static str, &'static [&'static str], bool);

fn declare(draw: &mut Draw<'_>, scope: &mut Scope) -> String {
    use Kind::{Bool, Count, Duration, Money, Set, Text};
    use Vocabulary::{Open, Words};
    let one_of = |values: &'static [&'static str]| Text(Words, values);
    let all: [Declarable; 12] = [
        ("request", "tier", one_of(&["free", "pro"]), "one_of free, pro", &["free", "pro"], false),
        ("request", "workload", one_of(WORKLOADS), "one_of chat, batch, incident", &["chat", "batch"], true),
        ("request", "data", Set(Words, DATA), "set_of pii, phi", &["none", "pii", "pii, phi"], true),
        ("key", "environment", one_of(ENVIRONMENTS), "one_of production, staging", &["production"], true),
        ("request", "priority", one_of(PRIORITIES), "one_of high, \"low\"", &["low"], true),
        (
            "key",
            "tags",
            Set(Words, TAGS),
            "set_of evaluated, internal, \"eu-contract\"",
            &["none", "internal"],
            true,
        ),
        ("key", "home", one_of(REGIONS), "one_of eu, us", &["eu"], false),
        ("request", "purpose", Text(Open, &["x", "y"]), "text", &["\"x\""], false),
        ("request", "urgent", Bool, "bool", &["false", "true"], false),
        ("request", "pages", Count, "count", &["3", "1k"], false),
        ("key", "worth", Money, "money", &["$1", "$0.25"], false),
        ("request", "patience", Duration, "duration", &["2s", "1m"], false),
    ];
    let chosen = draw.some(&all, 0, 7);
    if chosen.is_empty() {
        return String::new();
    }
    let mut block = Block::new("declare");
    for (subject, name, kind, ty, defaults, narrows) in chosen {
        let default = draw.percent(35);
        let written = if default { format!(" default {}", draw.text(defaults)) } else { String::new() };
        block.statements.push(format!("{subject}.{name} {ty}{written}"));
        scope.declared.push(Declared { subject, name, kind, default, narrows });
    }
    block.write(&mut Draw::new(&[]))
}

fn groups(draw: &mut Draw<'_>, scope: &mut Scope) -> String {
    let mut text = String::new();
    for name in draw.some(&["fast", "large"], 0, 2) {
        let members: Vec<String> =
            draw.some(MODEL_NAMES, 1, 4).into_iter().map(|m| format!("\"{m}\"")).collect();
        let _ = writeln!(text, "group {name} = models {}", members.join(", "));
        scope.model_groups.push(name.to_owned());
    }
    if draw.percent(50) {
        let members: Vec<String> =
            draw.some(PROVIDERS, 1, 2).into_iter().map(|p| format!("\"{p}\"")).collect();
        let _ = writeln!(text, "group clouds = providers {}", members.join(", "));
        scope.provider_groups.push("clouds".to_owned());
    }
    text
}

/// Writes a guardrail.
pub fn guardrail(draw: &mut Draw<'_>, scope: &Scope, name: &str, waivable: Option<&str>) -> String {
    let mut block = Block::new(format!("guardrail {name}"));
    if draw.percent(75) {
        block.statements.push(format!("when {}", expr(draw, scope, Place::Endpoint)));
    }
    for _ in 0..1 + draw.below(2) {
        block.statements.push(rule_line(draw, scope));
    }
    if draw.percent(40) {
        block.statements.push(format!("because \"{}\"", draw.text(REASONS)));
    }
    block.statements.extend(waivable.map(|file| format!("waivable in \"{file}\"")));
    block.write(draw)
}

fn waive(draw: &mut Draw<'_>, scope: &Scope, name: &str) -> String {
    let mut block = Block::new(format!("waive {name}"));
    if draw.percent(50) {
        block.statements.push(format!("when {}", expr(draw, scope, Place::Endpoint)));
    }
    block.statements.push(format!("until {}", draw.text(&["2026-12-31", "2026-11-23", "2026-11-22"])));
    block.statements.push("approved \"cto@acme.example\"".to_owned());
    block.statements.push(format!("because \"{}\"", draw.text(REASONS)));
    block.write(draw)
}

/// Writes a budget, and what the rows of a context need to know of it. With a target it may be soft.
pub fn budget(draw: &mut Draw<'_>, scope: &Scope, name: &str, target: Option<&str>) -> (String, BudgetShape) {
    let mut block = Block::new(format!("budget {name}"));
    let mut shape = BudgetShape { name: name.to_owned(), per: Vec::new(), limits: Vec::new() };
    if draw.percent(40) {
        block.statements.push(format!("when {}", expr(draw, scope, Place::Early)));
    }
    if draw.percent(30) {
        block.statements.push(format!("covers {}", expr(draw, scope, Place::Endpoint)));
    }
    if draw.percent(50) {
        let mut choices = vec![
            "key.team",
            "key.environment",
            "request.user",
            "request.stream",
            "endpoint.provider",
            "endpoint.model",
            "endpoint.credential",
            "time.weekday",
            "request.input_tokens",
        ];
        if scope.declared.iter().any(|d| d.name == "tier") {
            choices.push("request.tier");
        }
        let per = draw.some(&choices, 1, 2);
        block.statements.push(format!("per {}", per.join(", ")));
        shape.per = per.into_iter().map(str::to_owned).collect();
    }
    let kinds = draw.some(&["spend", "requests", "tokens", "concurrency"], 1, 2);
    for kind in &kinds {
        let amounts: &[&str] = match *kind {
            "spend" if scope.wild => &["$1", "$0.01", "$2_000", "$0"],
            "spend" => &["$2_000", "$1", "$0.01", "$5_000"],
            "tokens" => &["1M", "100k", "100", "50M"],
            "requests" => &["50", "1", "5k", "1", "0"],
            _ => &["8", "100", "1", "0"],
        };
        if *kind == "concurrency" {
            block.statements.push(format!("concurrency {}", draw.text(amounts)));
            shape.limits.push((kind, None));
            continue;
        }
        let limits: Vec<String> = draw
            .some(WINDOWS, 1, 2)
            .into_iter()
            .map(|window| {
                shape.limits.push((kind, Some(window)));
                let amount = draw.text(amounts);
                let per = if window == "total" && draw.percent(50) { "" } else { "per " };
                let zone = draw.percent(25) && window != "total";
                let zone = if zone { format!(" in \"{}\"", draw.text(ZONES)) } else { String::new() };
                format!("{amount} {per}{window}{zone}")
            })
            .collect();
        block.statements.push(format!("{kind} {}", limits.join(", ")));
    }
    if kinds.contains(&"spend") || draw.percent(30) {
        block.statements.push(draw.text(&["byok included", "byok excluded"]));
    }
    if draw.percent(25) {
        let share = draw.text(&["10%", "0%", "50%", "100%"]);
        block.statements.push(format!("reserve {share} for {}", expr(draw, scope, Place::Early)));
    }
    if draw.percent(40) {
        block.statements.push(draw.text(&["alert at 50%, 80%, 95%", "alert at 0%", "alert at 110%, 10%"]));
    }
    match (draw.below(6), target) {
        (0..=2, _) => {}
        (3, _) => block.statements.push("on exhausted deny".to_owned()),
        (4, _) => block.statements.push("on exhausted alert only".to_owned()),
        (_, Some(target)) => block.statements.push(format!("on exhausted use workload {target}")),
        (_, None) => {}
    }
    (block.write(draw), shape)
}

/// Writes a profile, and says whether it brings a whole route. The second profile brings only what adds up.
fn profile(draw: &mut Draw<'_>, scope: &Scope, number: usize) -> (String, bool) {
    let mut block = Block::new(format!("profile part-{number}"));
    let whole_route = number == 0 && draw.percent(30);
    if whole_route || draw.percent(40) {
        block.sections.push(sections::route(draw, scope, whole_route));
    }
    if draw.percent(if scope.wild { 50 } else { 30 }) {
        block.sections.push(sections::ceiling(draw, scope));
    }
    if number == 0 {
        other_sections(draw, scope, &mut block, 35);
    }
    (block.write(draw), whole_route)
}

fn other_sections(draw: &mut Draw<'_>, scope: &Scope, block: &mut Block, chance: u8) {
    if draw.percent(chance) {
        let section =
            if draw.percent(8) { ("fallback", Vec::new()) } else { sections::fallback(draw, scope) };
        block.sections.push(section);
    }
    if draw.percent(chance) {
        let section = if draw.percent(8) { ("retry", Vec::new()) } else { sections::retry(draw, scope) };
        block.sections.push(section);
    }
    if draw.percent(chance / 3) {
        block.sections.push(sections::health(draw));
    }
    if draw.percent(chance / 3) {
        block.sections.push(sections::stream(draw));
    }
    if draw.percent(chance / 2) {
        block.sections.push(sections::tools(draw));
    }
}

fn workload(
    draw: &mut Draw<'_>,
    scope: &Scope,
    number: usize,
    last: bool,
    (profiles, whole_route): (usize, bool),
) -> String {
    let mut block = Block::new(format!("workload work-{number}"));
    if last {
        block.statements.push("otherwise".to_owned());
    } else if draw.percent(60) {
        let kind = scope.declared.iter().find(|d| d.name == "workload").map(|d| d.kind);
        let kind = kind.unwrap_or(Kind::Text(Vocabulary::Words, WORKLOADS));
        let Kind::Text(vocabulary, values) = kind else { return String::new() };
        block.statements.push(format!("when request.workload == {}", value(draw, vocabulary, values)));
    } else {
        block.statements.push(format!("when {}", expr(draw, scope, Place::Early)));
    }
    if draw.percent(6) {
        block.statements.push(format!("deny \"{}\"", draw.text(REASONS)));
        return block.write(draw);
    }
    let mut uses_route = false;
    for n in 0..profiles {
        if draw.percent(60) {
            block.statements.push(format!("use part-{n}"));
            uses_route |= n == 0 && whole_route;
        }
    }
    if !uses_route || draw.percent(50) {
        block.sections.push(sections::route(draw, scope, true));
    }
    if draw.percent(if scope.wild { 45 } else { 35 }) {
        block.sections.push(sections::ceiling(draw, scope));
    }
    other_sections(draw, scope, &mut block, if scope.wild { 60 } else { 85 });
    block.write(draw)
}

fn invariant(draw: &mut Draw<'_>, scope: &Scope, number: usize, workloads: usize) -> String {
    let mut block = Block::new(format!("invariant holds-{number}"));
    if draw.percent(40) {
        block.statements.push(format!("for workload work-{}", draw.below(workloads)));
    }
    if draw.percent(40) {
        block.statements.push(format!("for {}", expr(draw, scope, Place::Early)));
    }
    let claim = match draw.below(6) {
        0 => expr(draw, scope, Place::Endpoint),
        1 => draw.text(&["at least 2 providers", "at least 1 models", "at least 3 endpoints"]),
        2 => format!("cost {} $2", draw.text(&["<=", "<"])),
        3 => "calls <= 6".to_owned(),
        4 => "denied".to_owned(),
        _ => "served".to_owned(),
    };
    block.statements.push(format!("always {claim}"));
    block.write(draw)
}
