//! The assistant: a question to an answer that says how sure it is and what it stands on.
//!
//! Law of this room: the customer's personal data do not leave it (`domain::mask`); an answer is worth what can
//! be shown for it (`confidence`); nothing here sends anything to a customer. How many questions are worked on
//! at once, and what becomes of one whose worker dies, is decided in `stages::assistant`.
//!
//! | file | what |
//! |---|---|
//! | `model` | one question to a model: material, asking, judgement |
//! | `prompt`, `language` | what a model is told |
//! | `server`, `http`, `manner`, `wire` | how its server is asked |
//! | `reading`, `confidence`, `courtesy`, `facts`, `grounding` | what its words are worth |
//! | `quoting` | articles as answers, citations |
//! | `budget` | tokens per channel and day |

mod budget;
mod confidence;
mod courtesy;
mod facts;
mod grounding;
mod http;
mod language;
mod manner;
mod model;
mod prompt;
mod quoting;
mod reading;
mod server;
mod wire;

use crate::config::settings::{Ai, AiProvider};
use crate::domain::verdict::{Failing, Verdict};
use crate::ports::assistant::Question;
use crate::ports::knowledge::{CurrentKnowledge, Found, Knowledge};
use crate::ports::store::Store;
use futures_util::future::BoxFuture;
use language::Language;
use model::Model;
use std::sync::Arc;

/// A direct answer instead of the model's is sent when it is right in so many of a hundred cases.
const SURE: f32 = 0.8;

/// Whoever works out an answer. May take long, may panic: the stage contains both.
pub trait Answers: Send + Sync + 'static {
    /// Works it out, within the question's patience.
    fn answer(&self, question: Question) -> BoxFuture<'static, Verdict>;

    /// How it is, for health pages.
    fn condition(&self) -> Condition;
}

/// How the assistant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `knowledge` or `openai`.
    pub provider: &'static str,
    /// State of the breaker: `closed`, `open` or `half_open`; `None` where no server is asked.
    pub breaker: Option<&'static str>,
    /// The form of answer the server takes.
    pub format: Option<&'static str>,
}

/// The assistant of the config.
pub struct Assistant {
    inner: Arc<Inner>,
}

struct Inner {
    knowledge: Arc<dyn CurrentKnowledge>,
    model: Option<Model>,
    direct: bool,
}

/// The address or the key of the config cannot stand in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "ai.base_url or ai.api_key cannot stand in an HTTP request: blanks or signs that no header takes"
)]
pub struct Unusable;

impl Assistant {
    /// The assistant the settings ask for; `None`: they ask for none. The store keeps the token budget.
    ///
    /// # Errors
    /// See [`Unusable`].
    pub fn new(
        settings: &Ai,
        knowledge: Arc<dyn CurrentKnowledge>,
        store: Arc<dyn Store>,
    ) -> Result<Option<Assistant>, Unusable> {
        let (model, direct) = match &settings.provider {
            AiProvider::None => return Ok(None),
            AiProvider::Knowledge => (None, true),
            AiProvider::OpenAi(server) => {
                let model = Model::new(server, settings.timeout, store).ok_or(Unusable)?;
                (Some(model), server.direct_answers)
            }
        };
        Ok(Some(Assistant {
            inner: Arc::new(Inner {
                knowledge,
                model,
                direct,
            }),
        }))
    }
}

impl Answers for Assistant {
    fn answer(&self, question: Question) -> BoxFuture<'static, Verdict> {
        let inner = self.inner.clone();
        Box::pin(async move { inner.answer(&question).await })
    }

    fn condition(&self) -> Condition {
        let server = self.inner.model.as_ref().map(|model| &model.server);
        Condition {
            provider: if server.is_some() {
                "openai"
            } else {
                "knowledge"
            },
            breaker: server.map(|server| server.state().name()),
            format: server.map(|server| server.manner().format.name()),
        }
    }
}

impl Inner {
    async fn answer(&self, question: &Question) -> Verdict {
        if question.text.trim().is_empty() {
            return Verdict::Failed(Failing::Malformed);
        }
        // One value for the whole question: a reload meanwhile does not mix two knowledge bases.
        let knowledge = self.knowledge.knowledge();
        let Some(model) = &self.model else {
            return Verdict::Answered(match knowledge.direct(&question.text) {
                Some(found) => quoting::quote(&found),
                None => quoting::unsure(knowledge.search(&question.text, 1).first()),
            });
        };
        match self.direct(question, &*knowledge) {
            Some(found) => Verdict::Answered(quoting::quote(&found)),
            None => model.answer(question, &*knowledge).await,
        }
    }

    /// The article that saves the question to the model: surely right, and in the customer's language.
    fn direct(&self, question: &Question, knowledge: &dyn Knowledge) -> Option<Found> {
        let is_ours = Language::of(&question.text, &question.history) == Language::Traditional;
        (self.direct && is_ours)
            .then(|| knowledge.direct(&question.text))
            .flatten()
            .filter(|found| found.share >= SURE)
    }
}
