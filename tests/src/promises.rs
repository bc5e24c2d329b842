//! The promises of the language, each as a function of a world: what is wrong where one is broken.

mod closed;
pub mod engines;
mod narrowing;
mod order;
mod plan;
mod text;

use std::collections::BTreeSet;

use faregate::{
    Catalog, CatalogLayer, Context, Credential, Decision, Endpoint, EndpointFacts, EndpointRow, Explanation,
    Health,
};

pub use closed::a_missing_fact_admits_nobody;
pub use narrowing::a_rule_more_admits_nobody;
pub use order::order_changes_nothing;
pub use plan::{candidates_stand_alone, plans_are_sound};
pub use text::{damaged_text_is_only_reported, data_survive, layout_keeps_the_meaning};

use crate::World;
use crate::generate::row_id;

/// What came of a check: nothing, or what is wrong.
pub type Verdict = Result<(), String>;

/// An endpoint and the credential with which it is tried.
type Who = (String, Credential);

/// Returns the candidates that a decision admits: those of the plan, and those that only no move leads to (rule 7).
fn admitted(decision: &Decision) -> BTreeSet<Who> {
    let mut admitted: BTreeSet<Who> = match decision {
        Decision::Route(plan) => {
            plan.attempts.iter().map(|a| (a.endpoint.clone(), a.credential.clone())).collect()
        }
        Decision::Deny(_) => BTreeSet::new(),
    };
    let unreached =
        decision.explanation().excluded.iter().filter(|e| e.reasons.iter().all(|r| r.code == "fallback"));
    admitted.extend(unreached.map(|e| (e.endpoint.clone(), e.credential.clone())));
    admitted
}

/// Whether the candidates of two decisions are to be compared: both are of one workload, and no soft cap, which may
/// widen, led to it.
fn comparable(before: &Explanation, after: &Explanation) -> bool {
    before.workload == after.workload && before.degraded.is_empty() && after.degraded.is_empty()
}

/// Says who is admitted after a change and was not before; `may` names candidates that may be.
fn nobody_new(before: &Decision, after: &Decision, may: &BTreeSet<Who>, change: &str) -> Verdict {
    if !comparable(before.explanation(), after.explanation()) {
        return Ok(());
    }
    let new: Vec<Who> =
        admitted(after).difference(&admitted(before)).filter(|who| !may.contains(who)).cloned().collect();
    if new.is_empty() {
        return Ok(());
    }
    let was = before
        .explanation()
        .excluded
        .iter()
        .filter(|e| new.contains(&(e.endpoint.clone(), e.credential.clone())));
    let was: Vec<String> = was
        .flat_map(|e| {
            e.reasons.iter().map(move |r| format!("{}: {} {} ({})", e.endpoint, r.rule, r.code, r.detail))
        })
        .collect();
    Err(format!("{change}\n  admits {new:?}\n  which had been out: {}", was.join("; ")))
}

/// Returns one layer that makes the same catalog, provider's facts written at each endpoint, so that taking a fact
/// away uncovers no other.
fn flat(catalog: &Catalog) -> CatalogLayer {
    let mut layer = CatalogLayer::default();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for endpoint in catalog.endpoints() {
        let mut row = EndpointRow::default();
        let Endpoint { id, model, native_model, provider, facts, .. } = endpoint;
        row.id = Some(id.clone());
        row.model = Some(model.clone());
        row.native_model.clone_from(native_model);
        row.provider = Some(provider.clone());
        row.facts = facts.clone();
        if named.insert(model) {
            let aliases: Vec<String> = catalog
                .aliases()
                .iter()
                .filter(|(_, of)| *of == model)
                .map(|(alias, _)| alias.clone())
                .collect();
            row.aliases = (!aliases.is_empty()).then_some(aliases);
        }
        layer.endpoints.push(row);
    }
    layer
}

/// Returns a context in which each endpoint's facts are its own, its provider's filled in.
fn flat_context(context: &Context, catalog: &Catalog) -> Context {
    let mut flat = context.clone();
    flat.endpoints.clear();
    for endpoint in catalog.endpoints() {
        let of_provider = context.endpoints.get(&endpoint.provider).cloned().unwrap_or_default();
        let own = context.endpoints.get(&endpoint.id).cloned().unwrap_or_default();
        let mut facts = EndpointFacts::default();
        facts.health = own.health.or(of_provider.health).filter(|h| *h != Health::Up);
        facts.cooling_until = own.cooling_until.or(of_provider.cooling_until);
        facts.uptime = own.uptime.or(of_provider.uptime);
        facts.error_rate = own.error_rate.or(of_provider.error_rate);
        for at in 0..4 {
            facts.latency_ms[at] = own.latency_ms[at].or(of_provider.latency_ms[at]);
            facts.throughput[at] = own.throughput[at].or(of_provider.throughput[at]);
        }
        if facts != EndpointFacts::default() {
            flat.endpoints.insert(endpoint.id.clone(), facts);
        }
    }
    flat
}

/// Returns the world with its catalog and its context's facts laid flat; what is decided stays the same.
fn flattened(world: &World) -> Result<World, String> {
    let catalog = world.merged()?;
    let mut flattened = world.clone();
    let layer = flat(&catalog);
    debug_assert!(layer.endpoints.iter().all(|row| catalog.endpoint(&row_id(row)).is_some()));
    flattened.catalog = vec![layer];
    flattened.context = flat_context(&world.context, &catalog);
    Ok(flattened)
}
