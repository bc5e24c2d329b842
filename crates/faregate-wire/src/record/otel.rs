//! A record with the attribute names of OpenTelemetry.
//!
//! Names are those of the semantic conventions for generative AI as of core release 1.41.1, whose `gen_ai.*` part has
//! since been kept in `open-telemetry/semantic-conventions-genai` (docs/gen-ai/gen-ai-spans.md, inference span). All
//! of `gen_ai.*` is of status Development there, so names may still change; `error.type` is stable. What the
//! conventions have no name for is ours, under `faregate.*`.

use faregate::{Credential, MAX_COUNT, Record, StepRecord};

use super::step_text;
use crate::Node;

/// Returns a record as attributes of a span: one flat map, absent ones left out, since OpenTelemetry knows no null.
///
/// Values are texts, whole numbers, booleans or lists of texts. Money is text, so that it stays exact.
///
/// ```
/// # use faregate::{Catalog, Context, Decision, Engine, PolicySet, Request};
/// # let text = r#"policy p { language 1 } workload rest { otherwise route { models "m/a" } }"#;
/// # let market = faregate_wire::catalog_layer("endpoints: [ { id: m/a@north, context_length: 9000, modalities: [text] } ]").unwrap();
/// # let engine = Engine::new(PolicySet::parse([("p.fare", text)]).unwrap(), Catalog::new(vec![market]).unwrap()).unwrap();
/// # let context = Context::new("2026-11-23T10:00:00Z".parse().unwrap());
/// # let Decision::Route(plan) = engine.decide(&Request::new("r1", 100), &context) else { panic!() };
/// # let restore = |saved| engine.restore(saved).map_err(|error| error.to_string());
/// # let script = faregate_wire::outcomes_file("[ { ok: {} } ]").unwrap();
/// let played = faregate_wire::golden::play(plan.run(), &script, &context, &restore).unwrap();
/// let attributes = faregate_wire::record_to_otel(&played.record);
/// assert_eq!(attributes.get("gen_ai.response.model").unwrap().as_text(), Some("m/a"));
/// assert_eq!(attributes.get("error.type"), None);
/// ```
#[must_use]
pub fn record_to_otel(record: &Record) -> Node {
    let request = &record.request;
    let mut to = Attributes::default();
    to.text("gen_ai.operation.name", Some("chat"));
    let provider = provider(record);
    to.text("gen_ai.provider.name", provider.map(well_known));
    to.text("gen_ai.request.model", request.model.as_deref().or(request.models.first().map(String::as_str)));
    to.count("gen_ai.request.max_tokens", request.max_output_tokens);
    to.put("gen_ai.request.stream", request.stream.then_some(Node::Bool(true)));
    to.text("gen_ai.conversation.id", request.session.as_deref());
    if let Some(served) = &record.served {
        let model = served.native_model.as_deref().unwrap_or(&served.model);
        to.text("gen_ai.response.model", Some(model));
    }
    if let Some(usage) = &record.usage {
        let some = |n: u64| (n != 0).then_some(n);
        to.count("gen_ai.usage.input_tokens", Some(usage.input_tokens));
        to.count("gen_ai.usage.output_tokens", Some(usage.output_tokens));
        to.count("gen_ai.usage.cache_read.input_tokens", some(usage.cached_input_tokens));
        to.count("gen_ai.usage.reasoning.output_tokens", some(usage.reasoning_tokens));
    }
    // `_OTHER` is what the conventions have for an error without a class.
    let class = record.error.map(faregate::ErrorClass::as_str);
    let limit = record.limit.map(faregate::RunLimit::as_str);
    to.text("error.type", (!record.ok).then(|| class.or(limit).unwrap_or("_OTHER")));

    to.text("faregate.request.id", Some(&request.id));
    to.text("faregate.workload", Some(&record.workload));
    to.put("faregate.complete", Some(Node::Bool(record.ok && record.partial.is_none())));
    if let Some(served) = &record.served {
        to.text("faregate.endpoint", Some(&served.endpoint));
        to.text("faregate.model", Some(&served.model));
        to.text(
            "faregate.credential",
            match &served.credential {
                Credential::Shared => Some("shared"),
                Credential::Own(key) => Some(key),
            },
        );
        to.put("faregate.byok", Some(Node::Bool(served.credential != Credential::Shared)));
        to.text(
            "faregate.fallback",
            served.role.map(|kind| match kind {
                faregate::syntax::ast::MoveKind::Credential => "credential_fallback",
                faregate::syntax::ast::MoveKind::Provider => "provider_fallback",
                faregate::syntax::ast::MoveKind::Model => "model_fallback",
            }),
        );
    }
    to.text("faregate.provider", provider);
    to.count("faregate.calls", Some(record.calls));
    to.text("faregate.cost", Some(&record.cost.to_string()));
    to.count("faregate.unknown_costs", Some(record.unknown_costs).filter(|n| *n != 0));
    to.texts("faregate.steps", record.steps.iter().map(step_text));
    to.texts("faregate.errors", record.errors.iter().map(|e| e.class.as_str().to_owned()));
    to.text("faregate.limit", limit);
    to.text("faregate.advice", record.advice());
    to.text("faregate.opens_at", record.opens_at.map(|at| at.to_string()).as_deref());
    to.text(
        "faregate.partial",
        record.partial.map(|partial| match partial {
            faregate::syntax::ast::Partial::MarkIncomplete => "mark_incomplete",
            faregate::syntax::ast::Partial::Discard => "discard",
        }),
    );
    to.count("faregate.discarded_tokens", Some(record.discarded_tokens).filter(|n| *n != 0));
    to.texts("faregate.alerts", record.alerts.iter().map(|a| format!("{} {}", a.budget, a.threshold)));
    to.text("faregate.policy.digest", Some(&record.digests.policy));
    to.text("faregate.catalog.digest", Some(&record.digests.catalog));
    to.text("faregate.engine.version", Some(&record.digests.engine));
    Node::Map(to.0)
}

