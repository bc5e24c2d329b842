//! Trees compared without their places.

use faregate_syntax::ast::File;
use faregate_syntax::{FileId, parse};

/// Returns what a tree says, all spans and comments left out; two trees are the same if these texts are.
///
/// It is the tree's `Debug` text, so that no field can be forgotten here.
#[must_use]
fn without_places(file: &File) -> String {
    let text = format!("{:?}", file.items);
    let mut parts = text.split("Span { file: FileId(");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    out
}

/// Says how the trees of two texts differ; both are to be free of syntax errors.
///
/// # Errors
/// What is different, or cannot be read.
pub fn same_tree(one: &str, other: &str) -> Result<(), String> {
    let ((a, found_a), (b, found_b)) = (parse(FileId(0), one), parse(FileId(0), other));
    if let Some(found) = found_a.iter().chain(&found_b).next() {
        return Err(format!("cannot be read: {}", found.message));
    }
    let (a, b) = (without_places(&a), without_places(&b));
    if a == b {
        return Ok(());
    }
    let at = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count().saturating_sub(60);
    let shown = |text: &str| text.chars().skip(at).take(200).collect::<String>();
    Err(format!("the trees differ:\n  {}\n  {}", shown(&a), shown(&b)))
}

/// Returns the comments of a text, in order, blanks at their ends left out.
#[must_use]
pub fn comments(text: &str) -> Vec<String> {
    let comments = parse(FileId(0), text).0.comments;
    let of = |at: u32, end: u32| text.get(at as usize..end as usize).unwrap_or_default();
    comments.iter().map(|c| of(c.span.start, c.span.end).trim_end().to_owned()).collect()
}
