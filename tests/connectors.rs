//! Calls of flows to other systems, over real HTTP to the simulator's order service.

use hotline::config::connectors::Connectors as Specs;
use hotline::config::document::Document;
use hotline::config::fault::Findings;
use hotline::config::section::Section;
use hotline::connector::HttpConnectors;
use hotline::domain::ids::{ChannelId, ChatId, ConversationKey};
use hotline::domain::time::Span;
use hotline::ports::connector::{Answered, Call, Connectors, FAILED};
use hotline::simulator::orders::{Fault, Orders, Script, Setup};
use hotline::simulator::{Options, Simulator, SimulatorThread};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// An order service and the way to it.
struct Shop {
    simulator: SimulatorThread,
    connectors: HttpConnectors,
    specs: Arc<Mutex<Arc<Specs>>>,
}

/// The connectors of the tests; `more` are further settings of the service.
fn specs(url: &str, more: &str) -> Arc<Specs> {
    let text = format!(
        r#"
[[service]]
id = "orders"
base = "{url}"
allow = ["127.0.0.1"]
headers = {{ Authorization = "Bearer hush" }}
{more}
[[connector]]
id = "order"
service = "orders"
path = "/orders/{{slot.number}}"
[[connector.outcome]]
name = "found"
status = [200]
where = {{ "/number" = "*" }}
fields = {{ status = "/status", items = {{ at = "/items_text", max = 3 }}, none = "/nowhere" }}
[[connector.outcome]]
name = "not_found"
status = [404]
[[connector]]
id = "return"
service = "orders"
method = "POST"
path = "/orders/{{slot.number}}/returns"
body = {{ reason = "{{slot.reason}}", by = "line" }}
[[connector.outcome]]
name = "filed"
status = ["2xx"]
fields = {{ return_number = "/return_number" }}
"#
    );
    let findings = Findings::default();
    let document = Document::parse("connectors.toml", &text, &|_| None, &findings);
    let root = Section::root(&document, &findings);
    let mut specs = Specs::default();
    specs.read_services(&root);
    specs.read_connectors(&root);
    assert!(!findings.any_fault(), "{findings:?}");
    Arc::new(specs)
}

impl Shop {
    fn open(more: &str) -> Shop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let simulator = Simulator::spawn(Options::default(), listener).unwrap();
        let specs = specs(&format!("{}/shop", simulator.url()), more);
        let specs = Arc::new(Mutex::new(specs));
        let in_force = specs.clone();
        Shop {
            simulator,
            connectors: HttpConnectors::new(Arc::new(move || in_force.lock().unwrap().clone())),
            specs,
        }
    }

    fn orders(&self) -> &Orders {
        self.simulator.platform.orders()
    }

    fn script(&self, scripts: &[Script]) {
        self.orders().script(scripts.iter().cloned());
    }

    async fn ask(&self, connector: &str, slots: &[(&str, &str)], key: &str) -> Answered {
        self.connectors.call(call(connector, slots, key)).await
    }

    fn breaker(&self) -> &'static str {
        let status = self.connectors.status();
        status.first().map_or("none", |status| status.breaker)
    }
}

fn call(connector: &str, slots: &[(&str, &str)], key: &str) -> Call {
    Call {
        connector: connector.into(),
        conversation: ConversationKey::new(ChannelId::new("main"), ChatId::new("Uabc")),
        slots: slots
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
        key: key.into(),
        patience: Span::secs(5),
    }
}

fn field<'a>(answered: &'a Answered, name: &str) -> Option<&'a str> {
    let mut fields = answered.fields.iter();
    fields
        .find(|(known, _)| **known == *name)
        .map(|(_, value)| &**value)
}

fn fault(fault: Fault) -> Script {
    Script {
        fault: Some(fault),
        ..Script::default()
    }
}

fn status(status: u16) -> Script {
    Script {
        status: Some(status),
        ..Script::default()
    }
}

const ORDER: [(&str, &str); 1] = [("number", "TW20260101005")];
const RETURN: [(&str, &str); 2] = [("number", "TW20260101007"), ("reason", "太苦")];

#[tokio::test]
async fn an_answer_becomes_an_outcome_and_its_fields() {
    let shop = Shop::open("");
    let answered = shop.ask("order", &ORDER, "k1").await;
    assert_eq!(&*answered.outcome, "found");
    assert_eq!(field(&answered, "status"), Some("shipped"));
    assert_eq!(
        field(&answered, "items"),
        Some("阿里山"),
        "cut to its length"
    );
    assert_eq!(field(&answered, "none"), None);
    let missing = shop.ask("order", &[("number", "TW999999")], "k2").await;
    assert_eq!(&*missing.outcome, "not_found");
    let asked = shop.orders().asked_since(0);
    assert_eq!(asked[0].key.as_deref(), Some("k1"));
    assert_eq!(asked[0].authorization.as_deref(), Some("Bearer hush"));
}

#[tokio::test]
async fn a_try_that_was_lost_is_made_again_with_its_key_and_done_once() {
    let shop = Shop::open("tries = 3");
    shop.script(&[fault(Fault::Close), status(500)]);
    let answered = shop.ask("return", &RETURN, "same").await;
    assert_eq!(&*answered.outcome, "filed");
    assert_eq!(field(&answered, "return_number"), Some("RT000001"));
    let asked = shop.orders().asked_since(0);
    assert_eq!(asked.len(), 3);
    assert!(
        asked
            .iter()
            .all(|asked| asked.key.as_deref() == Some("same"))
    );
    assert!(
        asked[2].repeated,
        "what was done at the first try is not done again"
    );
}

