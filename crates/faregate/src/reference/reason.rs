//! Reasons for which a candidate is out, with what denials and `nearest` need to know of them.

use faregate_syntax::Span;

use super::world::World;
use crate::{Money, Reason, Timestamp};

/// What kind of obstacle a reason is (rule 35).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Requests, tokens, concurrency, or a cooldown.
    Quota,
    Spend,
    Credits,
    Guardrail,
    Other,
}

/// A reason before it is written out.
#[derive(Clone, Debug)]
pub(super) struct RawReason {
    /// The place among the filters (step 4).
    pub(super) rank: u8,
    pub(super) rule: String,
    pub(super) code: String,
    pub(super) detail: String,
    pub(super) span: Option<Span>,
    pub(super) class: Class,
    /// When it goes away by itself.
    pub(super) opens_at: Option<Timestamp>,
    /// The bound that stands in the way, where it is one.
    pub(super) bound: Option<BoundChange>,
}

/// A bound and what it would have to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BoundChange {
    /// The literal or statement that holds it.
    pub(super) span: Span,
    /// Which of the statement's bounds, in words: `ceiling completion`.
    pub(super) what: String,
    pub(super) from: i128,
    pub(super) to: i128,
    /// Both as a policy writes them.
    pub(super) from_text: String,
    pub(super) to_text: String,
}

/// The filters in the order of step 4.
pub(super) mod rank {
    pub(in crate::reference) const CONTEXT_LENGTH: u8 = 0;
    pub(in crate::reference) const OUTPUT_LENGTH: u8 = 1;
    pub(in crate::reference) const PARAMETERS: u8 = 2;
    pub(in crate::reference) const MODALITIES: u8 = 3;
    pub(in crate::reference) const SUNSET: u8 = 4;
    pub(in crate::reference) const REQUIRE: u8 = 5;
    pub(in crate::reference) const FORBID: u8 = 6;
    pub(in crate::reference) const GUARDRAIL: u8 = 7;
    pub(in crate::reference) const CEILING: u8 = 8;
    pub(in crate::reference) const CEILING_OUTPUT: u8 = 9;
    pub(in crate::reference) const COST_UNBOUNDED: u8 = 10;
    pub(in crate::reference) const PRICE_UNKNOWN: u8 = 11;
    pub(in crate::reference) const BUDGET: u8 = 12;
    pub(in crate::reference) const CREDITS: u8 = 13;
    pub(in crate::reference) const HEALTH: u8 = 14;
    pub(in crate::reference) const CREDENTIAL: u8 = 15;
    pub(in crate::reference) const CALLER: u8 = 16;
    pub(in crate::reference) const FALLBACK: u8 = 17;
}

impl RawReason {
    pub(super) fn new(
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
    pub(super) fn built_in(rank: u8, code: &str, detail: impl Into<String>) -> Self {
        Self::new(rank, "built-in", code, detail)
    }

    pub(super) fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    pub(super) fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    pub(super) fn opens(mut self, at: Option<Timestamp>) -> Self {
        self.opens_at = at;
        self
    }

    pub(super) fn bound(mut self, bound: Option<BoundChange>) -> Self {
        self.bound = bound;
        self
    }

    pub(super) fn write(&self, world: &World<'_>) -> Reason {
        Reason {
            rule: self.rule.clone(),
            code: self.code.clone(),
            detail: self.detail.clone(),
            at: self.span.map(|s| world.at(s)),
        }
    }
}

/// Sorts reasons in the order of step 4, then file and place.
pub(super) fn sort(reasons: &mut [RawReason]) {
    reasons.sort_by(|a, b| (a.rank, a.span, &a.code).cmp(&(b.rank, b.span, &b.code)));
}

/// The reasons of a cost that is not known, for a bound that needs it.
pub(super) fn unpriced(rule: &str, span: Option<Span>, worst: &super::cost::Bound) -> Vec<RawReason> {
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
pub(super) fn money(amount: Money) -> String {
    super::values::dollars(amount)
}
