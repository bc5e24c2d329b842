//! What is wrong with data, and where.

use std::fmt;

/// Faults of a file or a value: all that were found, never none.
///
/// ```
/// let error = faregate_wire::read_requests("{ id: r1, input_tokens: many, colour: red }").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "request.colour: unknown field; what a policy declares stands in attributes; the fields are: id, workload, model, models, input_tokens, max_output_tokens, \
///      expected_output_tokens, cached_input_tokens, caching, images, stream, idempotent, side_effects, parameters, \
///      modalities, tools, data, tags, user, session, region, priority, only, ignore, max_price, attributes\n\
///      request.input_tokens: expected a whole number, found the text \"many\"",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    // INVARIANT: never empty; every constructor takes at least one.
    issues: Vec<Issue>,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    path: String,
    message: String,
    place: Option<(usize, usize)>,
}

impl Error {
    /// Returns the faults, in the order in which they were found.
    #[must_use]
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// Whether the text is no YAML or JSON at all, so that nothing in it was looked at.
    ///
    /// ```
    /// assert!(faregate_wire::read_many("a: [").unwrap_err().is_syntax());
    /// assert!(!faregate_wire::read_many("{ a: 1, a: 2 }").unwrap_err().is_syntax());
    /// ```
    #[must_use]
    pub fn is_syntax(&self) -> bool {
        self.issues.iter().any(|issue| issue.place.is_some())
    }

    pub(crate) fn one(issue: Issue) -> Self {
        Self { issues: vec![issue] }
    }

    pub(crate) fn at(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::one(Issue::new(path, message))
    }

    pub(crate) fn all(issues: Vec<Issue>) -> Option<Self> {
        (!issues.is_empty()).then_some(Self { issues })
    }
}

impl Issue {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        let mut path = path.into();
        path.truncate(path.trim_end_matches([':', ' ']).len());
        Self { path, message: message.into(), place: None }
    }

    pub(crate) fn placed(line: usize, column: usize, message: impl Into<String>) -> Self {
        Self { path: String::new(), message: message.into(), place: Some((line, column)) }
    }

    /// Returns where it is: `context.budgets[2].spend`; empty where it concerns the text as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns what is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns line and column, from 1, of a fault of syntax.
    #[must_use]
    pub fn place(&self) -> Option<(usize, usize)> {
        self.place
    }
}

impl fmt::Display for Issue {
    /// Writes `path: message`, or `line 3, column 5: message`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl fmt::Display for Error {
    /// Writes one fault a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, issue) in self.issues.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{issue}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