/// The provider that served, else the last that was called.
fn provider(record: &Record) -> Option<&str> {
    let called = || {
        record.steps.iter().rev().find_map(|step| match step {
            StepRecord::Try { provider, .. } => Some(provider.as_str()),
            _ => None,
        })
    };
    record.served.as_ref().map(|served| served.provider.as_str()).or_else(called)
}

/// Returns the name that the conventions demand for a provider which they know; others stay as the catalog has them.
fn well_known(provider: &str) -> &str {
    match provider {
        "amazon-bedrock" | "bedrock" => "aws.bedrock",
        "azure" | "azure-openai" => "azure.ai.openai",
        "google-vertex" | "vertex" | "vertex-ai" => "gcp.vertex_ai",
        "google-ai-studio" | "gemini" => "gcp.gemini",
        "google" => "gcp.gen_ai",
        "mistral" => "mistral_ai",
        "moonshotai" | "moonshot" => "moonshot_ai",
        "watsonx" => "ibm.watsonx.ai",
        "xai" | "x-ai" => "x_ai",
        other => other,
    }
}

#[derive(Default)]
struct Attributes(Vec<(String, Node)>);

impl Attributes {
    fn put(&mut self, name: &str, value: Option<Node>) {
        if let Some(value) = value {
            self.0.push((name.to_owned(), value));
        }
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        self.put(name, value.map(Node::text));
    }

    fn count(&mut self, name: &str, value: Option<u64>) {
        // Attributes hold 64 bits with a sign; what is larger than any count is no number to reckon with.
        self.put(name, value.map(|n| Node::Number(n.min(MAX_COUNT).to_string())));
    }

    fn texts(&mut self, name: &str, values: impl Iterator<Item = String>) {
        let values: Vec<_> = values.map(Node::Text).collect();
        self.put(name, (!values.is_empty()).then_some(Node::Seq(values)));
    }
}
