//! A way to the server that loses an answer when told to: what was asked has been done, and the
//! connection breaks before the answer is through.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Listens until it is dropped.
pub struct Proxy {
    here: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    lose: AtomicBool,
    lost: AtomicUsize,
    /// What a call has in it whose answer is lost.
    about: Mutex<Option<&'static str>>,
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

    /// Loses the answer to the next call that has these words in it.
    pub fn lose_the_answer_to(&self, words: &'static str) {
        *self.state.about.lock().unwrap() = Some(words);
    }

    /// Answers lost so far.
    pub fn lost(&self) -> usize {
        self.state.lost.load(Ordering::SeqCst)
    }
}

fn join(client: TcpStream, server: TcpStream, state: &Arc<State>) {
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let asked = Arc::clone(state);
    // Of this connection: the answers of others, which come when they like, are not meant.
    let here = Arc::new(AtomicBool::default());
    let hit_here = Arc::clone(&here);
    std::thread::spawn(move || {
        let mut room = [0u8; 16_384];
        while let Ok(read @ 1..) = from.read(&mut room) {
            let said = String::from_utf8_lossy(&room[..read]);
            let hit = asked
                .about
                .lock()
                .unwrap()
                .take_if(|words| said.contains(*words));
            if hit.is_some() {
                hit_here.store(true, Ordering::SeqCst);
            }
            if to.write_all(&room[..read]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
    let (mut from, mut to) = (server, client);
    let state = Arc::clone(state);
    std::thread::spawn(move || {
        let mut room = [0u8; 16_384];
        while let Ok(read @ 1..) = from.read(&mut room) {
            if here.swap(false, Ordering::SeqCst) || state.lose.swap(false, Ordering::SeqCst) {
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
