//! What a case expects against what came out.

use faregate_syntax::{Diagnostic, Fixed, Sources};

use super::steps::compare_steps;
use crate::near::unknown_field;
use crate::node::shortened_to;
use crate::path::Path;
use crate::{Node, diagnostics_to_node};

/// Fields that hold money, which is compared by value: `"0.50"` is `0.5`.
const MONEY_FIELDS: [&str; 8] =
    ["expected", "worst", "limit", "counted", "remaining", "this_run_at_most", "cost", "added"];

/// Returns every difference between what is expected of a decision and the decision.
///
/// Maps compare only the fields that are named, lists position by position with equal length. A text may be expected
/// as `{ contains: "part" }`. `excluded` may be a map from endpoint (`ID`, or `ID#KEY` with an own credential) to the
/// rule or code of one reason, a list of all of them, or `null` where it must not be excluded.
///
/// ```
/// use faregate_wire::{golden::compare, read_one};
/// let decision = read_one(r#"{"attempts": [{"provider": "anthropic", "cost": {"worst": "0.5"}}]}"#).unwrap();
/// let expect = read_one("attempts: [{ provider: bedrock, cost: { worst: 0.50 } }]").unwrap();
/// assert_eq!(compare(&expect, &decision), [r#"attempts[0].provider: expected "bedrock", got "anthropic""#]);
/// ```
#[must_use]
pub fn compare(expect: &Node, decision: &Node) -> Vec<String> {
    let mut differences = Vec::new();
    let root = Path::Root("");
    for (name, expected) in expect.as_map().unwrap_or_default() {
        let path = Path::Key(&root, name);
        match (name.as_str(), expected, decision.get(name)) {
            ("excluded", Node::Map(entries), Some(excluded)) => {
                for (key, reasons) in entries {
                    exclusion(&Path::Key(&path, key), key, reasons, excluded, decision, &mut differences);
                }
            }
            ("outcome", _, Some(outcome)) if expected != outcome => {
                let why = decision.get("denial").map_or(String::new(), |denial| {
                    let field = |name| denial.get(name).and_then(Node::as_text).unwrap_or_default();
                    format!(" ({}: {})", field("code"), field("message"))
                });
                differences.push(format!("{path}: expected {expected}, got {outcome}{why}"));
            }
            (_, _, Some(got)) => values(&path, expected, got, &mut differences),
            (_, _, None) => {
                let kind = if decision.get("denial").is_some() { "denial" } else { "route" };
                differences.push(format!("{path}: expected {}, but a {kind} has no {name}", shown(expected)));
            }
        }
    }
    differences
}

/// Returns every difference between what is expected of a run and the run: its decision, and its record.
///
/// `steps` are `try X [with KEY]`, where X is an endpoint, or a provider that only one candidate of the plan has,
/// `wait D`, compared by length, `done`, `fail CLASS`. `cost` as an amount is that of the record. `record` holds fields of
/// the record, compared as those of a decision are. All other fields are the decision's, as in [`compare`].
///
/// ```
/// use faregate_wire::{golden::compare_run, read_one};
/// let decision = read_one(r#"{"attempts": [{"endpoint": "m/a@p1", "provider": "p1", "credential": {"kind": "shared"}}]}"#).unwrap();
/// let record = read_one(r#"{"steps": ["try m/a@p1", "wait 3s", "try m/a@p1", "done"], "cost": "0.5", "calls": 2}"#).unwrap();
/// let expect = read_one("{ steps: [try p1, wait 3000ms, try m/a@p1, fail timeout], cost: 0.50, record: { calls: 3 } }").unwrap();
/// assert_eq!(
///     compare_run(&expect, &decision, &record),
///     [r#"steps[3]: expected "fail timeout", got "done""#, "record.calls: expected 3, got 2"],
/// );
/// ```
#[must_use]
pub fn compare_run(expect: &Node, decision: &Node, record: &Node) -> Vec<String> {
    let entries = expect.as_map().unwrap_or_default().iter().cloned();
    let (of_run, of_decision): (Vec<_>, Vec<_>) = entries.partition(|(name, value)| is_of_run(name, value));
    let mut differences = compare(&Node::Map(of_decision), decision);
    let root = Path::Root("");
    let steps = record.get("steps").unwrap_or(&Node::Null);
    for (name, expected) in &of_run {
        let path = Path::Key(&root, name);
        match (name.as_str(), expected) {
            ("steps", _) => compare_steps(&path, expected, steps, decision, &mut differences),
            ("record", Node::Map(fields)) => {
                let (its_steps, rest): (Vec<_>, Vec<_>) =
                    fields.iter().cloned().partition(|(name, _)| name == "steps");
                for (name, expected) in &its_steps {
                    compare_steps(&Path::Key(&path, name), expected, steps, decision, &mut differences);
                }
                values(&path, &Node::Map(rest), record, &mut differences);
            }
            ("record", _) => values(&path, expected, record, &mut differences),
            _ => values(&path, expected, record.get(name).unwrap_or(&Node::Null), &mut differences),
        }
    }
    differences
}

