//! Small catalogs.

use std::collections::BTreeSet;

use faregate::{CatalogLayer, Date, EndpointRow, Facts, Money, Override, PriceList, TimeOfDay, ToolPrice};

use super::words::{ALIASES, MODALITIES, MODELS, PARAMETERS, PROVIDERS, QUANTIZATIONS, REGIONS, TAGS, TOOLS};
use crate::Draw;

/// Returns one to three layers that make a catalog: up to twelve endpoints of few models and providers, many facts
/// absent, later layers over parts of the first.
pub fn catalog(draw: &mut Draw<'_>, wild: bool) -> Vec<CatalogLayer> {
    let mut base = CatalogLayer::default();
    base.name = Some("base".to_owned());
    base.as_of = draw.percent(50).then(|| day(20));
    let count = draw.of(if wild { &[2, 1, 3, 0, 4, 6, 12] } else { &[4, 3, 6, 8, 12, 5, 7, 10, 9, 2] });
    let mut taken = BTreeSet::new();
    for _ in 0..count {
        let mut part = draw.part(64);
        let row = row(&mut part, wild);
        if taken.insert(row_id(&row)) {
            base.endpoints.push(row);
        }
    }
    for provider in draw.some(PROVIDERS, 0, 3) {
        base.providers.insert(provider.to_owned(), facts(&mut draw.part(40), 25));
    }
    let mut layers = vec![base];
    for _ in 0..draw.of(&[0, 0, 1, 2]) {
        let mut over = CatalogLayer::default();
        let known: Vec<EndpointRow> = layers[0].endpoints.clone();
        for row in draw.some(&known, 0, 3) {
            let mut part = draw.part(40);
            let mut over_row = EndpointRow::default();
            over_row.id = Some(row_id(&row));
            over_row.facts = facts(&mut part, 20);
            over.endpoints.push(over_row);
        }
        if draw.percent(30) {
            over.providers.insert(draw.text(PROVIDERS), facts(&mut draw.part(40), 20));
        }
        layers.push(over);
    }
    layers
}

/// Returns a market: this many endpoints more than the names of models and providers would give, each a variant.
pub fn market(draw: &mut Draw<'_>, endpoints: usize) -> CatalogLayer {
    let mut layer = CatalogLayer::default();
    layer.name = Some("market".to_owned());
    for number in 0..endpoints {
        let mut row = row(&mut draw.part(64), false);
        let (model, provider) =
            (row.model.clone().unwrap_or_default(), row.provider.clone().unwrap_or_default());
        row.id = Some(format!("{model}@{provider}/variant-{number:03}"));
        layer.endpoints.push(row);
    }
    layer
}

/// Returns the id that a row has or is given.
#[must_use]
pub fn row_id(row: &EndpointRow) -> String {
    let made = || format!("{}@{}", row.model.as_deref().unwrap_or(""), row.provider.as_deref().unwrap_or(""));
    row.id.clone().unwrap_or_else(made)
}

fn row(draw: &mut Draw<'_>, wild: bool) -> EndpointRow {
    let (model, provider) = (draw.text(MODELS), draw.text(PROVIDERS));
    let variant = draw.text(&["", "", "", "/eu"]);
    let mut row = EndpointRow::default();
    if !variant.is_empty() || draw.percent(30) {
        row.id = Some(format!("{model}@{provider}{variant}"));
    }
    row.aliases = ALIASES
        .iter()
        .find(|(_, of)| *of == model && draw.percent(60))
        .map(|(alias, _)| vec![(*alias).to_owned()]);
    row.native_model = draw.percent(30).then(|| draw.text(&["small-1", "large-1"]));
    row.model = Some(model);
    row.provider = Some(provider);
    row.facts = facts(draw, if wild { 85 } else { 98 });
    if !wild {
        row.facts.max_output_tokens = row.facts.max_output_tokens.filter(|n| *n > 1000);
        row.facts.modalities.iter_mut().for_each(|all| all.extend(["text".to_owned()]));
    }
    row
}

