//! Data as read: a tree in which numbers are still the text that was written.

use std::fmt;

use serde::ser::{self, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::value::RawValue;

/// A value of YAML or JSON.
///
/// Numbers keep their source text, so that nothing is ever read through binary floating point. Entries of a map
/// keep their order.
///
/// ```
/// use faregate_wire::{Node, read_many};
/// let documents = read_many("price: 0.10000000000000000001").unwrap();
/// assert_eq!(documents[0].get("price"), Some(&Node::Number("0.10000000000000000001".into())));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// `null`, or nothing at all.
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number as written. In YAML this may be `0x1F` or `.inf`, which no field accepts.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    Seq(Vec<Node>),
    /// A map, in the order of the text. A map that was read has no key twice.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Returns a text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Returns the value of a key, where this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Returns the text, where this is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the elements, where this is a list.
    #[must_use]
    pub fn as_seq(&self) -> Option<&[Self]> {
        match self {
            Self::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the entries, where this is a map.
    #[must_use]
    pub fn as_map(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Writes it as JSON on one line.
    ///
    /// Numbers that JSON cannot write (`0x1F`, `+1`, `.5`) become texts.
    ///
    /// ```
    /// let documents = faregate_wire::read_many("{ a: [1.50, x, null], b: +1 }").unwrap();
    /// assert_eq!(documents[0].to_json(), r#"{"a":[1.50,"x",null],"b":"+1"}"#);
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Writes it as JSON, two blanks a level.
    #[must_use]
    pub fn to_json_pretty(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Says what it is, for messages: `a list`, `the text "x"`.
    pub(crate) fn found(&self) -> String {
        match self {
            Self::Null => "nothing".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(raw) => format!("the number {}", shortened(raw)),
            Self::Text(text) => format!("the text {:?}", shortened(text)),
            Self::Seq(_) => "a list".to_owned(),
            Self::Map(_) => "a map".to_owned(),
        }
    }
}

/// Values in messages are cut at this many characters, so that a message stays a line.
const SHOWN_CHARS: usize = 60;

pub(crate) fn shortened(text: &str) -> String {
    shortened_to(SHOWN_CHARS, text)
}

pub(crate) fn shortened_to(chars: usize, text: &str) -> String {
    match text.char_indices().nth(chars) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Whether JSON can write a number so.
fn is_json_number(raw: &str) -> bool {
    let rest = raw.strip_prefix('-').unwrap_or(raw);
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (rest, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}

impl Serialize for Node {
    /// Numbers are written as they stand, which takes a serializer of `serde_json`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(raw) if is_json_number(raw) => {
                RawValue::from_string(raw.clone()).map_err(ser::Error::custom)?.serialize(serializer)
            }
            Self::Number(text) | Self::Text(text) => serializer.serialize_str(text),
            Self::Seq(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (name, value) in entries {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl fmt::Display for Node {
    /// Writes it as JSON on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}
