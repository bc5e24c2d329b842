//! What to write instead, where the mistake is a common one.

use crate::Diagnostic;
use crate::Span;
use crate::expected::{Context, Failure};
use crate::grammar::Rule;
use crate::lexer::{Token, TokenKind};
use crate::words::{BlockKind, RESERVED, nearest};

/// Adds help, and a fix where there is a sure one, to a diagnostic about the token that was found.
pub(super) fn advise(diagnostic: Diagnostic, context: &Context<'_>, failure: &Failure) -> Diagnostic {
    let at = diagnostic.primary.span;
    let before = context.token(context.found.checked_sub(1));
    if let Some(comma) = before.filter(|_| context.back(1) == ",") {
        // The item after a comma is missing.
        if matches!(context.found_kind(), None | Some(TokenKind::Close)) || begins_statement(context) {
            let comma = Span { file: at.file, start: comma.start, end: comma.end };
            return diagnostic.help("a list has no trailing comma").safe_fix(comma, "");
        }
    }
    match context.found_kind() {
        Some(TokenKind::Word) => word(diagnostic, context, failure),
        Some(TokenKind::Mark) => mark(diagnostic, context, failure),
        Some(TokenKind::Number) => match literal(context.back(0)) {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        },
        Some(TokenKind::Text) if failure.wants(&[Rule::name, Rule::group_name]) => {
            diagnostic.help("names of the policy's own things stand without quotes")
        }
        Some(TokenKind::Close) | None if context.at_start => diagnostic,
        _ => diagnostic,
    }
}

fn begins_statement(context: &Context<'_>) -> bool {
    context.kind.is_statement_word(context.back(0))
        || context.kind == BlockKind::Declare && context.ahead(1) == "."
}

fn word(diagnostic: Diagnostic, context: &Context<'_>, failure: &Failure) -> Diagnostic {
    let at = diagnostic.primary.span;
    let word = context.back(0);
    if context.at_start {
        return statement(diagnostic, context, word);
    }
    let words = failure.words();
    let mut candidates: Vec<&str> = words.iter().map(String::as_str).collect();
    if failure.complete() {
        candidates.extend(context.kind.statement_words());
    }
    if let Some(similar) = nearest(word, candidates) {
        return diagnostic.help(format!("a similar word would fit here: `{similar}`")).fix(at, similar);
    }
    let price = context.back(1).starts_with('$') && matches!(word, "Mtok" | "image" | "call");
    if price {
        return diagnostic
            .help(format!("a price is written `{} per {word}`", context.back(1)))
            .safe_fix(at, format!("per {word}"));
    }
    if let Some(number) = number_before_unit(context, word) {
        let both = Span { file: at.file, start: number.start, end: at.end };
        let mended = format!("{}{word}", context.back(1));
        return diagnostic.help(format!("write it without a blank: `{mended}`")).safe_fix(both, mended);
    }
    if word.contains(|c: char| c.is_ascii_uppercase()) {
        let small = word.to_ascii_lowercase();
        let named = failure.wants(&[Rule::name, Rule::group_name, Rule::word, Rule::value, Rule::constant]);
        let diagnostic = diagnostic.help(format!("names are written in small letters: `{small}`"));
        return if named { diagnostic.fix(at, small) } else { diagnostic };
    }
    if RESERVED.contains(&word)
        && failure.wants(&[Rule::name, Rule::group_name, Rule::word, Rule::value, Rule::class])
    {
        return diagnostic.help(format!("`{word}` is a reserved word and names nothing"));
    }
    if failure.expected == [Rule::string] && !begins_statement(context) {
        return in_quotes(diagnostic, context, context.found);
    }
    if failure.wants(&[Rule::negation, Rule::comparison]) && !begins_statement(context) {
        return diagnostic.help("an attribute is written with what it is of, as in `endpoint.zdr`");
    }
    if failure.wants(&[Rule::attribute]) && !begins_statement(context) {
        return diagnostic.help(format!(
            "an attribute is written with what it is of: `key.{word}`, `request.{word}` or `endpoint.{word}`"
        ));
    }
    diagnostic
}

