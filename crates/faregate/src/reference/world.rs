//! All that one decision looks at, and the request held to the policy's declarations (step 1).

use std::borrow::Cow;
use std::collections::BTreeMap;

use faregate_syntax::ast::{LiteralKind, Unit};
use faregate_syntax::{Fixed, Sources, Span, nearest};

use super::values::{key_field, request_field};
use crate::attributes::{Subject, Type, Vocabulary};
use crate::catalog::Catalog;
use crate::ir::{CeilingKind, Declared, Guardrail, Policy, Value};
use crate::watch::{Applied, Watch};
use crate::{Amount, AttributeValue, Context, ErrorClass, MAX_COUNT, Money, Request};

/// What is known of the attempt that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttemptFacts {
    /// Calls made, from 1.
    pub(crate) number: u64,
    pub(crate) error: ErrorClass,
    pub(crate) emitted_tokens: u64,
    /// Since the run began.
    pub(crate) elapsed_ms: u64,
}

/// One decision's inputs.
pub(crate) struct World<'a> {
    pub(crate) sources: &'a Sources,
    pub(crate) policy: &'a Policy,
    /// Who is told of what is looked at.
    pub(crate) watch: Option<&'a dyn Watch>,
    pub(crate) catalog: &'a Catalog,
    /// What is asked, defaults that the policy declares for built-in names filled in.
    pub(crate) request: Cow<'a, Request>,
    pub(crate) context: &'a Context,
    /// Declared attributes of request and key, defaults filled in.
    pub(crate) declared: BTreeMap<(Subject, String), Value>,
    /// Credits of the key, a declared default filled in.
    pub(crate) credits: Option<Money>,
    /// How much of the deadline a run has used, in milliseconds.
    pub(crate) elapsed_ms: u64,
    /// The attempt that failed, in a run.
    pub(crate) attempt: Option<AttemptFacts>,
    /// The caller's own ceilings.
    pub(crate) caller: Vec<(CeilingKind, Amount)>,
    /// The guardrails that this request can meet, where somebody has found them; `None`: look at all.
    pub(crate) met: Option<Vec<&'a Guardrail>>,
}

impl<'a> World<'a> {
    /// Validates the request.
    ///
    /// # Errors
    /// What is wrong with it, as one sentence.
    pub(crate) fn new(
        sources: &'a Sources,
        policy: impl Into<Applied<'a>>,
        catalog: &'a Catalog,
        request: &'a Request,
        context: &'a Context,
    ) -> Result<Self, String> {
        let Applied { policy, watch } = policy.into();
        let mut world = Self {
            sources,
            policy,
            watch,
            catalog,
            request: Cow::Borrowed(request),
            credits: context.key.credits,
            context,
            declared: BTreeMap::new(),
            caller: Vec::new(),
            elapsed_ms: 0,
            attempt: None,
            met: None,
        };
        world.counts()?;
        for declared in &policy.declared {
            if let Some(value) = world.declared_value(declared)? {
                world.declared.insert((declared.subject, declared.name.clone()), value);
            }
        }
        world.fill_defaults();
        world.undeclared(Subject::Request, &request.attributes)?;
        world.undeclared(Subject::Key, &context.key.attributes)?;
        for (name, amount) in &request.max_price {
            world.caller.push(caller_ceiling(name, amount)?);
        }
        world.duplicate_credentials()?;
        Ok(world)
    }

