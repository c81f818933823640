//! How the node is: what `/readyz`, `/metrics` and the admin socket tell.

use crate::actors::{self, Quarantined, Registry};
use crate::line::spooling::{Figures, Spooling};
use crate::ports::assistant::{self, AssistantStage};
use crate::ports::store::{self, Health};
use crate::telemetry::meter::{self, Sampled, SpoolSampled};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The node's state as the listeners see it.
pub struct Status {
    registry: Arc<Registry>,
    spooling: Option<Arc<Spooling>>,
    assistant: Option<Arc<dyn AssistantStage>>,
    draining: AtomicBool,
}

/// The whole story, for `/readyz?verbose`.
#[derive(Debug, Serialize)]
pub struct Verbose {
    /// The node takes work.
    pub ready: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'static, str>>,
    /// Version of the build.
    pub version: &'static str,
    /// Conversations in memory.
    pub conversations: usize,
    /// Events being made durable.
    pub delivering: usize,
    /// Sends begun and not ended.
    pub sends_in_flight: usize,
    /// The store.
    pub store: StoreView,
    /// The spool, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spool: Option<Figures>,
    /// The assistant, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assistant: Option<assistant::Health>,
}

/// The store's part of the story.
#[derive(Debug, Serialize)]
pub struct StoreView {
    /// `embedded`.
    pub kind: &'static str,
    /// What a 200 to LINE promises.
    pub promise: &'static str,
    /// Free bytes on its disk.
    pub free_bytes: u64,
    /// Below this no new work is taken.
    pub floor_bytes: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// Commits waiting for the disk.
    pub waiting: usize,
    /// The last durable batch.
    pub batch: u64,
    /// Why nothing is taken in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<String>,
}

/// What was set aside, for `hotline quarantine`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Quarantine {
    /// Events kept raw, by conversation.
    pub quarantined: Vec<Quarantined>,
    /// Conversations left alone now.
    pub parked: Vec<Parked>,
}

/// A conversation left alone for a while.
#[derive(Debug, Serialize, Deserialize)]
pub struct Parked {
    /// `channel/chat id`.
    pub conversation: String,
    /// Until when, milliseconds since 1970.
    pub until: u64,
    /// Why.
    pub why: String,
}

impl Status {
    /// A node that is ready.
    pub fn new(registry: Arc<Registry>) -> Status {
        Status {
            registry,
            spooling: None,
            assistant: None,
            draining: AtomicBool::new(false),
        }
    }

    /// With the spool of this node.
    #[must_use]
    pub fn with_spool(mut self, spooling: Option<Arc<Spooling>>) -> Status {
        self.spooling = spooling;
        self
    }

    /// With the assistant of this node.
    #[must_use]
    pub fn with_assistant(mut self, assistant: Option<Arc<dyn AssistantStage>>) -> Status {
        self.assistant = assistant;
        self
    }

    /// The node begins to leave.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Why the node takes no work; `None` when it does.
    pub fn not_ready(&self) -> Option<Cow<'static, str>> {
        if self.draining.load(Ordering::Relaxed) {
            return Some("draining".into());
        }
        let health = self.registry.shared().store.health();
        let accepting = health.accepting();
        // What a spool takes must reach the store from here some day.
        if let Some(why) = health.closed {
            return Some(format!("store takes nothing: {why}").into());
        }
        // What the spool takes is taken.
        let spooled = self.spooling.as_ref().is_some_and(|spool| spool.takes());
        (!accepting && !spooled).then_some("store is below its free-space floor".into())
    }

    /// The whole story.
    pub fn verbose(&self) -> Verbose {
        let shared = self.registry.shared();
        let Health {
            kind,
            promise,
            free_bytes,
            floor_bytes,
            waiting,
            batch,
            bytes,
            closed,
        } = shared.store.health();
        let reason = self.not_ready();
        Verbose {
            ready: reason.is_none(),
            reason,
            version: env!("CARGO_PKG_VERSION"),
            conversations: self.registry.live(),
            delivering: self.registry.delivering(),
            sends_in_flight: shared.in_flight(),
            store: StoreView {
                kind,
                promise,
                free_bytes,
                floor_bytes,
                bytes,
                waiting,
                batch,
                closed,
            },
            spool: self.spooling.as_ref().map(|spool| spool.figures()),
            assistant: self.assistant.as_ref().and_then(|stage| stage.health()),
        }
    }

    /// What was set aside, and who is left alone.
    ///
    /// # Errors
    /// As the store.
    pub async fn quarantine(&self) -> Result<Quarantine, store::Error> {
        let quarantined = actors::quarantined(&*self.registry.shared().store).await?;
        let parked = self.registry.parked().into_iter();
        Ok(Quarantine {
            quarantined,
            parked: parked
                .map(|(key, until, why)| Parked {
                    conversation: key.to_string(),
                    until: until.0,
                    why: why.into(),
                })
                .collect(),
        })
    }

    /// Brings the sampled gauges up to date.
    pub fn sample(&self) {
        let shared = self.registry.shared();
        let health = shared.store.health();
        meter::sampled(Sampled {
            sends: shared.in_flight(),
            answers_held: shared.lines.held(),
            answers_resting: shared.lines.resting(),
            store_waiting: health.waiting,
            disk_free: health.free_bytes,
            store_bytes: health.bytes,
            ready: self.not_ready().is_none(),
            draining: self.draining.load(Ordering::Relaxed),
        });
        if let Some(spool) = &self.spooling {
            let figures = spool.figures();
            meter::spool_sampled(SpoolSampled {
                events: figures.events,
                bytes: figures.bytes,
                oldest_s: figures.oldest_s,
                store_away: figures.store_away,
            });
        }
    }
}
