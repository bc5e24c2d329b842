//! Runs.

use faregate_embed::{Data, Decision, Engine, Run};
use napi_derive::napi;

use crate::values::{Handle, handle, instant, told};

/// Begins a run of a decision; none where it is denied.
#[napi]
pub fn decision_run(of: &Handle<Decision>) -> napi::Result<Option<Handle<Run>>> {
    told(|| Ok(of.get()?.run())).map(|begun| begun.map(run))
}

/// Makes a saved run go on.
#[napi]
pub fn restore(by: &Handle<Engine>, saved: String) -> napi::Result<Handle<Run>> {
    told(|| by.get()?.restore(&Data::Text(&saved))).map(run)
}

/// Returns what to do, as JSON.
#[napi]
pub fn step(of: &Handle<Run>, now_ms: i64) -> napi::Result<String> {
    told(|| of.get()?.step(instant(now_ms)))
}

/// Tells how a call ended.
#[napi]
pub fn next(to: &Handle<Run>, outcome: String, now_ms: i64) -> napi::Result<()> {
    told(|| to.get()?.next(&Data::Text(&outcome), instant(now_ms)))
}

/// Tells fresher facts.
#[napi]
pub fn observe(to: &Handle<Run>, context: String) -> napi::Result<()> {
    told(|| to.get()?.observe(&Data::Text(&context)))
}

/// Returns all that a run knows, as JSON.
#[napi]
pub fn save(of: &Handle<Run>) -> napi::Result<String> {
    told(|| Ok(of.get()?.save()))
}

/// Frees a run; what a tracker holds for it is given back.
#[napi]
pub fn free_run(freed: &Handle<Run>) {
    freed.free();
}

pub(crate) fn run(value: Run) -> Handle<Run> {
    handle("run", value)
}
