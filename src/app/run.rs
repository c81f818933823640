//! Start order and drain order.
//!
//! Start: store → listeners bound → messenger → registry and stages → spool → recovery → listeners served.
//! What can fail comes before what runs. Recovery begins before new work comes in.
//!
//! Drain: not ready → stop accepting → what is in flight ends → spool closes → store closes. What does not end in
//! time is in the store and is owed at the next start.

use super::archive;
use super::assistant::assistant_stage;
use super::chores::{backup, keep_up, reload, watch_quotas};
use super::door::Door;
use super::edge::line_settings;
use super::learning;
use super::observe::LineFigures;
use super::prepare::Prepared;
use super::refusal::StartError;
use super::spool;
use super::store::{self, Opened};
use crate::actors::{Housekeeper, Limits, Lines, PushBudget, Registry, Shared, Sweeper};
use crate::automation::Current;
use crate::config::settings::{Channel as ChannelSettings, Groups};
use crate::config::{SOCKET_PATH_MAX, Settings};
use crate::connector::HttpConnectors;
use crate::domain::ids::ChannelId;
use crate::line::inbound::{GroupPolicy, Reading};
use crate::line::limiter::Rates;
use crate::line::sender::{LineMessenger, SenderSettings};
use crate::line::signature::Verifier;
use crate::line::spooling::Spooling;
use crate::line::webhook::{Bounds, Channel, Webhook};
use crate::ports::store::Store;
use crate::server::internal::Internal;
use crate::server::status::Status;
use crate::server::{internal, public};
use crate::stages::intent::Intent;
use crate::store::embedded::FolderLock;
use crate::telemetry::meter;
use actix::prelude::*;
use actix_web::dev::ServerHandle;
use actix_web::web;
use metrics_exporter_prometheus::PrometheusHandle;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sends begun and not ended beyond which no new work is taken: below what the messenger lets wait,
/// so that what was accepted always finds a place.
const MAX_OWED: usize = 3_000;

/// What a server starts with besides the config.
pub struct Start {
    /// Config and automation.
    pub prepared: Prepared,
    /// The recorder; `None` in processes that have none.
    pub metrics: Option<PrometheusHandle>,
}

/// A server at work.
pub struct Running {
    /// The public listener.
    pub public: SocketAddr,
    /// The internal listener.
    pub internal: SocketAddr,
    registry: Arc<Registry>,
    status: Arc<Status>,
    webhook: web::Data<Webhook>,
    spooling: Option<Arc<Spooling>>,
    automation: Arc<Current>,
    public_listener: Door,
    public_server: ServerHandle,
    internal_server: ServerHandle,
    drain: Duration,
    /// Given back when the server has left.
    _folder: Option<FolderLock>,
}

