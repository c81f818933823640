//! `[[channels]]`: one to 64 LINE Official Accounts.
//!
//! Refuses two channels of one id or destination, a channel without a secret, and calls to LINE
//! over plain http except to this machine.

use crate::config::placeholder::{self, Kind};
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::settings::{AccessToken, Channel, ChannelSecrets, Groups};
use crate::domain::ids::ChannelId;
use std::collections::HashMap;
use std::sync::Arc;

/// Most channels of one deployment; ids are metric labels, so they must stay few.
pub const MAX_CHANNELS: usize = 64;

const TOKEN: &str = "\"${NAME}\" of the variable that holds it, or \"stateless\" with channel_id";

/// Whether a text is a good channel id: `[a-z0-9_-]{1,32}`.
pub fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

pub(crate) fn all(root: &Section<'_>) -> Vec<Channel> {
    let sections = root.sections("channels");
    let allowed = format!("1 to {MAX_CHANNELS} channels ([[channels]])");
    if sections.is_empty() {
        root.fault("channels", "no channel", &allowed);
    } else if sections.len() > MAX_CHANNELS {
        root.fault(
            "channels",
            &format!("{} channels", sections.len()),
            &allowed,
        );
    }
    let mut ids = HashMap::new();
    let mut destinations = HashMap::new();
    let mut channels = Vec::new();
    for section in sections {
        let line = section.at().line;
        let channel = one(&section);
        if section.has("id")
            && let Some(first) = ids.insert(channel.id.clone(), line)
        {
            let found = format!("\"{}\", taken by the channel at line {first}", channel.id);
            section.fault("id", &found, "an id of its own");
        }
        if let Some(destination) = &channel.destination
            && let Some(first) = destinations.insert(destination.clone(), line)
        {
            let found = format!("the same as the channel at line {first}");
            section.fault("destination", &found, "the bot's own user id");
        }
        channels.push(channel);
        section.finish();
    }
    channels
}

fn one(section: &Section<'_>) -> Channel {
    let name = "1 to 32 of a-z 0-9 _ -";
    section.require("id", name);
    let id = section
        .parsed("id", name, |text| {
            is_name(text).then(|| ChannelId::new(text))
        })
        .unwrap_or_else(|| ChannelId::new(""));
    let call_words = section.texts("group_call_words", 0..=16, 1..=20);
    let api_base = section.base_url("api_base", "https://api.line.me");
    // A simulator on this machine takes any credential.
    if !api_base.is_loopback() {
        placeholder::warn(section, "secret", Kind::Secret);
        placeholder::warn(section, "secrets", Kind::Secret);
        if section.words_of("access_token") != Some("stateless") {
            placeholder::warn(section, "access_token", Kind::Token);
        }
    }
    Channel {
        id,
        secrets: secrets(section),
        access_token: access_token(section),
        destination: section.parsed("destination", "U and 32 of 0-9 a-f", |text| {
            is_user_id(text).then(|| Arc::from(text))
        }),
        api_base,
        data_api_base: section.base_url("data_api_base", "https://api-data.line.me"),
        groups: section.choice(
            "groups",
            &[
                ("when_addressed", Groups::WhenAddressed),
                ("ignore", Groups::Ignore),
                ("all", Groups::All),
            ],
            Groups::WhenAddressed,
        ),
        group_call_words: call_words
            .iter()
            .map(|(word, _)| Arc::from(*word))
            .collect(),
    }
}

fn secrets(section: &Section<'_>) -> ChannelSecrets {
    let one = section.secret("secret");
    let both = section.secrets("secrets", 1..=2);
    match (section.has("secret"), section.has("secrets")) {
        (false, false) => section.fault(
            "secret",
            "nothing",
            "\"${NAME}\" of the variable that holds the channel secret",
        ),
        (true, true) => section.fault("secrets", "secret and secrets", "one of them"),
        _ => {}
    }
    let mut given = one.into_iter().chain(both.into_iter().flatten());
    ChannelSecrets {
        current: given.next().unwrap_or_else(|| Secret::new("")),
        other: given.next(),
    }
}

fn access_token(section: &Section<'_>) -> AccessToken {
    let token = section.secret("access_token");
    let channel_id = section.parsed("channel_id", "1 to 20 digits", |text| {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        (digits && (1..=20).contains(&text.len())).then(|| Arc::from(text))
    });
    if !section.has("access_token") {
        section.fault("access_token", "nothing", TOKEN);
    }
    match token {
        Some(token) if token.expose() == "stateless" => {
            section.require("channel_id", "the channel id (digits) for stateless tokens");
            AccessToken::Stateless {
                channel_id: channel_id.unwrap_or_else(|| Arc::from("")),
            }
        }
        token => AccessToken::Fixed(token.unwrap_or_else(|| Secret::new(""))),
    }
}

fn is_user_id(text: &str) -> bool {
    text.strip_prefix('U').is_some_and(|hex| {
        hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}
