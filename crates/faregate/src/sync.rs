//! Locks: those of the standard library, or loom's, which tries every interleaving (`--cfg loom`).

#[cfg(loom)]
pub(crate) use loom::sync::{Arc, Mutex, MutexGuard};
#[cfg(not(loom))]
pub(crate) use std::sync::{Arc, Mutex, MutexGuard};

/// Takes a lock. What a panicking thread left behind is taken as it is: each lock here guards values that are whole after
/// every assignment.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
