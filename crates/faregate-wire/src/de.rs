//! From a tree to types of others, through serde, as `slot` reads our shapes.
//!
//! A stand-in takes the place of a value with a fault, so that what follows is read too. A result counts only where the
//! sink got nothing, so no stand-in is ever seen.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer,
    MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};

use crate::near::unknown_field;
use crate::path::Path;
use crate::scalar::Kind;
use crate::sink::Sink;
use crate::slot::{Reader, Slot, Stop};
use crate::{Error, Node};

/// Reads a tree into any type that can be deserialized, with the path of every fault. `root` begins the paths and may
/// be empty. Numbers must be whole; there are no floats.
///
/// # Errors
/// Unknown fields (of types that refuse them), missing ones, values of another type.
///
/// ```
/// use faregate_wire::{from_node, read_one};
/// let sets: std::collections::BTreeMap<String, Vec<String>> =
///     from_node(&read_one("acme: [a.fare, b.fare]").unwrap(), "sets").unwrap();
/// assert_eq!(sets["acme"], ["a.fare", "b.fare"]);
/// let error = from_node::<Vec<String>>(&read_one("[x, 5]").unwrap(), "names").unwrap_err();
/// assert_eq!(error.to_string(), "names[1]: expected text, found the number 5; quote it: \"5\"");
/// ```
pub fn from_node<T: DeserializeOwned>(node: &Node, root: &str) -> Result<T, Error> {
    let sink = Sink::default();
    let path = Path::Root(root);
    let value = T::deserialize(Reader { node, path: &path, sink: &sink });
    let value = value.map_err(|fault| fault.record(&path, &sink)).ok();
    sink.finish(value)
}

/// A fault on its way to the sink.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It is there already.
    Recorded,
    /// Its path is the next one that it meets, and then this field.
    Message(Option<&'static str>, String),
}

