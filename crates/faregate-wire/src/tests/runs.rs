//! Runs: scripts, records, saved runs.

use faregate::syntax::ast::Partial;
use faregate::{
    Catalog, Context, Credential, Decision, Engine, ErrorClass, Outcome, Plan, PolicySet, Record, Told,
    ToolUse,
};

use crate::golden::{Case, Got, Played, play, read_cases};
use crate::{
    Node, catalog_layer, context_from, outcome_to_node, outcomes_file, read_one, record_to_json,
    record_to_json_pretty, record_to_node, record_to_otel, replay_input, request_from, saved_run_from,
    saved_run_to_node, scripted_from, scripted_to_node,
};

const POLICY: &str = r#"policy runs { language 1 }
budget team { spend $10 per month  byok included  alert at 50% }
workload rest {
  otherwise
  route { models "m/*" }
  retry { on rate_limit 1 time wait retry_after up to 30s else 2s }
  fallback {
    other credential on timeout, rate_limit, authentication
    other provider on timeout, rate_limit, authentication
  }
}
"#;

const MARKET: &str = r#"
endpoints:
  - { id: m/a@p1, native_model: a-2026, context_length: 32000, modalities: [text], prices: { prompt: "0.000001", completion: "0.000002", tools: { web_search: "0.0001" } } }
  - { id: m/a@p2, context_length: 32000, modalities: [text], prices: { prompt: "0.000002", completion: "0.000004" } }
  - { id: m/b@q1, context_length: 32000, modalities: [text], prices: { prompt: "0.000003", completion: "0.000006" } }
"#;

const REQUEST: &str =
    "{ id: r1, model: m/a, input_tokens: 1000, max_output_tokens: 500, session: s-1, stream: true }";

const CONTEXT: &str = r#"{ now: 2026-11-23T10:00:00Z, key: { environment: production },
  credentials: [{ id: corp, provider: p1 }],
  budgets: [{ budget: team, window_start: 2026-11-01T00:00:00Z, spend: "4.999" }] }"#;

fn engine() -> Engine {
    let policy = PolicySet::parse([("runs.fare", POLICY)]).unwrap();
    Engine::new(policy, Catalog::new(vec![catalog_layer(MARKET).unwrap()]).unwrap()).unwrap()
}

fn context() -> Context {
    context_from(&read_one(CONTEXT).unwrap()).unwrap()
}

fn plan(engine: &Engine) -> Plan {
    let request = request_from(&read_one(REQUEST).unwrap()).unwrap();
    match engine.decide(&request, &context()) {
        Decision::Route(plan) => *plan,
        Decision::Deny(denial) => panic!("{denial:?}"),
    }
}

fn run(script: &str) -> Result<Played, String> {
    let engine = engine();
    let script = outcomes_file(script).unwrap();
    let restore = |saved| engine.restore(saved).map_err(|error| error.to_string());
    play(plan(&engine).run(), &script, &context(), &restore)
}

fn record(script: &str) -> Record {
    *run(script).unwrap().record
}

const LONG: &str = r#"[
  { error: rate_limit, status: 429, retry_after: 3s, took: 250ms, observe: { endpoints: { p2: { health: degraded } }, now: never } },
  { error: authentication, status: 401, took: 1s },
  { ok: { input_tokens: 1000, output_tokens: 200, cached_input_tokens: 10, reasoning_tokens: 7, tools: { web_search: 2 } }, took: 2s } ]"#;

