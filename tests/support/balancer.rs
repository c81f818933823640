//! A load balancer as small as one can be: every request goes to the next node in turn, whatever
//! connection it comes over, so that a customer's messages land on different nodes.
//!
//! A node that does not take the connection is passed over; one that breaks off in the middle of a
//! request has it answered 502, as a balancer must that does not know what became of it. On demand it
//! misbehaves as networks do: it delivers a request twice, or says 502 of one that went well.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Longest wait for a node: longer than any deadline of its own.
const PATIENCE: Duration = Duration::from_secs(5);

/// The balancer, until it is dropped.
pub struct Balancer {
    pub addr: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    targets: Mutex<Vec<SocketAddr>>,
    next: AtomicUsize,
    twice: AtomicBool,
    /// Every so many-th answer is kept back; 0: none.
    deny: AtomicUsize,
    stopped: AtomicBool,
}

impl Balancer {
    pub fn start() -> Balancer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let addr = listener.local_addr().expect("a bound port");
        let shared = Arc::new(Shared::default());
        let accepting = shared.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if accepting.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let shared = accepting.clone();
                thread::spawn(move || {
                    // A client that goes away is no fault of ours.
                    let _ = serve(&client, &shared);
                });
            }
        });
        Balancer { addr, shared }
    }

    /// Requests go to these from now on.
    pub fn lead_to(&self, targets: Vec<SocketAddr>) {
        let mut set = self
            .shared
            .targets
            .lock()
            .expect("no thread panics holding it");
        *set = targets;
    }

    /// From now on every request is delivered to two nodes at once.
    pub fn deliver_twice(&self) {
        self.shared.twice.store(true, Ordering::Relaxed);
    }

    /// From now on every `n`-th request is answered 502, whatever the node said.
    pub fn deny_every(&self, n: usize) {
        self.shared.deny.store(n, Ordering::Relaxed);
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::Relaxed);
        // Wakes the accepting thread, which then ends.
        let _ = TcpStream::connect(self.addr);
    }
}

impl Shared {
    /// The nodes in the order in which the next request tries them.
    fn in_turn(&self) -> Vec<SocketAddr> {
        let set = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut targets = set.clone();
        if !targets.is_empty() {
            let turn = self.next.fetch_add(1, Ordering::Relaxed) % targets.len();
            targets.rotate_left(turn);
        }
        targets
    }
}

type Pipe = BufReader<TcpStream>;

fn serve(client: &TcpStream, shared: &Shared) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut requests = BufReader::new(client.try_clone()?);
    let mut answers = client.try_clone()?;
    let mut open: HashMap<SocketAddr, Pipe> = HashMap::new();
    while let Some(request) = message(&mut requests)? {
        let mut answer = None;
        let turn = shared.next.load(Ordering::Relaxed);
        let targets = shared.in_turn();
        let twice = shared.twice.load(Ordering::Relaxed);
        if let Some(&second) = targets.get(1).filter(|_| twice) {
            let request = request.clone();
            thread::spawn(move || {
                // What this one says is heard by nobody.
                let mut pipe = connection(&mut HashMap::new(), second)?;
                pipe.get_mut().write_all(&request).ok()?;
                message(&mut pipe).ok()?
            });
        }
        for target in targets {
            let Some(mut pipe) = connection(&mut open, target) else {
                continue;
            };
            let told = pipe.get_mut().write_all(&request);
            answer = told.and_then(|()| message(&mut pipe)).ok().flatten();
            if let Some(answer) = &answer
                && !closes(answer)
            {
                open.insert(target, pipe);
            }
            break;
        }
        let deny = shared.deny.load(Ordering::Relaxed);
        if deny > 0 && turn.is_multiple_of(deny) {
            answer = None;
        }
        let bad = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n";
        answers.write_all(answer.as_deref().unwrap_or(bad))?;
    }
    Ok(())
}

/// A connection to a node: the one that is open if it still is, else a new one.
fn connection(open: &mut HashMap<SocketAddr, Pipe>, target: SocketAddr) -> Option<Pipe> {
    if let Some(pipe) = open.remove(&target)
        && is_open(pipe.get_ref())
    {
        return Some(pipe);
    }
    let stream = TcpStream::connect_timeout(&target, Duration::from_millis(500)).ok()?;
    stream.set_nodelay(true).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    Some(BufReader::new(stream))
}

/// Whether the other side has not closed it: nothing is to be read, and not the end either.
fn is_open(stream: &TcpStream) -> bool {
    let mut byte = [0];
    let _ = stream.set_nonblocking(true);
    let peeked = stream.peek(&mut byte);
    let _ = stream.set_nonblocking(false);
    matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// One message with its body by `content-length`, as it came; `None` at the end.
fn message(from: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut whole = Vec::new();
    let mut length = 0;
    loop {
        let begin = whole.len();
        if from.read_until(b'\n', &mut whole)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&whole[begin..]).to_ascii_lowercase();
        if let Some(said) = line.strip_prefix("content-length:") {
            length = said.trim().parse().unwrap_or(0);
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let head = whole.len();
    whole.resize(head + length, 0);
    from.read_exact(&mut whole[head..])?;
    Ok(Some(whole))
}

fn closes(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_ascii_lowercase();
    text.contains("\r\nconnection: close")
}
