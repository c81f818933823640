//! Watches the journal while a run is under way: when LINE accepted which answer.
//!
//! Only for latencies, progress and for knowing when to stop waiting; the judgement is the
//! ledger's, from the same journal.

use crate::drive::customer_of;
use crate::live::{Live, Question};
use crate::server_config::marker_number;
use hotline::simulator::ledger::marker_of;
use hotline::simulator::{Call, Platform, What};
use std::collections::HashMap;
use std::sync::Arc;

/// Entries taken at once, so that the journal's lock is never held for long.
const PAGE: usize = 2_000;

/// Follows the journal.
pub struct Watch {
    platform: Arc<Platform>,
    live: Arc<Live>,
    seen: u64,
    open: HashMap<Question, usize>,
    /// When LINE accepted the answer to each message, microseconds since the Unix epoch.
    answers: Vec<Option<u64>>,
    answered: u64,
}

impl Watch {
    /// Nothing seen yet of a run of so many messages.
    pub fn new(platform: Arc<Platform>, live: Arc<Live>, messages: usize) -> Watch {
        Watch {
            seen: platform.journal().last_seq(),
            platform,
            live,
            open: HashMap::new(),
            answers: vec![None; messages],
            answered: 0,
        }
    }

    /// Reads what is new.
    pub fn look(&mut self) {
        loop {
            let page = self.platform.journal().page(self.seen, PAGE);
            // Noted before they were sent: whatever this page answers is among them.
            self.open.extend(self.live.take_expected());
            for entry in &page {
                self.seen = entry.seq;
                if let What::Call(call) = &entry.what {
                    self.call(entry.at, call);
                }
            }
            if page.len() < PAGE {
                return;
            }
        }
    }

    /// One call may answer several messages of a customer.
    fn call(&mut self, at: u64, call: &Call) {
        for delivered in &call.deliveries {
            for message in call.messages() {
                let named = customer_of(&delivered.to).zip(marker_number(marker_of(&message)));
                let question = named.map(|(customer, marker)| Question { customer, marker });
                let answered = question.and_then(|question| self.open.remove(&question));
                if let Some(message) = answered {
                    // The journal counts whole milliseconds, cut off: the next one is the upper
                    // bound, and a latency is never shown too small.
                    self.answers[message] = Some((at + 1) * 1_000);
                    self.answered += 1;
                }
            }
        }
    }

    /// Messages answered so far.
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// When each message was answered, in plan order.
    pub fn into_answers(self) -> Vec<Option<u64>> {
        self.answers
    }
}
