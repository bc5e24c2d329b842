//! A catalog turned on its side: for each fact, what all endpoints say of it.

use fixedbitset::FixedBitSet;

use super::cost::{Flat, Listed, Most, Prices, Unit};
use super::expr::{Table, id};
use super::leaf::{Leaf, Right, Wanted, leaf_truth};
use super::ranks::Ranks;
use super::source::{Fact, Source, WEB_SEARCH};
use super::value::{Texts, Val};
use crate::Money;
use crate::catalog::{Catalog, Endpoint, Moment};
use crate::ir::{Member, Value};
use crate::reference::candidate::free;
use crate::reference::truth::Truth;
use crate::time::{Date, TimeOfDay, day_number};
use faregate_syntax::ast::CompareOp;

/// What endpoints say of a condition: of which it is true, of which it is false.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) yes: FixedBitSet,
    pub(super) no: FixedBitSet,
    /// Whether it reads prices, so that nothing is said here of endpoints whose prices change.
    pub(super) priced: bool,
}

/// The facts of all endpoints, in the order of their ids.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) count: usize,
    texts: Vec<(Fact, TextColumn)>,
    pub(super) supports: SetColumn,
    pub(super) modalities: SetColumn,
    tags: SetColumn,
    /// Endpoints whose context holds so much, or more.
    pub(super) context: Thresholds,
    /// Endpoints whose output may be so long, or longer, or is not limited.
    pub(super) output: Thresholds,
    pub(super) joint: FixedBitSet,
    /// Of each day on which endpoints end, those that do.
    pub(super) sunsets: Vec<(Date, FixedBitSet)>,
    /// Prices of those that have plain ones.
    pub(super) flat: Vec<Flat>,
    /// Those that have plain prices.
    pub(super) plain: FixedBitSet,
    /// Of those: with prices of input and output, with one of images, with a limit of output.
    pub(super) priced: FixedBitSet,
    pub(super) images: FixedBitSet,
    pub(super) limited: FixedBitSet,
    /// In what they are counted, and the dearest of each.
    pub(super) unit: Unit,
    pub(super) most: Most,
    /// Whether all have prices of input and output, plain ones.
    pub(super) all_priced: bool,
    pub(super) ranks: Ranks,
    /// How many bits hold a place.
    pub(super) place_bits: u32,
    /// The longest output that an endpoint limits.
    pub(super) longest: u64,
    /// Those whose prices change with size or time.
    pub(super) changing: FixedBitSet,
    pub(super) models: Table<Box<str>, Vec<u32>>,
    pub(super) providers: Table<Box<str>, Provider>,
    pub(super) ids: Table<Box<str>, u32>,
    /// Providers by number, of each endpoint.
    pub(super) provider_of: Vec<u32>,
    /// Models by number, of each endpoint.
    pub(super) model_of: Vec<u32>,
    pub(super) n_models: usize,
}

/// The endpoints of a provider.
#[derive(Debug, Default)]
pub(super) struct Provider {
    pub(super) number: u32,
    pub(super) endpoints: FixedBitSet,
}

#[derive(Debug)]
struct TextColumn {
    /// The number of each endpoint's text; `u32::MAX` where it is unknown.
    codes: Vec<u32>,
    numbers: Table<Box<str>, u32>,
}

/// Sets of texts.
#[derive(Debug, Default)]
pub(super) struct SetColumn {
    pub(super) known: FixedBitSet,
    pub(super) members: Table<Box<str>, FixedBitSet>,
}

/// Endpoints by a count of which a request needs some.
#[derive(Debug, Default)]
pub(super) struct Thresholds {
    /// Ascending.
    limits: Vec<u64>,
    /// With each limit, those that have so much or more.
    sets: Vec<FixedBitSet>,
    /// Those that have enough of anything.
    none: FixedBitSet,
}

impl Thresholds {
    fn new(counts: &[Option<u64>], unlimited: bool) -> Self {
        let blank = FixedBitSet::with_capacity(counts.len());
        let mut unknown = blank.clone();
        let mut by_count: Vec<(u64, usize)> = Vec::new();
        for (place, count) in counts.iter().enumerate() {
            match count {
                Some(count) => by_count.push((*count, place)),
                None => unknown.insert(place),
            }
        }
        by_count.sort_unstable_by(|a, b| b.cmp(a));
        let none = if unlimited { unknown.clone() } else { blank };
        let mut reached = none.clone();
        let (mut limits, mut sets): (Vec<u64>, Vec<FixedBitSet>) = (Vec::new(), Vec::new());
        for (count, place) in by_count {
            reached.insert(place);
            if limits.last() == Some(&count) {
                if let Some(last) = sets.last_mut() {
                    last.insert(place);
                }
            } else {
                limits.push(count);
                sets.push(reached.clone());
            }
        }
        limits.reverse();
        sets.reverse();
        Self { limits, sets, none }
    }

