//! Coverage in the form of lcov, which editors and code hosts show.

use std::fmt::Write;

use crate::coverage::Report;

/// Returns the report as an lcov tracefile: lines are those on which a rule stands, branches the outcomes of conditions, true
/// and false. Format: <https://github.com/linux-test-project/lcov/blob/master/man/geninfo.1>, "FILES".
///
/// ```
/// use std::sync::Arc;
/// use faregate_analysis::{Coverage, lcov};
/// let coverage = Arc::new(Coverage::new());
/// coverage.file("p.fare", "workload rest {\n  otherwise\n  deny \"closed\"\n}\n");
/// assert_eq!(lcov(&coverage.report()), "TN:\nSF:p.fare\nDA:1,0\nLF:1\nLH:0\nend_of_record\n");
/// ```
#[must_use]
pub fn lcov(report: &Report) -> String {
    let mut text = String::new();
    for file in &report.files {
        let _ = writeln!(text, "TN:\nSF:{}", file.name);
        for (block, condition) in file.conditions.iter().enumerate() {
            let asked = condition.seen_true > 0 || condition.seen_false > 0 || condition.seen_unknown > 0;
            for (branch, times) in [condition.seen_true, condition.seen_false].into_iter().enumerate() {
                let taken = if asked { times.to_string() } else { "-".to_owned() };
                let _ = writeln!(text, "BRDA:{},{block},{branch},{taken}", condition.line);
            }
        }
        let (seen, outcomes) = file.outcomes_seen();
        if outcomes > 0 {
            let _ = writeln!(text, "BRF:{outcomes}\nBRH:{seen}");
        }
        let lines = file.lines();
        for (line, times) in &lines {
            let _ = writeln!(text, "DA:{line},{times}");
        }
        let hit = lines.values().filter(|times| **times > 0).count();
        let _ = writeln!(text, "LF:{}\nLH:{hit}\nend_of_record", lines.len());
    }
    text
}
