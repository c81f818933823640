//! After an actor's death: what it left undone is delivered again, so that exactly the event that
//! kills is set aside and its neighbours never notice. And what an unsend owes to a conversation
//! that could not be told.

use super::messages::{Gate, Inbound, Refusal};
use super::quarantine;
use super::registry::{Ended, Registry};
use crate::domain::conversation::{Event, Kind, Received};
use crate::domain::ids::ConversationKey;
use crate::telemetry::meter;
use bytes::Bytes;

impl Registry {
    /// After a death: each event alone, so that exactly the one that kills is set aside.
    pub(super) async fn one_by_one(
        &self,
        key: &ConversationKey,
        events: Vec<Inbound>,
        gate: Option<&Gate>,
    ) -> Result<(), Refusal> {
        for inbound in events {
            let again = vec![Event::Received(inbound.received.clone())];
            match self.once(key, again, true, gate).await {
                Ended::Durable => continue,
                Ended::Refused(refusal) => return Err(refusal),
                Ended::Unreadable(why) => {
                    self.park(key, &why);
                    self.set_aside(key, &[inbound], &why).await?;
                    continue;
                }
                Ended::Died => {}
            }
            // It killed twice: its ids are applied, its content is kept raw and never decided.
            tracing::error!(conversation = %key, event_type = &*inbound.event_type,
                "event quarantined after it killed its conversation twice");
            meter::quarantined();
            let undecided = vec![Event::Received(undecided(&inbound))];
            match self.once(key, undecided, true, gate).await {
                // Durable already, where an unsend finds it: it is listed without its words.
                Ended::Durable => {
                    let listed = Inbound {
                        raw: Bytes::new(),
                        ..inbound
                    };
                    let why = "killed its conversation twice";
                    if let Err(error) = self.set_aside(key, &[listed], why).await {
                        tracing::warn!(conversation = %key, %error, "quarantine does not list it");
                    }
                }
                Ended::Refused(refusal) => return Err(refusal),
                Ended::Unreadable(why) => {
                    self.park(key, &why);
                    self.set_aside(key, &[inbound], &why).await?;
                }
                Ended::Died => {
                    self.park(key, "died without deciding anything");
                    self.set_aside(key, &[inbound], "died").await?;
                }
            }
        }
        Ok(())
    }

    /// What is kept raw in quarantine must go with the message, too.
    pub(super) async fn forget_unsent(
        &self,
        key: &ConversationKey,
        events: &[Inbound],
    ) -> Result<(), Refusal> {
        for inbound in events {
            if let Kind::Unsent { message } = inbound.received.kind {
                quarantine::forget(&*self.shared().store, key, message).await?;
            }
        }
        Ok(())
    }

    /// Tells a conversation of the unsends that came while it could not be read, or that killed it. One
    /// that is parked is left alone: the due index asks again.
    ///
    /// # Errors
    /// When it was not told, and another try is worth while.
    pub async fn catch_up(&self, key: &ConversationKey) -> Result<(), Refusal> {
        if !self.may_tell(key) {
            return Ok(());
        }
        let store = &*self.shared().store;
        let unsent = quarantine::unsent(store, key).await?;
        if unsent.is_empty() {
            return Ok(());
        }
        let now = store.now();
        let events = unsent.iter().map(|unsent| unsent.event(now)).collect();
        match self.once(key, events, true, None).await {
            Ended::Durable => {
                self.is_told(key);
                quarantine::told(store, key, &unsent).await?;
            }
            Ended::Refused(refusal) => return Err(refusal),
            Ended::Unreadable(why) => self.park(key, &why),
            Ended::Died => self.cannot_tell(key),
        }
        Ok(())
    }
}

fn undecided(inbound: &Inbound) -> Received {
    let raw = String::from_utf8_lossy(&inbound.raw);
    // 16 KiB of a raw event are enough for a person to see what it was.
    let raw = &raw[..raw.floor_char_boundary(16 * 1024)];
    Received {
        token: None,
        kind: Kind::Quarantined {
            event_type: inbound.event_type.clone(),
            raw: raw.into(),
            message: inbound.message(),
        },
        ..inbound.received.clone()
    }
}
