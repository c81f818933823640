//! The daily token budget of a channel: one bad evening must never become an invoice.
//!
//! Law: a question reserves what it may cost at most before it is asked, and pays what it did cost after. What is
//! spent is durable and shared by all nodes: one counter entity per channel, with its day in it. Between two
//! nodes the budget may be exceeded by what the other has under way. In doubt the answer is no. Days only go
//! forward: what comes late from yesterday changes nothing of today.

use crate::domain::ids::ChannelId;
use crate::domain::time::Span;
use crate::domain::verdict::Failing;
use crate::ports::store::{Commit, EntityKey, EntityKind, Error, Outcome, Revision, Store};
use crate::telemetry::meter;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Days begin at midnight in Taiwan.
const OFFSET: Span = Span::hours(8);
const DAY: u64 = 86_400_000;
/// How long the store may take to tell what is spent.
const PATIENCE: Duration = Duration::from_secs(1);

/// The budgets of all channels.
pub(super) struct Budget {
    store: Arc<dyn Store>,
    /// Tokens per channel and day; 0: no limit.
    daily: u64,
    books: Mutex<HashMap<ChannelId, Book>>,
}

/// What this node knows of a channel's day.
#[derive(Clone, Copy, Default)]
struct Book {
    day: u64,
    /// As the store said last.
    spent: u64,
    /// Spent here, not yet in the store.
    unsaved: u64,
    /// Promised to questions under way.
    reserved: u64,
    is_saving: bool,
    is_warned: bool,
}

impl Book {
    /// Turns to a later day; of the same or an earlier one nothing changes. A save under way goes on.
    fn open(&mut self, day: u64, spent: u64) {
        if self.day < day {
            *self = Book {
                day,
                spent,
                is_saving: self.is_saving,
                ..Book::default()
            };
        }
    }

    /// What was taken out of this book for saving is saved; `total` as the store has it now, `None`: the store
    /// has a later day, so that it is kept here only.
    fn saved(&mut self, taken: &Book, total: Option<u64>) {
        if self.day == taken.day {
            self.spent = total.unwrap_or(self.spent.saturating_add(taken.unsaved));
            self.unsaved = self.unsaved.saturating_sub(taken.unsaved);
        }
    }

    fn promised(&self) -> u64 {
        self.used().saturating_add(self.reserved)
    }

    fn used(&self) -> u64 {
        self.spent.saturating_add(self.unsaved)
    }
}

impl Budget {
    pub fn new(store: Arc<dyn Store>, daily: u64) -> Arc<Budget> {
        Arc::new(Budget {
            store,
            daily,
            books: Mutex::default(),
        })
    }

    /// Reserves what a question may cost.
    ///
    /// # Errors
    /// [`Failing::Budget`]: the day's tokens are spent, or nobody knows.
    pub async fn reserve(
        self: &Arc<Self>,
        channel: &ChannelId,
        tokens: u64,
    ) -> Result<Reserved, Failing> {
        let mut day = self.day();
        if self.daily > 0 {
            let known = self
                .books()
                .get(channel)
                .is_some_and(|book| book.day >= day);
            if !known {
                self.open(channel, day).await?;
            }
            let mut books = self.books();
            let book = books.entry(channel.clone()).or_default();
            day = book.day; // midnight may have passed meanwhile
            if book.promised().saturating_add(tokens) > self.daily {
                if !book.is_warned {
                    book.is_warned = true;
                    tracing::warn!(%channel, spent = book.used(), daily = self.daily,
                        "the channel's tokens of today are spent, a person answers");
                }
                return Err(Failing::Budget);
            }
            book.reserved = book.reserved.saturating_add(tokens);
        }
        Ok(Reserved {
            budget: self.clone(),
            channel: channel.clone(),
            day,
            tokens,
            spent: 0,
            doubt: 0,
        })
    }

    async fn open(&self, channel: &ChannelId, day: u64) -> Result<(), Failing> {
        let loading = self.store.load(&entity(channel));
        let spent = match tokio::time::timeout(PATIENCE, loading).await {
            Ok(Ok(stored)) => {
                let value = stored.and_then(|stored| stored.value);
                spent_on(day, value.as_deref())
            }
            Ok(Err(error)) => {
                tracing::warn!(%channel, %error, "the token budget cannot be read");
                return Err(Failing::Budget);
            }
            Err(_) => return Err(Failing::Budget),
        };
        let mut books = self.books();
        books.entry(channel.clone()).or_default().open(day, spent);
        Ok(())
    }

    fn pay(self: &Arc<Self>, channel: &ChannelId, day: u64, reserved: u64, spent: u64) {
        if self.daily == 0 {
            return;
        }
        let mut books = self.books();
        let Some(book) = books.get_mut(channel).filter(|book| book.day == day) else {
            return; // a day that is over
        };
        book.reserved = book.reserved.saturating_sub(reserved);
        book.unsaved = book.unsaved.saturating_add(spent);
        meter::assistant_budget(channel, self.daily.saturating_sub(book.used()));
        if book.unsaved == 0 || book.is_saving {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return; // saved with the next payment
        };
        book.is_saving = true;
        let (budget, channel) = (self.clone(), channel.clone());
        runtime.spawn(async move { budget.save(&channel).await });
    }

