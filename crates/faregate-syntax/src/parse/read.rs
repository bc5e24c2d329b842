//! One statement, by the grammar.

use std::ops::Range;

use pest::Parser as _;
use pest::iterators::Pair;

use super::{Broken, Parser, resume};
use crate::expected::Failure;
use crate::grammar::{Grammar, Rule};
use crate::lexer::TokenKind;
use crate::messages;
use crate::words::{BlockKind, RESERVED, nearest};

/// What the grammar read: the match of a `…_line` or a `…_head`.
pub(super) struct Read<'i> {
    pub(super) pair: Pair<'i, Rule>,
    /// The first token after it.
    pub(super) next: usize,
}
impl<'a> Parser<'a> {
    /// Reads the statement at token `i` by the rule `line`, or says once what is wrong with it.
    pub(super) fn read(
        &mut self,
        kind: BlockKind,
        line: Rule,
        i: usize,
        inside: &Range<usize>,
        resume: &mut resume::Cache,
    ) -> Result<Read<'a>, Broken> {
        // A statement may go on past a line that looks like the next one only if a name there is such a word.
        const LINES: usize = 3;
        let fault = self.lexed.fault_from(i).filter(|(token, _)| *token < inside.end);
        let mut first_failure = None;
        let mut end = i;
        for _ in 0..LINES {
            end = self.resume(kind, end.saturating_add(1), inside, resume);
            let faulty = fault.filter(|(token, _)| *token < end);
            let stop = faulty.map_or(end, |(token, _)| token);
            let failure = match self.try_read(line, i, stop) {
                Ok(read) => return Ok(read),
                Err(failure) => failure,
            };
            let found = self.token_at(failure.byte, i..stop);
            if found < stop {
                if first_failure.is_none() {
                    return self.misread(kind, line, i, found, &failure);
                }
                break;
            }
            if let Some((token, fault)) = faulty {
                return Err(self.faulty(token, fault));
            }
            first_failure.get_or_insert((failure, stop));
            if end >= inside.end {
                break;
            }
        }
        match first_failure {
            Some((failure, found)) => Err(self.fail_in(kind, i, found, &failure)),
            None => Err(Broken { token: i.saturating_add(1), whole: false }),
        }
    }

    /// Decides what to say where the grammar stopped at token `found`, inside the text that it was given.
    fn misread(
        &mut self,
        kind: BlockKind,
        line: Rule,
        i: usize,
        found: usize,
        failure: &Failure,
    ) -> Result<Read<'a>, Broken> {
        let word = self.kind(found) == Some(TokenKind::Word) && !RESERVED.contains(&self.token_text(found));
        let first = self.lexed.tokens.get(found).is_some_and(|token| token.first);
        let words = failure.words();
        let goes_on = || words.iter().map(String::as_str);
        let misspells = |word: &str| nearest(self.token_text(found), goes_on()) == Some(word);
        let near = || {
            nearest(self.token_text(found), goes_on().chain(kind.statement_words().iter().copied()))
                .is_some_and(|similar| !misspells(similar))
        };
        let comment = matches!(self.token_text(found), "#" | "/");
        if found > i && failure.complete() && (first && (word || comment) || word && near()) {
            // The statement itself is whole; what follows is one of its own, and will be reported as such.
            if let Ok(read) = self.try_read(line, i, found) {
                return Ok(read);
            }
        }
        // Where a value or name is missing, the word of the next statement has been taken for it.
        let last = found.saturating_sub(1);
        let missing = || {
            self.follows_operator(last)
                || matches!(self.token_text(last.saturating_sub(1)), "use" | "workload")
        };
        if last > i
            && kind.is_statement_word(self.token_text(last))
            && missing()
            && let Err(failure) = self.try_read(line, i, last)
            && self.token_at(failure.byte, i..last) == last
            && !failure.wants(&[Rule::class])
        {
            return Err(self.fail(kind, last, &failure, false));
        }
        Err(self.fail_in(kind, i, found, failure))
    }

    /// Reports that the grammar stopped at token `found` of the statement at token `i`; of a parenthesis that is open
    /// where the statement must have ended, at that.
    fn fail_in(&mut self, kind: BlockKind, i: usize, found: usize, failure: &Failure) -> Broken {
        let ended =
            self.lexed.tokens.get(found).is_none_or(|token| token.first || token.kind == TokenKind::Close);
        if ended && failure.wants(&[Rule::close_paren]) {
            let mut closed = 0_usize;
            for open in (i..found).rev() {
                match self.token_text(open) {
                    ")" => closed = closed.saturating_add(1),
                    "(" if closed == 0 => {
                        let unclosed =
                            messages::unclosed_parenthesis(self.token_span(open), self.token_span(found));
                        self.diagnostics.push(unclosed);
                        return Broken { token: found, whole: false };
                    }
                    "(" => closed = closed.saturating_sub(1),
                    _ => {}
                }
            }
        }
        self.fail(kind, found, failure, found == i)
    }

    /// Reads the head of a declaration, up to its opening brace.
    pub(super) fn read_head(
        &mut self,
        kind: BlockKind,
        i: usize,
        all: &Range<usize>,
        resume: &mut resume::Cache,
    ) -> Result<Read<'a>, Broken> {
        let next = self.resume(BlockKind::File, i.saturating_add(1), all, resume);
        let open = (i..next).find(|t| self.kind(*t) == Some(TokenKind::Open));
        let end = open.map_or(next, |open| open.saturating_add(1));
        let fault = self.lexed.fault_from(i).filter(|(token, _)| *token < end);
        let stop = fault.map_or(end, |(token, _)| token);
        let failure = match self.try_read(head_rule(kind), i, stop) {
            Ok(read) => return Ok(read),
            Err(failure) => failure,
        };
        let found = self.token_at(failure.byte, i..stop);
        if let Some((token, fault)) = fault.filter(|_| found == stop) {
            return Err(self.faulty(token, fault));
        }
        // The name may be a keyword on a line of its own, which looks like the next declaration.
        let keyword_name_brace = i.saturating_add(3).min(all.end);
        if found == next
            && let Ok(read) = self.try_read(head_rule(kind), i, keyword_name_brace)
        {
            return Ok(read);
        }
        Err(self.fail(BlockKind::File, found, &failure, false))
    }

    /// Lets the grammar read the tokens `i..stop`.
    fn try_read(&self, rule: Rule, i: usize, stop: usize) -> Result<Read<'a>, Failure> {
        let from = self.start_of(i);
        let slice = self.text.get(from..self.start_of(stop)).unwrap_or("");
        let mut pairs = Grammar::parse(rule, slice).map_err(|error| Failure::new(&error, from))?;
        let Some(pair) = pairs.next() else { return Err(Failure::nothing(from)) };
        let end = from.saturating_add(pair.as_span().end());
        let next = self.lexed.tokens.partition_point(|token| (token.start as usize) < end);
        Ok(Read { pair, next })
    }
}

