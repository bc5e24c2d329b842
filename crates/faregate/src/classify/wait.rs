//! How long a provider asks to wait.

use jiff::fmt::rfc2822;

use super::Signals;
use crate::Timestamp;

/// Returns the wait from now, in milliseconds: `retry-after-ms` before `retry-after` before what the body says. What
/// cannot be read is as if it were not there.
pub(super) fn retry_after_ms(signals: &Signals, now: Timestamp) -> Option<u64> {
    let precise = || thousandths(signals.retry_after_ms.as_deref()?, false);
    let header = || {
        let text = signals.retry_after.as_deref()?;
        thousandths(text, true).or_else(|| until(text, now))
    };
    let body = || thousandths(signals.retry_delay.as_deref()?.strip_suffix('s')?, true);
    precise().or_else(header).or_else(body)
}

/// Reads `12` or `1.5`, of seconds or of milliseconds, as milliseconds, rounded up: to come early is to come in vain.
fn thousandths(text: &str, seconds: bool) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let (scale, kept) = if seconds { (1000, 3) } else { (1, 0) };
    let (front, back) = fraction.split_at_checked(kept).unwrap_or((fraction, ""));
    let milliseconds: u64 = if front.is_empty() { 0 } else { format!("{front:0<kept$}").parse().ok()? };
    let up = u64::from(back.bytes().any(|b| b != b'0'));
    whole.checked_mul(scale)?.checked_add(milliseconds)?.checked_add(up)
}

/// Reads an HTTP date in any of its three forms (RFC 9110, section 5.6.7).
fn until(text: &str, now: Timestamp) -> Option<u64> {
    let at = fixdate(text).or_else(|| old(text))?;
    u64::try_from(at.checked_sub(now.0)?).ok().or(Some(0))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn fixdate(text: &str) -> Option<i64> {
    let parser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    parser.parse_timestamp(text).ok().map(jiff::Timestamp::as_millisecond)
}

/// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`, which old servers write.
fn old(text: &str) -> Option<i64> {
    if let Some((_, date)) = text.split_once(", ") {
        return fixdate(&date.replace('-', " "));
    }
    let mut parts = text.split_ascii_whitespace().skip(1);
    let (month, day, time, year) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() { None } else { fixdate(&format!("{day} {month} {year} {time} GMT")) }
}
