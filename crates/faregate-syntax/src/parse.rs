//! A file to its tree, one statement after the other.
//!
//! Tokens and braces come first (`lexer`, `blocks`). Then each block is walked statement by statement. The grammar
//! sees one statement at a time, as the text up to the first line that can only begin another one, and must find
//! after it the next statement or the end of that text; so what it cannot read is reported at the furthest place it
//! reached, and costs that statement only.

use std::ops::Range;

use pest::Parser as _;
use pest::iterators::Pair;

use crate::ast::{
    self, Block, Declare, DeclaredAttribute, Item, PolicyStatement, Statement, WorkloadStatement,
};
use crate::blocks::{BlockEnd, Blocks, declaration_kind, match_braces, section_kind};
use crate::build::{Build, Kids, Node};
use crate::expected::{self, Failure};
use crate::grammar::{Grammar, Rule};
use crate::lexer::{Fault, Lexed, TokenKind, lex};
use crate::words::{BlockKind, RESERVED, nearest};
use crate::{Diagnostic, FileId, Sources, Span, messages};

mod doc;
mod resume;

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
        let empty = ast::File { items: Vec::new(), comments: Vec::new() };
        return (empty, vec![messages::file_too_large(Span::new(id, 0, 0), text.len(), MAX_FILE)]);
    }
    let lexed = lex(id, text);
    let (items, diagnostics) = parse_lexed(id, text, &lexed);
    (ast::File { items, comments: lexed.comments }, diagnostics)
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

pub(crate) fn parse_lexed(file: FileId, text: &str, lexed: &Lexed) -> (Vec<Item>, Vec<Diagnostic>) {
    let (blocks, diagnostics) = match_braces(file, text, lexed);
    let mut parser = Parser { file, text, lexed, blocks, diagnostics };
    let items = parser.items();
    let hidden = lexed.comment_faults.iter().map(|(span, c)| messages::odd_character(*span, *c));
    parser.diagnostics.extend(hidden);
    // Stable, so that what was found at one place keeps its order.
    parser.diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span.start);
    (items, parser.diagnostics)
}

struct Parser<'a> {
    file: FileId,
    text: &'a str,
    lexed: &'a Lexed,
    blocks: Blocks,
    diagnostics: Vec<Diagnostic>,
}

/// A statement that could not be read, and about which all has been said.
struct Broken {
    /// The token at which it went wrong.
    token: usize,
    /// Whether its end is known all the same: it is before that token.
    whole: bool,
}

/// A statement that the grammar read.
struct Read<'i> {
    pair: Pair<'i, Rule>,
    /// The first token after it.
    next: usize,
}

impl<'a> Parser<'a> {
    // --- The file ---

    fn items(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        let mut resume = resume::Cache::default();
        let all = 0..self.lexed.tokens.len();
        let mut i = 0;
        while i < all.end {
            let (item, next) = match (self.kind(i), self.token_text(i)) {
                (Some(TokenKind::Close), _) => {
                    let span = self.token_span(i);
                    self.diagnostics.push(messages::stray_brace(span));
                    (None, i.saturating_add(1))
                }
                (_, "group") => self.group(i, &all, &mut resume),
                _ => self.declaration(i, &all, &mut resume),
            };
            items.extend(item);
            // Whatever happens, something is consumed.
            i = next.max(i.saturating_add(1));
        }
        items
    }

    fn group(&mut self, i: usize, all: &Range<usize>, resume: &mut resume::Cache) -> (Option<Item>, usize) {
        let read = self.read(BlockKind::File, Rule::group_line, i, all, resume);
        let built = read.and_then(|read| {
            let mut group = self
                .build(BlockKind::File, i)
                .group(read.pair)
                .map_err(|problem| self.broken(*problem, read.next))?;
            group.doc = self.doc(i);
            Ok((Item::Group(group), read.next))
        });
        match built {
            Ok((group, next)) => (Some(group), next),
            Err(broken) => (None, self.after_broken_item(i, &broken, all, resume)),
        }
    }

