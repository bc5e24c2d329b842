//! JSON through `serde_json`.

use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer};
use serde_json::value::RawValue;

use crate::read::{Budget, Numbers, RawNumber, Shape, place};
use crate::{Error, Issue, Node};

/// Reads all values of a text, one after the other; numbers have their source text.
pub(crate) fn read(text: &str) -> Result<Vec<Node>, Error> {
    let mut budget = Budget::for_text(text);
    let mut documents = Vec::new();
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    while let Some(value) = values.next() {
        let value = value.map_err(|error| explain(&error, (1, 1)))?.get();
        let start = values.byte_offset().saturating_sub(value.len());
        documents.push(read_value(value, &mut budget).map_err(|error| match budget.passed.take() {
            Some(limit) => Error::at("", limit),
            None => explain(&error, place(text, start)),
        })?);
    }
    Ok(documents)
}

fn read_value(value: &str, budget: &mut Budget) -> serde_json::Result<Node> {
    let mut node = Shape { budget, depth: 0 }.deserialize(&mut serde_json::Deserializer::from_str(value))?;
    Numbers::<Raw> { node: &mut node, how: PhantomData }
        .deserialize(&mut serde_json::Deserializer::from_str(value))?;
    Ok(node)
}

struct Raw;

impl RawNumber for Raw {
    fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        <Box<RawValue>>::deserialize(deserializer).map(|raw| raw.get().to_owned())
    }
}

/// Tells of a fault in a value that begins at a line and column.
fn explain(error: &serde_json::Error, (first_line, first_column): (usize, usize)) -> Error {
    let text = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    let message = text.strip_suffix(&suffix).unwrap_or(&text);
    let line = error.line().saturating_add(first_line).saturating_sub(1);
    let column = match error.line() {
        0 | 1 => error.column().saturating_add(first_column).saturating_sub(1),
        _ => error.column(),
    };
    Error::one(Issue::placed(line, column, message))
}
