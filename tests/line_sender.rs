//! What becomes of a send, whatever the other side does: each row of the outcome table against a
//! server on the loopback.

#[path = "line_sender/scripted.rs"]
mod scripted;

use hotline::domain::ids::{AttemptId, ChannelId, ChatId, ConversationKey};
use hotline::domain::time::{Millis, Span};
use hotline::line::api::{ChannelSettings, Clock, Silent};
use hotline::line::breaker::{Reason, State};
use hotline::line::rich_menu::{self, RichMenuSpec, Step};
use hotline::line::sender::{LineMessenger, SenderSettings};
use hotline::line::tokens::{Secret, TokenSource};
use hotline::ports::messenger::{Dispatch, Messenger, Outcome, Report, Via};
use scripted::{Act, Seen, Server};
use serde_json::json;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const TOKEN: &str = "long-lived-token-0123";
const SECRET: &str = "channel+secret/42";
const INVALID: &str = r#"{"message":"Invalid reply token"}"#;
const MONTHLY: &str = r#"{"message":"You have reached your monthly limit."}"#;
const RATE: &str = r#"{"message":"The API rate limit has been exceeded. Try again later."}"#;

/// Store time that runs, and that a test can move on.
struct Time {
    begun: Instant,
    ahead: AtomicU64,
}

impl Time {
    fn new() -> Arc<Time> {
        Arc::new(Time {
            begun: Instant::now(),
            ahead: AtomicU64::new(1_000_000),
        })
    }

    fn now(&self) -> Millis {
        let run = u64::try_from(self.begun.elapsed().as_millis()).unwrap();
        Millis(self.ahead.load(Ordering::SeqCst) + run)
    }

    fn pass(&self, span: Span) {
        self.ahead.fetch_add(span.0, Ordering::SeqCst);
    }
}

struct Rig {
    messenger: LineMessenger,
    time: Arc<Time>,
}

fn channel() -> ChannelId {
    ChannelId::new("shop")
}

fn long_lived() -> TokenSource {
    TokenSource::LongLived(Secret::new(TOKEN))
}

fn stateless() -> TokenSource {
    TokenSource::Stateless {
        channel_id: "1234567890".to_owned(),
        channel_secret: Secret::new(SECRET),
    }
}

fn quick() -> SenderSettings {
    SenderSettings {
        reply_deadline: Duration::from_millis(400),
        push_deadline: Duration::from_millis(400),
        ..SenderSettings::default()
    }
}

fn rig(base: &str, token: TokenSource, settings: SenderSettings) -> Rig {
    let time = Time::new();
    let clock: Clock = {
        let time = Arc::clone(&time);
        Arc::new(move || time.now())
    };
    let channel = ChannelSettings {
        id: channel(),
        api_base: base.to_owned(),
        data_api_base: base.to_owned(),
        token,
    };
    let messenger = LineMessenger::new(vec![channel], settings, clock, Arc::new(Silent)).unwrap();
    Rig { messenger, time }
}

impl Rig {
    fn dispatch(&self, via: Via) -> Dispatch {
        Dispatch {
            conversation: ConversationKey::new(channel(), ChatId::new("U1")),
            attempt: AttemptId(1),
            effects: [1].into(),
            via,
            body: r#"{"messages":[{"type":"text","text":"您好"}]}"#.into(),
            not_after: self.time.now() + Span::secs(60),
        }
    }

    async fn send(&self, via: Via) -> Report {
        self.messenger.send(self.dispatch(via)).await
    }

    fn breaker(&self) -> State {
        self.messenger.status()[0].breaker
    }
}

fn answer(status: u16, body: &str) -> Act {
    Act::Answer(status, body.to_owned())
}

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

async fn wait_until(condition: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("it never came to pass");
}