/// Returns facts, each that a request needs there with this chance in a hundred; the others more seldom.
fn facts(draw: &mut Draw<'_>, chance: u8) -> Facts {
    let seldom = chance / 2;
    let mut facts = Facts::default();
    facts.context_length = draw
        .percent(chance)
        .then(|| draw.of(&[128_000, 200_000, 1_000_000, 128_000, 1000, 9_007_199_254_740_991]));
    facts.modalities = draw.percent(chance).then(|| {
        let mut modalities = set(draw, MODALITIES);
        if draw.percent(90) {
            modalities.insert("text".to_owned());
        }
        modalities
    });
    facts.supports = draw.percent(chance).then(|| {
        let all: BTreeSet<String> = PARAMETERS.iter().map(|p| (*p).to_owned()).collect();
        if draw.percent(60) { all } else { set(draw, PARAMETERS) }
    });
    facts.prices = prices(draw, chance);
    facts.max_output_tokens = draw.percent(seldom).then(|| draw.of(&[64_000, 8000, 64_000, 100, 0]));
    facts.zdr = flag(draw, seldom);
    facts.trains = flag(draw, seldom);
    facts.retains = flag(draw, seldom);
    facts.region = draw.percent(seldom).then(|| draw.text(REGIONS));
    facts.quantization = draw.percent(seldom).then(|| draw.text(QUANTIZATIONS));
    facts.tags = draw.percent(seldom).then(|| set(draw, TAGS));
    facts.joint_context = flag(draw, seldom / 2);
    facts.free = flag(draw, seldom / 3);
    facts.deprecated = flag(draw, seldom / 2);
    facts.sunset = draw.percent(seldom / 3).then(|| day(draw.of(&[23, 22, 30])));
    facts
}

fn flag(draw: &mut Draw<'_>, chance: u8) -> Option<bool> {
    draw.percent(chance).then(|| draw.percent(50))
}

fn set(draw: &mut Draw<'_>, of: &[&str]) -> BTreeSet<String> {
    draw.some(of, 0, of.len()).into_iter().map(str::to_owned).collect()
}

fn day(day: u8) -> Date {
    Date { year: 2026, month: 11, day }
}

fn money(draw: &mut Draw<'_>) -> Money {
    let text = draw.text(&[
        "0.000001",
        "0",
        "0.000003",
        "0.000015",
        "0.0001",
        "0.000002",
        "0.000005",
        "0.01",
        "0.00003",
        "0.0000001",
        "1",
        "0.000000000000000000000001",
        "99999999999999",
    ]);
    text.parse().unwrap_or_default()
}

/// Returns prices, those of tokens each with this chance in a hundred.
pub(super) fn prices(draw: &mut Draw<'_>, chance: u8) -> PriceList {
    let mut prices = PriceList::default();
    let seldom = chance / 4;
    prices.prompt = draw.percent(chance).then(|| money(draw));
    prices.completion = draw.percent(chance).then(|| money(draw));
    prices.request = draw.percent(seldom).then(|| money(draw));
    prices.image = draw.percent(chance / 2).then(|| money(draw));
    prices.cache_read = draw.percent(seldom).then(|| money(draw));
    prices.cache_write = draw.percent(seldom).then(|| money(draw));
    prices.reasoning = draw.percent(seldom).then(|| money(draw));
    for tool in TOOLS {
        if draw.percent(chance / 2) {
            prices.tools.insert((*tool).to_owned(), tool_price(draw));
        }
    }
    if draw.percent(seldom) {
        prices.overrides = Some((0..draw.of(&[1, 2, 3, 0])).map(|_| over(draw)).collect());
    }
    prices
}

fn tool_price(draw: &mut Draw<'_>) -> ToolPrice {
    let per_call = money(draw);
    ToolPrice::new(per_call, draw.percent(30).then(|| money(draw)))
}

fn over(draw: &mut Draw<'_>) -> Override {
    let mut over = Override::default();
    let hour = |n: u32| TimeOfDay(n * 3_600_000);
    match draw.below(4) {
        0 => over.above_input_tokens = Some(draw.of(&[1000, 0, 1200])),
        1 => over.from_input_tokens = Some(draw.of(&[1000, 0, 1200])),
        _ => over.utc = Some(draw.of(&[(hour(9), hour(11)), (hour(16), hour(2)), (hour(10), hour(23))])),
    }
    let all = draw.below(3) == 0;
    over.prompt = (all || draw.percent(50)).then(|| money(draw));
    over.completion = (all || draw.percent(40)).then(|| money(draw));
    over.request = draw.percent(15).then(|| money(draw));
    over.image = draw.percent(15).then(|| money(draw));
    over.cache_read = draw.percent(15).then(|| money(draw));
    over.cache_write = draw.percent(15).then(|| money(draw));
    over.reasoning = draw.percent(15).then(|| money(draw));
    if draw.percent(25) {
        over.tools.insert(draw.text(TOOLS), tool_price(draw));
    }
    over
}
