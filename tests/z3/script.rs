//! SMT-LIB 2: terms as text, folded where a part is a constant, and the solver that reads them.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A term of SMT-LIB 2.
pub(crate) type Term = String;

pub(crate) fn yes() -> Term {
    "true".to_owned()
}

pub(crate) fn no() -> Term {
    "false".to_owned()
}

pub(crate) fn truth(value: bool) -> Term {
    value.to_string()
}

pub(crate) fn int(n: i128) -> Term {
    if n < 0 { format!("(- {})", n.unsigned_abs()) } else { n.to_string() }
}

pub(crate) fn text(text: &str) -> Term {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\"\""),
            ' '..='~' if c != '\\' => quoted.push(c),
            _ => quoted.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    quoted + "\""
}

fn joined(word: &str, neutral: &str, parts: impl IntoIterator<Item = Term>) -> Term {
    let other = if neutral == "true" { "false" } else { "true" };
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for part in parts {
        if part == other {
            return part;
        }
        if part != neutral && seen.insert(part.clone()) {
            kept.push(part);
        }
    }
    match kept.len() {
        0 => neutral.to_owned(),
        1 => kept.remove(0),
        _ => format!("({word} {})", kept.join(" ")),
    }
}

pub(crate) fn all(parts: impl IntoIterator<Item = Term>) -> Term {
    joined("and", "true", parts)
}

pub(crate) fn any(parts: impl IntoIterator<Item = Term>) -> Term {
    joined("or", "false", parts)
}

pub(crate) fn not(part: &str) -> Term {
    match part {
        "true" => no(),
        "false" => yes(),
        _ => format!("(not {part})"),
    }
}

pub(crate) fn ite(when: &str, then: &str, other: &str) -> Term {
    match (when, then, other) {
        ("true", ..) => then.to_owned(),
        ("false", ..) => other.to_owned(),
        _ if then == other => then.to_owned(),
        (_, "true", "false") => when.to_owned(),
        (_, "false", "true") => not(when),
        _ => format!("(ite {when} {then} {other})"),
    }
}

/// `<=`, `<`, `=`, of whole numbers.
pub(crate) fn compare(op: &str, a: &str, b: &str) -> Term {
    let number = |t: &str| match t.strip_prefix("(- ") {
        Some(rest) => rest.strip_suffix(')').and_then(|n| n.parse::<i128>().ok()).map(|n| -n),
        None => t.parse::<i128>().ok(),
    };
    match (number(a), number(b)) {
        (Some(a), Some(b)) => truth(match op {
            "<=" => a <= b,
            "<" => a < b,
            _ => a == b,
        }),
        _ => format!("({op} {a} {b})"),
    }
}

pub(crate) fn at_most(a: &str, b: &str) -> Term {
    compare("<=", a, b)
}

pub(crate) fn below(a: &str, b: &str) -> Term {
    compare("<", a, b)
}

pub(crate) fn same(a: &str, b: &str) -> Term {
    compare("=", a, b)
}

pub(crate) fn sum(parts: impl IntoIterator<Item = Term>) -> Term {
    let parts: Vec<Term> = parts.into_iter().filter(|p| p != "0").collect();
    match parts.as_slice() {
        [] => int(0),
        [one] => one.clone(),
        _ => format!("(+ {})", parts.join(" ")),
    }
}

pub(crate) fn times(a: &str, b: &str) -> Term {
    match (a, b) {
        ("0", _) | (_, "0") => int(0),
        ("1", other) | (other, "1") => other.to_owned(),
        _ => format!("(* {a} {b})"),
    }
}

pub(crate) fn larger(a: &str, b: &str) -> Term {
    if a == b { a.to_owned() } else { ite(&below(a, b), b, a) }
}

/// What the solver says of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Can,
    Never,
    GaveUp,
}

/// A solver that is told declarations as they are needed.
pub(crate) struct Solver {
    child: Child,
    into: ChildStdin,
    from: BufReader<ChildStdout>,
    pending: String,
    declared: BTreeSet<String>,
    named: HashMap<Term, String>,
}

