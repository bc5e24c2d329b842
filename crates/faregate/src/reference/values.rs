//! The values of attributes: `None` is unknown.

use std::collections::BTreeSet;

use faregate_syntax::ast::Unit;

use super::candidate::{Candidate, free};
use super::world::World;
use crate::attributes::{PERCENTILES, Subject, Type, WEEKDAYS};
use crate::catalog::EffectivePrices;
use crate::ir::{Attr, Value};
use crate::time::{Zone, day_number};
use crate::{Credential, Endpoint, Health, Key, Money, Ratio, Request, Timestamp};

/// Turns a field of request or key into a value.
trait ToValue {
    fn to_value(&self) -> Option<Value>;
}

impl ToValue for String {
    fn to_value(&self) -> Option<Value> {
        Some(Value::Text(self.clone()))
    }
}

impl ToValue for u64 {
    fn to_value(&self) -> Option<Value> {
        Some(Value::Number(i128::from(*self)))
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Option<Value> {
        Some(Value::Bool(*self))
    }
}

impl ToValue for Money {
    fn to_value(&self) -> Option<Value> {
        Some(Value::Number(self.0.units()))
    }
}

impl ToValue for Vec<String> {
    fn to_value(&self) -> Option<Value> {
        Some(Value::Set(self.iter().cloned().collect()))
    }
}

impl ToValue for BTreeSet<String> {
    fn to_value(&self) -> Option<Value> {
        Some(Value::Set(self.clone()))
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Option<Value> {
        self.as_ref().and_then(ToValue::to_value)
    }
}

/// Returns a built-in field of a request.
pub(crate) fn request_field(request: &Request, name: &str) -> Option<Value> {
    macro_rules! field {
        ($($field:ident: $ty:ident $absence:ident $doc:literal,)*) => {
            match name {
                $(stringify!($field) => request.$field.to_value(),)*
                "total_tokens" => {
                    let output = request.max_output_tokens?;
                    Some(Value::Number(i128::from(request.input_tokens).saturating_add(i128::from(output))))
                }
                _ => None,
            }
        };
    }
    request_fields!(field)
}

/// Returns a built-in field of a key.
pub(crate) fn key_field(key: &Key, name: &str) -> Option<Value> {
    macro_rules! field {
        ($($field:ident: $ty:ident $absence:ident $doc:literal,)*) => {
            match name {
                $(stringify!($field) => key.$field.to_value(),)*
                _ => None,
            }
        };
    }
    key_fields!(field)
}

impl World<'_> {
    /// Returns what an attribute is for a candidate; `zone` is that of the comparison.
    pub(crate) fn value(
        &self,
        attr: &Attr,
        candidate: Option<&Candidate<'_>>,
        zone: Option<&Zone>,
    ) -> Option<Value> {
        match attr.subject {
            Subject::Request | Subject::Key => self.given(attr.subject, &attr.name),
            Subject::Endpoint => self.endpoint_value(&attr.name, candidate?),
            Subject::Time => time_value(self.context.now, &attr.name, zone),
            // Decisions are made before any attempt; what can hold of attempts is asked by `possible`.
            Subject::Attempt => {
                let attempt = self.attempt?;
                match attr.name.as_str() {
                    "number" => attempt.number.to_value(),
                    "error" => Some(Value::Text(attempt.error.as_str().to_owned())),
                    "emitted_tokens" => attempt.emitted_tokens.to_value(),
                    "elapsed" => attempt.elapsed_ms.to_value(),
                    _ => None,
                }
            }
        }
    }

    /// Returns an attribute of request or key, declared defaults filled in.
    pub(crate) fn given(&self, subject: Subject, name: &str) -> Option<Value> {
        if let Some(value) = self.declared.get(&(subject, name.to_owned())) {
            return Some(value.clone());
        }
        let value = match subject {
            Subject::Request => request_field(&self.request, name),
            Subject::Key => key_field(&self.context.key, name),
            _ => None,
        };
        match (subject, name, value) {
            // Policies speak of models, whatever alias the client used.
            (Subject::Request, "model", Some(Value::Text(model))) => {
                Some(Value::Text(self.catalog.resolve(&model).to_owned()))
            }
            (Subject::Request, "models", Some(Value::Set(models))) => {
                Some(Value::Set(models.iter().map(|m| self.catalog.resolve(m).to_owned()).collect()))
            }
            (_, _, value) => value,
        }
    }

