//! The catalogs in `policies/catalogs` hold what policies are promised of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use faregate_import::ModelNames;
use faregate_syntax::Fixed;
use serde_yaml::Value;

fn read(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/catalogs");
    fs::read_to_string(folder.join(name)).unwrap()
}

fn catalog(name: &str) -> Value {
    serde_yaml::from_str(&read(name)).unwrap()
}

fn text<'a>(endpoint: &'a Value, key: &str) -> &'a str {
    endpoint[key].as_str().unwrap_or_else(|| panic!("{key} of {endpoint:?}"))
}

#[test]
fn the_names_file_is_in_order() {
    ModelNames::parse(&read("model-names.yaml")).unwrap();
}

#[test]
fn the_market_is_large_and_fallback_is_real() {
    let market = catalog("market.yaml");
    let endpoints = market["endpoints"].as_sequence().unwrap();
    let mut providers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for endpoint in endpoints {
        let (id, model, provider) =
            (text(endpoint, "id"), text(endpoint, "model"), text(endpoint, "provider"));
        assert!(ids.insert(id), "`{id}` stands twice");
        let rest = id.strip_prefix(model).and_then(|rest| rest.strip_prefix('@')).unwrap();
        assert!(
            rest == provider || rest.strip_prefix(provider).is_some_and(|rest| rest.starts_with('/')),
            "{id}"
        );
        providers.entry(model).or_default().insert(provider);
    }
    assert!(endpoints.len() >= 3000, "{}", endpoints.len());
    assert!(providers.values().filter(|at| at.len() > 1).count() >= 300);
    for (model, wanted) in [
        ("anthropic/claude-sonnet-4.5", ["anthropic", "bedrock", "vertex", "azure", "openrouter"].as_slice()),
        ("anthropic/claude-opus-4.5", &["anthropic", "bedrock", "vertex"]),
        ("openai/gpt-5", &["openai", "azure", "openrouter"]),
        ("openai/gpt-5-mini", &["openai", "azure", "openrouter"]),
        (
            "openai/gpt-oss-120b",
            &["bedrock", "vertex", "groq", "together", "fireworks", "deepinfra", "nebius", "cerebras"],
        ),
        ("google/gemini-2.5-pro", &["google", "vertex", "openrouter"]),
        ("google/gemini-2.5-flash", &["google", "vertex", "openrouter"]),
        ("meta-llama/llama-3.3-70b-instruct", &["bedrock", "vertex", "azure", "groq", "together", "nebius"]),
        ("deepseek/deepseek-v3.2", &["bedrock", "vertex", "azure", "deepinfra", "nebius", "novita"]),
        ("qwen/qwen3-235b-a22b-2507", &["bedrock", "vertex", "nebius", "together"]),
        ("mistralai/mistral-large-2512", &["mistral", "bedrock", "openrouter"]),
        ("x-ai/grok-4.3", &["xai", "bedrock", "openrouter"]),
        ("moonshotai/kimi-k2.5", &["moonshotai", "bedrock", "azure", "together", "deepinfra", "nebius"]),
        ("z-ai/glm-5", &["zai", "bedrock", "vertex", "together", "deepinfra", "nebius"]),
    ] {
        for provider in wanted {
            assert!(providers[model].contains(provider), "{model} at {provider}");
        }
    }
}

#[test]
fn no_alias_of_the_market_is_a_model_or_means_two() {
    let market = catalog("market.yaml");
    let endpoints = market["endpoints"].as_sequence().unwrap();
    let models: BTreeSet<&str> = endpoints.iter().map(|endpoint| text(endpoint, "model")).collect();
    let mut meant: BTreeMap<&str, &str> = BTreeMap::new();
    for endpoint in endpoints {
        for alias in endpoint["aliases"].as_sequence().into_iter().flatten() {
            let alias = alias.as_str().unwrap();
            assert!(!models.contains(alias), "{alias}");
            assert_eq!(
                *meant.entry(alias).or_insert(text(endpoint, "model")),
                text(endpoint, "model"),
                "{alias}"
            );
        }
    }
}

#[test]
fn what_costs_nothing_says_so() {
    let market = catalog("market.yaml");
    for endpoint in market["endpoints"].as_sequence().unwrap() {
        let price =
            |name: &str| endpoint["prices"][name].as_str().map(|digits| digits.parse::<Fixed>().unwrap());
        for name in ["prompt", "completion", "cache_read", "cache_write", "reasoning", "request"] {
            assert!(price(name).is_none_or(|price| price >= Fixed::ZERO), "{endpoint:?}");
        }
        if price("prompt") == Some(Fixed::ZERO) && price("completion") == Some(Fixed::ZERO) {
            let id = text(endpoint, "id");
            let told = id.ends_with("/free") || id.ends_with("-free") || id.contains("-flash@z");
            assert!(told, "{id} costs nothing");
        }
    }
}

#[test]
fn the_data_terms_leave_personal_data_a_way() {
    let terms = catalog("data-terms.yaml");
    let open = |provider: &str| {
        let facts = &terms["providers"][provider];
        facts["zdr"].as_bool() == Some(true) && facts["trains"].as_bool() == Some(false)
    };
    for provider in ["anthropic", "bedrock", "vertex", "azure"] {
        assert!(open(provider), "{provider}");
    }
    for provider in ["google", "openrouter", "deepseek"] {
        assert!(!open(provider), "{provider}");
    }
    let market = catalog("market.yaml");
    let known: BTreeSet<&str> = market["endpoints"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|endpoint| text(endpoint, "provider"))
        .collect();
    for provider in terms["providers"].as_mapping().unwrap().keys() {
        assert!(known.contains(provider.as_str().unwrap()), "{provider:?} is no provider of the market");
    }
}
