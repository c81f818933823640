//! The limits as a table: a good message of every kind, and one change that breaks each limit.

use super::*;
use serde_json::json;

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
fn each_limit_has_an_edge() {
    let quick = || {
        with(
            text("?"),
            "/quickReply",
            json!({"items": [{"type": "action", "action": tap()}]}),
        )
    };
    let first = "/template/actions/0";
    let shop = |n: usize| format!("https://s.example/{}", "a".repeat(n - 18));
    // (a good message, the place to change, the last value that passes, the first that fails)
    let cases: Vec<(Value, &str, Value, Value)> = vec![
        (text("a"), "/text", long(5000), long(5001)),
        (
            text("a"),
            "/text",
            json!("👍".repeat(2500)),
            json!("👍".repeat(2501)),
        ),
        (
            good()[2].clone(),
            "/text",
            json!(format!("{}{{a}}{{b}}", "a".repeat(4994))),
            json!(format!("{}{{a}}{{b}}", "a".repeat(4995))),
        ),
        (
            text("a"),
            "/sender",
            json!({"name": "名".repeat(20)}),
            json!({"name": "名".repeat(21)}),
        ),
        (
            good()[5].clone(),
            "/trackingId",
            json!("a".repeat(100)),
            json!("a".repeat(101)),
        ),
        (good()[7].clone(), "/title", long(100), long(101)),
        (good()[7].clone(), "/address", long(100), long(101)),
        (good()[7].clone(), "/latitude", json!(-90), json!(-90.1)),
        (good()[7].clone(), "/longitude", json!(180), json!(180.1)),
        (good()[8].clone(), "/altText", long(1500), long(1501)),
        (
            good()[8].clone(),
            "/baseSize/width",
            json!(1040),
            json!(1041),
        ),
        (
            good()[8].clone(),
            "/actions",
            json!(vec![good()[8]["actions"][0].clone(); 50]),
            json!(vec![good()[8]["actions"][0].clone(); 51]),
        ),
        (
            good()[8].clone(),
            "/actions/0/linkUri",
            json!(shop(1000)),
            json!(shop(1001)),
        ),
        (
            good()[8].clone(),
            "/actions/0/area",
            area(40, 1000),
            area(41, 1000),
        ),
        (
            good()[8].clone(),
            "/actions/1/clipboardText",
            long(1000),
            long(1001),
        ),
        (buttons(), "/altText", long(1500), long(1501)),
        (buttons(), "/template/title", long(40), long(41)),
        (buttons(), "/template/text", long(160), long(161)),
        (
            with(buttons(), "/template/title", json!("t")),
            "/template/text",
            long(60),
            long(61),
        ),
        (
            with(buttons(), "/template/thumbnailImageUrl", json!(IMAGE)),
            "/template/text",
            long(60),
            long(61),
        ),
        (
            buttons(),
            "/template/actions",
            json!(vec![tap(); 4]),
            json!(vec![tap(); 5]),
        ),
        (buttons(), "/template/actions/0/label", long(20), long(21)),
        (
            buttons(),
            "/template/actions/0/label",
            json!("👩‍👩‍👧".repeat(20)),
            json!("👩‍👩‍👧".repeat(21)),
        ),
        (buttons(), "/template/actions/0/text", long(300), long(301)),
        (
            buttons(),
            "/template/actions/2/uri",
            json!(shop(1000)),
            json!(shop(1001)),
        ),
        (good()[10].clone(), "/template/text", long(240), long(241)),
        (
            good()[10].clone(),
            "/template/actions",
            json!([tap(), tap()]),
            json!([tap()]),
        ),
        (
            carousel(),
            "/template/columns",
            json!(vec![carousel()["template"]["columns"][0].clone(); 10]),
            json!(vec![carousel()["template"]["columns"][0].clone(); 11]),
        ),
        (carousel(), "/template/columns/0/text", long(120), long(121)),
        (
            carousel(),
            "/template/columns/1/actions",
            json!([tap()]),
            json!([tap(), tap()]),
        ),
        (
            good()[12].clone(),
            "/template/columns/0/action/label",
            long(12),
            long(13),
        ),
        (
            flex(),
            "/contents/body/contents/4/action/label",
            long(40),
            long(41),
        ),
        (
            flex(),
            "/contents/hero/aspectRatio",
            json!("1:3"),
            json!("1:3.1"),
        ),
        (
            good()[14].clone(),
            "/contents/contents",
            json!(vec![json!({"type": "bubble"}); 12]),
            json!(vec![json!({"type": "bubble"}); 13]),
        ),
        (good()[15].clone(), "/deliveryTag", long(30), long(31)),
        (
            quick(),
            "/quickReply/items",
            json!(vec![quick()["quickReply"]["items"][0].clone(); 13]),
            json!(vec![quick()["quickReply"]["items"][0].clone(); 14]),
        ),
        (
            quick(),
            "/quickReply/items/0/action/label",
            long(20),
            long(21),
        ),
        (
            buttons(),
            first,
            json!({"type": "postback", "label": "p", "data": "長".repeat(300)}),
            json!({"type": "postback", "label": "p", "data": "長".repeat(301)}),
        ),
        (
            buttons(),
            first,
            json!({"type": "postback", "label": "p", "data": "d",
                "displayText": "👩‍👩‍👧".repeat(300)}),
            json!({"type": "postback", "label": "p", "data": "d",
                "displayText": "👩‍👩‍👧".repeat(301)}),
        ),
    ];
    for (message, pointer, passes, fails) in cases {
        let edge = with(message.clone(), pointer, passes);
        check(&edge).unwrap_or_else(|faults| panic!("{pointer}: {faults:?}"));
        let beyond = with(message, pointer, fails);
        assert!(check(&beyond).is_err(), "{pointer} has no edge");
    }
}

