//! Differences as a comment on a pull request.

use faregate_analysis::{DecisionChange, Direction};

use super::Compared;
use super::report::{endpoints, not_ruled_out, outcome, places, who};
use crate::{Failure, Surroundings};

/// So many classes are in the table.
const MOST_ROWS: usize = 20;

/// So many endpoints are named in a row.
const MOST_ENDPOINTS: usize = 3;

/// So many examples are told whole.
const MOST_EXAMPLES: usize = 5;

pub(super) fn write(all: &[Compared], surroundings: &mut Surroundings<'_>) -> Result<(), Failure> {
    let out = &mut surroundings.out;
    let changes: Vec<(Option<&str>, &DecisionChange)> =
        all.iter().flat_map(|c| c.found.changes.iter().map(|change| (c.set.as_deref(), change))).collect();
    let undecided: Vec<_> = all.iter().flat_map(|c| &c.found.undecided).collect();
    if changes.is_empty() && undecided.is_empty() {
        writeln!(out, "**No decision changes.** Proved for every request and every context.")?;
        return Ok(());
    }
    let count = |d: Direction| changes.iter().filter(|(_, c)| c.direction == d).count();
    let mut counts: Vec<String> = Direction::ALL
        .into_iter()
        .filter(|d| count(*d) > 0)
        .map(|d| format!("{} {}", count(d), d.as_str()))
        .collect();
    if !undecided.is_empty() {
        counts.push(format!("{} undecided", undecided.len()));
    }
    writeln!(out, "**Decisions change:** {}.", counts.join(", "))?;
    if !changes.is_empty() {
        writeln!(out, "\n| | who | what | endpoints | lines |\n| --- | --- | --- | --- | --- |")?;
    }
    for (set, change) in changes.iter().take(MOST_ROWS) {
        let set = set.map(|set| format!("{set}: ")).unwrap_or_default();
        let may = if change.certain { "" } else { " (may)" };
        let of = endpoints(change, MOST_ENDPOINTS);
        let of = if of.is_empty() { "all".to_owned() } else { of };
        writeln!(
            out,
            "| **{}**{may} | {} | {} | {} | {} |",
            change.direction.as_str(),
            cell(&format!("{set}{}", who(change))),
            cell(&change.what),
            cell(&of),
            cell(&places(&change.at_old, &change.at_new))
        )?;
    }
    if let Some(more @ 1..) = changes.len().checked_sub(MOST_ROWS) {
        writeln!(out, "\nand {more} more; `--format json` has all of them.")?;
    }
    let open: Vec<_> = all.iter().flat_map(|c| not_ruled_out(&c.found)).collect();
    if !open.is_empty() {
        writeln!(out, "\nNot ruled out beside, and shown by no request that was tried:\n")?;
        for (who, directions) in open.iter().take(MOST_ROWS) {
            writeln!(out, "- {}: {}", cell(who), directions.join(", "))?;
        }
        if let Some(more @ 1..) = open.len().checked_sub(MOST_ROWS) {
            writeln!(out, "- and {more} more")?;
        }
    }
    if !undecided.is_empty() {
        writeln!(out, "\nUndecided, so it may differ:\n")?;
        for unsettled in undecided.iter().take(MOST_ROWS) {
            writeln!(
                out,
                "- {} ({})",
                cell(&unsettled.why),
                cell(&places(&unsettled.at_old, &unsettled.at_new))
            )?;
        }
        if let Some(more @ 1..) = undecided.len().checked_sub(MOST_ROWS) {
            writeln!(out, "- and {more} more")?;
        }
    }
    let examples: Vec<_> = changes.iter().filter_map(|(_, c)| Some((c, c.witness.as_ref()?))).collect();
    if examples.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n<details><summary>Examples</summary>\n")?;
    for (change, witness) in examples.iter().take(MOST_EXAMPLES) {
        writeln!(out, "**{}**, {}\n", change.direction.as_str(), cell(&who(change)))?;
        writeln!(out, "```text")?;
        writeln!(out, "request: {}", faregate_wire::request_to_node(&witness.request).to_json())?;
        writeln!(out, "context: {}", faregate_wire::context_to_node(&witness.context).to_json())?;
        writeln!(out, "old: {}", outcome(&witness.old))?;
        writeln!(out, "new: {}", outcome(&witness.new))?;
        writeln!(out, "```\n")?;
    }
    if let Some(more @ 1..) = examples.len().checked_sub(MOST_EXAMPLES) {
        writeln!(out, "and {more} more.\n")?;
    }
    writeln!(out, "</details>")?;
    Ok(())
}

/// Puts a text into a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}
