//! Engines and decisions.

use pyo3::prelude::*;

use crate::batch::{self, Batch, Decisions};
use crate::error::free;
use crate::run::Run;
use crate::values::{Files, Given, Layers, to_python};

/// Decides requests. Immutable; any thread may use it.
///
/// `Engine({"p.fare": text}, [catalog])` reads policies by name and text, and catalogs, each laid over those before it.
#[pyclass(frozen, module = "faregate")]
pub(crate) struct Engine {
    pub(crate) inner: faregate_embed::Engine,
}

/// What was decided of one request.
#[pyclass(frozen, module = "faregate")]
pub(crate) struct Decision {
    pub(crate) inner: faregate_embed::Decision,
}

#[pymethods]
impl Engine {
    #[new]
    #[pyo3(signature = (policies, catalogs = Layers(Vec::new())))]
    fn new(py: Python<'_>, policies: Files, catalogs: Layers) -> PyResult<Self> {
        let load = || faregate_embed::Engine::load(&policies.files(), &catalogs.data());
        Ok(Self { inner: free(py, load)? })
    }

    /// The digest of the policy set.
    #[getter]
    fn policy_digest(&self) -> &str {
        self.inner.policy_digest()
    }

    /// The digest of the catalog.
    #[getter]
    fn catalog_digest(&self) -> &str {
        self.inner.catalog_digest()
    }

    /// Returns an engine of the same policy, which is not compiled again, and another catalog.
    fn with_catalog(&self, py: Python<'_>, catalogs: Layers) -> PyResult<Self> {
        Ok(Self { inner: free(py, || self.inner.with_catalog(&catalogs.data()))? })
    }

    /// Returns the warnings of the policy set on this catalog.
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let found = free(py, || Ok(self.inner.warnings_node()))?;
        to_python(py, &found)
    }

    /// Decides a request. What the policy does not allow is no error but a decision.
    fn decide(&self, py: Python<'_>, request: Given, context: Given) -> PyResult<Decision> {
        Ok(Decision { inner: free(py, || self.inner.decide(&request.data(), &context.data()))? })
    }

    /// Decides a request and returns the decision as JSON; equal decisions are equal texts.
    fn decide_json(&self, py: Python<'_>, request: Given, context: Given) -> PyResult<String> {
        free(py, || Ok(self.inner.decide(&request.data(), &context.data())?.json()))
    }

    /// Decides each row of a record batch of Arrow, and returns a batch of decisions.
    ///
    /// A column fills the field of a request that it is called by: `id`, `model`, `data`, `attributes.tier`. `context` is that
    /// of all rows; columns called `context.now` and `context.key.…` are laid over it. A null is an absent field.
    ///
    /// The answer has the columns `request`, `outcome`, `status`, `denial`, `workload`, those of the first attempt: `endpoint`,
    /// `model`, `provider`, `expected_cost`, `worst_cost` (dollars; null: unknown, or 10^14 and more), and `attempts`, all
    /// endpoints in order; with `explain` also `decision`, the whole as JSON.
    #[pyo3(signature = (requests, context = None, *, explain = false))]
    fn decide_batch(
        &self,
        py: Python<'_>,
        requests: Batch,
        context: Option<Given>,
        explain: bool,
    ) -> PyResult<Decisions> {
        let decide = || {
            let context = context.as_ref().map(Given::data);
            batch::decide(&self.inner, &requests.0, context.as_ref(), explain)
        };
        Ok(Decisions { rows: free(py, decide)? })
    }

    /// Says of one endpoint, rule by rule, why it is where it is.
    fn why<'py>(
        &self,
        py: Python<'py>,
        request: Given,
        context: Given,
        endpoint: String,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let why = free(py, || self.inner.why_node(&request.data(), &context.data(), &endpoint))?;
        why.map(|why| to_python(py, &why)).transpose()
    }

    /// Makes a saved run go on.
    fn restore(&self, py: Python<'_>, saved: Given) -> PyResult<Run> {
        Ok(Run { inner: free(py, || self.inner.restore(&saved.data()))? })
    }
}

#[pymethods]
impl Decision {
    /// The decision as JSON; equal decisions are equal texts.
    #[getter]
    fn json(&self, py: Python<'_>) -> PyResult<String> {
        free(py, || Ok(self.inner.json()))
    }

    /// 200 where the request may go somewhere, else the HTTP status of the denial.
    #[getter]
    fn status(&self) -> u16 {
        self.inner.denied().unwrap_or(200)
    }

    /// Returns the decision as a dictionary.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let node = free(py, || Ok(self.inner.node()))?;
        to_python(py, &node)
    }

    /// Begins a run; `None`: the request is denied.
    fn run(&self) -> Option<Run> {
        self.inner.run().map(|inner| Run { inner })
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.json(py)
    }
}

/// Checks a policy set: all findings, and with catalogs also what only a catalog shows.
#[pyfunction]
#[pyo3(signature = (policies, catalogs = Layers(Vec::new()), today = None))]
pub(crate) fn check(
    py: Python<'_>,
    policies: Files,
    catalogs: Layers,
    today: Option<String>,
) -> PyResult<Bound<'_, PyAny>> {
    let check = || faregate_embed::check_node(&policies.files(), &catalogs.data(), today.as_deref());
    let found = free(py, check)?;
    to_python(py, &found)
}
