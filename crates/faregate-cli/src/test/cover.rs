//! `faregate test --coverage`: what the cases reach, for people and for programs.

use std::fmt::Write;

use faregate_analysis::{ConditionSeen, FileCoverage, Report};
use serde_json::{Value, json};

use crate::paint;

/// Returns the report for people: a line for each file, and what was not reached.
pub(super) fn text(report: &Report, colour: bool) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "\n{}", paint::strong("coverage", colour));
    for file in &report.files {
        let _ = writeln!(
            text,
            "  {}: {}, {}",
            file.name,
            share(file.rules_reached(), "rules"),
            share(file.outcomes_seen(), "outcomes of conditions")
        );
        for missing in missing(file) {
            let _ = writeln!(text, "    {}", paint::note(&missing, colour));
        }
    }
    let unknown: usize =
        report.files.iter().flat_map(|f| &f.conditions).filter(|c| c.seen_unknown > 0).count();
    let all: usize = report.files.iter().map(|f| f.conditions.len()).sum();
    let codes = |codes: Vec<&str>| if codes.is_empty() { "none".to_owned() } else { codes.join(", ") };
    let _ = writeln!(text, "  conditions seen unknown: {unknown} of {all}");
    let reasons = codes(report.reasons.iter().map(String::as_str).collect());
    let _ = writeln!(text, "  reasons reached: {reasons}");
    let denials = codes(report.denials.iter().copied().collect());
    let _ = writeln!(text, "  denials reached: {denials}");
    let total =
        format!("{}, {}", share(report.rules(), "rules"), share(report.outcomes(), "outcomes of conditions"));
    let total = if report.reaches(100) { paint::good(&total, colour) } else { paint::note(&total, colour) };
    let _ = writeln!(text, "{total}");
    text
}

/// `24 of 25 rules (96.0 %)`
fn share((reached, all): (usize, usize), what: &str) -> String {
    format!("{reached} of {all} {what} ({} %)", percent(reached, all))
}

/// With one decimal, rounded down, so that 100 means all.
fn percent(part: usize, all: usize) -> String {
    let per_mille = part.saturating_mul(1000).checked_div(all).unwrap_or(1000);
    format!("{}.{}", per_mille.div_euclid(10), per_mille.rem_euclid(10))
}

/// What of a file was not reached, in the order of its text.
fn missing(file: &FileCoverage) -> Vec<String> {
    let at = |line: u32, column: u32| format!("{}:{line}:{column}", file.name);
    let rules =
        file.rules.iter().filter(|r| r.times == 0).map(|r| {
            ((r.line, r.column), format!("{}: no test reaches {}", at(r.line, r.column), r.rule.name))
        });
    let conditions = file.conditions.iter().filter_map(|c| {
        let never = never(c)?;
        let line = format!("{}: never {never}: `{}` ({})", at(c.line, c.column), c.text, c.condition.name);
        Some(((c.line, c.column), line))
    });
    let mut lines: Vec<_> = rules.chain(conditions).collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

fn never(condition: &ConditionSeen) -> Option<&'static str> {
    match (condition.seen_true > 0, condition.seen_false > 0, condition.seen_unknown > 0) {
        (true, true, _) => None,
        (false, false, false) => Some("asked"),
        (false, false, true) => Some("known"),
        (true, false, _) => Some("false"),
        (false, true, _) => Some("true"),
    }
}

/// Returns the report for programs.
pub(super) fn json(report: &Report) -> Value {
    let total = |(reached, all): (usize, usize)| json!({ "reached": reached, "all": all });
    let files: Vec<Value> = report
        .files
        .iter()
        .map(|file| {
            let rules: Vec<Value> = file
                .rules
                .iter()
                .map(|r| json!({ "name": r.rule.name, "line": r.line, "column": r.column, "times": r.times }))
                .collect();
            let conditions: Vec<Value> = file.conditions.iter().map(condition).collect();
            json!({
                "file": file.name,
                "rules": total(file.rules_reached()),
                "outcomes": total(file.outcomes_seen()),
                "rule": rules,
                "condition": conditions,
            })
        })
        .collect();
    json!({
        "rules": total(report.rules()),
        "outcomes": total(report.outcomes()),
        "reasons": { "reached": report.reasons, "missing": report.reasons_missing },
        "denials": { "reached": report.denials, "missing": report.denials_missing },
        "files": files,
    })
}

fn condition(c: &ConditionSeen) -> Value {
    json!({
        "of": c.condition.name, "text": c.text, "line": c.line, "column": c.column, "part": c.condition.part,
        "true": c.seen_true, "false": c.seen_false, "unknown": c.seen_unknown,
    })
}
