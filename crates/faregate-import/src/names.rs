//! What a provider's name for a model means: a file that people read and mend.
//!
//! The file says, from the surest to the loosest: single rows (`rows`), names of the source's own base models
//! (`base_models`), names of models (`models`), marks at the end of a name (`endings`), and how to tell the
//! laboratory from a name that is not listed (`labs`, `families`).

mod listed;
mod resolve;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::ImportError;
use listed::Listed;

pub(crate) use resolve::{By, NativeName, Resolved, Used, fold, tidy};

/// The file of model names, read and checked.
///
/// # Example: what is wrong with a file in which one name means two models?
///
/// ```
/// use faregate_import::ModelNames;
///
/// let error = ModelNames::parse("models: { a/one: [x], b/two: [X] }").unwrap_err();
/// assert_eq!(error.to_string(), "model names: `X` is a name of both `a/one` and `b/two`");
/// ```
#[derive(Debug, Default)]
pub struct ModelNames {
    pub(crate) providers: BTreeMap<String, ProviderRule>,
    pub(crate) skip: Vec<SkipRule>,
    pub(crate) free: BTreeMap<String, Vec<String>>,
    pub(crate) endings: Vec<Ending>,
    rows: BTreeMap<(String, String), RowTarget>,
    base_models: BTreeMap<String, String>,
    /// Folded spelling of a laboratory to its name.
    labs: BTreeMap<String, String>,
    /// Beginnings of folded names, the longest first, and the laboratory of such a model.
    families: Vec<(String, String)>,
    repackagers: BTreeSet<String>,
    /// Canonical model of a folded name, and whether the file wrote it or it is the model's own.
    index: BTreeMap<String, Name>,
    models: BTreeSet<String>,
}

/// What the file says of a provider of the source.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderRule {
    /// Our name for it.
    pub(crate) name: Option<String>,
    /// Why its rows are left out.
    pub(crate) omit: Option<String>,
    /// Why its prices are left out.
    pub(crate) prices_unknown: Option<String>,
    /// Where it serves everything.
    pub(crate) region: Option<String>,
    /// Regions that stand in front of a model's name, before a dot.
    #[serde(default)]
    pub(crate) regions: Vec<String>,
    /// Beginnings of its names that say nothing of the model.
    #[serde(default)]
    pub(crate) strip: Vec<String>,
    /// Beginnings that tell an offer, and the variant that each is.
    #[serde(default)]
    pub(crate) begin: BTreeMap<String, String>,
    /// Its names for models are aliases of them, since policies from elsewhere use them.
    #[serde(default)]
    pub(crate) aliases: bool,
    /// What divides the laboratory from the model, where it is not a slash.
    pub(crate) lab_ends_at: Option<String>,
}

/// Rows that are no models to send a text to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SkipRule {
    /// Patterns of native names, in which `*` is any text.
    pub(crate) rows: Vec<String>,
    /// Only at these providers of the source.
    #[serde(default)]
    pub(crate) at: Vec<String>,
    pub(crate) because: String,
}

/// A mark at the end of a name that tells an offer, not a model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ending {
    pub(crate) end: String,
    pub(crate) variant: Option<String>,
    pub(crate) quantization: Option<String>,
    /// The offer costs nothing, and a price of zero is meant.
    #[serde(default)]
    pub(crate) free: bool,
    /// Taken off also where the rest is no known name.
    #[serde(default)]
    pub(crate) always: bool,
    /// Only at these providers of the source.
    #[serde(default)]
    pub(crate) at: Vec<String>,
}

/// What one row is.
#[derive(Debug, Clone)]
struct RowTarget {
    model: String,
    variant: Option<String>,
    quantization: Option<String>,
}

