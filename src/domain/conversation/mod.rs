//! The conversation: one customer's exchange with one account, as a pure state machine.
//!
//! Law of this room: [`apply`](Conversation::apply) takes the state, what happened, the playbook and
//! the time, and returns a [`Transition`]. A transition can be written down, but nothing can be
//! *done* with it: effects come only from [`Live::owed`], and a [`Live`] state is had only from the
//! store: by loading it, or by showing the [`Committed`](crate::domain::commit::Committed) proof of
//! the transition's own commit. There is no second list of effects, so recovery after a crash is
//! the path every message takes.
//!
//! | file | verb or noun |
//! |---|---|
//! | `event`, `fact` | what happened; what we learned |
//! | `apply` | folds events into a transition |
//! | `received` | what a customer did: one function per kind of event |
//! | `route`, `last` | what becomes of a text: the funnel, in one place; what is kept and told of it |
//! | `within`, `tapped` | a text while a flow is under way; a tap on a button |
//! | `run`, `dialogue`, `errand` | a flow under way; what words mean for it; its calls to other systems |
//! | `question`, `patience` | what the assistant is asked, and what comes of it; answers that take long |
//! | `handing` | the crossing to people, and the way back |
//! | `moment` | what every handler is given, and how something is said |
//! | `parcel`, `parts`, `flight`, `outbox` | answers of one call; what they were merged from; the call under way and what its outcome means; all that is owed |
//! | `tokens`, `seen`, `context` | the bank of reply tokens; ids already applied; the last words |
//! | `transition` | decided → committed → owed |
//! | `codec` | the stored form, readable by older and newer builds |
//! | `rehearsal` | what would become of a text, never committed |
//! | `invariants` | numbered laws, checked by property tests and debug builds |

mod apply;
mod codec;
mod context;
mod dialogue;
mod errand;
mod event;
mod fact;
mod flight;
mod handing;
mod invariants;
mod last;
mod moment;
mod now;
mod outbox;
mod parcel;
mod parts;
mod patience;
mod question;
mod received;
mod rehearsal;
mod route;
mod run;
mod seen;
mod state;
mod tapped;
mod tokens;
mod transition;
mod wire;
mod within;

pub use codec::DecodeError;
pub use context::{From, Words};
pub use errand::CALL_PATIENCE;
pub use event::{Content, Event, Kind, Received, SendEnd};
pub use fact::{Ending, Fact, Outcome, Rejected, Why};
pub use flight::{CALL_GRACE, DOUBT_AGE, LANE_HOLD, PUSH_CALL, PUSH_LIFE, REPLY_CALL};
pub use handing::{Back, Handoff};
pub use invariants::check;
pub use last::{Handler, Last};
pub use now::Now;
pub use outbox::{HELD, MAX_BUBBLES_PER_CALL, MAX_EFFECTS, MAX_OUTBOX_BYTES};
pub use rehearsal::{Rehearsal, rehearse};
pub use seen::{SEEN_LIFE, SEEN_MAX};
pub use state::{Conversation, Phase};
pub use tokens::{TOKEN_LIFE, TOKEN_USABLE};
pub use transition::{Ask, Call, Draft, Live, Owed, Send, Transition};

#[cfg(test)]
mod tests;
