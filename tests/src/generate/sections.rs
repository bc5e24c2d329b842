//! The sections of workloads and profiles, a statement a line.

use super::expr::{Place, expr, literal, value};
use super::words::{CLASSES, MODEL_NAMES, MOVES_ONLY, PARAMETERS, PROVIDERS, TOOLS};
use super::{Kind, Scope, Vocabulary};
use crate::Draw;

/// A section: its word and its statements.
pub(super) type Section = (&'static str, Vec<String>);

/// Writes a `require` or a `forbid`.
pub fn rule_line(draw: &mut Draw<'_>, scope: &Scope) -> String {
    if !scope.wild && !draw.percent(35) {
        return draw.text(EASY);
    }
    format!("{} {}", draw.text(&["require", "forbid"]), expr(draw, scope, Place::Endpoint))
}

/// Rules that most endpoints pass.
const EASY: &[&str] = &[
    "require endpoint.price_prompt <= $20 per Mtok",
    "forbid endpoint.deprecated",
    "require endpoint.provider in \"north\", \"south\", \"east\"",
    "require endpoint.context_length >= 1k",
    "require not endpoint.cooling_down",
    "require endpoint.supports includes all of request.parameters",
    "forbid endpoint.health == down",
    "require endpoint.zdr or not endpoint.free",
    "forbid endpoint.trains and request.data includes \"pii\"",
    "require endpoint.cost <= $2_000",
];

/// Writes a ceiling.
pub fn ceiling_line(draw: &mut Draw<'_>, scope: &Scope) -> String {
    let (name, amount) = match draw.below(16) {
        0 => ("run", draw.text(&["$1", "$0.10", "$0.01", "$0.005", "$2_000"])),
        1 => ("attempt", draw.text(&["$1", "$0.25", "$2_000", "$5_000"])),
        2 => ("prompt", literal(draw, Kind::Mtok)),
        3 => ("completion", literal(draw, Kind::Mtok)),
        4 => ("output", draw.text(&["2k", "100", "0", "1M"])),
        5 => ("cache_read", literal(draw, Kind::Mtok)),
        6 => ("cache_write", literal(draw, Kind::Mtok)),
        7 => ("reasoning", literal(draw, Kind::Mtok)),
        8 => ("request_fee", literal(draw, Kind::Call)),
        9 => ("image", literal(draw, Kind::Image)),
        10 | 13 => ("web_search", literal(draw, Kind::Call)),
        11 | 14 => ("tool code_execution", literal(draw, Kind::Call)),
        _ => ("tool \"acme:lookup\"", literal(draw, Kind::Call)),
    };
    let place = if name == "run" { Place::Early } else { Place::Endpoint };
    format!("{name} {amount}{}", when(draw, scope, place, 45))
}

fn when(draw: &mut Draw<'_>, scope: &Scope, place: Place, chance: u8) -> String {
    if draw.percent(chance) { format!(" when {}", expr(draw, scope, place)) } else { String::new() }
}

/// Writes a route. Without models it only adds rules, as a profile's may.
pub(super) fn route(draw: &mut Draw<'_>, scope: &Scope, models: bool) -> Section {
    let mut lines = Vec::new();
    if models {
        lines.push(format!("models {}", tiers(draw, scope)));
    }
    let rules = if !models { 1 } else { draw.of(if scope.wild { &[0, 0, 1, 2] } else { &[0, 0, 0, 1] }) };
    for _ in 0..rules {
        lines.push(rule_line(draw, scope));
    }
    if !models {
        return ("route", lines);
    }
    for _ in 0..draw.of(&[0, 0, 1, 2]) {
        lines.push(format!("prefer {}", expr(draw, scope, Place::Endpoint)));
    }
    match draw.below(5) {
        0 | 1 => {}
        2 => {
            let keys = [
                "price",
                "latency",
                "latency_p75",
                "latency_p90",
                "latency_p99",
                "throughput",
                "throughput_p90",
                "uptime",
            ];
            lines.push(format!("order by {}", draw.some(&keys, 1, 3).join(", ")));
        }
        3 => lines.push(format!("balance by price{}", sticky(draw))),
        _ => {
            let shares = draw.text(&[
                "\"north\" 70%, \"south\" 30%",
                "\"east\" 100%",
                "\"north\" 0%, \"east\" 50%, \"south\" 50%",
                "\"north\" 33.3%, \"gone\" 33%",
            ]);
            lines.push(format!("balance {shares}{}", sticky(draw)));
        }
    }
    let modes = ["own then shared", "shared then own", "shared only", "own only"];
    if draw.percent(35) {
        let last = if scope.wild { 4 } else { 3 };
        lines.push(format!("credentials {}", draw.text(&modes[..last])));
    }
    if draw.percent(12) {
        let providers: Vec<String> =
            draw.some(PROVIDERS, 1, 2).into_iter().map(|p| format!("\"{p}\"")).collect();
        lines.push(format!("credentials {} for {}", draw.text(&modes), providers.join(", ")));
    }
    if draw.percent(30) {
        let names: Vec<String> = draw
            .some(PARAMETERS, 1, 3)
            .into_iter()
            .map(|name| value(draw, Vocabulary::Words, &[name]))
            .collect();
        lines.push(format!("tolerate {}", names.join(", ")));
    }
    ("route", lines)
}

fn sticky(draw: &mut Draw<'_>) -> String {
    draw.text(&["", " sticky by request.session", " sticky by key.team"])
}

fn tiers(draw: &mut Draw<'_>, scope: &Scope) -> String {
    let count = draw.of(&[1, 1, 2, 3]);
    let mut tiers: Vec<String> = (0..count).map(|_| tier(draw, scope)).collect();
    if !scope.wild && draw.percent(65) {
        tiers.push("\"*\"".to_owned());
    }
    tiers.join(" then ")
}

fn tier(draw: &mut Draw<'_>, scope: &Scope) -> String {
    match draw.below(6) {
        0 | 5 => "\"*\"".to_owned(),
        1 if draw.percent(50) => "requested".to_owned(),
        1 => format!("requested within {}", entry(draw, scope)),
        _ => (0..1 + draw.below(3)).map(|_| entry(draw, scope)).collect::<Vec<_>>().join(", "),
    }
}

fn entry(draw: &mut Draw<'_>, scope: &Scope) -> String {
    if !scope.model_groups.is_empty() && draw.percent(35) {
        return draw.of(&scope.model_groups);
    }
    format!("\"{}\"", draw.text(MODEL_NAMES))
}

pub(super) fn ceiling(draw: &mut Draw<'_>, scope: &Scope) -> Section {
    (
        "ceiling",
        (0..1 + draw.below(if scope.wild { 3 } else { 2 })).map(|_| ceiling_line(draw, scope)).collect(),
    )
}

pub(super) fn fallback(draw: &mut Draw<'_>, scope: &Scope) -> Section {
    let mut lines = Vec::new();
    // In a tame world most errors lead somewhere, so that plans are long.
    let (least, most) = if scope.wild { (1, 4) } else { (3, 8) };
    for n in 0..1 + draw.below(4) {
        let kinds = ["model", "provider", "credential"];
        let kind = if scope.wild || n > 2 { draw.text(&kinds) } else { kinds[n].to_owned() };
        let mut classes = draw.some(CLASSES, least, most);
        let more: Vec<&str> =
            MOVES_ONLY.iter().filter(|(_, kinds)| kinds.contains(&kind.as_str())).map(|(c, _)| *c).collect();
        classes.extend(draw.some(&more, 0, 2));
        let when = when(draw, scope, Place::Move, 20);
        lines.push(format!("other {kind} on {}{when}", classes.join(", ")));
    }
    if draw.percent(if scope.wild { 35 } else { 12 }) {
        lines.push(format!("require {}", expr(draw, scope, Place::Endpoint)));
    }
    if draw.percent(45) {
        lines.push(draw.text(&["at most 1 move", "at most 3 moves", "at most 0 moves", "at most 1 move"]));
    }
    if draw.percent(if scope.wild { 25 } else { 10 }) {
        lines.push(format!("price at most {} of first", draw.text(&["150%", "100%", "1000%"])));
    }
    ("fallback", lines)
}

pub(super) fn retry(draw: &mut Draw<'_>, scope: &Scope) -> Section {
    let mut lines = Vec::new();
    let mut left: Vec<&str> = CLASSES.to_vec();
    for _ in 0..draw.of(&[1, 2, 0, 3]) {
        let classes = draw.some(&left, 1, 3);
        if classes.is_empty() {
            break;
        }
        let times = draw.text(&["1 time", "2 times", "3 times", "0 times"]);
        let when = when(draw, scope, Place::Move, 25);
        if when.is_empty() {
            // Nothing after a rule without `when` can take its classes.
            left.retain(|class| !classes.contains(class));
        }
        lines.push(format!("on {} {times}{}{when}", classes.join(", "), wait(draw)));
    }
    for (chance, statement) in [
        (45, draw.text(&["at most 2 calls", "at most 1 call", "at most 6 calls", "at most 3 calls"])),
        (30, draw.text(&["timeout 30s", "timeout 1m"])),
        (20, "first_token 5s".to_owned()),
        (20, "stall 10s".to_owned()),
        (35, draw.text(&["deadline 45s", "deadline 1h", "deadline 7d", "deadline 0s"])),
    ] {
        if draw.percent(chance) {
            lines.push(statement);
        }
    }
    ("retry", lines)
}

fn wait(draw: &mut Draw<'_>) -> String {
    draw.text(&[
        "",
        " wait 1s",
        " wait 2s jitter equal",
        " wait exponential from 500ms to 20s",
        " wait exponential from 1s to 1s jitter full",
        " wait exponential from 1s to 9s jitter none",
        " wait retry_after",
        " wait retry_after up to 30s",
        " wait retry_after up to 30s else 1s",
        " wait retry_after else exponential from 1s to 1m jitter equal",
    ])
}

pub(super) fn health(draw: &mut Draw<'_>) -> Section {
    let mut lines = Vec::new();
    if draw.percent(70) {
        let failures = draw.text(&["3 failures", "1 failure"]);
        let classes = draw.some(CLASSES, 1, 3).join(", ");
        lines.push(format!("cool {} after {failures} within 30s on {classes}", draw.text(&["60s", "5m"])));
    }
    if draw.percent(50) {
        lines.push("cool retry_after on rate_limit".to_owned());
    }
    if draw.percent(50) {
        lines.push(draw.text(&["probe 1 request", "probe 2 requests"]));
    }
    ("health", lines)
}

pub(super) fn stream(draw: &mut Draw<'_>) -> Section {
    let mut lines = Vec::new();
    if draw.percent(70) {
        lines.push(draw.text(&["commit at first_token", "commit at end"]));
    }
    if draw.percent(70) {
        lines.push(draw.text(&["partial mark_incomplete", "partial discard"]));
    }
    ("stream", lines)
}

pub(super) fn tools(draw: &mut Draw<'_>) -> Section {
    let mut lines = Vec::new();
    for tool in draw.some(TOOLS, 1, 3) {
        let name =
            if tool.contains(':') || draw.percent(10) { format!("\"{tool}\"") } else { tool.to_owned() };
        let calls = draw.text(&["3 calls", "1 call", "0 calls"]);
        lines.push(format!("{name} {calls}{}", draw.text(&[", 5 results", "", ", 1 result"])));
    }
    if draw.percent(40) {
        lines.push("iterations 8".to_owned());
    }
    ("tools", lines)
}
