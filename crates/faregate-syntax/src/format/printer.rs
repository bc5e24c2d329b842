//! Tokens and comments to lines.

use super::Entry;
use crate::Span;
use crate::lexer::{Lexed, Token};

/// Lines longer than this are wrapped where they can be. Two such texts fit side by side on a common screen.
const WIDTH: usize = 100;
/// Blanks a level.
const INDENT: usize = 2;
/// Blanks by which the further lines of a statement are set in: more than a level, so that they are no statements.
const CONTINUATION: usize = 4;

pub(super) fn print(text: &str, lexed: &Lexed, entries: &[Entry]) -> String {
    let mut printer = Printer { text, lexed, next_comment: 0, lines: Vec::new(), written: 0 };
    printer.file(entries);
    let mut printed = String::with_capacity(text.len());
    for line in printer.lines {
        if line.blank_above {
            printed.push('\n');
        }
        printed.push_str(&line.text);
        printed.push('\n');
    }
    printed
}

#[derive(Default)]
struct Line {
    text: String,
    blank_above: bool,
}

struct Printer<'a> {
    text: &'a str,
    lexed: &'a Lexed,
    next_comment: usize,
    lines: Vec<Line>,
    /// The byte up to which the text has been written.
    written: u32,
}

impl Printer<'_> {
    fn file(&mut self, entries: &[Entry]) {
        let mut previous_is_long = false;
        for entry in entries {
            self.trailing_comment();
            let above = self.lines.len();
            self.comments_before(self.start(entry.first), 0, true);
            let first = self.lines.len();
            self.entry(entry, 0);
            let long = self.lines.len() > first.saturating_add(1);
            // Somewhere between two declarations, of which one has several lines, there is an empty line.
            let apart = self.lines.get(above..=first).unwrap_or_default().iter().any(|line| line.blank_above);
            if above > 0
                && !apart
                && (long || previous_is_long)
                && let Some(line) = self.lines.get_mut(above)
            {
                line.blank_above = true;
            }
            previous_is_long = long;
        }
        self.trailing_comment();
        self.comments_before(u32::MAX, 0, true);
        if let Some(first) = self.lines.first_mut() {
            first.blank_above = false;
        }
    }

    fn entry(&mut self, entry: &Entry, indent: usize) {
        let blank_above = self.blank_before(self.start(entry.first));
        let line = self.lines.len();
        match &entry.block {
            None => self.statement(entry.first, entry.end, indent),
            Some(block) => {
                if indent == 0 || !self.on_one_line(entry, indent) {
                    let close = entry.end.saturating_sub(1);
                    self.statement(entry.first, block.open.saturating_add(1), indent);
                    let empty = block.entries.is_empty() && !self.comment_before(self.start(close));
                    if !empty {
                        self.block(&block.entries, close, indent.saturating_add(INDENT));
                        self.push_line(indent);
                    }
                    self.append_token(close);
                }
            }
        }
        if let Some(line) = self.lines.get_mut(line) {
            line.blank_above = blank_above;
        }
    }

    fn block(&mut self, entries: &[Entry], close: usize, indent: usize) {
        self.trailing_comment();
        let first = self.lines.len();
        for entry in entries {
            self.trailing_comment();
            self.comments_before(self.start(entry.first), indent, true);
            self.entry(entry, indent);
        }
        self.trailing_comment();
        self.comments_before(self.start(close), indent, true);
        if let Some(line) = self.lines.get_mut(first) {
            line.blank_above = false;
        }
    }

    /// Writes a block of one statement on one line, if it fits there and holds no comment.
    fn on_one_line(&mut self, entry: &Entry, indent: usize) -> bool {
        let Some(block) = entry.block.as_ref().filter(|block| block.entries.len() == 1) else { return false };
        let nested = block.entries.iter().any(|inner| inner.block.is_some());
        if nested || self.comment_before(self.end(entry.end.saturating_sub(1))) {
            return false;
        }
        let mut line = " ".repeat(indent);
        for i in entry.first..entry.end {
            self.join(&mut line, i);
        }
        if line.chars().count() > WIDTH {
            return false;
        }
        self.lines.push(Line { text: line, blank_above: false });
        self.written = self.end(entry.end.saturating_sub(1));
        true
    }

    /// Writes the tokens `first..end` from the beginning of a line on, and wraps them.
    fn statement(&mut self, first: usize, end: usize, indent: usize) {
        self.push_line(indent);
        let continued = indent.saturating_add(CONTINUATION);
        let mut i = first;
        while i < end {
            if i > first && self.comment_before(self.start(i)) {
                self.trailing_comment();
                self.comments_before(self.start(i), continued, false);
                self.push_line(continued);
            }
            // A piece is what may not be torn apart: up to the next place to wrap, or to a comment.
            let mut piece = String::new();
            let mut next = i;
            loop {
                self.join(&mut piece, next);
                let last = next;
                next = next.saturating_add(1);
                let comment = next < end && self.comment_between(self.end(last), self.start(next));
                if next >= end || comment || self.may_wrap_after(last) {
                    break;
                }
            }
            let line = self.lines.last().map_or("", |line| line.text.as_str());
            let width = line.chars().count().saturating_add(1).saturating_add(piece.chars().count());
            // Only what is set in stands on the line: nothing is gained by another.
            if width > WIDTH && !line.trim().is_empty() {
                self.push_line(continued);
            }
            for token in i..next {
                self.append_token(token);
            }
            i = next;
        }
    }

    // --- Comments ---

    /// Writes the comment that stands behind what was written last, if there is one.
    fn trailing_comment(&mut self) {
        let Some(comment) = self.pending() else { return };
        let between = self.between(self.written, comment.start);
        let behind = !self.lines.is_empty() && !between.contains('\n') && between.trim().is_empty();
        if behind {
            let line = self.lines.pop().unwrap_or_default();
            let text = format!("{} {}", line.text, self.comment_text(comment));
            self.lines.push(Line { text, ..line });
            self.comment_done(comment);
        }
    }

    /// Writes the comments up to a byte on lines of their own.
    fn comments_before(&mut self, byte: u32, indent: usize, keep_blanks: bool) {
        while let Some(comment) = self.pending().filter(|comment| comment.start < byte) {
            let blank_above = keep_blanks && self.blank_before(comment.start);
            let text = format!("{}{}", " ".repeat(indent), self.comment_text(comment));
            self.lines.push(Line { text, blank_above });
            self.comment_done(comment);
        }
    }

    fn pending(&self) -> Option<Span> {
        self.lexed.comments.get(self.next_comment).map(|comment| comment.span)
    }

    fn comment_done(&mut self, comment: Span) {
        self.next_comment = self.next_comment.saturating_add(1);
        self.written = comment.end;
    }

    fn comment_text(&self, comment: Span) -> &str {
        self.between(comment.start, comment.end).trim_end()
    }

    fn comment_before(&self, byte: u32) -> bool {
        self.pending().is_some_and(|comment| comment.start < byte)
    }

    fn comment_between(&self, start: u32, end: u32) -> bool {
        let next = self.lexed.comments.partition_point(|comment| comment.span.start < start);
        self.lexed.comments.get(next).is_some_and(|comment| comment.span.start < end)
    }

    // --- Lines and tokens ---

    fn push_line(&mut self, indent: usize) {
        self.lines.push(Line { text: " ".repeat(indent), blank_above: false });
    }

    fn append_token(&mut self, i: usize) {
        let mut line = self.lines.pop().unwrap_or_default();
        self.join(&mut line.text, i);
        self.lines.push(line);
        self.written = self.end(i);
    }

    /// Appends token `i` to a line, with a blank before it where one belongs.
    fn join(&self, line: &mut String, i: usize) {
        let Some(token) = self.lexed.tokens.get(i) else { return };
        let before = i.checked_sub(1).and_then(|i| self.lexed.tokens.get(i));
        let begun = !line.trim_end().is_empty();
        if begun && before.is_some_and(|before| self.apart(*before, *token)) {
            line.push(' ');
        }
        line.push_str(token.text(self.text));
    }

    /// Whether a blank belongs between two tokens.
    fn apart(&self, before: Token, token: Token) -> bool {
        let touch = matches!(
            (before.text(self.text), token.text(self.text)),
            (_, "," | ")" | ".") | ("(" | ".", _) | ("present", "(") | ("{", "}")
        );
        !touch
    }

    fn may_wrap_after(&self, i: usize) -> bool {
        let text = |i: usize| self.lexed.tokens.get(i).map_or("", |token| token.text(self.text));
        match text(i) {
            "," | "or" | "then" => true,
            // `between 1 and 2` stays together.
            "and" => i.checked_sub(2).is_none_or(|i| text(i) != "between"),
            _ => false,
        }
    }

    fn start(&self, i: usize) -> u32 {
        self.lexed.tokens.get(i).map_or(u32::MAX, |token| token.start)
    }

    fn end(&self, i: usize) -> u32 {
        self.lexed.tokens.get(i).map_or(u32::MAX, |token| token.end)
    }

    /// Whether there is an empty line between what was written last and a byte.
    fn blank_before(&self, byte: u32) -> bool {
        self.written > 0 && self.between(self.written, byte).matches('\n').count() > 1
    }

    fn between(&self, start: u32, end: u32) -> &str {
        self.text.get(start as usize..(end as usize).min(self.text.len())).unwrap_or("")
    }
}
