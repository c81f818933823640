//! What would become of a text in a fresh conversation, for `hotline explain`: decided by the same code as
//! every text, and never committed.

use super::event::{Content, Event, Kind, Received};
use super::handing::Handoff;
use super::last::Last;
use super::now::Now;
use super::state::Conversation;
use crate::domain::commit::Revision;
use crate::domain::ids::{AttemptId, Fingerprint, Incarnation};
use crate::domain::playbook::{Playbook, Understanding};
use crate::domain::time::Millis;

/// What would be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsal {
    /// Who would take it.
    pub last: Last,
    /// The message objects that would be sent, as one JSON list.
    pub says: Option<String>,
    /// Why a person would be wanted.
    pub handoff: Option<Handoff>,
}

/// Decides about a text said at this moment to an account that knows nothing of the customer.
pub fn rehearse(
    text: &str,
    understanding: Understanding,
    playbook: &dyn Playbook,
    at: Millis,
) -> Rehearsal {
    let event = Event::Received(Received {
        id: Fingerprint(1),
        at,
        received: at,
        standby: false,
        redelivered: false,
        token: Some("rehearsal".into()),
        kind: Kind::Message {
            message: Fingerprint(1),
            content: Content::Text(text.into()),
            understanding,
        },
    });
    let now = Now {
        time: at,
        wall: at,
        incarnation: Incarnation(1),
        attempt: AttemptId(1),
        is_gone: &|_| false,
        is_in_hand: &|_| true,
        way_is_free: true,
    };
    let decided = Conversation::default().apply(&[event], playbook, &now, Revision([0; 16]));
    let next = &decided.next;
    let says = next.outbox.flights.first().map(|flight| {
        let mut messages = String::new();
        flight.parcel.write_messages(&mut messages);
        messages
    });
    Rehearsal {
        last: next.last.clone(),
        says,
        handoff: next.handoff.as_deref().cloned(),
    }
}
