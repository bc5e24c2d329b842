//! Differences for people and for programs.

use faregate::{Credential, Decision};
use faregate_analysis::{DecisionChange, Difference, Differences, Direction, NotRuledOut, Unsettled};
use faregate_wire::{Node, context_to_node, decision_to_node, request_to_node};

use super::Compared;
use crate::{Failure, Surroundings, paint};

/// So many endpoints of a class are told to people.
const MOST_ENDPOINTS: usize = 6;

/// So many workloads of a class are told to people, beside the first.
const MOST_WORKLOADS: usize = 3;

pub(super) fn text(all: &[Compared], surroundings: &mut Surroundings<'_>) -> Result<(), Failure> {
    let colour = surroundings.colour;
    for compared in all {
        if compared.found.equal() {
            continue;
        }
        if let Some(set) = &compared.set {
            writeln!(surroundings.out, "{set}")?;
        }
        for change in &compared.found.changes {
            let label = match change.direction {
                Direction::Looser | Direction::Dearer => paint::error(change.direction.as_str(), colour),
                _ => paint::note(change.direction.as_str(), colour),
            };
            let gap = " ".repeat(9_usize.saturating_sub(change.direction.as_str().len()));
            writeln!(surroundings.out, "{label}{gap} {}: {}", who(change), change.what)?;
            for line in details(change) {
                writeln!(surroundings.out, "  {line}")?;
            }
        }
        for (who, directions) in not_ruled_out(&compared.found) {
            let label = paint::note("not ruled out", colour);
            writeln!(surroundings.out, "{label} {who}: {}", directions.join(", "))?;
        }
        for unsettled in &compared.found.undecided {
            writeln!(surroundings.out, "{} {}", paint::note("undecided", colour), unsettled.why)?;
            let at = places(&unsettled.at_old, &unsettled.at_new);
            if !at.is_empty() {
                writeln!(surroundings.out, "  at: {at}")?;
            }
        }
    }
    Ok(())
}

