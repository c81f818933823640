//! The last words of both sides, for understanding and for whoever takes over.

use super::codec::DecodeError;
use super::wire::{Fault, Field, Reader, Writer};
use crate::domain::ids::Fingerprint;
use crate::domain::time::Millis;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words<'a> {
    /// Who said it.
    pub from: From,
    /// When: LINE's timestamp for the customer, store time for us.
    pub at: Millis,
    /// The customer's message, for unsend; zero for ours.
    pub message: Fingerprint,
    /// What was said; `[image]` and the like for what is not text.
    pub text: &'a str,
}

/// The remembered messages, oldest first, packed as they are stored.
///
/// A turn adds two and forgets two; nobody looks at the others. So they stay what the store read:
/// fields [`TAG`] of `speaker u8 · when (signed, from the one before) · id (customer's only) · text`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Context {
    packed: Vec<u8>,
    count: usize,
    /// Of what was said alone.
    bytes: usize,
    /// When the last was said.
    last: Millis,
}

/// The tag of one message in the stored form.
pub(super) const TAG: u64 = 9;

/// Bytes before a text, at most: tag, length, speaker, time, id.
const HEADER: usize = 24;
/// Room for the two messages of a turn: a copy is made to be added to.
const ROOM: usize = 256;

impl Clone for Context {
    fn clone(&self) -> Context {
        let mut packed = Vec::with_capacity(self.packed.len() + ROOM);
        packed.extend_from_slice(&self.packed);
        Context { packed, ..*self }
    }
}

impl Context {
    /// The stored form.
    pub(super) fn packed(&self) -> &[u8] {
        &self.packed
    }

    /// Takes over a stored message behind those it has.
    pub(super) fn adopt(&mut self, field: Field<'_>) -> Result<(), DecodeError> {
        let span = Span::read(field.reader(), self.last)?;
        std::str::from_utf8(span.text).map_err(|_| Fault::Text)?;
        self.packed.extend_from_slice(field.whole);
        self.count(span.at, span.text.len());
        Ok(())
    }

    /// Makes room for what [`Context::adopt`] will bring.
    pub(super) fn reserve(&mut self, bytes: usize) {
        self.packed.reserve_exact(bytes);
    }

    /// The messages, oldest first.
    pub(super) fn words(&self) -> impl Iterator<Item = Words<'_>> {
        self.spans().map(Span::words)
    }

    fn spans(&self) -> Spans<'_> {
        Spans {
            rest: Reader::new(&self.packed),
            last: Millis(0),
        }
    }

    /// Remembers a message and forgets the oldest beyond `keep`.
    pub(super) fn push(&mut self, mut words: Words<'_>, keep: usize) {
        words.text = cut(words.text);
        self.append(words);
        self.forget(keep);
    }

    /// Forgets the oldest beyond `keep`, and beyond what all may take.
    fn forget(&mut self, keep: usize) {
        let mut kept = self.spans();
        let (mut count, mut bytes) = (self.count, self.bytes);
        while count > keep || bytes > MAX_CONTEXT_BYTES {
            let Some(oldest) = kept.next() else { break };
            bytes -= oldest.text.len();
            count -= 1;
        }
        if count < self.count {
            // Whoever is first now is counted from zero.
            let first = Context::pack(kept.next().map(Span::words).into_iter());
            let behind = self.packed.len() - kept.rest.rest().len();
            self.packed.splice(..behind, first.packed);
            (self.count, self.bytes) = (count, bytes);
            if count == 0 {
                self.last = Millis(0);
            }
        }
    }

    fn count(&mut self, at: Millis, bytes: usize) {
        self.count += 1;
        self.bytes += bytes;
        self.last = at;
    }

    fn append(&mut self, words: Words<'_>) {
        let mut w = Writer {
            out: std::mem::take(&mut self.packed),
        };
        w.nested(TAG, |w| {
            w.out.push(match words.from {
                From::Customer => 0,
                From::Bot => 1,
            });
            // Counted from the one before: a million idle conversations keep ten of these each.
            w.signed(words.at.0.wrapping_sub(self.last.0) as i64);
            if words.from == From::Customer {
                w.out.extend_from_slice(&words.message.0.to_le_bytes());
            }
            w.out.extend_from_slice(words.text.as_bytes());
        });
        self.packed = w.out;
        self.count(words.at, words.text.len());
    }

    /// Forgets a message that was unsent; tells whether it was there.
    pub(super) fn erase(&mut self, message: Fingerprint) -> bool {
        let found = self.words().any(|words| words.is(message));
        if found {
            *self = Context::pack(self.words().filter(|words| !words.is(message)));
        }
        found
    }

    /// Forgets what was answered right behind a message: it may quote it.
    pub(super) fn erase_answer(&mut self, message: Fingerprint) {
        let mut behind = false;
        let kept: Vec<Words<'_>> = self
            .words()
            .filter(|words| {
                if words.from == From::Customer {
                    behind = words.message == message;
                }
                words.from == From::Customer || !behind
            })
            .collect();
        *self = Context::pack(kept.into_iter());
    }

    /// Puts the new words in the place of the old; tells whether the message was there.
    pub(super) fn edit(&mut self, message: Fingerprint, text: &str) -> bool {
        let found = self.words().any(|words| words.is(message));
        if found {
            *self = Context::pack(self.words().map(|words| match words.is(message) {
                true => Words {
                    text: cut(text),
                    ..words
                },
                false => words,
            }));
            self.forget(usize::MAX);
        }
        found
    }

    fn pack<'a>(words: impl Iterator<Item = Words<'a>>) -> Context {
        let mut context = Context::default();
        words.for_each(|words| {
            context.packed.reserve(words.text.len() + HEADER);
            context.append(words);
        });
        context
    }
}

