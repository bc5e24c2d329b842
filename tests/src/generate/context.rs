//! Contexts.

use faregate::syntax::ast::LimitKind;
use faregate::{
    BudgetRow, CatalogLayer, Context, Counted, CredentialState, EndpointFacts, Health, OwnCredential, Ratio,
    Request, Timestamp,
};

use super::catalog::{prices, row_id};
use super::request::attributes;
use super::words::{ENVIRONMENTS, MODELS, PROVIDERS, TAGS, TEAMS};
use super::{BudgetShape, Scope};
use crate::Draw;

/// Returns a context that speaks of the endpoints of a catalog and the budgets of a policy; many facts are absent.
pub fn context(draw: &mut Draw<'_>, scope: &Scope, layers: &[CatalogLayer], request: &Request) -> Context {
    let now = draw.text(&[
        "2026-11-23T10:00:00Z",
        "2026-11-23T16:30:30Z",
        "2026-11-22T23:59:59.999Z",
        "2026-12-31T08:00:00Z",
        "2026-10-25T01:30:00Z",
    ]);
    let now: Timestamp = now.parse().expect("an instant");
    let mut context = Context::new(now);
    let known = if scope.wild { 50 } else { 90 };
    let key = &mut context.key;
    key.id = draw.percent(known).then(|| draw.text(&["k-1", "k-2"]));
    key.environment = draw.percent(known).then(|| draw.text(ENVIRONMENTS));
    key.team = draw.percent(known).then(|| draw.text(TEAMS));
    key.project = draw.percent(known).then(|| draw.text(TEAMS));
    key.account = draw.percent(known).then(|| draw.text(TEAMS));
    key.user = draw.percent(known).then(|| draw.text(TEAMS));
    key.tags = draw.percent(known).then(|| draw.some(TAGS, 0, 2).into_iter().map(str::to_owned).collect());
    key.credits =
        draw.percent(20).then(|| draw.text(&["182.40", "5000", "0.001", "0", "-1"]).parse().expect("money"));
    key.attributes = attributes(draw, scope, "key");
    for n in 0..draw.of(&[0, 0, 1, 2, 3]) {
        context.credentials.push(credential(&mut draw.part(32), n));
    }
    if draw.percent(10) {
        context.shared_except = draw.some(PROVIDERS, 1, 2).into_iter().map(str::to_owned).collect();
    }
    for row in layers.iter().flat_map(|layer| &layer.endpoints) {
        let mut part = draw.part(16);
        if part.percent(known) {
            context.endpoints.insert(row_id(row), facts(&mut part, now));
        }
    }
    for provider in draw.some(PROVIDERS, 0, 2) {
        context.endpoints.insert(provider.to_owned(), facts(&mut draw.part(16), now));
    }
    if draw.percent(if scope.wild { 75 } else { 93 }) {
        let mut rows = Vec::new();
        for shape in &scope.budgets {
            budget_rows(&mut draw.part(48), shape, request, &context, &mut rows);
        }
        if draw.percent(10) {
            rows.push(BudgetRow::new("gone", Vec::new(), Counted::Requests(1)));
        }
        context.budgets = Some(rows);
    }
    context
}

fn credential(draw: &mut Draw<'_>, number: usize) -> OwnCredential {
    let mut own = OwnCredential::new(format!("own-{number}"), draw.text(PROVIDERS));
    own.priority = draw.of(&[0, 1, -1]);
    own.fallback = draw.percent(25);
    own.models = draw.percent(30).then(|| {
        let names = [MODELS[0], "acme/*", "small", "gone/*"];
        draw.some(&names, 0, 2).into_iter().map(str::to_owned).collect()
    });
    own.keys =
        draw.percent(30).then(|| draw.some(&["k-1", "k-2"], 0, 2).into_iter().map(str::to_owned).collect());
    if draw.percent(20) {
        own.state =
            draw.of(&[CredentialState::Exhausted, CredentialState::Invalid, CredentialState::Disabled]);
    }
    own.prices = draw.percent(20).then(|| prices(draw, 40));
    if draw.percent(25) {
        own.fee = Ratio(draw.text(&["0.05", "1", "0.000000000000000000000001"]).parse().expect("a share"));
    }
    own
}

