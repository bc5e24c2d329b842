//! Engines and decisions.

use std::rc::Rc;

use faregate_embed::{Decision, Engine, Error, check, version};

use crate::handles::{kept, thing};
use crate::memory::given;
use crate::reply::{Arguments, NOTHING, files, handle, layers, quoted, reply};

/// Answers with the version of the engine: `{"ok":"0.1.0"}`.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_version() -> u64 {
    reply(|| Ok(quoted(version())))
}

/// Checks a policy set: all findings, `{"diagnostics":[…],"errors":1,"warnings":0}`. Faults of the policy are findings, no error.
///
/// The argument: `{"policies":[["p.fare","…"]],"catalogs":[…],"today":"2026-11-23"}`. With catalogs, also what only a catalog
/// shows; `today` is for waivers and sunsets, and may be absent.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_check(at: u32, len: u32) -> u64 {
    reply(|| {
        let arguments = Arguments::read(given("check", at, len), &["policies", "catalogs", "today"])?;
        let files = files(&arguments.pairs("policies")?);
        check(&files, &arguments.layers("catalogs")?, arguments.optional("today")?)
    })
}

/// Loads a policy set and the layers of a catalog, each laid over those before it.
///
/// The argument: `{"policies":[["p.fare","…"]],"catalogs":[…]}`. The answer: `{"engine":1}`.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_engine_load(at: u32, len: u32) -> u64 {
    reply(|| {
        let arguments = Arguments::read(given("load", at, len), &["policies", "catalogs"])?;
        let files = files(&arguments.pairs("policies")?);
        Ok(handle(Some(Engine::load(&files, &arguments.layers("catalogs")?)?)))
    })
}

/// Makes an engine of the same policy, which is not compiled again, and other catalogs: a JSON list. The answer: `{"engine":2}`.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_engine_with_catalog(engine: u32, at: u32, len: u32) -> u64 {
    reply(|| {
        let engine: Rc<Engine> = thing(engine)?;
        let catalogs = given("catalogs", at, len).data(|data| data.tree("catalogs"))?;
        Ok(handle(Some(engine.with_catalog(&layers("catalogs", &catalogs)?)?)))
    })
}

/// Tells the warnings of an engine's policy on its catalog, as `faregate_check` does.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_engine_warnings(engine: u32) -> u64 {
    reply(|| Ok(thing::<Engine>(engine)?.warnings()))
}

/// Tells the digests of an engine: `{"policy":"blake3:…","catalog":"blake3:…"}`.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_engine_digests(engine: u32) -> u64 {
    reply(|| {
        let engine: Rc<Engine> = thing(engine)?;
        let (policy, catalog) = (quoted(engine.policy_digest()), quoted(engine.catalog_digest()));
        Ok(format!("{{\"policy\":{policy},\"catalog\":{catalog}}}"))
    })
}

/// Decides a request. What the policy does not allow is no error but a decision. The answer: `{"decision":3,"status":200}`; the
/// status is 200 where the request may go somewhere, else that of the denial.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_decide(
    engine: u32,
    request_at: u32,
    request_len: u32,
    context_at: u32,
    context_len: u32,
) -> u64 {
    reply(|| Ok(format!("{{{}}}", told(decided(engine, request_at, request_len, context_at, context_len)?))))
}

/// Decides a request and answers with the decision itself, for who runs nothing.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_decide_json(
    engine: u32,
    request_at: u32,
    request_len: u32,
    context_at: u32,
    context_len: u32,
) -> u64 {
    reply(|| Ok(decided(engine, request_at, request_len, context_at, context_len)?.json()))
}

fn decided(
    engine: u32,
    request_at: u32,
    request_len: u32,
    context_at: u32,
    context_len: u32,
) -> Result<Decision, Error> {
    let engine: Rc<Engine> = thing(engine)?;
    given("request", request_at, request_len).data(|request| {
        given("context", context_at, context_len).data(|context| engine.decide(request, context))
    })
}

/// Keeps a decision, and writes its number and its status as fields.
pub(crate) fn told(decision: Decision) -> String {
    let status = decision.denied().unwrap_or(200);
    format!("\"decision\":{},\"status\":{status}", kept(decision))
}

/// Says of one endpoint, rule by rule, why it is where it is; `null` where the catalog has no such endpoint, or the request is
/// denied before endpoints are looked at. The endpoint is a text as it is, no JSON.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_why(
    engine: u32,
    request_at: u32,
    request_len: u32,
    context_at: u32,
    context_len: u32,
    endpoint_at: u32,
    endpoint_len: u32,
) -> u64 {
    reply(|| {
        let engine: Rc<Engine> = thing(engine)?;
        let endpoint = given("endpoint", endpoint_at, endpoint_len).text()?;
        let why = given("request", request_at, request_len).data(|request| {
            given("context", context_at, context_len).data(|context| engine.why(request, context, &endpoint))
        })?;
        Ok(why.unwrap_or_else(|| NOTHING.to_owned()))
    })
}

/// Tells a decision; equal decisions are equal bytes.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_decision_json(decision: u32) -> u64 {
    reply(|| Ok(thing::<Decision>(decision)?.json()))
}

/// Begins a run of a decision: `{"run":4}`, or `null` where the request is denied.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_decision_run(decision: u32) -> u64 {
    reply(|| Ok(handle(thing::<Decision>(decision)?.run())))
}
