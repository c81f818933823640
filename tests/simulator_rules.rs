//! LINE's rules, one test each, on a simulator whose time is moved by hand.
//!
//! The rules are those of LINE's reference and documents (sending, reply tokens, retry keys, quota,
//! rate limits, access tokens, content); the names of the tests are the laws.

use hotline::simulator::api::{Answer, Request};
use hotline::simulator::{
    Action, Call, ChannelOptions, Clock, Delivery, Fault, Faults, Minted, Options, Platform, Quota,
    Told, What,
};
use serde_json::{Value, json};
use std::sync::Arc;

const START: u64 = 1_800_000_000_000;
const MINUTE: u64 = 60_000;
const DAY: u64 = 86_400_000;
const KEY: &str = "123e4567-e89b-12d3-a456-426614174000";
const JSON: Option<&str> = Some("application/json");

struct World {
    platform: Arc<Platform>,
    clock: Clock,
}

impl World {
    fn new() -> World {
        World::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Options)) -> World {
        let clock = Clock::manual(START);
        let mut options = Options {
            channels: vec![
                ChannelOptions::new("main", "secret", "token"),
                ChannelOptions::new("second", "secret2", "token2"),
            ],
            clock: clock.clone(),
            seed: Some(11),
            journal_keep: None,
            ..Options::default()
        };
        change(&mut options);
        World {
            platform: Platform::new(&options).unwrap(),
            clock,
        }
    }

    fn limited(limit: u64) -> World {
        World::with(|options| options.channels[0].quota = Quota::Limited(limit))
    }

    fn customer(&self) -> Arc<str> {
        let view = self.platform.create_customer("main", None, "zh-TW");
        view.unwrap().user_id
    }

    fn says(&self, user: &str) -> Minted {
        self.platform
            .customer_says("main", user, "運費多少")
            .unwrap()
    }

    fn act(&self, user: &str, action: Action) -> Minted {
        self.platform.act("main", user, None, &action).unwrap()
    }

    fn send(&self, request: &Request<'_>) -> Answer {
        self.platform.call(request)
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.call_as("Bearer token", method, path, body, None)
    }

    fn call_as(
        &self,
        bearer: &str,
        method: &str,
        path: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Answer {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        self.send(&Request {
            method,
            path,
            query,
            authorization: Some(bearer),
            content_type: JSON,
            retry_key: key,
            body: text.as_bytes(),
        })
    }

    fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &Value::Null)
    }

    fn reply(&self, token: &str) -> Answer {
        let body = json!({"replyToken": token, "messages": [text("ok")]});
        self.call("POST", "/v2/bot/message/reply", &body)
    }

    fn push(&self, to: &str, key: Option<&str>, words: &str) -> Answer {
        let body = json!({"to": to, "messages": [text(words)]});
        self.call_as("Bearer token", "POST", "/v2/bot/message/push", &body, key)
    }

    /// Whether LINE's strict reader takes these messages.
    fn validates(&self, messages: Value) -> Answer {
        let body = json!({ "messages": messages });
        self.call("POST", "/v2/bot/message/validate/push", &body)
    }

    fn usage(&self) -> u64 {
        self.get("/v2/bot/message/quota/consumption").json()["totalUsage"]
            .as_u64()
            .unwrap()
    }

    fn last_call(&self) -> Call {
        let entries = self.platform.journal().entries_since(0);
        match &entries.last().unwrap().what {
            What::Call(call) => (**call).clone(),
            What::Webhook(_) => panic!("no webhook is sent here"),
        }
    }
}

fn text(words: &str) -> Value {
    json!({"type": "text", "text": words})
}

fn token_of(minted: &Minted) -> &str {
    minted.reply_token.as_deref().unwrap()
}

fn event(minted: &Minted) -> Value {
    serde_json::from_str(&minted.event).unwrap()
}

fn message_of(answer: &Answer) -> String {
    answer.json()["message"].as_str().unwrap().to_owned()
}

