//! What a row says, in our terms; what has no counterpart is counted.

use faregate_syntax::Fixed;

use super::rows::Row;
use super::tree::{Node, Table};
use crate::catalog::{Override, Prices};
use crate::{ImportError, Report};

/// A row's facts in our terms.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) prices: Prices,
    pub(crate) context_length: Option<u64>,
    pub(crate) max_output_tokens: Option<u64>,
    pub(crate) supports: Vec<&'static str>,
    pub(crate) modalities: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) deprecated: bool,
    pub(crate) last_updated: Option<String>,
    output: Vec<String>,
    family: Option<String>,
}

/// Decimal places between dollars for a million tokens and dollars for one.
const PER_MILLION: u32 = 6;

/// Decimal places between dollars for a thousand calls and dollars for one: the one provider with a fee
/// (`request = 5.0` at Perplexity) publishes it for a thousand.
const PER_THOUSAND: u32 = 3;

/// The order of modalities in a catalog; the source has every order.
const ORDER: [&str; 5] = ["text", "image", "audio", "video", "pdf"];

impl Facts {
    /// Says why the row is no endpoint that answers text with text, if it is none.
    pub(crate) fn no_text(&self) -> Option<&'static str> {
        if !self.output.is_empty() && !self.output.iter().any(|kind| kind == "text") {
            return Some("makes no text (images, sound, video)");
        }
        if !self.modalities.is_empty() && !self.modalities.iter().any(|kind| kind == "text") {
            return Some("takes no text (speech recognition, vision tools)");
        }
        if self.family.as_deref().is_some_and(|family| family.contains("embedding")) {
            return Some("embeddings and reranking");
        }
        None
    }
}

pub(super) fn read(row: &Row, report: &mut Report) -> Result<Facts, ImportError> {
    let mut facts = Facts::default();
    let mut flags = Flags::default();
    for (key, value) in &row.fields {
        match key.as_str() {
            "cost" => facts.prices = prices(row, value.as_table(), report)?,
            "limit" => limits(row, value.as_table(), &mut facts)?,
            "modalities" => {
                facts.modalities = texts(value.as_table().and_then(|table| table.get("input")));
                facts
                    .modalities
                    .sort_by_key(|kind| ORDER.iter().position(|known| known == kind).unwrap_or(ORDER.len()));
                facts.output = texts(value.as_table().and_then(|table| table.get("output")));
            }
            "tool_call" => flags.tools = value.as_bool() == Some(true),
            "structured_output" => flags.structured = value.as_bool() == Some(true),
            "reasoning" => flags.reasoning = value.as_bool() == Some(true),
            "temperature" => flags.temperature = value.as_bool() == Some(true),
            "status" => match value.as_text() {
                Some("deprecated") => facts.deprecated = true,
                Some(status) => facts.tags.push(status.to_owned()),
                None => {}
            },
            "last_updated" => facts.last_updated = value.as_text().map(str::to_owned),
            "family" => facts.family = value.as_text().map(str::to_owned),
            "experimental" => {
                let modes = value.as_table().and_then(|table| table.get("modes")).and_then(Node::as_table);
                for mode in modes.into_iter().flat_map(Table::keys) {
                    report.lose(format!("experimental.modes.{mode}"));
                }
            }
            other => report.lose(other.to_owned()),
        }
    }
    facts.supports = flags.parameters();
    Ok(facts)
}

#[derive(Default)]
struct Flags {
    tools: bool,
    structured: bool,
    reasoning: bool,
    temperature: bool,
}

impl Flags {
    /// Returns the parameters that the source says are taken; every chat endpoint takes `max_tokens`.
    fn parameters(&self) -> Vec<&'static str> {
        let mut list = vec!["max_tokens"];
        let mut add = |when: bool, parameters: &[&'static str]| {
            if when {
                list.extend(parameters);
            }
        };
        add(self.reasoning, &["reasoning"]);
        add(self.structured, &["response_format", "structured_outputs"]);
        add(self.temperature, &["temperature", "top_p"]);
        add(self.tools, &["tool_choice", "tools"]);
        list
    }
}

fn texts(list: Option<&Node>) -> Vec<String> {
    list.map(Node::as_list).unwrap_or_default().iter().filter_map(Node::as_text).map(str::to_owned).collect()
}

