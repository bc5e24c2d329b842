//! From a chat request and its headers to what the engine decides about.

use std::collections::BTreeSet;

use axum::http::HeaderMap;
use faregate::{AttributeValue, Request};
use serde_json::{Map, Value};

use crate::config::Client;
use crate::errors::ApiError;
use crate::tokens;

/// Begins the names of headers that describe a request to the policy. None of them is passed on.
const PREFIX: &str = "x-faregate-";

/// Fields of the body that are no abilities of an endpoint.
const PLAIN: &[&str] = &[
    "model",
    "models",
    "messages",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "n",
    "user",
    "metadata",
    "store",
    "safety_identifier",
    "prompt_cache_key",
];

/// What a client asked for.
pub(crate) struct Ask {
    /// As the engine sees it.
    pub(crate) request: Request,
    /// As the client sent it.
    pub(crate) body: Map<String, Value>,
    /// Whether it asked for the usage at the end of the stream.
    pub(crate) wants_usage: bool,
}

/// Reads a request.
///
/// # Errors
/// What is wrong with body or headers, with the field at fault.
pub(crate) fn read(id: &str, body: &[u8], headers: &HeaderMap, client: &Client) -> Result<Ask, ApiError> {
    let body: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|e| ApiError::new(400, "invalid_request", format!("the body is no JSON object: {e}")))?;
    if body.get("messages").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err(ApiError::invalid("messages", "messages is a list of at least one"));
    }
    // The engine counts output once.
    if body.get("n").is_some_and(|n| !n.is_null() && n.as_u64() != Some(1)) {
        return Err(ApiError::invalid("n", "this gateway gives one answer to a request"));
    }
    let mut request = Request::new(id, 0);
    request.model = text(&body, "model")?;
    request.models = list(&body, "models")?;
    request.stream = match body.get("stream") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(stream)) => *stream,
        Some(_) => return Err(ApiError::invalid("stream", "stream is true or false")),
    };
    let count = |name| count(&body, name);
    request.max_output_tokens = count("max_completion_tokens")?.or(count("max_tokens")?);
    request.user = text(&body, "user")?;
    request.parameters = parameters(&body);
    let content = contents(&body);
    request.modalities.extend(content.iter().filter_map(|part| modality(part)).map(str::to_owned));
    let images = content.iter().filter(|part| **part == "image_url").count();
    request.images = u64::try_from(images).unwrap_or(u64::MAX);
    request.workload.clone_from(&client.workload);
    request.data.clone_from(&client.data);
    describe(&mut request, headers)?;
    if !headers.contains_key("x-faregate-input-tokens") {
        request.input_tokens = tokens::of_chat(&body, request.images);
    }
    let wants_usage =
        body.get("stream_options").and_then(|o| o.get("include_usage")) == Some(&Value::Bool(true));
    Ok(Ask { request, body, wants_usage })
}

/// Takes in what headers say of the request.
fn describe(request: &mut Request, headers: &HeaderMap) -> Result<(), ApiError> {
    for (name, value) in headers {
        let Some(field) = name.as_str().strip_prefix(PREFIX) else { continue };
        let wrong = |what: &str| ApiError::new(400, "invalid_request", format!("header {name}: {what}"));
        let text = value.to_str().map_err(|_| wrong("is no text"))?.trim();
        let number = || text.parse().map_err(|_| wrong("is no whole number"));
        let truth = || text.parse().map_err(|_| wrong("is true or false"));
        // `none` is a set of nothing, which is not the same as to say nothing.
        let set = || -> BTreeSet<String> {
            let words = text.split(',').map(str::trim).filter(|word| !word.is_empty() && *word != "none");
            words.map(str::to_owned).collect()
        };
        match field {
            "workload" => request.workload = Some(text.to_owned()),
            "data" => request.data = Some(set()),
            "tags" => request.tags = set(),
            "session" => request.session = Some(text.to_owned()),
            "region" => request.region = Some(text.to_owned()),
            "priority" => request.priority = Some(text.to_owned()),
            "only" => request.only = Some(set()),
            "ignore" => request.ignore = Some(set()),
            "idempotent" => request.idempotent = truth()?,
            "side-effects" => request.side_effects = truth()?,
            "caching" => request.caching = truth()?,
            "input-tokens" => request.input_tokens = number()?,
            "expected-output-tokens" => request.expected_output_tokens = Some(number()?),
            _ => match field.strip_prefix("attribute-") {
                Some(name) => {
                    let value = AttributeValue::Text(text.to_owned());
                    request.attributes.insert(name.replace('-', "_"), value);
                }
                None => return Err(wrong("is not known")),
            },
        }
    }
    Ok(())
}

