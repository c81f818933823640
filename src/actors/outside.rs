//! Between the core's words and the ports': calls out, outcomes and failures back.

use super::messages::Undelivered;
use super::shared::Shared;
use super::turn::Failure;
use crate::domain::conversation::{Ask, Call, Event, Owed, Send, SendEnd};
use crate::domain::ids::{AttemptId, ConversationKey};
use crate::domain::playbook::Act;
use crate::domain::time::Span;
use crate::domain::verdict::{Failing, Verdict};
use crate::ports::assistant::{Question, Said};
use crate::ports::connector::{self, FAILED};
use crate::ports::messenger::{Dispatch, Outcome, Report, Via};
use crate::ports::store::Error;
use futures_util::future::{BoxFuture, Either, select};
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The pause before a refused turn is tried again.
const RETRY: Span = Span(250);
/// An answer that is there by then needs no sign that it is coming.
const SHOW_AFTER: Duration = Duration::from_millis(300);
/// The pause before outcomes are told again to a conversation that cannot be read.
const UNREADABLE_RETRY: Span = Span::secs(30);

/// Names something begun outside, whose end is awaited.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Begun {
    Send(AttemptId),
    AskPush(Vec<u32>),
    Profile,
    Ask(AttemptId),
    Call(AttemptId),
}

/// The name under which something owed is begun.
pub(super) fn name_of(owed: &Owed) -> Begun {
    match owed {
        Owed::Send(send) => Begun::Send(send.attempt),
        Owed::AskPush { effects } => Begun::AskPush(effects.clone()),
        Owed::FetchProfile => Begun::Profile,
        Owed::Ask(ask) => Begun::Ask(ask.attempt),
        Owed::Call(call) => Begun::Call(call.attempt),
    }
}

/// What the messenger is given.
pub(super) fn dispatch(key: &ConversationKey, send: Send) -> Dispatch {
    Dispatch {
        conversation: key.clone(),
        attempt: send.attempt,
        effects: send.effects.into(),
        via: if send.push { Via::Push } else { Via::Reply },
        body: send.body.into(),
        not_after: send.not_after,
    }
}

/// Makes a call; a push only if the hourly budget lets it leave at this moment.
pub(super) fn calling(shared: &Arc<Shared>, dispatch: Dispatch) -> BoxFuture<'static, Report> {
    if dispatch.via == Via::Reply {
        return shared.messenger.send(dispatch);
    }
    // Counted from the call, as the messenger does: a drain must not miss it while it waits.
    let waiting = Waiting::new(shared.clone());
    Box::pin(async move {
        let shared = &waiting.0;
        let (key, effects) = (&dispatch.conversation, &dispatch.effects);
        if shared.pushes.leaves(&*shared.store, key, effects).await {
            let sending = shared.messenger.send(dispatch);
            drop(waiting);
            return sending.await;
        }
        Report {
            outcome: Outcome::NotSent,
            request_id: None,
        }
    })
}

/// Asks the assistant; answers the event that tells what came of it.
pub(super) fn asking(
    shared: &Shared,
    key: &ConversationKey,
    ask: Ask,
) -> BoxFuture<'static, Event> {
    let attempt = ask.attempt;
    let Some(assistant) = &shared.assistant else {
        let verdict = Verdict::Failed(Failing::Server);
        return Box::pin(async move { Event::AssistantAnswered { attempt, verdict } });
    };
    let patience = ask.deadline.since(shared.store.now());
    let showing = shared.automation.current().policy().assistant.show_loading;
    let showing = showing.then(|| shared.messenger.show_loading(key.clone(), patience));
    let history = ask.history.into_iter();
    let asked = assistant.ask(Question {
        attempt,
        conversation: key.clone(),
        text: ask.text,
        history: history.map(|(from, text)| Said { from, text }).collect(),
        patience,
    });
    Box::pin(async move {
        let showing = pin!(show(showing));
        let verdict = match select(asked, showing).await {
            Either::Left((verdict, _)) => verdict,
            Either::Right((never, _)) => match never {},
        };
        Event::AssistantAnswered { attempt, verdict }
    })
}

