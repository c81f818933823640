//! Which records go into the next archived object.
//!
//! A *lot* is records of one UTC day, whole batches, of as many partitions as it takes. One that is
//! full goes at once; what is left of a day goes when the whole day is old enough. So an object
//! never mixes days, and a store of many partitions with little in them makes one object a day.

use super::looks::Looks;
use super::shelf::Shelf;
use crate::domain::time::{Millis, Span};
use crate::ports::store::{Cursor, Error, FeedRecord, Store};

/// Records of one lot, rounded up to a whole batch.
const RECORDS: usize = 20_000;
/// Their payloads' bytes, likewise.
const BYTES: usize = 16 << 20;
/// Records asked for at once.
const PAGE: usize = 1_000;

/// What becomes one object.
#[derive(Default)]
pub(super) struct Lot {
    pub(super) records: Vec<FeedRecord>,
    bytes: usize,
}

impl Lot {
    fn is_full(&self) -> bool {
        self.records.len() >= RECORDS || self.bytes >= BYTES
    }

    fn take(&mut self, record: FeedRecord) {
        self.bytes += record.payload.as_ref().map_or(0, |payload| payload.len());
        self.records.push(record);
    }

    /// The last cursor of each partition in it.
    pub(super) fn upto(&self) -> Vec<Cursor> {
        let partitions = self
            .records
            .chunk_by(|one, next| one.cursor.partition == next.cursor.partition);
        partitions
            .filter_map(|records| records.last())
            .map(|last| last.cursor)
            .collect()
    }
}

/// One UTC day of the feed, the oldest that has something to archive, being walked through.
pub(super) struct Day {
    pub(super) date: String,
    number: u64,
    /// All of it is old enough.
    is_over: bool,
    horizon: Millis,
    /// The partitions left, the next one last.
    left: Vec<u16>,
}

impl Day {
    /// The oldest day not archived yet; `None`: nothing is older than the horizon. Trims what an
    /// earlier round archived and did not trim.
    pub(super) async fn oldest(
        store: &dyn Store,
        shelf: &Shelf,
        horizon: Millis,
    ) -> Result<Option<Day>, Error> {
        let mut firsts = Vec::new();
        for partition in (0..store.feeds()).rev() {
            let mut first = store.feed(Cursor::before(partition), 1).await?;
            let archived = shelf.archived(partition);
            if first.first().is_some_and(|first| first.cursor <= archived) {
                store.trim_feed(archived).await?;
                first = store.feed(archived, 1).await?;
            }
            let old = first.first().filter(|first| first.at <= horizon);
            firsts.extend(old.map(|first| (partition, first.at)));
        }
        let Some(first) = firsts.iter().map(|(_, at)| *at).min() else {
            return Ok(None);
        };
        firsts.retain(|(_, at)| number(*at) == number(first));
        Ok(Some(Day {
            date: first.utc_date(),
            number: number(first),
            is_over: number(first) < number(horizon),
            horizon,
            left: firsts.iter().map(|(partition, _)| *partition).collect(),
        }))
    }

    /// The next lot of the day. `None`: no more of it can be archived now.
    pub(super) async fn lot(
        &mut self,
        store: &dyn Store,
        shelf: &Shelf,
        looks: &Looks,
    ) -> Result<Option<Lot>, Error> {
        let mut lot = Lot::default();
        while let Some(partition) = self.left.last().copied() {
            let looked = looks.reached(partition);
            if self
                .fill(&mut lot, store, shelf.archived(partition), looked)
                .await?
            {
                return Ok(Some(lot));
            }
            self.left.pop();
        }
        Ok(Some(lot).filter(|lot| self.is_over && !lot.records.is_empty()))
    }

    /// Takes what the day has of a partition; whether the lot is full now.
    async fn fill(
        &self,
        lot: &mut Lot,
        store: &dyn Store,
        mut after: Cursor,
        looked: Cursor,
    ) -> Result<bool, Error> {
        let mut batch = None;
        loop {
            let page = store.feed(after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(lot.is_full());
            };
            after = last.cursor;
            for record in page {
                if batch != Some(record.cursor.batch) {
                    // What was not looked through for unsends stays.
                    let is_later = record.at > self.horizon
                        || record.cursor.batch > looked.batch
                        || number(record.at) > self.number;
                    if lot.is_full() || is_later {
                        return Ok(lot.is_full());
                    }
                    batch = Some(record.cursor.batch);
                }
                lot.take(record);
            }
        }
    }
}

/// Days since the epoch, UTC.
fn number(at: Millis) -> u64 {
    at.0 / Span::hours(24).0
}
