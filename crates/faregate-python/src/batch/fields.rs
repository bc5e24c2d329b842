//! Which field of a request or a context a column fills, and how its values become the field's.

use std::collections::{BTreeMap, BTreeSet};

use faregate::{AttributeValue, Context, Key, Money, Request, Timestamp, syntax};

use super::values::Values;

/// A field of `T`, as its table has it: what it takes, and what stands there where a row has nothing.
pub(crate) enum Slot<T> {
    Text(fn(&mut T) -> &mut String),
    OptText(fn(&mut T) -> &mut Option<String>),
    Count(fn(&mut T) -> &mut u64, Missing),
    OptCount(fn(&mut T) -> &mut Option<u64>),
    Bool(fn(&mut T) -> &mut bool),
    List(fn(&mut T) -> &mut Vec<String>),
    Set(fn(&mut T) -> &mut BTreeSet<String>),
    /// A set that is `text` alone where nothing is said.
    TextOnly(fn(&mut T) -> &mut BTreeSet<String>),
    OptSet(fn(&mut T) -> &mut Option<BTreeSet<String>>),
    OptMoney(fn(&mut T) -> &mut Option<Money>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Zero,
    Fault,
}

/// What a column fills.
pub(crate) enum Target {
    Request(Slot<Request>),
    /// A declared attribute of the request.
    Attribute(String),
    Attributes,
    /// A ceiling of the caller's own.
    MaxPrice(String),
    MaxPrices,
    Now,
    Key(Slot<Key>),
    KeyAttribute(String),
    KeyAttributes,
}

macro_rules! slot {
    (text required, $name:ident) => {
        Slot::Text(|of| &mut of.$name)
    };
    (text unknown, $name:ident) => {
        Slot::OptText(|of| &mut of.$name)
    };
    (name unknown, $name:ident) => {
        Slot::OptText(|of| &mut of.$name)
    };
    (count required, $name:ident) => {
        Slot::Count(|of| &mut of.$name, Missing::Fault)
    };
    (count zero, $name:ident) => {
        Slot::Count(|of| &mut of.$name, Missing::Zero)
    };
    (count unknown, $name:ident) => {
        Slot::OptCount(|of| &mut of.$name)
    };
    (bool no, $name:ident) => {
        Slot::Bool(|of| &mut of.$name)
    };
    (list empty, $name:ident) => {
        Slot::List(|of| &mut of.$name)
    };
    (set empty, $name:ident) => {
        Slot::Set(|of| &mut of.$name)
    };
    (set text_only, $name:ident) => {
        Slot::TextOnly(|of| &mut of.$name)
    };
    (set unknown, $name:ident) => {
        Slot::OptSet(|of| &mut of.$name)
    };
    (money unknown, $name:ident) => {
        Slot::OptMoney(|of| &mut of.$name)
    };
}

macro_rules! request_slots {
    ($($name:ident: $ty:ident $absence:ident $doc:literal,)*) => {
        const REQUEST: &[&str] = &[$(stringify!($name),)* "max_price", "attributes"];

        fn request_slot(name: &str) -> Option<Slot<Request>> {
            Some(match name {
                $(stringify!($name) => slot!($ty $absence, $name),)*
                _ => return None,
            })
        }
    };
}
faregate::request_fields!(request_slots);

macro_rules! key_slots {
    ($($name:ident: $ty:ident $absence:ident $doc:literal,)*) => {
        const KEY: &[&str] = &[$(stringify!($name),)* "attributes"];

        fn key_slot(name: &str) -> Option<Slot<Key>> {
            Some(match name {
                $(stringify!($name) => slot!($ty $absence, $name),)*
                _ => return None,
            })
        }
    };
}
faregate::key_fields!(key_slots);

impl Target {
    /// Returns what a column of this name fills.
    ///
    /// # Errors
    /// What to write instead.
    pub(crate) fn of(path: &str) -> Result<Self, String> {
        let parts: Vec<&str> = path.split('.').collect();
        Ok(match parts.as_slice() {
            ["attributes"] => Self::Attributes,
            ["attributes", name] => Self::Attribute((*name).to_owned()),
            ["max_price"] => Self::MaxPrices,
            ["max_price", name] => Self::MaxPrice((*name).to_owned()),
            ["context", "now"] => Self::Now,
            ["context", "key", "attributes"] => Self::KeyAttributes,
            ["context", "key", "attributes", name] => Self::KeyAttribute((*name).to_owned()),
            ["context", "key", name] => {
                Self::Key(key_slot(name).ok_or_else(|| unknown(name, KEY, "context.key."))?)
            }
            ["context", ..] => {
                let told = "of the context a column is `context.now` or `context.key.…`; the rest is one for all rows: \
                            give it as `context`";
                return Err(told.to_owned());
            }
            ["now"] | ["key", ..] => return Err(format!("unknown field; call the column `context.{path}`")),
            [name] => Self::Request(request_slot(name).ok_or_else(|| unknown(name, REQUEST, ""))?),
            _ => return Err("no field of a request has parts but `attributes` and `max_price`".to_owned()),
        })
    }