    fn endpoint_value(&self, name: &str, candidate: &Candidate<'_>) -> Option<Value> {
        let now = &candidate.facts_now;
        let money = |m: Option<Money>| m.map(|m| Value::Number(m.0.units()));
        let ratio = |r: Option<Ratio>| r.map(|r| Value::Number(r.0.units()));
        match name {
            "credential" => Some(Value::Text(match &candidate.credential() {
                Credential::Shared => "shared".to_owned(),
                Credential::Own(id) => id.clone(),
            })),
            "byok" => Some(Value::Bool(candidate.own.is_some())),
            "cost" => money(candidate.worst.known()),
            "uptime" => ratio(now.uptime),
            "error_rate" => ratio(now.error_rate),
            "health" => Some(Value::Text(health_name(candidate.health()).to_owned())),
            "cooling_down" => Some(Value::Bool(candidate.cooling_until(self.context.now).is_some())),
            _ => {
                if let Some(price) = price_value(&candidate.prices_now, name) {
                    return money(price);
                }
                let Some((figure, at)) = percentile(name) else {
                    return catalog_value(candidate.endpoint, name);
                };
                match figure {
                    "latency" => now.latency_ms.get(at)?.to_value(),
                    "throughput" => now.throughput.get(at)?.map(|t| Value::Number(t.units())),
                    _ => None,
                }
            }
        }
    }
}

/// Splits `latency_p90` into what is measured and the index of the percentile.
fn percentile(name: &str) -> Option<(&str, usize)> {
    let (figure, percentile) = name.split_once('_')?;
    Some((figure, PERCENTILES.iter().position(|p| *p == percentile)?))
}

/// Returns the price that an attribute names: the outer level is whether it names one, the inner one whether it is known.
#[expect(clippy::option_option, reason = "a price that is not known is still a price")]
pub(crate) fn price_value(prices: &EffectivePrices, name: &str) -> Option<Option<Money>> {
    Some(match name {
        "price_prompt" => prices.prompt,
        "price_completion" => prices.completion,
        "price_request" => Some(prices.request),
        "price_image" => prices.image,
        "price_cache_read" => prices.cache_read,
        "price_cache_write" => prices.cache_write,
        "price_reasoning" => prices.reasoning,
        "price_web_search" => prices.tools.get("web_search").map(|t| t.per_call),
        _ => return None,
    })
}

/// Returns what the catalog alone says of an endpoint: the same for every request, at every moment.
pub(crate) fn catalog_value(endpoint: &Endpoint, name: &str) -> Option<Value> {
    let facts = &endpoint.facts;
    let text = |t: &Option<String>| t.clone().map(Value::Text);
    let flag = |b: Option<bool>| b.map(Value::Bool);
    match name {
        "id" => Some(Value::Text(endpoint.id.clone())),
        "model" => Some(Value::Text(endpoint.model.clone())),
        "native_model" => text(&endpoint.native_model),
        "provider" => Some(Value::Text(endpoint.provider.clone())),
        "region" => text(&facts.region),
        "quantization" => text(&facts.quantization),
        "context_length" => facts.context_length.to_value(),
        "max_output_tokens" => facts.max_output_tokens.to_value(),
        "supports" => facts.supports.to_value(),
        "modalities" => facts.modalities.to_value(),
        "tags" => facts.tags.to_value(),
        "free" => flag(free(endpoint)),
        "zdr" => flag(facts.zdr),
        "trains" => flag(facts.trains),
        "retains" => flag(facts.retains),
        "deprecated" => Some(Value::Bool(facts.deprecated.unwrap_or(false))),
        "joint_context" => Some(Value::Bool(facts.joint_context.unwrap_or(false))),
        "sunset" => facts.sunset.map(|d| Value::Number(day_number(d))),
        _ => None,
    }
}

/// Returns what an attribute of `time` is at an instant; `zone` is that of the comparison.
pub(crate) fn time_value(now: Timestamp, name: &str, zone: Option<&Zone>) -> Option<Value> {
    if name == "now" {
        return Some(Value::Number(i128::from(now.0)));
    }
    let wall = zone.unwrap_or(&Zone::utc()).wall(now)?;
    match name {
        "date" => Some(Value::Number(day_number(wall.date))),
        "hour" => Some(Value::Number(i128::from(wall.time.0))),
        "weekday" => WEEKDAYS.get(usize::from(wall.weekday)).map(|d| Value::Text((*d).to_owned())),
        _ => None,
    }
}

/// Returns the word of a state of health.
pub(crate) fn health_name(health: Health) -> &'static str {
    match health {
        Health::Up => "up",
        Health::Degraded => "degraded",
        Health::Down => "down",
    }
}

