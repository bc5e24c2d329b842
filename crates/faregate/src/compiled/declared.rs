//! Declared attributes: what the data give, held to the declared type, and the defaults.

use super::code::{Code, DeclaredCode, Field};
use super::value::{Val, given};
use crate::attributes::{Subject, Type};
use crate::ir::{Declared, Policy};
use crate::reference::world::typed;
use crate::{AttributeValue, Context, Request};

/// Returns a declared attribute, its default where it is absent.
pub(super) fn declared_value<'a>(
    policy: &'a Policy,
    code: &'a Code,
    place: usize,
    request: &'a Request,
    context: &'a Context,
) -> Option<Val<'a>> {
    let (declared, code) = policy.declared.get(place).zip(code.declared.get(place))?;
    let value = code.given(declared, request, context).flatten();
    value.or_else(|| declared.default.as_ref().map(Val::of))
}

impl DeclaredCode {
    /// Returns what the data give for a declared attribute, if they do; `None`: it does not fit its type.
    pub(super) fn given<'a>(
        &self,
        declared: &Declared,
        request: &'a Request,
        context: &'a Context,
    ) -> Option<Option<Val<'a>>> {
        match self.field {
            Field::Request(read) => Some(read(request)),
            Field::Key(read) => Some(read(&context.key)),
            Field::Attribute => match attribute(declared, request, context) {
                Some(raw) => Some(Some(typed_value(raw, &declared.ty)?)),
                None => Some(None),
            },
        }
    }
}

/// Returns what the data have for a declared attribute that is not built in.
pub(super) fn attribute<'a>(
    declared: &Declared,
    request: &'a Request,
    context: &'a Context,
) -> Option<&'a AttributeValue> {
    let attributes = match declared.subject {
        Subject::Key => &context.key.attributes,
        _ => &request.attributes,
    };
    attributes.get(&declared.name)
}

/// Returns the value that data give, where they fit the type.
pub(super) fn typed_value<'a>(raw: &'a AttributeValue, ty: &Type) -> Option<Val<'a>> {
    match (ty, raw) {
        (Type::Text(_), AttributeValue::Text(_))
        | (Type::Set(_), AttributeValue::List(_))
        | (Type::Bool, AttributeValue::Bool(_)) => given(raw),
        (Type::Text(_) | Type::Set(_) | Type::Bool, _) => None,
        (Type::Duration, AttributeValue::Text(text)) if plain_duration(text).is_some() => {
            plain_duration(text).map(|ms| Val::Number(i128::from(ms)))
        }
        _ => match typed(raw, ty) {
            Some(crate::ir::Value::Number(n)) => Some(Val::Number(n)),
            _ => None,
        },
    }
}

/// Reads `90s` and the like without the parser of literals, which is there for whatever is not so plain.
fn plain_duration(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) =
        text.split_at_checked(digits).filter(|(n, _)| n.len() <= 9 && !n.starts_with('0'))?;
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit_ms).filter(|ms| *ms <= crate::MAX_COUNT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_durations_are_those_of_the_language() {
        for text in [
            "90s",
            "250ms",
            "5m",
            "1h",
            "7d",
            "104249991d",
            "104249992d",
            "0s",
            "1.5s",
            "1_000s",
            "s",
            "5M",
            "",
        ] {
            let whole = match faregate_syntax::parse_literal(text) {
                Ok(faregate_syntax::ast::LiteralKind::Duration(ms)) => Some(ms),
                _ => None,
            };
            if let Some(plain) = plain_duration(text) {
                assert_eq!(Some(plain), whole, "{text}");
            }
        }
        assert_eq!(plain_duration("90s"), Some(90_000));
    }
}
