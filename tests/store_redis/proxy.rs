//! A way to the server that loses an answer when told to: what was asked has been done, and the
//! connection breaks before the answer is through.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Listens until it is dropped.
pub struct Proxy {
    here: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    lose: AtomicBool,
    lost: AtomicUsize,
    ended: AtomicBool,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        // Wakes whoever accepts.
        let _ = TcpStream::connect(self.here);
    }
}

impl Proxy {
    /// To a server on this port of 127.0.0.1.
    pub fn to(port: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if shared.ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(client) = client else { continue };
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
                    continue;
                };
                join(client, server, &shared);
            }
        });
        Proxy { here, state }
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.here)
    }

    /// Loses the next answer of the server, whatever it answers.
    pub fn lose_an_answer(&self) {
        self.state.lose.store(true, Ordering::SeqCst);
    }

    /// Answers lost so far.
    pub fn lost(&self) -> usize {
        self.state.lost.load(Ordering::SeqCst)
    }
}

fn join(client: TcpStream, server: TcpStream, state: &Arc<State>) {
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let (mut from, mut to) = (server, client);
    let state = Arc::clone(state);
    std::thread::spawn(move || {
        let mut room = [0u8; 16_384];
        while let Ok(read @ 1..) = from.read(&mut room) {
            if state.lose.swap(false, Ordering::SeqCst) {
                state.lost.fetch_add(1, Ordering::SeqCst);
                break;
            }
            if to.write_all(&room[..read]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
}
