//! Just enough HTTP/1.1 for both ends of the measurement: heads, `content-length`, keep-alive.
//!
//! It refuses everything else (chunked bodies, upgrades): the processes measured here send none.

use std::io::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection with what was read ahead.
pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A request or a response: its head and where its body stands in the buffer.
pub struct Frame {
    /// Bytes of the head, the empty line included.
    pub head: usize,
    /// Bytes in all.
    pub whole: usize,
}

impl Wire {
    /// Takes a connection over.
    pub fn new(stream: TcpStream) -> Wire {
        let _ = stream.set_nodelay(true);
        Wire {
            stream,
            buffer: Vec::with_capacity(4096),
        }
    }

    /// Opens one.
    pub async fn connect(port: u16) -> Result<Wire> {
        TcpStream::connect(("127.0.0.1", port)).await.map(Wire::new)
    }

    /// Writes everything.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Reads one message; `None` when the other side closed between two.
    pub async fn read(&mut self) -> Result<Option<Frame>> {
        loop {
            if let Some(frame) = frame(&self.buffer)?
                && self.buffer.len() >= frame.whole
            {
                return Ok(Some(frame));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return if self.buffer.is_empty() {
                    Ok(None)
                } else {
                    Err(Error::new(ErrorKind::UnexpectedEof, "cut in a message"))
                };
            }
        }
    }

    /// The head of what was read.
    pub fn head(&self, frame: &Frame) -> &[u8] {
        &self.buffer[..frame.head]
    }

    /// The body of what was read.
    pub fn body(&self, frame: &Frame) -> &[u8] {
        &self.buffer[frame.head..frame.whole]
    }

    /// Done with it.
    pub fn consume(&mut self, frame: &Frame) {
        self.buffer.drain(..frame.whole);
    }
}

/// The status of a response's head.
pub fn status(head: &[u8]) -> u16 {
    std::str::from_utf8(head.get(9..12).unwrap_or_default())
        .ok()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

/// Where `needle` stands.
pub fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

fn frame(buffer: &[u8]) -> Result<Option<Frame>> {
    let Some(end) = find(buffer, b"\r\n\r\n") else {
        return Ok(None);
    };
    let mut length = 0;
    for line in buffer[..end].split(|byte| *byte == b'\n') {
        let colon = line.iter().position(|byte| *byte == b':');
        let Some(colon) = colon else { continue };
        if line[..colon].eq_ignore_ascii_case(b"content-length") {
            length = std::str::from_utf8(&line[colon + 1..])
                .ok()
                .and_then(|text| text.trim().parse().ok())
                .ok_or_else(|| Error::new(ErrorKind::InvalidData, "content-length"))?;
        }
    }
    Ok(Some(Frame {
        head: end + 4,
        whole: end + 4 + length,
    }))
}

/// One GET on a fresh connection: status and body.
pub fn get(port: u16, path: &str) -> Result<(u16, String)> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(std::time::Duration::from_secs(5)))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n"
    )?;
    let mut whole = Vec::new();
    stream.read_to_end(&mut whole)?;
    let head = find(&whole, b"\r\n\r\n").map_or(whole.len(), |end| end + 4);
    Ok((
        status(&whole),
        String::from_utf8_lossy(&whole[head..]).into_owned(),
    ))
}
