//! A file to its tree, one statement after the other.
//!
//! Tokens and braces come first (`lexer`, `blocks`). Then each block is walked statement by statement. The grammar
//! sees one statement at a time, as the text up to the first line that can only begin another one, and must find
//! after it the next statement or the end of that text; so what it cannot read is reported at the furthest place it
//! reached, and costs that statement only.

use std::ops::Range;

use crate::ast::{self, Item};
use crate::blocks::{Blocks, match_braces};
use crate::build::Build;
use crate::expected::{self, Failure};
use crate::lexer::{Fault, Lexed, TokenKind, lex};
use crate::words::BlockKind;
use crate::{Diagnostic, FileId, Sources, Span, messages};

mod doc;
mod items;
mod lost;
mod read;
mod resume;
mod statements;

/// The largest file, in bytes: 1 MiB, some 20,000 declarations. It bounds memory and time before anything else runs.
pub(crate) const MAX_FILE: usize = 1 << 20;

/// Returns the tree of a policy file, and what is wrong with its syntax, in the order of the text.
///
/// The tree holds every statement that could be read; with no diagnostics it holds the whole file. What the
/// statements mean is not looked at.
///
/// ```
/// use faregate_syntax::{FileId, ast, parse};
/// let (file, diagnostics) = parse(FileId(0), "group fast = models \"a\", \"b\"\ngroup slow = modles \"c\"\n");
/// assert!(matches!(&file.items[..], [ast::Item::Group(fast)] if fast.members.len() == 2));
/// assert_eq!(diagnostics[0].message, "expected `models` or `providers`, found `modles`");
/// ```
#[must_use]
pub fn parse(id: FileId, text: &str) -> (ast::File, Vec<Diagnostic>) {
    if text.len() > MAX_FILE {
        let empty = ast::File { items: Vec::new(), comments: Vec::new(), lost: Vec::new() };
        return (empty, vec![messages::file_too_large(Span::new(id, 0, 0), text.len(), MAX_FILE)]);
    }
    let lexed = lex(id, text);
    let Parsed { items, lost, diagnostics } = parse_lexed(id, text, &lexed);
    (ast::File { items, comments: lexed.comments, lost }, diagnostics)
}

/// Returns the trees of all files, in their order, and what is wrong with their syntax.
///
/// ```
/// use faregate_syntax::{Sources, parse_all};
/// let mut sources = Sources::new();
/// sources.add("rules.fare", "guardrail none-free { forbid endpoint.free }\n");
/// let (files, diagnostics) = parse_all(&sources);
/// assert_eq!((files.len(), diagnostics.len()), (1, 0));
/// ```
#[must_use]
pub fn parse_all(sources: &Sources) -> (Vec<ast::File>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let files = sources.iter().map(|(id, source)| {
        let (file, found) = parse(id, source.text());
        diagnostics.extend(found);
        file
    });
    let files = files.collect();
    (files, diagnostics)
}

/// A file but for its comments.
pub(crate) struct Parsed {
    pub(crate) items: Vec<Item>,
    pub(crate) lost: Vec<String>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

pub(crate) fn parse_lexed(file: FileId, text: &str, lexed: &Lexed) -> Parsed {
    let (blocks, diagnostics) = match_braces(file, text, lexed);
    let mut parser = Parser { file, text, lexed, blocks, lost: Vec::new(), diagnostics };
    let items = parser.items();
    let hidden = lexed.comment_faults.iter().map(|(span, c)| messages::odd_character(*span, *c));
    parser.diagnostics.extend(hidden);
    // Stable, so that what was found at one place keeps its order.
    parser.diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span.start);
    // A brace that should not stand there at all is not also one that lacks its other half.
    parser.diagnostics.dedup_by(|later, first| {
        let same = first.primary.span == later.primary.span && first.code == later.code;
        if same {
            std::mem::swap(later, first);
        }
        same
    });
    Parsed { items, lost: parser.lost, diagnostics: parser.diagnostics }
}
struct Parser<'a> {
    file: FileId,
    text: &'a str,
    lexed: &'a Lexed,
    blocks: Blocks,
    lost: Vec<String>,
    diagnostics: Vec<Diagnostic>,
}
/// A statement that could not be read, and about which all has been said.
struct Broken {
    /// The token at which it went wrong.
    token: usize,
    /// Whether its end is known all the same: it is before that token.
    whole: bool,
}
impl<'a> Parser<'a> {
    // --- Diagnostics ---

    /// Reports that the grammar stopped at token `found`.
    fn fail(&mut self, kind: BlockKind, found: usize, failure: &Failure, at_start: bool) -> Broken {
        // Of braces inside braces that lead nowhere, their number says more.
        let end = self.blocks.end(found).map_or(found, |end| end.token);
        let too_deep =
            self.lexed.fault_from(found).filter(|(token, fault)| *token < end && *fault == Fault::TooDeep);
        if let Some((token, fault)) = too_deep.filter(|(token, _)| self.kind(*token) == Some(TokenKind::Open))
        {
            self.faulty(token, fault);
            return Broken { token: found, whole: false };
        }
        let context =
            expected::Context { kind, text: self.text, tokens: &self.lexed.tokens, found, at_start };
        let span = self.token_span(found);
        self.diagnostics.push(messages::unexpected(span, &context, failure));
        Broken { token: found, whole: false }
    }

    /// Reports what is wrong with a token by itself.
    fn faulty(&mut self, token: usize, fault: Fault) -> Broken {
        let span = self.token_span(token);
        self.diagnostics.push(messages::fault(span, self.token_text(token), fault));
        Broken { token, whole: false }
    }

    /// Reports a statement that the grammar read, and that says something impossible.
    fn broken(&mut self, problem: Diagnostic, next: usize) -> Broken {
        self.diagnostics.push(problem);
        Broken { token: next, whole: true }
    }

    // --- Tokens ---

    fn build(&self, block: BlockKind, i: usize) -> Build {
        Build { file: self.file, base: self.start_of(i), block }
    }

    fn doc(&self, i: usize) -> Option<String> {
        doc::above(self.text, &self.lexed.tokens, &self.lexed.comments, i)
    }

    fn kind(&self, i: usize) -> Option<TokenKind> {
        self.lexed.tokens.get(i).map(|token| token.kind)
    }

    fn token_text(&self, i: usize) -> &'a str {
        self.lexed.tokens.get(i).map_or("", |token| token.text(self.text))
    }

    /// Returns the byte at which a token begins; past the last one, the end of the text.
    fn start_of(&self, i: usize) -> usize {
        self.lexed.tokens.get(i).map_or(self.text.len(), |token| token.start as usize)
    }

    /// Returns where a token stands; past the last one, the place behind that.
    fn token_span(&self, i: usize) -> Span {
        let last = self.lexed.tokens.last().map_or(0, |token| token.end);
        let (start, end) = self.lexed.tokens.get(i).map_or((last, last), |token| (token.start, token.end));
        Span { file: self.file, start, end }
    }

    /// Returns the token at or after a byte, of those in `range`; past them, its end.
    fn token_at(&self, byte: usize, range: Range<usize>) -> usize {
        let token = self.lexed.tokens.partition_point(|token| token.end as usize <= byte);
        token.clamp(range.start, range.end)
    }
}

#[cfg(test)]
mod tests;
