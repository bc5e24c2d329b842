//! A request in few words, for a warning that shows one.

use faregate::syntax::Fixed;

use crate::prove::formula::{Arena, Key, Place, Unit};
use crate::prove::solve::{Given, Model};

/// Writes down what matters in a request as a condition that it meets: `request.workload == chat and request.input_tokens == 4`.
pub(super) fn shown(arena: &Arena, model: &Model) -> String {
    let facts: Vec<String> = model.given.iter().filter_map(|(key, given)| fact(arena, *key, given)).collect();
    if facts.is_empty() { "every request".to_owned() } else { format!("`{}`", facts.join(" and ")) }
}

fn fact(arena: &Arena, key: Key, given: &Given) -> Option<String> {
    let about = arena.about(key)?;
    let name = match &about.place {
        Place::Request(name) | Place::RequestAttribute(name) => format!("request.{name}"),
        Place::Key(name) | Place::KeyAttribute(name) => format!("key.{name}"),
        _ => return None,
    };
    Some(match given {
        Given::Absent => format!("not present({name})"),
        Given::Bool(true) => name,
        Given::Bool(false) => format!("not {name}"),
        Given::Text(text) => format!("{name} == {}", quoted(text)),
        Given::Number(n) => match about.unit {
            Unit::Fixed => format!("{name} == ${}", Fixed::from_units(*n)),
            Unit::Milliseconds => format!("{name} == {n}ms"),
            Unit::Count => format!("{name} == {n}"),
        },
        Given::Set(set) if set.is_empty() => format!("{name} without members"),
        Given::Set(set) => {
            let members: Vec<String> = set.iter().map(|m| quoted(m)).collect();
            format!("{name} includes all of {}", members.join(", "))
        }
    })
}

/// A word bare, any other text in quotes.
fn quoted(text: &str) -> String {
    let bare = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
    if bare && text.bytes().next().is_some_and(|b| b.is_ascii_lowercase()) {
        text.to_owned()
    } else {
        format!("\"{text}\"")
    }
}
