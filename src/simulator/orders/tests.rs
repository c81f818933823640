//! The order service by itself.

use super::*;

fn ask(orders: &Orders, method: &str, path: &str, key: &str, body: &str) -> (u16, Value) {
    let (_, said) = orders.decide(&Request {
        method,
        path,
        key: Some(key),
        authorization: None,
        body: body.as_bytes(),
    });
    match said {
        Said::Answer { status, body } => (status, serde_json::from_slice(&body).unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_shipped_is_neither_changed_nor_cancelled() {
    let orders = Orders::default();
    let (status, order) = ask(&orders, "GET", "/orders/tw20260101005", "1", "");
    assert_eq!((status, &order["status"]), (200, &json!("shipped")));
    let to = r#"{"address":"新北市板橋區文化路 1 號"}"#;
    let path = |number: &str, deed: &str| format!("/orders/{number}/{deed}");
    assert_eq!(
        ask(&orders, "POST", &path("TW20260101005", "address"), "2", to).0,
        409
    );
    assert_eq!(
        ask(&orders, "POST", &path("TW20260101006", "address"), "3", to).0,
        200
    );
    assert_eq!(
        ask(&orders, "POST", &path("TW20260101006", "cancel"), "4", "").0,
        200
    );
    let (_, order) = ask(&orders, "GET", "/orders/TW20260101006", "5", "");
    assert_eq!(order["status"], "cancelled");
    assert_eq!(order["address"], "新北市板橋區文化路 1 號");
    assert_eq!(ask(&orders, "GET", "/orders/TW1", "6", "").0, 404);
}

#[test]
fn a_key_that_came_before_does_nothing_twice() {
    let orders = Orders::default();
    let file = |key: &str| {
        let reason = r#"{"reason":"太苦"}"#;
        ask(
            &orders,
            "POST",
            "/orders/TW20260101007/returns",
            key,
            reason,
        )
    };
    let first = file("k");
    assert_eq!(first.1["return_number"], "RT000001");
    assert_eq!(file("k"), first);
    assert_eq!(file("other").1["return_number"], "RT000002");
    let asked = orders.asked_since(0);
    let repeated: Vec<bool> = asked.iter().map(|asked| asked.repeated).collect();
    assert_eq!(repeated, [false, true, false]);
}

#[test]
fn every_well_formed_number_is_known_when_asked_for() {
    let orders = Orders::default();
    assert_eq!(ask(&orders, "GET", "/orders/C1002003", "1", "").0, 404);
    orders.set_up(Setup {
        any: true,
        ..Setup::default()
    });
    assert_eq!(ask(&orders, "GET", "/orders/C1002003", "2", "").0, 200);
    assert_eq!(ask(&orders, "GET", "/orders/12345", "3", "").0, 404);
    assert_eq!(ask(&orders, "GET", "/orders/ABCDE123456", "4", "").0, 404);
}

#[test]
fn a_script_is_for_one_request() {
    let orders = Orders::default();
    orders.script([Script {
        status: Some(500),
        ..Script::default()
    }]);
    assert_eq!(ask(&orders, "GET", "/orders/A7654321", "1", "").0, 500);
    assert_eq!(ask(&orders, "GET", "/orders/A7654321", "1", "").0, 200);
}
