//! Findings as SARIF 2.1.0, for code hosts that show them beside the lines.

use std::collections::BTreeMap;

use faregate_syntax::{Diagnostic, Diagnostics, Label, Severity, Source, Sources, Span};
use serde_json::{Value, json};

use crate::explain;

/// Where the pages on codes stand.
const PAGES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/diagnostics");

/// Returns the log of one run.
pub(crate) fn log(reports: &[Diagnostics]) -> Value {
    let mut rules: BTreeMap<&'static str, usize> = BTreeMap::new();
    for diagnostic in reports.iter().flat_map(Diagnostics::iter) {
        rules.insert(diagnostic.code, 0);
    }
    for (at, index) in rules.values_mut().enumerate() {
        *index = at;
    }
    let results: Vec<Value> = reports
        .iter()
        .flat_map(|report| report.iter().map(|d| result(d, report.sources(), &rules)))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "faregate",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.keys().map(|code| rule(code)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(code: &str) -> Value {
    let page = explain::diagnostic(code).unwrap_or_default();
    let meaning = explain::meaning(page);
    json!({
        "id": code,
        "shortDescription": { "text": first_sentence(&meaning) },
        "fullDescription": { "text": meaning },
        "help": { "text": meaning, "markdown": page },
        "helpUri": format!("{PAGES}/{code}.md"),
    })
}

fn first_sentence(text: &str) -> &str {
    text.split_once(". ").map_or(text, |(first, _)| first)
}

fn result(diagnostic: &Diagnostic, sources: &Sources, rules: &BTreeMap<&str, usize>) -> Value {
    let text = match &diagnostic.help {
        Some(help) => format!("{}; {help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let mut result = json!({
        "ruleId": diagnostic.code,
        "ruleIndex": rules.get(diagnostic.code),
        "level": if diagnostic.severity == Severity::Error { "error" } else { "warning" },
        "message": { "text": text },
        "locations": [location(diagnostic.primary.span, sources)],
    });
    let Some(entries) = result.as_object_mut() else { return result };
    if !diagnostic.related.is_empty() {
        let related: Vec<Value> = diagnostic.related.iter().map(|label| related(label, sources)).collect();
        entries.insert("relatedLocations".to_owned(), related.into());
    }
    if let Some(fix) = &diagnostic.fix {
        let fix = json!({
            "description": { "text": diagnostic.help.as_deref().unwrap_or("the mended text") },
            "properties": { "safety": fix.safety.as_str() },
            "artifactChanges": [{
                "artifactLocation": { "uri": uri(fix.span, sources) },
                "replacements": [{
                    "deletedRegion": region(fix.span, sources),
                    "insertedContent": { "text": fix.text },
                }],
            }],
        });
        entries.insert("fixes".to_owned(), vec![fix].into());
    }
    result
}

fn related(label: &Label, sources: &Sources) -> Value {
    let mut place = location(label.span, sources);
    if let Some(entries) = place.as_object_mut() {
        entries.insert("message".to_owned(), json!({ "text": label.text }));
    }
    place
}

fn location(span: Span, sources: &Sources) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(span, sources) },
        "region": region(span, sources),
    } })
}

fn region(span: Span, sources: &Sources) -> Value {
    let (start, end) = (sources.place(span), sources.end_place(span));
    json!({
        "startLine": start.line, "startColumn": start.column,
        "endLine": end.line, "endColumn": end.column,
    })
}

/// Returns a file's path as a URI, relative where the path is.
fn uri(span: Span, sources: &Sources) -> String {
    let path = sources.get(span.file).map_or("", Source::name);
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'\\' => uri.push('/'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into())
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
