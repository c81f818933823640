//! The last words of both sides, for understanding and for whoever takes over.

use crate::domain::ids::Fingerprint;
use crate::domain::time::Millis;
use std::sync::Arc;

/// Greatest length of one remembered message in bytes; longer ones are cut at a character.
pub(super) const MAX_WORDS_BYTES: usize = 3_000;
/// Greatest size of all remembered words; the oldest go first.
pub(super) const MAX_CONTEXT_BYTES: usize = 16 * 1024;

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The customer.
    Customer,
    /// The account, by automation.
    Bot,
}

/// One remembered message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Who said it.
    pub from: From,
    /// When: LINE's timestamp for the customer, store time for us.
    pub at: Millis,
    /// The customer's message, for unsend; zero for ours.
    pub message: Fingerprint,
    /// What was said; `[image]` and the like for what is not text.
    pub text: Arc<str>,
}

/// The remembered messages, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Context {
    pub(super) words: Vec<Words>,
}

impl Context {
    /// Remembers a message and forgets the oldest beyond `keep`.
    pub(super) fn push(&mut self, mut words: Words, keep: usize) {
        if words.text.len() > MAX_WORDS_BYTES {
            words.text = words.text[..words.text.floor_char_boundary(MAX_WORDS_BYTES)].into();
        }
        self.words.push(words);
        let mut total: usize = self.words.iter().map(|words| words.text.len()).sum();
        let mut surplus = self.words.len().saturating_sub(keep);
        while surplus > 0 || total > MAX_CONTEXT_BYTES {
            total -= self.words.remove(0).text.len();
            surplus = surplus.saturating_sub(1);
        }
    }

    /// Forgets a message that was unsent; tells whether it was there.
    pub(super) fn erase(&mut self, message: Fingerprint) -> bool {
        let before = self.words.len();
        self.words
            .retain(|words| words.from != From::Customer || words.message != message);
        self.words.len() != before
    }

    /// Puts the new words in the place of the old; tells whether the message was there.
    pub(super) fn edit(&mut self, message: Fingerprint, text: &str) -> bool {
        let found = self
            .words
            .iter_mut()
            .find(|words| words.from == From::Customer && words.message == message);
        match found {
            Some(words) => {
                words.text = text[..text.floor_char_boundary(MAX_WORDS_BYTES)].into();
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(n: u64, text: &str) -> Words {
        Words {
            from: From::Customer,
            at: Millis(n),
            message: Fingerprint(n),
            text: text.into(),
        }
    }

    #[test]
    fn the_last_messages_are_kept() {
        let mut context = Context::default();
        for n in 0..15 {
            context.push(words(n, "嗨"), 10);
        }
        assert_eq!(context.words.len(), 10);
        assert_eq!(context.words[0].at, Millis(5));
    }

    #[test]
    fn long_words_are_cut_at_a_character_and_the_whole_is_bounded() {
        let mut context = Context::default();
        for n in 0..50 {
            context.push(words(n, &"茶".repeat(5_000)), 50);
        }
        assert!(
            context
                .words
                .iter()
                .all(|w| w.text.len() <= MAX_WORDS_BYTES)
        );
        assert!(context.words.iter().map(|w| w.text.len()).sum::<usize>() <= MAX_CONTEXT_BYTES);
    }

    #[test]
    fn an_unsent_message_is_forgotten() {
        let mut context = Context::default();
        context.push(words(1, "secret"), 10);
        assert!(context.erase(Fingerprint(1)));
        assert!(context.words.is_empty());
        assert!(!context.erase(Fingerprint(1)));
    }
}
