//! From a provider's name of a model to ours.

use std::collections::BTreeSet;

use super::{Ending, ModelNames};

/// Returns the form in which names are compared: lower case, with `-` for dot, underscore and space.
///
/// Providers disagree about `4.5` and `4-5`; no two models are known that differ in nothing else.
pub(crate) fn fold(name: &str) -> String {
    name.chars().map(|c| if matches!(c, '.' | '_' | ' ') { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// A row's name, taken apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct NativeName {
    /// The region in front of the name.
    pub(crate) region: Option<String>,
    /// The variant that the name's beginning tells.
    pub(crate) variant: Option<String>,
    /// What stands before the model, as written: `meta-llama` of `meta-llama/Llama-3-8B`.
    pub(crate) lab: Option<String>,
    /// The model's own part.
    pub(crate) slug: String,
}

/// By what a row got its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    Row,
    BaseModel,
    Name,
    Rule,
    Nothing,
}

/// The model of a row, and which offer of it the row is.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) model: String,
    pub(crate) by: By,
    pub(crate) variant: Vec<String>,
    pub(crate) quantization: Option<String>,
    pub(crate) free: bool,
    /// The model of the row's base model, where the row's own name says another.
    pub(crate) instead_of: Option<String>,
}

/// Which entries of the file have served, to find those that serve no more.
#[derive(Debug, Default)]
pub(crate) struct Used(pub(super) BTreeSet<String>);

impl Used {
    pub(crate) fn mark(&mut self, entry: String) {
        self.0.insert(entry);
    }
}

/// A name after some endings were taken off.
#[derive(Debug, Clone, Default)]
struct Stripped {
    slug: String,
    variant: Vec<String>,
    quantization: Option<String>,
    free: bool,
    endings: Vec<String>,
}

impl ModelNames {
    /// Takes a native name apart: region, laboratory, model.
    pub(crate) fn take_apart(&self, provider: &str, native: &str) -> NativeName {
        let mut name = NativeName::default();
        let mut rest = native;
        if let Some(rule) = self.providers.get(provider) {
            for beginning in &rule.strip {
                rest = rest.strip_prefix(beginning.as_str()).filter(|rest| !rest.is_empty()).unwrap_or(rest);
            }
            for (beginning, variant) in &rule.begin {
                if let Some(after) = rest.strip_prefix(beginning.as_str()).filter(|after| !after.is_empty()) {
                    name.variant = Some(variant.clone());
                    rest = after;
                    break;
                }
            }
            if let Some((first, after)) = rest.split_once('.')
                && rule.regions.iter().any(|region| region == first)
            {
                name.region = Some(first.to_owned());
                rest = after;
            }
            if let Some(divider) = &rule.lab_ends_at
                && let Some((lab, slug)) = rest.split_once(divider.as_str())
            {
                name.lab = Some(lab.to_owned());
                name.slug = slug.to_owned();
                return name;
            }
        }
        match rest.rsplit_once('/') {
            Some((folders, slug)) => {
                let lab = folders.split_once('/').map_or(folders, |(first, _)| first);
                name.lab = Some(lab.to_owned());
                name.slug = slug.to_owned();
            }
            None => name.slug = rest.to_owned(),
        }
        name
    }

    /// Returns the model that the file gives a row: by the row itself, its base model or a listed name.
    pub(crate) fn listed(
        &self,
        provider: &str,
        native: &str,
        name: &NativeName,
        base: Option<&str>,
        used: &mut Used,
    ) -> Option<Resolved> {
        if let Some(row) = self.rows.get(&(provider.to_owned(), native.to_owned())) {
            used.mark(format!("rows: {provider}: {native}"));
            let stripped = self.strip_marks(provider, &name.slug, |_| false);
            let mut resolved = self.resolved(&row.model, By::Row, &stripped, used);
            if let Some(variant) = &row.variant {
                resolved.variant = vec![variant.clone()];
            }
            resolved.quantization = row.quantization.clone().or(resolved.quantization);
            return Some(resolved);
        }
        if let Some(base) = base {
            let model = self.base_model(base, used);
            // A name that is the model's own has no marks: `minimax-m2.5-highspeed` is a model.
            let known =
                |slug: &str| self.index.contains_key(&fold(slug)) || fold(slug) == fold(after_lab(base));
            let stripped = self.strip_marks(provider, &name.slug, known);
            let mut resolved = self.resolved(&model, By::BaseModel, &stripped, used);
            // A base model is there to inherit limits from, and is at times a near relation only: where the row
            // bears the listed name of another model, it is that model.
            if let Some(named) = self.by_name(provider, name, used)
                && named.model != model
            {
                resolved = Resolved { instead_of: Some(model), ..named };
            }
            return Some(resolved);
        }
        self.by_name(provider, name, used)
    }