#[tokio::test]
async fn no_token_is_not_sent_and_line_is_not_asked_again_at_once() {
    let server = Server::start(|_| answer(400, r#"{"error":"invalid_client"}"#)).await;
    let rig = rig(&server.base, stateless(), quick());
    for _ in 0..5 {
        assert_eq!(rig.send(Via::Reply).await.outcome, Outcome::NotSent);
    }
    assert_eq!(server.seen().len(), 1);
    rig.time.pass(Span::secs(1));
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

/// A LINE that keeps rich menus.
#[derive(Default)]
struct Menus {
    next: usize,
    /// (id, name, has an image)
    all: Vec<(String, String, bool)>,
    default: Option<String>,
}

fn menus() -> (impl Fn(&Seen) -> Act + Send + Sync, Arc<Mutex<Menus>>) {
    let state = Arc::new(Mutex::new(Menus::default()));
    let shared = Arc::clone(&state);
    let handler = move |seen: &Seen| {
        let mut state = shared.lock().unwrap();
        let parts: Vec<&str> = seen.path.split('/').skip(3).collect();
        match (seen.method.as_str(), parts.as_slice()) {
            ("GET", ["richmenu", "list"]) => {
                let all = state.all.iter();
                let list: Vec<_> = all
                    .map(|(id, name, _)| json!({"richMenuId": id, "name": name}))
                    .collect();
                answer(200, &json!({"richmenus": list}).to_string())
            }
            ("POST", ["richmenu", "validate"]) => answer(200, "{}"),
            ("POST", ["richmenu"]) => {
                let menu: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
                state.next += 1;
                let id = format!("richmenu-{}", state.next);
                let name = menu["name"].as_str().unwrap().to_owned();
                state.all.push((id.clone(), name, false));
                answer(200, &json!({"richMenuId": id}).to_string())
            }
            (method, ["richmenu", id, "content"]) => {
                let Some(menu) = state.all.iter_mut().find(|menu| menu.0 == *id) else {
                    return answer(404, "{}");
                };
                if method == "POST" {
                    assert_eq!(seen.header("content-type"), Some("image/png"));
                    menu.2 = true;
                }
                answer(if menu.2 { 200 } else { 404 }, "{}")
            }
            ("GET", ["user", "all", "richmenu"]) => match &state.default {
                Some(id) => answer(200, &json!({"richMenuId": id}).to_string()),
                None => answer(404, "{}"),
            },
            ("POST", ["user", "all", "richmenu", id]) => {
                assert_eq!(seen.header("content-length"), Some("0"));
                assert!(state.all.iter().any(|menu| menu.0 == *id && menu.2));
                state.default = Some((*id).to_owned());
                answer(200, "{}")
            }
            ("DELETE", ["richmenu", id]) => {
                assert_ne!(
                    state.default.as_deref(),
                    Some(*id),
                    "the shown one is not deleted"
                );
                state.all.retain(|menu| menu.0 != *id);
                answer(200, "{}")
            }
            other => panic!("unexpected {other:?}"),
        }
    };
    (handler, state)
}

fn menu(width: u32, chat_bar: &str) -> RichMenuSpec {
    let mut image = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    image.extend(width.to_be_bytes());
    image.extend(500_u32.to_be_bytes());
    RichMenuSpec {
        object: json!({"size": {"width": 1200, "height": 500}, "selected": true, "name": "main",
            "chatBarText": chat_bar, "areas": [
            {"bounds": {"x": 0, "y": 0, "width": 600, "height": 500},
             "action": {"type": "message", "label": "產品", "text": "產品咨询"}}]}),
        image: image.into(),
    }
}

#[tokio::test]
async fn the_rich_menu_converges_and_leaves_others_alone() {
    let (handler, state) = menus();
    let server = Server::start(handler).await;
    let rig = rig(&server.base, long_lived(), quick());
    let client = rig.messenger.client(&channel()).unwrap();
    let foreign = (
        "richmenu-x".to_owned(),
        "main menu of somebody".to_owned(),
        true,
    );
    state.lock().unwrap().all.push(foreign.clone());

    let plan = rich_menu::sync(client, &menu(1200, "選單"), true)
        .await
        .unwrap();
    assert_eq!(
        plan.steps,
        [Step::Created(None), Step::Uploaded, Step::SetDefault]
    );
    assert_eq!(
        state.lock().unwrap().all.len(),
        1,
        "a dry run changes nothing"
    );

    let first = rich_menu::sync(client, &menu(1200, "選單"), false)
        .await
        .unwrap();
    let id = Some("richmenu-1".to_owned());
    assert_eq!(
        first.steps,
        [Step::Created(id), Step::Uploaded, Step::SetDefault]
    );
    let again = rich_menu::sync(client, &menu(1200, "選單"), false)
        .await
        .unwrap();
    assert_eq!(again.steps, [Step::Found("richmenu-1".to_owned())]);

    // A run died after creating: the image is missing.
    state.lock().unwrap().all[1].2 = false;
    let mended = rich_menu::sync(client, &menu(1200, "選單"), false)
        .await
        .unwrap();
    assert_eq!(
        mended.steps,
        [Step::Found("richmenu-1".to_owned()), Step::Uploaded]
    );

    let changed = rich_menu::sync(client, &menu(1200, "服務"), false)
        .await
        .unwrap();
    assert_eq!(
        changed.steps.last(),
        Some(&Step::Deleted("richmenu-1".to_owned()))
    );
    {
        let state = state.lock().unwrap();
        assert_eq!(state.default.as_deref(), Some("richmenu-2"));
        assert_eq!(state.all.len(), 2);
        assert_eq!(state.all[0], foreign);
    }
    let calls = server.seen().len();
    assert!(
        rich_menu::sync(client, &menu(1300, "服務"), false)
            .await
            .is_err()
    );
    assert_eq!(
        server.seen().len(),
        calls,
        "an image of another size is not sent"
    );
}
