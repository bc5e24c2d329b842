//! `faregate decide`

use std::path::Path;

use faregate::{Completeness, Context, Decision, Engine, Request};
use faregate_wire::Node;

use crate::args::{Decide, Format};
use crate::{Evaluator, Exit, Failure, Surroundings, decide_text, files, why_text};

pub(crate) fn run(args: &Decide, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    if args.request == Path::new("-") && args.context.as_deref() == Some(Path::new("-")) {
        return Err(Failure("standard input can be the request or the context, not both".to_owned()));
    }
    let checked = files::policies(&args.policies, Completeness::Whole, surroundings)?;
    files::report(&checked.diagnostics, surroundings);
    let Some(policy) = checked.policy else {
        return files::unread(&checked.diagnostics, args.format, surroundings);
    };
    let catalog = files::catalog(&args.catalogs, surroundings)?;
    if let Some(endpoint) = args.why.as_deref().filter(|e| catalog.endpoint(e).is_none()) {
        let ids = catalog.endpoints().iter().map(|e| e.id.as_str());
        let near = faregate_syntax::nearest(endpoint, ids);
        let near = near.map(|n| format!("; an endpoint with a similar id exists: {n}")).unwrap_or_default();
        return Err(Failure(format!("the catalog has no endpoint `{endpoint}`{near}")));
    }
    let requests = requests(&args.request, args.context.as_deref(), surroundings)?;
    let engine = Engine::new(policy, catalog)?;
    let by = Evaluator::of(args.reference);
    let mut decisions = Vec::new();
    for (request, context) in &requests {
        decisions.push((by.decide(&engine, request, context), request, context));
    }
    match (args.format, &args.why) {
        (Format::Json, Some(endpoint)) => {
            let whys = decisions.iter().map(|(_, request, context)| engine.why(request, context, endpoint));
            let nodes: Vec<Node> =
                whys.map(|why| why.map_or(Node::Null, |why| faregate_wire::why_to_node(&why))).collect();
            let text = match nodes.as_slice() {
                [one] => serde_json::to_string_pretty(one)?,
                all => serde_json::to_string_pretty(all)?,
            };
            writeln!(surroundings.out, "{text}")?;
        }
        (Format::Json, None) => {
            let text = match decisions.as_slice() {
                [(one, ..)] => faregate_wire::decision_to_json_pretty(one),
                all => {
                    let texts: Vec<String> =
                        all.iter().map(|(d, ..)| faregate_wire::decision_to_json(d)).collect();
                    format!("[{}]", texts.join(",\n "))
                }
            };
            writeln!(surroundings.out, "{text}")?;
        }
        (Format::Text, _) => {
            for (number, (decision, request, context)) in decisions.iter().enumerate() {
                if number > 0 {
                    writeln!(surroundings.out)?;
                }
                let text = match &args.why {
                    None => decide_text::write(&engine, decision, surroundings.colour),
                    Some(endpoint) => {
                        let why = engine.why(request, context, endpoint);
                        why_text::write(decision, why.as_ref(), endpoint, surroundings.colour)
                    }
                };
                write!(surroundings.out, "{text}")?;
            }
        }
    }
    let denied = decisions.iter().any(|(d, ..)| matches!(d, Decision::Deny(_)));
    Ok(if args.fail_on_deny && denied { Exit::No } else { Exit::Done })
}

/// Reads the requests, each with its context.
pub(crate) fn requests(
    path: &Path,
    context: Option<&Path>,
    surroundings: &mut Surroundings<'_>,
) -> Result<Vec<(Request, Context)>, Failure> {
    let text = files::text(path, surroundings)?;
    let documents =
        faregate_wire::read_requests(&text).map_err(|e| Failure(files::prefixed(path, &e.to_string())))?;
    let shared = match context {
        None => None,
        Some(path) => {
            let text = files::text(path, surroundings)?;
            let contexts = faregate_wire::read_contexts(&text)
                .map_err(|e| Failure(files::prefixed(path, &e.to_string())))?;
            let mut contexts = contexts.into_iter().filter_map(|d| d.context);
            match (contexts.next(), contexts.next()) {
                (Some(context), None) => Some(context),
                (None, _) => return Err(Failure(format!("{} holds no context", files::shown(path)))),
                (Some(_), Some(_)) => {
                    return Err(Failure(format!(
                        "{} holds several contexts, and one is wanted",
                        files::shown(path)
                    )));
                }
            }
        }
    };
    let mut requests = Vec::new();
    for (number, document) in documents.into_iter().enumerate() {
        let which = format!("{}, document {}", files::shown(path), number.saturating_add(1));
        let Some(request) = document.request else {
            return Err(Failure(format!("{which}: holds no request")));
        };
        let Some(context) = document.context.or_else(|| shared.clone()) else {
            let hint = "write `context: { now: 2026-11-23T10:00:00Z, budgets: [] }` beside the request, or give --context";
            return Err(Failure(format!("{which}: has no context, and the engine has no clock; {hint}")));
        };
        requests.push((request, context));
    }
    if requests.is_empty() {
        return Err(Failure(format!("{} holds no request", files::shown(path))));
    }
    Ok(requests)
}
