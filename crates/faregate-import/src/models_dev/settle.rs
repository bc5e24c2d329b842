//! Offers to endpoints: equal offers become one, the others get ids of their own.

use std::collections::{BTreeMap, BTreeSet};

use super::Offer;
use crate::catalog::{Endpoint, Imported, Prices};
use crate::names::{fold, tidy};
use crate::{ModelNames, Report};

/// Makes endpoints of offers: prices that are not believed are left out, equal offers merged, ids made.
pub(super) fn settle(offers: Vec<Offer>, names: &ModelNames, report: &mut Report) -> Imported {
    let mut imported = Imported::default();
    let mut groups: BTreeMap<(String, String), Vec<Endpoint>> = BTreeMap::new();
    for offer in offers {
        let provider = names.provider_name(&offer.provider).to_owned();
        if let Some(region) = names.providers.get(&offer.provider).and_then(|rule| rule.region.clone()) {
            imported.provider_regions.insert(provider.clone(), region);
        }
        let mut variant: Vec<String> = offer.name.region.clone().into_iter().collect();
        variant.extend(offer.name.variant.clone());
        variant.extend(offer.resolved.variant.iter().cloned());
        let endpoint = endpoint(offer, provider, names, report);
        groups.entry((endpoint.id.clone(), variant.join("-"))).or_default().push(endpoint);
    }

    let mut by_id: BTreeMap<String, Endpoint> = BTreeMap::new();
    let mut aliases = Aliases::default();
    for ((base, variant), group) in groups {
        let mut plainest: Option<String> = None;
        for mut cluster in clusters(group) {
            let rest = cluster.split_off(1);
            let Some(mut endpoint) = cluster.pop() else { continue };
            let mut marks = vec![variant.clone()];
            match &plainest {
                None => plainest = Some(endpoint.native_model.clone()),
                Some(plainest) => marks.push(difference(plainest, &endpoint.native_model)),
            }
            marks.retain(|mark| !mark.is_empty());
            let mut id = if marks.is_empty() { base.clone() } else { format!("{base}/{}", marks.join("-")) };
            while by_id.contains_key(&id) {
                // Nothing in the names tells these two apart.
                id.push_str("-other");
            }
            for other in rest {
                report.merged.push(format!("{id}: {} = {}", endpoint.native_model, other.native_model));
                if other.native_model != endpoint.native_model {
                    aliases.want(&id, &endpoint.model, other.native_model);
                }
            }
            if marks.is_empty() && names.gives_aliases(&endpoint.provider) {
                aliases.want(&id, &endpoint.model, endpoint.native_model.clone());
            }
            endpoint.id.clone_from(&id);
            by_id.insert(id, endpoint);
        }
    }

    aliases.give(&mut by_id, report);
    imported.endpoints = by_id.into_values().collect();
    imported
}

/// Further names of models, given at the end, when it is known what else each name means.
#[derive(Default)]
struct Aliases {
    /// Endpoint and name.
    wanted: Vec<(String, String)>,
    /// The models that a name would mean.
    meant: BTreeMap<String, BTreeSet<String>>,
}

impl Aliases {
    fn want(&mut self, id: &str, model: &str, alias: String) {
        if alias != model {
            self.meant.entry(alias.clone()).or_default().insert(model.to_owned());
            self.wanted.push((id.to_owned(), alias));
        }
    }

    /// Gives each name that is no model's and means one model only.
    fn give(self, by_id: &mut BTreeMap<String, Endpoint>, report: &mut Report) {
        let models: BTreeSet<String> = by_id.values().map(|endpoint| endpoint.model.clone()).collect();
        for (id, alias) in self.wanted {
            let lone = self.meant.get(&alias).is_some_and(|meant| meant.len() == 1);
            if models.contains(&alias) || !lone {
                report.aliases_dropped.insert(alias);
            } else if let Some(endpoint) = by_id.get_mut(&id) {
                endpoint.aliases.push(alias);
                endpoint.aliases.sort();
                endpoint.aliases.dedup();
            }
        }
    }
}

/// Returns the endpoint of an offer; its id is still without variant.
fn endpoint(offer: Offer, provider: String, names: &ModelNames, report: &mut Report) -> Endpoint {
    let mut prices = offer.facts.prices;
    if let Some(because) = names.providers.get(&offer.provider).and_then(|rule| rule.prices_unknown.as_ref())
    {
        report.unprice(because);
        prices = Prices::default();
    } else if prices.is_zero() && !offer.resolved.free && !names.is_free(&provider, &offer.resolved.model) {
        report.unprice("zero, but nothing says that it is meant");
        prices = Prices::default();
    }
    Endpoint {
        id: format!("{}@{provider}", offer.resolved.model),
        model: offer.resolved.model,
        native_model: offer.native,
        aliases: Vec::new(),
        provider,
        region: offer.name.region,
        context_length: offer.facts.context_length,
        max_output_tokens: offer.facts.max_output_tokens,
        supports: offer.facts.supports,
        modalities: offer.facts.modalities,
        quantization: offer.resolved.quantization,
        tags: offer.facts.tags,
        deprecated: offer.facts.deprecated,
        prices,
    }
}

/// Divides rows of one model at one provider into those that are the same offer, the plainest first.
///
/// The first of a cluster is the one that is kept: a dated name rather than one that may move, then the
/// shortest.
fn clusters(mut group: Vec<Endpoint>) -> Vec<Vec<Endpoint>> {
    group.sort_by_cached_key(|e| {
        let own = e.model.split_once('/').map_or(e.model.as_str(), |(_, slug)| slug);
        let native = last_part(&e.native_model);
        (
            e.deprecated,
            fold(native) != fold(own),
            is_dated(native),
            e.native_model.len(),
            e.native_model.clone(),
        )
    });
    let mut clusters: Vec<Vec<Endpoint>> = Vec::new();
    for endpoint in group {
        let same = |other: &Endpoint| {
            other.prices == endpoint.prices
                && other.context_length == endpoint.context_length
                && other.max_output_tokens == endpoint.max_output_tokens
                && other.quantization == endpoint.quantization
                && other.deprecated == endpoint.deprecated
        };
        match clusters.iter_mut().find(|cluster| cluster.first().is_some_and(same)) {
            Some(cluster) => cluster.push(endpoint),
            None => clusters.push(vec![endpoint]),
        }
    }
    for cluster in &mut clusters {
        cluster.sort_by_cached_key(|e| {
            (!is_dated(&e.native_model), e.native_model.len(), e.native_model.clone())
        });
    }
    clusters
}

/// Returns what of a native name tells it from the first row's.
fn difference(first: &str, native: &str) -> String {
    let (first, native) = (tidy(last_part(first)), tidy(last_part(native)));
    match native.strip_prefix(&first).map(|rest| rest.trim_start_matches('-')) {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => native,
    }
}

fn last_part(native: &str) -> &str {
    native.rsplit_once('/').map_or(native, |(_, last)| last)
}

/// Whether a name carries a date: a run of four, six or eight digits (`2512`, `251201`, `20250929`, `2025-09-29`).
fn is_dated(native: &str) -> bool {
    native.split(|c: char| !c.is_ascii_digit()).any(|run| matches!(run.len(), 4 | 6 | 8))
}
