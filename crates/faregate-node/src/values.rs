//! Texts, handles and errors, as they cross.

use std::cell::RefCell;
use std::rc::Rc;

use faregate_embed::{Data, Error, File, Timestamp, caught};
use napi::Status;
use napi::bindgen_prelude::External;

/// What a program holds: something until it is freed.
pub(crate) struct Held<T> {
    name: &'static str,
    value: RefCell<Option<Rc<T>>>,
}

/// A handle, as Node knows it. Its own collector frees it where the program does not.
pub(crate) type Handle<T> = External<Held<T>>;

/// Returns a handle; an error of a freed one calls it by this name.
pub(crate) fn handle<T: 'static>(name: &'static str, value: T) -> Handle<T> {
    External::new(Held { name, value: RefCell::new(Some(Rc::new(value))) })
}

impl<T> Held<T> {
    /// Returns what the handle stands for.
    pub(crate) fn get(&self) -> Result<Rc<T>, Error> {
        let held = self.value.try_borrow().ok().and_then(|value| value.clone());
        held.ok_or_else(|| Error::argument(self.name, "was freed"))
    }

    /// Frees it, once.
    pub(crate) fn free(&self) {
        let freed = self.value.try_borrow_mut().ok().and_then(|mut value| value.take());
        drop(freed);
    }
}

/// Does a function's work. The error's text is its JSON, of which `index.js` makes a `FaregateError`.
pub(crate) fn told<T>(work: impl FnOnce() -> Result<T, Error>) -> napi::Result<T> {
    caught(work).map_err(|error| raised(&error))
}

pub(crate) fn raised(error: &Error) -> napi::Error {
    napi::Error::new(Status::GenericFailure, error.to_json())
}

/// Pairs of texts: the files of a policy set, headers.
pub(crate) type Pairs = Vec<(String, String)>;

pub(crate) fn files(pairs: &Pairs) -> Vec<File<'_>> {
    pairs.iter().map(|(name, text)| File::new(name, text)).collect()
}

pub(crate) fn lent(pairs: &Pairs) -> impl Iterator<Item = (&str, &str)> {
    pairs.iter().map(|(name, text)| (name.as_str(), text.as_str()))
}

pub(crate) fn layers(texts: &[String]) -> Vec<Data<'_>> {
    texts.iter().map(|text| Data::Text(text)).collect()
}

/// An instant of JavaScript: whole milliseconds, which `surface.js` has looked at.
pub(crate) fn instant(now_ms: i64) -> Timestamp {
    Timestamp(now_ms)
}
