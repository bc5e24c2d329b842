//! What outlives a request: the engine that serves, and what was counted.

use pyo3::prelude::*;

use crate::engine::{Decision, Engine};
use crate::error::free;
use crate::run::Run;
use crate::values::{Files, Given, Layers, to_python};

/// Holds the engine that serves. What does not load leaves the one of before in force.
#[pyclass(frozen, module = "faregate")]
pub(crate) struct Live {
    inner: faregate_embed::Live,
}

/// Remembers between requests what health and budgets need, in memory.
#[pyclass(frozen, module = "faregate")]
pub(crate) struct Tracker {
    inner: faregate_embed::Tracker,
}

#[pymethods]
impl Live {
    #[new]
    fn new(engine: &Engine) -> Self {
        Self { inner: faregate_embed::Live::new(&engine.inner) }
    }

    /// Returns the engine that serves now, to be kept for a whole request.
    fn engine(&self, py: Python<'_>) -> PyResult<Engine> {
        Ok(Engine { inner: free(py, || Ok(self.inner.engine()))? })
    }

    /// Lets another engine serve from now on.
    fn replace(&self, py: Python<'_>, engine: &Engine) -> PyResult<()> {
        free(py, || {
            self.inner.replace(&engine.inner);
            Ok(())
        })
    }

    /// Lets another policy set serve with the catalog that serves now.
    fn load_policy(&self, py: Python<'_>, policies: Files) -> PyResult<()> {
        free(py, || self.inner.load_policy(&policies.files()))
    }

    /// Lets another catalog serve with the policy set that serves now.
    fn load_catalog(&self, py: Python<'_>, catalogs: Layers) -> PyResult<()> {
        free(py, || self.inner.load_catalog(&catalogs.data()))
    }
}

#[pymethods]
impl Tracker {
    #[new]
    fn new() -> Self {
        Self { inner: faregate_embed::Tracker::new() }
    }

    /// Returns a context with what is known at its `now`.
    fn fill<'py>(
        &self,
        py: Python<'py>,
        engine: &Engine,
        request: Given,
        context: Given,
    ) -> PyResult<Bound<'py, PyAny>> {
        let filled = free(py, || self.inner.fill(&engine.inner, &request.data(), &context.data()))?;
        to_python(py, &filled)
    }

    /// Holds what the run of a decision may add, and begins it; `None`: the decision is a denial. The code `refused`: others were
    /// faster; fill a fresh context and decide again.
    fn reserve(&self, py: Python<'_>, decision: &Decision) -> PyResult<Option<Run>> {
        let run = free(py, || self.inner.reserve(&decision.inner))?;
        Ok(run.map(|inner| Run { inner }))
    }

    /// Fills the context, decides, and holds what the run may add; again where others were faster.
    fn admit(
        &self,
        py: Python<'_>,
        engine: &Engine,
        request: Given,
        context: Given,
    ) -> PyResult<(Decision, Option<Run>)> {
        let admitted = free(py, || self.inner.admit(&engine.inner, &request.data(), &context.data()))?;
        Ok((Decision { inner: admitted.decision }, admitted.run.map(|inner| Run { inner })))
    }
}
