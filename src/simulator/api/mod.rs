//! LINE's API as a function: a request goes in, an answer comes out, the journal knows why.
//!
//! Law: decides and journals in one synchronous step; waiting, hanging and closing connections are
//! the shell's. Order of refusals: size, token, rate, media type, then the endpoint's own rules.

mod answer;
mod chat;
mod content;
mod menus;
mod menus_links;
mod oauth;
mod send;
mod sending;
mod settings;

pub use answer::{Answer, Handled, Request};

use super::endpoints::{self, Endpoint, Route};
use super::faults::{Instead, Plan};
use super::journal::{Call, Told, What};
use super::platform::{Channel, Platform};
use answer::Outcome;
use std::sync::Arc;

/// Largest request LINE takes. Source: LINE reference, "Status codes": 413.
pub const REQUEST_MAX: usize = 2 * 1_024 * 1_024;

/// Everything an endpoint needs.
pub(super) struct Ctx<'a> {
    pub platform: &'a Platform,
    pub channel: &'a Arc<Channel>,
    pub request: &'a Request<'a>,
    pub route: Route<'a>,
    pub request_id: &'a str,
    pub now: u64,
}

impl Platform {
    /// Rolls the faults for a call. The shell waits `before_ms` and then calls
    /// [`Platform::handle`].
    pub fn plan(&self, method: &str, path: &str) -> Plan {
        let name = endpoints::route(method, path).map_or("unknown", |found| found.endpoint.name());
        self.faults.roll(name, &self.ids)
    }

    /// Decides a call without injected faults.
    pub fn call(&self, request: &Request<'_>) -> Answer {
        self.handle(request, Plan::default()).answer
    }

    /// Decides a call, writes it down, and says what the caller is to be told.
    pub fn handle(&self, request: &Request<'_>, plan: Plan) -> Handled {
        let now = self.now();
        let request_id = self.ids.request();
        let route = endpoints::route(request.method, request.path);
        let bearer = request
            .authorization
            .and_then(|header| header.strip_prefix("Bearer "))
            .unwrap_or_default();
        let channel = self
            .access
            .channel(bearer.trim(), now)
            .and_then(|index| self.channels.get(index));
        let outcome = match plan.instead {
            Some(instead) => Outcome::injected(instead),
            None => self.decide(request, route, channel, &request_id, now),
        };
        self.conclude(request, route, channel, plan, outcome, request_id, now)
    }

    fn decide(
        &self,
        request: &Request<'_>,
        route: Option<Route<'_>>,
        channel: Option<&Arc<Channel>>,
        request_id: &str,
        now: u64,
    ) -> Outcome {
        let Some(route) = route else {
            return if endpoints::known_path(request.path) {
                Outcome::refuse(405, "Method not allowed", "method")
            } else {
                Outcome::refuse(404, "Not found", "no such endpoint")
            };
        };
        if request.body.len() > REQUEST_MAX {
            return Outcome::refuse(413, "Request entity too large", "request over 2 MB");
        }
        if let Some(outcome) = oauth::answer(self, request, route.endpoint, now) {
            return outcome;
        }
        let Some(channel) = channel else {
            let text = "Authentication failed. Confirm that the access token in the authorization \
                        header is valid.";
            return Outcome::refuse(401, text, "access token is missing, unknown or expired");
        };
        if !channel.buckets.take(route.endpoint, now) {
            return Outcome::refuse(429, answer::RATE_TEXT, "rate limit");
        }
        if request.method != "GET"
            && !request.body.is_empty()
            && route.endpoint != Endpoint::MenuImagePut
            && !request.says_json()
        {
            return Outcome::refuse(415, "Unsupported media type", "content type is not JSON");
        }
        let ctx = Ctx {
            platform: self,
            channel,
            request,
            route,
            request_id,
            now,
        };
        dispatch(&ctx)
    }

