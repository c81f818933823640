//! What becomes of a send, whatever the other side does: each row of the outcome table against a
//! server on the loopback.

#[path = "line_sender/health.rs"]
mod health;
#[path = "line_sender/menus.rs"]
mod menus;
#[path = "line_sender/rig.rs"]
mod rig;
#[path = "line_sender/scripted.rs"]
mod scripted;

use hotline::domain::ids::{ChannelId, ChatId, ConversationKey};
use hotline::domain::time::Span;
use hotline::line::sender::SenderSettings;
use hotline::ports::messenger::{Messenger, Outcome, Via};
use rig::{INVALID, MONTHLY, RATE, TOKEN, answer, channel, long_lived, quick, rig, wait_until};
use scripted::{Act, Server};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[tokio::test]
async fn every_answer_has_its_outcome() {
    use Outcome::*;
    let refused = |status| Refused { status };
    // (what the server does, outcome of a reply, outcome of a push)
    let rows: Vec<(Act, Outcome, Outcome)> = vec![
        (answer(200, r#"{"sentMessages":[]}"#), Accepted, Accepted),
        (answer(200, "not json"), Accepted, Accepted),
        (answer(409, "{}"), refused(409), Accepted),
        (answer(400, INVALID), InvalidReplyToken, refused(400)),
        (
            answer(400, r#"{"message":"May not be empty"}"#),
            refused(400),
            refused(400),
        ),
        (answer(401, "{}"), Unauthorized, Unauthorized),
        (answer(403, "{}"), refused(403), refused(403)),
        (answer(404, "{}"), refused(404), refused(404)),
        (answer(413, "{}"), refused(413), refused(413)),
        (answer(429, RATE), Throttled, Throttled),
        (answer(429, ""), Throttled, Throttled),
        (answer(429, MONTHLY), QuotaExhausted, QuotaExhausted),
        (answer(500, "{}"), Unclear, Unclear),
        (answer(503, "<html>"), Unclear, Unclear),
        (Act::Hang, Unclear, Unclear),
        (Act::Close, Unclear, Unclear),
        (Act::Raw("HTTP/1.1 200 OK\r\ncontent-le"), Unclear, Unclear),
        (
            Act::Raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"),
            Accepted,
            Accepted,
        ),
        (
            Act::Raw("HTTP/1.1 400 X\r\ncontent-length: 9\r\n\r\n{"),
            Unclear,
            refused(400),
        ),
        (
            Act::Raw("HTTP/1.1 302 X\r\nlocation: /v2/bot/info\r\ncontent-length: 0\r\n\r\n"),
            Unclear,
            Unclear,
        ),
        (Act::Raw("SSH-2.0-OpenSSH_9.6\r\n\r\n"), Unclear, Unclear),
        (
            Act::Drip(
                "HTTP/1.1 200 OK\r\nx-slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            ),
            Unclear,
            Unclear,
        ),
        (
            Act::Drip("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"),
            Accepted,
            Accepted,
        ),
    ];
    for (act, reply, push) in rows {
        for (via, expected) in [(Via::Reply, reply), (Via::Push, push)] {
            let does = act.clone();
            let server = Server::start(move |_| does.clone()).await;
            let rig = rig(&server.base, long_lived(), quick());
            let begun = Instant::now();
            let report = rig.send(via.clone()).await;
            assert_eq!(report.outcome, expected, "{via:?} after {act:?}");
            assert!(begun.elapsed() < Duration::from_millis(1_400), "{act:?}");
            assert_eq!(server.seen().len(), 1, "one call is one request: {act:?}");
            let has_id = matches!(act, Act::Answer(..));
            assert_eq!(report.request_id.is_some(), has_id, "{act:?}");
            assert_eq!(rig.messenger.in_flight(), 0);
        }
    }
}

#[tokio::test]
async fn a_refusal_of_many_words_is_a_refusal() {
    let fault = |n| json!({"message": "May not be empty", "property": format!("messages[{n}].contents.body")});
    let faults: Vec<_> = (0..600).map(fault).collect();
    let words = json!({"message": "A message (messages[0]) in the request body is invalid", "details": faults});
    let words = words.to_string();
    assert!(
        (32 * 1024..64 * 1024).contains(&words.len()),
        "{}",
        words.len()
    );
    let long_monthly = MONTHLY.replace('}', &format!(r#","details":{}}}"#, json!(faults)));
    let rows = [
        (400, words, Outcome::Refused { status: 400 }),
        (429, long_monthly, Outcome::QuotaExhausted),
    ];
    for (status, words, expected) in rows {
        let server = Server::start(move |_| answer(status, &words)).await;
        let rig = rig(&server.base, long_lived(), quick());
        for via in [Via::Reply, Via::Push] {
            assert_eq!(rig.send(via).await.outcome, expected, "{status}");
        }
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn nothing_connected_is_not_sent() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refused = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let plain = Server::start(|_| Act::Close).await;
    let no_tls = plain.base.replace("http://", "https://");
    for base in [refused, no_tls] {
        let rig = rig(&base, long_lived(), SenderSettings::default());
        for via in [Via::Reply, Via::Push] {
            assert_eq!(rig.send(via).await.outcome, Outcome::NotSent, "{base}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_dies_at_once_is_doubtful() {
    let server = Server::deaf().await;
    let rig = rig(&server.base, long_lived(), quick());
    let outcome = rig.send(Via::Reply).await.outcome;
    assert_eq!(outcome, Outcome::Unclear);
    assert_eq!(server.connections(), 1, "not tried again");
}

#[tokio::test]
async fn only_pushes_bear_a_retry_key_and_the_same_body_the_same_one() {
    let server = Server::start(|_| answer(200, "{}")).await;
    let rig = rig(&server.base, long_lived(), quick());
    rig.send(Via::Reply).await;
    rig.send(Via::Push).await;
    rig.send(Via::Push).await;
    let mut other = rig.dispatch(Via::Push);
    other.body = r#"{"messages":[{"type":"text","text":"您好!"}]}"#.into();
    rig.messenger.send(other).await;
    let seen = server.seen();
    let key = |i: usize| seen[i].header("x-line-retry-key");
    assert_eq!(seen[0].line(), "POST /v2/bot/message/reply");
    assert_eq!(key(0), None);
    assert_eq!(seen[1].line(), "POST /v2/bot/message/push");
    assert!(key(1).is_some_and(|key| key.len() == 36));
    assert_eq!(key(1), key(2));
    assert_ne!(key(1), key(3));
    for request in &seen {
        assert_eq!(
            request.header("authorization"),
            Some(&*format!("Bearer {TOKEN}"))
        );
        assert_eq!(request.header("content-type"), Some("application/json"));
    }
    let body = rig.dispatch(Via::Push).body;
    assert_eq!(seen[1].body, body.as_bytes(), "not a byte is changed");
    assert_eq!(server.connections(), 1, "the connection is kept");
}

#[tokio::test]
async fn a_late_send_is_not_begun() {
    let server = Server::start(|_| answer(200, "{}")).await;
    let rig = rig(&server.base, long_lived(), quick());
    let mut late = rig.dispatch(Via::Reply);
    late.not_after = rig.time.now();
    assert_eq!(rig.messenger.send(late).await.outcome, Outcome::NotSent);
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn who_waits_too_long_for_a_place_is_not_sent() {
    let server = Server::start(|_| Act::Hang).await;
    let settings = SenderSettings {
        max_in_flight: 1,
        max_waiting: 1,
        ..quick()
    };
    let rig = rig(&server.base, long_lived(), settings);
    let mut short = rig.dispatch(Via::Reply);
    short.not_after = rig.time.now() + Span(50);
    let first = rig.messenger.send(rig.dispatch(Via::Reply));
    let second = rig.messenger.send(short);
    let third = rig.messenger.send(rig.dispatch(Via::Reply));
    assert_eq!(
        rig.messenger.in_flight(),
        3,
        "counted before the first poll"
    );
    let all = futures_util::future::join3(first, second, third).await;
    assert_eq!(all.0.outcome, Outcome::Unclear);
    assert_eq!(all.1.outcome, Outcome::NotSent, "late");
    assert_eq!(all.2.outcome, Outcome::NotSent, "no room to wait");
    assert_eq!(server.seen().len(), 1);
    assert_eq!(rig.messenger.in_flight(), 0);
    drop(rig.messenger.send(rig.dispatch(Via::Reply)));
    assert_eq!(rig.messenger.in_flight(), 0, "a dropped send is over");
}

#[tokio::test]
async fn an_empty_bucket_holds_back() {
    let server = Server::start(|_| answer(200, "{}")).await;
    let mut settings = SenderSettings::default();
    settings.rates.push = 1;
    let rig = rig(&server.base, long_lived(), settings);
    assert_eq!(rig.send(Via::Push).await.outcome, Outcome::Accepted);
    assert_eq!(rig.send(Via::Push).await.outcome, Outcome::NotSent);
    assert_eq!(rig.send(Via::Reply).await.outcome, Outcome::Accepted);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn an_unknown_channel_is_not_sent() {
    let rig = rig("http://127.0.0.1:9", long_lived(), quick());
    let mut other = rig.dispatch(Via::Reply);
    other.conversation.channel = ChannelId::new("nobody");
    assert_eq!(rig.messenger.send(other).await.outcome, Outcome::NotSent);
}

#[test]
fn a_thread_may_have_one_runtime_after_another() {
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let server = Server::start(|_| answer(200, "{}")).await;
            let rig = rig(&server.base, long_lived(), quick());
            assert_eq!(rig.send(Via::Reply).await.outcome, Outcome::Accepted);
        });
    }
}

#[tokio::test]
async fn a_profile_is_asked_for_once() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/v2/bot/profile/U1" => answer(200, r#"{"displayName":"小美","language":"zh-Hant"}"#),
        "/v2/bot/profile/U%2F..%2F2" => answer(404, "{}"),
        _ => answer(500, "{}"),
    })
    .await;
    let rig = rig(&server.base, long_lived(), quick());
    let ask = |chat: &str| {
        let key = ConversationKey::new(channel(), ChatId::new(chat));
        rig.messenger.profile(key)
    };
    for _ in 0..3 {
        let profile = ask("U1").await.unwrap().unwrap();
        assert_eq!(profile.display_name, "小美");
        assert_eq!(profile.language.as_deref(), Some("zh-Hant"));
        assert_eq!(ask("U/../2").await.unwrap(), None);
        assert_eq!(ask("C1").await.unwrap(), None);
    }
    assert_eq!(server.seen().len(), 2);
    assert!(ask("U3").await.is_err());
    assert!(ask("U3").await.is_err());
    assert_eq!(server.seen().len(), 4, "a failure is not remembered");
}

#[tokio::test]
async fn the_quota_is_watched_and_the_agents_share_kept() {
    let used = Arc::new(AtomicUsize::new(100));
    let state = Arc::clone(&used);
    let server = Server::start(move |seen| match seen.path.as_str() {
        "/v2/bot/message/quota" => answer(200, r#"{"type":"limited","value":200}"#),
        "/v2/bot/message/quota/consumption" => {
            let used = state.load(Ordering::SeqCst);
            answer(200, &json!({"totalUsage": used}).to_string())
        }
        _ => answer(429, MONTHLY),
    })
    .await;
    let rig = rig(&server.base, long_lived(), quick());
    let may = || rig.messenger.may_push_automatically(&channel());
    assert!(!may(), "unknown is not plenty");
    let watch = rig.messenger.watch_quotas(Duration::from_millis(20));
    let check = async {
        wait_until(may).await;
        used.store(160, Ordering::SeqCst);
        wait_until(|| !may()).await;
        used.store(0, Ordering::SeqCst);
        wait_until(may).await;
        assert_eq!(rig.send(Via::Push).await.outcome, Outcome::QuotaExhausted);
        assert!(!may());
    };
    tokio::select! {
        () = watch => unreachable!("the watch runs until dropped"),
        () = check => {}
    }
}

#[tokio::test]
async fn a_loading_animation_is_for_one_customer_and_whole_fives_of_seconds() {
    let server = Server::start(|_| answer(202, "{}")).await;
    let rig = rig(&server.base, long_lived(), quick());
    let chat = |id: &str| ConversationKey::new(channel(), ChatId::new(id));
    for (id, wanted) in [("U1", 18), ("C1", 18), ("R1", 18), ("U2", 0), ("U3", 600)] {
        rig.messenger
            .show_loading(chat(id), Span::secs(wanted))
            .await;
    }
    let seen = server.seen();
    let bodies: Vec<serde_json::Value> = seen
        .iter()
        .map(|seen| serde_json::from_slice(&seen.body).unwrap())
        .collect();
    assert!(
        seen.iter()
            .all(|seen| seen.path == "/v2/bot/chat/loading/start")
    );
    assert_eq!(
        bodies,
        [
            json!({"chatId": "U1", "loadingSeconds": 20}),
            json!({"chatId": "U2", "loadingSeconds": 5}),
            json!({"chatId": "U3", "loadingSeconds": 60}),
        ]
    );
}
