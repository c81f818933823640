//! Every shape of webhook event LINE documents is read, with all its fields and with the fewest.

use hotline::line_wire::event::{Payload, read, split};
use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;
use std::path::PathBuf;

/// Event types and what they become (reference, "Webhook Event Objects").
#[test]
fn every_documented_event_type_is_read() {
    let kinds = [
        (
            "message",
            json!({"message": {"type": "text", "id": "1", "text": "hi"}}),
            "message",
        ),
        (
            "messageEdited",
            json!({"message": {"type": "text", "id": "1", "text": "hi"}}),
            "edited",
        ),
        ("unsend", json!({"unsend": {"messageId": "1"}}), "unsend"),
        ("follow", json!({"follow": {"isUnblocked": true}}), "follow"),
        ("follow", json!({}), "follow"),
        ("unfollow", json!({}), "unfollow"),
        ("join", json!({}), "join"),
        ("leave", json!({}), "leave"),
        (
            "memberJoined",
            json!({"joined": {"members": [{"type": "user", "userId": "U1"}]}}),
            "other",
        ),
        (
            "memberLeft",
            json!({"left": {"members": [{"type": "user"}]}}),
            "other",
        ),
        (
            "postback",
            json!({"postback": {"data": "a=1", "params": {"date": "2026-01-01"}}}),
            "postback",
        ),
        (
            "postback",
            json!({"postback": {"data": "m", "params": {"newRichMenuAliasId": "x", "status": "SUCCESS"}}}),
            "postback",
        ),
        (
            "videoPlayComplete",
            json!({"videoPlayComplete": {"trackingId": "t"}}),
            "other",
        ),
        (
            "beacon",
            json!({"beacon": {"hwid": "1", "type": "stay", "dm": "0"}}),
            "other",
        ),
        (
            "accountLink",
            json!({"link": {"result": "ok", "nonce": "n"}}),
            "other",
        ),
        (
            "membership",
            json!({"membership": {"type": "renewed", "membershipId": 1}}),
            "other",
        ),
        ("delivery", json!({"delivery": {"data": "d"}}), "other"),
        (
            "module",
            json!({"module": {"type": "attached", "botId": "U1", "scopes": []}}),
            "other",
        ),
        (
            "activated",
            json!({"chatControl": {"expireAt": 1}}),
            "other",
        ),
        ("deactivated", json!({}), "other"),
        ("botSuspended", json!({}), "other"),
        ("botResumed", json!({}), "other"),
        ("things", json!({"things": {}}), "other"),
        ("somethingNew", json!({"x": [1, {"y": null}]}), "other"),
    ];
    for (event_type, extra, expected) in kinds {
        let mut event = json!({"type": event_type, "mode": "active", "timestamp": 1,
            "webhookEventId": "01", "source": {"type": "user", "userId": "U1"},
            "deliveryContext": {"isRedelivery": false}, "replyToken": "t"});
        event
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        assert_eq!(kind_of(&event).as_deref(), Ok(expected), "{event_type}");
    }
}

#[test]
fn every_documented_message_type_is_read() {
    let messages = [
        json!({"type": "text", "id": "1", "text": "(moon)", "emojis": [{"index": 0, "length": 6,
            "productId": "p", "emojiId": "1"}], "mention": {"mentionees": [{"index": 0, "length": 3,
            "type": "all"}]}, "quotedMessageId": "9", "quoteToken": "q", "markAsReadToken": "r"}),
        json!({"type": "image", "id": "1", "contentProvider": {"type": "external",
            "originalContentUrl": "https://e/x", "previewImageUrl": "https://e/y"},
            "imageSet": {"id": "s"}}),
        json!({"type": "video", "id": "1", "duration": 6000, "contentProvider": {"type": "line"}}),
        json!({"type": "audio", "id": "1", "duration": 6000, "contentProvider": {"type": "line"}}),
        json!({"type": "file", "id": "1", "fileName": "f.txt", "fileSize": 2138}),
        json!({"type": "location", "id": "1", "latitude": 25.03, "longitude": 121.56}),
        json!({"type": "sticker", "id": "1", "packageId": "446", "stickerId": "1988",
            "stickerResourceType": "NEVER_SEEN", "keywords": ["cony"]}),
        json!({"type": "hologram", "id": "1"}),
        json!({"type": "text"}),
        json!({}),
    ];
    for message in messages {
        let event = json!({"type": "message", "message": message});
        assert_eq!(kind_of(&event).as_deref(), Ok("message"), "{event}");
    }
}

