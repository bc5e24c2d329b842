//! Pages taken apart: fenced blocks and links.

/// A fenced block.
#[derive(Debug)]
pub struct Fence {
    /// What stands behind the three marks.
    pub info: String,
    /// Its lines.
    pub text: String,
    /// The heading of the second level above it.
    pub under: String,
    /// The line of its three marks, from 1.
    pub line: usize,
}

impl Fence {
    /// Returns the first word behind the marks: what the block is written in.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.info.split_whitespace().next().unwrap_or_default()
    }

    /// Whether this word stands behind the first.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        self.info.split_whitespace().skip(1).any(|w| w == word)
    }

    /// Returns the value of `name=value` behind the first word.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        self.info.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }
}

/// Returns the fenced blocks of a page.
///
/// # Panics
/// Where a block is not closed.
#[must_use]
pub fn fences(page: &str) -> Vec<Fence> {
    let (mut found, mut heading, mut open) = (Vec::new(), String::new(), None::<Fence>);
    for (at, line) in page.lines().enumerate() {
        match (open.take(), line.strip_prefix("```")) {
            (None, Some(info)) => {
                let (info, under) = (info.to_owned(), heading.clone());
                open = Some(Fence { info, text: String::new(), under, line: at + 1 });
            }
            (Some(fence), Some("")) => found.push(fence),
            (Some(mut fence), _) => {
                fence.text.push_str(line);
                fence.text.push('\n');
                open = Some(fence);
            }
            (None, None) => {
                if let Some(title) = line.strip_prefix("## ") {
                    title.clone_into(&mut heading);
                }
            }
        }
    }
    assert!(open.is_none(), "a block is not closed");
    found
}

/// Returns a page without its fenced blocks.
#[must_use]
pub fn prose(page: &str) -> String {
    let (mut kept, mut inside) = (String::new(), false);
    for line in page.lines() {
        let mark = line.starts_with("```");
        inside ^= mark;
        if !inside && !mark {
            kept.push_str(line);
        }
        kept.push('\n');
    }
    kept
}

/// Returns where the links and pictures of a page lead to, with the line of each.
#[must_use]
pub fn links(page: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, line) in prose(page).lines().enumerate() {
        // What stands between backticks is code, and no link.
        for (part, text) in line.split('`').enumerate() {
            let before_code = part % 2 == 0;
            let mut rest = text;
            while let Some((_, after)) = rest.split_once("](") {
                let Some((target, after)) = after.split_once(')') else { break };
                if before_code {
                    found.push((at + 1, target.to_owned()));
                }
                rest = after;
            }
        }
    }
    found
}

/// Returns the anchors of a page's headings, as mdBook and code hosts make them.
#[must_use]
pub fn anchors(page: &str) -> Vec<String> {
    let prose = prose(page);
    let headings = prose
        .lines()
        .filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')));
    headings
        .map(|heading| {
            let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.collect::<String>().to_lowercase().replace(' ', "-")
        })
        .collect()
}
