//! Engines and decisions.

use faregate_embed::{Data, Decision, Engine};
use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;

use crate::values::{Handle, Pairs, files, handle, layers, raised, told};

/// Returns the version of the engine.
#[napi]
pub fn version() -> &'static str {
    faregate_embed::version()
}

/// Checks a policy set: all findings, as JSON.
#[napi]
pub fn check(policies: Pairs, catalogs: Vec<String>, today: Option<String>) -> napi::Result<String> {
    told(|| faregate_embed::check(&files(&policies), &layers(&catalogs), today.as_deref()))
}

/// Loads a policy set and the layers of a catalog.
#[napi]
pub fn load(policies: Pairs, catalogs: Vec<String>) -> napi::Result<Handle<Engine>> {
    told(|| Engine::load(&files(&policies), &layers(&catalogs))).map(engine)
}

/// Loads on another thread, so that the event loop goes on.
#[napi]
pub fn load_async(policies: Pairs, catalogs: Vec<String>) -> AsyncTask<Load> {
    AsyncTask::new(Load { policies, catalogs })
}

/// What is loaded on another thread.
pub struct Load {
    policies: Pairs,
    catalogs: Vec<String>,
}

impl Task for Load {
    type Output = Engine;
    type JsValue = Loaded;

    fn compute(&mut self) -> napi::Result<Engine> {
        told(|| Engine::load(&files(&self.policies), &layers(&self.catalogs)))
    }

    fn resolve(&mut self, _: Env, loaded: Engine) -> napi::Result<Loaded> {
        Ok(Loaded { engine: engine(loaded) })
    }
}

/// What was loaded on another thread.
#[napi(object, object_from_js = false)]
pub struct Loaded {
    /// The engine.
    pub engine: Handle<Engine>,
}

/// Returns an engine of the same policy and other catalogs.
#[napi]
pub fn with_catalog(of: &Handle<Engine>, catalogs: Vec<String>) -> napi::Result<Handle<Engine>> {
    told(|| of.get()?.with_catalog(&layers(&catalogs))).map(engine)
}

/// Returns the warnings, as JSON.
#[napi]
pub fn warnings(of: &Handle<Engine>) -> napi::Result<String> {
    told(|| Ok(of.get()?.warnings()))
}

/// Returns the digests of the policy set and the catalog.
#[napi]
pub fn digests(of: &Handle<Engine>) -> napi::Result<Vec<String>> {
    told(|| {
        let engine = of.get()?;
        Ok(vec![engine.policy_digest().to_owned(), engine.catalog_digest().to_owned()])
    })
}

/// Decides a request.
#[napi]
pub fn decide(by: &Handle<Engine>, request: String, context: String) -> napi::Result<Handle<Decision>> {
    told(|| by.get()?.decide(&Data::Text(&request), &Data::Text(&context))).map(decision)
}

/// Decides a request and returns the decision as JSON.
#[napi]
pub fn decide_json(by: &Handle<Engine>, request: String, context: String) -> napi::Result<String> {
    told(|| Ok(by.get()?.decide(&Data::Text(&request), &Data::Text(&context))?.json()))
}

/// Says of one endpoint why it is where it is, as JSON.
#[napi]
pub fn why(
    by: &Handle<Engine>,
    request: String,
    context: String,
    endpoint: String,
) -> napi::Result<Option<String>> {
    told(|| by.get()?.why(&Data::Text(&request), &Data::Text(&context), &endpoint))
}

/// Returns a decision as JSON.
#[napi]
pub fn decision_json(of: &Handle<Decision>) -> napi::Result<String> {
    told(|| Ok(of.get()?.json()))
}

/// Returns 200, or the HTTP status of a denial.
#[napi]
pub fn decision_status(of: &Handle<Decision>) -> napi::Result<u16> {
    told(|| Ok(of.get()?.denied().unwrap_or(200)))
}

/// Frees an engine.
#[napi]
pub fn free_engine(freed: &Handle<Engine>) {
    freed.free();
}

/// Frees a decision.
#[napi]
pub fn free_decision(freed: &Handle<Decision>) {
    freed.free();
}

/// Reads an instant in RFC 3339 as milliseconds.
#[napi]
pub fn now(text: String) -> napi::Result<i64> {
    faregate_embed::now_from(&text).map(|now| now.0).map_err(|error| raised(&error))
}

pub(crate) fn engine(value: Engine) -> Handle<Engine> {
    handle("engine", value)
}

pub(crate) fn decision(value: Decision) -> Handle<Decision> {
    handle("decision", value)
}
