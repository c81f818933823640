//! Customers tap, follow, block, take back, edit: acts that are no messages.
//!
//! Refuses taps where nothing is, and changes to messages that are not the customer's own.

use super::actions::{Action, ActionError};
use super::events::{self, Minted, Source};
use super::platform::{Channel, Platform};
use super::richmenu::Tap;
use super::thread::From;
use serde_json::{Value, json};
use std::sync::Arc;

impl Platform {
    pub(super) fn perform_other(
        &self,
        channel: &Arc<Channel>,
        user: &Arc<str>,
        source: Source,
        action: &Action,
    ) -> Result<Minted, ActionError> {
        let chat = source.chat().clone();
        let mint = |kind, replyable, payload: Option<(&str, &Value)>| {
            self.mint(
                channel,
                kind,
                Some(source.clone()),
                replyable,
                None,
                payload,
            )
        };
        match action {
            Action::Postback {
                data,
                display_text,
                params,
            } => {
                if let Some(text) = display_text {
                    let shown = json!({"type": "text", "text": text, "postback": true});
                    let id = self.ids.message();
                    self.show(channel, &chat, Some(user), From::Customer, &id, shown);
                }
                let mut postback = json!({"data": data});
                if let Some(params) = params {
                    postback["params"] = params.clone();
                }
                Ok(mint("postback", true, Some(("postback", &postback))))
            }
            Action::RichMenu { x, y } => {
                let tap = channel
                    .menus
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .tap(user, *x, *y)
                    .map_err(|why| ActionError::NothingThere(why.to_owned()))?;
                match tap {
                    Tap::Act(action) => self.perform(channel, user, None, &action),
                    Tap::Nothing(what) => Err(ActionError::NothingThere(what)),
                }
            }
            Action::RichMenuSwitch {
                rich_menu_alias_id,
                data,
            } => {
                let status = channel
                    .menus
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner)
                    .switch(user, rich_menu_alias_id);
                let mut params = json!({"status": status});
                if status == "SUCCESS" {
                    params["newRichMenuAliasId"] = json!(rich_menu_alias_id);
                    self.tell_menu(user);
                }
                let postback = json!({"data": data, "params": params});
                Ok(mint("postback", true, Some(("postback", &postback))))
            }
            Action::Follow {} => {
                let mut unblocked = false;
                self.ensure_customer(channel, user, |customer| {
                    unblocked = customer.blocked;
                    customer.friend = true;
                    customer.blocked = false;
                });
                self.tell_customer(channel, user);
                let follow = json!({"isUnblocked": unblocked});
                Ok(mint("follow", true, Some(("follow", &follow))))
            }
            Action::Unfollow {} => {
                self.ensure_customer(channel, user, |customer| {
                    customer.friend = false;
                    customer.blocked = true;
                });
                self.tell_customer(channel, user);
                Ok(mint("unfollow", false, None))
            }
            Action::Unsend { message_id } => {
                let media = self.media.get_mut(message_id).is_some_and(|mut media| {
                    media.unsent = true;
                    media.bytes = None;
                    true
                });
                let shown = self.in_thread(channel, &chat, |thread| thread.unsend(message_id));
                if !media && !shown && self.thread_keep > 0 {
                    return Err(ActionError::NoMessage(message_id.clone()));
                }
                self.tell_thread(&chat);
                let unsend = json!({"messageId": message_id});
                Ok(mint("unsend", false, Some(("unsend", &unsend))))
            }
            Action::Edit { message_id, text } => {
                if matches!(source, Source::User(_)) {
                    return Err(ActionError::GroupOnly);
                }
                let shown = json!({"type": "text", "id": message_id, "text": text});
                let done = self.in_thread(channel, &chat, |thread| thread.edit(message_id, shown));
                if !done && self.thread_keep > 0 {
                    return Err(ActionError::NoMessage(message_id.clone()));
                }
                self.tell_thread(&chat);
                // An edited message keeps its id, gets a new quote token and no read token.
                let quote = events::mark('q', &chat, message_id);
                let message =
                    json!({"type": "text", "id": message_id, "text": text, "quoteToken": quote});
                Ok(mint("messageEdited", true, Some(("message", &message))))
            }
            Action::Event {
                kind,
                replyable,
                payload,
                payload_key,
            } => {
                let key = payload_key.as_deref().unwrap_or(kind);
                let payload = payload.as_ref().map(|payload| (key, payload));
                Ok(self.mint(
                    channel,
                    kind,
                    Some(source.clone()),
                    *replyable,
                    None,
                    payload,
                ))
            }
            _ => Err(ActionError::NothingThere(
                "not an act of its own".to_owned(),
            )),
        }
    }
}