/// Starts a server on the current actix system.
///
/// # Errors
/// When a listener or the store cannot be had.
pub async fn start(start: Start) -> Result<Running, StartError> {
    let Prepared {
        settings,
        automation,
        ..
    } = start.prepared;
    // Before the listeners: while Redis is not there, connections are refused, so that a balancer gives
    // them to another node, and do not hang.
    let Opened { store, folder } = store::open(&settings.store)?;
    let public_listener = listen("server.listen", settings.server.listen)?;
    let internal_listener = listen("server.internal_listen", settings.server.internal_listen)?;
    let messenger = messenger(&settings, store.clone())?;
    let gate = messenger.clone();
    let assistant = assistant_stage(&settings.ai, automation.clone(), store.clone())?;
    let shared = Arc::new(Shared {
        store: store.clone(),
        messenger: Arc::new(messenger.clone()),
        automation: automation.clone(),
        intent: Arc::new(Intent::new(automation.clone())),
        assistant: assistant.clone(),
        connectors: Some(Arc::new(connectors(&automation))),
        pushes: PushBudget::new(
            settings.sending.auto_push_per_hour,
            Arc::new(move |channel: &ChannelId| gate.may_push_automatically(channel)),
        ),
        lines: Lines::default(),
    });
    let limits = match store.is_shared() {
        true => Limits::shared(),
        false => Limits::default(),
    };
    let registry = Registry::new(shared, limits);
    let channels: Vec<Channel> = settings.channels.iter().map(channel).collect();
    let readings = channels.iter().map(|channel| channel.reading.clone());
    let spooling = spool::open(&settings, &registry, readings, MAX_OWED)?;
    let status = Status::new(registry.clone())
        .with_spool(spooling.clone())
        .with_assistant(assistant);
    let status = Arc::new(status);

    let archive = archive::open(&settings.store, &settings.archive)?;
    let socket = admin_socket(&settings);
    let metrics = start.metrics.clone();
    let internal = Internal {
        status: status.clone(),
        registry: registry.clone(),
        metrics: start.metrics,
        reload: reload(automation.clone()),
        backup: backup(store.clone()),
        unmatched: learning::asked(store.clone(), settings.learning.clone()),
    };
    let internal_addr = local(&internal_listener, "server.internal_listen")?;
    let internal_server =
        internal::serve(internal_listener, socket.as_deref(), internal).map_err(|error| {
            let path = settings.store.socket();
            failed(
                "store.path/hotline.sock",
                &path.display().to_string(),
                error,
            )
        })?;

    let bounds = Bounds {
        body: settings.server.body_cap.bytes(),
        in_flight: settings.server.max_in_flight.get(),
        owed: MAX_OWED,
    };
    let webhook = Webhook::new(channels, registry.clone(), bounds).with_spool(spooling.clone());
    let webhook = web::Data::new(webhook);
    let public_addr = local(&public_listener, "server.listen")?;
    let door = Door::of(&public_listener)
        .map_err(|error| failed("server.listen", &public_addr.to_string(), error))?;
    let drain = settings.server.drain_timeout.std();
    let workers = settings.server.workers.get();
    let public_server = public::serve(public_listener, workers, webhook.clone(), drain)
        .map_err(|error| failed("server.listen", &public_addr.to_string(), error))?;

    // Nothing below can fail: what was started runs.
    Sweeper::new(registry.clone()).start();
    spool::drain(spooling.as_ref());
    Housekeeper::new(store.clone(), archive)
        .in_turn()
        .keep_feed(settings.store.keep_feed)
        .keep_archive(settings.privacy.keep_archive)
        .start_on(&Arbiter::new().handle());
    watch_quotas(messenger);
    if let Some(metrics) = metrics {
        keep_up(metrics);
    }
    let internal_handle = internal_server.handle();
    actix_rt::spawn(internal_server);
    let public_handle = public_server.handle();
    actix_rt::spawn(public_server);

    let health = store.health();
    tracing::info!(public = %public_addr, internal = %internal_addr, workers,
        channels = settings.channels.len(), store = health.kind, promise = health.promise,
        version = env!("CARGO_PKG_VERSION"), "hotline is ready");
    Ok(Running {
        public: public_addr,
        internal: internal_addr,
        registry,
        status,
        webhook,
        spooling,
        automation,
        public_listener: door,
        public_server: public_handle,
        internal_server: internal_handle,
        drain,
        _folder: folder,
    })
}

impl Running {
    /// Reads automation and knowledge again, all or nothing, off the event loop. What came of it is
    /// in the log and the metrics.
    pub async fn reload_off_loop(&self) {
        let apply = reload(self.automation.clone());
        if web::block(move || apply().is_ok()).await.is_err() {
            tracing::warn!("reload was not applied: the server is leaving");
        }
    }

