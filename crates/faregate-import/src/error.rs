//! Why an import cannot be done at all.

use thiserror::Error;

/// Why an import could not be done.
///
/// What can be left out and counted is left out and counted; these are the faults for which somebody has to
/// mend a file first.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A file could not be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of the source is not what its format says.
    #[error("{path}: {problem}")]
    Source {
        /// The file, as the source names it.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The file of model names is not in order.
    #[error("model names: {problem}")]
    Names {
        /// What is wrong with it.
        problem: String,
    },
}

impl ImportError {
    pub(crate) fn source(path: &str, problem: impl Into<String>) -> Self {
        Self::Source { path: path.to_owned(), problem: problem.into() }
    }

    pub(crate) fn names(problem: impl Into<String>) -> Self {
        Self::Names { problem: problem.into() }
    }
}
