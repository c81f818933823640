//! Tells the phone page what happens, as it happens. A slow watcher loses notices, never slows LINE.

use serde::Serialize;
use std::sync::Arc;
use tokio::sync::broadcast;

/// Notices a watcher may be behind before it loses the oldest.
const BEHIND: usize = 1_024;

/// One notice: the name of the server-sent event and its JSON.
#[derive(Clone, Debug)]
pub struct Notice {
    /// `thread`, `journal`, `loading`, `read`, `faults`, `customer`, `richmenu`.
    pub name: &'static str,
    /// JSON text, one line.
    pub data: Arc<str>,
}

/// Everybody who watches.
#[derive(Debug)]
pub struct Watchers {
    sender: broadcast::Sender<Notice>,
}

impl Default for Watchers {
    fn default() -> Watchers {
        Watchers {
            sender: broadcast::Sender::new(BEHIND),
        }
    }
}

impl Watchers {
    /// A new watcher.
    pub fn watch(&self) -> broadcast::Receiver<Notice> {
        self.sender.subscribe()
    }

    /// Tells everybody; builds the notice only when somebody listens.
    pub fn tell<T: Serialize>(&self, name: &'static str, data: impl FnOnce() -> T) {
        if self.sender.receiver_count() == 0 {
            return;
        }
        if let Ok(text) = serde_json::to_string(&data()) {
            // An error only says that the last watcher left meanwhile.
            let _ = self.sender.send(Notice {
                name,
                data: text.into(),
            });
        }
    }
}
