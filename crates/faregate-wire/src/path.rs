//! Where in a tree something is, as a list that grows on the stack.

use std::fmt;

/// A path: `context.endpoints["gpt@azure"].uptime`.
#[derive(Clone, Copy)]
pub(crate) enum Path<'a> {
    /// The beginning: `request`, nothing, or a prefix such as `document 2: `.
    Root(&'a str),
    /// An entry of a map.
    Key(&'a Path<'a>, &'a str),
    /// An element of a list, from 0.
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    fn is_prefix(&self) -> bool {
        matches!(self, Self::Root(name) if name.is_empty() || name.ends_with(' '))
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(name) => f.write_str(name),
            Self::Index(parent, n) => write!(f, "{parent}[{n}]"),
            Self::Key(parent, name) if !is_plain(name) => write!(f, "{parent}[{name:?}]"),
            Self::Key(parent, name) if parent.is_prefix() => write!(f, "{parent}{name}"),
            Self::Key(parent, name) => write!(f, "{parent}.{name}"),
        }
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
