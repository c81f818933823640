//! The admin socket as a test asks it.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// One request (`GET /metrics`); the whole answer, head and body.
pub fn ask(socket: &Path, request: &str) -> String {
    let mut stream = UnixStream::connect(socket).expect("the server listens on its socket");
    write!(
        stream,
        "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    )
    .expect("the server reads");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("the server answers in text");
    answer
}
