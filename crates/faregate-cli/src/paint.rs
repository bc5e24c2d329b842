//! Colours, where the reader is a terminal.

use anstyle::{AnsiColor, Style};

fn paint(text: &str, style: Style, colour: bool) -> String {
    if colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// What matters most.
pub(crate) fn strong(text: &str, colour: bool) -> String {
    paint(text, Style::new().bold(), colour)
}

/// What is as it should be.
pub(crate) fn good(text: &str, colour: bool) -> String {
    paint(text, AnsiColor::Green.on_default().bold(), colour)
}

/// What is wrong.
pub(crate) fn error(text: &str, colour: bool) -> String {
    paint(text, AnsiColor::Red.on_default().bold(), colour)
}

/// What to look at.
pub(crate) fn note(text: &str, colour: bool) -> String {
    paint(text, AnsiColor::Yellow.on_default(), colour)
}

/// What may be skipped.
pub(crate) fn faint(text: &str, colour: bool) -> String {
    paint(text, Style::new().dimmed(), colour)
}
