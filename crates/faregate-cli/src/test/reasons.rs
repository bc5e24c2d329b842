//! Why the engine decided otherwise than a case expects, in few lines.

use faregate::{CheckVerdict, Context, Credential, CredentialWhy, Decision, Endpoint, Engine, Request};
use faregate_wire::Node;
use faregate_wire::golden::Expect;

/// No more endpoints than these are explained: who wants more asks `decide --why`.
const MOST_ENDPOINTS: usize = 4;

/// Returns the engine's reasons for what differs: of the decision where its outcome, workload or denial is another, and of each
/// endpoint that the differences name.
pub(super) fn of(
    differences: &[String],
    decision: &Decision,
    engine: &Engine,
    request: &Request,
    context: &Context,
    expect: &Expect,
) -> Vec<String> {
    let about = |field: &str| differences.iter().any(|line| line.starts_with(field));
    let mut lines = Vec::new();
    if ["outcome", "denial", "workload", "degraded", "expected"].iter().any(|field| about(field)) {
        lines.extend(whole(decision));
    }
    if ["attempts", "excluded", "outcome", "denial", "steps", "expected"].iter().any(|field| about(field)) {
        for id in concerned(differences, decision, engine, expect) {
            lines.extend(endpoint(engine, request, context, id));
        }
    }
    lines
}

/// The decision as a whole.
fn whole(decision: &Decision) -> Option<String> {
    match decision {
        Decision::Deny(denial) => {
            let rule = denial.rule.as_deref().unwrap_or("built-in");
            let at = denial.at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
            Some(format!("denied ({}) by {rule}{at}: {}", denial.code.as_str(), denial.message))
        }
        Decision::Route(plan) => {
            let workload = plan.explanation.workload.as_deref()?;
            let led = plan
                .explanation
                .degraded
                .iter()
                .map(|d| format!("; budget {} led from {} to {} at {}", d.budget, d.from, d.to, d.at));
            Some(format!("routed by workload {workload}{}", led.collect::<String>()))
        }
    }
}

/// Endpoints of which the case and the decision disagree: those that are named, and those that are expected in the plan and are not
/// there.
fn concerned<'a>(
    differences: &[String],
    decision: &Decision,
    engine: &'a Engine,
    expect: &Expect,
) -> Vec<&'a str> {
    let planned: Vec<&str> = match decision {
        Decision::Route(plan) => plan.attempts.iter().map(|a| a.endpoint.as_str()).collect(),
        Decision::Deny(_) => Vec::new(),
    };
    let wanted = wanted(expect);
    let named = |e: &Endpoint| differences.iter().any(|line| line.contains(e.id.as_str()));
    let missing = |e: &Endpoint| {
        let is = |(field, name): &(&str, &str)| match *field {
            "endpoint" => e.id == *name,
            "provider" => e.provider == *name,
            _ => e.model == *name,
        };
        !planned.contains(&e.id.as_str()) && wanted.iter().any(is)
    };
    let endpoints = || engine.catalog().endpoints().iter();
    let mut found: Vec<&str> = endpoints().filter(|e| missing(e)).map(|e| e.id.as_str()).collect();
    found.extend(endpoints().filter(|e| named(e) && !missing(e)).map(|e| e.id.as_str()));
    found.truncate(MOST_ENDPOINTS);
    found
}

/// What a case wants in the plan: field and value.
fn wanted(expect: &Expect) -> Vec<(&str, &str)> {
    let Expect::Decision(expect) = expect else { return Vec::new() };
    let attempts = expect.get("attempts").and_then(Node::as_seq).unwrap_or_default();
    // The endpoint says most, a model alone least.
    let of = |attempt| {
        ["endpoint", "provider", "model"]
            .into_iter()
            .find_map(|field| Some((field, Node::get(attempt, field)?.as_text()?)))
    };
    attempts.iter().filter_map(of).collect()
}

/// One endpoint, a line for each of its credentials.
fn endpoint(engine: &Engine, request: &Request, context: &Context, id: &str) -> Vec<String> {
    let Some(why) = engine.why(request, context, id) else { return Vec::new() };
    if why.tier.is_none() {
        return vec![format!("{id}: no tier of workload {} names {}", why.workload, why.model)];
    }
    why.credentials.iter().map(|credential| of_credential(id, credential)).collect()
}

fn of_credential(id: &str, why: &CredentialWhy) -> String {
    let key = match &why.credential {
        Credential::Shared => String::new(),
        Credential::Own(key) => format!(" with {key}"),
    };
    let against: Vec<String> = why
        .checks
        .iter()
        .filter(|check| check.verdict == CheckVerdict::Excludes)
        .map(|check| {
            let at = check.at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
            format!("{}{at}: {}", check.rule, check.detail)
        })
        .collect();
    match (why.place, against.is_empty()) {
        (Some(place), _) => format!("{id}{key}: number {place} of the plan"),
        (None, false) => format!("{id}{key}: excluded by {}", against.join("; ")),
        (None, true) => format!("{id}{key}: admitted, and no part of the plan"),
    }
}