#[tokio::test]
async fn customers_words_change_neither_the_path_nor_the_json() {
    let shop = Shop::open("tries = 1");
    shop.orders().set_up(Setup {
        any: true,
        ..Setup::default()
    });
    let words = "\"},{\\ 太苦\n{slot.number}";
    shop.ask("return", &[("number", "A123456"), ("reason", words)], "k")
        .await;
    let asked = shop.orders().asked_since(0);
    assert_eq!(asked[0].body["reason"], words);
    assert_eq!(asked[0].body["by"], "line");
    for number in [
        "../../sim/orders",
        "a/b?c=d#e",
        "..",
        ".",
        "",
        "%2e%2e",
        "a b",
    ] {
        let answered = shop.ask("order", &[("number", number)], "k").await;
        assert_ne!(&*answered.outcome, "found", "{number}");
    }
    for asked in &shop.orders().asked_since(1) {
        let below = asked
            .path
            .strip_prefix("/orders/")
            .expect("the path of the config");
        assert!(!below.contains('/'), "{}", asked.path);
    }
}

#[tokio::test]
async fn whatever_goes_wrong_is_the_outcome_failed_and_in_time() {
    let shop = Shop::open(
        "tries = 1\ntimeout = \"300ms\"\nbreaker_failures = 100\nmax_answer = \"64KiB\"",
    );
    let slow = Script {
        delay_ms: 10_000,
        ..Script::default()
    };
    for script in [
        status(500),
        status(429),
        fault(Fault::Html),
        fault(Fault::Truncated),
        fault(Fault::Huge),
        fault(Fault::Close),
        fault(Fault::Hang),
        slow,
    ] {
        let began = Instant::now();
        shop.script(std::slice::from_ref(&script));
        let answered = shop.ask("order", &ORDER, "k").await;
        assert_eq!(&*answered.outcome, FAILED, "{script:?}");
        assert!(answered.fields.is_empty());
        assert!(began.elapsed() < Duration::from_secs(6), "{script:?}");
    }
    let unknown = shop.ask("nonsense", &ORDER, "k").await;
    assert_eq!(&*unknown.outcome, FAILED);
    assert_eq!(
        &*shop.ask("order", &ORDER, "k").await.outcome,
        "found",
        "and then it is well again"
    );
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let shop = Shop::open("");
    shop.script(&[fault(Fault::Redirect)]);
    assert_eq!(&*shop.ask("order", &ORDER, "k").await.outcome, FAILED);
    assert_eq!(shop.orders().last_seq(), 1);
}

#[tokio::test]
async fn the_breaker_opens_rests_probes_and_closes() {
    let shop = Shop::open("tries = 1\nbreaker_failures = 2\nbreaker_rest = \"1s\"");
    shop.script(&[status(500), status(502), status(503)]);
    for _ in 0..2 {
        assert_eq!(&*shop.ask("order", &ORDER, "k").await.outcome, FAILED);
    }
    assert_eq!(shop.breaker(), "open");
    assert_eq!(&*shop.ask("order", &ORDER, "k").await.outcome, FAILED);
    assert_eq!(
        shop.orders().last_seq(),
        2,
        "nothing is sent while it is open"
    );
    let patience = Instant::now();
    while shop.breaker() == "open" {
        assert!(patience.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(
        &*shop.ask("order", &ORDER, "k").await.outcome,
        FAILED,
        "the probe fails"
    );
    assert_eq!(shop.breaker(), "open");
    while shop.breaker() == "open" {
        assert!(patience.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(&*shop.ask("order", &ORDER, "k").await.outcome, "found");
    assert_eq!(shop.breaker(), "closed");
}

#[tokio::test]
async fn no_more_calls_than_allowed_are_under_way_at_once() {
    let shop = Shop::open("concurrency = 2\ntimeout = \"5s\"");
    shop.orders().set_up(Setup {
        default: Script {
            delay_ms: 150,
            ..Script::default()
        },
        ..Setup::default()
    });
    let began = Instant::now();
    let calls = (0..6).map(|n| shop.connectors.call(call("order", &ORDER, &n.to_string())));
    let answered = futures_util::future::join_all(calls).await;
    assert!(
        answered.iter().all(|one| &*one.outcome == "found"),
        "{answered:?}"
    );
    assert!(
        began.elapsed() >= Duration::from_millis(450),
        "three rounds of two"
    );
    // Two at once and eight that wait: what is more is refused at once.
    let calls = (0..16).map(|n| shop.connectors.call(call("order", &ORDER, &n.to_string())));
    let answered = futures_util::future::join_all(calls).await;
    let refused = answered
        .iter()
        .filter(|one| &*one.outcome == FAILED)
        .count();
    assert_eq!(refused, 6, "{answered:?}");
}

#[tokio::test]
async fn a_reload_changes_the_next_call() {
    let shop = Shop::open("");
    assert_eq!(&*shop.ask("order", &ORDER, "k").await.outcome, "found");
    // Port 1 of this machine answers nobody.
    *shop.specs.lock().unwrap() = specs("http://127.0.0.1:1", "tries = 1");
    assert_eq!(&*shop.ask("order", &ORDER, "k").await.outcome, FAILED);
    assert_eq!(shop.orders().last_seq(), 1);
}
