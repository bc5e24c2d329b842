//! The wording of everything that the checker says, in one place and one voice.
//!
//! Lower case, no final dot, the author's text in backticks, policy words rather than ours; advice goes to `help`.

use faregate_syntax::ast::{Attribute, Literal, LiteralKind, Operand, Str, Unit, Word};
use faregate_syntax::{Diagnostic, RESERVED, Span, begins_statement, nearest};

use crate::attributes::{Subject, Type, built_ins};
use crate::classes::ErrorClass;
use crate::ir::CeilingKind;

pub(super) fn unknown_attribute(attribute: &Attribute, declared: &[(Subject, String)]) -> Diagnostic {
    let Attribute { subject, name, span } = attribute;
    let message = format!("no attribute `{}` on `{}`", name.text, subject.text);
    let base = Diagnostic::error("unknown-attribute", *span, message).label("unknown attribute");
    let Some(known) = Subject::parse(&subject.text) else {
        let message = format!("nothing has attributes under the name `{}`", subject.text);
        let base = Diagnostic::error("unknown-attribute", *span, message);
        let subjects = Subject::ALL.map(Subject::as_str);
        return match nearest(&subject.text, subjects) {
            Some(near) => base.help(format!("a similar name exists: `{near}`")).fix(subject.span, near),
            None => base.help("attributes are of `request`, `key`, `endpoint`, `time` or `attempt`"),
        };
    };
    let names = built_ins().iter().filter(|a| a.subject == known).map(|a| a.name);
    let declared_here = declared.iter().filter(|(s, _)| *s == known).map(|(_, n)| n.as_str());
    if let Some(near) = nearest(&name.text, names.chain(declared_here)) {
        return base.help(format!("an attribute with a similar name exists: `{near}`")).fix(name.span, near);
    }
    // Perhaps the right name under the wrong subject.
    let elsewhere = built_ins().iter().find(|a| a.name == name.text).map(|a| a.subject);
    let elsewhere = elsewhere.or_else(|| declared.iter().find(|(_, n)| *n == name.text).map(|(s, _)| *s));
    match elsewhere {
        Some(other) => base.help(format!("there is `{}.{}`", other.as_str(), name.text)),
        None if matches!(known, Subject::Request | Subject::Key) => base.help(format!(
            "an attribute of your own is declared first: `declare {{ {}.{} text }}`",
            known.as_str(),
            name.text
        )),
        None => base,
    }
}

pub(super) fn unknown_name<'a>(
    kind: &str,
    word: &Word,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    unknown_name_at(kind, &word.text, word.span, candidates)
}

pub(super) fn unknown_name_at<'a>(
    kind: &str,
    text: &str,
    span: Span,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let base = Diagnostic::error("unknown-name", span, format!("no {kind} `{text}`"))
        .label(format!("unknown {kind}"));
    match nearest(text, candidates) {
        Some(near) => base
            .help(format!("{} {kind} with a similar name exists: `{near}`", article(kind)))
            .fix(span, near),
        None => base,
    }
}

/// As [`unknown_name_at`], of something that stands in quotes.
pub(super) fn unknown_quoted<'a>(
    kind: &str,
    text: &Str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let mut diagnostic = unknown_name_at(kind, &text.value, text.span, candidates);
    if let Some(fix) = &mut diagnostic.fix {
        fix.text = format!("\"{}\"", fix.text);
    }
    diagnostic
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

pub(super) fn unknown_class(word: &Word) -> Diagnostic {
    unknown_name("error class", word, ErrorClass::NAMES)
}

pub(super) fn unknown_group(word: &Word, plural: &str, names: &[&str]) -> Diagnostic {
    let base = unknown_name("group", word, names.iter().copied());
    if base.help.is_some() {
        return base;
    }
    base.help(format!("after `in`, a bare name is a group; {plural} are quoted: `\"{}\"`", word.text))
}

pub(super) fn unknown_ceiling(text: &str, span: Span, amount: &Literal) -> Diagnostic {
    let base =
        Diagnostic::error("unknown-ceiling", span, format!("no ceiling `{text}`")).label("unknown ceiling");
    let names = CeilingKind::NAMES.into_iter().chain(["web_search"]);
    match nearest(text, names) {
        Some(near) => base.help(format!("a ceiling with a similar name exists: `{near}`")).fix(span, near),
        None if matches!(amount.kind, LiteralKind::Price(_, Unit::Call)) => {
            base.help(format!("a tool's ceiling is written `tool {text} $0.01 per call`"))
        }
        None => base.help(format!(
            "there is {}; a tool's is written `tool NAME $0.01 per call`",
            listed(&CeilingKind::NAMES)
        )),
    }
}

