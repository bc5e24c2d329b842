//! `faregate rehearse`

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use faregate::{Completeness, Decision, Engine};
use faregate_wire::golden::play;

use crate::args::{Format, Rehearse};
use crate::{Evaluator, Exit, Failure, Surroundings, decide, decide_text, files, rehearse_text};

pub(crate) fn run(args: &Rehearse, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    let inputs = [Some(args.request.as_path()), args.context.as_deref(), Some(args.outcomes.as_path())];
    if inputs.iter().filter(|p| **p == Some(Path::new("-"))).count() > 1 {
        return Err(Failure("standard input can stand for one file only".to_owned()));
    }
    let checked = files::policies(&args.policies, Completeness::Whole, surroundings)?;
    files::report(&checked.diagnostics, surroundings);
    let Some(policy) = checked.policy else {
        return files::unread(&checked.diagnostics, args.format, surroundings);
    };
    let catalog = files::catalog(&args.catalogs, surroundings)?;
    let mut requests = decide::requests(&args.request, args.context.as_deref(), surroundings)?;
    let (Some((request, context)), true) = (requests.pop(), requests.is_empty()) else {
        let path = files::shown(&args.request);
        return Err(Failure(format!("{path} holds several requests, and one is rehearsed at a time")));
    };
    let outcomes = files::text(&args.outcomes, surroundings)?;
    let outcomes = faregate_wire::outcomes_file(&outcomes)
        .map_err(|e| Failure(files::prefixed(&args.outcomes, &e.to_string())))?;
    let engine = Engine::new(policy, catalog)?;
    let by = Evaluator::of(args.reference);
    let decision = by.decide(&engine, &request, &context);
    let Decision::Route(plan) = &decision else {
        let text = match args.format {
            Format::Json => format!("{}\n", faregate_wire::decision_to_json_pretty(&decision)),
            Format::Text => decide_text::write(&engine, &decision, surroundings.colour),
        };
        write!(surroundings.out, "{text}")?;
        writeln!(surroundings.err, "note: the request is denied, so that there is nothing to rehearse")?;
        return Ok(Exit::No);
    };
    let restore = |saved| by.restore(&engine, saved);
    let played = play(plan.run(), &outcomes, &context, &restore).map_err(Failure)?;
    if let Some(path) = &args.log {
        append(path, &faregate_wire::record_to_json(&played.record))?;
    }
    let text = match args.format {
        Format::Json => format!("{}\n", faregate_wire::record_to_json_pretty(&played.record)),
        Format::Text => rehearse_text::write(plan, &played.record, surroundings.colour),
    };
    write!(surroundings.out, "{text}")?;
    if played.unused > 0 {
        let what = if played.unused == 1 {
            "1 outcome was".to_owned()
        } else {
            format!("{} outcomes were", played.unused)
        };
        writeln!(surroundings.err, "note: the run had ended, and {what} not used")?;
    }
    Ok(Exit::Done)
}

/// Adds a line to a log, which other programs may be writing to.
fn append(path: &Path, line: &str) -> Result<(), Failure> {
    let log = OpenOptions::new().create(true).append(true).open(path);
    log.and_then(|mut log| log.write_all(format!("{line}\n").as_bytes()))
        .map_err(|error| files::unwritten(path, &error))
}