fn facts(draw: &mut Draw<'_>, now: Timestamp) -> EndpointFacts {
    let mut facts = EndpointFacts::default();
    facts.health =
        draw.percent(35).then(|| draw.of(&[Health::Up, Health::Degraded, Health::Up, Health::Down]));
    facts.cooling_until =
        draw.percent(25).then(|| Timestamp(now.0 + draw.of(&[20_000, -1000, 0, 86_400_000])));
    facts.uptime = draw.percent(50).then(|| share(draw));
    facts.error_rate = draw.percent(30).then(|| share(draw));
    for at in 0..4 {
        facts.latency_ms[at] = draw.percent(40).then(|| draw.of(&[900, 0, 2000, 60_000]));
        facts.throughput[at] =
            draw.percent(40).then(|| draw.text(&["50", "0", "12.5", "1000"]).parse().expect("a number"));
    }
    facts
}

fn share(draw: &mut Draw<'_>) -> Ratio {
    Ratio(draw.text(&["0.99", "0.5", "1", "0", "0.995"]).parse().expect("a share"))
}

/// Adds rows of a budget: mostly of the counter that the request meets, in the present window.
fn budget_rows(
    draw: &mut Draw<'_>,
    shape: &BudgetShape,
    request: &Request,
    context: &Context,
    rows: &mut Vec<BudgetRow>,
) {
    for (kind, window) in &shape.limits {
        if !draw.percent(65) {
            continue;
        }
        let per = shape.per.iter().map(|attribute| per_value(draw, attribute, request, context)).collect();
        let count = draw.of(&[1, 0, 49, 7, 100, 1_000_000]);
        let dollars = draw.text(&["0.5", "0", "0.009", "1999", "999", "5000"]);
        let counted = match *kind {
            "spend" => Counted::Spend(dollars.parse().expect("money")),
            "requests" => Counted::Requests(count),
            "tokens" => Counted::Tokens(count),
            _ => Counted::Concurrency(count),
        };
        let mut row = BudgetRow::new(shape.name.clone(), per, counted);
        let several = shape.limits.iter().filter(|(k, _)| k == kind).count() > 1;
        if several || draw.percent(50) {
            row.window = window.map(str::to_owned);
        }
        if window.is_some_and(|w| w != "total") {
            // Now lies in every window that holds it; older starts lie in few; one after now makes no sense.
            let ago =
                if draw.percent(3) { -1 } else { draw.of(&[0, 0, 0, 30_000, 3_600_000, 40 * 86_400_000]) };
            row.window_start = Some(Timestamp(context.now.0 - ago));
        }
        if draw.percent(20) {
            row.reserved = Some(match counted.kind() {
                LimitKind::Spend => Counted::Spend("0.25".parse().expect("money")),
                LimitKind::Requests => Counted::Requests(1),
                LimitKind::Tokens => Counted::Tokens(1),
                LimitKind::Concurrency => Counted::Concurrency(1),
            });
        }
        rows.push(row);
    }
}

fn per_value(draw: &mut Draw<'_>, attribute: &str, request: &Request, context: &Context) -> String {
    let known = match attribute {
        "key.team" => context.key.team.clone(),
        "key.environment" => context.key.environment.clone(),
        "request.user" => request.user.clone(),
        "request.stream" => Some(request.stream.to_string()),
        "request.input_tokens" => Some(request.input_tokens.to_string()),
        "endpoint.provider" => Some(draw.text(PROVIDERS)),
        "endpoint.model" => Some(draw.text(MODELS)),
        "endpoint.credential" => Some(draw.text(&["shared", "own-0"])),
        "time.weekday" => Some(draw.text(&["mon", "sun", "thu"])),
        _ => Some(draw.text(&["free", "pro"])),
    };
    match known {
        Some(value) if !draw.percent(10) => value,
        _ => "other".to_owned(),
    }
}
