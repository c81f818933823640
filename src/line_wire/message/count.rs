//! How LINE counts characters, and cuts that never split one.
//!
//! Source: Messaging API docs, "Character counting in a text": UTF-16 code units unless a
//! property is listed as counted in grapheme clusters.

use unicode_segmentation::UnicodeSegmentation;

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// UTF-16 code units, LINE's default.
    Utf16,
    /// Extended grapheme clusters.
    Graphemes,
    /// Characters of the URI after percent-encoding.
    Encoded,
    /// Bytes of compact JSON or of a file.
    Bytes,
    /// Elements of a list.
    Items,
}

impl Unit {
    /// The unit for people.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Utf16 => "UTF-16 units",
            Unit::Graphemes => "characters",
            Unit::Encoded => "characters after percent-encoding",
            Unit::Bytes => "bytes",
            Unit::Items => "items",
        }
    }
}

/// Length of a text in UTF-16 code units.
pub fn utf16(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Length of a text in extended grapheme clusters.
pub fn graphemes(text: &str) -> usize {
    text.graphemes(true).count()
}

/// The longest beginning of at most `max` UTF-16 units that ends between two grapheme clusters,
/// so neither a surrogate pair nor a visible character is split.
pub fn truncate_utf16(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text; // one UTF-8 byte is never more than one UTF-16 unit
    }
    let mut units = 0;
    for (at, cluster) in text.grapheme_indices(true) {
        units += utf16(cluster);
        if units > max {
            return &text[..at];
        }
    }
    text
}

/// The longest beginning of at most `max` grapheme clusters.
pub fn truncate_graphemes(text: &str, max: usize) -> &str {
    match text.grapheme_indices(true).nth(max) {
        Some((at, _)) => &text[..at],
        None => text,
    }
}
