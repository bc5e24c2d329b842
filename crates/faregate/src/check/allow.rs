//! `// allow CODE: reason` above a declaration, section or statement silences the warnings of one code there.

use std::collections::HashMap;

use faregate_syntax::ast::{Comment, File, Item, Statement, WorkloadStatement};
use faregate_syntax::{Diagnostic, FileId, Severity, Sources, Span, nearest};

use super::messages;

/// An `allow` comment.
struct Allow<'a> {
    code: &'a str,
    reason: bool,
    /// What it speaks of.
    target: Option<Span>,
    comment: &'a Comment,
}

fn allows<'a>(sources: &'a Sources, files: &'a [File]) -> Vec<Allow<'a>> {
    let mut found = Vec::new();
    for file in files {
        let mut targets: Option<Vec<Option<Span>>> = None;
        for (number, comment) in file.comments.iter().enumerate().filter(|(_, c)| !c.doc) {
            let text = sources.text(comment.span).trim_start_matches('/').trim();
            let Some(rest) = text.strip_prefix("allow ") else { continue };
            let (code, reason) = match rest.split_once(':') {
                Some((code, reason)) => (code.trim(), !reason.trim().is_empty()),
                None => (rest.trim(), false),
            };
            // A sentence that begins with "allow" is no code.
            let letter = |b: u8| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit();
            if !code.is_empty() && code.bytes().all(letter) {
                let targets = targets.get_or_insert_with(|| targets_of(sources, file));
                let target = targets.get(number).copied().flatten();
                found.push(Allow { code, reason, target, comment });
            }
        }
    }
    found
}

/// Returns what each comment of a file speaks of: the declaration, section or statement that begins below it, whole, since the
/// formatter may give each of its parts a line of its own; inside a statement, what comes up to its end or the next comment.
///
/// Only the tokens count, and not on which lines they stand: so the formatter changes nothing in what is silenced.
fn targets_of(sources: &Sources, file: &File) -> Vec<Option<Span>> {
    let nodes = nodes(file);
    let mut targets = Vec::with_capacity(file.comments.len());
    let mut below: Option<(u32, u32)> = None;
    for comment in file.comments.iter().rev() {
        let text = sources.get(comment.span.file).map_or("", faregate_syntax::Source::text);
        let rest = text.get(comment.span.end as usize..).unwrap_or("");
        let blanks = rest.len().saturating_sub(rest.trim_start().len());
        let next = comment.span.end.saturating_add(u32::try_from(blanks).unwrap_or(u32::MAX));
        // Comments directly below one another speak of the same.
        let token = match below {
            Some((start, token)) if start == next => token,
            _ => next,
        };
        let until = below.map_or(u32::MAX, |(start, _)| start).max(token);
        targets.push(target(&nodes, token, until));
        below = Some((comment.span.start, token));
    }
    targets.reverse();
    targets
}

/// Returns the spans of all declarations, sections and statements by their beginning, outer ones first; `true` where there is nothing
/// inside.
fn nodes(file: &File) -> Vec<(Span, bool)> {
    let mut nodes: Vec<(Span, bool)> = Vec::new();
    for item in &file.items {
        match item {
            Item::Group(g) => nodes.push((g.span, true)),
            Item::Declare(d) => {
                nodes.push((d.span, false));
                leaves(&mut nodes, &d.attributes);
            }
            Item::Policy(b) => {
                nodes.push((b.span, false));
                leaves(&mut nodes, &b.statements);
            }
            Item::Guardrail(b) => {
                nodes.push((b.span, false));
                leaves(&mut nodes, &b.statements);
            }
            Item::Waive(b) => {
                nodes.push((b.span, false));
                leaves(&mut nodes, &b.statements);
            }
            Item::Budget(b) => {
                nodes.push((b.span, false));
                leaves(&mut nodes, &b.statements);
            }
            Item::Invariant(b) => {
                nodes.push((b.span, false));
                leaves(&mut nodes, &b.statements);
            }
            Item::Profile(b) | Item::Workload(b) => {
                nodes.push((b.span, false));
                for statement in &b.statements {
                    let before = nodes.len();
                    nodes.push((statement.span, false));
                    match &statement.kind {
                        WorkloadStatement::Route(s) => leaves(&mut nodes, s),
                        WorkloadStatement::Ceiling(s) => leaves(&mut nodes, s),
                        WorkloadStatement::Fallback(s) => leaves(&mut nodes, s),
                        WorkloadStatement::Retry(s) => leaves(&mut nodes, s),
                        WorkloadStatement::Health(s) => leaves(&mut nodes, s),
                        WorkloadStatement::Stream(s) => leaves(&mut nodes, s),
                        WorkloadStatement::Tools(s) => leaves(&mut nodes, s),
                        _ => {
                            nodes.truncate(before);
                            nodes.push((statement.span, true));
                        }
                    }
                }
            }
        }
    }
    nodes
}

fn leaves<K>(nodes: &mut Vec<(Span, bool)>, statements: &[Statement<K>]) {
    nodes.extend(statements.iter().map(|s| (s.span, true)));
}

/// Returns what a comment speaks of that stands before the token at byte `token`.
fn target(nodes: &[(Span, bool)], token: u32, until: u32) -> Option<Span> {
    let at = nodes.partition_point(|(span, _)| span.start < token);
    if let Some((span, _)) = nodes.get(at).filter(|(span, _)| span.start == token) {
        return Some(*span);
    }
    let (around, leaf) = nodes.get(at.checked_sub(1)?)?;
    let inside = *leaf && token < around.end;
    inside.then(|| Span { start: token, end: around.end.min(until), ..*around })
}

/// Reports `allow` comments without a reason.
pub(super) fn missing_reasons(sources: &Sources, files: &[File]) -> Vec<Diagnostic> {
    let code =
        |code| super::DIAGNOSTIC_CODES.contains(&code) || nearest(code, super::DIAGNOSTIC_CODES).is_some();
    let without = allows(sources, files).into_iter().filter(|a| !a.reason && code(a.code));
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
    let mut allowed: HashMap<(FileId, &str), Vec<Span>> = HashMap::new();
    for allow in allows(sources, files).into_iter().filter(|a| a.reason) {
        if let Some(target) = allow.target {
            allowed.entry((target.file, allow.code)).or_default().push(target);
        }
    }
    // What one comment speaks of may hold what another does, so that both ends ascend once the inner ones are gone.
    for targets in allowed.values_mut() {
        targets.sort_unstable_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        let mut end = 0;
        targets.retain(|span| {
            let outer = span.end > end;
            end = end.max(span.end);
            outer
        });
    }
    diagnostics.retain(|d| {
        let place = d.primary.span;
        let targets = allowed.get(&(place.file, d.code)).map(Vec::as_slice).unwrap_or_default();
        let after = targets.partition_point(|span| span.start <= place.start);
        let silent =
            after.checked_sub(1).and_then(|i| targets.get(i)).is_some_and(|span| place.start < span.end);
        d.severity != Severity::Warning || !silent
    });
    diagnostics
}
