//! Laws of calls that need a service of raw bytes.

use super::*;
use crate::config::document::Document;
use crate::config::fault::Findings;
use crate::config::section::Section;
use crate::domain::ids::{ChannelId, ChatId, ConversationKey};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const WELL: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
const CUT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 200\r\nconnection: close\r\n\r\n{\"a\":";
const THROTTLED: &str = "HTTP/1.1 429 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// A service that gives these answers in turn, the last one for ever; an empty one is silence. The
/// requests' first lines are told.
async fn service(
    answers: &'static [&'static str],
) -> (String, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (told, heard) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut silent = Vec::new();
        for turn in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            told.send(head.lines().next().unwrap().to_owned()).ok();
            match answers[turn.min(answers.len() - 1)] {
                "" => silent.push(stream),
                answer => stream.write_all(answer.as_bytes()).await.unwrap(),
            }
        }
    });
    (base, heard)
}

fn specs(base: &str, more: &str) -> Arc<Specs> {
    let text = format!(
        "[[service]]\nid = \"s\"\nbase = \"{base}\"\nallow = [\"127.0.0.1\"]\n{more}\n\
         [[connector]]\nid = \"c\"\nservice = \"s\"\npath = \"/a/{{slot.x}}?q={{slot.y}}\"\n\
         [[connector.outcome]]\nname = \"ok\"\nstatus = [200]\n"
    );
    let findings = Findings::default();
    let document = Document::parse("c.toml", &text, &|_| None, &findings);
    let root = Section::root(&document, &findings);
    let mut specs = Specs::default();
    specs.read_services(&root);
    specs.read_connectors(&root);
    assert!(!findings.any_fault(), "{findings:?}");
    Arc::new(specs)
}

fn connectors(base: &str, more: &str) -> HttpConnectors {
    let specs = specs(base, more);
    HttpConnectors::new(Arc::new(move || specs.clone()))
}

fn call(x: &str, y: &str, patience: Span) -> Call {
    Call {
        connector: "c".into(),
        conversation: ConversationKey::new(ChannelId::new("main"), ChatId::new("Uabc")),
        slots: vec![("x".into(), x.into()), ("y".into(), y.into())],
        key: "k".into(),
        patience,
    }
}

async fn ask(connectors: &HttpConnectors, patience: Span) -> String {
    let answered = connectors.call(call("x", "y", patience)).await;
    answered.outcome.to_string()
}

fn breaker(connectors: &HttpConnectors) -> &'static str {
    connectors.status()[0].breaker
}

#[test]
fn the_config_knows_the_ports_word_for_no_outcome() {
    assert_eq!(crate::config::connectors::FAILED, FAILED);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again_and_counts_against_the_service() {
    let (base, _heard) = service(&[CUT, WELL]).await;
    let again = connectors(&base, "tries = 2");
    assert_eq!(ask(&again, Span::secs(15)).await, "ok");
    let (base, _heard) = service(&[CUT]).await;
    let counted = connectors(&base, "tries = 1\nbreaker_failures = 2");
    for _ in 0..2 {
        assert_eq!(ask(&counted, Span::secs(15)).await, FAILED);
    }
    assert_eq!(breaker(&counted), "open");
}

#[tokio::test]
async fn a_service_that_asks_for_less_is_well() {
    let (base, mut heard) = service(&[THROTTLED, THROTTLED, WELL]).await;
    let connectors = connectors(&base, "tries = 3\nbreaker_failures = 1");
    assert_eq!(ask(&connectors, Span::secs(15)).await, "ok");
    assert_eq!(breaker(&connectors), "closed");
    for _ in 0..3 {
        heard.try_recv().unwrap();
    }
}

#[tokio::test]
async fn a_try_without_time_is_not_begun_and_one_with_little_time_says_nothing() {
    let (base, mut heard) = service(&[""]).await;
    let more = "tries = 1\ntimeout = \"1s\"\nbreaker_failures = 1";
    let connectors = connectors(&base, more);
    assert_eq!(ask(&connectors, Span(20)).await, FAILED);
    assert!(heard.try_recv().is_err(), "nothing was sent");
    assert_eq!(ask(&connectors, Span(300)).await, FAILED);
    assert_eq!(breaker(&connectors), "closed", "it had 300 ms of 1 s");
    assert_eq!(ask(&connectors, Span::secs(15)).await, FAILED);
    assert_eq!(breaker(&connectors), "open", "it had its time");
}

#[tokio::test]
async fn a_value_never_leaves_its_segment_of_the_path() {
    let (base, mut heard) = service(&[WELL]).await;
    let connectors = connectors(&base, "");
    for x in ["a/b", "a\\b", "../../admin", "a\nb", ".", ".."] {
        let answered = connectors.call(call(x, "y", Span::secs(15))).await;
        assert_eq!(&*answered.outcome, FAILED, "{x:?}");
    }
    assert!(heard.try_recv().is_err(), "nothing was sent");
    let answered = connectors.call(call("台北 1", "a/../b", Span::secs(15)));
    assert_eq!(&*answered.await.outcome, "ok");
    let line = heard.try_recv().unwrap();
    assert_eq!(line, "GET /a/%E5%8F%B0%E5%8C%97%201?q=a%2F..%2Fb HTTP/1.1");
}

#[test]
fn a_service_that_a_reload_changed_or_took_away_is_not_left_alone_for_ever() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let shows = |open: u8| {
        let line = format!("hotline_connector_breaker_open{{service=\"s\"}} {open}\n");
        assert!(metrics.render().contains(&line), "{}", metrics.render());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let (base, _heard) = service(&[CUT]).await;
            let sick = "tries = 1\nbreaker_failures = 1";
            let in_force = Arc::new(Mutex::new(specs(&base, sick)));
            let asked = in_force.clone();
            let connectors = HttpConnectors::new(Arc::new(move || asked.lock().unwrap().clone()));
            let reload = |specs: Arc<Specs>| *in_force.lock().unwrap() = specs;
            ask(&connectors, Span::secs(15)).await;
            shows(1);
            reload(specs(&base, "tries = 1\nbreaker_failures = 9"));
            ask(&connectors, Span::secs(15)).await;
            shows(0);
            assert_eq!(breaker(&connectors), "closed");
            reload(specs(&base, sick));
            ask(&connectors, Span::secs(15)).await;
            shows(1);
            reload(Arc::default());
            assert!(connectors.status().is_empty());
            shows(0);
        });
    });
}
