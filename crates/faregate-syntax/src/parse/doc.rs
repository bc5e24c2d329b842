//! Documentation: the `///` lines directly above a declaration.

use crate::ast::Comment;
use crate::lexer::Token;

/// Returns the documentation of the declaration that begins at token `i`.
///
/// Plain comments between its lines, or between it and the declaration, are passed over; a blank line ends it.
pub(super) fn above(text: &str, tokens: &[Token], comments: &[Comment], i: usize) -> Option<String> {
    let declaration = tokens.get(i)?;
    let previous_token = i.checked_sub(1).and_then(|i| tokens.get(i)).map_or(0, |token| token.end);
    let mut below = declaration.start;
    let mut lines = Vec::new();
    let before = comments.partition_point(|comment| comment.span.start < declaration.start);
    for comment in comments.get(..before).unwrap_or_default().iter().rev() {
        let alone = between(text, previous_token, comment.span.start).contains('\n') || previous_token == 0;
        let adjacent = between(text, comment.span.end, below).matches('\n').count() == 1;
        if comment.span.start < previous_token || !alone || !adjacent {
            break;
        }
        if comment.doc {
            let line = between(text, comment.span.start, comment.span.end);
            let line = line.strip_prefix("///").unwrap_or(line);
            lines.push(line.strip_prefix(' ').unwrap_or(line).trim_end());
        }
        below = comment.span.start;
    }
    lines.reverse();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn between(text: &str, start: u32, end: u32) -> &str {
    text.get(start as usize..end as usize).unwrap_or("")
}
