//! The small checks every object is made of: strings, numbers, choices, lists, URLs.

use super::at::At;
use super::count::{Unit, graphemes, utf16};
use super::fault::{Fault, UNKNOWN_PROPERTY};
use super::limits::Limit;
use super::uri;
use serde_json::Value;
use std::ops::RangeInclusive;

/// Whether a property must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Absent is a fault; so is an empty string.
    Required,
    /// May be left out.
    Optional,
}

/// The faults found so far.
#[derive(Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// `Ok` when nothing was found.
    pub fn into_result(self) -> Result<(), Vec<Fault>> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.0)
        }
    }

    /// Adds a fault.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Adds a fault at a place.
    pub fn add(
        &mut self,
        at: &At<'_>,
        found: impl Into<String>,
        allowed: impl Into<String>,
        source: &'static str,
    ) {
        self.push(Fault {
            path: at.path(),
            found: found.into(),
            allowed: allowed.into(),
            choices: Vec::new(),
            source,
        });
    }

    /// Adds a fault at a place where one of few words may stand.
    fn add_choice(
        &mut self,
        at: &At<'_>,
        found: impl Into<String>,
        words: &[&str],
        source: &'static str,
    ) {
        self.push(Fault {
            path: at.path(),
            found: found.into(),
            allowed: format!("one of {}", words.join(", ")),
            choices: words.iter().map(|word| (*word).to_owned()).collect(),
            source,
        });
    }

    /// Whether there is a value to look at; says so when a required one is absent.
    fn there(&mut self, at: &At<'_>, need: Need, allowed: &str, source: &'static str) -> bool {
        if !at.present() && need == Need::Required {
            self.add(at, "nothing", allowed, source);
        }
        at.present()
    }

    /// An object with no properties but the known ones. Returns whether it is an object.
    pub fn object(
        &mut self,
        at: &At<'_>,
        need: Need,
        known: &[&[&str]],
        source: &'static str,
    ) -> bool {
        if !self.there(at, need, "an object", source) {
            return false;
        }
        let Some(Value::Object(map)) = at.value else {
            self.add(at, kind(at), "an object", source);
            return false;
        };
        for key in map.keys() {
            if !known.iter().any(|keys| keys.contains(&key.as_str())) {
                self.add_choice(&at.key(key), UNKNOWN_PROPERTY, &known.concat(), source);
            }
        }
        true
    }

    /// A string; not empty when required.
    pub fn string<'a>(&mut self, at: &At<'a>, need: Need, source: &'static str) -> Option<&'a str> {
        match judge(at, need) {
            Ok(text) => text,
            Err(found) => {
                self.add(at, found, "a string that is not empty", source);
                None
            }
        }
    }

    /// A string of bounded length.
    pub fn text<'a>(&mut self, at: &At<'a>, need: Need, limit: &Limit) -> Option<&'a str> {
        let text = match judge(at, need) {
            Ok(text) => text?,
            Err(found) => {
                let allowed = format!("a string of at most {} {}", limit.max, limit.unit.name());
                self.add(at, found, allowed, limit.source);
                return None;
            }
        };
        let length = match limit.unit {
            Unit::Graphemes if text.len() > limit.max => graphemes(text),
            Unit::Encoded => uri::encoded_len(text),
            Unit::Bytes => text.len(),
            _ => utf16(text).min(text.len()),
        };
        self.at_most(at, length, limit);
        Some(text)
    }

    /// A number of things within a limit.
    pub fn at_most(&mut self, at: &At<'_>, found: usize, limit: &Limit) {
        if found > limit.max {
            let unit = limit.unit.name();
            self.add(
                at,
                format!("{found} {unit}"),
                format!("at most {} {unit}", limit.max),
                limit.source,
            );
        }
    }

    /// One of a few words.
    pub fn choice<'a>(
        &mut self,
        at: &At<'a>,
        need: Need,
        words: &[&str],
        source: &'static str,
    ) -> Option<&'a str> {
        let found = match judge(at, need) {
            Ok(Some(word)) if words.contains(&word) => return Some(word),
            Ok(Some(word)) => quoted(word),
            Ok(None) => return None,
            Err(found) => found.to_owned(),
        };
        self.add_choice(at, found, words, source);
        None
    }

    /// A whole number in a range.
    pub fn integer(
        &mut self,
        at: &At<'_>,
        need: Need,
        range: RangeInclusive<i64>,
        source: &'static str,
    ) -> Option<i64> {
        let allowed = || match (*range.start(), *range.end()) {
            (start, i64::MAX) => format!("a whole number from {start}"),
            (start, end) if start == end => format!("{start}"),
            (start, end) => format!("a whole number from {start} to {end}"),
        };
        if !self.there(at, need, &allowed(), source) {
            return None;
        }
        match at.value.and_then(Value::as_i64) {
            Some(number) if range.contains(&number) => Some(number),
            Some(number) => {
                self.add(at, number.to_string(), allowed(), source);
                None
            }
            None => {
                self.add(at, kind(at), allowed(), source);
                None
            }
        }
    }

    /// A number within bounds, in degrees.
    pub fn degrees(&mut self, at: &At<'_>, bound: f64, source: &'static str) {
        let allowed = format!("a number from -{bound} to {bound}");
        if !self.there(at, Need::Required, &allowed, source) {
            return;
        }
        match at.value.and_then(Value::as_f64) {
            Some(number) if number.abs() <= bound => {}
            Some(number) => self.add(at, number.to_string(), allowed, source),
            None => self.add(at, kind(at), allowed, source),
        }
    }

    /// True or false.
    pub fn boolean(&mut self, at: &At<'_>, source: &'static str) {
        if at.value.is_some_and(|value| !value.is_boolean()) {
            self.add(at, kind(at), "true or false", source);
        }
    }

    /// A list with at least `least` elements and at most the limit. Returns its length.
    pub fn list(&mut self, at: &At<'_>, need: Need, least: usize, limit: &Limit) -> usize {
        let allowed = || {
            if least == limit.max {
                format!("exactly {least} {}", limit.unit.name())
            } else {
                format!("{least} to {} {}", limit.max, limit.unit.name())
            }
        };
        if !self.there(at, need, &allowed(), limit.source) {
            return 0;
        }
        if !at.value.is_some_and(Value::is_array) {
            self.add(at, kind(at), "a list", limit.source);
            return 0;
        }
        let found = at.len();
        if found < least || found > limit.max {
            let unit = limit.unit.name();
            self.add(at, format!("{found} {unit}"), allowed(), limit.source);
        }
        found
    }

    /// A URI with one of the schemes, measured after percent-encoding.
    pub fn uri(&mut self, at: &At<'_>, need: Need, schemes: &[&str], limit: &Limit) {
        let Some(text) = self.text(at, need, limit) else {
            return;
        };
        let scheme = uri::scheme(text);
        match &scheme {
            Some(scheme) if schemes.contains(&scheme.as_str()) => {}
            Some(scheme) => {
                let allowed = format!("scheme {}", schemes.join(", "));
                self.add(
                    at,
                    format!("scheme {}", quoted(scheme)),
                    allowed,
                    limit.source,
                );
                return;
            }
            None => {
                let allowed = format!("a URI with scheme {}", schemes.join(", "));
                self.add(at, "no scheme", allowed, limit.source);
                return;
            }
        }
        let is_web = scheme.is_some_and(|scheme| scheme == "http" || scheme == "https");
        if is_web && !uri::has_host(text) {
            let allowed = "a host name in ASCII (international: as xn--), perhaps a port";
            self.add(at, "another host", allowed, limit.source);
        }
    }

    /// The URL of something LINE or the customer's phone fetches: https only.
    pub fn https(&mut self, at: &At<'_>, need: Need, limit: &Limit) {
        self.uri(at, need, &["https"], limit);
    }

    /// A colour, `#RRGGBB` or `#RRGGBBAA`.
    pub fn colour(&mut self, at: &At<'_>, need: Need, alpha: bool, source: &'static str) {
        let Some(text) = self.string(at, need, source) else {
            return;
        };
        let digits = text.strip_prefix('#').unwrap_or("");
        let ok = (digits.len() == 6 || alpha && digits.len() == 8)
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !ok {
            let allowed = if alpha {
                "#RRGGBB or #RRGGBBAA"
            } else {
                "#RRGGBB"
            };
            self.add(at, quoted(text), allowed, source);
        }
    }
}

/// The string at a place, `None` where it may be left out, or what stands there instead.
fn judge<'a>(at: &At<'a>, need: Need) -> Result<Option<&'a str>, &'static str> {
    match at.str() {
        Some("") if need == Need::Required => Err("an empty string"),
        Some(text) => Ok(Some(text)),
        None if !at.present() && need == Need::Optional => Ok(None),
        None => Err(kind(at)),
    }
}

/// The JSON type of a value, for people.
fn kind(at: &At<'_>) -> &'static str {
    match at.value {
        None => "nothing",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "true or false",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(_)) => "a string",
        Some(Value::Array(_)) => "a list",
        Some(Value::Object(_)) => "an object",
    }
}

/// A short quotation of a word from the config.
pub(crate) fn quoted(text: &str) -> String {
    let short = super::count::truncate_graphemes(text, 40);
    let dots = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{dots}")
}
