//! Which nodes are there: every node gives a sign once a second and learns of the others by the same
//! call. What a list proves, and what it does not, is reckoned in `roll`.

use super::core::Core;
use super::lanes;
use super::options::OpenError;
use super::reply::{array, bytes, number, strange};
use super::roll::{JOINS_WITHIN, List, Seen};
use super::scripts::Script;
use crate::domain::ids::Incarnation;
use crate::domain::time::Millis;
use crate::ports::store::{Error, FORMAT_LEVEL, PRESENCE_LIFE};
use crate::telemetry::meter;
use redis::{Value, cmd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// Where presence and the level in force lie.
const PARTITION: u16 = 0;
/// Between two signs.
pub const EVERY: Duration = Duration::from_secs(1);
/// Shortest pause between two signs, however often somebody asks.
const SHORTEST: Duration = Duration::from_millis(50);

/// What the server answered to a sign.
enum Answer {
    Here {
        list: List,
        time: Millis,
        level: u32,
        was: bool,
    },
    CannotRead {
        level: u32,
    },
}

/// Gives the first sign (an observer only looks). Nobody is handed the store before that: a node whose commits others see is
/// on their lists, or has gone.
pub async fn join(core: &Core) -> Result<(), OpenError> {
    let sent = Instant::now();
    match sign(core).await {
        Ok(Answer::Here {
            list, time, level, ..
        }) => {
            if !core.options.observer && time.since(core.born).0 > JOINS_WITHIN {
                leave(core).await;
                return Err(OpenError::Server("it took too long to join".into()));
            }
            core.nodes.level.store(level, Ordering::Release);
            core.nodes.roll().learn((list, time), sent, false);
            Ok(())
        }
        Ok(Answer::CannotRead { level }) => Err(OpenError::Level {
            prefix: core.options.prefix.clone(),
            found: level,
            readable: core.options.readable_level,
        }),
        Err(error) => Err(OpenError::Server(error.to_string())),
    }
}

/// Gives signs for as long as the store's thread runs.
pub async fn keep(core: Arc<Core>) {
    loop {
        let pause = core.nodes.roll().pause(Instant::now(), EVERY);
        tokio::select! {
            () = sleep(pause.max(SHORTEST)) => {}
            () = async {
                core.nodes.asked.notified().await;
                sleep(SHORTEST).await;
            } => {}
        }
        let left = core.nodes.left.lock().await;
        if *left {
            return;
        }
        let sent = Instant::now();
        let signed = sign(&core).await;
        drop(left);
        match signed {
            Ok(Answer::Here {
                list,
                time,
                level,
                was,
            }) => {
                if !was {
                    tracing::warn!(
                        "this node's presence had lapsed: it gave no sign for 4 s, and others may have \
                         taken over what it had begun"
                    );
                    meter::presence_lapsed();
                }
                if core.nodes.level.swap(level, Ordering::AcqRel) < level {
                    tracing::info!(level, "every node reads this format level, it is in force");
                }
                let gone = core.nodes.roll().learn((list, time), sent, !was);
                for incarnation in gone {
                    tracing::info!(node = %format_args!("{:016x}", incarnation.0), "node is gone");
                }
            }
            Ok(Answer::CannotRead { level }) => {
                let readable = core.options.readable_level;
                tracing::error!(
                    level,
                    readable,
                    "the format level was raised while this node was away: it cannot read what is \
                     written now and takes no more work"
                );
                let why = format!(
                    "format level {level} is in force, this version reads {readable}: a newer one is \
                     needed here"
                );
                lanes::shut(&core, &why);
                return;
            }
            // The upkeep says that the server does not answer.
            Err(error) => tracing::debug!(%error, "no sign could be given"),
        }
    }
}

/// Leaves in order: others know at once, or, if the server cannot be told soon, when the presence ends.
pub async fn leave(core: &Core) {
    let mut left = core.nodes.left.lock().await;
    *left = true;
    if core.options.observer {
        return;
    }
    let mut call = cmd("ZREM");
    call.arg(core.keys.of(PARTITION, "nodes")).arg(member(core));
    let told = timeout(EVERY, core.ask_one(PARTITION, call)).await;
    if !matches!(told, Ok(Ok(_))) {
        tracing::info!("the server could not be told that this node leaves");
    }
}

async fn sign(core: &Core) -> Result<Answer, Error> {
    let keys = ["nodes", "level"].map(|name| core.keys.of(PARTITION, name));
    let mut call = core.scripts.call(Script::Presence, &keys);
    call.arg(member(core)).arg(core.options.readable_level);
    call.arg(PRESENCE_LIFE.0).arg(FORMAT_LEVEL);
    call.arg(u8::from(core.options.observer));
    answer(core.ask_one(PARTITION, call).await?)
}

fn member(core: &Core) -> String {
    format!(
        "{:016x} {}",
        core.incarnation.0, core.options.readable_level
    )
}

fn answer(value: Value) -> Result<Answer, Error> {
    let no = || strange("the list of nodes");
    let mut parts = array(value, "the list of nodes")?.into_iter();
    let mut next = || parts.next().and_then(number);
    let (reads, level) = (next().ok_or_else(no)?, next().ok_or_else(no)?);
    let level = u32::try_from(level).map_err(|_| no())?;
    if reads == 0 {
        return Ok(Answer::CannotRead { level });
    }
    let (was, now) = (next().ok_or_else(no)?, next().ok_or_else(no)?);
    let mut list = List::new();
    while let (Some(member), Some(end)) = (parts.next(), parts.next()) {
        let (incarnation, level) = bytes(member).and_then(|m| named(&m)).ok_or_else(no)?;
        let left = number(end).ok_or_else(no)?.saturating_sub(now);
        list.insert(incarnation, Seen { level, left });
    }
    let was = was == 1;
    let time = Millis(now);
    Ok(Answer::Here {
        list,
        time,
        level,
        was,
    })
}

fn named(member: &[u8]) -> Option<(Incarnation, u32)> {
    let (incarnation, level) = std::str::from_utf8(member).ok()?.split_once(' ')?;
    let incarnation = u64::from_str_radix(incarnation, 16).ok()?;
    Some((Incarnation(incarnation), level.parse().ok()?))
}
