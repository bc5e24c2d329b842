//! The Cedar and the Rego of the book say what the pages beside them say: they admit the endpoints that the policy there admits, but
//! where a fact is missing.

#![cfg(feature = "engines")]

use std::collections::BTreeSet;
use std::path::Path;

use cedar_policy::{Authorizer, Context, Decision, Entities, PolicySet, Request};
use regorus::{Engine, Value};
use serde_json::json;

/// The block of this kind on a page of the book.
fn block(page: &str, kind: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/coming-from").join(page);
    let text = std::fs::read_to_string(path).unwrap();
    let (_, rest) =
        text.split_once(&format!("```{kind}\n")).unwrap_or_else(|| panic!("{page} has no {kind}"));
    rest.split_once("```").unwrap().0.to_owned()
}

/// The endpoints of the Llama in the market of those pages: provider, whether nothing is kept, dollars for a million tokens of output.
const ENDPOINTS: [(&str, bool, &str); 3] =
    [("deepinfra", true, "0.6"), ("together", false, "0.9"), ("groq", true, "0.8")];

fn all() -> BTreeSet<&'static str> {
    ENDPOINTS.map(|(provider, ..)| provider).into()
}

fn by_cedar(data: Option<&[&str]>, environment: &str) -> BTreeSet<&'static str> {
    let policies: PolicySet = block("cedar.md", "cedar").parse().unwrap();
    let mut rows = vec![
        json!({ "uid": { "type": "Key", "id": "k" }, "attrs": { "environment": environment }, "parents": [] }),
    ];
    rows.extend(ENDPOINTS.map(|(provider, zdr, price)| {
        let price = json!({ "__extn": { "fn": "decimal", "arg": price } });
        let attrs = json!({ "model": "meta/llama-4-maverick", "zdr": zdr, "trains": false, "price_completion": price });
        json!({ "uid": { "type": "Endpoint", "id": provider }, "attrs": attrs, "parents": [] })
    }));
    let entities = Entities::from_json_value(rows.into(), None).unwrap();
    let context = data.map_or(json!({}), |data| json!({ "data": data }));
    let admitted = ENDPOINTS.iter().map(|(provider, ..)| *provider).filter(|provider| {
        let context = Context::from_json_value(context.clone(), None).unwrap();
        let resource = format!("Endpoint::\"{provider}\"").parse().unwrap();
        let (principal, action) = ("Key::\"k\"".parse().unwrap(), "Action::\"chat\"".parse().unwrap());
        let request = Request::new(principal, action, resource, context, None).unwrap();
        Authorizer::new().is_authorized(&request, &policies, &entities).decision() == Decision::Allow
    });
    admitted.collect()
}

#[test]
fn the_cedar_of_the_book_admits_what_its_policy_admits() {
    let kept_nowhere = BTreeSet::from(["deepinfra", "groq"]);
    assert_eq!(by_cedar(Some(&["pii"]), "production"), kept_nowhere);
    assert_eq!(by_cedar(Some(&[]), "production"), all());
    assert_eq!(by_cedar(Some(&[]), "staging"), kept_nowhere, "$0.90 is above $0.80");
}

#[test]
fn where_a_fact_is_missing_cedar_skips_what_would_forbid() {
    assert_eq!(by_cedar(None, "production"), all());
}

fn by_rego(data: Option<&[&str]>, environment: &str) -> (BTreeSet<String>, String) {
    let mut engine = Engine::new();
    engine.add_policy("book.rego".to_owned(), block("rego.md", "rego")).unwrap();
    let rows = ENDPOINTS.map(|(provider, zdr, price)| {
        let price: f64 = price.parse().unwrap();
        json!({ "provider": provider, "model": "meta/llama-4-maverick", "zdr": zdr, "price_completion": price / 1e6 })
    });
    engine.add_data(Value::from_json_str(&json!({ "endpoints": rows }).to_string()).unwrap()).unwrap();
    let request = data.map_or(json!({}), |data| json!({ "data": data }));
    let input = json!({ "request": request, "key": { "environment": environment } });
    engine.set_input(Value::from_json_str(&input.to_string()).unwrap());
    let read =
        |value: Value| -> serde_json::Value { serde_json::from_str(&value.to_json_str().unwrap()).unwrap() };
    let eligible = read(engine.eval_rule("data.routing.eligible".to_owned()).unwrap());
    let first = read(engine.eval_rule("data.routing.first".to_owned()).unwrap());
    let allow = read(engine.eval_rule("data.routing.allow".to_owned()).unwrap());
    assert_eq!(allow, json!(true));
    let providers = eligible.as_array().unwrap().iter().map(|e| e["provider"].as_str().unwrap().to_owned());
    (providers.collect(), first["provider"].as_str().unwrap().to_owned())
}

#[test]
fn the_rego_of_the_book_admits_what_its_policy_admits() {
    let set = |providers: &[&str]| providers.iter().map(|p| (*p).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(by_rego(Some(&["pii"]), "staging"), (set(&["deepinfra", "groq"]), "deepinfra".to_owned()));
    assert_eq!(by_rego(Some(&[]), "production"), (set(&["deepinfra", "groq"]), "deepinfra".to_owned()));
    assert_eq!(
        by_rego(None, "staging").0,
        set(&["deepinfra", "groq", "together"]),
        "what is undefined violates nothing"
    );
}
