//! Layers of facts laid over one another.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};
use std::fmt;

use super::{Catalog, CatalogLayer, Endpoint, EndpointRow, Facts, digest};

/// A fault of a catalog, with the path of the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct CatalogError {
    path: String,
    message: String,
}

impl CatalogError {
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    /// Returns where: `endpoints[3].id`, after the layer's name where several were given.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns what is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// All faults of a catalog, never none; as text, one a line.
///
/// ```
/// use faregate::{Catalog, CatalogLayer, EndpointRow};
/// let mut layer = CatalogLayer::default();
/// layer.endpoints = vec![EndpointRow::default(), EndpointRow::default()];
/// let errors = Catalog::new(vec![layer]).unwrap_err();
/// assert_eq!(errors.len(), 2);
/// assert!(errors.to_string().starts_with("endpoints[0]"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogErrors(Vec<CatalogError>);

impl std::ops::Deref for CatalogErrors {
    type Target = [CatalogError];

    fn deref(&self) -> &[CatalogError] {
        &self.0
    }
}

impl IntoIterator for CatalogErrors {
    type Item = CatalogError;
    type IntoIter = std::vec::IntoIter<CatalogError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for CatalogErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            fmt::Display::fmt(error, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for CatalogErrors {}

/// A row with its identity worked out.
struct Merged {
    model: Option<String>,
    provider: Option<String>,
    native_model: Option<String>,
    aliases: Option<Vec<String>>,
    facts: Facts,
    /// Of the row that first named it, for messages.
    path: String,
}

pub(super) fn merge(layers: Vec<CatalogLayer>) -> Result<Catalog, CatalogErrors> {
    let mut errors = Vec::new();
    let mut endpoints: BTreeMap<String, Merged> = BTreeMap::new();
    let mut providers: BTreeMap<String, Facts> = BTreeMap::new();
    let mut names = Vec::new();
    let mut as_of = None;
    let several = layers.len() > 1;
    for (number, layer) in layers.into_iter().enumerate() {
        let prefix = match (&layer.name, several) {
            (_, false) => String::new(),
            (Some(name), true) => format!("{name}: "),
            (None, true) => format!("catalog {}: ", number.saturating_add(1)),
        };
        as_of = as_of.max(layer.as_of);
        names.extend(layer.name);
        let mut seen = BTreeSet::new();
        for (at, row) in layer.endpoints.into_iter().enumerate() {
            let path = format!("{prefix}endpoints[{at}]");
            let Some(id) = row_id(&row) else {
                errors.push(CatalogError::new(
                    path,
                    "needs an `id`, or a `model` and a `provider` to make one from",
                ));
                continue;
            };
            if !seen.insert(id.clone()) {
                errors.push(CatalogError::new(path, format!("the id `{id}` stands twice in this catalog")));
                continue;
            }
            check_facts(&row.facts, &path, &mut errors);
            lay_row(&mut endpoints, id, row, path);
        }
        for (provider, facts) in layer.providers {
            check_facts(&facts, &format!("{prefix}providers.{provider}"), &mut errors);
            let slot = providers.entry(provider).or_default();
            *slot = slot.overlaid(facts);
        }
    }
    let aliases = aliases(&endpoints, &mut errors);
    let endpoints =
        endpoints.into_iter().filter_map(|(id, row)| finish(id, row, &providers, &mut errors)).collect();
    if !errors.is_empty() {
        return Err(CatalogErrors(errors));
    }
    let mut catalog = Catalog { endpoints, aliases, as_of, names, digest: String::new() };
    catalog.digest = digest::of(&catalog);
    Ok(catalog)
}

fn row_id(row: &EndpointRow) -> Option<String> {
    match (&row.id, &row.model, &row.provider) {
        (Some(id), _, _) => Some(id.clone()),
        (None, Some(model), Some(provider)) => Some(format!("{model}@{provider}")),
        _ => None,
    }
}

fn lay_row(endpoints: &mut BTreeMap<String, Merged>, id: String, row: EndpointRow, path: String) {
    match endpoints.entry(id) {
        Entry::Vacant(slot) => {
            slot.insert(Merged {
                model: row.model,
                provider: row.provider,
                native_model: row.native_model,
                aliases: row.aliases,
                facts: row.facts,
                path,
            });
        }
        Entry::Occupied(mut slot) => {
            let below = slot.get_mut();
            below.model = row.model.or_else(|| below.model.take());
            below.provider = row.provider.or_else(|| below.provider.take());
            below.native_model = row.native_model.or_else(|| below.native_model.take());
            below.aliases = row.aliases.or_else(|| below.aliases.take());
            below.facts = below.facts.overlaid(row.facts);
        }
    }
}

/// An id is split at its last `@`; what follows the provider's `/` is the variant.
fn split_id(id: &str) -> Option<(&str, &str)> {
    let (model, rest) = id.rsplit_once('@')?;
    let provider = rest.split_once('/').map_or(rest, |(provider, _)| provider);
    (!model.is_empty() && !provider.is_empty()).then_some((model, provider))
}

fn finish(
    id: String,
    row: Merged,
    providers: &BTreeMap<String, Facts>,
    errors: &mut Vec<CatalogError>,
) -> Option<Endpoint> {
    let split = split_id(&id);
    let model = row.model.or_else(|| split.map(|(m, _)| m.to_owned()));
    let provider = row.provider.or_else(|| split.map(|(_, p)| p.to_owned()));
    let (Some(model), Some(provider)) = (model, provider) else {
        let message =
            format!("`{id}` is not of the form `model@provider`, so `model` and `provider` must be given");
        errors.push(CatalogError::new(format!("{}.id", row.path), message));
        return None;
    };
    let facts = match providers.get(&provider) {
        Some(below) => below.overlaid(row.facts),
        None => row.facts,
    };
    Some(Endpoint { id, model, native_model: row.native_model, provider, facts })
}

fn aliases(endpoints: &BTreeMap<String, Merged>, errors: &mut Vec<CatalogError>) -> BTreeMap<String, String> {
    let model_of = |id: &str, row: &Merged| {
        row.model.clone().or_else(|| split_id(id).map(|(m, _)| m.to_owned())).unwrap_or_default()
    };
    let models: BTreeSet<String> = endpoints.iter().map(|(id, row)| model_of(id, row)).collect();
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for (id, row) in endpoints {
        let model = model_of(id, row);
        for alias in row.aliases.iter().flatten() {
            let path = format!("{}.aliases", row.path);
            if models.contains(alias) {
                if *alias != model {
                    errors
                        .push(CatalogError::new(path, format!("the alias `{alias}` is the name of a model")));
                }
                continue;
            }
            match found.get(alias) {
                Some(other) if *other != model => {
                    let message = format!("the alias `{alias}` names two models, `{other}` and `{model}`");
                    errors.push(CatalogError::new(path, message));
                }
                _ => {
                    found.insert(alias.clone(), model.clone());
                }
            }
        }
    }
    found
}

fn check_facts(facts: &Facts, path: &str, errors: &mut Vec<CatalogError>) {
    for (at, o) in facts.prices.overrides.iter().flatten().enumerate() {
        let path = format!("{path}.prices.overrides[{at}]");
        if o.above_input_tokens.is_none() && o.from_input_tokens.is_none() && o.utc.is_none() {
            let message =
                "needs a condition: `above_input_tokens`, `from_input_tokens`, or `utc_from` and `utc_to`";
            errors.push(CatalogError::new(path.clone(), message));
        }
        if o.utc.is_some_and(|(from, to)| from == to) {
            errors.push(CatalogError::new(path, "`utc_from` and `utc_to` are equal, so that it never holds"));
        }
    }
}

impl Facts {
    /// Returns these facts with others laid over them, field by field.
    #[must_use]
    pub(crate) fn overlaid(&self, over: Self) -> Self {
        let below = self.clone();
        Self {
            region: over.region.or(below.region),
            quantization: over.quantization.or(below.quantization),
            context_length: over.context_length.or(below.context_length),
            max_output_tokens: over.max_output_tokens.or(below.max_output_tokens),
            joint_context: over.joint_context.or(below.joint_context),
            supports: over.supports.or(below.supports),
            modalities: over.modalities.or(below.modalities),
            tags: over.tags.or(below.tags),
            free: over.free.or(below.free),
            zdr: over.zdr.or(below.zdr),
            trains: over.trains.or(below.trains),
            retains: over.retains.or(below.retains),
            deprecated: over.deprecated.or(below.deprecated),
            sunset: over.sunset.or(below.sunset),
            prices: below.prices.overlaid(&over.prices),
        }
    }
}
