//! What went wrong, as data that every language can raise as its own.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use faregate::syntax::Diagnostics;
use faregate::{CatalogError, Refused, RestoreError};
use faregate_wire::{Node, diagnostics_to_node};

/// What kind of thing went wrong. The names are public and do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// A policy has faults; all of them are told, with the warnings.
    InvalidPolicy,
    /// A catalog has faults.
    InvalidCatalog,
    /// A request, a context, an outcome or a saved run has faults.
    InvalidData,
    /// An argument is none that the function takes.
    InvalidArgument,
    /// A saved run does not fit this engine, or contradicts itself.
    NotRestorable,
    /// Other runs were faster; decide again with fresh facts.
    Refused,
    /// Where counters are kept cannot be reached.
    Unavailable,
    /// A fault of Faregate itself; please report it.
    Internal,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 8] = [
        Self::InvalidPolicy,
        Self::InvalidCatalog,
        Self::InvalidData,
        Self::InvalidArgument,
        Self::NotRestorable,
        Self::Refused,
        Self::Unavailable,
        Self::Internal,
    ];

    /// Returns the name: `invalid_policy`.
    ///
    /// ```
    /// assert_eq!(faregate_embed::Code::NotRestorable.as_str(), "not_restorable");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidPolicy => "invalid_policy",
            Self::InvalidCatalog => "invalid_catalog",
            Self::InvalidData => "invalid_data",
            Self::InvalidArgument => "invalid_argument",
            Self::NotRestorable => "not_restorable",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

/// Why a function has no result. Its text is the whole report; for a policy that is every diagnostic with the lines it
/// speaks of.
///
/// ```
/// use faregate_embed::{Code, Engine, File};
/// let error = Engine::load(&[File::new("p.fare", "policy p { langage 1 }")], &[]).unwrap_err();
/// assert_eq!((error.code(), error.at()), (Code::InvalidPolicy, Some("p.fare:1:12")));
/// assert_eq!(error.diagnostics().unwrap().get("errors").unwrap().to_json(), "1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: Code,
    message: String,
    at: Option<String>,
    /// Where, and what, for each fault of data.
    issues: Vec<(Option<String>, String)>,
    diagnostics: Option<Node>,
}

impl Error {
    /// Returns an error of an argument.
    #[must_use]
    pub fn argument(name: &str, message: &str) -> Self {
        Self::one(Code::InvalidArgument, Some(name.to_owned()), message.to_owned())
    }

    /// Returns an error of data that a binding read itself: where each fault is, and what it is.
    ///
    /// ```
    /// let error = faregate_embed::Error::faults([("requests[7].id".to_owned(), "none".to_owned())]);
    /// assert_eq!((error.at(), error.message()), (Some("requests[7].id"), "requests[7].id: none"));
    /// ```
    #[must_use]
    pub fn faults(found: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::of_issues(
            Code::InvalidData,
            found.into_iter().map(|(at, message)| (Some(at), message)).collect(),
        )
    }

    /// Returns the error of a function that panicked, which is a fault of Faregate. `said` is what the panic said.
    ///
    /// ```
    /// let error = faregate_embed::Error::internal("index out of bounds");
    /// assert_eq!(error.to_string(), "a fault of Faregate, please report it: index out of bounds");
    /// ```
    #[must_use]
    pub fn internal(said: &str) -> Self {
        Self::one(Code::Internal, None, format!("a fault of Faregate, please report it: {said}"))
    }

    /// Returns the kind.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Returns the whole report.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the place of the first fault: `p.fare:3:14`, `request.max_price.prompt`, `line 3, column 5`, or an argument.
    #[must_use]
    pub fn at(&self) -> Option<&str> {
        self.at.as_deref()
    }

    /// Returns the findings in a policy, in the shape of `faregate check --format json`.
    #[must_use]
    pub fn diagnostics(&self) -> Option<&Node> {
        self.diagnostics.as_ref()
    }

    /// Returns the faults of data: where each is, if that is known, and what it is.
    pub fn issues(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        self.issues.iter().map(|(at, message)| (at.as_deref(), message.as_str()))
    }

