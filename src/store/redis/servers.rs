//! Who the masters are, and which partition lies on which. Looked up at the start, on trouble, and
//! now and then; one looks while the others wait for what comes of it.

use super::address::{Address, Way};
use super::errors::Trouble;
use super::master::Master;
use super::options::{OpenError, Options, Servers};
use super::{sentinel, slots};
use arc_swap::ArcSwap;
use futures_util::future::join_all;
use redis::{AsyncConnectionConfig, RedisError};
use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How long sentinels are listened to: one that is gone must not hold up what the others say.
const HEARING: Duration = Duration::from_millis(700);
/// Shortest time between two looks.
const REST: Duration = Duration::from_millis(100);

/// The masters of one store.
pub struct Masters {
    options: Options,
    kind: Kind,
    /// The slot of every partition.
    slots: Vec<u16>,
    known: ArcSwap<Known>,
    looked: Mutex<Option<Instant>>,
    /// Where the last look that succeeded began.
    first: AtomicUsize,
}

enum Kind {
    One(Way),
    Sentinel { sentinels: Vec<Way>, name: String },
    Cluster(Vec<Way>),
}

/// What the last look found.
#[derive(Clone, Default)]
struct Known {
    masters: Vec<Arc<Master>>,
    /// Index of each partition's master; empty: all are the first's.
    of: Vec<Option<u16>>,
    /// Servers that were named by others and are not among the masters (yet).
    guests: Vec<Arc<Master>>,
    /// Every node of a cluster that was named.
    nodes: Vec<Address>,
}

impl Masters {
    /// Nobody is known yet, except an only server.
    ///
    /// # Errors
    /// A URL or the authorities' file cannot be used.
    pub fn new(options: &Options, slots: Vec<u16>) -> Result<Masters, OpenError> {
        let no = |error: RedisError| OpenError::Server(error.to_string());
        let authorities = match &options.tls_ca {
            Some(path) => Some(std::fs::read(path).map_err(|error| {
                OpenError::Server(format!("tls_ca {} cannot be read: {error}", path.display()))
            })?),
            None => None,
        };
        let way =
            |url: &String| Way::of(url, authorities.as_deref(), options.bulk_timeout).map_err(no);
        let ways = |urls: &[String]| urls.iter().map(way).collect::<Result<Vec<_>, _>>();
        let kind = match &options.servers {
            Servers::One(url) => Kind::One(way(url)?),
            Servers::Sentinel { sentinels, master } => Kind::Sentinel {
                sentinels: ways(sentinels)?,
                name: master.clone(),
            },
            Servers::Cluster(nodes) => Kind::Cluster(ways(nodes)?),
        };
        let mut known = Known::default();
        if let Kind::One(way) = &kind {
            known.masters = vec![Arc::new(Master::new(way, options, true))];
        }
        Ok(Masters {
            options: options.clone(),
            kind,
            slots,
            known: ArcSwap::from_pointee(known),
            looked: Mutex::default(),
            first: AtomicUsize::new(0),
        })
    }

    /// Whether somebody else may become a master.
    pub fn change(&self) -> bool {
        !matches!(self.kind, Kind::One(_))
    }

    /// All masters known.
    pub fn all(&self) -> Vec<Arc<Master>> {
        self.known.load().masters.clone()
    }

    /// Masters, and servers that were named as such.
    pub fn everybody(&self) -> Vec<Arc<Master>> {
        let known = self.known.load();
        known.masters.iter().chain(&known.guests).cloned().collect()
    }

    /// The master of a partition, if there is one.
    pub fn of(&self, partition: u16) -> Result<Arc<Master>, Trouble> {
        let known = self.known.load();
        let index = match known.of.get(usize::from(partition)) {
            Some(index) => index.map(usize::from),
            None => Some(0),
        };
        let master = index.and_then(|index| known.masters.get(index));
        match master {
            Some(master) if !master.is_over() => Ok(Arc::clone(master)),
            _ => Err(Trouble::nobody("no master is known")),
        }
    }

    /// The server that another one named.
    pub fn named(&self, said: &str, asked: &Master) -> Option<Arc<Master>> {
        let address = Address::named(said, &asked.address)?;
        let found = |known: &Known| {
            let mut all = known.masters.iter().chain(&known.guests);
            let found = all.find(|master| master.address == address && !master.is_over());
            found.cloned()
        };
        if let Some(master) = found(&self.known.load()) {
            return Some(master);
        }
        let guest = Arc::new(Master::new(&self.way()?.to(&address), &self.options, false));
        self.known.rcu(|known| {
            let mut changed = Known::clone(known);
            if found(&changed).is_none() {
                changed.guests.retain(|guest| !guest.is_over());
                changed.guests.push(Arc::clone(&guest));
            }
            changed
        });
        found(&self.known.load())
    }

    fn way(&self) -> Option<&Way> {
        match &self.kind {
            Kind::One(way) => Some(way),
            Kind::Sentinel { sentinels, .. } => sentinels.first(),
            Kind::Cluster(nodes) => nodes.first(),
        }
    }