fn property_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 400, "{}", answer.json());
    answer.json()["details"][0]["property"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

// Reply tokens.

#[test]
fn reply_token_works_once() {
    let world = World::new();
    let minted = world.says(&world.customer());
    assert_eq!(world.reply(token_of(&minted)).status, 200);
    let again = world.reply(token_of(&minted));
    assert_eq!(
        (again.status, message_of(&again).as_str()),
        (400, "Invalid reply token")
    );
    assert_eq!(
        world.last_call().reason.unwrap(),
        "reply token was used before"
    );
}

#[test]
fn reply_token_dies_after_its_minute() {
    let world = World::new();
    let user = world.customer();
    let (young, old) = (world.says(&user), world.says(&user));
    world.clock.advance(MINUTE);
    assert_eq!(world.reply(token_of(&young)).status, 200);
    assert_eq!(world.last_call().token_age_ms, Some(MINUTE));
    world.clock.advance(1);
    let late = world.reply(token_of(&old));
    assert_eq!(
        (late.status, message_of(&late).as_str()),
        (400, "Invalid reply token")
    );
    assert_eq!(world.last_call().reason.unwrap(), "reply token has expired");
}

#[test]
fn redelivery_gives_the_token_a_new_minute() {
    let world = World::new();
    let minted = world.says(&world.customer());
    world.clock.advance(5 * MINUTE);
    world.platform.arm(token_of(&minted));
    world.clock.advance(MINUTE);
    assert_eq!(world.reply(token_of(&minted)).status, 200);
}

#[test]
fn no_redelivery_revives_a_token_after_twenty_minutes() {
    let world = World::new();
    let minted = world.says(&world.customer());
    world.clock.advance(20 * MINUTE + 1);
    world.platform.arm(token_of(&minted));
    assert_eq!(world.reply(token_of(&minted)).status, 400);
}

#[test]
fn redelivery_does_not_revive_a_used_token() {
    let world = World::new();
    let minted = world.says(&world.customer());
    assert_eq!(world.reply(token_of(&minted)).status, 200);
    world.platform.arm(token_of(&minted));
    assert_eq!(world.reply(token_of(&minted)).status, 400);
}

#[test]
fn reply_token_of_another_channel_is_refused() {
    let world = World::new();
    let minted = world.says(&world.customer());
    let body = json!({"replyToken": token_of(&minted), "messages": [text("ok")]});
    let path = "/v2/bot/message/reply";
    assert_eq!(
        world
            .call_as("Bearer token2", "POST", path, &body, None)
            .status,
        400
    );
    assert_eq!(
        world.reply(token_of(&minted)).status,
        200,
        "it was not used up"
    );
}

#[test]
fn a_malformed_reply_leaves_its_token_alive() {
    let world = World::new();
    let minted = world.says(&world.customer());
    let body = json!({"replyToken": token_of(&minted), "messages": [text("")]});
    let refused = world.call("POST", "/v2/bot/message/reply", &body);
    assert_eq!(property_of(&refused), "messages[0].text");
    assert_eq!(world.reply(token_of(&minted)).status, 200);
}

#[test]
fn retry_key_on_reply_is_refused() {
    let world = World::new();
    let minted = world.says(&world.customer());
    let body = json!({"replyToken": token_of(&minted), "messages": [text("ok")]});
    let path = "/v2/bot/message/reply";
    assert_eq!(
        world
            .call_as("Bearer token", "POST", path, &body, Some(KEY))
            .status,
        400
    );
    assert_eq!(world.reply(token_of(&minted)).status, 200);
}

#[test]
fn a_reply_is_never_counted() {
    let world = World::limited(0);
    let minted = world.says(&world.customer());
    assert_eq!(world.reply(token_of(&minted)).status, 200);
    assert_eq!((world.usage(), world.last_call().billed), (0, 0));
}

#[test]
fn a_call_carries_one_to_five_messages_all_or_none() {
    let world = World::new();
    let user = world.customer();
    for (count, status) in [(0, 400), (1, 200), (5, 200), (6, 400)] {
        let messages = vec![text("ok"); count];
        let body = json!({"to": user, "messages": messages});
        assert_eq!(
            world.call("POST", "/v2/bot/message/push", &body).status,
            status
        );
    }
    let body = json!({"to": user, "messages": [text("ok"), {"type": "hologram"}]});
    let refused = world.call("POST", "/v2/bot/message/push", &body);
    assert_eq!(property_of(&refused), "messages[1].type");
    let thread = world.platform.thread("main", &user).unwrap();
    assert_eq!(
        thread.entries.len(),
        6,
        "one and five arrived, nothing of the others"
    );
}

#[test]
fn standby_events_bring_no_reply_token() {
    let world = World::with(|options| options.delivery.standby = true);
    let minted = world.says(&world.customer());
    let event = event(&minted);
    assert_eq!(event["mode"], "standby");
    assert!(minted.reply_token.is_none() && event.get("replyToken").is_none());
}

// Retry keys.

#[test]
fn same_retry_key_is_accepted_once_and_409_tells_the_first_request_id() {
    let world = World::new();
    let user = world.customer();
    let first = world.push(&user, Some(KEY), "到貨了");
    let again = world.push(&user, Some(KEY), "到貨了");
    assert_eq!((first.status, again.status), (200, 409));
    assert_eq!(
        again.accepted_request_id.as_deref(),
        Some(first.request_id.as_str())
    );
    assert_ne!(again.request_id, first.request_id);
    assert_eq!(again.json()["sentMessages"], first.json()["sentMessages"]);
    assert_eq!(
        world.platform.thread("main", &user).unwrap().entries.len(),
        1
    );
    assert_eq!((world.usage(), world.last_call().violation), (1, None));
}

#[test]
fn same_retry_key_with_another_body_is_409_and_a_violation() {
    let world = World::new();
    let user = world.customer();
    world.push(&user, Some(KEY), "到貨了");
    assert_eq!(
        world
            .push(&user, Some(&KEY.to_uppercase()), "沒到貨")
            .status,
        409
    );
    assert!(world.last_call().violation.is_some());
}

#[test]
fn a_retry_key_is_forgotten_after_a_day_and_sends_again() {
    let world = World::new();
    let user = world.customer();
    assert_eq!(world.push(&user, Some(KEY), "到貨了").status, 200);
    world.clock.advance(DAY);
    assert_eq!(world.push(&user, Some(KEY), "到貨了").status, 409);
    world.clock.advance(1);
    assert_eq!(world.push(&user, Some(KEY), "到貨了").status, 200);
}

#[test]
fn a_refused_push_gives_its_retry_key_back() {
    let world = World::limited(0);
    let user = world.customer();
    assert_eq!(world.push(&user, Some(KEY), "到貨了").status, 429);
    world.platform.set_quota("main", Quota::Limited(1));
    assert_eq!(world.push(&user, Some(KEY), "到貨了").status, 200);
}

#[test]
fn a_retry_key_is_a_uuid() {
    let world = World::new();
    assert_eq!(
        world.push(&world.customer(), Some("once"), "到貨了").status,
        400
    );
}

#[test]
fn retries_count_towards_the_rate_limit() {
    let world = World::with(|options| options.rates.scale = 0.001);
    let user = world.customer();
    assert_eq!(world.push(&user, Some(KEY), "ok").status, 200);
    assert_eq!(world.push(&user, Some(KEY), "ok").status, 409);
    assert_eq!(world.push(&user, Some(KEY), "ok").status, 429);
}

// Quota and delivery.

#[test]
fn push_beyond_the_monthly_limit_is_refused_with_its_own_text() {
    let world = World::limited(1);
    let user = world.customer();
    assert_eq!(world.push(&user, None, "一").status, 200);
    let refused = world.push(&user, None, "二");
    assert_eq!(refused.status, 429);
    assert_eq!(message_of(&refused), "You have reached your monthly limit.");
    assert_eq!(
        world.get("/v2/bot/message/quota").json(),
        json!({"type": "limited", "value": 1})
    );
}

#[test]
fn quota_begins_anew_each_month() {
    let world = World::limited(1);
    let user = world.customer();
    assert_eq!(world.push(&user, None, "一").status, 200);
    world.clock.advance(31 * DAY);
    assert_eq!(world.usage(), 0);
    assert_eq!(world.push(&user, None, "二").status, 200);
}

#[test]
fn recipients_are_counted_not_bubbles() {
    let world = World::new();
    let members = [world.customer(), world.customer(), world.customer()];
    let body = json!({"to": members[0], "messages": vec![text("ok"); 5]});
    assert_eq!(
        world.call("POST", "/v2/bot/message/push", &body).status,
        200
    );
    assert_eq!(world.usage(), 1);
    let names: Vec<&str> = members.iter().map(|id| &**id).collect();
    let (group, _) = world
        .platform
        .create_group("main", "團購", &names, false)
        .unwrap();
    assert_eq!(world.push(&group, None, "ok").status, 200);
    assert_eq!((world.usage(), world.last_call().billed), (4, 0));
    let body = json!({"to": members, "messages": [text("ok")]});
    assert_eq!(
        world
            .call("POST", "/v2/bot/message/multicast", &body)
            .json(),
        json!({})
    );
    assert_eq!(world.usage(), 7);
}

#[test]
fn push_to_a_non_friend_is_200_and_neither_delivered_nor_counted() {
    let world = World::new();
    let user = world.customer();
    world.act(&user, Action::Unfollow {});
    assert_eq!(world.push(&user, None, "哈囉").status, 200);
    let call = world.last_call();
    assert!(call.accepted && !call.deliveries[0].arrived && call.billed == 0);
    assert_eq!(world.usage(), 0);
    assert_eq!(
        world.platform.thread("main", &user).unwrap().entries.len(),
        0
    );
    let stranger = "U00000000000000000000000000000000";
    assert_eq!(world.push(stranger, None, "哈囉").status, 200);
    assert_eq!(world.push("somebody", None, "哈囉").status, 400);
}

#[test]
fn a_stranger_can_be_pushed_to_within_seven_days_of_writing() {
    let world = World::new();
    let user = world.customer();
    assert!(world.platform.set_friend("main", &user, false));
    let arrives = || {
        assert_eq!(world.push(&user, None, "哈囉").status, 200);
        let call = world.last_call();
        assert_eq!(call.billed, u32::from(call.deliveries[0].arrived));
        call.deliveries[0].arrived
    };
    assert!(!arrives(), "never wrote");
    world.says(&user);
    world.clock.advance(7 * DAY);
    assert!(arrives());
    world.clock.advance(1);
    assert!(!arrives());
}

#[test]
fn rate_limits_are_per_endpoint_and_channel() {
    let world = World::new();
    let body = json!({"chatId": world.customer(), "loadingSeconds": 5});
    let path = "/v2/bot/chat/loading/start";
    for _ in 0..100 {
        assert_eq!(world.call("POST", path, &body).status, 202);
    }
    let refused = world.call("POST", path, &body);
    assert_eq!(refused.status, 429);
    assert_eq!(
        message_of(&refused),
        "The API rate limit has been exceeded. Try again later."
    );
    assert_eq!(
        world
            .call_as("Bearer token2", "POST", path, &body, None)
            .status,
        202
    );
    assert_eq!(world.get("/v2/bot/info").status, 200);
    world.clock.advance(10);
    assert_eq!(
        world.call("POST", path, &body).status,
        202,
        "one call refills in 10 ms"
    );
}

#[test]
fn broadcast_reaches_every_friend_and_narrowcast_reports_progress() {
    let world = World::new();
    let (friend, gone) = (world.customer(), world.customer());
    world.act(&gone, Action::Unfollow {});
    let body = json!({"messages": [text("週年慶")]});
    assert_eq!(
        world
            .call("POST", "/v2/bot/message/broadcast", &body)
            .status,
        200
    );
    assert_eq!(world.last_call().deliveries[0].to, friend);
    let sent = world.call("POST", "/v2/bot/message/narrowcast", &body);
    assert_eq!((sent.status, world.usage()), (202, 2));
    let path = format!(
        "/v2/bot/message/progress/narrowcast?requestId={}",
        sent.request_id
    );
    assert_eq!(world.get(&path).json()["phase"], "succeeded");
}

#[test]
fn daily_counts_are_kept_by_kind() {
    let world = World::new();
    let user = world.customer();
    world.push(&user, None, "ok");
    let minted = world.says(&user);
    world.reply(token_of(&minted));
    // START is 2027-01-15 in Japan.
    for (kind, count) in [("reply", 1), ("push", 1), ("multicast", 0)] {
        let path = format!("/v2/bot/message/delivery/{kind}?date=20270115");
        let expected = json!({"status": "ready", "success": count});
        assert_eq!(world.get(&path).json(), expected);
    }
}

// Transport.

#[test]
fn every_answer_has_a_request_id() {
    let world = World::new();
    for path in ["/v2/bot/info", "/v2/bot/nothing", "/v2/bot/profile/U0"] {
        assert_eq!(world.get(path).request_id.len(), 36);
    }
    let refused = world.call_as("Bearer wrong", "GET", "/v2/bot/info", &Value::Null, None);
    assert_eq!((refused.status, refused.request_id.len()), (401, 36));
}

#[test]
fn requests_over_two_megabytes_are_413() {
    let world = World::new();
    let body = vec![b' '; 2 * 1024 * 1024 + 1];
    let answer = world.send(&Request {
        method: "POST",
        path: "/v2/bot/message/push",
        authorization: Some("Bearer token"),
        content_type: JSON,
        body: &body,
        ..Request::default()
    });
    assert_eq!(answer.status, 413);
}

#[test]
fn only_json_is_taken_and_only_well_formed() {
    let world = World::new();
    for (kind, body, status) in [
        (Some("text/plain"), "{}", 415),
        (None, "{}", 415),
        (Some("application/json; charset=UTF-8"), "{", 400),
    ] {
        let answer = world.send(&Request {
            method: "POST",
            path: "/v2/bot/message/push",
            authorization: Some("Bearer token"),
            content_type: kind,
            body: body.as_bytes(),
            ..Request::default()
        });
        assert_eq!(answer.status, status);
    }
}

#[test]
fn a_stateless_token_works_for_900_seconds() {
    let world = World::new();
    let id = world
        .platform
        .channel("main")
        .unwrap()
        .options()
        .channel_id
        .clone();
    let issue = |secret: &str| {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        world.send(&Request {
            method: "POST",
            path: "/oauth2/v3/token",
            content_type: Some("application/x-www-form-urlencoded"),
            body: form.as_bytes(),
            ..Request::default()
        })
    };
    assert_eq!(issue("wrong").status, 400);
    let issued = issue("secret").json();
    assert_eq!(
        (&issued["expires_in"], &issued["token_type"]),
        (&json!(900), &json!("Bearer"))
    );
    let bearer = format!("Bearer {}", issued["access_token"].as_str().unwrap());
    let info = || {
        world
            .call_as(&bearer, "GET", "/v2/bot/info", &Value::Null, None)
            .status
    };
    world.clock.advance(899_999);
    assert_eq!(info(), 200);
    world.clock.advance(1);
    assert_eq!(info(), 401);
}

#[test]
fn the_31st_short_lived_token_revokes_the_oldest() {
    let world = World::new();
    let id = world
        .platform
        .channel("main")
        .unwrap()
        .options()
        .channel_id
        .clone();
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret=secret");
    let tokens: Vec<String> = (0..31)
        .map(|_| {
            let answer = world.send(&Request {
                method: "POST",
                path: "/v2/oauth/accessToken",
                content_type: Some("application/x-www-form-urlencoded"),
                body: form.as_bytes(),
                ..Request::default()
            });
            format!("Bearer {}", answer.json()["access_token"].as_str().unwrap())
        })
        .collect();
    let info = |token: &str| world.call_as(token, "GET", "/v2/bot/info", &Value::Null, None);
    assert_eq!(info(&tokens[0]).status, 401);
    assert_eq!(
        (info(&tokens[1]).status, info(&tokens[30]).status),
        (200, 200)
    );
}

// Content.

#[test]
fn content_is_202_then_200_then_410_after_unsend_and_404_when_unknown() {
    let world = World::with(|options| options.content_delay_ms = 500);
    let user = world.customer();
    let minted = world.act(&user, Action::Video { duration: 900 });
    let id = minted.message_id.clone().unwrap();
    let path = format!("/v2/bot/message/{id}/content");
    assert_eq!(world.get(&path).status, 202);
    assert_eq!(
        world.get(&format!("{path}/transcoding")).json()["status"],
        "processing"
    );
    world.clock.advance(500);
    let ready = world.get(&path);
    assert_eq!(
        (ready.status, ready.content_type.as_str()),
        (200, "video/mp4")
    );
    assert!(
        world
            .get(&format!("{path}/preview"))
            .body
            .starts_with(b"\x89PNG")
    );
    assert_eq!(
        world.get(&format!("{path}/transcoding")).json()["status"],
        "succeeded"
    );
    let other = world.call_as("Bearer token2", "GET", &path, &Value::Null, None);
    assert_eq!(other.status, 404, "another channel's content");
    let unsend = world.act(
        &user,
        Action::Unsend {
            message_id: id.clone(),
        },
    );
    assert_eq!(event(&unsend)["unsend"]["messageId"], id.as_str());
    assert!(unsend.reply_token.is_none());
    assert_eq!(world.get(&path).status, 410);
    assert_eq!(world.get("/v2/bot/message/1/content").status, 404);
}

// Chat.

#[test]
fn loading_runs_5_to_60_seconds_in_steps_of_5_and_ends_with_the_next_message() {
    let world = World::new();
    let user = world.customer();
    for (seconds, status) in [(0, 400), (5, 202), (7, 400), (60, 202), (65, 400)] {
        let body = json!({"chatId": user, "loadingSeconds": seconds});
        let answer = world.call("POST", "/v2/bot/chat/loading/start", &body);
        assert_eq!(answer.status, status, "{seconds}");
    }
    let loading = || world.platform.thread("main", &user).unwrap().loading;
    assert_eq!(loading().unwrap()["until"], START + 60_000);
    world.push(&user, None, "好了");
    assert!(loading().is_none());
    let group = json!({"chatId": "C00000000000000000000000000000000"});
    assert_eq!(
        world
            .call("POST", "/v2/bot/chat/loading/start", &group)
            .status,
        400
    );
}

#[test]
fn a_read_token_marks_the_chat_as_read() {
    let world = World::new();
    let user = world.customer();
    let minted = world.says(&user);
    let read = || world.platform.thread("main", &user).unwrap().read;
    assert!(!read());
    let token = event(&minted)["message"]["markAsReadToken"].clone();
    let path = "/v2/bot/chat/markAsRead";
    assert_eq!(
        world
            .call("POST", path, &json!({"markAsReadToken": "x"}))
            .status,
        400
    );
    assert_eq!(
        world
            .call("POST", path, &json!({ "markAsReadToken": token }))
            .status,
        200
    );
    assert!(read());
}

#[test]
fn profiles_of_strangers_and_blockers_are_404_but_group_members_are_known() {
    let world = World::new();
    let user = world.customer();
    let path = format!("/v2/bot/profile/{user}");
    assert_eq!(world.get(&path).json()["language"], "zh-TW");
    let (group, join) = world
        .platform
        .create_group("main", "群", &[&user], false)
        .unwrap();
    let join = event(&join);
    assert_eq!(
        (&join["type"], &join["source"]["groupId"]),
        (&json!("join"), &json!(group))
    );
    assert!(join["source"].get("userId").is_none());
    world.act(&user, Action::Unfollow {});
    assert_eq!(world.get(&path).status, 404);
    assert_eq!(world.get("/v2/bot/profile/U0").status, 404);
    let member = world.get(&format!("/v2/bot/group/{group}/member/{user}"));
    assert_eq!(member.json()["userId"], json!(user));
    assert_eq!(
        world.get("/v2/bot/followers/ids").json()["userIds"],
        json!([])
    );
}

#[test]
fn follow_after_block_says_so_and_blocked_customers_cannot_write() {
    let world = World::new();
    let user = world.customer();
    let unfollow = world.act(&user, Action::Unfollow {});
    assert!(unfollow.reply_token.is_none());
    assert!(
        world
            .platform
            .act("main", &user, None, &Action::Image {})
            .is_err()
    );
    let follow = world.act(&user, Action::Follow {});
    assert_eq!(event(&follow)["follow"]["isUnblocked"], true);
    assert_eq!(world.reply(token_of(&follow)).status, 200);
}

#[test]
fn edits_exist_in_groups_only_and_keep_the_message_id() {
    let world = World::new();
    let user = world.customer();
    let (group, _) = world
        .platform
        .create_group("main", "群", &[&user], false)
        .unwrap();
    let words = Action::Text {
        text: "多少錢".to_owned(),
        mention: true,
        quoted_message_id: None,
    };
    let minted = world
        .platform
        .act("main", &user, Some(&group), &words)
        .unwrap();
    let said = event(&minted);
    let called = &said["message"]["mention"]["mentionees"][0];
    assert_eq!(called["isSelf"], true);
    let edit = Action::Edit {
        message_id: minted.message_id.clone().unwrap(),
        text: "運費多少".to_owned(),
    };
    assert!(world.platform.act("main", &user, None, &edit).is_err());
    let edited = world
        .platform
        .act("main", &user, Some(&group), &edit)
        .unwrap();
    let edited_event = event(&edited);
    assert_eq!(edited_event["type"], "messageEdited");
    assert_eq!(edited_event["message"]["id"], said["message"]["id"]);
    assert_ne!(edited_event["replyToken"], said["replyToken"]);
    assert!(edited_event["message"].get("markAsReadToken").is_none());
    let unsend = Action::Unsend {
        message_id: "1".to_owned(),
    };
    assert!(
        world.platform.act("main", &user, None, &unsend).is_err(),
        "not a message of theirs"
    );
}

#[test]
fn events_of_types_not_yet_invented_can_be_sent() {
    let world = World::new();
    let action: Action = serde_json::from_value(json!({"type": "event", "kind": "hologram",
        "replyable": true, "payload": {"depth": 3}}))
    .unwrap();
    let minted = world.act(&world.customer(), action);
    let event = event(&minted);
    assert_eq!(
        (&event["type"], &event["hologram"]["depth"]),
        (&json!("hologram"), &json!(3))
    );
    assert_eq!(world.reply(token_of(&minted)).status, 200);
}

// Rich menus.

fn menu(areas: Value) -> Value {
    json!({"size": {"width": 2500, "height": 843}, "selected": true, "name": "main",
        "chatBarText": "客服選單", "areas": areas})
}

#[test]
fn a_rich_menu_needs_its_picture_before_anybody_sees_it() {
    let world = World::new();
    let user = world.customer();
    let areas = json!([{"bounds": {"x": 0, "y": 0, "width": 1250, "height": 843},
        "action": {"type": "postback", "data": "flow=order", "displayText": "訂單查詢"}}]);
    let made = world.call("POST", "/v2/bot/richmenu", &menu(areas));
    let id = made.json()["richMenuId"].as_str().unwrap().to_owned();
    let default = format!("/v2/bot/user/all/richmenu/{id}");
    assert_eq!(world.call("POST", &default, &Value::Null).status, 400);
    let upload = || {
        world.send(&Request {
            method: "POST",
            path: &format!("/v2/bot/richmenu/{id}/content"),
            authorization: Some("Bearer token"),
            content_type: Some("image/jpeg"),
            body: b"\xff\xd8\xff picture",
            ..Request::default()
        })
    };
    assert_eq!(upload().status, 200);
    assert_eq!(upload().status, 400, "a picture cannot be replaced");
    assert_eq!(world.call("POST", &default, &Value::Null).status, 200);
    let shown = world
        .platform
        .thread("main", &user)
        .unwrap()
        .rich_menu
        .unwrap();
    assert_eq!(shown["richMenuId"], id.as_str());
    let tap = world.act(&user, Action::RichMenu { x: 10, y: 10 });
    assert_eq!(event(&tap)["postback"]["data"], "flow=order");
    let nothing = Action::RichMenu { x: 2000, y: 10 };
    assert!(world.platform.act("main", &user, None, &nothing).is_err());
    assert_eq!(
        world
            .call("DELETE", &format!("/v2/bot/richmenu/{id}"), &Value::Null)
            .status,
        200
    );
    assert_eq!(world.get("/v2/bot/user/all/richmenu").status, 404);
}

#[test]
fn a_menu_switch_reports_its_status() {
    let world = World::new();
    let user = world.customer();
    let id = world
        .call("POST", "/v2/bot/richmenu", &menu(json!([])))
        .json()["richMenuId"]
        .clone();
    let alias = json!({"richMenuAliasId": "page-b", "richMenuId": id});
    assert_eq!(
        world.call("POST", "/v2/bot/richmenu/alias", &alias).status,
        200
    );
    assert_eq!(
        world.call("POST", "/v2/bot/richmenu/alias", &alias).status,
        400
    );
    let switch = |alias: &str| {
        event(&world.act(
            &user,
            Action::RichMenuSwitch {
                rich_menu_alias_id: alias.to_owned(),
                data: "to=b".to_owned(),
            },
        ))["postback"]["params"]
            .clone()
    };
    let done = json!({"newRichMenuAliasId": "page-b", "status": "SUCCESS"});
    assert_eq!(switch("page-b"), done);
    assert_eq!(switch("page-c")["status"], "RICHMENU_ALIAS_ID_NOTFOUND");
    let linked = world.get(&format!("/v2/bot/user/{user}/richmenu")).json();
    assert_eq!(linked["richMenuId"], id);
}

#[test]
fn rich_menu_limits_are_kept() {
    let world = World::new();
    for (key, value, property) in [
        (
            "chatBarText",
            json!("十五個字十五個字十五個字十五個"),
            "chatBarText",
        ),
        ("size", json!({"width": 799, "height": 250}), "size.width"),
        ("size", json!({"width": 800, "height": 600}), "size"),
        ("areas", json!(vec![json!({}); 21]), "areas"),
        (
            "areas",
            json!([{"bounds": {"x": u64::MAX, "y": 0, "width": 2, "height": 1},
                "action": {"type": "message", "text": "好"}}]),
            "areas[0].bounds.x",
        ),
    ] {
        let mut object = menu(json!([]));
        object[key] = value;
        let refused = world.call("POST", "/v2/bot/richmenu/validate", &object);
        assert_eq!(property_of(&refused), property);
    }
}

// Message limits.

#[test]
fn text_is_counted_in_utf16_units() {
    let world = World::new();
    assert_eq!(
        world.validates(json!([text(&"🙂".repeat(2_500))])).status,
        200
    );
    let refused = world.validates(json!([text(&("🙂".repeat(2_500) + "a"))]));
    assert_eq!(property_of(&refused), "messages[0].text");
}

#[test]
fn labels_are_counted_in_graphemes() {
    let world = World::new();
    let with = |label: String| {
        json!([{"type": "template", "altText": "選單", "template": {"type": "confirm",
            "text": "確定?", "actions": [{"type": "message", "label": label, "text": "好"},
            {"type": "message", "label": "不", "text": "不"}]}}])
    };
    assert_eq!(world.validates(with("👨‍👩‍👧".repeat(20))).status, 200);
    assert_eq!(
        property_of(&world.validates(with("字".repeat(21)))),
        "messages[0].template.actions[0].label"
    );
}

#[test]
fn a_picture_or_title_shortens_a_template_text_to_60() {
    let world = World::new();
    let buttons = |title: Value, length: usize| {
        let mut template = json!({"type": "buttons", "text": "字".repeat(length),
            "actions": [{"type": "uri", "label": "看", "uri": "https://example.com"}]});
        if !title.is_null() {
            template["title"] = title;
        }
        world
            .validates(json!([{"type": "template", "altText": "選單", "template": template}]))
            .status
    };
    assert_eq!(
        (buttons(Value::Null, 160), buttons(Value::Null, 161)),
        (200, 400)
    );
    assert_eq!(
        (buttons(json!("標題"), 60), buttons(json!("標題"), 61)),
        (200, 400)
    );
}

#[test]
fn carousel_columns_have_the_same_number_of_actions() {
    let world = World::new();
    let action = json!({"type": "message", "label": "好", "text": "好"});
    let column = |count: usize| json!({"text": "一", "actions": vec![action.clone(); count]});
    let with = |columns: Value| {
        world
            .validates(json!([{"type": "template", "altText": "選單",
                "template": {"type": "carousel", "columns": columns}}]))
            .status
    };
    assert_eq!(with(json!([column(2), column(2)])), 200);
    assert_eq!(with(json!([column(2), column(1)])), 400);
    assert_eq!(with(json!(vec![column(1); 11])), 400);
}

#[test]
fn quick_replies_are_at_most_13() {
    let world = World::new();
    let item = json!({"type": "action",
        "action": {"type": "message", "label": "運費", "text": "運費"}});
    let with = |count: usize| {
        let mut message = text("請選擇");
        message["quickReply"] = json!({"items": vec![item.clone(); count]});
        world.validates(json!([message])).status
    };
    assert_eq!((with(13), with(14)), (200, 400));
}

#[test]
fn media_is_https_only_and_percent_encoded() {
    let world = World::new();
    for (url, status) in [
        ("https://example.com/a.png", 200),
        ("http://example.com/a.png", 400),
        ("https://example.com/圖.png", 400),
    ] {
        let image = json!({"type": "image", "originalContentUrl": url, "previewImageUrl": url});
        assert_eq!(world.validates(json!([image])).status, status, "{url}");
    }
}

#[test]
fn a_flex_bubble_is_at_most_30_kilobytes() {
    let world = World::new();
    let with = |bytes: usize| {
        let part = json!({"type": "text", "text": "x".repeat(1_000)});
        json!([{"type": "flex", "altText": "訂單", "contents": {"type": "bubble", "body":
            {"type": "box", "layout": "vertical", "contents": vec![part; bytes / 1_000]}}}])
    };
    assert_eq!(world.validates(with(20_000)).status, 200);
    assert_eq!(
        property_of(&world.validates(with(31_000))),
        "messages[0].contents"
    );
}

#[test]
fn a_quote_token_belongs_to_its_chat() {
    let world = World::new();
    let (one, other) = (world.customer(), world.customer());
    let token = event(&world.says(&one))["message"]["quoteToken"].clone();
    let quoting = |to: &str| {
        let mut message = text("這個");
        message["quoteToken"] = token.clone();
        let body = json!({"to": to, "messages": [message]});
        world.call("POST", "/v2/bot/message/push", &body).status
    };
    assert_eq!((quoting(&one), quoting(&other)), (200, 400));
}

#[test]
fn only_the_newest_message_offers_quick_replies() {
    let world = World::new();
    let user = world.customer();
    let mut message = text("請選擇");
    message["quickReply"] = json!({"items": [{"type": "action",
        "action": {"type": "message", "label": "運費", "text": "運費"}}]});
    let body = json!({"to": user, "messages": [message]});
    assert_eq!(
        world.call("POST", "/v2/bot/message/push", &body).status,
        200
    );
    let offers = || {
        let entries = world.platform.thread("main", &user).unwrap().entries;
        entries
            .iter()
            .filter(|entry| entry.quick_reply.is_some())
            .count()
    };
    assert_eq!(offers(), 1);
    world.says(&user);
    assert_eq!(offers(), 0);
}

// Faults and the journal.

#[test]
fn the_journal_tells_an_accepted_call_from_what_the_caller_was_told() {
    let world = World::new();
    let user = world.customer();
    world.platform.set_faults(Faults {
        error_after: Some(Fault {
            count: Some(1),
            endpoints: vec!["push".to_owned()],
            ..Fault::default()
        }),
        ..Faults::default()
    });
    let body = json!({"to": user, "messages": [text("到貨了")]}).to_string();
    let request = Request {
        method: "POST",
        path: "/v2/bot/message/push",
        authorization: Some("Bearer token"),
        content_type: JSON,
        retry_key: Some(KEY),
        body: body.as_bytes(),
        ..Request::default()
    };
    let send = || {
        world
            .platform
            .handle(&request, world.platform.plan("POST", request.path))
    };
    let told = send();
    assert_eq!((told.answer.status, told.told), (500, Told::Answer));
    let call = world.last_call();
    assert!(call.accepted && call.doubt);
    assert_eq!(call.fault.as_deref(), Some("errorAfter"));
    assert_eq!(
        (&call.deliveries[0].to, call.messages()),
        (&user, vec![text("到貨了")])
    );
    assert_eq!(
        send().answer.status,
        409,
        "the count is used up and the key was accepted"
    );
    assert!(!world.last_call().doubt);
    assert_eq!(
        world.platform.thread("main", &user).unwrap().entries.len(),
        1
    );
}

#[test]
fn faults_before_the_decision_do_nothing() {
    let world = World::new();
    let minted = world.says(&world.customer());
    let on = || Some(Fault::default());
    for faults in [
        Faults {
            outage: on(),
            ..Faults::default()
        },
        Faults {
            error_before: on(),
            ..Faults::default()
        },
        Faults {
            reset_before: on(),
            ..Faults::default()
        },
        Faults {
            hang_before: on(),
            ..Faults::default()
        },
        Faults {
            rate_limit: on(),
            ..Faults::default()
        },
    ] {
        world.platform.set_faults(faults);
        let body = json!({"replyToken": token_of(&minted), "messages": [text("ok")]}).to_string();
        let request = Request {
            method: "POST",
            path: "/v2/bot/message/reply",
            authorization: Some("Bearer token"),
            content_type: JSON,
            body: body.as_bytes(),
            ..Request::default()
        };
        world
            .platform
            .handle(&request, world.platform.plan("POST", request.path));
        let call = world.last_call();
        assert!(!call.accepted && !call.doubt && call.fault.is_some());
    }
    world.platform.set_faults(Faults::default());
    assert_eq!(world.reply(token_of(&minted)).status, 200);
}

#[test]
fn token_life_can_be_shortened_on_demand() {
    let world = World::new();
    let minted = world.says(&world.customer());
    world.platform.set_faults(Faults {
        token_life_ms: Some(1_000),
        ..Faults::default()
    });
    world.clock.advance(1_001);
    assert_eq!(world.reply(token_of(&minted)).status, 400);
}

#[test]
fn journal_entries_survive_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.jsonl");
    let world = World::with(|options| options.journal_file = Some(file.clone()));
    let minted = world.says(&world.customer());
    world.reply(token_of(&minted));
    world.get("/v2/bot/info");
    world.platform.journal().flush().unwrap();
    let kept: Vec<_> = world.platform.journal().entries_since(0);
    let read = hotline::simulator::journal::read_file(&file).unwrap();
    assert_eq!(
        read,
        kept.iter()
            .map(|entry| (**entry).clone())
            .collect::<Vec<_>>()
    );
    assert_eq!(
        read.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        [1, 2]
    );
}

