//! Texts and data: laid out and read again, written and read again, damaged.

use faregate::syntax::{FileId, format};
use faregate::{Completeness, check_set};

use super::Verdict;
use crate::fuzzed::{contexts_survive, in_place_of, layers_survive, requests_survive};
use crate::{Draw, World, comments, same_tree};

/// Lays the policy out, with comments strewn in, and reads it again.
///
/// # Errors
/// What the layout loses or changes.
pub fn layout_keeps_the_meaning(world: &World) -> Verdict {
    let mut draw = Draw::new(&world.spare);
    for (_, text) in &world.policies {
        let text = strewn(&mut draw, text);
        let once =
            format(FileId(0), &text).map_err(|found| format!("cannot be laid out: {found:?}\n{text}"))?;
        same_tree(&text, &once).map_err(|difference| format!("{difference}\n{text}"))?;
        if comments(&text) != comments(&once) {
            return Err(format!("comments: {:?}\nbefore: {:?}\n{text}", comments(&once), comments(&text)));
        }
        let twice = format(FileId(0), &once).map_err(|found| format!("{found:?}"))?;
        if once != twice {
            return Err(format!("laid out twice:\n{twice}\nonce:\n{once}"));
        }
    }
    Ok(())
}

/// Puts comments and blanks at some of the places where a blank is, strings left alone.
fn strewn(draw: &mut Draw<'_>, text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        if line.contains('"') || line.contains("//") {
            out.push_str(line);
            if draw.percent(8) {
                out.push_str("  // between lines\n");
            }
            continue;
        }
        for word in line.split_inclusive(' ') {
            out.push_str(word);
            if word.ends_with(' ') && draw.percent(6) {
                out.push_str(&draw.text(&[
                    "// a comment\n",
                    "\n",
                    "\n\n\n",
                    "//\n",
                    "   ",
                    "/// like documentation\n",
                ]));
            }
        }
    }
    out
}

/// Writes request, context and catalog, and reads them again.
///
/// # Errors
/// None; it panics, as the fuzz targets want it.
pub fn data_survive(world: &World) -> Verdict {
    requests_survive(&world.request);
    contexts_survive(&world.context);
    world.catalog.iter().for_each(layers_survive);
    Ok(())
}

/// Damages the policy: lines and tokens deleted, doubled, swapped. The checker says what is wrong in the right places; it
/// never panics, and what still loads decides.
///
/// # Errors
/// What of a finding is not in order.
pub fn damaged_text_is_only_reported(world: &World) -> Verdict {
    let mut draw = Draw::new(&world.spare);
    for _ in 0..4 {
        let mut damaged = world.clone();
        let file = draw.below(damaged.policies.len());
        let text = &mut damaged.policies[file].1;
        for _ in 0..1 + draw.below(3) {
            *text = damage(&mut draw, text);
        }
        for completeness in [Completeness::Whole, Completeness::Part] {
            let checked = check_set(damaged.policies.clone(), completeness);
            in_place_of(&checked.diagnostics);
            if completeness == Completeness::Whole
                && checked.policy.is_some() == checked.diagnostics.has_errors()
            {
                return Err(format!(
                    "it loads with errors, or does not load without:\n{}",
                    checked.diagnostics
                ));
            }
        }
        if let Ok(policy) = damaged.policy() {
            in_place_of(&policy.check_with(damaged.merged().ok().as_ref(), None));
            let engine = damaged.engine()?;
            crate::fuzzed::decided(&engine, &world.request, &world.context);
        }
    }
    Ok(())
}

fn damage(draw: &mut Draw<'_>, text: &str) -> String {
    let by_line = draw.percent(40);
    let mut parts: Vec<&str> = if by_line {
        text.split_inclusive('\n').collect()
    } else {
        text.split_inclusive([' ', '\n', '"', ',']).collect()
    };
    if parts.is_empty() {
        return String::new();
    }
    let number = |draw: &mut Draw<'_>| usize::from(draw.byte()) * 256 + usize::from(draw.byte());
    let (at, to) = (number(draw) % parts.len(), number(draw) % parts.len());
    match draw.below(4) {
        0 => drop(parts.remove(at)),
        1 => parts.insert(to, parts[at]),
        2 => parts.swap(at, to),
        _ => {
            // A part cut in two, at a border of characters.
            let part = parts[at];
            let cut = part.char_indices().map(|(n, _)| n).nth(part.chars().count() / 2).unwrap_or(0);
            parts[at] = &part[..cut];
        }
    }
    parts.concat()
}