    /// Returns the model that the row's name is a listed name of, with as few endings off as need be.
    fn by_name(&self, provider: &str, name: &NativeName, used: &mut Used) -> Option<Resolved> {
        self.strippings(provider, &name.slug).iter().find_map(|stripped| {
            let found = self.index.get(&fold(&stripped.slug))?;
            if !self.lab_fits(name.lab.as_deref(), &found.model) {
                return None;
            }
            if let Some(written) = &found.written {
                used.mark(format!("models: {}: {written}", found.model));
            }
            Some(self.resolved(&found.model, By::Name, stripped, used))
        })
    }

    /// Returns laboratory and name of a row that nothing lists, with the marks that are surely marks.
    pub(crate) fn guess(&self, provider: &str, name: &NativeName) -> (Option<String>, String) {
        let stripped = self.strip_marks(provider, &name.slug, |_| false);
        let lab = match &name.lab {
            Some(lab) => Some(self.labs.get(&fold(lab)).cloned().unwrap_or_else(|| tidy(lab))),
            None => self.lab_of_family(&stripped.slug),
        };
        (lab, tidy(&stripped.slug))
    }

    /// Returns a row that nothing lists under a name that `is_known` accepts, with all other marks off; under its
    /// own name at its own provider if there is none.
    pub(crate) fn by_rule(
        &self,
        provider: &str,
        name: &NativeName,
        used: &mut Used,
        is_known: impl Fn(&str) -> Option<String>,
    ) -> Resolved {
        // The barest known name wins: with `x` and `x-fp8` both at hand, the latter is an offer of the former.
        for stripped in self.strippings(provider, &name.slug).iter().rev() {
            if let Some(model) = is_known(&fold(&tidy(&stripped.slug))) {
                return self.resolved(&model, By::Rule, stripped, used);
            }
        }
        let stripped = self.strip_marks(provider, &name.slug, |_| false);
        let model = format!("{}/{}", self.provider_name(provider), tidy(&stripped.slug));
        self.resolved(&model, By::Nothing, &stripped, used)
    }

    /// Returns our name of a provider of the source.
    pub(crate) fn provider_name<'a>(&'a self, provider: &'a str) -> &'a str {
        self.providers.get(provider).and_then(|rule| rule.name.as_deref()).unwrap_or(provider)
    }

    /// Whether this provider's names for models (under our name for it) are aliases of them.
    pub(crate) fn gives_aliases(&self, provider: &str) -> bool {
        self.providers.iter().any(|(source, rule)| rule.aliases && self.provider_name(source) == provider)
    }

    /// Whether a price of zero is meant, though the row's name does not say so.
    pub(crate) fn is_free(&self, provider: &str, model: &str) -> bool {
        self.free.get(provider).is_some_and(|models| models.iter().any(|free| free == model))
    }

    /// Returns the entries of the file that no row needed, each as `section: entry`.
    pub(crate) fn unused(&self, used: &Used) -> Vec<String> {
        let rows = self.rows.keys().map(|(provider, native)| format!("rows: {provider}: {native}"));
        let models = self.index.values().filter_map(|name| Some((name.written.as_ref()?, &name.model)));
        let models = models.map(|(written, model)| format!("models: {model}: {written}"));
        let base_models = self.base_models.keys().map(|base| format!("base_models: {base}"));
        let endings = self.endings.iter().map(|ending| format!("endings: {}", ending.end));
        let providers = self.providers.keys().map(|provider| format!("providers: {provider}"));
        let skip = self.skip.iter().flat_map(|rule| &rule.rows).map(|pattern| format!("skip: {pattern}"));
        let all = providers.chain(skip).chain(endings).chain(base_models).chain(models).chain(rows);
        all.filter(|entry| !used.0.contains(entry)).collect()
    }

