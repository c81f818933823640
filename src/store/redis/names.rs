//! What an entity is called inside its partition: in its key, in the due index, on the desk, in the
//! feed. Refuses nothing; what is none of these names is read as none.
//!
//! The first byte is the kind, and in its two highest bits the form of what follows:
//!
//! | form | follows | for ids |
//! |---|---|---|
//! | 0 | the id | of every other sort |
//! | 1, 2, 3 | 16 bytes, then the channel | `channel/U…`, `channel/C…`, `channel/R…` with 32 hexadecimal digits of lower case |
//!
//! LINE's ids of users, groups and rooms are such (Messaging API reference, "Source object"); a
//! million of them lie in memory at once, so their digits are stored as the 16 bytes they stand for.
//! An id that differs in anything, as in the case of one digit, keeps its text: the name of an entity
//! is read back exactly, and no two entities share one.

use crate::domain::ids::Fingerprint;
use crate::ports::store::{EntityKey, EntityKind};

/// What the ids begin with that are stored as bytes; the form is the place in here, counted from 1.
const SORTS: [u8; 3] = *b"UCR";
/// The bits of the first byte that say the kind.
const KIND: u8 = 0x3f;
const FORM_SHIFT: u32 = 6;

/// What an entity is called.
pub fn member(key: &EntityKey) -> Vec<u8> {
    let kind = key.kind as u8;
    let mut name = Vec::with_capacity(1 + key.id.len());
    match digits(&key.id) {
        Some((channel, form, raw)) => {
            name.push(kind | form << FORM_SHIFT);
            name.extend_from_slice(&raw);
            name.extend_from_slice(channel.as_bytes());
        }
        None => {
            name.push(kind);
            name.extend_from_slice(key.id.as_bytes());
        }
    }
    name
}

/// The entity a name names.
pub fn entity_of(name: &[u8]) -> Option<EntityKey> {
    let (first, rest) = name.split_first()?;
    let kind = EntityKind::of(first & KIND)?;
    let form = usize::from(first >> FORM_SHIFT);
    let Some(sort) = form.checked_sub(1).and_then(|at| SORTS.get(at)) else {
        return Some(EntityKey::new(kind, std::str::from_utf8(rest).ok()?));
    };
    let (raw, channel) = rest.split_first_chunk::<16>()?;
    let mut id = String::with_capacity(channel.len() + 34);
    id.push_str(std::str::from_utf8(channel).ok()?);
    id.push('/');
    id.push(char::from(*sort));
    for byte in raw {
        for digit in [byte >> 4, byte & 15] {
            id.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    Some(EntityKey::new(kind, &id))
}

/// The channel, the form and the bytes of an id that LINE gave.
fn digits(id: &str) -> Option<(&str, u8, [u8; 16])> {
    let (channel, chat) = id.rsplit_once('/')?;
    let (sort, digits) = chat.as_bytes().split_first()?;
    let form = 1 + SORTS.iter().position(|known| known == sort)? as u8;
    let digits: &[u8; 32] = digits.try_into().ok()?;
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut raw = [0; 16];
    for (byte, pair) in raw.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some((channel, form, raw))
}

/// A message's mark as scripts are handed it: of one length, so that an entity's name with a mark
/// after it is no other entity's.
pub fn mark(message: Fingerprint) -> [u8; 8] {
    message.0.to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Ids as LINE's, nearly as LINE's, and any.
    fn id() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "[a-z/:]{0,6}/[UCR][0-9a-f]{32}",
            2 => "[a-z]{0,3}/[UCRu][0-9a-fA-F]{32}",
            2 => "[a-z]{0,3}/?[UCRX]?[0-9a-f]{30,34}/?",
            1 => "[a-z]{0,3}/[UCR][0-9a-f]{15}.[0-9a-f]{16}",
            1 => "\\PC{0,40}",
            1 => "[\u{0}-\u{7f}]{0,40}",
        ]
    }

    fn kind() -> impl Strategy<Value = EntityKind> {
        (1..=KIND).prop_filter_map("a kind", EntityKind::of)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn a_name_is_read_back_as_the_entity_it_names(kind in kind(), id in id()) {
            let key = EntityKey::new(kind, &id);
            prop_assert_eq!(entity_of(&member(&key)), Some(key));
        }

        #[test]
        fn no_two_entities_share_a_name(one in (kind(), id()), two in (kind(), id())) {
            let [one, two] = [one, two].map(|(kind, id)| EntityKey::new(kind, &id));
            prop_assert_eq!(member(&one) == member(&two), one == two);
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(key) = entity_of(&bytes) {
                prop_assert_eq!(entity_of(&member(&key)), Some(key));
            }
        }
    }

    #[test]
    fn digits_of_line_take_half_and_near_misses_stay_as_they_are() {
        let digits = "0123456789abcdef0123456789abcdef";
        let size = |id: &str| member(&EntityKey::new(EntityKind::Conversation, id)).len();
        for sort in ["U", "C", "R"] {
            assert_eq!(size(&format!("main/{sort}{digits}")), 1 + 16 + 4);
            assert_eq!(size(&format!("a/b/{sort}{digits}")), 1 + 16 + 3);
        }
        for other in [
            format!("main/X{digits}"),
            format!("main/U{}", digits.to_uppercase()),
            format!("main/U{digits}0"),
            format!("main/U{}", &digits[1..]),
            format!("U{digits}"),
            format!("main/U{digits}/"),
        ] {
            assert_eq!(size(&other), 1 + other.len());
        }
    }

    #[test]
    fn no_entity_is_called_as_a_collection_of_its_partition_is() {
        // Those begin with a lower-case letter; see `keys`.
        for letter in 'a'..='z' {
            for rest in ["ue", "ist:6", "udget:of/a/channel/with/a/long/name"] {
                let word = format!("{letter}{rest}");
                assert_eq!(entity_of(word.as_bytes()), None, "{word}");
            }
        }
    }

    #[test]
    fn what_is_no_name_is_none() {
        for bytes in [&b""[..], b"\x00a", b"\x07a", b"\x41short", b"\x01\xff"] {
            assert_eq!(entity_of(bytes), None);
        }
    }
}
