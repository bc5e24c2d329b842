//! Draws: the first eight bytes of a hash, so that the same input gives the same draw on every machine.

/// Returns the first 8 bytes, little-endian, of the BLAKE3 of the parts one after the other.
pub(crate) fn first_eight(parts: &[&[u8]]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    let digest = hasher.finalize();
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    u64::from_le_bytes(first)
}