    #[allow(clippy::too_many_arguments)] // one call's parts, each used once
    fn conclude(
        &self,
        request: &Request<'_>,
        route: Option<Route<'_>>,
        channel: Option<&Arc<Channel>>,
        plan: Plan,
        mut outcome: Outcome,
        request_id: String,
        now: u64,
    ) -> Handled {
        let accepted = outcome.accepted && plan.instead.is_none();
        let effect = accepted && request.method != "GET";
        let told = match plan.instead.or(plan.said) {
            Some(Instead::Close) => Told::Closed,
            Some(Instead::Hang) => Told::Hung,
            Some(instead) if plan.said.is_some() => {
                let said = Outcome::injected(instead);
                outcome.status = said.status;
                outcome.body = said.body;
                outcome.content_type = said.content_type;
                Told::Answer
            }
            _ => Told::Answer,
        };
        let wait_ms = plan.before_ms + plan.after_ms;
        let silent = told != Told::Answer;
        let call = Call {
            endpoint: route
                .map_or("unknown", |found| found.endpoint.name())
                .to_owned(),
            method: request.method.to_owned(),
            path: request.full_path(),
            request_id: request_id.clone(),
            retry_key: request.retry_key.map(str::to_owned),
            content_type: request.content_type.map(str::to_owned),
            body: answer::as_text(request.body),
            status: if silent { 0 } else { outcome.status },
            response: if silent {
                String::new()
            } else {
                answer::as_text(&outcome.body)
            },
            told,
            wait_ms,
            accepted,
            reason: outcome.reason.take(),
            billed: outcome.billed,
            reply_token: outcome.reply_token.take(),
            token_age_ms: outcome.token_age_ms,
            deliveries: std::mem::take(&mut outcome.deliveries),
            fault: plan.name.map(str::to_owned),
            doubt: effect && plan.said.is_some(),
            violation: outcome.violation.take(),
        };
        let alias = channel.map_or_else(|| Arc::from(""), |channel| channel.id.clone());
        let entry = self.journal.append(now, alias, What::Call(Box::new(call)));
        self.watchers.tell("journal", || super::summary::of(&entry));
        Handled {
            told,
            after_ms: plan.after_ms,
            seq: entry.seq,
            test: outcome.test.take(),
            answer: Answer {
                status: outcome.status,
                content_type: outcome.content_type,
                body: outcome.body,
                request_id,
                accepted_request_id: outcome.accepted_request_id,
            },
        }
    }
}

fn dispatch(ctx: &Ctx<'_>) -> Outcome {
    use Endpoint as E;
    match ctx.route.endpoint {
        E::Reply => send::reply(ctx),
        E::Push => send::push(ctx),
        E::Multicast => send::multicast(ctx),
        E::Narrowcast => send::narrowcast(ctx),
        E::NarrowcastProgress => send::narrowcast_progress(ctx),
        E::Broadcast => send::broadcast(ctx),
        E::ValidateReply
        | E::ValidatePush
        | E::ValidateMulticast
        | E::ValidateNarrowcast
        | E::ValidateBroadcast => send::validate(ctx),
        E::Loading => chat::loading(ctx),
        E::MarkAsRead => chat::mark_as_read(ctx),
        E::MarkAsReadByUser => chat::mark_as_read_by_user(ctx),
        E::Profile => chat::profile(ctx),
        E::Followers => chat::followers(ctx),
        E::GroupMember | E::RoomMember => chat::member(ctx),
        E::GroupMembers | E::RoomMembers => chat::members(ctx),
        E::GroupCount | E::RoomCount => chat::count(ctx),
        E::GroupSummary => chat::summary(ctx),
        E::GroupLeave | E::RoomLeave => chat::leave(ctx),
        E::LinkToken => chat::link_token(ctx),
        E::Quota => settings::quota(ctx),
        E::Consumption => settings::consumption(ctx),
        E::Delivered => settings::delivered(ctx),
        E::BotInfo => settings::bot_info(ctx),
        E::WebhookGet => settings::webhook_get(ctx),
        E::WebhookPut => settings::webhook_put(ctx),
        E::WebhookTest => settings::webhook_test(ctx),
        E::Content => content::content(ctx),
        E::Preview => content::preview(ctx),
        E::Transcoding => content::transcoding(ctx),
        E::MenuCreate => menus::create(ctx),
        E::MenuValidate => menus::validate(ctx),
        E::MenuList => menus::list(ctx),
        E::MenuGet => menus::get(ctx),
        E::MenuDelete => menus::delete(ctx),
        E::MenuImagePut => menus::image_put(ctx),
        E::MenuImageGet => menus::image_get(ctx),
        E::MenuDefaultSet => menus_links::default_set(ctx),
        E::MenuDefaultGet => menus_links::default_get(ctx),
        E::MenuDefaultCancel => menus_links::default_cancel(ctx),
        E::MenuLink => menus_links::link(ctx),
        E::MenuOfUser => menus_links::of_user(ctx),
        E::MenuUnlink => menus_links::unlink(ctx),
        E::MenuBulkLink => menus_links::bulk(ctx, true),
        E::MenuBulkUnlink => menus_links::bulk(ctx, false),
        E::AliasCreate => menus_links::alias_create(ctx),
        E::AliasList => menus_links::alias_list(ctx),
        E::AliasGet => menus_links::alias_get(ctx),
        E::AliasUpdate => menus_links::alias_update(ctx),
        E::AliasDelete => menus_links::alias_delete(ctx),
        // Answered before a token is asked for.
        E::TokenStateless | E::TokenShort | E::TokenVerify | E::TokenRevoke | E::TokenJwt => {
            Outcome::refuse(404, "Not found", "not an endpoint of a channel")
        }
    }
}