impl Solver {
    /// Starts a solver that gives a question up after so many milliseconds.
    pub(crate) fn new(program: &str, milliseconds: u64) -> Self {
        let mut child = Command::new(program)
            .args(["-in", "-smt2"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{program} does not start: {e}"));
        let into = child.stdin.take().unwrap();
        let from = BufReader::new(child.stdout.take().unwrap());
        let pending = format!("(set-option :timeout {milliseconds})\n");
        Self { child, into, from, pending, declared: BTreeSet::new(), named: HashMap::new() }
    }

    /// Forgets everything, for another policy.
    pub(crate) fn clear(&mut self) {
        self.pending = "(reset)\n(set-option :timeout 20000)\n".to_owned();
        self.declared.clear();
        self.named.clear();
    }

    /// Returns a constant of this name; the first time it is declared, and `about` says what is known of it.
    pub(crate) fn constant(&mut self, name: &str, sort: &str, about: impl FnOnce(&str) -> Vec<Term>) -> Term {
        let symbol = format!("|{}|", name.replace(['|', '\\'], "_"));
        if self.declared.insert(symbol.clone()) {
            self.pending.push_str(&format!("(declare-const {symbol} {sort})\n"));
            for known in about(&symbol) {
                self.pending.push_str(&format!("(assert {known})\n"));
            }
        }
        symbol
    }

    /// Returns the constants whose symbols end so.
    pub(crate) fn constants(&self, end: &str) -> Vec<Term> {
        self.declared.iter().filter(|symbol| symbol.ends_with(end)).cloned().collect()
    }

    pub(crate) fn flag(&mut self, name: &str) -> Term {
        self.constant(name, "Bool", |_| Vec::new())
    }

    /// Gives a term a name of its own, so that it is written once.
    pub(crate) fn name(&mut self, sort: &str, term: Term) -> Term {
        if !term.starts_with('(') || term.len() < 24 {
            return term;
        }
        if let Some(name) = self.named.get(&term) {
            return name.clone();
        }
        let name = format!("t{}", self.named.len());
        self.pending.push_str(&format!("(define-fun {name} () {sort} {term})\n"));
        self.named.insert(term, name.clone());
        name
    }

    /// Says that something holds of every world.
    pub(crate) fn assert(&mut self, term: &str) {
        if self.declared.insert(term.to_owned()) {
            self.pending.push_str(&format!("(assert {term})\n"));
        }
    }

    /// Whether all of these can hold at once.
    pub(crate) fn ask(&mut self, parts: impl IntoIterator<Item = Term>) -> Answer {
        self.asked(parts, false).0
    }

    /// Returns a model of all of these, where there is one: what is true, and which numbers are not zero.
    pub(crate) fn model(&mut self, parts: impl IntoIterator<Item = Term>) -> String {
        let model = self.asked(parts, true).1.replace("\n    ", " ");
        let told = |line: &&str| {
            let term = line
                .strip_prefix("  (define-fun t")
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            line.starts_with("  (define-fun") && !term && !line.ends_with(" false)") && !line.ends_with(" 0)")
        };
        model.lines().filter(told).collect::<Vec<_>>().join("\n")
    }

    fn asked(&mut self, parts: impl IntoIterator<Item = Term>, model: bool) -> (Answer, String) {
        let question = all(parts);
        if question == "false" {
            return (Answer::Never, String::new());
        }
        self.pending.push_str(&format!("(push)\n(assert {question})\n(check-sat)\n"));
        self.send();
        let answer = match self.line().as_str() {
            "sat" => Answer::Can,
            "unsat" => Answer::Never,
            "unknown" | "timeout" => Answer::GaveUp,
            other => panic!("the solver says {other}\n{question}"),
        };
        let mut told = String::new();
        if model && answer == Answer::Can {
            self.pending.push_str("(get-model)\n(echo \"end\")\n");
            self.send();
            loop {
                let line = self.line();
                if line == "end" {
                    break;
                }
                told.push_str(&line);
                told.push('\n');
            }
        }
        self.pending.push_str("(pop)\n");
        (answer, told)
    }

    fn send(&mut self) {
        self.into.write_all(self.pending.as_bytes()).unwrap();
        self.into.flush().unwrap();
        self.pending.clear();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Solver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
