//! The command `faregate`.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use faregate_cli::{Surroundings, run};

fn main() -> ExitCode {
    let plain = ["NO_COLOR", "CI"].iter().any(|name| std::env::var_os(name).is_some_and(|v| !v.is_empty()));
    let colour = !plain && io::stdout().is_terminal();
    let colour_errors = !plain && io::stderr().is_terminal();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut err = io::stderr();
    let mut stdin = io::stdin();
    let mut surroundings =
        Surroundings { stdin: &mut stdin, out: &mut out, err: &mut err, colour, colour_errors };
    let code = run(std::env::args_os(), &mut surroundings);
    match out.flush() {
        // A reader that went away early, such as `head`, is no failure of ours.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let _nobody_reads = writeln!(io::stderr(), "error: cannot write the result: {error}");
            ExitCode::from(2)
        }
        _ => ExitCode::from(code),
    }
}
