//! Conditions that say something else.

use faregate_syntax::Span;
use faregate_syntax::ast::{CompareOp, Expr, ExprKind, Operand, Quantifier};

use super::{Change, Maker};

impl Maker<'_> {
    /// A condition: its opposite, always, never, and each of its parts changed.
    pub(super) fn condition(&mut self, expr: &Expr) {
        self.negate(expr);
        self.constants(expr);
        self.inside(expr);
    }

    /// `require` or `forbid`, which stand for each other's opposite. `statement` is the whole line.
    pub(super) fn judgement(&mut self, statement: Span, expr: &Expr) {
        let line = self.of(statement);
        for (word, other) in [("require", "forbid"), ("forbid", "require")] {
            if line.starts_with(word) {
                let keyword = Span {
                    end: statement.start.saturating_add(u32::try_from(word.len()).unwrap_or(0)),
                    ..statement
                };
                self.make(Change::Negated, keyword, other);
            }
        }
        self.constants(expr);
        self.inside(expr);
    }

    pub(super) fn negate(&mut self, expr: &Expr) {
        let text = match &expr.kind {
            ExprKind::Not(inner) => self.of(inner.span).to_owned(),
            ExprKind::Bool(_) => return,
            ExprKind::Paren(_) => format!("not {}", self.of(expr.span)),
            _ => format!("not ({})", self.of(expr.span)),
        };
        self.make(Change::Negated, expr.span, text);
    }

    fn constants(&mut self, expr: &Expr) {
        self.make(Change::True, expr.span, "true");
        self.make(Change::False, expr.span, "false");
    }

    /// What is inside a condition. Its own opposite has been made.
    pub(super) fn inside(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::And(parts) => self.joined(expr.span, parts, "and", "or"),
            ExprKind::Or(parts) => self.joined(expr.span, parts, "or", "and"),
            ExprKind::Not(inner) | ExprKind::Paren(inner) => self.inside(inner),
            ExprKind::Bool(_) | ExprKind::Attribute(_) | ExprKind::Present(_) | ExprKind::Matches { .. } => {}
            ExprKind::Compare { left, op, right, .. } => self.compared(left, *op, right),
            ExprKind::In { items, .. } => self.shorten(&spans(items)),
            ExprKind::Between { low, high, .. } => {
                for bound in [low, high] {
                    self.operand(bound);
                }
            }
            ExprKind::Includes { left, quantifier, items } => self.included(left, *quantifier, items),
        }
    }

    /// Parts that are joined: without each, joined by the other word, and each part changed.
    fn joined(&mut self, whole: Span, parts: &[Expr], word: &str, other: &str) {
        let texts: Vec<&str> = parts.iter().map(|part| self.of(part.span)).collect();
        for gone in 0..parts.len() {
            let left: Vec<&str> =
                texts.iter().enumerate().filter(|(n, _)| *n != gone).map(|(_, text)| *text).collect();
            self.make(Change::Shortened, whole, left.join(&format!(" {word} ")));
        }
        let inner: Vec<String> = parts.iter().map(|part| closed(part, self.of(part.span))).collect();
        self.make(Change::Swapped, whole, format!("({})", inner.join(&format!(" {other} "))));
        for part in parts {
            if !matches!(part.kind, ExprKind::And(_) | ExprKind::Or(_)) {
                self.negate(part);
            }
            self.inside(part);
        }
    }

    fn compared(&mut self, left: &Operand, op: CompareOp, right: &Operand) {
        let swapped = match op {
            CompareOp::Lt => Some("<="),
            CompareOp::Le => Some("<"),
            CompareOp::Gt => Some(">="),
            CompareOp::Ge => Some(">"),
            // Their opposite is made with the condition.
            CompareOp::Eq | CompareOp::Ne => None,
        };
        let between = Span { start: left.span().end, end: right.span().start, ..left.span() };
        if let Some(swapped) = swapped {
            self.make(Change::Swapped, between, format!(" {swapped} "));
        }
        self.operand(left);
        self.operand(right);
    }

    fn operand(&mut self, operand: &Operand) {
        if let Operand::Literal(literal) = operand {
            self.step(literal);
        }
    }

    fn included(&mut self, left: &Operand, quantifier: Quantifier, items: &[Operand]) {
        self.shorten(&spans(items));
        let (Some(first), other) = (
            items.first(),
            match quantifier {
                Quantifier::Any => "all of",
                Quantifier::All => "any of",
                Quantifier::One => return,
            },
        ) else {
            return;
        };
        if items.len() > 1 || matches!(first, Operand::Attribute(_)) {
            let between = Span { start: left.span().end, end: first.span().start, ..left.span() };
            self.make(Change::Swapped, between, format!(" includes {other} "));
        }
    }
}

/// With parentheses where it joins several itself.
fn closed(part: &Expr, text: &str) -> String {
    if matches!(part.kind, ExprKind::And(_) | ExprKind::Or(_)) {
        format!("({text})")
    } else {
        text.to_owned()
    }
}

fn spans(operands: &[Operand]) -> Vec<Span> {
    operands.iter().map(Operand::span).collect()
}
