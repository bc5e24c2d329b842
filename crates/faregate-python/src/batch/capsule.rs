//! Arrow's PyCapsule interface: record batches of any library go in and out without being copied.

use std::ffi::CStr;

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use arrow_array::{Array, StructArray};
use arrow_schema::DataType;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";

/// A record batch of another library: what has `__arrow_c_array__` and is a struct.
pub(crate) struct Batch(pub(crate) StructArray);

impl<'py> FromPyObject<'_, 'py> for Batch {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let value = &*value;
        if !value.hasattr("__arrow_c_array__")? {
            let kind = value.get_type().name()?.to_cow()?.into_owned();
            let advice = if value.hasattr("__arrow_c_stream__")? {
                "; it holds several: decide them one by one, as in `for batch in table.to_batches()`"
            } else {
                ""
            };
            return Err(PyTypeError::new_err(format!(
                "requests: expected a record batch of Arrow, found {kind}{advice}"
            )));
        }
        let capsules = value.call_method0("__arrow_c_array__")?.cast_into::<PyTuple>()?;
        let schema = capsules.get_item(0)?.cast_into::<PyCapsule>()?;
        let array = capsules.get_item(1)?.cast_into::<PyCapsule>()?;
        let schema = schema.pointer_checked(Some(SCHEMA))?.cast::<FFI_ArrowSchema>();
        let array = array.pointer_checked(Some(ARRAY))?.cast::<FFI_ArrowArray>();
        // SAFETY: the capsules have the names that the interface gives to these types, and live until the end of this
        // function; the array is moved out, which leaves a released one behind, as the interface asks.
        let data = unsafe { from_ffi(FFI_ArrowArray::from_raw(array.as_ptr()), schema.as_ref()) };
        let data = data.map_err(|error| PyValueError::new_err(format!("requests: {error}")))?;
        match data.data_type() {
            DataType::Struct(_) if data.nulls().is_none_or(|nulls| nulls.null_count() == 0) => {
                Ok(Self(StructArray::from(data)))
            }
            DataType::Struct(_) => Err(PyValueError::new_err("requests: a row is null as a whole")),
            other => {
                let message =
                    format!("requests: expected a record batch of Arrow, found an array of {other}");
                Err(PyTypeError::new_err(message))
            }
        }
    }
}

/// Decisions as a record batch of Arrow: `pyarrow.record_batch(decisions)`, `polars.DataFrame(decisions)`.
#[pyclass(frozen, module = "faregate")]
pub(crate) struct Decisions {
    pub(crate) rows: StructArray,
}

#[pymethods]
impl Decisions {
    fn __len__(&self) -> usize {
        self.rows.len()
    }

    fn __repr__(&self) -> String {
        format!("<faregate.Decisions of {} requests>", self.rows.len())
    }

    /// Returns the names and types of the columns.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(self.rows.data_type());
        PyCapsule::new_with_value(
            py,
            schema.map_err(|error| PyValueError::new_err(error.to_string()))?,
            SCHEMA,
        )
    }

    /// Returns the columns. A schema that is asked for is not looked at, as the interface allows.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        let _not_looked_at = requested_schema;
        let (array, schema) =
            to_ffi(&self.rows.to_data()).map_err(|error| PyValueError::new_err(error.to_string()))?;
        let schema = PyCapsule::new_with_value(py, schema, SCHEMA)?;
        Ok((schema, PyCapsule::new_with_value(py, array, ARRAY)?))
    }
}
