//! Requests.

use std::collections::{BTreeMap, BTreeSet};

use faregate::{AttributeValue, Request};

use super::words::{
    ASKED, DATA, MODALITIES, PARAMETERS, PRIORITIES, PROVIDERS, REGIONS, TAGS, TEAMS, TOOLS, WORKLOADS,
};
use super::{Kind, Scope};
use crate::Draw;

/// Returns a request, most of its facts absent.
pub fn request(draw: &mut Draw<'_>, scope: &Scope) -> Request {
    let id = format!("r-{}", draw.below(8));
    let sizes = [1000, 1, 1200, 1001, 500, 999, 0, 200_000, 9_007_199_254_740_991];
    let sizes = if scope.wild { &sizes[..] } else { &sizes[..6] };
    let mut request = Request::new(id, draw.of(sizes));
    // In a tame world most is known.
    let known = if scope.wild { 40 } else { 85 };
    request.workload = draw.percent(known.max(75)).then(|| draw.text(WORKLOADS));
    request.model = draw.percent(known).then(|| draw.text(ASKED));
    request.models = some(draw, 40, ASKED).into_iter().collect();
    request.max_output_tokens = draw.percent(if scope.wild { 60 } else { 90 }).then(|| {
        let sizes = [800, 100, 2000, 300, 0, 9_007_199_254_740_991];
        draw.of(if scope.wild { &sizes[..] } else { &sizes[..4] })
    });
    request.expected_output_tokens = draw.percent(30).then(|| draw.of(&[300, 0, 5000]));
    request.cached_input_tokens = if draw.percent(20) { draw.of(&[500, 5000]) } else { 0 };
    request.caching = draw.percent(15);
    request.images = if draw.percent(25) { draw.of(&[1, 3]) } else { 0 };
    request.stream = draw.percent(30);
    request.idempotent = draw.percent(30);
    request.side_effects = draw.percent(20);
    request.parameters = some(draw, 30, PARAMETERS);
    if draw.percent(12) {
        request.modalities = draw.some(MODALITIES, 0, 3).into_iter().map(str::to_owned).collect();
    }
    request.tools = some(draw, if scope.wild { 30 } else { 25 }, TOOLS);
    request.data = draw.percent(known).then(|| some(draw, 60, DATA));
    request.tags = some(draw, 30, TAGS);
    request.user = draw.percent(known).then(|| draw.text(TEAMS));
    request.session = draw.percent(known).then(|| draw.text(TEAMS));
    request.region = draw.percent(known).then(|| draw.text(REGIONS));
    request.priority = draw.percent(known).then(|| draw.text(PRIORITIES));
    request.only = draw.percent(5).then(|| some(draw, 90, PROVIDERS));
    request.ignore = draw.percent(5).then(|| some(draw, 90, PROVIDERS));
    if draw.percent(10) {
        request.max_price = max_price(draw);
    }
    request.attributes = attributes(draw, scope, "request");
    if draw.percent(2) {
        request.attributes.insert("teir".to_owned(), AttributeValue::Text("free".to_owned()));
    }
    request
}

fn some(draw: &mut Draw<'_>, chance: u8, of: &[&str]) -> BTreeSet<String> {
    if !draw.percent(chance) {
        return BTreeSet::new();
    }
    draw.some(of, 1, 3).into_iter().map(str::to_owned).collect()
}

fn max_price(draw: &mut Draw<'_>) -> BTreeMap<String, String> {
    let all = [
        ("run", "$1"),
        ("prompt", "$2 per Mtok"),
        ("completion", "$20 per Mtok"),
        ("attempt", "$0.10"),
        ("output", "1k"),
        ("request_fee", "$0 per call"),
        ("image", "$0.01 per image"),
        ("tool code_execution", "$1 per call"),
        ("web_search", "$0.01 per call"),
        ("cache_read", "$0.01 per Mtok"),
        ("pormpt", "$1"),
    ];
    // The last one is misspelt.
    let known = if draw.percent(5) { all.len() } else { all.len() - 1 };
    let chosen = draw.some(&all[..known], 1, 2);
    chosen.into_iter().map(|(name, amount)| (name.to_owned(), amount.to_owned())).collect()
}

/// Returns declared attributes beyond the built-in names; now and then one is outside its list, or of another type.
pub(super) fn attributes(
    draw: &mut Draw<'_>,
    scope: &Scope,
    subject: &str,
) -> BTreeMap<String, AttributeValue> {
    let mut attributes = BTreeMap::new();
    for declared in scope.declared.iter().filter(|d| d.subject == subject && !d.narrows) {
        if !draw.percent(if scope.wild { 55 } else { 90 }) {
            continue;
        }
        let value = match declared.kind {
            _ if draw.percent(2) => AttributeValue::Text("gold".to_owned()),
            Kind::Text(_, values) => AttributeValue::Text(draw.text(values)),
            Kind::Set(_, values) => {
                AttributeValue::List(draw.some(values, 0, 2).into_iter().map(str::to_owned).collect())
            }
            Kind::Bool => AttributeValue::Bool(draw.percent(50)),
            Kind::Count => AttributeValue::Number(draw.text(&["3", "1000", "0"])),
            Kind::Money => AttributeValue::Text(draw.text(&["1", "0.25", "2000"])),
            _ => AttributeValue::Text(draw.text(&["2s", "250ms", "1h"])),
        };
        attributes.insert(declared.name.to_owned(), value);
    }
    attributes
}
