#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

use std::fmt::Write as _;
use std::path::Path;

use pest::Parser as _;
use pest::error::{Error, ErrorVariant, InputLocation};
use pest::iterators::Pairs;
use pest_meta::ast::RuleType;
use pest_meta::optimizer::{OptimizedExpr, OptimizedRule};

use super::Grammar;

/// The parser that `pest_derive` makes.
mod derived {
    #[derive(pest_derive::Parser)]
    #[grammar = "../faregate.pest"]
    pub(super) struct Grammar;
}

const GRAMMAR: &str = include_str!("../../faregate.pest");

#[test]
fn the_rules_are_those_of_the_grammar() {
    let (_, rules) = pest_meta::parse_and_optimize(GRAMMAR).unwrap();
    let written = table(&rules);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/grammar/rules.rs");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == written,
        "{} is not what the grammar says; run this test with UPDATE=1",
        path.display()
    );
}

fn table(rules: &[OptimizedRule]) -> String {
    let mut text = "//! The rules of `grammar/faregate.pest`, as data. Made by the tests of the module above: `UPDATE=1 cargo test -p \
                    faregate-syntax`.\n\nuse super::Expr::{Ahead, Any, Choice, End, Opt, Range, Rep, RepOnce, Seq, Start, Str, Until};\n\
                    use super::Kind::{Atomic, Blank, Compound, Normal, Silent};\nuse super::{Expr, Kind};\n\n\
                    #[rustfmt::skip]\n#[allow(dead_code, reason = \"some stand only in other rules\")]\n#[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = \"the names of the grammar\")]\n\
                    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\npub(crate) enum Rule {\n"
        .to_owned();
    let used = |name: &str| rules.iter().any(|rule| rule.name == name);
    assert!(used("WHITESPACE") && used("COMMENT"));
    for rule in rules {
        writeln!(text, "    {},", rule.name).unwrap();
    }
    text += "    EOI,\n}\n\npub(super) const WHITESPACE: Rule = Rule::WHITESPACE;\npub(super) const COMMENT: Rule = Rule::COMMENT;\n\n";
    writeln!(text, "#[cfg(test)]\n#[rustfmt::skip]\npub(super) static ALL: [Rule; {}] = [", rules.len())
        .unwrap();
    for rule in rules {
        writeln!(text, "    Rule::{},", rule.name).unwrap();
    }
    writeln!(text, "];\n\n#[rustfmt::skip]\npub(super) static RULES: [(Kind, Expr); {}] = [", rules.len())
        .unwrap();
    for rule in rules {
        let blank = matches!(rule.name.as_str(), "WHITESPACE" | "COMMENT");
        let kind = match rule.ty {
            RuleType::Silent if blank => "Blank",
            RuleType::Normal if !blank => "Normal",
            RuleType::Silent => "Silent",
            RuleType::Atomic if !blank => "Atomic",
            RuleType::CompoundAtomic => "Compound",
            _ => panic!("{}: the walk does not know this kind of rule: {:?}", rule.name, rule.ty),
        };
        writeln!(text, "    // {}\n    ({kind}, {}),", rule.name, expression(&rule.expr, rules)).unwrap();
    }
    text + "];\n"
}

