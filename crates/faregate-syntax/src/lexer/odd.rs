//! Characters that look like what a policy may hold, or that cannot be seen at all.

/// What is known about a character that no policy holds outside strings and comments.
pub(crate) struct OddCharacter {
    /// What it is called, where it has a name that people know.
    pub(crate) name: Option<&'static str>,
    /// What was probably meant.
    pub(crate) plain: Option<&'static str>,
}

/// Returns what is known about `c`.
pub(crate) fn describe(c: char) -> OddCharacter {
    let (name, plain) = match c {
        '\0' => ("a NUL character", None),
        '\r' => ("a carriage return without a line feed", None),
        '\u{b}' => ("a vertical tab", Some(" ")),
        '\u{c}' => ("a form feed", Some(" ")),
        '\u{a0}' => ("a no-break space", Some(" ")),
        '\u{202f}' => ("a narrow no-break space", Some(" ")),
        '\u{3000}' => ("an ideographic space", Some(" ")),
        '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{205f}' => ("an unusual space", Some(" ")),
        '\u{2028}' | '\u{2029}' | '\u{85}' => ("an unusual line break", None),
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{ad}' => ("an invisible character", None),
        '\u{feff}' => ("a byte order mark in the middle of the text", None),
        '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            ("a character that reorders the text around it", None)
        }
        '“' | '”' | '„' | '‟' | '«' | '»' => ("a typographic quotation mark", Some("\"")),
        '‘' | '’' | '‚' | '‛' | '´' => ("a typographic quotation mark", Some("\"")),
        '–' | '—' | '‐' | '‑' | '‒' | '−' => ("a typographic dash", Some("-")),
        '≤' => ("a mathematical sign", Some("<=")),
        '≥' => ("a mathematical sign", Some(">=")),
        '≠' => ("a mathematical sign", Some("!=")),
        '∧' => ("a mathematical sign", Some("and")),
        '∨' => ("a mathematical sign", Some("or")),
        '¬' => ("a mathematical sign", Some("not")),
        '…' => ("a typographic ellipsis", None),
        '，' | '、' => ("a full-width comma", Some(",")),
        '。' => ("a full-width stop", Some(".")),
        '\u{ff01}'..='\u{ff5e}' => ("a full-width character", None),
        c if c.is_control() => ("a control character", None),
        _ => return OddCharacter { name: None, plain: None },
    };
    OddCharacter { name: Some(name), plain }
}

/// Whether `c` may stand in no string and no comment: it shows nothing, or shows the text in another order.
pub(crate) fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Returns the first character of `text` that [`is_hidden`], and its byte.
pub(crate) fn hidden(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|(_, c)| is_hidden(*c))
}

/// Whether `c` is a full-width form of a letter, a digit or `_`.
pub(crate) fn is_wide(c: char) -> bool {
    narrow(c).is_some_and(|n| n.is_ascii_alphanumeric() || n == '_')
}

/// Whether `c` looks like `"`.
pub(crate) fn is_double_quote(c: char) -> bool {
    matches!(c, '“' | '”' | '„' | '‟' | '«' | '»' | '＂')
}

/// Returns `word` in plain letters, where each of its letters looks like one.
pub(crate) fn plain(word: &str) -> Option<String> {
    word.chars().map(|c| if c.is_ascii() { Some(c) } else { narrow(c).or_else(|| look_alike(c)) }).collect()
}

/// Returns the character of which `c` is the full-width form.
pub(crate) fn narrow(c: char) -> Option<char> {
    if !('\u{ff01}'..='\u{ff5e}').contains(&c) {
        return None;
    }
    char::from_u32(u32::from(c).checked_sub(0xfee0)?)
}

/// Returns the small Latin letter that the Cyrillic or Greek letter `c` looks like.
fn look_alike(c: char) -> Option<char> {
    Some(match c {
        'а' | 'α' => 'a',
        'с' => 'c',
        'ԁ' => 'd',
        'е' => 'e',
        'һ' => 'h',
        'і' | 'ι' => 'i',
        'ј' => 'j',
        'κ' => 'k',
        'ӏ' => 'l',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'ѕ' => 's',
        'ν' | 'ѵ' => 'v',
        'ԝ' => 'w',
        'х' => 'x',
        'у' => 'y',
        _ => return None,
    })
}
