//! The simulator over real sockets: webhooks it sends, faults on the wire, the control API.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use hotline::simulator::events::signature;
use hotline::simulator::{
    Action, ChannelOptions, Delivery, Fault, Faults, JournalEntry, Options, Simulator,
    SimulatorThread, WebhookCall, What,
};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;

const PATIENCE: Duration = Duration::from_secs(20);

fn simulator(change: impl FnOnce(&mut Options)) -> SimulatorThread {
    let mut options = Options {
        channels: vec![ChannelOptions::new("main", "secret", "token")],
        lanes: 1,
        workers: 1,
        ..Options::default()
    };
    change(&mut options);
    Simulator::spawn(options, TcpListener::bind("127.0.0.1:0").unwrap()).unwrap()
}

/// What a receiver got: signature, user agent, raw body.
struct Got {
    signature: String,
    agent: String,
    body: Vec<u8>,
}

/// A webhook receiver on its own thread: answers with the statuses in turn, then 200; 0 waits
/// past LINE's patience.
struct Receiver {
    url: String,
    got: mpsc::Receiver<Got>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Receiver {
    fn start(statuses: &'static [u16]) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        let (tell, got) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let turn = Arc::new(AtomicUsize::new(0));
        let thread = thread::spawn(move || {
            actix_rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    let (tell, turn) = (tell.clone(), turn.clone());
                    App::new().default_service(web::to(
                        move |request: HttpRequest, body: web::Bytes| {
                            let header = |name: &str| {
                                request
                                    .headers()
                                    .get(name)
                                    .unwrap()
                                    .to_str()
                                    .unwrap()
                                    .to_owned()
                            };
                            let _ = tell.send(Got {
                                signature: header("x-line-signature"),
                                agent: header("user-agent"),
                                body: body.to_vec(),
                            });
                            let turn = turn.fetch_add(1, Ordering::SeqCst);
                            let status = statuses.get(turn).copied().unwrap_or(200);
                            async move {
                                if status == 0 {
                                    tokio::time::sleep(PATIENCE).await;
                                }
                                HttpResponse::build(
                                    actix_web::http::StatusCode::from_u16(status.max(200)).unwrap(),
                                )
                                .finish()
                            }
                        },
                    ))
                })
                .workers(1)
                .disable_signals()
                .listen(listener)
                .unwrap()
                .run();
                let handle = server.handle();
                tokio::spawn(server);
                let _ = stopped.await;
                handle.stop(false).await;
            });
        });
        Receiver {
            url,
            got,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    fn next(&self) -> Got {
        self.got.recv_timeout(PATIENCE).expect("a webhook arrives")
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn events(got: &Got) -> Vec<Value> {
    let body: Value = serde_json::from_slice(&got.body).unwrap();
    body["events"].as_array().unwrap().clone()
}

fn say(text: &str) -> Action {
    Action::Text {
        text: text.to_owned(),
        mention: false,
        quoted_message_id: None,
    }
}

fn customer(simulator: &SimulatorThread) -> Arc<str> {
    let view = simulator.platform.create_customer("main", None, "zh-TW");
    view.unwrap().user_id
}

fn webhook(entry: &JournalEntry) -> Option<&WebhookCall> {
    match &entry.what {
        What::Webhook(call) => Some(call),
        What::Call(_) => None,
    }
}

fn webhook_done(simulator: &SimulatorThread, wanted: impl Fn(&WebhookCall) -> bool) -> WebhookCall {
    let found = simulator
        .platform
        .journal()
        .wait_for(0, PATIENCE, |entry| webhook(entry).is_some_and(&wanted));
    webhook(&found.expect("the webhook is journaled"))
        .unwrap()
        .clone()
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn push(url: &str, to: &str) -> Result<reqwest::Response, reqwest::Error> {
    let body = json!({"to": to, "messages": [{"type": "text", "text": "到貨了"}]});
    client()
        .post(format!("{url}/v2/bot/message/push"))
        .header("authorization", "Bearer token")
        .header("content-type", "application/json")
        .body(body.to_string())
        .send()
        .await
}

async fn ask(method: &str, url: String, body: Value) -> (u16, Value) {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = client()
        .request(method, url)
        .body(body)
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

#[test]
fn webhooks_are_signed_over_their_raw_bytes() {
    let receiver = Receiver::start(&[]);
    let simulator =
        simulator(|options| options.channels[0].webhook_url = Some(receiver.url.clone()));
    let user = customer(&simulator);
    let minted = simulator
        .platform
        .act("main", &user, None, &say("運費🤨"))
        .unwrap();
    let got = receiver.next();
    assert_eq!(got.signature, signature("secret", &got.body));
    assert_eq!(got.agent, "LineBotWebhook/2.0");
    let body: Value = serde_json::from_slice(&got.body).unwrap();
    let destination = &simulator
        .platform
        .channel("main")
        .unwrap()
        .options()
        .destination;
    assert_eq!(body["destination"], destination.as_str());
    assert_eq!(
        body["events"][0]["webhookEventId"],
        minted.webhook_event_id.as_str()
    );
    let call = webhook_done(&simulator, |_| true);
    assert!(call.acknowledged());
    assert_eq!(
        call.body.as_bytes(),
        got.body,
        "the journal has the bytes that were sent"
    );
}

#[test]
fn redelivery_sends_the_same_event_marked_and_is_off_by_default() {
    let receiver = Receiver::start(&[500, 503]);
    let simulator =
        simulator(|options| options.channels[0].webhook_url = Some(receiver.url.clone()));
    let user = customer(&simulator);
    simulator
        .platform
        .act("main", &user, None, &say("一"))
        .unwrap();
    let lost = events(&receiver.next())[0].clone();
    webhook_done(&simulator, |call| call.status == 500);
    simulator.platform.set_delivery(Delivery {
        redelivery: true,
        redelivery_interval_ms: 1,
        ..Delivery::default()
    });
    simulator
        .platform
        .act("main", &user, None, &say("二"))
        .unwrap();
    let first = events(&receiver.next())[0].clone();
    let mut again = events(&receiver.next())[0].clone();
    assert_ne!(
        lost["webhookEventId"], first["webhookEventId"],
        "the lost one stays lost"
    );
    assert_eq!(again["deliveryContext"]["isRedelivery"], true);
    again["deliveryContext"]["isRedelivery"] = json!(false);
    assert_eq!(again, first, "same ids, same token, same time");
    let done = webhook_done(&simulator, |call| call.attempt == 1);
    assert!(done.acknowledged());
    let channel = simulator.platform.channel("main").unwrap();
    assert_eq!(channel.webhook_errors("error_status_code"), 2);
}

#[test]
fn an_answer_after_two_seconds_is_a_request_timeout() {
    let receiver = Receiver::start(&[0]);
    let simulator =
        simulator(|options| options.channels[0].webhook_url = Some(receiver.url.clone()));
    let user = customer(&simulator);
    simulator
        .platform
        .act("main", &user, None, &say("一"))
        .unwrap();
    let call = webhook_done(&simulator, |_| true);
    assert_eq!(
        (call.status, call.error.as_deref()),
        (0, Some("request_timeout"))
    );
    assert!(call.took_ms >= 1_900);
    let channel = simulator.platform.channel("main").unwrap();
    assert_eq!(channel.webhook_errors("request_timeout"), 1);
}

#[test]
fn a_closed_port_is_could_not_connect() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", free.local_addr().unwrap());
    drop(free);
    let simulator = simulator(|options| options.channels[0].webhook_url = Some(url));
    let user = customer(&simulator);
    simulator
        .platform
        .act("main", &user, None, &say("一"))
        .unwrap();
    let call = webhook_done(&simulator, |_| true);
    assert_eq!(call.error.as_deref(), Some("could_not_connect"));
}

#[test]
fn requests_carry_several_customers_duplicates_and_disorder_on_demand() {
    let receiver = Receiver::start(&[]);
    let simulator = simulator(|options| {
        options.channels[0].webhook_url = Some(receiver.url.clone());
        options.seed = Some(5);
        options.delivery = Delivery {
            linger_ms: 300,
            duplicates: 1.0,
            shuffle: true,
            ..Delivery::default()
        };
    });
    let users: Vec<_> = (0..5).map(|_| customer(&simulator)).collect();
    for user in &users {
        simulator
            .platform
            .act("main", user, None, &say("一"))
            .unwrap();
    }
    let mut seen = Vec::new();
    let mut most = 0;
    while seen.len() < 10 {
        let batch = events(&receiver.next());
        most = most.max(batch.len());
        let id = |event: &Value| event["webhookEventId"].as_str().unwrap().to_owned();
        seen.extend(batch.iter().map(id));
    }
    assert!(most > 2, "one request, several customers");
    let order = seen.clone();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5, "each event came twice");
    assert_ne!(order[..5], seen[..], "and not in their order");
}

#[actix_web::test]
async fn closed_and_hung_connections_bring_no_answer_and_the_journal_knows_what_happened() {
    let simulator = simulator(|_| {});
    let (url, user) = (simulator.url(), customer(&simulator));
    let strike = |ms| {
        Some(Fault {
            count: Some(1),
            ms,
            ..Fault::default()
        })
    };
    for (faults, accepted) in [
        (
            Faults {
                reset_before: strike(0),
                ..Faults::default()
            },
            false,
        ),
        (
            Faults {
                reset_after: strike(0),
                ..Faults::default()
            },
            true,
        ),
        (
            Faults {
                hang_before: strike(1),
                ..Faults::default()
            },
            false,
        ),
        (
            Faults {
                hang_after: strike(1),
                ..Faults::default()
            },
            true,
        ),
        (
            Faults {
                outage: Some(Fault {
                    count: Some(1),
                    status: 0,
                    ..Fault::default()
                }),
                ..Faults::default()
            },
            false,
        ),
    ] {
        let after = simulator.platform.journal().last_seq();
        simulator.platform.set_faults(faults.clone());
        assert!(push(&url, &user).await.is_err(), "{faults:?}");
        let entries = simulator.platform.journal().entries_since(after);
        let What::Call(call) = &entries[0].what else {
            panic!("a call was made");
        };
        assert_eq!(
            (call.accepted, call.doubt, call.status),
            (accepted, accepted, 0)
        );
        assert_eq!(
            push(&url, &user).await.unwrap().status(),
            200,
            "one strike only"
        );
    }
}

#[actix_web::test]
async fn the_wire_carries_lines_headers_and_413() {
    let simulator = simulator(|_| {});
    let answer = push(&simulator.url(), &customer(&simulator)).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("x-line-request-id"));
    let huge = client()
        .post(format!("{}/v2/bot/message/push", simulator.url()))
        .header("authorization", "Bearer token")
        .body(vec![b' '; 3 * 1024 * 1024])
        .send()
        .await
        .unwrap();
    assert_eq!(huge.status(), 413);
    assert!(huge.headers().contains_key("x-line-request-id"));
}

#[actix_web::test]
async fn the_test_call_sends_no_events_and_reports_the_status() {
    let receiver = Receiver::start(&[403]);
    let simulator =
        simulator(|options| options.channels[0].webhook_url = Some(receiver.url.clone()));
    let url = format!("{}/v2/bot/channel/webhook/test", simulator.url());
    let test = || async {
        let answer = client()
            .post(&url)
            .header("authorization", "Bearer token")
            .send()
            .await
            .unwrap();
        serde_json::from_slice::<Value>(&answer.bytes().await.unwrap()).unwrap()
    };
    let refused = test().await;
    assert_eq!(
        (&refused["success"], &refused["statusCode"]),
        (&json!(false), &json!(403))
    );
    assert!(events(&receiver.next()).is_empty());
    assert_eq!(test().await["success"], true);
}

#[actix_web::test]
async fn the_control_api_plays_a_customer() {
    let receiver = Receiver::start(&[]);
    let simulator = simulator(|_| {});
    let base = simulator.url();
    let set = json!({"url": receiver.url});
    assert_eq!(ask("PUT", format!("{base}/sim/webhook"), set).await.0, 200);
    let (status, made) = ask(
        "POST",
        format!("{base}/sim/customers"),
        json!({"name": "王小明"}),
    )
    .await;
    assert_eq!(
        (status, &made["displayName"], &made["friend"]),
        (200, &json!("王小明"), &json!(true))
    );
    let user = made["userId"].as_str().unwrap();
    let actions = format!("{base}/sim/customers/{user}/actions");
    for action in [
        json!({"type": "text", "text": "運費多少"}),
        json!({"type": "sticker", "packageId": "446", "stickerId": "1988"}),
        json!({"type": "image"}),
        json!({"type": "video"}),
        json!({"type": "audio"}),
        json!({"type": "file"}),
        json!({"type": "location", "title": "台北101", "address": "信義路五段7號",
            "latitude": 25.0339, "longitude": 121.5645}),
        json!({"type": "postback", "data": "a=1", "displayText": "查詢物流"}),
        json!({"type": "unfollow"}),
        json!({"type": "follow"}),
    ] {
        let (status, done) = ask("POST", actions.clone(), action.clone()).await;
        assert_eq!(status, 200, "{action} {done}");
        let event = events(&receiver.next())[0].clone();
        assert_eq!(event["webhookEventId"], done["webhookEventId"]);
        assert_eq!(event["source"]["userId"], user);
        if event["type"] == "message" {
            assert_eq!(event["message"]["type"], action["type"]);
            assert_eq!(event["message"]["id"], done["messageId"]);
        } else {
            assert_eq!(event["type"], action["type"]);
        }
    }
    let (_, thread) = ask(
        "GET",
        format!("{base}/sim/customers/{user}/thread"),
        Value::Null,
    )
    .await;
    assert_eq!(thread["entries"].as_array().unwrap().len(), 8);
    let picture = thread["entries"][2]["messageId"].as_str().unwrap();
    let answer = client()
        .get(format!("{base}/sim/content/{picture}"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-type"], "image/png");
    let (status, _) = ask("POST", actions.clone(), json!({"type": "text"})).await;
    assert_eq!(status, 400);
    let unknown = format!("{base}/sim/customers/U0/actions");
    assert_eq!(ask("POST", unknown, json!({"type": "image"})).await.0, 404);
}

#[actix_web::test]
async fn the_control_api_sets_faults_runs_campaigns_and_shows_the_journal() {
    let simulator = simulator(|_| {});
    let base = simulator.url();
    let faults = json!({"latencyBefore": {"ms": 5}, "tokenLifeMs": 1000});
    let (status, set) = ask("PUT", format!("{base}/sim/faults"), faults).await;
    assert_eq!(
        (status, &set["latencyBefore"]["probability"]),
        (200, &json!(1.0))
    );
    assert_eq!(
        ask("PUT", format!("{base}/sim/faults"), json!({"typo": 1}))
            .await
            .0,
        400
    );
    let (_, done) = ask(
        "POST",
        format!("{base}/sim/campaign"),
        json!({"count": 30, "text": "優惠"}),
    )
    .await;
    assert_eq!(done["count"], 30);
    let (_, state) = ask("GET", format!("{base}/sim/state"), Value::Null).await;
    assert_eq!(state["customers"].as_array().unwrap().len(), 30);
    assert_eq!(state["tokenLifeMs"], 1000);
    let user = done["userIds"][0].as_str().unwrap();
    push(&base, user).await.unwrap();
    let (_, page) = ask(
        "GET",
        format!("{base}/sim/journal?after=0&limit=1"),
        Value::Null,
    )
    .await;
    let entry: JournalEntry = serde_json::from_value(page["entries"][0].clone()).unwrap();
    assert!(matches!(&entry.what, What::Call(call) if call.accepted && call.wait_ms == 5));
    let short = format!("{base}/sim/journal?summary=true");
    let (_, page) = ask("GET", short, Value::Null).await;
    assert_eq!(page["entries"][0]["endpoint"], "push");
    let (_, on) = ask(
        "POST",
        format!("{base}/sim/redeliver"),
        json!({"on": true, "count": 2}),
    )
    .await;
    assert_eq!(
        (&on["redelivery"], &on["redeliveryCount"]),
        (&json!(true), &json!(2))
    );
    assert_eq!(client().get(&base).send().await.unwrap().status(), 200);
}

#[actix_web::test]
async fn a_new_customer_adds_the_account_only_when_asked_to() {
    let receiver = Receiver::start(&[]);
    let simulator = simulator(|_| {});
    let base = simulator.url();
    let set = json!({"url": receiver.url});
    assert_eq!(ask("PUT", format!("{base}/sim/webhook"), set).await.0, 200);
    let customers = format!("{base}/sim/customers");
    let (status, silent) = ask("POST", customers.clone(), json!({})).await;
    assert_eq!((status, &silent["webhookEventId"]), (200, &Value::Null));
    let (status, made) = ask("POST", customers, json!({"name": "林怡君", "follow": true})).await;
    assert_eq!((status, &made["friend"]), (200, &json!(true)));
    // The first webhook ever sent: the silent customer caused none.
    let event = events(&receiver.next())[0].clone();
    assert_eq!(event["type"], "follow");
    assert_eq!(event["follow"]["isUnblocked"], false);
    assert_eq!(event["source"]["userId"], made["userId"]);
    assert_eq!(event["webhookEventId"], made["webhookEventId"]);
    assert!(
        event["replyToken"].is_string(),
        "a greeting is a free reply"
    );
}

#[actix_web::test]
async fn a_mistyped_control_is_refused_and_told_what_is_allowed() {
    let simulator = simulator(|_| {});
    let base = simulator.url();
    let (_, made) = ask("POST", format!("{base}/sim/customers"), json!({})).await;
    let user = made["userId"].as_str().unwrap();
    let actions = format!("customers/{user}/actions");
    let cases = [
        ("PUT", "faults", json!({"outtage": {}}), "`outage`"),
        (
            "PUT",
            "faults",
            json!({"outage": {"probabilty": 1}}),
            "`probability`",
        ),
        (
            "PUT",
            "faults",
            json!({"errorBefore": {"endpoints": ["replay"]}}),
            "errorBefore.endpoints: no endpoint \"replay\", allowed: reply, push, ",
        ),
        (
            "PUT",
            "faults",
            json!({"outage": {"probability": 50}}),
            "allowed: 0 to 1",
        ),
        (
            "PUT",
            "faults",
            json!({"hangAfter": {"ms": 600_001}}),
            "allowed: 0 to 600000",
        ),
        (
            "PUT",
            "faults",
            json!({"outage": {"status": 200}}),
            "allowed: 0 (closes",
        ),
        (
            "PUT",
            "delivery",
            json!({"redeliver": true}),
            "`redelivery`",
        ),
        (
            "PUT",
            "delivery",
            json!({"duplicates": 2.0}),
            "allowed: 0 to 1",
        ),
        (
            "PUT",
            "delivery",
            json!({"maxEvents": 0}),
            "allowed: 1 or more",
        ),
        (
            "POST",
            "redeliver",
            json!({"on": true, "interval": 1}),
            "`intervalMs`",
        ),
        (
            "PUT",
            "webhook",
            json!({"url": "127.0.0.1:8080"}),
            "allowed: http://",
        ),
        (
            "PUT",
            "webhook",
            json!({"uri": "http://127.0.0.1/"}),
            "`url`",
        ),
        ("PUT", "quota", json!({"limits": 1}), "`limit`"),
        ("POST", "customers", json!({"folow": true}), "`follow`"),
        (
            "POST",
            "customers",
            json!({"channel": "man"}),
            "no channel \"man\", allowed: main",
        ),
        (
            "POST",
            "campaign",
            json!({"count": 0, "text": "x"}),
            "count: 0, allowed: 1 to 10000",
        ),
        ("POST", "groups", json!({"member": []}), "`members`"),
        (
            "POST",
            "customers/U0/actions",
            json!({"type": "image"}),
            "no customer or group \"U0\"",
        ),
        ("POST", &actions, json!({"type": "txt"}), "`text`"),
        (
            "POST",
            &actions,
            json!({"type": "text", "txt": "x"}),
            "`text`",
        ),
        (
            "POST",
            &actions,
            json!({"type": "image", "url": "x"}),
            "`url`",
        ),
        (
            "POST",
            &actions,
            json!({"type": "image", "channel": "man"}),
            "no channel \"man\", allowed: main",
        ),
        (
            "GET",
            "journl",
            Value::Null,
            "no control GET /sim/journl, allowed below /sim/: state",
        ),
    ];
    let last = simulator.platform.journal().last_seq();
    for (method, path, body, said) in cases {
        let (status, answer) = ask(method, format!("{base}/sim/{path}"), body.clone()).await;
        assert!(
            (400..500).contains(&status),
            "{path} {body}: {status} {answer}"
        );
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(message.contains(said), "{path} {body}: {message}");
    }
    assert_eq!(
        simulator.platform.faults(),
        hotline::simulator::Faults::default()
    );
    assert_eq!(
        simulator.platform.journal().last_seq(),
        last,
        "nothing was done"
    );
    assert_eq!(simulator.platform.customers("main").len(), 1);
    let named = json!({"type": "text", "text": "x", "channel": "main"});
    let (status, answer) = ask("POST", format!("{base}/sim/{actions}"), named).await;
    assert_eq!(status, 200, "{answer}");
}

#[actix_web::test]
async fn the_stream_tells_of_messages_as_they_happen() {
    let simulator = simulator(|_| {});
    let user = customer(&simulator);
    let mut stream = client()
        .get(format!("{}/sim/stream", simulator.url()))
        .send()
        .await
        .unwrap();
    let mut heard = String::new();
    // The greeting proves that the watcher is registered.
    heard += std::str::from_utf8(&stream.chunk().await.unwrap().unwrap()).unwrap();
    push(&simulator.url(), &user).await.unwrap();
    while !(heard.contains("event: thread") && heard.contains("event: journal")) {
        let chunk = tokio::time::timeout(PATIENCE, stream.chunk())
            .await
            .unwrap();
        heard += std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap();
    }
    assert!(heard.contains("到貨了") && heard.contains(&*user));
}
