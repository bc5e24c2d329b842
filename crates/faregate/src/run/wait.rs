//! How long to wait before a retry (rule 15): from the request's id and the number of the call, the same on every
//! machine.

use faregate_syntax::ast::Jitter;

use crate::ir::{Backoff, Wait};

/// Returns the wait in milliseconds before the `k`-th use of a rule, after call number `call` failed; `None`: the rule
/// does not apply.
pub(crate) fn wait_ms(
    wait: Option<&Wait>,
    retry_after_ms: Option<u64>,
    k: u64,
    id: &str,
    call: u64,
) -> Option<u64> {
    match wait {
        None => Some(0),
        Some(Wait::Backoff(backoff)) => Some(backoff_ms(backoff, k, id, call)),
        Some(Wait::RetryAfter { up_to_ms, otherwise }) => match retry_after_ms {
            Some(asked) => up_to_ms.is_none_or(|most| asked <= most).then_some(asked),
            None => otherwise.as_ref().map(|backoff| backoff_ms(backoff, k, id, call)),
        },
    }
}

fn backoff_ms(backoff: &Backoff, k: u64, id: &str, call: u64) -> u64 {
    let wait = match backoff.to_ms {
        None => backoff.from_ms,
        Some(to) => {
            let doublings = u32::try_from(k.saturating_sub(1)).unwrap_or(u32::MAX);
            let factor = 2_u64.checked_pow(doublings);
            factor.and_then(|f| backoff.from_ms.checked_mul(f)).map_or(to, |d| d.min(to))
        }
    };
    let draw = |range: u64| hash(id, call).checked_rem(range.saturating_add(1)).unwrap_or(0);
    match backoff.jitter {
        Jitter::None => wait,
        Jitter::Full => draw(wait),
        Jitter::Equal => {
            let half = wait.wrapping_shr(1);
            half.saturating_add(draw(half))
        }
    }
}

/// The first 8 bytes, little-endian, of BLAKE3("jitter\0" id "\0" call).
fn hash(id: &str, call: u64) -> u64 {
    crate::draw::first_eight(&[b"jitter\0", id.as_bytes(), b"\0", call.to_string().as_bytes()])
}