    /// Finishes what is in flight and closes the store.
    pub async fn drain(self) {
        let began = Instant::now();
        tracing::info!(timeout_s = self.drain.as_secs(), "draining");
        self.status.drain();
        self.webhook.leave();
        if let Some(spooling) = &self.spooling {
            spooling.leave();
        }
        // What is held back is in the store, and due: the next process sends it.
        self.registry.shared().lines.leave();
        // Stops accepting, lets requests under way end, then the worker threads stop. Conversations
        // live on those threads, so sends under way must end before: hence first the waiting.
        self.public_server.pause().await;
        self.public_listener.close();
        let quiet = || {
            self.webhook.in_flight() == 0
                && self
                    .spooling
                    .as_ref()
                    .is_none_or(|spool| spool.under_way() == 0)
                && self.registry.delivering() == 0
                && self.registry.shared().in_flight() == 0
        };
        let mut look = tokio::time::interval(Duration::from_millis(10));
        while !quiet() && began.elapsed() < self.drain {
            look.tick().await;
        }
        let left = self.registry.shared().in_flight();
        let held_back = self.registry.shared().lines.held();
        // Outcomes of the last sends are committed lazily: the store's closing writes them.
        look.tick().await;
        look.tick().await;
        // After the webhook: its last events may still be spooled.
        if let Some(spooling) = &self.spooling {
            spooling.close().await;
        }
        if let Err(error) = self.registry.shared().store.close().await {
            tracing::error!(error = %error, "store did not close cleanly");
        }
        self.public_server.stop(false).await;
        self.internal_server.stop(false).await;
        tracing::info!(
            took_ms = began.elapsed().as_millis() as u64,
            sends_left = left,
            held_back,
            "drained"
        );
    }
}

/// Calls of flows, by the connectors in force.
fn connectors(automation: &Arc<Current>) -> HttpConnectors {
    let automation = automation.clone();
    HttpConnectors::new(Arc::new(move || automation.connectors()))
}

/// Where the admin socket goes; `None` when the path is too long for one (`check` says so too).
fn admin_socket(settings: &Settings) -> Option<PathBuf> {
    let path = settings.store.socket();
    if path.as_os_str().len() > SOCKET_PATH_MAX {
        tracing::warn!(path = %path.display(), longest = SOCKET_PATH_MAX,
            "no admin socket: the path is too long; commands cannot reach this server");
        return None;
    }
    Some(path)
}

fn listen(what: &'static str, addr: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(addr).map_err(|error| failed(what, &addr.to_string(), error))
}

fn local(listener: &TcpListener, what: &'static str) -> Result<SocketAddr, StartError> {
    listener
        .local_addr()
        .map_err(|error| failed(what, "(bound)", error))
}

fn failed(what: &'static str, addr: &str, error: std::io::Error) -> StartError {
    StartError::Listen {
        what,
        addr: addr.to_string(),
        error,
    }
}

fn messenger(settings: &Settings, store: Arc<dyn Store>) -> Result<LineMessenger, StartError> {
    let channels = settings.channels.iter().map(line_settings).collect();
    let share = settings.sending.agents_quota_share.get();
    let sender = SenderSettings {
        reserve_percent: (share * 100.0).round() as u8,
        rates: Rates {
            reply: settings.sending.line_rate_per_second,
            push: settings.sending.line_rate_per_second,
            ..Rates::default()
        },
        ..SenderSettings::default()
    };
    let time = Arc::clone(&store);
    let clock = Arc::new(move || time.now());
    let messenger = LineMessenger::new(channels, sender, clock, Arc::new(LineFigures))?;
    messenger.share_rates(&store);
    Ok(messenger)
}

fn channel(settings: &ChannelSettings) -> Channel {
    meter::channel_known(&settings.id);
    Channel {
        reading: Reading {
            channel: settings.id.clone(),
            groups: match settings.groups {
                Groups::WhenAddressed => GroupPolicy::WhenAddressed,
                Groups::Ignore => GroupPolicy::Ignore,
                Groups::All => GroupPolicy::All,
            },
            call_words: settings.group_call_words.clone(),
        },
        verifier: Verifier::new(settings.secrets.iter().map(|secret| secret.expose())),
        destination: settings.destination.clone(),
    }
}
