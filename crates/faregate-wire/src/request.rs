//! Request and key as data, from the engine's tables of their fields.

use std::collections::{BTreeMap, BTreeSet};

use faregate::{AttributeValue, Key, Request};
use faregate_syntax::Fixed;
use serde::ser::{Serialize, Serializer};

use crate::path::Path;
use crate::scalar::{Count, Money};
use crate::sink::Sink;
use crate::slot::{Entries, Reader, Slot, Stop, read, shape};
use crate::{Error, Node, json};

/// Reads a request.
///
/// # Errors
/// All fields that are unknown, missing or of another type, with paths that begin with `request`.
///
/// ```
/// use faregate_wire::{read_one, request_from};
/// let request = request_from(&read_one("{ id: r1, input_tokens: 12, stream: true }").unwrap()).unwrap();
/// assert!(request.stream && request.modalities.contains("text"));
/// ```
pub fn request_from(node: &Node) -> Result<Request, Error> {
    let sink = Sink::default();
    let request = read_at(node, &Path::Root("request"), &sink);
    sink.finish(request)
}

/// Returns a request as data; what is absent is left out.
///
/// ```
/// let node = faregate_wire::request_to_node(&faregate::Request::new("r1", 12));
/// assert_eq!(node.to_json(), r#"{"id":"r1","input_tokens":12}"#);
/// ```
#[must_use]
pub fn request_to_node(request: &Request) -> Node {
    to_node(&RequestDto::from(request))
}

pub(crate) fn read_at(node: &Node, path: &Path<'_>, sink: &Sink) -> Option<Request> {
    read::<RequestDto>(node, path, sink).map(Request::from)
}

/// Turns what serde writes into a tree.
pub(crate) fn to_node<T: Serialize>(value: &T) -> Node {
    // Our types write no map keys but texts and no floats, so that neither step fails.
    let text = serde_json::to_string(value).unwrap_or_default();
    json::read(&text).ok().and_then(|mut documents| documents.pop()).unwrap_or(Node::Null)
}

/// The type of a field of the tables as data has it: everything may be left out but what is required.
macro_rules! dto_type {
    (text required) => { String };
    (count required) => { Count };
    (text unknown) => { Option<String> };
    (name unknown) => { Option<String> };
    (count $absence:ident) => { Option<Count> };
    (bool no) => { Option<bool> };
    (list empty) => { Option<Vec<String>> };
    (set $absence:ident) => { Option<BTreeSet<String>> };
    (money unknown) => { Option<Money> };
}

/// Lays a field that was read over the value that an absent field has.
macro_rules! lay {
    (text required, $from:expr => $to:expr) => {
        $to = $from
    };
    (count required, $from:expr => $to:expr) => {
        $to = $from.0
    };
    (text unknown, $from:expr => $to:expr) => {
        $to = $from
    };
    (name unknown, $from:expr => $to:expr) => {
        $to = $from
    };
    (set unknown, $from:expr => $to:expr) => {
        $to = $from
    };
    (count unknown, $from:expr => $to:expr) => {
        $to = $from.map(|count| count.0)
    };
    (money unknown, $from:expr => $to:expr) => {
        $to = $from.map(|money| money.0)
    };
    (count zero, $from:expr => $to:expr) => {
        if let Some(Count(count)) = $from {
            $to = count
        }
    };
    ($ty:ident $absence:ident, $from:expr => $to:expr) => {
        if let Some(value) = $from {
            $to = value
        }
    };
}

/// Turns a field of the engine's type into data.
macro_rules! unlay {
    (text required, $from:expr) => {
        $from.clone()
    };
    (count required, $from:expr) => {
        Count($from)
    };
    (count unknown, $from:expr) => {
        $from.map(Count)
    };
    (money unknown, $from:expr) => {
        $from.map(Money)
    };
    (count zero, $from:expr) => {
        ($from != 0).then_some(Count($from))
    };
    (bool no, $from:expr) => {
        $from.then_some(true)
    };
    (set text_only, $from:expr) => {
        (!$from.iter().eq(["text"])).then(|| $from.clone())
    };
    ($ty:ident empty, $from:expr) => {
        (!$from.is_empty()).then(|| $from.clone())
    };
    ($ty:ident unknown, $from:expr) => {
        $from.clone()
    };
}

