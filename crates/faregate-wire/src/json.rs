//! JSON through `serde_json`.

use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer};
use serde_json::value::RawValue;

use crate::read::{Budget, Numbers, RawNumber, Shape};
use crate::{Error, Issue, Node};

/// Reads all values of a text, one after the other; numbers have their source text.
pub(crate) fn read(text: &str) -> Result<Vec<Node>, Error> {
    let mut budget = Budget::for_text(text);
    let mut documents = Vec::new();
    let mut first = serde_json::Deserializer::from_str(text);
    let mut second = serde_json::Deserializer::from_str(text);
    while first.end().is_err() {
        let shape = Shape { budget: &mut budget, depth: 0 }.deserialize(&mut first);
        let mut node = shape.map_err(|error| explain(&error, budget.passed.take()))?;
        Numbers::<Raw> { node: &mut node, how: PhantomData }
            .deserialize(&mut second)
            .map_err(|error| explain(&error, None))?;
        documents.push(node);
    }
    Ok(documents)
}

struct Raw;

impl RawNumber for Raw {
    fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        <Box<RawValue>>::deserialize(deserializer).map(|raw| raw.get().to_owned())
    }
}

fn explain(error: &serde_json::Error, passed: Option<String>) -> Error {
    if let Some(limit) = passed {
        return Error::at("", limit);
    }
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let suffix = format!(" at line {line} column {column}");
    let message = text.strip_suffix(&suffix).unwrap_or(&text);
    Error::one(Issue::placed(line, column, message))
}
