//! Who took a text, and how it was understood: for agents, reports and `hotline show`.

use super::state::Phase;
use serde::Serialize;

/// Who took a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Handler {
    /// Nobody: it was recorded.
    #[default]
    Nobody,
    /// A keyword rule, an intent's reply, small talk or an article.
    Auto,
    /// A flow.
    Flow,
    /// The assistant.
    Ai,
    /// A person: it is in the waiting line or with an agent.
    Human,
    /// A ticket.
    Ticket,
    /// Nothing fitted: the fallback.
    Fallback,
}

impl Handler {
    /// All of them, in the order of their numbers in the stored form.
    pub const ALL: [Handler; 7] = [
        Handler::Nobody,
        Handler::Auto,
        Handler::Flow,
        Handler::Ai,
        Handler::Human,
        Handler::Ticket,
        Handler::Fallback,
    ];

    /// Its name in facts and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Handler::Nobody => "nobody",
            Handler::Auto => "auto",
            Handler::Flow => "flow",
            Handler::Ai => "ai",
            Handler::Human => "human",
            Handler::Ticket => "ticket",
            Handler::Fallback => "fallback",
        }
    }

    /// Who has a conversation that waits for people.
    pub(super) fn of_people(phase: Phase) -> Handler {
        match phase {
            Phase::Waiting => Handler::Human,
            Phase::Ticketed => Handler::Ticket,
            Phase::Automated | Phase::Unreachable => Handler::Nobody,
        }
    }
}

/// How the last text was understood and who took it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Last {
    /// Who took it.
    pub handler: Handler,
    /// The intent's id; `None`: unknown.
    pub intent: Option<Box<str>>,
    /// How sure, in percent.
    pub confidence: u8,
    /// Whether the customer asked for a person.
    pub wants_human: bool,
    /// The keyword rule that fitted.
    pub rule: Option<Box<str>>,
    /// The flow that had to do with it, and its state after it: `need_order_number`, `complete`,
    /// `suspended`, `cancelled`, `calling`; `None` when it was left.
    pub flow: Option<(Box<str>, Option<Box<str>>)>,
}
