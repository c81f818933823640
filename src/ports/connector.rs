//! The connector port: what a flow asks another system.

use crate::domain::ids::ConversationKey;
use crate::domain::time::Span;
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// One committed call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Id of the connector, in the automation in force.
    pub connector: Arc<str>,
    /// Whose flow.
    pub conversation: ConversationKey,
    /// Values of the flow's slots, by name.
    pub slots: Vec<(Arc<str>, Box<str>)>,
    /// The same for every try of the same call: sent as `Idempotency-Key`, since a crash may repeat it.
    pub key: Box<str>,
    /// How long all tries together may take from now.
    pub patience: Span,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// One of the outcomes the connector names, or [`FAILED`].
    pub outcome: Arc<str>,
    /// Fields of the answer, by the names the connector gives them; each at most 300 UTF-16 units.
    pub fields: Vec<(Arc<str>, Box<str>)>,
}

/// The outcome of a call that had none: time-out, refusal, open breaker, an answer that does not fit.
pub const FAILED: &str = "failed";

/// The way to other systems.
///
/// # Contract
/// Always answers, at most one second after the call's patience; whatever goes wrong is the outcome [`FAILED`].
pub trait Connectors: Send + Sync + 'static {
    /// Makes the call, with the connector's own retries.
    fn call(&self, call: Call) -> BoxFuture<'static, Answered>;
}