#[test]
fn a_torn_last_line_is_left_out_and_a_torn_middle_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.jsonl");
    let world = World::with(|options| options.journal_file = Some(file.clone()));
    world.get("/v2/bot/info");
    world.platform.journal().flush().unwrap();
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{whole}{{\"seq\":2,")).unwrap();
    assert_eq!(
        hotline::simulator::journal::read_file(&file).unwrap().len(),
        1
    );
    std::fs::write(&file, format!("{{\"seq\"\n{whole}")).unwrap();
    assert!(hotline::simulator::journal::read_file(&file).is_err());
}

#[test]
fn a_full_ring_forgets_the_oldest_entries_only() {
    let world = World::with(|options| options.journal_keep = Some(3));
    for _ in 0..5 {
        world.get("/v2/bot/info");
    }
    let journal = world.platform.journal();
    let numbers = |after| -> Vec<u64> {
        journal
            .entries_since(after)
            .iter()
            .map(|entry| entry.seq)
            .collect()
    };
    assert_eq!(
        (numbers(0), numbers(4), numbers(9)),
        (vec![3, 4, 5], vec![5], vec![])
    );
}

#[test]
fn delivery_settings_have_lines_defaults() {
    let delivery = Delivery::default();
    assert!(!delivery.redelivery && !delivery.standby && !delivery.shuffle);
}