    fn declaration(
        &mut self,
        i: usize,
        all: &Range<usize>,
        resume: &mut resume::Cache,
    ) -> (Option<Item>, usize) {
        let Some((kind, head)) =
            BlockKind::of_declaration(self.token_text(i)).zip(head_rule(self.token_text(i)))
        else {
            let broken = match self.lexed.fault_from(i) {
                Some((token, fault)) if token == i => self.faulty(i, fault),
                _ => self.fail(BlockKind::File, i, Failure::start_of(BlockKind::File), true),
            };
            return (None, self.after_broken_item(i, &broken, all, resume));
        };
        let read = match self.read_head(head, i, all, resume) {
            Ok(read) => read,
            Err(broken) => return (None, self.after_broken_item(i, &broken, all, resume)),
        };
        let open = read.next.saturating_sub(1);
        let name = read.pair.into_inner().find(|kid| kid.as_rule() == Rule::name);
        let name = name.map(|name| self.build(kind, i).word(&name));
        let end = self.blocks.end(open).unwrap_or(BlockEnd { token: all.end, closed: false });
        let inside = read.next..end.token;
        let keyword = self.token_span(i);
        let span = keyword.to(self.token_span(end.after().saturating_sub(1)));
        let doc = self.doc(i);
        let item = match (kind, name) {
            (BlockKind::Declare, _) => {
                Some(Item::Declare(Declare { doc, attributes: self.statements(kind, inside), span }))
            }
            (_, None) => None,
            (BlockKind::Policy, Some(name)) => {
                let statements = self.statements(kind, inside);
                Some(Item::Policy(Block { doc, keyword, name, statements, span }))
            }
            (BlockKind::Guardrail, Some(name)) => {
                let statements = self.statements(kind, inside);
                Some(Item::Guardrail(Block { doc, keyword, name, statements, span }))
            }
            (BlockKind::Waive, Some(name)) => {
                let statements = self.statements(kind, inside);
                Some(Item::Waive(Block { doc, keyword, name, statements, span }))
            }
            (BlockKind::Budget, Some(name)) => {
                let statements = self.statements(kind, inside);
                Some(Item::Budget(Block { doc, keyword, name, statements, span }))
            }
            (BlockKind::Profile, Some(name)) => {
                let statements = self.workload_statements(kind, inside);
                Some(Item::Profile(Block { doc, keyword, name, statements, span }))
            }
            (BlockKind::Workload, Some(name)) => {
                let statements = self.workload_statements(kind, inside);
                Some(Item::Workload(Block { doc, keyword, name, statements, span }))
            }
            (_, Some(name)) => {
                let statements = self.statements(kind, inside);
                Some(Item::Invariant(Block { doc, keyword, name, statements, span }))
            }
        };
        (item, end.after())
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
        let kind = declaration_kind(self.token_text(i));
        let next = self.resume(BlockKind::File, broken.token.max(i.saturating_add(1)), all, resume);
        let open = (i..next).find(|t| self.kind(*t) == Some(TokenKind::Open));
        let block = open.and_then(|open| Some((open.saturating_add(1), self.blocks.end(open)?)));
        // Without an opening brace the block begins after keyword and name.
        let block = self.blocks.end(i).map(|end| (i.saturating_add(2), end)).or(block);
        let Some((first, end)) = block else { return next };
        if let Some(kind) = kind {
            self.discard(kind, first..end.token);
        }
        end.after()
    }

    /// Reads statements for their diagnostics only.
    fn discard(&mut self, kind: BlockKind, inside: Range<usize>) {
        use ast::{
            BudgetStatement, CeilingStatement, FallbackStatement, GuardrailStatement, HealthStatement,
            InvariantStatement, RetryStatement, RouteStatement, StreamStatement, ToolsStatement,
            WaiveStatement,
        };
        match kind {
            BlockKind::File => {}
            BlockKind::Policy => drop(self.statements::<PolicyStatement>(kind, inside)),
            BlockKind::Declare => drop(self.statements::<DeclaredAttribute>(kind, inside)),
            BlockKind::Guardrail => drop(self.statements::<GuardrailStatement>(kind, inside)),
            BlockKind::Waive => drop(self.statements::<WaiveStatement>(kind, inside)),
            BlockKind::Budget => drop(self.statements::<BudgetStatement>(kind, inside)),
            BlockKind::Profile | BlockKind::Workload => drop(self.workload_statements(kind, inside)),
            BlockKind::Invariant => drop(self.statements::<InvariantStatement>(kind, inside)),
            BlockKind::Route => drop(self.statements::<RouteStatement>(kind, inside)),
            BlockKind::Ceiling => drop(self.statements::<CeilingStatement>(kind, inside)),
            BlockKind::Fallback => drop(self.statements::<FallbackStatement>(kind, inside)),
            BlockKind::Retry => drop(self.statements::<RetryStatement>(kind, inside)),
            BlockKind::Health => drop(self.statements::<HealthStatement>(kind, inside)),
            BlockKind::Stream => drop(self.statements::<StreamStatement>(kind, inside)),
            BlockKind::Tools => drop(self.statements::<ToolsStatement>(kind, inside)),
        }
    }

    // --- Blocks ---

