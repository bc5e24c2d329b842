//! Patterns: texts with `*` for any run of characters, the whole text matched, case-sensitive.

/// A text with `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text, `*` and all.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a text holds a `*` at all.
    pub(crate) fn is_pattern(text: &str) -> bool {
        text.contains('*')
    }

    /// Whether the whole text matches. Linear in the text for each star.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        Self::matches_text(&self.0, text)
    }

    /// As [`matches`](Self::matches), of a pattern that is still a text.
    pub(crate) fn matches_text(pattern: &str, text: &str) -> bool {
        let mut parts = pattern.split('*');
        let first = parts.next().unwrap_or("");
        let Some(mut rest) = text.strip_prefix(first) else {
            return false;
        };
        let Some(last) = parts.next_back() else {
            return rest.is_empty();
        };
        // Each middle part as early as possible leaves the most for the last one.
        for part in parts {
            match rest.split_once(part) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn stars_stand_for_any_run_of_characters() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "a/b", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "abc", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acb", false),
            ("*b*", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*bc*c", "abcbc", true),
            ("ab*ba", "aba", false),
            ("anthropic/claude-opus-*", "anthropic/claude-opus-4.5", true),
            ("A*", "abc", false),
            ("**", "x", true),
            ("é*", "éa", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), expected, "{pattern} against {text}");
        }
    }
}
