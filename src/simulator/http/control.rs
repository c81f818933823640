//! The control API under `/sim/`: JSON, for the phone page and for tests in other processes.

use super::common::{channel, parse, refuse};
use super::switches;
use crate::simulator::actions::{Action, ActionError};
use crate::simulator::platform::Platform;
use crate::simulator::summary;
use actix_web::{HttpResponse, web};
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

pub(super) async fn unknown() -> HttpResponse {
    refuse(404, "no such control")
}

#[derive(Deserialize)]
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
        None => refuse(404, "no such channel"),
    }
}

#[derive(Deserialize)]
struct NewCustomer {
    name: Option<String>,
    language: Option<String>,
    channel: Option<String>,
}

async fn create(body: web::Bytes, platform: web::Data<Platform>) -> HttpResponse {
    let wanted: NewCustomer = match parse(&body) {
        Ok(wanted) => wanted,
        Err(why) => return refuse(400, &why),
    };
    let Some(found) = channel(&platform, wanted.channel.as_deref()) else {
        return refuse(404, "no such channel");
    };
    let language = wanted.language.as_deref().unwrap_or("zh-TW");
    match platform.create_customer(found.id(), wanted.name.as_deref(), language) {
        Some(view) => HttpResponse::Ok().json(view),
        None => refuse(404, "no such channel"),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Where {
    channel: Option<String>,
    group_id: Option<String>,
}

async fn act(
    user: web::Path<String>,
    body: web::Bytes,
    platform: web::Data<Platform>,
) -> HttpResponse {
    let (place, action): (Where, Action) = match (parse(&body), parse(&body)) {
        (Ok(place), Ok(action)) => (place, action),
        (Err(why), _) | (_, Err(why)) => return refuse(400, &why),
    };
    let Some(found) = platform.channel_of(&user, place.channel.as_deref()) else {
        return refuse(404, "no such customer");
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
        None => refuse(404, "no such customer"),
    }
}

async fn menu(
    user: web::Path<String>,
    query: web::Query<Named>,
    platform: web::Data<Platform>,
) -> HttpResponse {
    match platform.channel_of(&user, query.channel.as_deref()) {
        Some(channel) => HttpResponse::Ok().json(platform.menu_of(channel, &user)),
        None => refuse(404, "no such customer"),
    }
}

#[derive(Deserialize)]
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
        return refuse(404, "no such channel");
    };
    let members: Vec<&str> = wanted.members.iter().map(String::as_str).collect();
    match platform.create_group(found.id(), &wanted.name, &members, wanted.room) {
        Ok((id, minted)) => HttpResponse::Ok().json(json!({
            "groupId": id, "webhookEventId": minted.webhook_event_id})),
        Err(error) => not_done(&error),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
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
        return refuse(404, "no such group");
    };
    match platform.group_member(found.id(), &group, &wanted.user_id, wanted.joins) {
        Ok(minted) => HttpResponse::Ok().json(json!({"webhookEventId": minted.webhook_event_id})),
        Err(error) => not_done(&error),
    }
}

#[derive(Deserialize)]
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
        return refuse(400, "count must be 1 to 10000");
    }
    let Some(found) = channel(&platform, wanted.channel.as_deref()) else {
        return refuse(404, "no such channel");
    };
    let action = Action::Text {
        text: wanted.text,
        mention: false,
        quoted_message_id: None,
    };
    let mut users = Vec::with_capacity(wanted.count);
    for _ in 0..wanted.count {
        let Some(view) = platform.create_customer(found.id(), None, "zh-TW") else {
            return refuse(404, "no such channel");
        };
        if let Err(error) = platform.act(found.id(), &view.user_id, None, &action) {
            return not_done(&error);
        }
        users.push(view.user_id);
    }
    HttpResponse::Ok().json(json!({"count": users.len(), "userIds": users}))
}

#[derive(Deserialize)]
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
