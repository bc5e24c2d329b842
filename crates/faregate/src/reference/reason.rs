//! Reasons for which a candidate is out, with what denials and `nearest` need to know of them.

use faregate_syntax::Span;
use faregate_syntax::ast::CompareOp;

use super::world::World;
use crate::{Money, Nearest, Reason, Timestamp};

/// What kind of obstacle a reason is (rule 35).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Requests, tokens, concurrency, or a cooldown.
    Quota,
    Spend,
    Credits,
    Guardrail,
    Other,
}

/// A reason before it is written out.
#[derive(Clone, Debug)]
pub(crate) struct RawReason {
    /// The place among the filters (step 4).
    pub(crate) rank: u8,
    pub(crate) rule: String,
    pub(crate) code: String,
    pub(crate) detail: String,
    pub(crate) span: Option<Span>,
    pub(crate) class: Class,
    /// When it goes away by itself.
    pub(crate) opens_at: Option<Timestamp>,
    /// The bound that stands in the way, where it is one.
    pub(crate) bound: Option<BoundChange>,
}

/// A bound and what it would have to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BoundChange {
    /// The literal or statement that holds it.
    pub(crate) span: Span,
    /// Which of the statement's bounds, in words: `ceiling completion`.
    pub(crate) what: String,
    /// How it bounds, where it is the literal of a comparison.
    pub(crate) op: Option<CompareOp>,
    pub(crate) from: i128,
    pub(crate) to: i128,
    /// Both as a policy writes them.
    pub(crate) from_text: String,
    pub(crate) to_text: String,
}

impl BoundChange {
    /// Returns the change with what comes of it.
    pub(crate) fn admitting(&self, admits: usize) -> Nearest {
        let (what, from, to) = (self.what.clone(), self.from_text.clone(), self.to_text.clone());
        Nearest::Bound { what, op: self.op, from, to, admits }
    }
}

/// The filters in the order of step 4.
pub(crate) mod rank {
    pub(crate) const CONTEXT_LENGTH: u8 = 0;
    pub(crate) const OUTPUT_LENGTH: u8 = 1;
    pub(crate) const PARAMETERS: u8 = 2;
    pub(crate) const MODALITIES: u8 = 3;
    pub(crate) const SUNSET: u8 = 4;
    pub(crate) const REQUIRE: u8 = 5;
    pub(crate) const FORBID: u8 = 6;
    pub(crate) const GUARDRAIL: u8 = 7;
    pub(crate) const CEILING: u8 = 8;
    pub(crate) const CEILING_OUTPUT: u8 = 9;
    pub(crate) const COST_UNBOUNDED: u8 = 10;
    pub(crate) const PRICE_UNKNOWN: u8 = 11;
    pub(crate) const BUDGET: u8 = 12;
    pub(crate) const CREDITS: u8 = 13;
    pub(crate) const HEALTH: u8 = 14;
    pub(crate) const CREDENTIAL: u8 = 15;
    pub(crate) const CALLER: u8 = 16;
    pub(crate) const FALLBACK: u8 = 17;
}

impl RawReason {
    pub(crate) fn new(
        rank: u8,
        rule: impl Into<String>,
        code: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            rank,
            rule: rule.into(),
            code: code.into(),
            detail: detail.into(),
            span: None,
            class: Class::Other,
            opens_at: None,
            bound: None,
        }
    }

    /// A reason of the engine's own.
    pub(crate) fn built_in(rank: u8, code: &str, detail: impl Into<String>) -> Self {
        Self::new(rank, "built-in", code, detail)
    }

    pub(crate) fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    pub(crate) fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    pub(crate) fn opens(mut self, at: Option<Timestamp>) -> Self {
        self.opens_at = at;
        self
    }

    pub(crate) fn bound(mut self, bound: Option<BoundChange>) -> Self {
        self.bound = bound;
        self
    }

    pub(crate) fn write(&self, world: &World<'_>) -> Reason {
        Reason {
            rule: self.rule.clone(),
            code: self.code.clone(),
            detail: self.detail.clone(),
            at: self.span.map(|s| world.at(s)),
        }
    }
}

/// Sorts reasons in the order of step 4, then file and place.
pub(crate) fn sort(reasons: &mut [RawReason]) {
    reasons.sort_by(|a, b| (a.rank, a.span, &a.code).cmp(&(b.rank, b.span, &b.code)));
}

/// The reasons of a cost that is not known, for a bound that needs it.
pub(crate) fn unpriced(rule: &str, span: Option<Span>, worst: &super::cost::Bound) -> Vec<RawReason> {
    let mut reasons = Vec::new();
    // An overflow is told once, by a filter of its own.
    if let Some(why) = worst.unbounded.as_ref().filter(|_| !worst.overflow) {
        reasons.push(RawReason::new(rank::COST_UNBOUNDED, rule, "cost_unbounded", why.clone()));
    }
    if let Some(why) = &worst.unknown {
        reasons.push(RawReason::new(rank::PRICE_UNKNOWN, rule, "price_unknown", why.clone()));
    }
    for reason in &mut reasons {
        reason.span = span;
    }
    reasons
}

/// Writes money for details.
pub(crate) fn money(amount: Money) -> String {
    super::values::dollars(amount)
}
