//! What the grammar would have taken where it stopped, in the words of the language.

use std::borrow::Cow;

use pest::error::{Error, ErrorVariant, InputLocation};

use crate::grammar::Rule;
use crate::lexer::{Token, TokenKind};
use crate::words::BlockKind;

/// Why the grammar did not read a text.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The byte of the file up to which it came.
    pub(crate) byte: usize,
    /// What it would have taken there.
    pub(crate) expected: Vec<Rule>,
}

/// Where it happened.
pub(crate) struct Context<'a> {
    pub(crate) kind: BlockKind,
    pub(crate) text: &'a str,
    pub(crate) tokens: &'a [Token],
    /// The token at which the grammar stopped; past the last one: the end of the file.
    pub(crate) found: usize,
    /// Whether that token should have begun a statement.
    pub(crate) at_start: bool,
}

impl Failure {
    /// Returns what `error` says of a text that begins at byte `base` of the file.
    pub(crate) fn new(error: &Error<Rule>, base: usize) -> Self {
        let byte = match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => base.saturating_add(at),
        };
        let expected = match &error.variant {
            ErrorVariant::ParsingError { positives, .. } => positives.clone(),
            ErrorVariant::CustomError { .. } => Vec::new(),
        };
        Self { byte, expected }
    }

    /// Returns the failure where a statement of `kind` should begin.
    pub(crate) fn start_of(kind: BlockKind) -> Self {
        let expected = if kind == BlockKind::File { vec![Rule::item_word] } else { Vec::new() };
        Self { byte: 0, expected }
    }

    /// Returns the failure of a text in which there is nothing.
    pub(crate) fn nothing(byte: usize) -> Self {
        Self { byte, expected: Vec::new() }
    }

    /// Whether the statement was whole where the grammar stopped.
    pub(crate) fn complete(&self) -> bool {
        self.expected.iter().any(|rule| is_next(*rule))
    }

    /// Returns the keywords among what was expected.
    pub(crate) fn keywords(&self) -> Vec<String> {
        self.expected.iter().filter_map(|rule| keyword(*rule)).collect()
    }

    /// Returns the words that would have been taken: the keywords, and those that a form expected begins with.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = self.keywords();
        let forms: [(Rule, &[&str]); 5] = [
            (Rule::window, &["per", "total"]),
            (Rule::unit, &["Mtok", "image", "call"]),
            (Rule::group_kind, &["models", "providers"]),
            (Rule::declared_type, &["one_of", "set_of", "text", "bool", "count", "money", "duration"]),
            (Rule::relation, &["in", "between", "includes", "matches"]),
        ];
        for (form, begins) in forms {
            if self.wants(&[form]) {
                words.extend(begins.iter().map(|word| (*word).to_owned()));
            }
        }
        words
    }

    /// Whether one of these was expected.
    pub(crate) fn wants(&self, rules: &[Rule]) -> bool {
        self.expected.iter().any(|rule| rules.contains(rule))
    }

    /// Returns what was expected, as a list in words; empty where that is unknown.
    pub(crate) fn in_words(&self, kind: BlockKind) -> String {
        let mut phrases: Vec<Cow<'static, str>> = Vec::new();
        let condition = self.wants(&[Rule::comparison]);
        // What comes next is named last.
        let (next, first): (Vec<Rule>, Vec<Rule>) = self.expected.iter().partition(|rule| is_next(**rule));
        for rule in first.into_iter().chain(next) {
            if condition && matches!(rule, Rule::kw_not | Rule::open_paren | Rule::kw_present) {
                continue;
            }
            if plural(rule).is_some_and(|plural| self.wants(&[plural])) {
                continue;
            }
            let phrase = phrase(rule, kind);
            if !phrases.contains(&phrase) {
                phrases.push(phrase);
            }
        }
        match phrases.split_last() {
            Some((last, [])) => last.to_string(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }
}

impl<'a> Context<'a> {
    /// Returns the text of the token `n` before the one found; of that one itself for 0.
    pub(crate) fn back(&self, n: usize) -> &'a str {
        self.token(self.found.checked_sub(n)).map_or("", |token| token.text(self.text))
    }

    /// Returns the text of the token `n` after the one found.
    pub(crate) fn ahead(&self, n: usize) -> &'a str {
        self.token(self.found.checked_add(n)).map_or("", |token| token.text(self.text))
    }

    /// Whether nothing stands between token `i` and the one before.
    pub(crate) fn touches(&self, i: usize) -> bool {
        let before = self.token(i.checked_sub(1));
        before.zip(self.token(Some(i))).is_some_and(|(before, token)| before.end == token.start)
    }

    pub(crate) fn token(&self, i: Option<usize>) -> Option<Token> {
        i.and_then(|i| self.tokens.get(i)).copied()
    }

    /// Returns the kind of the token found, unless the file ended.
    pub(crate) fn found_kind(&self) -> Option<TokenKind> {
        self.token(Some(self.found)).map(|token| token.kind)
    }
}

