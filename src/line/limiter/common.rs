//! One node's part of a rate that several nodes share: tokens drawn from the store's budget in
//! portions, ahead of need.
//!
//! Law: a send waits for the store only when the rate is used up. A node that was idle sends at once,
//! on *credit*, and the next draw pays for it; so over all nodes the rate may be exceeded once by
//! their credits, a hundredth of a second's calls each. A portion doubles when it was used up
//! early and halves when it was not used, so that a node with little to send leaves the rate to the others. While
//! the store does not answer, each node keeps to its share, the rate divided by the nodes known.

use crate::domain::bucket::{Bucket, Rate};
use crate::domain::time::{Millis, Span};
use crate::ports::store::{Error, GRANT_LIFE, Grant, Store};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A draw that takes longer counts as not answered.
const SLOW: Duration = Duration::from_millis(250);
/// A draw that was never answered, because its thread ended, is made again after this.
const LOST: Duration = Duration::from_secs(5);
/// Whoever finds nothing looks again after this.
const AGAIN: Span = Span(5);
/// Between two draws while there is not enough for all.
const PAUSE: Duration = Duration::from_millis(20);
/// Over this time it is reckoned what a node gets.
const WINDOW: Duration = Duration::from_millis(250);
/// A portion is this at least, and at most what flows in while a grant lives.
const SMALLEST: u32 = 2;

/// The part.
pub struct Common {
    store: Arc<dyn Store>,
    budget: String,
    rate: Rate,
    stock: Mutex<Stock>,
}

struct Stock {
    tokens: u32,
    until: Instant,
    /// Sent on credit, not yet paid for.
    debt: u32,
    /// How many are asked for at a time.
    portion: u32,
    /// When the draw under way began.
    asking: Option<Instant>,
    /// When the latest draw began.
    asked: Option<Instant>,
    /// The latest draw failed.
    failed: bool,
    /// The latest draw gave less than was asked for: others want the rate, too.
    scarce: bool,
    /// When a send last found nothing.
    refused: Option<Instant>,
    /// Tokens granted since.
    window: (Instant, u32),
    /// What this node got in the window before, per second.
    got: u64,
    /// Nodes present when that was last looked at.
    nodes: u32,
}

impl Common {
    /// Nothing drawn yet.
    pub fn new(store: Arc<dyn Store>, budget: String, rate: Rate) -> Common {
        let now = Instant::now();
        let nodes = present(&*store);
        Common {
            store,
            budget,
            rate,
            stock: Mutex::new(Stock {
                tokens: 0,
                until: now,
                debt: 0,
                portion: SMALLEST,
                asking: None,
                asked: None,
                failed: false,
                scarce: false,
                refused: None,
                window: (now, 0),
                got: 0,
                nodes,
            }),
        }
    }

    /// Takes one; `None`: the store does not answer.
    pub fn try_take(self: &Arc<Self>) -> Option<Result<(), Span>> {
        let now = Instant::now();
        let mut stock = self.stock();
        stock.expire(now);
        let taken = if stock.tokens > 0 {
            stock.tokens -= 1;
            Some(Ok(()))
        } else if stock.is_away(now) {
            None
        } else if stock.debt < self.credit() {
            stock.debt += 1;
            Some(Ok(()))
        } else {
            stock.refused = Some(now);
            Some(Err(AGAIN))
        };
        if stock.tokens <= stock.portion / 2 {
            self.ask(&mut stock, now);
        }
        taken
    }

    /// This node's share of the rate.
    pub fn own_share(&self) -> Rate {
        let nodes = self.stock().nodes.max(1);
        Rate {
            per_second: (self.rate.per_second / nodes).max(1),
            burst: (self.rate.burst / nodes).max(1),
        }
    }

