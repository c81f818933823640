//! LINE's documented limits of outgoing messages, each with the page that states it.
//!
//! Units: Messaging API docs, "Character counting in a text" (`text-character-count`).

use super::count::Unit;

/// A greatest length or number.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The greatest value allowed.
    pub max: usize,
    /// What is counted.
    pub unit: Unit,
    /// The page of LINE's documentation.
    pub source: &'static str,
}

const fn limit(max: usize, unit: Unit, source: &'static str) -> Limit {
    Limit { max, unit, source }
}

/// Messaging API reference pages.
pub mod page {
    /// "Common properties of messages".
    pub const COMMON: &str = "messaging-api reference: message common properties";
    /// "Send reply message" / "Send push message".
    pub const SEND: &str = "messaging-api reference: send reply message, send push message";
    /// "Quick reply".
    pub const QUICK_REPLY: &str = "messaging-api reference: quick reply";
    /// "Change icon and display name".
    pub const SENDER: &str = "messaging-api reference: change icon and display name";
    /// "Text message".
    pub const TEXT: &str = "messaging-api reference: text message";
    /// "Text message (v2)".
    pub const TEXT_V2: &str = "messaging-api reference: text message (v2)";
    /// "Sticker message".
    pub const STICKER: &str = "messaging-api reference: sticker message";
    /// "Image message".
    pub const IMAGE: &str = "messaging-api reference: image message";
    /// "Video message".
    pub const VIDEO: &str = "messaging-api reference: video message";
    /// "Audio message".
    pub const AUDIO: &str = "messaging-api reference: audio message";
    /// "Location message".
    pub const LOCATION: &str = "messaging-api reference: location message";
    /// "Coupon message".
    pub const COUPON: &str = "messaging-api reference: coupon message";
    /// "Imagemap message".
    pub const IMAGEMAP: &str = "messaging-api reference: imagemap message";
    /// "Template messages".
    pub const TEMPLATE: &str = "messaging-api reference: template messages";
    /// "Buttons template".
    pub const BUTTONS: &str = "messaging-api reference: buttons template";
    /// "Confirm template".
    pub const CONFIRM: &str = "messaging-api reference: confirm template";
    /// "Carousel template".
    pub const CAROUSEL: &str = "messaging-api reference: carousel template";
    /// "Image carousel template".
    pub const IMAGE_CAROUSEL: &str = "messaging-api reference: image carousel template";
    /// "Flex message".
    pub const FLEX: &str = "messaging-api reference: flex message";
    /// "Action objects".
    pub const ACTION: &str = "messaging-api reference: action objects";
    /// "Rich menu structure".
    pub const RICH_MENU: &str = "messaging-api reference: rich menu structure";
    /// "Upload rich menu image".
    pub const RICH_MENU_IMAGE: &str = "messaging-api reference: upload rich menu image";
}

