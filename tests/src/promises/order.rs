//! Determinism: the order of what has no order changes nothing, and equal inputs give equal bytes.

use faregate::syntax::ast::Item;
use faregate::syntax::{FileId, Span, parse};
use faregate::{CatalogLayer, Decision, DenialCode, Engine};
use faregate_wire::{Node, decision_to_json, decision_to_node};

use super::{Verdict, flattened};
use crate::World;

/// Turns round what has no order: declarations beside workloads, rows and files of the catalog, credentials, rows of
/// budgets. A decision stays the same but for places and what they settle.
///
/// # Errors
/// What was turned round, and how the decision differs.
pub fn order_changes_nothing(world: &World) -> Verdict {
    let engine = world.engine()?;
    let decision = engine.decide(&world.request, &world.context);
    let json = decision_to_json(&decision);
    let twice = Engine::new(world.policy()?, world.merged()?).map_err(|e| e.to_string())?;
    same("decided again", &json, &decision_to_json(&twice.decide(&world.request, &world.context)))?;

    let mut rows = world.clone();
    rows.catalog.iter_mut().for_each(|layer| layer.endpoints.reverse());
    same("rows of the catalog turned round", &json, &decided(&rows)?)?;

    let mut flat = flattened(world)?;
    same("the catalog in one layer", &json, &decided(&flat)?)?;
    let (mut even, mut odd) = (CatalogLayer::default(), CatalogLayer::default());
    for (n, row) in flat.catalog[0].endpoints.iter().enumerate() {
        if n % 2 == 0 { even.endpoints.push(row.clone()) } else { odd.endpoints.push(row.clone()) }
    }
    flat.catalog = vec![odd, even];
    same("the catalog in two files that do not overlap", &json, &decided(&flat)?)?;

    let invalid = matches!(&decision, Decision::Deny(d) if d.code == DenialCode::InvalidRequest);
    if !invalid {
        // An invalid row is named by its number.
        let mut context = world.clone();
        context.context.credentials.reverse();
        context.context.budgets.iter_mut().for_each(|rows| rows.reverse());
        let turned = context.engine()?.decide(&context.request, &context.context);
        // A denial's message quotes the first of several candidates that one rule keeps out.
        let quiet = |decision: &Decision| {
            let mut decision = decision.clone();
            if let Decision::Deny(denial) = &mut decision {
                denial.message.clear();
            }
            decision_to_json(&decision)
        };
        same("credentials and rows of budgets turned round", &quiet(&decision), &quiet(&turned))?;
    }

    let texts: String = world.policies.iter().map(|(_, text)| text.as_str()).collect();
    if texts.matches("on exhausted use workload").count() > 1 {
        // Which soft cap decides is a matter of text order (rule 32).
        return Ok(());
    }
    let mut turned = world.clone();
    for (_, text) in &mut turned.policies {
        *text = declarations_turned_round(text);
    }
    let turned = turned.engine()?.decide(&world.request, &world.context);
    same("declarations turned round", &without_places(&decision), &without_places(&turned))
}

fn decided(world: &World) -> Result<String, String> {
    Ok(decision_to_json(&world.engine()?.decide(&world.request, &world.context)))
}

fn same(change: &str, before: &str, after: &str) -> Verdict {
    if before == after {
        return Ok(());
    }
    let at = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(80);
    let shown = |text: &str| {
        String::from_utf8_lossy(text.as_bytes().get(at..).unwrap_or_default())
            .chars()
            .take(260)
            .collect::<String>()
    };
    Err(format!("{change}\n  before: …{}\n  after:  …{}", shown(before), shown(after)))
}

/// Returns a file with everything but its `policy` block and its workloads in the opposite order.
fn declarations_turned_round(text: &str) -> String {
    let (file, _) = parse(FileId(0), text);
    let of = |span: Span| &text[span.start as usize..span.end as usize];
    let (mut first, mut turned, mut workloads) = (Vec::new(), Vec::new(), Vec::new());
    for item in &file.items {
        match item {
            Item::Policy(block) => first.push(of(block.span)),
            Item::Declare(declare) => turned.push(of(declare.span)),
            Item::Group(group) => turned.push(of(group.span)),
            Item::Guardrail(block) => turned.push(of(block.span)),
            Item::Waive(block) => turned.push(of(block.span)),
            Item::Budget(block) => turned.push(of(block.span)),
            Item::Profile(block) => turned.push(of(block.span)),
            Item::Workload(block) => workloads.push(of(block.span)),
            Item::Invariant(block) => turned.push(of(block.span)),
        }
    }
    turned.reverse();
    let all: Vec<&str> = first.into_iter().chain(workloads).chain(turned).collect();
    all.join("\n") + "\n"
}

/// Writes a decision without places, and without what ties of places settle: which of two waivers of one guardrail, or of
/// several equal rules, is named.
fn without_places(decision: &Decision) -> String {
    let mut node = decision_to_node(decision);
    strip(&mut node);
    node.to_json_pretty()
}

fn strip(node: &mut Node) {
    match node {
        Node::Seq(items) => items.iter_mut().for_each(strip),
        Node::Map(entries) => {
            entries.retain(|(name, _)| name != "at");
            for (name, value) in entries {
                match name.as_str() {
                    "digests" | "nearest" | "rule" if *value != Node::Null && name != "rule" => {
                        *value = Node::Null
                    }
                    "denial" => {
                        if let Node::Map(fields) = value {
                            fields.retain(|(f, _)| {
                                !matches!(f.as_str(), "rule" | "at" | "message" | "nearest")
                            });
                        }
                    }
                    "waivers" => {
                        let waived = |w: &Node| {
                            let name =
                                w.get("guardrail").and_then(Node::as_text).unwrap_or_default().to_owned();
                            w.get("endpoints")
                                .and_then(Node::as_seq)
                                .unwrap_or_default()
                                .iter()
                                .map(move |e| format!("{name} {e}"))
                                .collect::<Vec<_>>()
                        };
                        let mut all: Vec<String> =
                            value.as_seq().unwrap_or_default().iter().flat_map(waived).collect();
                        all.sort_unstable();
                        *value = Node::Seq(all.into_iter().map(Node::Text).collect());
                    }
                    "why" => {
                        if let Node::Seq(lines) = value {
                            for line in lines {
                                if let Node::Text(text) = line {
                                    *text = text.split(" at ").next().unwrap_or_default().to_owned();
                                }
                            }
                        }
                    }
                    "reasons" => {
                        strip(value);
                        if let Node::Seq(reasons) = value {
                            reasons.sort_by_key(Node::to_json);
                        }
                    }
                    _ => strip(value),
                }
            }
        }
        _ => {}
    }
}
