//! Where a block can be taken up again: the lines that can only begin a statement.

use std::ops::Range;

use super::Parser;
use crate::lexer::TokenKind;
use crate::words::{BlockKind, RESERVED, nearest};

/// Shorter words are too much like too many others to be taken for a misspelling.
const SHORTEST_MISSPELLING: usize = 4;

/// The last answer of [`Parser::resume`], so that a long line is not searched again and again.
#[derive(Default)]
pub(super) struct Cache {
    answered: Option<Range<usize>>,
}

impl Parser<'_> {
    /// Returns the first token from `from` on, at this brace depth, that begins a line and can only begin a statement of
    /// `kind`; without one, the end of the block.
    pub(super) fn resume(
        &self,
        kind: BlockKind,
        from: usize,
        inside: &Range<usize>,
        cache: &mut Cache,
    ) -> usize {
        if let Some(answered) = cache.answered.as_ref().filter(|a| a.start <= from && from <= a.end) {
            return answered.end;
        }
        let mut i = from;
        while i < inside.end {
            let Some(token) = self.lexed.tokens.get(i) else { break };
            if token.kind == TokenKind::Open {
                // A block that an unclosed one leaves open ends where that one does.
                i = self.blocks.end(i).map_or(inside.end, |end| end.after()).max(i.saturating_add(1));
                continue;
            }
            // In a file, outside all blocks, a closing brace on a line of its own is a mistake of its own.
            let stray = token.kind == TokenKind::Close && kind == BlockKind::File;
            let begins = || self.begins_statement(kind, i) && !self.follows_operator(i);
            if token.first && (stray || self.is_head(kind, i) || begins()) {
                break;
            }
            i = i.saturating_add(1);
        }
        let answer = i.min(inside.end).max(from);
        cache.answered = Some(from..answer);
        answer
    }

    /// Whether token `i` begins a declaration or section with its name and mark, which is nothing else even after a comma.
    fn is_head(&self, kind: BlockKind, i: usize) -> bool {
        let after = |n: usize| self.token_text(i.saturating_add(n));
        let word = self.token_text(i);
        match kind {
            BlockKind::File if word == "group" => after(2) == "=",
            BlockKind::File if word == "declare" => after(1) == "{",
            BlockKind::File => {
                BlockKind::of_declaration(word).is_some()
                    && after(2) == "{"
                    && self.lexed.heads_a_name(self.text, i)
            }
            _ => kind.has_sections() && BlockKind::of_section(word).is_some() && after(1) == "{",
        }
    }

    /// Whether token `i` begins a statement of `kind`, spelt rightly or nearly so.
    fn begins_statement(&self, kind: BlockKind, i: usize) -> bool {
        let after = |n: usize| self.token_text(i.saturating_add(n));
        let word = self.token_text(i);
        match (self.kind(i), kind) {
            (Some(TokenKind::Text), BlockKind::Tools) => true,
            (Some(TokenKind::Word), _) if RESERVED.contains(&word) => {
                word == "otherwise" && kind.is_statement_word(word)
            }
            (Some(TokenKind::Word), BlockKind::Declare) => after(1) == ".",
            (Some(TokenKind::Word), BlockKind::Ceiling | BlockKind::Tools) => {
                !matches!(word, "when" | "per") && after(1) != "."
            }
            // `per month` belongs to the limit before it.
            (Some(TokenKind::Word), BlockKind::Budget) if word == "per" => after(2) == ".",
            (Some(TokenKind::Word), _) => kind.is_statement_word(word) || self.is_misspelling(kind, i),
            _ => false,
        }
    }

    fn is_misspelling(&self, kind: BlockKind, i: usize) -> bool {
        let word = self.token_text(i);
        let before = i.checked_sub(1).map_or("", |before| self.token_text(before));
        // After these a name or window of its own choosing stands, however it is spelt.
        let named = matches!(before, "per" | "use" | "workload");
        !named
            && word.len() >= SHORTEST_MISSPELLING
            && self.token_text(i.saturating_add(1)) != "."
            && nearest(word, kind.statement_words().iter().copied()).is_some()
    }

    pub(super) fn follows_operator(&self, i: usize) -> bool {
        self.lexed.follows_operator(self.text, i)
    }
}
