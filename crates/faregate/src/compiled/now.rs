//! What the context says of endpoints at this moment, by their places.
//!
//! A context names endpoints and providers by text. The texts are looked up once for a decision; from then on a figure
//! of an endpoint is found by number. Nothing of it outlives the decision, so that new figures need no binding.

use super::columns::Columns;
use super::expr::{at, id};
use super::judge::NowFacts;
use crate::{Context, EndpointFacts};

/// A context with more rows is looked into for the endpoints that somebody asks for, and not gone through.
const MOST_ROWS: usize = 512;

/// The rows of a context, by place and by provider.
#[derive(Debug, Default)]
pub(super) struct Now {
    rows: Vec<EndpointFacts>,
    /// By place, and by the number of a provider: the row, counted from 1; 0: there is none.
    own: Vec<u32>,
    providers: Vec<u32>,
    /// What of `own` and of `providers` is not 0.
    set: Vec<(Option<u32>, Option<u32>)>,
}

impl Now {
    pub(super) fn new(columns: &Columns) -> Self {
        Self { own: vec![0; columns.count], providers: vec![0; columns.providers.len()], ..Self::default() }
    }

    /// Takes in a context, if it is gone through.
    pub(super) fn look(&mut self, columns: &Columns, context: &Context) {
        for (own, provider) in self.set.drain(..) {
            if let Some(row) = own.and_then(|place| self.own.get_mut(at(place))) {
                *row = 0;
            }
            if let Some(row) = provider.and_then(|number| self.providers.get_mut(at(number))) {
                *row = 0;
            }
        }
        if !Self::is_read(context) {
            return;
        }
        self.rows.clear();
        for (name, facts) in &context.endpoints {
            let own = columns.ids.get(name.as_str()).copied();
            let provider = columns.providers.get(name.as_str());
            if own.is_none() && provider.is_none() {
                continue;
            }
            self.rows.push(facts.clone());
            let row = id(self.rows.len());
            if let Some(slot) = own.and_then(|place| self.own.get_mut(at(place))) {
                *slot = row;
            }
            if let Some(slot) = provider.and_then(|p| self.providers.get_mut(at(p.number))) {
                *slot = row;
            }
            self.set.push((own, provider.map(|p| p.number)));
        }
    }

    /// Whether a context is gone through.
    pub(super) fn is_read(context: &Context) -> bool {
        !context.endpoints.is_empty() && context.endpoints.len() <= MOST_ROWS
    }

    pub(super) fn facts(&self, columns: &Columns, place: usize) -> NowFacts<'_> {
        let row = |row: Option<&u32>| row.and_then(|row| self.rows.get(at(*row).checked_sub(1)?));
        let provider = columns.provider_of.get(place).and_then(|number| self.providers.get(at(*number)));
        NowFacts { own: row(self.own.get(place)), provider: row(provider) }
    }
}
