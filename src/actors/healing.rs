//! After an actor's death: what it left undone is delivered again, so that exactly the event that
//! kills is set aside and its neighbours never notice. And what an unsend owes to a conversation
//! that could not be told.

use super::messages::{Inbound, Refusal};
use super::quarantine;
use super::registry::{Ended, Registry};
use crate::domain::conversation::{Event, Kind, Received};
use crate::domain::ids::ConversationKey;
use crate::ports::store::Error;
use crate::telemetry::meter;

impl Registry {
    /// After a death: each event alone, so that exactly the one that kills is set aside.
    pub(super) async fn one_by_one(
        &self,
        key: &ConversationKey,
        events: Vec<Inbound>,
    ) -> Result<(), Refusal> {
        for inbound in events {
            let again = vec![Event::Received(inbound.received.clone())];
            match self.once(key, again, true).await {
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
            match self.once(key, undecided, true).await {
                Ended::Durable => {}
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

    /// Tells a conversation of the unsends that came while it could not be read; best effort, the
    /// due index asks again.
    pub async fn catch_up(&self, key: &ConversationKey) {
        if self.is_parked(key) {
            return;
        }
        let store = &*self.shared().store;
        let told = async {
            let unsent = quarantine::unsent(store, key).await?;
            if unsent.is_empty() {
                return Ok(());
            }
            let now = store.now();
            let events = unsent.iter().map(|unsent| unsent.event(now)).collect();
            match self.once(key, events, true).await {
                Ended::Durable => quarantine::told(store, key, &unsent).await?,
                Ended::Refused(_) => {}
                Ended::Unreadable(why) => self.park(key, &why),
                Ended::Died => self.park(key, "died when told of an unsend"),
            }
            Ok::<(), Error>(())
        };
        if let Err(error) = told.await {
            tracing::warn!(conversation = %key, error = %error, "an unsend waits to be told");
        }
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
