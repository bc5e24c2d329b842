//! Policies and catalogs in, decisions out.

use faregate::syntax::Diagnostics;
use faregate::{Catalog, Completeness, PolicySet, check_set};
use faregate_wire::{Node, decision_to_json, decision_to_node, diagnostics_to_node, why_to_node};

use crate::data::day;
use crate::{Code, Data, Error, File, Run};

/// Returns the version of the engine, as decisions tell it.
#[must_use]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Decides requests. Immutable; copies are cheap and share policy and catalog.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) inner: faregate::Engine,
}

/// A decision, with what its run needs.
#[derive(Clone, Debug)]
pub struct Decision {
    pub(crate) inner: faregate::Decision,
}

impl Engine {
    /// Loads a policy set and the layers of a catalog, each of which is laid over those before it.
    ///
    /// # Errors
    /// All faults of the policy set, or all of the catalog.
    pub fn load(files: &[File<'_>], layers: &[Data<'_>]) -> Result<Self, Error> {
        let policy = policy(files)?;
        let engine = faregate::Engine::new(policy, catalog(layers)?);
        engine.map(|inner| Self { inner }).map_err(unusable)
    }

    /// Returns an engine of the same policy, which is not compiled again, and another catalog.
    ///
    /// # Errors
    /// All faults of the catalog.
    pub fn with_catalog(&self, layers: &[Data<'_>]) -> Result<Self, Error> {
        let engine = self.inner.with_catalog(catalog(layers)?);
        engine.map(|inner| Self { inner }).map_err(unusable)
    }

    /// Returns the warnings of the policy set on this catalog, as JSON in the shape of `faregate check --format json`.
    #[must_use]
    pub fn warnings(&self) -> String {
        self.warnings_node().to_json()
    }

    /// Returns the warnings as a tree.
    #[must_use]
    pub fn warnings_node(&self) -> Node {
        findings(&self.inner.policy().check_with(Some(self.inner.catalog()), None))
    }

    /// Returns the digest of the policy set: `blake3:…`.
    #[must_use]
    pub fn policy_digest(&self) -> &str {
        self.inner.policy().digest()
    }

    /// Returns the digest of the catalog: `blake3:…`.
    #[must_use]
    pub fn catalog_digest(&self) -> &str {
        self.inner.catalog().digest()
    }

    /// Returns the engine itself, for a binding that has requests in a form of its own.
    #[must_use]
    pub fn native(&self) -> &faregate::Engine {
        &self.inner
    }

    /// Decides a request.
    ///
    /// # Errors
    /// All faults of the request, or all of the context. What the policy does not allow is no error but a decision.
    pub fn decide(&self, request: &Data<'_>, context: &Data<'_>) -> Result<Decision, Error> {
        let (request, context) = (request.request()?, context.context()?);
        Ok(Decision { inner: self.inner.decide(&request, &context) })
    }

    /// Says of one endpoint, rule by rule, why it is where it is, as JSON in the shape of `faregate decide --why`. `None`: the
    /// catalog has no such endpoint, or the request is denied before endpoints are looked at.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn why(
        &self,
        request: &Data<'_>,
        context: &Data<'_>,
        endpoint: &str,
    ) -> Result<Option<String>, Error> {
        Ok(self.why_node(request, context, endpoint)?.map(|why| why.to_json()))
    }

    /// Says of one endpoint why it is where it is, as a tree; see [`Engine::why`].
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn why_node(
        &self,
        request: &Data<'_>,
        context: &Data<'_>,
        endpoint: &str,
    ) -> Result<Option<Node>, Error> {
        let (request, context) = (request.request()?, context.context()?);
        Ok(self.inner.why(&request, &context, endpoint).map(|why| why_to_node(&why)))
    }

    /// Makes a saved run go on.
    ///
    /// # Errors
    /// The data are no saved run, or one of another policy or catalog.
    pub fn restore(&self, saved: &Data<'_>) -> Result<Run, Error> {
        Ok(Run::new(self.inner.restore(saved.saved()?)?, None))
    }
}

impl Decision {
    /// Writes it as JSON on one line; equal decisions are equal bytes.
    #[must_use]
    pub fn json(&self) -> String {
        decision_to_json(&self.inner)
    }

    /// Returns it as a tree.
    #[must_use]
    pub fn node(&self) -> Node {
        decision_to_node(&self.inner)
    }

    /// Returns the HTTP status of a denial; `None`: the request may go somewhere.
    #[must_use]
    pub fn denied(&self) -> Option<u16> {
        match &self.inner {
            faregate::Decision::Route(_) => None,
            faregate::Decision::Deny(denial) => Some(denial.code.status()),
        }
    }

    /// Begins a run of the plan; `None`: there is none, the request is denied.
    #[must_use]
    pub fn run(&self) -> Option<Run> {
        match &self.inner {
            faregate::Decision::Route(plan) => Some(Run::new(plan.run(), None)),
            faregate::Decision::Deny(_) => None,
        }
    }
}

/// Checks a policy set: all findings, as JSON in the shape of `faregate check --format json`. With layers of a catalog, also
/// what only a catalog shows; waivers and sunsets are dated by `today` (`2026-11-23`), else by the catalog's day.
///
/// # Errors
/// All faults of the catalog; `today` is no day. Faults of the policy are findings.
///
/// ```
/// use faregate_embed::{File, check};
/// let findings = check(&[File::new("p.fare", "policy p { language 1 }")], &[], None).unwrap();
/// assert!(findings.starts_with(r#"{"diagnostics":[{"code":"not-total","severity":"error","#));
/// ```
pub fn check(files: &[File<'_>], layers: &[Data<'_>], today: Option<&str>) -> Result<String, Error> {
    check_node(files, layers, today).map(|found| found.to_json())
}

/// Checks a policy set: all findings, as a tree; see [`check`].
///
/// # Errors
/// As [`check`].
pub fn check_node(files: &[File<'_>], layers: &[Data<'_>], today: Option<&str>) -> Result<Node, Error> {
    let today = today.map(day).transpose()?;
    let catalog = if layers.is_empty() { None } else { Some(catalog(layers)?) };
    let checked = check_set(files.iter().map(|f| (f.name, f.text)), Completeness::Whole);
    let found = match &checked.policy {
        Some(policy) => policy.check_with(catalog.as_ref(), today),
        None => checked.diagnostics,
    };
    Ok(findings(&found))
}

pub(crate) fn policy(files: &[File<'_>]) -> Result<PolicySet, Error> {
    PolicySet::parse(files.iter().map(|f| (f.name, f.text))).map_err(|found| Error::policy(&found))
}

pub(crate) fn catalog(layers: &[Data<'_>]) -> Result<Catalog, Error> {
    let several = layers.len() > 1;
    let read = |(n, layer): (usize, &Data<'_>)| {
        let within = several.then(|| format!("catalogs[{n}]"));
        layer.layer().map_err(|error| Error::data(Code::InvalidCatalog, within, &error))
    };
    let layers = layers.iter().enumerate().map(read).collect::<Result<_, _>>()?;
    Catalog::new(layers).map_err(|errors| Error::catalog(&errors))
}

pub(crate) fn unusable(error: faregate::EngineError) -> Error {
    Error::one(Code::InvalidPolicy, None, error.to_string())
}

fn findings(found: &Diagnostics) -> Node {
    let list: Vec<_> = found.iter().cloned().collect();
    diagnostics_to_node(&list, found.sources())
}
