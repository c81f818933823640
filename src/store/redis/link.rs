//! One connection to the server, shared by many calls, replaced as a whole when one of them is in
//! doubt.
//!
//! A time-out counts as a broken connection: a half-open one would never say so itself. Whoever finds
//! the connection gone makes the next one while the others wait, all within their own patience.

use super::errors::Trouble;
use super::options::Options;
use super::reply::bytes;
use super::scripts::Scripts;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Pipeline, RedisResult, Value};
use std::sync::OnceLock;
use tokio::sync::Mutex;

/// Commands that may wait for the socket; more wait in their tasks.
const BUFFER: usize = 4_096;

/// The connection.
pub struct Link {
    client: Client,
    config: AsyncConnectionConfig,
    state: Mutex<State>,
    /// The name card's key, and the secret on it, once the store is open.
    card: OnceLock<(String, [u8; 16])>,
}

#[derive(Default)]
struct State {
    open: Option<MultiplexedConnection>,
    generation: u64,
}

/// A connection, and which one it is.
pub struct Lent {
    connection: MultiplexedConnection,
    generation: u64,
}

impl Link {
    /// Not connected yet.
    ///
    /// # Errors
    /// The URL is none.
    pub fn new(options: &Options) -> RedisResult<Link> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(options.connect_timeout))
            .set_response_timeout(Some(options.answer_timeout))
            .set_pipeline_buffer_size(BUFFER);
        Ok(Link {
            client: Client::open(options.url.as_str())?,
            config,
            state: Mutex::default(),
            card: OnceLock::new(),
        })
    }

    /// From now on only a server that holds this name card is spoken to. One that came back empty, or
    /// took over without the card, must take no writes: another node would begin a new store on it,
    /// and every conversation would be in two places.
    pub fn insist(&self, card: String, secret: [u8; 16]) {
        // Set once, when the store is opened.
        let _ = self.card.set((card, secret));
    }

    async fn has_card(&self, lent: &mut Lent) -> Result<(), Trouble> {
        let Some((card, secret)) = self.card.get() else {
            return Ok(());
        };
        let mut pipe = Pipeline::new();
        pipe.cmd("HGET").arg(card).arg("secret");
        let found = lent.send(&pipe).await?.into_iter().next();
        match found.and_then(bytes) {
            Some(found) if found == secret => Ok(()),
            _ => Err(Trouble::another_store()),
        }
    }

    /// Asks whether the server still holds the store; gives the connection up when it does not.
    pub async fn verify(&self) -> Result<(), Trouble> {
        let mut lent = self.lend().await?;
        let held = self.has_card(&mut lent).await;
        if held.is_err() {
            self.give_up(lent.generation()).await;
        }
        held
    }

    /// The connection that is open, or a new one with the scripts loaded.
    pub async fn lend(&self) -> Result<Lent, Trouble> {
        let mut state = self.state.lock().await;
        if let Some(connection) = &state.open {
            return Ok(Lent {
                connection: connection.clone(),
                generation: state.generation,
            });
        }
        let made = self
            .client
            .get_multiplexed_async_connection_with_config(&self.config)
            .await;
        // Nothing of ours was sent yet.
        let known = |trouble| Trouble {
            unknown: false,
            ..trouble
        };
        let connection = made.map_err(|error| known(Trouble::outside(&error)))?;
        let mut lent = Lent {
            connection,
            generation: state.generation + 1,
        };
        lent.send(&Scripts::loading()).await.map_err(known)?;
        self.has_card(&mut lent).await.map_err(known)?;
        state.open = Some(lent.connection.clone());
        state.generation = lent.generation;
        Ok(lent)
    }

    /// Gives a connection up, if nobody has yet.
    pub async fn give_up(&self, generation: u64) {
        let mut state = self.state.lock().await;
        if state.generation == generation {
            state.open = None;
        }
    }
}

impl Lent {
    /// Which connection this is.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Sends commands in one go and waits for all answers; the first error among them is the error.
    pub async fn send(&mut self, pipe: &Pipeline) -> Result<Vec<Value>, Trouble> {
        let answers = self
            .connection
            .send_packed_commands(pipe, 0, pipe.len())
            .await
            .map_err(|error| Trouble::outside(&error))?;
        for answer in &answers {
            if let Value::ServerError(error) = answer {
                return Err(Trouble::answered(error));
            }
        }
        if answers.len() != pipe.len() {
            return Err(Trouble::nonsense("not one answer for each command"));
        }
        Ok(answers)
    }
}
