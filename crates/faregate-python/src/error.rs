//! Errors as Python's own.

use faregate_embed::{Error, caught};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::values::to_python;

pyo3::create_exception!(
    _faregate,
    FaregateError,
    PyValueError,
    "What Faregate says went wrong: `code`, `message`, `at`, `issues`, `diagnostics`."
);

/// Works without the interpreter's lock, so that other threads go on.
pub(crate) fn free<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Error> + Send) -> PyResult<T> {
    py.detach(|| caught(work)).map_err(|error| raised(py, &error))
}

/// Returns an error as the exception.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    let raised = FaregateError::new_err(error.message().to_owned());
    let set = || -> PyResult<()> {
        let told = to_python(py, &error.to_node())?;
        for name in ["code", "message", "at", "issues", "diagnostics"] {
            raised.value(py).setattr(name, told.get_item(name)?)?;
        }
        Ok(())
    };
    match set() {
        Ok(()) => raised,
        Err(other) => other,
    }
}
