//! Sends webhooks as LINE does: signed, batched, within two seconds, and gives up as LINE does.
//!
//! One customer always uses the same lane and a lane has one request in flight, so events of a
//! customer arrive in order unless disorder is asked for. Source: LINE docs, "Receive messages",
//! "Check webhook error causes and statistics".

use super::events::{self, Minted};
use super::journal::{WebhookCall, What};
use super::options::{Delivery, WEBHOOK_TIMEOUT_MS};
use super::platform::{Channel, Platform};
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// What LINE's sender calls itself (seen in the wild, not documented).
const USER_AGENT: &str = "LineBotWebhook/2.0";

/// Starts the lanes of every channel on the current runtime. They end with [`stop`].
pub(super) fn start(platform: &Arc<Platform>, lanes: usize) -> Result<(), reqwest::Error> {
    let client = client()?;
    for channel in &platform.channels {
        let mut senders = Vec::new();
        for _ in 0..lanes.max(1) {
            let (sender, queue) = unbounded_channel();
            senders.push(sender);
            let (platform, channel, client) = (platform.clone(), channel.clone(), client.clone());
            tokio::spawn(lane(platform, channel, client, queue));
        }
        *channel
            .lanes
            .write()
            .unwrap_or_else(PoisonError::into_inner) = senders;
    }
    Ok(())
}

/// Ends the lanes: what is queued is lost.
pub(super) fn stop(platform: &Platform) {
    for channel in &platform.channels {
        channel
            .lanes
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

pub(super) fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .timeout(Duration::from_millis(WEBHOOK_TIMEOUT_MS))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
}

async fn lane(
    platform: Arc<Platform>,
    channel: Arc<Channel>,
    client: reqwest::Client,
    mut queue: UnboundedReceiver<Minted>,
) {
    while let Some(first) = queue.recv().await {
        let delivery = platform.delivery();
        if delivery.linger_ms > 0 {
            tokio::time::sleep(Duration::from_millis(delivery.linger_ms)).await;
        }
        let mut batch = vec![first];
        while batch.len() < delivery.max_events.max(1) {
            match queue.try_recv() {
                Ok(next) => batch.push(next),
                Err(_) => break,
            }
        }
        disturb(&platform, &delivery, &mut batch);
        deliver(&platform, &channel, &client, batch).await;
    }
}

/// Duplicates and disorder on demand.
fn disturb(platform: &Platform, delivery: &Delivery, batch: &mut Vec<Minted>) {
    if delivery.duplicates > 0.0 {
        let again: Vec<Minted> = batch
            .iter()
            .filter(|_| platform.ids.chance() < delivery.duplicates)
            .cloned()
            .collect();
        batch.extend(again);
    }
    if delivery.shuffle {
        for i in (1..batch.len()).rev() {
            let j = (platform.ids.bits() % (i as u64 + 1)) as usize;
            batch.swap(i, j);
        }
    }
}

/// Sends one request; when it fails and redelivery is on, the next tries run beside the lane.
async fn deliver(
    platform: &Arc<Platform>,
    channel: &Arc<Channel>,
    client: &reqwest::Client,
    batch: Vec<Minted>,
) {
    // Looked at before the try: switching redelivery on does not bring back what was lost.
    let again = platform.delivery().redelivery;
    if attempt(platform, channel, client, &batch, 0).await || !again {
        return;
    }
    let (platform, channel, client) = (platform.clone(), channel.clone(), client.clone());
    tokio::spawn(async move {
        let mut tries = 1;
        loop {
            let delivery = platform.delivery();
            if !delivery.redelivery || tries > delivery.redelivery_count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(delivery.redelivery_interval_ms)).await;
            if attempt(&platform, &channel, &client, &batch, tries).await {
                return;
            }
            tries += 1;
        }
    });
}

/// One try to deliver a batch; true when nothing more is to be done about it.
async fn attempt(
    platform: &Platform,
    channel: &Channel,
    client: &reqwest::Client,
    batch: &[Minted],
    tries: u32,
) -> bool {
    let Some(url) = channel.webhook_url() else {
        return true;
    };
    for minted in batch {
        if let Some(token) = &minted.reply_token {
            platform.arm(token);
        }
    }
    let texts: Vec<Arc<str>> = batch
        .iter()
        .map(|minted| match tries {
            0 => minted.event.clone(),
            _ => events::redelivered(&minted.event).into(),
        })
        .collect();
    let body = events::body(&channel.options.destination, &texts);
    let ids = batch
        .iter()
        .map(|minted| minted.webhook_event_id.clone())
        .collect();
    post(platform, channel, client, &url, body, ids, tries).await
}

/// One signed request, journaled; true when it was acknowledged.
async fn post(
    platform: &Platform,
    channel: &Channel,
    client: &reqwest::Client,
    url: &str,
    body: String,
    event_ids: Vec<String>,
    attempt: u32,
) -> bool {
    let sent_at = platform.now();
    let started = Instant::now();
    let outcome = send(channel, client, url, &body).await;
    let (status, error) = match outcome {
        Ok(status) if (200..300).contains(&status) => (status, None),
        Ok(status) => (status, Some("error_status_code")),
        Err(error) => (0, Some(reason(&error))),
    };
    if let Some(error) = error {
        *channel.webhook_errors.entry(error).or_default() += 1;
    }
    let call = WebhookCall {
        url: url.to_owned(),
        body,
        event_ids,
        sent_at,
        status,
        took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        error: error.map(str::to_owned),
        attempt,
    };
    let acknowledged = call.acknowledged();
    let what = What::Webhook(Box::new(call));
    let entry = platform
        .journal
        .append(platform.now(), channel.id.clone(), what);
    platform
        .watchers
        .tell("journal", || super::summary::of(&entry));
    acknowledged
}

async fn send(
    channel: &Channel,
    client: &reqwest::Client,
    url: &str,
    body: &str,
) -> Result<u16, reqwest::Error> {
    let signature = events::signature(&channel.options.secret, body.as_bytes());
    let answer = client
        .post(url)
        .header("content-type", "application/json; charset=utf-8")
        .header("x-line-signature", signature)
        .body(body.to_owned())
        .send()
        .await?;
    Ok(answer.status().as_u16())
}

/// LINE's words for failures. Source: LINE docs, "Check webhook error causes and statistics".
fn reason(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "request_timeout"
    } else if error.is_connect() || error.is_request() {
        "could_not_connect"
    } else {
        "unclassified"
    }
}

/// The test call of a webhook URL: no events; the answer of LINE's test endpoint.
pub(super) async fn test(platform: &Platform, channel: &Channel, url: &str) -> Value {
    let none: [&str; 0] = [];
    let body = events::body(&channel.options.destination, &none);
    let at = super::clock::iso(platform.now());
    let outcome = match client() {
        Ok(client) => send(channel, &client, url, &body).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(status) => {
            let fine = (200..300).contains(&status);
            json!({"success": fine, "timestamp": at, "statusCode": status,
                "reason": if fine { "OK" } else { "ERROR_STATUS_CODE" },
                "detail": status.to_string()})
        }
        Err(error) => json!({"success": false, "timestamp": at, "statusCode": 0,
            "reason": reason(&error).to_uppercase(), "detail": "Connection failed"}),
    }
}
