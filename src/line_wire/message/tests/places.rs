//! Each wrong thing is named by its place, with LINE's page.

use super::*;

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
