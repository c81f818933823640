//! What the nodes on one store know of each other, and what they share besides entities.
//!
//! **Nothing here is for safety.** Whether a commit applies is decided by its revision alone; presence,
//! leases, budgets and hints only say who had better begin something, and when. So all of them may
//! be wrong for a while: a node that was frozen, a server that failed over, a clock that jumped. What
//! a wrong answer costs then is a conflict or a request LINE refuses, never a message.

use super::{Error, Revision};
pub use crate::domain::bucket::Rate;
use crate::domain::ids::Incarnation;
use crate::domain::time::{Millis, Span};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::broadcast;

/// A node that gave no sign for so long counts as gone; it gives one every second.
pub const PRESENCE_LIFE: Span = Span::secs(4);
/// The longest life of a lease.
pub const LEASE_MAX: Span = Span::mins(1);
/// How long tokens that were drawn may be used.
pub const GRANT_LIFE: Span = Span(100);
/// The highest format level this build reads; a new store begins with it.
pub const FORMAT_LEVEL: u32 = 1;
/// Hints heard by nobody yet that are kept for a listener; a slower one misses the oldest.
pub const HINTS_KEPT: usize = 1_024;
/// Longest topic of a hint, in bytes; a longer one is not sent.
pub const MAX_TOPIC_BYTES: usize = 200;
/// Longest payload of a hint, in bytes; a longer one is not sent.
pub const MAX_HINT_BYTES: usize = 8 * 1024;

/// The life a lease is given when this one is asked for: a millisecond at least, so that whoever was
/// told that he holds it did, and at most [`LEASE_MAX`], so that nobody waits longer for one who died.
pub fn lease_life(asked: Span) -> Span {
    Span(asked.0.clamp(1, LEASE_MAX.0))
}

/// A node that is present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Which life of which process.
    pub incarnation: Incarnation,
    /// The highest format level it reads.
    pub level: u32,
    /// How long ago it gave its last sign.
    pub age: Span,
}

/// Tokens of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// How many, at most what was asked for.
    pub granted: u32,
    /// Until when (store time) they may be used; after that they are lost.
    pub until: Millis,
}

/// Something a node tells all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Who said it.
    pub from: Incarnation,
    /// What about.
    pub topic: Arc<str>,
    /// What was said.
    pub payload: Arc<[u8]>,
}

/// The nodes on one store. A supertrait of [`super::Store`].
///
/// # Laws
///
/// 1. **Gone is proven, never guessed.** [`is_gone`](Nodes::is_gone) is true only when a list of the
///    nodes present, asked for *after* this process first saw or was asked about the incarnation, does
///    not hold it. An old list, or none because the store is away, proves nothing; neither does a list
///    read so soon after such an outage that others had no time to come back. Own incarnation: never.
/// 2. **A node that comes back has its incarnation still** and is not gone any more. What others took
///    over meanwhile was taken by a commit, so it finds a conflict there; what nobody took is its own.
/// 3. **A lease has one holder** as far as the store's server knows. It is liveness, never safety: a
///    holder that froze still believes in it. When in doubt (`Err`) it is not held.
/// 4. **A budget gives no more** than its rate and burst, over all nodes. It is not durable: after a
///    failover one burst more may be given. When in doubt nothing is granted.
/// 5. **A hint comes at most once**, perhaps never, in no order with commits. Whoever needs to know
///    looks into the store at an interval; the hint only makes it sooner.
pub trait Nodes {
    /// Whether another incarnation is known to be gone. Cheap; asked within decisions. The first
    /// question about an unknown one makes the list be read anew.
    fn is_gone(&self, other: Incarnation) -> bool;

    /// The nodes present as of the last list, this one included, by incarnation.
    fn nodes(&self) -> Vec<Node>;

    /// Rises whenever an incarnation is newly known to be gone: what it had begun wants looking after.
    fn departures(&self) -> u64;

    /// The format level in force: what may be written. Never above what any present node reads; it
    /// never falls.
    fn level(&self) -> u32;

    /// Takes a lease or renews it. True: `holder`'s until `life` after *the moment before this call*, by
    /// the caller's own monotonic clock. The holder token is drawn at random. A life that
    /// [`lease_life`] does not allow is made one that it does.
    fn hold(
        &self,
        lease: &str,
        holder: Revision,
        life: Span,
    ) -> BoxFuture<'static, Result<bool, Error>>;

    /// Gives a lease back, if it is this holder's.
    fn let_go(&self, lease: &str, holder: Revision) -> BoxFuture<'static, Result<(), Error>>;

    /// Draws up to `want` tokens from a budget that all nodes share. All ask with the same rate.
    fn draw(&self, budget: &str, want: u32, rate: Rate)
    -> BoxFuture<'static, Result<Grant, Error>>;

    /// The outside refused a request of this budget (429): its rate is halved for all nodes, at most
    /// once a second, and doubles again after every five seconds without another refusal.
    fn shrink(&self, budget: &str) -> BoxFuture<'static, Result<(), Error>>;

    /// Tells all nodes something, this one included, without waiting. A hint that is too long, or one
    /// too many while the store is slow, is dropped.
    fn hint(&self, topic: &str, payload: &[u8]);

    /// Listens from now on. Own hints are heard, too, at once and even while the store is away: a
    /// listener need not know on which node something happened. [`Hint::from`] tells.
    fn hints(&self) -> broadcast::Receiver<Hint>;
}
