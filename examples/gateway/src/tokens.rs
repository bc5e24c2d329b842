//! How many tokens a text has, where nobody says it.
//!
//! One tokenizer for all models: `o200k_base`, that of OpenAI's models since 2024. Others differ by some tenths; who
//! needs it exact sends `x-faregate-input-tokens`.

use serde_json::Value;

/// What a message costs beside its text, and the name of who speaks, after OpenAI's "How to count tokens with tiktoken".
const PER_MESSAGE: u64 = 3;
const PER_NAME: u64 = 1;

/// What an image counts: the most that Anthropic charges for one, and more than OpenAI does for one of 1024 by 1024.
const PER_IMAGE: u64 = 1_600;

/// Returns the tokens of a text.
pub(crate) fn of_text(text: &str) -> u64 {
    let tokens = tiktoken_rs::o200k_base_singleton().encode_ordinary(text).len();
    u64::try_from(tokens).unwrap_or(u64::MAX)
}

/// Returns the tokens of a chat request: messages, tools, the shape of the answer.
pub(crate) fn of_chat(body: &serde_json::Map<String, Value>, images: u64) -> u64 {
    let messages = body.get("messages").and_then(Value::as_array);
    let mut total = images.saturating_mul(PER_IMAGE).saturating_add(PER_MESSAGE);
    for message in messages.into_iter().flatten() {
        let name = if message.get("name").is_some() { PER_NAME } else { 0 };
        total = total.saturating_add(PER_MESSAGE).saturating_add(name).saturating_add(of_value(message));
    }
    for field in ["tools", "functions", "response_format"] {
        total = total.saturating_add(body.get(field).map_or(0, |value| of_text(&value.to_string())));
    }
    total
}

/// The tokens of all texts in a message, wherever they stand; images and sounds are counted by number.
fn of_value(value: &Value) -> u64 {
    let sum = |parts: &mut dyn Iterator<Item = &Value>| {
        parts.fold(0_u64, |total, part| total.saturating_add(of_value(part)))
    };
    match value {
        Value::String(text) => of_text(text),
        Value::Array(parts) => sum(&mut parts.iter()),
        Value::Object(fields) => {
            let binary = ["image_url", "input_audio", "file"];
            sum(&mut fields.iter().filter(|(name, _)| !binary.contains(&name.as_str())).map(|(_, v)| v))
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::of_chat;

    #[test]
    fn a_chat_counts_as_openai_counts_it() {
        // The example of OpenAI's page, of which it says what its API counts for gpt-4o.
        let system =
            |name: &str, content: &str| json!({ "role": "system", "name": name, "content": content });
        let body = json!({ "messages": [
            { "role": "system", "content": "You are a helpful, pattern-following assistant that translates corporate jargon into plain English." },
            system("example_user", "New synergies will help drive top-line growth."),
            system("example_assistant", "Things working well together will increase revenue."),
            system("example_user", "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage."),
            system("example_assistant", "Let's talk later when we're less busy about how to do better."),
            { "role": "user", "content": "This late pivot means we don't have time to boil the ocean for the client deliverable." },
        ]});
        assert_eq!(of_chat(body.as_object().unwrap(), 0), 124);
    }

    #[test]
    fn pictures_count_by_number_and_not_by_their_bytes() {
        let picture = json!({ "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA" } });
        let body = |parts| json!({ "messages": [{ "role": "user", "content": parts }] });
        let count = |body: serde_json::Value, images| of_chat(body.as_object().unwrap(), images);
        // `image_url`, the type of the part, is a text too.
        let with = count(body(json!([picture])), 1);
        let without = count(body(json!([{ "type": "image_url" }])), 0);
        assert_eq!(with.checked_sub(without), Some(1_600));
    }
}
