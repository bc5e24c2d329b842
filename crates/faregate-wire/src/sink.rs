//! Where faults of data are collected.

use std::cell::RefCell;
use std::fmt;

use crate::{Error, Issue};

/// The faults that were found so far.
#[derive(Default)]
pub(crate) struct Sink(RefCell<Vec<Issue>>);

impl Sink {
    pub(crate) fn push(&self, path: impl fmt::Display, message: impl Into<String>) {
        self.put(&path, message.into());
    }

    fn put(&self, path: &dyn fmt::Display, message: String) {
        self.0.borrow_mut().push(Issue::new(path.to_string(), message));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Returns the value if there were no faults.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Error> {
        match Error::all(self.0.into_inner()) {
            Some(error) => Err(error),
            None => value.ok_or_else(|| Error::at("", "cannot be read")),
        }
    }
}
