//! Expressions: names resolved, types checked, each attribute in a place where it is known.

use std::sync::Arc;

use faregate_syntax::ast::{
    Attribute, CompareOp, Expr, ExprKind, Group, GroupKind, Literal, LiteralKind, Operand, Quantifier, Str,
    Unit, Word,
};
use faregate_syntax::{Diagnostic, Span};

use super::{Checker, messages, units};
use crate::attributes::{Subject, Type, Vocabulary};
use crate::ir::{self, Attr, Member, SetTerm, Term, Value};
use crate::pattern::Pattern;
use crate::time::Zone;

/// Where an expression stands, which decides what it can read (rule 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    WorkloadWhen,
    BudgetWhen,
    Reserve,
    RunCeilingWhen,
    InvariantFor,
    GuardrailWhen,
    WaiverWhen,
    CeilingWhen,
    Require,
    Forbid,
    Prefer,
    Covers,
    FallbackRequire,
    Always,
    RetryWhen,
    FallbackWhen,
}

impl Place {
    fn describe(self) -> &'static str {
        match self {
            Self::WorkloadWhen => "the `when` of a workload",
            Self::BudgetWhen => "the `when` of a budget",
            Self::Reserve => "`reserve`",
            Self::RunCeilingWhen => "the `when` of a `run` ceiling",
            Self::InvariantFor => "the `for` of an invariant",
            Self::GuardrailWhen => "the `when` of a guardrail",
            Self::WaiverWhen => "the `when` of a waiver",
            Self::CeilingWhen => "the `when` of a ceiling",
            Self::Require | Self::FallbackRequire => "`require`",
            Self::Forbid => "`forbid`",
            Self::Prefer => "`prefer`",
            Self::Covers => "`covers`",
            Self::Always => "`always`",
            Self::RetryWhen => "the `when` of a retry",
            Self::FallbackWhen => "the `when` of a fallback",
        }
    }

    fn allows(self, subject: Subject, name: &str) -> bool {
        match self {
            Self::WorkloadWhen
            | Self::BudgetWhen
            | Self::Reserve
            | Self::RunCeilingWhen
            | Self::InvariantFor => {
                matches!(subject, Subject::Request | Subject::Key | Subject::Time)
            }
            Self::RetryWhen | Self::FallbackWhen => !(subject == Subject::Endpoint && name == "cost"),
            _ => subject != Subject::Attempt,
        }
    }

    fn readable(self) -> &'static str {
        match self {
            Self::WorkloadWhen
            | Self::BudgetWhen
            | Self::Reserve
            | Self::RunCeilingWhen
            | Self::InvariantFor => "attributes of `request`, `key` and `time`",
            Self::RetryWhen | Self::FallbackWhen => "all attributes but `endpoint.cost`",
            _ => "all attributes but those of `attempt`",
        }
    }

    /// Whether a fact that is left out makes an expression here false, and so a rule not apply, where `present` reads it.
    fn presence_widens(self, positive: bool) -> bool {
        match self {
            Self::GuardrailWhen | Self::BudgetWhen | Self::CeilingWhen | Self::RunCeilingWhen => positive,
            Self::Require => !positive,
            _ => false,
        }
    }
}

impl<'a> Checker<'a> {
    /// Lowers an expression. `None` where it has errors; all of them are reported.
    pub(super) fn expr(&mut self, expr: &'a Expr, place: Place) -> Option<ir::Expr> {
        self.expr_in(expr, place, true)
    }

    /// Returns the text of an `or` whose parts stand there, with parentheses around each `and` in it.
    fn parenthesised(&self, or: Span, parts: &[Expr]) -> Option<String> {
        let mut text = String::new();
        let mut written = or.start;
        for and in parts.iter().filter(|p| matches!(p.kind, ExprKind::And(_))) {
            let before = Span { start: written, end: and.span.start, ..or };
            text.push_str(self.sources.text(before));
            text.push('(');
            text.push_str(self.sources.text(and.span));
            text.push(')');
            written = and.span.end;
        }
        text.push_str(self.sources.text(Span { start: written, ..or }));
        (!text.is_empty()).then_some(text)
    }

