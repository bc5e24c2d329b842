//! Faregate for Python. Everything of meaning is in `faregate-embed`; here Python's values become trees of data and back, and errors
//! become an exception with code and place.
//!
//! - **Invariant:** the interpreter's lock is released while anything is loaded, decided or run (`free`).
//! - **Invariant:** no panic reaches Python as one: it is a `FaregateError` with the code `internal`.

mod answer;
mod batch;
mod engine;
mod error;
mod kept;
mod run;
mod values;

use pyo3::prelude::*;

#[pymodule]
fn _faregate(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", faregate_embed::version())?;
    module.add("FaregateError", module.py().get_type::<error::FaregateError>())?;
    module.add_class::<engine::Engine>()?;
    module.add_class::<engine::Decision>()?;
    module.add_class::<batch::Decisions>()?;
    module.add_class::<run::Run>()?;
    module.add_class::<kept::Live>()?;
    module.add_class::<kept::Tracker>()?;
    module.add_function(wrap_pyfunction!(engine::check, module)?)?;
    module.add_function(wrap_pyfunction!(answer::classify_response, module)?)?;
    module.add_function(wrap_pyfunction!(answer::classify_event, module)?)?;
    module.add_function(wrap_pyfunction!(answer::classify_transport, module)?)?;
    Ok(())
}
