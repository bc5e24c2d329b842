//! From what the grammar matched to the tree.
//!
//! The grammar has decided already what stands where; these functions only pick the parts up, in their order. The
//! parts that carry no meaning, keywords and marks, are passed over; a function that needs one looks at
//! [`Pair::into_inner`] itself.

use pest::iterators::{Pair, Pairs};

use crate::ast::{Attribute, Literal, Operand, Str, ToolName, Word};
use crate::grammar::Rule;
use crate::messages;
use crate::words::BlockKind;
use crate::{Diagnostic, FileId, Span, literal};

mod declarations;
mod expr;
mod sections;

pub(crate) type Built<T> = Result<T, Box<Diagnostic>>;

/// A statement that stands in blocks of one kind.
pub(crate) trait Node: Sized {
    /// Returns what the grammar's `…_statement` rule matched.
    fn build(build: &Build, statement: Kids<'_>) -> Built<Self>;
}

/// Where the text that the grammar saw stands.
#[derive(Clone, Copy)]
pub(crate) struct Build {
    pub(crate) file: FileId,
    /// The byte of the file at which that text begins.
    pub(crate) base: usize,
    /// The block whose statement words are no values.
    pub(crate) block: BlockKind,
}

/// The parts of a match that carry meaning.
pub(crate) struct Kids<'i> {
    whole: Span,
    pairs: Pairs<'i, Rule>,
}

impl<'i> Kids<'i> {
    /// Returns the next part, if it is of this form.
    pub(crate) fn opt(&mut self, rule: Rule) -> Option<Pair<'i, Rule>> {
        self.skip_noise();
        if self.pairs.peek()?.as_rule() == rule { self.pairs.next() } else { None }
    }

    /// Returns the next part, which the grammar promises to be of this form.
    pub(crate) fn need(&mut self, rule: Rule) -> Built<Pair<'i, Rule>> {
        self.opt(rule).ok_or_else(|| self.missing())
    }

    /// Returns the next part, which the grammar promises to exist.
    pub(crate) fn next(&mut self) -> Built<Pair<'i, Rule>> {
        self.skip_noise();
        self.pairs.next().ok_or_else(|| self.missing())
    }

    /// Returns the next part where there is one.
    pub(crate) fn opt_any(&mut self) -> Option<Pair<'i, Rule>> {
        self.skip_noise();
        self.pairs.next()
    }

    /// Returns what to say where the grammar and these functions disagree; no text leads there.
    pub(crate) fn missing(&self) -> Box<Diagnostic> {
        Box::new(messages::unreadable(self.whole))
    }

    fn skip_noise(&mut self) {
        while self.pairs.peek().is_some_and(|pair| is_noise(pair.as_rule())) {
            self.pairs.next();
        }
    }
}

/// Whether a rule is a mark or a keyword.
///
/// INVARIANT: these, and nothing else, stand at the end of the grammar, from `open` on; a test keeps it so.
pub(crate) fn is_noise(rule: Rule) -> bool {
    rule >= Rule::open || rule == Rule::EOI
}

