//! The TOML tree of models.dev (`providers/*/models/**/*.toml`, `models/**/*.toml`) as a catalog.
//!
//! In order: each row is laid over the base model that it names; rows that are no endpoints are left out and
//! counted; each other row gets its model from the names file, else from a rule; rows that are the same offer
//! become one endpoint, and ids are made.

mod facts;
mod rows;
mod settle;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::Imported;
use crate::names::{By, NativeName, Resolved, Used, fold};
use crate::{Heading, ImportError, ModelNames, Report};
use facts::Facts;
use rows::Row;

/// Turns the files of models.dev into a catalog and says what became of every row.
///
/// A file is its path, of which all up to `providers/` or `models/` is ignored, and its text. The order of the
/// files does not matter. Time and memory are linear in the text, but for the sorting.
///
/// # Errors
/// [`ImportError::Source`] if a file is no TOML, a price no exact decimal, or a base model is missing.
pub fn import(
    files: impl IntoIterator<Item = (String, String)>,
    names: &ModelNames,
) -> Result<(Imported, Report), ImportError> {
    let mut report = Report::default();
    let mut used = Used::default();
    let rows = rows::read(files)?;
    report.rows = rows.len();

    let mut kept = Vec::new();
    for row in rows {
        if let Some(because) = omitted(&row, names, &mut used) {
            report.omit(because);
            continue;
        }
        let facts = facts::read(&row, &mut report)?;
        if let Some(because) = facts.no_text() {
            report.omit(because.to_owned());
            continue;
        }
        kept.push((row, facts));
    }

    let as_of = kept.iter().filter_map(|(_, facts)| facts.last_updated.clone()).max();
    let offers = name_all(kept, names, &mut used, &mut report);
    let mut imported = settle::settle(offers, names, &mut report);
    imported.as_of = as_of;
    report.unused_entries = names.unused(&used);
    report.count(&imported);
    Ok((imported, report))
}

/// Returns the heading of a catalog made here; `origin` names the source's version, as in `commit f3fc692`.
#[must_use]
pub fn heading(origin: Option<&str>, as_of: Option<String>) -> Heading {
    let at = origin.map(|origin| format!(", {origin}")).unwrap_or_default();
    Heading {
        comment: vec![
            "Models, prices and limits of many providers, made by `faregate catalog import --from models-dev`.".to_owned(),
            format!("Source: https://github.com/anomalyco/models.dev{at}, MIT licence."),
            "What the source does not say is left out here, and so unknown; nobody has checked what it says.".to_owned(),
        ],
        name: "models.dev".to_owned(),
        as_of,
    }
}

/// A row with its model.
pub(crate) struct Offer {
    pub(crate) provider: String,
    pub(crate) native: String,
    pub(crate) name: NativeName,
    pub(crate) resolved: Resolved,
    pub(crate) facts: Facts,
}

fn omitted(row: &Row, names: &ModelNames, used: &mut Used) -> Option<String> {
    if let Some(rule) = names.providers.get(&row.provider) {
        used.mark(format!("providers: {}", row.provider));
        if let Some(because) = &rule.omit {
            return Some(because.clone());
        }
    }
    for rule in &names.skip {
        let here = rule.at.is_empty() || rule.at.contains(&row.provider);
        if let Some(pattern) = rule.rows.iter().find(|pattern| here && matches(pattern, &row.native)) {
            used.mark(format!("skip: {pattern}"));
            return Some(rule.because.clone());
        }
    }
    None
}

/// Whether `*` in the pattern, standing for any text, makes it the whole name; case does not matter.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_lowercase(), name.to_ascii_lowercase());
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return name.ends_with(piece);
        }
        let Some((_, after)) = name.split_once(piece) else { return false };
        name = after;
    }
    true
}

fn name_all(kept: Vec<(Row, Facts)>, names: &ModelNames, used: &mut Used, report: &mut Report) -> Vec<Offer> {
    let mut offers = Vec::new();
    let mut unlisted = Vec::new();
    for (row, facts) in kept {
        let name = names.take_apart(&row.provider, &row.native);
        match names.listed(&row.provider, &row.native, &name, row.base.as_deref(), used) {
            Some(resolved) => {
                offers.push(Offer { provider: row.provider, native: row.native, name, resolved, facts });
            }
            None => unlisted.push((row, name, facts)),
        }
    }
    let known = spellings(&offers, &unlisted, names);
    for (row, name, facts) in unlisted {
        let (lab, _) = names.guess(&row.provider, &name);
        let is_known = |folded: &str| {
            let labs = known.get(folded)?;
            match &lab {
                Some(lab) => labs.get(lab).cloned(),
                // Without a laboratory the name must be that of one alone.
                None if labs.len() == 1 => labs.values().next().cloned(),
                None => None,
            }
        };
        let resolved = names.by_rule(&row.provider, &name, used, is_known);
        offers.push(Offer { provider: row.provider, native: row.native, name, resolved, facts });
    }
    for offer in &offers {
        report.map(offer.resolved.by);
        if let Some(base) = &offer.resolved.instead_of {
            let Offer { provider, native, resolved, .. } = offer;
            report.disagreements.push(format!("{provider}: {native}: {}, not {base}", resolved.model));
        }
        if offer.resolved.by == By::Nothing {
            report.unmapped.push(format!("{}: {}", offer.provider, offer.native));
        }
    }
    offers
}

/// Folded name to laboratory to model: all names that rows with a known laboratory use.
///
/// Of several spellings of one name the one that most rows use is the model's; of equals the one with more
/// dots, then the first by bytes.
fn spellings(
    listed: &[Offer],
    unlisted: &[(Row, NativeName, Facts)],
    names: &ModelNames,
) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut seen: BTreeMap<(String, String), BTreeMap<String, usize>> = BTreeMap::new();
    for (row, name, _) in unlisted {
        if let (Some(lab), slug) = names.guess(&row.provider, name)
            && !slug.is_empty()
        {
            let count = seen.entry((fold(&slug), lab)).or_default().entry(slug).or_default();
            *count = count.saturating_add(1);
        }
    }
    let mut known: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for ((folded, lab), slugs) in seen {
        let dots = |slug: &str| slug.matches('.').count();
        let best = slugs
            .iter()
            .max_by(|(a, n), (b, m)| n.cmp(m).then_with(|| dots(a).cmp(&dots(b))).then_with(|| b.cmp(a)));
        if let Some((slug, _)) = best {
            let model = format!("{lab}/{slug}");
            known.entry(folded).or_default().insert(lab, model);
        }
    }
    // A model of the source's own base models has its name already.
    let models: BTreeSet<&str> = listed.iter().map(|offer| offer.resolved.model.as_str()).collect();
    for model in models {
        if let Some((lab, slug)) = model.split_once('/') {
            known.entry(fold(slug)).or_default().insert(lab.to_owned(), model.to_owned());
        }
    }
    known
}
