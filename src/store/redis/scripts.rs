//! The scripts, and the commands that call them.
//!
//! A server forgets scripts when it restarts or is told to (`SCRIPT FLUSH`): they are loaded on every
//! new connection and again when one is missed. No `#!lua` line: Redis 6.2 does not know it.

use super::keys::Keys;
use super::names::{mark, member};
use crate::ports::store::{Class, Commit, TOMBSTONE_LIFE, Write};
use redis::{Cmd, Pipeline, ToRedisArgs};

/// Which script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// One commit.
    Commit,
    /// Read the feed.
    Feed,
    /// Trim the feed.
    Trim,
    /// Claim due items.
    Claim,
    /// Read or write the name card.
    Card,
    /// Read one entity whole.
    Row,
    /// Give a sign of this node.
    Presence,
    /// Take, renew or give back a lease.
    Lease,
    /// Draw from a budget or slow it.
    Budget,
    /// Read values.
    Values,
}

const TEXTS: [&str; 10] = [
    include_str!("lua/commit.lua"),
    include_str!("lua/feed.lua"),
    include_str!("lua/trim.lua"),
    include_str!("lua/claim.lua"),
    include_str!("lua/card.lua"),
    include_str!("lua/row.lua"),
    include_str!("lua/presence.lua"),
    include_str!("lua/lease.lua"),
    include_str!("lua/budget.lua"),
    include_str!("lua/values.lua"),
];

/// Stands before a value that is empty or begins with this byte, and before no other: a revision with
/// nothing after it is a tombstone. What version a value has, it says itself.
pub const ESCAPE: u8 = 0;

/// The names under which the server knows the scripts.
#[derive(Clone, Debug)]
pub struct Scripts {
    names: Vec<String>,
}

impl Scripts {
    /// What loads all scripts; the answers are their names, for [`Scripts::named`].
    pub fn loading() -> Pipeline {
        let mut pipe = Pipeline::new();
        for text in TEXTS {
            pipe.cmd("SCRIPT").arg("LOAD").arg(text);
        }
        pipe
    }

    /// With the names the server answered; `None`: not as many as there are scripts.
    pub fn named(names: Vec<String>) -> Option<Scripts> {
        (names.len() == TEXTS.len()).then_some(Scripts { names })
    }

    /// A call on some keys; arguments follow.
    pub fn call(&self, script: Script, keys: &[impl ToRedisArgs]) -> Cmd {
        let mut cmd = redis::cmd("EVALSHA");
        cmd.arg(&self.names[script as usize]).arg(keys.len());
        for key in keys {
            cmd.arg(key);
        }
        cmd
    }

    /// A commit as one call.
    pub fn commit(&self, keys: &Keys, commit: &Commit) -> Cmd {
        let partition = keys.partition(&commit.key);
        let of = |name| keys.of(partition, name).into_bytes();
        let mut cmd = self.call(
            Script::Commit,
            &[
                keys.entity(partition, &commit.key),
                of("due"),
                of("desk"),
                of("feed"),
                of("words"),
                of("meta"),
                keys.list(partition, commit.key.kind).into_bytes(),
            ],
        );
        cmd.arg(commit.expected.as_ref().map_or(&[][..], |r| &r.0[..]));
        cmd.arg(&commit.proposed.0[..]);
        let relief = match commit.class {
            Class::Accepting => b'0',
            Class::Completing => b'1',
        };
        cmd.arg([&[relief][..], keys.mark()].concat());
        let mut form = commit.proposed.0.to_vec();
        match &commit.write {
            Write::Put(value) => {
                if value.first().is_none_or(|first| *first == ESCAPE) {
                    form.push(ESCAPE);
                }
                form.extend_from_slice(value);
                cmd.arg(form).arg("");
            }
            Write::Delete => {
                cmd.arg(form).arg(TOMBSTONE_LIFE.0);
            }
        }
        cmd.arg(member(&commit.key));
        match commit.due {
            Some(at) => cmd.arg(at.0.min(LATEST)),
            None => cmd.arg(""),
        };
        match &commit.desk {
            Some(row) => cmd.arg("1").arg(&row[..]),
            None => cmd.arg("0").arg(""),
        };
        let listed = commit.key.kind.is_listed();
        cmd.arg(if listed { &*commit.key.id } else { "" });
        cmd.arg(commit.erase.len());
        for message in &commit.erase {
            cmd.arg(&mark(*message)[..]);
        }
        for entry in &commit.feed {
            let mark = entry.erasable.map(mark);
            cmd.arg(mark.as_ref().map_or(&[][..], |mark| &mark[..]));
            cmd.arg(&entry.payload[..]);
        }
        cmd
    }
}

/// The latest time a sorted set tells from its neighbours: scores are doubles.
pub const LATEST: u64 = 1 << 53;
