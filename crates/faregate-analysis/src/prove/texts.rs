//! Texts that pass some patterns and fail others: the shortest of each kind.
//!
//! Patterns are automata, and all of them run side by side over the same text; each set of patterns that some text passes is
//! met, with the shortest text that meets it.

use std::collections::{BTreeMap, HashSet, VecDeque};

/// The most states that are looked at. Six patterns of thirty characters need some hundreds.
const MOST_STATES: usize = 20_000;

/// One text for each way of passing and failing the patterns, none of them among `taken`.
///
/// The second part says whether all ways were found.
pub(super) fn kinds(patterns: &[String], taken: &HashSet<String>) -> (Vec<String>, bool) {
    let automata: Vec<Vec<char>> = patterns.iter().map(|p| p.chars().collect()).collect();
    if automata.iter().any(|a| a.len() >= 128) {
        return (Vec::new(), false);
    }
    let mut alphabet: Vec<char> = automata.iter().flatten().copied().filter(|c| *c != '*').collect();
    alphabet.sort_unstable();
    alphabet.dedup();
    // One letter that stands in no pattern stands for all of them; it comes first, since it reads best.
    let letters = ('a'..='z').chain('A'..='Z').chain('0'..='9').chain('\u{c0}'..='\u{ffff}');
    let Some(other) = letters.into_iter().find(|c| !alphabet.contains(c)) else { return (Vec::new(), false) };
    let alphabet: Vec<char> = std::iter::once(other).chain(alphabet).collect();
    let start: Vec<u128> = automata.iter().map(|a| closed(a, 1)).collect();
    let mut found: BTreeMap<Vec<bool>, String> = BTreeMap::new();
    let mut empty_kind: Option<Vec<bool>> = None;
    let mut seen: HashSet<Vec<u128>> = HashSet::new();
    let mut queue = VecDeque::from([(start, String::new())]);
    while let Some((state, text)) = queue.pop_front() {
        let kind: Vec<bool> = automata.iter().zip(&state).map(|(a, s)| accepts(a, *s)).collect();
        if text.is_empty() {
            empty_kind = Some(kind);
        } else if !taken.contains(&text) {
            found.entry(kind).or_insert_with(|| text.clone());
            // A text that is taken does not speak for its state: another one may come by.
            if !seen.insert(state.clone()) {
                continue;
            }
        }
        if seen.len() > MOST_STATES {
            return (found.into_values().collect(), false);
        }
        for c in &alphabet {
            let next: Vec<u128> = automata.iter().zip(&state).map(|(a, s)| step(a, *s, *c)).collect();
            if !seen.contains(&next) {
                let mut longer = text.clone();
                longer.push(*c);
                queue.push_back((next, longer));
            }
        }
    }
    // The empty text only where no other will do: a person would not think of it.
    if let Some(kind) = empty_kind
        && !taken.contains("")
    {
        found.entry(kind).or_default();
    }
    (found.into_values().collect(), true)
}

fn bit(at: usize) -> u128 {
    u32::try_from(at).ok().and_then(|at| 1_u128.checked_shl(at)).unwrap_or(0)
}

/// Adds the states that are reached without reading: past a star.
fn closed(automaton: &[char], mut state: u128) -> u128 {
    for (at, c) in automaton.iter().enumerate() {
        if *c == '*' && state & bit(at) != 0 {
            state |= bit(at.saturating_add(1));
        }
    }
    state
}

fn step(automaton: &[char], state: u128, read: char) -> u128 {
    let mut next = 0;
    for (at, c) in automaton.iter().enumerate().filter(|(at, _)| state & bit(*at) != 0) {
        if *c == '*' {
            next |= bit(at);
        } else if *c == read {
            next |= bit(at.saturating_add(1));
        }
    }
    closed(automaton, next)
}

fn accepts(automaton: &[char], state: u128) -> bool {
    state & bit(automaton.len()) != 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "tests count small things")]
    use super::*;

    fn of(patterns: &[&str], taken: &[&str]) -> Vec<String> {
        let patterns: Vec<String> = patterns.iter().map(|p| (*p).to_owned()).collect();
        let (mut texts, all) = kinds(&patterns, &taken.iter().map(|t| (*t).to_owned()).collect());
        assert!(all);
        texts.sort();
        texts
    }

    #[test]
    fn each_way_of_passing_has_its_shortest_text() {
        assert_eq!(of(&[], &[]), ["a"]);
        // In and out.
        assert_eq!(of(&["C-*"], &[]), ["C-", "a"]);
        // Neither, the first alone, both; the second alone cannot be.
        assert_eq!(of(&["a*", "ab*"], &[]), ["a", "ab", "c"]);
        // A prefix and an ending: four ways.
        assert_eq!(of(&["x*", "*y"], &[]), ["a", "x", "xy", "y"]);
    }

    #[test]
    fn patterns_that_use_every_letter_leave_other_letters() {
        let letters: String = ('a'..='z').chain('A'..='Z').chain('0'..='9').collect();
        // One way for each first letter, and one for those that no pattern knows.
        let each: Vec<String> = letters.chars().map(|c| format!("{c}*")).collect();
        let each: Vec<&str> = each.iter().map(String::as_str).collect();
        assert_eq!(of(&each, &[]).len(), 63);
    }

    #[test]
    fn texts_that_are_taken_are_passed_over() {
        assert_eq!(of(&["C-*"], &["C-", "a"]), ["-", "C-a"]);
        // `a` alone matches, and it is taken: the way `a` goes is no way of any other text.
        assert_eq!(of(&["a"], &["a"]), ["b"]);
    }
}
