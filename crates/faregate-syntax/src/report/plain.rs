//! A report that names the places of which it speaks, for builds in which every kilobyte counts.

use std::fmt::Write as _;

use crate::{Diagnostic, Severity, Sources, Span};

/// Returns the report. It has no colours, whatever is asked for.
pub(super) fn report<'a>(
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    sources: &Sources,
    _colour: bool,
) -> String {
    let mut report = String::new();
    for diagnostic in diagnostics {
        if !report.is_empty() {
            report.push('\n');
        }
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        // Writing to a text does not fail.
        let _ = writeln!(report, "{severity}[{}]: {}", diagnostic.code, visible(&diagnostic.message));
        for label in std::iter::once(&diagnostic.primary).chain(&diagnostic.related) {
            let _ = write!(report, " --> {}", place(label.span, sources));
            let _ = match label.text.as_str() {
                "" => writeln!(report),
                text => writeln!(report, ": {}", visible(text)),
            };
        }
        if let Some(help) = &diagnostic.help {
            let _ = writeln!(report, "help: {}", visible(help));
        }
    }
    report
}

fn place(span: Span, sources: &Sources) -> String {
    let place = sources.place(span);
    let file = sources.get(span.file).map_or("?", |source| source.name());
    format!("{}:{}:{}", visible(file), place.line, place.column)
}

/// Returns a text without what a terminal would obey.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::report;
    use crate::{Sources, parse};

    #[test]
    fn places_are_named_and_help_is_given() {
        let mut sources = Sources::new();
        let text = "guardrail eu {\n  requre endpoint.zdr\n}\n";
        let id = sources.add("e\u{1b}u.fare", text);
        let (_, found) = parse(id, text);
        assert_eq!(
            report(&found, &sources, true),
            "\
error[syntax]: expected a statement of `guardrail`, found `requre`
 --> e\u{fffd}u.fare:2:3
help: a statement with a similar name exists: `require`
"
        );
    }
}
