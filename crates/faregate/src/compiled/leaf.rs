//! Comparisons: what they hold, what they read, and their truth.

use std::hash::{Hash, Hasher};

use faregate_syntax::ast::CompareOp;
use rustc_hash::FxHasher;

use super::expr::reads;
use super::source::Source;
use super::value::{Texts, Val};
use crate::catalog::Catalog;
use crate::classes::ErrorClass;
use crate::ir::{Attr, ExprKind, Member, SetTerm, Term, Value};
use crate::pattern::Pattern;
use crate::reference::truth::Truth;

/// A comparison.
#[derive(Clone, Debug)]
pub(super) enum Leaf {
    /// A text of the request is this symbol.
    Is {
        slot: usize,
        symbol: u32,
        negated: bool,
    },
    /// A text of the request is one of these symbols.
    OneOf {
        slot: usize,
        symbols: Box<[u32]>,
    },
    /// A set of the request has one of these bits.
    Overlaps {
        slot: usize,
        mask: u64,
    },
    /// A set of the request has all of these bits.
    Holds {
        slot: usize,
        mask: u64,
    },
    Flag(Source),
    Present(Source),
    /// `models`: the texts of the policy may be aliases.
    Compare {
        left: Source,
        op: CompareOp,
        right: Right,
        models: bool,
    },
    /// `clock`: the end is outside, and the range wraps.
    Between {
        left: Source,
        low: i128,
        high: i128,
        clock: bool,
    },
    In {
        left: Source,
        members: Box<[Member]>,
        models: bool,
    },
    Includes {
        left: Source,
        any: bool,
        right: Wanted,
        models: bool,
    },
    Matches {
        left: Source,
        pattern: Pattern,
    },
    /// What reads an attempt.
    Attempt {
        /// For each class of error whether it can be true, and whether it can be false.
        possible: Vec<(ErrorClass, (bool, bool))>,
        /// The comparison, for the time when an attempt has failed.
        exact: Box<Leaf>,
    },
}

#[derive(Clone, Debug)]
pub(super) enum Right {
    Value(Value),
    Source(Source),
}

#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Values(Box<[String]>),
    Source(Source),
}

/// Returns the truth of a comparison whose values are looked up one by one, as `reference::eval` has it.
pub(super) fn leaf_truth<'a>(
    leaf: &'a Leaf,
    catalog: &'a Catalog,
    value: impl Fn(Source) -> Option<Val<'a>>,
) -> Truth {
    let resolved = |text: &'a str, models: bool| if models { catalog.resolve(text) } else { text };
    match leaf {
        Leaf::Flag(source) => match value(*source) {
            Some(Val::Bool(flag)) => Truth::from(flag),
            _ => Truth::Unknown,
        },
        Leaf::Present(source) => Truth::from(value(*source).is_some()),
        Leaf::Compare { left, op, right, models } => {
            let right = match right {
                Right::Value(Value::Text(text)) => Some(Val::Text(resolved(text, *models))),
                Right::Value(value) => Some(Val::of(value)),
                Right::Source(source) => value(*source),
            };
            Truth::known(value(*left).zip(right).map(|(a, b)| compare(a, *op, b)))
        }
        Leaf::Between { left, low, high, clock } => match value(*left) {
            Some(Val::Number(n)) if *clock => {
                Truth::from(if low <= high { *low <= n && n < *high } else { n >= *low || n < *high })
            }
            Some(Val::Number(n)) => Truth::from(*low <= n && n <= *high),
            _ => Truth::Unknown,
        },
        Leaf::In { left, members, models } => match value(*left) {
            None => Truth::Unknown,
            Some(value) => Truth::from(members.iter().any(|member| match (member, value) {
                (Member::Value(Value::Text(wanted)), Val::Text(text)) => resolved(wanted, *models) == text,
                (Member::Value(wanted), value) => compare(Val::of(wanted), CompareOp::Eq, value),
                (Member::Group(_, patterns), Val::Text(text)) => {
                    patterns.iter().any(|p| p.matches(text) || catalog.resolve(p.as_str()) == text)
                }
                _ => false,
            })),
        },
        Leaf::Includes { left, any, right, models } => {
            let Some(Val::Set(set)) = value(*left) else { return Truth::Unknown };
            let holds = match right {
                Wanted::Values(values) => {
                    let within = |v: &'a String| set.contains(resolved(v, *models));
                    if *any { values.iter().any(within) } else { values.iter().all(within) }
                }
                Wanted::Source(source) => {
                    let wanted = match value(*source) {
                        Some(Val::Set(wanted)) => wanted,
                        Some(Val::Text(text)) => Texts::One(text),
                        _ => return Truth::Unknown,
                    };
                    let within = |text: &str| set.contains(text);
                    if *any { wanted.any(within) } else { wanted.all(within) }
                }
            };
            Truth::from(holds)
        }
        Leaf::Matches { left, pattern } => match value(*left) {
            Some(Val::Text(text)) => Truth::from(pattern.matches(text)),
            _ => Truth::Unknown,
        },
        Leaf::Attempt { exact, .. } => leaf_truth(exact, catalog, value),
        // These are read by number.
        Leaf::Is { .. } | Leaf::OneOf { .. } | Leaf::Overlaps { .. } | Leaf::Holds { .. } => Truth::Unknown,
    }
}

