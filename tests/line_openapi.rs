//! What we say to LINE, held against LINE's own description of its API.

#[path = "line_openapi/schema.rs"]
mod schema;

use hotline::domain::playbook::Bubble;
use hotline::line_wire::message::{bubble, check, truncate_utf16};
use hotline::line_wire::rich_menu;
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

fn messages() -> Vec<Value> {
    serde_json::from_str(include_str!("line_openapi/messages.json")).unwrap()
}

/// The message as a call carries it: the bubble with its quick reply back on.
fn sent(bubble: &Bubble) -> Value {
    let mut message: Value = serde_json::from_str(bubble.json()).unwrap();
    if let Some(reply) = bubble.quick_reply() {
        message["quickReply"] = serde_json::from_str(reply).unwrap();
    }
    message
}

fn reply(messages: &[Value]) -> Value {
    json!({"replyToken": "nHuyWiB7yP5Zw52FIkcQobQuGDXCTA", "messages": messages})
}

fn push(messages: &[Value]) -> Value {
    json!({"to": "U4af4980629a1b2c3d4e5f60718293a4b", "messages": messages})
}

fn assert_valid(validator: &Validator, value: &Value) {
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{value}");
}

#[test]
fn every_kind_of_message_is_what_line_describes() {
    let Some(schemas) = schema::messaging_api() else {
        return;
    };
    let replies = schemas.validator("ReplyMessageRequest");
    let pushes = schemas.validator("PushMessageRequest");
    for message in messages() {
        let bubble = bubble(message.clone()).unwrap_or_else(|f| panic!("{message}: {f:?}"));
        let call = [sent(&bubble)];
        assert_valid(&replies, &reply(&call));
        assert_valid(&pushes, &push(&call));
    }
}

#[test]
fn the_schema_can_say_no() {
    let Some(schemas) = schema::messaging_api() else {
        return;
    };
    let replies = schemas.validator("ReplyMessageRequest");
    let text = json!({"type": "text", "text": "a"});
    assert!(replies.is_valid(&reply(std::slice::from_ref(&text))));
    for wrong in [
        json!({"type": "text"}),
        json!({"type": "words", "text": "a"}),
        json!({"type": "text", "text": "a", "txt": "b"}),
        json!({"type": "image", "originalContentUrl": "https://a.example/圖", "previewImageUrl": "https://a.example/"}),
        json!({"type": "flex", "altText": "a", "contents": {"type": "bubble", "body": {"type": "box"}}}),
    ] {
        assert!(
            !replies.is_valid(&reply(std::slice::from_ref(&wrong))),
            "{wrong}"
        );
    }
    assert!(!replies.is_valid(&reply(&vec![text; 6])));
}

/// Every way to take one property or element away, or to put something else there.
fn broken(value: &Value) -> Vec<Value> {
    let others = [
        json!(null),
        json!(7),
        json!("x y"),
        json!([]),
        json!({}),
        json!(true),
    ];
    let mut all = Vec::new();
    match value {
        Value::Object(map) => {
            for key in map.keys() {
                let mut without = map.clone();
                without.remove(key);
                all.push(Value::Object(without));
                let inside = broken(&map[key]).into_iter().chain(others.clone());
                all.extend(inside.map(|new| {
                    let mut changed = map.clone();
                    changed[key] = new;
                    Value::Object(changed)
                }));
            }
        }
        Value::Array(list) => {
            for index in 0..list.len() {
                let inside = broken(&list[index]).into_iter().chain(others.clone());
                all.extend(inside.map(|new| {
                    let mut changed = list.clone();
                    changed[index] = new;
                    Value::Array(changed)
                }));
            }
        }
        _ => {}
    }
    all
}

#[test]
fn what_line_s_schema_refuses_the_check_refuses() {
    let Some(schemas) = schema::messaging_api() else {
        return;
    };
    let validator = schemas.validator("Message.any");
    let (mut tried, mut refused) = (0, 0);
    for message in messages() {
        for wrong in broken(&message) {
            tried += 1;
            // As it would leave: URIs are encoded by then.
            if check(&wrong).is_err() {
                continue;
            }
            refused += 1;
            let bubble = bubble(wrong.clone()).unwrap();
            assert_valid(&validator, &sent(&bubble));
        }
    }
    println!("{tried} broken messages, {refused} of them still good");
    assert!(tried > 1_000 && refused < tried / 2);
}

fn menu() -> Value {
    json!({"size": {"width": 2500, "height": 1686}, "selected": true, "name": "main#0123456789abcdef",
        "chatBarText": "選單", "areas": [
        {"bounds": {"x": 0, "y": 0, "width": 1250, "height": 843},
         "action": {"type": "message", "label": "產品咨询", "text": "產品咨询"}},
        {"bounds": {"x": 1250, "y": 0, "width": 1250, "height": 843},
         "action": {"type": "postback", "label": "訂單", "data": "order", "inputOption": "openRichMenu"}},
        {"bounds": {"x": 0, "y": 843, "width": 1250, "height": 843},
         "action": {"type": "richmenuswitch", "richMenuAliasId": "talking_1", "data": "switch"}},
        {"bounds": {"x": 1250, "y": 843, "width": 1250, "height": 843},
         "action": {"type": "uri", "label": "網", "uri": "https://shop.example/"}}]})
}

#[test]
fn a_rich_menu_is_what_line_describes() {
    let Some(schemas) = schema::messaging_api() else {
        return;
    };
    let validator = schemas.validator("RichMenuRequest");
    rich_menu::check(&menu()).unwrap();
    assert_valid(&validator, &menu());
    for wrong in broken(&menu()) {
        if !validator.is_valid(&wrong) {
            assert!(rich_menu::check(&wrong).is_err(), "{wrong}");
        }
    }
}

#[test]
fn whatever_the_words_what_passes_the_check_passes_the_schema() {
    let Some(schemas) = schema::messaging_api() else {
        return;
    };
    let replies = schemas.validator("ReplyMessageRequest");
    let words = "(\\PC|[\u{0}-\u{1f}👩‍👩‍👧價🇹🇼\"{}\\\\]){0,40}";
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(text in words, label in words, n in 0..17usize)| {
        let mut message = messages()[n].clone();
        message["sender"] = json!({"name": truncate_utf16(&label, 20)});
        message["quickReply"] = json!({"items": [{"type": "action", "action":
            {"type": "uri", "label": label, "uri": format!("https://shop.example/{text}")}}]});
        if message.get("text").is_some() {
            message["text"] = json!(text);
        }
        if let Ok(bubble) = bubble(message) {
            assert_valid(&replies, &reply(&[sent(&bubble)]));
        }
    });
}
