//! Catalog layers as data: endpoints, what they can do, what they cost.

use std::collections::{BTreeMap, BTreeSet};

use faregate::{CatalogLayer, EndpointRow, Facts, Override, PriceList};
use faregate_syntax::Fixed;
use serde::Serialize;

use crate::path::Path;
use crate::request::to_node;
use crate::scalar::{Count, Date, Kind, Price, TimeOfDay};
use crate::sink::Sink;
use crate::slot::{Entries, Reader, Slot, Stop, read, shape};
use crate::{Error, Node, read_one};

/// Reads a layer of a catalog from YAML or JSON.
///
/// # Errors
/// Syntax; all fields that are unknown or of another type, with their paths.
///
/// ```
/// let layer = faregate_wire::catalog_layer("
///   endpoints:
///     - { model: a/b, provider: north, prices: { prompt: 3.125e-07, tools: { web_search: '0.01' } } }
/// ").unwrap();
/// assert_eq!(layer.endpoints[0].facts.prices.prompt.unwrap().to_string(), "0.0000003125");
///
/// let error = faregate_wire::catalog_layer("endpoints: [{ id: a@b, prices: { promt: 1 } }]").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "endpoints[0].prices.promt: unknown field; a field with a similar name exists: prompt",
/// );
/// ```
pub fn catalog_layer(text: &str) -> Result<CatalogLayer, Error> {
    catalog_layer_from(&read_one(text)?)
}

/// Reads a layer of a catalog from a tree.
///
/// # Errors
/// As [`catalog_layer`], but for syntax.
///
/// ```
/// use faregate_wire::{catalog_layer_from, read_one};
/// let error = catalog_layer_from(&read_one("providers: { north: { zdr: maybe } }").unwrap()).unwrap_err();
/// assert_eq!(error.issues()[0].path(), "providers.north.zdr");
/// ```
pub fn catalog_layer_from(node: &Node) -> Result<CatalogLayer, Error> {
    let sink = Sink::default();
    let layer = read_at(node, &Path::Root(""), &sink);
    sink.finish(layer)
}

/// Returns a layer as data; what is absent is left out.
///
/// ```
/// use faregate_wire::{catalog_layer, catalog_layer_from, catalog_layer_to_node};
/// let layer = catalog_layer("{ catalog: { name: a }, providers: { north: { zdr: true } } }").unwrap();
/// assert_eq!(catalog_layer_from(&catalog_layer_to_node(&layer)).unwrap(), layer);
/// ```
#[must_use]
pub fn catalog_layer_to_node(layer: &CatalogLayer) -> Node {
    to_node(&CatalogDto::from(layer))
}

pub(crate) fn read_at(node: &Node, path: &Path<'_>, sink: &Sink) -> Option<CatalogLayer> {
    let dto = read::<CatalogDto>(node, path, sink)?;
    let mut layer = CatalogLayer::default();
    if let Some(about) = dto.catalog {
        layer.name = about.name;
        layer.as_of = about.as_of.map(|day| day.0);
    }
    let rows = Path::Key(path, "endpoints");
    for (n, row) in dto.endpoints.unwrap_or_default().into_iter().enumerate() {
        layer.endpoints.push(endpoint_row(row, &Path::Index(&rows, n), sink));
    }
    let providers = Path::Key(path, "providers");
    for (name, facts) in dto.providers.unwrap_or_default().sorted() {
        let facts = facts.facts(&Path::Key(&providers, &name), sink);
        layer.providers.insert(name, facts);
    }
    Some(layer)
}

shape! {
    /// One list of facts about the market.
    pub(crate) struct CatalogDto as "Catalog" {
        /// about the list
        #[serde(skip_serializing_if = "Option::is_none")]
        catalog: Option<AboutDto>,
        /// facts by endpoint
        #[serde(skip_serializing_if = "Option::is_none")]
        endpoints: Option<Vec<EndpointDto>>,
        /// facts of all endpoints of a provider, where the endpoint says nothing
        #[serde(skip_serializing_if = "Option::is_none")]
        providers: Option<Entries<FactsDto>>,
    }
}

shape! {
    /// About a list.
    struct AboutDto as "About" {
        /// its name
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// the day of which it speaks
        #[serde(skip_serializing_if = "Option::is_none")]
        as_of: Option<Date>,
    }
}

