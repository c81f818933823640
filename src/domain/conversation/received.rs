//! What a customer did: one function per kind of event.

use super::context::{From, Words};
use super::event::{Content, Kind, Received};
use super::fact::{Fact, Rejected, Why};
use super::now::Now;
use super::parcel::Parcel;
use super::seen::Verdict;
use super::state::{Conversation, PROFILE_LIFE, Phase, UNSENT_LIFE, UNSENT_MAX};
use super::transition::Gathered;
use crate::domain::ids::Fingerprint;
use crate::domain::playbook::{Answer, Playbook, Tap, Understanding};
use crate::domain::time::{Millis, Span};

/// An event that reached us so long ago (it lay in a spool) is recorded and not answered any more. As
/// long as LINE goes on delivering again ("Redelivered webhooks").
pub const TOO_OLD: Span = Span::mins(20);

/// The event being applied, with what every handler needs.
struct Case<'a> {
    event: &'a Received,
    playbook: &'a dyn Playbook,
    now: Millis,
    gathered: &'a mut Gathered,
    /// Neither standby nor late, and the customer can be reached.
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
        let answerable = !late && !old && !event.standby && self.phase == Phase::Automated;
        if let (Some(token), true) = (&event.token, answerable) {
            self.tokens.put(token, event.received);
        }
        let mut case = Case {
            event,
            playbook,
            now: now.time,
            gathered,
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
                case.gathered.facts.push(Fact::Quarantined {
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
        self.remember(case, From::Customer, message, &text);
        self.want_profile(case);
        let answer = lookup(case.playbook, content, understanding);
        self.answer(case, answer, Some(message));
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
        self.withdraw_answers(case, message);
        if !self.context.edit(message, &text) {
            self.remember(case, From::Customer, message, &text);
        }
        let answer = lookup(case.playbook, content, understanding);
        self.answer(case, answer, Some(message));
    }

    fn postback(&mut self, case: &mut Case<'_>, data: &str, raw: &str) {
        case.record("postback", None, Some(raw.into()));
        self.want_profile(case);
        if let Some(Tap::Answer(answer)) = case.playbook.tap(data) {
            self.answer(case, Some(answer), None);
        }
    }

    fn message_unsent(&mut self, case: &mut Case<'_>, message: Fingerprint) {
        case.gathered.facts.push(Fact::Unsent { message });
        case.gathered.erase.push(message);
        self.context.erase(message);
        self.withdraw_answers(case, message);
        // Remembered even when the message is known: LINE may deliver it again.
        self.unsent.retain(|(unsent, _)| *unsent != message);
        self.unsent.push((message, case.now));
        if self.unsent.len() > UNSENT_MAX {
            self.unsent.remove(0);
        }
    }

    fn followed(&mut self, case: &mut Case<'_>, returning: bool) {
        if !case.overtaken {
            self.phase = Phase::Automated;
        }
        case.record("follow", None, None);
        self.profile_asked = None;
        self.want_profile(case);
        let answer = case.playbook.greeting(returning);
        self.answer(case, answer, None);
    }

    fn unreachable(&mut self, case: &mut Case<'_>, kind: &str) {
        case.record(kind, None, None);
        if case.overtaken {
            return;
        }
        self.phase = Phase::Unreachable;
        self.tokens.tokens.clear();
        self.profile_wanted = false;
        self.outbox
            .withdraw(Why::Unreachable, case.now, &mut case.gathered.facts);
    }

    fn withdraw_answers(&mut self, case: &mut Case<'_>, message: Fingerprint) {
        let facts = &mut case.gathered.facts;
        self.outbox
            .withdraw_answers(Why::Unsend, &mut self.tokens, case.now, facts, |origin| {
                origin == message
            });
    }

    fn answer(
        &mut self,
        case: &mut Case<'_>,
        answer: Option<&Answer>,
        origin: Option<Fingerprint>,
    ) {
        // Without a token LINE did not ask for an answer (old Verify events, join without one).
        let (Some(answer), true, Some(_)) = (answer, case.answerable, &case.event.token) else {
            return;
        };
        self.last_effect = self.last_effect.wrapping_add(1).max(1);
        let effect = self.last_effect;
        case.gathered.facts.push(Fact::Answered {
            effect,
            rule: (&*answer.rule).into(),
            event: case.event.id,
        });
        let expires = case.now + case.playbook.policy().max_wait;
        let parcel = Parcel::pack(effect, &answer.bubbles, origin, case.now, expires);
        self.outbox.push(parcel, case.now, &mut case.gathered.facts);
        self.remember(case, From::Bot, Fingerprint(0), &answer.gist);
    }

    fn remember(&mut self, case: &Case<'_>, from: From, message: Fingerprint, text: &str) {
        let at = if from == From::Customer {
            case.event.at
        } else {
            case.now
        };
        let keep = case.playbook.policy().context_messages;
        self.context.push(
            Words {
                from,
                at,
                message,
                text,
            },
            keep,
        );
    }

    fn want_profile(&mut self, case: &Case<'_>) {
        let fresh = self
            .profile_asked
            .is_some_and(|asked| case.now.since(asked) < PROFILE_LIFE);
        if case.playbook.policy().fetch_profile && case.answerable && !fresh {
            self.profile_asked = Some(case.now);
            self.profile_wanted = true;
        }
    }
}

impl Case<'_> {
    fn record(&mut self, kind: &str, message: Option<Fingerprint>, words: Option<Box<str>>) {
        self.gathered.facts.push(Fact::Received {
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

fn lookup<'a>(
    playbook: &'a dyn Playbook,
    content: &Content,
    understanding: &Understanding,
) -> Option<&'a Answer> {
    match content {
        // Rule numbers of a playbook that was swapped meanwhile mean nothing.
        Content::Text(_) if understanding.digest == playbook.digest() => understanding
            .rule
            .and_then(|rule| playbook.rule(rule))
            .or_else(|| playbook.fallback()),
        Content::Text(_) | Content::Other { .. } => playbook.fallback(),
    }
}
