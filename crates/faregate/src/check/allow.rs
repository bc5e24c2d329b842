//! `// allow CODE: reason` above a line silences the warnings of one code there.

use std::collections::BTreeSet;

use faregate_syntax::ast::{Comment, File};
use faregate_syntax::{Diagnostic, FileId, Severity, Sources, nearest};

use super::messages;

/// An `allow` comment.
struct Allow<'a> {
    code: &'a str,
    reason: bool,
    file: FileId,
    /// The line that it speaks of.
    line: u32,
    comment: &'a Comment,
}

fn allows<'a>(sources: &'a Sources, files: &'a [File]) -> Vec<Allow<'a>> {
    let mut found = Vec::new();
    for file in files {
        let mut targets: Option<Targets> = None;
        for comment in file.comments.iter().filter(|c| !c.doc) {
            let text = sources.text(comment.span).trim_start_matches('/').trim();
            let Some(rest) = text.strip_prefix("allow ") else { continue };
            let (code, reason) = match rest.split_once(':') {
                Some((code, reason)) => (code.trim(), !reason.trim().is_empty()),
                None => (rest.trim(), false),
            };
            // A sentence that begins with "allow" is no code.
            let letter = |b: u8| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit();
            if !code.is_empty() && code.bytes().all(letter) {
                let targets = targets.get_or_insert_with(|| Targets::of(sources, comment.span.file));
                let line = targets.below(sources.place(comment.span).line);
                found.push(Allow { code, reason, file: comment.span.file, line, comment });
            }
        }
    }
    found
}

/// For each line of a file, the first line below it that is neither blank nor a comment.
struct Targets(Vec<u32>);

impl Targets {
    fn of(sources: &Sources, file: FileId) -> Self {
        let lines: Vec<&str> =
            sources.get(file).map_or("", faregate_syntax::Source::text).split('\n').collect();
        let mut targets = Vec::with_capacity(lines.len());
        let mut next = 0;
        for (number, text) in (1_u32..).zip(&lines).collect::<Vec<_>>().into_iter().rev() {
            targets.push(next);
            let text = text.trim();
            if !text.is_empty() && !text.starts_with("//") {
                next = number;
            }
        }
        targets.reverse();
        Self(targets)
    }

    /// Returns the line of which a comment on `line` speaks; 0 where there is none.
    fn below(&self, line: u32) -> u32 {
        let at = line.saturating_sub(1) as usize;
        self.0.get(at).copied().unwrap_or(0)
    }
}

/// Reports `allow` comments without a reason.
pub(super) fn missing_reasons(sources: &Sources, files: &[File]) -> Vec<Diagnostic> {
    let without = allows(sources, files).into_iter().filter(|a| !a.reason);
    without.map(|a| messages::allow_without_reason(a.comment.span)).collect()
}

/// Reports `allow` comments whose code is a misspelt one: they silence nothing, and nobody would know why. What is not even near
/// to a code is taken as somebody's words.
pub(super) fn misspelt(sources: &Sources, files: &[File]) -> Vec<Diagnostic> {
    let unknown = allows(sources, files).into_iter().filter(|a| !super::DIAGNOSTIC_CODES.contains(&a.code));
    unknown
        .filter_map(|a| {
            Some(messages::unknown_code(a.code, nearest(a.code, super::DIAGNOSTIC_CODES)?, a.comment.span))
        })
        .collect()
}

/// Leaves out the warnings that `allow` comments silence: those of their code on their line.
pub(super) fn silence(
    sources: &Sources,
    files: &[File],
    mut diagnostics: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let allowed: BTreeSet<(FileId, u32, &str)> =
        allows(sources, files).into_iter().filter(|a| a.reason).map(|a| (a.file, a.line, a.code)).collect();
    diagnostics.retain(|d| {
        let place = (d.primary.span.file, sources.place(d.primary.span).line, d.code);
        d.severity != Severity::Warning || !allowed.contains(&place)
    });
    diagnostics
}
