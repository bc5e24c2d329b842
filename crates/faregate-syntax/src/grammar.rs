//! The parser of `grammar/faregate.pest`: a walk over the rules as `pest` reads and optimises them.
//!
//! [`rules`] has them as data, made by the tests of this module (`UPDATE=1`), which also hold the walk to the parser that `pest_derive`
//! makes of the same file: the same pairs and the same errors. As data they are a tenth of the code, and who embeds the engine compiles no
//! generator.

mod rules;
#[cfg(test)]
mod tests;

use pest::error::Error;
use pest::iterators::Pairs;
use pest::{Atomicity, ParseResult, ParserState};

pub(crate) use rules::Rule;
use rules::{COMMENT, RULES, WHITESPACE};

pub(crate) struct Grammar;

impl pest::Parser<Rule> for Grammar {
    // `pest` has errors of this size.
    #[allow(clippy::result_large_err, reason = "the trait says so")]
    fn parse(rule: Rule, input: &str) -> Result<Pairs<'_, Rule>, Error<Rule>> {
        pest::state(input, |state| follow(rule, state))
    }
}

#[cfg(test)]
impl Rule {
    /// Returns all rules, in the order of the grammar.
    pub(crate) fn all_rules() -> &'static [Self] {
        &rules::ALL
    }
}

/// How a rule is matched, as the grammar marks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Blanks and comments may stand between its parts.
    Normal,
    /// `_`: as a normal one, and leaves no pair.
    Silent,
    /// `@`: nothing may stand between its parts, and the rules in it leave no pairs.
    Atomic,
    /// `$`: nothing may stand between its parts, and the rules in it leave pairs.
    Compound,
    /// A blank or a comment itself.
    Blank,
}

/// What is matched.
#[derive(Clone, Copy, Debug)]
enum Expr {
    /// A text.
    Str(&'static str),
    /// A character between two.
    Range(char, char),
    /// Any character.
    Any,
    /// The beginning of the text.
    Start,
    /// The end of the text, which is a rule too.
    End,
    Rule(Rule),
    /// What follows has to be so, or must not be so; nothing is taken.
    Ahead(bool, &'static Self),
    Seq(&'static [Self]),
    Choice(&'static [Self]),
    Opt(&'static Self),
    /// Any number of times.
    Rep(&'static Self),
    /// Once or more.
    RepOnce(&'static Self),
    /// Up to one of these texts.
    Until(&'static [&'static str]),
}

type State<'i> = Box<ParserState<'i, Rule>>;

// Inlined, since interpreters of WebAssembly count calls, and a policy may nest.
#[inline(always)]
fn follow(rule: Rule, state: State<'_>) -> ParseResult<State<'_>> {
    // Every rule but that of the end, which is no part of the grammar, stands in the table.
    let Some((kind, expr)) = RULES.get(place(rule)) else {
        return state.rule(rule, ParserState::end_of_input);
    };
    match kind {
        Kind::Normal => state.rule(rule, |state| matched(expr, state)),
        Kind::Silent => matched(expr, state.check_stack_limit()?),
        Kind::Atomic => {
            state.rule(rule, |state| state.atomic(Atomicity::Atomic, |state| matched(expr, state)))
        }
        Kind::Compound => {
            state.atomic(Atomicity::CompoundAtomic, |state| state.rule(rule, |state| matched(expr, state)))
        }
        Kind::Blank => state.atomic(Atomicity::Atomic, |state| matched(expr, state)),
    }
}

#[expect(clippy::as_conversions, reason = "the place of a variant, which is in the order of the table")]
fn place(rule: Rule) -> usize {
    rule as usize
}

fn matched<'i>(expr: &'static Expr, state: State<'i>) -> ParseResult<State<'i>> {
    match expr {
        Expr::Str(text) => state.match_string(text),
        Expr::Range(from, to) => state.match_range(*from..*to),
        Expr::Any => state.skip(1),
        Expr::Start => state.start_of_input(),
        Expr::End => state.rule(Rule::EOI, ParserState::end_of_input),
        Expr::Rule(rule) => follow(*rule, state),
        Expr::Ahead(so, expr) => state.lookahead(*so, |state| matched(expr, state)),
        Expr::Seq(parts) => state.sequence(|mut state| {
            for (n, part) in parts.iter().enumerate() {
                if n > 0 {
                    state = blanks(state)?;
                }
                state = matched(part, state)?;
            }
            Ok(state)
        }),
        Expr::Choice(parts) => {
            let mut tried = Err(state);
            for part in *parts {
                tried = tried.or_else(|state| matched(part, state));
            }
            tried
        }
        Expr::Opt(expr) => state.optional(|state| matched(expr, state)),
        Expr::Rep(expr) => state.sequence(|state| state.optional(|state| once_or_more(expr, state))),
        Expr::RepOnce(expr) => state.sequence(|state| once_or_more(expr, state)),
        Expr::Until(texts) => state.skip_until(texts),
    }
}

fn once_or_more<'i>(expr: &'static Expr, state: State<'i>) -> ParseResult<State<'i>> {
    let again = |state: State<'i>| state.sequence(|state| matched(expr, blanks(state)?));
    matched(expr, state)?.repeat(again)
}

/// Passes over what may stand between the parts of a rule.
fn blanks<'i>(state: State<'i>) -> ParseResult<State<'i>> {
    if state.atomicity() != Atomicity::NonAtomic {
        return Ok(state);
    }
    let white = |state: State<'i>| state.repeat(|state| follow(WHITESPACE, state));
    state.sequence(|state| {
        white(state)?.repeat(|state| state.sequence(|state| white(follow(COMMENT, state)?)))
    })
}
