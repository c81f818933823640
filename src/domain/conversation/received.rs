//! What a customer did: one function per kind of event.

use super::context::{From, Words};
use super::event::{Content, Kind, Received};
use super::fact::{Fact, Rejected, Why};
use super::handing::Back;
use super::moment::{Cause, Moment};
use super::now::Now;
use super::seen::Verdict;
use super::state::{Conversation, PROFILE_LIFE, Phase, UNSENT_LIFE, UNSENT_MAX};
use super::transition::Gathered;
use crate::domain::ids::Fingerprint;
use crate::domain::playbook::{Answer, Playbook, Understanding};
use crate::domain::time::{Millis, Span};

/// An event that reached us so long ago (it lay in a spool) is recorded and not answered any more. As
/// long as LINE goes on delivering again ("Redelivered webhooks").
pub const TOO_OLD: Span = Span::mins(20);

/// The event being applied, with what every handler needs.
struct Case<'a> {
    event: &'a Received,
    moment: Moment<'a>,
    /// Neither standby nor late, and the customer can be reached: its token may be used.
    answerable: bool,
    /// Older than what was forgotten: it may have happened before what is known.
    late: bool,
    /// Something newer is known of the customer: this says nothing of whether he can be reached now. It lay
    /// in one node's spool, or was delivered again, while he wrote to another.
    overtaken: bool,
    /// It waited too long before it came to be decided on; in its order, though.
    old: bool,
}

impl Conversation {
    pub(super) fn received(
        &mut self,
        event: &Received,
        playbook: &dyn Playbook,
        now: &Now<'_>,
        gathered: &mut Gathered,
    ) {
        let newest = self.seen.newest();
        let verdict = self.seen.mark(event.id, event.at, now.time);
        if verdict == Verdict::Duplicate {
            gathered.rejected.push(Rejected::Duplicate);
            return;
        }
        gathered.accepted = true;
        gathered.changed = true;
        let late = verdict == Verdict::Late;
        let old = now.time.since(event.received) > TOO_OLD;
        let overtaken = late || event.at < newest;
        // Any sign of life from a customer ends a block; LINE may deliver the follow after it.
        if self.phase == Phase::Unreachable && event.token.is_some() && !overtaken {
            self.phase = Phase::Automated;
        }
        if self.opened == Millis(0) {
            self.opened = now.time;
        }
        self.touched = now.time;
        let answerable = !late && !old && !event.standby && self.phase != Phase::Unreachable;
        if let (Some(token), true) = (&event.token, answerable) {
            self.tokens.put(token, event.received);
        }
        let mut case = Case {
            event,
            moment: Moment {
                playbook,
                now,
                gathered,
            },
            answerable,
            late,
            overtaken,
            old,
        };
        self.unsent
            .retain(|(_, learned)| now.time.since(*learned) < UNSENT_LIFE);
        match &event.kind {
            Kind::Message {
                message,
                content,
                understanding,
            } => {
                self.message(&mut case, *message, content, understanding);
            }
            Kind::Edited {
                message,
                content,
                understanding,
            } => {
                self.edited(&mut case, *message, content, understanding);
            }
            Kind::Postback { data, raw } => self.postback(&mut case, data, raw),
            Kind::Unsent { message } => self.message_unsent(&mut case, *message),
            Kind::Followed { returning } => self.followed(&mut case, *returning),
            Kind::Unfollowed => self.unreachable(&mut case, "unfollow"),
            Kind::Left => self.unreachable(&mut case, "leave"),
            Kind::Joined => {
                case.record("join", None, None);
                self.answer(&mut case, playbook.group_greeting(), None);
            }
            Kind::Noted { event_type, raw } => case.record(event_type, None, Some(raw.clone())),
            Kind::Quarantined {
                event_type,
                raw,
                message,
            } => {
                self.quarantined = self.quarantined.saturating_add(1);
                let taken_back = self
                    .unsent
                    .iter()
                    .any(|(unsent, _)| Some(*unsent) == *message);
                case.moment.gathered.facts.push(Fact::Quarantined {
                    event: event.id,
                    kind: event_type.clone(),
                    raw: if taken_back {
                        Box::default()
                    } else {
                        raw.clone()
                    },
                    message: *message,
                });
            }
        }
    }

    fn message(
        &mut self,
        case: &mut Case<'_>,
        message: Fingerprint,
        content: &Content,
        understanding: &Understanding,
    ) {
        if self.unsent.iter().any(|(unsent, _)| *unsent == message) {
            // Taken back before it came: its words are never stored and never answered.
            case.record("message", Some(message), None);
            return;
        }
        let (text, words) = shown(content);
        case.record("message", Some(message), words);
        self.remember(case, message, &text);
        self.want_profile(case);
        self.respond(case, message, content, understanding);
    }

    fn edited(
        &mut self,
        case: &mut Case<'_>,
        message: Fingerprint,
        content: &Content,
        understanding: &Understanding,
    ) {
        if self.unsent.iter().any(|(unsent, _)| *unsent == message) {
            case.record("messageEdited", Some(message), None);
            return;
        }
        let (text, words) = shown(content);
        case.record("messageEdited", Some(message), words);
        // The answer to the old words is not wanted any more; one under way cannot be called back.
        self.take_back_answers(case, message);
        if !self.context.edit(message, &text) {
            self.remember(case, message, &text);
        }
        self.respond(case, message, content, understanding);
    }