/// Writes a value as a policy would.
pub(crate) fn show(value: &Value, ty: &Type) -> String {
    use crate::time::{Timestamp, date_text, day_from_number};
    let fixed = |n: i128| faregate_syntax::Fixed::from_units(n);
    match (value, ty) {
        (Value::Text(t), Type::Text(v)) if bare(t, v) => t.clone(),
        (Value::Text(t), _) => format!("\"{t}\""),
        (Value::Bool(b), _) => b.to_string(),
        (Value::Set(set), _) if set.is_empty() => "empty".to_owned(),
        (Value::Set(set), _) => set.iter().cloned().collect::<Vec<_>>().join(", "),
        (Value::Number(n), Type::Money) => dollars(Money(fixed(*n))),
        (Value::Number(n), Type::Price(unit)) => price(Money(fixed(*n)), *unit),
        (Value::Number(n), Type::Ratio) => Ratio(fixed(*n)).to_string(),
        (Value::Number(n), Type::Rate) => format!("{} per second", fixed(*n)),
        (Value::Number(n), Type::Duration) => duration(u64::try_from(*n).unwrap_or(0)),
        (Value::Number(n), Type::Date) => day_from_number(*n).map_or_else(|| n.to_string(), date_text),
        (Value::Number(n), Type::Instant) => Timestamp(i64::try_from(*n).unwrap_or(0)).to_string(),
        (Value::Number(n), Type::TimeOfDay) => time_of_day(u32::try_from(*n).unwrap_or(0)),
        (Value::Number(n), _) => n.to_string(),
    }
}

fn bare(text: &str, vocabulary: &crate::attributes::Vocabulary) -> bool {
    use crate::attributes::Vocabulary as V;
    match vocabulary {
        V::Open | V::Models | V::Providers => false,
        V::Words => {
            text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        }
        V::Known(values) => values.contains(&text),
        V::Declared(_) => true,
    }
}

/// Writes `$0.25`, and at least two decimals where there is any.
pub(crate) fn dollars(money: Money) -> String {
    let text = money.to_string();
    match text.split_once('.') {
        Some((_, fraction)) if fraction.len() == 1 => format!("${text}0"),
        _ => format!("${text}"),
    }
}

/// Writes `$5 per Mtok`.
pub(crate) fn price(per_unit: Money, unit: Unit) -> String {
    match unit {
        Unit::Mtok => match per_unit.0.checked_shift_left(6) {
            Some(per_mtok) => format!("{} per Mtok", dollars(Money(per_mtok))),
            None => format!("{} per token", dollars(per_unit)),
        },
        Unit::Image => format!("{} per image", dollars(per_unit)),
        Unit::Call => format!("{} per call", dollars(per_unit)),
    }
}

/// Writes milliseconds in the largest unit that holds them whole: `250ms`, `90s`, `2h`.
pub(crate) fn duration(ms: u64) -> String {
    for (unit, size) in [("d", 86_400_000_u64), ("h", 3_600_000), ("m", 60_000), ("s", 1000)] {
        // 90s reads better than 1.5m, and 1m better than 60s.
        if ms >= size && ms.checked_rem(size) == Some(0) {
            return format!("{}{unit}", ms.checked_div(size).unwrap_or(0));
        }
    }
    format!("{ms}ms")
}

fn time_of_day(ms: u32) -> String {
    let seconds = ms.checked_div(1000).unwrap_or(0);
    let part = |n: u32, of: u32| seconds.checked_div(n).unwrap_or(0).checked_rem(of).unwrap_or(0);
    let (h, m, s) = (part(3600, 24), part(60, 60), part(1, 60));
    if s == 0 { format!("{h:02}:{m:02}") } else { format!("{h:02}:{m:02}:{s:02}") }
}