    /// Calls per second this node may count on at a time; `own`: its own bucket.
    pub fn rate(&self, own: &Bucket, at: Millis) -> u64 {
        let share = own.rate(self.own_share(), at);
        let all = own.rate(self.rate, at);
        let stock = self.stock();
        if stock.is_away(Instant::now()) {
            share
        } else if stock.refused.is_some_and(|at| at.elapsed() < WINDOW) {
            // Never more than there is: a burst may have come into the window.
            stock.got.max(share).min(all)
        } else {
            all
        }
    }

    /// LINE answered 429: all nodes slow down.
    pub fn throttled(&self) {
        self.stock().tokens = 0;
        let shrunk = self.store.shrink(&self.budget);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return; // a store's future runs by itself where there is one
        };
        runtime.spawn(async move {
            if let Err(error) = shrunk.await {
                tracing::debug!(%error, "other nodes could not be slowed down");
            }
        });
    }

    fn credit(&self) -> u32 {
        (self.rate.per_second / 100).max(1)
    }

    fn largest(&self) -> u32 {
        let inflow = u64::from(self.rate.per_second) * GRANT_LIFE.0 / 1_000;
        (inflow as u32).max(SMALLEST)
    }

    fn part(&self, nodes: u32) -> u32 {
        let inflow = u128::from(self.rate.per_second) * PAUSE.as_millis() / 1_000;
        (inflow as u32 / nodes).max(1)
    }

    /// Draws a portion, unless that is under way.
    fn ask(self: &Arc<Self>, stock: &mut Stock, now: Instant) {
        if stock.asking.is_some_and(|since| now - since < LOST) {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            stock.failed = true;
            return;
        };
        let since = stock.asked.map_or(Duration::MAX, |asked| now - asked);
        if stock.scarce && since < PAUSE {
            return;
        }
        // Used up in half of its time: a draw shall serve longer than that.
        if !stock.scarce && since < GRANT_LIFE.std() / 2 {
            stock.portion = (stock.portion * 2).min(self.largest());
        }
        (stock.asking, stock.asked) = (Some(now), Some(now));
        let portion = match stock.scarce {
            // Others wait as well: no more than this node's part of what flowed in meanwhile.
            true => stock.portion.min(self.part(stock.nodes)),
            false => stock.portion,
        };
        let want = portion + stock.debt;
        let drawn = self.store.draw(&self.budget, want, self.rate);
        let common = Arc::clone(self);
        runtime.spawn(async move {
            let drawn = drawn.await;
            common.learn(want, drawn);
        });
    }

    fn learn(&self, want: u32, drawn: Result<Grant, Error>) {
        let now = Instant::now();
        let nodes = present(&*self.store);
        let mut stock = self.stock();
        stock.asking = None;
        stock.nodes = nodes;
        stock.failed = drawn.is_err();
        let Ok(grant) = drawn else { return };
        stock.expire(now);
        stock.scarce = grant.granted < want;
        let paid = grant.granted.min(stock.debt);
        stock.debt -= paid;
        stock.tokens += grant.granted - paid;
        stock.until = now + grant.until.since(self.store.now()).std();
        let (since, granted) = stock.window;
        let granted = granted + grant.granted;
        stock.window = (since, granted);
        let passed = now - since;
        if passed >= WINDOW {
            stock.got = u64::from(granted) * 1_000 / (passed.as_millis() as u64).max(1);
            stock.window = (now, 0);
        }
    }

    fn stock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stock {
    /// Tokens that were not used in time are lost; of a portion that was too large half is asked for
    /// next.
    fn expire(&mut self, now: Instant) {
        if now < self.until || self.tokens == 0 {
            return;
        }
        if self.tokens > self.portion / 2 {
            self.portion = (self.portion / 2).max(SMALLEST);
        }
        self.tokens = 0;
    }

    fn is_away(&self, now: Instant) -> bool {
        self.failed || self.asking.is_some_and(|since| now - since > SLOW)
    }
}

fn present(store: &dyn Store) -> u32 {
    u32::try_from(store.nodes().len())
        .unwrap_or(u32::MAX)
        .max(1)
}

#[cfg(test)]
mod tests;
