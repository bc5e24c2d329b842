//! Conditions.

use super::words::{ATTRIBUTES, PAIRS, STATEMENT_WORDS, ZONES};
use super::{Kind, Scope, Vocabulary};
use crate::Draw;

/// Where a condition stands, which decides what it can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Request, key and time.
    Early,
    /// Those and the endpoint.
    Endpoint,
    /// Those and the attempt, without the endpoint's cost.
    Move,
}

/// Writes a condition.
pub fn expr(draw: &mut Draw<'_>, scope: &Scope, place: Place) -> String {
    any(draw, scope, place, 2)
}

fn any(draw: &mut Draw<'_>, scope: &Scope, place: Place, depth: usize) -> String {
    let composite = depth > 0 && draw.percent(30);
    if !composite {
        return leaf(draw, scope, place);
    }
    let part = |draw: &mut Draw<'_>| any(draw, scope, place, depth - 1);
    match draw.below(5) {
        0 => format!("{} and {}", closed(part(draw)), closed(part(draw))),
        1 => format!("{} or {}", closed(part(draw)), closed(part(draw))),
        2 => format!("not {}", closed(part(draw))),
        3 => format!("({})", part(draw)),
        // Mixed without parentheses: a warning, and a tree of its own.
        _ => format!(
            "{} or {} and {}",
            leaf(draw, scope, place),
            leaf(draw, scope, place),
            leaf(draw, scope, place)
        ),
    }
}

/// Puts parentheses around a condition of several parts.
fn closed(expr: String) -> String {
    if [" and ", " or "].iter().any(|word| expr.contains(word)) { format!("({expr})") } else { expr }
}

fn leaf(draw: &mut Draw<'_>, scope: &Scope, place: Place) -> String {
    if draw.percent(3) {
        return draw.text(&["true", "false"]);
    }
    if place != Place::Early && draw.percent(10) {
        return draw.text(PAIRS);
    }
    let attributes: Vec<(String, Kind)> = attributes(scope, place);
    let of_attempt = attributes.len() - 4;
    let (name, kind) = match scope.declared.is_empty() || !draw.percent(25) {
        true if place == Place::Move && draw.percent(40) => attributes[of_attempt + draw.below(4)].clone(),
        true => attributes[usize::from(draw.byte()) % attributes.len()].clone(),
        false => {
            let declared = draw.of(&scope.declared);
            (format!("{}.{}", declared.subject, declared.name), declared.kind)
        }
    };
    if draw.percent(6) {
        return format!("present({name})");
    }
    compared(draw, scope, &name, kind)
}

/// Returns what can be read in a place; a declared attribute takes the place of a built-in one.
fn attributes(scope: &Scope, place: Place) -> Vec<(String, Kind)> {
    let declared: Vec<(String, Kind)> =
        scope.declared.iter().map(|d| (format!("{}.{}", d.subject, d.name), d.kind)).collect();
    let built_in = ATTRIBUTES.iter().filter(|(name, _)| {
        let readable = match place {
            Place::Early => !name.starts_with("endpoint.") && !name.starts_with("attempt."),
            Place::Endpoint => !name.starts_with("attempt."),
            Place::Move => *name != "endpoint.cost",
        };
        readable && !declared.iter().any(|(d, _)| d == name)
    });
    built_in.map(|(name, kind)| ((*name).to_owned(), *kind)).collect()
}