/// Returns the rule for the head of a declaration.
fn head_rule(kind: BlockKind) -> Rule {
    match kind {
        BlockKind::Policy => Rule::policy_head,
        BlockKind::Declare => Rule::declare_head,
        BlockKind::Guardrail => Rule::guardrail_head,
        BlockKind::Waive => Rule::waive_head,
        BlockKind::Budget => Rule::budget_head,
        BlockKind::Profile => Rule::profile_head,
        BlockKind::Workload => Rule::workload_head,
        _ => Rule::invariant_head,
    }
}

/// Returns the rule for one statement of a block. Declarations have none: of them only heads are read here.
pub(super) fn line_rule(kind: BlockKind) -> Option<Rule> {
    Some(match kind {
        BlockKind::File => return None,
        BlockKind::Policy => Rule::policy_line,
        BlockKind::Declare => Rule::declare_line,
        BlockKind::Guardrail => Rule::guardrail_line,
        BlockKind::Waive => Rule::waive_line,
        BlockKind::Budget => Rule::budget_line,
        BlockKind::Profile => Rule::profile_line,
        BlockKind::Workload => Rule::workload_line,
        BlockKind::Invariant => Rule::invariant_line,
        BlockKind::Route => Rule::route_line,
        BlockKind::Ceiling => Rule::ceiling_line,
        BlockKind::Fallback => Rule::fallback_line,
        BlockKind::Retry => Rule::retry_line,
        BlockKind::Health => Rule::health_line,
        BlockKind::Stream => Rule::stream_line,
        BlockKind::Tools => Rule::tools_line,
    })
}
