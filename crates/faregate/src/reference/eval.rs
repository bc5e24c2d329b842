//! Expressions evaluated for a request and, where there is one, a candidate.

use std::collections::BTreeSet;

use faregate_syntax::ast::{CompareOp, Quantifier};

use super::candidate::Candidate;
use super::truth::Truth;
use super::values::show;
use super::world::World;
use crate::attributes::{Subject, Type, Vocabulary};
use crate::classes::ErrorClass;
use crate::ir::{Attr, Expr, ExprKind, Member, SetTerm, Term, Value};

impl World<'_> {
    /// Returns the truth of a condition that the decision depends on, and tells whoever looks on.
    pub(crate) fn eval(&self, expr: &Expr, candidate: Option<&Candidate<'_>>) -> Truth {
        let truth = self.truth(expr, candidate);
        if self.watch.is_some() {
            self.tell_condition(expr, candidate, truth);
        }
        truth
    }

    /// Returns the truth of an expression, where an explanation asks or somebody only supposes.
    pub(crate) fn truth(&self, expr: &Expr, candidate: Option<&Candidate<'_>>) -> Truth {
        match &expr.kind {
            ExprKind::Constant(value) => Truth::from(*value),
            ExprKind::And(parts) => Truth::all(parts.iter().map(|p| self.truth(p, candidate))),
            ExprKind::Or(parts) => Truth::any(parts.iter().map(|p| self.truth(p, candidate))),
            ExprKind::Not(inner) => self.truth(inner, candidate).not(),
            _ => self.leaf(expr, candidate),
        }
    }

    fn leaf(&self, expr: &Expr, candidate: Option<&Candidate<'_>>) -> Truth {
        match &expr.kind {
            ExprKind::Flag(attr) => match self.value(attr, candidate, None) {
                Some(Value::Bool(b)) => Truth::from(b),
                _ => Truth::Unknown,
            },
            ExprKind::Present(attr) => Truth::from(self.value(attr, candidate, None).is_some()),
            ExprKind::Compare { left, op, right, zone } => {
                let a = self.value(left, candidate, zone.as_ref());
                let b = match right {
                    Term::Value(value) => Some(self.canonical(left, value.clone())),
                    Term::Attr(attr) => self.value(attr, candidate, zone.as_ref()),
                };
                Truth::known(a.zip(b).map(|(a, b)| compare(&a, *op, &b)))
            }
            ExprKind::Between { left, low, high, zone } => match self.value(left, candidate, zone.as_ref()) {
                Some(Value::Number(n)) if left.ty == Type::TimeOfDay => {
                    Truth::from(if low <= high { *low <= n && n < *high } else { n >= *low || n < *high })
                }
                Some(Value::Number(n)) => Truth::from(*low <= n && n <= *high),
                _ => Truth::Unknown,
            },
            ExprKind::In { left, members, zone } => match self.value(left, candidate, zone.as_ref()) {
                Some(value) => Truth::from(members.iter().any(|m| self.is_member(left, &value, m))),
                None => Truth::Unknown,
            },
            ExprKind::Includes { left, quantifier, right } => {
                Truth::known(self.includes(left, *quantifier, right, candidate))
            }
            ExprKind::Matches { left, pattern } => match self.value(left, candidate, None) {
                Some(Value::Text(text)) => Truth::from(pattern.matches(&text)),
                _ => Truth::Unknown,
            },
            ExprKind::Constant(_) | ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Not(_) => {
                self.truth(expr, candidate)
            }
        }
    }

    /// A model written in a policy may be an alias; what is compared is the model behind it.
    fn canonical(&self, attr: &Attr, value: Value) -> Value {
        match (&attr.ty, value) {
            (Type::Text(Vocabulary::Models) | Type::Set(Vocabulary::Models), Value::Text(name)) => {
                Value::Text(self.catalog.resolve(&name).to_owned())
            }
            (_, value) => value,
        }
    }

    fn is_member(&self, attr: &Attr, value: &Value, member: &Member) -> bool {
        match (member, value) {
            (Member::Value(wanted), _) => self.canonical(attr, wanted.clone()) == *value,
            // A group may name a model by its alias too.
            (Member::Group(_, patterns), Value::Text(text)) => {
                patterns.iter().any(|p| p.matches(text) || self.catalog.resolve(p.as_str()) == text)
            }
            _ => false,
        }
    }

    fn includes(
        &self,
        left: &Attr,
        quantifier: Quantifier,
        right: &SetTerm,
        candidate: Option<&Candidate<'_>>,
    ) -> Option<bool> {
        let Some(Value::Set(set)) = self.value(left, candidate, None) else { return None };
        let wanted: BTreeSet<String> = match right {
            SetTerm::Values(values) => {
                let text = |v: &String| match self.canonical(left, Value::Text(v.clone())) {
                    Value::Text(t) => t,
                    _ => v.clone(),
                };
                values.iter().map(text).collect()
            }
            SetTerm::Attr(attr) => match self.value(attr, candidate, None)? {
                Value::Set(wanted) => wanted,
                Value::Text(text) => BTreeSet::from([text]),
                _ => return None,
            },
        };
        Some(match quantifier {
            Quantifier::Any => wanted.iter().any(|w| set.contains(w)),
            Quantifier::One | Quantifier::All => wanted.iter().all(|w| set.contains(w)),
        })
    }

    /// Returns whether an expression can be true and whether it can be false, where nothing is known of attempts yet but
    /// the class of error. Unknown facts of request and endpoint are neither. `later`: at some instant of the run, so that
    /// what may change until then, time and what the host observes, can be either.
    pub(crate) fn possible(
        &self,
        expr: &Expr,
        candidate: &Candidate<'_>,
        error: ErrorClass,
        later: bool,
    ) -> (bool, bool) {
        let parts = |parts: &[Expr]| -> Vec<(bool, bool)> {
            parts.iter().map(|p| self.possible(p, candidate, error, later)).collect()
        };
        match &expr.kind {
            ExprKind::And(p) => {
                let p = parts(p);
                (p.iter().all(|(t, _)| *t), p.iter().any(|(_, f)| *f))
            }
            ExprKind::Or(p) => {
                let p = parts(p);
                (p.iter().any(|(t, _)| *t), p.iter().all(|(_, f)| *f))
            }
            ExprKind::Not(inner) => {
                let (t, f) = self.possible(inner, candidate, error, later);
                (f, t)
            }
            _ => {
                let (mut of_attempt, mut changes) = (false, false);
                attributes(expr, &mut |a| {
                    of_attempt |= a.subject == Subject::Attempt;
                    changes |= a.may_change();
                });
                if later && changes {
                    return (true, true);
                }
                if !of_attempt {
                    let truth = self.leaf(expr, Some(candidate));
                    return (truth.is_true(), truth.is_false());
                }
                match error_leaf(expr, error) {
                    Some(holds) => (holds, !holds),
                    None => (true, true),
                }
            }
        }
    }

    /// Returns whether the condition of a move or a retry can be true after a class of error, as [`World::possible`] says it, and
    /// tells whoever looks on how it came out, where it reads nothing of an attempt.
    pub(crate) fn can_be_true(
        &self,
        when: &Expr,
        candidate: &Candidate<'_>,
        error: ErrorClass,
        later: bool,
    ) -> bool {
        if self.watch.is_some() {
            let mut of_attempt = false;
            attributes(when, &mut |a| of_attempt |= a.subject == Subject::Attempt);
            if !of_attempt {
                self.eval(when, Some(candidate));
            }
        }
        self.possible(when, candidate, error, later).0
    }

    /// Returns the unknown attributes that keep an expression from being true or false.
    pub(crate) fn missing(&self, expr: &Expr, candidate: Option<&Candidate<'_>>) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut leaves = Vec::new();
        leaves_of(expr, &mut leaves);
        for leaf in leaves.into_iter().filter(|l| self.truth(l, candidate) == Truth::Unknown) {
            attributes(leaf, &mut |attr| {
                let name = attr.to_string();
                if self.value(attr, candidate, None).is_none() && !names.contains(&name) {
                    names.push(name);
                }
            });
        }
        names
    }

    /// Says why an expression is not what it should be: the smallest parts that decide it.
    pub(crate) fn why_not(&self, expr: &Expr, wanted: bool, candidate: Option<&Candidate<'_>>) -> String {
        let is_wanted = |e: &Expr| self.truth(e, candidate) == Truth::from(wanted);
        match &expr.kind {
            ExprKind::Not(inner) => self.why_not(inner, !wanted, candidate),
            ExprKind::And(parts) if wanted => {
                self.join(parts.iter().filter(|p| !is_wanted(p)), " and ", wanted, candidate)
            }
            ExprKind::Or(parts) if !wanted => {
                self.join(parts.iter().filter(|p| !is_wanted(p)), " and ", wanted, candidate)
            }
            ExprKind::And(parts) | ExprKind::Or(parts) => self.join(parts.iter(), ", ", wanted, candidate),
            ExprKind::Constant(value) => format!("it says `{value}`"),
            _ => self.say_leaf(expr, candidate),
        }
    }

    fn join<'e>(
        &self,
        parts: impl Iterator<Item = &'e Expr>,
        with: &str,
        wanted: bool,
        candidate: Option<&Candidate<'_>>,
    ) -> String {
        parts.map(|p| self.why_not(p, wanted, candidate)).collect::<Vec<_>>().join(with)
    }

    /// Says what the attributes of a comparison are: `endpoint.zdr is false`.
    fn say_leaf(&self, expr: &Expr, candidate: Option<&Candidate<'_>>) -> String {
        let mut said: Vec<String> = Vec::new();
        let zone = match &expr.kind {
            ExprKind::Compare { zone, .. } | ExprKind::Between { zone, .. } | ExprKind::In { zone, .. } => {
                zone.as_ref()
            }
            _ => None,
        };
        attributes(expr, &mut |attr| {
            let value = match self.value(attr, candidate, zone) {
                Some(value) => show(&value, &attr.ty),
                None => "unknown".to_owned(),
            };
            let line = format!("{attr} is {value}");
            if !said.contains(&line) {
                said.push(line);
            }
        });
        said.join(", ")
    }
}

