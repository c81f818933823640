//! The one table of what goes wrong and what is done about it.
//!
//! | said | means | done |
//! |---|---|---|
//! | no answer in time, connection lost | outcome unknown | new connection, same bytes again |
//! | `NOSCRIPT` | the server forgot the scripts | load them, same bytes again |
//! | `LOADING` `MASTERDOWN` `CLUSTERDOWN` `TRYAGAIN` `BUSY` | not now | wait, same bytes again |
//! | `MISCONF` `NOREPLICAS` | the server's disk or its replicas fail; nothing was written | wait, same bytes again |
//! | `READONLY` `MOVED` `ASK` | another server is the master now | new connection, same bytes again |
//! | `OOM` | `maxmemory` is reached; nothing was written | `Full`, unless an earlier try is unknown |
//! | the name card is gone | an empty or another server answers | told at once, until it is back |
//! | anything else | a setting or a program is wrong | told at once |
//!
//! What is repeated ends after [`super::Options::patience`] as `Io`: unknown.

use redis::{ErrorKind, RedisError, ServerError};

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Outcome unknown or another master: a new connection, then the same bytes.
    Reconnect,
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
            Some(code) => verdict(code),
            None if settings => Verdict::Refused,
            None => Verdict::Reconnect,
        };
        Trouble {
            unknown: error.code().is_none() && !settings,
            verdict,
            said: error.to_string(),
        }
    }

    /// An answer of the server that is an error.
    pub fn answered(error: &ServerError) -> Trouble {
        let code = inner(error.code(), error.details().unwrap_or_default());
        Trouble {
            verdict: verdict(code),
            unknown: false,
            said: format!("{code} {}", error.details().unwrap_or_default()),
        }
    }

    /// The server does not hold the store that was opened.
    pub fn another_store() -> Trouble {
        Trouble {
            verdict: Verdict::Refused,
            unknown: false,
            said: "the server does not hold the store that was opened: its name card is gone or \
                   is another one's"
                .into(),
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

fn verdict(code: &str) -> Verdict {
    match code {
        "NOSCRIPT" => Verdict::Reload,
        "LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" | "BUSY" | "MISCONF"
        | "NOREPLICAS" => Verdict::Wait,
        "READONLY" | "MOVED" | "ASK" => Verdict::Reconnect,
        "OOM" => Verdict::Full,
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
        assert_eq!(verdict(inner("ERR", said)), Verdict::Full);
        assert_eq!(verdict(inner("OOM", "command not allowed")), Verdict::Full);
        assert_eq!(
            verdict(inner("ERR", "no such -OOM thing")),
            Verdict::Refused
        );
    }

    #[test]
    fn a_network_that_fails_leaves_the_outcome_unknown() {
        let cut = RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        let trouble = Trouble::outside(&cut);
        assert_eq!(trouble.verdict, Verdict::Reconnect);
        assert!(trouble.unknown);
    }
}