    fn expr_in(&mut self, expr: &'a Expr, place: Place, positive: bool) -> Option<ir::Expr> {
        let kind = match &expr.kind {
            ExprKind::Or(parts) => {
                if parts.iter().any(|p| matches!(p.kind, ExprKind::And(_))) {
                    self.push(messages::mixed_and_or(expr.span, self.parenthesised(expr.span, parts)));
                }
                ir::ExprKind::Or(self.parts(parts, place, positive)?)
            }
            ExprKind::And(parts) => ir::ExprKind::And(self.parts(parts, place, positive)?),
            ExprKind::Not(inner) => ir::ExprKind::Not(Box::new(self.expr_in(inner, place, !positive)?)),
            ExprKind::Paren(inner) => return self.expr_in(inner, place, positive),
            ExprKind::Bool(value) => ir::ExprKind::Constant(*value),
            ExprKind::Attribute(attribute) => {
                let attr = self.attribute(attribute, place)?;
                if attr.ty != Type::Bool {
                    let name = attr.to_string();
                    let message =
                        format!("`{name}` is {}, and a condition is true or false", attr.ty.describe());
                    let diagnostic = Diagnostic::error("type-mismatch", attribute.span, message);
                    self.push(
                        diagnostic.help(format!("compare it, or ask whether it is known: `present({name})`")),
                    );
                    return None;
                }
                ir::ExprKind::Flag(attr)
            }
            ExprKind::Present(attribute) => {
                let attr = self.attribute(attribute, place)?;
                if place.presence_widens(positive) {
                    let what = format!("`present({attr})` is false without it");
                    self.push(messages::absence_widens(expr.span, &what));
                }
                ir::ExprKind::Present(attr)
            }
            ExprKind::Compare { left, op, right, zone } => {
                self.compare(left, *op, right, zone.as_ref(), place, expr.span)?
            }
            ExprKind::In { left, items, zone } => {
                self.within(left, items, zone.as_ref(), place, expr.span)?
            }
            ExprKind::Between { left, low, high, zone } => {
                let attr = self.left(left, place)?;
                let zone = self.zone(zone.as_ref(), &attr);
                if !attr.ty.is_ordered() {
                    self.push(messages::operator_needs_order(left.span(), &attr.to_string(), &attr.ty));
                    return None;
                }
                let name = attr.to_string();
                // Two bounds of the wrong type are one mistake.
                let low_value = self.number(low, &attr.ty, &name)?;
                let high_value = self.number(high, &attr.ty, &name)?;
                let zone = zone?;
                if low_value > high_value && attr.ty != Type::TimeOfDay {
                    self.push(messages::never_true(expr.span, "the lower bound is above the upper one"));
                } else if low_value == high_value && attr.ty == Type::TimeOfDay {
                    self.push(messages::never_true(expr.span, "the range has no length"));
                }
                ir::ExprKind::Between { left: attr, low: low_value, high: high_value, zone }
            }
            ExprKind::Includes { left, quantifier, items } => {
                self.includes(left, *quantifier, items, place)?
            }
            ExprKind::Matches { left, pattern } => {
                let attr = self.left(left, place)?;
                if !matches!(attr.ty, Type::Text(_)) {
                    let found = attr.ty.describe();
                    self.push(messages::type_mismatch(left.span(), found, "a text before `matches`"));
                    return None;
                }
                ir::ExprKind::Matches { left: attr, pattern: Pattern::new(pattern.value.clone()) }
            }
        };
        Some(ir::Expr { kind, span: expr.span })
    }