/// Returns what was not ruled out beside what is told, by workload.
pub(super) fn not_ruled_out(found: &Differences) -> Vec<(String, Vec<&'static str>)> {
    let mut all: Vec<(String, Vec<&'static str>)> = Vec::new();
    for open in &found.not_ruled_out {
        let who = match (&open.old_workload, &open.new_workload) {
            (Some(old), Some(new)) if old == new => format!("workload {new}"),
            (old, new) => {
                let name = |w: &Option<String>| w.clone().unwrap_or_else(|| "none".to_owned());
                format!("workload {}, now {}", name(old), name(new))
            }
        };
        match all.iter_mut().find(|(of, _)| *of == who) {
            Some((_, directions)) => directions.push(open.direction.as_str()),
            None => all.push((who, vec![open.direction.as_str()])),
        }
    }
    all
}

/// Says whom a change is about.
pub(super) fn who(change: &DecisionChange) -> String {
    let workloads = |first: &String| {
        if change.also.is_empty() {
            return format!("workload {first}");
        }
        let mut names: Vec<&str> = vec![first];
        names.extend(change.also.iter().take(MOST_WORKLOADS).map(String::as_str));
        let more = change.also.len().saturating_sub(MOST_WORKLOADS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("workloads {}{more}", names.join(", "))
    };
    match (&change.old_workload, &change.new_workload) {
        (Some(old), Some(new)) if old == new => workloads(new),
        (Some(old), Some(new)) => format!("workload {old}, now {new}"),
        (Some(old), None) => format!("{}, now none", workloads(old)),
        (None, Some(new)) => format!("{}, no workload before", workloads(new)),
        (None, None) if change.witness.is_some() => "no workload".to_owned(),
        (None, None) => "all".to_owned(),
    }
}

/// Names endpoints; a long list is cut, with a count.
pub(super) fn endpoints(change: &DecisionChange, most: usize) -> String {
    let mut names: Vec<String> = change.endpoints.iter().take(most).cloned().collect();
    let more = change.endpoints.len().saturating_sub(most);
    match (more, change.and_more) {
        (0, false) => {}
        (0, true) => names.push("and others".to_owned()),
        (more, false) => names.push(format!("and {more} more")),
        (more, true) => names.push(format!("and {more} more at least")),
    }
    names.join(", ")
}

/// Names the places of both sides.
pub(super) fn places(old: &[String], new: &[String]) -> String {
    match (old.is_empty(), new.is_empty()) {
        (true, true) => String::new(),
        (false, true) => format!("{} (old)", old.join(", ")),
        (true, false) => new.join(", "),
        (false, false) if old == new => new.join(", "),
        (false, false) => format!("{} (old), {}", old.join(", "), new.join(", ")),
    }
}

fn details(change: &DecisionChange) -> Vec<String> {
    let mut lines = Vec::new();
    if !change.endpoints.is_empty() {
        lines.push(format!("endpoints: {}", endpoints(change, MOST_ENDPOINTS)));
    }
    if !change.certain {
        lines.push("it may: no request was found that shows it, and nothing rules it out".to_owned());
    }
    if let Some(witness) = &change.witness {
        lines.push(format!("request: {}", request_to_node(&witness.request).to_json()));
        lines.push(format!("context: {}", context_to_node(&witness.context).to_json()));
        lines.push(format!("old: {}", outcome(&witness.old)));
        lines.push(format!("new: {}", outcome(&witness.new)));
    }
    let at = places(&change.at_old, &change.at_new);
    if !at.is_empty() {
        lines.push(format!("at: {at}"));
    }
    lines
}

/// Says in one line what was decided.
pub(super) fn outcome(decision: &Decision) -> String {
    match decision {
        Decision::Deny(denial) => format!("denied ({}): {}", denial.code.as_str(), denial.message),
        Decision::Route(plan) => {
            let name = |a: &faregate::Attempt| match &a.credential {
                Credential::Shared => a.endpoint.clone(),
                Credential::Own(key) => format!("{} with the own key {key}", a.endpoint),
            };
            let mut names: Vec<String> = plan.attempts.iter().take(4).map(name).collect();
            if let Some(more @ 1..) = plan.attempts.len().checked_sub(4) {
                names.push(format!("{more} more"));
            }
            let cost = plan.worst_cost.map_or("no bound".to_owned(), |m| format!("at most ${m}"));
            let calls = if plan.calls_at_most == 1 { "call" } else { "calls" };
            format!("routed to {}; {} {calls}, {cost}", names.join(", "), plan.calls_at_most)
        }
    }
}

pub(super) fn json(all: &[Compared], surroundings: &mut Surroundings<'_>) -> Result<(), Failure> {
    let equal = all.iter().all(|c| c.found.equal());
    let changes =
        all.iter().flat_map(|c| c.found.changes.iter().map(|change| node(c.set.as_deref(), change)));
    let open = all.iter().flat_map(|c| c.found.not_ruled_out.iter().map(|o| beside(c.set.as_deref(), o)));
    let undecided = all.iter().flat_map(|c| c.found.undecided.iter().map(|u| unsettled(c.set.as_deref(), u)));
    let report = Node::Map(vec![
        ("equal".to_owned(), Node::Bool(equal)),
        ("changes".to_owned(), Node::Seq(changes.collect())),
        ("not_ruled_out".to_owned(), Node::Seq(open.collect())),
        ("undecided".to_owned(), Node::Seq(undecided.collect())),
    ]);
    writeln!(surroundings.out, "{}", serde_json::to_string_pretty(&report)?)?;
    Ok(())
}

fn texts<'t>(list: impl IntoIterator<Item = &'t String>) -> Node {
    Node::Seq(list.into_iter().map(Node::text).collect())
}

fn unsettled(set: Option<&str>, unsettled: &Unsettled) -> Node {
    let mut fields: Vec<(String, Node)> = Vec::new();
    fields.extend(set.map(|set| ("set".to_owned(), Node::text(set))));
    fields.push(("why".to_owned(), Node::text(&unsettled.why)));
    fields.push(("at".to_owned(), texts(at(&unsettled.at_old, &unsettled.at_new))));
    Node::Map(fields)
}

fn beside(set: Option<&str>, open: &NotRuledOut) -> Node {
    let name = |name: &Option<String>| name.as_ref().map_or(Node::Null, Node::text);
    let mut fields: Vec<(String, Node)> = Vec::new();
    fields.extend(set.map(|set| ("set".to_owned(), Node::text(set))));
    fields.push(("direction".to_owned(), Node::text(open.direction.as_str())));
    let workloads =
        vec![("old".to_owned(), name(&open.old_workload)), ("new".to_owned(), name(&open.new_workload))];
    fields.push(("workloads".to_owned(), Node::Map(workloads)));
    fields.push(("at".to_owned(), texts(at(&open.at_old, &open.at_new))));
    Node::Map(fields)
}

/// Returns the places of both sides, each once.
fn at<'t>(old: &'t [String], new: &'t [String]) -> Vec<&'t String> {
    let mut places: Vec<&String> = old.iter().collect();
    places.extend(new.iter().filter(|place| !old.contains(place)));
    places
}

fn node(set: Option<&str>, change: &DecisionChange) -> Node {
    let name = |name: &Option<String>| name.as_ref().map_or(Node::Null, Node::text);
    let mut fields: Vec<(String, Node)> = Vec::new();
    fields.extend(set.map(|set| ("set".to_owned(), Node::text(set))));
    let workload = change.new_workload.clone().or_else(|| change.old_workload.clone());
    fields.push(("direction".to_owned(), Node::text(change.direction.as_str())));
    fields.push(("workload".to_owned(), name(&workload)));
    fields.push((
        "workloads".to_owned(),
        Node::Map(vec![
            ("old".to_owned(), name(&change.old_workload)),
            ("new".to_owned(), name(&change.new_workload)),
        ]),
    ));
    fields.push(("also_in".to_owned(), texts(&change.also)));
    fields.push(("endpoints".to_owned(), texts(&change.endpoints)));
    fields.push(("and_more".to_owned(), Node::Bool(change.and_more)));
    fields.push(("what".to_owned(), Node::text(&change.what)));
    fields.push(("certain".to_owned(), Node::Bool(change.certain)));
    let (witness, old, new) = match &change.witness {
        None => (Node::Null, Node::Null, Node::Null),
        Some(found) => told(change, found),
    };
    fields.push(("witness".to_owned(), witness));
    fields.push(("old".to_owned(), old));
    fields.push(("new".to_owned(), new));
    fields.push(("at".to_owned(), texts(at(&change.at_old, &change.at_new))));
    Node::Map(fields)
}

/// Returns a witness and its decisions; of what they exclude, only the endpoints that the change is about.
fn told(change: &DecisionChange, found: &Difference) -> (Node, Node, Node) {
    let witness = Node::Map(vec![
        ("request".to_owned(), request_to_node(&found.request)),
        ("context".to_owned(), context_to_node(&found.context)),
    ]);
    let short = |decision: &Decision| {
        let mut decision = decision.clone();
        let explanation = match &mut decision {
            Decision::Route(plan) => &mut plan.explanation,
            Decision::Deny(denial) => &mut denial.explanation,
        };
        explanation.excluded.retain(|e| {
            let named = |name: &String| name.split('#').next() == Some(e.endpoint.as_str());
            change.endpoints.iter().any(named)
        });
        decision_to_node(&decision)
    };
    (witness, short(&found.old), short(&found.new))
}
