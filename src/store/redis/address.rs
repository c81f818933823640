//! Where a server is and how it is spoken to: address, credentials, TLS. Everything one server's URL
//! says is kept when another server's address is put in its place.

use redis::aio::MultiplexedConnection;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, ProtocolVersion,
    RedisConnectionInfo, RedisError, RedisResult, TlsCertificates,
};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A silent connection is asked whether it lives after this long, and again after so long.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Host and port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    pub host: Arc<str>,
    pub port: u16,
}

impl Address {
    /// `host:port` as servers name others. A host that is empty or `?` is that of who was asked.
    pub fn named(said: &str, asked: &Address) -> Option<Address> {
        let (host, port) = said.rsplit_once(':')?;
        Some(Address::of(host, port.parse().ok()?, asked))
    }

    /// As [`Address::named`], of its parts.
    pub fn of(host: &str, port: u16, asked: &Address) -> Address {
        let host = match host {
            "" | "?" => Arc::clone(&asked.host),
            host => host.into(),
        };
        Address { host, port }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// All that is needed to connect to one server.
#[derive(Clone)]
pub struct Way {
    info: ConnectionInfo,
}

impl Way {
    /// What a URL says. `authorities`: PEM of the only ones trusted, for `rediss://`.
    ///
    /// # Errors
    /// It is no URL, or names something else than a server on the network.
    pub fn of(url: &str, authorities: Option<&[u8]>, silence: Duration) -> RedisResult<Way> {
        let mut client = Client::open(url)?;
        let secured = matches!(
            client.get_connection_info().addr(),
            ConnectionAddr::TcpTls { .. }
        );
        if let (true, Some(pem)) = (secured, authorities) {
            let certificates = TlsCertificates {
                client_tls: None,
                root_cert: Some(pem.to_vec()),
            };
            client = Client::build_with_tls(url, certificates)?;
        }
        let info = client.get_connection_info().clone();
        if matches!(info.addr(), ConnectionAddr::Unix(_)) {
            let words = (ErrorKind::InvalidClientConfig, "sockets are not supported");
            return Err(RedisError::from(words));
        }
        let keepalive = TcpKeepalive::new()
            .with_time(KEEPALIVE)
            .with_interval(KEEPALIVE / 3);
        let tcp = TcpSettings::default()
            .set_nodelay(true)
            .set_keepalive(keepalive)
            .set_user_timeout(silence);
        let settings = info.redis_settings().clone();
        // Answers are read as the second protocol has them, whatever the URL asks for.
        let settings = settings.set_protocol(ProtocolVersion::RESP2);
        let info = info.set_tcp_settings(tcp).set_redis_settings(settings);
        Ok(Way { info })
    }

    /// Where it leads.
    pub fn address(&self) -> Address {
        match self.info.addr() {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                Address {
                    host: host.as_str().into(),
                    port: *port,
                }
            }
            _ => Address {
                host: "".into(),
                port: 0,
            },
        }
    }

    /// The same way to another server.
    pub fn to(&self, address: &Address) -> Way {
        let mut place = self.info.addr().clone();
        match &mut place {
            ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
                *host = address.host.to_string();
                *port = address.port;
            }
            _ => {}
        }
        Way {
            info: self.info.clone().set_addr(place),
        }
    }

    /// Without credentials and database.
    pub fn anonymous(&self) -> Way {
        let settings = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP2);
        Way {
            info: self.info.clone().set_redis_settings(settings),
        }
    }

    /// With credentials, without database.
    pub fn undivided(&self) -> Way {
        let settings = self.info.redis_settings().clone().set_db(0);
        Way {
            info: self.info.clone().set_redis_settings(settings),
        }
    }

    /// In the protocol in which a server may speak unasked.
    pub fn unasked(&self) -> Way {
        let settings = self.info.redis_settings().clone();
        let settings = settings.set_protocol(ProtocolVersion::RESP3);
        Way {
            info: self.info.clone().set_redis_settings(settings),
        }
    }

    /// Connects.
    pub async fn dial(&self, config: &AsyncConnectionConfig) -> RedisResult<MultiplexedConnection> {
        let client = Client::open(self.info.clone())?;
        let made = client.get_multiplexed_async_connection_with_config(config);
        made.await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_is_not_told_is_the_one_that_was_asked() {
        let asked = Address {
            host: "redis-1".into(),
            port: 6379,
        };
        for (said, host, port) in [
            (":7000", "redis-1", 7000),
            ("?:7001", "redis-1", 7001),
            ("10.0.0.7:7002", "10.0.0.7", 7002),
            ("fd00::7:7003", "fd00::7", 7003),
            ("node-2.example:7004", "node-2.example", 7004),
        ] {
            let named = Address::named(said, &asked).unwrap();
            assert_eq!((&*named.host, named.port), (host, port));
        }
        assert_eq!(Address::named("nonsense", &asked), None);
        assert_eq!(Address::named("host:70000", &asked), None);
    }

    #[test]
    fn another_address_keeps_credentials_and_tls() {
        let way = Way::of("rediss://u:p@one:1/3", None, KEEPALIVE).unwrap();
        let to = Address {
            host: "two".into(),
            port: 2,
        };
        let other = way.to(&to);
        assert_eq!(other.address(), to);
        assert_eq!(other.info.redis_settings().username(), Some("u"));
        assert_eq!(other.info.redis_settings().db(), 3);
        assert!(matches!(other.info.addr(), ConnectionAddr::TcpTls { .. }));
        assert_eq!(way.anonymous().info.redis_settings().password(), None);
    }
}