/// A row with a limit for the input takes no more than that, whatever its window; zero means not known.
fn limits(row: &Row, table: Option<&Table>, facts: &mut Facts) -> Result<(), ImportError> {
    let count = |key: &str| -> Result<Option<u64>, ImportError> {
        let Some(value) = table.and_then(|table| table.get(key)) else { return Ok(None) };
        let number = value.as_number().and_then(|digits| digits.parse::<u64>().ok());
        let wrong = || ImportError::source(&row.path, format!("`limit.{key}` is no whole number"));
        Ok(Some(number.ok_or_else(wrong)?).filter(|n| *n > 0))
    };
    let (context, input) = (count("context")?, count("input")?);
    facts.context_length = match (context, input) {
        (Some(context), Some(input)) => Some(context.min(input)),
        (one, other) => one.or(other),
    };
    facts.max_output_tokens = count("output")?;
    Ok(())
}

fn prices(row: &Row, table: Option<&Table>, report: &mut Report) -> Result<Prices, ImportError> {
    let mut prices = Prices::default();
    for (key, value) in table.into_iter().flatten() {
        let at = format!("cost.{key}");
        if key == "tiers" {
            for tier in value.as_list() {
                prices.overrides.extend(tier_of(row, tier.as_table(), report)?);
            }
            continue;
        }
        let Some(slot) = slot(&mut prices, key) else {
            report.lose(at);
            continue;
        };
        let places = if key == "request" { PER_THOUSAND } else { PER_MILLION };
        *slot = Some(money(row, &at, value, places)?);
    }
    if [prices.prompt, prices.completion].iter().flatten().any(|price| *price < Fixed::ZERO) {
        // Routers write -1 for a price that depends on where they send the request.
        report.unprice("a negative price");
        return Ok(Prices::default());
    }
    // A write to the cache costs the input at least: zero says that there is no surcharge.
    let surcharge_free = prices.cache_write == Some(Fixed::ZERO) && prices.prompt > Some(Fixed::ZERO);
    if surcharge_free {
        prices.cache_write = None;
        for over in &mut prices.overrides {
            over.cache_write = over.cache_write.filter(|price| *price > Fixed::ZERO);
        }
        report.unprice("`cache_write` of zero beside a paid input");
    }
    prices.overrides.sort_by_key(|over| over.above_input_tokens);
    Ok(prices)
}

fn slot<'a>(prices: &'a mut Prices, key: &str) -> Option<&'a mut Option<Fixed>> {
    Some(match key {
        "input" => &mut prices.prompt,
        "output" => &mut prices.completion,
        "cache_read" | "cache_input" | "cached_input" => &mut prices.cache_read,
        "cache_write" | "cached_write" => &mut prices.cache_write,
        "reasoning" => &mut prices.reasoning,
        "request" => &mut prices.request,
        _ => return None,
    })
}

fn tier_of(row: &Row, tier: Option<&Table>, report: &mut Report) -> Result<Option<Override>, ImportError> {
    let bounds = tier.and_then(|tier| tier.get("tier")).and_then(Node::as_table);
    let kind = bounds.and_then(|bounds| bounds.get("type")).and_then(Node::as_text).unwrap_or("context");
    let size = bounds.and_then(|bounds| bounds.get("size")).and_then(Node::as_number);
    let size = size.and_then(|digits| digits.parse().ok());
    let (Some(above_input_tokens), "context") = (size, kind) else {
        report.lose(format!("cost.tiers of type {kind}"));
        return Ok(None);
    };
    let mut over = Override { above_input_tokens, ..Override::default() };
    for (key, value) in tier.into_iter().flatten().filter(|(key, _)| *key != "tier") {
        let at = format!("cost.tiers.{key}");
        let slot = match key.as_str() {
            "input" => &mut over.prompt,
            "output" => &mut over.completion,
            "cache_read" => &mut over.cache_read,
            "cache_write" => &mut over.cache_write,
            "reasoning" => &mut over.reasoning,
            _ => {
                report.lose(at);
                continue;
            }
        };
        *slot = Some(money(row, &at, value, PER_MILLION)?);
    }
    Ok(Some(over))
}

/// Reads the digits of a price and moves its point to the left, exactly or not at all.
fn money(row: &Row, at: &str, value: &Node, places: u32) -> Result<Fixed, ImportError> {
    let digits =
        value.as_number().ok_or_else(|| ImportError::source(&row.path, format!("`{at}` is no number")))?;
    let price: Fixed =
        digits.parse().map_err(|e| ImportError::source(&row.path, format!("`{at}`: `{digits}`: {e}")))?;
    price
        .checked_shift_right(places)
        .ok_or_else(|| ImportError::source(&row.path, format!("`{at}`: `{digits}` has too many decimals")))
}