#[test]
fn outcomes_in_every_form() {
    for (text, written) in [
        ("{ error: timeout }", r#"{"error":"timeout"}"#),
        (
            "{ error: rate_limit, status: 429, phase: mid_stream, emitted_tokens: 5, retry_after: 3s, should_retry: false, cost: '0.50' }",
            r#"{"error":"rate_limit","status":429,"phase":"mid_stream","emitted_tokens":5,"retry_after":3000,"should_retry":false,"cost":"0.5"}"#,
        ),
        (
            "{ error: network, phase: before_output, retry_after: 1500 }",
            r#"{"error":"network","retry_after":1500}"#,
        ),
        ("{ ok: {} }", r#"{"ok":{}}"#),
        ("{ ok: null, error: null, cost: 1 }", r#"{"ok":{},"cost":"1"}"#),
        ("{ ok: { input_tokens: 0, output_tokens: 0 } }", r#"{"ok":{"input_tokens":0,"output_tokens":0}}"#),
        (
            "{ ok: { input_tokens: 9, output_tokens: 8, tools: { web_search: 2, code: { calls: 1, results: 4 } } } }",
            r#"{"ok":{"input_tokens":9,"output_tokens":8,"tools":{"code":{"calls":1,"results":4},"web_search":{"calls":2,"results":0}}}}"#,
        ),
        (
            "{ ok: {}, took: 1m, observe: { budgets: [] } }",
            r#"{"ok":{},"took":60000,"observe":{"budgets":[]}}"#,
        ),
    ] {
        let scripted = scripted_from(&read_one(text).unwrap()).unwrap();
        let node = scripted_to_node(&scripted);
        assert_eq!(node.to_json(), written, "{text}");
        assert_eq!(scripted_from(&node).unwrap(), scripted, "{text}");
        let outcome = scripted_from(&outcome_to_node(&scripted.outcome)).unwrap().outcome;
        assert_eq!(outcome, scripted.outcome, "{text}");
    }
    let scripted =
        scripted_from(&read_one("{ ok: { input_tokens: 1, output_tokens: 2, tools: { t: 3 } } }").unwrap());
    let Outcome::Success(success) = scripted.unwrap().outcome else { panic!() };
    assert_eq!(success.usage.unwrap().tools["t"], ToolUse { calls: 3, results: 0 });
}

#[test]
fn faults_of_outcomes() {
    for (text, expected) in [
        ("5", "outcome: expected a map, found the number 5"),
        ("{}", "outcome: needs exactly one of error, ok"),
        ("{ error: timeout, ok: null }", "outcome: needs exactly one of error, ok"),
        (
            "{ error: timout }",
            "outcome.error: no error class `timout`; one with a similar name exists: timeout",
        ),
        (
            "{ error: timeout, stauts: 5 }",
            "outcome.stauts: unknown field; a field with a similar name exists: status",
        ),
        ("{ error: timeout, status: 70000 }", "outcome.status: 70000 is no HTTP status"),
        (
            "{ error: timeout, phase: later }",
            "outcome.phase: expected one of before_output, mid_stream, after_completion, found the text \"later\"",
        ),
        ("{ ok: {}, status: 200 }", "outcome.status: goes with `error`, and here is `ok`"),
        (
            "{ ok: { output_tokens: 5 } }",
            "outcome.ok.input_tokens: is missing; without any usage, write `ok: {}`",
        ),
        (
            "{ ok: { tools: {} } }",
            "outcome.ok.input_tokens: is missing; without any usage, write `ok: {}`\n\
             outcome.ok.output_tokens: is missing; without any usage, write `ok: {}`",
        ),
        (
            "{ ok: { input_tokens: 1, output_tokens: 1, tools: { t: many } } }",
            "outcome.ok.tools.t: expected a whole number, found the text \"many\"",
        ),
        (
            "{ ok: { input_tokens: 1, output_tokens: 1, tools: { t: { call: 1 } } } }",
            "outcome.ok.tools.t.call: unknown field; a field with a similar name exists: calls\n\
             outcome.ok.tools.t.calls: is missing",
        ),
        ("{ ok: {}, observe: 5 }", "outcome.observe: expected a map, found the number 5"),
        (
            "{ ok: {}, took: soon }",
            "outcome.took: expected a duration such as \"2s\", or whole milliseconds, found the text \"soon\"",
        ),
    ] {
        assert_eq!(scripted_from(&read_one(text).unwrap()).unwrap_err().to_string(), expected, "{text}");
    }
    for (text, expected) in [
        (
            "[ { error: timeout }, { eror: timeout } ]",
            "outcomes[1].eror: unknown field; a field with a similar name exists: error",
        ),
        (
            "outcmes: []",
            "outcmes: unknown field; a field with a similar name exists: outcomes\noutcomes: expected a list, found nothing",
        ),
        (
            "error: timeout",
            "error: unknown field; the fields are: outcomes\noutcomes: expected a list, found nothing",
        ),
    ] {
        assert_eq!(outcomes_file(text).unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn a_record_has_the_shape_of_the_contract() {
    let expected = concat!(
        r#"{"record":"r1","workload":"rest","outcome":"success","complete":true,"#,
        r#""requested":{"model":"m/a","models":[]},"#,
        r#""served":{"endpoint":"m/a@p1","model":"m/a","native_model":"a-2026","provider":"p1","credential":{"kind":"shared"}},"#,
        r#""fallback":"credential_fallback","#,
        r#""usage":{"input_tokens":1000,"output_tokens":200,"cached_input_tokens":10,"reasoning_tokens":7,"tools":{"web_search":{"calls":2,"results":0}}},"#,
        r#""error":null,"limit":null,"opens_at":null,"advice":null,"calls":3,"errors":["#,
        r#"{"class":"rate_limit","status":429,"endpoint":"m/a@p1","credential":{"kind":"own","key":"corp"},"#,
        r#""phase":"before_output","emitted_tokens":0,"retry_after_ms":3000,"waited_ms":0,"cost":"0"},"#,
        r#"{"class":"authentication","status":401,"endpoint":"m/a@p1","credential":{"kind":"own","key":"corp"},"#,
        r#""phase":"before_output","emitted_tokens":0,"retry_after_ms":null,"waited_ms":3000,"cost":"0"}],"#,
        r#""steps":["try m/a@p1 with corp","wait 3s","try m/a@p1 with corp","try m/a@p1","done"],"#,
        r#""cost":"0.0016","unknown_costs":0,"#,
        r#""charged":[{"provider":"p1","credential":{"kind":"shared"},"cost":"0.0016"}],"#,
        r#""budgets":[{"budget":"team","kind":"spend","per":null,"period":"month","added":"0.0016"}],"#,
        r#""alerts":[{"budget":"team","crossed":"50%"}],"partial":null,"discarded_tokens":0,"#,
        r#""started_at":"2026-11-23T10:00:00Z","ended_at":"2026-11-23T10:00:06.25Z","duration_ms":6250,"#,
        r#""digests":DIGESTS,"#,
        r#""input":{"request":{"id":"r1","model":"m/a","input_tokens":1000,"max_output_tokens":500,"stream":true,"session":"s-1"},"#,
        r#""context":{"now":"2026-11-23T10:00:00Z","key":{"environment":"production"},"#,
        r#""credentials":[{"id":"corp","provider":"p1"}],"#,
        r#""budgets":[{"budget":"team","window_start":"2026-11-01T00:00:00Z","spend":"4.999"}]},"outcomes":["#,
        r#"{"at":"2026-11-23T10:00:00.25Z","error":"rate_limit","status":429,"retry_after":3000},"#,
        r#"{"observed":{"now":"2026-11-23T10:00:00Z","key":{"environment":"production"},"#,
        r#""credentials":[{"id":"corp","provider":"p1"}],"endpoints":{"p2":{"health":"degraded"}},"#,
        r#""budgets":[{"budget":"team","window_start":"2026-11-01T00:00:00Z","spend":"4.999"}]}},"#,
        r#"{"at":"2026-11-23T10:00:04.25Z","error":"authentication","status":401},"#,
        r#"{"at":"2026-11-23T10:00:06.25Z","ok":{"input_tokens":1000,"output_tokens":200,"cached_input_tokens":10,"#,
        r#""reasoning_tokens":7,"tools":{"web_search":{"calls":2,"results":0}}}}]}}"#,
    );
    let record = record(LONG);
    let node = record_to_node(&record);
    let expected = expected.replace("DIGESTS", &node.get("digests").unwrap().to_json());
    assert_eq!(record_to_json(&record), expected);
    assert_eq!(node.to_json(), expected);
    assert_eq!(read_one(&record_to_json_pretty(&record)).unwrap(), node);
}

#[test]
fn a_record_of_a_run_that_failed() {
    let mut record = record(
        "[{ error: stream_interrupted, status: 200, phase: mid_stream, emitted_tokens: 3, cost: 0.1 }]",
    );
    record.opens_at = Some(faregate::Timestamp(0));
    record.limit = Some(faregate::RunLimit::Deadline);
    let field = |record: &Record, name: &str| record_to_node(record).get(name).unwrap().to_json();
    for (name, expected) in [
        ("outcome", r#""failure""#),
        ("complete", "false"),
        ("served", "null"),
        ("fallback", "null"),
        ("usage", "null"),
        ("error", r#""stream_interrupted""#),
        ("limit", r#""deadline""#),
        ("opens_at", r#""1970-01-01T00:00:00Z""#),
        ("advice", r#""switch_provider""#),
        ("steps", r#"["try m/a@p1 with corp","fail stream_interrupted"]"#),
        ("partial", r#""mark_incomplete""#),
        ("cost", r#""0.1""#),
    ] {
        assert_eq!(field(&record, name), expected, "{name}");
    }
    record.partial = Some(Partial::Discard);
    record.ended_at = faregate::Timestamp(0);
    assert_eq!(
        (field(&record, "partial"), field(&record, "duration_ms")),
        (r#""discard""#.into(), "0".into())
    );
}

#[test]
fn a_record_with_the_names_of_opentelemetry() {
    let attributes = record_to_otel(&record(LONG));
    let entries = attributes.as_map().unwrap().iter().filter(|(name, _)| !name.ends_with(".digest"));
    let shown: Vec<_> = entries.map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        shown,
        [
            "gen_ai.operation.name=\"chat\"",
            "gen_ai.provider.name=\"p1\"",
            "gen_ai.request.model=\"m/a\"",
            "gen_ai.request.max_tokens=500",
            "gen_ai.request.stream=true",
            "gen_ai.conversation.id=\"s-1\"",
            "gen_ai.response.model=\"a-2026\"",
            "gen_ai.usage.input_tokens=1000",
            "gen_ai.usage.output_tokens=200",
            "gen_ai.usage.cache_read.input_tokens=10",
            "gen_ai.usage.reasoning.output_tokens=7",
            "faregate.request.id=\"r1\"",
            "faregate.workload=\"rest\"",
            "faregate.complete=true",
            "faregate.endpoint=\"m/a@p1\"",
            "faregate.model=\"m/a\"",
            "faregate.credential=\"shared\"",
            "faregate.byok=false",
            "faregate.fallback=\"credential_fallback\"",
            "faregate.provider=\"p1\"",
            "faregate.calls=3",
            "faregate.cost=\"0.0016\"",
            "faregate.steps=[\"try m/a@p1 with corp\",\"wait 3s\",\"try m/a@p1 with corp\",\"try m/a@p1\",\"done\"]",
            "faregate.errors=[\"rate_limit\",\"authentication\"]",
            "faregate.alerts=[\"team 50%\"]",
            &format!("faregate.engine.version=\"{}\"", record(LONG).digests.engine),
        ]
    );
    let mut failed = record("[{ error: forbidden }]");
    let of = |record: &Record, name: &str| record_to_otel(record).get(name).map(Node::to_json);
    assert_eq!(of(&failed, "error.type").as_deref(), Some("\"forbidden\""));
    assert_eq!(of(&failed, "gen_ai.provider.name").as_deref(), Some("\"p1\""));
    assert_eq!(of(&failed, "gen_ai.response.model"), None);
    failed.error = None;
    assert_eq!(of(&failed, "error.type").as_deref(), Some("\"_OTHER\""));
    failed.limit = Some(faregate::RunLimit::Cost);
    assert_eq!(of(&failed, "error.type").as_deref(), Some("\"cost\""));
    let mut served = record("[{ ok: {} }]");
    if let Some(served) = &mut served.served {
        served.provider = "bedrock".into();
        served.native_model = None;
    }
    assert_eq!(of(&served, "gen_ai.provider.name").as_deref(), Some("\"aws.bedrock\""));
    assert_eq!(of(&served, "gen_ai.response.model").as_deref(), Some("\"m/a\""));
    assert_eq!(of(&served, "faregate.provider").as_deref(), Some("\"bedrock\""));
    assert_eq!(of(&served, "error.type"), None);
    assert!(!record_to_otel(&failed).to_json().contains("null"));
}

#[test]
fn what_a_replay_needs_is_read_back() {
    let record = record(LONG);
    let input = replay_input(&read_one(&record_to_json(&record)).unwrap()).unwrap();
    assert_eq!(
        (&input.request, &input.context, &input.told),
        (&record.request, &record.context, &record.told)
    );
    assert!(matches!(input.told[1], Told::Observed(_)));
    let told = |outcomes: &str| {
        let text = format!("input: {{ request: {REQUEST}, context: {CONTEXT}, outcomes: {outcomes} }}");
        replay_input(&read_one(&text).unwrap()).unwrap_err().to_string()
    };
    for (outcomes, expected) in [
        ("[{ error: timeout }]", "input.outcomes[0].at: is missing"),
        (
            "[{ at: 2026-11-23T10:00:00Z, error: timout }]",
            "input.outcomes[0].error: no error class `timout`; one with a similar name exists: timeout",
        ),
        (
            "[{ observed: { nw: 5 } }]",
            "input.outcomes[0].observed.nw: unknown field; a field with a similar name exists: now\ninput.outcomes[0].observed.now: is missing",
        ),
        (
            "[{ observed: { now: 2026-11-23T10:00:00Z }, cost: 5 }]",
            "input.outcomes[0].observed: stands alone, and here are other fields",
        ),
        (
            "[{ at: 2026-11-23T10:00:00Z, ok: {}, took: 5 }]",
            "input.outcomes[0].took: unknown field; the fields are: at, error, status, phase, emitted_tokens, retry_after, should_retry, ok, cost, observed",
        ),
    ] {
        assert_eq!(told(outcomes), expected, "{outcomes}");
    }
}

#[test]
fn waits_are_written_in_the_largest_whole_unit() {
    for (ms, text) in [
        (0, "wait 0ms"),
        (1, "wait 1ms"),
        (1500, "wait 1500ms"),
        (3000, "wait 3s"),
        (90_000, "wait 90s"),
        (120_000, "wait 2m"),
        (3_600_000, "wait 1h"),
        (172_800_000, "wait 2d"),
        (u64::MAX, "wait 18446744073709551615ms"),
    ] {
        assert_eq!(crate::record::wait_text(ms), text);
    }
}

#[test]
fn a_script_that_does_not_fit_the_run() {
    let error = |script| run(script).unwrap_err();
    assert_eq!(
        error("[{ error: rate_limit }, { error: rate_limit }]"),
        "the script has no outcome for call 3, `try m/a@p1`"
    );
    assert_eq!(error("[]"), "the script has no outcome for call 1, `try m/a@p1 with corp`");
    assert_eq!(
        error("[{ error: timeout, observe: { budgts: [] } }]"),
        "outcomes[0].observe: context.budgts: unknown field; a field with a similar name exists: budgets"
    );
    assert_eq!(run("[{ ok: {} }, { ok: {} }]").unwrap().unused, 1);
    let engine = engine();
    let refuse = |_| Err("the engine is another".to_owned());
    let script = outcomes_file("[{ ok: {} }]").unwrap();
    assert_eq!(
        play(plan(&engine).run(), &script, &context(), &refuse).unwrap_err(),
        "a saved run cannot be restored: the engine is another"
    );
    // A store that loses something is found out.
    let lossy = |mut saved: faregate::SavedRun| {
        saved.used.iter_mut().for_each(|n| *n = 0);
        engine.restore(saved).map_err(|error| error.to_string())
    };
    let script = outcomes_file("[{ error: rate_limit }, { error: rate_limit }, { ok: {} }]").unwrap();
    assert_eq!(
        play(plan(&engine).run(), &script, &context(), &lossy).unwrap_err(),
        "a run that was saved and restored knows other things than one that was not"
    );
}

fn case(fields: &str) -> Case {
    let text = format!(
        "policy: p.fare\ncatalog: m.yaml\nrequest: {REQUEST}\ncontext: {CONTEXT}\ncases: [{{ name: c, {fields} }}]"
    );
    let mut load = |path: &str| Ok(if path == "p.fare" { POLICY.into() } else { MARKET.into() });
    read_cases(&text, &mut load).unwrap().remove(0)
}

/// What a runner of cases does.
fn differences(case: &Case) -> Vec<String> {
    if let Some(settled) = case.settled() {
        return settled;
    }
    let input = case.input.as_ref().unwrap();
    let (request, context) = (input.request.as_ref().unwrap(), input.context.as_ref().unwrap());
    let engine = engine();
    let decision = engine.decide(request, context);
    match &decision {
        Decision::Route(plan) if case.runs() => {
            let restore = |saved| engine.restore(saved).map_err(|error| error.to_string());
            match play(plan.run(), input.outcomes.as_deref().unwrap_or_default(), context, &restore) {
                Ok(played) => case.differences(Got::Run { decision: &decision, record: &played.record }),
                Err(error) => case.differences(Got::Error(&error)),
            }
        }
        _ => case.differences(Got::Decision(&decision)),
    }
}

#[test]
fn cases_of_runs() {
    let long = format!("outcomes: {LONG}");
    let long = long.as_str();
    for (fields, expected) in [
        (format!("{long}, expect: {{ outcome: route }}"), vec![]),
        (
            format!("{long}, expect: {{ steps: [try p1 with corp, wait 3000ms, try m/a@p1 with corp, try m/a@p1, done], cost: '0.00160' }}"),
            vec![],
        ),
        (
            format!("{long}, expect: {{ attempts: [{{ provider: p1 }}, {{}}, {{ provider: p2 }}], cost: {{ expected: 0.002 }}, record: {{ cost: 0.00160, errors: [{{ cost: 0.0 }}, {{}}], budgets: [{{ added: '0.0016' }}], alerts: [{{ crossed: 50% }}], steps: [try p1 with corp, wait 3s, try p1 with corp, try m/a@p1, done] }} }}"),
            vec![],
        ),
        (
            format!("{long}, expect: {{ steps: [try p1 with corp, wait 4s, try p2, done] }}"),
            vec![
                "steps: expected 4 entries, got 5: [\"try m/a@p1 with corp\", \"wait 3s\", \"try m/a@p1 with corp\", \"try m/a@p1\", \"done\"]",
                "steps[1]: expected \"wait 4s\", got \"wait 3s\"",
                "steps[2]: expected \"try m/a@p2\", got \"try m/a@p1 with corp\"",
                "steps[3]: expected \"done\", got \"try m/a@p1\"",
            ],
        ),
        (
            format!("{long}, expect: {{ steps: [try p1, try p9, wait 3, hop, fail timout, try, 5, wait soon] }}"),
            vec![
                "steps[0]: `try p1`: several candidates are meant: `try m/a@p1 with corp`, `try m/a@p1`",
                "steps[1]: `try p9`: no candidate of the plan is meant; the plan is: `try m/a@p1 with corp`, `try m/a@p1`, `try m/a@p2`",
                "steps[2]: `wait 3`: expected a duration such as 2s, found \"3\"",
                "steps[3]: `hop` is no step; steps are `try X`, `try X with KEY`, `wait 3s`, `done`, `fail CLASS`",
                "steps[4]: `fail timout`: no error class `timout`; one with a similar name exists: timeout",
                "steps[5]: `try` does not say what; steps are `try X`, `try X with KEY`, `wait 3s`, `done`, `fail CLASS`",
                "steps[6]: expected a step, found the number 5",
                "steps[7]: `wait soon`: expected a duration such as 2s, found \"soon\"",
            ],
        ),
        (
            format!("{long}, expect: {{ cost: 0.2, record: {{ calls: 4, fallbck: null }} }}"),
            vec![
                "cost: expected 0.2, got \"0.0016\"",
                "record.calls: expected 4, got 3",
                "record.fallbck: unknown field; a field with a similar name exists: fallback",
            ],
        ),
        (
            "outcomes: [{ ok: {} }, { ok: {} }, { ok: {} }], expect: { steps: [try p1 with corp, done] }".into(),
            vec!["2 outcomes were not used"],
        ),
        (
            "expect: { steps: [done] }".into(),
            vec!["expected a run, got the error: the script has no outcome for call 1, `try m/a@p1 with corp`"],
        ),
        (
            "outcomes: [{ ok: {} }], request: { only: [nobody] }, expect: { outcome: deny, steps: [done] }".into(),
            vec!["steps: expected [\"done\"], but a denial has no steps", "1 outcome was not used"],
        ),
        ("outcomes: [{ oops: {} }], expect: { error: \"outcomes[0].oops: unknown field\" }".into(), vec![]),
        (
            "outcomes: [{ ok: {}, observe: { endpoints: { p1: { helth: up } } } }], expect: { outcome: route }".into(),
            vec!["outcomes[0].observe: context.endpoints.p1.helth: unknown field; a field with a similar name exists: health"],
        ),
    ] {
        assert_eq!(differences(&case(&fields)), expected, "{fields}");
    }
    let scripted = case(&format!("{long}, expect: {{ outcome: route }}"));
    assert!(scripted.runs() && case("expect: { cost: 0.1 }").runs());
    assert!(!case("expect: { cost: { worst: 0.1 } }").runs());
    assert!(!case("outcomes: [], expect: { diagnostics: [] }").runs());
    let decision = Decision::Route(Box::new(plan(&engine())));
    assert_eq!(scripted.differences(Got::Decision(&decision)), ["expected a run, got a plan alone"]);
}

#[test]
fn saved_runs_are_checked() {
    let engine = engine();
    let mut run = plan(&engine).run();
    let now = context().now;
    let _try = run.step(now);
    run.next(scripted_from(&read_one("{ error: rate_limit }").unwrap()).unwrap().outcome, now);
    let _wait = run.step(now);
    let node = saved_run_to_node(&run.save());
    assert_eq!(saved_run_from(&node).unwrap(), run.save());
    for (over, expected) in [
        ("{ faregate_run: 2 }", "run.faregate_run: is version 2, and this is read by version 1"),
        ("{ faregate_run: null }", "run.faregate_run: is missing"),
        ("{ mvoes: 1 }", "run.mvoes: unknown field; a field with a similar name exists: moves"),
        ("{ moves: null }", "run.moves: is missing"),
        ("{ state: { is: calling } }", "run.state.waited_ms: does not belong here"),
        ("{ state: { until: null } }", "run.state.until: is missing"),
        (
            "{ state: { is: failed, until: null, waited_ms: null, cut: true, at: 2026-11-23T10:00:00Z, limit: time } }",
            "run.state.limit: expected one of deadline, calls, moves, cost, found \"time\"",
        ),
        (
            "{ plan: [{ endpoint: x, credential: { kind: own } }] }",
            "run.plan[0].credential: an own credential has a key",
        ),
        (
            "{ plan: [{ endpoint: x, credential: { kind: shared, key: x } }] }",
            "run.plan[0].credential: a shared credential has no key",
        ),
        ("{ steps: [{ step: wait, ms: 5 }] }", "run.steps[0].at: is missing"),
        ("{ steps: [{ step: done, ms: 5 }] }", "run.steps[0].ms: does not belong here"),
        (
            "{ steps: [{ step: fail, class: bad }] }",
            "run.steps[0].class: no error class `bad`; one with a similar name exists: bad_request",
        ),
        (
            "{ context: { nwo: 5 } }",
            "run.context.nwo: unknown field; a field with a similar name exists: now",
        ),
        ("{ told: [{ ok: {} }] }", "run.told[0].at: is missing"),
    ] {
        let changed = crate::golden::merge(&node, &read_one(over).unwrap());
        assert_eq!(saved_run_from(&changed).unwrap_err().to_string(), expected, "{over}");
    }
    assert_eq!(saved_run_from(&Node::Null).unwrap_err().to_string(), "run: expected a map, found nothing");
}

#[test]
fn saved_runs_that_contradict_themselves_are_refused() {
    let engine = engine();
    let mut run = plan(&engine).run();
    let now = context().now;
    let _try = run.step(now);
    run.next(scripted_from(&read_one("{ error: authentication }").unwrap()).unwrap().outcome, now);
    let saved = run.save();
    assert!(engine.restore(saved.clone()).is_ok());
    let refused = |change: &dyn Fn(&mut faregate::SavedRun)| {
        let mut changed = saved.clone();
        change(&mut changed);
        engine.restore(changed).unwrap_err().to_string()
    };
    assert_eq!(
        refused(&|run| run.steps.clear()),
        "the run contradicts itself: its steps are not those of its calls"
    );
    assert_eq!(
        refused(&|run| run.errors[0].class = ErrorClass::Timeout),
        "the run contradicts itself: its errors are not those of its calls"
    );
    assert_eq!(
        refused(&|run| run.dead.clear()),
        "the run contradicts itself: its dead credentials are not those that its calls have found dead"
    );
    assert_eq!(
        refused(&|run| run.told.clear()),
        "the run contradicts itself: a call has ended, and nobody told how"
    );
    assert_eq!(
        refused(&|run| run.at = 99),
        "the run names places outside its plan, which the engine does not have"
    );
}

#[test]
fn keys_and_classes_keep_their_names() {
    for class in ErrorClass::ALL {
        let outcome =
            scripted_from(&read_one(&format!("error: {}", class.as_str())).unwrap()).unwrap().outcome;
        assert_eq!(outcome, Outcome::Failure(faregate::Failure::new(class)));
    }
    let own = record("[{ ok: {} }]").served.unwrap().credential;
    assert_eq!(own, Credential::Own("corp".into()));
}
