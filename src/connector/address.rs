//! Which addresses a name may lead to.
//!
//! A name is resolved once for each connection; every address it leads to is looked at, and the
//! connection goes to one of these and no other. One forbidden address refuses them all: a name that
//! leads inside and outside at once is somebody's trick.

use crate::config::connectors::Allow;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// Marks an error of the resolver as a refusal.
#[derive(Debug, thiserror::Error)]
#[error("an address that is not public and not named in allow")]
pub(super) struct Forbidden;

/// Resolves names for one service.
pub(super) struct Guard {
    pub(super) allow: Allow,
    pub(super) port: u16,
}

impl Guard {
    /// Whether a connection may go to this address.
    pub(super) fn permits(&self, address: IpAddr) -> bool {
        is_public(address) || self.allow.address(address, self.port)
    }
}

/// The resolver as the client wants it.
pub(super) struct Guarded(pub(super) Arc<Guard>);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), guard.port)).await?;
            let found: Vec<SocketAddr> = found.collect();
            if !found.iter().all(|address| guard.permits(address.ip())) {
                return Err(Forbidden.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the open Internet (IANA special-purpose registries).
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation();
    let more = match a {
        0 => true,
        // Shared address space of carriers (RFC 6598); some clouds keep their metadata here.
        100 => (64..=127).contains(&b),
        192 => b == 0 && c == 0 || (b, c) == (88, 99),
        198 => (18..=19).contains(&b),
        240..=255 => true,
        _ => false,
    };
    !special && !more
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    // Only global unicast is public at all; within it some ranges wrap or stand for others.
    let global = parts[0] & 0xe000 == 0x2000;
    let wraps = parts[0] == 0x2002 || (parts[0] == 0x2001 && parts[1] < 0x0200);
    let documentation = (parts[0] == 0x2001 && parts[1] == 0x0db8) || parts[0] == 0x3fff;
    global && !wraps && !documentation
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::BaseUrl;

    #[test]
    fn what_is_inside_is_not_public() {
        for inside in [
            "127.0.0.1",
            "127.8.8.8",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.100.100.200",
            "0.0.0.0",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "1.1.1.1",
            "203.69.0.1",
            "2606:4700::1111",
            "2404:6800:4008::1",
        ] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_refused_unless_its_address_is_allowed() {
        let name = || "localhost".parse::<Name>().unwrap();
        let guard = |allow: Allow| Guarded(Arc::new(Guard { allow, port: 80 }));
        let refused = guard(Allow::default()).resolve(name()).await.err().unwrap();
        assert!(refused.is::<Forbidden>(), "{refused}");
        let base = BaseUrl::parse("http://localhost").unwrap();
        let allowed = guard(Allow::only(&base)).resolve(name()).await;
        assert!(allowed.unwrap().all(|address| address.ip().is_loopback()));
    }
}
