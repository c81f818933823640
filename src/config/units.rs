//! Values with units as people write them: `20s`, `2MiB`, a share of one, a base URL.
//!
//! A bare number is refused where a unit is meant: `timeout = 20` tells nobody what it is.

use crate::domain::time::Span;
use std::fmt;
use std::sync::Arc;

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// `n` KiB.
    pub const fn kib(n: u64) -> ByteSize {
        ByteSize(n << 10)
    }

    /// `n` MiB.
    pub const fn mib(n: u64) -> ByteSize {
        ByteSize(n << 20)
    }

    /// `n` GiB.
    pub const fn gib(n: u64) -> ByteSize {
        ByteSize(n << 30)
    }

    /// As a count of bytes in memory.
    pub fn bytes(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] {
            if self.0 >= 1 << shift && self.0.is_multiple_of(1 << shift) {
                return write!(f, "{}{unit}", self.0 >> shift);
            }
        }
        write!(f, "{}B", self.0)
    }
}

/// Reads `512B`, `64KiB`, `2MiB`, `1GiB`, `1TiB` (and `KB`, `MB`, `GB`: powers of ten).
pub(crate) fn parse_size(text: &str) -> Option<ByteSize> {
    let (number, unit) = split(text)?;
    let factor: u64 = match unit {
        "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(factor).map(ByteSize)
}

/// Reads `500ms`, `20s`, `10m`, `1h`, `2d`.
pub fn parse_span(text: &str) -> Option<Span> {
    let (number, unit) = split(text)?;
    let factor: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(factor).map(Span)
}

/// Says a span the way it is written in the config.
pub(crate) fn show_span(span: Span) -> String {
    for (factor, unit) in [(3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
        if span.0 >= factor && span.0.is_multiple_of(factor) {
            return format!("{}{unit}", span.0 / factor);
        }
    }
    format!("{}ms", span.0)
}

fn split(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let number = text[..end].parse().ok()?;
    Some((number, text[end..].trim_start()))
}

/// A share: 0 to 1, never NaN.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Share {
    /// A share, or `None` outside 0–1.
    pub fn new(value: f64) -> Option<Share> {
        (0.0..=1.0).contains(&value).then_some(Share(value))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// The root of an HTTP API, without a trailing slash: https, or http to loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Arc<str>);

impl BaseUrl {
    /// Takes a URL; refuses other schemes, plain http to anywhere but loopback, user info, query
    /// and fragment.
    pub fn parse(text: &str) -> Option<BaseUrl> {
        BaseUrl::parse_plain(text).filter(BaseUrl::is_private)
    }

    /// As [`parse`](BaseUrl::parse), and plain http to anywhere: where the operator asked for it.
    pub fn parse_plain(text: &str) -> Option<BaseUrl> {
        let url = reqwest::Url::parse(text).ok()?;
        let known = matches!(url.scheme(), "https" | "http");
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        (known && bare && url.host_str().is_some_and(|host| !host.is_empty()))
            .then(|| BaseUrl(Arc::from(url.as_str().trim_end_matches('/'))))
    }

    /// Whether nobody on the way can read what is said: https, or this machine.
    pub fn is_private(&self) -> bool {
        self.0.starts_with("https:") || self.is_loopback()
    }

    /// Whether it leads to this machine.
    pub fn is_loopback(&self) -> bool {
        reqwest::Url::parse(&self.0)
            .ok()
            .and_then(|url| url.host_str().map(is_loopback))
            .unwrap_or(false)
    }

    /// The URL without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare
            .parse()
            .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_said_alike() {
        assert_eq!(parse_size("2MiB"), Some(ByteSize::mib(2)));
        assert_eq!(ByteSize::mib(2).to_string(), "2MiB");
        assert_eq!(ByteSize(1_000_000).to_string(), "1000000B");
        assert_eq!(parse_span("10m"), Some(Span::mins(10)));
        assert_eq!(show_span(Span::secs(90)), "90s");
        for bad in [
            "",
            "20",
            "s",
            "-1s",
            "1.5h",
            "20 parsecs",
            "99999999999999999999s",
        ] {
            assert_eq!(parse_span(bad), None, "{bad}");
            assert_eq!(parse_size(bad), None, "{bad}");
        }
        assert_eq!(parse_size("99999999999TiB"), None);
    }

    #[test]
    fn plain_http_goes_only_to_loopback() {
        for good in [
            "https://api.line.me",
            "http://127.0.0.1:9000/",
            "http://[::1]:9000",
            "http://localhost:1",
        ] {
            assert!(BaseUrl::parse(good).is_some(), "{good}");
        }
        for bad in [
            "http://api.line.me",
            "http://127.0.0.1.example.com",
            "ftp://127.0.0.1",
            "https://a:b@api.line.me",
            "https://api.line.me?x=1",
            "api.line.me",
            "",
        ] {
            assert!(BaseUrl::parse(bad).is_none(), "{bad}");
        }
        let url = BaseUrl::parse("http://127.0.0.1:9000/").unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:9000");
    }
}
