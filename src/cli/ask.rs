//! Asks a running server one thing, over its internal listener or its admin socket.
//!
//! Blocking, with a deadline for each step, on the command's own thread. Refuses answers beyond
//! 64 MiB: half an answer is none.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Greatest answer, head included, in bytes.
const MOST: usize = 64 << 20;

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
    get(stream, path, MOST)
}

/// `POST path` of the admin socket; otherwise as [`socket`].
///
/// # Errors
/// As [`socket`].
pub(super) fn post(
    socket: &Path,
    path: &str,
    body: &str,
    patience: Duration,
) -> Option<io::Result<Answer>> {
    reached(socket, patience)
        .map(|stream| stream.and_then(|stream| talk(stream, "POST", path, body, MOST)))
}

/// `GET path` of the admin socket; `None` when no server listens there.
///
/// # Errors
/// When nobody knows whether a server listens (this user may not ask), or one does and does not
/// answer in time.
pub(super) fn socket(socket: &Path, path: &str, patience: Duration) -> Option<io::Result<Answer>> {
    reached(socket, patience).map(|stream| stream.and_then(|stream| get(stream, path, MOST)))
}

fn reached(socket: &Path, patience: Duration) -> Option<io::Result<UnixStream>> {
    let stream = match UnixStream::connect(socket) {
        Ok(stream) => stream,
        Err(error) if nobody(error.kind()) => return None,
        Err(error) => return Some(Err(error)),
    };
    let ready = stream
        .set_read_timeout(Some(patience))
        .and_then(|()| stream.set_write_timeout(Some(patience)));
    Some(ready.map(|()| stream))
}

/// Absent, left by a process that died, or a path no server could listen on. A socket this user may
/// not reach is none of them.
fn nobody(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{ConnectionRefused, InvalidInput, NotADirectory, NotFound};
    matches!(
        kind,
        NotFound | NotADirectory | ConnectionRefused | InvalidInput
    )
}

fn get(stream: impl Read + Write, path: &str, most: usize) -> io::Result<Answer> {
    talk(stream, "GET", path, "", most)
}

fn talk(
    mut stream: impl Read + Write,
    method: &str,
    path: &str,
    body: &str,
    most: usize,
) -> io::Result<Answer> {
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: hotline\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    // One byte more tells a long answer from one that just fits.
    stream.take(most as u64 + 1).read_to_end(&mut answer)?;
    if answer.len() > most {
        let long = format!("the answer is longer than {most} bytes, allowed are {most}");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, long));
    }
    let odd = || io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer");
    let answer = String::from_utf8(answer).map_err(|_| odd())?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(odd)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok(Answer {
        status: status.ok_or_else(odd)?,
        body: body.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// Reads what it holds, whatever is written.
    struct Said(Cursor<Vec<u8>>);

    impl Read for Said {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0.read(into)
        }
    }

    impl Write for Said {
        fn write(&mut self, from: &[u8]) -> io::Result<usize> {
            Ok(from.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_answer_that_is_too_long_is_refused_and_not_cut() {
        let said = b"HTTP/1.1 200 OK\r\n\r\nnobody is parked".to_vec();
        let ask = |most| get(Said(Cursor::new(said.clone())), "/", most);
        assert_eq!(ask(said.len()).unwrap().body, "nobody is parked");
        let Err(refused) = ask(said.len() - 1) else {
            panic!("an answer was cut");
        };
        assert!(refused.to_string().contains("longer than"), "{refused}");
    }

    #[test]
    fn a_socket_out_of_reach_is_not_taken_for_absent() {
        assert!(nobody(io::ErrorKind::NotFound));
        assert!(nobody(io::ErrorKind::ConnectionRefused));
        assert!(!nobody(io::ErrorKind::PermissionDenied));
        assert!(!nobody(io::ErrorKind::WouldBlock));
    }
}