    /// Returns those that have so much.
    pub(super) fn at_least(&self, count: u64) -> &FixedBitSet {
        self.sets.get(self.limits.partition_point(|l| *l < count)).unwrap_or(&self.none)
    }
}

impl SetColumn {
    fn new<'c>(
        sets: impl Iterator<Item = Option<&'c std::collections::BTreeSet<String>>>,
        count: usize,
    ) -> Self {
        let blank = FixedBitSet::with_capacity(count);
        let mut column = Self { known: blank.clone(), members: Table::default() };
        for (place, set) in sets.enumerate() {
            let Some(set) = set else { continue };
            column.known.insert(place);
            for text in set {
                match column.members.get_mut(text.as_str()) {
                    Some(bits) => bits.insert(place),
                    None => {
                        let mut bits = blank.clone();
                        bits.insert(place);
                        column.members.insert(text.as_str().into(), bits);
                    }
                }
            }
        }
        column
    }
}

impl Columns {
    pub(super) fn new(catalog: &Catalog) -> Self {
        let endpoints = catalog.endpoints();
        let count = endpoints.len();
        let blank = FixedBitSet::with_capacity(count);
        let facts = || endpoints.iter().map(|e| &e.facts);
        let mut flat: Vec<Option<Flat>> =
            facts().map(|f| Flat::new(&f.prices, f.max_output_tokens)).collect();
        let unit = Unit::of(&mut flat);
        let mut columns = Self {
            count,
            texts: [
                Fact::Id,
                Fact::Model,
                Fact::NativeModel,
                Fact::Provider,
                Fact::Region,
                Fact::Quantization,
            ]
            .into_iter()
            .map(|fact| (fact, TextColumn::new(endpoints, fact)))
            .collect(),
            supports: SetColumn::new(facts().map(|f| f.supports.as_ref()), count),
            modalities: SetColumn::new(facts().map(|f| f.modalities.as_ref()), count),
            tags: SetColumn::new(facts().map(|f| f.tags.as_ref()), count),
            context: Thresholds::new(&facts().map(|f| f.context_length).collect::<Vec<_>>(), false),
            output: Thresholds::new(&facts().map(|f| f.max_output_tokens).collect::<Vec<_>>(), true),
            joint: facts().map(|f| f.joint_context == Some(true)).collect_bits(),
            sunsets: Vec::new(),
            flat: Vec::new(),
            priced: FixedBitSet::new(),
            images: FixedBitSet::new(),
            limited: FixedBitSet::new(),
            plain: FixedBitSet::new(),
            unit,
            most: Most::of(flat.iter().flatten()),
            all_priced: false,
            ranks: Ranks::default(),
            place_bits: usize::BITS.saturating_sub(count.leading_zeros()),
            longest: 0,
            changing: facts()
                .map(|f| f.prices.overrides.as_ref().is_some_and(|o| !o.is_empty()))
                .collect_bits(),
            models: Table::default(),
            providers: Table::default(),
            ids: Table::default(),
            provider_of: Vec::with_capacity(count),
            model_of: Vec::with_capacity(count),
            n_models: 0,
        };
        let of = |holds: fn(&Flat) -> bool| flat.iter().map(|f| f.as_ref().is_some_and(holds)).collect_bits();
        columns.plain = flat.iter().map(Option::is_some).collect_bits();
        columns.priced = of(Flat::is_priced);
        columns.images = of(Flat::prices_images);
        columns.limited = of(Flat::is_limited);
        columns.all_priced = columns.priced.is_full();
        columns.flat = flat.into_iter().map(|f| f.unwrap_or(Flat::BLANK)).collect();
        columns.ranks = Ranks::new(&columns.flat);
        columns.longest = facts().filter_map(|f| f.max_output_tokens).max().unwrap_or(0);
        let mut numbers: Table<&str, u32> = Table::default();
        for (place, endpoint) in endpoints.iter().enumerate() {
            let next = id(numbers.len());
            columns.model_of.push(*numbers.entry(&endpoint.model).or_insert(next));
            columns.models.entry(endpoint.model.as_str().into()).or_default().push(id(place));
            let number = id(columns.providers.len());
            let provider = columns.providers.entry(endpoint.provider.as_str().into());
            let provider = provider.or_insert_with(|| Provider { number, endpoints: blank.clone() });
            provider.endpoints.insert(place);
            columns.provider_of.push(provider.number);
            columns.ids.insert(endpoint.id.as_str().into(), id(place));
            if let Some(day) = endpoint.facts.sunset {
                let set = match columns.sunsets.iter_mut().find(|(d, _)| *d == day) {
                    Some((_, set)) => set,
                    None => {
                        columns.sunsets.push((day, blank.clone()));
                        let Some((_, set)) = columns.sunsets.last_mut() else { continue };
                        set
                    }
                };
                set.insert(place);
            }
        }
        columns.n_models = numbers.len();
        columns
    }

