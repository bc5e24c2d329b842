//! From the syntax tree to a checked policy: names, types, units, places, totality; all findings, not the first.

mod allow;
mod budget;
mod expr;
mod facts;
mod guardrail;
mod invariant;
mod lints;
mod market;
mod messages;
mod profile;
mod route;
mod scope;
mod sections;
mod simple;
mod workload;

use std::collections::{HashMap, HashSet};

use faregate_syntax::ast::{Block, File, Item, LiteralKind, PolicyStatement};
use faregate_syntax::{Diagnostic, FileId, Fixed, Sources, Span};

use crate::ir::Policy;
use crate::time::Date;
use scope::Scope;

pub(crate) use budget::kind_name;
pub(crate) use lints::attributes;
pub(crate) use market::check_market;

/// The codes of all diagnostics, of the reader, the checker and the checks against a catalog.
pub const DIAGNOSTIC_CODES: [&str; 46] = [
    "syntax",
    "limit-exceeded",
    "unknown-attribute",
    "unknown-name",
    "unknown-ceiling",
    "undeclared-value",
    "type-mismatch",
    "unit-mismatch",
    "duplicate-name",
    "duplicate-section",
    "forbidden-retry",
    "forbidden-fallback",
    "unreachable-retry",
    "missing-byok",
    "missing-statement",
    "not-total",
    "quote-it",
    "group-needs-in",
    "attribute-out-of-place",
    "compares-attributes",
    "unequal-declarations",
    "unsupported-language",
    "waiver-elsewhere",
    "allow-without-reason",
    "mixed-and-or",
    "never-true",
    "unreachable-workload",
    "no-effect",
    "overlapping-workloads",
    "waiver-expired",
    "waives-nothing",
    "outlasts-deadline",
    "never-eligible",
    "many-calls",
    "soft-cap-alone",
    "absence-widens",
    "weights-not-100",
    "alias-named",
    "matches-nothing",
    "sunset-soon",
    "deprecated-named",
    "excludes-everything",
    "laxer-fallback",
    "lone-provider",
    "literal-pattern",
    "unknown-code",
];

/// What a file needs to be a set of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// A whole set: it has workloads, and the last is `otherwise`.
    Whole,
    /// A part of a set, such as a file of guardrails: no workload is fine.
    Part,
    /// A file by itself: a part where it holds only guardrails, groups, profiles and declarations, else a whole set.
    Alone,
}

/// With how many names those that are misspelt are compared, all in all. It is enough for any file that people write, and
/// bounds the time of one in which each of thousands of names is wrong.
const PATIENCE: usize = 2_000_000;

pub(super) struct Checker<'a> {
    sources: &'a Sources,
    files: &'a [File],
    scope: Scope<'a>,
    /// Where the text could not be read, ascending.
    broken: Vec<Span>,
    /// What it may have declared there.
    lost: HashSet<&'a str>,
    /// How many names are still compared with misspelt ones.
    patience: usize,
    diagnostics: Vec<Diagnostic>,
    policy: Policy,
}

