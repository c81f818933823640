//! What owes something, ordered by time. Lives in memory: rebuilt at open from the table and the
//! log. A claim moves an item only here: after a crash it is due at once, which is the point.

use crate::domain::time::Millis;
use std::collections::{BTreeSet, HashMap};

/// The due index: 16 bytes and two container slots per item.
#[derive(Default)]
pub struct DueIndex {
    by_time: BTreeSet<(u64, i64)>,
    by_id: HashMap<i64, u64>,
}

impl DueIndex {
    /// Settles the due time of an entity.
    pub fn set(&mut self, id: i64, at: Option<Millis>) {
        match at {
            Some(Millis(at)) => {
                if let Some(old) = self.by_id.insert(id, at) {
                    if old == at {
                        return;
                    }
                    self.by_time.remove(&(old, id));
                }
                self.by_time.insert((at, id));
            }
            None => {
                if let Some(old) = self.by_id.remove(&id) {
                    self.by_time.remove(&(old, id));
                }
            }
        }
    }

    /// Takes at most `limit` items due at `upto` or before, most recent first, and moves each to
    /// `until`.
    pub fn claim(&mut self, upto: Millis, until: Millis, limit: usize) -> Vec<(i64, Millis)> {
        let claimed: Vec<(i64, Millis)> = self
            .by_time
            .range(..=(upto.0, i64::MAX))
            .rev()
            .take(limit)
            .map(|&(at, id)| (id, Millis(at)))
            .collect();
        for (id, _) in &claimed {
            self.set(*id, Some(until));
        }
        claimed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claimed_item_comes_back_and_a_settled_one_does_not() {
        let mut due = DueIndex::default();
        due.set(1, Some(Millis(10)));
        due.set(2, Some(Millis(20)));
        let first = due.claim(Millis(20), Millis(25), 1);
        assert_eq!(first, vec![(2, Millis(20))]);
        assert_eq!(due.claim(Millis(20), Millis(26), 9), vec![(1, Millis(10))]);
        due.set(1, None);
        assert_eq!(due.claim(Millis(25), Millis(30), 9), vec![(2, Millis(25))]);
        assert_eq!(due.by_id.len(), 1);
    }
}
