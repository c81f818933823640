//! A committed call to LINE, and what its outcome means.
//!
//! The whole table of outcomes is here (`docs/promises.md` tells it in prose). Two rules carry it:
//! a reply token is its own idempotency key (LINE refuses the second use), and a push bears a retry
//! key for 24 hours; what neither can settle is *unconfirmed*: visible, never sent again.

use super::event::SendEnd;
use super::fact::{Ending, Fact, Why};
use super::now::Now;
use super::parcel::Parcel;
use super::tokens::{TOKEN_USABLE, Token};
use crate::domain::ids::{AttemptId, Incarnation};
use crate::domain::time::{Millis, Span};

/// Younger than this, a refused retry of a doubtful reply means the first try had landed: the token
/// cannot have expired yet. Older, nobody knows (LINE says one minute; half of it is our margin).
pub const DOUBT_AGE: Span = Span::secs(30);
/// How long a head may hold the lane before followers pass it.
pub const LANE_HOLD: Span = Span::secs(15);
/// How long one reply call may take.
pub const REPLY_CALL: Span = Span::secs(8);
/// How long one push call may take.
pub const PUSH_CALL: Span = Span::secs(10);
/// A call of ours without any outcome this long after its end is treated as unclear.
pub const CALL_GRACE: Span = Span::secs(2);
/// How long LINE honours a retry key (docs, "Retrying an API request").
pub const PUSH_LIFE: Span = Span::hours(24);

/// First pause before another try; doubles up to [`BACKOFF_MAX`].
const BACKOFF: Span = Span(250);
const BACKOFF_MAX: Span = Span::secs(5);
const BACKOFF_MAX_PUSH: Span = Span::mins(1);

/// By which way a flight goes. Frozen at launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Reply(Token),
    Push,
}

/// One frozen call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flight {
    pub(super) parcel: Parcel,
    pub(super) way: Way,
    /// The latest attempt.
    pub(super) attempt: AttemptId,
    /// Whose process makes the call.
    pub(super) incarnation: Incarnation,
    /// When it was first put in flight.
    pub(super) started: Millis,
    /// `None`: a call is under way. `Some`: none is, the next may begin then.
    pub(super) next_try: Option<Millis>,
    /// When the call under way was committed.
    pub(super) called: Millis,
    /// Attempts committed; one may be held back before it leaves.
    pub(super) tries: u8,
    /// Some earlier call may have been accepted.
    pub(super) doubtful: bool,
    /// It held the lane too long.
    pub(super) aside: bool,
    pub(super) unknown: Box<[u8]>,
}

/// What to do with a flight now.
pub(super) enum Next {
    Keep,
    End(Ending, Why),
    TakeBack,
}

impl Flight {
    pub(super) fn launch(parcel: Parcel, way: Way, now: &Now<'_>) -> Flight {
        Flight {
            attempt: now.attempt_for(parcel.effects[0]),
            parcel,
            way,
            incarnation: now.incarnation,
            started: now.time,
            next_try: None,
            called: now.time,
            tries: 1,
            doubtful: false,
            aside: false,
            unknown: Box::default(),
        }
    }

    pub(super) fn is_push(&self) -> bool {
        self.way == Way::Push
    }

    pub(super) fn under_way(&self) -> bool {
        self.next_try.is_none()
    }

    /// When the call under way must be over.
    pub(super) fn call_end(&self) -> Millis {
        self.called
            + if self.is_push() {
                PUSH_CALL
            } else {
                REPLY_CALL
            }
    }

    /// After this no further call may begin.
    pub(super) fn last_call(&self) -> Millis {
        match &self.way {
            Way::Reply(token) if self.doubtful => token.received + DOUBT_AGE,
            Way::Reply(token) => token.received + TOKEN_USABLE,
            Way::Push if self.doubtful => self.started + PUSH_LIFE,
            Way::Push => self.parcel.expires.max(self.started + Span::mins(10)),
        }
    }

    /// When the flight wants to be looked at again.
    pub(super) fn due(&self, somebody_waits: bool) -> Millis {
        let own = match self.next_try {
            Some(at) => at.min(self.last_call()),
            None => self.call_end() + CALL_GRACE,
        };
        if somebody_waits && !self.aside {
            own.min(self.started + LANE_HOLD)
        } else {
            own
        }
    }

