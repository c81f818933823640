//! Once a second: whether the masters still are and hold the store that was opened, their time for the
//! clock, their memory for the health, their replicas for `WAIT`. The thread that all of a store's tasks run on ends here.

use super::core::Core;
use super::errors::Trouble;
use super::info::{field, server_time, text};
use super::link::is_replica;
use super::master::{Line, Master};
use super::reply::bytes;
use crate::domain::time::Millis;
use futures_util::future::join_all;
use redis::Pipeline;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

const EVERY: Duration = Duration::from_secs(1);
/// Looks between two questions who the masters are, when nothing makes one doubt it.
const TURNS: u32 = 10;
/// Partitions of each master that are looked at for the store's mark.
const MARKS: usize = 4;
/// An answer that took longer says too little about the server's time.
const SLOWEST: Duration = Duration::from_millis(100);

/// Looks after the store until `end` is told or dropped, then lets the commits that wait be answered.
pub async fn keep(core: Arc<Core>, mut end: oneshot::Receiver<()>) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut well, mut turn) = (true, 0);
    loop {
        tokio::select! {
            _ = &mut end => break,
            _ = tick.tick() => {}
        }
        turn += 1;
        let looked = tokio::select! {
            _ = &mut end => break,
            looked = look(&core) => looked,
        };
        match (&looked, well) {
            (Err(said), true) => tracing::warn!(said, "redis does not answer"),
            (Ok(()), false) => tracing::info!("redis answers again"),
            _ => {}
        }
        well = looked.is_ok();
        if !well || turn % TURNS == 0 {
            let masters = Arc::clone(&core.masters);
            // Whoever asks meanwhile waits for the same look; what it meets he is told.
            core.runtime
                .spawn(async move { masters.look().await.is_ok() });
        }
    }
    if timeout(core.longest(), core.lanes.emptied()).await.is_err() {
        let waiting = core.lanes.waiting();
        tracing::warn!(
            waiting,
            "commits were given up at the end, their outcome is unknown"
        );
    }
    core.ended.store(true, Ordering::Release);
    for master in core.masters.everybody() {
        drop(master.queue.drain());
    }
}

/// One look at every master.
pub async fn look(core: &Core) -> Result<(), String> {
    let masters = core.masters.all();
    let clock = core.masters.of(0).ok();
    let looks = masters.iter().map(|master| examine(core, master));
    let (mut free, mut used, mut said) = (u64::MAX, 0, None);
    let (mut strange, mut ours) = (false, 0);
    for (master, looked) in masters.iter().zip(join_all(looks).await) {
        let seen = match looked {
            Ok(seen) => seen,
            Err(trouble) => {
                said = Some(trouble.said);
                continue;
            }
        };
        match seen.is_ours {
            Some(true) => ours += 1,
            Some(false) => strange = true,
            None => {}
        }
        used += seen.used;
        free = free.min(seen.free);
        if let Some(time) = seen.time
            && clock
                .as_ref()
                .is_some_and(|clock| Arc::ptr_eq(clock, master))
        {
            core.clock.learn(time);
        }
    }
    // Of one that does not answer nothing new is known.
    if strange || ours == masters.len() {
        let was = core.server.is_strange.swap(strange, Ordering::Relaxed);
        match (was, strange) {
            (false, true) => tracing::error!(
                "a redis server was emptied or holds another store: it takes no commits"
            ),
            (true, false) => tracing::info!("redis holds the store that was opened again"),
            _ => {}
        }
    }
    core.server.free_bytes.store(free, Ordering::Relaxed);
    core.server.used_bytes.store(used, Ordering::Relaxed);
    match said {
        None if masters.is_empty() => Err("no master is known".into()),
        None => Ok(()),
        Some(said) => Err(said),
    }
}

struct Seen {
    time: Option<Millis>,
    used: u64,
    free: u64,
    /// Whether it holds the store that was opened; `None`: it does not say.
    is_ours: Option<bool>,
}

async fn examine(core: &Core, master: &Arc<Master>) -> Result<Seen, Trouble> {
    let mut pipe = Pipeline::new();
    pipe.cmd("TIME");
    let asked = Instant::now();
    let said = master.ask(Line::Reads, &pipe).await?;
    let took = asked.elapsed();
    let time = said.into_iter().next().and_then(Result::ok);
    // The server read its clock about half-way.
    let time = time.and_then(server_time).filter(|_| took <= SLOWEST);
    let time = time.map(|time| Millis(time.0 + took.as_millis() as u64 / 2));
    let mut pipe = Pipeline::new();
    pipe.cmd("ROLE");
    pipe.cmd("INFO").arg("memory");
    pipe.cmd("INFO").arg("replication");
    for partition in some_of(core, master) {
        let meta = core.keys.of(partition, "meta");
        pipe.cmd("HGET").arg(meta).arg("store");
    }
    let mut said = master.ask(Line::Reads, &pipe).await?.into_iter();
    match said.next() {
        Some(Ok(role)) if is_replica(&role) => {
            master.demote();
            return Err(Trouble::replica());
        }
        // One that is loading says so to everything.
        Some(Err(trouble)) if trouble.verdict == super::errors::Verdict::Wait => {
            return Err(trouble);
        }
        _ => {}
    }
    let memory = said.next().and_then(Result::ok).map(text);
    let memory = memory.unwrap_or_default();
    if let Some(Ok(info)) = said.next() {
        master.learn_replicas(&text(info));
    }
    // A single partition that was lost is told when the store is opened: the others take work.
    let marks: Vec<_> = said.filter_map(Result::ok).map(bytes).collect();
    let is_ours = marks
        .iter()
        .any(|mark| mark.as_deref() == Some(core.keys.mark()));
    let number = |name| field(&memory, name).and_then(|text| text.parse().ok());
    let (used, max) = (number("used_memory"), number("maxmemory"));
    let used: u64 = used.unwrap_or(0);
    Ok(Seen {
        time,
        used,
        free: match max.unwrap_or(0) {
            0 => u64::MAX,
            max => u64::saturating_sub(max, used),
        },
        is_ours: (!marks.is_empty()).then_some(is_ours),
    })
}

/// Some of the partitions that lie on a master.
fn some_of(core: &Core, master: &Arc<Master>) -> impl Iterator<Item = u16> {
    let lies_there = |partition: &u16| {
        let of = core.masters.of(*partition);
        of.is_ok_and(|of| Arc::ptr_eq(&of, master))
    };
    (0..core.keys.partitions()).filter(lies_there).take(MARKS)
}
