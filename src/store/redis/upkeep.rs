//! Once a second: whether the server still holds the store, its time for the clock, its memory for the health. The thread that all
//! of a store's tasks run on ends here.

use super::asking::ask;
use super::core::Core;
use super::reply::{array, bytes, number};
use crate::domain::time::Millis;
use redis::{Pipeline, Value};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval, timeout};

const EVERY: Duration = Duration::from_secs(1);

/// Looks after the store until `end` is told or dropped, then lets the commits that wait be answered.
pub async fn keep(core: Arc<Core>, mut end: oneshot::Receiver<()>) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut well = true;
    loop {
        tokio::select! {
            _ = &mut end => break,
            _ = tick.tick() => {}
        }
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
    }
    // Every one of them has its own patience; those in a lane come one after the other.
    let longest = core.options.patience * 4;
    if timeout(longest, core.lanes.emptied()).await.is_err() {
        let waiting = core.lanes.waiting();
        tracing::warn!(
            waiting,
            "commits were given up at the end, their outcome is unknown"
        );
    }
}

async fn look(core: &Core) -> Result<(), String> {
    // A server that was flushed answers as before, over the same connections.
    for link in [&core.commits, &core.reads] {
        let held = timeout(core.options.patience, link.verify()).await;
        let held = held.map_err(|_| "no answer in time".to_owned())?;
        held.map_err(|trouble| trouble.said)?;
    }
    let mut pipe = Pipeline::new();
    pipe.cmd("TIME");
    pipe.cmd("INFO").arg("memory");
    let mut answers = ask(&core.reads, &pipe, core.options.patience)
        .await
        .map_err(|error| error.to_string())?
        .into_iter();
    if let Some(time) = answers.next().and_then(server_time) {
        core.clock.learn(time);
    }
    let info = match answers.next() {
        Some(Value::VerbatimString { text, .. }) => text,
        Some(other) => String::from_utf8_lossy(&bytes(other).unwrap_or_default()).into_owned(),
        None => String::new(),
    };
    let number = |name| field(&info, name).and_then(|text| text.parse().ok());
    if let (Some(max), Some(used)) = (number("maxmemory"), number("used_memory")) {
        core.server.max_bytes.store(max, Ordering::Relaxed);
        core.server.used_bytes.store(used, Ordering::Relaxed);
    }
    Ok(())
}

/// A field of `INFO`.
pub fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    let fields = info.lines().filter_map(|line| line.split_once(':'));
    let mut values = fields.filter_map(|(key, value)| (key == name).then_some(value.trim()));
    values.next()
}

/// What `TIME` says: seconds and microseconds.
pub fn server_time(value: Value) -> Option<Millis> {
    let mut parts = array(value, "the time").ok()?.into_iter().map(number);
    let (seconds, micros) = (parts.next()??, parts.next()??);
    Some(Millis(seconds * 1_000 + micros / 1_000))
}