#[test]
fn sources_without_a_user_are_read() {
    for source in [
        json!({"type": "group", "groupId": "C1"}),
        json!({"type": "group", "groupId": "C1", "userId": null}),
        json!({"type": "room", "roomId": "R1", "userId": "U1"}),
        json!({"type": "new"}),
        json!(null),
    ] {
        let event = json!({"type": "message", "source": source,
            "message": {"type": "text", "id": "1", "text": "hi"}});
        assert_eq!(kind_of(&event).as_deref(), Ok("message"), "{event}");
    }
}

#[test]
fn a_body_without_destination_is_read() {
    assert!(split(b"{\"events\":[]}").is_ok());
    assert!(split(b"{\"destination\":null,\"events\":[]}").is_ok());
}

/// The schemas of LINE's own OpenAPI file, each filled completely and each as bare as allowed.
#[test]
fn every_schema_of_webhook_yml_is_read() {
    let Some(path) = shared("line-openapi/webhook.yml") else {
        eprintln!("not run: LINE's webhook.yml is not here");
        return;
    };
    let api: Yaml = serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let schemas = &api["components"]["schemas"];
    let mapping = schemas["Event"]["discriminator"]["mapping"]
        .as_mapping()
        .unwrap();
    assert!(mapping.len() > 15, "the file holds the event types");
    for (event_type, reference) in mapping {
        let name = reference.as_str().unwrap().rsplit('/').next().unwrap();
        for bare in [false, true] {
            let mut event = fill(schemas, &schemas[name], bare, 0);
            event["type"] = json!(event_type.as_str().unwrap());
            if event_type.as_str() == Some("message") {
                event["message"]["type"] = json!("text");
                event["message"]["text"] = json!("hi");
            }
            let read = kind_of(&event);
            assert!(read.is_ok(), "{name}: {read:?}: {event}");
        }
    }
}

fn kind_of(event: &Value) -> Result<&'static str, String> {
    let body = json!({"destination": "U0", "events": [event]}).to_string();
    let split = split(body.as_bytes()).map_err(|error| error.to_string())?;
    let inbound = read(split.events[0]).map_err(|error| error.to_string())?;
    Ok(match inbound.payload {
        Payload::Message(_) => "message",
        Payload::MessageEdited(_) => "edited",
        Payload::Unsend { .. } => "unsend",
        Payload::Follow { .. } => "follow",
        Payload::Unfollow => "unfollow",
        Payload::Join => "join",
        Payload::Leave => "leave",
        Payload::Postback { .. } => "postback",
        Payload::Other => "other",
    })
}

/// An instance of a schema: every property, or only the required ones.
fn fill(schemas: &Yaml, schema: &Yaml, bare: bool, depth: usize) -> Value {
    if depth > 8 {
        return Value::Null;
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return fill(schemas, &schemas[name], bare, depth + 1);
    }
    if let Some(parts) = schema["allOf"].as_sequence() {
        let mut whole = Map::new();
        for part in parts {
            if let Value::Object(object) = fill(schemas, part, bare, depth + 1) {
                whole.extend(object);
            }
        }
        return Value::Object(whole);
    }
    if let Some(properties) = schema["properties"].as_mapping() {
        let required = schema["required"]
            .as_sequence()
            .cloned()
            .unwrap_or_default();
        let wanted = properties
            .iter()
            .filter(|(name, _)| !bare || required.contains(name));
        let filled = wanted.map(|(name, property)| {
            (
                name.as_str().unwrap().to_string(),
                fill(schemas, property, bare, depth + 1),
            )
        });
        return Value::Object(filled.collect());
    }
    match schema["type"].as_str() {
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => json!([fill(schemas, &schema["items"], bare, depth + 1)]),
        Some("string") => match schema["enum"].as_sequence() {
            Some(values) => json!(values[0].as_str().unwrap()),
            None => json!("x"),
        },
        _ => json!({}),
    }
}

/// A file beside the project that a checkout may or may not have.
fn shared(name: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("HOTLINE_SHARED").map_or(beside, PathBuf::from);
    Some(folder.join(name)).filter(|path| path.exists())
}
