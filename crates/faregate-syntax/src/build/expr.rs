//! Expressions.

use pest::iterators::Pair;

use crate::ast::{CompareOp, Expr, ExprKind, Operand, Quantifier, Str};
use crate::build::{Build, Built, Kids};
use crate::grammar::Rule;
use crate::{Span, messages};

impl Build {
    /// Returns an expression. It calls itself for parentheses only, which the lexer has bounded.
    pub(crate) fn expr(&self, pair: Pair<'_, Rule>) -> Built<Expr> {
        let mut kids = self.kids(pair);
        let mut terms = Vec::new();
        while let Some(kid) = kids.opt(Rule::conjunction) {
            terms.push(self.conjunction(kid)?);
        }
        one_or_many(terms, ExprKind::Or).ok_or_else(|| kids.missing())
    }

    fn conjunction(&self, pair: Pair<'_, Rule>) -> Built<Expr> {
        let mut kids = self.kids(pair);
        let mut terms = Vec::new();
        while let Some(kid) = kids.opt(Rule::negation) {
            terms.push(self.negation(kid)?);
        }
        one_or_many(terms, ExprKind::And).ok_or_else(|| kids.missing())
    }

    fn negation(&self, pair: Pair<'_, Rule>) -> Built<Expr> {
        let nots: Vec<Span> = pair
            .clone()
            .into_inner()
            .filter(|kid| kid.as_rule() == Rule::kw_not)
            .map(|kid| self.span(&kid))
            .collect();
        let inner = self.primary(self.kids(pair).next()?)?;
        Ok(nots.into_iter().rev().fold(inner, |inner, not| {
            let span = not.to(inner.span);
            Expr { kind: ExprKind::Not(Box::new(inner)), span }
        }))
    }

    fn primary(&self, pair: Pair<'_, Rule>) -> Built<Expr> {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut kids = self.kids(pair);
        let kind = match rule {
            Rule::paren => ExprKind::Paren(Box::new(self.expr(kids.need(Rule::expr)?)?)),
            Rule::present => ExprKind::Present(self.attribute(kids.need(Rule::attribute)?)?),
            _ => return self.comparison(kids),
        };
        Ok(Expr { kind, span })
    }

    fn comparison(&self, mut kids: Kids<'_>) -> Built<Expr> {
        let left = self.value(kids.next()?)?;
        let start = left.span();
        match kids.opt(Rule::relation) {
            Some(relation) => self.relation(start, left, self.kids(relation).next()?),
            None => match left {
                Operand::Attribute(attribute) => {
                    Ok(Expr { kind: ExprKind::Attribute(attribute), span: start })
                }
                Operand::Bool(value, _) => Ok(Expr { kind: ExprKind::Bool(value), span: start }),
                _ => Err(kids.missing()),
            },
        }
    }

    fn relation(&self, start: Span, left: Operand, pair: Pair<'_, Rule>) -> Built<Expr> {
        let rule = pair.as_rule();
        let mut kids = self.kids(pair);
        let (kind, end) = match rule {
            Rule::compare => {
                let op = operator(kids.need(Rule::operator)?.as_str());
                let right = self.value(kids.need(Rule::value)?)?;
                let zone = self.zone(&mut kids)?;
                let end = end(right.span(), zone.as_ref());
                (ExprKind::Compare { left, op, right, zone }, end)
            }
            Rule::is_in => {
                let items = self.values(kids.need(Rule::values)?)?;
                let zone = self.zone(&mut kids)?;
                let end = end(last(start, &items), zone.as_ref());
                (ExprKind::In { left, items, zone }, end)
            }
            Rule::between => {
                let low = self.value(kids.need(Rule::value)?)?;
                let high = self.value(kids.need(Rule::value)?)?;
                let zone = self.zone(&mut kids)?;
                let end = end(high.span(), zone.as_ref());
                (ExprKind::Between { left, low, high, zone }, end)
            }
            Rule::includes => {
                let first = kids.next()?;
                let (quantifier, items) = match first.as_rule() {
                    Rule::any_of => (Quantifier::Any, self.values(kids.need(Rule::values)?)?),
                    Rule::all_of => (Quantifier::All, self.values(kids.need(Rule::values)?)?),
                    _ => (Quantifier::One, vec![self.value(first)?]),
                };
                let end = last(start, &items);
                (ExprKind::Includes { left, quantifier, items }, end)
            }
            Rule::matches => {
                let pattern = self.string(&kids.need(Rule::string)?);
                let end = pattern.span;
                (ExprKind::Matches { left, pattern }, end)
            }
            _ => return Err(kids.missing()),
        };
        Ok(Expr { kind, span: start.to(end) })
    }

    fn values(&self, pair: Pair<'_, Rule>) -> Built<Vec<Operand>> {
        let mut kids = self.kids(pair);
        let mut values = Vec::new();
        while let Some(kid) = kids.opt(Rule::value) {
            values.push(self.value(kid)?);
        }
        Ok(values)
    }

    fn value(&self, pair: Pair<'_, Rule>) -> Built<Operand> {
        let value = self.operand(pair)?;
        match &value {
            Operand::Word(word) if self.block.is_statement_word(&word.text) => {
                Err(Box::new(messages::statement_word_as_value(word.span, &word.text, self.block)))
            }
            _ => Ok(value),
        }
    }

    fn zone(&self, kids: &mut Kids<'_>) -> Built<Option<Str>> {
        let Some(zone) = kids.opt(Rule::zone) else { return Ok(None) };
        Ok(Some(self.string(&self.kids(zone).need(Rule::string)?)))
    }
}

/// Returns the operator that `text` is.
pub(crate) fn operator(text: &str) -> CompareOp {
    match text {
        "!=" => CompareOp::Ne,
        "<" => CompareOp::Lt,
        "<=" => CompareOp::Le,
        ">" => CompareOp::Gt,
        ">=" => CompareOp::Ge,
        _ => CompareOp::Eq,
    }
}

fn end(value: Span, zone: Option<&Str>) -> Span {
    zone.map_or(value, |zone| zone.span)
}

fn last(start: Span, items: &[Operand]) -> Span {
    items.last().map_or(start, Operand::span)
}

fn one_or_many(mut terms: Vec<Expr>, many: impl FnOnce(Vec<Expr>) -> ExprKind) -> Option<Expr> {
    if terms.len() <= 1 {
        return terms.pop();
    }
    let span = terms.first()?.span.to(terms.last()?.span);
    Some(Expr { kind: many(terms), span })
}
