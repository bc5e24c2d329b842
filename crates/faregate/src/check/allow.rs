//! `// allow CODE: reason` above a line silences the warnings of one code there.

use faregate_syntax::ast::{Comment, File};
use faregate_syntax::{Diagnostic, FileId, Severity, Sources};

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
    for comment in files.iter().flat_map(|f| &f.comments).filter(|c| !c.doc) {
        let text = sources.text(comment.span).trim_start_matches('/').trim();
        let Some(rest) = text.strip_prefix("allow ") else { continue };
        let (code, reason) = match rest.split_once(':') {
            Some((code, reason)) => (code.trim(), !reason.trim().is_empty()),
            None => (rest.trim(), false),
        };
        // A sentence that begins with "allow" is no code.
        let is_code = !code.is_empty()
            && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit());
        if is_code {
            let line = target_line(sources, comment);
            found.push(Allow { code, reason, file: comment.span.file, line, comment });
        }
    }
    found
}

/// The first line below the comment that is neither blank nor a comment itself.
fn target_line(sources: &Sources, comment: &Comment) -> u32 {
    let own = sources.place(comment.span).line;
    let Some(file) = sources.get(comment.span.file) else { return own };
    let below = file.text().get(comment.span.end as usize..).unwrap_or("");
    let mut line = own;
    // The first piece is the rest of the comment's own line.
    for text in below.split('\n').skip(1) {
        line = line.saturating_add(1);
        let text = text.trim();
        if !text.is_empty() && !text.starts_with("//") {
            return line;
        }
    }
    own
}

/// Reports `allow` comments without a reason.
pub(super) fn missing_reasons(sources: &Sources, files: &[File]) -> Vec<Diagnostic> {
    let without = allows(sources, files).into_iter().filter(|a| !a.reason);
    without.map(|a| messages::allow_without_reason(a.comment.span)).collect()
}

/// Leaves out the warnings that `allow` comments silence: those of their code on their line.
pub(super) fn silence(
    sources: &Sources,
    files: &[File],
    mut diagnostics: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    for allow in allows(sources, files).into_iter().filter(|a| a.reason) {
        diagnostics.retain(|d| {
            let meant = d.severity == Severity::Warning
                && d.code == allow.code
                && d.primary.span.file == allow.file
                && sources.place(d.primary.span).line == allow.line;
            !meant
        });
    }
    diagnostics
}
