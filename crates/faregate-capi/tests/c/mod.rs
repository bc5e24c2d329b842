//! The C ABI as a careful C program calls it: every result is freed once.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::ptr;
use std::slice;

use faregate_c::*;

/// Calls that need no handle.
pub(crate) struct Through;

macro_rules! handles {
    ($($name:ident of $inner:ty, freed by $free:ident;)*) => { $(
        pub(crate) struct $name(pub(crate) *mut $inner);
        // SAFETY: the library says that its handles may be used by any thread.
        unsafe impl Send for $name {}
        // SAFETY: as above.
        unsafe impl Sync for $name {}
        impl $name {
            /// Returns the handle. A closure that calls this captures the whole of its owner, and not the bare pointer.
            pub(crate) fn raw(&self) -> *mut $inner {
                self.0
            }
        }
        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: the handle came from the library, and this is its one owner.
                unsafe { $free(self.0) };
            }
        }
    )* };
}

handles! {
    Engine of faregate_c::Engine, freed by faregate_engine_free;
    Decision of faregate_c::Decision, freed by faregate_decision_free;
    Run of faregate_c::Run, freed by faregate_run_free;
    Live of faregate_c::Live, freed by faregate_live_free;
    Tracker of faregate_c::Tracker, freed by faregate_tracker_free;
}

pub(crate) fn given(text: &str) -> FaregateStr {
    FaregateStr { data: text.as_ptr(), len: text.len() }
}

pub(crate) fn given_files(files: &[(String, String)]) -> Vec<FaregateFile> {
    files.iter().map(|(name, text)| FaregateFile { name: given(name), text: given(text) }).collect()
}

pub(crate) fn given_texts(texts: &[String]) -> Vec<FaregateStr> {
    texts.iter().map(|text| given(text)).collect()
}

/// Takes a text and frees it.
pub(crate) fn taken(text: FaregateText) -> Option<String> {
    if text.data.is_null() {
        assert_eq!(text.len, 0);
        return None;
    }
    // SAFETY: the library says that `len` bytes and a NUL stand there.
    let bytes = unsafe { slice::from_raw_parts(text.data, text.len + 1) };
    let (last, bytes) = bytes.split_last().expect("a NUL at least");
    assert_eq!(*last, 0);
    let owned = str::from_utf8(bytes).expect("UTF-8").to_owned();
    // SAFETY: it came from the library and is freed once.
    unsafe { faregate_text_free(text) };
    Some(owned)
}

/// Asks for a text.
pub(crate) fn text(
    call: impl FnOnce(*mut FaregateText, *mut FaregateText) -> FaregateStatus,
) -> Result<Option<String>, String> {
    let (mut out, mut error) = (FaregateText::empty(), FaregateText::empty());
    let status = call(&raw mut out, &raw mut error);
    ended(status, taken(out), taken(error))
}

/// Asks for a handle.
pub(crate) fn handle<T>(
    call: impl FnOnce(*mut *mut T, *mut FaregateText) -> FaregateStatus,
) -> Result<*mut T, String> {
    let (mut out, mut error) = (ptr::null_mut(), FaregateText::empty());
    let status = call(&raw mut out, &raw mut error);
    ended(status, out, taken(error))
}

/// Tells something.
pub(crate) fn told(call: impl FnOnce(*mut FaregateText) -> FaregateStatus) -> Result<(), String> {
    let mut error = FaregateText::empty();
    let status = call(&raw mut error);
    ended(status, (), taken(error))
}

fn ended<T>(status: FaregateStatus, out: T, error: Option<String>) -> Result<T, String> {
    assert_eq!(status == FaregateStatus::FaregateOk, error.is_none(), "{status:?} {error:?}");
    error.map_or(Ok(out), Err)
}

fn some(text: Option<String>) -> Result<String, String> {
    text.ok_or_else(|| "an empty text".to_owned())
}

impl Through {
    pub(crate) fn check(
        &self,
        files: &[(String, String)],
        layers: &[String],
        today: &str,
    ) -> Result<String, String> {
        let (files, layers) = (given_files(files), given_texts(layers));
        // SAFETY: all pointers are of what lives here.
        some(text(|out, error| unsafe {
            faregate_check(
                files.as_ptr(),
                files.len(),
                layers.as_ptr(),
                layers.len(),
                given(today),
                out,
                error,
            )
        })?)
    }

    pub(crate) fn load(&self, files: &[(String, String)], layers: &[String]) -> Result<Engine, String> {
        let (files, layers) = (given_files(files), given_texts(layers));
        // SAFETY: all pointers are of what lives here.
        handle(|out, error| unsafe {
            faregate_engine_load(files.as_ptr(), files.len(), layers.as_ptr(), layers.len(), out, error)
        })
        .map(Engine)
    }
}

impl Engine {
    pub(crate) fn decide(&self, request: &str, context: &str) -> Result<Decision, String> {
        // SAFETY: all pointers are of what lives here.
        handle(|out, error| unsafe { faregate_decide(self.0, given(request), given(context), out, error) })
            .map(Decision)
    }

    pub(crate) fn decide_json(&self, request: &str, context: &str) -> Result<String, String> {
        // SAFETY: all pointers are of what lives here.
        some(text(|out, error| unsafe {
            faregate_decide_json(self.0, given(request), given(context), out, error)
        })?)
    }

    pub(crate) fn restore(&self, saved: &str) -> Result<Run, String> {
        // SAFETY: all pointers are of what lives here.
        handle(|out, error| unsafe { faregate_run_restore(self.0, given(saved), out, error) }).map(Run)
    }

    pub(crate) fn policy_digest(&self) -> Result<String, String> {
        // SAFETY: all pointers are of what lives here.
        some(text(|out, error| unsafe { faregate_engine_policy_digest(self.0, out, error) })?)
    }
}

impl Decision {
    pub(crate) fn json(&self) -> Result<String, String> {
        // SAFETY: all pointers are of what lives here.
        some(text(|out, error| unsafe { faregate_decision_json(self.0, out, error) })?)
    }

    pub(crate) fn status(&self) -> u16 {
        // SAFETY: the handle is not freed.
        unsafe { faregate_decision_status(self.0) }
    }

    pub(crate) fn run(&self) -> Result<Option<Run>, String> {
        // SAFETY: all pointers are of what lives here.
        let run = handle(|out, error| unsafe { faregate_decision_run(self.0, out, error) })?;
        Ok((!run.is_null()).then_some(Run(run)))
    }
}

impl Run {
    pub(crate) fn step(&self, now_ms: i64) -> Result<String, String> {
        // SAFETY: all pointers are of what lives here.
        some(text(|out, error| unsafe { faregate_run_step(self.0, now_ms, out, error) })?)
    }

    pub(crate) fn next(&self, outcome: &str, now_ms: i64) -> Result<(), String> {
        // SAFETY: all pointers are of what lives here.
        told(|error| unsafe { faregate_run_next(self.0, given(outcome), now_ms, error) })
    }

    pub(crate) fn observe(&self, context: &str) -> Result<(), String> {
        // SAFETY: all pointers are of what lives here.
        told(|error| unsafe { faregate_run_observe(self.0, given(context), error) })
    }

    pub(crate) fn save(&self) -> Result<String, String> {
        // SAFETY: all pointers are of what lives here.
        some(text(|out, error| unsafe { faregate_run_save(self.0, out, error) })?)
    }
}
