//! One connection to one server, shared by many calls, replaced as a whole when one of them is in
//! doubt.
//!
//! A time-out counts as a broken connection: a half-open one would never say so itself. One dials while
//! the others wait for what comes of it; a failure is remembered for a moment, so that a server that
//! is gone is not asked by everybody. A server that is loading or busy keeps its connection.

use super::address::Way;
use super::errors::{Trouble, Verdict};
use super::scripts::Scripts;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Pipeline, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Pipelines that may wait for the socket; more wait in their tasks.
const BUFFER: usize = 4_096;
/// First and longest time a failure to connect is remembered.
const REST: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(250)];

/// What an answer is, or why there is none.
pub type Each = Result<Value, Trouble>;

/// The connection.
pub struct Link {
    way: Way,
    config: AsyncConnectionConfig,
    /// Its server is no master any more: nothing is asked of it, and nothing it says is believed.
    over: Arc<AtomicBool>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: Option<MultiplexedConnection>,
    /// The open connection has the scripts and leads to a master.
    ready: bool,
    generation: u64,
    failed: Option<(Instant, Trouble)>,
    rest: Duration,
}

/// A connection, and which one it is.
pub struct Lent {
    connection: MultiplexedConnection,
    generation: u64,
    over: Arc<AtomicBool>,
}

impl Link {
    /// Not connected yet.
    pub fn new(way: Way, connect: Duration, answer: Duration, over: Arc<AtomicBool>) -> Link {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(connect))
            .set_response_timeout(Some(answer))
            .set_pipeline_buffer_size(BUFFER);
        Link {
            way,
            config,
            over,
            state: Mutex::default(),
        }
    }

    /// The connection that is open, or a new one, with the scripts loaded.
    pub async fn lend(&self) -> Result<Lent, Trouble> {
        let mut state = self.state.lock().await;
        if self.over.load(Ordering::Acquire) {
            return Err(Trouble::over(false));
        }
        if let (Some(connection), true) = (&state.open, state.ready) {
            return Ok(self.lent(connection.clone(), state.generation));
        }
        if let Some((until, trouble)) = &state.failed
            && Instant::now() < *until
        {
            return Err(trouble.clone());
        }
        match self.make(&mut state).await {
            Ok(lent) => {
                state.ready = true;
                state.failed = None;
                state.rest = Duration::ZERO;
                Ok(lent)
            }
            Err(trouble) => {
                if !matches!(trouble.verdict, Verdict::Wait) {
                    state.open = None;
                }
                state.rest = (state.rest * 2).clamp(REST[0], REST[1]);
                state.failed = Some((Instant::now() + state.rest, trouble.clone()));
                Err(trouble)
            }
        }
    }

    async fn make(&self, state: &mut State) -> Result<Lent, Trouble> {
        // Nothing of ours is sent before this has ended well.
        let known = |trouble| Trouble {
            unknown: false,
            ..trouble
        };
        let connection = match &state.open {
            Some(connection) => connection.clone(),
            None => {
                let made = self.way.dial(&self.config).await;
                let made = made.map_err(|error| known(Trouble::outside(&error)))?;
                state.generation += 1;
                state.ready = false;
                state.open = Some(made.clone());
                made
            }
        };
        let mut lent = self.lent(connection, state.generation);
        let mut pipe = Scripts::loading();
        let role = pipe.len();
        pipe.cmd("ROLE");
        let mut said = lent.each(&pipe).await.map_err(known)?;
        let role = said.split_off(role);
        for answer in said {
            answer.map_err(known)?;
        }
        match role.into_iter().next() {
            Some(Ok(role)) if is_replica(&role) => Err(Trouble::replica()),
            // Some managed servers do not let themselves be asked.
            _ => Ok(lent),
        }
    }

    fn lent(&self, connection: MultiplexedConnection, generation: u64) -> Lent {
        Lent {
            connection,
            generation,
            over: Arc::clone(&self.over),
        }
    }

    /// Gives a connection up, if nobody has yet.
    pub async fn give_up(&self, generation: u64) {
        let mut state = self.state.lock().await;
        if state.generation == generation {
            state.open = None;
            state.ready = false;
        }
    }

    /// Gives up whatever connection there is.
    pub async fn drop_any(&self) {
        let mut state = self.state.lock().await;
        state.open = None;
        state.ready = false;
    }

    /// Sends over the connection. When that fails for good the connection is given up; when scripts
    /// are missed they are loaded, and the commands that missed them still have their error.
    pub async fn send(&self, pipe: &Pipeline) -> Result<Vec<Each>, Trouble> {
        let mut lent = self.lend().await?;
        let mut tried = lent.each(pipe).await;
        let reload = |each: &Each| matches!(each, Err(t) if t.verdict == Verdict::Reload);
        if let Ok(answers) = &tried
            && answers.iter().any(reload)
            && let Err(trouble) = lent.each(&Scripts::loading()).await
        {
            tried = Err(Trouble {
                unknown: true,
                ..trouble
            });
        }
        if matches!(&tried, Err(trouble) if trouble.verdict == Verdict::Reconnect) {
            self.give_up(lent.generation).await;
        }
        tried
    }
}

impl Lent {
    /// Sends commands in one go and waits for all answers, each by itself.
    async fn each(&mut self, pipe: &Pipeline) -> Result<Vec<Each>, Trouble> {
        let answers = self
            .connection
            .send_packed_commands(pipe, 0, pipe.len())
            .await
            .map_err(|error| Trouble::outside(&error))?;
        if self.over.load(Ordering::Acquire) {
            return Err(Trouble::over(true));
        }
        if answers.len() != pipe.len() {
            return Err(Trouble::nonsense("not one answer for each command"));
        }
        let each = answers.into_iter().map(|answer| match answer {
            Value::ServerError(error) => Err(Trouble::answered(&error)),
            answer => Ok(answer),
        });
        Ok(each.collect())
    }
}

/// Whether this is what a replica says to `ROLE`.
pub fn is_replica(role: &Value) -> bool {
    let Value::Array(parts) = role else {
        return false;
    };
    matches!(parts.first(), Some(Value::BulkString(word)) if word == b"slave")
}