    fn parts(&mut self, parts: &'a [Expr], place: Place, positive: bool) -> Option<Vec<ir::Expr>> {
        // All parts are checked, also after one has failed.
        let lowered: Vec<_> = parts.iter().map(|p| self.expr_in(p, place, positive)).collect();
        lowered.into_iter().collect()
    }

    /// Resolves an attribute and holds it to its place.
    pub(super) fn attribute(&mut self, attribute: &Attribute, place: Place) -> Option<Attr> {
        let attr = self.attribute_anywhere(attribute)?;
        if !place.allows(attr.subject, &attr.name) {
            self.push(messages::attribute_out_of_place(attribute, place.describe(), place.readable()));
            return None;
        }
        Some(attr)
    }

    pub(super) fn attribute_anywhere(&mut self, attribute: &Attribute) -> Option<Attr> {
        let subject = Subject::parse(&attribute.subject.text);
        match subject.and_then(|s| Some((s, self.scope.type_of(s, &attribute.name.text)?))) {
            Some((subject, ty)) => Some(Attr { subject, name: attribute.name.text.clone(), ty }),
            None => {
                let known = self.scope.declared.len();
                let declared = if self.may_search(known) { self.scope.declared_names() } else { Vec::new() };
                self.push(messages::unknown_attribute(attribute, &declared));
                None
            }
        }
    }

    /// Resolves the left side of what wants an attribute there.
    fn left(&mut self, operand: &Operand, place: Place) -> Option<Attr> {
        match operand {
            Operand::Attribute(a) => self.attribute(a, place),
            other => {
                let found = messages::describe_operand(other);
                self.push(messages::type_mismatch(
                    other.span(),
                    found,
                    "an attribute such as `request.workload`",
                ));
                None
            }
        }
    }

    fn compare(
        &mut self,
        left: &'a Operand,
        op: CompareOp,
        right: &'a Operand,
        zone: Option<&Str>,
        place: Place,
        span: Span,
    ) -> Option<ir::ExprKind> {
        let (attribute, op, other) = match (left, right) {
            (Operand::Attribute(a), other) => (a, op, other),
            (other, Operand::Attribute(a)) => (a, flipped(op), other),
            _ => {
                self.push(messages::compares_values(span));
                return None;
            }
        };
        let attr = self.attribute(attribute, place);
        let right = match other {
            Operand::Attribute(a) => Some(Term::Attr(self.attribute(a, place)?)),
            _ => None,
        };
        let attr = attr?;
        let name = attr.to_string();
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        if equality && matches!(attr.ty, Type::Set(_)) {
            let instead = self.includes_text(&name, std::slice::from_ref(other));
            let instead = match op {
                CompareOp::Ne => instead.map(|text| format!("not {text}")),
                _ => instead,
            };
            self.push(messages::set_needs_includes(span, &name, instead.as_deref()));
            return None;
        }
        if !attr.ty.is_ordered() && !equality {
            self.push(messages::operator_needs_order(span, &name, &attr.ty));
            return None;
        }
        let zone = self.zone(zone, &attr);
        let right = match right {
            Some(Term::Attr(second)) => {
                if attr.subject != Subject::Endpoint && second.subject != Subject::Endpoint {
                    self.push(messages::compares_attributes(span));
                    return None;
                }
                if !comparable(&attr.ty, &second.ty) {
                    let right = format!("`{second}`, {}", second.ty.describe());
                    self.push(messages::type_mismatch_between(span, (&name, &attr.ty), &right));
                    return None;
                }
                Term::Attr(second)
            }
            _ => {
                if let Operand::Word(word) = other
                    && let Some(kind) = group_kind(&attr.ty)
                    && self.scope.groups.get(word.text.as_str()).is_some_and(|g| g.kind == kind)
                {
                    self.push(messages::group_needs_in(word, &name));
                    return None;
                }
                Term::Value(self.value_of(other, &attr.ty, &name)?)
            }
        };
        Some(ir::ExprKind::Compare { left: attr, op, right, zone: zone? })
    }

