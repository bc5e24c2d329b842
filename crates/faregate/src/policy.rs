//! A policy set: parsed, checked, ready to decide.

use std::collections::HashSet;
use std::sync::Arc;

use faregate_syntax::ast::File;
use faregate_syntax::{Diagnostic, Diagnostics, FileId, Sources};

use crate::catalog::Catalog;
use crate::check::{self, Completeness};
use crate::ir;
use crate::time::Date;
use crate::watch::{Followed, Watch};

/// The most files that a set may have.
pub const MAX_FILES: usize = 64;

/// A checked policy set.
#[derive(Clone, Debug)]
pub struct PolicySet {
    sources: Sources,
    files: Vec<File>,
    policy: Followed,
    warnings: Vec<Diagnostic>,
    digest: String,
}

/// What checking a set found, whether it loads or not.
#[derive(Clone, Debug)]
pub struct Checked {
    /// All findings, sorted by file and place.
    pub diagnostics: Diagnostics,
    /// The set, where there are no errors and it is whole.
    pub policy: Option<PolicySet>,
}

impl PolicySet {
    /// Parses and checks the files of a set, in order: name and text.
    ///
    /// # Errors
    /// All findings, warnings included, where one of them is an error.
    ///
    /// ```
    /// use faregate::PolicySet;
    /// let text = r#"
    ///     policy demo { language 1 }
    ///     workload rest { otherwise  deny "nothing is served yet" }
    /// "#;
    /// assert_eq!(PolicySet::parse([("demo.fare", text)]).unwrap().name(), "demo");
    ///
    /// let wrong = PolicySet::parse([("demo.fare", "policy demo { language 1 }")]).unwrap_err();
    /// assert_eq!(wrong.iter().next().unwrap().code, "not-total");
    /// ```
    pub fn parse<N: Into<String>, T: Into<String>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, Diagnostics> {
        let checked = check_set(files, Completeness::Whole);
        checked.policy.ok_or(checked.diagnostics)
    }

    /// Returns the name of the set: that of its first file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.policy.name
    }

    /// Returns the texts.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Returns the warnings.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Returns `blake3:` and the hash of the texts.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Returns the names of the workloads, in the order in which they are tried.
    pub fn workloads(&self) -> impl Iterator<Item = &str> {
        self.policy.workloads.iter().map(|w| w.name.as_str())
    }

    /// Returns all warnings, also those that need a catalog or a day. Waivers and sunsets are dated by `today`, else by
    /// the catalog's day; without either those checks do not run.
    #[must_use]
    pub fn check_with(&self, catalog: Option<&Catalog>, today: Option<Date>) -> Diagnostics {
        let today = today.or_else(|| catalog.and_then(Catalog::as_of));
        let mut found = Vec::new();
        if let Some(today) = today {
            found.extend(check::check_dates(&self.policy, today));
        }
        if let Some(catalog) = catalog {
            found.extend(check::check_market(&self.policy, &self.files, catalog, today));
        }
        // What the text alone shows went through its `allow` comments already.
        let found = check::settle(&self.sources, &self.files, found);
        // What the catalog tells more exactly takes the place of what the text alone shows.
        let told: HashSet<_> = found.iter().map(|d| (d.code, d.primary.span)).collect();
        let of_text = self.warnings.iter().filter(|d| !told.contains(&(d.code, d.primary.span)));
        let all = of_text.cloned().chain(found.iter().cloned()).collect();
        Diagnostics::new(check::sorted(all), self.sources.clone())
    }

    /// Leaves out of findings what `allow` comments silence, and sorts them.
    #[cfg(feature = "model")]
    pub(crate) fn settle(&self, found: Vec<Diagnostic>) -> Diagnostics {
        Diagnostics::new(check::settle(&self.sources, &self.files, found), self.sources.clone())
    }

    /// Returns how many retry rules a workload has.
    pub(crate) fn retry_rules(&self, workload: &str) -> usize {
        let workload = self.policy.workloads.iter().find(|w| w.name == workload);
        match workload.map(|w| &w.body) {
            Some(ir::Body::Route(routing)) => routing.retry.as_ref().map_or(0, |r| r.rules.len()),
            _ => 0,
        }
    }

    pub(crate) fn policy(&self) -> &Followed {
        &self.policy
    }

    /// Returns the same set, with somebody who is told while it is applied.
    pub(crate) fn watched(&self, watch: Arc<dyn Watch>) -> Self {
        let policy = Followed::by((*self.policy).clone(), Some(watch));
        Self { policy, ..self.clone() }
    }
}

/// Parses and checks the files of a set, or of a part of one.
pub fn check_set<N: Into<String>, T: Into<String>>(
    files: impl IntoIterator<Item = (N, T)>,
    completeness: Completeness,
) -> Checked {
    let mut sources = Sources::new();
    let mut parsed = Vec::new();
    let mut diagnostics = Vec::new();
    let mut hasher = blake3::Hasher::new();
    for (number, (name, text)) in files.into_iter().enumerate() {
        if number >= MAX_FILES {
            let span = faregate_syntax::Span::new(FileId(0), 0, 0);
            let message = format!("a set has at most {MAX_FILES} files");
            diagnostics.push(Diagnostic::error("limit-exceeded", span, message));
            break;
        }
        let text = text.into();
        hasher.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(text.as_bytes());
        let id = sources.add(name, text);
        let text = sources.get(id).map_or("", faregate_syntax::Source::text);
        let (file, found) = faregate_syntax::parse(id, text);
        parsed.push(file);
        diagnostics.extend(found);
    }
    let (policy, diagnostics) = check::check(&sources, &parsed, diagnostics, completeness);
    let digest = format!("blake3:{}", hasher.finalize().to_hex());
    let whole = policy.filter(|p| !p.workloads.is_empty());
    let policy = whole.map(|policy| PolicySet {
        sources: sources.clone(),
        files: parsed,
        policy: Followed::by(policy, None),
        warnings: diagnostics.clone(),
        digest,
    });
    Checked { diagnostics: Diagnostics::new(diagnostics, sources), policy }
}
