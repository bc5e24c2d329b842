//! Lists with a member less.

use faregate_syntax::Span;
use faregate_syntax::ast::{Tier, TierEntry};

use super::{Change, Maker};

impl Maker<'_> {
    /// Each list of two or more without each of its members. `members` stand in the order of the text, commas between them.
    pub(super) fn shorten(&mut self, members: &[Span]) {
        let (Some(first), Some(last)) = (members.first(), members.last()) else { return };
        if members.len() < 2 {
            return;
        }
        let whole = Span { end: last.end, ..*first };
        for gone in 0..members.len() {
            let left = members.iter().enumerate().filter(|(n, _)| *n != gone).map(|(_, m)| self.of(*m));
            let text = left.collect::<Vec<_>>().join(", ");
            self.make(Change::Shortened, whole, text);
        }
    }

    /// Tiers without each of their entries, and two tiers as one.
    pub(super) fn tiers(&mut self, tiers: &[Tier]) {
        let written: Vec<Vec<Span>> = tiers.iter().map(entries).collect();
        let all: Vec<Span> = written.iter().flatten().copied().collect();
        let (Some(first), Some(last)) = (all.first(), all.last()) else { return };
        let whole = Span { end: last.end, ..*first };
        let text = |tiers: &[Vec<Span>]| {
            let of_tier =
                |entries: &Vec<Span>| entries.iter().map(|e| self.of(*e)).collect::<Vec<_>>().join(", ");
            tiers.iter().filter(|t| !t.is_empty()).map(of_tier).collect::<Vec<_>>().join(" then ")
        };
        let mut texts = Vec::new();
        if all.len() > 1 {
            for gone in &all {
                let left: Vec<Vec<Span>> = written
                    .iter()
                    .map(|tier| tier.iter().filter(|e| *e != gone).copied().collect())
                    .collect();
                texts.push((Change::Shortened, text(&left)));
            }
        }
        // `requested` stands alone in its tier.
        let joins = |tier: Option<&Tier>| matches!(tier, Some(Tier::Entries(_)));
        for at in 1..tiers.len() {
            let before = at.saturating_sub(1);
            if joins(tiers.get(before)) && joins(tiers.get(at)) {
                let mut left = written.clone();
                let moved = left.get_mut(at).map(std::mem::take).unwrap_or_default();
                left.get_mut(before).into_iter().for_each(|tier| tier.extend(&moved));
                texts.push((Change::Swapped, text(&left)));
            }
        }
        for (change, text) in texts {
            self.make(change, whole, text);
        }
    }
}

fn entries(tier: &Tier) -> Vec<Span> {
    match tier {
        Tier::Entries(entries) => entries
            .iter()
            .map(|entry| match entry {
                TierEntry::Model(model) => model.span,
                TierEntry::Group(group) => group.span,
            })
            .collect(),
        Tier::Requested { span, .. } => vec![*span],
    }
}
