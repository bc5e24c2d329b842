//! `faregate explain`

use include_dir::{Dir, include_dir};

use crate::args::Explain;
use crate::{Exit, Failure, Surroundings};

/// The pages on codes, by what they are codes of.
static PAGES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/pages");

/// Folders of pages, and what their codes are codes of.
const KINDS: [(&str, &str); 4] = [
    ("diagnostics", "what `check` reports"),
    ("reasons", "why an endpoint is not in a plan"),
    ("denials", "why a request is denied"),
    ("classes", "how a call to a provider fails"),
];

pub(crate) fn run(args: &Explain, surroundings: &mut Surroundings<'_>) -> Result<Exit, Failure> {
    let Some(code) = &args.code else {
        let lists: Vec<String> = KINDS
            .iter()
            .map(|(folder, what)| format!("{what}:\n  {}\n", codes(folder).join("\n  ")))
            .collect();
        write!(surroundings.out, "{}", lists.join("\n"))?;
        return Ok(Exit::Done);
    };
    // A word may be a code of several kinds: `guardrail` is a reason and a denial.
    let pages: Vec<&str> = KINDS.iter().filter_map(|(folder, _)| page(folder, code)).collect();
    if pages.is_empty() {
        let all: Vec<&str> = KINDS.iter().flat_map(|(folder, _)| codes(folder)).collect();
        let near = faregate_syntax::nearest(code, all);
        let near = near.map_or_else(
            || "; `faregate explain` lists all".to_owned(),
            |near| format!("; a similar one exists: {near}"),
        );
        return Err(Failure(format!("no code is `{code}`{near}")));
    }
    write!(surroundings.out, "{}", pages.join("\n"))?;
    Ok(Exit::Done)
}

/// Returns the page on the code of a diagnostic.
pub(crate) fn diagnostic(code: &str) -> Option<&'static str> {
    page("diagnostics", code)
}

/// Returns what a page says before its first example, without the line breaks of its layout.
pub(crate) fn meaning(page: &str) -> String {
    let body = page.split("\n\n").skip(2);
    let paragraphs = body.take_while(|part| !part.starts_with("## ") && !part.starts_with("```"));
    paragraphs.map(|part| part.replace('\n', " ")).collect::<Vec<_>>().join("\n\n").trim().to_owned()
}

fn page(folder: &str, code: &str) -> Option<&'static str> {
    PAGES.get_file(format!("{folder}/{code}.md"))?.contents_utf8()
}

fn codes(folder: &str) -> Vec<&'static str> {
    let files = PAGES.get_dir(folder).into_iter().flat_map(|dir| dir.files());
    let mut codes: Vec<&str> = files.filter_map(|file| file.path().file_stem()?.to_str()).collect();
    codes.sort_unstable();
    codes
}