/// What the endpoint must be able to do: every field that is not plain.
fn parameters(body: &Map<String, Value>) -> BTreeSet<String> {
    let asked = body.iter().filter(|(name, value)| !value.is_null() && !PLAIN.contains(&name.as_str()));
    let mut parameters: BTreeSet<String> = asked.map(|(name, _)| name.clone()).collect();
    let shape = body.get("response_format").and_then(|f| f.get("type")).and_then(Value::as_str);
    match shape {
        Some("json_schema") => drop(parameters.insert("structured_outputs".to_owned())),
        // What every endpoint does anyway.
        Some("text") => drop(parameters.remove("response_format")),
        _ => {}
    }
    parameters
}

/// The types of all parts of all messages.
fn contents(body: &Map<String, Value>) -> Vec<&str> {
    let messages = body.get("messages").and_then(Value::as_array).into_iter().flatten();
    let parts = messages.filter_map(|m| m.get("content")?.as_array()).flatten();
    parts.filter_map(|part| part.get("type")?.as_str()).collect()
}

fn modality(part: &str) -> Option<&'static str> {
    match part {
        "image_url" => Some("image"),
        "input_audio" => Some("audio"),
        "video_url" => Some("video"),
        "file" => Some("file"),
        _ => None,
    }
}

fn text(body: &Map<String, Value>, name: &'static str) -> Result<Option<String>, ApiError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ApiError::invalid(name, format!("{name} is a text"))),
    }
}

fn count(body: &Map<String, Value>, name: &'static str) -> Result<Option<u64>, ApiError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(count) => Ok(Some(count)),
            None => Err(ApiError::invalid(name, format!("{name} is a whole number"))),
        },
    }
}

fn list(body: &Map<String, Value>, name: &'static str) -> Result<Vec<String>, ApiError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(value) => serde_json::from_value(value.clone())
            .map_err(|_| ApiError::invalid(name, format!("{name} is a list of texts"))),
    }
}

/// Makes of the client's body what an endpoint is sent.
pub(crate) fn for_endpoint(
    ask: &Ask,
    attempt: &faregate::Attempt,
    provider: &crate::config::Provider,
) -> Vec<u8> {
    let mut body = ask.body.clone();
    body.shift_remove("models");
    for dropped in &attempt.drop_parameters {
        body.shift_remove(dropped);
    }
    let model = attempt.native_model.as_ref().unwrap_or(&attempt.model);
    body.insert("model".to_owned(), Value::from(model.as_str()));
    if let Some(most) = attempt.max_output_tokens {
        let name = match faregate::Dialect::of(&provider.dialect) {
            _ if body.contains_key("max_completion_tokens") => "max_completion_tokens",
            _ if body.contains_key("max_tokens") => "max_tokens",
            faregate::Dialect::OpenAi | faregate::Dialect::Azure => "max_completion_tokens",
            _ => "max_tokens",
        };
        body.insert(name.to_owned(), Value::from(most));
    }
    if ask.request.stream && provider.stream_usage {
        let options = body.entry("stream_options").or_insert(Value::Null);
        if !options.is_object() {
            *options = Value::Object(Map::new());
        }
        if let Some(options) = options.as_object_mut() {
            options.insert("include_usage".to_owned(), Value::Bool(true));
        }
    }
    Value::Object(body).to_string().into_bytes()
}
