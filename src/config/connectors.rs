//! Other systems a flow may ask: `[[service]]`, where they are and how far they are trusted, and
//! `[[connector]]`, one question each.
//!
//! Law of this file: a customer's words fill values, never an address. The host stands in `base`, which
//! holds no variable; what the path and the body get of a slot is encoded where it is put in.

mod allow;
mod outcome;
mod template;

pub use allow::{Allow, Network};
pub use outcome::{FAILED, Field, Outcome, Want, at as value_at};
pub use template::{Piece, Template, pieces_of};

use crate::config::document::Value;
use crate::config::nearest;
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::units::{BaseUrl, ByteSize};
use crate::domain::time::Span;
use std::sync::Arc;

/// Most services of one config.
pub const MAX_SERVICES: usize = 16;

/// Most connectors of one config.
pub const MAX_CONNECTORS: usize = 64;

const ID: &str = "1 to 64 of a-z 0-9 _ -";

/// Another system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// `id`, unique; a metric label.
    pub id: Arc<str>,
    /// `base`: scheme, host and the beginning of every path.
    pub base: BaseUrl,
    /// `allow`: hosts that may be asked, and networks that are not public.
    pub allow: Allow,
    /// `headers` of every call; empty ones are left out. Never shown.
    pub headers: Vec<(Arc<str>, Secret)>,
    /// `timeout` of one try. Default `3s`; 100ms–30s.
    pub timeout: Span,
    /// `tries` of one call, the first among them. Default 2; 1–5.
    pub tries: u32,
    /// `concurrency`: calls at once, from this node. Default 16; 1–256.
    pub concurrency: usize,
    /// `max_answer`: greatest body that is read. Default `256KiB`; 1KiB–4MiB.
    pub max_answer: ByteSize,
    /// `breaker_failures`: failed tries in a row that open the breaker. Default 5; 1–100.
    pub breaker_failures: u32,
    /// `breaker_rest`: how long it stays open before one try probes. Default `10s`; 1s–10m.
    pub breaker_rest: Span,
}

/// What is done with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

/// One question to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connector {
    /// `id`, unique.
    pub id: Arc<str>,
    /// `service`.
    pub service: Arc<Service>,
    /// `method`. Default `GET`.
    pub method: Method,
    /// `path`, begins with `/`; may have a query.
    pub path: Template,
    /// `body`, sent as JSON; texts in it may hold slots.
    pub body: Option<serde_json::Value>,
    /// `[[connector.outcome]]`, in order: the first that fits is the outcome.
    pub outcomes: Vec<Outcome>,
}

impl Connector {
    /// Names of the slots it needs, each once.
    pub fn slots(&self) -> Vec<Arc<str>> {
        let mut slots: Vec<Arc<str>> = self.path.slots().cloned().collect();
        if let Some(body) = &self.body {
            template::slots_of(body, &mut slots);
        }
        slots.sort();
        slots.dedup();
        slots
    }

    /// The outcome with this name.
    pub fn outcome(&self, name: &str) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| *outcome.name == *name)
    }

    /// Names of the fields its outcomes give, each once.
    pub fn fields(&self) -> Vec<&str> {
        let outcomes = self.outcomes.iter();
        let mut fields: Vec<&str> = outcomes
            .flat_map(|outcome| outcome.fields.iter().map(|field| &*field.name))
            .collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }
}

/// All of a config.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connectors {
    /// The services.
    pub services: Vec<Arc<Service>>,
    /// The connectors.
    pub connectors: Vec<Connector>,
}

impl Connectors {
    /// The connector with this id.
    pub fn get(&self, id: &str) -> Option<&Connector> {
        self.connectors
            .iter()
            .find(|connector| *connector.id == *id)
    }

    /// The same questions to one address instead of the services', without their secrets.
    pub fn all_at(&self, base: &BaseUrl) -> Connectors {
        let moved = |service: &Arc<Service>| {
            Arc::new(Service {
                base: base.clone(),
                allow: Allow::only(base),
                headers: Vec::new(),
                ..Service::clone(service)
            })
        };
        let connectors = self.connectors.iter();
        Connectors {
            services: self.services.iter().map(moved).collect(),
            connectors: connectors
                .map(|connector| Connector {
                    service: moved(&connector.service),
                    ..connector.clone()
                })
                .collect(),
        }
    }

    /// Reads the `[[service]]` of one file. Services of all files come before connectors.
    pub fn read_services(&mut self, root: &Section<'_>) {
        for section in root.sections("service") {
            if let Some(service) = service(&section) {
                if self.services.iter().any(|known| known.id == service.id) {
                    let found = format!("{:?} a second time", service.id);
                    section.fault("id", &found, "an id of its own");
                }
                if self.services.len() == MAX_SERVICES {
                    let allowed = format!("{MAX_SERVICES} services");
                    section.fault("id", "one service too many", &allowed);
                }
                self.services.push(Arc::new(service));
            }
            section.finish();
        }
    }

