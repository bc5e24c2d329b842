//! Text of Faregate policies to a syntax tree with spans and comments; diagnostics; the formatter.
//!
//! This crate knows no meaning: it does not know which attributes exist, what a workload is for, or
//! what anything costs.
//!
//! # Input safety
//!
//! No input panics. A file is at most 1 MiB, nesting at most 64 deep, and both are checked before the
//! grammar runs; past either there is a diagnostic. Parsing and formatting take time linear in the text, and
//! nothing recurses deeper than those limits, dropping a tree included. The same text gives the same answer on
//! every machine; nothing here reads a file or a clock, and every type may be sent between threads.

pub mod ast;
mod blocks;
mod build;
mod diagnostic;
mod expected;
mod fixed;
mod format;
mod grammar;
mod lexer;
mod literal;
mod messages;
mod parse;
mod report;
mod source;
mod span;
mod words;

pub use diagnostic::{Diagnostic, Fix, Label, Safety, Severity};
pub use fixed::{DECIMALS, Fixed, FixedError};
pub use format::format;
pub use lexer::tokens;
pub use literal::parse_literal;
pub use parse::{parse, parse_all};
pub use report::{Diagnostics, render};
pub use source::{Place, Source, Sources};
pub use span::{FileId, Span};
pub use words::{RESERVED, begins_statement, nearest};
