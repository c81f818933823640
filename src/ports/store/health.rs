//! How a store says it is.

/// How the store is, for `/readyz?verbose`, metrics and `hotline doctor`.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// One word for people: `embedded`, `memory`, `redis`.
    pub kind: &'static str,
    /// What a 200 to LINE promises in this mode, one sentence.
    pub promise: &'static str,
    /// Bytes free on the disk; `u64::MAX` when there is none.
    pub free_bytes: u64,
    /// Below this, accepting commits are refused.
    pub floor_bytes: u64,
    /// Commits waiting for the writer.
    pub waiting: usize,
    /// Number of the last durable batch.
    pub batch: u64,
    /// Bytes on the disk.
    pub bytes: u64,
    /// Why nothing at all is taken in, neither new work nor old: the store was closed, or is not the one
    /// that was opened. `None`: it is open. A store that is away for a while is open.
    pub closed: Option<String>,
}

impl Health {
    /// Whether new work is taken.
    pub fn accepting(&self) -> bool {
        self.closed.is_none() && self.free_bytes >= self.floor_bytes
    }
}
