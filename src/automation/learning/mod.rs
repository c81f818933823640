//! Learning: what the automation did not understand, and what could be added so that it does.
//!
//! Law: nothing learns by itself. Here is counting and proposing, pure functions of records and of the
//! automation in force; a person reads a proposal with its evidence and pastes it, or does not. There is
//! no second store of customers' words: they are read from the change feed when somebody asks, so words
//! that were unsent are in no count and no sample.
//!
//! | file | what |
//! |---|---|
//! | `missed` | the feed's facts to counts by folded form |
//! | `groups` | forms that mean about the same |
//! | `wording` | words that stand where a known one would |
//! | `proposals` | groups to proposals |
//! | `answers` | what agents answered, to aliases |

mod answers;
mod groups;
mod missed;
mod proposals;
mod wording;

pub use answers::{Pair, learned};
pub use missed::{Missed, Tally, UNSURE, Unmatched};
pub use proposals::{Kind, Proposal, Sample, proposals};
