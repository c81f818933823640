//! Each limit has an edge: the last value that passes and the first that fails.

use super::*;

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
fn a_call_takes_one_to_five_messages() {
    assert!(check_call(&[]).is_err());
    check_call(&vec![text("a"); 5]).unwrap();
    assert!(check_call(&vec![text("a"); 6]).is_err());
    assert_eq!(
        check_call(&[text("a"), text("")]).unwrap_err()[0].path,
        "[1].text"
    );
}
