//! Values written as in the language: durations and ratios.

use faregate_syntax::ast::LiteralKind;
use faregate_syntax::{Fixed, parse_literal};

/// Reads `250ms`, `3.1s`, `5m`, `1h`, `7d`: whole milliseconds.
pub(crate) fn duration_ms(text: &str) -> Option<u64> {
    match parse_literal(text) {
        Ok(LiteralKind::Duration(ms)) => Some(ms),
        _ => None,
    }
}

/// Reads `99.5%` as 0.995.
pub(crate) fn ratio(text: &str) -> Option<Fixed> {
    match parse_literal(text) {
        Ok(LiteralKind::Ratio(share)) => Some(share),
        _ => None,
    }
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
