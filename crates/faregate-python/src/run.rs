//! Runs.

use pyo3::prelude::*;

use crate::error::free;
use crate::values::{Given, Now, to_python};

/// The calls that one request causes, one after the other: it asks, you act and tell.
#[pyclass(frozen, module = "faregate")]
pub(crate) struct Run {
    pub(crate) inner: faregate_embed::Run,
}

#[pymethods]
impl Run {
    /// Returns what to do: `step` is `try` with an `attempt`, `wait` with `until` and `until_ms`, or `done` or `failed` with the
    /// `record`. Asked again before you have acted, it says the same.
    fn step<'py>(&self, py: Python<'py>, now: Now) -> PyResult<Bound<'py, PyAny>> {
        let step = free(py, || self.inner.step_node(now.0))?;
        to_python(py, &step)
    }

    /// Returns what to do as JSON.
    fn step_json(&self, py: Python<'_>, now: Now) -> PyResult<String> {
        free(py, || self.inner.step(now.0))
    }

    /// Tells how the call ended: `{"ok": {"input_tokens": …}}`, or what classification gives.
    fn next(&self, py: Python<'_>, outcome: Given, now: Now) -> PyResult<()> {
        free(py, || self.inner.next(&outcome.data(), now.0))
    }

    /// Tells fresher facts: a context.
    fn observe(&self, py: Python<'_>, context: Given) -> PyResult<()> {
        free(py, || self.inner.observe(&context.data()))
    }

    /// Returns all that the run knows as JSON, for `Engine.restore`.
    fn save(&self, py: Python<'_>) -> PyResult<String> {
        free(py, || Ok(self.inner.save()))
    }
}