/// Whether a field of an expectation is about a run, not about its decision alone.
pub(super) fn is_of_run(name: &str, value: &Node) -> bool {
    match name {
        "steps" | "record" => true,
        "cost" => !matches!(value, Node::Map(_)),
        _ => false,
    }
}

/// Returns every difference between the diagnostics that are expected and those that `check` gave, all of them, in
/// order.
///
/// ```
/// use faregate_wire::{golden::compare_diagnostics, read_one};
/// use faregate_wire::Node;
/// let expect = read_one("[{ code: not-total, line: 3 }]").unwrap();
/// assert_eq!(
///     compare_diagnostics(&expect, &[], &Default::default()),
///     ["diagnostics: expected 1 entry, got 0: []"],
/// );
/// ```
#[must_use]
pub fn compare_diagnostics(expect: &Node, diagnostics: &[Diagnostic], sources: &Sources) -> Vec<String> {
    let mut differences = Vec::new();
    let node = diagnostics_to_node(diagnostics, sources);
    let got = node.get("diagnostics").unwrap_or(&Node::Null);
    if let (Some(expected), Some(found)) = (expect.as_seq(), got.as_seq())
        && expected.len() != found.len()
    {
        let names: Vec<_> =
            diagnostics.iter().map(|d| format!("{} at {}", d.code, sources.at(d.primary.span))).collect();
        let n = expected.len();
        let entries = if n == 1 { "entry" } else { "entries" };
        return vec![format!(
            "diagnostics: expected {n} {entries}, got {}: [{}]",
            found.len(),
            names.join(", ")
        )];
    }
    values(&Path::Root("diagnostics"), expect, got, &mut differences);
    differences
}

pub(super) fn values(path: &Path<'_>, expected: &Node, got: &Node, differences: &mut Vec<String>) {
    match (expected, got) {
        (Node::Map(entries), Node::Text(text)) if part_of(entries).is_some() => {
            let part = part_of(entries).unwrap_or_default();
            if !text.contains(part) {
                differences.push(format!("{path}: expected a text with {part:?}, got {text:?}"));
            }
        }
        (Node::Map(entries), Node::Map(fields)) => {
            for (name, expected) in entries {
                let here = Path::Key(path, name);
                match got.get(name) {
                    Some(value) => values(&here, expected, value, differences),
                    None => {
                        let known: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
                        differences.push(format!("{here}: {}", unknown_field(name, &known)));
                    }
                }
            }
        }
        (Node::Seq(expected), Node::Seq(items)) => {
            if expected.len() != items.len() {
                let n = expected.len();
                let entries = if n == 1 { "entry" } else { "entries" };
                let summary: Vec<_> = items.iter().map(summary).collect();
                let got = summary.join(", ");
                differences.push(format!("{path}: expected {n} {entries}, got {}: [{got}]", items.len()));
            }
            for (n, (expected, item)) in expected.iter().zip(items).enumerate() {
                values(&Path::Index(path, n), expected, item, differences);
            }
        }
        _ if is_same(path, expected, got) => {}
        _ => differences.push(format!("{path}: expected {}, got {}", shown(expected), shown(got))),
    }
}

/// The text of `{ contains: "part" }`.
fn part_of(entries: &[(String, Node)]) -> Option<&str> {
    match entries {
        [(name, Node::Text(part))] if name == "contains" => Some(part),
        _ => None,
    }
}

fn is_same(path: &Path<'_>, expected: &Node, got: &Node) -> bool {
    let money = matches!(path, Path::Key(_, name) if MONEY_FIELDS.contains(name));
    match (expected, got) {
        (Node::Number(a), Node::Number(b)) => is_same_number(a, b),
        (Node::Number(a) | Node::Text(a), Node::Number(b) | Node::Text(b)) if money => {
            a == b || is_same_number(a, b)
        }
        _ => expected == got,
    }
}

