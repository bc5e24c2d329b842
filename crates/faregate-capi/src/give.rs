//! What callers get, and free.

use std::ptr;

use faregate_embed::Error;

/// A text that is given to you: `len` bytes of UTF-8 at `data`, then a NUL that `len` does not count. Free it with
/// `faregate_text_free`. Where there is none, `data` is NULL and `len` 0.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FaregateText {
    /// The first byte, or NULL.
    pub data: *mut u8,
    /// How many bytes.
    pub len: usize,
}

impl FaregateText {
    /// Returns no text.
    #[must_use]
    pub fn empty() -> Self {
        Self { data: ptr::null_mut(), len: 0 }
    }

    fn new(text: String) -> Self {
        let len = text.len();
        let mut bytes = text.into_bytes();
        bytes.push(0);
        Self { data: Box::into_raw(bytes.into_boxed_slice()).cast(), len }
    }

    #[cfg(test)]
    pub(crate) fn to_owned_text(self) -> String {
        // SAFETY: tests hold texts of this library that are not freed yet.
        let bytes = unsafe { std::slice::from_raw_parts(self.data, self.len) };
        String::from_utf8_lossy(bytes).into_owned()
    }
}

/// Frees a text of this library. Of one without `data` nothing happens.
///
/// # Safety
/// `text` came from this library, is unchanged, and was not freed before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn faregate_text_free(text: FaregateText) {
    if text.data.is_null() {
        return;
    }
    let bytes = ptr::slice_from_raw_parts_mut(text.data, text.len.saturating_add(1));
    // SAFETY: `FaregateText::new` made it of a boxed slice of this length, and the caller promises that it is unchanged.
    drop(unsafe { Box::from_raw(bytes) });
}

/// Writes a text, or none, where there is a place for it.
///
/// # Safety
/// `out` is NULL or valid for writing.
pub(crate) unsafe fn give_text(out: *mut FaregateText, text: Option<String>) {
    if out.is_null() {
        return;
    }
    let text = text.map_or_else(FaregateText::empty, FaregateText::new);
    // SAFETY: the caller's promise; what stood there is not read.
    unsafe { out.write(text) };
}

/// Looks whether there is a place for a result, and writes "none" there.
///
/// # Safety
/// `out` is NULL or valid for writing.
pub(crate) unsafe fn place_for_text(out: *mut FaregateText) -> Result<(), Error> {
    // SAFETY: the caller's promise.
    unsafe { give_text(out, None) };
    if out.is_null() { Err(Error::argument("out", "is NULL")) } else { Ok(()) }
}

/// Looks whether there is a place for a handle, and writes NULL there.
///
/// # Safety
/// `out` is NULL or valid for writing.
pub(crate) unsafe fn place_for<T>(out: *mut *mut T) -> Result<(), Error> {
    if out.is_null() {
        return Err(Error::argument("out", "is NULL"));
    }
    // SAFETY: it is not NULL, and the rest is the caller's promise.
    unsafe { out.write(ptr::null_mut()) };
    Ok(())
}

/// Writes a handle.
///
/// # Safety
/// `place_for` was asked of `out`.
pub(crate) unsafe fn give<T>(out: *mut *mut T, value: T) {
    // SAFETY: `place_for` has written there.
    unsafe { out.write(Box::into_raw(Box::new(value))) };
}

/// Frees what a handle stands for.
///
/// # Safety
/// `handle` is NULL, or came from `give` and was not freed before, and nobody uses it.
pub(crate) unsafe fn free<T>(handle: *mut T) {
    if handle.is_null() {
        return;
    }
    // SAFETY: `give` made it of a box, and the rest is the caller's promise.
    let value = unsafe { Box::from_raw(handle) };
    crate::guard::guarded((), || drop(value));
}
