//! Many requests at once: a record batch of Arrow in, one of decisions out. No row becomes an object of Python, and one
//! request, filled anew from the columns for each row, serves them all.

mod answers;
mod capsule;
mod fields;
mod values;

use std::collections::BTreeSet;

use arrow_array::{Array, ArrayRef, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use faregate::{Context, Request, Scratch, Timestamp};
use faregate_embed::{Data, Engine, Error};

use answers::Answers;
pub(crate) use capsule::{Batch, Decisions};
use fields::Target;
use values::Values;

/// A column and what it fills.
struct Column<'a> {
    path: String,
    target: Target,
    values: Values<'a>,
    /// Where nothing is: of the column itself, and of the structs that it lies in.
    nulls: Vec<&'a NullBuffer>,
    fault: Option<Fault>,
}

/// The first row of a column that is wrong, and how many more are.
struct Fault {
    row: usize,
    message: String,
    more: usize,
}

impl Column<'_> {
    fn fill(&mut self, row: usize, request: &mut Request, context: &mut Context) {
        let present = self.nulls.iter().all(|nulls| nulls.is_valid(row));
        let filled = self.target.fill(&self.values, present.then_some(row), request, context);
        if let Err(message) = filled {
            match &mut self.fault {
                Some(fault) => fault.more = fault.more.saturating_add(1),
                None => self.fault = Some(Fault { row, message, more: 0 }),
            }
        }
    }

    fn told(&self) -> Option<(String, String)> {
        let Fault { row, message, more } = self.fault.as_ref()?;
        let others = match more {
            0 => String::new(),
            1 => " (and one more row)".to_owned(),
            more => format!(" (and {more} more rows)"),
        };
        Some((format!("requests[{row}].{}", self.path), format!("{message}{others}")))
    }
}

/// Decides each row of a batch. A column fills the field of its name; `context` is that of all rows, and columns named
/// `context.now` and `context.key.…` are laid over it.
///
/// # Errors
/// The context is wrong; a column is no field or has another type; a row has what no request may have. All columns are
/// told, each with the first row that is wrong.
pub(crate) fn decide(
    engine: &Engine,
    batch: &StructArray,
    context: Option<&Data<'_>>,
    explain: bool,
) -> Result<StructArray, Error> {
    let mut context_of = context.map(Data::context).transpose()?;
    let mut columns = columns(batch, context_of.is_some())?;
    // Where no context is given there is a column for its instant, or `columns` had failed.
    let context = context_of.get_or_insert_with(|| Context::new(Timestamp(0)));
    let mut request = Request::new("", 0);
    let mut scratch = Scratch::new();
    let mut answers = Answers::new(batch.len(), explain);
    let engine = engine.native();
    let mut faults = false;
    for row in 0..batch.len() {
        for column in &mut columns {
            column.fill(row, &mut request, context);
            faults |= column.fault.is_some();
        }
        if !faults {
            answers.push(&request, &engine.decide_with(&mut scratch, &request, context))?;
        }
    }
    if faults {
        return Err(Error::faults(columns.iter().filter_map(Column::told)));
    }
    answers.finish()
}

fn columns(batch: &StructArray, has_context: bool) -> Result<Vec<Column<'_>>, Error> {
    let mut found = Found::default();
    found.fields(batch, "", &[]);
    let has = |name: &str| found.columns.iter().any(|column| column.path == name);
    let mut missing = Vec::new();
    for (name, meaning) in
        [("id", "the seed of every draw"), ("input_tokens", "tokens of input, cached ones included")]
    {
        if !has(name) {
            missing.push((
                format!("requests.{name}"),
                format!("no such column, and every request needs one: {meaning}"),
            ));
        }
    }
    if !has_context && !has("context.now") {
        let message = "no context is given, and no column `context.now`; every decision needs an instant";
        missing.push(("context".to_owned(), message.to_owned()));
    }
    found.faults.extend(missing);
    if found.faults.is_empty() { Ok(found.columns) } else { Err(Error::faults(found.faults)) }
}

/// What the columns of a batch are, structs taken apart.
#[derive(Default)]
struct Found<'a> {
    columns: Vec<Column<'a>>,
    names: BTreeSet<String>,
    faults: Vec<(String, String)>,
}

impl<'a> Found<'a> {
    fn fields(&mut self, of: &'a StructArray, prefix: &str, nulls: &[&'a NullBuffer]) {
        for (field, array) in of.fields().iter().zip(of.columns()) {
            let path = format!("{prefix}{}", field.name());
            let nulls: Vec<_> = nulls.iter().copied().chain(array.nulls()).collect();
            match array.as_any().downcast_ref::<StructArray>() {
                Some(parts) => self.fields(parts, &format!("{path}."), &nulls),
                None => self.column(path, array, nulls),
            }
        }
    }

    fn column(&mut self, path: String, array: &'a ArrayRef, nulls: Vec<&'a NullBuffer>) {
        let mut fault = |path: &str, message: String| self.faults.push((format!("requests.{path}"), message));
        let target = match Target::of(&path) {
            Ok(target) => target,
            Err(message) => return fault(&path, message),
        };
        if !self.names.insert(path.clone()) {
            return fault(&path, "two columns fill this field".to_owned());
        }
        let found = array.data_type();
        let Some(values) = Values::of(array) else {
            let advice = match found {
                DataType::Timestamp(_, None) => {
                    "without a time zone nobody knows which instant is meant".to_owned()
                }
                other => format!("no field has the type {other}"),
            };
            return fault(&path, advice);
        };
        if let Err(takes) = target.takes(&values) {
            return fault(&path, format!("expected {takes}, found {found}"));
        }
        self.columns.push(Column { path, target, values, nulls, fault: None });
    }
}
