//! Conversations as operators see them: who waits for a person, one conversation's state, and the two
//! things that may be done with it. Served by the internal listener; what tells a customer's words goes
//! over the admin socket only, because the listener asks no password.

use super::internal::Internal;
use crate::domain::conversation::{Conversation, Phase};
use crate::domain::ids::{ChannelId, ChatId, ConversationKey};
use crate::ports::store;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};

/// Which conversation.
#[derive(Deserialize)]
pub(super) struct Which {
    channel: String,
    customer: String,
}

impl Which {
    fn key(&self) -> ConversationKey {
        ConversationKey::new(ChannelId::new(&self.channel), ChatId::new(&self.customer))
    }
}

/// One conversation, for `hotline conversation show`.
#[derive(Debug, Serialize, Deserialize)]
pub struct View {
    /// `automated`, `waiting`, `ticketed`, `unreachable`.
    pub phase: String,
    /// Why a person is wanted.
    pub reason: Option<String>,
    /// 1 is served first.
    pub priority: Option<u8>,
    /// Since when, milliseconds since 1970.
    pub since: Option<u64>,
    /// What the assistant would have said.
    pub draft: Option<String>,
    /// Who took the last text: `auto`, `flow`, `ai`, `human`, `ticket`, `fallback`, `nobody`.
    pub handler: String,
    /// What was wanted; `unknown` when that was not sure.
    pub intent: String,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// Whether a person was asked for.
    pub wants_human: bool,
    /// The keyword rule that fitted.
    pub faq: Option<String>,
    /// The flow that had to do with it.
    pub flow: Option<String>,
    /// How far that flow is.
    pub flow_state: Option<String>,
    /// Values of slots, by name.
    pub slots: Vec<(String, String)>,
    /// The assistant is asked, or its answer waits for the customer.
    pub asking: bool,
    /// Answers owed.
    pub owed: usize,
}

impl View {
    /// What there is to see of a conversation.
    pub fn of(state: &Conversation) -> View {
        let phase = match state.phase() {
            Phase::Automated => "automated",
            Phase::Waiting => "waiting",
            Phase::Ticketed => "ticketed",
            Phase::Unreachable => "unreachable",
        };
        let handoff = state.handoff();
        let last = state.last();
        let flow = last.flow.as_ref();
        let slots = state.slots();
        View {
            phase: phase.to_owned(),
            reason: handoff.map(|handoff| handoff.reason.as_str().to_owned()),
            priority: handoff.map(|handoff| handoff.reason.priority()),
            since: handoff.map(|handoff| handoff.since.0),
            draft: handoff.and_then(|handoff| handoff.draft.as_deref().map(str::to_owned)),
            handler: last.handler.as_str().to_owned(),
            intent: last.intent.as_deref().unwrap_or("unknown").to_owned(),
            confidence: f32::from(last.confidence) / 100.0,
            wants_human: last.wants_human,
            faq: last.rule.as_deref().map(str::to_owned),
            flow: flow.map(|(flow, _)| flow.to_string()),
            flow_state: flow.and_then(|(_, state)| state.as_deref().map(str::to_owned)),
            slots: slots.map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            asking: state.is_asking(),
            owed: state.owed_effects(),
        }
    }
}

/// Who waits for a person, for `hotline waiting`: most urgent first, then by waiting time.
#[derive(Debug, Serialize, Deserialize)]
pub struct Waits {
    /// `channel/customer`.
    pub conversation: String,
    /// `waiting` or `ticketed`.
    pub phase: String,
    /// Why.
    pub reason: String,
    /// 1 is served first.
    pub priority: u8,
    /// Since when, milliseconds since 1970.
    pub since: u64,
}

/// A desk row as the core writes it.
#[derive(Deserialize)]
struct Row {
    phase: String,
    reason: String,
    priority: u8,
    since: u64,
}

/// Everybody who waits.
///
/// # Errors
/// As the store.
async fn all_waiting(store: &dyn store::Store) -> Result<Vec<Waits>, store::Error> {
    let rows = store.desk_rows().await?.into_iter();
    let mut waits = rows
        .filter_map(|(key, row)| {
            // One row that cannot be read must not hide the others.
            let row: Row = match serde_json::from_slice(&row) {
                Ok(row) => row,
                Err(error) => {
                    tracing::error!(conversation = %key.id, error = %error, "desk row cannot be read");
                    return None;
                }
            };
            Some(Waits {
                conversation: key.id.to_string(),
                phase: row.phase,
                reason: row.reason,
                priority: row.priority,
                since: row.since,
            })
        })
        .collect::<Vec<Waits>>();
    waits.sort_by_key(|wait| (wait.priority, wait.since));
    Ok(waits)
}

pub(super) async fn waiting(internal: web::Data<Internal>) -> HttpResponse {
    match all_waiting(&*internal.registry.shared().store).await {
        Ok(waits) => HttpResponse::Ok().json(waits),
        Err(error) => unavailable(&error.to_string()),
    }
}

pub(super) async fn show(
    request: HttpRequest,
    which: web::Query<Which>,
    internal: web::Data<Internal>,
) -> HttpResponse {
    if let Some(refused) = over_socket_only(&request, "show") {
        return refused;
    }
    match internal.registry.look(&which.key()).await {
        Ok(Some(live)) => HttpResponse::Ok().json(View::of(live.state())),
        Ok(None) => nobody(&which),
        Err(error) => unavailable(&error),
    }
}

pub(super) async fn resolve(
    request: HttpRequest,
    which: web::Query<Which>,
    internal: web::Data<Internal>,
) -> HttpResponse {
    change(&request, &which, &internal, "resolve").await
}

pub(super) async fn forget(
    request: HttpRequest,
    which: web::Query<Which>,
    internal: web::Data<Internal>,
) -> HttpResponse {
    change(&request, &which, &internal, "forget").await
}

async fn change(
    request: &HttpRequest,
    which: &Which,
    internal: &Internal,
    what: &'static str,
) -> HttpResponse {
    if let Some(refused) = over_socket_only(request, what) {
        return refused;
    }
    let (registry, key) = (&internal.registry, which.key());
    match registry.look(&key).await {
        Ok(Some(_)) => {}
        Ok(None) => return nobody(which),
        Err(error) => return unavailable(&error),
    }
    let done = match what {
        "resolve" => registry.resolve(&key).await,
        _ => registry.forget(&key).await,
    };
    match done {
        Ok(()) => {
            tracing::info!(conversation = %key, "conversation: {what}, as told");
            plain(HttpResponse::Ok(), "done")
        }
        Err(refusal) => unavailable(&refusal.to_string()),
    }
}

fn over_socket_only(request: &HttpRequest, what: &str) -> Option<HttpResponse> {
    request.peer_addr().map(|_| {
        let said = format!("over the admin socket only: hotline conversation {what}");
        plain(HttpResponse::Forbidden(), &said)
    })
}

fn nobody(which: &Which) -> HttpResponse {
    let said = format!("no conversation of {}", which.key());
    plain(HttpResponse::NotFound(), &said)
}

fn unavailable(why: &str) -> HttpResponse {
    plain(HttpResponse::ServiceUnavailable(), why)
}

fn plain(mut response: actix_web::HttpResponseBuilder, said: &str) -> HttpResponse {
    response
        .content_type("text/plain; charset=utf-8")
        .body(format!("{said}\n"))
}