/// Checks a parsed set. The policy is there where there are no errors.
///
/// The diagnostics are sorted by file and place; warnings that an `allow` comment silences are left out.
pub(crate) fn check(
    sources: &Sources,
    files: &[File],
    parsed: Vec<Diagnostic>,
    completeness: Completeness,
) -> (Option<Policy>, Vec<Diagnostic>) {
    let completeness = settled(completeness, files);
    let mut broken: Vec<Span> = parsed.iter().map(|d| d.primary.span).collect();
    broken.sort_unstable();
    let mut checker = Checker {
        sources,
        files,
        scope: Scope::default(),
        broken,
        lost: files.iter().flat_map(|f| &f.lost).map(String::as_str).collect(),
        patience: PATIENCE,
        diagnostics: parsed,
        policy: Policy::default(),
    };
    checker.collect(files);
    checker.headers();
    checker.guardrails();
    checker.budgets();
    checker.workloads(completeness);
    checker.invariants();
    let Checker { lost, mut diagnostics, scope, mut policy, .. } = checker;
    diagnostics.retain(|d| !follows_from(sources, d, &lost));
    let loads = !diagnostics.iter().any(Diagnostic::is_error);
    if loads && completeness == Completeness::Whole {
        for item in files.iter().flat_map(|f| &f.items) {
            if let Item::Group(group) = item
                && !scope.is_used(group)
            {
                let what = format!("nothing names group `{}`", group.name.text);
                diagnostics.push(messages::no_effect(group.name.span, what));
            }
        }
    }
    policy.declared = scope.declared;
    if loads {
        lints::lint(&policy, files, &mut diagnostics);
    }
    diagnostics.extend(allow::missing_reasons(sources, files));
    diagnostics.extend(allow::misspelt(sources, files));
    let mut diagnostics = allow::silence(sources, files, diagnostics);
    sort(&mut diagnostics);
    let loads = !diagnostics.iter().any(Diagnostic::is_error);
    (loads.then_some(policy), diagnostics)
}

/// Reports waivers that have run out on a day, or do so within thirty days.
pub(crate) fn check_dates(policy: &Policy, today: Date) -> Vec<Diagnostic> {
    lints::waivers(policy, today)
}

/// Leaves out what `allow` comments silence, and sorts.
pub(crate) fn settle(sources: &Sources, files: &[File], diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut diagnostics = allow::silence(sources, files, diagnostics);
    sort(&mut diagnostics);
    diagnostics
}

/// Sorts by file and place.
pub(crate) fn sorted(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    sort(&mut diagnostics);
    diagnostics
}

/// Whether a finding only says that a name is not known which a declaration that could not be read may have declared.
fn follows_from(sources: &Sources, diagnostic: &Diagnostic, lost: &HashSet<&str>) -> bool {
    let text = sources.text(diagnostic.primary.span);
    match diagnostic.code {
        "unknown-name" | "quote-it" => lost.contains(text),
        "unknown-attribute" => {
            let attribute: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            lost.contains(attribute.as_str())
        }
        _ => false,
    }
}

/// A file that holds only guardrails, groups, profiles or declarations is no set by itself.
fn settled(completeness: Completeness, files: &[File]) -> Completeness {
    let mut parts = files.iter().flat_map(|f| &f.items).filter(|i| !matches!(i, Item::Policy(_))).peekable();
    let only_parts = parts.peek().is_some()
        && parts
            .all(|i| matches!(i, Item::Guardrail(_) | Item::Group(_) | Item::Profile(_) | Item::Declare(_)));
    match completeness {
        Completeness::Alone if only_parts => Completeness::Part,
        Completeness::Alone => Completeness::Whole,
        other => other,
    }
}

fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| (a.primary.span, a.code).cmp(&(b.primary.span, b.code)));
    diagnostics.dedup();
}

impl<'a> Checker<'a> {
    fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Whether part of a declaration could not be read, so that what is missing there may only be unread.
    fn is_broken(&self, block: Span) -> bool {
        let first = self.broken.partition_point(|s| (s.file, s.start) < (block.file, block.start));
        self.broken.get(first).is_some_and(|s| s.file == block.file && s.start <= block.end)
    }

    /// Whether a misspelt name may still be compared with so many others.
    fn may_search(&mut self, names: usize) -> bool {
        let left = self.patience.checked_sub(names);
        self.patience = left.unwrap_or(self.patience);
        left.is_some()
    }

    /// Returns the names, sorted, with which a misspelt one is compared.
    fn names_like(&mut self, names: impl Fn(&Scope<'a>) -> Vec<&'a str>) -> Vec<&'a str> {
        // Only counting them takes time too.
        let known =
            self.scope.workloads.len().max(self.scope.guardrails.len()).max(self.scope.profiles.len());
        if !self.may_search(known) {
            return Vec::new();
        }
        let mut names = names(&self.scope);
        names.sort_unstable();
        names
    }

