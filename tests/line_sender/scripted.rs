//! A tiny HTTP/1.1 server on the loopback that does what it is told, also what no server should.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// Method and path.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// What to do with a request.
#[derive(Clone, Debug)]
pub enum Act {
    /// Answer and keep the connection.
    Answer(u16, String),
    /// Write these bytes, then close.
    Raw(&'static str),
    /// Close without a word.
    Close,
    /// Never answer.
    Hang,
    /// Write these bytes, one every few milliseconds, then hang.
    Drip(&'static str),
}

type Handler = Arc<dyn Fn(&Seen) -> Act + Send + Sync>;

/// The server; it ends when dropped.
pub struct Server {
    pub base: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    /// Answers every request as the handler says.
    pub async fn start(handler: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Server {
        Server::listen(Some(Arc::new(handler))).await
    }

    /// Closes every connection before reading from it.
    pub async fn deaf() -> Server {
        Server::listen(None).await
    }

    async fn listen(handler: Option<Handler>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (log, count) = (Arc::clone(&seen), Arc::clone(&connections));
        let task = tokio::spawn(async move {
            let mut all = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                if let Some(handler) = handler.clone() {
                    all.spawn(serve(stream, handler, Arc::clone(&log)));
                }
            }
        });
        Server {
            base,
            seen,
            connections,
            task,
        }
    }

    /// Everything received so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, handler: Handler, log: Arc<Mutex<Vec<Seen>>>) {
    while let Some(seen) = request(&mut stream).await {
        let act = handler(&seen);
        log.lock().unwrap().push(seen);
        match act {
            Act::Answer(status, body) => {
                let id = "x-line-request-id: 0e6c1f3e-request";
                let answer = format!(
                    "HTTP/1.1 {status} X\r\n{id}\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
            Act::Raw(bytes) => {
                let _ = stream.write_all(bytes.as_bytes()).await;
                return;
            }
            Act::Close => return,
            Act::Hang => std::future::pending().await,
            Act::Drip(bytes) => {
                for byte in bytes.as_bytes() {
                    if stream.write_all(&[*byte]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                std::future::pending().await
            }
        }
    }
}

async fn request(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend_from_slice(&chunk[..n]),
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut words = head.split_whitespace().map(str::to_owned);
    let mut seen = Seen {
        method: words.next().unwrap(),
        path: words.next().unwrap(),
        head,
        body: bytes[end..].to_vec(),
    };
    let length = seen
        .header("content-length")
        .map_or(0, |n| n.parse().unwrap());
    while seen.body.len() < length {
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => seen.body.extend_from_slice(&chunk[..n]),
        }
    }
    Some(seen)
}