fn compared(draw: &mut Draw<'_>, scope: &Scope, name: &str, kind: Kind) -> String {
    let local = matches!(name, "time.hour" | "time.weekday" | "time.date");
    let zone =
        if local && draw.percent(50) { format!(" in \"{}\"", draw.text(ZONES)) } else { String::new() };
    match kind {
        Kind::Bool => match draw.below(6) {
            0..=2 => name.to_owned(),
            3 => format!("{name} == true"),
            4 => format!("{name} != false"),
            _ => format!("true == {name}"),
        },
        Kind::Text(vocabulary, values) => match draw.below(8) {
            0..=2 => format!("{name} == {}{zone}", value(draw, vocabulary, values)),
            3 => format!("{name} != {}{zone}", value(draw, vocabulary, values)),
            4 | 5 => format!("{name} in {}{zone}", members(draw, scope, vocabulary, values)),
            6 => format!("{name} matches \"{}\"", draw.text(&["*", "a*", "*e*", "*/chat", "p*n", ""])),
            _ if zone.is_empty() => format!("{} == {name}", value(draw, vocabulary, values)),
            _ => format!("{name} == {}{zone}", value(draw, vocabulary, values)),
        },
        Kind::Set(vocabulary, values) => match draw.below(3) {
            0 => format!("{name} includes {}", value(draw, vocabulary, values)),
            1 => format!("{name} includes any of {}", list(draw, vocabulary, values)),
            _ => format!("{name} includes all of {}", list(draw, vocabulary, values)),
        },
        ordered => match draw.below(8) {
            0..=3 => format!("{name} {} {}{zone}", operator(draw), literal(draw, ordered)),
            4 | 5 => {
                format!("{name} between {} and {}{zone}", literal(draw, ordered), literal(draw, ordered))
            }
            6 => format!("{name} in {}, {}{zone}", literal(draw, ordered), literal(draw, ordered)),
            _ => format!("{} {} {name}", literal(draw, ordered), operator(draw)),
        },
    }
}

fn operator(draw: &mut Draw<'_>) -> String {
    draw.text(&["<=", ">=", "<", ">", "==", "!="])
}

/// Writes a value of a text, bare where that is possible.
pub(super) fn value(draw: &mut Draw<'_>, vocabulary: Vocabulary, values: &[&str]) -> String {
    let value = draw.text(values);
    let word = value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !STATEMENT_WORDS.contains(&value.as_str());
    if vocabulary == Vocabulary::Words && word && !draw.percent(15) { value } else { format!("\"{value}\"") }
}

fn list(draw: &mut Draw<'_>, vocabulary: Vocabulary, values: &[&str]) -> String {
    let count = 1 + draw.below(3);
    (0..count).map(|_| value(draw, vocabulary, values)).collect::<Vec<_>>().join(", ")
}

fn members(draw: &mut Draw<'_>, scope: &Scope, vocabulary: Vocabulary, values: &[&str]) -> String {
    let groups = match vocabulary {
        Vocabulary::Models => &scope.model_groups,
        Vocabulary::Providers => &scope.provider_groups,
        _ => return list(draw, vocabulary, values),
    };
    if groups.is_empty() || draw.percent(40) {
        return list(draw, vocabulary, values);
    }
    let group = draw.of(groups);
    if draw.percent(30) { format!("{group}, {}", list(draw, vocabulary, values)) } else { group }
}

/// Writes a literal of a kind.
pub(super) fn literal(draw: &mut Draw<'_>, kind: Kind) -> String {
    let choices: &[&str] = match kind {
        Kind::Rate => &["50", "0", "1k", "12"],
        Kind::Count => &["1000", "0", "1", "100", "1.5k", "200_000", "32k", "1M", "9_007_199_254_740_991"],
        Kind::Money => &["$1", "$0", "$0.01", "$0.25", "$2_000", "$0.000000000000000000000001"],
        Kind::Mtok => &["$5 per Mtok", "$20 per Mtok", "$1 per Mtok", "$1_000 per Mtok", "$0 per Mtok"],
        Kind::Image => &["$0.01 per image", "$1 per image", "$0 per image"],
        Kind::Call => &["$0.01 per call", "$1 per call", "$0 per call"],
        Kind::Duration => &["2s", "0s", "250ms", "1m", "1h", "7d", "1.5s"],
        Kind::Ratio => &["99%", "0%", "50%", "99.5%", "100%"],
        Kind::Date => &["2026-11-23", "2026-11-22", "2026-12-31", "2028-02-29"],
        Kind::Instant => &["2026-11-23T10:00:00Z", "2026-11-23T18:00:00.250Z", "2026-12-31T00:00:00Z"],
        Kind::Time => &["09:00", "18:00", "16:30:30", "00:00"],
        Kind::Text(..) | Kind::Set(..) | Kind::Bool => &["true"],
    };
    draw.text(choices)
}
