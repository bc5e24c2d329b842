//! What a provider's answer means, as an outcome for `Run.next`.

use std::collections::BTreeMap;

use pyo3::prelude::*;

use crate::error::free;
use crate::values::{Now, to_python};

type Headers = BTreeMap<String, String>;

fn lent(headers: &Headers) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

/// Returns what an answer that failed means, as an outcome for `Run.next`.
#[pyfunction]
#[pyo3(signature = (provider, status, headers, body, now, phase = "before_output"))]
pub(crate) fn classify_response<'py>(
    py: Python<'py>,
    provider: &str,
    status: u16,
    headers: Headers,
    body: &[u8],
    now: Now,
    phase: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let told =
        free(py, || faregate_embed::classify_response(provider, status, lent(&headers), body, phase, now.0))?;
    to_python(py, &told)
}

/// Returns what an event of a stream means, or an answer with status 200, if it tells of a failure; else `None`.
#[pyfunction]
#[pyo3(signature = (provider, data, now, phase = "mid_stream", headers = None))]
pub(crate) fn classify_event<'py>(
    py: Python<'py>,
    provider: &str,
    data: &[u8],
    now: Now,
    phase: &str,
    headers: Option<Headers>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let headers = headers.unwrap_or_default();
    let told = free(py, || faregate_embed::classify_event(provider, lent(&headers), data, phase, now.0))?;
    told.map(|told| to_python(py, &told)).transpose()
}

/// Returns what a connection that failed means.
#[pyfunction]
#[pyo3(signature = (kind, phase = "before_output"))]
pub(crate) fn classify_transport<'py>(
    py: Python<'py>,
    kind: &str,
    phase: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let told = free(py, || faregate_embed::classify_transport(kind, phase))?;
    to_python(py, &told)
}
