//! Findings of `check` as data.

use faregate_syntax::{Diagnostic, Severity, Source, Sources, Span};
use serde::Serialize;

use crate::Node;
use crate::request::to_node;

/// Returns findings in the shape of `check --format json`, with the totals.
///
/// ```
/// use faregate_syntax::{Diagnostic, Sources, Span};
/// let mut sources = Sources::new();
/// let file = sources.add("a.fare", "policy a {\n  langage 1\n}\n");
/// let found = [Diagnostic::error("syntax", Span::new(file, 13, 20), "no statement begins with `langage`")];
/// let node = faregate_wire::diagnostics_to_node(&found, &sources);
/// let first = &node.get("diagnostics").unwrap().as_seq().unwrap()[0];
/// assert_eq!(first.get("line").unwrap().to_json(), "2");
/// assert_eq!(first.get("end_column").unwrap().to_json(), "10");
/// assert_eq!(node.get("errors").unwrap().to_json(), "1");
/// ```
#[must_use]
pub fn diagnostics_to_node(diagnostics: &[Diagnostic], sources: &Sources) -> Node {
    let count = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
    to_node(&DiagnosticsDto {
        diagnostics: diagnostics.iter().map(|d| diagnostic(d, sources)).collect(),
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
    })
}

#[derive(Serialize)]
struct DiagnosticsDto<'a> {
    diagnostics: Vec<DiagnosticDto<'a>>,
    errors: usize,
    warnings: usize,
}

#[derive(Serialize)]
struct DiagnosticDto<'a> {
    code: &'a str,
    severity: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: PlaceDto<'a>,
    label: &'a str,
    help: Option<&'a str>,
    fix: Option<FixDto<'a>>,
    related: Vec<RelatedDto<'a>>,
}

/// A range; columns count characters from 1, the end is the first that is not in it.
#[derive(Serialize)]
struct PlaceDto<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
struct FixDto<'a> {
    #[serde(flatten)]
    place: PlaceDto<'a>,
    text: &'a str,
    safety: &'static str,
}

#[derive(Serialize)]
struct RelatedDto<'a> {
    #[serde(flatten)]
    place: PlaceDto<'a>,
    message: &'a str,
}

fn diagnostic<'a>(d: &'a Diagnostic, sources: &'a Sources) -> DiagnosticDto<'a> {
    let related = |label: &'a faregate_syntax::Label| RelatedDto {
        place: place(label.span, sources),
        message: &label.text,
    };
    DiagnosticDto {
        code: d.code,
        severity: match d.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &d.message,
        place: place(d.primary.span, sources),
        label: &d.primary.text,
        help: d.help.as_deref(),
        fix: d.fix.as_ref().map(|fix| FixDto {
            place: place(fix.span, sources),
            text: &fix.text,
            safety: fix.safety.as_str(),
        }),
        related: d.related.iter().map(related).collect(),
    }
}

fn place(span: Span, sources: &Sources) -> PlaceDto<'_> {
    let start = sources.place(span);
    let end = sources.place(Span { start: span.end, ..span });
    PlaceDto {
        file: sources.get(span.file).map_or("?", Source::name),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}