    fn within(
        &mut self,
        left: &'a Operand,
        items: &'a [Operand],
        zone: Option<&Str>,
        place: Place,
        span: Span,
    ) -> Option<ir::ExprKind> {
        // `"x" in request.tags`
        if let (Operand::Str(_) | Operand::Word(_), [Operand::Attribute(set)]) = (left, items) {
            let attr = self.attribute(set, place)?;
            if matches!(attr.ty, Type::Set(_)) {
                let name = attr.to_string();
                let instead = self.includes_text(&name, std::slice::from_ref(left));
                self.push(messages::set_needs_includes(span, &name, instead.as_deref()));
                return None;
            }
        }
        let attr = self.left(left, place)?;
        if matches!(attr.ty, Type::Set(_)) {
            let name = attr.to_string();
            let instead = self.includes_text(&name, items);
            self.push(messages::set_needs_includes(span, &name, instead.as_deref()));
            return None;
        }
        let zone = self.zone(zone, &attr);
        let name = attr.to_string();
        let members: Vec<_> = items.iter().map(|item| self.member(item, &attr.ty, &name)).collect();
        let members = members.into_iter().collect::<Option<Vec<_>>>()?;
        Some(ir::ExprKind::In { left: attr, members, zone: zone? })
    }

    /// Returns the question whether a set includes some values, where they are values of a set.
    fn includes_text(&self, name: &str, values: &[Operand]) -> Option<String> {
        let value = |operand: &Operand| match operand {
            Operand::Str(_) | Operand::Word(_) => Some(self.sources.text(operand.span())),
            _ => None,
        };
        let values = values.iter().map(value).collect::<Option<Vec<_>>>()?;
        Some(match values.as_slice() {
            [one] => format!("{name} includes {one}"),
            several => format!("{name} includes any of {}", several.join(", ")),
        })
    }

    fn member(&mut self, item: &'a Operand, ty: &Type, name: &str) -> Option<Member> {
        if let (Operand::Word(word), Some(kind)) = (item, group_kind(ty)) {
            let members = self.group(word, kind)?;
            return Some(Member::Group(word.text.clone(), members));
        }
        self.value_of(item, ty, name).map(Member::Value)
    }

    /// Resolves a group of a kind.
    pub(super) fn group(&mut self, word: &Word, kind: GroupKind) -> Option<Arc<[Pattern]>> {
        let plural = match kind {
            GroupKind::Models => "models",
            GroupKind::Providers => "providers",
        };
        let Some(group) = self.scope.groups.get(word.text.as_str()).copied() else {
            let known = self.scope.groups.len();
            let names = if self.may_search(known) { self.scope.group_names(kind) } else { Vec::new() };
            self.push(messages::unknown_group(word, plural, &names));
            return None;
        };
        if group.kind != kind {
            let Group { name, .. } = group;
            let found = if kind == GroupKind::Models { "a group of providers" } else { "a group of models" };
            let diagnostic = messages::type_mismatch(word.span, found, &format!("a group of {plural}"));
            let first = name.span;
            self.push(diagnostic.related(first, "the group"));
            return None;
        }
        Some(self.scope.group_members(group))
    }