impl Build {
    pub(crate) fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        Span::new(self.file, self.base.saturating_add(span.start()), self.base.saturating_add(span.end()))
    }

    pub(crate) fn kids<'i>(&self, pair: Pair<'i, Rule>) -> Kids<'i> {
        Kids { whole: self.span(&pair), pairs: pair.into_inner() }
    }

    /// Returns the first part of a match, keywords included: for rules that choose between keywords.
    pub(crate) fn choice(&self, pair: Pair<'_, Rule>) -> Built<Rule> {
        let whole = self.span(&pair);
        let first = pair.into_inner().next().map(|kid| kid.as_rule());
        first.ok_or_else(|| Box::new(messages::unreadable(whole)))
    }

    pub(crate) fn word(&self, pair: &Pair<'_, Rule>) -> Word {
        Word { text: pair.as_str().to_owned(), span: self.span(pair) }
    }

    pub(crate) fn string(&self, pair: &Pair<'_, Rule>) -> Str {
        Str { value: unescape(pair.as_str()), span: self.span(pair) }
    }

    pub(crate) fn attribute(&self, pair: Pair<'_, Rule>) -> Built<Attribute> {
        let span = self.span(&pair);
        let mut kids = self.kids(pair);
        let subject = self.word(&kids.need(Rule::subject)?);
        let name = self.word(&kids.need(Rule::attribute_name)?);
        Ok(Attribute { subject, name, span })
    }

    /// Returns a literal, given as the rule `literal` or as one of its forms.
    pub(crate) fn literal(&self, pair: Pair<'_, Rule>) -> Built<Literal> {
        let mut pair = pair;
        if pair.as_rule() == Rule::literal {
            pair = self.kids(pair).next()?;
        }
        let span = self.span(&pair);
        let kind = if pair.as_rule() == Rule::price {
            let mut kids = self.kids(pair);
            let (money, unit) = (kids.need(Rule::money)?, kids.need(Rule::unit)?);
            literal::price(money.as_str(), unit.as_str())
        } else {
            literal::value(pair.as_rule(), pair.as_str())
        };
        kind.map(|kind| Literal { kind, span }).map_err(|problem| Box::new(problem.at(span)))
    }

    /// Returns a value, constant or parameter: a word, string, literal, truth value or attribute.
    pub(crate) fn operand(&self, pair: Pair<'_, Rule>) -> Built<Operand> {
        let span = self.span(&pair);
        Ok(match pair.as_rule() {
            Rule::value | Rule::constant | Rule::parameter => self.operand(self.kids(pair).next()?)?,
            Rule::attribute => Operand::Attribute(self.attribute(pair)?),
            Rule::literal => Operand::Literal(self.literal(pair)?),
            Rule::string => Operand::Str(self.string(&pair)),
            Rule::truth => Operand::Bool(self.choice(pair)? == Rule::kw_true, span),
            _ => Operand::Word(self.word(&pair)),
        })
    }

    /// Returns the operands up to the end of a list.
    pub(crate) fn operands(&self, mut kids: Kids<'_>) -> Built<Vec<Operand>> {
        let mut operands = Vec::new();
        while let Some(kid) = kids.opt_any() {
            operands.push(self.operand(kid)?);
        }
        Ok(operands)
    }

    pub(crate) fn literals(&self, mut kids: Kids<'_>) -> Built<Vec<Literal>> {
        let mut literals = Vec::new();
        while let Some(kid) = kids.opt(Rule::literal) {
            literals.push(self.literal(kid)?);
        }
        Ok(literals)
    }

    pub(crate) fn strings(&self, kids: &mut Kids<'_>) -> Vec<Str> {
        let mut strings = Vec::new();
        while let Some(kid) = kids.opt(Rule::string) {
            strings.push(self.string(&kid));
        }
        strings
    }

    pub(crate) fn words(&self, kids: &mut Kids<'_>, rule: Rule) -> Vec<Word> {
        let mut words = Vec::new();
        while let Some(kid) = kids.opt(rule) {
            words.push(self.word(&kid));
        }
        words
    }

    pub(crate) fn tool_name(&self, pair: Pair<'_, Rule>) -> Built<ToolName> {
        let kid = if pair.as_rule() == Rule::tool_name { self.kids(pair).next()? } else { pair };
        let text =
            if kid.as_rule() == Rule::string { unescape(kid.as_str()) } else { kid.as_str().to_owned() };
        Ok(ToolName { text, span: self.span(&kid) })
    }
}

/// Returns the text between the quotes of `"…"`, escapes resolved.
fn unescape(quoted: &str) -> String {
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(quoted);
    let mut escaped = false;
    let mut text = String::with_capacity(inner.len());
    for c in inner.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            escaped = false;
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_keywords_stand_last_in_the_grammar() {
        let marks = [Rule::open, Rule::close, Rule::open_paren, Rule::close_paren, Rule::comma, Rule::equals];
        for rule in Rule::all_rules() {
            let keyword = format!("{rule:?}").starts_with("kw_");
            let noise = keyword || marks.contains(rule) || *rule == Rule::EOI;
            assert_eq!(is_noise(*rule), noise, "{rule:?}");
        }
    }
}
