//! Fail-closed (rule 4): a fact taken away admits nobody.
//!
//! What the contract excepts, and where it does:
//!
//! - facts that the policy reads by `present`, and attributes that `declare` gives a default: rule 4;
//! - what the request asks for, with the defaults of rule 1: `parameters`, `modalities`, `images`, `tools`, `models`,
//!   `tags`, `caching`, `cached_input_tokens`, `stream`, `idempotent`, `side_effects`, `max_output_tokens` (rules 1, 4),
//!   and what the caller forbids itself: `only`, `ignore`, `max_price` (rule 28);
//! - health: `health`, `cooling_until` (rule 4; part 1, section 4);
//! - a single budget row (rule 4), `sunset` and price overrides (rule 4);
//! - an endpoint's `max_output_tokens`: without it no limit of its own (rule 3);
//! - `joint_context`, `deprecated`: false where absent, and `free`: as the prices say (rules 2, 29);
//! - prices that stand for others where absent: `request`, `cache_read`, `cache_write`, `reasoning`, a tool's
//!   `per_result` (rule 8);
//! - own credentials: `models`, `keys`, `state` (rule 25), `prices`, `fee` (rule 11), `priority`, `fallback` (rule 22), and
//!   `shared.except`, which says where there is no shared one (rule 25);
//! - `key.credits`: not checked where absent (rule 27);
//! - names, which are no facts: `id`, `model`, `provider`, `aliases` (rules 21, 47).
//!
//! A request that is denied as invalid admits nobody, whatever it was that made it so; taking that away proves nothing.

use std::collections::BTreeSet;

use faregate::{Credential, Decision, DenialCode, Engine, Reason};
use faregate_wire::{
    Node, catalog_layer_from, catalog_layer_to_node, context_from, context_to_node, request_from,
    request_to_node,
};

use super::{Verdict, Who, flattened, nobody_new};
use crate::World;

const REQUEST: &[&str] = &[
    "id",
    "input_tokens",
    "parameters",
    "modalities",
    "images",
    "tools",
    "models",
    "tags",
    "caching",
    "cached_input_tokens",
    "stream",
    "idempotent",
    "side_effects",
    "max_output_tokens",
    "only",
    "ignore",
    "max_price",
];
const ENDPOINT: &[&str] = &[
    "id",
    "model",
    "provider",
    "aliases",
    "max_output_tokens",
    "joint_context",
    "deprecated",
    "free",
    "sunset",
    "prices.overrides",
    "prices.request",
    "prices.cache_read",
    "prices.cache_write",
    "prices.reasoning",
];
const NOW: &[&str] = &["health", "cooling_until"];

/// Takes each fact away, one at a time, and looks for a candidate that only then is admitted.
///
/// # Errors
/// The fact and whom its absence admits.
pub fn a_missing_fact_admits_nobody(world: &World) -> Verdict {
    let world = flattened(world)?;
    let engine = world.engine()?;
    let before = engine.decide(&world.request, &world.context);
    let invalid = matches!(&before, Decision::Deny(d) if d.code == DenialCode::InvalidRequest);
    if invalid {
        return Ok(());
    }
    let asked = asked_for(&world);
    let none = BTreeSet::new();
    let read_by_present = |attribute: &str| asked.contains(&format!("present({attribute})"));
    let has_default = |subject: &str, name: &str| {
        world.scope.declared.iter().any(|d| d.subject == subject && d.name == name && d.default)
    };
    for (path, node) in without_one(&request_to_node(&world.request)) {
        let name = path.strip_prefix("attributes.").unwrap_or(&path);
        if REQUEST.iter().any(|field| first(&path) == *field)
            || read_by_present(&format!("request.{name}"))
            || has_default("request", name)
        {
            continue;
        }
        let Ok(request) = request_from(&node) else { continue };
        nobody_new(
            &before,
            &engine.decide(&request, &world.context),
            &none,
            &format!("taken away: request.{path}"),
        )?;
    }
    for (path, node) in without_one(&context_to_node(&world.context)) {
        let excepted = match first(&path) {
            "key" => {
                let name = path.trim_start_matches("key.").trim_start_matches("attributes.");
                name == "credits" || read_by_present(&format!("key.{name}")) || has_default("key", name)
            }
            "endpoints" => {
                let name = last(&path);
                NOW.contains(&name) || read_by_present(&format!("endpoint.{name}"))
            }
            "budgets" => path != "budgets",
            _ => true,
        };
        if excepted {
            continue;
        }
        let Ok(context) = context_from(&node) else { continue };
        nobody_new(
            &before,
            &engine.decide(&world.request, &context),
            &none,
            &format!("taken away: context.{path}"),
        )?;
    }
    endpoints(&world, &engine, &before, &read_by_present)
}

