//! The judgement: counts, and the first offenders for people.

use super::order::{self, Answered};
use super::{Customer, Ledger};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// Offenders listed, at most.
const LISTED: usize = 20;

/// What went wrong with one question or call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offence {
    /// `lost`, `doubled`, `out of order`, `unconfirmed` or `violation`.
    pub kind: &'static str,
    /// The customer; empty when there is none.
    pub customer: String,
    /// The `webhookEventId`; empty when there is none.
    pub event: String,
    /// Markers and numbers of journal entries.
    pub detail: String,
}

/// Counts of questions, unless said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Asked.
    pub asked: u64,
    /// Answered 2xx at the webhook at least once.
    pub accepted: u64,
    /// LINE accepted an answer, whether or not the question was acknowledged.
    pub answered: u64,
    /// Acknowledged, never answered, and no call could have left the router in doubt about it.
    pub lost: u64,
    /// Answers that LINE accepted beyond what was asked for.
    pub doubled: u64,
    /// Answered after a question that was accepted later.
    pub out_of_order: u64,
    /// Acknowledged and not answered, but a call that carried the answer ended without a word.
    pub unconfirmed: u64,
    /// Recipients LINE counted against the quota.
    pub billed: u64,
    /// Sends LINE accepted while an injected fault told the caller otherwise.
    pub injected_doubts: u64,
    /// Calls that broke a rule of LINE's.
    pub violations: u64,
    /// Neither acknowledged nor answered: not taken by the router, so not lost by it.
    pub unanswered_not_accepted: u64,
    /// The first offenders.
    pub offences: Vec<Offence>,
}

impl Verdict {
    /// Nothing lost, doubled, out of order, unconfirmed or against LINE's rules.
    pub fn clean(&self) -> bool {
        self.lost + self.doubled + self.out_of_order + self.unconfirmed + self.violations == 0
    }

    /// Acknowledged and not answered so far: zero means nothing is owed any more.
    pub fn open(&self) -> u64 {
        self.lost + self.unconfirmed
    }

    fn offend(&mut self, kind: &'static str, customer: &str, event: &str, detail: String) {
        if self.offences.len() < LISTED {
            self.offences.push(Offence {
                kind,
                customer: customer.to_owned(),
                event: event.to_owned(),
                detail,
            });
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "asked={} accepted={} answered={} lost={} doubled={} out_of_order={} unconfirmed={} \
             billed={} injected_doubts={} violations={} unanswered_not_accepted={}",
            self.asked,
            self.accepted,
            self.answered,
            self.lost,
            self.doubled,
            self.out_of_order,
            self.unconfirmed,
            self.billed,
            self.injected_doubts,
            self.violations,
            self.unanswered_not_accepted
        )?;
        for offence in &self.offences {
            write!(
                f,
                "\n  {}: customer {:?} event {:?}: {}",
                offence.kind, offence.customer, offence.event, offence.detail
            )?;
        }
        Ok(())
    }
}

/// What one customer asked and got under one marker.
#[derive(Default)]
struct Group {
    asked: Vec<usize>,
    answers: Vec<u64>,
}

impl Ledger {
    /// Judges everything seen so far.
    pub fn verdict(&self) -> Verdict {
        let mut verdict = Verdict {
            asked: self.asked.len() as u64,
            accepted: self.count(|asked| asked.acknowledged.is_some()),
            billed: self.billed,
            injected_doubts: self.injected_doubts,
            violations: self.violations.len() as u64,
            offences: self.violations.iter().take(LISTED).cloned().collect(),
            ..Verdict::default()
        };
        let doubts = self.doubts();
        let mut ids: Vec<&String> = self.customers.keys().collect();
        ids.sort();
        for id in ids {
            self.judge(id, &self.customers[id], &doubts, &mut verdict);
        }
        verdict
    }

    fn count(&self, what: impl Fn(&super::Asked) -> bool) -> u64 {
        self.asked.iter().filter(|asked| what(asked)).count() as u64
    }

    /// Customer and marker of every send that ended without a word.
    fn doubts(&self) -> HashSet<(&str, &str)> {
        let mut doubts = HashSet::new();
        for unclear in &self.unclear {
            let owner = unclear
                .reply_token
                .and_then(|token| self.by_token.get(&token));
            let customer = match (owner, &unclear.to) {
                (Some(&index), _) => self.asked[index].customer.as_str(),
                (None, Some(to)) => to.as_str(),
                (None, None) => continue,
            };
            doubts.extend(
                unclear
                    .markers
                    .iter()
                    .map(|marker| (customer, marker.as_str())),
            );
        }
        doubts
    }

    fn judge(
        &self,
        id: &str,
        customer: &Customer,
        doubts: &HashSet<(&str, &str)>,
        verdict: &mut Verdict,
    ) {
        let mut groups: HashMap<&str, Group> = HashMap::new();
        for &index in &customer.asked {
            let group = groups.entry(&self.asked[index].marker).or_default();
            group.asked.push(index);
        }
        for answer in &customer.answers {
            let group = groups.entry(&answer.marker).or_default();
            group.answers.push(answer.seq);
        }
        for (marker, group) in &groups {
            self.count_group(id, marker, group, doubts, verdict);
        }
        let once: Vec<Answered<'_>> = customer
            .answers
            .iter()
            .filter_map(|answer| groups.get(&*answer.marker))
            .filter(|group| group.asked.len() == 1 && group.answers.len() == 1)
            .map(|group| Answered {
                index: group.asked[0],
                asked: &self.asked[group.asked[0]],
            })
            .collect();
        for index in order::too_late(&once) {
            verdict.out_of_order += 1;
            let asked = &self.asked[index];
            let detail = format!("{:?} came after a later question's answer", asked.marker);
            verdict.offend("out of order", id, &asked.event, detail);
        }
    }

    fn count_group(
        &self,
        id: &str,
        marker: &str,
        group: &Group,
        doubts: &HashSet<(&str, &str)>,
        verdict: &mut Verdict,
    ) {
        let Group { asked, answers } = group;
        let answered = asked.len().min(answers.len());
        verdict.answered += answered as u64;
        if answers.len() > asked.len() {
            verdict.doubled += (answers.len() - asked.len()) as u64;
            let event = asked.first().map_or("", |index| &self.asked[*index].event);
            let detail = format!(
                "{marker:?} asked {} times, answered in entries {answers:?}",
                asked.len()
            );
            verdict.offend("doubled", id, event, detail);
        }
        let (taken, not_taken): (Vec<usize>, Vec<usize>) = asked
            .iter()
            .partition(|index| self.asked[**index].acknowledged.is_some());
        // Answers go to acknowledged questions first: what is left over is the router's gain.
        let owed = taken.len().saturating_sub(answered);
        let spare = answered.saturating_sub(taken.len());
        verdict.unanswered_not_accepted += (not_taken.len() - spare) as u64;
        if owed == 0 {
            return;
        }
        let (kind, count) = if doubts.contains(&(id, marker)) {
            ("unconfirmed", &mut verdict.unconfirmed)
        } else {
            ("lost", &mut verdict.lost)
        };
        *count += owed as u64;
        for &index in taken.iter().rev().take(owed) {
            let requests = self.asked[index].attempts.iter().map(|attempt| attempt.seq);
            let requests: Vec<u64> = requests.collect();
            let detail = format!("{marker:?}, webhooks {requests:?}");
            verdict.offend(kind, id, &self.asked[index].event, detail);
        }
    }
}