/// Returns the number behind which its unit stands as a word of its own: `45 s`.
fn number_before_unit(context: &Context<'_>, word: &str) -> Option<Token> {
    let before = context.found.checked_sub(1);
    let number = context.token(before).filter(|token| token.kind == TokenKind::Number)?;
    let digits = number.text(context.text);
    let bare = digits.bytes().all(|b| b.is_ascii_digit() || b == b'_' || b == b'.');
    (bare && matches!(word, "ms" | "s" | "m" | "h" | "d" | "k" | "M")).then_some(number)
}

/// Says that what begins at token `i`, and all that touches it, stands in quotes.
fn in_quotes(diagnostic: Diagnostic, context: &Context<'_>, i: usize) -> Diagnostic {
    let Some(first) = context.token(Some(i)) else { return diagnostic };
    let mut end = first.end;
    let mut next = i.saturating_add(1);
    while let Some(token) = context.token(Some(next)).filter(|token| token.start == end) {
        let mark = token.text(context.text);
        if !(matches!(token.kind, TokenKind::Word | TokenKind::Number)
            || matches!(mark, "/" | "." | ":" | "@" | "*" | "-"))
        {
            break;
        }
        end = token.end;
        next = next.saturating_add(1);
    }
    let text = context.text.get(first.start as usize..end as usize).unwrap_or("");
    let span = Span { file: diagnostic.primary.span.file, start: first.start, end };
    diagnostic.help(format!("write it in quotes: `\"{text}\"`")).safe_fix(span, format!("\"{text}\""))
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
}

fn statement(diagnostic: Diagnostic, context: &Context<'_>, word: &str) -> Diagnostic {
    let at = diagnostic.primary.span;
    let words = context.kind.statement_words();
    let what = if context.kind == BlockKind::File { "declaration" } else { "statement" };
    let small = word.to_ascii_lowercase();
    if let Some(same) = words.iter().find(|known| **known == small) {
        return diagnostic
            .help(format!("keywords are written in small letters: `{same}`"))
            .safe_fix(at, *same);
    }
    if let Some(similar) = nearest(word, words.iter().copied()) {
        return diagnostic.help(format!("a {what} with a similar name exists: `{similar}`")).fix(at, similar);
    }
    if words.is_empty() {
        return diagnostic
            .help("each line of `declare` begins with an attribute, as in `request.tier one_of free, pro`");
    }
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    let list = match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    };
    diagnostic.help(format!("a {what} here begins with {list}"))
}

fn mark(diagnostic: Diagnostic, context: &Context<'_>, failure: &Failure) -> Diagnostic {
    let at = diagnostic.primary.span;
    let in_condition = failure.wants(&[Rule::kw_and, Rule::kw_or]);
    let compares = failure.wants(&[Rule::relation, Rule::operator, Rule::compare]);
    let instead = match context.back(0) {
        "&&" | "&" if in_condition => Some("and"),
        "||" | "|" if in_condition => Some("or"),
        "=" | "===" if compares => Some("=="),
        "!==" | "<>" | "=!" if compares => Some("!="),
        "=<" if compares => Some("<="),
        "=>" if compares => Some(">="),
        "!" if failure.wants(&[Rule::negation, Rule::comparison]) => Some("not "),
        _ => None,
    };
    if let Some(instead) = instead {
        return diagnostic.help(format!("write `{}`", instead.trim_end())).safe_fix(at, instead);
    }
    match context.back(0) {
        ";" => diagnostic.help("statements need no mark between them").safe_fix(at, ""),
        ":" => diagnostic.help("a statement has no colon after its keyword"),
        "#" => diagnostic.help("a comment begins with `//`"),
        "/" if context.back(1).starts_with('$') && matches!(context.ahead(1), "Mtok" | "image" | "call") => {
            let price = format!("{} per {}", context.back(1), context.ahead(1));
            diagnostic.help(format!("a price is written `{price}`")).safe_fix(at, " per ")
        }
        "/" if context.ahead(1) == "*" => {
            diagnostic.help("a comment begins with `//` and ends with its line")
        }
        // `models openai/gpt-5`
        "/" if context.touches(context.found) && is_word(context.back(1)) => {
            let name = context.found.saturating_sub(1);
            if context.touches(name) { diagnostic } else { in_quotes(diagnostic, context, name) }
        }
        "," if context.back(2) == "includes" => {
            diagnostic.help("for several values write `includes any of` or `includes all of`")
        }
        "==" | "!=" | "<" | "<=" | ">" | ">=" if in_condition && !compares => {
            diagnostic.help("comparisons do not chain; join them by `and`, or write `between … and …`")
        }
        "-" => diagnostic.help("there are no negative amounts and no arithmetic"),
        "+" | "*" | "%" => diagnostic.help("there is no arithmetic in a policy"),
        _ => diagnostic,
    }
}

