//! Texts that cross: room for what comes in, and what goes out.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use faregate_embed::{Data, Error};

/// All room that the host has, by its address.
///
/// What is not in here is no room: a host that makes up a pointer gets an error, and nothing else is read or freed.
static ROOM: Mutex<BTreeMap<u32, Box<[u8]>>> = Mutex::new(BTreeMap::new());

fn room() -> MutexGuard<'static, BTreeMap<u32, Box<[u8]>>> {
    ROOM.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns where a host may write this many bytes; 0: memory is used up. Room for none is an address too, to be freed as any.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_alloc(len: u32) -> u32 {
    let mut bytes = Vec::new();
    // Two pieces of room of no length would have one address.
    let Ok(wanted) = usize::try_from(len.max(1)) else { return 0 };
    if bytes.try_reserve_exact(wanted).is_err() {
        return 0;
    }
    bytes.resize(wanted, 0);
    kept(bytes.into_boxed_slice())
}

/// Gives room back: what `faregate_alloc` gave, or an answer. Of an address that is none nothing happens.
#[unsafe(no_mangle)]
pub extern "C" fn faregate_free(at: u32) {
    drop(room().remove(&at));
}

/// Keeps bytes for the host, and returns where they are.
fn kept(bytes: Box<[u8]>) -> u32 {
    let at = address(&bytes);
    room().insert(at, bytes);
    at
}

/// The address of bytes. In WebAssembly all of it; elsewhere, where this crate is only compiled for lints, a part.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "an address of WebAssembly has 32 bits"
)]
fn address(bytes: &[u8]) -> u32 {
    bytes.as_ptr().expose_provenance() as u32
}

/// Keeps a text for the host, and returns where it is and how long, as 64 bits.
pub(crate) fn given_out(text: String) -> u64 {
    // No text is empty: it is an answer. None is longer than memory.
    let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let at = kept(text.into_bytes().into_boxed_slice());
    (u64::from(at) << 32) | u64::from(len)
}

/// A text of the host, as it came in.
#[derive(Clone, Copy)]
pub(crate) struct Given {
    pub(crate) name: &'static str,
    pub(crate) at: u32,
    pub(crate) len: u32,
}

/// Returns what a host hands in under a name.
pub(crate) fn given(name: &'static str, at: u32, len: u32) -> Given {
    Given { name, at, len }
}

impl Given {
    /// Returns its bytes.
    pub(crate) fn bytes(self) -> Result<Vec<u8>, Error> {
        let room = room();
        let Some(bytes) = room.get(&self.at) else {
            return Err(Error::argument(self.name, "the pointer is none that faregate_alloc gave"));
        };
        let len = usize::try_from(self.len).unwrap_or(usize::MAX);
        match bytes.get(..len) {
            Some(bytes) => Ok(bytes.to_vec()),
            None => Err(Error::argument(self.name, "is longer than the room for it")),
        }
    }

    /// Returns its text.
    pub(crate) fn text(self) -> Result<String, Error> {
        String::from_utf8(self.bytes()?).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            Error::argument(self.name, &format!("not UTF-8 after {valid} bytes"))
        })
    }

    /// Does something with the data that its text is.
    pub(crate) fn data<T>(self, work: impl FnOnce(&Data<'_>) -> Result<T, Error>) -> Result<T, Error> {
        work(&Data::Text(&self.text()?))
    }
}
