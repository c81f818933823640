//! Sends the same commands until the server answers them or patience ends.

use super::errors::{Trouble, Verdict};
use super::link::Link;
use super::scripts::Scripts;
use crate::ports::store::Error;
use redis::{Pipeline, Value};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// First and longest pause between two tries.
const PAUSES: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(320)];

/// Sends `pipe` over `link` until every command is answered, for at most `patience`.
///
/// # Errors
/// [`Error::Full`] when the server is full and no try is unknown; [`Error::Io`] otherwise: when
/// patience ended, or when repeating does not help.
pub async fn ask(link: &Link, pipe: &Pipeline, patience: Duration) -> Result<Vec<Value>, Error> {
    let end = Instant::now() + patience;
    let mut pause = PAUSES[0];
    let mut unknown = false;
    let mut said = String::from("no connection was made");
    loop {
        let Ok(tried) = timeout_at(end, attempt(link, pipe)).await else {
            return Err(given_up(patience, &said));
        };
        let trouble = match tried {
            Ok(answers) => return Ok(answers),
            Err(trouble) => trouble,
        };
        unknown |= trouble.unknown;
        match trouble.verdict {
            Verdict::Refused => return Err(Error::Io(format!("redis: {}", trouble.said))),
            // A try of unknown outcome may still land when there is room again.
            Verdict::Full if !unknown => {
                return Err(Error::Full {
                    free_bytes: 0,
                    floor_bytes: 1,
                });
            }
            Verdict::Full | Verdict::Reload | Verdict::Reconnect | Verdict::Wait => {}
        }
        said = trouble.said;
        let jitter = Duration::from_millis(u64::from(getrandom::u32().unwrap_or(0) % 16));
        if timeout_at(end, sleep(pause + jitter)).await.is_err() {
            return Err(given_up(patience, &said));
        }
        pause = (pause * 2).min(PAUSES[1]);
    }
}

async fn attempt(link: &Link, pipe: &Pipeline) -> Result<Vec<Value>, Trouble> {
    let mut lent = link.lend().await?;
    let mut tried = lent.send(pipe).await;
    if matches!(&tried, Err(trouble) if trouble.verdict == Verdict::Reload) {
        lent.send(&Scripts::loading()).await?;
        tried = lent.send(pipe).await;
    }
    if matches!(&tried, Err(trouble) if trouble.verdict == Verdict::Reconnect) {
        link.give_up(lent.generation()).await;
    }
    tried
}

fn given_up(patience: Duration, said: &str) -> Error {
    let patience = patience.as_millis();
    Error::Io(format!(
        "redis gave no answer within {patience} ms, last: {said}"
    ))
}
