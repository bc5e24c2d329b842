//! What a policy set declares: names, groups, attributes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use faregate_syntax::Span;
use faregate_syntax::ast::{
    Attribute, Block, DeclaredAttribute, DeclaredType, File, Group, GroupKind, GuardrailStatement, Item,
    Operand, Word, WorkloadStatement,
};

use super::{Checker, messages};
use crate::attributes::{Subject, Type, Values, Vocabulary, built_in};
use crate::ir::{Declared, Value};
use crate::pattern::Pattern;

/// The names of a set, by kind.
#[derive(Default)]
pub(super) struct Scope<'a> {
    pub(super) groups: HashMap<&'a str, &'a Group>,
    pub(super) guardrails: HashMap<&'a str, &'a Block<GuardrailStatement>>,
    pub(super) profiles: HashMap<&'a str, &'a Block<WorkloadStatement>>,
    pub(super) workloads: HashMap<&'a str, &'a Block<WorkloadStatement>>,
    pub(super) declared: Vec<Declared>,
    /// The members of groups as patterns, of those that something names.
    members: HashMap<&'a str, Arc<[Pattern]>>,
    declared_at: BTreeMap<(Subject, String), (usize, Span)>,
}

impl<'a> Scope<'a> {
    /// Returns a group's members as patterns. They are shared: a long group may be named often.
    pub(super) fn group_members(&mut self, group: &'a Group) -> Arc<[Pattern]> {
        let patterns = || group.members.iter().map(|m| Pattern::new(m.value.clone())).collect();
        Arc::clone(self.members.entry(&group.name.text).or_insert_with(patterns))
    }

    /// Whether something names a group.
    pub(super) fn is_used(&self, group: &Group) -> bool {
        self.members.contains_key(group.name.text.as_str())
    }

    pub(super) fn group_names(&self, kind: GroupKind) -> Vec<&'a str> {
        let mut names: Vec<&str> =
            self.groups.values().filter(|g| g.kind == kind).map(|g| g.name.text.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// Returns the type of an attribute, declared or built in.
    pub(super) fn type_of(&self, subject: Subject, name: &str) -> Option<Type> {
        if let Some((at, _)) = self.declared_at.get(&(subject, name.to_owned())) {
            return self.declared.get(*at).map(|d| d.ty.clone());
        }
        built_in(subject, name).map(|a| a.ty.clone())
    }

    pub(super) fn declared_names(&self) -> Vec<(Subject, String)> {
        self.declared.iter().map(|d| (d.subject, d.name.clone())).collect()
    }
}

impl<'a> Checker<'a> {
    /// Collects all declarations of the set before anything is resolved.
    pub(super) fn collect(&mut self, files: &'a [File]) {
        let mut seen: HashMap<&'a str, Span> = HashMap::new();
        for item in files.iter().flat_map(|f| &f.items) {
            let name = match item {
                Item::Policy(_) | Item::Waive(_) => continue,
                Item::Declare(declare) => {
                    for statement in &declare.attributes {
                        self.declare(&statement.kind, statement.span);
                    }
                    continue;
                }
                Item::Group(g) => &g.name,
                Item::Guardrail(b) => &b.name,
                Item::Budget(b) => &b.name,
                Item::Profile(b) | Item::Workload(b) => &b.name,
                Item::Invariant(b) => &b.name,
            };
            match seen.get(name.text.as_str()) {
                Some(first) => self.push(messages::duplicate_name(name, *first)),
                None => {
                    seen.insert(&name.text, name.span);
                }
            }
            match item {
                Item::Group(g) => drop(self.scope.groups.entry(&g.name.text).or_insert(g)),
                Item::Guardrail(b) => drop(self.scope.guardrails.entry(&b.name.text).or_insert(b)),
                Item::Profile(b) => drop(self.scope.profiles.entry(&b.name.text).or_insert(b)),
                Item::Workload(b) => drop(self.scope.workloads.entry(&b.name.text).or_insert(b)),
                _ => {}
            }
        }
    }

