//! One Redis server, in each way it can keep what it took.

use crate::server::Server;

/// How a server writes to its disk, and what a node is told of it.
#[derive(Clone, Copy)]
pub enum Disk {
    /// No append-only file.
    Off,
    /// Flushed to the disk every second.
    Everysec,
    /// Flushed before each answer.
    Always,
}

impl Disk {
    /// What the table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Disk::Off => "one server, no append-only file",
            Disk::Everysec => "one server, everysec",
            Disk::Always => "one server, always",
        }
    }

    pub fn server(self) -> Server {
        match self {
            Disk::Off => Server::with(&["--appendonly", "no"]),
            Disk::Everysec => Server::with(&["--appendonly", "yes", "--appendfsync", "everysec"]),
            Disk::Always => Server::with(&["--appendonly", "yes", "--appendfsync", "always"]),
        }
    }

    /// Lines of `[store]` for a server at this URL.
    pub fn lines(self, url: &str) -> String {
        let durability = match self {
            Disk::Off | Disk::Everysec => "fast",
            Disk::Always => "disk",
        };
        format!("kind = \"redis\"\nurl = \"{url}\"\ndurability = \"{durability}\"\nspool = false")
    }
}
