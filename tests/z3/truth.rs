//! Kleene's three values (section 4): where a condition is true, and where it is false; elsewhere it is unknown.

use std::collections::BTreeSet;

use faregate::model::{
    Attr, Expr, ExprKind, Member, Pattern, SetTerm, Subject, Term as Right, Type, Value as Known, Zone,
};
use faregate::syntax::ast::{CompareOp, Quantifier};

use super::facts::{Covered, Facts, Seen, Set, Text, Value};
use super::script::{Term, all, any, at_most, below, int, no, not, same, text, truth, yes};

/// Where something is true, and where false.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    pub(crate) yes: Term,
    pub(crate) no: Term,
}

impl Truth {
    fn known(known: Term, holds: Term) -> Self {
        Self { yes: all([known.clone(), holds.clone()]), no: all([known, not(&holds)]) }
    }

    fn of(holds: bool) -> Self {
        Self { yes: truth(holds), no: truth(!holds) }
    }

    pub(crate) fn not(self) -> Self {
        Self { yes: self.no, no: self.yes }
    }

    /// Where unknown counts as true.
    pub(crate) fn not_false(&self) -> Term {
        not(&self.no)
    }
}

impl<'a> Facts<'a> {
    pub(crate) fn truth(&mut self, expr: &Expr, seen: Option<&Seen<'a>>) -> Covered<Truth> {
        let found = match &expr.kind {
            ExprKind::Constant(value) => Truth::of(*value),
            ExprKind::And(parts) => {
                let parts = self.truths(parts, seen)?;
                Truth {
                    yes: all(parts.iter().map(|p| p.yes.clone())),
                    no: any(parts.into_iter().map(|p| p.no)),
                }
            }
            ExprKind::Or(parts) => {
                let parts = self.truths(parts, seen)?;
                Truth {
                    yes: any(parts.iter().map(|p| p.yes.clone())),
                    no: all(parts.into_iter().map(|p| p.no)),
                }
            }
            ExprKind::Not(inner) => self.truth(inner, seen)?.not(),
            ExprKind::Flag(attr) => match self.value(attr, seen, None)? {
                Value::Flag { known, value } => Truth::known(known, value),
                other => return Err(format!("{other:?} as a condition")),
            },
            ExprKind::Present(attr) => {
                let known = self.value(attr, seen, None)?.known();
                Truth { no: not(&known), yes: known }
            }
            ExprKind::Compare { left, op, right, zone } => {
                self.compared(left, *op, right, zone.as_ref(), seen)?
            }
            ExprKind::Between { left, low, high, zone } => match self.value(left, seen, zone.as_ref())? {
                Value::Number { known, value } => {
                    let (low_term, high_term) = (int(*low), int(*high));
                    let from = at_most(&low_term, &value);
                    let holds = match left.ty {
                        Type::TimeOfDay if low <= high => all([from, below(&value, &high_term)]),
                        Type::TimeOfDay => any([from, below(&value, &high_term)]),
                        _ => all([from, at_most(&value, &high_term)]),
                    };
                    Truth::known(known, holds)
                }
                other => return Err(format!("{other:?} between")),
            },
            ExprKind::In { left, members, zone } => {
                let value = self.value(left, seen, zone.as_ref())?;
                let mut parts = Vec::new();
                for member in members {
                    parts.push(self.is_member(left, &value, member)?);
                }
                // Each part knows where the value is not known.
                Truth {
                    yes: any(parts.iter().map(|p| p.yes.clone())),
                    no: all(parts.into_iter().map(|p| p.no)),
                }
            }
            ExprKind::Includes { left, quantifier, right } => {
                self.includes(left, *quantifier, right, seen)?
            }
            ExprKind::Matches { left, pattern } => {
                let value = self.value(left, seen, None)?;
                self.fits(&value, pattern)?
            }
        };
        Ok(Truth { yes: self.solver.name("Bool", found.yes), no: self.solver.name("Bool", found.no) })
    }

    fn truths(&mut self, exprs: &[Expr], seen: Option<&Seen<'a>>) -> Covered<Vec<Truth>> {
        exprs.iter().map(|e| self.truth(e, seen)).collect()
    }

