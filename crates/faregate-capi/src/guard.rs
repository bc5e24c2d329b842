//! One way in and out: no panic crosses, every failure has a status and a text.

use std::panic::{AssertUnwindSafe, catch_unwind};

use faregate_embed::{Code, Error, caught};

use crate::give::{FaregateText, give_text};

/// How a call went.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaregateStatus {
    /// As asked.
    FaregateOk = 0,
    /// A policy has faults; `diagnostics` of the error has all of them, with the warnings.
    FaregateInvalidPolicy = 1,
    /// A catalog has faults.
    FaregateInvalidCatalog = 2,
    /// A request, a context, an outcome or a saved run has faults.
    FaregateInvalidData = 3,
    /// An argument is none that the function takes: a NULL, a text that is no UTF-8, an unknown word.
    FaregateInvalidArgument = 4,
    /// A saved run does not fit this engine, or contradicts itself.
    FaregateNotRestorable = 5,
    /// Other runs were faster; decide again with fresh facts.
    FaregateRefused = 6,
    /// Where counters are kept cannot be reached.
    FaregateUnavailable = 7,
    /// A fault of Faregate itself; please report it.
    FaregateInternal = 8,
}

impl From<Code> for FaregateStatus {
    fn from(code: Code) -> Self {
        match code {
            Code::InvalidPolicy => Self::FaregateInvalidPolicy,
            Code::InvalidCatalog => Self::FaregateInvalidCatalog,
            Code::InvalidData => Self::FaregateInvalidData,
            Code::InvalidArgument => Self::FaregateInvalidArgument,
            Code::NotRestorable => Self::FaregateNotRestorable,
            Code::Refused => Self::FaregateRefused,
            Code::Unavailable => Self::FaregateUnavailable,
            // Codes of a later version that this one does not know are faults of ours.
            _ => Self::FaregateInternal,
        }
    }
}

/// Does `work`, and tells by status and `error` how it went.
///
/// # Safety
/// `error` is NULL or valid for writing.
pub(crate) unsafe fn guard(
    error: *mut FaregateText,
    work: impl FnOnce() -> Result<(), Error>,
) -> FaregateStatus {
    // What `work` captures is read only, or behind locks that forgive a panic; what it has half written is given to nobody.
    let (status, text) = match caught(work) {
        Ok(()) => (FaregateStatus::FaregateOk, None),
        Err(error) => (error.code().into(), Some(error.to_json())),
    };
    // SAFETY: the caller's promise.
    unsafe { give_text(error, text) };
    status
}

/// Does what cannot fail, but for a fault of ours.
pub(crate) fn guarded<T>(otherwise: T, work: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status_and_a_text() {
        std::panic::set_hook(Box::new(|_| ()));
        let mut text = FaregateText::empty();
        // SAFETY: `text` lives on the stack.
        let status = unsafe { guard(&raw mut text, || panic!("index {} out of bounds", 7)) };
        assert_eq!(status, FaregateStatus::FaregateInternal);
        assert!(text.to_owned_text().contains(r#""code":"internal""#), "{}", text.to_owned_text());
        assert!(text.to_owned_text().contains("index 7 out of bounds"));
        // SAFETY: it came from `guard`, and is freed once.
        unsafe { crate::faregate_text_free(text) };
        assert_eq!(guarded(3, || panic!("again")), 3);
    }

    #[test]
    fn every_code_has_a_status_of_its_own() {
        let statuses: Vec<i32> = Code::ALL.iter().map(|code| FaregateStatus::from(*code) as i32).collect();
        assert_eq!(statuses, [1, 2, 3, 4, 5, 6, 7, 8]);
    }
}
