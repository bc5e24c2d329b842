//! What a C program can do right and wrong: errors, NULLs, threads, replacement under traffic, the tracker, classification.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that panics has failed"
)]

use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

mod c;

use c::{Engine, Live, Run, Through, Tracker, given, given_files, given_texts, handle, taken, text, told};
use faregate_c::*;

const POLICY: &str = r#"
policy p { language 1 }
budget team { per key.team  requests 6 per minute }
workload chat {
  otherwise
  route { models "m/a" }
  fallback { other provider on rate_limit, overloaded }
  retry { on rate_limit 1 time wait retry_after up to 2s  at most 3 calls }
}
"#;
const CATALOG: &str = r#"
endpoints:
  - { id: m/a@north, context_length: 9000, modalities: [text] }
  - { id: m/a@south, context_length: 9000, modalities: [text] }
"#;
const REQUEST: &str = r#"{ "id": "r1", "input_tokens": 100 }"#;
const CONTEXT: &str = r#"{ "now": "2026-11-23T10:00:00Z", "key": { "team": "support" }, "budgets": [] }"#;
const NOW: i64 = 1_795_428_000_000;

fn files(text: &str) -> Vec<(String, String)> {
    vec![("p.fare".to_owned(), text.to_owned())]
}

fn engine() -> Engine {
    Through.load(&files(POLICY), &[CATALOG.to_owned()]).expect("it loads")
}