    fn compared(
        &mut self,
        left: &Attr,
        op: CompareOp,
        right: &Right,
        zone: Option<&Zone>,
        seen: Option<&Seen<'a>>,
    ) -> Covered<Truth> {
        let a = self.value(left, seen, zone)?;
        let b = match right {
            Right::Value(value) => self.constant(left, value),
            Right::Attr(attr) => self.value(attr, seen, zone)?,
        };
        if let (Value::Number { known: ka, value: a }, Value::Number { known: kb, value: b }) = (&a, &b) {
            let holds = match op {
                CompareOp::Eq => same(a, b),
                CompareOp::Ne => not(&same(a, b)),
                CompareOp::Lt => below(a, b),
                CompareOp::Le => at_most(a, b),
                CompareOp::Gt => below(b, a),
                CompareOp::Ge => at_most(b, a),
            };
            return Ok(Truth::known(all([ka.clone(), kb.clone()]), holds));
        }
        let equal = self.equal(&a, &b)?;
        match op {
            CompareOp::Eq => Ok(equal),
            CompareOp::Ne => Ok(equal.not()),
            _ => Err("an order of texts".to_owned()),
        }
    }

    fn constant(&self, attr: &Attr, value: &Known) -> Value {
        match value {
            Known::Text(t) => Value::Text(Text::Fixed(Some(self.canonical(attr, t)))),
            Known::Bool(b) => Value::Flag { known: yes(), value: b.to_string() },
            Known::Number(n) => Value::Number { known: yes(), value: int(*n) },
            Known::Set(set) => Value::Set(Set::Fixed(Some(set.clone()))),
        }
    }

    pub(crate) fn equal(&mut self, a: &Value, b: &Value) -> Covered<Truth> {
        Ok(match (a, b) {
            (Value::Number { known: ka, value: a }, Value::Number { known: kb, value: b }) => {
                Truth::known(all([ka.clone(), kb.clone()]), same(a, b))
            }
            (Value::Flag { known: ka, value: a }, Value::Flag { known: kb, value: b }) => {
                let equal = any([all([a.clone(), b.clone()]), all([not(a), not(b)])]);
                Truth::known(all([ka.clone(), kb.clone()]), equal)
            }
            (Value::Text(a), Value::Text(b)) => match (a, b) {
                (Text::Fixed(None), _) | (_, Text::Fixed(None)) => Truth::known(no(), no()),
                (Text::Fixed(Some(a)), Text::Fixed(Some(b))) => Truth::of(a == b),
                (Text::Coded { known, code, of }, Text::Fixed(Some(t)))
                | (Text::Fixed(Some(t)), Text::Coded { known, code, of }) => {
                    let wanted = int(self.code(*of, t));
                    Truth::known(known.clone(), same(code, &wanted))
                }
                (Text::Spelled { known, value }, Text::Fixed(Some(t)))
                | (Text::Fixed(Some(t)), Text::Spelled { known, value }) => {
                    Truth::known(known.clone(), format!("(= {value} {})", text(t)))
                }
                (
                    Text::Coded { known: ka, code: a, of: None },
                    Text::Coded { known: kb, code: b, of: None },
                ) => Truth::known(all([ka.clone(), kb.clone()]), same(a, b)),
                _ => return Err("a comparison of texts of two kinds".to_owned()),
            },
            _ => return Err("a comparison of two kinds".to_owned()),
        })
    }

    fn is_member(&mut self, attr: &Attr, value: &Value, member: &Member) -> Covered<Truth> {
        match member {
            Member::Value(wanted) => {
                let wanted = self.constant(attr, wanted);
                self.equal(value, &wanted)
            }
            Member::Group(_, patterns) => {
                let mut parts = Vec::new();
                for pattern in patterns.iter() {
                    if pattern.as_str().contains('*') {
                        parts.push(self.fits(value, pattern)?);
                        continue;
                    }
                    // A group may name a model by its alias.
                    for name in BTreeSet::from([pattern.as_str(), self.catalog.resolve(pattern.as_str())]) {
                        let named = Value::Text(Text::Fixed(Some(name.to_owned())));
                        parts.push(self.equal(value, &named)?);
                    }
                }
                Ok(Truth {
                    yes: any(parts.iter().map(|p| p.yes.clone())),
                    no: all(parts.into_iter().map(|p| p.no)),
                })
            }
        }
    }

