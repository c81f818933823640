//! The one table of what goes wrong and what is done about it.
//!
//! | said | means | done |
//! |---|---|---|
//! | no answer in time, connection lost | outcome unknown | new connection, same bytes again |
//! | `NOSCRIPT` | the server forgot the scripts | load them, same bytes again |
//! | `LOADING` `MASTERDOWN` `CLUSTERDOWN` `TRYAGAIN` `BUSY` | not now | wait, same bytes again |
//! | `MISCONF` `NOREPLICAS` | the server's disk or its replicas fail; nothing was written | wait, same bytes again |
//! | `ERR max number of clients reached` | not now | wait, new connection, same bytes again |
//! | `READONLY`, `ROLE` says replica | another server is the master now | look for it, same bytes there |
//! | `MOVED` | the slot lies elsewhere | same bytes to the server named; look who has what |
//! | `ASK` | the slot is on its way | `ASKING` and the same bytes to the server named, once |
//! | too few replicas after `WAIT` | written, not yet safe | wait, same bytes again |
//! | `OOM` | `maxmemory` is reached; nothing was written | `Full`, unless an earlier try is unknown |
//! | `NOSTORE` | the partition was emptied or is another store's; nothing was written | told at once |
//! | anything else | a setting or a program is wrong | told at once |
//!
//! What is repeated ends after [`super::Options::patience`] as `Io`: unknown.

use redis::{ErrorKind, RedisError, ServerError};

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Outcome unknown: a new connection, then the same bytes.
    Reconnect,
    /// The server is no master any more: find the one that is, then the same bytes.
    Demoted,
    /// The slot lies on the server named (`host:port`): the same bytes there.
    Moved(String),
    /// What is asked for is already on the server named: once the same bytes there, after `ASKING`.
    Ask(String),
    /// Load the scripts, then the same bytes.
    Reload,
    /// Wait a little, then the same bytes.
    Wait,
    /// The server is full; this try wrote nothing.
    Full,
    /// Repeating does not help.
    Refused,
}

/// A try that did not succeed.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// What to do.
    pub verdict: Verdict,
    /// Whether the try may have written.
    pub unknown: bool,
    /// The server's or the network's words. No keys and no values of ours are in them.
    pub said: String,
}

impl Trouble {
    /// Something between us and the server.
    pub fn outside(error: &RedisError) -> Trouble {
        let settings = matches!(
            error.kind(),
            ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig
        );
        // Answers to what is said on connecting come as errors of the connection.
        let verdict = match error.code() {
            Some(code) => verdict(code, error.detail().unwrap_or_default()),
            None if settings => Verdict::Refused,
            None => Verdict::Reconnect,
        };
        Trouble {
            unknown: error.code().is_none() && !settings,
            verdict,
            said: without_arguments(&error.to_string()).to_owned(),
        }
    }

    /// An answer of the server that is an error.
    pub fn answered(error: &ServerError) -> Trouble {
        let details = error.details().unwrap_or_default();
        let code = inner(error.code(), details);
        Trouble {
            verdict: verdict(code, details),
            unknown: false,
            said: format!("{code} {}", without_arguments(details)),
        }
    }

    /// Whether a server that was cut off from the others would say so: then somebody else may be the
    /// master by now.
    pub fn may_be_cut_off(&self) -> bool {
        let words = ["NOREPLICAS", "CLUSTERDOWN", "MASTERDOWN"];
        words.iter().any(|word| self.said.contains(word))
    }

    /// The server is known to be no master any more.
    pub fn over(unknown: bool) -> Trouble {
        Trouble {
            verdict: Verdict::Demoted,
            unknown,
            said: "the server is no longer the master".into(),
        }
    }

    /// The server says that it is a replica; nothing was sent.
    pub fn replica() -> Trouble {
        Trouble {
            verdict: Verdict::Demoted,
            unknown: false,
            said: "the server is a replica".into(),
        }
    }

    /// Written by the master, and held by too few replicas.
    pub fn unreplicated(held: usize, needed: usize) -> Trouble {
        Trouble {
            verdict: Verdict::Wait,
            unknown: true,
            said: format!("{held} of {needed} replicas hold the commit"),
        }
    }

    /// No server is known that could be asked.
    pub fn nobody(said: &str) -> Trouble {
        Trouble {
            verdict: Verdict::Wait,
            unknown: false,
            said: said.into(),
        }
    }

    /// An answer that is none of ours.
    pub fn nonsense(what: &str) -> Trouble {
        Trouble {
            verdict: Verdict::Refused,
            unknown: true,
            said: format!("an answer cannot be read: {what}"),
        }
    }
}

/// A server that does not know a command repeats what it was given: keys, or a password.
fn without_arguments(said: &str) -> &str {
    said.split(", with args beginning with")
        .next()
        .unwrap_or(said)
}

fn verdict(code: &str, details: &str) -> Verdict {
    // `MOVED 3999 10.0.0.7:6379`
    let named = || details.split(' ').nth(1).unwrap_or_default().to_owned();
    match code {
        "NOSCRIPT" => Verdict::Reload,
        "LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "BUSY" | "MISCONF"
        | "NOREPLICAS" => Verdict::Wait,
        "READONLY" => Verdict::Demoted,
        "MOVED" => Verdict::Moved(named()),
        "ASK" => Verdict::Ask(named()),
        "OOM" => Verdict::Full,
        "ERR" if details.contains("max number of clients") => Verdict::Wait,
        _ => Verdict::Refused,
    }
}

/// Redis 6.2 wraps what a command in a script said: `ERR Error running script … -OOM command not
/// allowed …`; 7.0 hands it on.
fn inner<'a>(code: &'a str, details: &str) -> &'a str {
    if code != "ERR" || !details.starts_with("Error running script") {
        return code;
    }
    ["OOM", "MISCONF", "NOREPLICAS", "READONLY"]
        .into_iter()
        .find(|inner| details.contains(&format!("-{inner} ")))
        .unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_was_told_is_found_in_the_words_of_redis_6() {
        let said = "Error running script (call to f_ab): @user_script:9: @user_script: 9: -OOM \
                    command not allowed when used memory > 'maxmemory'.";
        let verdict = |code, said| verdict(inner(code, said), said);
        assert_eq!(verdict("ERR", said), Verdict::Full);
        assert_eq!(verdict("OOM", "command not allowed"), Verdict::Full);
        assert_eq!(verdict("ERR", "no such -OOM thing"), Verdict::Refused);
    }

    #[test]
    fn a_redirection_names_the_server() {
        let moved = verdict("MOVED", "3999 10.0.0.7:6381");
        assert_eq!(moved, Verdict::Moved("10.0.0.7:6381".into()));
        assert_eq!(verdict("ASK", "3999 :6381"), Verdict::Ask(":6381".into()));
        let many = verdict("ERR", "max number of clients reached");
        assert_eq!(many, Verdict::Wait);
    }

    #[test]
    fn what_a_server_was_given_is_not_said() {
        let said =
            "unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 'secret'";
        assert_eq!(without_arguments(said), "unknown command 'HELLO'");
    }

    #[test]
    fn a_network_that_fails_leaves_the_outcome_unknown() {
        let cut = RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        let trouble = Trouble::outside(&cut);
        assert_eq!(trouble.verdict, Verdict::Reconnect);
        assert!(trouble.unknown);
    }
}