    /// Reads the statements of a block without sections.
    fn statements<K: Node>(&mut self, kind: BlockKind, inside: Range<usize>) -> Vec<Statement<K>> {
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
    fn workload_statements(
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

    fn section(&mut self, kind: BlockKind, inside: Range<usize>) -> Option<WorkloadStatement> {
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

    // --- Statements ---

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
            let kids: Kids<'_> = build.kids(read.pair);
            let kind = K::build(&build, kids).map_err(|problem| self.broken(*problem, read.next))?;
            let span = self.token_span(i).to(self.token_span(read.next.saturating_sub(1)));
            Ok((Statement { kind, span }, read.next))
        });
        match built {
            Ok((statement, next)) => (Some(statement), next),
            Err(broken) => (None, self.after_broken_statement(kind, i, &broken, inside, resume)),
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
            let end = end.or_else(|| Some((open, self.blocks.end(i)?)));
            if let Some((section, (first, end))) = section_kind(self.token_text(i)).zip(end) {
                self.discard(section, first..end.token);
                return end.after();
            }
        }
        self.resume(kind, broken.token.max(i.saturating_add(1)), inside, resume)
    }

    /// Reads the statement at token `i` by the rule `line`, or says once what is wrong with it.
    fn read(
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
                    return self.misread(kind, line, i, found, failure);
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
            Some((failure, found)) => Err(self.fail(kind, found, failure, found == i)),
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
        failure: Failure,
    ) -> Result<Read<'a>, Broken> {
        let word = self.kind(found) == Some(TokenKind::Word) && !RESERVED.contains(&self.token_text(found));
        let first = self.lexed.tokens.get(found).is_some_and(|token| token.first);
        let near = || {
            let keywords = failure.keywords();
            let goes_on = keywords.iter().map(String::as_str);
            nearest(self.token_text(found), goes_on.chain(kind.statement_words().iter().copied()))
                .is_some_and(|similar| !keywords.iter().any(|keyword| keyword == similar))
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
            return Err(self.fail(kind, last, failure, false));
        }
        Err(self.fail(kind, found, failure, found == i))
    }

    /// Reads the head of a declaration, up to its opening brace.
    fn read_head(
        &mut self,
        head: Rule,
        i: usize,
        all: &Range<usize>,
        resume: &mut resume::Cache,
    ) -> Result<Read<'a>, Broken> {
        let next = self.resume(BlockKind::File, i.saturating_add(1), all, resume);
        let open = (i..next).find(|t| self.kind(*t) == Some(TokenKind::Open));
        let end = open.map_or(next, |open| open.saturating_add(1));
        let fault = self.lexed.fault_from(i).filter(|(token, _)| *token < end);
        let stop = fault.map_or(end, |(token, _)| token);
        self.try_read(head, i, stop).map_err(|failure| {
            let found = self.token_at(failure.byte, i..stop);
            match fault.filter(|_| found == stop) {
                Some((token, fault)) => self.faulty(token, fault),
                None => self.fail(BlockKind::File, found, failure, false),
            }
        })
    }

    /// Lets the grammar read the tokens `i..stop`.
    fn try_read(&self, rule: Rule, i: usize, stop: usize) -> Result<Read<'a>, Failure> {
        let from = self.start_of(i);
        let slice = self.text.get(from..self.start_of(stop)).unwrap_or("");
        let mut pairs = Grammar::parse(rule, slice).map_err(|error| Failure::new(&error, from))?;
        let whole = pairs.next();
        let statement = whole.and_then(|whole| {
            if rule == Rule::group_line || is_line(rule) { whole.into_inner().next() } else { Some(whole) }
        });
        let Some(pair) = statement else { return Err(Failure::nothing(from)) };
        let end = from.saturating_add(pair.as_span().end());
        let next = self.lexed.tokens.partition_point(|token| (token.start as usize) < end);
        Ok(Read { pair, next })
    }

    // --- Diagnostics ---

    fn fail(&mut self, kind: BlockKind, found: usize, failure: Failure, at_start: bool) -> Broken {
        let context =
            expected::Context { kind, text: self.text, tokens: &self.lexed.tokens, found, at_start };
        let span = self.token_span(found);
        self.diagnostics.push(messages::unexpected(span, &context, &failure));
        Broken { token: found, whole: false }
    }

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

fn head_rule(word: &str) -> Option<Rule> {
    Some(match word {
        "policy" => Rule::policy_head,
        "declare" => Rule::declare_head,
        "guardrail" => Rule::guardrail_head,
        "waive" => Rule::waive_head,
        "budget" => Rule::budget_head,
        "profile" => Rule::profile_head,
        "workload" => Rule::workload_head,
        "invariant" => Rule::invariant_head,
        _ => return None,
    })
}

fn line_rule(kind: BlockKind) -> Option<Rule> {
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

fn is_line(rule: Rule) -> bool {
    !matches!(
        rule,
        Rule::policy_head
            | Rule::declare_head
            | Rule::guardrail_head
            | Rule::waive_head
            | Rule::budget_head
            | Rule::profile_head
            | Rule::workload_head
            | Rule::invariant_head
    )
}

#[cfg(test)]
mod tests;
