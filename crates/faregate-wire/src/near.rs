//! The nearest of some names, for misspelt ones.

/// Returns the candidate that is likely meant: the nearest one, else one of which the name is the first word.
pub(crate) fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let begins = |candidate: &&&str| candidate.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'));
    faregate_syntax::nearest(name, candidates.iter().copied())
        .or_else(|| candidates.iter().find(begins).copied())
}

/// Says that a field is unknown, and which may be meant.
pub(crate) fn unknown_field(name: &str, fields: &[&str]) -> String {
    match nearest(name, fields) {
        Some(near) => format!("unknown field; a field with a similar name exists: {near}"),
        None if fields.is_empty() => "unknown field; there are no fields here".to_owned(),
        None => {
            let declared = if fields.contains(&"attributes") {
                "what a policy declares stands in attributes; "
            } else {
                ""
            };
            format!("unknown field; {declared}the fields are: {}", fields.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_fingers_is_found_and_another_word_is_not() {
        let fields = ["max_output_tokens", "input_tokens", "id", "region"];
        for (name, near) in [
            ("max_ouput_tokens", Some("max_output_tokens")),
            ("regoin", Some("region")),
            ("ids", Some("id")),
            ("max", Some("max_output_tokens")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, &fields), near, "{name}");
        }
    }
}
