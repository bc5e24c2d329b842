//! The wording of every diagnostic about syntax, so that it can be read in one go and keeps one voice.
//!
//! Lower case, no final dot, the author's text in backticks, advice in `help` only.

use crate::expected::{Context, Failure};
use crate::lexer::odd;
use crate::lexer::{Fault, MAX_NAME, MAX_NESTING, TokenKind};
use crate::words::BlockKind;
use crate::{Diagnostic, FileId, Safety, Span};

mod advice;

const SYNTAX: &str = "syntax";
const LIMIT: &str = "limit-exceeded";

/// The longest piece of the author's text that a message repeats, in characters.
const LONGEST_QUOTE: usize = 40;

// --- Statements -----------------------------------------------------------------------------------------------

/// The grammar stopped: what it expected, what it found, and what to write.
pub(crate) fn unexpected(span: Span, context: &Context<'_>, failure: &Failure) -> Diagnostic {
    let expected = failure.in_words(context.kind);
    let found = found(context);
    let diagnostic = if expected.is_empty() {
        Diagnostic::error(SYNTAX, span, format!("did not expect {found}"))
    } else {
        Diagnostic::error(SYNTAX, span, format!("expected {expected}, found {found}"))
    };
    advice::advise(diagnostic, context, failure)
}

fn found(context: &Context<'_>) -> String {
    let text = context.back(0);
    match context.found_kind() {
        None => "the end of the file".to_owned(),
        Some(TokenKind::Text) if text.chars().count() > LONGEST_QUOTE => "a string".to_owned(),
        Some(_) => quote(text),
    }
}

/// Returns `text` in backticks, shortened where it is long.
fn quote(text: &str) -> String {
    if text == "`" {
        return "a backtick".to_owned();
    }
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((at, _)) => format!("`{}…`", text.get(..at).unwrap_or("")),
        None => format!("`{text}`"),
    }
}

/// `when request.workload == deny` in `workload`.
pub(crate) fn statement_word_as_value(span: Span, word: &str, block: BlockKind) -> Diagnostic {
    Diagnostic::error(SYNTAX, span, format!("expected a value, found `{word}`"))
        .label(format!("begins a statement of `{}`", block.keyword()))
        .help(format!(
            "a word that begins a statement of `{}` is a value there only in quotes: `\"{word}\"`",
            block.keyword()
        ))
        .fix(span, format!("\"{word}\""))
}

/// The tree and the grammar disagree.
pub(crate) fn unreadable(span: Span) -> Diagnostic {
    Diagnostic::error(SYNTAX, span, "cannot read this statement")
}

/// `(` without `)`; `end` is where the latter should stand at the latest.
pub(crate) fn unclosed_parenthesis(open: Span, end: Span) -> Diagnostic {
    Diagnostic::error(SYNTAX, open, "this `(` is never closed")
        .label("opened here")
        .related(end, "expected `)` before this")
}

// --- Blocks ---------------------------------------------------------------------------------------------------

/// `{` without `}`; `name` is what stands before it.
pub(crate) fn unclosed_block(open: Span, name: &str) -> Diagnostic {
    let message = if name.is_empty() {
        "this block is never closed".to_owned()
    } else {
        format!("{} is never closed", quote(name))
    };
    Diagnostic::error(SYNTAX, open, message).label("opened here").help("write a `}` after its last statement")
}

/// `}` without `{`, once or several times in a row.
pub(crate) fn stray_braces(span: Span, number: usize) -> Diagnostic {
    let message = match number {
        1 => "this `}` closes nothing".to_owned(),
        number => format!("these {number} `}}` close nothing"),
    };
    Diagnostic::error(SYNTAX, span, message).label("no block is open here")
}

// --- Limits ---------------------------------------------------------------------------------------------------

/// A file past the limit.
pub(crate) fn file_too_large(span: Span, size: usize, limit: usize) -> Diagnostic {
    Diagnostic::error(LIMIT, span, format!("a file holds at most {limit} bytes, this one {size}"))
        .help("split the policy set into several files")
}

// --- Characters -----------------------------------------------------------------------------------------------

/// What is wrong with one token, which reads `text`.
pub(crate) fn fault(token: Span, text: &str, fault: Fault) -> Diagnostic {
    match fault {
        Fault::OddCharacter(at, c) => {
            // A run of it is one mistake; inside a string the place is that of the character.
            let start = at as usize;
            let end = if at == token.start { token.end as usize } else { start.saturating_add(c.len_utf8()) };
            let mut diagnostic = odd_character(Span::new(token.file, start, end), c);
            // In a string it is part of a value.
            if at != token.start
                && let Some(fix) = &mut diagnostic.fix
            {
                fix.safety = Safety::Unsafe;
            }
            diagnostic
        }
        Fault::OddLetter(c) => odd_letter(token, text, c),
        Fault::WrongQuotes => wrong_quotes(token, text),
        Fault::UnknownEscape(at, c) => unknown_escape(token.file, at, c),
        Fault::UnclosedString => Diagnostic::error(SYNTAX, token, "this string is never closed")
            .label("no `\"` follows on its line")
            .help("a string ends on the line on which it begins"),
        Fault::NameTooLong => Diagnostic::error(
            LIMIT,
            token,
            format!("a name holds at most {MAX_NAME} characters, this one {}", text.len()),
        ),
        Fault::TooDeep if text == "{" => {
            Diagnostic::error(LIMIT, token, format!("blocks nest at most {MAX_NESTING} deep"))
        }
        Fault::TooDeep => {
            Diagnostic::error(LIMIT, token, format!("conditions nest at most {MAX_NESTING} deep"))
                .label(format!("number {}", MAX_NESTING.saturating_add(1)))
        }
    }
}