macro_rules! define_request {
    ($($name:ident: $ty:ident $absence:ident $doc:literal,)*) => {
        shape! {
            /// What is asked.
            pub(crate) struct RequestDto as "Request" {
                $(
                    #[doc = $doc]
                    #[serde(skip_serializing_if = "Absent::absent")]
                    pub(crate) $name: dto_type!($ty $absence),
                )*
                /// the caller's own ceilings, name to amount as in a policy: `prompt` to `$2 per Mtok`
                #[serde(skip_serializing_if = "Absent::absent")]
                max_price: Option<Entries<String>>,
                /// what the policy declared beyond the built-in names
                #[serde(skip_serializing_if = "Absent::absent")]
                attributes: Option<Entries<Option<Attribute>>>,
            }
        }

        impl From<RequestDto> for Request {
            fn from(dto: RequestDto) -> Self {
                let mut request = Self::new("", 0);
                $(lay!($ty $absence, dto.$name => request.$name);)*
                request.max_price.extend(dto.max_price.unwrap_or_default().0);
                request.attributes = attributes(dto.attributes);
                request
            }
        }

        impl From<&Request> for RequestDto {
            fn from(request: &Request) -> Self {
                Self {
                    $($name: unlay!($ty $absence, request.$name),)*
                    max_price: (!request.max_price.is_empty()).then(|| request.max_price.clone().into_iter().collect()),
                    attributes: attributes_dto(&request.attributes),
                }
            }
        }
    };
}
faregate::request_fields!(define_request);

macro_rules! define_key {
    ($($name:ident: $ty:ident $absence:ident $doc:literal,)*) => {
        shape! {
            /// The gateway's key under which a request comes.
            pub(crate) struct KeyDto as "Key" {
                $(
                    #[doc = $doc]
                    #[serde(skip_serializing_if = "Absent::absent")]
                    pub(crate) $name: dto_type!($ty $absence),
                )*
                /// what the policy declared for `key` beyond the built-in names
                #[serde(skip_serializing_if = "Absent::absent")]
                attributes: Option<Entries<Option<Attribute>>>,
            }
        }

        impl From<KeyDto> for Key {
            fn from(dto: KeyDto) -> Self {
                let mut key = Self::default();
                $(lay!($ty $absence, dto.$name => key.$name);)*
                key.attributes = attributes(dto.attributes);
                key
            }
        }

        impl From<&Key> for KeyDto {
            fn from(key: &Key) -> Self {
                Self {
                    $($name: unlay!($ty $absence, key.$name),)*
                    attributes: attributes_dto(&key.attributes),
                }
            }
        }
    };
}
faregate::key_fields!(define_key);

/// Whether a field is left out when written.
pub(crate) trait Absent {
    fn absent(&self) -> bool;
}

impl<T> Absent for Option<T> {
    fn absent(&self) -> bool {
        self.is_none()
    }
}

impl Absent for String {
    fn absent(&self) -> bool {
        false
    }
}

impl Absent for Count {
    fn absent(&self) -> bool {
        false
    }
}

fn attributes(read: Option<Entries<Option<Attribute>>>) -> BTreeMap<String, AttributeValue> {
    // A value of `null` is an absent attribute.
    read.unwrap_or_default().sorted().into_iter().filter_map(|(name, value)| Some((name, value?.0))).collect()
}

fn attributes_dto(attributes: &BTreeMap<String, AttributeValue>) -> Option<Entries<Option<Attribute>>> {
    let written = attributes.iter().map(|(name, value)| (name.clone(), Some(Attribute(value.clone()))));
    (!attributes.is_empty()).then(|| written.collect())
}

/// The value of a declared attribute: text, number, bool or list of texts.
pub(crate) struct Attribute(AttributeValue);

impl Default for Attribute {
    fn default() -> Self {
        Self(AttributeValue::Bool(false))
    }
}

impl Slot for Attribute {
    fn fill(&mut self, from: &Reader<'_>) -> Result<(), Stop> {
        self.0 = match from.node {
            Node::Text(text) => AttributeValue::Text(text.clone()),
            Node::Bool(value) => AttributeValue::Bool(*value),
            Node::Number(raw) => match raw.parse::<Fixed>() {
                Ok(_) => AttributeValue::Number(raw.clone()),
                Err(error) => return from.stop(format!("{raw}: {error}")),
            },
            Node::Seq(_) => {
                let mut items = Vec::new();
                items.fill(from)?;
                AttributeValue::List(items)
            }
            Node::Null | Node::Map(_) => {
                return from.other("text, a number, true, false, or a list of texts");
            }
        };
        Ok(())
    }
}

impl Serialize for Attribute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            AttributeValue::Text(text) => serializer.serialize_str(text),
            AttributeValue::Number(raw) => Node::Number(raw.clone()).serialize(serializer),
            AttributeValue::Bool(value) => serializer.serialize_bool(*value),
            AttributeValue::List(items) => items.serialize(serializer),
            // The engine's type may grow; a kind that this version does not know is absent.
            _ => serializer.serialize_none(),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Attribute {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AttributeValue".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "a declared attribute: text, number, bool, or a list of texts",
            "type": ["string", "number", "boolean", "array"],
            "items": { "type": "string" },
        })
    }
}
