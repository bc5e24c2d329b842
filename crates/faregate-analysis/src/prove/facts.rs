//! Attributes of request, key and context as keys of formulas: what values they can have, and what their absence means.

use std::sync::Arc;

use faregate::model::{Attr, Policy, Subject, Type, Value, Vocabulary};
use faregate::{MAX_COUNT, key_fields, request_fields};

use super::formula::{About, Absent, Arena, Key, Place, Range, Unit};

/// The largest amount of money, share or rate, and the least with its sign turned.
pub(super) const FAR: i128 = i128::MAX;

/// Returns the key of an attribute of request or key; `None`: there is no such field.
pub(super) fn given(arena: &mut Arena, policy: &Policy, subject: Subject, name: &str) -> Option<Key> {
    let declared = policy.declared.iter().find(|d| d.subject == subject && d.name == name);
    let field = match subject {
        Subject::Request => request_field(name),
        Subject::Key => key_field(name),
        _ => None,
    };
    let place = match (subject, declared) {
        (Subject::Request, Some(d)) if !d.narrows => Place::RequestAttribute(name.to_owned()),
        (Subject::Key, Some(d)) if !d.narrows => Place::KeyAttribute(name.to_owned()),
        (Subject::Request, _) => Place::Request(name.to_owned()),
        (Subject::Key, _) => Place::Key(name.to_owned()),
        _ => return None,
    };
    let absent = match declared.and_then(|d| d.default.as_ref()) {
        Some(default) if field.is_none_or(|(_, absence)| absence == "unknown") => absent_value(default),
        _ => field.map_or(Absent::Unknown, |(_, absence)| absent(absence)),
    };
    let (range, unit) = match declared {
        Some(declared) => of_type(&declared.ty),
        None => of_field(field?.0),
    };
    let known = absent != Absent::Unknown;
    Some(arena.key(place, |place| About { place, range, known, absent, unit }))
}

/// Returns the key of what is known of an endpoint now: health, latency and so on.
pub(super) fn figure(arena: &mut Arena, endpoint: &str, attr: &Attr) -> Key {
    let (range, unit, absent) = match attr.name.as_str() {
        "health" => {
            let states = ["up", "degraded", "down"].map(str::to_owned);
            (Range::Text(Some(Arc::new(states.into()))), Unit::Count, Absent::Text("up".to_owned()))
        }
        "cooling_down" => (Range::Bool, Unit::Count, Absent::Bool(false)),
        name if name.starts_with("latency") => {
            (Range::Number(0, i128::from(u64::MAX)), Unit::Milliseconds, Absent::Unknown)
        }
        _ => (Range::Number(-FAR, FAR), Unit::Fixed, Absent::Unknown),
    };
    let known = absent != Absent::Unknown;
    let place = Place::Endpoint(endpoint.to_owned(), attr.name.clone());
    arena.key(place, |place| About { place, range, known, absent, unit })
}

/// Returns the key of a price, or of the cost, of an own credential: they may be anything.
pub(super) fn own(arena: &mut Arena, name: &str) -> Key {
    arena.key(Place::Own(name.to_owned()), |place| About {
        place,
        range: Range::Number(0, FAR),
        known: false,
        absent: Absent::Unknown,
        unit: Unit::Fixed,
    })
}

/// Returns the key of a fact of whichever endpoint or failed call is asked about.
pub(super) fn any(arena: &mut Arena, attr: &Attr) -> Key {
    let always = matches!(
        attr.name.as_str(),
        "id" | "model" | "provider" | "byok" | "deprecated" | "health" | "cooling_down"
    );
    let known = attr.subject == Subject::Endpoint && always;
    let (range, unit) = of_type(&attr.ty);
    let absent = if known { Absent::Required } else { Absent::Unknown };
    arena.key(Place::Any(attr.to_string()), |place| About { place, range, known, absent, unit })
}

/// Returns the key of a test by its own words: of names that may stand for one another it is all that is known.
pub(super) fn worded(arena: &mut Arena, test: String) -> Key {
    arena.key(Place::Any(test), |place| About {
        place,
        range: Range::Bool,
        known: false,
        absent: Absent::Unknown,
        unit: Unit::Count,
    })
}

/// Returns the key of the caller's own ceiling on output.
pub(super) fn caller_output(arena: &mut Arena) -> Key {
    arena.key(Place::CallerOutput, |place| About {
        place,
        range: Range::Number(0, i128::from(MAX_COUNT)),
        known: false,
        absent: Absent::Unknown,
        unit: Unit::Count,
    })
}

fn absent(absence: &str) -> Absent {
    match absence {
        "required" => Absent::Required,
        "zero" => Absent::Number(0),
        "no" => Absent::Bool(false),
        "empty" => Absent::Set(std::collections::BTreeSet::new()),
        "text_only" => Absent::Set(std::collections::BTreeSet::from(["text".to_owned()])),
        _ => Absent::Unknown,
    }
}

fn absent_value(value: &Value) -> Absent {
    match value {
        Value::Text(t) => Absent::Text(t.clone()),
        Value::Bool(b) => Absent::Bool(*b),
        Value::Number(n) => Absent::Number(*n),
        Value::Set(s) => Absent::Set(s.clone()),
    }
}

fn of_type(ty: &Type) -> (Range, Unit) {
    let list = |v: &Vocabulary| match v {
        Vocabulary::Declared(list) => Some(Arc::new(list.iter().cloned().collect())),
        _ => None,
    };
    match ty {
        Type::Text(v) => (Range::Text(list(v)), Unit::Count),
        Type::Set(v) => (Range::Set(list(v)), Unit::Count),
        Type::Bool => (Range::Bool, Unit::Count),
        Type::Count => (Range::Number(0, i128::from(MAX_COUNT)), Unit::Count),
        Type::Duration => (Range::Number(0, i128::from(u64::MAX)), Unit::Milliseconds),
        _ => (Range::Number(-FAR, FAR), Unit::Fixed),
    }
}

fn of_field(ty: &str) -> (Range, Unit) {
    match ty {
        "count" => (Range::Number(0, i128::from(MAX_COUNT)), Unit::Count),
        "money" => (Range::Number(-FAR, FAR), Unit::Fixed),
        "bool" => (Range::Bool, Unit::Count),
        "set" | "list" => (Range::Set(None), Unit::Count),
        _ => (Range::Text(None), Unit::Count),
    }
}

macro_rules! field_of {
    ($($name:ident: $ty:ident $absence:ident $doc:literal,)*) => {
        [$((stringify!($name), stringify!($ty), stringify!($absence)),)*]
    };
}

/// Whether a request has such a built-in field.
pub(super) fn is_request_field(name: &str) -> bool {
    request_field(name).is_some()
}

/// Whether a key has such a built-in field.
pub(super) fn is_key_field(name: &str) -> bool {
    key_field(name).is_some()
}

fn request_field(name: &str) -> Option<(&'static str, &'static str)> {
    request_fields!(field_of).into_iter().find(|(n, ..)| *n == name).map(|(_, ty, absence)| (ty, absence))
}

fn key_field(name: &str) -> Option<(&'static str, &'static str)> {
    key_fields!(field_of).into_iter().find(|(n, ..)| *n == name).map(|(_, ty, absence)| (ty, absence))
}
