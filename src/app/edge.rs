//! The LINE edge as commands use it: one channel's client, the menu the config wants.

use crate::automation::Engine;
use crate::config::Secret as ConfigSecret;
use crate::config::Settings;
use crate::config::settings::{AccessToken, AiProvider, Channel, ChannelSecrets};
use crate::config::units::BaseUrl;
use crate::domain::time::Millis;
use crate::line::api::{ChannelSettings, Client, SettingsError, Silent};
use crate::line::rich_menu::RichMenuSpec;
use crate::line::tokens::{Secret, TokenSource};
use bytes::Bytes;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// A client for calls that carry no messages.
///
/// # Errors
/// When an address in the config cannot be used.
pub fn line_client(channel: &Channel) -> Result<Client, SettingsError> {
    let wall = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Millis(since.map_or(0, |since| since.as_millis() as u64))
    };
    Client::new(line_settings(channel), Arc::new(wall), Arc::new(Silent))
}

/// The rich menu of the config, if it has one.
pub fn menu_spec(engine: &Engine) -> Option<RichMenuSpec> {
    engine.rich_menu().map(|menu| RichMenuSpec {
        object: menu.object.clone(),
        image: Bytes::copy_from_slice(&menu.image),
    })
}

/// Points every channel at a simulator, and a model's server too: nothing outside is asked.
pub fn at_simulator(settings: &mut Settings, base: &BaseUrl, secret: &str, token: &str) {
    for channel in &mut settings.channels {
        channel.secrets = ChannelSecrets {
            current: ConfigSecret::new(secret),
            other: None,
        };
        channel.access_token = AccessToken::Fixed(ConfigSecret::new(token));
        channel.destination = None;
        channel.api_base = base.clone();
        channel.data_api_base = base.clone();
    }
    if let AiProvider::OpenAi(server) = &mut settings.ai.provider {
        let url = format!("{base}/openai/v1");
        server.base_url = BaseUrl::parse(&url).expect("a path behind a base URL is a base URL");
        server.api_key = None;
    }
}

/// What the LINE client must know of a channel.
pub(super) fn line_settings(channel: &Channel) -> ChannelSettings {
    ChannelSettings {
        id: channel.id.clone(),
        api_base: channel.api_base.as_str().to_string(),
        data_api_base: channel.data_api_base.as_str().to_string(),
        token: match &channel.access_token {
            AccessToken::Fixed(token) => TokenSource::LongLived(Secret::new(token.expose())),
            AccessToken::Stateless { channel_id } => TokenSource::Stateless {
                channel_id: channel_id.to_string(),
                channel_secret: Secret::new(channel.secrets.current.expose()),
            },
        },
    }
}
