//! Opens the store: finds the masters, looks at what kind of servers they are, reads or writes the
//! name card.

use super::card;
use super::clock::Clock;
use super::core::{Core, Server};
use super::durability::{self, Disk};
use super::errors::Trouble;
use super::hints::Hints;
use super::info::{field, server_time, text};
use super::keys::Keys;
use super::lanes::Lanes;
use super::link::Each;
use super::master::{Line, Master};
use super::nodes::Others;
use super::options::{OpenError, Options};
use super::presence;
use super::roll::born;
use super::scripts::Scripts;
use super::servers::Masters;
use super::upkeep;
use redis::{Pipeline, Value};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, OnceLock};
use tokio::runtime::Handle;

/// Opens a store; runs on the store's own runtime.
pub async fn open(options: Options) -> Result<Core, OpenError> {
    options.check()?;
    let masters = Arc::new(Masters::new(&options, Keys::slots(options.partitions))?);
    masters.look().await.map_err(failed)?;
    let first = masters.of(0).map_err(failed)?;
    let mut names = Vec::new();
    for name in asked(&first, &Scripts::loading()).await? {
        names.push(text(name.map_err(failed)?));
    }
    let scripts = Scripts::named(names).ok_or_else(|| strange("names of scripts"))?;
    let Survey {
        promise,
        mut warnings,
        sharded,
        ..
    } = survey(&masters, &options).await?;
    let keys = card::read(&masters, &scripts, &options, &mut warnings).await?;
    let time = asked(&first, &time()).await?.into_iter().next();
    let time = time.and_then(Result::ok).and_then(server_time);
    let time = time.ok_or_else(|| strange("the server's time"))?;
    let draw = getrandom::u32().map_err(|error| OpenError::Server(error.to_string()))?;
    let incarnation = born(time, draw);
    tracing::info!(promise, "redis store is open");
    for warning in &warnings {
        tracing::warn!(warning, "redis");
    }
    let core = Core {
        keys,
        scripts,
        clock: Clock::start(time),
        incarnation,
        born: time,
        runtime: Handle::current(),
        masters,
        lanes: Lanes::default(),
        closed: OnceLock::new(),
        ended: AtomicBool::new(false),
        landed: AtomicU64::new(0),
        server: Server {
            free_bytes: AtomicU64::new(u64::MAX),
            used_bytes: AtomicU64::new(0),
            promise,
            is_strange: AtomicBool::new(false),
        },
        nodes: Others::new(incarnation, Hints::new(incarnation, sharded)),
        warnings,
        options,
    };
    presence::join(&core).await?;
    // What it meets is met again in a second, and said then.
    let _ = upkeep::look(&core).await;
    Ok(core)
}

/// What the servers of a store are, before anything is asked of the store itself.
#[derive(Debug)]
pub struct Survey {
    /// The masters' addresses.
    pub masters: Vec<String>,
    /// What a 200 to LINE would promise.
    pub promise: &'static str,
    /// What the operator should know.
    pub warnings: Vec<String>,
    /// Whether a store of this prefix is there.
    pub is_there: bool,
    sharded: bool,
}

/// Looks at the servers and changes nothing, not even an empty store.
///
/// # Errors
/// As opening, as far as it is the servers' fault.
pub async fn examine(options: Options) -> Result<Survey, OpenError> {
    options.check()?;
    let masters = Arc::new(Masters::new(&options, Keys::slots(options.partitions))?);
    masters.look().await.map_err(failed)?;
    let mut survey = survey(&masters, &options).await?;
    let mut look = Pipeline::new();
    look.cmd("EXISTS").arg(Keys::card(&options.prefix));
    let first = masters.of(0).map_err(failed)?;
    let there = asked(&first, &look).await?.into_iter().next();
    survey.is_there = matches!(there, Some(Ok(Value::Int(1))));
    Ok(survey)
}

async fn survey(masters: &Masters, options: &Options) -> Result<Survey, OpenError> {
    let mut worst = Disk::Always;
    let mut survey = Survey {
        masters: Vec::new(),
        promise: "",
        warnings: Vec::new(),
        is_there: false,
        sharded: true,
    };
    for master in masters.all() {
        let said = asked(&master, &durability::questions()).await?;
        if let Some(Ok(info)) = said.first() {
            let info = text(info.clone());
            master.learn_replicas(&info);
            survey.sharded &= is_sharded(&info);
        }
        let seen = durability::examine(said, options)?;
        worst = worst.min(seen.disk);
        let named = |warning| format!("{}: {warning}", master.address);
        survey.warnings.extend(seen.warnings.into_iter().map(named));
        survey.masters.push(master.address.to_string());
    }
    survey.promise = durability::promise(options, worst);
    Ok(survey)
}

/// Whether the server publishes within a shard.
fn is_sharded(info: &str) -> bool {
    let version = field(info, "redis_version").unwrap_or_default();
    let major = version.split('.').next().map(str::parse::<u32>);
    matches!(major, Some(Ok(7..)))
}

fn time() -> Pipeline {
    let mut pipe = Pipeline::new();
    pipe.cmd("TIME");
    pipe
}

async fn asked(master: &Master, pipe: &Pipeline) -> Result<Vec<Each>, OpenError> {
    let answers = master.ask(Line::Reads, pipe).await;
    answers.map_err(failed)
}

fn failed(trouble: Trouble) -> OpenError {
    OpenError::Server(trouble.said)
}

fn strange(what: &str) -> OpenError {
    OpenError::Server(format!("{what} cannot be read"))
}
