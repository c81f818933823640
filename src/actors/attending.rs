//! What people do with a conversation from outside: look at it, resolve it, have it forget.

use super::messages::Refusal;
use super::registry::{Ended, Registry};
use crate::domain::conversation::{Event, Live};
use crate::domain::ids::ConversationKey;
use crate::ports::store::{EntityKey, Stored};

impl Registry {
    /// The conversation as it is stored; `None`: there is none.
    ///
    /// # Errors
    /// When the store cannot be asked, or the value cannot be read.
    pub async fn look(&self, key: &ConversationKey) -> Result<Option<Live>, String> {
        let loading = self.shared().store.load(&EntityKey::conversation(key));
        match loading.await.map_err(|error| error.to_string())? {
            Some(Stored {
                revision,
                value: Some(value),
            }) => {
                let live = Live::loaded(revision, value).map_err(|error| error.to_string())?;
                Ok(Some(live))
            }
            Some(Stored { value: None, .. }) | None => Ok(None),
        }
    }

    /// Says that what a person was wanted for is resolved: the automation goes on, what was said is
    /// no context any more.
    ///
    /// # Errors
    /// When it is not known to be durable.
    pub async fn resolve(&self, key: &ConversationKey) -> Result<(), Refusal> {
        self.tell(key, Event::Resolved).await
    }

    /// Has a conversation forget what was said and what its flows learned.
    ///
    /// # Errors
    /// When it is not known to be durable.
    pub async fn forget(&self, key: &ConversationKey) -> Result<(), Refusal> {
        self.tell(key, Event::Forget).await
    }

    async fn tell(&self, key: &ConversationKey, event: Event) -> Result<(), Refusal> {
        match self.once(key, vec![event], true, None).await {
            Ended::Durable => Ok(()),
            Ended::Refused(refusal) => Err(refusal),
            Ended::Unreadable(_) | Ended::Died => Err(Refusal::Overloaded),
        }
    }
}
