//! A way to a server whose weather a test decides: how long an answer takes, whether anything gets
//! through, and which server is at the other end.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Listens until it is dropped.
pub struct Strait {
    here: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    port: AtomicU16,
    delay_ms: AtomicU64,
    cut: AtomicBool,
    ended: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Drop for Strait {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        self.state.close();
        // Wakes whoever accepts.
        let _ = TcpStream::connect(self.here);
    }
}

impl State {
    fn close(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn keep(&self, stream: &TcpStream) {
        if let Ok(stream) = stream.try_clone() {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.push(stream);
        }
    }
}

impl Strait {
    /// To a server on this port of 127.0.0.1.
    pub fn to(port: u16) -> Strait {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let here = listener.local_addr().expect("a bound port");
        let state = Arc::new(State::default());
        state.port.store(port, Ordering::SeqCst);
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.ended.load(Ordering::SeqCst) {
                    return;
                }
                let port = shared.port.load(Ordering::SeqCst);
                if shared.cut.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
                    continue;
                };
                shared.keep(&client);
                shared.keep(&server);
                join(&client, &server, &shared);
            }
        });
        Strait { here, state }
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.here)
    }

    pub fn port(&self) -> u16 {
        self.here.port()
    }

    /// Every answer of the server takes this much longer from now on; order is kept.
    pub fn delay(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).expect("a short time");
        self.state.delay_ms.store(ms, Ordering::SeqCst);
    }

    /// Every connection breaks, and none is made until there is another destination.
    pub fn cut(&self) {
        self.state.cut.store(true, Ordering::SeqCst);
        self.state.close();
    }

    /// Leads to another server; what is open breaks.
    pub fn lead_to(&self, port: u16) {
        self.state.port.store(port, Ordering::SeqCst);
        self.state.cut.store(false, Ordering::SeqCst);
        self.state.close();
    }
}

fn join(client: &TcpStream, server: &TcpStream, state: &Arc<State>) {
    for stream in [client, server] {
        let _ = stream.set_nodelay(true);
    }
    let clone = |stream: &TcpStream| stream.try_clone().expect("a socket can be cloned");
    let (mut from, mut to) = (clone(client), clone(server));
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let (mut from, to) = (clone(server), clone(client));
    let (tell, told) = channel();
    thread::spawn(move || arrive(to, &told));
    let state = Arc::clone(state);
    thread::spawn(move || {
        let mut room = [0u8; 65_536];
        while let Ok(read @ 1..) = from.read(&mut room) {
            let delay = Duration::from_millis(state.delay_ms.load(Ordering::SeqCst));
            if tell
                .send((Instant::now() + delay, room[..read].to_vec()))
                .is_err()
            {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
    });
}

/// Hands on what has been on its way for long enough.
fn arrive(mut to: TcpStream, told: &Receiver<(Instant, Vec<u8>)>) {
    for (due, bytes) in told {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
