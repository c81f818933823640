//! LINE's answers: error bodies, profiles, quotas, tokens, rich menus. Read loosely: every
//! property may be absent, unknown ones are skipped (Messaging API docs, "Development
//! guidelines": additions come unannounced).

use serde::Deserialize;

/// An error answer (Messaging API reference, "Error responses").
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ErrorBody {
    /// What LINE says. The texts are not guaranteed; only three are looked for.
    pub message: String,
    /// More about single properties.
    pub details: Vec<ErrorDetail>,
}

/// One detail of an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ErrorDetail {
    /// What is wrong.
    pub message: String,
    /// Where, as `messages[0].text`.
    pub property: String,
}

impl ErrorBody {
    /// Reads an error body; an unreadable one is an error without words.
    pub fn read(body: &[u8]) -> ErrorBody {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// A 400 that means the reply token is expired or used ("Send reply message").
    pub fn is_invalid_reply_token(&self) -> bool {
        contains(&self.message, "invalid reply token")
    }

    /// A 429 that means the month's messages are used up ("Rate limits").
    pub fn is_monthly_limit(&self) -> bool {
        contains(&self.message, "monthly limit")
    }
}

fn contains(text: &str, lower: &str) -> bool {
    text.to_ascii_lowercase().contains(lower)
}

/// `GET /v2/bot/profile/{userId}`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ProfileBody {
    /// The customer's display name.
    pub display_name: String,
    /// BCP 47 tag.
    pub language: Option<String>,
}

/// `GET /v2/bot/message/quota`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct QuotaBody {
    /// `none` or `limited`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Messages of the month, when limited.
    pub value: Option<u64>,
}

/// `GET /v2/bot/message/quota/consumption`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConsumptionBody {
    /// Messages sent this month, approximate.
    pub total_usage: u64,
}

/// `GET /v2/bot/info`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BotInfoBody {
    /// The bot's user id: the `destination` of its webhooks.
    pub user_id: String,
    /// The basic id, as `@216abcde`.
    pub basic_id: String,
    /// The account's name.
    pub display_name: String,
    /// `chat` or `bot`.
    pub chat_mode: String,
    /// `auto` or `manual`.
    pub mark_as_read_mode: String,
}

/// `POST /oauth2/v3/token`. Not `Debug`: it holds a token.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TokenBody {
    /// The token.
    pub access_token: String,
    /// Seconds it lives.
    pub expires_in: u64,
}

/// `POST /v2/bot/richmenu` and `GET /v2/bot/user/all/richmenu`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RichMenuIdBody {
    /// The menu's id.
    pub rich_menu_id: String,
}

/// `GET /v2/bot/richmenu/list`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RichMenuListBody {
    /// The menus made through the API.
    pub richmenus: Vec<RichMenuBody>,
}

/// One menu of the list; the rest of it is not needed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RichMenuBody {
    /// The menu's id.
    pub rich_menu_id: String,
    /// The name it was given.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_texts_are_told_apart() {
        let read = |text: &str| ErrorBody::read(format!(r#"{{"message":"{text}"}}"#).as_bytes());
        assert!(read("Invalid reply token").is_invalid_reply_token());
        assert!(read("You have reached your monthly limit.").is_monthly_limit());
        assert!(!read("The API rate limit has been exceeded. Try again later.").is_monthly_limit());
        assert!(!ErrorBody::read(b"<html>").is_invalid_reply_token());
    }

    #[test]
    fn unknown_and_absent_properties_do_no_harm() {
        let profile: ProfileBody = serde_json::from_str(r#"{"new":[1]}"#).unwrap();
        assert_eq!(profile.display_name, "");
        let error = ErrorBody::read(br#"{"message":"x","details":[{"property":"messages[0]"}]}"#);
        assert_eq!(error.details[0].property, "messages[0]");
    }
}