    /// Looks again, unless somebody has since this was called. Goes on when the caller does not.
    ///
    /// # Errors
    /// Nobody could be found; what is known stays.
    pub async fn look(self: &Arc<Masters>) -> Result<(), Trouble> {
        if !self.change() {
            return Ok(());
        }
        let (masters, called) = (Arc::clone(self), Instant::now());
        let task = tokio::spawn(async move {
            let mut looked = masters.looked.lock().await;
            if looked.is_some_and(|looked| looked > called) {
                return Ok(());
            }
            if let Some(looked) = *looked {
                tokio::time::sleep_until(looked + REST).await;
            }
            let found = match &masters.kind {
                Kind::One(_) => Ok(()),
                Kind::Sentinel { sentinels, name } => masters.by_sentinel(sentinels, name).await,
                Kind::Cluster(seeds) => masters.by_slots(seeds).await,
            };
            *looked = Some(Instant::now());
            found
        });
        task.await
            .unwrap_or_else(|gone| Err(Trouble::nobody(&gone.to_string())))
    }

    async fn by_sentinel(&self, sentinels: &[Way], name: &str) -> Result<(), Trouble> {
        let mut last = Trouble::nobody("there is no sentinel");
        // One that was cut off together with an old master would lead back to it: most of them decide.
        let config = self.config();
        let asks = sentinels
            .iter()
            .map(|sentinel| timeout(HEARING, sentinel::ask(sentinel, name, &config)));
        let mut named: Vec<(usize, &Way, Address)> = Vec::new();
        for (sentinel, said) in sentinels.iter().zip(join_all(asks).await) {
            match said {
                Ok(Ok(address)) => match named.iter_mut().find(|(_, _, other)| *other == address) {
                    Some((votes, ..)) => *votes += 1,
                    None => named.push((1, sentinel, address)),
                },
                Ok(Err(trouble)) => last = trouble,
                Err(_) => last = Trouble::nobody("a sentinel does not answer"),
            }
        }
        named.sort_by_key(|(votes, ..)| Reverse(*votes));
        for (_, sentinel, address) in named {
            let known = self.known.load_full();
            let known = known.masters.first().filter(|master| !master.is_over());
            if known.is_some_and(|master| master.address == address) {
                return Ok(());
            }
            // What a sentinel says may be old: the server must say itself that it is a master.
            let master = Master::new(&sentinel.to(&address), &self.options, false);
            match master.prove().await {
                Ok(()) => {
                    self.replace(Known {
                        masters: vec![Arc::new(master)],
                        ..Known::default()
                    });
                    return Ok(());
                }
                Err(trouble) => last = trouble,
            }
        }
        Err(last)
    }

    async fn by_slots(&self, seeds: &[Way]) -> Result<(), Trouble> {
        let known = self.known.load_full();
        let Some(way) = seeds.first() else {
            return Err(Trouble::nobody("there is no seed"));
        };
        let mut ways: Vec<Way> = known.nodes.iter().map(|node| way.to(node)).collect();
        ways.extend(seeds.iter().cloned());
        let mut last = Trouble::nobody("no node answered");
        let mut found = None;
        let first = self.first.load(Ordering::Relaxed);
        for turn in 0..ways.len() {
            let at = (first + turn) % ways.len();
            match slots::ask(&ways[at], &self.config()).await {
                Ok(told) => {
                    let well = told.well;
                    found = Some(told);
                    if well {
                        self.first.store(at, Ordering::Relaxed);
                        break;
                    }
                }
                Err(trouble) => last = trouble,
            }
        }
        self.replace(self.laid_out(found.ok_or(last)?, way));
        Ok(())
    }

    /// Which partition lies on which master. Masters known before keep their connections.
    fn laid_out(&self, found: slots::Found, way: &Way) -> Known {
        let known = self.known.load();
        let mut next = Known {
            nodes: found.nodes,
            ..Known::default()
        };
        for slot in &self.slots {
            let Some(address) = found.ranges.of(*slot) else {
                next.of.push(None);
                continue;
            };
            let mut masters = next.masters.iter();
            let index = masters.position(|master| master.address == *address);
            let index = index.unwrap_or_else(|| {
                let mut old = known.masters.iter().chain(&known.guests);
                let old = old.find(|m| m.address == *address && !m.is_over());
                next.masters.push(match old {
                    Some(master) => Arc::clone(master),
                    None => Arc::new(Master::new(&way.to(address), &self.options, false)),
                });
                next.masters.len() - 1
            });
            next.of.push(Some(index as u16));
        }
        next
    }

    /// From now on these; who is not among them is over.
    fn replace(&self, next: Known) {
        let stay = next.masters.clone();
        let old = self.known.swap(Arc::new(next));
        let same = |one: &Arc<Master>, all: &[Arc<Master>]| all.iter().any(|m| Arc::ptr_eq(m, one));
        for master in old.masters.iter().chain(&old.guests) {
            if !same(master, &stay) {
                master.end();
            }
        }
        if stay.iter().any(|master| !same(master, &old.masters)) {
            let masters: Vec<_> = stay.iter().map(|m| m.address.to_string()).collect();
            tracing::info!(?masters, "redis: these are the masters now");
        }
    }

    fn config(&self) -> AsyncConnectionConfig {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.options.connect_timeout))
            .set_response_timeout(Some(self.options.answer_timeout))
    }
}