/// `search`: whether to look for a similar value.
pub(super) fn undeclared_value(
    text: &str,
    span: Span,
    what: &str,
    values: &[impl AsRef<str>],
    search: bool,
) -> Diagnostic {
    let base = Diagnostic::error("undeclared-value", span, format!("`{text}` is no value of `{what}`"))
        .label("not in the list");
    let near = if search { nearest(text, values.iter().map(AsRef::as_ref)) } else { None };
    match near {
        Some(near) => base.help(format!("a similar value is in the list: `{near}`")).fix(span, value(near)),
        None => base.help(format!("its values are {}", listed(values))),
    }
}

/// Returns a value as it may be written anywhere: a bare word, or else in quotes.
fn value(text: &str) -> String {
    let word = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'));
    if word && !RESERVED.contains(&text) && !begins_statement(text) {
        text.to_owned()
    } else {
        format!("\"{text}\"")
    }
}

pub(super) fn unknown_window(word: &Word, windows: &[&str]) -> Diagnostic {
    let base = Diagnostic::error("undeclared-value", word.span, format!("`{}` is no window", word.text));
    match nearest(&word.text, windows.iter().copied()) {
        Some(near) => base.help(format!("a similar window exists: `{near}`")).fix(word.span, near),
        None => base.help(format!("the windows are {}", listed(windows))),
    }
}