fn is_same_number(a: &str, b: &str) -> bool {
    match (a.parse::<Fixed>(), b.parse::<Fixed>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

fn exclusion(
    path: &Path<'_>,
    key: &str,
    expected: &Node,
    excluded: &Node,
    decision: &Node,
    differences: &mut Vec<String>,
) {
    let none = matches!(expected, Node::Null) || expected.as_seq().is_some_and(<[Node]>::is_empty);
    let found = find_exclusion(key, excluded);
    let reasons = found.and_then(|entry| entry.get("reasons")).and_then(Node::as_seq).unwrap_or_default();
    if none {
        if found.is_some() {
            differences.push(format!("{path}: expected not to be excluded, got {}", reasons_shown(reasons)));
        }
        return;
    }
    if found.is_none() {
        let attempts = decision.get("attempts").and_then(Node::as_seq).unwrap_or_default();
        let planned = attempts.iter().any(|attempt| names(key, attempt));
        let but = if planned { "it is in the plan" } else { "it is not excluded" };
        differences.push(format!("{path}: expected {}, but {but}", shown(expected)));
        return;
    }
    let holds = match expected {
        Node::Seq(all) => is_same_set(all, reasons),
        one => reasons.iter().any(|reason| is_reason(one, reason)),
    };
    if !holds {
        differences.push(format!("{path}: expected {}, got {}", shown(expected), reasons_shown(reasons)));
    }
}

fn find_exclusion<'a>(key: &str, excluded: &'a Node) -> Option<&'a Node> {
    excluded.as_seq()?.iter().find(|entry| names(key, entry))
}

/// Whether a key names the candidate of an entry: `ID` with the shared credential, `ID#KEY` with an own one.
fn names(key: &str, entry: &Node) -> bool {
    let text = |node: Option<&Node>| node.and_then(Node::as_text).unwrap_or_default().to_owned();
    let endpoint = text(entry.get("endpoint"));
    match entry.get("credential").and_then(|credential| credential.get("key")) {
        Some(own) => key == format!("{endpoint}#{}", text(Some(own))),
        None => key == endpoint,
    }
}

/// Whether a reason is meant by the name of its rule, by its code, or by fields of it.
fn is_reason(expected: &Node, reason: &Node) -> bool {
    match expected {
        Node::Map(_) => {
            let mut differences = Vec::new();
            values(&Path::Root(""), expected, reason, &mut differences);
            differences.is_empty()
        }
        _ => reason.get("rule") == Some(expected) || reason.get("code") == Some(expected),
    }
}

/// Whether each expectation has a reason of its own, and each reason an expectation.
fn is_same_set(expected: &[Node], reasons: &[Node]) -> bool {
    let mut taken_by: Vec<Option<usize>> = vec![None; reasons.len()];
    expected.len() == reasons.len()
        && (0..expected.len())
            .all(|n| place(n, expected, reasons, &mut taken_by, &mut vec![false; reasons.len()]))
}

/// Gives expectation `n` a reason; those placed before may move to another that they fit.
fn place(
    n: usize,
    expected: &[Node],
    reasons: &[Node],
    taken_by: &mut Vec<Option<usize>>,
    tried: &mut Vec<bool>,
) -> bool {
    for (at, reason) in reasons.iter().enumerate() {
        let fits = expected.get(n).is_some_and(|expected| is_reason(expected, reason));
        let fresh = tried.get_mut(at).is_some_and(|tried| !std::mem::replace(tried, fits) && fits);
        if !fresh {
            continue;
        }
        let before = taken_by.get(at).copied().flatten();
        if before.is_none_or(|other| place(other, expected, reasons, taken_by, tried)) {
            if let Some(slot) = taken_by.get_mut(at) {
                *slot = Some(n);
            }
            return true;
        }
    }
    false
}

fn reasons_shown(reasons: &[Node]) -> String {
    let text = |reason: &Node, name| reason.get(name).and_then(Node::as_text).unwrap_or_default().to_owned();
    let shown: Vec<_> = reasons
        .iter()
        .map(|reason| match (text(reason, "rule"), text(reason, "code")) {
            (rule, code) if rule.split(' ').next() == Some(code.as_str()) => rule,
            (rule, code) => format!("{rule} ({code})"),
        })
        .collect();
    format!("[{}]", shown.join(", "))
}

/// An element of a list in few words: its id where it has one.
fn summary(item: &Node) -> String {
    let id = ["endpoint", "budget", "guardrail", "alias", "on"]
        .into_iter()
        .find_map(|name| item.get(name)?.as_text());
    id.map_or_else(|| shown(item), str::to_owned)
}

/// Values in differences are cut at this many characters.
const SHOWN_CHARS: usize = 200;

fn shown(node: &Node) -> String {
    shortened_to(SHOWN_CHARS, &node.to_json())
}
