//! The one reader of YAML and JSON.
//!
//! A text is read twice with the same parser. The first pass finds the structure and the kind of every value; the
//! second walks the tree that the first made and asks for the source text of each number, which serde would
//! otherwise hand over as a float.

use std::collections::HashSet;
use std::fmt;

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

#[cfg(feature = "yaml")]
use crate::yaml;
use crate::{Error, Issue, Node, json, path::Path};

/// The longest text that is read, in bytes. The largest public catalog of 2026 is some 3 MB. While YAML is read, it
/// takes up to 50 bytes of memory for each byte of text.
pub const MAX_TEXT_BYTES: usize = 64 << 20;

/// The deepest nesting of lists and maps that is read. Our own shapes need 8.
pub const MAX_DEPTH: usize = 64;

/// How much the values of a text may come to, in bytes of keys and texts plus one for each value: this, and
/// twice the length of the text. A text without aliases (`*name`) never gets there; one whose aliases multiply
/// does at once.
pub const MAX_EXTRA_BYTES: usize = 1 << 20;

/// Reads all documents of a text: YAML documents, JSON values one after the other (JSON lines), or the elements of
/// a list at the top. Empty YAML documents are left out.
///
/// A text whose first character is `{` or `[` is read as JSON, and as YAML where it is none.
///
/// # Errors
/// Syntax, with line and column; a key that stands twice, a merge key (`<<`), a tag (`!name`), with its path; a
/// text past [`MAX_TEXT_BYTES`], [`MAX_DEPTH`] or [`MAX_EXTRA_BYTES`].
///
/// ```
/// use faregate_wire::read_many;
/// assert_eq!(read_many("a: 1\n---\na: 2\n").unwrap().len(), 2);
/// assert_eq!(read_many("{\"a\": 1}\n{\"a\": 2}\n").unwrap().len(), 2);
/// assert_eq!(read_many("[{\"a\": 1}, {\"a\": 2}]").unwrap().len(), 2);
/// assert_eq!(read_many("a: 1\na: 2\n").unwrap_err().to_string(), "a: stands twice");
/// ```
pub fn read_many(text: &str) -> Result<Vec<Node>, Error> {
    let mut documents = Vec::new();
    for document in read_documents(text)? {
        match document {
            Node::Seq(items) => documents.extend(items),
            other => documents.push(other),
        }
    }
    Ok(documents)
}

/// Reads a text of one document.
///
/// # Errors
/// As [`read_many`]; also where there is no document, or more than one.
///
/// ```
/// use faregate_wire::{Node, read_one};
/// assert_eq!(read_one("[]").unwrap(), Node::Seq(vec![]));
/// assert_eq!(read_one("# nothing\n").unwrap_err().to_string(), "holds no data");
/// ```
pub fn read_one(text: &str) -> Result<Node, Error> {
    let mut documents = read_documents(text)?;
    match documents.len() {
        0 | 1 => documents.pop().ok_or_else(|| Error::at("", "holds no data")),
        n => Err(Error::at("", format!("holds {n} documents where one is expected"))),
    }
}

/// Returns bytes as the text that they should be.
///
/// # Errors
/// Bytes that are not UTF-8, with line and column.
///
/// ```
/// assert_eq!(faregate_wire::text_of(b"a: \xff").unwrap_err().to_string(), "line 1, column 4: not UTF-8");
/// ```
pub fn text_of(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let (line, column) = place(String::from_utf8_lossy(before).as_ref(), usize::MAX);
        Error::one(Issue::placed(line, column, "not UTF-8"))
    })
}

fn read_documents(text: &str) -> Result<Vec<Node>, Error> {
    if text.len() > MAX_TEXT_BYTES {
        let message = format!("{} bytes of text; at most {MAX_TEXT_BYTES} are read", text.len());
        return Err(Error::at("", message));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let documents = documents(text)?;
    let mut issues = Vec::new();
    for (n, document) in documents.iter().enumerate() {
        let root = document_prefix(n, documents.len());
        check_keys(document, &Path::Root(&root), &mut issues);
    }
    match Error::all(issues) {
        Some(error) => Err(error),
        None => Ok(documents),
    }
}

#[cfg(feature = "yaml")]
fn documents(text: &str) -> Result<Vec<Node>, Error> {
    if !matches!(first_marks(text), (Some('{' | '['), _)) {
        return yaml::read(text);
    }
    match json::read(text) {
        // YAML in braces begins like JSON.
        Err(error) if error.is_syntax() => yaml::read(text)
            .map_err(|other| if meant_as_json(text) && other.is_syntax() { error } else { other }),
        result => result,
    }
}

#[cfg(not(feature = "yaml"))]
fn documents(text: &str) -> Result<Vec<Node>, Error> {
    json::read(text).map_err(|error| match error.issues() {
        [fault] if !meant_as_json(text) => match fault.place() {
            Some((line, column)) => {
                Error::one(Issue::placed(line, column, "not JSON, and this build of Faregate reads no YAML"))
            }
            None => error,
        },
        _ => error,
    })
}

/// Whether a text that is neither JSON nor YAML was meant to be JSON: the second character says so.
fn meant_as_json(text: &str) -> bool {
    let second = |mark| matches!(mark, None | Some('"' | '{' | '[' | '}' | ']' | '-' | '0'..='9'));
    matches!(first_marks(text), (Some('{' | '['), mark) if second(mark))
}

/// The first two characters that are not blank.
fn first_marks(text: &str) -> (Option<char>, Option<char>) {
    let mut marks = text.chars().filter(|c| !c.is_whitespace());
    (marks.next(), marks.next())
}

/// How the paths of a document begin: with nothing where it is the only one.
pub(crate) fn document_prefix(n: usize, count: usize) -> String {
    if count > 1 { format!("document {}: ", n.saturating_add(1)) } else { String::new() }
}

/// Line and column, from 1, of a byte of a text.
pub(crate) fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.bytes().filter(|b| *b == b'\n').count().saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count().saturating_add(1);
    (line, column)
}

