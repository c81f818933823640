//! Which hosts may be asked: names and addresses, exactly as they stand in `allow`.
//!
//! A name alone opens public addresses only. What the name leads to inside a private network must be
//! named as well, by address or network: a changed DNS record opens nothing.

use crate::config::fault::Place;
use crate::config::section::Section;
use crate::config::units::BaseUrl;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

pub(super) const ALLOWED: &str = "hosts, addresses or networks, such as \"orders.example.com\", \
                                  \"10.1.2.3:8080\", \"10.0.0.0/8\"";

/// The hosts and networks of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    hosts: Vec<(Arc<str>, Option<u16>)>,
    networks: Vec<(Network, Option<u16>)>,
}

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// `10.0.0.0/8`, or one address.
    pub fn parse(text: &str) -> Option<Network> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        (bits <= most).then_some(Network { address, bits })
    }

    /// Whether the address lies in it.
    pub fn holds(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.bits))
                    .unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl Allow {
    /// The host of one URL and nothing else.
    pub fn only(base: &BaseUrl) -> Allow {
        let mut allow = Allow::default();
        let url = reqwest::Url::parse(base.as_str()).ok();
        if let Some(host) = url.as_ref().and_then(|url| url.host_str()) {
            allow.add(host);
        }
        allow
    }

    /// Whether this host, as it stands in a URL, may be asked at this port.
    pub fn host(&self, host: &str, port: u16) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let fits = |wanted: &Option<u16>| wanted.is_none_or(|wanted| wanted == port);
        match bare.parse::<IpAddr>() {
            Ok(address) => self.address(address, port),
            Err(_) => self
                .hosts
                .iter()
                .any(|(name, wanted)| name.eq_ignore_ascii_case(bare) && fits(wanted)),
        }
    }

    /// Whether this address is named, by itself or by its network. Addresses that a public name leads
    /// to need not be, as long as they are public.
    pub fn address(&self, address: IpAddr, port: u16) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|(network, wanted)| {
            network.holds(address) && wanted.is_none_or(|wanted| wanted == port)
        })
    }

    fn add(&mut self, text: &str) -> bool {
        if let Some(network) = Network::parse(text.trim_start_matches('[').trim_end_matches(']')) {
            self.networks.push((network, None));
            return true;
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => match port.parse() {
                Ok(port) => (host, Some(port)),
                Err(_) => return false,
            },
            None => (text, None),
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            let bits = if address.is_ipv4() { 32 } else { 128 };
            self.networks.push((Network { address, bits }, port));
            return true;
        }
        let is_label = |label: &str| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if host.len() > 253 || !host.split('.').all(is_label) {
            return false;
        }
        if host == "localhost" {
            // It means this machine and nothing else, so it names those addresses too.
            for address in [
                IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(Ipv6Addr::LOCALHOST),
            ] {
                let bits = if address.is_ipv4() { 32 } else { 128 };
                self.networks.push((Network { address, bits }, port));
            }
        }
        self.hosts.push((Arc::from(host), port));
        true
    }
}

/// Reads `allow`; the host of `base` must be in it.
pub(super) fn read(section: &Section<'_>, base: Option<&BaseUrl>) -> Allow {
    let mut allow = Allow::default();
    let written: Vec<(&str, Place)> = section.texts("allow", 1..=32, 1..=260);
    for (i, (text, at)) in written.iter().enumerate() {
        if !allow.add(text) {
            let key = section.path(&format!("allow[{i}]"));
            let findings = section.findings();
            findings.fault(section.file(), *at, &key, &format!("{text:?}"), ALLOWED);
        }
    }
    let url = base.and_then(|base| reqwest::Url::parse(base.as_str()).ok());
    if let Some(url) = url
        && let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default())
        && !written.is_empty()
        && !allow.host(host, port)
    {
        section.fault(
            "base",
            &format!("the host {host:?} at port {port}, which allow does not name"),
            "a host named in allow, with its port or without any",
        );
    }
    allow
}
