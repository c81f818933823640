//! What a Redis store is opened with, and why opening is refused.

use crate::ports::store::FORMAT_LEVEL;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Who is spoken to. URLs are `redis://` or `rediss://[user:password@]host:port[/db]` and may carry a
/// password: never logged.
#[derive(Clone)]
pub enum Servers {
    /// One server, always under this address.
    One(String),
    /// The master that sentinels watch.
    Sentinel {
        /// Where they are. Scheme, database and credentials are those of the data servers; the
        /// sentinels themselves are told the credentials only if they ask for some.
        sentinels: Vec<String>,
        /// What they call the master.
        master: String,
    },
    /// Nodes of a cluster; one that answers is enough. Scheme and credentials are everybody's.
    Cluster(Vec<String>),
}

/// What an acknowledged commit has to survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Whatever the server does; it is only said.
    Fast,
    /// A power cut of the server's machine: every write is synced before it is answered.
    Disk,
    /// The loss of the master: every commit is on all attached replicas before it is answered. A
    /// failover may still lose one, rarely: Redis' replication is not a quorum.
    Replicated,
}

impl Durability {
    /// What fits these servers: `Disk` for one, `Replicated` where somebody takes over.
    pub fn usual(servers: &Servers) -> Durability {
        match servers {
            Servers::One(_) => Durability::Disk,
            Servers::Sentinel { .. } | Servers::Cluster(_) => Durability::Replicated,
        }
    }
}

/// How a Redis store is opened.
#[derive(Clone)]
pub struct Options {
    /// Who is spoken to.
    pub servers: Servers,
    /// What all keys begin with; 1 to 32 of `a-z A-Z 0-9 : _ - .`. Two deployments on one server
    /// have different ones.
    pub prefix: String,
    /// Partitions, a power of two up to 4,096. Decided when the store is created; another number
    /// later is refused.
    pub partitions: u16,
    /// What an acknowledged commit has to survive.
    pub durability: Durability,
    /// Replicas that must hold a commit, in [`Durability::Replicated`]; 1 to 16. All that are attached
    /// must, and at least these.
    pub replicas_min: usize,
    /// The operator vouches for what the server does not tell or allow to be asked: start-up checks
    /// that would refuse for that reason warn instead.
    pub assume_settings: bool,
    /// PEM file of the only authorities that `rediss://` trusts; without one, the system's.
    pub tls_ca: Option<PathBuf>,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long one answer may take before the same bytes are sent again on a new connection.
    pub answer_timeout: Duration,
    /// The same for answers that may be long: feed pages, lists, the desk.
    pub bulk_timeout: Duration,
    /// How long a call is repeated before its outcome is told as unknown; longer than
    /// `connect_timeout` and `answer_timeout` together, or no broken connection would be replaced.
    pub patience: Duration,
    /// Commits that may wait at once; above it new work is refused with `Busy`.
    pub waiting_max: usize,
    /// The highest format level this node says it reads; only tests say another than this build's.
    pub readable_level: u32,
    /// A visitor, not a node: it sees who is there, is on nobody's list, and claims nothing that is due.
    /// For commands beside a deployment that is at work.
    pub observer: bool,
    /// Where figures go.
    pub figures: Arc<dyn Figures>,
}

impl Options {
    /// One server; the defaults: prefix `hotline`, 256 partitions, [`Durability::Fast`].
    pub fn new(url: &str) -> Options {
        Options::of(Servers::One(url.to_owned()), Durability::Fast)
    }

    /// The defaults with these servers.
    pub fn of(servers: Servers, durability: Durability) -> Options {
        Options {
            servers,
            prefix: "hotline".to_owned(),
            partitions: 256,
            durability,
            replicas_min: 1,
            assume_settings: false,
            tls_ca: None,
            connect_timeout: Duration::from_secs(1),
            answer_timeout: Duration::from_millis(500),
            bulk_timeout: Duration::from_secs(5),
            patience: Duration::from_secs(3),
            waiting_max: 16_384,
            readable_level: FORMAT_LEVEL,
            observer: false,
            figures: Arc::new(NoFigures),
        }
    }