fn is_next(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::item_next
            | Rule::policy_next
            | Rule::declare_next
            | Rule::guardrail_next
            | Rule::waive_next
            | Rule::budget_next
            | Rule::workload_next
            | Rule::profile_next
            | Rule::invariant_next
            | Rule::route_next
            | Rule::ceiling_next
            | Rule::fallback_next
            | Rule::retry_next
            | Rule::health_next
            | Rule::stream_next
            | Rule::tools_next
    )
}

/// Returns the keyword that a rule stands for. In the grammar `kw_when` is the keyword `when`, and so on.
fn keyword(rule: Rule) -> Option<String> {
    let name = format!("{rule:?}");
    name.strip_prefix("kw_").map(str::to_owned)
}

/// Returns the plural of a keyword that may stand in either number.
fn plural(rule: Rule) -> Option<Rule> {
    Some(match rule {
        Rule::kw_time => Rule::kw_times,
        Rule::kw_call => Rule::kw_calls,
        Rule::kw_move => Rule::kw_moves,
        Rule::kw_failure => Rule::kw_failures,
        Rule::kw_request => Rule::kw_requests,
        Rule::kw_result => Rule::kw_results,
        _ => return None,
    })
}

fn phrase(rule: Rule, kind: BlockKind) -> Cow<'static, str> {
    if is_next(rule) {
        return Cow::Borrowed(if kind == BlockKind::File {
            "the next declaration"
        } else {
            "the next statement"
        });
    }
    if let Some(keyword) = keyword(rule) {
        return Cow::Owned(format!("`{keyword}`"));
    }
    Cow::Borrowed(match rule {
        Rule::open => "`{`",
        Rule::close => "`}`",
        Rule::open_paren => "`(`",
        Rule::close_paren => "`)`",
        Rule::comma => "`,`",
        Rule::equals => "`=`",
        Rule::EOI => "the end",
        Rule::item_word => "a declaration",
        Rule::name => "a name",
        Rule::string => "a string in quotes",
        Rule::word | Rule::plain_word => "a word",
        Rule::literal | Rule::amount => "an amount",
        Rule::money => "money such as `$5`",
        Rule::unit | Rule::unknown_unit => "`Mtok`, `image` or `call`",
        Rule::attribute | Rule::subject => "an attribute such as `request.tier`",
        Rule::attribute_name => "the name of an attribute",
        Rule::constant | Rule::value => "a value",
        Rule::values => "values",
        Rule::parameter => "a parameter",
        Rule::truth => "`true` or `false`",
        Rule::operator | Rule::compare => "`==`, `!=`, `<`, `<=`, `>` or `>=`",
        Rule::relation => "a comparison",
        Rule::expr | Rule::conjunction | Rule::negation | Rule::comparison | Rule::left_word => "a condition",
        Rule::zone => "`in` with a time zone",
        Rule::declared_type => "a type such as `one_of` or `text`",
        Rule::default => "`default`",
        Rule::group_kind => "`models` or `providers`",
        Rule::group_name => "the name of a group",
        Rule::entry => "a model in quotes, or a group",
        Rule::tier => "models",
        Rule::order_key => "what to order by, such as `price`",
        Rule::share => "a provider in quotes and its share",
        Rule::credential_mode => "`own` or `shared`",
        Rule::limit => "a limit",
        Rule::limit_kind => "`spend`, `requests`, `tokens` or `concurrency`",
        Rule::window => "`per` with a window, `total`",
        Rule::window_word => "a window such as `month`",
        Rule::total => "`total`",
        Rule::exhausted => "`deny`, `use workload` or `alert only`",
        Rule::ceiling_name => "the name of a ceiling",
        Rule::tool_name => "a tool",
        Rule::class | Rule::classes => "an error class such as `timeout`",
        Rule::move_kind => "`provider`, `model` or `credential`",
        Rule::retry_after => "`retry_after`",
        Rule::backoff => "a duration or `exponential`",
        Rule::cooldown => "a duration",
        Rule::counted => "`providers`, `models` or `endpoints`",
        Rule::claim => "a condition, `at least`, `cost`, `calls`, `served` or `denied`",
        Rule::always => "`always`",
        _ => return statement_of(kind),
    })
}

fn statement_of(kind: BlockKind) -> Cow<'static, str> {
    match kind {
        BlockKind::File => Cow::Borrowed("a declaration"),
        BlockKind::Declare => Cow::Borrowed("an attribute such as `request.tier`"),
        BlockKind::Ceiling => Cow::Borrowed("a ceiling such as `run`"),
        BlockKind::Tools => Cow::Borrowed("a tool or `iterations`"),
        kind => Cow::Owned(format!("a statement of `{}`", kind.keyword())),
    }
}
