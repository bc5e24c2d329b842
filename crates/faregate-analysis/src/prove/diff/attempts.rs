//! Conditions of moves and retries, of which only runs know all: what a decision makes of them after a class of error.

use faregate::ErrorClass;
use faregate::model::{Attr, Expr, ExprKind, Member, Subject, Term, Value, attributes};
use faregate_syntax::ast::CompareOp;

use crate::prove::formula::Formula;
use crate::prove::lower::{Lower, Seen, Truth};

/// Who looks at a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    /// A decision: what is said of attempts may be either way (rule 12).
    Decision,
    /// A run: an attempt is what it is, whatever that is.
    Run,
}

/// Where a condition can be true after a failure of this class, and where it can be false.
pub(super) fn after(
    lower: &mut Lower<'_>,
    expr: &Expr,
    seen: Seen<'_>,
    class: ErrorClass,
    looks: Looks,
) -> Truth {
    let mut of = |parts: &[Expr]| -> Vec<Truth> {
        parts.iter().map(|p| after(lower, p, seen, class, looks)).collect()
    };
    match &expr.kind {
        ExprKind::And(parts) => {
            let parts = of(parts);
            Truth {
                yes: lower.arena.all(parts.iter().map(|t| t.yes)),
                no: lower.arena.any(parts.iter().map(|t| t.no)),
            }
        }
        ExprKind::Or(parts) => {
            let parts = of(parts);
            Truth {
                yes: lower.arena.any(parts.iter().map(|t| t.yes)),
                no: lower.arena.all(parts.iter().map(|t| t.no)),
            }
        }
        ExprKind::Not(inner) => {
            let inner = after(lower, inner, seen, class, looks);
            Truth { yes: inner.no, no: inner.yes }
        }
        _ => {
            let mut of_attempt = false;
            attributes(expr, &mut |a| of_attempt |= a.subject == Subject::Attempt);
            match error_leaf(expr, class) {
                Some(holds) => Truth { yes: Formula::of(holds), no: Formula::of(!holds) },
                None if of_attempt && looks == Looks::Decision => {
                    Truth { yes: Formula::TRUE, no: Formula::TRUE }
                }
                None => lower.truth(expr, Some(seen)),
            }
        }
    }
}

/// What a condition on the class of the error alone is.
fn error_leaf(expr: &Expr, class: ErrorClass) -> Option<bool> {
    let is_error = |a: &Attr| a.subject == Subject::Attempt && a.name == "error";
    let is = |value: &Value| matches!(value, Value::Text(text) if text == class.as_str());
    match &expr.kind {
        ExprKind::Compare { left, op: CompareOp::Eq, right: Term::Value(value), .. } if is_error(left) => {
            Some(is(value))
        }
        ExprKind::Compare { left, op: CompareOp::Ne, right: Term::Value(value), .. } if is_error(left) => {
            Some(!is(value))
        }
        ExprKind::In { left, members, .. } if is_error(left) => {
            Some(members.iter().any(|m| matches!(m, Member::Value(v) if is(v))))
        }
        ExprKind::Present(left) if is_error(left) => Some(true),
        _ => None,
    }
}