/// Calls `see` for each attribute that an expression reads.
pub(crate) fn attributes(expr: &Expr, see: &mut impl FnMut(&Attr)) {
    crate::check::attributes(expr, see);
}

fn leaves_of<'e>(expr: &'e Expr, into: &mut Vec<&'e Expr>) {
    match &expr.kind {
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().for_each(|p| leaves_of(p, into)),
        ExprKind::Not(inner) => leaves_of(inner, into),
        _ => into.push(expr),
    }
}

/// The truth of a comparison of `attempt.error` alone.
pub(crate) fn error_leaf(expr: &Expr, error: ErrorClass) -> Option<bool> {
    let is_error = |a: &Attr| a.subject == Subject::Attempt && a.name == "error";
    let name = Value::Text(error.as_str().to_owned());
    match &expr.kind {
        ExprKind::Compare { left, op, right: Term::Value(value), .. } if is_error(left) => {
            Some(compare(&name, *op, value))
        }
        ExprKind::In { left, members, .. } if is_error(left) => {
            Some(members.iter().any(|m| matches!(m, Member::Value(v) if *v == name)))
        }
        ExprKind::Present(left) if is_error(left) => Some(true),
        _ => None,
    }
}

fn compare(a: &Value, op: CompareOp, b: &Value) -> bool {
    let ordering = match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        // The checker lets no other pair through.
        _ => return false,
    };
    op.holds(ordering)
}
