//! Text to tokens: what the splitter and the formatter go by, and the first check of every character.
//!
//! The lexer never fails. What cannot stand in a policy becomes a token like any other, with a fault that
//! belongs to it; the parser never shows the grammar anything from such a token on. That is also how the limits on
//! names and on nesting are kept: the token that goes too far is such a token.

use crate::ast::Comment;
use crate::{FileId, Span};

pub(crate) mod odd;

/// The longest name, in characters. Longer ones fill a line by themselves; nothing grows with it.
pub(crate) const MAX_NAME: usize = 128;
/// How deep parentheses with `not` may nest, and, apart from them, braces. People stop reading at four; the stack
/// of a small thread holds some hundreds.
pub(crate) const MAX_NESTING: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TokenKind {
    /// A name, bare word or keyword. Words with capitals are here too; the grammar refuses them.
    Word,
    /// A literal, or what begins like one.
    Number,
    /// A string, well-formed or not.
    Text,
    /// `{`
    Open,
    /// `}`
    Close,
    /// Any other mark.
    Mark,
}

/// A token and its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Whether it is the first on its line.
    pub(crate) first: bool,
}

impl Token {
    /// Returns its text.
    pub(crate) fn text(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or("")
    }
}

/// What is wrong with a token. Kept small, since a hostile file has a million of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// It is, or holds at this byte, a character that no policy holds.
    OddCharacter(u32, char),
    /// A word with a letter outside `a` to `z`.
    OddLetter(char),
    /// A string in `'` or in typographic quotation marks.
    WrongQuotes,
    /// A string with an escape that there is not, at this byte.
    UnknownEscape(u32, char),
    /// A string that its line ends.
    UnclosedString,
    /// A name past [`MAX_NAME`].
    NameTooLong,
    /// Nesting past [`MAX_NESTING`].
    TooDeep,
}

/// A text as tokens.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<Token>,
    pub(crate) comments: Vec<Comment>,
    /// What is wrong with single tokens, by index, ascending; at most one each.
    pub(crate) faults: Vec<(usize, Fault)>,
    /// Characters that no comment may hold, the first of each comment.
    pub(crate) comment_faults: Vec<(Span, char)>,
}

impl Lexed {
    /// Returns the first faulty token from `from` on: its index and what is wrong.
    pub(crate) fn fault_from(&self, from: usize) -> Option<(usize, Fault)> {
        let i = self.faults.partition_point(|(token, _)| *token < from);
        self.faults.get(i).copied()
    }

    /// Whether the token before `i` asks for more: a comma, an operator, an opening parenthesis.
    pub(crate) fn follows_operator(&self, text: &str, i: usize) -> bool {
        let Some(before) = i.checked_sub(1).and_then(|before| self.tokens.get(before)) else { return false };
        let mark = before.text(text);
        match before.kind {
            TokenKind::Mark => mark == "," || mark == "(" || mark.starts_with(['=', '!', '<', '>', '&', '|']),
            TokenKind::Word => ASKING_FOR_MORE.contains(&mark),
            _ => false,
        }
    }

    /// Whether token `i` may be the keyword of a declaration whose name is the next token. After a comma or an operator it is
    /// one only with its name on the same line: else it is a value, and what follows begins the next statement.
    pub(crate) fn heads_a_name(&self, text: &str, i: usize) -> bool {
        let name_below = self.tokens.get(i.saturating_add(1)).is_some_and(|name| name.first);
        !(name_below && self.follows_operator(text, i))
    }
}

/// Words after which a statement goes on.
const ASKING_FOR_MORE: [&str; 11] =
    ["and", "or", "not", "in", "between", "includes", "any", "all", "of", "matches", "then"];

/// Returns the tokens and comments of `text`.
pub(crate) fn lex(file: FileId, text: &str) -> Lexed {
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut lexer = Lexer { file, text, at, first: true, lexed: Lexed::default(), depth: Depth::default() };
    lexer.run();
    lexer.lexed
}

