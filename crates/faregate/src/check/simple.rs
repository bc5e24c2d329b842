//! What simple conditions leave open: conjunctions of comparisons of attributes with values.
//!
//! Nothing here guesses. Of what is not simple it is assumed that it may be anything, and an attribute that is unknown makes
//! no comparison true. A condition that is called impossible is true for no request; one that is said to follow from another
//! is never false where that one is true.

use std::collections::{BTreeMap, HashMap, HashSet};

use faregate_syntax::ast::CompareOp;

use crate::attributes::{Type, Vocabulary};
use crate::ir::{Attr, Expr, ExprKind, Member, Term, Value};
use crate::time::Zone;

/// So many comparisons and values make a condition long.
const LONGEST: usize = 64;
/// The last millisecond of a day.
const LAST_OF_DAY: i128 = 86_399_999;
/// An attribute may be held to so many pieces of a range; what cuts it further is passed over.
const MOST_RANGES: usize = 64;

/// Says why a condition can never be true, where that is plain.
pub(super) fn impossible(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Constant(false) => Some("it says `false`".to_owned()),
        ExprKind::And(parts) => {
            parts.iter().find_map(impossible).or_else(|| Domains::of(parts).contradiction())
        }
        ExprKind::Or(parts) => {
            let mut reasons = parts.iter().map(impossible);
            let first = reasons.next()??;
            reasons.all(|reason| reason.is_some()).then_some(first)
        }
        // Of a range the wrong way round it has been said where it stands.
        _ => Domains::of(std::slice::from_ref(expr)).contradiction(),
    }
}

/// Whether a condition is short enough to be compared with many others.
pub(super) fn is_short(expr: &Expr) -> bool {
    fn size(expr: &Expr) -> usize {
        match &expr.kind {
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                parts.iter().map(size).fold(1, usize::saturating_add)
            }
            ExprKind::Not(inner) => size(inner),
            ExprKind::In { members, .. } => members.len(),
            _ => 1,
        }
    }
    size(expr) <= LONGEST
}

/// A condition, ready to be asked what follows from it.
pub(super) struct Premise<'e> {
    /// One of these holds.
    cases: Vec<(&'e [Expr], Domains<'e>)>,
}

impl<'e> Premise<'e> {
    pub(super) fn new(expr: &'e Expr) -> Self {
        let cases = match &expr.kind {
            ExprKind::Or(parts) => parts.as_slice(),
            _ => std::slice::from_ref(expr),
        };
        let case = |case: &'e Expr| {
            let parts = match &case.kind {
                ExprKind::And(parts) => parts.as_slice(),
                _ => std::slice::from_ref(case),
            };
            (parts, Domains::of(parts))
        };
        Self { cases: cases.iter().map(case).collect() }
    }

    /// Whether `expr` is never false where this is true.
    pub(super) fn implies(&self, expr: &Expr) -> bool {
        self.cases.iter().all(|(parts, domains)| follows(expr, parts, domains))
    }
}

fn follows(expr: &Expr, parts: &[Expr], domains: &Domains<'_>) -> bool {
    match &expr.kind {
        ExprKind::Constant(value) => *value,
        ExprKind::And(all) => all.iter().all(|e| follows(e, parts, domains)),
        ExprKind::Or(any) => any.iter().any(|e| follows(e, parts, domains)),
        kind => parts.iter().any(|part| part.kind == *kind) || domains.hold(expr),
    }
}

/// A value as something that can be looked up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Point<'e> {
    Text(&'e str),
    Number(i128),
    Bool(bool),
}

fn point(value: &Value) -> Option<Point<'_>> {
    match value {
        Value::Text(text) => Some(Point::Text(text)),
        Value::Number(n) => Some(Point::Number(*n)),
        Value::Bool(b) => Some(Point::Bool(*b)),
        Value::Set(_) => None,
    }
}

fn member(member: &Member) -> Option<Point<'_>> {
    match member {
        Member::Value(value) => point(value),
        Member::Group(..) => None,
    }
}