/// A character that no policy holds, in the open or in a string or comment.
pub(crate) fn odd_character(span: Span, c: char) -> Diagnostic {
    let code = u32::from(c);
    let odd = odd::describe(c);
    let message = match odd.name {
        Some(name) if odd::is_hidden(c) || c.is_whitespace() || c == '\u{feff}' => {
            format!("{name} (U+{code:04X}) cannot stand in a policy")
        }
        Some(name) => format!("`{c}` is {name} (U+{code:04X}) and cannot stand here"),
        None => format!("`{c}` (U+{code:04X}) cannot stand here"),
    };
    let narrow = odd::narrow(c).map(String::from);
    let diagnostic = Diagnostic::error(SYNTAX, span, message);
    match narrow.as_deref().or(odd.plain) {
        Some(" ") => diagnostic.help("write a plain blank").safe_fix(span, " "),
        Some(plain) => diagnostic.help(format!("write `{plain}`")).fix(span, plain),
        None => diagnostic.help("remove it"),
    }
}

fn odd_letter(token: Span, word: &str, c: char) -> Diagnostic {
    let message =
        format!("{} holds `{c}` (U+{:04X}), which is no letter of a name", quote(word), u32::from(c));
    let diagnostic = Diagnostic::error(SYNTAX, token, message);
    match odd::plain(word) {
        Some(plain) => diagnostic.help(format!("in plain letters: `{plain}`")).fix(token, plain),
        None => diagnostic.help("names hold `a` to `z`, digits, `_` and `-`; other texts stand in quotes"),
    }
}

fn wrong_quotes(token: Span, text: &str) -> Diagnostic {
    let mark = text.chars().next().unwrap_or('\'');
    let diagnostic = Diagnostic::error(SYNTAX, token, format!("`{mark}` begins no string"));
    let mut inner = text.chars();
    inner.next();
    let closed = inner.next_back().is_some();
    let inner = inner.as_str();
    if closed && !inner.contains(['"', '\\']) && odd::hidden(inner).is_none() {
        diagnostic
            .help(format!("strings stand in `\"`: `\"{inner}\"`"))
            .safe_fix(token, format!("\"{inner}\""))
    } else {
        diagnostic.help("strings stand in `\"`")
    }
}

fn unknown_escape(file: FileId, at: u32, c: char) -> Diagnostic {
    let start = at as usize;
    let span = Span::new(file, start, start.saturating_add(1).saturating_add(c.len_utf8()));
    Diagnostic::error(SYNTAX, span, format!("there is no escape `\\{c}`"))
        .help("a string knows the escapes `\\\"` and `\\\\` only")
}

// --- Literals -------------------------------------------------------------------------------------------------

/// What is wrong with a literal, before its place is known.
#[derive(Debug)]
pub(crate) struct Problem {
    code: &'static str,
    message: String,
    help: Option<String>,
}

impl Problem {
    fn new(code: &'static str, message: String) -> Self {
        Self { code, message, help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Returns the diagnostic at `span`.
    pub(crate) fn at(self, span: Span) -> Diagnostic {
        let diagnostic = Diagnostic::error(self.code, span, self.message);
        match self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }

    /// Returns message and help as one line.
    pub(crate) fn into_text(self) -> String {
        match self.help {
            Some(help) => format!("{}; {help}", self.message),
            None => self.message,
        }
    }
}

/// A text that should be one literal and is none.
pub(crate) fn no_literal(text: &str) -> String {
    let problem = Problem::new(SYNTAX, format!("{} is no literal", quote(text)));
    match advice::literal(text) {
        Some(help) => problem.help(help).into_text(),
        None => problem.into_text(),
    }
}

/// A literal of no known form.
pub(crate) fn bad_literal(text: &str) -> Problem {
    Problem::new(SYNTAX, format!("{} is no literal", quote(text)))
}

/// More decimals than are kept.
pub(crate) fn too_precise(text: &str) -> Problem {
    Problem::new(LIMIT, format!("{} has more than 24 decimals", quote(text)))
}

/// A number past its range.
pub(crate) fn too_large(text: &str) -> Problem {
    let problem = Problem::new(LIMIT, format!("{} is too large", quote(text)));
    match text.starts_with('$') {
        true => problem.help("money is at most some 170 million million dollars"),
        false => problem.help("counts, and durations in milliseconds, are at most 9_007_199_254_740_991"),
    }
}

/// `1.5` as a count.
pub(crate) fn count_not_whole(text: &str) -> Problem {
    let help = "a count has decimals only where `k` or `M` makes it whole, as in `1.5k`";
    let problem = Problem::new(SYNTAX, format!("{} is not a whole number", quote(text)));
    if text.ends_with(|c: char| c.is_ascii_digit()) {
        problem.help(format!("an amount of money is written `${text}`, a ratio `{text}%`; {help}"))
    } else {
        problem.help(help)
    }
}

/// `0.5ms`
pub(crate) fn duration_not_whole(text: &str) -> Problem {
    Problem::new(SYNTAX, format!("{} is not a whole number of milliseconds", quote(text)))
}

/// `2026-02-30`
pub(crate) fn no_such_day(text: &str) -> Problem {
    Problem::new(SYNTAX, format!("there is no day {}", quote(text)))
}

/// `25:00`
pub(crate) fn no_such_time(text: &str) -> Problem {
    let problem = Problem::new(SYNTAX, format!("there is no time of day {}", quote(text)));
    if text.starts_with("24:00") { problem.help("midnight is `00:00`") } else { problem }
}