    /// Whether the field takes values of this layout; else what it takes.
    pub(crate) fn takes(&self, values: &Values<'_>) -> Result<(), &'static str> {
        use Values::{Absent, Bools, Decimals, Floats, Instants, Lists, Maps, Texts, Whole};
        let (fits, takes) = match self {
            Self::Request(slot) => slot.takes(values),
            Self::Key(slot) => slot.takes(values),
            Self::Attribute(_) | Self::KeyAttribute(_) => (
                matches!(values, Texts(_) | Whole(_) | Decimals(_) | Floats(_) | Bools(_) | Lists(_)),
                "text, a number, a bool or a list of texts",
            ),
            Self::MaxPrice(_) => (matches!(values, Texts(_)), "text such as `$2 per Mtok`"),
            Self::MaxPrices | Self::Attributes | Self::KeyAttributes => {
                (matches!(values, Maps(_)), "a struct, or a map of texts")
            }
            Self::Now => (
                matches!(values, Instants(_) | Texts(_)),
                "a timestamp with a time zone, or text such as 2026-11-23T10:00:00Z",
            ),
        };
        if fits || matches!(values, Absent) { Ok(()) } else { Err(takes) }
    }

    /// Fills the field from a row; `present`: the row has something.
    ///
    /// # Errors
    /// What is wrong with the value.
    pub(crate) fn fill(
        &self,
        values: &Values<'_>,
        row: Option<usize>,
        request: &mut Request,
        context: &mut Context,
    ) -> Result<(), String> {
        match self {
            Self::Request(slot) => slot.fill(values, row, request),
            Self::Key(slot) => slot.fill(values, row, &mut context.key),
            Self::Attribute(name) => attribute(&mut request.attributes, name, values, row),
            Self::KeyAttribute(name) => attribute(&mut context.key.attributes, name, values, row),
            Self::MaxPrice(name) => {
                set(&mut request.max_price, name, text(values, row).map(str::to_owned));
                Ok(())
            }
            Self::MaxPrices => map(&mut request.max_price, values, row, str::to_owned),
            Self::Attributes => {
                map(&mut request.attributes, values, row, |text| AttributeValue::Text(text.to_owned()))
            }
            Self::KeyAttributes => {
                map(&mut context.key.attributes, values, row, |text| AttributeValue::Text(text.to_owned()))
            }
            Self::Now => {
                context.now = now(values, row)?;
                Ok(())
            }
        }
    }
}

impl<T> Slot<T> {
    fn takes(&self, values: &Values<'_>) -> (bool, &'static str) {
        use Values::{Bools, Decimals, Floats, Lists, Texts, Whole};
        match self {
            Self::Text(_) | Self::OptText(_) => (matches!(values, Texts(_)), "text"),
            Self::Count(..) | Self::OptCount(_) => {
                (matches!(values, Whole(_)), "a whole number; cast the column to int64")
            }
            Self::Bool(_) => (matches!(values, Bools(_)), "a bool"),
            Self::List(_) | Self::Set(_) | Self::TextOnly(_) | Self::OptSet(_) => {
                (matches!(values, Lists(_)), "a list of texts")
            }
            Self::OptMoney(_) => (
                matches!(values, Texts(_) | Whole(_) | Decimals(_) | Floats(_)),
                "money: a decimal, or text such as \"182.40\"",
            ),
        }
    }

