//! What callers hand in.

use std::slice;

use faregate_embed::{Data, Error, File};

/// A text that is yours: UTF-8, not looked at after the call. `data` may be NULL where `len` is 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FaregateStr {
    /// The first byte.
    pub data: *const u8,
    /// How many bytes; a NUL at the end is not counted.
    pub len: usize,
}

/// A name and what it names: a file of a policy set, or a header.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FaregateFile {
    /// The name.
    pub name: FaregateStr,
    /// The text.
    pub text: FaregateStr,
}

impl FaregateStr {
    /// Returns its bytes.
    ///
    /// # Safety
    /// `data` is valid for reading `len` bytes, or NULL; nobody writes there for `'a`.
    pub(crate) unsafe fn bytes<'a>(self, argument: &str) -> Result<&'a [u8], Error> {
        // SAFETY: the caller's promise.
        unsafe { list(self.data, self.len, argument) }
    }

    /// Returns its text.
    ///
    /// # Safety
    /// As [`FaregateStr::bytes`].
    pub(crate) unsafe fn text<'a>(self, argument: &str) -> Result<&'a str, Error> {
        // SAFETY: the caller's promise.
        let bytes = unsafe { self.bytes(argument)? };
        str::from_utf8(bytes).map_err(|error| {
            Error::argument(argument, &format!("not UTF-8 after {} bytes", error.valid_up_to()))
        })
    }

    /// Returns its text as data.
    ///
    /// # Safety
    /// As [`FaregateStr::bytes`].
    pub(crate) unsafe fn data<'a>(self, argument: &str) -> Result<Data<'a>, Error> {
        // SAFETY: the caller's promise.
        unsafe { self.text(argument) }.map(Data::Text)
    }
}

/// Returns what stands at a pointer.
///
/// # Safety
/// `data` is valid for reading `len` items, or NULL; nobody writes there for `'a`.
pub(crate) unsafe fn list<'a, T>(data: *const T, len: usize, argument: &str) -> Result<&'a [T], Error> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return Err(Error::argument(argument, "is NULL, and its length is not 0"));
    }
    let most = isize::MAX.unsigned_abs().checked_div(size_of::<T>()).unwrap_or(0);
    if len > most {
        return Err(Error::argument(argument, "is longer than memory"));
    }
    // SAFETY: it is not NULL, the length is one that memory can have, and the rest is the caller's promise.
    Ok(unsafe { slice::from_raw_parts(data, len) })
}

/// Returns the pairs of names and texts at a pointer.
///
/// # Safety
/// As [`list`], and for each pair as [`FaregateStr::bytes`].
pub(crate) unsafe fn pairs<'a>(
    data: *const FaregateFile,
    len: usize,
    argument: &str,
) -> Result<Vec<(&'a str, &'a str)>, Error> {
    // SAFETY: the caller's promise.
    let files = unsafe { list(data, len, argument)? };
    let pair = |file: &FaregateFile| {
        // SAFETY: the caller's promise.
        let name = unsafe { file.name.text(argument)? };
        // SAFETY: the caller's promise.
        let text = unsafe { file.text.text(argument)? };
        Ok((name, text))
    };
    files.iter().map(pair).collect()
}

/// Returns the files of a policy set at a pointer.
///
/// # Safety
/// As [`pairs`].
pub(crate) unsafe fn files<'a>(data: *const FaregateFile, len: usize) -> Result<Vec<File<'a>>, Error> {
    // SAFETY: the caller's promise.
    let pairs = unsafe { pairs(data, len, "files")? };
    Ok(pairs.into_iter().map(|(name, text)| File::new(name, text)).collect())
}

/// Returns the layers of a catalog at a pointer.
///
/// # Safety
/// As [`list`], and for each text as [`FaregateStr::bytes`].
pub(crate) unsafe fn layers<'a>(data: *const FaregateStr, len: usize) -> Result<Vec<Data<'a>>, Error> {
    // SAFETY: the caller's promise.
    let texts = unsafe { list(data, len, "catalogs")? };
    let layer = |text: &FaregateStr| {
        // SAFETY: the caller's promise.
        unsafe { text.data("catalogs") }
    };
    texts.iter().map(layer).collect()
}

/// Returns what a handle stands for.
///
/// # Safety
/// `handle` is NULL, or came from this library and is not freed for `'a`.
pub(crate) unsafe fn handle<'a, T>(handle: *const T, argument: &str) -> Result<&'a T, Error> {
    // SAFETY: the caller's promise.
    unsafe { handle.as_ref() }.ok_or_else(|| Error::argument(argument, "is NULL"))
}
