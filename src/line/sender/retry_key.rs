//! The retry key of a push: names the frozen body, so that 409 means *this* body was accepted.
//!
//! Source: Messaging API docs, "Retry an API request": a UUID in hexadecimal, sent with the first
//! try already, valid for 24 hours, for push, multicast, narrowcast and broadcast only.

use crate::ports::messenger::Dispatch;
use reqwest::header::HeaderValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Ours alone; changing it would let a push in flight over an upgrade be sent twice.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_8a52_40d7_4b0e_9a37_c2b1_5d94_e860);

/// UUIDv5 of conversation, effect ids and the SHA-256 of the body.
pub fn retry_key(dispatch: &Dispatch) -> Uuid {
    let conversation = dispatch.conversation.to_string();
    let mut name = Vec::with_capacity(conversation.len() + 1 + 4 * dispatch.effects.len() + 32);
    name.extend_from_slice(conversation.as_bytes());
    name.push(0);
    for effect in dispatch.effects.iter() {
        name.extend_from_slice(&effect.to_be_bytes());
    }
    name.extend_from_slice(&Sha256::digest(dispatch.body.as_bytes()));
    Uuid::new_v5(&NAMESPACE, &name)
}

pub(super) fn header(dispatch: &Dispatch) -> HeaderValue {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let text = retry_key(dispatch).hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text).expect("a uuid is hex digits and hyphens")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{AttemptId, ChannelId, ChatId, ConversationKey};
    use crate::domain::time::Millis;
    use crate::ports::messenger::Via;

    fn dispatch() -> Dispatch {
        Dispatch {
            conversation: ConversationKey::new(ChannelId::new("shop"), ChatId::new("U1")),
            attempt: AttemptId(1),
            effects: [1, 2].into(),
            via: Via::Push,
            body: "{}".into(),
            not_after: Millis(1),
        }
    }

    #[test]
    fn the_key_names_the_frozen_call_and_nothing_else() {
        let key = retry_key(&dispatch());
        let mut other_try = dispatch();
        other_try.attempt = AttemptId(2);
        other_try.not_after = Millis(9);
        assert_eq!(retry_key(&other_try), key);
        // Written down: another key for the same call would send it twice after an upgrade.
        assert_eq!(key.to_string(), "7026eb7b-8f50-5a3c-8f2e-49365d46d9d6");

        let mut others = [dispatch(), dispatch(), dispatch()];
        others[0].body = "{ }".into();
        others[1].effects = [1].into();
        others[2].conversation.chat = ChatId::new("U2");
        assert!(others.iter().all(|other| retry_key(other) != key));
    }
}