fn expression(expr: &OptimizedExpr, rules: &[OptimizedRule]) -> String {
    let inner = |expr: &OptimizedExpr| expression(expr, rules);
    let list = |parts: Vec<&OptimizedExpr>| parts.into_iter().map(inner).collect::<Vec<_>>().join(", ");
    match expr {
        OptimizedExpr::Str(text) => format!("Str({text:?})"),
        OptimizedExpr::Range(from, to) => {
            format!("Range({:?}, {:?})", from.chars().next().unwrap(), to.chars().next().unwrap())
        }
        OptimizedExpr::Ident(name) if rules.iter().any(|rule| rule.name == *name) => {
            format!("Expr::Rule(Rule::{name})")
        }
        OptimizedExpr::Ident(name) => match name.as_str() {
            "ANY" => "Any",
            "SOI" => "Start",
            "EOI" => "End",
            "ASCII_DIGIT" => "Range('0', '9')",
            "ASCII_ALPHA_LOWER" => "Range('a', 'z')",
            "ASCII_ALPHA_UPPER" => "Range('A', 'Z')",
            "ASCII_ALPHA" => "Choice(&[Range('a', 'z'), Range('A', 'Z')])",
            "ASCII_ALPHANUMERIC" => "Choice(&[Range('a', 'z'), Range('A', 'Z'), Range('0', '9')])",
            other => panic!("the walk does not know {other}"),
        }
        .to_owned(),
        OptimizedExpr::PosPred(expr) => format!("Ahead(true, &{})", inner(expr)),
        OptimizedExpr::NegPred(expr) => format!("Ahead(false, &{})", inner(expr)),
        OptimizedExpr::Seq(first, rest) => {
            let (mut parts, mut rest) = (vec![&**first], &**rest);
            while let OptimizedExpr::Seq(next, others) = rest {
                parts.push(next);
                rest = others;
            }
            parts.push(rest);
            format!("Seq(&[{}])", list(parts))
        }
        OptimizedExpr::Choice(first, rest) => {
            let (mut parts, mut rest) = (vec![&**first], &**rest);
            while let OptimizedExpr::Choice(next, others) = rest {
                parts.push(next);
                rest = others;
            }
            parts.push(rest);
            format!("Choice(&[{}])", list(parts))
        }
        OptimizedExpr::Opt(expr) => format!("Opt(&{})", inner(expr)),
        OptimizedExpr::Rep(expr) => format!("Rep(&{})", inner(expr)),
        OptimizedExpr::RepOnce(expr) => format!("RepOnce(&{})", inner(expr)),
        OptimizedExpr::Skip(texts) => format!("Until(&{texts:?})"),
        other => panic!("the walk does not know {other:?}"),
    }
}

/// Writes pairs with the rules and places of all in them.
fn pairs<R: pest::RuleType>(pairs: Pairs<'_, R>) -> String {
    let mut text = String::new();
    for pair in pairs {
        let span = pair.as_span();
        write!(
            text,
            "{:?} {}..{} [{}] ",
            pair.as_rule(),
            span.start(),
            span.end(),
            self::pairs(pair.into_inner())
        )
        .unwrap();
    }
    text
}

fn fault<R: pest::RuleType>(error: Error<R>) -> String {
    let at = match error.location {
        InputLocation::Pos(at) => at,
        InputLocation::Span((from, _)) => from,
    };
    // The order in which they are expected is that of the variants.
    let names = |rules: Vec<R>| {
        let mut names: Vec<String> = rules.iter().map(|rule| format!("{rule:?}")).collect();
        names.sort();
        names.join(" ")
    };
    match error.variant {
        ErrorVariant::ParsingError { positives, negatives } => {
            format!("{at}: {} / {}", names(positives), names(negatives))
        }
        ErrorVariant::CustomError { message } => format!("{at}: {message}"),
    }
}

fn alike(rule: super::Rule, text: &str) {
    let named = |of_both: &&derived::Rule| format!("{of_both:?}") == format!("{rule:?}");
    let counterpart = derived::Rule::all_rules().iter().find(named).unwrap();
    let walked = Grammar::parse(rule, text).map_or_else(fault, pairs);
    let made = derived::Grammar::parse(*counterpart, text).map_or_else(fault, pairs);
    assert!(walked == made, "{rule:?} of {text:?}");
}

/// All policies of the project, and pieces of them, by every rule.
#[test]
fn the_walk_is_the_parser_that_pest_derives() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        texts.push(std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    assert!(!texts.is_empty());
    for text in &texts {
        alike(super::Rule::file, text);
        // Cut off, and with a character taken out, at every eleventh place.
        for at in (0..text.len()).step_by(11).filter(|at| text.is_char_boundary(*at)) {
            let (before, behind) = text.split_at(at);
            alike(super::Rule::file, before);
            let mut rest = behind.chars();
            rest.next();
            alike(super::Rule::file, &format!("{before}{}", rest.as_str()));
        }
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            for rule in super::Rule::all_rules() {
                alike(*rule, line);
            }
        }
    }
}
