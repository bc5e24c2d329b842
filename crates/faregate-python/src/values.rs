//! Python's values as trees of data, and back.

use faregate_embed::{Data, Error, File, Node, Timestamp, now_from};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString};

use crate::error::raised;

/// The deepest nesting that is read, as of texts.
const MAX_DEPTH: usize = 64;

/// Data as a caller gives them, owned, so that they can be read without the interpreter's lock.
pub(crate) enum Given {
    Text(String),
    Tree(Node),
}

impl Given {
    pub(crate) fn data(&self) -> Data<'_> {
        match self {
            Self::Text(text) => Data::Text(text),
            Self::Tree(node) => Data::Tree(node.clone()),
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Given {
    type Error = PyErr;

    /// A text is YAML or JSON; anything else is a value.
    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let value = &*value;
        if let Ok(text) = value.cast::<PyString>() {
            return Ok(Self::Text(text.to_cow()?.into_owned()));
        }
        if let Ok(bytes) = value.cast::<PyBytes>() {
            return Ok(Self::Text(String::from_utf8(bytes.as_bytes().to_vec())?));
        }
        from_python(value, MAX_DEPTH).map(Self::Tree)
    }
}

/// Several texts or values.
pub(crate) struct Layers(pub(crate) Vec<Given>);

impl Layers {
    pub(crate) fn data(&self) -> Vec<Data<'_>> {
        self.0.iter().map(Given::data).collect()
    }
}

/// The files of a policy set: names and texts.
pub(crate) struct Files(Vec<(String, String)>);

impl Files {
    pub(crate) fn files(&self) -> Vec<File<'_>> {
        self.0.iter().map(|(name, text)| File::new(name, text)).collect()
    }
}

impl<'py> FromPyObject<'_, 'py> for Files {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let value = &*value;
        let pairs = match value.cast::<PyMapping>() {
            Ok(map) => map.items()?.into_any(),
            Err(_) => value.clone(),
        };
        pairs.try_iter()?.map(|pair| pair?.extract()).collect::<PyResult<_>>().map(Self)
    }
}

/// An instant: milliseconds since 1970, RFC 3339, or an aware `datetime`.
pub(crate) struct Now(pub(crate) Timestamp);

impl<'py> FromPyObject<'_, 'py> for Now {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let value = &*value;
        if let Ok(ms) = value.extract::<i64>() {
            return Ok(Self(Timestamp(ms)));
        }
        let text: String = match value.cast::<PyString>() {
            Ok(text) => text.to_cow()?.into_owned(),
            Err(_) => value.call_method0("isoformat")?.extract()?,
        };
        now_from(&text).map(Self).map_err(|error| raised(value.py(), &error))
    }
}

fn from_python(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Node> {
    let Some(depth) = depth.checked_sub(1) else {
        let error = Error::argument("data", &format!("nested deeper than {MAX_DEPTH} levels"));
        return Err(raised(value.py(), &error));
    };
    if value.is_none() {
        return Ok(Node::Null);
    }
    if let Ok(value) = value.cast::<PyBool>() {
        return Ok(Node::Bool(value.is_true()));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Node::Text(text.to_cow()?.into_owned()));
    }
    // An `IntEnum` is a number, whatever it calls itself.
    if value.cast::<PyInt>().is_ok() {
        let digits = value.py().get_type::<PyInt>().call_method1("__repr__", (value,))?;
        return Ok(Node::Number(digits.extract()?));
    }
    if value.cast::<PyFloat>().is_ok() {
        return Ok(Node::Number(value.repr()?.to_cow()?.into_owned()));
    }
    if let Ok(map) = value.cast::<PyMapping>() {
        let entry = |pair: Bound<'_, PyAny>| {
            let (name, value): (String, Bound<'_, PyAny>) = pair.extract()?;
            Ok((name, from_python(&value, depth)?))
        };
        return map.items()?.iter().map(entry).collect::<PyResult<_>>().map(Node::Map);
    }
    from_rarer(value, depth)
}

/// Amounts, instants, durations, and whatever can be gone through.
fn from_rarer(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Node> {
    let kind = value.get_type().name()?.to_cow()?.into_owned();
    match kind.as_str() {
        "Decimal" => Ok(Node::Number(value.call_method1("__format__", ("f",))?.extract()?)),
        "datetime" => Ok(Node::Text(value.call_method0("isoformat")?.extract()?)),
        "date" => Ok(Node::Text(value.call_method0("isoformat")?.extract()?)),
        "timedelta" => {
            let millisecond = value.get_type().call1((0, 0, 1000))?;
            Ok(Node::Number(value.floor_div(millisecond)?.str()?.to_cow()?.into_owned()))
        }
        _ => match value.try_iter() {
            Ok(items) => {
                let item = |item: PyResult<Bound<'_, PyAny>>| from_python(&item?, depth);
                items.map(item).collect::<PyResult<_>>().map(Node::Seq)
            }
            Err(_) => Err(PyTypeError::new_err(format!("{kind} is no data"))),
        },
    }
}

/// Returns a tree as Python's values. Money is text in it already; a number that is no `int` becomes a `Decimal`.
pub(crate) fn to_python<'py>(py: Python<'py>, node: &Node) -> PyResult<Bound<'py, PyAny>> {
    match node {
        Node::Null => Ok(py.None().into_bound(py)),
        Node::Bool(value) => Ok(PyBool::new(py, *value).to_owned().into_any()),
        Node::Number(digits) => match digits.parse::<i128>() {
            Ok(_) => py.get_type::<PyInt>().call1((digits.as_str(),)),
            Err(_) => py.import("decimal")?.getattr("Decimal")?.call1((digits.as_str(),)),
        },
        Node::Text(text) => Ok(PyString::new(py, text).into_any()),
        Node::Seq(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(to_python(py, item)?)?;
            }
            Ok(list.into_any())
        }
        Node::Map(entries) => {
            let dict = PyDict::new(py);
            for (name, value) in entries {
                dict.set_item(name, to_python(py, value)?)?;
            }
            Ok(dict.into_any())
        }
    }
}

impl<'py> FromPyObject<'_, 'py> for Layers {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let value = &*value;
        if value.cast::<PyString>().is_ok() || value.cast::<PyMapping>().is_ok() {
            return Err(PyTypeError::new_err("catalogs: expected a list of catalogs, found one alone"));
        }
        value.try_iter()?.map(|layer| layer?.extract()).collect::<PyResult<_>>().map(Self)
    }
}
