//! The state of a conversation.

use super::context::{Context, Words};
use super::flight::Flight;
use super::handing::Handoff;
use super::last::Last;
use super::outbox::Outbox;
use super::parcel::Wait;
use super::question::{Question, Stage};
use super::run::{Run, Status, Value};
use super::seen::Seen;
use super::tokens::TokenBank;
use crate::domain::ids::{Fingerprint, Incarnation};
use crate::domain::time::{Millis, Span};

/// How long an unsent message is remembered whose words never came.
pub(super) const UNSENT_LIFE: Span = Span::hours(24);
/// How many are remembered.
pub(super) const UNSENT_MAX: usize = 32;
/// How long a profile is good.
pub(super) const PROFILE_LIFE: Span = Span::hours(24 * 7);

/// Where a conversation is. Handlers match on it in full: a new phase breaks the build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// The automation answers.
    #[default]
    Automated,
    /// The customer blocked the account, or the group removed it: nothing is owed.
    Unreachable,
    /// In the waiting line for a person.
    Waiting,
    /// A ticket: nobody was there.
    Ticketed,
}

/// Whether the message an answer answers was unsent, or one of the burst it stands for.
pub(super) fn is_taken_back(
    unsent: &[(Fingerprint, Millis)],
    burst: &[Fingerprint],
    origin: Fingerprint,
) -> bool {
    let gone = |message: &Fingerprint| unsent.iter().any(|(known, _)| known == message);
    gone(&origin) || (burst.last() == Some(&origin) && burst.iter().any(gone))
}

/// Everything Hotline knows of one conversation. At most 64 KiB when stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversation {
    pub(super) phase: Phase,
    pub(super) context: Context,
    pub(super) tokens: TokenBank,
    pub(super) outbox: Outbox,
    pub(super) seen: Seen,
    /// Messages unsent before they came, with when we learned it.
    pub(super) unsent: Vec<(Fingerprint, Millis)>,
    /// The last effect id given out.
    pub(super) last_effect: u32,
    /// Display name, and when LINE was last asked for it.
    pub(super) name: Option<Box<str>>,
    pub(super) profile_asked: Option<Millis>,
    /// When it goes back to the automation if no person takes it.
    pub(super) give_back: Option<Millis>,
    /// Whether an answer about the profile is still wanted.
    pub(super) profile_wanted: bool,
    /// When the customer first and last did something (store time).
    pub(super) opened: Millis,
    pub(super) touched: Millis,
    /// Events set aside undecided.
    pub(super) quarantined: u32,
    /// Who waits for a person, and why; with the phases that say so, and only then.
    pub(super) handoff: Option<Box<Handoff>>,
    /// The flow under way, or just over.
    pub(super) run: Option<Box<Run>>,
    /// What flows learned and later ones may use.
    pub(super) memory: Vec<Value>,
    /// The open question to the assistant.
    pub(super) question: Option<Box<Question>>,
    /// The messages the assistant's latest answer answers; the last is the answer's origin.
    pub(super) burst: Vec<Fingerprint>,
    /// How the last text was understood.
    pub(super) last: Last,
    /// Digest of the playbook it was last decided under.
    pub(super) digest: u64,
    /// Fields of a newer build: kept, written back, not understood.
    pub(super) unknown: Box<[u8]>,
}

impl Conversation {
    /// Forgets all that is not owed: the value would not fit the store.
    pub(super) fn slim(&mut self) {
        self.context = Context::default();
        if let Some(handoff) = &mut self.handoff {
            handoff.draft = None;
        }
        if let Some(run) = &mut self.run {
            run.fields.clear();
        }
    }

    /// Where it is.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The last words of both sides, oldest first.
    pub fn words(&self) -> impl Iterator<Item = Words<'_>> {
        self.context.words()
    }

    /// The customer's display name, once LINE told it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Who waits for a person, and why.
    pub fn handoff(&self) -> Option<&Handoff> {
        self.handoff.as_deref()
    }

    /// How the last text was understood, and who took it.
    pub fn last(&self) -> &Last {
        &self.last
    }

    /// The values of slots: of the flow under way, then what earlier ones learned.
    pub fn slots(&self) -> impl Iterator<Item = (&str, &str)> {
        let run = self.run.as_deref().map_or(&[][..], |run| &run.slots);
        let earlier = self.memory.iter();
        let earlier = earlier.filter(|value| run.iter().all(|own| own.name != value.name));
        run.iter()
            .chain(earlier)
            .map(|slot| (&*slot.name, &*slot.value))
    }

    /// Whether the assistant is asked, will be, or has an answer that waits for the customer.
    pub fn is_asking(&self) -> bool {
        self.question.is_some()
    }

    /// Effects owed: queued or in flight.
    pub fn owed_effects(&self) -> usize {
        self.outbox.effects()
    }

    /// Calls to LINE under way.
    pub fn calls_under_way(&self) -> usize {
        self.outbox
            .flights
            .iter()
            .filter(|flight| flight.under_way())
            .count()
    }

    /// Whether being called when LINE takes others would bring something nearer: a call that was
    /// not confirmed, or an answer held back for the way out.
    pub fn wants_call(&self) -> bool {
        self.held_since().is_some() || self.outbox.flights.iter().any(Flight::may_hurry)
    }

    /// When the token came of an answer that has all it needs and is held back for the channel's way
    /// out; `None` when none is.
    pub fn held_since(&self) -> Option<Millis> {
        let waits = !self.outbox.queue.is_empty() && self.outbox.lane_is_free();
        waits.then(|| self.tokens.first_received()).flatten()
    }

    /// Whether another process than this one has a call under way, as far as is known.
    pub fn is_calling_elsewhere(&self, me: Incarnation) -> bool {
        let mut flights = self.outbox.flights.iter();
        let asks = self
            .question
            .as_deref()
            .is_some_and(|question| match question.stage {
                Stage::Asked { incarnation, .. } => incarnation != me,
                Stage::Gathering { .. } | Stage::Ready { .. } => false,
            });
        let calls = self.run.as_deref().is_some_and(|run| match &run.status {
            Status::Calling(errand) => errand.incarnation != me,
            _ => false,
        });
        asks || calls || flights.any(|flight| flight.under_way() && flight.incarnation != me)
    }

    /// Events that were set aside undecided.
    pub fn quarantined(&self) -> u32 {
        self.quarantined
    }

    /// The earliest moment at which something is owed; `None` when nothing is.
    pub fn due(&self) -> Option<Millis> {
        let waits = !self.outbox.queue.is_empty();
        let flights = self.outbox.flights.iter().map(|flight| flight.due(waits));
        let queue = self.outbox.queue.iter().map(|parcel| parcel.expires);
        // A budget question or a profile wish that a crash swallowed is asked again a little later.
        let asked = self
            .outbox
            .queue
            .iter()
            .filter(|parcel| parcel.wait == Wait::Budget);
        let asks = asked.map(|_| self.touched + Span::secs(30));
        let profile = self.profile_wanted.then_some(self.touched + Span::mins(1));
        let held = self
            .held_since()
            .and_then(|_| self.outbox.held_until(&self.tokens));
        let question = self.question.as_deref();
        let question = question.map(|question| question.due(self.tokens.last_received()));
        let own = flights.chain(queue).chain(asks).chain(profile);
        let talk = question.into_iter().chain(self.flow_due());
        own.chain(held).chain(talk).chain(self.give_back).min()
    }
}
