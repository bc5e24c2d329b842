//! A file, declaration by declaration.

use std::ops::Range;

use super::{Broken, Parser, resume};
use crate::Span;
use crate::ast::{self, Block, Declare, Item, Statement, Word};
use crate::blocks::{BlockEnd, declaration_kind};
use crate::expected::Failure;
use crate::grammar::Rule;
use crate::lexer::{Token, TokenKind};
use crate::messages;
use crate::words::BlockKind;

/// What a declaration is but for its statements.
struct Head {
    doc: Option<String>,
    keyword: Span,
    name: Word,
    span: Span,
}

impl Head {
    fn with<K>(self, statements: Vec<Statement<K>>) -> Block<K> {
        Block { doc: self.doc, keyword: self.keyword, name: self.name, statements, span: self.span }
    }
}

impl Parser<'_> {
    /// Reads the file.
    pub(super) fn items(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        let mut resume = resume::Cache::default();
        let all = 0..self.lexed.tokens.len();
        let mut i = 0;
        while i < all.end {
            let read = if self.kind(i) == Some(TokenKind::Close) {
                let next = self.after_braces(i);
                let run = self.token_span(i).to(self.token_span(next.saturating_sub(1)));
                let stray = messages::stray_braces(run, next.saturating_sub(i));
                Err(self.broken(stray, next))
            } else if self.token_text(i) == "group" {
                self.group(i, &all, &mut resume)
            } else {
                self.declaration(i, &all, &mut resume)
            };
            let next = match read {
                Ok((item, next)) => {
                    items.push(item);
                    next
                }
                Err(broken) => self.after_broken_item(i, &broken, &all, &mut resume),
            };
            // Whatever happens, something is consumed.
            i = next.max(i.saturating_add(1));
        }
        items
    }

    /// Returns the first token after a run of closing braces on one line, which is one mistake.
    fn after_braces(&self, i: usize) -> usize {
        let mut next = i.saturating_add(1);
        let goes_on = |token: &Token| token.kind == TokenKind::Close && !token.first;
        while self.lexed.tokens.get(next).is_some_and(goes_on) {
            next = next.saturating_add(1);
        }
        next
    }

    fn group(
        &mut self,
        i: usize,
        all: &Range<usize>,
        resume: &mut resume::Cache,
    ) -> Result<(Item, usize), Broken> {
        let read = self.read(BlockKind::File, Rule::group_line, i, all, resume)?;
        let build = self.build(BlockKind::File, i);
        let group = build.kids(read.pair).next().and_then(|group| build.group(group));
        let mut group = group.map_err(|problem| self.broken(*problem, read.next))?;
        group.doc = self.doc(i);
        Ok((Item::Group(group), read.next))
    }

    fn declaration(
        &mut self,
        i: usize,
        all: &Range<usize>,
        resume: &mut resume::Cache,
    ) -> Result<(Item, usize), Broken> {
        let Some(kind) = BlockKind::of_declaration(self.token_text(i)) else {
            return Err(match self.lexed.fault_from(i) {
                Some((token, fault)) if token == i => self.faulty(i, fault),
                _ => self.fail(BlockKind::File, i, &Failure::start_of(BlockKind::File), true),
            });
        };
        let read = self.read_head(kind, i, all, resume)?;
        let end = self.blocks.end(read.next.saturating_sub(1));
        let end = end.unwrap_or(BlockEnd { token: all.end, closed: false });
        let inside = read.next..end.token;
        let doc = self.doc(i);
        let keyword = self.token_span(i);
        let span = keyword.to(self.token_span(end.after().saturating_sub(1)));
        let build = self.build(kind, i);
        let name =
            read.pair.into_inner().find(|kid| kid.as_rule() == Rule::name).map(|name| build.word(&name));
        let Some(name) = name else {
            let attributes = self.statements(kind, inside);
            return Ok((Item::Declare(Declare { doc, attributes, span }), end.after()));
        };
        let head = Head { doc, keyword, name, span };
        let item = match kind {
            BlockKind::Policy => Item::Policy(head.with(self.statements(kind, inside))),
            BlockKind::Guardrail => Item::Guardrail(head.with(self.statements(kind, inside))),
            BlockKind::Waive => Item::Waive(head.with(self.statements(kind, inside))),
            BlockKind::Budget => Item::Budget(head.with(self.statements(kind, inside))),
            BlockKind::Profile => Item::Profile(head.with(self.workload_statements(kind, inside))),
            BlockKind::Workload => Item::Workload(head.with(self.workload_statements(kind, inside))),
            _ => Item::Invariant(head.with(self.statements(kind, inside))),
        };
        Ok((item, end.after()))
    }

    /// Returns where to go on after a declaration that could not be read, at token `i`. What stands in its braces is
    /// read all the same where it is clear what it should have been, for what else may be wrong there.
    fn after_broken_item(
        &mut self,
        i: usize,
        broken: &Broken,
        all: &Range<usize>,
        resume: &mut resume::Cache,
    ) -> usize {
        if broken.whole {
            return broken.token;
        }
        let next = self.resume(BlockKind::File, broken.token.max(i.saturating_add(1)), all, resume);
        if self.kind(i) == Some(TokenKind::Word) {
            self.lose_names(i..next);
        }
        let open = (i..next).find(|t| self.kind(*t) == Some(TokenKind::Open));
        let block = open.and_then(|open| Some((open.saturating_add(1), self.blocks.end(open)?)));
        // Without an opening brace the block begins after keyword and name.
        let block = self.blocks.end_without_brace(i).map(|end| (i.saturating_add(2), end)).or(block);
        let Some((first, end)) = block else {
            self.lose_attributes(i..next);
            return next;
        };
        if matches!(declaration_kind(self.token_text(i)), None | Some(BlockKind::Declare)) {
            self.lose_attributes(first..end.token);
        }
        if let Some(kind) = declaration_kind(self.token_text(i)) {
            self.discard(kind, first..end.token);
        }
        end.after()
    }

    /// Reads statements for their diagnostics only.
    pub(super) fn discard(&mut self, kind: BlockKind, inside: Range<usize>) {
        match kind {
            BlockKind::File => {}
            BlockKind::Policy => drop(self.statements::<ast::PolicyStatement>(kind, inside)),
            BlockKind::Declare => drop(self.statements::<ast::DeclaredAttribute>(kind, inside)),
            BlockKind::Guardrail => drop(self.statements::<ast::GuardrailStatement>(kind, inside)),
            BlockKind::Waive => drop(self.statements::<ast::WaiveStatement>(kind, inside)),
            BlockKind::Budget => drop(self.statements::<ast::BudgetStatement>(kind, inside)),
            BlockKind::Profile | BlockKind::Workload => drop(self.workload_statements(kind, inside)),
            BlockKind::Invariant => drop(self.statements::<ast::InvariantStatement>(kind, inside)),
            section => drop(self.section(section, inside)),
        }
    }
}
