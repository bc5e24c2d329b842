//! The command `faregate`, as a library so that tests run it in process.
//!
//! Results go to `out`, everything else to `err`. Exit codes: 0 as asked; 1 the answer is no; 2 usage or unreadable
//! input.

mod args;
mod catalog;
mod check;
mod decide;
mod decide_text;
mod diff;
mod explain;
mod files;
mod fixes;
mod fmt;
mod github;
mod init;
mod manifest;
mod paint;
mod parallel;
mod prove;
mod rehearse;
mod rehearse_text;
mod sarif;
mod schema;
mod test;
mod why_text;

use std::ffi::OsString;
use std::io::{Read, Write};

use clap::Parser;

pub use test::{CaseResult, Evaluator, read as read_cases, run_case};

/// What a command reads from and writes to.
pub struct Surroundings<'a> {
    /// Standard input, for the path `-`.
    pub stdin: &'a mut dyn Read,
    /// Results.
    pub out: &'a mut dyn Write,
    /// Everything else.
    pub err: &'a mut dyn Write,
    /// Whether results may be coloured.
    pub colour: bool,
    /// Whether everything else may be.
    pub colour_errors: bool,
}

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// As asked.
    Done,
    /// The answer is no.
    No,
}

/// Input that cannot be read, or an impossible request: exit code 2.
struct Failure(String);

impl<T: std::error::Error> From<T> for Failure {
    fn from(error: T) -> Self {
        Self(error.to_string())
    }
}

/// Runs a command line, program name first, and returns its exit code.
///
/// ```
/// use faregate_cli::{Surroundings, run};
/// let (mut out, mut err) = (Vec::new(), Vec::new());
/// let mut surroundings =
///     Surroundings { stdin: &mut std::io::empty(), out: &mut out, err: &mut err, colour: false, colour_errors: false };
/// assert_eq!(run(["faregate", "check", "missing.fare"], &mut surroundings), 2);
/// assert_eq!(String::from_utf8(err).unwrap(), "error: cannot read missing.fare: no such file\n");
/// ```
pub fn run<I, T>(arguments: I, surroundings: &mut Surroundings<'_>) -> u8
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let arguments = match args::Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let usage = error.use_stderr();
            let (sink, colour): (&mut dyn Write, bool) = if usage {
                (&mut *surroundings.err, surroundings.colour_errors)
            } else {
                (&mut *surroundings.out, surroundings.colour)
            };
            let text = error.render();
            let text = if colour { text.ansi().to_string() } else { text.to_string() };
            let _closed = write!(sink, "{text}");
            return if usage { 2 } else { 0 };
        }
    };
    let result = match arguments.command {
        args::Command::Decide(a) => decide::run(&a, surroundings),
        args::Command::Rehearse(a) => rehearse::run(&a, surroundings),
        args::Command::Check(a) => check::run(&a, surroundings),
        args::Command::Fmt(a) => fmt::run(&a, surroundings),
        args::Command::Test(a) => test::run(&a, surroundings),
        args::Command::Prove(a) => prove::run(&a, surroundings),
        args::Command::Diff(a) => diff::run(&a, surroundings),
        args::Command::Catalog(a) => catalog::run(&a, surroundings),
        args::Command::Init(a) => init::run(&a, surroundings),
        args::Command::Explain(a) => explain::run(&a, surroundings),
        args::Command::Completions(a) => args::completions(&a, surroundings),
        args::Command::Schema(a) => schema::run(&a, surroundings),
    };
    match result {
        Ok(Exit::Done) => 0,
        Ok(Exit::No) => 1,
        Err(Failure(message)) => {
            let label = paint::error("error", surroundings.colour_errors);
            let _closed = writeln!(surroundings.err, "{label}: {}", message.trim_end());
            2
        }
    }
}
