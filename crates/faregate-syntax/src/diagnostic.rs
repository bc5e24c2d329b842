//! Diagnostics as data: what is wrong with a policy, where, and what to write instead.

use crate::Span;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The policy loads.
    Warning,
    /// The policy does not load.
    Error,
}

/// A place with a few words about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there; may be empty.
    pub text: String,
}

/// Whether a fix may be applied without a person who looks at it.
///
/// What a policy says is what its author wrote, also where it does not load. A fix is safe where the text has one reading and is
/// written in another way than the language has it: parentheses that say how `and` and `or` bind anyway, a comma behind the last
/// item, quotes around a name that can stand only in quotes, `&&` for `and`. It is unsafe where the author may have meant
/// something else: the nearest of several names, minutes read as millions, a value that could also begin the next statement,
/// letters that only look alike, the model behind an alias that another catalog resolves otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Safety {
    /// It keeps the meaning.
    Safe,
    /// It may change the meaning, or choose one of several.
    Unsafe,
}

impl Safety {
    /// Returns the name that programs read: `safe` or `unsafe`.
    ///
    /// ```
    /// assert_eq!(faregate_syntax::Safety::Unsafe.as_str(), "unsafe");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

/// A change of the text that mends a diagnostic.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Fix {
    /// What is replaced.
    pub span: Span,
    /// By what.
    pub text: String,
    /// Whether it keeps the meaning.
    pub safety: Safety,
}

/// One finding about a policy.
///
/// Wording: lower case, no final dot, the author's text in backticks, advice only in `help`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Stable, reads well after "allow": `unknown-attribute`.
    pub code: &'static str,
    /// Whether the policy loads all the same.
    pub severity: Severity,
    /// One plain sentence.
    pub message: String,
    /// The smallest culprit.
    pub primary: Label,
    /// Other places that matter, such as the first definition of a duplicate.
    pub related: Vec<Label>,
    /// What to do or write instead.
    pub help: Option<String>,
    /// The mended text, where there is a sure one.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// Returns an error at `span`.
    #[must_use]
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, span, message.into())
    }

    /// Returns a warning at `span`.
    #[must_use]
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, span, message.into())
    }

    fn new(severity: Severity, code: &'static str, span: Span, message: String) -> Self {
        let primary = Label { span, text: String::new() };
        Self { code, severity, message, primary, related: Vec::new(), help: None, fix: None }
    }

    /// Adds a few words to the primary place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn related(mut self, span: Span, text: impl Into<String>) -> Self {
        self.related.push(Label { span, text: text.into() });
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Adds the mended text for `span`, which a person should look at: see [`Safety::Unsafe`].
    ///
    /// ```
    /// use faregate_syntax::{Diagnostic, FileId, Safety, Span};
    /// let span = Span::new(FileId(0), 0, 6);
    /// let found = Diagnostic::error("syntax", span, "no statement begins with `requre`").fix(span, "require");
    /// assert_eq!(found.fix.unwrap().safety, Safety::Unsafe);
    /// ```
    #[must_use]
    pub fn fix(mut self, span: Span, text: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, text: text.into(), safety: Safety::Unsafe });
        self
    }

    /// Adds the mended text for `span` that keeps the meaning: see [`Safety::Safe`].
    ///
    /// ```
    /// use faregate_syntax::{Diagnostic, FileId, Safety, Span};
    /// let span = Span::new(FileId(0), 0, 2);
    /// let found = Diagnostic::error("syntax", span, "expected `and`, found `&&`").safe_fix(span, "and");
    /// assert_eq!(found.fix.unwrap().safety, Safety::Safe);
    /// ```
    #[must_use]
    pub fn safe_fix(mut self, span: Span, text: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, text: text.into(), safety: Safety::Safe });
        self
    }

    /// Whether it keeps the policy from loading.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
