//! A block, statement by statement.

use std::ops::Range;

use super::read::line_rule;
use super::{Broken, Parser, resume};
use crate::ast::{Statement, WorkloadStatement};
use crate::blocks::section_kind;
use crate::build::Node;
use crate::lexer::TokenKind;
use crate::words::BlockKind;

impl Parser<'_> {
    /// Reads the statements of a block without sections.
    pub(super) fn statements<K: Node>(&mut self, kind: BlockKind, inside: Range<usize>) -> Vec<Statement<K>> {
        let mut statements = Vec::new();
        let mut resume = resume::Cache::default();
        let mut i = inside.start;
        while i < inside.end {
            let (statement, next) = self.statement(kind, i, &inside, &mut resume);
            statements.extend(statement);
            i = next.max(i.saturating_add(1));
        }
        statements
    }

    /// Reads the statements of `workload` or `profile`.
    pub(super) fn workload_statements(
        &mut self,
        kind: BlockKind,
        inside: Range<usize>,
    ) -> Vec<Statement<WorkloadStatement>> {
        let mut statements = Vec::new();
        let mut resume = resume::Cache::default();
        let mut i = inside.start;
        while i < inside.end {
            let open = i.saturating_add(1);
            let section = BlockKind::of_section(self.token_text(i)).zip(self.blocks.end(open));
            let (statement, next) = match section {
                Some((section, end)) => {
                    let span = self.token_span(i).to(self.token_span(end.after().saturating_sub(1)));
                    let kind = self.section(section, open.saturating_add(1)..end.token);
                    (kind.map(|kind| Statement { kind, span }), end.after())
                }
                None => self.statement(kind, i, &inside, &mut resume),
            };
            statements.extend(statement);
            i = next.max(i.saturating_add(1));
        }
        statements
    }

    pub(super) fn section(&mut self, kind: BlockKind, inside: Range<usize>) -> Option<WorkloadStatement> {
        Some(match kind {
            BlockKind::Route => WorkloadStatement::Route(self.statements(kind, inside)),
            BlockKind::Ceiling => WorkloadStatement::Ceiling(self.statements(kind, inside)),
            BlockKind::Fallback => WorkloadStatement::Fallback(self.statements(kind, inside)),
            BlockKind::Retry => WorkloadStatement::Retry(self.statements(kind, inside)),
            BlockKind::Health => WorkloadStatement::Health(self.statements(kind, inside)),
            BlockKind::Stream => WorkloadStatement::Stream(self.statements(kind, inside)),
            BlockKind::Tools => WorkloadStatement::Tools(self.statements(kind, inside)),
            _ => return None,
        })
    }

    fn statement<K: Node>(
        &mut self,
        kind: BlockKind,
        i: usize,
        inside: &Range<usize>,
        resume: &mut resume::Cache,
    ) -> (Option<Statement<K>>, usize) {
        let Some(line) = line_rule(kind) else { return (None, inside.end) };
        let built = self.read(kind, line, i, inside, resume).and_then(|read| {
            let build = self.build(kind, i);
            let statement = build.kids(read.pair).next();
            let kind = statement.and_then(|statement| K::build(&build, build.kids(statement)));
            let kind = kind.map_err(|problem| self.broken(*problem, read.next))?;
            let span = self.token_span(i).to(self.token_span(read.next.saturating_sub(1)));
            Ok((Statement { kind, span }, read.next))
        });
        match built {
            Ok((statement, next)) => (Some(statement), next),
            Err(broken) => {
                let next = self.after_broken_statement(kind, i, &broken, inside, resume);
                if kind == BlockKind::Declare {
                    self.lose_attributes(i..next);
                }
                (None, next)
            }
        }
    }

    fn after_broken_statement(
        &mut self,
        kind: BlockKind,
        i: usize,
        broken: &Broken,
        inside: &Range<usize>,
        resume: &mut resume::Cache,
    ) -> usize {
        if broken.whole {
            return broken.token;
        }
        if kind.has_sections() {
            // A section that is misspelt, or has no opening brace: its inside is read for what else may be wrong there.
            let open = i.saturating_add(1);
            let end = self.blocks.end(open).map(|end| (open.saturating_add(1), end));
            let end = end.or_else(|| Some((open, self.blocks.end_without_brace(i)?)));
            if let Some((section, (first, end))) = section_kind(self.token_text(i)).zip(end) {
                self.discard(section, first..end.token);
                return end.after();
            }
        }
        // A block without a head is left out whole: where its text belongs, nobody knows.
        let block = self.kind(i) == Some(TokenKind::Open);
        let from = if block { i } else { broken.token.max(i.saturating_add(1)) };
        self.resume(kind, from, inside, resume)
    }
}
