//! Trees to requests, contexts and catalogs, and back.

use faregate::{AttributeValue, CatalogLayer, Counted, CredentialState, Health, Money};

use crate::*;

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn request_error(fields: &str) -> String {
    let text = format!("request: {{ id: r, input_tokens: 1, {fields} }}");
    read_requests(&text).map(|_| "fine".to_owned()).unwrap_or_else(|error| error.to_string())
}

fn context_error(fields: &str) -> String {
    let text = format!("context: {{ now: 2026-11-23T10:00:00Z, {fields} }}");
    read_requests(&text).map(|_| "fine".to_owned()).unwrap_or_else(|error| error.to_string())
}

fn catalog_error(text: &str) -> String {
    catalog_layer(text).map(|_| "fine".to_owned()).unwrap_or_else(|error| error.to_string())
}

/// The example of the contract.
const EXAMPLE: &str = r#"
request:
  id: req-7f3a                # seed of every draw; required
  workload: chat
  model: anthropic/claude-sonnet-4.5      # or models: [a, b]
  input_tokens: 1200
  max_output_tokens: 800      # also region, priority, only, ignore, max_price
  expected_output_tokens: 300 # for order by price; else max_output_tokens
  cached_input_tokens: 0      # expected cache hits, for the expected cost
  caching: false              # true: the worst case may be billed as cache read or write
  images: 0
  stream: true
  idempotent: false
  side_effects: false
  parameters: [tools, response_format]
  modalities: [text]
  tools: []                   # tools the provider runs and charges: web_search, …
  data: [pii]
  tags: [support]
  user: u-81
  session: s-12
  attributes: { tier: pro }   # what the policy declared beyond the built-in names
context:
  now: 2026-11-23T10:00:00Z   # required
  key: { id: k-1, environment: production, team: support, account: acme, credits: "182.40" }
  credentials:                # own keys; shared ones need no entry
    - { id: corp-azure, provider: azure, priority: 1, fallback: false, models: ["openai/*"], keys: ["k-1"], state: ok }
  shared: { except: [nebius] }  # providers for which the gateway has no key of its own account
  endpoints:                  # what is known of them now, by endpoint id or provider
    anthropic/claude-sonnet-4.5@bedrock: { health: degraded, latency_p90: 3.1s, uptime: 98.7%, cooling_until: 2026-11-23T10:00:20Z }
    anthropic: { uptime: 99.9%, latency_p90: 1.4s }     # a provider's, where the endpoint says nothing
  budgets:                    # counted so far, by budget and value of `per`
    - { budget: production-hard, per: support, window_start: 2026-11-01T00:00:00Z, spend: "1430.11" }
    - { budget: production-soft, per: support, window_start: 2026-11-01T00:00:00Z, spend: "1430.11" }
"#;

#[test]
fn the_example_of_the_contract() {
    let documents = read_requests(EXAMPLE).unwrap();
    let request = documents[0].request.as_ref().unwrap();
    assert_eq!(request.model.as_deref(), Some("anthropic/claude-sonnet-4.5"));
    assert_eq!((request.input_tokens, request.max_output_tokens), (1200, Some(800)));
    assert!(request.stream && !request.caching && request.tools.is_empty());
    assert_eq!(request.attributes["tier"], AttributeValue::Text("pro".into()));
    let context = documents[0].context.as_ref().unwrap();
    assert_eq!(context.key.credits, Some(money("182.4")));
    assert_eq!((context.credentials[0].priority, context.credentials[0].state), (1, CredentialState::Ok));
    assert!(context.shared_except.contains("nebius"));
    let bedrock = &context.endpoints["anthropic/claude-sonnet-4.5@bedrock"];
    assert_eq!((bedrock.health, bedrock.latency_ms[2]), (Some(Health::Degraded), Some(3100)));
    assert_eq!(bedrock.uptime.unwrap().to_string(), "98.7%");
    assert_eq!(bedrock.cooling_until.unwrap().to_string(), "2026-11-23T10:00:20Z");
    let rows = context.budgets.as_ref().unwrap();
    assert_eq!(
        (rows[0].per.as_slice(), rows[0].counted),
        (&["support".to_owned()][..], Counted::Spend(money("1430.11")))
    );

    // Written and read again, it is the same; as JSON too.
    let again = Node::Map(vec![
        ("request".into(), request_to_node(request)),
        ("context".into(), context_to_node(context)),
    ]);
    assert_eq!(read_requests(&again.to_json()).unwrap(), documents);
    assert_eq!(read_requests(&again.to_json_pretty()).unwrap(), documents);
}

