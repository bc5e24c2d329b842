//! Which brace closes which, also where one is missing.
//!
//! Blocks nest twice at most: a section in a declaration. That makes a missing brace plain to see: a line that
//! begins a declaration, or a section inside a section, can only mean that what is open should have been closed.

use crate::lexer::{Fault, Lexed, Token, TokenKind};
use crate::words::{BlockKind, nearest};
use crate::{Diagnostic, FileId, Span, messages};

/// The end of a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BlockEnd {
    /// The first token that is no longer inside: the closing brace, where there is one.
    pub(crate) token: usize,
    /// Whether that token is its closing brace.
    pub(crate) closed: bool,
}

impl BlockEnd {
    /// Returns the first token after the block.
    pub(crate) fn after(self) -> usize {
        self.token.saturating_add(usize::from(self.closed))
    }
}

/// A block that has ended.
#[derive(Clone, Copy, Debug)]
struct Ended {
    /// Its opening brace, or its keyword where that is missing.
    token: usize,
    brace: bool,
    end: BlockEnd,
}

/// The blocks of a file.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    /// By token, ascending.
    ends: Vec<Ended>,
}

impl Blocks {
    /// Returns the end of the block that the brace `open` opens.
    pub(crate) fn end(&self, open: usize) -> Option<BlockEnd> {
        self.find(open, true)
    }

    /// Returns the end of the block that has no opening brace, and of which `keyword` is the keyword.
    pub(crate) fn end_without_brace(&self, keyword: usize) -> Option<BlockEnd> {
        self.find(keyword, false)
    }

    fn find(&self, token: usize, brace: bool) -> Option<BlockEnd> {
        let i = self.ends.binary_search_by_key(&token, |block| block.token).ok()?;
        self.ends.get(i).filter(|block| block.brace == brace).map(|block| block.end)
    }
}

/// Returns the blocks of a file, and a diagnostic for each place where a closing brace is missing.
pub(crate) fn match_braces(file: FileId, text: &str, lexed: &Lexed) -> (Blocks, Vec<Diagnostic>) {
    let mut matcher = Matcher {
        file,
        text,
        lexed,
        open: Vec::new(),
        ends: Vec::new(),
        cut: None,
        paired: false,
        diagnostics: Vec::new(),
    };
    matcher.run();
    matcher.ends.sort_unstable_by_key(|block| block.token);
    (Blocks { ends: matcher.ends }, matcher.diagnostics)
}

struct Matcher<'a> {
    file: FileId,
    text: &'a str,
    lexed: &'a Lexed,
    open: Vec<OpenBlock>,
    ends: Vec<Ended>,
    /// The last string that its line ends, where no brace has come since.
    cut: Option<usize>,
    /// Whether each brace of this declaration has its other half.
    paired: bool,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Clone, Copy)]
struct OpenBlock {
    token: usize,
    kind: Option<BlockKind>,
    /// Whether there is such a token; if not, `token` is the block's keyword.
    brace: bool,
    /// The braces of the last block inside.
    last_inside: Option<(usize, usize)>,
    /// Whether it opens where no block can, which the parser reports.
    odd: bool,
    /// How many closing braces went to such blocks inside.
    taken: usize,
}

impl OpenBlock {
    fn ended(self, token: usize, closed: bool) -> Ended {
        Ended { token: self.token, brace: self.brace, end: BlockEnd { token, closed } }
    }
}

