//! Starts and stops a simulator: on the caller's actix system, or on a thread of its own.

use super::http;
use super::options::Options;
use super::platform::Platform;
use super::sender;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use tokio::sync::oneshot;

/// The simulated LINE platform.
#[derive(Debug)]
pub struct Simulator;

/// A simulator that is listening.
#[derive(Debug)]
pub struct RunningSimulator {
    /// Where it listens: both `api.line.me` and `api-data.line.me`.
    pub addr: SocketAddr,
    /// Its state, for acting and looking in-process.
    pub platform: Arc<Platform>,
    server: actix_web::dev::ServerHandle,
}

impl Simulator {
    /// Starts on the actix system of the calling thread.
    ///
    /// # Errors
    /// The journal file cannot be opened, the listener is unusable, or there is no TLS for webhooks.
    pub fn start(options: &Options, listener: TcpListener) -> io::Result<RunningSimulator> {
        let addr = listener.local_addr()?;
        let platform = Platform::new(options)?;
        // A platform is started once, so the address is set once.
        let _ = platform.base_url.set(format!("http://{addr}"));
        sender::start(&platform, options.lanes).map_err(io::Error::other)?;
        let server = http::serve(&platform, listener, options.workers)?;
        let handle = server.handle();
        tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "simulator listener failed");
            }
        });
        Ok(RunningSimulator {
            addr,
            platform,
            server: handle,
        })
    }

    /// Starts on a new thread with its own system: for callers that have none.
    ///
    /// # Errors
    /// As [`Simulator::start`], or the thread cannot be made.
    pub fn spawn(options: Options, listener: TcpListener) -> io::Result<SimulatorThread> {
        let (tell, told) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::Builder::new()
            .name("simulator".to_owned())
            .spawn(move || {
                actix_rt::System::new().block_on(async move {
                    match Simulator::start(&options, listener) {
                        Ok(running) => {
                            let _ = tell.send(Ok((running.addr, running.platform.clone())));
                            // Sent or dropped: either way the owner is done.
                            let _ = stopped.await;
                            running.stop().await;
                        }
                        Err(error) => {
                            let _ = tell.send(Err(error));
                        }
                    }
                });
            })?;
        let (addr, platform) = told
            .recv()
            .map_err(|_| io::Error::other("simulator thread ended before it listened"))??;
        Ok(SimulatorThread {
            addr,
            platform,
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl RunningSimulator {
    /// Its address as a base URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Stops listening and sending; queued webhooks are lost, the journal file is complete.
    pub async fn stop(self) {
        sender::stop(&self.platform);
        self.server.stop(false).await;
        if let Err(error) = self.platform.journal().flush() {
            tracing::error!(%error, "simulator journal is incomplete");
        }
    }
}

/// A simulator on its own thread; dropping it stops it.
#[derive(Debug)]
pub struct SimulatorThread {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Its state.
    pub platform: Arc<Platform>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl SimulatorThread {
    /// Its address as a base URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Stops it and waits for its thread.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for SimulatorThread {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