    fn includes(
        &mut self,
        left: &'a Operand,
        quantifier: Quantifier,
        items: &'a [Operand],
        place: Place,
    ) -> Option<ir::ExprKind> {
        let attr = self.left(left, place)?;
        let Type::Set(_) = &attr.ty else {
            let diagnostic =
                messages::type_mismatch(left.span(), attr.ty.describe(), "a set before `includes`");
            self.push(diagnostic.help(format!("write `{attr} == …` or `{attr} in …`")));
            return None;
        };
        if let [Operand::Attribute(attribute)] = items {
            let second = self.attribute(attribute, place)?;
            if attr.subject != Subject::Endpoint && second.subject != Subject::Endpoint {
                self.push(messages::compares_attributes(left.span().to(attribute.span)));
                return None;
            }
            let fits = match second.ty {
                Type::Set(_) => quantifier != Quantifier::One,
                Type::Text(_) => quantifier == Quantifier::One,
                _ => false,
            };
            if !fits {
                let diagnostic =
                    messages::type_mismatch(attribute.span, second.ty.describe(), "a set or a text");
                self.push(diagnostic.help(
                    "`includes X` asks for one text, `includes any of` and `includes all of` for a set",
                ));
                return None;
            }
            return Some(ir::ExprKind::Includes { left: attr, quantifier, right: SetTerm::Attr(second) });
        }
        let name = attr.to_string();
        let values: Vec<_> = items.iter().map(|i| self.text_value(i, &attr.ty, &name)).collect();
        let values = values.into_iter().collect::<Option<Vec<_>>>()?;
        Some(ir::ExprKind::Includes { left: attr, quantifier, right: SetTerm::Values(values) })
    }

    /// Returns the value of an operand that is to be of a type. `what` is what it is compared with, for messages.
    pub(super) fn value_of(&mut self, operand: &Operand, ty: &Type, what: &str) -> Option<Value> {
        match (ty, operand) {
            (Type::Text(_), _) => self.text_value(operand, ty, what).map(Value::Text),
            (Type::Bool, Operand::Bool(value, _)) => Some(Value::Bool(*value)),
            (Type::Bool, _) => {
                let found = messages::describe_operand(operand);
                self.push(messages::type_mismatch_between(operand.span(), (what, ty), found));
                None
            }
            _ => self.number(operand, ty, what).map(Value::Number),
        }
    }

    /// Returns the text of an operand, held to the vocabulary of a text or set. `None` where it has an error.
    pub(super) fn text_value(&mut self, operand: &Operand, ty: &Type, what: &str) -> Option<String> {
        let (Type::Text(vocabulary) | Type::Set(vocabulary)) = ty else { return None };
        let (text, span) = match operand {
            Operand::Str(s) => (&s.value, s.span),
            Operand::Word(w) => (&w.text, w.span),
            _ => {
                let found = messages::describe_operand(operand);
                self.push(match ty {
                    Type::Set(_) => {
                        let wanted = format!("a value of the set `{what}`");
                        messages::type_mismatch(operand.span(), found, &wanted)
                    }
                    _ => messages::type_mismatch_between(operand.span(), (what, ty), found),
                });
                return None;
            }
        };
        let diagnostic = match (operand, vocabulary) {
            (_, Vocabulary::Declared(values)) if !values.contains(text) => {
                let search = self.may_search(values.as_slice().len());
                messages::undeclared_value(text, span, what, values.as_slice(), search)
            }
            (Operand::Word(w), Vocabulary::Known(values)) if !values.contains(&w.text.as_str()) => {
                messages::undeclared_value(text, span, what, values, true)
            }
            (Operand::Word(w), Vocabulary::Open | Vocabulary::Models | Vocabulary::Providers) => {
                // It may be a declared word whose declaration could not be read.
                if self.lost.contains(what) {
                    return None;
                }
                messages::quote_it(w, what)
            }
            (Operand::Str(s), _) => {
                let declared = matches!(vocabulary, Vocabulary::Declared(_));
                if !declared && Pattern::is_pattern(&s.value) {
                    self.push(messages::pattern_unread(s, what));
                }
                return Some(s.value.clone());
            }
            _ => return Some(text.clone()),
        };
        self.push(diagnostic);
        None
    }

    fn number(&mut self, operand: &Operand, ty: &Type, what: &str) -> Option<i128> {
        match operand {
            Operand::Literal(literal) => self.literal(literal, ty),
            _ => {
                let found = messages::describe_operand(operand);
                self.push(messages::type_mismatch_between(operand.span(), (what, ty), found));
                None
            }
        }
    }

