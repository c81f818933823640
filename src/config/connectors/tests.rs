//! Services and connectors as written: what is read, and what is refused at which line.

use super::*;
use crate::config::document::Document;
use crate::config::fault::Findings;
use serde_json::json;
use std::net::IpAddr;

fn read(text: &str) -> (Connectors, Vec<String>) {
    let findings = Findings::default();
    let env = |name: &str| (name == "KEY").then(|| "Bearer hush".to_owned());
    let document = Document::parse("c.toml", text, &env, &findings);
    let root = Section::root(&document, &findings);
    let mut connectors = Connectors::default();
    connectors.read_services(&root);
    connectors.read_connectors(&root);
    root.finish();
    let (Ok(all) | Err(all)) = findings.verdict();
    (connectors, all.iter().map(ToString::to_string).collect())
}

const SERVICE: &str =
    "[[service]]\nid = \"orders\"\nbase = \"http://127.0.0.1:1/api/\"\nallow = [\"127.0.0.1\"]\n";

#[test]
fn a_connector_knows_what_it_needs_and_what_it_tells() {
    let (read, faults) = read(&format!(
        "{SERVICE}headers = {{ Authorization = \"${{KEY}}\", X-None = \"${{NONE:-}}\" }}\n\
         [[connector]]\nid = \"order\"\nservice = \"orders\"\nmethod = \"POST\"\n\
         path = \"/orders/{{slot.order_number}}/address\"\nbody = {{ to = {{ text = \"{{slot.address}}\" }} }}\n\
         [[connector.outcome]]\nname = \"found\"\nstatus = [200, \"3xx\"]\nwhere = {{ \"/status\" = \"*\" }}\n\
         fields = {{ status = {{ at = \"/status\", words = {{ s = \"已出貨\" }} }}, eta = {{ at = \"/eta\", or = \"未定\" }} }}\n"
    ));
    assert!(faults.is_empty(), "{faults:?}");
    let order = read.get("order").unwrap();
    let slots: Vec<String> = order.slots().iter().map(ToString::to_string).collect();
    assert_eq!(slots, ["address", "order_number"]);
    assert_eq!(order.fields(), ["eta", "status"]);
    assert_eq!(order.service.base.as_str(), "http://127.0.0.1:1/api");
    assert_eq!(order.service.headers.len(), 1, "an empty header is none");
    assert!(!format!("{read:?}").contains("hush"));
    let found = order.outcome("found").unwrap();
    assert!(found.fits(301, &json!({ "status": "s" })));
    assert!(!found.fits(200, &json!({ "status": null })));
    assert!(!found.fits(404, &json!({ "status": "s" })));
    let value = |name: &str, body: Json| {
        let field = found.fields.iter().find(|field| *field.name == *name);
        value_at(field.unwrap(), &body).map(String::from)
    };
    assert_eq!(
        value("status", json!({ "status": "s" })).as_deref(),
        Some("已出貨")
    );
    assert_eq!(
        value("status", json!({ "status": 7 })).as_deref(),
        Some("7")
    );
    assert_eq!(value("eta", json!({ "eta": " " })).as_deref(), Some("未定"));
}

use serde_json::Value as Json;

#[test]
fn each_fault_is_named_at_its_line() {
    let connector = |more: &str| {
        format!(
            "{SERVICE}[[connector]]\nid = \"a\"\nservice = \"orders\"\n{more}\n\
             [[connector.outcome]]\nname = \"ok\"\n"
        )
    };
    let cases = [
        (
            SERVICE.replace("127.0.0.1\"]", "10.0.0.1\"]"),
            "c.toml:3: service[0].base: found the host \"127.0.0.1\" at port 1",
        ),
        (
            SERVICE.replace("\"127.0.0.1\"]", "\"a b\"]"),
            "c.toml:4: service[0].allow[0]: found \"a b\"",
        ),
        (
            SERVICE.replace("http:", "ftp:"),
            "c.toml:3: service[0].base: found \"ftp:",
        ),
        (
            format!("{SERVICE}headers = {{ Host = \"x\" }}\n"),
            "c.toml:5: service[0].headers.Host: found \"Host\"",
        ),
        (
            connector("path = \"orders\""),
            "c.toml:8: connector[0].path: found \"orders\"",
        ),
        (
            connector("path = \"/a/%2e%2E/b\""),
            "c.toml:8: connector[0].path: found \"/a/%2e%2E/b\"",
        ),
        (
            connector("path = \"/a/../b\""),
            "c.toml:8: connector[0].path: found \"/a/../b\"",
        ),
        (
            connector("path = \"/a/{customer.name}\""),
            "c.toml:8: connector[0].path: found",
        ),
        (
            connector("path = \"/a\"\nbody = { a = \"{x}\" }\nmethod = \"POST\""),
            "c.toml:9: connector[0].body.a: found",
        ),
        (
            connector("path = \"/a\"\nbody = { a = 1 }"),
            "c.toml:9: connector[0].body: found a body with GET",
        ),
        (
            connector("path = \"/a\"").replace("\"orders\"\npath", "\"order\"\npath"),
            "c.toml:7: connector[0].service: found \"order\", allowed: the id of a [[service]], such as \"orders\"",
        ),
        (
            connector("path = \"/a\"").replace("\"ok\"", "\"failed\""),
            "c.toml:10: connector[0].outcome[0].name: found \"failed\"",
        ),
        (
            format!("{}status = [99]\n", connector("path = \"/a\"")),
            "c.toml:11: connector[0].outcome[0].status[0]: found 99",
        ),
        (
            format!(
                "{}fields = {{ a = \"status\" }}\n",
                connector("path = \"/a\"")
            ),
            "c.toml:11: connector[0].outcome[0].fields.a: found \"status\"",
        ),
    ];
    for (text, expected) in cases {
        let (_, faults) = read(&text);
        assert!(
            faults.iter().any(|fault| fault.starts_with(expected)),
            "{text}\nexpected {expected}\n{faults:?}"
        );
    }
}

#[test]
fn a_name_alone_names_no_private_address() {
    let (read, faults) = read(
        "[[service]]\nid = \"s\"\nbase = \"https://orders.example.com\"\n\
         allow = [\"orders.example.com\", \"10.0.0.0/8\", \"192.168.1.5:8080\", \"::1\"]\n",
    );
    assert!(faults.is_empty(), "{faults:?}");
    let allow = &read.services[0].allow;
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    assert!(allow.host("Orders.Example.com", 443));
    assert!(!allow.host("example.com", 443) && !allow.host("evil.orders.example.com", 443));
    assert!(allow.address(address("10.255.0.1"), 1));
    assert!(
        allow.address(address("::ffff:10.0.0.1"), 1),
        "the same address in other clothes"
    );
    assert!(allow.address(address("192.168.1.5"), 8080));
    assert!(!allow.address(address("192.168.1.5"), 80));
    assert!(allow.host("[::1]", 9) && !allow.address(address("169.254.169.254"), 80));
}
