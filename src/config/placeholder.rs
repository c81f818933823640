//! Credentials that are hardly real: a word from a template, a variable without its braces, the
//! wrong length. Warns, never refuses: only LINE knows what is valid. Shows no credential.

use crate::config::document::{Node, Value};
use crate::config::section::Section;

/// Words that templates use where a credential belongs; looked for in short values only, so that
/// chance does not find them in a real token.
const WORDS: [&str; 13] = [
    "change-me",
    "changeme",
    "change_me",
    "your-",
    "your_",
    "yoursecret",
    "yourtoken",
    "replace",
    "placeholder",
    "example",
    "todo",
    "xxxx",
    "<",
];

/// Longest value that is searched for such words, in bytes.
const SHORT: usize = 100;

/// Shortest access token that is believed; LINE's are longer than 100 characters.
const TOKEN_MIN: usize = 40;

/// What a credential is for.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// The channel secret.
    Secret,
    /// A channel access token.
    Token,
}

/// Warns of every credential under a key that is hardly real.
pub(crate) fn warn(section: &Section<'_>, key: &'static str, kind: Kind) {
    let Some(entry) = section.entry(key) else {
        return;
    };
    match &entry.node.value {
        Value::List(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, item)| look(section, &format!("{key}[{i}]"), item, kind)),
        _ => look(section, key, &entry.node, kind),
    }
}

fn look(section: &Section<'_>, key: &str, node: &Node, kind: Kind) {
    let Value::Text(text) = &node.value else {
        return;
    };
    if text.unset || text.text.is_empty() {
        return;
    }
    let Some(doubt) = doubt(&text.text, kind) else {
        return;
    };
    let found = match &text.variable {
        Some(name) => format!("{doubt} in the environment variable {name}"),
        None => doubt,
    };
    let allowed = match kind {
        Kind::Secret => {
            "the channel secret as LINE Developers Console shows it under Basic settings: \
             32 characters of 0-9 a-f"
        }
        Kind::Token => {
            "a channel access token as LINE Developers Console issues it under Messaging API, \
             or \"stateless\" with channel_id"
        }
    };
    let (file, findings) = (section.file(), section.findings());
    findings.warn(file, node.at, &section.path(key), &found, allowed);
}

/// Why a value is hardly a credential; `None` when it may be one.
fn doubt(text: &str, kind: Kind) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    if text.starts_with('$') {
        return Some("a variable without its braces".to_owned());
    }
    if text.len() <= SHORT
        && let Some(word) = WORDS.iter().find(|word| lower.contains(**word))
    {
        return Some(format!("a placeholder (\"{word}\")"));
    }
    let length = text.chars().count();
    match kind {
        Kind::Secret if is_channel_secret(&lower) => None,
        Kind::Secret if length == 32 => {
            Some("32 characters that are not all of 0-9 a-f".to_owned())
        }
        Kind::Token if length >= TOKEN_MIN => None,
        Kind::Secret | Kind::Token => Some(match length {
            1 => "1 character".to_owned(),
            length => format!("{length} characters"),
        }),
    }
}

fn is_channel_secret(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_word_is_doubted_and_a_real_credential_is_not() {
        let secret = "0123456789abcdef0123456789abcdef";
        assert_eq!(doubt(secret, Kind::Secret), None);
        assert_eq!(doubt(&"aB3+/".repeat(30), Kind::Token), None);
        for (text, said) in [
            ("change-me", "change-me"),
            ("YOUR-CHANNEL-SECRET", "your-"),
            ("$LINE_CHANNEL_SECRET", "braces"),
            ("1654321987", "10 characters"),
            ("ghijklmnghijklmnghijklmnghijklmn", "not all of"),
        ] {
            let doubt = doubt(text, Kind::Secret).unwrap();
            assert!(doubt.contains(said), "{text}: {doubt}");
        }
        assert!(doubt("s", Kind::Token).unwrap().contains("1 character"));
    }
}
