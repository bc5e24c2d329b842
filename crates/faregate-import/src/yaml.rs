//! A catalog as text: one endpoint a line, so that a change of price is a change of one line.

use std::fmt::Write as _;

use faregate_syntax::Fixed;

use crate::catalog::{Endpoint, Imported, Override, Prices};

/// What stands above a catalog: where it comes from and how to make it anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heading {
    /// Lines of the comment at the top, without `#`.
    pub comment: Vec<String>,
    /// Name of the catalog.
    pub name: String,
    /// Its date as `YYYY-MM-DD`; `None` takes the newest date of the source.
    pub as_of: Option<String>,
}

impl Imported {
    /// Returns the catalog as YAML: comment, name and date, endpoints by id, facts of providers.
    ///
    /// Equal catalogs and headings give equal bytes.
    #[must_use]
    pub fn to_yaml(&self, heading: &Heading) -> String {
        let mut out = String::new();
        for line in &heading.comment {
            out.push_str(if line.is_empty() { "#" } else { "# " });
            out.push_str(line);
            out.push('\n');
        }
        out.push_str("catalog: { name: ");
        out.push_str(&scalar(&heading.name));
        if let Some(as_of) = heading.as_of.as_deref().or(self.as_of.as_deref()) {
            out.push_str(", as_of: ");
            // A date is written bare, as part 2 writes it.
            out.push_str(as_of);
        }
        out.push_str(" }\nendpoints:\n");
        for endpoint in &self.endpoints {
            out.push_str("  - ");
            out.push_str(&endpoint_line(endpoint));
            out.push('\n');
        }
        if !self.provider_regions.is_empty() {
            out.push_str("providers:\n");
            for (provider, region) in &self.provider_regions {
                let _ = writeln!(out, "  {}: {{ region: {} }}", scalar(provider), scalar(region));
            }
        }
        out
    }
}

/// A flow map under way: `{ key: value, … }`.
struct Flow(String);

impl Flow {
    fn new() -> Self {
        Self(String::from("{ "))
    }

    fn field(&mut self, key: &str, value: &str) {
        if self.0.len() > 2 {
            self.0.push_str(", ");
        }
        self.0.push_str(key);
        self.0.push_str(": ");
        self.0.push_str(value);
    }

    fn text(&mut self, key: &str, value: &str) {
        self.field(key, &scalar(value));
    }

    fn count(&mut self, key: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.field(key, &value.to_string());
        }
    }

    fn list<T: AsRef<str>>(&mut self, key: &str, values: &[T]) {
        if !values.is_empty() {
            let items: Vec<String> = values.iter().map(|value| scalar(value.as_ref())).collect();
            self.field(key, &format!("[{}]", items.join(", ")));
        }
    }

    fn money(&mut self, key: &str, value: Option<Fixed>) {
        if let Some(value) = value {
            self.field(key, &format!("\"{value}\""));
        }
    }

    fn is_empty(&self) -> bool {
        self.0.len() == 2
    }

    fn end(mut self) -> String {
        self.0.push_str(" }");
        self.0
    }
}

fn endpoint_line(endpoint: &Endpoint) -> String {
    let mut flow = Flow::new();
    flow.text("id", &endpoint.id);
    flow.text("model", &endpoint.model);
    flow.text("native_model", &endpoint.native_model);
    flow.list("aliases", &endpoint.aliases);
    flow.text("provider", &endpoint.provider);
    if let Some(region) = &endpoint.region {
        flow.text("region", region);
    }
    flow.count("context_length", endpoint.context_length);
    flow.count("max_output_tokens", endpoint.max_output_tokens);
    flow.list("supports", &endpoint.supports);
    flow.list("modalities", &endpoint.modalities);
    if let Some(quantization) = &endpoint.quantization {
        flow.text("quantization", quantization);
    }
    flow.list("tags", &endpoint.tags);
    if endpoint.deprecated {
        flow.field("deprecated", "true");
    }
    if let Some(prices) = prices(&endpoint.prices) {
        flow.field("prices", &prices);
    }
    flow.end()
}

fn prices(prices: &Prices) -> Option<String> {
    let mut flow = Flow::new();
    flow.money("prompt", prices.prompt);
    flow.money("completion", prices.completion);
    flow.money("cache_read", prices.cache_read);
    flow.money("cache_write", prices.cache_write);
    flow.money("reasoning", prices.reasoning);
    flow.money("request", prices.request);
    if !prices.overrides.is_empty() {
        let overrides: Vec<String> = prices.overrides.iter().map(override_flow).collect();
        flow.field("overrides", &format!("[{}]", overrides.join(", ")));
    }
    (!flow.is_empty()).then(|| flow.end())
}

fn override_flow(over: &Override) -> String {
    let mut flow = Flow::new();
    flow.count("above_input_tokens", Some(over.above_input_tokens));
    flow.money("prompt", over.prompt);
    flow.money("completion", over.completion);
    flow.money("cache_read", over.cache_read);
    flow.money("cache_write", over.cache_write);
    flow.money("reasoning", over.reasoning);
    flow.end()
}

/// Returns a text as a YAML scalar that every reader takes for that text.
///
/// Bare only where no reader can see a number, a date, a truth value or a piece of syntax in it.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '@');
    let is_word = WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    if starts_well && text.chars().all(plain) && !is_word {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::scalar;

    #[test]
    fn scalars_stay_the_text_they_are() {
        for (text, written) in [
            ("openai/gpt-5-mini@azure", "openai/gpt-5-mini@azure"),
            ("qwen3:free", "\"qwen3:free\""),
            ("1e3", "\"1e3\""),
            ("no", "\"no\""),
            ("@cf/meta", "\"@cf/meta\""),
            ("~a", "\"~a\""),
            ("a \"b\" \\", "\"a \\\"b\\\" \\\\\""),
            ("", "\"\""),
        ] {
            assert_eq!(scalar(text), written);
            assert_eq!(serde_yaml::from_str::<String>(&scalar(text)).unwrap(), text);
        }
    }
}