    fn fill(&self, values: &Values<'_>, row: Option<usize>, of: &mut T) -> Result<(), String> {
        match self {
            Self::Text(field) => {
                put(field(of), text(values, row).ok_or("every request needs one, and this row has none")?);
            }
            Self::OptText(field) => match (text(values, row), field(of)) {
                (Some(text), Some(before)) => put(before, text),
                (text, field) => *field = text.map(str::to_owned),
            },
            Self::Count(field, missing) => {
                *field(of) = match (count(values, row)?, missing) {
                    (Some(count), _) => count,
                    (None, Missing::Zero) => 0,
                    (None, Missing::Fault) => {
                        return Err("every request needs one, and this row has none".to_owned());
                    }
                }
            }
            Self::OptCount(field) => *field(of) = count(values, row)?,
            Self::Bool(field) => {
                *field(of) = matches!((values, row), (Values::Bools(bools), Some(row)) if bools.value(row));
            }
            Self::List(field) => *field(of) = texts(values, row)?.unwrap_or_default(),
            Self::Set(field) => *field(of) = texts(values, row)?.unwrap_or_default(),
            Self::TextOnly(field) => {
                *field(of) = texts(values, row)?.unwrap_or_else(|| BTreeSet::from(["text".to_owned()]));
            }
            Self::OptSet(field) => *field(of) = texts(values, row)?,
            Self::OptMoney(field) => {
                let parsed = number(values, row).map(|text| {
                    let money: Result<Money, _> = text.parse();
                    money.map_err(|error| format!("{text}: {error}"))
                });
                *field(of) = parsed.transpose()?;
            }
        }
        Ok(())
    }
}

fn unknown(name: &str, fields: &[&str], prefix: &str) -> String {
    match syntax::nearest(name, fields.iter().copied()) {
        Some(near) => format!("unknown field; a field with a similar name exists: {prefix}{near}"),
        None => format!(
            "unknown field; select the columns that a request has: {}",
            fields.iter().map(|field| format!("{prefix}{field}")).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// Keeps what room there is.
fn put(field: &mut String, text: &str) {
    field.clear();
    field.push_str(text);
}

fn set<T>(map: &mut BTreeMap<String, T>, name: &str, value: Option<T>) {
    match (value, map.get_mut(name)) {
        (Some(value), Some(before)) => *before = value,
        (Some(value), None) => {
            map.insert(name.to_owned(), value);
        }
        (None, _) => {
            map.remove(name);
        }
    }
}

fn text<'a>(values: &Values<'a>, row: Option<usize>) -> Option<&'a str> {
    match values {
        Values::Texts(texts) => texts.get(row?),
        _ => None,
    }
}

fn count(values: &Values<'_>, row: Option<usize>) -> Result<Option<u64>, String> {
    let (Values::Whole(whole), Some(row)) = (values, row) else { return Ok(None) };
    let value = whole.get(row);
    match u64::try_from(value) {
        Ok(count) if count <= faregate::MAX_COUNT => Ok(Some(count)),
        Ok(_) => Err(format!("{value} is too large; at most {}", faregate::MAX_COUNT)),
        Err(_) => Err(format!("expected a whole number, not below zero, found {value}")),
    }
}

fn texts<C: FromIterator<String>>(values: &Values<'_>, row: Option<usize>) -> Result<Option<C>, String> {
    let (Values::Lists(lists), Some(row)) = (values, row) else { return Ok(None) };
    let item =
        |text: Option<&str>| text.map(str::to_owned).ok_or_else(|| "a text of the list is null".to_owned());
    lists.get(row).map(item).collect::<Result<C, _>>().map(Some)
}

/// Returns the digits of a number, or a text that may be one.
fn number(values: &Values<'_>, row: Option<usize>) -> Option<String> {
    let row = row?;
    match values {
        Values::Texts(texts) => texts.get(row).map(str::to_owned),
        Values::Whole(whole) => Some(whole.get(row).to_string()),
        Values::Decimals(decimals) => Some(decimals.value_as_string(row)),
        Values::Floats(floats) => Some(floats.text(row)),
        _ => None,
    }
}

fn attribute(
    attributes: &mut BTreeMap<String, AttributeValue>,
    name: &str,
    values: &Values<'_>,
    row: Option<usize>,
) -> Result<(), String> {
    let value = match (values, row) {
        (_, None) => None,
        (Values::Texts(texts), Some(row)) => texts.get(row).map(|text| AttributeValue::Text(text.to_owned())),
        (Values::Bools(bools), Some(row)) => Some(AttributeValue::Bool(bools.value(row))),
        (Values::Lists(_), row) => texts(values, row)?.map(AttributeValue::List),
        (_, row) => number(values, row)
            .map(|digits| {
                let number: Result<syntax::Fixed, _> = digits.parse();
                number
                    .map(|_| AttributeValue::Number(digits.clone()))
                    .map_err(|error| format!("{digits}: {error}"))
            })
            .transpose()?,
    };
    set(attributes, name, value);
    Ok(())
}

fn map<T>(
    into: &mut BTreeMap<String, T>,
    values: &Values<'_>,
    row: Option<usize>,
    value: impl Fn(&str) -> T,
) -> Result<(), String> {
    into.clear();
    if let (Values::Maps(maps), Some(row)) = (values, row) {
        for (name, text) in maps.get(row) {
            let name = name.ok_or("a name of the map is null")?;
            // A value of null is an absent entry, as everywhere.
            if let Some(text) = text {
                into.insert(name.to_owned(), value(text));
            }
        }
    }
    Ok(())
}

fn now(values: &Values<'_>, row: Option<usize>) -> Result<Timestamp, String> {
    let none = || "every decision needs an instant, and this row has none".to_owned();
    match (values, row) {
        (Values::Instants(instants), Some(row)) => {
            instants.get(row).map(Timestamp).ok_or_else(|| "beyond what milliseconds hold".to_owned())
        }
        (Values::Texts(texts), Some(row)) => {
            let text = texts.get(row).ok_or_else(none)?;
            text.parse().map_err(|error: faregate::TimestampError| format!("{text}: {error}"))
        }
        _ => Err(none()),
    }
}