    /// Reads the `[[connector]]` of one file.
    pub fn read_connectors(&mut self, root: &Section<'_>) {
        for section in root.sections("connector") {
            if let Some(connector) = self.connector(&section) {
                if self.get(&connector.id).is_some() {
                    let found = format!("{:?} a second time", connector.id);
                    section.fault("id", &found, "an id of its own");
                }
                if self.connectors.len() == MAX_CONNECTORS {
                    let allowed = format!("{MAX_CONNECTORS} connectors");
                    section.fault("id", "one connector too many", &allowed);
                }
                self.connectors.push(connector);
            }
            section.finish();
        }
    }

    fn connector(&self, section: &Section<'_>) -> Option<Connector> {
        section.require("id", ID);
        section.require("service", "the id of a [[service]]");
        section.require("path", template::PATH);
        let id = section.parsed("id", ID, id);
        let service = section
            .text("service", "the id of a [[service]]")
            .and_then(|written| {
                let found = self.services.iter().find(|one| *one.id == *written.text);
                if found.is_none() {
                    let known: Vec<&str> = self.services.iter().map(|one| &*one.id).collect();
                    let allowed = match nearest(&written.text, &known) {
                        Some(near) => format!("the id of a [[service]], such as \"{near}\""),
                        None => format!("the id of a [[service]]: {}", known.join(" | ")),
                    };
                    section.fault("service", &written.shown(), &allowed);
                }
                found.cloned()
            });
        let methods = [
            ("GET", Method::Get),
            ("POST", Method::Post),
            ("PUT", Method::Put),
            ("PATCH", Method::Patch),
            ("DELETE", Method::Delete),
        ];
        let method = section.choice("method", &methods, Method::Get);
        let path = section.parsed("path", template::PATH, Template::path);
        let body = template::body(section, "body");
        if body.is_some() && method == Method::Get {
            section.fault(
                "body",
                "a body with GET",
                "a body with POST, PUT, PATCH or DELETE",
            );
        }
        let outcomes = outcome::all(section);
        Some(Connector {
            id: id?,
            service: service?,
            method,
            path: path?,
            body,
            outcomes,
        })
    }
}

fn id(text: &str) -> Option<Arc<str>> {
    let good = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'));
    good.then(|| Arc::from(text))
}

fn service(section: &Section<'_>) -> Option<Service> {
    const BASE: &str =
        "an https:// URL without query, or http:// where nobody on the way can listen";
    section.require("id", ID);
    section.require("base", BASE);
    section.require("allow", allow::ALLOWED);
    let id = section.parsed("id", ID, id);
    let base = section.parsed("base", BASE, BaseUrl::parse_plain);
    let allow = allow::read(section, base.as_ref());
    if let Some(base) = &base
        && !base.is_private()
    {
        let allowed = "https://, or an address of this machine";
        section.warn("base", "plain http to another machine", allowed);
    }
    let whole = |key, default: u32, most: i64| {
        let number = section.integer(key, 1..=most);
        number
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(default)
    };
    let concurrency = whole("concurrency", 16, 256);
    Some(Service {
        headers: headers(section),
        timeout: section.span("timeout", Span::secs(3), Span(100)..=Span::secs(30)),
        tries: whole("tries", 2, 5),
        concurrency: usize::try_from(concurrency).unwrap_or(16),
        max_answer: section.size(
            "max_answer",
            ByteSize::kib(256),
            ByteSize::kib(1)..=ByteSize::mib(4),
        ),
        breaker_failures: whole("breaker_failures", 5, 100),
        breaker_rest: section.span(
            "breaker_rest",
            Span::secs(10),
            Span::secs(1)..=Span::mins(10),
        ),
        id: id?,
        base: base?,
        allow,
    })
}

/// Headers of every call. The values may be secrets and are never shown.
fn headers(section: &Section<'_>) -> Vec<(Arc<str>, Secret)> {
    const NAME: &str = "a header name; Content-Type, Host, Content-Length and Idempotency-Key are the \
                        house's own";
    const OWN: [&str; 6] = [
        "content-type",
        "host",
        "content-length",
        "idempotency-key",
        "transfer-encoding",
        "connection",
    ];
    let Some(entry) = section.entry("headers") else {
        return Vec::new();
    };
    let Value::Table(table) = &entry.node.value else {
        section.fault(
            "headers",
            &entry.node.shown(),
            "a table of header names and values",
        );
        return Vec::new();
    };
    let mut headers = Vec::new();
    for entry in &table.entries {
        let key = section.path(&format!("headers.{}", entry.key));
        let (file, findings) = (section.file(), section.findings());
        let name = entry.key.to_ascii_lowercase();
        if http::HeaderName::from_bytes(name.as_bytes()).is_err() || OWN.contains(&name.as_str()) {
            findings.fault(file, entry.at, &key, &format!("{:?}", entry.key), NAME);
            continue;
        }
        match &entry.node.value {
            Value::Text(text) if text.unset || text.text.is_empty() => {}
            Value::Text(text) if http::HeaderValue::from_str(&text.text).is_ok() => {
                headers.push((Arc::from(name), Secret::new(&text.text)));
            }
            _ => findings.fault(
                file,
                entry.node.at,
                &key,
                "something else (not shown)",
                "a string of one line, or \"${NAME}\" as the whole value",
            ),
        }
    }
    headers
}

#[cfg(test)]
mod tests;
