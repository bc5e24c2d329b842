//! Values written as in the language: durations and ratios.

use faregate_syntax::Fixed;

/// Units of durations, in milliseconds. `ms` goes before `m` and `s`, which it begins and ends with.
const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads `250ms`, `3.1s`, `5m`, `1h`, `7d`: whole milliseconds.
pub(crate) fn duration_ms(text: &str) -> Option<u64> {
    let (number, unit_ms) = UNITS.iter().find_map(|(unit, ms)| Some((text.strip_suffix(unit)?, *ms)))?;
    let units = decimal(number)?.checked_mul_int(unit_ms)?.units();
    let one = Fixed::ONE.units();
    (units.checked_rem(one) == Some(0))
        .then(|| units.checked_div(one))
        .flatten()
        .and_then(|ms| u64::try_from(ms).ok())
}

/// Reads `99.5%` as 0.995.
pub(crate) fn ratio(text: &str) -> Option<Fixed> {
    decimal(text.strip_suffix('%')?)?.checked_shift_right(2)
}

/// Reads digits, which `_` may separate, with an optional fraction.
fn decimal(text: &str) -> Option<Fixed> {
    let bytes = text.as_bytes();
    let ends_in_digits = bytes.first()?.is_ascii_digit() && bytes.last()?.is_ascii_digit();
    let separated_well = !text.contains("__") && !text.contains("_.") && !text.contains("._");
    let known = bytes.iter().all(|b| b.is_ascii_digit() || matches!(b, b'_' | b'.'));
    if ends_in_digits && separated_well && known { text.replace('_', "").parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_milliseconds() {
        for (text, ms) in [
            ("250ms", Some(250)),
            ("3.1s", Some(3100)),
            ("5m", Some(300_000)),
            ("1h", Some(3_600_000)),
            ("7d", Some(604_800_000)),
            ("1_500ms", Some(1500)),
            ("0.5ms", None),
            ("3.1", None),
            ("1h30m", None),
            ("-1s", None),
            ("1e3s", None),
            ("s", None),
            ("", None),
            ("1 s", None),
            ("_1s", None),
            ("99999999999999999999d", None),
        ] {
            assert_eq!(duration_ms(text), ms, "{text}");
        }
    }

    #[test]
    fn ratios_are_exact() {
        for (text, share) in [
            ("98.7%", Some("0.987")),
            ("0%", Some("0")),
            ("100%", Some("1")),
            ("98.7", None),
            ("%", None),
            ("-1%", None),
        ] {
            assert_eq!(ratio(text).map(|r| r.to_string()).as_deref(), share, "{text}");
        }
    }
}