fn compare(a: Val<'_>, op: CompareOp, b: Val<'_>) -> bool {
    let ordering = match (a, b) {
        (Val::Number(a), Val::Number(b)) => a.cmp(&b),
        (Val::Text(a), Val::Text(b)) => a.cmp(b),
        (Val::Bool(a), Val::Bool(b)) => a.cmp(&b),
        // The checker lets no other pair through.
        _ => return false,
    };
    op.holds(ordering)
}

/// Returns what a comparison reads.
pub(super) fn leaf_reads(leaf: &Leaf) -> u8 {
    match leaf {
        Leaf::Is { .. } | Leaf::OneOf { .. } | Leaf::Overlaps { .. } | Leaf::Holds { .. } => reads::REQUEST,
        Leaf::Flag(source)
        | Leaf::Present(source)
        | Leaf::Between { left: source, .. }
        | Leaf::In { left: source, .. }
        | Leaf::Matches { left: source, .. }
        | Leaf::Compare { left: source, right: Right::Value(_), .. }
        | Leaf::Includes { left: source, right: Wanted::Values(_), .. } => source.reads(),
        Leaf::Compare { left, right: Right::Source(right), .. }
        | Leaf::Includes { left, right: Wanted::Source(right), .. } => left.reads() | right.reads(),
        Leaf::Attempt { .. } => reads::ATTEMPT | reads::MOMENT,
    }
}

/// A hash by which equal comparisons find each other.
pub(super) fn fingerprint(kind: &ExprKind) -> u64 {
    let mut hasher = FxHasher::default();
    std::mem::discriminant(kind).hash(&mut hasher);
    let attr = |attr: &Attr, hasher: &mut FxHasher| {
        attr.subject.hash(hasher);
        attr.name.hash(hasher);
    };
    let value = |value: &Value, hasher: &mut FxHasher| match value {
        Value::Text(text) => text.hash(hasher),
        Value::Bool(flag) => flag.hash(hasher),
        Value::Number(n) => n.hash(hasher),
        Value::Set(set) => set.hash(hasher),
    };
    match kind {
        ExprKind::Flag(a) | ExprKind::Present(a) => attr(a, &mut hasher),
        ExprKind::Compare { left, op, right, .. } => {
            attr(left, &mut hasher);
            op.hash(&mut hasher);
            match right {
                Term::Value(v) => value(v, &mut hasher),
                Term::Attr(a) => attr(a, &mut hasher),
            }
        }
        ExprKind::Between { left, low, high, .. } => {
            attr(left, &mut hasher);
            (low, high).hash(&mut hasher);
        }
        ExprKind::In { left, members, .. } => {
            attr(left, &mut hasher);
            for member in members {
                match member {
                    Member::Value(v) => value(v, &mut hasher),
                    Member::Group(name, _) => name.hash(&mut hasher),
                }
            }
        }
        ExprKind::Includes { left, quantifier, right } => {
            attr(left, &mut hasher);
            quantifier.hash(&mut hasher);
            match right {
                SetTerm::Values(values) => values.hash(&mut hasher),
                SetTerm::Attr(a) => attr(a, &mut hasher),
            }
        }
        ExprKind::Matches { left, pattern } => {
            attr(left, &mut hasher);
            pattern.as_str().hash(&mut hasher);
        }
        ExprKind::Constant(_) | ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Not(_) => {}
    }
    hasher.finish()
}
