//! Tokens and breakers: who is renewed, who is left alone, and what never reaches the log.

use crate::rig::{SECRET, TOKEN, answer, channel, long_lived, quick, rig, stateless, wait_until};
use crate::scripted::{Act, Seen, Server};
use hotline::domain::time::Span;
use hotline::line::breaker::{Reason, State};
use hotline::line::sender::SenderSettings;
use hotline::line::tokens::{Secret, TokenSource};
use hotline::ports::messenger::{Outcome, Via};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A LINE that knows only the newest of the tokens it issued.
fn issuing(good_from: usize) -> (impl Fn(&Seen) -> Act + Send + Sync, Arc<AtomicUsize>) {
    let issued = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&issued);
    let handler = move |seen: &Seen| {
        if seen.path == "/oauth2/v3/token" {
            let n = count.fetch_add(1, Ordering::SeqCst) + 1;
            let body = json!({"access_token": format!("t{n}"), "expires_in": 900,
                "token_type": "Bearer"});
            return answer(200, &body.to_string());
        }
        let token = seen.header("authorization").unwrap_or("");
        let n: usize = token.trim_start_matches("Bearer t").parse().unwrap_or(0);
        if n >= good_from && n == count.load(Ordering::SeqCst) {
            answer(200, "{}")
        } else {
            answer(401, "{}")
        }
    };
    (handler, issued)
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_next_send_passes() {
    let (handler, issued) = issuing(2);
    let server = Server::start(handler).await;
    let rig = rig(&server.base, stateless(), SenderSettings::default());
    assert_eq!(rig.send(Via::Reply).await.outcome, Outcome::Unauthorized);
    assert_eq!(rig.send(Via::Reply).await.outcome, Outcome::Accepted);
    assert_eq!(rig.send(Via::Push).await.outcome, Outcome::Accepted);
    assert_eq!(issued.load(Ordering::SeqCst), 2);
    let seen = server.seen();
    let form = String::from_utf8(seen[0].body.clone()).unwrap();
    let expected = "grant_type=client_credentials&client_id=1234567890\
                    &client_secret=channel%2Bsecret%2F42";
    assert_eq!(form, expected);
    let kind = seen[0].header("content-type");
    assert_eq!(kind, Some("application/x-www-form-urlencoded"));
    assert_eq!(rig.breaker(), State::Closed);
}