/// The values for which a comparison is true.
enum Values<'e> {
    /// Numbers, both ends inside.
    Ranges(Vec<(i128, i128)>),
    OneOf(Vec<Point<'e>>),
    NoneOf(Vec<Point<'e>>),
}

/// A comparison of an attribute with values; `None` where it is none.
fn comparison(expr: &Expr, negated: bool) -> Option<(&Attr, Option<&Zone>, Values<'_>)> {
    let listed =
        |points: Vec<_>, negated| if negated { Values::NoneOf(points) } else { Values::OneOf(points) };
    Some(match &expr.kind {
        ExprKind::Not(inner) => return comparison(inner, !negated),
        ExprKind::Flag(attr) => (attr, None, Values::OneOf(vec![Point::Bool(!negated)])),
        ExprKind::Compare { left, op, right: Term::Value(value), zone } => {
            let op = if negated { opposite(*op) } else { *op };
            let values = match (op, value) {
                (CompareOp::Eq, value) => listed(vec![point(value)?], false),
                (CompareOp::Ne, value) => listed(vec![point(value)?], true),
                (CompareOp::Lt, Value::Number(n)) => Values::Ranges(vec![(i128::MIN, n.checked_sub(1)?)]),
                (CompareOp::Le, Value::Number(n)) => Values::Ranges(vec![(i128::MIN, *n)]),
                (CompareOp::Gt, Value::Number(n)) => Values::Ranges(vec![(n.checked_add(1)?, i128::MAX)]),
                (CompareOp::Ge, Value::Number(n)) => Values::Ranges(vec![(*n, i128::MAX)]),
                _ => return None,
            };
            (left, zone.as_ref(), values)
        }
        ExprKind::In { left, members, zone } => {
            let points = members.iter().map(member).collect::<Option<Vec<_>>>()?;
            (left, zone.as_ref(), listed(points, negated))
        }
        ExprKind::Between { left, low, high, zone } => {
            let of_day = left.ty == Type::TimeOfDay;
            if low == high && of_day || low > high && !of_day {
                return None;
            }
            // Of a time of day the second end is outside.
            let last = if of_day { high.checked_sub(1)? } else { *high };
            let (before, after) = (low.checked_sub(1)?, last.checked_add(1)?);
            let ranges = match (low <= high, negated) {
                (true, false) => vec![(*low, last)],
                (false, true) => vec![(after, before)],
                (true, true) => vec![(i128::MIN, before), (after, i128::MAX)],
                (false, false) => vec![(i128::MIN, last), (*low, i128::MAX)],
            };
            (left, zone.as_ref(), Values::Ranges(ranges))
        }
        _ => return None,
    })
}

fn opposite(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Eq => CompareOp::Ne,
        CompareOp::Ne => CompareOp::Eq,
        CompareOp::Lt => CompareOp::Ge,
        CompareOp::Le => CompareOp::Gt,
        CompareOp::Gt => CompareOp::Le,
        CompareOp::Ge => CompareOp::Lt,
    }
}

/// What a conjunction leaves open of each attribute that it compares.
struct Domains<'e>(BTreeMap<String, Domain<'e>>);

struct Domain<'e> {
    attr: &'e Attr,
    ranges: Vec<(i128, i128)>,
    /// Values that lists allow: in how many lists each stands.
    listed: HashMap<Point<'e>, usize>,
    lists: usize,
    excluded: HashSet<Point<'e>>,
}

/// An attribute in one zone.
fn key(attr: &Attr, zone: Option<&Zone>) -> String {
    match zone {
        None => attr.to_string(),
        Some(zone) => format!("{attr} in {zone:?}"),
    }
}

impl<'e> Domains<'e> {
    fn of(parts: &'e [Expr]) -> Self {
        let mut domains = BTreeMap::new();
        for (attr, zone, values) in parts.iter().filter_map(|part| comparison(part, false)) {
            let domain: &mut Domain<'_> = domains.entry(key(attr, zone)).or_insert_with(|| Domain::new(attr));
            domain.narrow(values);
        }
        Self(domains)
    }

    fn contradiction(&self) -> Option<String> {
        let empty = self.0.values().find(|domain| domain.is_empty())?;
        Some(format!("no value of `{}` satisfies it", empty.attr))
    }

