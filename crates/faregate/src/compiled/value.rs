//! Values looked at where they lie: what an attribute is, without a copy of it.

use std::collections::BTreeSet;

use crate::catalog::Catalog;
use crate::ir::Value;
use crate::{AttributeValue, Key, Money, Request};

/// A value; as [`Value`], of which it is a view.
#[derive(Clone, Copy, Debug)]
pub(super) enum Val<'a> {
    Text(&'a str),
    Bool(bool),
    Number(i128),
    Set(Texts<'a>),
}

/// The texts of a set.
#[derive(Clone, Copy, Debug)]
pub(super) enum Texts<'a> {
    Tree(&'a BTreeSet<String>),
    List(&'a [String]),
    /// Models as a client names them; what counts is the model behind an alias.
    Asked(&'a [String], &'a Catalog),
    One(&'a str),
}

impl<'a> Texts<'a> {
    pub(super) fn contains(self, text: &str) -> bool {
        match self {
            Self::Tree(tree) => tree.contains(text),
            Self::List(list) => list.iter().any(|t| t == text),
            Self::Asked(list, catalog) => list.iter().any(|t| catalog.resolve(t) == text),
            Self::One(one) => one == text,
        }
    }

    pub(super) fn all(self, mut holds: impl FnMut(&str) -> bool) -> bool {
        match self {
            Self::Tree(tree) => tree.iter().all(|t| holds(t)),
            Self::List(list) => list.iter().all(|t| holds(t)),
            Self::Asked(list, catalog) => list.iter().all(|t| holds(catalog.resolve(t))),
            Self::One(one) => holds(one),
        }
    }

    pub(super) fn any(self, mut holds: impl FnMut(&str) -> bool) -> bool {
        !self.all(|text| !holds(text))
    }
}

impl<'a> Val<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Number(n) => Self::Number(*n),
            Value::Set(set) => Self::Set(Texts::Tree(set)),
        }
    }

    /// Returns a copy that owns its texts.
    pub(super) fn owned(self) -> Value {
        match self {
            Self::Text(text) => Value::Text(text.to_owned()),
            Self::Bool(flag) => Value::Bool(flag),
            Self::Number(n) => Value::Number(n),
            Self::Set(texts) => {
                let mut set = BTreeSet::new();
                texts.all(|text| {
                    set.insert(text.to_owned());
                    true
                });
                Value::Set(set)
            }
        }
    }
}

/// A field of request or key, as a value.
trait AsVal {
    fn val(&self) -> Option<Val<'_>>;
}

impl AsVal for String {
    fn val(&self) -> Option<Val<'_>> {
        Some(Val::Text(self))
    }
}

impl AsVal for u64 {
    fn val(&self) -> Option<Val<'_>> {
        Some(Val::Number(i128::from(*self)))
    }
}

impl AsVal for bool {
    fn val(&self) -> Option<Val<'_>> {
        Some(Val::Bool(*self))
    }
}

impl AsVal for Money {
    fn val(&self) -> Option<Val<'_>> {
        Some(Val::Number(self.0.units()))
    }
}

impl AsVal for Vec<String> {
    fn val(&self) -> Option<Val<'_>> {
        Some(Val::Set(Texts::List(self)))
    }
}

impl AsVal for BTreeSet<String> {
    fn val(&self) -> Option<Val<'_>> {
        Some(Val::Set(Texts::Tree(self)))
    }
}

impl<T: AsVal> AsVal for Option<T> {
    fn val(&self) -> Option<Val<'_>> {
        self.as_ref().and_then(AsVal::val)
    }
}

/// Reads one field of a request.
pub(super) type RequestField = for<'a> fn(&'a Request) -> Option<Val<'a>>;

/// Reads one field of a key.
pub(super) type KeyField = for<'a> fn(&'a Key) -> Option<Val<'a>>;

/// Returns what reads a built-in field of a request.
pub(super) fn request_field(name: &str) -> Option<RequestField> {
    macro_rules! field {
        ($($field:ident: $ty:ident $absence:ident $doc:literal,)*) => {
            match name {
                $(stringify!($field) => {
                    let read: RequestField = |request| request.$field.val();
                    Some(read)
                })*
                _ => None,
            }
        };
    }
    request_fields!(field)
}

/// Returns what reads a built-in field of a key.
pub(super) fn key_field(name: &str) -> Option<KeyField> {
    macro_rules! field {
        ($($field:ident: $ty:ident $absence:ident $doc:literal,)*) => {
            match name {
                $(stringify!($field) => {
                    let read: KeyField = |key| key.$field.val();
                    Some(read)
                })*
                _ => None,
            }
        };
    }
    key_fields!(field)
}

/// Returns the text or the texts that data give for a declared attribute; what needs reading is for others.
pub(super) fn given(raw: &AttributeValue) -> Option<Val<'_>> {
    match raw {
        AttributeValue::Text(text) => Some(Val::Text(text)),
        AttributeValue::Bool(flag) => Some(Val::Bool(*flag)),
        AttributeValue::List(list) => Some(Val::Set(Texts::List(list))),
        AttributeValue::Number(_) => None,
    }
}
