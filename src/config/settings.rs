//! The checked settings: what the rest of the house may rely on.
//!
//! A value of these types is within its bounds; there is no half-checked [`Settings`] and none
//! with an unresolved `${ENV}`. Each field says key, default and bounds.

pub use crate::config::ai::{Ai, AiProvider, OpenAi};
pub use crate::config::archive::{Archive, Bucket};
use crate::config::secret::Secret;
use crate::config::units::{BaseUrl, ByteSize, Share};
use crate::domain::ids::ChannelId;
use crate::domain::playbook::{LateAnswers, Policy};
use crate::domain::time::Span;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

/// Everything of `hotline.toml`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `[server]`
    pub server: Server,
    /// `[store]`
    pub store: Store,
    /// `[archive]`
    pub archive: Archive,
    /// `[sending]`
    pub sending: Sending,
    /// `[[channels]]`: one to 64, ids differ.
    pub channels: Vec<Channel>,
    /// `[ai]`
    pub ai: Ai,
    /// `[privacy]`
    pub privacy: Privacy,
    /// `[learning]`
    pub learning: Learning,
    /// `[logging]`
    pub logging: Logging,
}

impl Settings {
    /// The policies the core decides by.
    pub fn policy(&self) -> Policy {
        Policy {
            context_messages: self.ai.context_messages,
            late_answers: self.sending.late_answers,
            max_wait: self.sending.max_wait,
            fetch_profile: self.sending.fetch_profile,
            assistant: self.ai.assistance(),
            ..Policy::default()
        }
    }

    /// The channel with this id.
    pub fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels
            .iter()
            .find(|channel| channel.id.as_str() == id)
    }
}

/// `[server]`: the two listeners and their bounds.
#[derive(Clone, Debug)]
pub struct Server {
    /// `listen`: public listener (webhook, media, console). Default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// `internal_listen`: metrics, health, admin. Default `127.0.0.1:9464`; never `listen`.
    pub internal_listen: SocketAddr,
    /// `workers`: threads that serve and hold conversations. Default: cores; 1–64.
    pub workers: NonZeroUsize,
    /// `body_cap`: greatest webhook body. Default `2MiB`; 64KiB–64MiB.
    pub body_cap: ByteSize,
    /// `max_in_flight`: webhook requests worked on at once; more are answered 503, with a spool only
    /// those beyond four times the number. Default 1024; 1–65536.
    pub max_in_flight: NonZeroUsize,
    /// `drain_timeout`: how long SIGTERM waits for work in flight. Default `25s`; 1s–10m.
    pub drain_timeout: Span,
}

/// `[store]`: where the truth lives.
#[derive(Clone, Debug)]
pub struct Store {
    /// `kind` and what belongs to it. Default `embedded`.
    pub kind: StoreKind,
    /// `path`: data folder, relative to the working directory. Default `data`. In redis mode the
    /// spool, media and socket live here.
    pub path: PathBuf,
    /// `free_space_floor`: below this much free disk new work is refused. Default `1GiB`;
    /// 16MiB–1TiB.
    pub free_space_floor: ByteSize,
    /// `keep_feed`: records of what happened stay in the store until their day is older than this,
    /// then they move to the archive. Default `7d`; 1h–30d.
    pub keep_feed: Span,
}

impl Store {
    /// Whether several nodes may be at work with it.
    pub fn is_shared(&self) -> bool {
        matches!(self.kind, StoreKind::Redis(_))
    }

    /// The socket over which commands talk to the running server.
    pub fn socket(&self) -> PathBuf {
        self.path.join("hotline.sock")
    }
}

/// `[privacy]`: how long what is kept of customers stays.
#[derive(Clone, Debug)]
pub struct Privacy {
    /// `keep_archive`: archived records are removed when the day of their object is older than this.
    /// `None`, written `forever` and the default: never; else 1d–3650d.
    pub keep_archive: Option<Span>,
}

/// `[learning]`: what `hotline suggest` may look at and tell. Nothing is kept for it: it reads the records
/// that the store has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learning {
    /// `keep`: messages older than this are not looked at; what `store.keep_feed` has moved to the archive
    /// is not either. Default `7d`; 1h–30d.
    pub keep: Span,
    /// `mask`: personal data in samples is hidden. Default true.
    pub mask: bool,
    /// `min_count`: groups of fewer messages are not proposed. Default 3; 1–1000.
    pub min_count: u64,
}

/// Which store.
#[derive(Clone, Debug)]
pub enum StoreKind {
    /// The folder beside the program.
    Embedded,
    /// Redis or Valkey.
    Redis(Redis),
}

/// A store on Redis.
#[derive(Clone, Debug)]
pub struct Redis {
    /// Where it is.
    pub servers: RedisServers,
    /// `prefix` of every key. Default `hotline`; `[a-z0-9_-]{1,32}`.
    pub prefix: Arc<str>,
    /// `partitions`, fixed when the store is created. Default 256; a power of two up to 4096.
    pub partitions: u16,
    /// `durability`: what a 200 to LINE promises. Default: see [`Durability::usual`].
    pub durability: Durability,
    /// `replicas_min`: replicas that must hold a commit in `replicated`. Default 1; 1–16.
    pub replicas_min: usize,
    /// `assume_settings`: the operator vouches for what the server does not let itself be asked
    /// (managed services). Default false.
    pub assume_settings: bool,
    /// `tls_ca`: PEM file with the authorities of `rediss://` servers. Default: the machine's.
    pub tls_ca: Option<PathBuf>,
    /// `spool`: keep accepting on the local disk while Redis is away. Default true.
    pub spool: bool,
    /// `spool_max`: bytes the spool may hold; beyond it webhooks are answered 503. Default `1GiB`;
    /// 16MiB–1TiB.
    pub spool_max: ByteSize,
}

