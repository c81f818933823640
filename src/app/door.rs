//! The public listener's way to say that it is closed.
//!
//! A server that only stops accepting leaves its listener open: the kernel goes on making connections
//! that nobody takes, and breaks them when the process ends. A balancer that is not told would send
//! requests there; refused at once, it gives them to another node.

use rustix::net::{Shutdown, shutdown};
use std::io;
use std::net::TcpListener;

/// A second hand on a listener.
pub(super) struct Door(TcpListener);

impl Door {
    /// Of a listener that somebody else accepts on.
    ///
    /// # Errors
    /// The system's: no descriptor is left.
    pub(super) fn of(listener: &TcpListener) -> io::Result<Door> {
        listener.try_clone().map(Door)
    }

    /// New connections are refused from now on, whoever else has the listener.
    pub(super) fn close(&self) {
        if let Err(error) = shutdown(&self.0, Shutdown::Both) {
            tracing::debug!(%error, "the listener was not shut");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn a_closed_door_refuses_whoever_else_holds_the_listener() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let door = Door::of(&listener).unwrap();
        TcpStream::connect(addr).unwrap();
        door.close();
        let refused = TcpStream::connect(addr).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        drop(listener);
    }
}
