//! What the text that could not be read seems to have declared.

use std::ops::Range;

use super::Parser;
use crate::lexer::TokenKind;

/// The words after the name of a declared attribute.
const TYPES: [&str; 7] = ["one_of", "set_of", "text", "bool", "count", "money", "duration"];

impl Parser<'_> {
    /// Notes the names of the declarations that begin in `range`, outside braces. The first of them has a keyword,
    /// however it is spelt.
    pub(super) fn lose_names(&mut self, range: Range<usize>) {
        let mut i = range.start;
        while i < range.end {
            let open = self.kind(i) == Some(TokenKind::Open);
            if let Some(end) = self.blocks.end(i).filter(|_| open) {
                i = end.after().max(i.saturating_add(1));
                continue;
            }
            let keyword = crate::words::BlockKind::File.statement_words().contains(&self.token_text(i));
            let name = self.token_text(i.saturating_add(1)).trim_matches('"');
            let named = matches!(
                self.kind(i.saturating_add(1)),
                Some(TokenKind::Word | TokenKind::Text | TokenKind::Number)
            );
            if named && (i == range.start || keyword) {
                // A name with a blank in it, as in `guardrail no training { … }`, or with capitals.
                let next = self.token_text(i.saturating_add(2));
                self.lost.push(format!("{name}-{next}"));
                self.lost.push(format!("{name}_{next}"));
                self.lost.push(name.to_ascii_lowercase());
                self.lost.push(name.to_owned());
            }
            i = i.saturating_add(1);
        }
    }

    /// Notes the attributes that lines of `declare` in `range` seem to declare.
    pub(super) fn lose_attributes(&mut self, range: Range<usize>) {
        for i in range.clone() {
            let after = |n: usize| self.token_text(i.saturating_add(n));
            let begins = i == range.start || self.lexed.tokens.get(i).is_some_and(|token| token.first);
            let lost = match after(1) {
                "." if begins || TYPES.contains(&after(3)) => after(2),
                name if begins && matches!(after(0), "request" | "key") => name,
                _ => continue,
            };
            let lost = format!("{}.{lost}", after(0));
            self.lost.push(lost);
        }
    }
}