#[tokio::test]
async fn a_renewed_token_refused_again_opens_the_breaker() {
    let (handler, issued) = issuing(9);
    let server = Server::start(handler).await;
    let rig = rig(&server.base, stateless(), SenderSettings::default());
    assert_eq!(rig.send(Via::Reply).await.outcome, Outcome::Unauthorized);
    assert_eq!(rig.send(Via::Reply).await.outcome, Outcome::Unauthorized);
    assert_eq!(rig.breaker(), State::Open(Reason::Auth));
    let calls = server.seen().len();
    assert_eq!(rig.send(Via::Reply).await.outcome, Outcome::NotSent);
    assert_eq!(server.seen().len(), calls, "nothing goes out");
    assert_eq!(issued.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_refused_long_lived_token_opens_the_breaker_until_it_is_replaced() {
    let server = Server::start(|seen| {
        let is_new = seen.header("authorization") == Some("Bearer new");
        answer(if is_new { 200 } else { 401 }, "{}")
    })
    .await;
    let rig = rig(&server.base, long_lived(), quick());
    assert_eq!(rig.send(Via::Push).await.outcome, Outcome::Unauthorized);
    assert_eq!(rig.breaker(), State::Open(Reason::Auth));
    assert_eq!(rig.send(Via::Push).await.outcome, Outcome::NotSent);
    let new = TokenSource::LongLived(Secret::new("new"));
    assert!(rig.messenger.replace_token(&channel(), new));
    assert_eq!(rig.send(Via::Push).await.outcome, Outcome::Accepted);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn many_sends_share_one_token_request_and_renewal_comes_before_the_end() {
    let (handler, issued) = issuing(1);
    let server = Server::start(handler).await;
    let rig = rig(&server.base, stateless(), SenderSettings::default());
    let all = (0..20).map(|_| rig.send(Via::Reply));
    let reports = futures_util::future::join_all(all).await;
    assert!(reports.iter().all(|r| r.outcome == Outcome::Accepted));
    assert_eq!(issued.load(Ordering::SeqCst), 1);
    rig.time.pass(Span::secs(600));
    rig.send(Via::Reply).await;
    assert_eq!(
        issued.load(Ordering::SeqCst),
        1,
        "not before 75 % of the life"
    );
    rig.time.pass(Span::secs(130));
    rig.send(Via::Reply).await; // with the old token, while the new one is on its way
    wait_until(|| issued.load(Ordering::SeqCst) == 2).await;
}

#[tokio::test]
async fn no_token_is_not_sent_and_line_is_not_asked_again_at_once() {
    let server = Server::start(|_| answer(400, r#"{"error":"invalid_client"}"#)).await;
    let rig = rig(&server.base, stateless(), quick());
    for _ in 0..5 {
        assert_eq!(rig.send(Via::Reply).await.outcome, Outcome::NotSent);
    }
    assert_eq!(server.seen().len(), 1);
    assert_eq!(rig.breaker(), State::Open(Reason::Auth));
    rig.time.pass(Span::secs(5));
    rig.send(Via::Reply).await;
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_sick_line_is_left_alone_and_probed() {
    let is_well = Arc::new(AtomicUsize::new(0));
    let state = Arc::clone(&is_well);
    let server = Server::start(move |_| {
        answer(
            if state.load(Ordering::SeqCst) == 1 {
                200
            } else {
                500
            },
            "{}",
        )
    })
    .await;
    let rig = rig(&server.base, long_lived(), quick());
    for _ in 0..5 {
        assert_eq!(rig.send(Via::Reply).await.outcome, Outcome::Unclear);
    }
    assert_eq!(rig.send(Via::Reply).await.outcome, Outcome::NotSent);
    assert_eq!(server.seen().len(), 5);
    is_well.store(1, Ordering::SeqCst);
    rig.time.pass(Span::secs(1));
    for _ in 0..3 {
        assert_eq!(rig.send(Via::Reply).await.outcome, Outcome::Accepted);
    }
    assert_eq!(rig.breaker(), State::Closed);
}

#[tokio::test]
async fn neither_tokens_nor_words_are_logged() {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let sink = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || sink.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (handler, _) = issuing(2);
    let server = Server::start(handler).await;
    let first = rig(&server.base, stateless(), quick());
    first.send(Via::Reply).await;
    first.send(Via::Push).await;
    let failing = Server::start(|_| Act::Close).await;
    rig(&failing.base, long_lived(), quick())
        .send(Via::Push)
        .await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for word in [
        "Bearer",
        TOKEN,
        SECRET,
        "channel%2Bsecret",
        "您好",
        "\"t1\"",
        "\"t2\"",
    ] {
        assert!(!text.contains(word), "{word} is in the log");
    }
    assert!(text.contains("0e6c1f3e-request"), "the request id is");
    assert!(text.contains("shop/U1"));
}

#[tokio::test]
async fn a_token_of_a_replaced_source_is_not_used() {
    let is_asked = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&is_asked);
    let server = Server::start(move |seen| {
        if seen.path == "/oauth2/v3/token" {
            asked.fetch_add(1, Ordering::SeqCst);
            // Slow enough for the source to change meanwhile.
            return Act::Drip(concat!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 39\r\n\r\n",
                r#"{"access_token":"old","expires_in":900}"#
            ));
        }
        let is_new = seen.header("authorization") == Some("Bearer new");
        answer(if is_new { 200 } else { 401 }, "{}")
    })
    .await;
    let rig = rig(&server.base, stateless(), SenderSettings::default());
    let change = async {
        wait_until(|| is_asked.load(Ordering::SeqCst) == 1).await;
        let new = TokenSource::LongLived(Secret::new("new"));
        assert!(rig.messenger.replace_token(&channel(), new));
    };
    let (first, ()) = futures_util::future::join(rig.send(Via::Reply), change).await;
    assert_eq!(first.outcome, Outcome::NotSent);
    assert_eq!(rig.send(Via::Reply).await.outcome, Outcome::Accepted);
}
