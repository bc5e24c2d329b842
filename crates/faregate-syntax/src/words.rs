//! The words of the language: what is reserved, and what begins a statement where.

/// Words that name nothing, wherever they stand.
pub const RESERVED: [&str; 17] = [
    "and",
    "or",
    "not",
    "in",
    "between",
    "includes",
    "any",
    "all",
    "of",
    "matches",
    "present",
    "true",
    "false",
    "none",
    "requested",
    "then",
    "otherwise",
];

/// A place in which statements of one kind stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BlockKind {
    File,
    Policy,
    Declare,
    Guardrail,
    Waive,
    Budget,
    Profile,
    Workload,
    Invariant,
    Route,
    Ceiling,
    Fallback,
    Retry,
    Health,
    Stream,
    Tools,
}

impl BlockKind {
    /// Returns the block that a declaration's keyword opens.
    pub(crate) fn of_declaration(word: &str) -> Option<Self> {
        Some(match word {
            "policy" => Self::Policy,
            "declare" => Self::Declare,
            "guardrail" => Self::Guardrail,
            "waive" => Self::Waive,
            "budget" => Self::Budget,
            "profile" => Self::Profile,
            "workload" => Self::Workload,
            "invariant" => Self::Invariant,
            _ => return None,
        })
    }

    /// Returns the block that a section's keyword opens.
    pub(crate) fn of_section(word: &str) -> Option<Self> {
        Some(match word {
            "route" => Self::Route,
            "ceiling" => Self::Ceiling,
            "fallback" => Self::Fallback,
            "retry" => Self::Retry,
            "health" => Self::Health,
            "stream" => Self::Stream,
            "tools" => Self::Tools,
            _ => return None,
        })
    }

    /// Whether sections stand in it.
    pub(crate) fn has_sections(self) -> bool {
        matches!(self, Self::Workload | Self::Profile)
    }

    /// Returns the keyword that opens it; for a file, the word for one.
    pub(crate) fn keyword(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Policy => "policy",
            Self::Declare => "declare",
            Self::Guardrail => "guardrail",
            Self::Waive => "waive",
            Self::Budget => "budget",
            Self::Profile => "profile",
            Self::Workload => "workload",
            Self::Invariant => "invariant",
            Self::Route => "route",
            Self::Ceiling => "ceiling",
            Self::Fallback => "fallback",
            Self::Retry => "retry",
            Self::Health => "health",
            Self::Stream => "stream",
            Self::Tools => "tools",
        }
    }

    /// Returns the words that begin a statement in it. In `ceiling` and `tools` other words may too; in `declare` none.
    pub(crate) fn statement_words(self) -> &'static [&'static str] {
        match self {
            Self::File => DECLARATIONS,
            Self::Policy => &["language", "owner", "version"],
            Self::Declare => &[],
            Self::Guardrail => &["when", "require", "forbid", "because", "waivable"],
            Self::Waive => &["when", "until", "approved", "because"],
            Self::Budget => &[
                "when",
                "covers",
                "per",
                "spend",
                "requests",
                "tokens",
                "concurrency",
                "byok",
                "reserve",
                "alert",
                "on",
            ],
            Self::Profile => SECTIONS,
            Self::Workload => WORKLOAD,
            Self::Invariant => &["for", "always"],
            Self::Route => {
                &["models", "require", "forbid", "prefer", "order", "balance", "credentials", "tolerate"]
            }
            Self::Ceiling => CEILINGS,
            Self::Fallback => &["other", "require", "at", "price"],
            Self::Retry => &["on", "at", "timeout", "first_token", "stall", "deadline"],
            Self::Health => &["cool", "probe"],
            Self::Stream => &["commit", "partial"],
            Self::Tools => &["iterations", "web_search"],
        }
    }

    /// Whether any word, not only those listed, begins a statement.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Ceiling | Self::Tools)
    }

    /// Whether `word` begins a statement and so is never a value.
    pub(crate) fn is_statement_word(self, word: &str) -> bool {
        !self.is_open() && self.statement_words().contains(&word)
    }
}

/// Whether a word begins a statement of some block, and so is a value there in quotes only.
///
/// ```
/// assert!(faregate_syntax::begins_statement("timeout"));
/// assert!(!faregate_syntax::begins_statement("rate_limit"));
/// ```
#[must_use]
pub fn begins_statement(word: &str) -> bool {
    const BLOCKS: [BlockKind; 13] = [
        BlockKind::Declare,
        BlockKind::Guardrail,
        BlockKind::Waive,
        BlockKind::Budget,
        BlockKind::Profile,
        BlockKind::Workload,
        BlockKind::Invariant,
        BlockKind::Route,
        BlockKind::Ceiling,
        BlockKind::Fallback,
        BlockKind::Retry,
        BlockKind::Health,
        BlockKind::Stream,
    ];
    BLOCKS.iter().any(|block| block.is_statement_word(word))
}

const DECLARATIONS: &[&str] =
    &["policy", "declare", "group", "guardrail", "waive", "budget", "profile", "workload", "invariant"];

const SECTIONS: &[&str] = &["route", "ceiling", "fallback", "retry", "health", "stream", "tools"];

const WORKLOAD: &[&str] = &[
    "when",
    "otherwise",
    "deny",
    "use",
    "route",
    "ceiling",
    "fallback",
    "retry",
    "health",
    "stream",
    "tools",
];

const CEILINGS: &[&str] = &[
    "prompt",
    "completion",
    "request_fee",
    "image",
    "web_search",
    "cache_read",
    "cache_write",
    "reasoning",
    "attempt",
    "run",
    "output",
    "tool",
];

/// Returns the candidate most like `word`, where one is really near.
///
/// Near means: at most a third of the word's letters differ, but one always may. Of equally near
/// candidates it returns the first. A word of one letter is like no other of one letter.
///
/// ```
/// use faregate_syntax::nearest;
/// assert_eq!(nearest("requre", ["when", "require", "forbid"]), Some("require"));
/// assert_eq!(nearest("deny", ["when", "require", "forbid"]), None);
/// ```
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let limit = length.checked_div(3).unwrap_or(0).max(1);
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates {
        // The difference in length is a lower bound that costs little.
        if candidate == word || candidate.chars().count().abs_diff(length) > limit {
            continue;
        }
        let distance = strsim::osa_distance(word, candidate);
        // Nothing is left of it.
        if distance >= length {
            continue;
        }
        if distance <= limit && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_is_nearest() {
        for (word, expected) in [
            ("requires", Some("require")),
            ("forbidd", Some("forbid")),
            ("wehn", Some("when")),
            ("becuase", Some("because")),
            ("x", None),
            ("", None),
            ("require", None),
            ("route", None),
        ] {
            assert_eq!(nearest(word, ["when", "require", "forbid", "because"]), expected, "{word}");
        }
        assert_eq!(nearest("z", ["x", "y"]), None, "no letter is left");
        assert_eq!(nearest("aa", ["ab", "ba"]), Some("ab"), "ties go to the first");
    }
}
