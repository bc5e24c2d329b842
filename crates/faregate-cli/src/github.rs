//! Findings as the workflow commands of GitHub Actions, which shows them beside the lines of a pull request.

use std::fmt::Write;

use faregate_syntax::{Diagnostics, Severity, Source};

/// Returns one line a finding.
pub(crate) fn commands(reports: &[Diagnostics]) -> String {
    let mut text = String::new();
    for report in reports {
        let sources = report.sources();
        for d in report.iter() {
            let span = d.primary.span;
            // GitHub knows files by their path from the root of the repository: `check .` would name `./support.fare`.
            let file = sources.get(span.file).map_or("", Source::name);
            let file = file.strip_prefix("./").unwrap_or(file);
            let (start, end) = (sources.place(span), sources.end_place(span));
            let severity = if d.severity == Severity::Error { "error" } else { "warning" };
            let mut said = d.message.clone();
            if let Some(help) = &d.help {
                let _ = write!(said, "\nhelp: {help}");
            }
            let _ = writeln!(
                text,
                "::{severity} file={},line={},endLine={},col={},endColumn={},title={}::{}",
                property(file),
                start.line,
                end.line,
                start.column,
                end.column,
                property(d.code),
                data(&said)
            );
        }
    }
    text
}

/// Escapes what a command's text may not hold.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