/// How safe an acknowledged message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// In the memory of one server.
    Fast,
    /// On the disk of one server.
    Disk,
    /// In the memory of a server and of its replicas.
    Replicated,
}

impl Durability {
    /// `disk` for one server, `replicated` where there are replicas to fail over to.
    pub fn usual(servers: &RedisServers) -> Durability {
        match servers {
            RedisServers::One(_) => Durability::Disk,
            RedisServers::Cluster(_) | RedisServers::Sentinel { .. } => Durability::Replicated,
        }
    }
}

/// How Redis is reached. The URLs may carry a password, so they are secrets.
#[derive(Clone, Debug)]
pub enum RedisServers {
    /// `url`: one server.
    One(Secret),
    /// `urls`: seed nodes of a Cluster, 1–16.
    Cluster(Vec<Secret>),
    /// `sentinels` (1–16 URLs) and `master`.
    Sentinel {
        /// The sentinels.
        sentinels: Vec<Secret>,
        /// Name of the master they watch.
        master: Arc<str>,
    },
}

/// `[sending]`: what may cost money.
#[derive(Clone, Debug)]
pub struct Sending {
    /// `late_answers`: an automatic answer without a live reply token. Default `wait`.
    pub late_answers: LateAnswers,
    /// `max_wait`: greatest age of an answer that waits for a token. Default `10m`; 10s–24h.
    pub max_wait: Span,
    /// `auto_push_per_hour`: automatic pushes per channel and hour. Default 20; 0–4000.
    pub auto_push_per_hour: u32,
    /// `agents_quota_share`: share of the monthly quota no automatic push may touch. Default 0.5.
    pub agents_quota_share: Share,
    /// `fetch_profile`: ask LINE for display name and language. Default false.
    pub fetch_profile: bool,
    /// `line_rate_per_second`: replies, and as many pushes, per channel and second. Default 1900,
    /// a little under the 2,000 LINE allows (Messaging API reference, "Rate limits"); 1–1000000.
    pub line_rate_per_second: u32,
}

/// `[[channels]]`: one LINE Official Account's Messaging API channel.
#[derive(Clone, Debug)]
pub struct Channel {
    /// `id`: path segment and metric label, `[a-z0-9_-]{1,32}`.
    pub id: ChannelId,
    /// `secret`, or `secrets` (one or two during a rotation): webhook signatures.
    pub secrets: ChannelSecrets,
    /// `access_token`.
    pub access_token: AccessToken,
    /// `destination`: the bot's user id as the webhook names it; `None` accepts any.
    pub destination: Option<Arc<str>>,
    /// `api_base`. Default `https://api.line.me`; plain http only to loopback.
    pub api_base: BaseUrl,
    /// `data_api_base`. Default `https://api-data.line.me`; plain http only to loopback.
    pub data_api_base: BaseUrl,
    /// `groups`: what is answered in groups and rooms. Default `when_addressed`.
    pub groups: Groups,
    /// `group_call_words`: words at the start of a group message that address us, besides a
    /// mention. Default none; at most 16 of at most 20 characters.
    pub group_call_words: Arc<[Arc<str>]>,
}

/// One or two channel secrets; a signature by either is good.
#[derive(Clone, Debug)]
pub struct ChannelSecrets {
    /// The secret in force; also the one stateless tokens are issued with.
    pub current: Secret,
    /// The other one during a rotation.
    pub other: Option<Secret>,
}

impl ChannelSecrets {
    /// Both, the current one first.
    pub fn iter(&self) -> impl Iterator<Item = &Secret> {
        std::iter::once(&self.current).chain(self.other.as_ref())
    }
}

/// How calls to LINE are authorised.
#[derive(Clone, Debug)]
pub enum AccessToken {
    /// A long-lived or otherwise given token.
    Fixed(Secret),
    /// `access_token = "stateless"`: issued by us every 15 minutes with the current secret.
    Stateless {
        /// `channel_id`: digits, 1–20.
        channel_id: Arc<str>,
    },
}

/// What is answered in groups and rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Groups {
    /// Messages that mention the account or begin with a call word.
    #[default]
    WhenAddressed,
    /// Nothing.
    Ignore,
    /// Every message.
    All,
}

/// `[logging]`
#[derive(Clone, Copy, Debug)]
pub struct Logging {
    /// `level`. Default `info`.
    pub level: LogLevel,
    /// `format`. Default `auto`.
    pub format: LogFormat,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// Only what is broken.
    Error,
    /// And what may break.
    Warn,
    /// And what happened.
    #[default]
    Info,
    /// And how.
    Debug,
    /// And every step.
    Trace,
}

impl LogLevel {
    /// The word tracing's filters know it by.
    pub fn as_str(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }
}

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Text on a terminal, JSON lines elsewhere.
    #[default]
    Auto,
    /// JSON lines.
    Json,
    /// Text for people.
    Text,
}
