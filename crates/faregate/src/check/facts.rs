//! What a condition can be for an endpoint, as far as the catalog alone tells.

use std::collections::BTreeSet;

use faregate_syntax::ast::{CompareOp, Quantifier};

use crate::attributes::{Subject, Type, Vocabulary};
use crate::catalog::{Catalog, Endpoint};
use crate::ir::{Attr, Expr, ExprKind, Member, SetTerm, Term, Value};
use crate::time::day_number;

/// What a condition may turn out to be, over all requests, contexts and instants.
#[derive(Clone, Copy)]
pub(super) struct Possible {
    pub(super) be_true: bool,
    pub(super) be_false: bool,
}

const ANYTHING: Possible = Possible { be_true: true, be_false: true };
/// Unknown is neither.
const UNKNOWN: Possible = Possible { be_true: false, be_false: false };

/// Returns what a condition can be. What the catalog does not settle can be anything.
pub(super) fn possible(expr: &Expr, endpoint: &Endpoint, catalog: &Catalog) -> Possible {
    let of = |e: &Expr| possible(e, endpoint, catalog);
    match &expr.kind {
        ExprKind::Constant(value) => Possible { be_true: *value, be_false: !*value },
        ExprKind::And(parts) => Possible {
            be_true: parts.iter().all(|p| of(p).be_true),
            be_false: parts.iter().any(|p| of(p).be_false),
        },
        ExprKind::Or(parts) => Possible {
            be_true: parts.iter().any(|p| of(p).be_true),
            be_false: parts.iter().all(|p| of(p).be_false),
        },
        ExprKind::Not(inner) => {
            let inner = of(inner);
            Possible { be_true: inner.be_false, be_false: inner.be_true }
        }
        _ => leaf(expr, endpoint, catalog).unwrap_or(ANYTHING),
    }
}

/// `None` where the catalog does not settle it.
fn leaf(expr: &Expr, endpoint: &Endpoint, catalog: &Catalog) -> Option<Possible> {
    let known = |attr: &Attr| fact(attr, endpoint);
    let settled =
        |value: Option<bool>| value.map_or(UNKNOWN, |value| Possible { be_true: value, be_false: !value });
    let text = |attr: &Attr, text: &str| match attr.ty {
        Type::Text(Vocabulary::Models) => catalog.resolve(text).to_owned(),
        _ => text.to_owned(),
    };
    Some(match &expr.kind {
        ExprKind::Flag(attr) => settled(match known(attr)? {
            Some(Value::Bool(value)) => Some(value),
            _ => None,
        }),
        ExprKind::Present(attr) => settled(Some(known(attr)?.is_some())),
        ExprKind::Compare { left, op, right, .. } => {
            let right = match right {
                Term::Attr(attr) => known(attr)?,
                Term::Value(Value::Text(value)) => Some(Value::Text(text(left, value))),
                Term::Value(value) => Some(value.clone()),
            };
            settled(known(left)?.zip(right).and_then(|(a, b)| compare(&a, *op, &b)))
        }
        ExprKind::Between { left, low, high, .. } => settled(match known(left)? {
            Some(Value::Number(n)) => Some(*low <= n && n <= *high),
            _ => None,
        }),
        ExprKind::In { left, members, .. } => settled(known(left)?.map(|value| {
            members.iter().any(|member| match (member, &value) {
                (Member::Value(Value::Text(wanted)), Value::Text(value)) => text(left, wanted) == *value,
                (Member::Value(wanted), value) => wanted == value,
                (Member::Group(_, patterns), Value::Text(value)) => {
                    patterns.iter().any(|p| p.matches(value) || catalog.resolve(p.as_str()) == value)
                }
                _ => false,
            })
        })),
        ExprKind::Matches { left, pattern } => settled(match known(left)? {
            Some(Value::Text(value)) => Some(pattern.matches(&value)),
            _ => None,
        }),
        ExprKind::Includes { left, quantifier, right } => {
            let SetTerm::Values(wanted) = right else { return None };
            settled(match known(left)? {
                Some(Value::Set(set)) => Some(match quantifier {
                    Quantifier::Any => wanted.iter().any(|w| set.contains(w)),
                    Quantifier::One | Quantifier::All => wanted.iter().all(|w| set.contains(w)),
                }),
                _ => None,
            })
        }
        ExprKind::Constant(_) | ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Not(_) => return None,
    })
}

/// Returns what the catalog says: inner `None` where it is silent, outer where others have a say.
#[expect(clippy::option_option, reason = "what is unknown for good and what is not known here differ")]
fn fact(attr: &Attr, endpoint: &Endpoint) -> Option<Option<Value>> {
    if attr.subject != Subject::Endpoint {
        return None;
    }
    let facts = &endpoint.facts;
    let text = |value: &Option<String>| value.clone().map(Value::Text);
    let count = |value: Option<u64>| value.map(|n| Value::Number(i128::from(n)));
    let set = |value: &Option<BTreeSet<String>>| value.clone().map(Value::Set);
    Some(match attr.name.as_str() {
        "id" => Some(Value::Text(endpoint.id.clone())),
        "model" => Some(Value::Text(endpoint.model.clone())),
        "provider" => Some(Value::Text(endpoint.provider.clone())),
        "region" => text(&facts.region),
        "quantization" => text(&facts.quantization),
        "context_length" => count(facts.context_length),
        "max_output_tokens" => count(facts.max_output_tokens),
        "supports" => set(&facts.supports),
        "modalities" => set(&facts.modalities),
        "tags" => set(&facts.tags),
        "zdr" => facts.zdr.map(Value::Bool),
        "trains" => facts.trains.map(Value::Bool),
        "retains" => facts.retains.map(Value::Bool),
        "deprecated" => Some(Value::Bool(facts.deprecated.unwrap_or(false))),
        "sunset" => facts.sunset.map(|day| Value::Number(day_number(day))),
        _ => return None,
    })
}

fn compare(a: &Value, op: CompareOp, b: &Value) -> Option<bool> {
    let ordering = match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => return None,
    };
    Some(op.holds(ordering))
}