    /// Lets whoever is in charge answer a message.
    fn respond(
        &mut self,
        case: &mut Case<'_>,
        message: Fingerprint,
        content: &Content,
        understanding: &Understanding,
    ) {
        if !case.wants_answer() {
            return;
        }
        let event = case.event.id;
        match content {
            Content::Text(text) => {
                self.route(&mut case.moment, text, understanding, event, message);
            }
            Content::Other { .. } => {
                self.deliver_kept(&mut case.moment);
                self.answer(case, case.moment.playbook.fallback(), Some(message));
            }
        }
    }

    fn postback(&mut self, case: &mut Case<'_>, data: &str, raw: &str) {
        case.record("postback", None, Some(raw.into()));
        self.want_profile(case);
        if case.wants_answer() {
            let event = case.event.id;
            self.tapped(&mut case.moment, data, event);
        }
    }

    fn message_unsent(&mut self, case: &mut Case<'_>, message: Fingerprint) {
        case.moment.gathered.facts.push(Fact::Unsent { message });
        case.moment.gathered.erase.push(message);
        self.take_back_answers(case, message);
        self.context.erase(message);
        self.unlearn(&case.moment, message);
        // Nobody knows what of it the draft quotes.
        if let Some(handoff) = &mut self.handoff {
            handoff.draft = None;
        }
        // Remembered even when the message is known: LINE may deliver it again.
        self.unsent.retain(|(unsent, _)| *unsent != message);
        self.unsent.push((message, case.now()));
        if self.unsent.len() > UNSENT_MAX {
            self.unsent.remove(0);
        }
    }

    /// What was asked with a message is asked without it, what answered it is not said any more.
    fn take_back_answers(&mut self, case: &mut Case<'_>, message: Fingerprint) {
        self.context.erase_answer(message);
        self.withdraw_answers(case, message);
        if self.burst.contains(&message)
            && let Some(origin) = self.burst.last().copied()
        {
            self.context.erase_answer(origin);
            self.withdraw_answers(case, origin);
        }
        self.unask(&mut case.moment, message);
    }

    fn followed(&mut self, case: &mut Case<'_>, returning: bool) {
        if !case.overtaken && self.phase == Phase::Unreachable {
            self.phase = Phase::Automated;
        }
        case.record("follow", None, None);
        self.profile_asked = None;
        self.want_profile(case);
        let answer = case.moment.playbook.greeting(returning);
        self.answer(case, answer, None);
    }

    fn unreachable(&mut self, case: &mut Case<'_>, kind: &str) {
        case.record(kind, None, None);
        if case.overtaken {
            return;
        }
        self.come_back(&mut case.moment, Back::Unreachable);
        self.leave_flow(&mut case.moment, "unreachable");
        self.question = None;
        self.phase = Phase::Unreachable;
        self.tokens.tokens.clear();
        self.profile_wanted = false;
        self.outbox.withdraw(
            Why::Unreachable,
            case.now(),
            &mut case.moment.gathered.facts,
        );
    }

    fn withdraw_answers(&mut self, case: &mut Case<'_>, message: Fingerprint) {
        let now = case.now();
        let facts = &mut case.moment.gathered.facts;
        self.outbox
            .withdraw_answers(Why::Unsend, &mut self.tokens, now, facts, |origin| {
                origin == message
            });
    }

    /// Says a canned answer, when the automation is in charge.
    fn answer(
        &mut self,
        case: &mut Case<'_>,
        answer: Option<&Answer>,
        message: Option<Fingerprint>,
    ) {
        let (Some(answer), true, Phase::Automated) = (answer, case.wants_answer(), self.phase)
        else {
            return;
        };
        let cause = Cause {
            event: case.event.id,
            message,
        };
        self.say(&mut case.moment, answer, cause);
    }

    fn remember(&mut self, case: &Case<'_>, message: Fingerprint, text: &str) {
        let keep = case.moment.playbook.policy().context_messages;
        self.context.push(
            Words {
                from: From::Customer,
                at: case.event.at,
                message,
                text,
            },
            keep,
        );
    }

    fn want_profile(&mut self, case: &Case<'_>) {
        let fresh = self
            .profile_asked
            .is_some_and(|asked| case.now().since(asked) < PROFILE_LIFE);
        if case.moment.playbook.policy().fetch_profile && case.answerable && !fresh {
            self.profile_asked = Some(case.now());
            self.profile_wanted = true;
        }
    }
}

impl Case<'_> {
    fn now(&self) -> Millis {
        self.moment.now.time
    }

    /// Whether an answer may go out: without a token LINE did not ask for one (old Verify events,
    /// join without one).
    fn wants_answer(&self) -> bool {
        self.answerable && self.event.token.is_some()
    }

    fn record(&mut self, kind: &str, message: Option<Fingerprint>, words: Option<Box<str>>) {
        self.moment.gathered.facts.push(Fact::Received {
            event: self.event.id,
            at: self.event.at,
            received: self.event.received,
            kind: kind.into(),
            message,
            words,
            late: self.late || self.old,
            standby: self.event.standby,
        });
    }
}

/// How a message stands in the context, and which words of it are the customer's.
fn shown(content: &Content) -> (Box<str>, Option<Box<str>>) {
    match content {
        Content::Text(text) => (text.clone(), Some(text.clone())),
        Content::Other { kind, raw } => (format!("[{kind}]").into_boxed_str(), Some(raw.clone())),
    }
}