    fn base_model(&self, base: &str, used: &mut Used) -> String {
        if let Some(model) = self.base_models.get(base) {
            used.mark(format!("base_models: {base}"));
            return model.clone();
        }
        let slug = after_lab(base);
        let lab = base.split_once('/').map(|(lab, _)| lab);
        if let Some(found) = self.index.get(&fold(slug))
            && self.lab_fits(lab, &found.model)
        {
            if let Some(written) = &found.written {
                used.mark(format!("models: {}: {written}", found.model));
            }
            return found.model.clone();
        }
        let lab = lab.map(|lab| self.labs.get(&fold(lab)).cloned().unwrap_or_else(|| tidy(lab)));
        format!("{}/{}", lab.unwrap_or_default(), tidy(slug))
    }

    /// Whether a name at `lab` may be the model: the laboratory's own, nobody's, or one repackaged.
    fn lab_fits(&self, lab: Option<&str>, model: &str) -> bool {
        let Some(lab) = lab.map(fold) else { return true };
        let own = model.split_once('/').map_or("", |(own, _)| own);
        self.repackagers.contains(&lab) || self.labs.get(&lab).map_or(lab == fold(own), |known| known == own)
    }

    fn lab_of_family(&self, slug: &str) -> Option<String> {
        let slug = fold(slug);
        self.families.iter().find(|(beginning, _)| slug.starts_with(beginning)).map(|(_, lab)| lab.clone())
    }

    fn resolved(&self, model: &str, by: By, stripped: &Stripped, used: &mut Used) -> Resolved {
        for end in &stripped.endings {
            used.mark(format!("endings: {end}"));
        }
        Resolved {
            model: model.to_owned(),
            by,
            variant: stripped.variant.clone(),
            quantization: stripped.quantization.clone(),
            free: stripped.free,
            instead_of: None,
        }
    }

    /// Returns the name with nothing off, one ending off, two off, and so on.
    fn strippings(&self, provider: &str, slug: &str) -> Vec<Stripped> {
        let mut all = vec![Stripped { slug: slug.to_owned(), ..Stripped::default() }];
        while let Some(next) = all.last().and_then(|last| self.strip_one(provider, last, |_| true)) {
            all.push(next);
        }
        all
    }

    /// Returns the name with all marks off, stopping at a name that `is_known`; of a name that is not, those
    /// that are always marks.
    fn strip_marks(&self, provider: &str, slug: &str, is_known: impl Fn(&str) -> bool) -> Stripped {
        let strippings = self.strippings(provider, slug);
        if let Some(known) = strippings.iter().find(|stripped| is_known(&stripped.slug)) {
            return known.clone();
        }
        let mut stripped = Stripped { slug: slug.to_owned(), ..Stripped::default() };
        while let Some(next) = self.strip_one(provider, &stripped, |ending| ending.always) {
            stripped = next;
        }
        stripped
    }

    fn strip_one(
        &self,
        provider: &str,
        from: &Stripped,
        allowed: impl Fn(&Ending) -> bool,
    ) -> Option<Stripped> {
        let here = |ending: &&Ending| ending.at.is_empty() || ending.at.iter().any(|at| at == provider);
        self.endings.iter().filter(here).filter(|ending| allowed(ending)).find_map(|ending| {
            let keep = from.slug.len().checked_sub(ending.end.len()).filter(|keep| *keep > 0)?;
            let (rest, end) = from.slug.split_at_checked(keep)?;
            if fold(end) != fold(&ending.end) {
                return None;
            }
            let mut next = from.clone();
            rest.clone_into(&mut next.slug);
            if let Some(variant) = &ending.variant {
                next.variant.insert(0, variant.clone());
            }
            next.quantization = next.quantization.or_else(|| ending.quantization.clone());
            next.free |= ending.free;
            next.endings.push(ending.end.clone());
            Some(next)
        })
    }
}

fn after_lab(model: &str) -> &str {
    model.split_once('/').map_or(model, |(_, slug)| slug)
}

/// Returns a name with nothing in it but lower case, digits, `.`, `_` and `-`.
pub(crate) fn tidy(name: &str) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = name.chars().map(|c| if keep(c) { c.to_ascii_lowercase() } else { '-' }).collect();
    name.trim_matches('-').to_owned()
}
