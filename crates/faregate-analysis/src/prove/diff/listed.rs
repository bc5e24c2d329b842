//! Own keys that name no prices pay what the catalog says.
//!
//! Formulas let an own key pay anything, and the same on both sides, so that they do not tell what another price in the catalog
//! makes of a key that has none of its own. Where the catalogs have other prices, such keys are looked at once more, in formulas in
//! which all own keys pay what the catalog says.

use super::DecisionChange;
use super::sides::{Differ, Met, Side};
use crate::prove::formula::Formula;

impl Differ<'_> {
    /// Whether a key without prices of its own may pay something else.
    pub(super) fn other_list_prices(&self) -> bool {
        self.met.iter().any(priced_otherwise)
    }

    /// Has own keys pay what the catalog says, and looks at nobody else.
    pub(super) fn with_list_prices(mut self) -> Self {
        self.arena.taken.list_prices = true;
        self
    }

    /// Whether the formulas are those of keys without prices of their own.
    pub(super) fn is_listed(&self) -> bool {
        self.arena.taken.list_prices
    }

    /// Returns the keys with which an endpoint is looked at: the shared one, own ones.
    pub(super) fn keys_of(&self, number: usize) -> &'static [bool] {
        if !self.is_listed() {
            &[false, true]
        } else if self.met.get(number).is_some_and(priced_otherwise) {
            &[true]
        } else {
            &[]
        }
    }

    /// Takes over what was found of keys without prices of their own.
    pub(super) fn join(&mut self, listed: Self) {
        for change in listed.found.changes {
            self.join_change(change);
        }
        for unsettled in listed.found.undecided {
            self.unsettled(unsettled.why, unsettled.at_old, unsettled.at_new);
        }
        for (ends, noted) in listed.noted {
            let of = self.noted.entry(ends).or_default();
            for side in Side::BOTH {
                // The formulas are those of another arena.
                of.of_mut(side).extend(noted.of(side).keys().map(|who| (*who, Formula::TRUE)));
            }
        }
    }
}

impl Differ<'_> {
    /// Adds a class, or its lines to one that tells all its candidates.
    fn join_change(&mut self, change: DecisionChange) {
        let told = self.found.changes.iter_mut().find(|known| {
            (known.direction, known.certain) == (change.direction, change.certain)
                && (&known.old_workload, &known.new_workload) == (&change.old_workload, &change.new_workload)
                && !change.endpoints.is_empty()
                && change.endpoints.is_subset(&known.endpoints)
        });
        let Some(told) = told else { return self.add(change) };
        for (lines, further) in [(&mut told.at_old, change.at_old), (&mut told.at_new, change.at_new)] {
            let further: Vec<_> = further.into_iter().filter(|line| !lines.contains(line)).collect();
            lines.extend(further);
        }
    }
}

fn priced_otherwise(met: &Met<'_>) -> bool {
    let (Some(old), Some(new)) = (met.of.old, met.of.new) else { return false };
    super::prices::moved(old, new).is_some()
}
