//! YAML through `serde_yaml`, which no other module knows.
//!
//! What is needed of it: kinds of values (`deserialize_any`), the source text of a plain scalar
//! (`deserialize_str`), documents one after the other, line and column of faults. `serde_yaml` resolves scalars as
//! YAML 1.2 does: `yes` and `on` are texts, as are dates, instants and times of day; `0o7`, `0x1F` and `.inf` are
//! numbers.

use std::collections::HashSet;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer};

use crate::read::{self, Budget, Numbers, RawNumber, Shape};
use crate::{Error, Issue, Node};

/// The deepest nesting of `[` and `{`. The scanner takes time that grows with the square of it, and builds all
/// of a document before we see its depth. Brackets inside texts count too, until they close.
const MAX_OPEN_BRACKETS: usize = 10_000;

/// Reads all documents; numbers have their source text.
pub(crate) fn read(text: &str) -> Result<Vec<Node>, Error> {
    refuse_what_hurts_the_scanner(text)?;
    let mut budget = Budget::for_text(text);
    let mut documents = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let shape = Shape { budget: &mut budget, depth: 0 }.deserialize(document);
        documents.push(shape.map_err(|error| explain(&error, budget.passed.take()))?);
    }
    for (node, document) in documents.iter_mut().zip(serde_yaml::Deserializer::from_str(text)) {
        Numbers::<Raw> { node, how: PhantomData }
            .deserialize(document)
            .map_err(|error| explain(&error, None))?;
    }
    documents.retain(|node| *node != Node::Null);
    Ok(documents)
}

struct Raw;

impl RawNumber for Raw {
    fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        String::deserialize(deserializer)
    }
}

fn explain(error: &serde_yaml::Error, passed: Option<String>) -> Error {
    if let Some(limit) = passed {
        return Error::at("", limit);
    }
    let text = error.to_string();
    // It counts the aliases that it follows, and so may see first what the budget is for.
    if text.contains("repetition limit exceeded") {
        return Error::at("", read::TOO_MANY_ALIASES);
    }
    let Some(place) = error.location() else {
        return Error::one(Issue::placed(1, 1, text));
    };
    let (line, column) = (place.line(), place.column());
    Error::one(Issue::placed(line, column, text.replace(&format!(" at line {line} column {column}"), "")))
}

fn refuse_what_hurts_the_scanner(text: &str) -> Result<(), Error> {
    let mut open: usize = 0;
    for b in text.bytes() {
        match b {
            b'[' | b'{' => open = open.saturating_add(1),
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        if open > MAX_OPEN_BRACKETS {
            return Err(Error::at("", format!("more than {MAX_OPEN_BRACKETS} open brackets")));
        }
    }
    match anchor_twice(text) {
        Some(name) => {
            Err(Error::at("", format!("the anchor `&{name}` stands twice; give each its own name")))
        }
        None => Ok(()),
    }
}

/// Finds an anchor that is set twice in a text that uses aliases. After such an anchor `serde_yaml` 0.9 takes
/// aliases for values of other anchors. The look is at the text alone, so it may also find one inside a string.
fn anchor_twice(text: &str) -> Option<&str> {
    if !text.contains('*') {
        return None;
    }
    let mut seen = HashSet::new();
    let mut before = b' ';
    for (at, b) in text.bytes().enumerate() {
        let begins =
            before.is_ascii_whitespace() || matches!(before, b'[' | b'{' | b',' | b':' | b'-' | b'?');
        before = b;
        if b != b'&' || !begins {
            continue;
        }
        let rest = text.get(at.saturating_add(1)..).unwrap_or_default();
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}' | '&'));
        let name = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        if !name.is_empty() && !seen.insert(name) {
            return Some(name);
        }
    }
    None
}