fn listed(values: &[impl AsRef<str>]) -> String {
    let shown: Vec<String> = values.iter().take(12).map(|v| format!("`{}`", v.as_ref())).collect();
    let more = values.len().saturating_sub(shown.len());
    let shown = shown.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

pub(super) fn quote_it(word: &Word, what: &str) -> Diagnostic {
    Diagnostic::error(
        "quote-it",
        word.span,
        format!("the values of `{what}` are named outside the policy, so they are quoted"),
    )
    .label("a bare word")
    .help(format!("write `\"{}\"`", word.text))
    .safe_fix(word.span, format!("\"{}\"", word.text))
}

pub(super) fn pattern_unread(text: &Str, what: &str) -> Diagnostic {
    let message =
        format!("`{}` looks like a pattern, and here texts are compared letter by letter", text.value);
    Diagnostic::warning("literal-pattern", text.span, message)
        .label("no pattern here")
        .help(format!("write `{what} matches \"{}\"`, or name the pattern in a group", text.value))
}

pub(super) fn group_needs_in(word: &Word, what: &str) -> Diagnostic {
    Diagnostic::error(
        "group-needs-in",
        word.span,
        format!("`{}` is a group, and `{what}` is one text", word.text),
    )
    .help(format!("write `{what} in {}`", word.text))
}

pub(super) fn type_mismatch(span: Span, found: &str, wanted: &str) -> Diagnostic {
    Diagnostic::error("type-mismatch", span, format!("found {found} where {wanted} is wanted"))
        .label(found.to_owned())
}

pub(super) fn type_mismatch_between(span: Span, left: (&str, &Type), right: &str) -> Diagnostic {
    let (name, ty) = left;
    let message = format!("`{name}` is {} and cannot be compared with {right}", ty.describe());
    Diagnostic::error("type-mismatch", span, message).label(right.to_owned())
}

pub(super) fn operator_needs_order(span: Span, name: &str, ty: &Type) -> Diagnostic {
    let message = format!("`{name}` is {}, which has no order", ty.describe());
    let base = Diagnostic::error("type-mismatch", span, message);
    match ty {
        Type::Set(_) => base.help(format!("write `{name} includes …`")),
        _ => base.help("compare with `==`, `!=` or `in`"),
    }
}

/// A set before or after an operator that asks for one value. `instead` is the question as it is written.
pub(super) fn set_needs_includes(span: Span, name: &str, instead: Option<&str>) -> Diagnostic {
    let message = format!("`{name}` is a set, and a set is asked with `includes`");
    let base = Diagnostic::error("type-mismatch", span, message);
    match instead {
        Some(instead) => base.help(format!("write `{instead}`")).fix(span, instead),
        None => base.help(format!("write `{name} includes …`")),
    }
}

pub(super) fn unit_mismatch(span: Span, found: &str, wanted: &str) -> Diagnostic {
    Diagnostic::error("unit-mismatch", span, format!("found {found} where {wanted} is wanted"))
        .label(found.to_owned())
}

pub(super) fn attribute_out_of_place(attribute: &Attribute, place: &str, readable: &str) -> Diagnostic {
    let name = format!("{}.{}", attribute.subject.text, attribute.name.text);
    Diagnostic::error("attribute-out-of-place", attribute.span, format!("`{name}` is not known in {place}"))
        .label("out of place")
        .help(format!("{place} can read {readable}"))
}

pub(super) fn compares_attributes(span: Span) -> Diagnostic {
    Diagnostic::error(
        "compares-attributes",
        span,
        "two attributes are compared, and neither is the endpoint's",
    )
    .help("compare with a value, or with an attribute of the endpoint")
}

pub(super) fn compares_values(span: Span) -> Diagnostic {
    Diagnostic::error("type-mismatch", span, "two values are compared, and no attribute")
        .help("one side is an attribute such as `request.workload`")
}

pub(super) fn duplicate_name(word: &Word, first: Span) -> Diagnostic {
    Diagnostic::error("duplicate-name", word.span, format!("the name `{}` is used twice", word.text))
        .label("used again")
        .related(first, "first used here")
        .help("names are unique across all declarations of a set")
}

pub(super) fn duplicate_section(what: &str, span: Span, first: Span) -> Diagnostic {
    Diagnostic::error("duplicate-section", span, format!("{what} stands twice"))
        .label("again")
        .related(first, "first here")
}

pub(super) fn order_and_balance(span: Span, first: Span) -> Diagnostic {
    Diagnostic::error("duplicate-section", span, "`order by` and `balance` both say the order")
        .label("again")
        .related(first, "first here")
        .help("keep one of them")
}

pub(super) fn missing_statement(span: Span, what: &str, needs: &str, help: &str) -> Diagnostic {
    Diagnostic::error("missing-statement", span, format!("{what} needs {needs}")).help(help.to_owned())
}

pub(super) fn forbidden_retry(word: &Word) -> Diagnostic {
    let message = format!("`{}` is never retried: the same attempt would fail again", word.text);
    Diagnostic::error("forbidden-retry", word.span, message).label("no retry")
}

pub(super) fn forbidden_fallback(word: &Word, kind: &str, allowed: &[&str]) -> Diagnostic {
    let message = format!("another {kind} does not help after `{}`", word.text);
    let base = Diagnostic::error("forbidden-fallback", word.span, message).label("no such move");
    if allowed.is_empty() {
        base.help(format!("after `{}` the run ends", word.text))
    } else {
        base.help(format!("after `{}` the move is to another {}", word.text, allowed.join(" or another ")))
    }
}

pub(super) fn unreachable_retry(word: &Word, span: Span, first: Span) -> Diagnostic {
    let message = format!("an earlier rule without `when` takes every `{}`", word.text);
    Diagnostic::error("unreachable-retry", span, message).related(first, "the earlier rule")
}

pub(super) fn missing_byok(name: &Word, spend: Span) -> Diagnostic {
    let message = format!("budget `{}` limits `spend` and does not say whether own keys count", name.text);
    Diagnostic::error("missing-byok", spend, message)
        .help("write `byok included` or `byok excluded`; there is no default, since the wrong guess is a wrong bill")
}

pub(super) fn not_total_end(span: Span) -> Diagnostic {
    Diagnostic::error(
        "not-total",
        span,
        "the last workload is not `otherwise`, so that some requests get no answer",
    )
    .help("end with `workload everything-else { otherwise deny \"…\" }`")
}

pub(super) fn not_total_early(span: Span) -> Diagnostic {
    Diagnostic::error("not-total", span, "only the last workload may be `otherwise`")
        .help("nothing after it would ever be tried")
}

pub(super) fn no_workloads(span: Span) -> Diagnostic {
    Diagnostic::error("not-total", span, "the set has no workload, so that no request gets an answer")
        .help("end with `workload everything-else { otherwise deny \"…\" }`")
}

pub(super) fn unequal_declarations(span: Span, name: &str, first: Span) -> Diagnostic {
    Diagnostic::error("unequal-declarations", span, format!("`{name}` is declared in two different ways"))
        .related(first, "the other declaration")
}

pub(super) fn waiver_elsewhere(name: &Word, guardrail: Span, guardrail_file: &str, here: &str) -> Diagnostic {
    let message =
        format!("guardrail `{}` stands in `{guardrail_file}` and may not be waived in `{here}`", name.text);
    Diagnostic::error("waiver-elsewhere", name.span, message)
        .related(guardrail, "the guardrail")
        .help(format!("its owners allow it there by `waivable in \"{}\"`", file_name(here)))
}

/// Returns the last part of a path, which is enough to name a file of a set.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

pub(super) fn unknown_code(code: &str, near: &str, span: Span) -> Diagnostic {
    Diagnostic::warning(
        "unknown-code",
        span,
        format!("nothing is silenced: no warning has the code `{code}`"),
    )
    .help(format!("a similar code exists: `{near}`"))
}

pub(super) fn allow_without_reason(span: Span) -> Diagnostic {
    Diagnostic::error("allow-without-reason", span, "a warning is silenced without a reason")
        .help("write `// allow CODE: reason`")
}

/// `mended`: the condition with the parentheses that are meant anyway.
pub(super) fn mixed_and_or(span: Span, mended: Option<String>) -> Diagnostic {
    let diagnostic =
        Diagnostic::warning("mixed-and-or", span, "`and` and `or` are mixed without parentheses")
            .help("`and` binds closer; parentheses say so to the reader");
    match mended {
        Some(mended) => diagnostic.safe_fix(span, mended),
        None => diagnostic,
    }
}

pub(super) fn never_true(span: Span, why: &str) -> Diagnostic {
    Diagnostic::warning("never-true", span, format!("this can never be true: {why}"))
}

pub(super) fn absence_widens(span: Span, what: &str) -> Diagnostic {
    Diagnostic::warning("absence-widens", span, format!("leaving a fact out would allow more here: {what}"))
        .help(
            "elsewhere a missing fact falls on the safe side; see to it that the host always sends this one",
        )
}

pub(super) fn no_effect(span: Span, what: impl Into<String>) -> Diagnostic {
    Diagnostic::warning("no-effect", span, what)
}

pub(super) fn wants_literal(literal: &Literal, found: &str, wanted: &Type) -> Diagnostic {
    type_mismatch(literal.span, found, wanted.describe())
}

/// Says how what a literal of another type may have meant is written, with the text where there is but one way.
pub(super) fn instead(literal: &Literal, text: &str, wanted: &Type) -> Option<(String, Option<String>)> {
    use LiteralKind as L;
    let unit = |unit: Unit| match unit {
        Unit::Mtok => "Mtok",
        Unit::Image => "image",
        Unit::Call => "call",
    };
    let write = |mended: String| Some((format!("write `{mended}`"), Some(mended)));
    let whole = text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    match (&literal.kind, wanted) {
        (L::Duration(_), Type::Count | Type::Rate) => {
            let digits = text.strip_suffix('m')?;
            let help = format!("`{text}` is a time in minutes; a count in millions is `{digits}M`");
            Some((help, Some(format!("{digits}M"))))
        }
        (L::Count(_), Type::Money) if whole => write(format!("${text}")),
        (L::Count(_), Type::Price(of)) if whole => write(format!("${text} per {}", unit(*of))),
        (L::Count(_), Type::Ratio) if whole => write(format!("{text}%")),
        (L::Count(_), Type::Duration) if whole => {
            Some((format!("a duration has a unit, as in `{text}s` or `{text}ms`"), None))
        }
        (L::Money(_), Type::Price(of)) => write(format!("{text} per {}", unit(*of))),
        (L::Money(_), Type::Count | Type::Rate) => {
            let digits = text.trim_start_matches('$');
            let whole = digits.bytes().all(|b| b.is_ascii_digit() || b == b'_');
            whole.then(|| write(digits.to_owned())).flatten()
        }
        (L::Price(..), Type::Money) => write(text.split_whitespace().next()?.to_owned()),
        _ => None,
    }
}

/// Says what an operand is, for messages.
pub(super) fn describe_operand(operand: &Operand) -> &'static str {
    match operand {
        Operand::Attribute(_) => "an attribute",
        Operand::Literal(l) => describe_literal(l),
        Operand::Bool(..) => "true or false",
        Operand::Str(_) => "a text",
        Operand::Word(_) => "a bare word",
    }
}

pub(super) fn describe_literal(literal: &Literal) -> &'static str {
    use faregate_syntax::ast::{LiteralKind as L, Unit};
    match literal.kind {
        L::Count(_) => "a count",
        L::Money(_) => "an amount of money",
        L::Price(_, Unit::Mtok) => "a price per Mtok",
        L::Price(_, Unit::Image) => "a price per image",
        L::Price(_, Unit::Call) => "a price per call",
        L::Duration(_) => "a duration",
        L::Ratio(_) => "a ratio",
        L::Date(_) => "a date",
        L::Instant(_) => "an instant",
        L::TimeOfDay(_) => "a time of day",
        _ => "a literal",
    }
}