/// Messages of one reply or push.
pub const CALL_MESSAGES: Limit = limit(5, Unit::Items, page::SEND);
/// URLs of media LINE fetches.
pub const MEDIA_URL: Limit = limit(2_000, Unit::Encoded, page::COMMON);
/// Text of a text message.
pub const TEXT: Limit = limit(5_000, Unit::Utf16, page::TEXT);
/// LINE emoji in a text message.
pub const TEXT_EMOJIS: Limit = limit(20, Unit::Items, page::TEXT);
/// Text of a text message v2.
pub const TEXT_V2: Limit = limit(5_000, Unit::Utf16, page::TEXT_V2);
/// Substitutions of a text message v2.
pub const SUBSTITUTIONS: Limit = limit(100, Unit::Items, page::TEXT_V2);
/// Key of a substitution.
pub const SUBSTITUTION_KEY: Limit = limit(20, Unit::Utf16, page::TEXT_V2);
/// Mentions in a text message v2.
pub const MENTIONS: Limit = limit(20, Unit::Items, page::TEXT_V2);
/// LINE emoji in a text message v2.
pub const V2_EMOJIS: Limit = limit(20, Unit::Items, page::TEXT_V2);
/// Tracking id of a video.
pub const TRACKING_ID: Limit = limit(100, Unit::Utf16, page::VIDEO);
/// Title of a location.
pub const LOCATION_TITLE: Limit = limit(100, Unit::Utf16, page::LOCATION);
/// Address of a location.
pub const LOCATION_ADDRESS: Limit = limit(100, Unit::Utf16, page::LOCATION);
/// Delivery tag of a coupon.
pub const DELIVERY_TAG: Limit = limit(30, Unit::Utf16, page::COUPON);
/// Alternative text of an imagemap.
pub const IMAGEMAP_ALT: Limit = limit(1_500, Unit::Utf16, page::IMAGEMAP);
/// Width every imagemap is measured in.
pub const IMAGEMAP_WIDTH: i64 = 1_040;
/// Actions of an imagemap.
pub const IMAGEMAP_ACTIONS: Limit = limit(50, Unit::Items, page::IMAGEMAP);
/// Link of an imagemap action.
pub const IMAGEMAP_URI: Limit = limit(1_000, Unit::Encoded, page::IMAGEMAP);
/// Text of an imagemap message action.
pub const IMAGEMAP_TEXT: Limit = limit(400, Unit::Utf16, page::IMAGEMAP);
/// Text of an imagemap clipboard action.
pub const IMAGEMAP_CLIPBOARD: Limit = limit(1_000, Unit::Utf16, page::IMAGEMAP);
/// Alternative text of a template message.
pub const TEMPLATE_ALT: Limit = limit(1_500, Unit::Utf16, page::TEMPLATE);
/// Title of a buttons template or carousel column.
pub const TEMPLATE_TITLE: Limit = limit(40, Unit::Graphemes, page::BUTTONS);
/// Text of a buttons template without image and title.
pub const BUTTONS_TEXT: Limit = limit(160, Unit::Graphemes, page::BUTTONS);
/// Text of a buttons template with an image or a title.
pub const BUTTONS_TEXT_SHORT: Limit = limit(60, Unit::Graphemes, page::BUTTONS);
/// Actions of a buttons template.
pub const BUTTONS_ACTIONS: Limit = limit(4, Unit::Items, page::BUTTONS);
/// Text of a confirm template.
pub const CONFIRM_TEXT: Limit = limit(240, Unit::Graphemes, page::CONFIRM);
/// Actions of a confirm template: exactly so many.
pub const CONFIRM_ACTIONS: Limit = limit(2, Unit::Items, page::CONFIRM);
/// Columns of a carousel.
pub const CAROUSEL_COLUMNS: Limit = limit(10, Unit::Items, page::CAROUSEL);
/// Title of a carousel column.
pub const COLUMN_TITLE: Limit = limit(40, Unit::Graphemes, page::CAROUSEL);
/// Text of a carousel column without image and title.
pub const COLUMN_TEXT: Limit = limit(120, Unit::Graphemes, page::CAROUSEL);
/// Text of a carousel column with an image or a title.
pub const COLUMN_TEXT_SHORT: Limit = limit(60, Unit::Graphemes, page::CAROUSEL);
/// Actions of a carousel column.
pub const COLUMN_ACTIONS: Limit = limit(3, Unit::Items, page::CAROUSEL);
/// Columns of an image carousel.
pub const IMAGE_COLUMNS: Limit = limit(10, Unit::Items, page::IMAGE_CAROUSEL);
/// Alternative text of a Flex message.
pub const FLEX_ALT: Limit = limit(1_500, Unit::Utf16, page::FLEX);
/// JSON of one Flex bubble. LINE says 30 KB; the smaller reading (thousands) is taken.
pub const FLEX_BUBBLE: Limit = limit(30_000, Unit::Bytes, page::FLEX);
/// JSON of a Flex carousel. LINE says 50 KB; the smaller reading is taken.
pub const FLEX_CAROUSEL: Limit = limit(50_000, Unit::Bytes, page::FLEX);
/// Bubbles of a Flex carousel.
pub const FLEX_BUBBLES: Limit = limit(12, Unit::Items, page::FLEX);
/// Images with `animated: true` in one Flex message.
pub const FLEX_ANIMATED: Limit = limit(10, Unit::Items, page::FLEX);
/// URLs of Flex images, icons and videos.
pub const FLEX_URL: Limit = limit(2_000, Unit::Encoded, page::FLEX);
/// Quick reply buttons.
pub const QUICK_REPLY_ITEMS: Limit = limit(13, Unit::Items, page::QUICK_REPLY);
/// Name of a sender.
pub const SENDER_NAME: Limit = limit(20, Unit::Utf16, page::SENDER);
/// Label of an action in a template.
pub const LABEL_TEMPLATE: Limit = limit(20, Unit::Graphemes, page::ACTION);
/// Label of an action in an image carousel.
pub const LABEL_IMAGE_CAROUSEL: Limit = limit(12, Unit::Graphemes, page::IMAGE_CAROUSEL);
/// Label of a quick reply.
pub const LABEL_QUICK_REPLY: Limit = limit(20, Unit::Graphemes, page::QUICK_REPLY);
/// Label of an action in a rich menu.
pub const LABEL_RICH_MENU: Limit = limit(20, Unit::Graphemes, page::ACTION);
/// Label of an action in a Flex message.
pub const LABEL_FLEX: Limit = limit(40, Unit::Graphemes, page::ACTION);
/// Data of postback, date picker and rich menu switch.
pub const POSTBACK_DATA: Limit = limit(300, Unit::Utf16, page::ACTION);
/// Text shown for a postback.
pub const POSTBACK_TEXT: Limit = limit(300, Unit::Graphemes, page::ACTION);
/// Text of a message action.
pub const MESSAGE_TEXT: Limit = limit(300, Unit::Graphemes, page::ACTION);
/// Target of a URI action.
pub const ACTION_URI: Limit = limit(1_000, Unit::Encoded, page::ACTION);
/// Text of a clipboard action.
pub const CLIPBOARD: Limit = limit(1_000, Unit::Utf16, page::ACTION);
/// Alias of a rich menu.
pub const MENU_ALIAS: Limit = limit(32, Unit::Utf16, page::ACTION);
/// Tappable areas of a rich menu.
pub const MENU_AREAS: Limit = limit(20, Unit::Items, page::RICH_MENU);
/// Name of a rich menu.
pub const MENU_NAME: Limit = limit(300, Unit::Graphemes, page::RICH_MENU);
/// Chat bar text of a rich menu.
pub const MENU_CHAT_BAR: Limit = limit(14, Unit::Graphemes, page::RICH_MENU);
/// File size of a rich menu image. LINE says 1 MB; the smaller reading is taken.
pub const MENU_IMAGE: Limit = limit(1_000_000, Unit::Bytes, page::RICH_MENU_IMAGE);
/// Least and greatest width of a rich menu.
pub const MENU_WIDTH: (i64, i64) = (800, 2_500);
/// Least height of a rich menu.
pub const MENU_HEIGHT: i64 = 250;
/// Least width divided by height of a rich menu, in hundredths.
pub const MENU_RATIO_PERCENT: i64 = 145;
/// Body of any request (status 413 above it). LINE says 2 MB; the smaller reading is taken.
pub const REQUEST_BYTES: Limit = limit(2_000_000, Unit::Bytes, page::SEND);
