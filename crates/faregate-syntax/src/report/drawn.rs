//! A report that shows the lines of which it speaks.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};

use crate::{Diagnostic, FileId, Label, Severity, Source, Sources, Span};

/// The longest text, in bytes, that is shown again as mended: beyond some screens of it nobody finds the difference.
const LONGEST_MENDED: usize = 2_000;

pub(super) fn report<'a>(
    diagnostics: impl IntoIterator<Item = &'a Diagnostic>,
    sources: &Sources,
    colour: bool,
) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut report = String::new();
    for diagnostic in diagnostics {
        if !report.is_empty() {
            report.push('\n');
        }
        report.push_str(renderer.render(&groups(diagnostic, sources)).trim_end());
        report.push('\n');
    }
    report
}

fn groups<'a>(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()).id(diagnostic.code));
    for (file, labels) in by_file(diagnostic) {
        let Some(source) = sources.get(file) else { continue };
        let spans = labels.iter().map(|(_, label)| label.span);
        let lines = Lines::around(source, spans);
        if lines.bytes.len() > LONGEST_SHOWN {
            let place = labels
                .first()
                .map_or(crate::Place { line: 1, column: 1 }, |(_, l)| source.place(l.span.start));
            let origin =
                Origin::path(source.name()).line(place.line as usize).char_column(place.column as usize);
            group = group.element(origin);
            continue;
        }
        let annotations = labels.iter().map(|(kind, label)| annotation(*kind, label, &lines));
        group = group
            .element(lines.snippet::<Annotation<'_>>(source).annotations(annotations.collect::<Vec<_>>()));
    }
    let mut groups = vec![group];
    let fix = diagnostic.fix.as_ref().and_then(|fix| {
        let source = sources.get(fix.span.file)?;
        let lines = Lines::around(source, [fix.span]);
        if lines.bytes.len() > LONGEST_MENDED {
            return None;
        }
        let patch = Patch::new(lines.within(fix.span), fix.text.as_str());
        Some(lines.snippet::<Patch<'_>>(source).patch(patch))
    });
    let help = diagnostic.help.as_deref();
    if help.is_some() || fix.is_some() {
        let help = annotate_snippets::normalize_untrusted_str(help.unwrap_or("mended"));
        groups.push(Group::with_title(Level::HELP.secondary_title(help)).elements(fix));
    }
    groups
}

/// Lines longer than this, in bytes, are named and not shown: nobody reads them, and the renderer's time grows with them.
const LONGEST_SHOWN: usize = 16384;

/// Places of one file that are further apart than this, in bytes, are shown as two snippets: the renderer's time
/// grows with all the text between them, also with what it leaves out.
const ONE_SNIPPET: u32 = 8192;

/// Returns the places of a diagnostic by file and neighbourhood, that of the primary one first.
fn by_file(diagnostic: &Diagnostic) -> Vec<(FileId, Vec<(AnnotationKind, &Label)>)> {
    let mut files =
        vec![(diagnostic.primary.span.file, vec![(AnnotationKind::Primary, &diagnostic.primary)])];
    let near = |a: Span, b: Span| a.file == b.file && a.start.abs_diff(b.start) <= ONE_SNIPPET;
    for label in &diagnostic.related {
        let together = |(_, labels): &&mut (FileId, Vec<(AnnotationKind, &Label)>)| {
            labels.first().is_some_and(|(_, first)| near(first.span, label.span))
        };
        match files.iter_mut().find(together) {
            Some((_, labels)) => labels.push((AnnotationKind::Context, label)),
            None => files.push((label.span.file, vec![(AnnotationKind::Context, label)])),
        }
    }
    files
}

fn annotation<'a>(kind: AnnotationKind, label: &'a Label, lines: &Lines) -> Annotation<'a> {
    let annotation = kind.span(lines.within(label.span));
    if label.text.is_empty() { annotation } else { annotation.label(label.text.as_str()) }
}

/// The lines of a file that a report shows. Only these go to the renderer, whose time grows with the text.
struct Lines {
    bytes: Range<usize>,
    first: usize,
}

impl Lines {
    fn around(source: &Source, spans: impl IntoIterator<Item = Span>) -> Self {
        let text = source.text();
        let (mut start, mut end) = (text.len(), 0);
        for span in spans {
            start = start.min(span.start as usize);
            end = end.max(span.end as usize).min(text.len());
        }
        let line = source.line_start(start.min(end));
        let end = source.line_end(end);
        let first = u32::try_from(line).map_or(1, |byte| source.place(byte).line);
        Self { bytes: line..end, first: first as usize }
    }

    fn snippet<'a, T: Clone>(&self, source: &'a Source) -> Snippet<'a, T> {
        let text = source.text().get(self.bytes.clone()).unwrap_or("");
        Snippet::source(text).line_start(self.first).path(source.name())
    }

    /// Returns a range of the file as a range of these lines.
    fn within(&self, span: Span) -> Range<usize> {
        let length = self.bytes.len();
        let within = |byte: u32| (byte as usize).saturating_sub(self.bytes.start).min(length);
        within(span.start)..within(span.end)
    }
}
