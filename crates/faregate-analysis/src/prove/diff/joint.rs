//! One space of requests for two policies: what both may be asked, and what each makes of an absent attribute.

use std::sync::Arc;

use faregate::model::{Declared, Policy, Subject, Type, Value, Values, Vocabulary};

use super::super::shape::shape;
use crate::prove::lower::{Stand, Stands};

/// An attribute that two policies declare differently.
pub(super) struct Redeclared {
    pub(super) subject: Subject,
    pub(super) name: String,
    pub(super) old: Option<Declared>,
    pub(super) new: Option<Declared>,
    /// Values that one of the two allows and the other refuses.
    pub(super) odd: Vec<Value>,
    /// Whether requests may carry something that is not in the joint space and of which nothing is known.
    pub(super) unclear: bool,
}

/// Two policies over one space.
pub(super) struct Joint {
    pub(super) policies: [Policy; 2],
    pub(super) stands: [Stands; 2],
    pub(super) redeclared: Vec<Redeclared>,
}

impl Joint {
    pub(super) fn new(old: &Policy, new: &Policy) -> Self {
        let mut policies = [old.clone(), new.clone()];
        let mut stands = [Stands::new(), Stands::new()];
        let mut redeclared = Vec::new();
        let mut declared = Vec::new();
        let of = |policy: &Policy, d: &Declared| {
            policy.declared.iter().find(|o| o.subject == d.subject && o.name == d.name).cloned()
        };
        let only_new = new.declared.iter().filter(|d| of(old, d).is_none());
        for d in old.declared.iter().chain(only_new) {
            let pair = [of(old, d), of(new, d)];
            if pair[0].as_ref().map(shape) == pair[1].as_ref().map(shape) {
                declared.push(d.clone());
                continue;
            }
            let (joint, found) = reconcile(pair, &mut stands);
            declared.extend(joint);
            redeclared.push(found);
        }
        for policy in &mut policies {
            policy.declared.clone_from(&declared);
        }
        Self { policies, stands, redeclared }
    }
}

/// Finds what both declarations allow. Where one policy declares nothing under the name, requests of both carry nothing.
fn reconcile(pair: [Option<Declared>; 2], stands: &mut [Stands; 2]) -> (Option<Declared>, Redeclared) {
    let [old, new] = pair;
    let Some(some) = old.as_ref().or(new.as_ref()) else {
        // One of the two is there: the attribute was met in one of the policies.
        let found = Redeclared {
            subject: Subject::Request,
            name: String::new(),
            old,
            new,
            odd: Vec::new(),
            unclear: true,
        };
        return (None, found);
    };
    let place = (some.subject, some.name.clone());
    let mut found = Redeclared {
        subject: some.subject,
        name: some.name.clone(),
        odd: Vec::new(),
        unclear: false,
        old: old.clone(),
        new: new.clone(),
    };
    let narrows = some.narrows;
    let joint = match (&old, &new) {
        (Some(a), Some(b)) => common(&a.ty, &b.ty, &mut found.odd),
        // What is built in may be said under both policies; only the list narrows it.
        (Some(one), None) | (None, Some(one)) if narrows => {
            // A text that stands in no list.
            let other = "something-else".to_owned();
            match (&one.ty, list(&one.ty)) {
                (_, None) => {}
                (Type::Set(_), Some(_)) => found.odd.push(Value::Set([other].into())),
                (_, Some(_)) => found.odd.push(Value::Text(other)),
            }
            Some(one.ty.clone())
        }
        (Some(one), None) | (None, Some(one)) => {
            found.odd.extend(sample(&one.ty));
            None
        }
        (None, None) => None,
    };
    let default = |d: &Option<Declared>| d.as_ref().and_then(|d| d.default.clone());
    for (stands, declared) in stands.iter_mut().zip([&old, &new]) {
        match (&joint, default(declared)) {
            // Nothing is said of it, ever.
            (None, value) => {
                stands.insert(place.clone(), Stand::Fixed(value));
            }
            (Some(_), Some(value)) => {
                stands.insert(place.clone(), Stand::Default(value));
            }
            (Some(_), None) => {}
        }
    }
    found.unclear |= joint.is_none() && (narrows || (old.is_some() && new.is_some()));
    let joint = joint.map(|ty| Declared { ty, default: None, ..some.clone() });
    (joint, found)
}

fn list(ty: &Type) -> Option<&Arc<Values>> {
    match ty {
        Type::Text(Vocabulary::Declared(list)) | Type::Set(Vocabulary::Declared(list)) => Some(list),
        _ => None,
    }
}

/// Returns the type of the values that both allow, and notes those that only one does.
fn common(old: &Type, new: &Type, odd: &mut Vec<Value>) -> Option<Type> {
    let set = match (old, new) {
        (Type::Text(_), Type::Text(_)) => false,
        (Type::Set(_), Type::Set(_)) => true,
        _ => return (old == new).then(|| old.clone()),
    };
    let of = |text: &String| {
        if set { Value::Set([text.clone()].into()) } else { Value::Text(text.clone()) }
    };
    match (list(old), list(new)) {
        (Some(a), Some(b)) => {
            odd.extend(a.iter().filter(|v| !b.contains(v)).map(of));
            odd.extend(b.iter().filter(|v| !a.contains(v)).map(of));
            let both: Values = a.iter().filter(|v| b.contains(v)).cloned().collect();
            let vocabulary = Vocabulary::Declared(Arc::new(both));
            Some(if set { Type::Set(vocabulary) } else { Type::Text(vocabulary) })
        }
        (Some(_), None) => {
            odd.push(of(&"something-else".to_owned()));
            Some(old.clone())
        }
        (None, Some(_)) => {
            odd.push(of(&"something-else".to_owned()));
            Some(new.clone())
        }
        (None, None) => Some(old.clone()),
    }
}

/// Returns a value of a type.
fn sample(ty: &Type) -> Option<Value> {
    Some(match ty {
        Type::Text(_) => {
            Value::Text(list(ty).and_then(|l| l.iter().next().cloned()).unwrap_or("a".to_owned()))
        }
        Type::Set(_) => Value::Set(list(ty).and_then(|l| l.iter().next().cloned()).into_iter().collect()),
        Type::Bool => Value::Bool(true),
        Type::Count => Value::Number(1),
        _ => return None,
    })
}