    fn text(&self, fact: Fact) -> Option<&TextColumn> {
        self.texts.iter().find(|(f, _)| *f == fact).map(|(_, column)| column)
    }

    fn set(&self, fact: Fact) -> Option<&SetColumn> {
        match fact {
            Fact::Supports => Some(&self.supports),
            Fact::Modalities => Some(&self.modalities),
            Fact::Tags => Some(&self.tags),
            _ => None,
        }
    }

    /// Returns what endpoints say of a comparison that the catalog settles.
    pub(super) fn known(&self, leaf: &Leaf, catalog: &Catalog, prices: &PriceColumn) -> Known {
        self.quickly(leaf, catalog).unwrap_or_else(|| {
            let mut known = self.unknown();
            for (place, endpoint) in catalog.endpoints().iter().enumerate() {
                let value = |source| match source {
                    Source::Fact(fact @ (Fact::Price(_) | Fact::WebSearch)) => prices.get(place, fact),
                    Source::Fact(fact) => fact_of(endpoint, fact),
                    _ => None,
                };
                match leaf_truth(leaf, catalog, value) {
                    Truth::True => known.yes.insert(place),
                    Truth::False => known.no.insert(place),
                    Truth::Unknown => {}
                }
            }
            known
        })
    }

    pub(super) fn unknown(&self) -> Known {
        let blank = FixedBitSet::with_capacity(self.count);
        Known { yes: blank.clone(), no: blank, priced: false }
    }

    /// The comparisons that most rules make, without a look at each endpoint's texts.
    fn quickly(&self, leaf: &Leaf, catalog: &Catalog) -> Option<Known> {
        let resolved = |text: &'_ str, models: bool| -> String {
            if models { catalog.resolve(text).to_owned() } else { text.to_owned() }
        };
        match leaf {
            Leaf::Compare {
                left: Source::Fact(fact),
                op,
                right: Right::Value(Value::Text(text)),
                models,
            } => {
                let column = self.text(*fact)?;
                let wanted = column.numbers.get(resolved(text, *models).as_str()).copied();
                let mut known = column.among(&wanted.into_iter().collect::<Vec<_>>());
                match op {
                    CompareOp::Eq => {}
                    CompareOp::Ne => std::mem::swap(&mut known.yes, &mut known.no),
                    _ => return None,
                }
                Some(known)
            }
            Leaf::In { left: Source::Fact(fact), members, models } => {
                let column = self.text(*fact)?;
                let mut wanted = Vec::new();
                for member in members {
                    let Member::Value(Value::Text(text)) = member else { return None };
                    wanted.extend(column.numbers.get(resolved(text, *models).as_str()).copied());
                }
                Some(column.among(&wanted))
            }
            Leaf::Includes {
                left: Source::Fact(fact),
                any,
                right: Wanted::Values(values),
                models: false,
            } => {
                let column = self.set(*fact)?;
                let blank = FixedBitSet::with_capacity(self.count);
                let mut yes = if *any { blank.clone() } else { column.known.clone() };
                for value in values {
                    let members = column.members.get(value.as_str()).unwrap_or(&blank);
                    if *any {
                        yes.union_with(members);
                    } else {
                        yes.intersect_with(members);
                    }
                }
                let mut no = column.known.clone();
                no.difference_with(&yes);
                Some(Known { yes, no, priced: false })
            }
            _ => None,
        }
    }
}