/// Below this many entries a look at all others is faster than a hash.
const FEW_ENTRIES: usize = 16;

fn check_keys(node: &Node, path: &Path<'_>, issues: &mut Vec<Issue>) {
    match node {
        Node::Seq(items) => {
            for (n, item) in items.iter().enumerate() {
                check_keys(item, &Path::Index(path, n), issues);
            }
        }
        Node::Map(entries) => {
            let mut seen = HashSet::new();
            for (n, (name, value)) in entries.iter().enumerate() {
                let here = Path::Key(path, name);
                let twice = if entries.len() <= FEW_ENTRIES {
                    entries.iter().take(n).any(|(other, _)| other == name)
                } else {
                    !seen.insert(name.as_str())
                };
                if twice {
                    issues.push(Issue::new(here.to_string(), "stands twice"));
                }
                if name == "<<" {
                    issues
                        .push(Issue::new(here.to_string(), "merge keys are not read; write the fields out"));
                }
                check_keys(value, &here, issues);
            }
        }
        _ => {}
    }
}

pub(crate) const TOO_MANY_ALIASES: &str = "aliases multiply the text past what is read";

/// What is left of the limits during the first pass.
pub(crate) struct Budget {
    bytes: usize,
    /// The limit that was passed, if one was: serde errors of the parsers say it less well.
    pub(crate) passed: Option<String>,
}

impl Budget {
    pub(crate) fn for_text(text: &str) -> Self {
        Self { bytes: text.len().saturating_mul(2).saturating_add(MAX_EXTRA_BYTES), passed: None }
    }

    fn spend<E: de::Error>(&mut self, bytes: usize) -> Result<(), E> {
        match self.bytes.checked_sub(bytes.saturating_add(1)) {
            Some(left) => {
                self.bytes = left;
                Ok(())
            }
            None => Err(self.pass(TOO_MANY_ALIASES)),
        }
    }

    fn pass<E: de::Error>(&mut self, limit: impl Into<String>) -> E {
        let limit = limit.into();
        let error = E::custom(&limit);
        self.passed = Some(limit);
        error
    }
}

/// The first pass: structure and kinds. Numbers come out empty.
pub(crate) struct Shape<'a> {
    pub(crate) budget: &'a mut Budget,
    pub(crate) depth: usize,
}

impl<'de> DeserializeSeed<'de> for Shape<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Shape<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        self.budget.spend(0)?;
        Ok(Node::Null)
    }

    /// YAML without a document.
    fn visit_none<E: de::Error>(self) -> Result<Node, E> {
        self.visit_unit()
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Node, E> {
        self.budget.spend(0)?;
        Ok(Node::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Node, E> {
        self.budget.spend(0)?;
        Ok(Node::Number(String::new()))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Node, E> {
        self.visit_u64(0)
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<Node, E> {
        self.visit_u64(0)
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<Node, E> {
        self.visit_u64(0)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Node, E> {
        self.visit_u64(0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Node, E> {
        self.budget.spend(text.len())?;
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let depth = deeper(self.budget, self.depth)?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Shape { budget: self.budget, depth })? {
            items.push(item);
        }
        Ok(Node::Seq(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let depth = deeper(self.budget, self.depth)?;
        let mut entries = Vec::new();
        while let Some(Key(name)) = map.next_key()? {
            self.budget.spend(name.len())?;
            let value = map.next_value_seed(Shape { budget: self.budget, depth })?;
            entries.push((name, value));
        }
        Ok(Node::Map(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Node, A::Error> {
        let (tag, _) = data.variant::<String>()?;
        Err(de::Error::custom(format_args!("tags such as `!{tag}` are not read")))
    }
}

fn deeper<E: de::Error>(budget: &mut Budget, depth: usize) -> Result<usize, E> {
    budget.spend(0)?;
    if depth >= MAX_DEPTH {
        return Err(budget.pass(format!("nested deeper than {MAX_DEPTH} levels")));
    }
    Ok(depth.saturating_add(1))
}

/// A key: the text of any scalar.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text as the key of a map")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Key, E> {
                Ok(Key(text.to_owned()))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

/// How a parser hands over the source text of a number.
pub(crate) trait RawNumber {
    fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error>;
}

/// The second pass: the source text of each number of a tree that the first pass made of the same text.
pub(crate) struct Numbers<'a, R> {
    pub(crate) node: &'a mut Node,
    pub(crate) how: std::marker::PhantomData<R>,
}

impl<'de, R: RawNumber> DeserializeSeed<'de> for Numbers<'_, R> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.node {
            Node::Number(raw) => {
                *raw = R::raw(deserializer)?;
                Ok(())
            }
            Node::Seq(_) => deserializer.deserialize_seq(self),
            Node::Map(_) => deserializer.deserialize_map(self),
            _ => IgnoredAny::deserialize(deserializer).map(drop),
        }
    }
}

impl<'de, R: RawNumber> Visitor<'de> for Numbers<'_, R> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the same text as in the first pass")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if let Node::Seq(items) = self.node {
            for node in items {
                seq.next_element_seed(Numbers::<R> { node, how: self.how })?;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if let Node::Map(entries) = self.node {
            for (_, node) in entries {
                map.next_key::<IgnoredAny>()?;
                map.next_value_seed(Numbers::<R> { node, how: self.how })?;
            }
        }
        // A JSON map is only over once its end was asked for.
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
