//! What a piece of a policy says, without the places where it is written: equal shapes mean the same.

use std::fmt::{Debug, Write};

/// Returns everything that a piece says but its spans.
pub(super) fn shape(piece: &impl Debug) -> String {
    let mut whole = String::new();
    if write!(whole, "{piece:?}").is_err() {
        return whole;
    }
    without_spans(&whole)
}

/// Leaves out `Span { … }`, but not what looks like one inside of quotes.
fn without_spans(text: &str) -> String {
    const SPAN: &str = "Span {";
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '"' {
            let end = quoted(rest);
            let (text, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            kept.push_str(text);
            rest = after;
        } else if let Some(span) = rest.strip_prefix(SPAN) {
            rest = span.split_once('}').map_or("", |(_, after)| after);
        } else {
            kept.push(c);
            rest = rest.get(c.len_utf8()..).unwrap_or("");
        }
    }
    kept
}

/// Returns how long a quoted text is, both quotes included.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug alone")]
    struct Piece {
        text: &'static str,
        span: Span,
    }

    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug alone")]
    struct Span {
        file: FileId,
        start: u32,
    }

    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug alone")]
    struct FileId(u16);

    fn piece(text: &'static str, start: u32) -> String {
        shape(&Piece { text, span: Span { file: FileId(0), start } })
    }

    #[test]
    fn places_do_not_count_and_texts_do() {
        assert_eq!(piece("a", 1), piece("a", 2));
        assert_ne!(piece("a", 1), piece("b", 1));
        // What looks like a place inside of a text is a text.
        assert_ne!(piece("\" Span { start: 1 }", 1), piece("\" Span { start: 2 }", 1));
    }
}
