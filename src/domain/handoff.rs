//! The crossing from the automation to people: why, and how urgent.

use serde::Serialize;

/// Why a person is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The customer is dissatisfied.
    Complaint,
    /// The question is beyond the automation: a flow that did not get on, a refund in dispute.
    ComplexQuery,
    /// The assistant failed, or was not sure enough.
    AiFailed,
    /// The customer asked for a person.
    UserRequest,
}

impl Reason {
    /// All of them, most urgent first.
    pub const ALL: [Reason; 4] = [
        Reason::Complaint,
        Reason::ComplexQuery,
        Reason::AiFailed,
        Reason::UserRequest,
    ];

    /// The priority in the waiting line: 1 is served first.
    pub fn priority(self) -> u8 {
        match self {
            Reason::Complaint => 1,
            Reason::ComplexQuery => 2,
            Reason::AiFailed => 3,
            Reason::UserRequest => 4,
        }
    }

    /// Its name in configs, facts and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Complaint => "complaint",
            Reason::ComplexQuery => "complex_query",
            Reason::AiFailed => "ai_failed",
            Reason::UserRequest => "user_request",
        }
    }
}
