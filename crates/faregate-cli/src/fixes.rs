//! What `check --fix` applies and `check --diff` shows.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use faregate_syntax::{Diagnostic, Diagnostics, Safety, Source};
use faregate_wire::Node;

/// The texts of policies, as they were read and as they are mended.
#[derive(Default)]
pub(crate) struct Texts(BTreeMap<PathBuf, Text>);

struct Text {
    read: String,
    now: String,
}

impl Texts {
    pub(crate) fn has(&self, path: &Path) -> bool {
        self.0.contains_key(path)
    }

    pub(crate) fn has_standard_input(&self) -> bool {
        self.has(Path::new("-"))
    }

    pub(crate) fn add(&mut self, path: &Path, text: String) {
        self.0.insert(path.to_owned(), Text { now: text.clone(), read: text });
    }

    /// Returns a text as it is now.
    pub(crate) fn of(&self, path: &Path) -> &str {
        self.0.get(path).map_or("", |text| text.now.as_str())
    }

    /// Applies mends that do not overlap, as [`batch`] returns them, and says which.
    pub(crate) fn apply(&mut self, batch: Vec<Mend>) -> Vec<Fixed> {
        // From the end of each file, so that places before a mend stay where they are.
        for mend in batch.iter().rev() {
            if let Some(text) = self.0.get_mut(&mend.path)
                && text.now.get(mend.start..mend.end).is_some()
            {
                text.now.replace_range(mend.start..mend.end, &mend.text);
            }
        }
        batch.into_iter().map(|mend| mend.fixed).collect()
    }

    /// Returns the texts that are not as they were read.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.0.iter().filter(|(_, t)| t.now != t.read).map(|(path, t)| (path.as_path(), t.now.as_str()))
    }

    /// Returns a unified diff of each text that changed.
    pub(crate) fn differences(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter(|(_, t)| t.now != t.read).map(|(path, text)| {
            let name = path.display().to_string();
            let diff = similar::TextDiff::from_lines(text.read.as_str(), text.now.as_str());
            diff.unified_diff().header(&name, &name).to_string()
        })
    }
}

/// A fix with its file, in the bytes of the text.
pub(crate) struct Mend {
    path: PathBuf,
    start: usize,
    end: usize,
    text: String,
    fixed: Fixed,
}

/// What was mended.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Fixed {
    code: &'static str,
    message: String,
    file: String,
    line: u32,
    column: u32,
    safety: Safety,
}

impl Fixed {
    pub(crate) fn to_node(&self) -> Node {
        let text = |s: &str| Node::Text(s.to_owned());
        Node::Map(vec![
            ("code".to_owned(), text(self.code)),
            ("message".to_owned(), text(&self.message)),
            ("file".to_owned(), text(&self.file)),
            ("line".to_owned(), Node::Number(self.line.to_string())),
            ("column".to_owned(), Node::Number(self.column.to_string())),
            ("safety".to_owned(), text(self.safety.as_str())),
        ])
    }
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, message, file, line, column, .. } = self;
        write!(f, "{file}:{line}:{column}: {message} [{code}]")
    }
}

/// Returns the fixes that can be applied together, by file and place. Of two that overlap the first is taken; the other
/// comes up again when the mended text is checked, if it is still needed. `policies` are the files of each report's set.
pub(crate) fn batch<'a>(
    reports: &[Diagnostics],
    policies: impl Iterator<Item = &'a Vec<PathBuf>>,
    also_unsafe: bool,
) -> Vec<Mend> {
    let mut mends: Vec<Mend> = Vec::new();
    for (report, files) in reports.iter().zip(policies) {
        let wanted =
            |d: &&Diagnostic| d.fix.as_ref().is_some_and(|f| also_unsafe || f.safety == Safety::Safe);
        mends.extend(report.iter().filter(wanted).filter_map(|d| mend(d, report, files)));
    }
    mends.sort_by(|a, b| (&a.path, a.start, a.end, &a.text).cmp(&(&b.path, b.start, b.end, &b.text)));
    let mut kept: Vec<Mend> = Vec::new();
    for mend in mends {
        // Two insertions at one place would need an order; the second waits for the next round.
        let clear = kept.last().is_none_or(|last| {
            last.path != mend.path
                || mend.start > last.end
                || (mend.start == last.end && mend.start > last.start)
        });
        if clear {
            kept.push(mend);
        }
    }
    kept
}

fn mend(diagnostic: &Diagnostic, report: &Diagnostics, files: &[PathBuf]) -> Option<Mend> {
    let fix = diagnostic.fix.as_ref()?;
    let path = files.get(usize::from(fix.span.file.0))?;
    let place = report.sources().place(diagnostic.primary.span);
    Some(Mend {
        path: path.clone(),
        start: fix.span.start as usize,
        end: fix.span.end as usize,
        text: fix.text.clone(),
        fixed: Fixed {
            code: diagnostic.code,
            message: diagnostic.message.clone(),
            file: report.sources().get(diagnostic.primary.span.file).map_or("", Source::name).to_owned(),
            line: place.line,
            column: place.column,
            safety: fix.safety,
        },
    })
}

/// Says how findings that carry a fix can be mended, where some do. `fixed`: the safe ones have been.
pub(crate) fn offer(reports: &[Diagnostics], fixed: bool) -> Option<String> {
    let count = |safety| {
        let fixes = reports.iter().flat_map(Diagnostics::iter).filter_map(|d| d.fix.as_ref());
        fixes.filter(|fix| fix.safety == safety).count()
    };
    let (safe, others) = (count(Safety::Safe), count(Safety::Unsafe));
    let line = match (safe, others) {
        (0, 0) => return None,
        (1, 0) if !fixed => "`--fix` mends one; `--diff` shows how".to_owned(),
        (0, 1) => "`--fix --unsafe` mends one by a guess; `--diff --unsafe` shows how".to_owned(),
        (safe, 0) if !fixed => format!("`--fix` mends {safe} of them; `--diff` shows how"),
        (0, others) => {
            format!("`--fix --unsafe` mends {others} of them by a guess; `--diff --unsafe` shows how")
        }
        (safe, others) => {
            format!(
                "`--fix` mends {safe} of them, `--fix --unsafe` {others} more by a guess; `--diff` shows how"
            )
        }
    };
    Some(format!("help: {line}"))
}
