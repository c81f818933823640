//! The understanding port: words to an [`Understanding`]. Asked before the decision, never in it.

use crate::domain::playbook::{Playbook, Understanding};
use crate::domain::time::Millis;
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// Turns a customer's text into what the core can look up.
///
/// Bodies may be slow or panic: the intent stage contains both. They hold no customer text after
/// returning.
pub trait Understand: Send + Sync + 'static {
    /// Reads one text, said at this moment of wall time: rules may have their hours.
    fn understand(&self, text: &str, at: Millis) -> Understanding;
}

/// The automation of one moment: what understands and what answers, swapped together on reload.
pub trait Automation: Understand + Playbook {}
impl<T: Understand + Playbook> Automation for T {}

/// Where the present automation is had. A reload changes what the next call returns.
pub trait CurrentAutomation: Send + Sync + 'static {
    /// The automation in force now.
    fn current(&self) -> Arc<dyn Automation>;
}

/// The intent stage: understanding under supervision.
///
/// # Contract
/// Always answers, within 5 ms of being polled for the first time: a worker that panics, hangs or
/// is overrun answers [`Understanding::default`] in its stead, which the core takes as *unknown*.
pub trait IntentStage: Send + Sync + 'static {
    /// Reads one text, said at this moment of wall time.
    fn ask(&self, text: Box<str>, at: Millis) -> BoxFuture<'static, Understanding>;
}
