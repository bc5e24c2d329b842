//! Mutants: a policy with one small change that a test should notice.
//!
//! A change is one of the text, so that whoever reads of it can make it by hand. Not each loads, and some mean the same as
//! before: whoever runs the tests finds out.

mod conditions;
mod lists;
mod statements;
mod steps;

use std::collections::HashSet;

use faregate_syntax::ast::File;
use faregate_syntax::{FileId, Span, parse};

use crate::coverage::words;

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Change {
    /// A condition says the opposite, or `forbid` is `require` and the other way round.
    Negated,
    /// A condition always holds.
    True,
    /// A condition never holds.
    False,
    /// `and` is `or`, `<` is `<=`, `any of` is `all of`, and the other way round; `byok included` is `byok excluded`, and its like.
    Swapped,
    /// A bound is a step larger or smaller: by one at the last digit that is not zero, so that `$2_000` becomes `$3_000`.
    Stepped,
    /// A member of a list is gone, or a part of a condition.
    Shortened,
    /// A rule is gone.
    Dropped,
}

impl Change {
    /// Returns its name, for programs.
    ///
    /// ```
    /// assert_eq!(faregate_analysis::Change::Stepped.as_str(), "stepped");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negated => "negated",
            Self::True => "true",
            Self::False => "false",
            Self::Swapped => "swapped",
            Self::Stepped => "stepped",
            Self::Shortened => "shortened",
            Self::Dropped => "dropped",
        }
    }
}

/// A policy file with one change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mutant {
    /// What kind of change it is.
    pub change: Change,
    /// What is replaced.
    pub at: Span,
    /// By what; empty where a rule is dropped.
    pub text: String,
}

/// What came of a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// A test failed, as it should.
    Noticed,
    /// No test noticed.
    Unnoticed,
    /// No test noticed, and none could: it was proved to decide what the policy decides. It does not count.
    Equal,
    /// It does not load, or says what the policy says. It does not count.
    Void,
    /// There was no time.
    Untried,
}

impl Mutant {
    /// Returns the changed text.
    ///
    /// ```
    /// use faregate_analysis::mutants;
    /// let text = "guardrail g { require endpoint.zdr }";
    /// let changed: Vec<String> = mutants(text).iter().map(|mutant| mutant.apply(text)).collect();
    /// assert_eq!(
    ///     changed,
    ///     ["guardrail g { forbid endpoint.zdr }", "guardrail g { require true }", "guardrail g { require false }"],
    /// );
    /// ```
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let before = text.get(..self.at.start as usize).unwrap_or("");
        let after = text.get(self.at.end as usize..).unwrap_or("");
        [before, &self.text, after].concat()
    }

    /// Returns what stood there, on one line.
    #[must_use]
    pub fn original(&self, text: &str) -> String {
        words(text.get(self.at.start as usize..self.at.end as usize).unwrap_or(""))
    }

    /// Returns what stands there now, on one line; nothing where a rule is dropped.
    #[must_use]
    pub fn replacement(&self) -> String {
        words(&self.text)
    }
}

/// Returns all mutants of a policy file, in the order of the text; none twice. What cannot be read has none.
///
/// Left alone are names, documentation, reasons and messages, which decide nothing; declared lists, which are a vocabulary;
/// `health`, which whoever keeps counts between requests reads and no decision; and invariants, which are for a prover.
///
/// ```
/// use faregate_analysis::{Change, mutants};
/// let text = "workload w { otherwise  route { models \"a\"  require endpoint.uptime >= 99% }  ceiling { run $1.50 } }";
/// let stepped: Vec<String> =
///     mutants(text).iter().filter(|m| m.change == Change::Stepped).map(|m| m.text.clone()).collect();
/// assert_eq!(stepped, ["100%", "98%", "$1.60", "$1.40"]);
/// ```
#[must_use]
pub fn mutants(text: &str) -> Vec<Mutant> {
    let (tree, found) = parse(FileId(0), text);
    if found.iter().any(faregate_syntax::Diagnostic::is_error) {
        return Vec::new();
    }
    let mut maker = Maker { text, made: Vec::new() };
    maker.file(&tree);
    let mut seen = HashSet::new();
    let mut made = maker.made;
    made.retain(|m| seen.insert((m.at.start, m.at.end, m.text.clone())));
    made.sort_by_key(|m| m.at.start);
    made
}

/// Makes mutants of one text.
struct Maker<'a> {
    text: &'a str,
    made: Vec<Mutant>,
}

impl<'a> Maker<'a> {
    fn of(&self, at: Span) -> &'a str {
        self.text.get(at.start as usize..at.end as usize).unwrap_or("")
    }

    fn make(&mut self, change: Change, at: Span, text: impl Into<String>) {
        let text = text.into();
        if self.of(at) != text {
            self.made.push(Mutant { change, at, text });
        }
    }

    fn drop(&mut self, at: Span) {
        self.make(Change::Dropped, at, "");
    }

    fn file(&mut self, file: &File) {
        file.items.iter().for_each(|item| self.item(item));
    }
}