#[derive(Debug, Clone)]
struct Name {
    model: String,
    written: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamesFile {
    #[serde(default)]
    providers: Listed<ProviderRule>,
    #[serde(default)]
    skip: Vec<SkipRule>,
    #[serde(default)]
    free: Listed<Vec<String>>,
    #[serde(default)]
    labs: Listed<Vec<String>>,
    #[serde(default)]
    families: Listed<Vec<String>>,
    #[serde(default)]
    repackagers: Vec<String>,
    #[serde(default)]
    endings: Vec<Ending>,
    #[serde(default)]
    base_models: Listed<String>,
    #[serde(default)]
    models: Listed<Option<Vec<String>>>,
    #[serde(default)]
    rows: Listed<Listed<RowFile>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RowFile {
    Model(String),
    Offer(OfferFile),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfferFile {
    model: String,
    variant: Option<String>,
    quantization: Option<String>,
}

impl ModelNames {
    /// Reads the file of model names.
    ///
    /// # Errors
    /// [`ImportError::Names`] if it is no YAML of that form, an entry stands twice, or a name means two models.
    pub fn parse(text: &str) -> Result<Self, ImportError> {
        let file: NamesFile = serde_yaml::from_str(text).map_err(|e| ImportError::names(e.to_string()))?;
        let mut names = Self {
            providers: file.providers.into_map("providers")?,
            skip: file.skip,
            free: file.free.into_map("free")?,
            base_models: file.base_models.into_map("base_models")?,
            endings: file.endings,
            repackagers: file.repackagers.iter().map(|lab| fold(lab)).collect(),
            ..Self::default()
        };
        for (lab, spellings) in file.labs.into_map("labs")? {
            for spelling in spellings.iter().chain([&lab]) {
                if let Some(other) = names.labs.insert(fold(spelling), lab.clone())
                    && other != lab
                {
                    return Err(ImportError::names(format!(
                        "`{spelling}` is a spelling of both `{other}` and `{lab}`"
                    )));
                }
            }
        }
        for (lab, beginnings) in file.families.into_map("families")? {
            names.families.extend(beginnings.iter().map(|beginning| (fold(beginning), lab.clone())));
        }
        names.families.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        for (model, others) in file.models.into_map("models")? {
            names.add_model(&model, &others.unwrap_or_default())?;
        }
        for (provider, rows) in file.rows.into_map("rows")? {
            for (native, row) in rows.into_map("rows")? {
                let target = match row {
                    RowFile::Model(model) => RowTarget { model, variant: None, quantization: None },
                    RowFile::Offer(OfferFile { model, variant, quantization }) => {
                        RowTarget { model, variant, quantization }
                    }
                };
                names.rows.insert((provider.clone(), native), target);
            }
        }
        let targets = names.base_models.values().chain(names.rows.values().map(|row| &row.model));
        if let Some(odd) = targets.chain(&names.models).find(|model| !is_model_id(model)) {
            return Err(ImportError::names(format!("`{odd}` is no model name of the form `lab/model`")));
        }
        Ok(names)
    }

    fn add_model(&mut self, model: &str, others: &[String]) -> Result<(), ImportError> {
        let own = model.split_once('/').map_or(model, |(_, slug)| slug).to_owned();
        self.add_name(&own, model, None)?;
        for other in others {
            self.add_name(other, model, Some(other.clone()))?;
        }
        self.models.insert(model.to_owned());
        Ok(())
    }

    fn add_name(&mut self, name: &str, model: &str, written: Option<String>) -> Result<(), ImportError> {
        match self.index.get(&fold(name)) {
            Some(other) if other.model == model => {
                Err(ImportError::names(format!("`{name}` stands twice at `{model}`")))
            }
            Some(other) => {
                let (first, second) = (&other.model, model);
                Err(ImportError::names(format!("`{name}` is a name of both `{first}` and `{second}`")))
            }
            None => {
                self.index.insert(fold(name), Name { model: model.to_owned(), written });
                Ok(())
            }
        }
    }
}

fn is_model_id(text: &str) -> bool {
    let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    text.split_once('/').is_some_and(|(lab, slug)| {
        !lab.is_empty() && !slug.is_empty() && lab.chars().all(ok) && slug.chars().all(ok)
    })
}
