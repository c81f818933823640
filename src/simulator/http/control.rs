//! The control API under `/sim/`: JSON, for the phone page and for tests in other processes.

use super::common::{channel, no_channel, no_chat, parse, refuse};
use super::switches;
use crate::simulator::actions::{Action, ActionError};
use crate::simulator::platform::Platform;
use crate::simulator::summary;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

/// Most customers of one campaign.
const CAMPAIGN_MAX: usize = 10_000;

/// Most entries of one page of the journal.
const JOURNAL_PAGE: usize = 1_000;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/sim/state", web::get().to(state))
        .route("/sim/customers", web::get().to(customers))
        .route("/sim/customers", web::post().to(create))
        .route("/sim/customers/{user}/actions", web::post().to(act))
        .route("/sim/customers/{user}/thread", web::get().to(thread))
        .route("/sim/customers/{user}/richmenu", web::get().to(menu))
        .route("/sim/groups", web::post().to(group))
        .route("/sim/groups/{group}/members", web::post().to(member))
        .route("/sim/campaign", web::post().to(campaign))
        .route("/sim/faults", web::get().to(switches::faults))
        .route("/sim/faults", web::put().to(switches::set_faults))
        .route("/sim/delivery", web::get().to(switches::delivery))
        .route("/sim/delivery", web::put().to(switches::set_delivery))
        .route("/sim/redeliver", web::post().to(switches::redeliver))
        .route("/sim/quota", web::put().to(switches::quota))
        .route("/sim/webhook", web::put().to(switches::webhook))
        .route("/sim/journal", web::get().to(journal));
}

fn not_done(error: &ActionError) -> HttpResponse {
    let status = match error {
        ActionError::NoChannel(_) | ActionError::NoChat(_) | ActionError::NoMessage(_) => 404,
        ActionError::Blocked(_) => 409,
        _ => 400,
    };
    refuse(status, &error.to_string())
}

