//! A good message of every kind; the laws change one place of it, by theme.

use super::*;
use serde_json::json;

mod edges;
mod places;
mod texts;

const IMAGE: &str = "https://media.example/a.png";

fn tap() -> Value {
    json!({"type": "message", "label": "好", "text": "好"})
}

fn buttons() -> Value {
    json!({"type": "template", "altText": "客服菜单", "template": {
        "type": "buttons", "text": "请选择服务类型", "actions": [tap(), tap(),
            {"type": "uri", "label": "访问网站", "uri": "https://shop.example/"}],
    }})
}

fn carousel() -> Value {
    let column = json!({"text": "一", "actions": [tap()]});
    json!({"type": "template", "altText": "a", "template": {
        "type": "carousel", "columns": [column, column]}})
}

fn flex() -> Value {
    json!({"type": "flex", "altText": "a", "contents": {"type": "bubble",
        "hero": {"type": "image", "url": IMAGE, "size": "full", "aspectRatio": "20:13"},
        "body": {"type": "box", "layout": "vertical", "paddingAll": "12px", "contents": [
            {"type": "text", "text": "標題", "weight": "bold", "color": "#11223344"},
            {"type": "text", "contents": [{"type": "span", "text": "x"}]},
            {"type": "box", "layout": "baseline", "contents": [
                {"type": "icon", "url": IMAGE}, {"type": "filler"}]},
            {"type": "separator", "margin": "md"},
            {"type": "button", "action": tap(), "style": "primary"}]}}})
}

fn good() -> Vec<Value> {
    vec![
        json!({"type": "text", "text": "營業時間", "sender": {"name": "小美", "iconUrl": IMAGE}}),
        json!({"type": "text", "text": "👍 $", "emojis": [
            {"index": 3, "productId": "5ac1bfd5040ab15980c9b435", "emojiId": "001"}]}),
        json!({"type": "textV2", "text": "{a} {{x}} {b}", "substitution": {
            "a": {"type": "mention", "mentionee": {"type": "user", "userId": "U1"}},
            "b": {"type": "emoji", "productId": "p", "emojiId": "1"}}}),
        json!({"type": "sticker", "packageId": "446", "stickerId": "1988"}),
        json!({"type": "image", "originalContentUrl": IMAGE, "previewImageUrl": IMAGE}),
        json!({"type": "video", "originalContentUrl": IMAGE, "previewImageUrl": IMAGE,
            "trackingId": "a-1"}),
        json!({"type": "audio", "originalContentUrl": IMAGE, "duration": 60000}),
        json!({"type": "location", "title": "店", "address": "台北", "latitude": 25.03,
            "longitude": 121.56}),
        json!({"type": "imagemap", "baseUrl": "https://media.example/map", "altText": "a",
            "baseSize": {"width": 1040, "height": 520}, "actions": [
            {"type": "uri", "linkUri": "tel:021234", "area": area(0, 1040)},
            {"type": "clipboard", "clipboardText": "A1", "area": area(0, 520)}],
            "video": {"originalContentUrl": IMAGE, "previewImageUrl": IMAGE, "area": area(0, 9)}}),
        buttons(),
        json!({"type": "template", "altText": "a", "template": {
            "type": "confirm", "text": "?", "actions": [tap(), tap()]}}),
        carousel(),
        json!({"type": "template", "altText": "a", "template": {"type": "image_carousel",
            "columns": [{"imageUrl": IMAGE, "action": tap()}]}}),
        flex(),
        json!({"type": "flex", "altText": "a", "contents": {"type": "carousel", "contents": [
            {"type": "bubble", "size": "kilo"}, {"type": "bubble", "size": "kilo"}]}}),
        json!({"type": "coupon", "couponId": "01JYNW8JMQVFBNWF1APF8Z3FS7", "deliveryTag": "t"}),
        json!({"type": "text", "text": "?", "quickReply": {"items": [
            {"type": "action", "imageUrl": IMAGE, "action": {"type": "camera", "label": "拍照"}},
            {"type": "action", "action": {"type": "location", "label": "位置"}},
            {"type": "action", "action": {"type": "cameraRoll", "label": "相簿"}},
            {"type": "action", "action": {"type": "clipboard", "label": "x", "clipboardText": "y"}},
            {"type": "action", "action": {"type": "datetimepicker", "label": "日", "data": "d",
                "mode": "datetime", "initial": "2026-01-01t00:00", "max": "2026-12-31T23:59"}},
            {"type": "action", "action": {"type": "postback", "label": "p", "data": "x=1",
                "displayText": "p", "inputOption": "openKeyboard", "fillInText": "單號:"}}]}}),
    ]
}

fn area(x: i64, width: i64) -> Value {
    json!({"x": x, "y": 0, "width": width, "height": 520})
}

/// A good message with one place changed; `null` takes the property away.
fn with(mut message: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = message.pointer_mut(parent).unwrap();
    match parent {
        Value::Object(map) if value.is_null() => drop(map.remove(key)),
        Value::Object(map) => drop(map.insert(key.to_owned(), value)),
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
        _ => panic!("no place at {pointer}"),
    }
    message
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn long(n: usize) -> Value {
    Value::String("長".repeat(n))
}

#[test]
fn a_good_message_of_every_kind_passes() {
    for message in good() {
        check(&message).unwrap_or_else(|faults| panic!("{message}: {faults:?}"));
        let _ = bubble(message).unwrap();
    }
}

#[test]
fn a_bubble_is_compact_encoded_and_keeps_its_quick_reply_apart() {
    let reply = json!({"items": [{"type": "action", "action":
        {"type": "uri", "label": "網", "uri": "https://s.example/網"}}]});
    let bubble = bubble(with(text("請選"), "/quickReply", reply)).unwrap();
    assert_eq!(bubble.json(), r#"{"text":"請選","type":"text"}"#);
    let reply = bubble.quick_reply().unwrap();
    assert!(reply.contains("https://s.example/%E7%B6%B2"));
    assert!(reply.contains("網"));
}

proptest::proptest! {
    #[test]
    fn no_value_makes_the_check_panic(text in "\\PC{0,40}", key in "[a-zA-Z]{1,12}") {
        for message in good() {
            let mut message = message;
            message[key.as_str()] = Value::String(text.clone());
            let _ = check(&message);
        }
        let _ = check(&json!({"type": "textV2", "text": text, "substitution": {}}));
    }
}