    /// Writes it as JSON on one line: `code`, `message`, `at`, `issues` (each `at` and `message`), `diagnostics`.
    ///
    /// ```
    /// use faregate_embed::{Engine, File};
    /// let policy = r#"policy p { language 1 } workload w { otherwise deny "closed" }"#;
    /// let engine = Engine::load(&[File::new("p.fare", policy)], &[]).unwrap();
    /// let error = engine.decide(&"{ id: r1, input_tokens: many }".into(), &"{ now: 2026-11-23T10:00:00Z }".into());
    /// assert_eq!(
    ///     error.unwrap_err().to_json(),
    ///     r#"{"code":"invalid_data","message":"request.input_tokens: expected a whole number, found the text \"many\"","#
    ///         .to_owned() + r#""at":"request.input_tokens","issues":[{"at":"request.input_tokens","#
    ///         + r#""message":"expected a whole number, found the text \"many\""}],"diagnostics":null}"#,
    /// );
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        self.to_node().to_json()
    }

    /// Returns it as a tree, in the shape of [`Error::to_json`].
    #[must_use]
    pub fn to_node(&self) -> Node {
        let text = |text: &Option<String>| text.clone().map_or(Node::Null, Node::Text);
        let issue = |(at, message): &(Option<String>, String)| {
            Node::Map(vec![("at".to_owned(), text(at)), ("message".to_owned(), Node::text(message.as_str()))])
        };
        Node::Map(vec![
            ("code".to_owned(), Node::text(self.code.as_str())),
            ("message".to_owned(), Node::text(self.message.as_str())),
            ("at".to_owned(), text(&self.at)),
            ("issues".to_owned(), Node::Seq(self.issues.iter().map(issue).collect())),
            ("diagnostics".to_owned(), self.diagnostics.clone().unwrap_or(Node::Null)),
        ])
    }

    pub(crate) fn one(code: Code, at: Option<String>, message: String) -> Self {
        Self { code, message, at, issues: Vec::new(), diagnostics: None }
    }

    pub(crate) fn policy(found: &Diagnostics) -> Self {
        let first = found.iter().find(|d| d.is_error()).or_else(|| found.iter().next());
        let at = first.map(|d| {
            let sources = found.sources();
            let place = sources.place(d.primary.span);
            let file = sources.get(d.primary.span.file).map_or("?", faregate::syntax::Source::name);
            format!("{file}:{}:{}", place.line, place.column)
        });
        let list: Vec<_> = found.iter().cloned().collect();
        Self {
            code: Code::InvalidPolicy,
            message: found.to_string(),
            at,
            issues: Vec::new(),
            diagnostics: Some(diagnostics_to_node(&list, found.sources())),
        }
    }

    /// `within`: which of several texts, as `catalogs[1]`.
    pub(crate) fn data(code: Code, within: Option<String>, error: &faregate_wire::Error) -> Self {
        let issue = |issue: &faregate_wire::Issue| {
            let place = match issue.place() {
                Some((line, column)) => Some(format!("line {line}, column {column}")),
                None => Some(issue.path().to_owned()).filter(|path| !path.is_empty()),
            };
            (joined(within.clone(), place), issue.message().to_owned())
        };
        Self::of_issues(code, error.issues().iter().map(issue).collect())
    }

    pub(crate) fn catalog(errors: &[CatalogError]) -> Self {
        let issue = |error: &CatalogError| (Some(error.path().to_owned()), error.message().to_owned());
        Self::of_issues(Code::InvalidCatalog, errors.iter().map(issue).collect())
    }

    fn of_issues(code: Code, issues: Vec<(Option<String>, String)>) -> Self {
        let lines: Vec<String> = issues
            .iter()
            .map(|(at, message)| match at {
                Some(at) => format!("{at}: {message}"),
                None => message.clone(),
            })
            .collect();
        let at = issues.first().and_then(|(at, _)| at.clone());
        Self { code, message: lines.join("\n"), at, issues, diagnostics: None }
    }
}

/// Does `work`, and turns a panic into an error, for languages that no panic may reach.
///
/// What `work` changes has to be behind locks that forgive a panic, as everything in this crate is.
///
/// # Errors
/// What `work` says; [`Code::Internal`] where it panicked.
///
/// ```
/// use faregate_embed::{Code, Error, caught};
/// assert_eq!(caught(|| Ok(3)), Ok(3));
/// assert_eq!(caught(|| -> Result<(), Error> { panic!("oh") }).unwrap_err().code(), Code::Internal);
/// ```
pub fn caught<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("a panic without words");
        Err(Error::internal(said))
    })
}

fn joined(within: Option<String>, place: Option<String>) -> Option<String> {
    match (within, place) {
        (Some(within), Some(place)) => Some(format!("{within}: {place}")),
        (within, place) => within.or(place),
    }
}

impl From<RestoreError> for Error {
    fn from(error: RestoreError) -> Self {
        Self::one(Code::NotRestorable, None, error.to_string())
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        let code = match refused {
            Refused::Unavailable(_) => Code::Unavailable,
            _ => Code::Refused,
        };
        Self::one(code, None, refused.to_string())
    }
}

impl From<faregate::CountersUnavailable> for Error {
    fn from(error: faregate::CountersUnavailable) -> Self {
        Self::one(Code::Unavailable, None, error.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