    /// Saves until nothing is unsaved, or the store fails: then the next payment tries again.
    async fn save(&self, channel: &ChannelId) {
        loop {
            let taken = {
                let mut books = self.books();
                let Some(book) = books.get_mut(channel) else {
                    return;
                };
                if book.unsaved == 0 {
                    book.is_saving = false;
                    return;
                }
                *book
            };
            let saved = self.add(channel, taken.day, taken.unsaved).await;
            let mut books = self.books();
            let Some(book) = books.get_mut(channel) else {
                return;
            };
            match saved {
                Ok(total) => book.saved(&taken, total),
                Err(error) => {
                    book.is_saving = false;
                    tracing::warn!(%channel, %error, "spent tokens are not saved yet");
                    return;
                }
            }
        }
    }

    /// Adds to what the store has of this day; the new total, or `None`: the store has a later day.
    async fn add(&self, channel: &ChannelId, day: u64, tokens: u64) -> Result<Option<u64>, Error> {
        let key = entity(channel);
        let mut stored = self.store.load(&key).await?;
        loop {
            let value = stored.as_ref().and_then(|stored| stored.value.as_deref());
            let Some(total) = total(day, value, tokens) else {
                return Ok(None);
            };
            let mut revision = [0; 16];
            getrandom::fill(&mut revision).map_err(|error| Error::Io(error.to_string()))?;
            let commit = Commit::settling(
                key.clone(),
                stored.as_ref().map(|stored| stored.revision),
                Revision(revision),
                encode(day, total).into(),
            );
            match self.store.commit(commit).await? {
                Outcome::Committed(_) => return Ok(Some(total)),
                Outcome::Conflict(found) => stored = found,
            }
        }
    }

    fn day(&self) -> u64 {
        (self.store.now() + OFFSET).0 / DAY
    }

    fn books(&self) -> MutexGuard<'_, HashMap<ChannelId, Book>> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a question under way may cost. Paid when dropped, however that comes.
pub(super) struct Reserved {
    budget: Arc<Budget>,
    channel: ChannelId,
    day: u64,
    tokens: u64,
    spent: u64,
    /// What a request under way costs if nobody waits for its end.
    doubt: u64,
}

impl Reserved {
    /// A request is under way that may cost so much.
    pub fn begin(&mut self, tokens: u64) {
        self.doubt = tokens;
    }

    /// None is under way any more.
    pub fn end(&mut self) {
        self.doubt = 0;
    }

    /// A request cost so much.
    pub fn spend(&mut self, tokens: u64) {
        self.spent = self.spent.saturating_add(tokens);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.budget.pay(
            &self.channel,
            self.day,
            self.tokens,
            self.spent.saturating_add(self.doubt),
        );
    }
}

fn entity(channel: &ChannelId) -> EntityKey {
    EntityKey::new(EntityKind::Counter, &format!("tokens/{channel}"))
}

/// Format byte, day, tokens; numbers are little-endian.
fn encode(day: u64, tokens: u64) -> Vec<u8> {
    let mut value = vec![1_u8];
    value.extend_from_slice(&day.to_le_bytes());
    value.extend_from_slice(&tokens.to_le_bytes());
    value
}

/// What the value says of this day; another day's is over, or has just begun elsewhere.
fn spent_on(day: u64, value: Option<&[u8]>) -> u64 {
    match value.and_then(decode) {
        Some((of, spent)) if of == day => spent,
        _ => 0,
    }
}

/// What the value shall say of this day after so many tokens more; `None`: it tells of a later day already.
fn total(day: u64, value: Option<&[u8]>, tokens: u64) -> Option<u64> {
    let is_over = value.and_then(decode).is_some_and(|(of, _)| of > day);
    (!is_over).then(|| spent_on(day, value).saturating_add(tokens))
}

fn decode(value: &[u8]) -> Option<(u64, u64)> {
    let rest = value.strip_prefix(&[1])?;
    let (day, rest) = rest.split_first_chunk()?;
    let spent = u64::from_le_bytes(rest.try_into().ok()?);
    Some((u64::from_le_bytes(*day), spent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_day_begins_with_nothing() {
        let value = encode(20_000, 7);
        assert_eq!(spent_on(20_000, Some(&value)), 7);
        assert_eq!(spent_on(20_001, Some(&value)), 0);
        assert_eq!(spent_on(20_000, Some(&value[..9])), 0);
    }

    #[test]
    fn yesterdays_save_does_not_erase_today() {
        let today = encode(20_001, 70);
        assert_eq!(total(20_000, Some(&today), 5), None);
        assert_eq!(total(20_001, Some(&today), 5), Some(75));
        assert_eq!(total(20_002, Some(&today), 5), Some(5));
        assert_eq!(total(20_001, None, 5), Some(5));
        assert_eq!(total(20_001, Some(&today), u64::MAX), Some(u64::MAX));
    }

    #[test]
    fn a_book_only_goes_forward() {
        let mut book = Book::default();
        book.open(20_001, 70);
        book.unsaved = 5;
        for day in [20_000, 20_001] {
            book.open(day, 0);
            assert_eq!((book.day, book.used()), (20_001, 75));
        }
        book.open(20_002, 1);
        assert_eq!((book.day, book.used()), (20_002, 1));
    }

    #[test]
    fn what_is_saved_counts_once_and_yesterdays_not_at_all() {
        let mut book = Book::default();
        book.open(20_000, 10);
        book.unsaved = 5;
        let taken = book;
        book.unsaved += 2;
        let (mut late, mut next) = (book, book);
        book.saved(&taken, Some(40));
        assert_eq!((book.spent, book.unsaved), (40, 2));
        // The store went on to another day: this node remembers by itself.
        late.saved(&taken, None);
        assert_eq!((late.spent, late.unsaved), (15, 2));
        next.open(20_001, 0);
        next.unsaved = 1;
        next.saved(&taken, Some(15));
        assert_eq!((next.spent, next.unsaved), (0, 1));
    }
}
