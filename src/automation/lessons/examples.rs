//! Examples as written, merged by text: a text may speak for an intent, a rule and a person at once.

use super::{Label, MAX_EXAMPLE_CHARS, MAX_EXAMPLES};
use crate::automation::fold::Folded;
use crate::automation::understanding::corpus::Text;
use crate::config::fault::{Findings, Place};
use crate::config::section::Section;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One example where it stands.
#[derive(Debug)]
struct Noted {
    words: String,
    key: String,
    label: Label,
    of: Arc<str>,
    file: Arc<str>,
    at: Place,
}

/// All examples of all files.
#[derive(Debug, Default)]
pub(super) struct Examples(Vec<Noted>);

impl Examples {
    /// Reads the `examples` of a table; `of` names it in findings. Gives them back folded.
    pub fn read(&mut self, section: &Section<'_>, label: Label, of: &str) -> Vec<String> {
        let mut read = Vec::new();
        let of: Arc<str> = Arc::from(of);
        let mut folded = Folded::default();
        for (words, at) in section.texts("examples", 0..=MAX_EXAMPLES, 1..=MAX_EXAMPLE_CHARS) {
            folded.fill(words);
            let key = key(&folded);
            if key.is_empty() {
                let allowed = "a text with letters, digits, signs or emoji";
                let path = section.path("examples");
                let findings = section.findings();
                findings.fault(section.file(), at, &path, &format!("{words:?}"), allowed);
                continue;
            }
            self.0.push(Noted {
                words: words.to_owned(),
                key,
                label,
                of: of.clone(),
                file: section.file().clone(),
                at,
            });
            if !folded.text().is_empty() {
                read.push(folded.text().to_owned());
            }
        }
        read
    }

    /// Merges the labels of equal texts; labels that exclude each other are a fault, an example said
    /// twice of one class is a warning.
    pub fn finish(&self, intents: usize, findings: &Findings) -> Vec<Text> {
        let unknown = u16::try_from(intents).unwrap_or(u16::MAX);
        let mut said: BTreeMap<&str, Vec<&Noted>> = BTreeMap::new();
        for noted in &self.0 {
            said.entry(&noted.key).or_default().push(noted);
        }
        let mut texts = Vec::with_capacity(said.len());
        for noted in said.values() {
            let mut text = Text::default();
            let mut is_talk = false;
            for (i, this) in noted.iter().enumerate() {
                // The shortest writing, whatever order the files have.
                let shorter = (this.words.len(), &this.words) < (text.words.len(), &text.words);
                if i == 0 || shorter {
                    text.words.clone_from(&this.words);
                }
                clashes(this, &noted[..i], findings);
                match this.label {
                    Label::Intent(intent) => text.intent = Some(intent),
                    Label::Unknown => text.intent = Some(unknown),
                    Label::Rule(rule) => text.rule = Some(rule),
                    Label::Human => text.human = true,
                    Label::Talk => is_talk = true,
                }
            }
            if is_talk && text.intent.is_none() {
                text.intent = Some(unknown);
            }
            texts.push(text);
        }
        texts
    }
}

/// Notes what this example has said before of another class, or of the same.
fn clashes(this: &Noted, before: &[&Noted], findings: &Findings) {
    let same_question = |other: &&&Noted| {
        matches!(
            (this.label, other.label),
            (
                Label::Intent(_) | Label::Unknown,
                Label::Intent(_) | Label::Unknown
            ) | (Label::Rule(_), Label::Rule(_))
                | (Label::Talk, Label::Talk)
                | (Label::Human, Label::Human)
        )
    };
    let Some(first) = before.iter().find(same_question) else {
        return;
    };
    let key = format!("{} examples", this.of);
    let found = format!(
        "{:?}, which stands under {} ({}:{})",
        this.words, first.of, first.file, first.at.line
    );
    if first.of != this.of {
        findings.fault(&this.file, this.at, &key, &found, "one class a text");
    } else if first.words == this.words {
        // Two writings of one text do no harm, and a person may want to see both.
        findings.warn(&this.file, this.at, &key, &found, "once");
    }
}

/// Equal for texts that are read alike: folded words and emoji, or the signs where there are no words.
fn key(folded: &Folded) -> String {
    let mut key = folded.text().to_owned();
    let bare = key.is_empty();
    let mood = |sign: &&char| bare || is_emoji(**sign);
    key.extend(folded.signs().iter().filter(mood));
    key
}

fn is_emoji(sign: char) -> bool {
    u32::from(sign) >= 0x2190 && !matches!(sign, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}')
}