/// Returns what is wrong with a text that looks like a literal and is none.
pub(super) fn literal(text: &str) -> Option<String> {
    let number = text.trim_start_matches('$');
    let at = number.find(|c: char| !(c.is_ascii_digit() || c == '_' || c == '.')).unwrap_or(number.len());
    let (digits, suffix) = number.split_at_checked(at)?;
    if text.starts_with('$') {
        return match suffix {
            "" if digits.starts_with('.') => Some(format!("write `$0{digits}`")),
            "" => return None,
            "k" | "K" | "M" => {
                let zeros = if suffix == "M" { 6 } else { 3 };
                money_in_full(digits, zeros).map(|full| format!("money takes no suffix: `{full}`"))
            }
            _ => None,
        }
        .or_else(|| Some("money is written `$0.25`, a price `$5 per Mtok`".to_owned()));
    }
    match suffix {
        "" if digits.ends_with('_') || digits.contains("__") => {
            Some("`_` stands between two digits".to_owned())
        }
        "K" => Some(format!("a thousand is `k`: `{digits}k`")),
        "G" | "B" | "b" | "kb" | "KB" | "MB" => {
            Some("counts take `k` for a thousand or `M` for a million".to_owned())
        }
        "sec" | "secs" => Some(format!("seconds are `s`: `{digits}s`")),
        "min" | "mins" => Some(format!("minutes are `m`: `{digits}m`")),
        "hr" | "hrs" => Some(format!("hours are `h`: `{digits}h`")),
        "w" | "y" => Some("the units of a duration are `ms`, `s`, `m`, `h` and `d`".to_owned()),
        _ if suffix.starts_with('-') => {
            Some("a date is written `2026-12-31`, an instant `2026-12-31T18:00:00Z`".to_owned())
        }
        _ if suffix.starts_with(':') => Some("a time of day is written `09:00`".to_owned()),
        _ if suffix.starts_with(['s', 'm', 'h', 'd']) && suffix.contains(|c: char| c.is_ascii_digit()) => {
            Some("a duration has one unit: `90m`, not `1h30m`".to_owned())
        }
        _ => None,
    }
}

/// Returns an amount of money, written with a suffix of so many zeros, as it is written without: `1.5` and 3 are `$1_500`.
fn money_in_full(digits: &str, zeros: usize) -> Option<String> {
    let digits = digits.replace('_', "");
    let (whole, decimals) = digits.split_once('.').unwrap_or((&digits, ""));
    if whole.is_empty() || decimals.contains('.') {
        return None;
    }
    let (moved, left) = decimals.split_at_checked(zeros).unwrap_or((decimals, ""));
    let whole = format!("{whole}{moved:0<zeros$}");
    let whole = whole.trim_start_matches('0');
    let mut text = String::from("$");
    if whole.is_empty() {
        text.push('0');
    }
    for (n, digit) in (0..whole.len()).rev().zip(whole.chars()) {
        text.push(digit);
        if n > 0 && n.is_multiple_of(3) {
            text.push('_');
        }
    }
    if !left.is_empty() {
        text.push('.');
        text.push_str(left);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_with_a_suffix_is_written_in_full() {
        for (text, full) in [
            ("$5k", "$5_000"),
            ("$1.5k", "$1_500"),
            ("$1.5K", "$1_500"),
            ("$0.5k", "$500"),
            ("$0.0005k", "$0.5"),
            ("$1.2345k", "$1_234.5"),
            ("$1_500k", "$1_500_000"),
            ("$2M", "$2_000_000"),
            ("$1.25M", "$1_250_000"),
        ] {
            assert_eq!(literal(text), Some(format!("money takes no suffix: `{full}`")), "{text}");
        }
        assert_eq!(literal("$1.5.2k"), Some("money is written `$0.25`, a price `$5 per Mtok`".to_owned()));
    }
}