#[test]
fn faults_come_back_as_data_with_their_places() {
    let wrong = POLICY.replace("models", "modls");
    let error = Through.load(&files(&wrong), &[]).map(drop).expect_err("it does not load");
    assert!(error.starts_with(r#"{"code":"invalid_policy","message":"error["#), "{error}");
    assert!(error.contains(r#""at":"p.fare:6:"#), "{error}");
    assert!(error.contains(r#""diagnostics":{"diagnostics":[{"code":"#), "{error}");

    let catalogs = [CATALOG.to_owned(), "endpoints: [ { id: a@b, prices: { promt: 1 } } ]".to_owned()];
    let error = Through.load(&files(POLICY), &catalogs).map(drop).expect_err("it does not load");
    assert!(error.starts_with(r#"{"code":"invalid_catalog""#), "{error}");
    assert!(error.contains(r#""at":"catalogs[1]: endpoints[0].prices.promt""#), "{error}");

    let engine = engine();
    let error = engine.decide("{ id: r1, input_tokens: 1, max_ouput_tokens: 5 }", CONTEXT).map(drop);
    let error = error.expect_err("the request has a fault");
    assert!(error.starts_with(r#"{"code":"invalid_data""#), "{error}");
    assert!(error.contains(r#""at":"request.max_ouput_tokens""#), "{error}");
    let error = engine.restore("{").map(drop).expect_err("no saved run");
    assert!(error.contains(r#""at":"run: line 1, column 1""#), "{error}");
}

#[test]
fn a_null_and_what_is_no_text_are_errors() {
    let none = FaregateStr { data: ptr::null(), len: 0 };
    let engine = engine();
    let broken = |text: FaregateStr, engine: *const faregate_c::Engine| {
        // SAFETY: what is no pointer is NULL, or has length 0.
        handle(|out, error| unsafe { faregate_decide(engine, text, given(CONTEXT), out, error) })
            .map(|decision| drop(c::Decision(decision)))
            .expect_err("nothing is decided")
    };
    assert!(
        broken(given(REQUEST), ptr::null())
            .contains(r#""code":"invalid_argument","message":"is NULL","at":"engine""#)
    );
    assert!(broken(none, engine.0).contains(r#""code":"invalid_data""#));
    assert!(broken(FaregateStr { data: ptr::null(), len: 3 }, engine.0).contains(r#""at":"request""#));
    let endless = FaregateStr { data: REQUEST.as_ptr(), len: usize::MAX };
    assert!(broken(endless, engine.0).contains("longer than memory"));
    let latin = b"{ id: \xe9 }";
    let latin = broken(FaregateStr { data: latin.as_ptr(), len: latin.len() }, engine.0);
    assert!(latin.contains("not UTF-8 after 6 bytes"), "{latin}");

    // SAFETY: NULL is a promised value of each of these.
    let status = unsafe {
        faregate_decide(engine.0, given(REQUEST), given(CONTEXT), ptr::null_mut(), ptr::null_mut())
    };
    assert_eq!(
        status,
        FaregateStatus::FaregateInvalidArgument,
        "there is no place for the result, or for the error"
    );
    // SAFETY: as above.
    #[expect(clippy::multiple_unsafe_ops_per_block, reason = "one promise holds for all: NULL")]
    unsafe {
        faregate_engine_free(ptr::null_mut());
        faregate_run_free(ptr::null_mut());
        faregate_text_free(FaregateText::empty());
        assert!(faregate_engine_copy(ptr::null()).is_null());
        assert_eq!(faregate_decision_status(ptr::null()), 0);
    }
}

#[test]
fn handles_are_independent() {
    let engine = engine();
    let decision = engine.decide(REQUEST, CONTEXT).expect("a decision");
    // SAFETY: the handle is not freed yet.
    let copy = Engine(unsafe { faregate_engine_copy(engine.0) });
    drop(engine);
    let run = decision.run().expect("no fault").expect("a plan");
    let json = decision.json().expect("JSON");
    drop(decision);
    assert!(run.step(NOW).expect("a step").starts_with(r#"{"step":"try","attempt":{"endpoint":"m/a@north""#));
    assert_eq!(copy.decide_json(REQUEST, CONTEXT).expect("JSON"), json);
}

#[test]
fn a_run_is_told_what_classification_says() {
    let run =
        engine().decide(REQUEST, CONTEXT).expect("a decision").run().expect("no fault").expect("a plan");
    run.step(NOW).expect("a call");
    let headers = [FaregateFile { name: given("Retry-After"), text: given("1.5") }];
    let limited = text(|out, error| {
        // SAFETY: all pointers are of what lives here.
        unsafe {
            faregate_classify_response(
                given("openai"),
                429,
                headers.as_ptr(),
                headers.len(),
                given("{}"),
                given("before_output"),
                NOW,
                out,
                error,
            )
        }
    });
    let limited = limited.expect("no fault").expect("an outcome");
    assert_eq!(limited, r#"{"error":"rate_limit","status":429,"retry_after":1500}"#);
    run.next(&limited, NOW).expect("an outcome");
    let wait = run.step(NOW).expect("a wait");
    assert_eq!(wait, r#"{"step":"wait","until":"2026-11-23T10:00:01.5Z","until_ms":1795428001500}"#);

    let event = |data: &str| {
        // SAFETY: all pointers are of what lives here.
        text(|out, error| unsafe {
            faregate_classify_event(
                given("openai"),
                ptr::null(),
                0,
                given(data),
                given("mid_stream"),
                NOW,
                out,
                error,
            )
        })
    };
    assert_eq!(event(r#"data: {"choices":[]}"#), Ok(None));
    let broken = event(r#"data: {"error":{"code":"server_error"}}"#);
    assert_eq!(broken, Ok(Some(r#"{"error":"stream_interrupted","phase":"mid_stream"}"#.to_owned())));
    // SAFETY: all pointers are of what lives here.
    let unknown = text(|out, error| unsafe {
        faregate_classify_transport(given("burnt"), given("before_output"), out, error)
    });
    assert!(unknown.expect_err("no such kind").contains(r#""at":"kind""#));
}

#[test]
fn a_tracker_holds_what_runs_may_add_and_gives_back_the_rest() {
    let engine = engine();
    // SAFETY: nothing is promised.
    let tracker = Tracker(faregate_tracker_new());
    let admit = || {
        let mut run = ptr::null_mut();
        let decision = handle(|out, error| {
            // SAFETY: all pointers are of what lives here.
            unsafe {
                faregate_tracker_admit(
                    tracker.0,
                    engine.0,
                    given(REQUEST),
                    given(CONTEXT),
                    out,
                    &raw mut run,
                    error,
                )
            }
        });
        (c::Decision(decision.expect("a decision")), Run(run))
    };
    let (first, served) = admit();
    let (_second, dropped) = admit();
    assert_eq!((first.status(), served.0.is_null(), dropped.0.is_null()), (200, false, false));
    let (third, none) = admit();
    assert_eq!((third.status(), none.0.is_null()), (429, true), "two runs hold three calls each");
    drop(dropped);
    assert_eq!(admit().0.status(), 200, "what the dropped run held is free again");
    served.step(NOW).expect("a call");
    served.next(r#"{ "ok": {} }"#, NOW).expect("an outcome");
    assert!(served.step(NOW).expect("the end").starts_with(r#"{"step":"done""#));
    assert!(
        served.step(NOW).expect("the end").starts_with(r#"{"step":"done""#),
        "asked again it says the same"
    );

    let filled = text(|out, error| {
        // SAFETY: all pointers are of what lives here.
        unsafe { faregate_tracker_fill(tracker.0, engine.0, given(REQUEST), given(CONTEXT), out, error) }
    });
    let filled = filled.expect("no fault").expect("a context");
    assert!(filled.contains(r#""requests":1"#) && !filled.contains("reserved"), "{filled}");
}

#[test]
fn an_engine_is_replaced_under_traffic() {
    let engine = engine();
    // SAFETY: all pointers are of what lives here.
    let live =
        Live(handle(|out, error| unsafe { faregate_live_new(engine.0, out, error) }).expect("a holder"));
    let serving = || {
        // SAFETY: all pointers are of what lives here.
        Engine(
            handle(|out, error| unsafe { faregate_live_engine(live.raw(), out, error) }).expect("an engine"),
        )
    };
    let load = |text: &str| {
        let files = files(text);
        let files = given_files(&files);
        // SAFETY: all pointers are of what lives here.
        told(|error| unsafe { faregate_live_load_policy(live.raw(), files.as_ptr(), files.len(), error) })
    };
    let policies = [POLICY.to_owned(), POLICY.replace("per minute", "per day")];
    let digests = policies.clone().map(|text| {
        Through
            .load(&files(&text), &[CATALOG.to_owned()])
            .expect("it loads")
            .policy_digest()
            .expect("a digest")
    });
    let over = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let deciders: Vec<_> = (0..3)
            .map(|_| {
                threads.spawn(|| {
                    let mut decided: u64 = 0;
                    while !over.load(Ordering::Relaxed) || decided == 0 {
                        let engine = serving();
                        let json = engine.decide_json(REQUEST, CONTEXT).expect("a decision");
                        let digest = engine.policy_digest().expect("a digest");
                        assert!(digests.contains(&digest) && json.contains(&digest), "{json}");
                        decided += 1;
                    }
                })
            })
            .collect();
        for n in 0..20 {
            load(&policies[n % 2]).expect("it loads");
            assert!(load("policy").is_err(), "what does not load leaves the old one");
            assert_eq!(serving().policy_digest().as_ref(), Ok(&digests[n % 2]));
        }
        over.store(true, Ordering::Relaxed);
        for decider in deciders {
            decider.join().expect("no thread panics");
        }
    });
    let layers = [CATALOG.replace("9000", "50")];
    let layers = given_texts(&layers);
    // SAFETY: all pointers are of what lives here.
    told(|error| unsafe { faregate_live_load_catalog(live.raw(), layers.as_ptr(), layers.len(), error) })
        .expect("it loads");
    assert_eq!(serving().decide(REQUEST, CONTEXT).expect("a decision").status(), 503);
    // SAFETY: all pointers are of what lives here.
    told(|error| unsafe { faregate_live_replace(live.raw(), engine.0, error) }).expect("it serves");
    assert_eq!(serving().decide(REQUEST, CONTEXT).expect("a decision").status(), 200);
}

#[test]
fn the_version_is_that_of_decisions() {
    let version = faregate_version();
    // SAFETY: the text is the library's.
    let version = unsafe { std::slice::from_raw_parts(version.data, version.len) };
    let json = engine().decide_json(REQUEST, CONTEXT).expect("a decision");
    let version = format!(r#""engine":"{}""#, String::from_utf8_lossy(version));
    assert!(json.contains(&version), "{json}");
    assert!(taken(FaregateText::empty()).is_none());
}