#[test]
fn every_wrong_thing_is_named_by_its_place() {
    let cases: Vec<(Value, &str)> = vec![
        (json!([]), ""),
        (json!({}), "type"),
        (json!({"type": "texts"}), "type"),
        (text(""), "text"),
        (json!({"type": "text", "text": 5}), "text"),
        (
            json!({"type": "text", "text": "a", "quickreply": {}}),
            "quickreply",
        ),
        (
            with(text("a"), "/sender", json!({"name": "LINE 客服"})),
            "sender.name",
        ),
        (
            with(good()[1].clone(), "/emojis/0/index", json!(2)),
            "emojis[0].index",
        ),
        (with(good()[2].clone(), "/text", json!("{c}")), "text"),
        (with(good()[2].clone(), "/text", json!("{a")), "text"),
        (
            with(good()[3].clone(), "/stickerId", json!(null)),
            "stickerId",
        ),
        (
            with(
                good()[4].clone(),
                "/originalContentUrl",
                json!("http://a.example/a.png"),
            ),
            "originalContentUrl",
        ),
        (
            with(good()[4].clone(), "/previewImageUrl", json!("a.png")),
            "previewImageUrl",
        ),
        (with(good()[6].clone(), "/duration", json!(0)), "duration"),
        (
            with(buttons(), "/template/actions/2/label", json!(null)),
            "template.actions[2].label",
        ),
        (
            with(
                buttons(),
                "/template/actions/2/uri",
                json!("ftp://a.example"),
            ),
            "template.actions[2].uri",
        ),
        (
            with(buttons(), "/template/actions/2/uri", json!("https://")),
            "template.actions[2].uri",
        ),
        (
            with(buttons(), "/template/actions/0/type", json!("camera")),
            "template.actions[0].type",
        ),
        (
            with(
                buttons(),
                "/template/actions/0/type",
                json!("richmenuswitch"),
            ),
            "template.actions[0].type",
        ),
        (
            with(carousel(), "/template/columns/1/title", json!("t")),
            "template.columns[1]",
        ),
        (
            with(flex(), "/contents/body/contents/0/text", json!("")),
            "contents.body.contents[0].text",
        ),
        (
            with(flex(), "/contents/body/contents/0/type", json!("icon")),
            "contents.body.contents[0].type",
        ),
        (
            with(flex(), "/contents/body/contents/0/color", json!("red")),
            "contents.body.contents[0].color",
        ),
        (
            with(flex(), "/contents/body/contents/0/wrapp", json!(true)),
            "contents.body.contents[0].wrapp",
        ),
        (
            with(flex(), "/contents/body/contents/4/action", json!(null)),
            "contents.body.contents[4].action",
        ),
        (
            with(flex(), "/contents/body/paddingAll", json!("wide")),
            "contents.body.paddingAll",
        ),
        (
            with(flex(), "/contents/body/layout", json!(null)),
            "contents.body.layout",
        ),
        (
            with(
                good()[14].clone(),
                "/contents/contents/1/size",
                json!("mega"),
            ),
            "contents.contents[1].size",
        ),
        (
            with(
                good()[16].clone(),
                "/quickReply/items/4/action/max",
                json!("tomorrow"),
            ),
            "quickReply.items[4].action.max",
        ),
        (
            with(
                good()[16].clone(),
                "/quickReply/items/5/action/inputOption",
                json!("openVoice"),
            ),
            "quickReply.items[5].action.fillInText",
        ),
    ];
    for (message, path) in cases {
        let faults = check(&message).unwrap_err();
        assert!(
            faults
                .iter()
                .any(|fault| fault.path == path && !fault.source.is_empty()),
            "{path:?}: {faults:?}"
        );
    }
}