    pub(super) fn check(&self) -> Result<(), OpenError> {
        let refused = |name, found: String, allowed| {
            Err(OpenError::Option {
                name,
                found,
                allowed,
            })
        };
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b":_-.".contains(&byte);
        if !(1..=32).contains(&self.prefix.len()) || !self.prefix.bytes().all(allowed) {
            let found = self.prefix.clone();
            return refused("prefix", found, "1 to 32 of a-z A-Z 0-9 : _ - .");
        }
        if !self.partitions.is_power_of_two() || self.partitions > 4_096 {
            let found = self.partitions.to_string();
            return refused("partitions", found, "a power of two from 1 to 4096");
        }
        if !(1..=16).contains(&self.replicas_min) {
            let found = self.replicas_min.to_string();
            return refused("replicas_min", found, "1 to 16");
        }
        let urls = match &self.servers {
            Servers::One(_) => 1,
            Servers::Sentinel { sentinels, .. } => sentinels.len(),
            Servers::Cluster(nodes) => nodes.len(),
        };
        if urls == 0 {
            return refused("servers", "none".to_owned(), "one URL or more");
        }
        if self.patience <= self.connect_timeout + self.answer_timeout {
            let found = format!("{} ms", self.patience.as_millis());
            let allowed = "more than connect_timeout and answer_timeout together";
            return refused("patience", found, allowed);
        }
        Ok(())
    }
}

/// Where the store reports figures. Called on the store's own thread: must not block.
pub trait Figures: Send + Sync {
    /// A pipeline was answered: how many commits it held, and seconds from sending to the answer.
    fn pipeline(&self, _commits: usize, _seconds: f64) {}
    /// A commit found another revision than it expected.
    fn conflict(&self) {}
    /// A commit that had no answer, or was told to wait or to go elsewhere, is sent again.
    fn resent(&self) {}
}

/// Looks away.
pub struct NoFigures;

impl Figures for NoFigures {}

/// Why a Redis store was not opened. Nothing was changed then, except that an empty one may have
/// been given its name card.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// An option is not allowed.
    #[error("{name} is {found:?}, allowed: {allowed}")]
    Option {
        /// Which.
        name: &'static str,
        /// What was given.
        found: String,
        /// What may be.
        allowed: &'static str,
    },
    /// The server cannot be reached, or says no.
    #[error("redis cannot be used: {0}")]
    Server(String),
    /// The server is too old.
    #[error("redis is version {0}, allowed: 6.2 or newer")]
    Version(String),
    /// The server throws keys away when it is full.
    #[error("redis has maxmemory-policy {0}, allowed: noeviction")]
    Evicts(String),
    /// The durability asked for is not what the server does, or not what it lets itself be asked.
    #[error("durability {asked} is not what redis does: {found}, allowed: {allowed}")]
    Durability {
        /// What was asked for.
        asked: &'static str,
        /// What the server does.
        found: String,
        /// What it would have to do.
        allowed: &'static str,
    },
    /// There is none, and none was to be made.
    #[error(
        "there is no store {prefix:?} on these servers, allowed: the prefix of one that is there"
    )]
    Absent {
        /// Of which store.
        prefix: String,
    },
    /// Some keys of the store are there and its name card is not, or is another's.
    #[error("the store {prefix:?} is not whole: {found}")]
    Torn {
        /// Which store.
        prefix: String,
        /// What was found.
        found: String,
    },
    /// The store was created with another number of partitions.
    #[error("the store {prefix:?} has {found} partitions, asked for: {asked}; they never change")]
    Partitions {
        /// Of which store.
        prefix: String,
        /// What it has.
        found: u16,
        /// What was asked for.
        asked: u16,
    },
    /// All nodes that were present read a newer level, so it is in force.
    #[error("the store {prefix:?} is at format level {found}, this version reads {readable}")]
    Level {
        /// Of which store.
        prefix: String,
        /// What is in force.
        found: u32,
        /// What is read here.
        readable: u32,
    },
    /// The store was written by a newer version.
    #[error("the store {prefix:?} has format {found}, this version reads {known}")]
    Format {
        /// Of which store.
        prefix: String,
        /// What it has.
        found: String,
        /// What is read here.
        known: u32,
    },
}
