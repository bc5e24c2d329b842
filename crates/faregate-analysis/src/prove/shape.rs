//! What something says, without the places where it says it.

use std::fmt::Debug;

/// Writes down a part of a checked policy with all of its fields but the places; equal texts say the same.
pub(super) fn shape(of: &impl Debug) -> String {
    let text = format!("{of:?}");
    let mut shape = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(next) = rest.chars().next() {
        if next == '"' {
            // A text stays as it is, whatever stands in it.
            let end = quoted(rest);
            let (quote, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            shape.push_str(quote);
            rest = after;
            continue;
        }
        // The set beside a declared list holds the same words, in no order.
        let left_out = ["Span {", "known: {"].iter().find(|start| rest.starts_with(**start));
        if let Some(start) = left_out {
            rest = after_brace(rest.get(start.len()..).unwrap_or(""));
            shape.push('_');
            continue;
        }
        shape.push(next);
        rest = rest.get(next.len_utf8()..).unwrap_or("");
    }
    shape
}

/// Returns the length of the text in quotes at the beginning.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at.saturating_add(1),
            _ => {}
        }
    }
    text.len()
}

/// Returns what comes behind the brace that closes one opened before.
fn after_brace(text: &str) -> &str {
    let mut rest = text;
    let mut open = 1_usize;
    while let Some(c) = rest.chars().next() {
        if c == '"' {
            rest = rest.get(quoted(rest)..).unwrap_or("");
            continue;
        }
        rest = rest.get(c.len_utf8()..).unwrap_or("");
        match c {
            '{' => open = open.saturating_add(1),
            '}' => open = open.saturating_sub(1),
            _ => {}
        }
        if open == 0 {
            return rest;
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::shape;
    use faregate_syntax::{FileId, Span};

    #[test]
    fn places_are_left_out_and_texts_are_not() {
        let at = |start| Span { file: FileId(0), start, end: start + 1 };
        assert_eq!(shape(&("a", at(1))), shape(&("a", at(7))));
        assert_ne!(shape(&("a", at(1))), shape(&("b", at(1))));
        assert_ne!(shape(&"Span { a }"), shape(&"Span { b }"));
        assert_ne!(shape(&"\" Span { a }"), shape(&"\" Span { b }"));
    }
}