#[test]
fn every_fault_has_its_path() {
    for (fields, expected) in [
        ("workload: chat", "fine"),
        (
            "max_ouput_tokens: 5",
            "request.max_ouput_tokens: unknown field; a field with a similar name exists: max_output_tokens",
        ),
        ("user: 5", "request.user: expected text, found the number 5; quote it: \"5\""),
        ("user: true", "request.user: expected text, found true; quote it: \"true\""),
        ("user: null", "fine"),
        ("stream: yes", "request.stream: expected true or false, found the text \"yes\""),
        ("images: 0x1F", "request.images: expected a whole number, found the number 0x1F"),
        ("images: 1e3", "request.images: expected a whole number, found the number 1e3"),
        ("images: -1", "request.images: expected a whole number, found the number -1"),
        ("images: '1'", "request.images: expected a whole number, found the text \"1\""),
        ("images: 9007199254740991", "fine"),
        (
            "images: 9007199254740992",
            "request.images: the number 9007199254740992 is too large; at most 9007199254740991",
        ),
        (
            "images: 99999999999999999999999",
            "request.images: the number 99999999999999999999999 is too large; at most 9007199254740991",
        ),
        ("images: 1_000", "request.images: expected a whole number, found the text \"1_000\""),
        ("data: pii", "request.data: expected a list, found the text \"pii\""),
        ("data: [pii, 5]", "request.data[1]: expected text, found the number 5; quote it: \"5\""),
        ("attributes: { n: 1.50, b: true, l: [a], t: x, none: null }", "fine"),
        ("attributes: { n: .inf }", "request.attributes.n: .inf: not a decimal number"),
        (
            "attributes: { n: { a: 1 } }",
            "request.attributes.n: expected text, a number, true, false, or a list of texts, found a map",
        ),
        (
            "attributes: { l: [1] }",
            "request.attributes.l[0]: expected text, found the number 1; quote it: \"1\"",
        ),
        ("max_price: { prompt: $2 per Mtok }", "fine"),
        (
            "max_price: { output: 2000 }",
            "request.max_price.output: expected text, found the number 2000; quote it: \"2000\"",
        ),
        (
            "max_price: { prompt: 2 }",
            "request.max_price.prompt: expected text, found the number 2; write it as in a policy: \"$2 per Mtok\"",
        ),
        (
            "max_price: { image: 0.04 }",
            "request.max_price.image: expected text, found the number 0.04; write it as in a policy: \"$0.04 per image\"",
        ),
        (
            "max_price: { run: 1 }",
            "request.max_price.run: expected text, found the number 1; write it as in a policy: \"$1\"",
        ),
        (
            "user: 5, session: 6, tier: pro",
            "request.tier: unknown field; what a policy declares stands in attributes; the fields are: id, ",
        ),
    ] {
        let error = request_error(fields);
        assert!(error.starts_with(expected) && (expected != "fine" || error == "fine"), "{fields}\n{error}");
    }
    for (fields, expected) in [
        ("key: { credits: [1] }", "context.key.credits: expected money such as \"182.40\", found a list"),
        (
            "key: { credits: .inf }",
            "context.key.credits: expected money such as \"182.40\", found the number .inf",
        ),
        (
            "key: { credits: '0x10' }",
            "context.key.credits: expected money such as \"182.40\", found the text \"0x10\"",
        ),
        (
            "key: { credits: +5 }",
            "context.key.credits: expected money such as \"182.40\", found the number +5",
        ),
        (
            "key: { credits: 0.0000000000000000000000001 }",
            "context.key.credits: 0.0000000000000000000000001: more than 24 decimals",
        ),
        ("key: { credits: 1e99 }", "context.key.credits: 1e99: too large"),
        ("key: { credits: -5 }", "fine"),
        ("key:", "fine"),
        ("shared: { except: nebius }", "context.shared.except: expected a list, found the text \"nebius\""),
        (
            "endpoints: { 'a/b@c': { health: broken } }",
            "context.endpoints[\"a/b@c\"].health: expected one of up, degraded, down, found the text \"broken\"",
        ),
        (
            "endpoints: { c: { latency_p90: 2 s } }",
            "context.endpoints.c.latency_p90: expected a duration such as \"2s\", or whole milliseconds, found the text \"2 s\"",
        ),
        ("endpoints: { c: { latency_p90: 1400, throughput_p50: 61.5 } }", "fine"),
        (
            "endpoints: { c: { latency_p90: 0.5 } }",
            "context.endpoints.c.latency_p90: expected a duration such as \"2s\", or whole milliseconds, found the number 0.5",
        ),
        (
            "endpoints: { c: { latency: 1s } }",
            "context.endpoints.c.latency: unknown field; a field with a similar name exists: latency_p50",
        ),
        (
            "endpoints: { c: { uptime: 98.7 } }",
            "context.endpoints.c.uptime: expected a share such as 98.7%, or between 0 and 1, found the number 98.7",
        ),
        (
            "endpoints: { c: { uptime: 101% } }",
            "context.endpoints.c.uptime: expected a share such as 98.7%, or between 0 and 1, found the text \"101%\"",
        ),
        ("endpoints: { c: { uptime: 0.987 } }", "fine"),
        ("endpoints: { c: { throughput_p50: -1 } }", "context.endpoints.c.throughput_p50: -1 is below zero"),
        (
            "endpoints: { c: { cooling_until: 2026-11-23 } }",
            "context.endpoints.c.cooling_until: expected an instant such as 2026-11-23T10:00:00Z, found the text \"2026-11-23\"",
        ),
        (
            "budgets: [{ budget: b }]",
            "context.budgets[0]: needs exactly one of spend, requests, tokens, concurrency",
        ),
        (
            "budgets: [{ budget: b, spend: 1, requests: 1 }]",
            "context.budgets[0]: needs exactly one of spend, requests, tokens, concurrency",
        ),
        ("budgets: [{ spend: 1 }]", "context.budgets[0].budget: is missing"),
        ("budgets: [{ budget: b, spend: -1 }]", "context.budgets[0].spend: -1 is below zero"),
        ("budgets: [{ budget: b, spend: 1, reserved: 0.5 }]", "fine"),
        (
            "budgets: [{ budget: b, tokens: 1, reserved: 0.5 }]",
            "context.budgets[0].reserved: expected a whole number, as is counted here, found 0.5",
        ),
        (
            "budgets: [{ budget: b, tokens: 1, per: [a, 1] }]",
            "context.budgets[0].per[1]: expected text, found the number 1; quote it: \"1\"",
        ),
        (
            "budgets: [{ budget: b, tokens: 1, per: 1 }]",
            "context.budgets[0].per: expected text or a list of texts, found a number",
        ),
        (
            "budgets: [{ budget: b, tokens: 1, window: year }]",
            "context.budgets[0].window: expected one of minute, hour, day, week, month, total, found the text \"year\"",
        ),
        ("credentials: [{ id: a, provider: p, priority: -3, fee: 5%, prices: { prompt: 0 } }]", "fine"),
        (
            "credentials: [{ id: a, provider: p, priority: 1.5 }]",
            "context.credentials[0].priority: expected a whole number, found the number 1.5",
        ),
        (
            "credentials: [{ id: a }, { provider: p, prices: { request: x } }]",
            "context.credentials[0].provider: is missing\ncontext.credentials[1].prices.request: expected money such as \"182.40\", found the text \"x\"\ncontext.credentials[1].id: is missing",
        ),
    ] {
        assert_eq!(context_error(fields), expected, "{fields}");
    }
}