    /// The pause after the latest try.
    fn pause(&self) -> Span {
        let longest = if self.is_push() {
            BACKOFF_MAX_PUSH
        } else {
            BACKOFF_MAX
        };
        Span((BACKOFF.0 << self.tries.min(12)).min(longest.0))
    }

    /// When the next try may begin if LINE takes others. Counted from the latest call, so that being
    /// told again changes nothing: LINE may take all others and never this one.
    fn hurried(&self) -> Millis {
        self.called + Span((self.pause().0 / 4).max(BACKOFF.0))
    }

    /// Whether [`Flight::hurry`] would shorten its pause.
    pub(super) fn may_hurry(&self) -> bool {
        self.next_try.is_some_and(|at| at > self.hurried())
    }

    /// LINE takes others: the pause is shortened, once per unsuccessful try.
    pub(super) fn hurry(&mut self) {
        let earliest = self.hurried();
        self.next_try = self.next_try.map(|at| at.min(earliest));
    }

    fn again(&mut self, now: Millis) -> Next {
        let pause = self.pause();
        if now + pause < self.last_call() {
            self.next_try = Some(now + pause);
            Next::Keep
        } else {
            self.give_up()
        }
    }

    fn give_up(&self) -> Next {
        match (&self.way, self.doubtful) {
            (_, true) => Next::End(Ending::Unconfirmed, Why::NoClearAnswer),
            (Way::Reply(_), false) => Next::TakeBack,
            (Way::Push, false) => Next::End(Ending::Expired, Why::Age),
        }
    }

    /// What an outcome means for the call under way.
    pub(super) fn ended(&mut self, end: SendEnd, now: Millis) -> Next {
        match (end, &self.way) {
            (SendEnd::Accepted, _) => Next::End(Ending::Accepted, Why::Sent),
            (SendEnd::NotAccepted, _) => self.again(now),
            (SendEnd::Unclear, _) => {
                self.doubtful = true;
                self.again(now)
            }
            (SendEnd::InvalidReplyToken, Way::Reply(token)) => {
                match (self.doubtful, now.since(token.received) < DOUBT_AGE) {
                    (true, true) => Next::End(Ending::Presumed, Why::TokenUsed),
                    (true, false) => Next::End(Ending::Unconfirmed, Why::NoClearAnswer),
                    (false, _) => Next::TakeBack,
                }
            }
            // The monthly limit ends pushes; an automatic answer may still find a free token.
            (SendEnd::QuotaExhausted, Way::Push) if !self.doubtful => Next::TakeBack,
            (SendEnd::QuotaExhausted, _) if !self.doubtful => Next::End(Ending::Failed, Why::Quota),
            (SendEnd::QuotaExhausted | SendEnd::Refused | SendEnd::InvalidReplyToken, _) => {
                if self.doubtful {
                    Next::End(Ending::Unconfirmed, Why::NoClearAnswer)
                } else {
                    Next::End(Ending::Failed, Why::Refused)
                }
            }
        }
    }

    /// What the passing of time means: takes over, tries again, gives up.
    pub(super) fn look(&mut self, now: &Now<'_>, facts: &mut Vec<Fact>) -> Next {
        if self.under_way() {
            if now.is_lost(self.attempt, self.incarnation) {
                facts.push(Fact::TakenOver {
                    attempt: self.attempt,
                });
                self.doubtful = true;
                if now.time < self.last_call() {
                    self.next_try = Some(now.time);
                } else {
                    return self.give_up();
                }
            } else if self.call_end() + CALL_GRACE <= now.time {
                return self.ended(SendEnd::Unclear, now.time);
            }
        }
        match self.next_try {
            Some(_) if self.last_call() <= now.time => self.give_up(),
            Some(at) if at <= now.time => {
                self.next_try = None;
                self.called = now.time;
                self.tries = self.tries.saturating_add(1);
                self.attempt = now.attempt_for(self.parcel.effects[0]);
                self.incarnation = now.incarnation;
                Next::Keep
            }
            _ => Next::Keep,
        }
    }
}
