//! TOML as a tree that keeps numbers as they are written.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use crate::ImportError;

/// A table of a TOML file.
pub(super) type Table = BTreeMap<String, Node>;

/// A value of a TOML file. A number is its digits, since money must not become a binary float.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Text(String),
    Number(String),
    Bool(bool),
    List(Vec<Node>),
    Table(Table),
}

/// Reads one file.
pub(super) fn parse(path: &str, text: &str) -> Result<Table, ImportError> {
    let parsed = DeTable::parse(text).map_err(|e| ImportError::source(path, e.message()))?;
    Ok(table(parsed.get_ref()))
}

/// Lays `over` onto `under`, table by table, everything else as a whole.
pub(super) fn overlay(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Node::Table(old)), Node::Table(new)) => overlay(old, new),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

/// Removes the field that a dotted path names; nothing if there is none.
pub(super) fn remove(table: &mut Table, path: &str) {
    match path.split_once('.') {
        None => {
            table.remove(path);
        }
        Some((first, rest)) => {
            if let Some(Node::Table(inner)) = table.get_mut(first) {
                remove(inner, rest);
            }
        }
    }
}

impl Node {
    pub(super) fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(b) = self { Some(*b) } else { None }
    }

    pub(super) fn as_number(&self) -> Option<&str> {
        if let Self::Number(digits) = self { Some(digits) } else { None }
    }

    pub(super) fn as_table(&self) -> Option<&Table> {
        if let Self::Table(table) = self { Some(table) } else { None }
    }

    pub(super) fn as_list(&self) -> &[Self] {
        if let Self::List(list) = self { list } else { &[] }
    }
}

fn table(source: &DeTable<'_>) -> Table {
    source.iter().map(|(key, value)| (key.get_ref().to_string(), node(value.get_ref()))).collect()
}

fn node(source: &DeValue<'_>) -> Node {
    match source {
        DeValue::String(text) => Node::Text(text.to_string()),
        // Another radix keeps a mark that no decimal has, so that reading it as a number fails loudly.
        DeValue::Integer(n) if n.radix() != 10 => Node::Number(format!("radix-{}", n.radix())),
        DeValue::Integer(n) => Node::Number(plain(n.as_str())),
        DeValue::Float(n) => Node::Number(plain(n.as_str())),
        DeValue::Boolean(b) => Node::Bool(*b),
        DeValue::Datetime(at) => Node::Text(at.to_string()),
        DeValue::Array(list) => Node::List(list.iter().map(|item| node(item.get_ref())).collect()),
        DeValue::Table(inner) => Node::Table(table(inner)),
    }
}

/// TOML allows `1_000` and `+1`; neither is a decimal elsewhere.
fn plain(digits: &str) -> String {
    digits.strip_prefix('+').unwrap_or(digits).replace('_', "")
}