    fn declare(&mut self, declared: &'a DeclaredAttribute, span: Span) {
        let Attribute { subject, name, .. } = &declared.attribute;
        let subject = match Subject::parse(&subject.text) {
            Some(s @ (Subject::Request | Subject::Key)) => s,
            _ => {
                let help = "a policy declares attributes of `request` and `key`; the catalog and the host state the others";
                let message = format!("attributes of `{}` cannot be declared", subject.text);
                let diagnostic = faregate_syntax::Diagnostic::error(
                    "attribute-out-of-place",
                    declared.attribute.span,
                    message,
                );
                self.push(diagnostic.help(help));
                return;
            }
        };
        let Some(ty) = self.declared_type(declared) else { return };
        let built_in = built_in(subject, &name.text);
        if let Some(built_in) = built_in
            && !narrows(&built_in.ty, &ty)
        {
            let message =
                format!("`{}.{}` is {} already", subject.as_str(), name.text, built_in.ty.describe());
            let diagnostic =
                faregate_syntax::Diagnostic::error("type-mismatch", declared.attribute.span, message);
            self.push(diagnostic.help("declaring a built-in name narrows it to a list of values: `one_of` for a text, `set_of` for a set"));
            return;
        }
        // What is absent there counts as something already (rule 1), so that a default would never be taken.
        const SETTLED: [&str; 12] = [
            "id",
            "input_tokens",
            "models",
            "cached_input_tokens",
            "caching",
            "images",
            "stream",
            "idempotent",
            "side_effects",
            "parameters",
            "modalities",
            "tools",
        ];
        let settled =
            SETTLED.contains(&name.text.as_str()) || name.text == "tags" || name.text == "total_tokens";
        if subject == Subject::Request && built_in.is_some() && declared.default.is_some() && settled {
            let message = format!("what an absent `request.{}` means is settled by the language", name.text);
            let diagnostic = faregate_syntax::Diagnostic::error("type-mismatch", span, message);
            self.push(diagnostic.help("leave the `default` out, or declare an attribute of your own"));
            return;
        }
        let default = match &declared.default {
            None => None,
            Some(values) => {
                match self.default_value(values, &ty, &format!("{}.{}", subject.as_str(), name.text), span) {
                    Some(value) => Some(value),
                    None => return,
                }
            }
        };
        let new = Declared {
            subject,
            name: name.text.clone(),
            ty,
            default,
            narrows: built_in.is_some(),
            span: declared.attribute.span,
        };
        let key = (subject, name.text.clone());
        if let Some((at, first)) = self.scope.declared_at.get(&key) {
            let equal =
                self.scope.declared.get(*at).is_some_and(|d| d.ty == new.ty && d.default == new.default);
            if !equal {
                let name = format!("{}.{}", subject.as_str(), name.text);
                let diagnostic = messages::unequal_declarations(declared.attribute.span, &name, *first);
                self.push(diagnostic);
            } else if first.file == span.file {
                let diagnostic = messages::duplicate_name(&declared.attribute.name, *first);
                self.push(diagnostic);
            }
            return;
        }
        self.scope.declared_at.insert(key, (self.scope.declared.len(), declared.attribute.span));
        self.scope.declared.push(new);
    }

    fn declared_type(&mut self, declared: &'a DeclaredAttribute) -> Option<Type> {
        Some(match &declared.ty {
            DeclaredType::OneOf(values) => Type::Text(Vocabulary::Declared(self.declared_values(values)?)),
            DeclaredType::SetOf(values) => Type::Set(Vocabulary::Declared(self.declared_values(values)?)),
            DeclaredType::Text => Type::Text(Vocabulary::Open),
            DeclaredType::Bool => Type::Bool,
            DeclaredType::Count => Type::Count,
            DeclaredType::Money => Type::Money,
            DeclaredType::Duration => Type::Duration,
        })
    }

    fn declared_values(&mut self, values: &'a [Operand]) -> Option<Arc<Values>> {
        let mut texts = Values::default();
        for value in values {
            let (text, span) = match value {
                Operand::Word(Word { text, span }) => (text, *span),
                Operand::Str(s) => (&s.value, s.span),
                other => {
                    let found = messages::describe_operand(other);
                    self.push(messages::type_mismatch(other.span(), found, "a word or a text"));
                    return None;
                }
            };
            if !texts.add(text) {
                let message = format!("`{text}` stands twice in the list");
                self.push(faregate_syntax::Diagnostic::error("duplicate-name", span, message));
            }
        }
        Some(Arc::new(texts))
    }

    fn default_value(&mut self, values: &'a [Operand], ty: &Type, what: &str, span: Span) -> Option<Value> {
        let fits = |value: &Operand| match ty {
            Type::Text(_) | Type::Set(_) => matches!(value, Operand::Word(_) | Operand::Str(_)),
            Type::Bool => matches!(value, Operand::Bool(..)),
            _ => matches!(value, Operand::Literal(_)),
        };
        if let Some(wrong) = values.iter().find(|value| !fits(value)) {
            let found = messages::describe_operand(wrong);
            let wanted = format!("a default for `{what}`, {},", ty.describe());
            self.push(messages::type_mismatch(wrong.span(), found, &wanted));
            return None;
        }
        if matches!(ty, Type::Set(_)) {
            let mut set = std::collections::BTreeSet::new();
            for value in values {
                set.insert(self.text_value(value, ty, what)?);
            }
            return Some(Value::Set(set));
        }
        match values {
            [value] => self.value_of(value, ty, what),
            [] => {
                let wanted = format!("a default for `{what}`, {},", ty.describe());
                self.push(messages::type_mismatch(span, "no value", &wanted));
                None
            }
            [_, second, ..] => {
                self.push(messages::type_mismatch(second.span(), "a second value", "one value"));
                None
            }
        }
    }
}

/// Whether a declared type is a narrower form of a built-in one.
fn narrows(built_in: &Type, declared: &Type) -> bool {
    match (built_in, declared) {
        (Type::Text(_), Type::Text(_)) | (Type::Set(_), Type::Set(_)) => true,
        _ => built_in == declared,
    }
}
