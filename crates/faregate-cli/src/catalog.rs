//! `faregate catalog`

use faregate_import::{ModelNames, models_dev, read};

use crate::args::{Catalog, CatalogCommand, Import, Source};
use crate::{Exit, Failure, Surroundings, files};

pub(crate) fn run(args: &Catalog, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    match &args.command {
        CatalogCommand::Import(args) => import(args, surroundings),
    }
}

fn import(args: &Import, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    let names = files::text(&args.names, surroundings)?;
    let names =
        ModelNames::parse(&names).map_err(|e| Failure(files::prefixed(&args.names, &e.to_string())))?;
    let (catalog, report) = match args.from {
        Source::ModelsDev => models_dev::import(read::toml_files(&args.source)?, &names)?,
    };
    let heading = models_dev::heading(args.origin.as_deref(), args.as_of.clone());
    let text = catalog.to_yaml(&heading);
    match &args.output {
        None => write!(surroundings.out, "{text}")?,
        Some(path) => {
            std::fs::write(path, text).map_err(|error| files::unwritten(path, &error))?;
        }
    }
    write!(surroundings.err, "{report}")?;
    Ok(Exit::Done)
}