/// Shows that an answer is coming, unless it comes at once; then waits for ever.
async fn show(showing: Option<BoxFuture<'static, ()>>) -> Infallible {
    tokio::time::sleep(SHOW_AFTER).await;
    if let Some(showing) = showing {
        showing.await;
    }
    std::future::pending().await
}

/// Makes a flow's call to another system; answers the event that tells what came of it.
pub(super) fn errand(
    shared: &Shared,
    key: &ConversationKey,
    call: Call,
) -> BoxFuture<'static, Event> {
    let attempt = call.attempt;
    let automation = shared.automation.current();
    let flow = automation.flow_named(&call.flow);
    let step = flow.and_then(|flow| Some(&flow.steps[flow.step(&call.step)?]));
    let connector = step.and_then(|step| match &step.act {
        Act::Call { connector, .. } => Some(connector.clone()),
        _ => None,
    });
    let (Some(connector), Some(connectors)) = (connector, &shared.connectors) else {
        return Box::pin(async move { called(attempt, FAILED, Vec::new()) });
    };
    let slots = call.slots.into_iter();
    let calling = connectors.call(connector::Call {
        connector,
        conversation: key.clone(),
        slots: slots
            .map(|(name, value)| (Arc::from(name), value))
            .collect(),
        key: format!("{:016x}", call.key).into(),
        patience: call.deadline.since(shared.store.now()),
    });
    Box::pin(async move {
        let answered = calling.await;
        let fields = answered.fields.into_iter();
        let fields = fields.map(|(name, value)| ((&*name).into(), value));
        called(attempt, &answered.outcome, fields.collect())
    })
}

fn called(attempt: AttemptId, outcome: &str, fields: Vec<(Box<str>, Box<str>)>) -> Event {
    Event::CallAnswered {
        attempt,
        outcome: outcome.into(),
        fields,
    }
}

/// A push from its call on until the messenger has it, however that ends.
struct Waiting(Arc<Shared>);

impl Waiting {
    fn new(shared: Arc<Shared>) -> Waiting {
        shared.pushes.waiting.fetch_add(1, Ordering::AcqRel);
        Waiting(shared)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.pushes.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What the core must know of an outcome.
pub(super) fn end_of(outcome: &Outcome) -> SendEnd {
    match outcome {
        Outcome::Accepted => SendEnd::Accepted,
        Outcome::NotSent | Outcome::Throttled | Outcome::Unauthorized => SendEnd::NotAccepted,
        Outcome::QuotaExhausted => SendEnd::QuotaExhausted,
        Outcome::InvalidReplyToken => SendEnd::InvalidReplyToken,
        Outcome::Refused { .. } => SendEnd::Refused,
        Outcome::Unclear => SendEnd::Unclear,
    }
}

/// When to look again after a turn that was not durable; `has_outcomes`: outcomes of calls wait to be
/// told, which nobody else knows. A value that cannot be read is left alone: the due index and the
/// next delivery ask again, and reading it four times a second mends nothing.
pub(super) fn retry_after(failure: &Failure, has_outcomes: bool) -> Option<Span> {
    match failure {
        Failure::Unreadable(_) | Failure::Store(Error::Damaged(_)) => {
            has_outcomes.then_some(UNREADABLE_RETRY)
        }
        Failure::Store(_) => Some(RETRY),
    }
}

/// What whoever delivered is told.
pub(super) fn undelivered(failure: Failure) -> Undelivered {
    match failure {
        // One damaged row is like one that cannot be read: its conversation's trouble alone.
        Failure::Store(Error::Damaged(why)) => Undelivered::Unreadable(why),
        Failure::Store(error) => Undelivered::Store(error),
        Failure::Unreadable(error) => Undelivered::Unreadable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_not_read_again_and_again() {
        let damaged = Failure::Store(Error::Damaged("row".into()));
        assert_eq!(retry_after(&damaged, false), None);
        assert_eq!(retry_after(&damaged, true), Some(UNREADABLE_RETRY));
        let busy = Failure::Store(Error::Busy { waiting: 1 });
        assert_eq!(retry_after(&busy, false), Some(RETRY));
    }
}
