//! The texts of a policy set, and lines and columns in them.

use crate::{FileId, Span};

/// The files of a policy set, in the order in which they were given.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

/// Bytes between two counts of characters.
const STRIDE: usize = 1024;

/// One file.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
    /// Byte at which each line begins.
    lines: Vec<u32>,
    /// Characters before every [`STRIDE`]th byte, so that a column is found in bounded time on a line of any length.
    characters: Vec<u32>,
}

/// A line and a column, both from 1. The column counts characters, not bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Sources {
    /// Returns no files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file and returns its id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(u16::try_from(self.files.len()).unwrap_or(u16::MAX));
        self.files.push(Source::new(name.into(), text.into()));
        id
    }

    /// Returns the file, where there is one of this id.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&Source> {
        self.files.get(usize::from(id.0))
    }

    /// Iterates over the files in their order.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        (0u16..).map(FileId).zip(&self.files)
    }

    /// Returns the text of a range, empty where the range is not one of the file.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file).and_then(|f| f.text.get(span.start as usize..span.end as usize)).unwrap_or("")
    }

    /// Returns where a range begins.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        self.get(span.file).map_or(Place { line: 1, column: 1 }, |f| f.place(span.start))
    }

    /// Returns the place behind the end of `span`.
    #[must_use]
    pub fn end_place(&self, span: Span) -> Place {
        self.place(Span { start: span.end, ..span })
    }

    /// Returns where a range begins as `file:line:column`.
    ///
    /// ```
    /// use faregate_syntax::{Sources, Span};
    /// let mut sources = Sources::new();
    /// let id = sources.add("a.fare", "policy a {\n  language 1\n}\n");
    /// assert_eq!(sources.at(Span::new(id, 13, 21)), "a.fare:2:3");
    /// ```
    #[must_use]
    pub fn at(&self, span: Span) -> String {
        let Place { line, column } = self.place(span);
        format!("{}:{line}:{column}", self.get(span.file).map_or("?", Source::name))
    }
}

/// Counts the characters that begin in these bytes.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|b| !matches!(**b, 0x80..=0xBF)).count()
}

impl Source {
    fn new(name: String, text: String) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i.saturating_add(1));
        let lines = std::iter::once(0).chain(breaks).map(|n| u32::try_from(n).unwrap_or(u32::MAX)).collect();
        let mut seen = 0_u32;
        let mut characters = Vec::new();
        for piece in text.as_bytes().chunks(STRIDE) {
            characters.push(seen);
            seen = seen.saturating_add(u32::try_from(count_characters(piece)).unwrap_or(u32::MAX));
        }
        Self { name, text, lines, characters }
    }

    /// Returns how many characters begin before a byte.
    fn characters_before(&self, byte: u32) -> u32 {
        let byte = (byte as usize).min(self.text.len());
        let checkpoint = byte.checked_div(STRIDE).unwrap_or(0);
        let known = self.characters.get(checkpoint).copied().unwrap_or(0);
        let rest = self.text.as_bytes().get(checkpoint.saturating_mul(STRIDE)..byte).unwrap_or_default();
        known.saturating_add(u32::try_from(count_characters(rest)).unwrap_or(u32::MAX))
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the byte at which the line of `byte` begins.
    #[cfg(feature = "report")]
    pub(crate) fn line_start(&self, byte: usize) -> usize {
        let after = self.lines.partition_point(|start| *start as usize <= byte);
        after.checked_sub(1).and_then(|i| self.lines.get(i)).map_or(0, |start| *start as usize)
    }

    /// Returns the byte behind the line of `byte`, its line break included.
    #[cfg(feature = "report")]
    pub(crate) fn line_end(&self, byte: usize) -> usize {
        let after = self.lines.partition_point(|start| *start as usize <= byte);
        self.lines.get(after).map_or(self.text.len(), |start| *start as usize)
    }

    /// Returns line and column of a byte.
    #[must_use]
    pub fn place(&self, byte: u32) -> Place {
        let line = self.lines.partition_point(|start| *start <= byte);
        let start = line.checked_sub(1).and_then(|i| self.lines.get(i)).copied().unwrap_or(0);
        let near =
            self.text.as_bytes().get(start as usize..byte as usize).filter(|line| line.len() <= STRIDE);
        let before = match near {
            Some(line) => u32::try_from(count_characters(line)).unwrap_or(u32::MAX),
            None => self.characters_before(byte).saturating_sub(self.characters_before(start)),
        };
        let column = before.saturating_add(1);
        Place { line: u32::try_from(line).unwrap_or(u32::MAX), column }
    }
}