    /// Returns the guardrails to look at, in the order of the text.
    pub(crate) fn guardrails(&self) -> impl Iterator<Item = &'a Guardrail> {
        let all = if self.met.is_none() { self.policy.guardrails.as_slice() } else { &[] };
        all.iter().chain(self.met.iter().flatten().copied())
    }

    pub(crate) fn at(&self, span: Span) -> String {
        self.sources.at(span)
    }

    /// Lets declared defaults of built-in names count wherever the engine looks, not in conditions alone.
    fn fill_defaults(&mut self) {
        let defaults = self.policy.declared.iter().filter(|d| d.narrows && d.default.is_some());
        for declared in defaults {
            let Some(value) = self.declared.get(&(declared.subject, declared.name.clone())).cloned() else {
                continue;
            };
            if declared.subject == Subject::Key {
                if let ("credits", None, Value::Number(n)) = (declared.name.as_str(), self.credits, &value) {
                    self.credits = Some(Money(Fixed::from_units(*n)));
                }
                continue;
            }
            let request = self.request.to_mut();
            match (declared.name.as_str(), value) {
                ("model", Value::Text(t)) => fill(&mut request.model, t),
                ("max_output_tokens", Value::Number(n)) => fill_count(&mut request.max_output_tokens, n),
                ("expected_output_tokens", Value::Number(n)) => {
                    fill_count(&mut request.expected_output_tokens, n)
                }
                ("only", Value::Set(set)) => fill(&mut request.only, set),
                ("ignore", Value::Set(set)) => fill(&mut request.ignore, set),
                // The others are read by conditions alone.
                _ => {}
            }
        }
    }

    fn counts(&self) -> Result<(), String> {
        let r = &self.request;
        for (name, count) in [
            ("input_tokens", Some(r.input_tokens)),
            ("max_output_tokens", r.max_output_tokens),
            ("expected_output_tokens", r.expected_output_tokens),
            ("cached_input_tokens", Some(r.cached_input_tokens)),
            ("images", Some(r.images)),
        ] {
            if count.is_some_and(|n| n > MAX_COUNT) {
                return Err(format!("`request.{name}` is above {MAX_COUNT}, the largest count"));
            }
        }
        Ok(())
    }

    fn duplicate_credentials(&self) -> Result<(), String> {
        let mut seen = std::collections::BTreeSet::new();
        match self.context.credentials.iter().find(|c| !seen.insert((&c.provider, &c.id))) {
            Some(c) => Err(format!("`context.credentials` lists the key `{}` twice", c.id)),
            None => Ok(()),
        }
    }

    fn declared_value(&self, declared: &Declared) -> Result<Option<Value>, String> {
        let name = format!("{}.{}", declared.subject.as_str(), declared.name);
        let attributes = match declared.subject {
            Subject::Key => &self.context.key.attributes,
            _ => &self.request.attributes,
        };
        let value = if declared.narrows {
            match declared.subject {
                Subject::Key => key_field(&self.context.key, &declared.name),
                _ => request_field(&self.request, &declared.name),
            }
        } else {
            match attributes.get(&declared.name) {
                None => None,
                Some(raw) => Some(typed(raw, &declared.ty).ok_or_else(|| {
                    format!(
                        "`{name}` is declared as {}, and the request has {}",
                        declared.ty.describe(),
                        shown(raw)
                    )
                })?),
            }
        };
        let Some(value) = value else { return Ok(declared.default.clone()) };
        if let Type::Text(Vocabulary::Declared(list)) | Type::Set(Vocabulary::Declared(list)) = &declared.ty {
            let outside = match &value {
                Value::Text(text) => Some(text).filter(|t| !list.contains(t)),
                Value::Set(set) => set.iter().find(|t| !list.contains(t)),
                _ => None,
            };
            if let Some(text) = outside {
                let hint = match nearest(text, list.iter().map(String::as_str)) {
                    Some(near) => format!("; a similar value is declared: `{near}`"),
                    None => String::new(),
                };
                return Err(format!("`{text}` is not a declared value of `{name}`{hint}"));
            }
        }
        Ok(Some(value))
    }

    fn undeclared(
        &self,
        subject: Subject,
        attributes: &BTreeMap<String, AttributeValue>,
    ) -> Result<(), String> {
        let declared = |name: &str| {
            self.policy.declared.iter().any(|d| d.subject == subject && d.name == name && !d.narrows)
        };
        let Some(name) = attributes.keys().find(|n| !declared(n)) else { return Ok(()) };
        let names = self.policy.declared.iter().filter(|d| d.subject == subject).map(|d| d.name.as_str());
        let hint = match nearest(name, names) {
            Some(near) => format!("; a similar name is declared: `{near}`"),
            None => String::new(),
        };
        Err(format!("`{}.{name}` is not declared by the policy{hint}", subject.as_str()))
    }
}

