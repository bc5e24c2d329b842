//! What bindings hand in.

use std::borrow::Cow;

use faregate::{Context, Date, Outcome, Request, SavedRun, Timestamp};
use faregate_wire::{Node, context_from, read_one, request_from, saved_run_from, scripted_from};

use crate::{Code, Error};

/// A file of a policy set: its name, which diagnostics and decisions tell, and its text.
///
/// ```
/// let file = faregate_embed::File::new("support.fare", "policy support { language 1 }");
/// assert_eq!(file.name, "support.fare");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its text.
    pub text: &'a str,
}

impl<'a> File<'a> {
    /// Returns a file.
    #[must_use]
    pub fn new(name: &'a str, text: &'a str) -> Self {
        Self { name, text }
    }
}

/// Data: JSON, or YAML where the feature `yaml` is on, or a tree that a binding made of its language's own values.
///
/// ```
/// use faregate_embed::{Data, Node};
/// assert_eq!(Data::from("{ a: 1 }"), Data::Text("{ a: 1 }"));
/// assert_eq!(Data::from(Node::Null), Data::Tree(Node::Null));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data<'a> {
    /// JSON, or YAML where the feature `yaml` is on.
    Text(&'a str),
    /// Values.
    Tree(Node),
}

impl<'a> From<&'a str> for Data<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<Node> for Data<'_> {
    fn from(node: Node) -> Self {
        Self::Tree(node)
    }
}

impl Data<'_> {
    /// Returns the data as a tree, for arguments that a binding takes apart itself. `what` begins the place of an error.
    ///
    /// # Errors
    /// The text is neither YAML nor JSON.
    ///
    /// ```
    /// use faregate_embed::{Data, Node};
    /// assert_eq!(Data::from("[true]").tree("policies").unwrap(), Node::Seq(vec![Node::Bool(true)]));
    /// assert_eq!(Data::from("{").tree("policies").unwrap_err().at(), Some("policies: line 1, column 1"));
    /// ```
    pub fn tree(&self, what: &str) -> Result<Node, Error> {
        match self.node() {
            Ok(node) => Ok(node.into_owned()),
            Err(error) => Err(Error::data(Code::InvalidData, Some(what.to_owned()), &error)),
        }
    }

    fn node(&self) -> Result<Cow<'_, Node>, faregate_wire::Error> {
        match self {
            Self::Text(text) => read_one(text).map(Cow::Owned),
            Self::Tree(node) => Ok(Cow::Borrowed(node)),
        }
    }

    fn read<T>(
        &self,
        what: &str,
        from: impl FnOnce(&Node) -> Result<T, faregate_wire::Error>,
    ) -> Result<T, Error> {
        // Where the text is none at all, the fault does not say of what; paths begin with it anyway.
        let node = self.node().map_err(|e| Error::data(Code::InvalidData, Some(what.to_owned()), &e))?;
        from(&node).map_err(|error| Error::data(Code::InvalidData, None, &error))
    }

    pub(crate) fn request(&self) -> Result<Request, Error> {
        self.read("request", request_from)
    }

    /// Reads it as the facts of one moment.
    ///
    /// # Errors
    /// All faults of the context.
    pub fn context(&self) -> Result<Context, Error> {
        self.read("context", context_from)
    }

    /// Reads how a call ended. What only scripts have, `took` and `observe`, is a fault here.
    pub(crate) fn outcome(&self) -> Result<Outcome, Error> {
        let scripted = self.read("outcome", scripted_from)?;
        if scripted.took_ms != 0 || scripted.observe.is_some() {
            let message = "`took` and `observe` are for scripts; give the instant, and call `observe`";
            return Err(Error::argument("outcome", message));
        }
        Ok(scripted.outcome)
    }

    pub(crate) fn saved(&self) -> Result<SavedRun, Error> {
        self.read("run", saved_run_from)
    }

    pub(crate) fn layer(&self) -> Result<faregate::CatalogLayer, faregate_wire::Error> {
        self.node().and_then(|node| faregate_wire::catalog_layer_from(&node))
    }
}

/// Reads an instant in RFC 3339.
///
/// # Errors
/// The text is none.
///
/// ```
/// assert_eq!(faregate_embed::now_from("1970-01-01T00:00:01Z").unwrap().0, 1000);
/// assert_eq!(faregate_embed::now_from("noon").unwrap_err().at(), Some("now"));
/// ```
pub fn now_from(text: &str) -> Result<Timestamp, Error> {
    text.parse().map_err(|error: faregate::TimestampError| Error::argument("now", &error.to_string()))
}

/// Reads a day such as `2026-11-23`.
pub(crate) fn day(text: &str) -> Result<Date, Error> {
    let no_day = || Error::argument("today", "not a day such as 2026-11-23");
    let _exists: Timestamp = format!("{text}T00:00:00Z").parse().map_err(|_| no_day())?;
    let mut parts = text.splitn(3, '-');
    let mut next = || parts.next().ok_or_else(no_day);
    let (year, month, day) = (next()?, next()?, next()?);
    Ok(Date {
        year: year.parse().map_err(|_| no_day())?,
        month: month.parse().map_err(|_| no_day())?,
        day: day.parse().map_err(|_| no_day())?,
    })
}
