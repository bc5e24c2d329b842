//! Other people's price lists as catalogs of Faregate.
//!
//! [`models_dev::import`] turns the tree of TOML files that models.dev publishes into one catalog, in which a
//! model has one name at all its providers. What a name means where the source does not say it stands in a
//! file for people, [`ModelNames`]; what the importer did with every row stands in its [`Report`].
//!
//! ```
//! use faregate_import::{ModelNames, models_dev};
//!
//! let names = ModelNames::parse("models: { anthropic/claude-sonnet-4.5: [claude-4.5-sonnet] }")?;
//! let row = "[cost]\ninput = 3.00\noutput = 15.00\n[limit]\ncontext = 200_000";
//! let files = [("providers/anthropic/models/claude-sonnet-4-5.toml".to_owned(), row.to_owned())];
//! let (catalog, report) = models_dev::import(files, &names)?;
//! assert_eq!(catalog.endpoints[0].id, "anthropic/claude-sonnet-4.5@anthropic");
//! assert_eq!(catalog.endpoints[0].prices.prompt.unwrap().to_string(), "0.000003");
//! assert_eq!(report.kept, 1);
//! # Ok::<(), faregate_import::ImportError>(())
//! ```
//!
//! **Exactness.** Money is read from the digits of the source and never goes through binary floating point.
//! **Determinism.** The same files and names give the same bytes, in whatever order the files come.
//! **No surroundings.** Only [`read`] touches files; the crate knows no clock, no network and no engine.

mod catalog;
mod error;
pub mod models_dev;
mod names;
pub mod read;
mod report;
mod yaml;

pub use catalog::{Endpoint, Imported, Override, Prices};
pub use error::ImportError;
pub use names::ModelNames;
pub use report::Report;
pub use yaml::Heading;