fn fill<T>(slot: &mut Option<T>, value: T) {
    if slot.is_none() {
        *slot = Some(value);
    }
}

fn fill_count(slot: &mut Option<u64>, n: i128) {
    if let Ok(n) = u64::try_from(n) {
        fill(slot, n);
    }
}

/// Returns the value of a declared attribute, where the data fit its type.
pub(crate) fn typed(raw: &AttributeValue, ty: &Type) -> Option<Value> {
    Some(match (ty, raw) {
        (Type::Text(_), AttributeValue::Text(t)) => Value::Text(t.clone()),
        (Type::Set(_), AttributeValue::List(items)) => Value::Set(items.iter().cloned().collect()),
        (Type::Bool, AttributeValue::Bool(b)) => Value::Bool(*b),
        (Type::Count, AttributeValue::Number(n)) => {
            let n: u64 = n.parse().ok()?;
            if n > MAX_COUNT {
                return None;
            }
            Value::Number(i128::from(n))
        }
        (Type::Money, AttributeValue::Text(n) | AttributeValue::Number(n)) => {
            Value::Number(n.parse::<Fixed>().ok()?.units())
        }
        (Type::Duration, AttributeValue::Number(n)) => Value::Number(i128::from(n.parse::<u64>().ok()?)),
        (Type::Duration, AttributeValue::Text(t)) => match faregate_syntax::parse_literal(t).ok()? {
            LiteralKind::Duration(ms) => Value::Number(i128::from(ms)),
            _ => return None,
        },
        _ => return None,
    })
}

fn shown(raw: &AttributeValue) -> String {
    match raw {
        AttributeValue::Text(t) => format!("the text `{t}`"),
        AttributeValue::Number(n) => format!("the number {n}"),
        AttributeValue::Bool(b) => b.to_string(),
        AttributeValue::List(_) => "a list".to_owned(),
    }
}

/// Reads one of the caller's own ceilings, in the words of the language.
pub(crate) fn caller_ceiling(name: &str, amount: &str) -> Result<(CeilingKind, Amount), String> {
    // `tool NAME`, the name a word or a string as in a policy.
    let tool = name.strip_prefix("tool ").map(|t| t.trim().trim_matches('"').to_owned());
    let tool = tool.filter(|t| !t.is_empty() && !t.contains(char::is_whitespace)).map(CeilingKind::Tool);
    let kind = tool.or_else(|| CeilingKind::parse(name)).ok_or_else(|| {
        let near = nearest(name, CeilingKind::NAMES.into_iter().chain(["web_search"]));
        let hint = near.map(|n| format!("; a ceiling with a similar name exists: `{n}`")).unwrap_or_default();
        format!("`request.max_price.{name}`: no such ceiling{hint}")
    })?;
    let wanted = kind.ty();
    let literal = faregate_syntax::parse_literal(amount);
    let value = match (&wanted, literal) {
        (Type::Price(Unit::Mtok), Ok(LiteralKind::Price(p, Unit::Mtok))) => {
            p.checked_shift_right(6).map(|p| Amount::Money(Money(p)))
        }
        (Type::Price(a), Ok(LiteralKind::Price(p, b))) if *a == b => Some(Amount::Money(Money(p))),
        (Type::Money, Ok(LiteralKind::Money(m))) => Some(Amount::Money(Money(m))),
        (Type::Count, Ok(LiteralKind::Count(n))) => Some(Amount::Count(n)),
        _ => None,
    };
    match value {
        Some(value) => Ok((kind, value)),
        None => Err(format!("`request.max_price.{name}` is {} and not `{amount}`", wanted.describe())),
    }
}