impl Fault {
    fn record(self, path: &Path<'_>, sink: &Sink) -> Self {
        match self {
            Self::Recorded => {}
            Self::Message(Some(field), text) => sink.push(Path::Key(path, field), text),
            Self::Message(None, text) => sink.push(path, text),
        }
        Self::Recorded
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded => f.write_str("cannot be read"),
            Self::Message(_, text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::Message(None, text.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let found = match found {
            Unexpected::Bool(value) => value.to_string(),
            Unexpected::Str(text) => Node::text(text).found(),
            Unexpected::Unit | Unexpected::Option => Node::Null.found(),
            Unexpected::Seq => "a list".to_owned(),
            Unexpected::Map => "a map".to_owned(),
            // Only numbers are handed over so.
            Unexpected::NewtypeStruct => "a number".to_owned(),
            other => other.to_string(),
        };
        Self::Message(None, format!("expected {expected}, found {found}"))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::Message(None, unknown_field(field, expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Message(Some(field), "is missing".to_owned())
    }
}

impl<'a> Reader<'a> {
    fn map(&self) -> Fields<'a> {
        let entries = match self.node {
            Node::Map(entries) => entries.as_slice(),
            _ => &[],
        };
        Fields { entries: entries.iter(), current: None, path: self.path, sink: self.sink, known: None }
    }
}

macro_rules! whole_numbers {
    ($($method:ident)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                let number = Kind::Integer.read(self.node).map_err(de::Error::custom::<String>)?;
                match i64::try_from(number) {
                    Ok(number) => visitor.visit_i64(number),
                    Err(_) => Err(Fault::Message(None, "is too large".to_owned())),
                }
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Fault;

    /// Numbers come as a newtype around their text, so that they differ from texts.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let result = match self.node {
            Node::Null => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(*value),
            Node::Number(raw) => visitor.visit_newtype_struct(StrDeserializer::<Fault>::new(raw)),
            Node::Text(text) => visitor.visit_str(text),
            Node::Seq(items) => visitor.visit_seq(Items { items, next: 0, path: self.path, sink: self.sink }),
            Node::Map(_) => visitor.visit_map(self.map()),
        };
        result.map_err(|fault| fault.record(self.path, self.sink))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let mut value = false;
        value.fill(&self).map_err(|Stop| Fault::Recorded)?;
        visitor.visit_bool(value)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.node {
            Node::Text(text) => visitor.visit_str(text),
            _ => {
                self.expected("text");
                visitor.visit_str("")
            }
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.node {
            Node::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let items = match self.node {
            Node::Seq(items) => items.as_slice(),
            _ => {
                self.expected("a list");
                &[]
            }
        };
        visitor.visit_seq(Items { items, next: 0, path: self.path, sink: self.sink })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.node.as_map().is_none() {
            self.expected("a map");
        }
        visitor.visit_map(self.map())
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let Node::Map(entries) = self.node else {
            self.expected("a map");
            return Err(Fault::Recorded);
        };
        for (name, _) in entries {
            if !known.contains(&name.as_str()) {
                self.sink.push(Path::Key(self.path, name), unknown_field(name, known));
            }
        }
        let fields = Fields { known: Some(known), ..self.map() };
        visitor.visit_map(fields).map_err(|fault| fault.record(self.path, self.sink))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let word = variants.get(self.word(variants).unwrap_or(0)).copied().unwrap_or_default();
        visitor.visit_enum(Word(word))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    whole_numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
    }
}

/// The elements of a list. One that cannot be read is passed over, so that the others are looked at too.
struct Items<'a> {
    items: &'a [Node],
    next: usize,
    path: &'a Path<'a>,
    sink: &'a Sink,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element<T: Deserialize<'de>>(&mut self) -> Result<Option<T>, Fault> {
        while self.next < self.items.len() {
            if let Ok(element) = self.next_element_seed(PhantomData) {
                return Ok(element);
            }
        }
        Ok(None)
    }

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(node) = self.items.get(self.next) else {
            return Ok(None);
        };
        let path = Path::Index(self.path, self.next);
        self.next = self.next.saturating_add(1);
        let element = seed.deserialize(Reader { node, path: &path, sink: self.sink });
        element.map(Some).map_err(|fault| fault.record(&path, self.sink))
    }

    fn size_hint(&self) -> Option<usize> {
        self.items.len().checked_sub(self.next)
    }
}

/// The entries of a map. Those of a free map that cannot be read are passed over.
struct Fields<'a> {
    entries: std::slice::Iter<'a, (String, Node)>,
    current: Option<&'a (String, Node)>,
    path: &'a Path<'a>,
    sink: &'a Sink,
    /// The fields of a struct; others are passed over, since they are in the sink already.
    known: Option<&'static [&'static str]>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Fault;

    fn next_entry<K: Deserialize<'de>, V: Deserialize<'de>>(&mut self) -> Result<Option<(K, V)>, Fault> {
        while let Some(key) = self.next_key()? {
            if let Ok(value) = self.next_value() {
                return Ok(Some((key, value)));
            }
        }
        Ok(None)
    }

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let known = self.known;
        self.current =
            self.entries.find(|(name, _)| known.is_none_or(|known| known.contains(&name.as_str())));
        match self.current {
            None => Ok(None),
            Some((name, _)) => seed
                .deserialize(StrDeserializer::<Fault>::new(name))
                .map(Some)
                .map_err(|fault| fault.record(&Path::Key(self.path, name), self.sink)),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some((name, node)) = self.current else {
            return Err(Fault::Recorded);
        };
        let path = Path::Key(self.path, name);
        seed.deserialize(Reader { node, path: &path, sink: self.sink })
            .map_err(|fault| fault.record(&path, self.sink))
    }
}

/// A word of a closed list.
struct Word<'a>(&'a str);

impl<'de> EnumAccess<'de> for Word<'_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let variant = seed.deserialize(IntoDeserializer::<Fault>::into_deserializer(self.0))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _seed: T) -> Result<T::Value, Fault> {
        Err(Fault::Recorded)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, Fault> {
        Err(Fault::Recorded)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Fault> {
        Err(Fault::Recorded)
    }
}
