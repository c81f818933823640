//! After an actor's death: what it left undone is delivered again, so that exactly the event that
//! kills is set aside and its neighbours never notice.

use super::messages::{Inbound, Refusal};
use super::registry::{Ended, Registry};
use crate::domain::conversation::{Event, Kind, Received};
use crate::domain::ids::ConversationKey;
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
                // Durable already: listing it, too, is for whoever looks for it.
                Ended::Durable => {
                    let why = "killed its conversation twice";
                    if let Err(error) = self.set_aside(key, &[inbound], why).await {
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