    fn file_name(&self, id: FileId) -> &'a str {
        self.sources.get(id).map_or("?", faregate_syntax::Source::name)
    }

    /// Each file begins with its own `policy` block; the first file's name is the set's.
    fn headers(&mut self) {
        for (number, file) in (0_u16..).zip(self.files) {
            let mut first: Option<&Block<PolicyStatement>> = None;
            for (at, item) in file.items.iter().enumerate() {
                let Item::Policy(block) = item else { continue };
                if let Some(first) = first {
                    self.push(messages::duplicate_section(
                        "the `policy` block",
                        block.keyword,
                        first.keyword,
                    ));
                    continue;
                }
                first = Some(block);
                if at > 0 {
                    let help = "move it to the top of the file";
                    let what = "the `policy` block comes first, so the file";
                    self.push(messages::missing_statement(block.keyword, what, "it at its beginning", help));
                }
                if self.policy.name.is_empty() {
                    self.policy.name.clone_from(&block.name.text);
                }
                self.header(block);
            }
            let unparsed =
                file.items.is_empty() && self.diagnostics.iter().any(|d| d.primary.span.file.0 == number);
            if first.is_none() && !unparsed {
                let span = Span::new(FileId(number), 0, 0);
                let help = "begin with `policy NAME { language 1 }`";
                let broken =
                    self.diagnostics.iter().any(|d| d.code == "syntax" && d.primary.span.file.0 == number);
                if !broken {
                    self.push(messages::missing_statement(
                        span,
                        "the file",
                        "a `policy` block of its own",
                        help,
                    ));
                }
            }
        }
    }

    fn header(&mut self, block: &'a Block<PolicyStatement>) {
        let mut seen = Once::default();
        for statement in &block.statements {
            let word = match &statement.kind {
                PolicyStatement::Language(version) => {
                    match version.kind {
                        LiteralKind::Count(1) => {}
                        LiteralKind::Count(_) => {
                            let message = "this engine speaks version 1 of the language";
                            let diagnostic = Diagnostic::error("unsupported-language", version.span, message);
                            self.push(diagnostic.help("write `language 1`"));
                        }
                        _ => {
                            let found = messages::describe_literal(version);
                            self.push(messages::type_mismatch(version.span, found, "a count"));
                        }
                    }
                    "language"
                }
                PolicyStatement::Owner(_) => "owner",
                PolicyStatement::Version(_) => "version",
            };
            self.once(&mut seen, word, statement.span);
        }
    }

    /// Reports a statement that stands again where it may stand once.
    fn once(&mut self, seen: &mut Once, what: &'static str, span: Span) -> bool {
        if let Some((_, first)) = seen.0.iter().find(|(w, _)| *w == what) {
            let first = *first;
            self.push(messages::duplicate_section(&format!("`{what}`"), span, first));
            return false;
        }
        seen.0.push((what, span));
        true
    }

    /// Reports a rule that its block holds already.
    fn rule_once(&mut self, rules: &mut Rules, statement: Span) {
        let text = faregate_syntax::tokens(self.sources.text(statement)).collect::<Vec<_>>().join(" ");
        let word = text.split(' ').next().unwrap_or("").to_owned();
        match rules.0.get(&text) {
            Some(first) => {
                let first = *first;
                let what = format!("the same `{word}` stands above");
                self.push(messages::no_effect(statement, what).related(first, "first here"));
            }
            None => drop(rules.0.insert(text, statement)),
        }
    }
}

/// Statements seen so far of those that may stand once.
#[derive(Default)]
struct Once(Vec<(&'static str, Span)>);

/// The rules of a block, as they are written but for blanks and comments.
#[derive(Default)]
struct Rules(HashMap<String, Span>);

/// A whole number of a decimal's smallest units, for comparisons.
fn units(fixed: Fixed) -> i128 {
    fixed.units()
}
