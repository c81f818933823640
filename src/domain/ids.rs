//! Names of things: channels, chats, conversations, attempts.
//!
//! LINE's identifiers are accepted as they come (design rule: validate loosely, never reject), but
//! the usual shape, one letter and 32 hex digits, is kept in 17 bytes: a million live
//! conversations keep their key twice.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The operator's alias of a LINE channel: path segment, metric label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelId(Arc<str>);

impl ChannelId {
    /// Names a channel; the config room checks the spelling.
    pub fn new(id: &str) -> ChannelId {
        ChannelId(Arc::from(id))
    }

    /// The alias as written in the config.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where LINE delivers to: a user (`U…`), a group (`C…`) or a room (`R…`).
///
/// Source of the shapes: LINE Messaging API reference, "Common properties", source objects.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChatId(Form);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Form {
    /// One ASCII letter and 32 lower-case hex digits, packed.
    Packed(u8, [u8; 16]),
    /// Anything else: module channels use `L` and 68 characters, samples are cut short.
    Other(Arc<str>),
}

/// What kind of chat an identifier names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatKind {
    /// One customer, one to one.
    Customer,
    /// A group chat.
    Group,
    /// A multi-person chat (merged into groups since LINE 10.17, still seen).
    Room,
}

impl ChatId {
    /// Takes the identifier as LINE wrote it.
    pub fn new(text: &str) -> ChatId {
        let bytes = text.as_bytes();
        if bytes.len() == 33 && bytes[0].is_ascii_uppercase() {
            let mut packed = [0u8; 16];
            let ok = packed
                .iter_mut()
                .zip(bytes[1..].chunks_exact(2))
                .all(|(out, pair)| match (nibble(pair[0]), nibble(pair[1])) {
                    (Some(high), Some(low)) => {
                        *out = high << 4 | low;
                        true
                    }
                    _ => false,
                });
            if ok {
                return ChatId(Form::Packed(bytes[0], packed));
            }
        }
        ChatId(Form::Other(Arc::from(text)))
    }

    /// Which kind of chat this is, by LINE's first letter; unknown letters count as a customer.
    pub fn kind(&self) -> ChatKind {
        let first = match &self.0 {
            Form::Packed(letter, _) => *letter,
            Form::Other(text) => text.as_bytes().first().copied().unwrap_or(b'U'),
        };
        match first {
            b'C' => ChatKind::Group,
            b'R' => ChatKind::Room,
            _ => ChatKind::Customer,
        }
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for ChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Packed(letter, packed) => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                let mut text = [0u8; 33];
                text[0] = *letter;
                for (i, byte) in packed.iter().enumerate() {
                    text[1 + 2 * i] = HEX[usize::from(byte >> 4)];
                    text[2 + 2 * i] = HEX[usize::from(byte & 15)];
                }
                f.write_str(std::str::from_utf8(&text).expect("letter and hex digits are ASCII"))
            }
            Form::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for ChatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One conversation: a chat on a channel. The unit of state, order and isolation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConversationKey {
    /// The Official Account's channel.
    pub channel: ChannelId,
    /// The customer, group or room.
    pub chat: ChatId,
}

impl ConversationKey {
    /// Joins a channel and a chat.
    pub fn new(channel: ChannelId, chat: ChatId) -> ConversationKey {
        ConversationKey { channel, chat }
    }
}

impl fmt::Display for ConversationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.channel, self.chat)
    }
}

/// A 64-bit fingerprint of an identifier given by the outside (webhook event id, message id).
///
/// Compared only within one conversation, which remembers at most a few hundred: the chance that
/// two of 256 meet is below 10⁻¹⁴.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// Fingerprint of an outside identifier: FNV-1a with a final avalanche (splitmix64).
    ///
    /// Not secret and not meant to resist a forger: LINE signs the bodies the ids come from.
    pub fn of(id: &str) -> Fingerprint {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in id.as_bytes() {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Fingerprint(hash ^ (hash >> 31))
    }
}

/// Names one try to have something done outside (a send); a late answer to another try is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttemptId(pub u64);

/// Names one life of one process. In-flight records of another incarnation are taken over.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Incarnation(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chat_ids_come_back_as_written() {
        for text in [
            "U4af4980629a1b2c3d4e5f60718293a4b",
            "C00000000000000000000000000000000",
            "U4AF4980629A1B2C3D4E5F60718293A4B",
            "U4af4980629...",
            "",
            "客戶",
        ] {
            assert_eq!(ChatId::new(text).to_string(), text);
        }
    }

    #[test]
    fn the_first_letter_tells_the_kind() {
        assert_eq!(ChatId::new("C1").kind(), ChatKind::Group);
        assert_eq!(ChatId::new("R1").kind(), ChatKind::Room);
        assert_eq!(ChatId::new("U1").kind(), ChatKind::Customer);
    }

    #[test]
    fn fingerprints_differ_by_one_letter() {
        assert_ne!(Fingerprint::of("01ABC"), Fingerprint::of("01ABD"));
        assert_ne!(Fingerprint::of(""), Fingerprint::of("\0"));
    }
}