impl TextColumn {
    fn new(endpoints: &[Endpoint], fact: Fact) -> Self {
        let mut numbers: Table<Box<str>, u32> = Table::default();
        let codes = endpoints
            .iter()
            .map(|endpoint| match fact_of(endpoint, fact) {
                Some(Val::Text(text)) => match numbers.get(text) {
                    Some(known) => *known,
                    None => {
                        let next = id(numbers.len());
                        numbers.insert(text.into(), next);
                        next
                    }
                },
                _ => u32::MAX,
            })
            .collect();
        Self { codes, numbers }
    }

    fn among(&self, wanted: &[u32]) -> Known {
        let known = || self.codes.iter().map(|c| *c != u32::MAX);
        let mut no: FixedBitSet = known().collect_bits();
        let yes = match wanted {
            [one] => self.codes.iter().map(|c| c == one).collect_bits(),
            _ => self.codes.iter().map(|c| wanted.contains(c)).collect_bits(),
        };
        no.difference_with(&yes);
        Known { yes, no, priced: false }
    }
}

/// The prices of those endpoints whose prices never change, while a catalog is bound.
#[derive(Debug, Default)]
pub(super) struct PriceColumn {
    rows: Vec<(Prices, Option<Money>)>,
}

impl PriceColumn {
    pub(super) fn new(catalog: &Catalog) -> Self {
        let row = |endpoint: &Endpoint| {
            let listed = Listed::new(&endpoint.facts.prices, None);
            // Any moment does.
            let moment = Moment { input_tokens: 0, time_of_day: TimeOfDay(0) };
            (listed.at(moment), listed.tool_at(WEB_SEARCH, moment).map(|t| t.per_call))
        };
        Self { rows: catalog.endpoints().iter().map(row).collect() }
    }

    fn get(&self, place: usize, fact: Fact) -> Option<Val<'static>> {
        let (prices, web_search) = self.rows.get(place)?;
        let price = match fact {
            Fact::Price(kind) => prices.get(kind),
            Fact::WebSearch => *web_search,
            _ => None,
        };
        price.map(|m| Val::Number(m.0.units()))
    }
}

/// Returns a fact that the catalog settles.
pub(super) fn fact_of(endpoint: &Endpoint, fact: Fact) -> Option<Val<'_>> {
    let facts = &endpoint.facts;
    let count = |n: Option<u64>| n.map(|n| Val::Number(i128::from(n)));
    match fact {
        Fact::Id => Some(Val::Text(&endpoint.id)),
        Fact::Model => Some(Val::Text(&endpoint.model)),
        Fact::NativeModel => endpoint.native_model.as_deref().map(Val::Text),
        Fact::Provider => Some(Val::Text(&endpoint.provider)),
        Fact::Region => facts.region.as_deref().map(Val::Text),
        Fact::Quantization => facts.quantization.as_deref().map(Val::Text),
        Fact::ContextLength => count(facts.context_length),
        Fact::MaxOutputTokens => count(facts.max_output_tokens),
        Fact::Supports => facts.supports.as_ref().map(|s| Val::Set(Texts::Tree(s))),
        Fact::Modalities => facts.modalities.as_ref().map(|s| Val::Set(Texts::Tree(s))),
        Fact::Tags => facts.tags.as_ref().map(|s| Val::Set(Texts::Tree(s))),
        Fact::Free => free(endpoint).map(Val::Bool),
        Fact::Zdr => facts.zdr.map(Val::Bool),
        Fact::Trains => facts.trains.map(Val::Bool),
        Fact::Retains => facts.retains.map(Val::Bool),
        Fact::Deprecated => Some(Val::Bool(facts.deprecated.unwrap_or(false))),
        Fact::JointContext => Some(Val::Bool(facts.joint_context.unwrap_or(false))),
        Fact::Sunset => facts.sunset.map(|d| Val::Number(day_number(d))),
        _ => None,
    }
}

/// Collects answers, one a place.
trait CollectBits {
    fn collect_bits(self) -> FixedBitSet;
}

impl<I: Iterator<Item = bool>> CollectBits for I {
    fn collect_bits(self) -> FixedBitSet {
        let (mut blocks, mut block, mut count) = (Vec::new(), 0_usize, 0_usize);
        for there in self {
            let bit = u32::try_from(count).unwrap_or(0) % usize::BITS;
            block |= usize::from(there) << bit;
            count = count.saturating_add(1);
            if bit == usize::BITS - 1 {
                blocks.push(std::mem::take(&mut block));
            }
        }
        blocks.push(block);
        FixedBitSet::with_capacity_and_blocks(count, blocks)
    }
}
