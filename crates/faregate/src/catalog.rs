//! The market: endpoints, what they can do, what they cost, and how layers of facts are laid over one another.

mod digest;
mod layers;
pub(crate) mod prices;

use std::collections::{BTreeMap, BTreeSet};

pub use layers::{CatalogError, CatalogErrors};
pub use prices::{Override, PriceList, ToolPrice};

pub(crate) use prices::{EffectivePrices, Moment};

use faregate_syntax::ast::MoveKind;

use crate::time::Date;

/// All endpoints of the market, after all layers.
///
/// INVARIANT: endpoints are sorted by id, ids are unique, and an alias names one model that no endpoint has as
/// its own model; [`Catalog::new`] keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    endpoints: Vec<Endpoint>,
    aliases: BTreeMap<String, String>,
    as_of: Option<Date>,
    names: Vec<String>,
    digest: String,
}

/// One list of facts, as a file has it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CatalogLayer {
    /// The list's name.
    pub name: Option<String>,
    /// The day of which it speaks.
    pub as_of: Option<Date>,
    /// Facts by endpoint.
    pub endpoints: Vec<EndpointRow>,
    /// Facts of all endpoints of a provider, where the endpoint says nothing.
    pub providers: BTreeMap<String, Facts>,
}

/// An endpoint as one layer speaks of it. Either `id`, or `model` and `provider`, must be there.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct EndpointRow {
    /// `model@provider[/variant]`.
    pub id: Option<String>,
    /// The canonical model.
    pub model: Option<String>,
    /// The provider's own name of the model.
    pub native_model: Option<String>,
    /// Other names of the model.
    pub aliases: Option<Vec<String>>,
    /// The provider.
    pub provider: Option<String>,
    /// What is known of it.
    pub facts: Facts,
}

/// Facts that an endpoint or a provider may state. `None` is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Facts {
    /// Where it runs.
    pub region: Option<String>,
    /// `fp16`, `bf16`, `fp8` and so on.
    pub quantization: Option<String>,
    /// Tokens of input (and output, where `joint_context`) that fit.
    pub context_length: Option<u64>,
    /// Tokens of output that fit.
    pub max_output_tokens: Option<u64>,
    /// Whether input and output share the context.
    pub joint_context: Option<bool>,
    /// Parameters and abilities.
    pub supports: Option<BTreeSet<String>>,
    /// Kinds of content that it reads.
    pub modalities: Option<BTreeSet<String>>,
    /// An organisation's own marks.
    pub tags: Option<BTreeSet<String>>,
    /// Whether it is free, where that does not follow from the prices.
    pub free: Option<bool>,
    /// Zero data retention.
    pub zdr: Option<bool>,
    /// Whether it learns from what it is sent.
    pub trains: Option<bool>,
    /// Whether it keeps what it is sent.
    pub retains: Option<bool>,
    /// Whether its provider advises against it.
    pub deprecated: Option<bool>,
    /// The last day on which it serves.
    pub sunset: Option<Date>,
    /// What it costs.
    pub prices: PriceList,
}

/// An endpoint with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// `model@provider[/variant]`.
    pub id: String,
    /// The canonical model, by which policies speak.
    pub model: String,
    /// The provider's own name of the model.
    pub native_model: Option<String>,
    /// The provider.
    pub provider: String,
    /// What is known of it.
    pub facts: Facts,
}

impl Endpoint {
    /// Returns the kind of a move from here to another candidate (rule 12): at the same endpoint it is the credential that
    /// changes.
    pub(crate) fn move_to(&self, to: &Self) -> MoveKind {
        if self.model != to.model {
            MoveKind::Model
        } else if self.id != to.id {
            MoveKind::Provider
        } else {
            MoveKind::Credential
        }
    }
}

impl Catalog {
    /// Lays the layers over one another, later over earlier, endpoint over provider, field by field.
    ///
    /// # Errors
    /// All faults of the layers: rows without an id, ids that stand twice in one layer, aliases that name two
    /// models or a model, price windows that make no sense.
    pub fn new(layers: Vec<CatalogLayer>) -> Result<Self, CatalogErrors> {
        layers::merge(layers)
    }

    /// Returns the endpoints, sorted by id.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Returns the endpoint of this id.
    #[must_use]
    pub fn endpoint(&self, id: &str) -> Option<&Endpoint> {
        self.endpoints.get(self.place(id)?)
    }

    /// Returns the place among the endpoints of the one of this id.
    pub(crate) fn place(&self, id: &str) -> Option<usize> {
        self.endpoints.binary_search_by(|e| e.id.as_str().cmp(id)).ok()
    }

    /// Returns the model behind an alias, or the name itself where it is none.
    #[must_use]
    pub fn resolve<'a>(&'a self, name: &'a str) -> &'a str {
        self.aliases.get(name).map_or(name, String::as_str)
    }

    /// Returns the aliases and their models.
    #[must_use]
    pub fn aliases(&self) -> &BTreeMap<String, String> {
        &self.aliases
    }

    /// Returns the latest day of which a layer speaks.
    #[must_use]
    pub fn as_of(&self) -> Option<Date> {
        self.as_of
    }

    /// Returns the names of the layers, in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns `blake3:` and the hash of all facts, whatever the order of rows.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}
