//! The command `faregate` as a process, for tests whose scripts call it.

use std::io::{self, Write};
use std::process::ExitCode;

use faregate_cli::Surroundings;

/// Does what the command does, without colours.
pub(crate) fn run() -> ExitCode {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut err = io::stderr();
    let mut stdin = io::stdin();
    let mut surroundings =
        Surroundings { stdin: &mut stdin, out: &mut out, err: &mut err, colour: false, colour_errors: false };
    let code = faregate_cli::run(std::env::args_os(), &mut surroundings);
    match out.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(2),
        _ => ExitCode::from(code),
    }
}
