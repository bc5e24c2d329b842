//! What outlives a request: the engine that serves, and what was counted.

use faregate_embed::{Data, Decision, Engine, Live, Run, Tracker};
use napi_derive::napi;

use crate::engine::{decision, engine};
use crate::run::run;
use crate::values::{Handle, Pairs, files, handle, layers, told};

/// Returns a holder of an engine.
#[napi]
pub fn live(of: &Handle<Engine>) -> napi::Result<Handle<Live>> {
    told(|| Ok(Live::new(&*of.get()?))).map(|value| handle("live", value))
}

/// Returns the engine that serves now.
#[napi]
pub fn live_engine(of: &Handle<Live>) -> napi::Result<Handle<Engine>> {
    told(|| Ok(of.get()?.engine())).map(engine)
}

/// Lets another engine serve.
#[napi]
pub fn live_replace(of: &Handle<Live>, by: &Handle<Engine>) -> napi::Result<()> {
    told(|| {
        of.get()?.replace(&*by.get()?);
        Ok(())
    })
}

/// Lets another policy set serve.
#[napi]
pub fn live_load_policy(of: &Handle<Live>, policies: Pairs) -> napi::Result<()> {
    told(|| of.get()?.load_policy(&files(&policies)))
}

/// Lets other catalogs serve.
#[napi]
pub fn live_load_catalog(of: &Handle<Live>, catalogs: Vec<String>) -> napi::Result<()> {
    told(|| of.get()?.load_catalog(&layers(&catalogs)))
}

/// Frees a holder.
#[napi]
pub fn free_live(freed: &Handle<Live>) {
    freed.free();
}

/// Returns a tracker that knows nothing yet.
#[napi]
pub fn tracker() -> napi::Result<Handle<Tracker>> {
    told(|| Ok(Tracker::new())).map(|value| handle("tracker", value))
}

/// Returns a context with what is known, as JSON.
#[napi]
pub fn fill(
    by: &Handle<Tracker>,
    engine: &Handle<Engine>,
    request: String,
    context: String,
) -> napi::Result<String> {
    told(|| {
        let filled = by.get()?.fill(&*engine.get()?, &Data::Text(&request), &Data::Text(&context))?;
        Ok(filled.to_json())
    })
}

/// Holds what the run of a decision may add, and begins it; none where it is denied.
#[napi]
pub fn reserve(by: &Handle<Tracker>, of: &Handle<Decision>) -> napi::Result<Option<Handle<Run>>> {
    told(|| by.get()?.reserve(&*of.get()?)).map(|held| held.map(run))
}

/// A decision and its run.
#[napi(object, object_from_js = false)]
pub struct Admitted {
    /// The decision.
    pub decision: Handle<Decision>,
    /// Its run; none where it is denied.
    pub run: Option<Handle<Run>>,
}

/// Fills the context, decides, and holds what the run may add.
#[napi]
pub fn admit(
    by: &Handle<Tracker>,
    engine: &Handle<Engine>,
    request: String,
    context: String,
) -> napi::Result<Admitted> {
    let admitted = told(|| by.get()?.admit(&*engine.get()?, &Data::Text(&request), &Data::Text(&context)))?;
    Ok(Admitted { decision: decision(admitted.decision), run: admitted.run.map(run) })
}

/// Frees a tracker. Runs that it accompanies live on.
#[napi]
pub fn free_tracker(freed: &Handle<Tracker>) {
    freed.free();
}