#[test]
fn what_is_missing_and_what_stands_beside() {
    for (text, expected) in [
        ("{ id: r }", "request.input_tokens: is missing"),
        ("request: {}", "request.id: is missing"),
        ("request: 5", "request: expected a map, found the number 5"),
        ("5", "request: expected a map, found the number 5"),
        ("", "holds no data"),
        (
            "context: { key: { team: 5 } }\nrequest: { id: r }\nreqest: {}",
            "context.key.team: expected text, found the number 5; quote it: \"5\"\ncontext.now: is missing\nrequest.input_tokens: is missing\nreqest: unknown field; a field with a similar name exists: request",
        ),
        (
            "{ id: r, input_tokens: 1 }\n---\n{ id: r, input_tokens: x }",
            "document 2: request.input_tokens: expected a whole number, found the text \"x\"",
        ),
    ] {
        assert_eq!(read_requests(text).unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn budgets_that_are_absent_are_not_empty() {
    let context = |budgets: &str| {
        context_from(&read_one(&format!("{{ now: 2026-11-23T10:00:00Z {budgets} }}")).unwrap()).unwrap()
    };
    assert_eq!(context("").budgets, None);
    assert_eq!(context(", budgets: null").budgets, None);
    assert_eq!(context(", budgets: []").budgets, Some(vec![]));
    let empty = context(", budgets: []");
    assert_eq!(context_from(&context_to_node(&empty)).unwrap(), empty);
}

const MARKET: &str = r#"
catalog: { name: openrouter, as_of: 2026-11-20 }
endpoints:
  - id: anthropic/claude-sonnet-4.5@anthropic    # model@provider[/variant]; made from them when absent
    model: anthropic/claude-sonnet-4.5           # canonical: the same at every provider
    native_model: claude-sonnet-4-5-20250929     # what this provider calls it
    aliases: [claude-sonnet-4.5]
    provider: anthropic
    region: us
    context_length: 1000000
    max_output_tokens: 64000
    joint_context: true
    free: false
    deprecated: false
    supports: [tools, response_format, structured_outputs, reasoning]
    tags: []                   # an organisation's own marks: evaluated, eu-contract, …
    modalities: [text, image]
    quantization: bf16
    zdr: true
    trains: false
    retains: false
    prices:                    # dollars; per token unless the name says otherwise
      prompt: "0.000003"
      completion: 1.5e-05
      cache_read: "0.0000003"
      cache_write: "0.00000375"
      reasoning: 0.00002
      image: "0.001"
      request: "0"
      tools: { web_search: "0.01", files: { per_call: 0.01, per_result: "0.001" } }
      overrides:               # the last that matches wins, per key
        - { above_input_tokens: 200000, prompt: "0.000006", completion: "0.0000225" }   # or from_input_tokens
        - { utc_from: "16:30", utc_to: "00:30:15", prompt: "0.0000015", tools: { files: 0 } }
    sunset: 2027-02-01
providers:                     # facts of all endpoints of a provider, where the endpoint says nothing
  anthropic: { region: us, zdr: true, trains: false, retains: false }
"#;

#[test]
fn a_catalog_comes_back_as_it_was_written() {
    let layer = catalog_layer(MARKET).unwrap();
    let row = &layer.endpoints[0];
    assert_eq!(layer.as_of.map(|d| (d.year, d.month, d.day)), Some((2026, 11, 20)));
    assert_eq!(row.facts.prices.completion, Some(money("0.000015")));
    assert_eq!(row.facts.prices.tools["files"].per_result, Some(money("0.001")));
    let overrides = row.facts.prices.overrides.as_ref().unwrap();
    assert_eq!(overrides[1].utc.map(|(from, to)| (from.0, to.0)), Some((59_400_000, 1_815_000)));
    assert_eq!(row.facts.tags.as_ref().map(|tags| tags.len()), Some(0));
    assert_eq!(layer.providers["anthropic"].zdr, Some(true));
    let written = catalog_layer_to_node(&layer);
    assert_eq!(catalog_layer_from(&written).unwrap(), layer);
    assert_eq!(catalog_layer(&written.to_json_pretty()).unwrap(), layer);
    assert_eq!(catalog_layer("{}").unwrap(), CatalogLayer::default());
}

#[test]
fn faults_of_a_catalog() {
    for (text, expected) in [
        ("endpoint: []", "endpoint: unknown field; a field with a similar name exists: endpoints"),
        (
            "endpoints: [{ id: a@b, zdr: 'true' }]",
            "endpoints[0].zdr: expected true or false, found the text \"true\"",
        ),
        ("endpoints: [{ id: a@b, prices: { prompt: -1 } }]", "endpoints[0].prices.prompt: -1 is below zero"),
        (
            "endpoints: [{ id: a@b, prices: { tools: { s: { per_cal: 1 } } } }]",
            "endpoints[0].prices.tools.s.per_cal: unknown field; a field with a similar name exists: per_call\nendpoints[0].prices.tools.s.per_call: is missing",
        ),
        (
            "endpoints: [{ id: a@b, prices: { tools: { s: { per_cal: 1, per_call: -1, per_reslt: 1 }, t: { per_call: 1, fee: 1 } } } }]",
            "endpoints[0].prices.tools.s.per_cal: unknown field; a field with a similar name exists: per_call\n\
             endpoints[0].prices.tools.s.per_reslt: unknown field; a field with a similar name exists: per_result\n\
             endpoints[0].prices.tools.s.per_call: -1 is below zero\n\
             endpoints[0].prices.tools.t.fee: unknown field; the fields are: per_call, per_result",
        ),
        (
            "endpoints: [{ id: a@b, prices: { tools: { s: { per_result: 1 } } } }]",
            "endpoints[0].prices.tools.s.per_call: is missing",
        ),
        (
            "endpoints: [{ id: a@b, prices: { tools: { s: [1] } } }]",
            "endpoints[0].prices.tools.s: expected money such as \"0.01\", or { per_call, per_result }, found a list",
        ),
        (
            "endpoints: [{ id: a@b, prices: { tools: { s: .nan } } }]",
            "endpoints[0].prices.tools.s: expected money such as \"182.40\", found the text \".nan\"",
        ),
        (
            "endpoints: [{ id: a@b, prices: { overrides: [{ utc_from: '16:30' }] } }]",
            "endpoints[0].prices.overrides[0]: has one of utc_from and utc_to, and needs both or neither",
        ),
        (
            "endpoints: [{ id: a@b, prices: { overrides: [{ utc_from: 1630, utc_to: '24:00' }] } }]",
            "endpoints[0].prices.overrides[0].utc_from: expected a time of day such as \"16:30\", found the number 1630\nendpoints[0].prices.overrides[0].utc_to: expected a time of day such as \"16:30\", found the text \"24:00\"",
        ),
        (
            "endpoints: [{ id: a@b, sunset: 2026-02-30 }]",
            "endpoints[0].sunset: expected a day such as 2026-11-23, found the text \"2026-02-30\"",
        ),
        (
            "providers: { north: { reginn: eu } }",
            "providers.north.reginn: unknown field; a field with a similar name exists: region",
        ),
        (
            "endpoints: [5, { id: 7 }, { context_length: many }]",
            "endpoints[0]: expected a map, found the number 5\nendpoints[1].id: expected text, found the number 7; quote it: \"7\"\nendpoints[2].context_length: expected a whole number, found the text \"many\"",
        ),
    ] {
        assert_eq!(catalog_error(text), expected, "{text}");
    }
}

#[test]
fn times_of_day_and_days_are_exact() {
    for (text, ok) in [
        ("16:30", true),
        ("16:30:15", true),
        ("16:30:15.250", true),
        ("6:30", false),
        ("16:60", false),
        ("16:30.5", false),
        ("16", false),
        ("16:30:15:00", false),
        ("16:30:15.", false),
    ] {
        let text = format!(
            "endpoints: [{{ id: a@b, prices: {{ overrides: [{{ utc_from: '{text}', utc_to: '00:00' }}] }} }}]"
        );
        let read = catalog_layer(&text);
        assert_eq!(read.is_ok(), ok, "{text}");
        if let Ok(layer) = read {
            assert_eq!(catalog_layer_from(&catalog_layer_to_node(&layer)).unwrap(), layer);
        }
    }
    for (text, ok) in
        [("2024-02-29", true), ("2023-02-29", false), ("2026-1-1", false), ("2026-11-23T10:00:00Z", false)]
    {
        assert_eq!(catalog_layer(&format!("catalog: {{ as_of: {text} }}")).is_ok(), ok, "{text}");
    }
}