/// One message where it lies; its text was checked when it was taken over.
struct Span<'a> {
    from: From,
    at: Millis,
    message: Fingerprint,
    text: &'a [u8],
}

impl<'a> Span<'a> {
    fn read(mut r: Reader<'a>, last: Millis) -> Result<Span<'a>, DecodeError> {
        let from = match r.take(1)? {
            [0] => From::Customer,
            [1] => From::Bot,
            _ => return Err(DecodeError::Damaged("a speaker is not one of format 1")),
        };
        let at = Millis(last.0.wrapping_add(r.signed()? as u64));
        let message = Fingerprint(match from {
            From::Customer => r.fixed64()?,
            From::Bot => 0,
        });
        Ok(Span {
            from,
            at,
            message,
            text: r.rest(),
        })
    }

    fn words(self) -> Words<'a> {
        Words {
            from: self.from,
            at: self.at,
            message: self.message,
            text: std::str::from_utf8(self.text).expect("was checked when it was taken over"),
        }
    }
}

/// Walks over the messages without looking at what was said.
struct Spans<'a> {
    rest: Reader<'a>,
    last: Millis,
}

impl<'a> Iterator for Spans<'a> {
    type Item = Span<'a>;

    fn next(&mut self) -> Option<Span<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let (_, field) = self.rest.field().expect("was checked when taken over");
        let span = Span::read(field.reader(), self.last).expect("was checked when taken over");
        self.last = span.at;
        Some(span)
    }
}

impl Words<'_> {
    /// Whether it is this message of the customer's.
    fn is(&self, message: Fingerprint) -> bool {
        self.from == From::Customer && self.message == message
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_WORDS_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(n: u64, text: &str) -> Words<'_> {
        Words {
            from: From::Customer,
            at: Millis(n),
            message: Fingerprint(n),
            text,
        }
    }

    #[test]
    fn the_last_messages_are_kept() {
        let mut context = Context::default();
        for n in 0..15 {
            context.push(words(n, "嗨"), 10);
        }
        assert_eq!(context.words().count(), 10);
        assert_eq!(context.words().next().unwrap().at, Millis(5));
    }

    #[test]
    fn long_words_are_cut_at_a_character_and_the_whole_is_bounded() {
        let mut context = Context::default();
        for n in 0..50 {
            context.push(words(n, &"茶".repeat(5_000)), 50);
        }
        assert!(context.words().all(|w| w.text.len() <= MAX_WORDS_BYTES));
        assert!(context.words().map(|w| w.text.len()).sum::<usize>() <= MAX_CONTEXT_BYTES);
    }

    #[test]
    fn an_unsent_message_is_forgotten() {
        let mut context = Context::default();
        context.push(words(1, "secret"), 10);
        assert!(context.erase(Fingerprint(1)));
        assert!(context.packed.is_empty());
        assert!(!context.erase(Fingerprint(1)));
    }

    #[test]
    fn who_keeps_nothing_may_begin_to_keep() {
        let mut context = Context::default();
        context.push(words(1_000, "a"), 0);
        assert_eq!(context, Context::default());
        context.push(words(2_000, "b"), 10);
        assert_eq!(context.words().next().unwrap().at, Millis(2_000));
    }

    #[test]
    fn what_is_kept_reads_as_it_was_said() {
        let mut context = Context::default();
        let said: Vec<(u64, String)> = (0..30u64)
            .map(|n| {
                (
                    1_000_000 + (n * 7) % 11,
                    format!("第{n}句").repeat(n as usize * 3),
                )
            })
            .collect();
        for (n, (at, text)) in said.iter().enumerate() {
            let from = if n % 3 == 0 {
                From::Bot
            } else {
                From::Customer
            };
            let message = Fingerprint(if from == From::Bot { 0 } else { n as u64 });
            let at = Millis(*at);
            context.push(
                Words {
                    from,
                    at,
                    message,
                    text,
                },
                10,
            );
            let first = (n + 1).saturating_sub(10);
            let read: Vec<_> = context.words().map(|w| (w.at.0, w.text)).collect();
            let kept: Vec<_> = said[first..=n]
                .iter()
                .map(|(at, t)| (*at, t.as_str()))
                .collect();
            assert_eq!(read, kept);
        }
        assert!(context.edit(Fingerprint(20), "改了"));
        assert!(context.erase(Fingerprint(22)));
        let texts: Vec<_> = context.words().map(|w| w.text.to_owned()).collect();
        assert_eq!(texts.len(), 9);
        assert_eq!(texts[0], "改了");
        assert!(!context.edit(Fingerprint(24_000), "x"));
    }
}
