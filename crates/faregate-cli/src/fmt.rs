//! `faregate fmt`

use std::path::Path;

use faregate_syntax::{Diagnostics, FileId, Sources};

use crate::args::Fmt;
use crate::{Exit, Failure, Surroundings, files};

pub(crate) fn run(args: &Fmt, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    let mut named = false;
    for path in &args.paths {
        let stdin = path == Path::new("-");
        let found = if stdin { vec![path.clone()] } else { files::find(path, ".fare")? };
        if found.is_empty() {
            return Err(Failure(format!("{} holds no policy (*.fare)", path.display())));
        }
        for policy in found {
            let text = files::text(&policy, surroundings)?;
            let name = files::shown(&policy);
            let Some(new) = formatted(&name, &text, surroundings) else {
                exit = Exit::No;
                continue;
            };
            if args.check {
                if new != text {
                    writeln!(surroundings.out, "{name}")?;
                    named = true;
                    exit = Exit::No;
                }
            } else if stdin {
                write!(surroundings.out, "{new}")?;
            } else if new != text {
                files::replace(&policy, &new)?;
                writeln!(surroundings.err, "formatted {name}")?;
            }
        }
    }
    if named {
        writeln!(surroundings.err, "help: `faregate fmt` lays out the files named above")?;
    }
    Ok(exit)
}

/// Formats a text; `None` where it cannot be read, with the reasons on `err`.
fn formatted(name: &str, text: &str, surroundings: &mut Surroundings<'_>) -> Option<String> {
    match faregate_syntax::format(FileId(0), text) {
        Ok(new) => Some(new),
        Err(diagnostics) => {
            let mut sources = Sources::new();
            sources.add(name, text);
            files::report(&Diagnostics::new(diagnostics, sources), surroundings);
            None
        }
    }
}