/// Defines a shape with the fields of facts behind some of its own. (`flatten` of serde would hide which fields are
/// known.)
macro_rules! with_facts {
    ($(#[$doc:meta])* $shape:ident as $schema:literal { $($(#[$own_doc:meta])* $own:ident: $own_type:ty,)* }) => {
        with_facts! { @define $(#[$doc])* $shape as $schema { $($(#[$own_doc])* $own: $own_type,)* }
            /// where it runs
            region: String, |x| x, |x| x;
            /// tokens of input that fit
            context_length: Count, |x| x.0, Count;
            /// tokens of output that fit
            max_output_tokens: Count, |x| x.0, Count;
            /// whether input and output share the context
            joint_context: bool, |x| x, |x| x;
            /// parameters and abilities
            supports: BTreeSet<String>, |x| x, |x| x;
            /// an organisation's own marks
            tags: BTreeSet<String>, |x| x, |x| x;
            /// kinds of content that it reads
            modalities: BTreeSet<String>, |x| x, |x| x;
            /// `fp16`, `bf16`, `fp8` and so on
            quantization: String, |x| x, |x| x;
            /// whether it is free, where that does not follow from the prices
            free: bool, |x| x, |x| x;
            /// zero data retention
            zdr: bool, |x| x, |x| x;
            /// whether it learns from what it is sent
            trains: bool, |x| x, |x| x;
            /// whether it keeps what it is sent
            retains: bool, |x| x, |x| x;
            /// whether its provider advises against it
            deprecated: bool, |x| x, |x| x;
            /// the last day on which it serves
            sunset: Date, |x| x.0, Date;
        }
    };
    (@define $(#[$doc:meta])* $shape:ident as $schema:literal { $($(#[$own_doc:meta])* $own:ident: $own_type:ty,)* }
        $($(#[$fact_doc:meta])* $fact:ident: $fact_type:ty, $from:expr, $to:expr;)*
    ) => {
        shape! {
            $(#[$doc])*
            struct $shape as $schema {
                $($(#[$own_doc])* #[serde(skip_serializing_if = "Option::is_none")] $own: Option<$own_type>,)*
                $($(#[$fact_doc])* #[serde(skip_serializing_if = "Option::is_none")] $fact: Option<$fact_type>,)*
                /// what it costs, in dollars
                #[serde(skip_serializing_if = "Option::is_none")]
                prices: Option<PricesDto>,
            }
        }

        impl $shape {
            fn facts(self, path: &Path<'_>, sink: &Sink) -> Facts {
                let mut facts = Facts::default();
                $(facts.$fact = self.$fact.map($from);)*
                if let Some(prices) = self.prices {
                    facts.prices = prices.price_list(&Path::Key(path, "prices"), sink);
                }
                facts
            }

            fn with_facts($($own: Option<$own_type>,)* facts: &Facts) -> Self {
                let priced = facts.prices != PriceList::default();
                Self {
                    $($own,)*
                    $($fact: facts.$fact.clone().map($to),)*
                    prices: priced.then(|| PricesDto::from(&facts.prices)),
                }
            }
        }
    };
}

with_facts! {
    /// An endpoint. Either `id`, or `model` and `provider`, must be there.
    EndpointDto as "Endpoint" {
        /// `model@provider[/variant]`; absent: made from model and provider
        id: String,
        /// the canonical model, the same at every provider
        model: String,
        /// what this provider calls the model
        native_model: String,
        /// other names of the model
        aliases: Vec<String>,
        /// the provider
        provider: String,
    }
}

with_facts! {
    /// Facts of all endpoints of a provider.
    FactsDto as "Facts" {}
}

shape! {
    /// What an endpoint charges, in dollars: per token unless the name says otherwise.
    pub(crate) struct PricesDto as "Prices" {
        /// a token of input
        #[serde(skip_serializing_if = "Option::is_none")]
        prompt: Option<Price>,
        /// a token of output
        #[serde(skip_serializing_if = "Option::is_none")]
        completion: Option<Price>,
        /// a token of input read from the cache; absent: as prompt
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_read: Option<Price>,
        /// a token of input written to the cache; absent: as prompt
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_write: Option<Price>,
        /// a token of reasoning; absent: as completion
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning: Option<Price>,
        /// a request; absent: nothing
        #[serde(skip_serializing_if = "Option::is_none")]
        request: Option<Price>,
        /// an image of input
        #[serde(skip_serializing_if = "Option::is_none")]
        image: Option<Price>,
        /// calls of tools that the provider runs
        #[serde(skip_serializing_if = "Option::is_none")]
        tools: Option<Entries<ToolPrice>>,
        /// prices that hold under conditions; the last that matches wins, for each price by itself
        #[serde(skip_serializing_if = "Option::is_none")]
        overrides: Option<Vec<OverrideDto>>,
    }
}

shape! {
    /// Prices that hold where all conditions are met.
    struct OverrideDto as "Override" {
        /// the input, cached tokens included, is larger
        #[serde(skip_serializing_if = "Option::is_none")]
        above_input_tokens: Option<Count>,
        /// the input, cached tokens included, is this large or larger
        #[serde(skip_serializing_if = "Option::is_none")]
        from_input_tokens: Option<Count>,
        /// from this time of day on, UTC; needs `utc_to`
        #[serde(skip_serializing_if = "Option::is_none")]
        utc_from: Option<TimeOfDay>,
        /// before this time of day, UTC; may wrap midnight
        #[serde(skip_serializing_if = "Option::is_none")]
        utc_to: Option<TimeOfDay>,
        /// a token of input
        #[serde(skip_serializing_if = "Option::is_none")]
        prompt: Option<Price>,
        /// a token of output
        #[serde(skip_serializing_if = "Option::is_none")]
        completion: Option<Price>,
        /// a token of input read from the cache
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_read: Option<Price>,
        /// a token of input written to the cache
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_write: Option<Price>,
        /// a token of reasoning
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning: Option<Price>,
        /// a request
        #[serde(skip_serializing_if = "Option::is_none")]
        request: Option<Price>,
        /// an image of input
        #[serde(skip_serializing_if = "Option::is_none")]
        image: Option<Price>,
        /// calls of tools
        #[serde(skip_serializing_if = "Option::is_none")]
        tools: Option<Entries<ToolPrice>>,
    }
}

/// What a tool costs: per call, or per call and result.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
enum ToolPrice {
    PerCall(Price),
    PerResult(ToolPrices),
}

shape! {
    /// What a tool costs per call and per result of a call.
    #[derive(Clone, Copy)]
    struct ToolPrices as "ToolPrices" {
        /// a call
        per_call: Price,
        /// each result of a call
        #[serde(skip_serializing_if = "Option::is_none")]
        per_result: Option<Price>,
    }
}

impl Default for ToolPrice {
    fn default() -> Self {
        Self::PerCall(Price::default())
    }
}

impl Slot for ToolPrice {
    fn fill(&mut self, from: &Reader<'_>) -> Result<(), Stop> {
        match from.node {
            Node::Number(text) | Node::Text(text) => match Kind::Price.read(&Node::text(text)) {
                Ok(units) => *self = Self::PerCall(Price(faregate::Money(Fixed::from_units(units)))),
                Err(message) => return from.stop(message),
            },
            Node::Map(_) => {
                let mut prices = ToolPrices::default();
                prices.fill(from)?;
                *self = Self::PerResult(prices);
            }
            _ => return from.other("money such as \"0.01\", or { per_call, per_result }"),
        }
        Ok(())
    }
}

fn endpoint_row(mut dto: EndpointDto, path: &Path<'_>, sink: &Sink) -> EndpointRow {
    let mut row = EndpointRow::default();
    row.id = dto.id.take();
    row.model = dto.model.take();
    row.native_model = dto.native_model.take();
    row.aliases = dto.aliases.take();
    row.provider = dto.provider.take();
    row.facts = dto.facts(path, sink);
    row
}

impl PricesDto {
    pub(crate) fn price_list(self, path: &Path<'_>, sink: &Sink) -> PriceList {
        let mut prices = PriceList::default();
        prices.prompt = money(self.prompt);
        prices.completion = money(self.completion);
        prices.request = money(self.request);
        prices.image = money(self.image);
        prices.cache_read = money(self.cache_read);
        prices.cache_write = money(self.cache_write);
        prices.reasoning = money(self.reasoning);
        prices.tools = tools(self.tools);
        let overrides = Path::Key(path, "overrides");
        prices.overrides = self.overrides.map(|rows| {
            rows.into_iter().enumerate().map(|(n, row)| row.read(&Path::Index(&overrides, n), sink)).collect()
        });
        prices
    }
}

impl OverrideDto {
    fn read(self, path: &Path<'_>, sink: &Sink) -> Override {
        let mut row = Override::default();
        row.above_input_tokens = self.above_input_tokens.map(|n| n.0);
        row.from_input_tokens = self.from_input_tokens.map(|n| n.0);
        row.utc = self.utc_from.zip(self.utc_to).map(|(from, to)| (from.0, to.0));
        if self.utc_from.is_some() != self.utc_to.is_some() {
            sink.push(path, "has one of utc_from and utc_to, and needs both or neither");
        }
        row.prompt = money(self.prompt);
        row.completion = money(self.completion);
        row.request = money(self.request);
        row.image = money(self.image);
        row.cache_read = money(self.cache_read);
        row.cache_write = money(self.cache_write);
        row.reasoning = money(self.reasoning);
        row.tools = tools(self.tools);
        row
    }
}

fn money(price: Option<Price>) -> Option<faregate::Money> {
    price.map(|price| price.0)
}

fn tools(read: Option<Entries<ToolPrice>>) -> BTreeMap<String, faregate::ToolPrice> {
    let price = |price| match price {
        ToolPrice::PerCall(Price(per_call)) => faregate::ToolPrice::new(per_call, None),
        ToolPrice::PerResult(prices) => faregate::ToolPrice::new(prices.per_call.0, money(prices.per_result)),
    };
    read.unwrap_or_default().0.into_iter().map(|(name, read)| (name, price(read))).collect()
}

fn tools_dto(tools: &BTreeMap<String, faregate::ToolPrice>) -> Option<Entries<ToolPrice>> {
    let price = |price: &faregate::ToolPrice| match price.per_result {
        None => ToolPrice::PerCall(Price(price.per_call)),
        Some(result) => ToolPrice::PerResult(ToolPrices {
            per_call: Price(price.per_call),
            per_result: Some(Price(result)),
        }),
    };
    (!tools.is_empty()).then(|| tools.iter().map(|(name, tool)| (name.clone(), price(tool))).collect())
}

impl From<&PriceList> for PricesDto {
    fn from(prices: &PriceList) -> Self {
        Self {
            prompt: prices.prompt.map(Price),
            completion: prices.completion.map(Price),
            cache_read: prices.cache_read.map(Price),
            cache_write: prices.cache_write.map(Price),
            reasoning: prices.reasoning.map(Price),
            request: prices.request.map(Price),
            image: prices.image.map(Price),
            tools: tools_dto(&prices.tools),
            overrides: prices.overrides.as_ref().map(|rows| rows.iter().map(OverrideDto::from).collect()),
        }
    }
}

impl From<&Override> for OverrideDto {
    fn from(row: &Override) -> Self {
        Self {
            above_input_tokens: row.above_input_tokens.map(Count),
            from_input_tokens: row.from_input_tokens.map(Count),
            utc_from: row.utc.map(|(from, _)| TimeOfDay(from)),
            utc_to: row.utc.map(|(_, to)| TimeOfDay(to)),
            prompt: row.prompt.map(Price),
            completion: row.completion.map(Price),
            cache_read: row.cache_read.map(Price),
            cache_write: row.cache_write.map(Price),
            reasoning: row.reasoning.map(Price),
            request: row.request.map(Price),
            image: row.image.map(Price),
            tools: tools_dto(&row.tools),
        }
    }
}

impl From<&CatalogLayer> for CatalogDto {
    fn from(layer: &CatalogLayer) -> Self {
        let about = layer.name.is_some() || layer.as_of.is_some();
        let endpoint = |row: &EndpointRow| {
            EndpointDto::with_facts(
                row.id.clone(),
                row.model.clone(),
                row.native_model.clone(),
                row.aliases.clone(),
                row.provider.clone(),
                &row.facts,
            )
        };
        let provider = |(name, facts): (&String, &Facts)| (name.clone(), FactsDto::with_facts(facts));
        Self {
            catalog: about.then(|| AboutDto { name: layer.name.clone(), as_of: layer.as_of.map(Date) }),
            endpoints: (!layer.endpoints.is_empty()).then(|| layer.endpoints.iter().map(endpoint).collect()),
            providers: (!layer.providers.is_empty()).then(|| layer.providers.iter().map(provider).collect()),
        }
    }
}
