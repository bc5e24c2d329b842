//! Diagnostics to text.

use std::fmt;

use crate::{Diagnostic, Sources};

#[cfg(feature = "report")]
mod drawn;
#[cfg(any(test, not(feature = "report")))]
mod plain;

/// Returns the report on `diagnostics`, in their order, with a blank line between two and a line break at the end.
///
/// It shows the lines in question, what is wrong where, and the mended text where there is one. With `colour` it
/// holds ANSI escapes. A build without the feature `report` only names the places, and has no colours.
///
/// ```
/// use faregate_syntax::{Sources, parse, render};
/// let mut sources = Sources::new();
/// let text = "guardrail eu {\n  requre endpoint.zdr\n}\n";
/// let id = sources.add("eu.fare", text);
/// let (_, diagnostics) = parse(id, text);
/// assert_eq!(
///     render(&diagnostics, &sources, false),
///     "\
/// error[syntax]: expected a statement of `guardrail`, found `requre`
///  --> eu.fare:2:3
///   |
/// 2 |   requre endpoint.zdr
///   |   ^^^^^^
///   |
/// help: a statement with a similar name exists: `require`
///   |
/// 2 |   require endpoint.zdr
///   |       +
/// "
/// );
/// ```
#[must_use]
pub fn render<'a>(
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    sources: &Sources,
    colour: bool,
) -> String {
    #[cfg(feature = "report")]
    return drawn::report(diagnostics, sources, colour);
    #[cfg(not(feature = "report"))]
    return plain::report(diagnostics, sources, colour);
}

/// What is wrong with a policy set, together with its texts: an error whose text is the whole report.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    sources: Sources,
}

impl Diagnostics {
    /// Returns `list` with the texts of which it speaks.
    ///
    /// ```
    /// use faregate_syntax::{Diagnostics, Sources, parse};
    /// let mut sources = Sources::new();
    /// let id = sources.add("a.fare", "group a = models b\n");
    /// let (_, list) = parse(id, "group a = models b\n");
    /// let diagnostics = Diagnostics::new(list, sources);
    /// assert!(diagnostics.has_errors());
    /// assert!(diagnostics.to_string().contains("--> a.fare:1:18"));
    /// ```
    #[must_use]
    pub fn new(list: Vec<Diagnostic>, sources: Sources) -> Self {
        Self { list, sources }
    }

    /// Iterates over the diagnostics.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// Whether one of them keeps the policy from loading.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(Diagnostic::is_error)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the texts of which the diagnostics speak.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Returns the report, with ANSI escapes if `colour`.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        render(&self.list, &self.sources, colour)
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    /// Writes the full report without colour.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}
