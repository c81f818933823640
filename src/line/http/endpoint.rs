//! The endpoints of LINE we call, and what an onlooker may be told of a call.

use crate::domain::ids::ChannelId;
use crate::line::breaker::State;
use std::time::Duration;

/// An endpoint: label of metrics and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `POST /v2/bot/message/reply`.
    Reply,
    /// `POST /v2/bot/message/push`.
    Push,
    /// `GET /v2/bot/profile/{userId}`.
    Profile,
    /// `GET /v2/bot/message/quota`.
    Quota,
    /// `GET /v2/bot/message/quota/consumption`.
    Consumption,
    /// `GET /v2/bot/info`.
    BotInfo,
    /// `POST /oauth2/v3/token`.
    Token,
    /// Everything below `/v2/bot/richmenu` and `/v2/bot/user/…/richmenu`.
    RichMenu,
    /// Everything below `/v2/bot/channel/webhook`.
    Webhook,
    /// `POST /v2/bot/chat/loading/start`.
    Loading,
}

impl Endpoint {
    /// The label.
    pub fn name(self) -> &'static str {
        match self {
            Endpoint::Reply => "reply",
            Endpoint::Push => "push",
            Endpoint::Profile => "profile",
            Endpoint::Quota => "quota",
            Endpoint::Consumption => "consumption",
            Endpoint::BotInfo => "bot_info",
            Endpoint::Token => "token",
            Endpoint::RichMenu => "rich_menu",
            Endpoint::Webhook => "webhook",
            Endpoint::Loading => "loading",
        }
    }
}

/// How a call ended, coarse enough for a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusClass {
    /// 200–299, and 409 of a push (LINE had it already).
    Ok,
    /// 429.
    Throttled,
    /// 401.
    Unauthorized,
    /// Any other 4xx.
    Refused,
    /// 5xx, 3xx, anything LINE does not document.
    Server,
    /// A timeout or a connection lost after the request may have been written.
    Lost,
    /// No connection.
    NotConnected,
}

impl StatusClass {
    /// The class of a status.
    pub fn of(status: u16) -> StatusClass {
        match status {
            200..=299 | 409 => StatusClass::Ok,
            401 => StatusClass::Unauthorized,
            429 => StatusClass::Throttled,
            400..=499 => StatusClass::Refused,
            _ => StatusClass::Server,
        }
    }

    /// The label.
    pub fn name(self) -> &'static str {
        match self {
            StatusClass::Ok => "ok",
            StatusClass::Throttled => "throttled",
            StatusClass::Unauthorized => "unauthorized",
            StatusClass::Refused => "refused",
            StatusClass::Server => "server",
            StatusClass::Lost => "lost",
            StatusClass::NotConnected => "not_connected",
        }
    }
}

/// Somebody who counts. Called on the thread of the call; must not block.
pub trait Observer: Send + Sync + 'static {
    /// A request ended.
    fn called(&self, channel: &ChannelId, endpoint: Endpoint, class: StatusClass, took: Duration) {
        let _ = (channel, endpoint, class, took);
    }

    /// A send was not begun: `why` is one of `breaker`, `rate`, `late`, `busy`, `token`, `channel`.
    fn held_back(&self, channel: &ChannelId, why: &'static str) {
        let _ = (channel, why);
    }

    /// A breaker changed.
    fn breaker(&self, channel: &ChannelId, state: State) {
        let _ = (channel, state);
    }
}

/// Counts nothing.
pub struct Silent;

impl Observer for Silent {}
