//! Answers, and what is taken out of arguments that hold several things.

use faregate_embed::{Data, Error, File, Node};

use crate::handles::{Kind, kept};
use crate::memory::{Given, given_out};

/// Does a function's work and gives its JSON to the host, or the error.
pub(crate) fn reply(work: impl FnOnce() -> Result<String, Error>) -> u64 {
    given_out(match work() {
        Ok(value) => format!("{{\"ok\":{value}}}"),
        Err(error) => format!("{{\"error\":{}}}", error.to_json()),
    })
}

/// An answer without a value.
pub(crate) const NOTHING: &str = "null";

/// Writes a text as JSON.
pub(crate) fn quoted(text: &str) -> String {
    Node::text(text).to_json()
}

/// Keeps a thing and writes its number: `{"run":3}`; without one `null`.
pub(crate) fn handle<T: Kind>(value: Option<T>) -> String {
    match value {
        Some(value) => format!("{{\"{}\":{}}}", T::NAME, kept(value)),
        None => NOTHING.to_owned(),
    }
}

/// An argument that is a JSON object.
pub(crate) struct Arguments(Vec<(String, Node)>);

impl Arguments {
    /// Reads it; a field that is none of `fields` is an error.
    pub(crate) fn read(given: Given, fields: &[&str]) -> Result<Self, Error> {
        let wrong = || Error::argument(given.name, &format!("expected an object with {}", fields.join(", ")));
        let Node::Map(entries) = given.data(|data| data.tree(given.name))? else { return Err(wrong()) };
        match entries.iter().find(|(name, _)| !fields.contains(&name.as_str())) {
            Some((name, _)) => {
                Err(Error::argument(name, &format!("unknown; expected {}", fields.join(", "))))
            }
            None => Ok(Self(entries)),
        }
    }

    fn get(&self, name: &str) -> Option<&Node> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value).filter(|value| **value != Node::Null)
    }

    /// Returns a text that need not be there.
    pub(crate) fn optional(&self, name: &str) -> Result<Option<&str>, Error> {
        self.get(name)
            .map(|value| value.as_text().ok_or_else(|| Error::argument(name, "expected a text")))
            .transpose()
    }

    /// Returns a text.
    pub(crate) fn text(&self, name: &str) -> Result<&str, Error> {
        self.optional(name)?.ok_or_else(|| Error::argument(name, "expected a text"))
    }

    /// Returns a number that fits.
    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str, expected: &str) -> Result<T, Error> {
        let number = match self.get(name) {
            Some(Node::Number(digits)) => digits.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| Error::argument(name, &format!("expected {expected}")))
    }

    /// Returns pairs of texts: `[["p.fare", "policy …"]]` or `{"p.fare": "policy …"}`.
    pub(crate) fn pairs(&self, name: &str) -> Result<Vec<(&str, &str)>, Error> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(value) => pairs(name, value),
        }
    }

    /// Returns layers of a catalog: a list.
    pub(crate) fn layers(&self, name: &str) -> Result<Vec<Data<'_>>, Error> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(value) => layers(name, value),
        }
    }
}

/// Returns pairs of texts.
pub(crate) fn pairs<'a>(name: &str, value: &'a Node) -> Result<Vec<(&'a str, &'a str)>, Error> {
    let wrong = || Error::argument(name, "expected a list of pairs of texts, or an object of texts");
    let found: Option<Vec<_>> = match value {
        Node::Map(entries) => {
            entries.iter().map(|(name, text)| Some((name.as_str(), text.as_text()?))).collect()
        }
        Node::Seq(items) => items
            .iter()
            .map(|item| match item.as_seq()? {
                [name, text] => Some((name.as_text()?, text.as_text()?)),
                _ => None,
            })
            .collect(),
        _ => None,
    };
    found.ok_or_else(wrong)
}

/// Returns layers of a catalog: in a list, a text is JSON, anything else the layer itself.
pub(crate) fn layers<'a>(name: &str, value: &'a Node) -> Result<Vec<Data<'a>>, Error> {
    let Some(items) = value.as_seq() else {
        return Err(Error::argument(name, "expected a list of catalogs"));
    };
    let layer = |item: &'a Node| match item {
        Node::Text(text) => Data::Text(text),
        tree => Data::Tree(tree.clone()),
    };
    Ok(items.iter().map(layer).collect())
}

/// Returns the files of a policy set.
pub(crate) fn files<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<File<'a>> {
    pairs.iter().map(|(name, text)| File::new(name, text)).collect()
}
