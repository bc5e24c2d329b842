//! The steps of a run as cases write them.

use super::compare::values;
use crate::Node;
use crate::literal::duration_ms;
use crate::outcome::unknown_class;
use crate::path::Path;
use crate::record::{try_text, wait_text};
use faregate::ErrorClass;

/// Compares the steps that are expected with those of a record: `try X [with KEY]`, where X is an endpoint or a provider
/// that only one candidate of the plan has, `wait D`, `done`, `fail CLASS`.
pub(super) fn compare_steps(
    path: &Path<'_>,
    expected: &Node,
    got: &Node,
    decision: &Node,
    differences: &mut Vec<String>,
) {
    let Some(items) = expected.as_seq() else {
        values(path, expected, got, differences);
        return;
    };
    let plan = decision.get("attempts").and_then(Node::as_seq).unwrap_or_default();
    let before = differences.len();
    let mut steps = Vec::new();
    for (n, item) in items.iter().enumerate() {
        let step = item.as_text().ok_or_else(|| format!("expected a step, found {}", item.found()));
        match step.and_then(|step| canonical(step, plan)) {
            Ok(step) => steps.push(Node::Text(step)),
            Err(fault) => differences.push(format!("{}: {fault}", Path::Index(path, n))),
        }
    }
    // Where a step has no meaning, the others have no places.
    if differences.len() == before {
        values(path, &Node::Seq(steps), got, differences);
    }
}

/// Returns a step in the form that records have.
fn canonical(step: &str, plan: &[Node]) -> Result<String, String> {
    let (verb, rest) = step.split_once(' ').unwrap_or((step, ""));
    match (verb, rest.trim()) {
        ("try", "") | ("wait", "") => Err(format!("`{step}` does not say what; {FORMS}")),
        ("try", what) => candidate(what, plan),
        ("wait", time) => duration_ms(time)
            .map(wait_text)
            .ok_or_else(|| format!("`{step}`: expected a duration such as 2s, found {time:?}")),
        ("done", "") => Ok("done".to_owned()),
        ("fail", "") => Ok("fail".to_owned()),
        ("fail", class) if ErrorClass::parse(class).is_none() => {
            Err(format!("`{step}`: {}", unknown_class(class)))
        }
        ("fail", class) => Ok(format!("fail {class}")),
        _ => Err(format!("`{step}` is no step; {FORMS}")),
    }
}

const FORMS: &str = "steps are `try X`, `try X with KEY`, `wait 3s`, `done`, `fail CLASS`";

/// Finds the candidate of the plan that is meant.
fn candidate(what: &str, plan: &[Node]) -> Result<String, String> {
    let (name, key) = match what.split_once(" with ") {
        Some((name, key)) => (name.trim(), Some(key.trim())),
        None => (what, None),
    };
    let with_key = |attempt: &&Node| key.is_none() || own_key(attempt) == key;
    let having = |field: &'static str| {
        let named = move |attempt: &&Node| attempt.get(field).and_then(Node::as_text) == Some(name);
        plan.iter().filter(named).filter(with_key).collect::<Vec<_>>()
    };
    let endpoints = having("endpoint");
    let found = if endpoints.is_empty() { having("provider") } else { endpoints };
    match found.as_slice() {
        [] => Err(format!("`try {what}`: no candidate of the plan is meant; the plan is: {}", shown(plan))),
        [one] => Ok(step_of(one)),
        several => {
            // Of the credentials of one endpoint the shared one needs no name.
            let endpoint = |attempt: &Node| attempt.get("endpoint").cloned();
            let first = several.first().and_then(|attempt| endpoint(attempt));
            let by_id = first.as_ref().and_then(Node::as_text) == Some(name);
            match several.iter().find(|attempt| by_id && own_key(attempt).is_none()) {
                Some(shared) => Ok(step_of(shared)),
                None => {
                    let several: Vec<Node> = several.iter().map(|&attempt| attempt.clone()).collect();
                    Err(format!("`try {what}`: several candidates are meant: {}", shown(&several)))
                }
            }
        }
    }
}

fn own_key(attempt: &Node) -> Option<&str> {
    attempt.get("credential")?.get("key")?.as_text()
}

fn step_of(attempt: &Node) -> String {
    try_text(attempt.get("endpoint").and_then(Node::as_text).unwrap_or_default(), own_key(attempt))
}

fn shown(attempts: &[Node]) -> String {
    let steps: Vec<_> = attempts.iter().map(|attempt| format!("`{}`", step_of(attempt))).collect();
    if steps.is_empty() { "empty".to_owned() } else { steps.join(", ") }
}