    fn fits(&mut self, value: &Value, pattern: &Pattern) -> Covered<Truth> {
        let Value::Text(value) = value else { return Err("a pattern for what is no text".to_owned()) };
        Ok(match value {
            Text::Fixed(None) => Truth::known(no(), no()),
            Text::Fixed(Some(t)) => Truth::of(fits(pattern.as_str(), t)),
            Text::Spelled { known, value } => {
                Truth::known(known.clone(), format!("(str.in_re {value} {})", regex(pattern)))
            }
            Text::Coded { known, code, of: Some(list) } => {
                let met = (0_i128..).zip(*list).filter(|(_, v)| fits(pattern.as_str(), v));
                Truth::known(known.clone(), any(met.map(|(n, _)| same(code, &int(n)))))
            }
            Text::Coded { .. } => return Err("a pattern for a text that none was looked for".to_owned()),
        })
    }

    fn includes(
        &mut self,
        left: &Attr,
        quantifier: Quantifier,
        right: &SetTerm,
        seen: Option<&Seen<'a>>,
    ) -> Covered<Truth> {
        let Value::Set(set) = self.value(left, seen, None)? else {
            return Err("`includes` of what is no set".to_owned());
        };
        let wanted = match right {
            SetTerm::Values(values) => {
                Value::Set(Set::Fixed(Some(values.iter().map(|v| self.canonical(left, v)).collect())))
            }
            SetTerm::Attr(attr) => self.value(attr, seen, None)?,
        };
        let any_of = quantifier == Quantifier::Any;
        Ok(match (set, wanted) {
            (Set::Fixed(None), _) | (_, Value::Set(Set::Fixed(None)) | Value::Text(Text::Fixed(None))) => {
                Truth::known(no(), no())
            }
            (Set::Fixed(Some(set)), Value::Set(Set::Fixed(Some(wanted)))) => {
                Truth::of(if any_of { !set.is_disjoint(&wanted) } else { wanted.is_subset(&set) })
            }
            (Set::Fixed(Some(set)), Value::Text(Text::Fixed(Some(t)))) => Truth::of(set.contains(&t)),
            (Set::Fixed(Some(set)), Value::Set(Set::Asked { known, of })) => {
                let holds = if any_of {
                    any(set.iter().map(|member| self.has(&of, member)).collect::<Vec<_>>())
                } else {
                    self.within(&of, &set)
                };
                Truth::known(known, holds)
            }
            (Set::Asked { known, of }, Value::Set(Set::Fixed(Some(wanted)))) => {
                Truth::known(known, self.has_each(&of, &wanted, any_of))
            }
            (Set::Asked { known, of }, Value::Text(Text::Fixed(Some(t)))) => {
                Truth::known(known, self.has(&of, &t))
            }
            (Set::Fixed(Some(set)), Value::Text(value)) => {
                let mut known = no();
                let mut parts = Vec::new();
                for member in set {
                    let member = Value::Text(Text::Fixed(Some(member)));
                    parts.push(self.equal(&Value::Text(value.clone()), &member)?.yes);
                }
                if let Text::Coded { known: k, .. } | Text::Spelled { known: k, .. } = &value {
                    known.clone_from(k);
                }
                Truth::known(known, any(parts))
            }
            _ => return Err("`includes` of two sets that are asked".to_owned()),
        })
    }

    fn has_each(&mut self, of: &(Subject, String), wanted: &BTreeSet<String>, any_of: bool) -> Term {
        let parts: Vec<Term> = wanted.iter().map(|member| self.has(of, member)).collect();
        if any_of { any(parts) } else { all(parts) }
    }
}

/// Whether a pattern fits a whole text: `*` is any run of characters. By trying each split, as the sentence says it.
pub(crate) fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|tail| {
            let ends = tail.char_indices().map(|(at, _)| at).chain([tail.len()]);
            ends.into_iter().any(|at| fits(rest, &tail[at..]))
        }),
    }
}

fn regex(pattern: &Pattern) -> Term {
    let parts: Vec<Term> =
        pattern.as_str().split('*').map(|part| format!("(str.to_re {})", text(part))).collect();
    match parts.as_slice() {
        [one] => one.clone(),
        _ => format!("(re.++ {})", parts.join(" re.all ")),
    }
}
