//! What customers do, as the phone page and tests say it.
//!
//! Refuses what LINE's app would not let a customer do: write to an account one has blocked, take
//! back somebody else's message, edit outside a group.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One act of a customer. JSON: `{"type": "text", "text": "…"}` and so on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "lowercase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Action {
    /// Writes.
    Text {
        /// The words, at most 5,000 UTF-16 units.
        text: String,
        /// In a group: the text begins with a mention of the account.
        #[serde(default)]
        mention: bool,
        /// Answers this message.
        #[serde(default)]
        quoted_message_id: Option<String>,
    },
    /// Sends a sticker.
    Sticker {
        /// Package.
        package_id: String,
        /// Sticker.
        sticker_id: String,
    },
    /// Sends a picture.
    Image {},
    /// Sends a video.
    Video {
        /// Milliseconds.
        #[serde(default = "short")]
        duration: u64,
    },
    /// Sends a sound.
    Audio {
        /// Milliseconds.
        #[serde(default = "short")]
        duration: u64,
    },
    /// Sends a file.
    File {
        /// Its name.
        #[serde(default = "file_name")]
        file_name: String,
    },
    /// Sends a place.
    Location {
        /// Name of the place.
        #[serde(default)]
        title: Option<String>,
        /// Address.
        #[serde(default)]
        address: Option<String>,
        /// Degrees.
        latitude: f64,
        /// Degrees.
        longitude: f64,
    },
    /// Taps a button with a postback action.
    Postback {
        /// The action's data.
        data: String,
        /// What appears in the chat as the customer's words.
        #[serde(default)]
        display_text: Option<String>,
        /// Date, time or rich-menu parameters.
        #[serde(default)]
        params: Option<Value>,
    },
    /// Taps a point of the rich menu, in the menu's own coordinates.
    RichMenu {
        /// From the left.
        x: u64,
        /// From the top.
        y: u64,
    },
    /// Taps a button that switches the rich menu.
    RichMenuSwitch {
        /// The alias to switch to.
        rich_menu_alias_id: String,
        /// The action's data.
        #[serde(default)]
        data: String,
    },
    /// Adds the account, or unblocks it.
    Follow {},
    /// Blocks the account.
    Unfollow {},
    /// Takes a message back.
    Unsend {
        /// Which.
        message_id: String,
    },
    /// Changes a text message (groups only).
    Edit {
        /// Which.
        message_id: String,
        /// The new words.
        text: String,
    },
    /// Any other event, also of types LINE has not invented yet.
    Event {
        /// The event's `type`.
        kind: String,
        /// Whether it carries a reply token.
        #[serde(default)]
        replyable: bool,
        /// Its payload, put under the name `payloadKey` (default: the type).
        #[serde(default)]
        payload: Option<Value>,
        /// Name of the payload.
        #[serde(default)]
        payload_key: Option<String>,
    },
}

fn short() -> u64 {
    3_000
}

fn file_name() -> String {
    "訂單截圖.pdf".to_owned()
}

/// Why a customer cannot do that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// No such channel.
    #[error("channel {0} is not simulated")]
    NoChannel(String),
    /// No such customer or group.
    #[error("no customer or group {0:?} on this channel")]
    NoChat(String),
    /// The customer has blocked the account.
    #[error("customer {0} has blocked the account: follow first")]
    Blocked(String),
    /// No such message of this customer.
    #[error("message {0} is not one the customer can take back or change")]
    NoMessage(String),
    /// Nothing to tap there.
    #[error("nothing to tap: {0}")]
    NothingThere(String),
    /// Longer than the app allows.
    #[error("text has {0} UTF-16 units, allowed are 1 to 5000")]
    Length(usize),
    /// Only in groups.
    #[error("messages can be edited in groups only")]
    GroupOnly,
}