    /// Returns the number of a literal that is to be of a type.
    pub(super) fn literal(&mut self, literal: &Literal, ty: &Type) -> Option<i128> {
        use LiteralKind as L;
        let value = match (ty, &literal.kind) {
            (Type::Count, L::Count(n)) => Some(i128::from(*n)),
            (Type::Rate, L::Count(n)) => faregate_syntax::Fixed::from_int(*n).map(units),
            (Type::Money, L::Money(m)) => Some(units(*m)),
            (Type::Price(Unit::Mtok), L::Price(p, Unit::Mtok)) => match p.checked_shift_right(6) {
                Some(per_token) => Some(units(per_token)),
                None => {
                    let message = "a price has at most 24 decimals per token";
                    self.push(Diagnostic::error("limit-exceeded", literal.span, message));
                    return None;
                }
            },
            (Type::Price(a @ (Unit::Image | Unit::Call)), L::Price(p, b)) if a == b => Some(units(*p)),
            (Type::Duration, L::Duration(ms)) => Some(i128::from(*ms)),
            (Type::Ratio, L::Ratio(r)) => Some(units(*r)),
            (Type::Date, L::Date(d)) => Some(crate::time::day_number(*d)),
            (Type::Instant, L::Instant(ms)) => Some(i128::from(*ms)),
            (Type::TimeOfDay, L::TimeOfDay(ms)) => Some(i128::from(*ms)),
            _ => None,
        };
        if value.is_none() {
            let found = messages::describe_literal(literal);
            let diagnostic = if matches!(ty, Type::Price(_)) && matches!(literal.kind, L::Price(..)) {
                messages::unit_mismatch(literal.span, found, ty.describe())
            } else {
                messages::wants_literal(literal, found, ty)
            };
            let text = self.sources.text(literal.span);
            let diagnostic = match messages::instead(literal, text, ty) {
                Some((help, Some(mended))) => diagnostic.help(help).fix(literal.span, mended),
                Some((help, None)) => diagnostic.help(help),
                None => diagnostic,
            };
            self.push(diagnostic);
        }
        value
    }

    /// Resolves a zone: outer `None` where it is wrong, inner where none is written.
    #[expect(clippy::option_option, reason = "the outer level is the error, as everywhere in the checker")]
    fn zone(&mut self, zone: Option<&Str>, attr: &Attr) -> Option<Option<Zone>> {
        let Some(name) = zone else { return Some(None) };
        let local = attr.subject == Subject::Time && attr.name != "now";
        if !local {
            let message = format!("`{attr}` does not depend on a time zone");
            let diagnostic = Diagnostic::error("type-mismatch", name.span, message);
            self.push(
                diagnostic
                    .help("a zone stands after comparisons of `time.hour`, `time.weekday` and `time.date`"),
            );
            return None;
        }
        self.named_zone(name).map(Some)
    }

    pub(super) fn named_zone(&mut self, name: &Str) -> Option<Zone> {
        let zone = Zone::named(&name.value);
        if zone.is_none() {
            let names = Zone::names();
            let names = if self.may_search(names.len()) { names } else { Vec::new() };
            let names = names.iter().map(String::as_str);
            self.push(messages::unknown_quoted("time zone", name, names));
        }
        zone
    }
}

fn flipped(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        same => same,
    }
}

fn group_kind(ty: &Type) -> Option<GroupKind> {
    match ty {
        Type::Text(Vocabulary::Models) => Some(GroupKind::Models),
        Type::Text(Vocabulary::Providers) => Some(GroupKind::Providers),
        _ => None,
    }
}

fn comparable(a: &Type, b: &Type) -> bool {
    matches!((a, b), (Type::Text(_), Type::Text(_))) || (a == b && !matches!(a, Type::Set(_)))
}

impl std::fmt::Display for Attr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.subject.as_str(), self.name)
    }
}