pub(super) async fn unknown(request: HttpRequest) -> HttpResponse {
    let (method, path) = (request.method(), request.path());
    let known = "state, customers, groups, campaign, assistant, orders, faults, delivery, redeliver, quota, webhook, \
                 journal, stream (docs/simulator.md, \"Control API\")";
    refuse(
        404,
        &format!("no control {method} {path}, allowed below /sim/: {known}"),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    channel: Option<String>,
}

async fn state(platform: web::Data<Platform>) -> HttpResponse {
    let now = platform.now();
    let mut customers = Vec::new();
    let channels: Vec<Value> = platform
        .channels()
        .iter()
        .map(|channel| {
            customers.extend(platform.customers(channel.id()));
            let (limit, used) = channel.usage(now);
            let menus = channel
                .menus
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            let errors: serde_json::Map<String, Value> = channel
                .webhook_errors
                .iter()
                .map(|count| ((*count.key()).to_owned(), json!(*count)))
                .collect();
            json!({"id": channel.id(), "name": channel.options().name,
                "destination": channel.options().destination,
                "webhookUrl": channel.webhook_url(), "quota": limit, "used": used,
                "webhookErrors": errors,
                "richMenu": {"count": menus.menus.len(), "default": menus.default,
                    "linked": menus.links.len()}})
        })
        .collect();
    let first = channels.first();
    let quota = first.map(|one| json!({"limit": one["quota"], "used": one["used"]}));
    let menu = first.map(|one| one["richMenu"].clone());
    HttpResponse::Ok().json(json!({"channels": channels, "customers": customers,
        "faults": platform.faults(), "delivery": *platform.delivery(),
        "tokenLifeMs": platform.reply_tokens.life(), "quota": quota, "richMenu": menu,
        "now": now, "lastSeq": platform.journal().last_seq()}))
}

async fn customers(query: web::Query<Named>, platform: web::Data<Platform>) -> HttpResponse {
    match channel(&platform, query.channel.as_deref()) {
        Some(found) => HttpResponse::Ok().json(platform.customers(found.id())),
        None => no_channel(&platform, query.channel.as_deref()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCustomer {
    name: Option<String>,
    language: Option<String>,
    channel: Option<String>,
    /// True: adds the account as anybody does, and LINE sends `follow`. False (the default): is a
    /// friend since long ago, without any event.
    #[serde(default)]
    follow: bool,
}

async fn create(body: web::Bytes, platform: web::Data<Platform>) -> HttpResponse {
    let wanted: NewCustomer = match parse(&body) {
        Ok(wanted) => wanted,
        Err(why) => return refuse(400, &why),
    };
    let Some(found) = channel(&platform, wanted.channel.as_deref()) else {
        return no_channel(&platform, wanted.channel.as_deref());
    };
    let language = wanted.language.as_deref().unwrap_or("zh-TW");
    let Some(view) = platform.create_customer(found.id(), wanted.name.as_deref(), language) else {
        return no_channel(&platform, wanted.channel.as_deref());
    };
    let mut answer = json!(view);
    if wanted.follow {
        match platform.act(found.id(), &view.user_id, None, &Action::Follow {}) {
            Ok(minted) => answer["webhookEventId"] = json!(minted.webhook_event_id),
            Err(error) => return not_done(&error),
        }
    }
    HttpResponse::Ok().json(answer)
}

/// Where an action happens; the rest of the body is the action.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Where {
    channel: Option<String>,
    group_id: Option<String>,
}

/// Place and action out of one flat object; a field that belongs to neither is refused.
fn place_and_action(body: &[u8]) -> Result<(Where, Action), String> {
    let place = parse(body)?;
    let mut action: serde_json::Map<String, Value> = parse(body)?;
    action.remove("channel");
    action.remove("groupId");
    let action = serde_json::from_value(Value::Object(action)).map_err(|why| why.to_string())?;
    Ok((place, action))
}

async fn act(
    user: web::Path<String>,
    body: web::Bytes,
    platform: web::Data<Platform>,
) -> HttpResponse {
    let (place, action) = match place_and_action(&body) {
        Ok(both) => both,
        Err(why) => return refuse(400, &why),
    };
    if let Some(named) = &place.channel
        && platform.channel(named).is_none()
    {
        return no_channel(&platform, Some(named));
    }
    let Some(found) = platform.channel_of(&user, place.channel.as_deref()) else {
        return no_chat(&user);
    };
    let id = found.id().clone();
    match platform.act(&id, &user, place.group_id.as_deref(), &action) {
        Ok(minted) => HttpResponse::Ok().json(json!({
            "webhookEventId": minted.webhook_event_id, "messageId": minted.message_id})),
        Err(error) => not_done(&error),
    }
}

async fn thread(
    chat: web::Path<String>,
    query: web::Query<Named>,
    platform: web::Data<Platform>,
) -> HttpResponse {
    let view = platform
        .channel_of(&chat, query.channel.as_deref())
        .and_then(|channel| platform.thread(channel.id(), &chat));
    match view {
        Some(view) => HttpResponse::Ok().json(view),
        None => no_chat(&chat),
    }
}

async fn menu(
    user: web::Path<String>,
    query: web::Query<Named>,
    platform: web::Data<Platform>,
) -> HttpResponse {
    match platform.channel_of(&user, query.channel.as_deref()) {
        Some(channel) => HttpResponse::Ok().json(platform.menu_of(channel, &user)),
        None => no_chat(&user),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewGroup {
    channel: Option<String>,
    #[serde(default)]
    name: String,
    members: Vec<String>,
    #[serde(default)]
    room: bool,
}

async fn group(body: web::Bytes, platform: web::Data<Platform>) -> HttpResponse {
    let wanted: NewGroup = match parse(&body) {
        Ok(wanted) => wanted,
        Err(why) => return refuse(400, &why),
    };
    let Some(found) = channel(&platform, wanted.channel.as_deref()) else {
        return no_channel(&platform, wanted.channel.as_deref());
    };
    let members: Vec<&str> = wanted.members.iter().map(String::as_str).collect();
    match platform.create_group(found.id(), &wanted.name, &members, wanted.room) {
        Ok((id, minted)) => HttpResponse::Ok().json(json!({
            "groupId": id, "webhookEventId": minted.webhook_event_id})),
        Err(error) => not_done(&error),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Member {
    channel: Option<String>,
    user_id: String,
    /// False: leaves.
    #[serde(default = "yes")]
    joins: bool,
}

fn yes() -> bool {
    true
}

async fn member(
    group: web::Path<String>,
    body: web::Bytes,
    platform: web::Data<Platform>,
) -> HttpResponse {
    let wanted: Member = match parse(&body) {
        Ok(wanted) => wanted,
        Err(why) => return refuse(400, &why),
    };
    let Some(found) = platform.channel_of(&group, wanted.channel.as_deref()) else {
        return no_chat(&group);
    };
    match platform.group_member(found.id(), &group, &wanted.user_id, wanted.joins) {
        Ok(minted) => HttpResponse::Ok().json(json!({"webhookEventId": minted.webhook_event_id})),
        Err(error) => not_done(&error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Campaign {
    count: usize,
    text: String,
    channel: Option<String>,
}

/// So many new customers write the same words at once.
async fn campaign(body: web::Bytes, platform: web::Data<Platform>) -> HttpResponse {
    let wanted: Campaign = match parse(&body) {
        Ok(wanted) => wanted,
        Err(why) => return refuse(400, &why),
    };
    if wanted.count == 0 || wanted.count > CAMPAIGN_MAX {
        return refuse(
            400,
            &format!("count: {}, allowed: 1 to {CAMPAIGN_MAX}", wanted.count),
        );
    }
    let Some(found) = channel(&platform, wanted.channel.as_deref()) else {
        return no_channel(&platform, wanted.channel.as_deref());
    };
    let action = Action::Text {
        text: wanted.text,
        mention: false,
        quoted_message_id: None,
    };
    let mut users = Vec::with_capacity(wanted.count);
    for _ in 0..wanted.count {
        let Some(view) = platform.create_customer(found.id(), None, "zh-TW") else {
            return no_channel(&platform, wanted.channel.as_deref());
        };
        if let Err(error) = platform.act(found.id(), &view.user_id, None, &action) {
            return not_done(&error);
        }
        users.push(view.user_id);
    }
    HttpResponse::Ok().json(json!({"count": users.len(), "userIds": users}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(default)]
    after: u64,
    limit: Option<usize>,
    /// Without bodies.
    #[serde(default)]
    summary: bool,
}

async fn journal(query: web::Query<Page>, platform: web::Data<Platform>) -> HttpResponse {
    let limit = query.limit.unwrap_or(100).min(JOURNAL_PAGE);
    let entries = platform.journal().page(query.after, limit);
    let last = platform.journal().last_seq();
    if query.summary {
        let short: Vec<_> = entries.iter().map(|entry| summary::of(entry)).collect();
        return HttpResponse::Ok().json(json!({"entries": short, "lastSeq": last}));
    }
    HttpResponse::Ok().json(json!({"entries": entries, "lastSeq": last}))
}
