//! From a tree to the types of our shapes, with the path of every fault.
//!
//! A value is read into its place, where a default stands before. A fault does not end the reading: it goes into a
//! [`Sink`], the default stays, and what follows is read too. A result counts only where the sink got nothing, so that
//! no default is ever seen where a value should be.
//!
//! One function reads the fields of all shapes, through references, so that a field of a shape is a name and a place and
//! no code of its own.

use std::collections::BTreeSet;

use crate::Node;
use crate::near::unknown_field;
use crate::path::Path;
use crate::scalar::Kind;
use crate::sink::Sink;

/// There was a fault after which what stands around the value is not read on.
#[derive(Debug)]
pub(crate) struct Stop;

/// A place into which a value is read.
pub(crate) trait Slot {
    fn fill(&mut self, from: &Reader<'_>) -> Result<(), Stop>;

    /// Whether a field may be left out.
    fn may_stay(&self) -> bool {
        false
    }
}

/// Reads a value of our shapes; `None` where the sink got a fault.
pub(crate) fn read<T: Slot + Default>(node: &Node, path: &Path<'_>, sink: &Sink) -> Option<T> {
    let before = sink.len();
    let mut value = T::default();
    let end = value.fill(&Reader { node, path, sink });
    (end.is_ok() && sink.len() == before).then_some(value)
}

/// Reads one node.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) node: &'a Node,
    pub(crate) path: &'a Path<'a>,
    pub(crate) sink: &'a Sink,
}

impl Reader<'_> {
    pub(crate) fn fault(&self, message: impl Into<String>) {
        self.sink.push(self.path, message);
    }

    pub(crate) fn stop(&self, message: impl Into<String>) -> Result<(), Stop> {
        self.fault(message);
        Err(Stop)
    }

    pub(crate) fn expected(&self, what: &str) {
        let found = self.node.found();
        self.fault(match self.node {
            Node::Number(raw) if what == "text" && self.amount(raw).is_some() => {
                let amount = self.amount(raw).unwrap_or_default();
                format!("expected text, found {found}; write it as in a policy: {amount:?}")
            }
            Node::Number(raw) if what == "text" => format!("expected text, found {found}; quote it: {raw:?}"),
            Node::Bool(value) if what == "text" => {
                format!("expected text, found {found}; quote it: \"{value}\"")
            }
            _ => format!("expected {what}, found {found}"),
        });
    }

    /// Returns an amount of money of one of the caller's own ceilings, as a policy writes it.
    fn amount(&self, raw: &str) -> Option<String> {
        let Path::Key(Path::Key(_, "max_price"), name) = self.path else { return None };
        let plain = raw.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let unit = match *name {
            "prompt" | "completion" | "cache_read" | "cache_write" | "reasoning" => " per Mtok",
            "image" => " per image",
            "request_fee" | "web_search" => " per call",
            "attempt" | "run" => "",
            name if name.starts_with("tool ") => " per call",
            _ => return None,
        };
        plain.then(|| format!("${raw}{unit}"))
    }

    /// Says what is expected of a value that may be of several kinds.
    pub(crate) fn other(&self, what: &str) -> Result<(), Stop> {
        self.expected(what);
        Err(Stop)
    }

    fn unknown(&self, name: &str, known: &[&str]) {
        self.sink.push(Path::Key(self.path, name), unknown_field(name, known));
    }

    /// Reads the fields of a shape, after telling of those that it does not know.
    pub(crate) fn fields(&self, names: &[&str], slots: &mut [&mut dyn Slot]) -> Result<(), Stop> {
        let Node::Map(entries) = self.node else {
            self.expected("a map");
            return Err(Stop);
        };
        let there = |entries: &[(String, Node)], name: &str| entries.iter().any(|(there, _)| there == name);
        for (name, _) in entries.iter().filter(|(name, _)| !names.contains(&name.as_str())) {
            self.unknown(name, names);
        }
        for (n, (name, node)) in entries.iter().enumerate() {
            let at = names.iter().position(|known| known == name);
            let Some(slot) = at.and_then(|at| slots.get_mut(at)) else { continue };
            if there(entries.get(..n).unwrap_or_default(), name) {
                return self.stop(format!("duplicate field `{name}`"));
            }
            slot.fill(&Reader { node, path: &Path::Key(self.path, name), sink: self.sink })?;
        }
        for (name, slot) in names.iter().zip(slots) {
            if !slot.may_stay() && !there(entries, name) {
                self.sink.push(Path::Key(self.path, name), "is missing");
                return Err(Stop);
            }
        }
        Ok(())
    }

    /// Calls a function with each element of a list.
    fn items(&self, each: &mut dyn FnMut(&Reader<'_>)) {
        let Node::Seq(items) = self.node else {
            return self.expected("a list");
        };
        for (n, node) in items.iter().enumerate() {
            each(&Reader { node, path: &Path::Index(self.path, n), sink: self.sink });
        }
    }

    /// Calls a function with each entry of a map.
    fn entries(&self, each: &mut dyn FnMut(&str, &Reader<'_>)) {
        let Node::Map(entries) = self.node else {
            return self.expected("a map");
        };
        for (name, node) in entries {
            each(name, &Reader { node, path: &Path::Key(self.path, name), sink: self.sink });
        }
    }

    pub(crate) fn scalar(&self, kind: Kind) -> Option<i128> {
        kind.read(self.node).map_err(|message| self.fault(message)).ok()
    }

    /// Returns the place of a word in a closed list.
    pub(crate) fn word(&self, words: &[&str]) -> Option<usize> {
        let place = self.node.as_text().and_then(|text| words.iter().position(|word| *word == text));
        if place.is_none() {
            self.expected(&format!("one of {}", words.join(", ")));
        }
        place
    }
}

impl Slot for bool {
    fn fill(&mut self, from: &Reader<'_>) -> Result<(), Stop> {
        match from.node {
            Node::Bool(value) => *self = *value,
            _ => from.expected("true or false"),
        }
        Ok(())
    }
}

impl Slot for String {
    fn fill(&mut self, from: &Reader<'_>) -> Result<(), Stop> {
        match from.node {
            Node::Text(text) => self.clone_from(text),
            _ => from.expected("text"),
        }
        Ok(())
    }
}

impl<T: Slot + Default> Slot for Option<T> {
    fn fill(&mut self, from: &Reader<'_>) -> Result<(), Stop> {
        match from.node {
            Node::Null => Ok(()),
            _ => self.insert(T::default()).fill(from),
        }
    }

    fn may_stay(&self) -> bool {
        true
    }
}

impl<T: Slot + Default> Slot for Vec<T> {
    fn fill(&mut self, from: &Reader<'_>) -> Result<(), Stop> {
        from.items(&mut |from| {
            let mut item = T::default();
            if item.fill(from).is_ok() {
                self.push(item);
            }
        });
        Ok(())
    }
}

impl Slot for BTreeSet<String> {
    fn fill(&mut self, from: &Reader<'_>) -> Result<(), Stop> {
        let mut items = Vec::<String>::new();
        items.fill(from)?;
        self.extend(items);
        Ok(())
    }
}

/// The entries of a map, in the order of the text. It takes less code than a `BTreeMap`, of which the engine's types have
/// their own.
pub(crate) struct Entries<T>(pub(crate) Vec<(String, T)>);

impl<T> Entries<T> {
    /// Returns the entries as a `BTreeMap` has them: by name, of each the last.
    pub(crate) fn sorted(mut self) -> Vec<(String, T)> {
        self.0.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.0.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
        self.0
    }
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> FromIterator<(String, T)> for Entries<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl<T: Slot + Default> Slot for Entries<T> {
    fn fill(&mut self, from: &Reader<'_>) -> Result<(), Stop> {
        from.entries(&mut |name, from| {
            let mut value = T::default();
            if value.fill(from).is_ok() {
                self.0.push((name.to_owned(), value));
            }
        });
        Ok(())
    }
}

impl<T: serde::Serialize> serde::Serialize for Entries<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Entries<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        <std::collections::BTreeMap<String, T>>::schema_name()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <std::collections::BTreeMap<String, T>>::json_schema(generator)
    }
}

