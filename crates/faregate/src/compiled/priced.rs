//! What a candidate costs this request: its prices now, the limit of its output, its worst and its expected cost.

use super::cost::{Flat, Listed, Prices, Worst, expected, worst};
use super::judge::{By, Cand, Judge};
use crate::ir::CeilingKind;
use crate::reference::candidate::smaller;
use crate::reference::truth::Truth;
use crate::{Amount, Money, Ratio};

impl<'a> Judge<'a> {
    pub(super) fn listed(&self, cand: Cand<'a>) -> Option<Listed<'a>> {
        let over = cand.own.and_then(|own| own.prices.as_ref());
        Some(Listed::new(&self.endpoint(cand.place)?.facts.prices, over))
    }

    pub(super) fn prices_now(&self, cand: Cand<'a>) -> Prices {
        self.listed(cand).map(|l| l.at(self.ask.moment)).unwrap_or_default()
    }

    /// The plain prices of a candidate; `None`: its costs take more work.
    pub(super) fn flat(&self, cand: Cand<'a>) -> Option<&'a Flat> {
        let columns = &self.bound.columns;
        if cand.own.is_some() || !self.ask.request.tools.is_empty() || !columns.plain.contains(cand.place) {
            return None;
        }
        columns.flat.get(cand.place)
    }

    fn fee(cand: Cand<'_>) -> Ratio {
        cand.own.map_or_else(Ratio::default, |own| own.fee)
    }

    /// Whether no ceiling bounds the output.
    pub(super) fn limits_are_plain(&self, by: By<'_>) -> bool {
        !by.code.has_output_ceiling && self.caller.is_empty()
    }

    /// Returns the output limit to send, and the one that bounds the cost (rules 10 and 28).
    pub(super) fn output_limits(&self, cand: Cand<'a>) -> (Option<u64>, Option<u64>) {
        let own = self.endpoint(cand.place).and_then(|e| e.facts.max_output_tokens);
        if let Some(asked) = self.ask.max_output {
            return (Some(asked), smaller(Some(asked), own));
        }
        let Some(by) = self.by.filter(|_| !cand.plain) else { return (None, own) };
        if !by.code.has_output_ceiling && self.caller.is_empty() {
            return (None, own);
        }
        let (mut certain, mut possible) = (None, None);
        let mut enter = |truth: Truth, amount: Amount| {
            let Amount::Count(ceiling) = amount else { return };
            if truth.is_true() {
                certain = smaller(certain, Some(ceiling));
            }
            if !truth.is_false() {
                possible = smaller(possible, Some(ceiling));
            }
        };
        let plain = Cand { plain: true, ..cand };
        for (ceiling, when) in by.routing.ceilings.iter().zip(&by.code.ceilings) {
            if ceiling.kind == CeilingKind::Output {
                enter(when.map_or(Truth::True, |w| self.truth(w, Some(plain))), ceiling.amount);
            }
        }
        for (_, amount) in self.caller.iter().filter(|(kind, _)| *kind == CeilingKind::Output) {
            enter(Truth::True, *amount);
        }
        let send = if possible.is_some() { smaller(possible, own) } else { None };
        (send, if certain.is_some() { smaller(certain, own) } else { own })
    }

    /// What is left of the deadline; a run ends at one, whenever its calls begin.
    pub(super) fn deadline_ms(&self) -> Option<u64> {
        let deadline = self.by.and_then(|by| by.routing.retry.as_ref()?.deadline_ms);
        deadline.map(|ms| ms.saturating_sub(self.ask.elapsed_ms))
    }

    pub(super) fn worst(&self, cand: Cand<'a>) -> Worst {
        let (_, limit) = self.output_limits(cand);
        if let Some(flat) = self.flat(cand) {
            return flat.worst(self.bound.columns.unit, self.ask.request, limit);
        }
        let Some((listed, by)) = self.listed(cand).zip(self.by) else { return Worst::default() };
        let (moment, deadline) = (self.ask.moment, self.deadline_ms());
        let dearest = listed.dearest(moment, deadline);
        let tool = |name: &str| listed.tool_dearest(name, moment, deadline);
        worst(self.ask.request, &by.routing.tools, &dearest, tool, limit, Self::fee(cand))
    }

    pub(super) fn expected(&self, cand: Cand<'a>) -> Option<Money> {
        let (_, limit) = self.output_limits(cand);
        if let Some(flat) = self.flat(cand) {
            let unit = self.bound.columns.unit;
            return flat.expected(unit, self.ask.request, self.ask.expected_output, limit);
        }
        let now = self.prices_now(cand);
        expected(self.ask.request, self.ask.expected_output, &now, limit, Self::fee(cand))
    }
}
