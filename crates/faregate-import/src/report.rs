//! What became of every row.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::catalog::Imported;
use crate::names::By;

/// What an import did with what it read. `Display` is the whole report for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Rows read.
    pub rows: usize,
    /// Endpoints made.
    pub kept: usize,
    /// Rows left out, by reason.
    pub omitted: BTreeMap<String, usize>,
    /// Rows that got their model, by what: `base model`, `names file: rows`, `names file: models`, `rule`, `not mapped`.
    pub mapped: BTreeMap<&'static str, usize>,
    /// Rows whose model nothing told, as `provider: native name`; they keep a name of their own.
    pub unmapped: Vec<String>,
    /// Rows that bear the listed name of another model than their base model: they are what they are called.
    pub disagreements: Vec<String>,
    /// Models.
    pub models: usize,
    /// Models that stand at two providers or more.
    pub models_at_two_providers: usize,
    /// Providers.
    pub providers: usize,
    /// Rows that were the same offer as another, as `id: kept name = other name`.
    pub merged: Vec<String>,
    /// Names of merged rows that are no alias, since they mean something else elsewhere.
    pub aliases_dropped: BTreeSet<String>,
    /// Rows whose prices are not taken over, by reason.
    pub prices_left_out: BTreeMap<String, usize>,
    /// Fields of rows that a catalog has no place for, and how often they stood.
    pub fields_without_counterpart: BTreeMap<String, usize>,
    /// Entries of the names file that no row needed.
    pub unused_entries: Vec<String>,
}

impl Report {
    pub(crate) fn omit(&mut self, because: String) {
        add_one(&mut self.omitted, because);
    }

    pub(crate) fn map(&mut self, by: By) {
        add_one(&mut self.mapped, by.words());
    }

    pub(crate) fn unprice(&mut self, because: &str) {
        add_one(&mut self.prices_left_out, because.to_owned());
    }

    pub(crate) fn lose(&mut self, field: String) {
        add_one(&mut self.fields_without_counterpart, field);
    }

    pub(crate) fn count(&mut self, imported: &Imported) {
        let mut providers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for endpoint in &imported.endpoints {
            providers.entry(&endpoint.model).or_default().insert(&endpoint.provider);
        }
        self.kept = imported.endpoints.len();
        self.models = providers.len();
        self.models_at_two_providers = providers.values().filter(|at| at.len() > 1).count();
        self.providers = providers.values().flatten().collect::<BTreeSet<_>>().len();
    }
}

fn add_one<K: Ord>(counts: &mut BTreeMap<K, usize>, key: K) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(1);
}

impl By {
    fn words(self) -> &'static str {
        match self {
            Self::Row => "names file: rows",
            Self::BaseModel => "base model",
            Self::Name => "names file: models",
            Self::Rule => "rule",
            Self::Nothing => "not mapped",
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let omitted = self.omitted.values().fold(0_usize, |sum, n| sum.saturating_add(*n));
        writeln!(f, "rows read: {}", self.rows)?;
        writeln!(f, "endpoints: {} ({} models at {} providers)", self.kept, self.models, self.providers)?;
        writeln!(f, "models at two providers or more: {}", self.models_at_two_providers)?;
        counts(f, &format!("rows left out: {omitted}"), self.omitted.iter())?;
        counts(f, "model given by:", self.mapped.iter())?;
        counts(f, "prices left out:", self.prices_left_out.iter())?;
        counts(f, "fields without counterpart:", self.fields_without_counterpart.iter())?;
        list(f, "rows merged into another", self.merged.iter())?;
        list(f, "names that are no alias, since they mean two things", self.aliases_dropped.iter())?;
        list(f, "rows that are what they are called, not what they inherit from", self.disagreements.iter())?;
        list(f, "rows without a known model", self.unmapped.iter())?;
        list(f, "warning: entries of the names file that match nothing", self.unused_entries.iter())
    }
}

fn counts<K: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    entries: impl Iterator<Item = (K, impl fmt::Display)>,
) -> fmt::Result {
    writeln!(f, "{title}")?;
    for (what, n) in entries {
        writeln!(f, "  {n:>5}  {what}")?;
    }
    Ok(())
}

fn list<'a>(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    entries: impl ExactSizeIterator<Item = &'a String>,
) -> fmt::Result {
    if entries.len() > 0 {
        writeln!(f, "{title}: {}", entries.len())?;
    }
    for entry in entries {
        writeln!(f, "  {entry}")?;
    }
    Ok(())
}
