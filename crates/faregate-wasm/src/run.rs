//! Runs.

use faregate_embed::{Engine, Run, Timestamp, now_from};

use crate::handles::thing;
use crate::memory::given;
use crate::reply::{NOTHING, handle, reply};

/// Reads an instant in RFC 3339 and answers with its milliseconds, for hosts whose own reading is another.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_now(at: u32, len: u32) -> u64 {
    reply(|| Ok(now_from(&given("now", at, len).text()?)?.0.to_string()))
}

/// Makes a saved run go on: `{"run":4}`.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_run_restore(engine: u32, at: u32, len: u32) -> u64 {
    reply(|| {
        let engine = thing::<Engine>(engine)?;
        Ok(handle(Some(given("saved", at, len).data(|saved| engine.restore(saved))?)))
    })
}

/// Tells what to do at an instant: `{"step":"try","attempt":…}`, `{"step":"wait","until":…,"until_ms":…}`, `{"step":"done","record":…}` or
/// `{"step":"failed","record":…}`. Asked again before you have acted, it says the same.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_run_step(run: u32, now_ms: i64) -> u64 {
    reply(|| thing::<Run>(run)?.step(Timestamp(now_ms)))
}

/// Tells a run how the call ended that `faregate_run_step` asked for: `{"ok":{"input_tokens":120,"output_tokens":40}}`, or what
/// classification gives. The answer is `null`.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_run_next(run: u32, at: u32, len: u32, now_ms: i64) -> u64 {
    reply(|| {
        let run = thing::<Run>(run)?;
        given("outcome", at, len).data(|outcome| run.next(outcome, Timestamp(now_ms)))?;
        Ok(NOTHING.to_owned())
    })
}

/// Tells a run fresher facts: a context. The answer is `null`.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_run_observe(run: u32, at: u32, len: u32) -> u64 {
    reply(|| {
        let run = thing::<Run>(run)?;
        given("context", at, len).data(|context| run.observe(context))?;
        Ok(NOTHING.to_owned())
    })
}

/// Tells all that a run knows, for `faregate_run_restore`. What a tracker holds for it is no part of it.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_run_save(run: u32) -> u64 {
    reply(|| Ok(thing::<Run>(run)?.save()))
}
