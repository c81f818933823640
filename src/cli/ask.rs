//! Asks a running server one thing, over its internal listener or its admin socket.
//!
//! Blocking, with a deadline for each step, on the command's own thread. Refuses answers beyond
//! 64 MiB.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

const MOST: u64 = 64 << 20;

/// Status and body.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// `GET path` of the internal listener.
///
/// # Errors
/// When nobody answers in time.
pub(super) fn listener(addr: SocketAddr, path: &str, patience: Duration) -> io::Result<Answer> {
    // A server that listens on every address is asked on this machine.
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let stream = TcpStream::connect_timeout(&(ip, addr.port()).into(), patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    get(stream, path)
}

/// `GET path` of the admin socket; `None` when no server listens there.
///
/// # Errors
/// When a server listens and does not answer in time.
pub(super) fn socket(socket: &Path, path: &str, patience: Duration) -> Option<io::Result<Answer>> {
    // Absent, left by a process that died, or too long a path: nobody is there.
    let stream = UnixStream::connect(socket).ok()?;
    let ready = stream
        .set_read_timeout(Some(patience))
        .and_then(|()| stream.set_write_timeout(Some(patience)));
    Some(ready.and_then(|()| get(stream, path)))
}

fn get(mut stream: impl Read + Write, path: &str) -> io::Result<Answer> {
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: hotline\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.take(MOST).read_to_string(&mut answer)?;
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(odd)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok(Answer {
        status: status.ok_or_else(odd)?,
        body: body.to_owned(),
    })
}