/// Iterates over the tokens of a text, comments left out: two texts with the same tokens say the same.
///
/// ```
/// let tokens: Vec<&str> = faregate_syntax::tokens("require endpoint.zdr // as agreed").collect();
/// assert_eq!(tokens, ["require", "endpoint", ".", "zdr"]);
/// ```
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    lex(FileId(0), text).tokens.into_iter().map(|token| token.text(text))
}

struct Lexer<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    first: bool,
    lexed: Lexed,
    depth: Depth,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) {
        while let Some(c) = self.rest().chars().next() {
            match c {
                '\n' => {
                    self.at = self.at.saturating_add(1);
                    self.first = true;
                }
                ' ' | '\t' => self.at = self.at.saturating_add(1),
                '\r' if self.rest().starts_with("\r\n") => self.at = self.at.saturating_add(1),
                '/' if self.rest().starts_with("//") => self.comment(),
                _ => self.token(c),
            }
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Returns the longest prefix of the rest whose characters all satisfy `test`.
    fn run_of(&self, test: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        rest.get(..rest.find(|c| !test(c)).unwrap_or(rest.len())).unwrap_or("")
    }

    fn comment(&mut self) {
        let line = self.run_of(|c| c != '\n');
        let text = line.strip_suffix('\r').unwrap_or(line);
        let doc = text.starts_with("///") && !text.starts_with("////");
        if let Some((at, c)) = odd::hidden(text) {
            let at = self.at.saturating_add(at);
            let span = Span::new(self.file, at, at.saturating_add(c.len_utf8()));
            self.lexed.comment_faults.push((span, c));
        }
        let span = Span::new(self.file, self.at, self.at.saturating_add(text.len()));
        self.lexed.comments.push(Comment { span, doc });
        self.at = self.at.saturating_add(line.len());
    }

    fn token(&mut self, c: char) {
        let (kind, length, fault) = match c {
            '"' => self.string(),
            '{' => (TokenKind::Open, 1, None),
            '}' => (TokenKind::Close, 1, None),
            '\'' => self.wrongly_quoted(c, |c| c == '\''),
            '=' | '!' | '<' | '>' | '&' | '|' => {
                (TokenKind::Mark, self.run_of(|d| "=!<>&|".contains(d)).len(), None)
            }
            c if c.is_ascii_digit() || c == '$' => (TokenKind::Number, self.number(), None),
            c if c.is_alphabetic() || c == '_' || odd::is_wide(c) => self.word(),
            c if c.is_ascii_graphic() => (TokenKind::Mark, 1, None),
            c if odd::is_double_quote(c) => self.wrongly_quoted(c, |c| c == '"' || odd::is_double_quote(c)),
            // A run of one odd character is one mistake.
            c => {
                (TokenKind::Mark, self.run_of(|d| d == c).len(), Some(Fault::OddCharacter(clamp(self.at), c)))
            }
        };
        let end = self.at.saturating_add(length);
        let token = Token { kind, start: clamp(self.at), end: clamp(end), first: self.first };
        let too_deep = self.depth.add(token.text(self.text));
        if let Some(fault) = fault.or(too_deep.then_some(Fault::TooDeep)) {
            self.lexed.faults.push((self.lexed.tokens.len(), fault));
        }
        self.lexed.tokens.push(token);
        self.first = false;
        self.at = end;
    }

    fn word(&self) -> (TokenKind, usize, Option<Fault>) {
        let word = self.run_of(|c| c.is_alphanumeric() || c == '_' || c == '-' || odd::is_wide(c));
        let fault = match word.chars().find(|c| !c.is_ascii()) {
            Some(c) => Some(Fault::OddLetter(c)),
            None if word.len() > MAX_NAME => Some(Fault::NameTooLong),
            None => None,
        };
        (TokenKind::Word, word.len(), fault)
    }

    fn number(&self) -> usize {
        let rest = self.rest();
        let sign = usize::from(rest.starts_with('$'));
        let mut length = sign;
        let mut previous = '$';
        for c in rest.chars().skip(sign) {
            let inside = c.is_ascii_alphanumeric() || c == '_' || c == '%';
            // A dot, a colon or a dash belongs to the literal only between two digits, or in `$.50`, which is a mistake
            // that is better shown whole.
            let joins = (matches!(c, '.' | ':' | '-') && previous.is_ascii_digit()
                || c == '.' && previous == '$')
                && rest.as_bytes().get(length.saturating_add(1)).is_some_and(u8::is_ascii_digit);
            if !(inside || joins) {
                break;
            }
            previous = c;
            length = length.saturating_add(1);
        }
        length
    }

    fn string(&self) -> (TokenKind, usize, Option<Fault>) {
        let rest = self.rest();
        let mut escaped = false;
        let mut fault = None;
        let mut length = rest.len();
        for (i, c) in rest.char_indices().skip(1) {
            let at = clamp(self.at.saturating_add(i));
            if c == '\n' {
                length = i;
                break;
            }
            if escaped {
                escaped = false;
                if !matches!(c, '"' | '\\' | '\r') {
                    fault = fault.or(Some(Fault::UnknownEscape(at.saturating_sub(1), c)));
                }
            } else if c == '"' {
                return (TokenKind::Text, i.saturating_add(1), fault);
            } else if c == '\\' {
                escaped = true;
            }
            if odd::is_hidden(c) {
                fault = fault.or(Some(Fault::OddCharacter(at, c)));
            }
        }
        let length = rest.get(..length).map_or(length, |line| line.trim_end().len());
        (TokenKind::Text, length, Some(Fault::UnclosedString))
    }

    /// A string in marks that are not `"`; the mark alone where none closes it on its line.
    fn wrongly_quoted(
        &self,
        opening: char,
        closes: impl Fn(char) -> bool,
    ) -> (TokenKind, usize, Option<Fault>) {
        let found = self.rest().char_indices().skip(1).find(|(_, c)| matches!(c, '\n' | '\r') || closes(*c));
        let length = match found {
            Some((at, c)) if closes(c) => at.saturating_add(c.len_utf8()),
            _ => opening.len_utf8(),
        };
        (TokenKind::Text, length, Some(Fault::WrongQuotes))
    }
}

fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// How deep the text is nested at a token.
#[derive(Default)]
struct Depth {
    /// The depth outside each open parenthesis, the `not`s before it included.
    parens: Vec<usize>,
    now: usize,
    braces: usize,
    too_many_braces: bool,
}

impl Depth {
    /// Takes the next token, and returns whether it goes too far.
    ///
    /// INVARIANT: between two tokens for which this is true, no expression nests deeper than [`MAX_NESTING`].
    fn add(&mut self, token: &str) -> bool {
        match token {
            "(" => {
                self.parens.push(self.now);
                self.now = self.now.saturating_add(1);
            }
            "not" => self.now = self.now.saturating_add(1),
            ")" => self.now = self.parens.pop().unwrap_or(0),
            "{" => {
                self.start_anew();
                self.braces = self.braces.saturating_add(1);
                // Braces are matched without recursion, so that saying it once is enough.
                let first = self.braces > MAX_NESTING && !self.too_many_braces;
                self.too_many_braces |= first;
                return first;
            }
            "}" => {
                self.start_anew();
                self.braces = self.braces.saturating_sub(1);
            }
            // What a `not` reaches ends with its comparison.
            _ => self.now = self.parens.last().map_or(0, |outside| outside.saturating_add(1)),
        }
        let too_deep = self.now > MAX_NESTING;
        if too_deep {
            self.start_anew();
        }
        too_deep
    }

    fn start_anew(&mut self) {
        self.parens.clear();
        self.now = 0;
    }
}
