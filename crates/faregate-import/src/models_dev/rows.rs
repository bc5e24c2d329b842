//! Files to rows: provider, native name, fields with those of the base model beneath.

use std::collections::BTreeMap;

use super::tree::{self, Node, Table};
use crate::ImportError;

/// One file of a provider's models.
pub(crate) struct Row {
    pub(crate) path: String,
    pub(crate) provider: String,
    pub(crate) native: String,
    pub(crate) base: Option<String>,
    pub(super) fields: Table,
}

/// Reads all files and lays each row over its base model. Rows come in the order of their paths.
pub(super) fn read(files: impl IntoIterator<Item = (String, String)>) -> Result<Vec<Row>, ImportError> {
    let mut base_models = BTreeMap::new();
    let mut rows = BTreeMap::new();
    for (path, text) in files {
        match place(&path) {
            Some(Place::BaseModel(name)) => {
                base_models.insert(name.to_owned(), tree::parse(&path, &text)?);
            }
            Some(Place::Row(provider, native)) => {
                let fields = tree::parse(&path, &text)?;
                rows.insert((provider.to_owned(), native.to_owned()), (path, fields));
            }
            None => {}
        }
    }
    rows.into_iter()
        .map(|((provider, native), (path, fields))| {
            let (base, fields) = inherit(&path, fields, &base_models)?;
            Ok(Row { path, provider, native, base, fields })
        })
        .collect()
}

enum Place<'a> {
    BaseModel(&'a str),
    Row(&'a str, &'a str),
}

/// Tells what a file is from its path: `…providers/P/models/N.toml`, `…models/LAB/M.toml`, or nothing to us.
fn place(path: &str) -> Option<Place<'_>> {
    let name = path.strip_suffix(".toml")?;
    if let Some(below) = below(name, "providers/") {
        let (provider, rest) = below.split_once('/')?;
        return rest.strip_prefix("models/").map(|native| Place::Row(provider, native));
    }
    below(name, "models/").map(Place::BaseModel)
}

/// Returns what follows the first folder of that name.
fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    if let Some(rest) = path.strip_prefix(folder) {
        return Some(rest);
    }
    path.match_indices(folder)
        .find(|(at, _)| path.get(..*at).is_some_and(|before| before.ends_with('/')))
        .and_then(|(at, _)| path.get(at..))
        .and_then(|found| found.strip_prefix(folder))
}

fn inherit(
    path: &str,
    mut own: Table,
    base_models: &BTreeMap<String, Table>,
) -> Result<(Option<String>, Table), ImportError> {
    let base = own.remove("base_model");
    let omit = own.remove("base_model_omit");
    let Some(base) = base else { return Ok((None, own)) };
    let base = base.as_text().ok_or_else(|| ImportError::source(path, "`base_model` is no text"))?;
    let Some(inherited) = base_models.get(base) else {
        return Err(ImportError::source(path, format!("there is no base model `{base}`")));
    };
    let mut fields = inherited.clone();
    for field in omit.iter().flat_map(Node::as_list).filter_map(Node::as_text) {
        tree::remove(&mut fields, field);
    }
    tree::overlay(&mut fields, own);
    Ok((Some(base.to_owned()), fields))
}