#[test]
fn a_heavy_flex_message_is_refused() {
    let words = "x".repeat(30_000);
    let heavy = with(flex(), "/contents/body/contents/0/text", json!(words));
    assert_eq!(check(&heavy).unwrap_err()[0].path, "contents");
    let light = json!({"type": "bubble", "body": {"type": "box", "layout": "vertical", "contents": [
        {"type": "text", "text": "x".repeat(9_000)}]}});
    let many = json!({"type": "flex", "altText": "a", "contents": {
        "type": "carousel", "contents": [light, light, light, light, light, light]}});
    assert_eq!(check(&many).unwrap_err()[0].path, "contents");
}

#[test]
fn cjk_in_a_uri_counts_nine() {
    assert_eq!(encoded_len("https://s.example/價"), 18 + 9);
    assert_eq!(
        percent_encode("https://s.example/價 %E5"),
        "https://s.example/%E5%83%B9%20%E5"
    );
    assert_eq!(
        percent_encode("https://s.example/%[#a#"),
        "https://s.example/%25%5B#a%23"
    );
    for bad in [
        "https://價.example/",
        "https://user@s.example/",
        "https://s.example:x/",
        "https:/x",
    ] {
        check(&with(buttons(), "/template/actions/2/uri", json!(bad))).unwrap_err();
    }
    let uri = |n: usize| json!(format!("https://s.example/{}", "價".repeat(n)));
    check(&with(buttons(), "/template/actions/2/uri", uri(109))).unwrap();
    let faults = check(&with(buttons(), "/template/actions/2/uri", uri(110))).unwrap_err();
    assert_eq!(faults[0].path, "template.actions[2].uri");
    assert!(faults[0].found.starts_with("1008 "));
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

#[test]
fn a_call_takes_one_to_five_messages() {
    assert!(check_call(&[]).is_err());
    check_call(&vec![text("a"); 5]).unwrap();
    assert!(check_call(&vec![text("a"); 6]).is_err());
    assert_eq!(
        check_call(&[text("a"), text("")]).unwrap_err()[0].path,
        "[1].text"
    );
}

#[test]
fn cuts_never_split_a_character() {
    assert_eq!(truncate_utf16("a👍b", 2), "a");
    assert_eq!(truncate_utf16("a👍b", 3), "a👍");
    assert_eq!(truncate_utf16("a👩‍👩‍👧", 6), "a");
    assert_eq!(truncate_utf16("abc", 3), "abc");
    assert_eq!(truncate_graphemes("e\u{301}👩‍👩‍👧x", 2), "e\u{301}👩‍👩‍👧");
    assert_eq!(truncate_graphemes("x", 0), "");
    assert_eq!(utf16("👍"), 2);
    assert_eq!(graphemes("👩‍👩‍👧"), 1);
}

proptest::proptest! {
    #[test]
    fn a_cut_fits_and_is_a_beginning(text in "\\PC{0,60}", max in 0usize..40) {
        let cut = truncate_utf16(&text, max);
        assert!(utf16(cut) <= max && text.starts_with(cut));
        let cut = truncate_graphemes(&text, max);
        assert!(graphemes(cut) <= max && text.starts_with(cut));
    }

    #[test]
    fn encoding_twice_is_encoding_once(uri in "\\PC{0,40}") {
        let once = percent_encode(&uri);
        assert_eq!(percent_encode(&once), once);
        assert_eq!(encoded_len(&uri), once.len());
    }

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