    /// Whether a comparison is true of all that is left open; its attribute is known then.
    fn hold(&self, expr: &Expr) -> bool {
        let Some((attr, zone, values)) = comparison(expr, false) else { return false };
        self.0.get(&key(attr, zone)).is_some_and(|domain| domain.is_within(&values))
    }
}

impl<'e> Domain<'e> {
    fn new(attr: &'e Attr) -> Self {
        let ranges = match attr.ty {
            Type::Count | Type::Duration => vec![(0, i128::MAX)],
            Type::TimeOfDay => vec![(0, LAST_OF_DAY)],
            _ => vec![(i128::MIN, i128::MAX)],
        };
        let mut domain = Self { attr, ranges, listed: HashMap::new(), lists: 0, excluded: HashSet::new() };
        if let Type::Text(Vocabulary::Declared(values)) = &attr.ty {
            domain.narrow(Values::OneOf(values.iter().map(|v| Point::Text(v)).collect()));
        }
        domain
    }

    /// Whether two texts may name the same: a model and its alias.
    fn has_aliases(&self) -> bool {
        matches!(self.attr.ty, Type::Text(Vocabulary::Models))
    }

    fn narrow(&mut self, values: Values<'e>) {
        match values {
            Values::Ranges(new) => {
                let both =
                    self.ranges.iter().flat_map(|a| new.iter().map(move |b| (a.0.max(b.0), a.1.min(b.1))));
                let both: Vec<_> = both.filter(|(low, high)| low <= high).collect();
                if both.len() <= MOST_RANGES {
                    self.ranges = both;
                }
            }
            // Lists of models may have aliases in common.
            Values::OneOf(_) if self.has_aliases() && self.lists > 0 => {}
            Values::OneOf(points) => {
                for point in points {
                    // A value that stands twice in a list counts once.
                    let count = self.listed.entry(point).or_default();
                    if *count == self.lists {
                        *count = count.saturating_add(1);
                    }
                }
                self.lists = self.lists.saturating_add(1);
            }
            Values::NoneOf(points) => self.excluded.extend(points),
        }
    }

    fn in_ranges(&self, point: Point<'_>) -> bool {
        match point {
            Point::Number(n) => self.ranges.iter().any(|(low, high)| *low <= n && n <= *high),
            _ => true,
        }
    }

    /// Returns the values that lists leave, where there are lists.
    fn left(&self) -> impl Iterator<Item = Point<'e>> {
        self.listed
            .iter()
            .filter(|(point, n)| {
                **n == self.lists && self.in_ranges(**point) && !self.excluded.contains(point)
            })
            .map(|(point, _)| *point)
    }

    fn is_empty(&self) -> bool {
        if self.lists > 0 {
            return self.left().next().is_none();
        }
        let most = self.excluded.len();
        // Only few numbers can all be excluded one by one.
        let mut seen = 0_usize;
        self.ranges.iter().all(|(low, high)| {
            let mut n = *low;
            loop {
                seen = seen.saturating_add(1);
                if seen > most || !self.excluded.contains(&Point::Number(n)) {
                    return false;
                }
                match n.checked_add(1).filter(|next| next <= high) {
                    Some(next) => n = next,
                    None => return true,
                }
            }
        })
    }

    fn is_within(&self, values: &Values<'_>) -> bool {
        let within =
            |n: i128, ranges: &[(i128, i128)]| ranges.iter().any(|(low, high)| *low <= n && n <= *high);
        match values {
            Values::Ranges(ranges) if self.lists > 0 => {
                self.left().all(|point| matches!(point, Point::Number(n) if within(n, ranges)))
            }
            Values::Ranges(ranges) => self
                .ranges
                .iter()
                .all(|(low, high)| ranges.iter().any(|(least, most)| least <= low && high <= most)),
            Values::OneOf(points) if self.lists > 0 => {
                let points: HashSet<Point<'_>> = points.iter().copied().collect();
                self.left().all(|point| points.contains(&point))
            }
            Values::OneOf(_) => false,
            Values::NoneOf(points) => points.iter().all(|point| {
                let unlisted = self.lists > 0 && !self.has_aliases() && self.left().all(|p| p != *point);
                self.excluded.contains(point) || unlisted || !self.in_ranges(*point)
            }),
        }
    }
}
