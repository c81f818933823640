//! Switches of the control API: faults, delivery, redelivery, quota, webhook URL.

use super::common::{channel, no_channel, parse, refuse};
use crate::simulator::faults::Faults;
use crate::simulator::options::{self, Delivery, Quota};
use crate::simulator::platform::Platform;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

pub(super) async fn faults(platform: web::Data<Platform>) -> HttpResponse {
    HttpResponse::Ok().json(platform.faults())
}

pub(super) async fn set_faults(body: web::Bytes, platform: web::Data<Platform>) -> HttpResponse {
    let wanted = parse::<Faults>(&body).and_then(|wanted| {
        wanted.check().map_err(|why| why.to_string())?;
        Ok(wanted)
    });
    match wanted {
        Ok(wanted) => {
            platform.set_faults(wanted);
            platform.watchers.tell("faults", || platform.faults());
            HttpResponse::Ok().json(platform.faults())
        }
        Err(why) => refuse(400, &why),
    }
}

pub(super) async fn delivery(platform: web::Data<Platform>) -> HttpResponse {
    HttpResponse::Ok().json(&*platform.delivery())
}

pub(super) async fn set_delivery(body: web::Bytes, platform: web::Data<Platform>) -> HttpResponse {
    let wanted = parse::<Delivery>(&body).and_then(|wanted| {
        wanted.check()?;
        Ok(wanted)
    });
    match wanted {
        Ok(wanted) => {
            platform.set_delivery(wanted);
            HttpResponse::Ok().json(&*platform.delivery())
        }
        Err(why) => refuse(400, &why),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Redeliver {
    on: bool,
    count: Option<u32>,
    interval_ms: Option<u64>,
}

pub(super) async fn redeliver(body: web::Bytes, platform: web::Data<Platform>) -> HttpResponse {
    match parse::<Redeliver>(&body) {
        Ok(wanted) => {
            let mut changed = (*platform.delivery()).clone();
            changed.redelivery = wanted.on;
            changed.redelivery_count = wanted.count.unwrap_or(changed.redelivery_count);
            let interval = wanted.interval_ms;
            changed.redelivery_interval_ms = interval.unwrap_or(changed.redelivery_interval_ms);
            platform.set_delivery(changed);
            HttpResponse::Ok().json(&*platform.delivery())
        }
        Err(why) => refuse(400, &why),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewQuota {
    channel: Option<String>,
    /// `null` or absent: no limit.
    limit: Option<u64>,
}

pub(super) async fn quota(body: web::Bytes, platform: web::Data<Platform>) -> HttpResponse {
    let wanted: NewQuota = match parse(&body) {
        Ok(wanted) => wanted,
        Err(why) => return refuse(400, &why),
    };
    let Some(found) = channel(&platform, wanted.channel.as_deref()) else {
        return no_channel(&platform, wanted.channel.as_deref());
    };
    let limit = wanted.limit.map_or(Quota::None, Quota::Limited);
    platform.set_quota(found.id(), limit);
    HttpResponse::Ok().json(json!({ "quota": limit }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWebhook {
    channel: Option<String>,
    url: Option<String>,
}

pub(super) async fn webhook(body: web::Bytes, platform: web::Data<Platform>) -> HttpResponse {
    let wanted: NewWebhook = match parse(&body) {
        Ok(wanted) => wanted,
        Err(why) => return refuse(400, &why),
    };
    let Some(found) = channel(&platform, wanted.channel.as_deref()) else {
        return no_channel(&platform, wanted.channel.as_deref());
    };
    if let Some(url) = &wanted.url
        && let Err(why) = options::webhook_url(url)
    {
        return refuse(400, &format!("url: {why}"));
    }
    platform.set_webhook_url(found.id(), wanted.url.as_deref());
    HttpResponse::Ok().json(json!({ "webhookUrl": found.webhook_url() }))
}