/// A field that may be left out, and may be there as `null`.
#[derive(Default, serde::Serialize)]
pub(crate) struct Given<T>(pub(crate) Option<Option<T>>);

impl<T> Given<T> {
    pub(crate) fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

impl<T: Slot + Default> Slot for Given<T> {
    fn fill(&mut self, from: &Reader<'_>) -> Result<(), Stop> {
        self.0.insert(None).fill(from)
    }

    fn may_stay(&self) -> bool {
        true
    }
}

/// A part of a tree as it stands.
pub(crate) struct Tree(pub(crate) Node);

impl Default for Tree {
    fn default() -> Self {
        Self(Node::Null)
    }
}

impl Slot for Tree {
    fn fill(&mut self, from: &Reader<'_>) -> Result<(), Stop> {
        self.0 = from.node.clone();
        Ok(())
    }
}

impl serde::Serialize for Tree {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Tree {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Any".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        true.into()
    }
}

/// Defines a shape, which is read and written; `as` names its schema.
macro_rules! shape {
    ($(#[$meta:meta])* $vis:vis struct $name:ident $(as $schema:literal)? {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $ty:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Default, serde::Serialize)]
        $(#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = $schema))])?
        #[serde(deny_unknown_fields)]
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $ty,)*
        }

        impl crate::slot::Slot for $name {
            fn fill(&mut self, from: &crate::slot::Reader<'_>) -> Result<(), crate::slot::Stop> {
                let names = [$(stringify!($field)),*];
                from.fields(&names, &mut [$(&mut self.$field),*])
            }
        }
    };
}

/// Defines a closed list of words; the first is the default. `as` names its schema.
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident $(as $schema:literal)? {
        $first:ident = $first_word:literal, $($variant:ident = $word:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Default, PartialEq, serde::Serialize)]
        $(#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = $schema))])?
        $vis enum $name {
            #[default]
            #[serde(rename = $first_word)]
            $first,
            $(#[serde(rename = $word)] $variant,)*
        }

        impl $name {
            const ALL: &'static [Self] = &[Self::$first, $(Self::$variant),*];
            const WORDS: &'static [&'static str] = &[$first_word, $($word),*];
        }

        impl crate::slot::Slot for $name {
            fn fill(&mut self, from: &crate::slot::Reader<'_>) -> Result<(), crate::slot::Stop> {
                let place = from.word(Self::WORDS).and_then(|place| Self::ALL.get(place));
                *self = place.copied().unwrap_or_default();
                Ok(())
            }
        }
    };
}

pub(crate) use {shape, words};