fn endpoints(
    world: &World,
    engine: &Engine,
    before: &Decision,
    read_by_present: &dyn Fn(&str) -> bool,
) -> Verdict {
    let prices_by_present = ["cost", "free", "price_"].iter().any(|name| {
        let start = format!("present(endpoint.{name}");
        asked_for(world).iter().any(|p| p.starts_with(&start))
    });
    let (none, uncountable) = (BTreeSet::new(), uncountable(before, world));
    let node = catalog_layer_to_node(&world.catalog[0]);
    for (path, node) in without_one(&node) {
        let Some((row, field)) = path.strip_prefix("endpoints.").and_then(|rest| rest.split_once('.')) else {
            continue;
        };
        let price = field.starts_with("prices.");
        let stands_for_another = field.ends_with(".per_result") || field.contains(".overrides.");
        if ENDPOINT.contains(&field)
            || stands_for_another
            || (price && prices_by_present)
            || read_by_present(&format!("endpoint.{field}"))
        {
            continue;
        }
        let Ok(layer) = catalog_layer_from(&node) else { continue };
        let mut changed = world.clone();
        changed.catalog = vec![layer];
        let Ok(catalog) = changed.merged() else { continue };
        let changed = Engine::new(engine.policy().clone(), catalog).map_err(|e| e.to_string())?;
        let id =
            world.catalog[0].endpoints.get(row.parse::<usize>().unwrap_or(0)).and_then(|r| r.id.as_deref());
        let change = format!("taken away: {field} of endpoint {}", id.unwrap_or(row));
        let may = if price { &uncountable } else { &none };
        nobody_new(before, &changed.decide(&world.request, &world.context), may, &change)?;
    }
    Ok(())
}

/// Returns the candidates whose cost is too large to be counted. That excludes whether or not anything bounds the cost
/// (rule 11); without one of its prices the cost is unknown, which excludes only where something bounds it (rule 9).
fn uncountable(before: &Decision, world: &World) -> BTreeSet<Who> {
    // Where credits bound the cost of a shared candidate, the engine says the same of one without a bound; only the words
    // differ.
    let said = |credential: &Credential, r: &Reason| {
        let words = r.detail.contains("too large to be counted") || r.detail.contains("written exactly");
        let by_credits = world.context.key.credits.is_some() && *credential == Credential::Shared;
        r.rule == "built-in" && r.code == "cost_unbounded" && (words || !by_credits)
    };
    let excluded =
        before.explanation().excluded.iter().filter(|e| e.reasons.iter().any(|r| said(&e.credential, r)));
    excluded.map(|e| (e.endpoint.clone(), e.credential.clone())).collect()
}

fn first(path: &str) -> &str {
    path.split('.').next().unwrap_or_default()
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}

/// Returns each tree that lacks one entry of a map, with the path of that entry. Maps that only hold others are not
/// taken away themselves, but their entries are, one by one.
fn without_one(node: &Node) -> Vec<(String, Node)> {
    let mut found = Vec::new();
    match node {
        Node::Map(entries) => {
            for (at, (name, value)) in entries.iter().enumerate() {
                let mut left = entries.clone();
                if !matches!(value, Node::Map(_)) || value.get("per_call").is_some() {
                    left.remove(at);
                    found.push((name.clone(), Node::Map(left.clone())));
                    left.insert(at, (name.clone(), value.clone()));
                }
                for (path, value) in without_one(value) {
                    left[at].1 = value;
                    found.push((format!("{name}.{path}"), Node::Map(left.clone())));
                }
            }
        }
        Node::Seq(items) => {
            for (at, item) in items.iter().enumerate() {
                for (path, item) in without_one(item) {
                    let mut left = items.clone();
                    left[at] = item;
                    found.push((format!("{at}.{path}"), Node::Seq(left)));
                }
            }
        }
        _ => {}
    }
    found
}

/// Returns each `present(…)` of the policy.
fn asked_for(world: &World) -> Vec<String> {
    let texts = world.policies.iter().flat_map(|(_, text)| text.split("present(").skip(1));
    texts.filter_map(|rest| rest.split_once(')')).map(|(name, _)| format!("present({name})")).collect()
}