impl Matcher<'_> {
    fn run(&mut self) {
        self.paired = self.has_pairs_from(0);
        for (i, token) in self.lexed.tokens.iter().enumerate() {
            match token.kind {
                TokenKind::Open => {
                    let kind = self.kind_of(i);
                    let odd = self.opens_oddly(i, kind);
                    self.cut = None;
                    self.open.push(OpenBlock {
                        token: i,
                        kind,
                        brace: true,
                        last_inside: None,
                        odd,
                        taken: 0,
                    });
                }
                TokenKind::Close => {
                    self.cut = None;
                    if let Some(block) = self.open.pop() {
                        self.ends.push(block.ended(i, true));
                        if let Some(outer) = self.open.last_mut() {
                            let taken = block.taken.saturating_add(usize::from(block.odd));
                            outer.last_inside = Some((block.token, i));
                            outer.taken = outer.taken.saturating_add(taken);
                        }
                    }
                }
                TokenKind::Text if self.is_unclosed(i) => self.close_within(*token, i),
                TokenKind::Word if token.first => {
                    if self.begins_declaration(i) {
                        self.close_from(0, i);
                        self.paired = self.has_pairs_from(i);
                    } else if !self.paired && self.begins_section(i) {
                        self.close_from(1, i);
                    }
                    if let Some(kind) = self.lacks_brace(i) {
                        self.open.push(OpenBlock {
                            token: i,
                            kind: Some(kind),
                            brace: false,
                            last_inside: None,
                            odd: false,
                            taken: 0,
                        });
                    }
                }
                _ => {}
            }
        }
        self.close_from(0, self.lexed.tokens.len());
    }

    fn is_unclosed(&self, i: usize) -> bool {
        matches!(self.lexed.fault_from(i), Some((token, Fault::UnclosedString)) if token == i)
    }

    /// Whether the brace `open` stands in the middle of a statement of the block around it, where no block can open.
    fn opens_oddly(&self, open: usize, kind: Option<BlockKind>) -> bool {
        let before = |n: usize| open.checked_sub(n).and_then(|i| self.lexed.tokens.get(i));
        let begins = before(2).is_none_or(|token| matches!(token.kind, TokenKind::Open | TokenKind::Close));
        let headed = before(1).is_some_and(|head| head.kind == TokenKind::Word && (head.first || begins));
        let attribute = before(2).is_some_and(|dot| dot.text(self.text) == ".");
        !self.open.is_empty() && (kind.is_none() && !headed || attribute)
    }

    /// Ends the blocks of a line whose closing braces stand in a string that the line ends: that is one mistake already.
    fn close_within(&mut self, string: Token, i: usize) {
        let before = self.text.get(..string.start as usize).unwrap_or("");
        let line = before.rfind('\n').unwrap_or(0);
        // Where a string is cut in two by a line break, its second quote seems to begin a string.
        let second_half = self.cut.is_some_and(|first| {
            let head = (first.saturating_add(1)..=i)
                .rev()
                .find(|t| self.lexed.tokens.get(*t).is_some_and(|t| t.first));
            let block = self.open.last().and_then(|block| block.kind);
            head.is_some_and(|head| !block.is_some_and(|block| block.is_statement_word(self.word(head))))
        });
        self.cut = (!second_half).then_some(i);
        let marks = string.text(self.text).chars().rev().filter(|c| !c.is_whitespace());
        for _ in marks.take_while(|c| *c == '}') {
            let opened_here = |open: &Token| second_half || open.start as usize >= line;
            let block = self.open.pop_if(|block| self.lexed.tokens.get(block.token).is_some_and(opened_here));
            let Some(block) = block else { return };
            self.ends.push(block.ended(i.saturating_add(1), false));
        }
    }

    /// Ends all open blocks but the outermost `keep` before token `next`, with one diagnostic.
    fn close_from(&mut self, keep: usize, next: usize) {
        let unclosed = self.open.split_off(keep.min(self.open.len()));
        let Some(outermost) = unclosed.first() else { return };
        for block in &unclosed {
            self.ends.push(block.ended(next, false));
        }
        // Blocks that open where none can are reported by the parser; each of them has taken the brace of another.
        let mut known = unclosed.iter().filter(|block| block.brace && !block.odd);
        let taken = unclosed.iter().fold(0_usize, |sum, block| sum.saturating_add(block.taken));
        if known.clone().count() <= taken {
            return;
        }
        // Of a block without an opening brace the parser says so; one is enough.
        let Some(innermost) = known.next_back() else { return };
        let next_span = self.lexed.tokens.get(next).map(|token| self.span(*token));
        let end_of_file = self.lexed.tokens.last().map_or(0, |token| token.end as usize);
        let end_of_file = Span::new(self.file, end_of_file, end_of_file);
        // Where indentation tells that a block inside took the brace of this one, that block is to blame.
        let taken = outermost.last_inside.filter(|(open, close)| {
            unclosed.len() == 1 && self.closes_too_far_left(outermost.token, *open, *close)
        });
        let diagnostic = taken.and_then(|(open, close)| {
            let (open, close) = self.token(open).zip(self.token(close))?;
            Some(
                messages::unclosed_block(open, self.name_of(open))
                    .related(close, "closed here, by the brace of the block around it"),
            )
        });
        let diagnostic = diagnostic.or_else(|| {
            let open = self.token(innermost.token)?;
            let unclosed = messages::unclosed_block(open, self.name_of(open));
            Some(match next_span {
                Some(next) => unclosed.related(next, "still open here"),
                None => unclosed.related(end_of_file, "still open at the end of the file"),
            })
        });
        self.diagnostics.extend(diagnostic);
    }

    /// Whether the block `open` to `close`, inside the block that `outer` opens, ends where by its indentation `outer`
    /// should end.
    fn closes_too_far_left(&self, outer: usize, open: usize, close: usize) -> bool {
        let indent = |token: usize| self.lexed.tokens.get(token).map(|t| indent_of_line(self.text, t.start));
        let first = self.lexed.tokens.get(close).is_some_and(|token| token.first);
        first && indent(close) == indent(outer) && indent(close) != indent(open)
    }

    fn kind_of(&self, open: usize) -> Option<BlockKind> {
        let before = |n: usize| open.checked_sub(n).map(|i| self.word(i));
        match self.open.as_slice() {
            [] => match (before(1), before(2)) {
                (Some("declare"), _) => Some(BlockKind::Declare),
                (_, Some(keyword)) => declaration_kind(keyword),
                _ => None,
            },
            [block] if block.kind.is_some_and(BlockKind::has_sections) => before(1).and_then(section_kind),
            _ => None,
        }
    }

    fn begins_declaration(&self, i: usize) -> bool {
        let after = |n: usize| self.word(i.saturating_add(n));
        match self.word(i) {
            "declare" => after(1) == "{",
            "group" => after(2) == "=",
            word => {
                BlockKind::of_declaration(word).is_some()
                    && after(2) == "{"
                    && self.lexed.heads_a_name(self.text, i)
            }
        }
    }

    /// Whether each brace from `start` on, up to the next declaration, has its other half there. Then none is missing,
    /// wherever the blocks stand.
    fn has_pairs_from(&self, start: usize) -> bool {
        let mut depth = 0_usize;
        for (i, token) in self.lexed.tokens.iter().enumerate().skip(start) {
            match token.kind {
                TokenKind::Open => depth = depth.saturating_add(1),
                TokenKind::Close => match depth.checked_sub(1) {
                    Some(outer) => depth = outer,
                    None => return false,
                },
                TokenKind::Word if i > start && token.first && self.begins_declaration(i) => break,
                _ => {}
            }
        }
        depth == 0
    }

    fn begins_section(&self, i: usize) -> bool {
        let [outer, _inner, ..] = self.open.as_slice() else { return false };
        outer.kind.is_some_and(BlockKind::has_sections)
            && BlockKind::of_section(self.word(i)).is_some()
            && self.word(i.saturating_add(1)) == "{"
    }

    /// Returns the block that a line opens which holds only its head, without the opening brace, above a line that holds
    /// one of its statements.
    fn lacks_brace(&self, i: usize) -> Option<BlockKind> {
        let (outer, kind, next) = match self.open.as_slice() {
            [] => (None, BlockKind::of_declaration(self.word(i))?, i.saturating_add(2)),
            [outer] => (outer.kind, BlockKind::of_section(self.word(i))?, i.saturating_add(1)),
            _ => return None,
        };
        let token =
            self.lexed.tokens.get(next).filter(|token| token.first && token.kind == TokenKind::Word)?;
        let head_alone =
            (i.saturating_add(1)..next).all(|t| self.lexed.tokens.get(t).is_some_and(|t| !t.first));
        let word = token.text(self.text);
        let inside = kind.statement_words().contains(&word)
            && !outer.is_some_and(|outer| outer.is_statement_word(word));
        (head_alone && inside).then_some(kind)
    }

    fn word(&self, i: usize) -> &str {
        self.lexed.tokens.get(i).map_or("", |token| token.text(self.text))
    }

    fn token(&self, i: usize) -> Option<Span> {
        self.lexed.tokens.get(i).map(|token| self.span(*token))
    }

    fn span(&self, token: Token) -> Span {
        Span { file: self.file, start: token.start, end: token.end }
    }

    /// Returns what stands before the opening brace on its line: `workload chat`.
    fn name_of(&self, open: Span) -> &str {
        let before = self.text.get(..open.start as usize).unwrap_or("");
        before.rsplit('\n').next().unwrap_or("").trim()
    }
}

/// Returns the block that `word` opens, or that it was probably meant to.
pub(crate) fn declaration_kind(word: &str) -> Option<BlockKind> {
    BlockKind::of_declaration(word).or_else(|| {
        nearest(word, BlockKind::File.statement_words().iter().copied()).and_then(BlockKind::of_declaration)
    })
}

/// Returns the section that `word` opens, or that it was probably meant to.
pub(crate) fn section_kind(word: &str) -> Option<BlockKind> {
    BlockKind::of_section(word).or_else(|| {
        nearest(word, BlockKind::Profile.statement_words().iter().copied()).and_then(BlockKind::of_section)
    })
}

fn indent_of_line(text: &str, byte: u32) -> usize {
    let before = text.get(..byte as usize).unwrap_or("");
    let line = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
    text.get(line..).unwrap_or("").chars().take_while(|c| matches!(c, ' ' | '\t')).count()
}
