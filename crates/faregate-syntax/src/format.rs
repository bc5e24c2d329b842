//! The one layout of a policy file.
//!
//! The tree says where statements and blocks begin and end; what is written are the tokens and comments of the text
//! themselves, each exactly once, so that none can be lost.

use crate::ast::{Block, Item, Statement, WorkloadStatement};
use crate::lexer::{Lexed, TokenKind, lex};
use crate::parse::{MAX_FILE, parse_lexed};
use crate::{Diagnostic, FileId, Span, messages};

mod printer;

/// Returns the text of a policy file in its one layout.
///
/// Two blanks a level; a statement a line; one blank between tokens; at most one empty line between statements, and one
/// between declarations of several lines. A section with one statement stands on one line where it fits. A
/// statement of more than 100 columns is wrapped after `,`, `and`, `or` or `then`. Comments stay with what they stand
/// beside or above. The tree stays the same but for places, and a second run changes nothing.
///
/// # Errors
/// The diagnostics, if the text has syntax errors.
///
/// ```
/// use faregate_syntax::{FileId, format};
/// assert_eq!(
///     format(FileId(0), "workload a{otherwise ceiling{run $2} // cheap\n}").unwrap(),
///     "workload a {\n  otherwise\n  ceiling { run $2 } // cheap\n}\n"
/// );
/// ```
pub fn format(id: FileId, text: &str) -> Result<String, Vec<Diagnostic>> {
    if text.len() > MAX_FILE {
        return Err(vec![messages::file_too_large(Span::new(id, 0, 0), text.len(), MAX_FILE)]);
    }
    let lexed = lex(id, text);
    let parsed = parse_lexed(id, text, &lexed);
    if !parsed.diagnostics.is_empty() {
        return Err(parsed.diagnostics);
    }
    Ok(printer::print(text, &lexed, &outline(&parsed.items, &lexed)))
}

/// A statement or declaration: its tokens, and what stands in its braces.
pub(crate) struct Entry {
    /// Its first token.
    pub(crate) first: usize,
    /// One past its last token.
    pub(crate) end: usize,
    pub(crate) block: Option<BlockOutline>,
}

/// The braces of a block and what is between them.
pub(crate) struct BlockOutline {
    pub(crate) open: usize,
    pub(crate) entries: Vec<Entry>,
}

fn outline(items: &[Item], lexed: &Lexed) -> Vec<Entry> {
    items.iter().map(|item| item_outline(item, lexed)).collect()
}

fn item_outline(item: &Item, lexed: &Lexed) -> Entry {
    match item {
        Item::Group(group) => leaf(group.span, lexed),
        Item::Declare(declare) => block(declare.span, plain(&declare.attributes, lexed), lexed),
        Item::Policy(b) => plain_block(b, lexed),
        Item::Guardrail(b) => plain_block(b, lexed),
        Item::Waive(b) => plain_block(b, lexed),
        Item::Budget(b) => plain_block(b, lexed),
        Item::Invariant(b) => plain_block(b, lexed),
        Item::Profile(b) | Item::Workload(b) => {
            let entries = b.statements.iter().map(|statement| {
                let sections = section(&statement.kind, lexed);
                match sections {
                    Some(entries) => block(statement.span, entries, lexed),
                    None => leaf(statement.span, lexed),
                }
            });
            block(b.span, entries.collect(), lexed)
        }
    }
}

fn section(statement: &WorkloadStatement, lexed: &Lexed) -> Option<Vec<Entry>> {
    Some(match statement {
        WorkloadStatement::Route(s) => plain(s, lexed),
        WorkloadStatement::Ceiling(s) => plain(s, lexed),
        WorkloadStatement::Fallback(s) => plain(s, lexed),
        WorkloadStatement::Retry(s) => plain(s, lexed),
        WorkloadStatement::Health(s) => plain(s, lexed),
        WorkloadStatement::Stream(s) => plain(s, lexed),
        WorkloadStatement::Tools(s) => plain(s, lexed),
        _ => return None,
    })
}

fn plain_block<K>(b: &Block<K>, lexed: &Lexed) -> Entry {
    block(b.span, plain(&b.statements, lexed), lexed)
}

fn plain<K>(statements: &[Statement<K>], lexed: &Lexed) -> Vec<Entry> {
    statements.iter().map(|statement| leaf(statement.span, lexed)).collect()
}

fn leaf(span: Span, lexed: &Lexed) -> Entry {
    let first = lexed.tokens.partition_point(|token| token.start < span.start);
    let end = lexed.tokens.partition_point(|token| token.end <= span.end);
    Entry { first, end, block: None }
}

fn block(span: Span, entries: Vec<Entry>, lexed: &Lexed) -> Entry {
    let entry = leaf(span, lexed);
    let head = lexed.tokens.get(entry.first..entry.end).unwrap_or_default();
    let open = head.iter().position(|token| token.kind == TokenKind::Open);
    let block = open.map(|open| BlockOutline { open: entry.first.saturating_add(open), entries });
    Entry { block, ..entry }
}
