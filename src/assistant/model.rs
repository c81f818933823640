//! An answer in a model's own words: material, question, judgement.

use super::budget::Budget;
use super::confidence::{Grounds, Judged, judge};
use super::language::Language;
use super::prompt::{Material, Prompt, prompt};
use super::quoting::cited;
use super::reading::{self, Reply};
use super::server::Server;
use super::wire::Completion;
use crate::config::settings::OpenAi;
use crate::domain::conversation::From;
use crate::domain::mask::Mask;
use crate::domain::time::Span;
use crate::domain::verdict::{By, Draft, Failing, Verdict};
use crate::ports::assistant::{Question, Said};
use crate::ports::knowledge::{Article, Knowledge};
use crate::ports::store::Store;
use crate::telemetry::meter;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::time::Instant;

/// Articles a model is given.
const ARTICLES: usize = 3;
/// A question shorter than this may lean on the one before it (那離島呢).
const SHORT: usize = 12;

/// A model behind a server.
pub(super) struct Model {
    pub server: Server,
    budget: Arc<Budget>,
    persona: Option<Arc<str>>,
    instructions: Option<Arc<str>>,
    max_tokens: u32,
}

impl Model {
    /// Prepares; nothing is sent. `timeout`: of a whole answer. `None`: the address or the key cannot stand in
    /// a request.
    pub fn new(settings: &OpenAi, timeout: Span, store: Arc<dyn Store>) -> Option<Model> {
        Some(Model {
            server: Server::new(settings, timeout)?,
            budget: Budget::new(store, settings.daily_tokens),
            persona: settings.persona.clone(),
            instructions: settings.instructions.clone(),
            max_tokens: settings.max_tokens,
        })
    }

    /// Asks the model.
    pub async fn answer(&self, question: &Question, knowledge: &dyn Knowledge) -> Verdict {
        let until = Instant::now() + question.patience.std();
        let language = Language::of(&question.text, &question.history);
        let articles = material(knowledge, question);
        let mut mask = Mask::new();
        let hidden = mask.hide(&question.text);
        let history: Vec<(From, String)> = question
            .history
            .iter()
            .map(|said| (said.from, mask.hide(&said.text)))
            .collect();
        let prompt = prompt(&Material {
            persona: self.persona.as_deref(),
            instructions: self.instructions.as_deref(),
            articles: &articles,
            history: &history,
            question: &hidden,
            language,
        });
        let completion = match self.complete(question, &prompt, until).await {
            Ok(completion) => completion,
            Err(failing) => return Verdict::Failed(failing),
        };
        let Some(reply) = read(&completion, &mask) else {
            return Verdict::Failed(Failing::Malformed);
        };
        let judged = weigh(&reply, &articles, question, &completion);
        tell(question, &reply, &judged);
        let sources: Vec<&Arc<Article>> = articles
            .iter()
            .filter(|article| reply.sources.iter().any(|id| **id == *article.id))
            .collect();
        Verdict::Answered(Draft {
            text: cited(&reply.answer, &sources, language).into(),
            confidence: judged.percent,
            by: By::Model,
            sources: sources.iter().map(|article| article.id.clone()).collect(),
            needs_human: reply.needs_human,
        })
    }

    async fn complete(
        &self,
        question: &Question,
        prompt: &Prompt,
        until: Instant,
    ) -> Result<Completion, Failing> {
        let channel = &question.conversation.channel;
        let asked = tokens(&prompt.system) + tokens(&prompt.user);
        let most = asked + u64::from(self.max_tokens);
        let mut reserved = self.budget.reserve(channel, most).await?;
        reserved.begin(asked);
        let spent = |usage: Option<(u64, u64)>| {
            // Whoever does not tell is reckoned with what it may have used.
            let (prompt, answer) = usage.unwrap_or((asked, most - asked));
            meter::assistant_tokens(channel, prompt, answer);
            reserved.spend(prompt.saturating_add(answer));
        };
        let said = self.server.ask(prompt, until, spent).await;
        reserved.end();
        said
    }
}

/// The articles for a question; a short one is looked up with the one before it, too.
fn material(knowledge: &dyn Knowledge, question: &Question) -> Vec<Arc<Article>> {
    let mut found = knowledge.search(&question.text, ARTICLES);
    let is_short = question.text.chars().count() < SHORT;
    let before = |said: &&Said| said.from == From::Customer;
    if is_short && let Some(before) = question.history.iter().rev().find(before) {
        let both = format!("{} {}", before.text, question.text);
        found.extend(knowledge.search(&both, ARTICLES));
        found.sort_by(|a, b| b.share.total_cmp(&a.share));
    }
    let mut seen = HashSet::new();
    let mut articles: Vec<Arc<Article>> = found.into_iter().map(|found| found.article).collect();
    articles.retain(|article| seen.insert(article.id.clone()));
    articles.truncate(ARTICLES);
    articles
}

/// What was said, personal data put back; `None` when there is nothing to say.
fn read(completion: &Completion, mask: &Mask) -> Option<Reply> {
    let mut reply = match reading::read(&completion.content) {
        Some(reply) => reply,
        // Cut short or refused in plain words: worth nothing, but an answer.
        None if !completion.finished && !completion.content.trim().is_empty() => Reply {
            answer: completion.content.trim().to_owned(),
            answerable: reading::Answerable::No,
            sources: Vec::new(),
            needs_human: false,
            confidence: None,
        },
        None => return None,
    };
    reply.answer = mask.restore(&reply.answer.replace("**", ""));
    (!reply.answer.is_empty()).then_some(reply)
}

fn weigh(
    reply: &Reply,
    articles: &[Arc<Article>],
    question: &Question,
    completion: &Completion,
) -> Judged {
    let given: Vec<(&str, String)> = articles
        .iter()
        .map(|article| (&*article.id, format!("{}\n{}", article.title, article.body)))
        .collect();
    let history: Vec<&str> = question.history.iter().map(|said| &*said.text).collect();
    let grounds = Grounds {
        given: &given,
        question: &question.text,
        history: &history,
    };
    judge(reply, &grounds, completion.finished, completion.logprob)
}

/// The parts, so that the weights can be refitted. No words of anybody.
fn tell(question: &Question, reply: &Reply, judged: &Judged) {
    let parts = judged.parts;
    let gate = judged.gate.map(super::confidence::Gate::name);
    meter::assistant_parts(parts.self_report, parts.grounding, parts.logprob);
    if let Some(gate) = gate {
        meter::assistant_gate(gate);
    }
    tracing::info!(
        conversation = %question.conversation,
        attempt = question.attempt.0,
        confidence = judged.percent,
        self_report = parts.self_report,
        grounding = parts.grounding,
        logprob = parts.logprob,
        gate,
        answerable = ?reply.answerable,
        sources = reply.sources.len(),
        "assistant answered"
    );
}

/// About how many tokens a text is: a Chinese letter is about one, four Latin letters are one.
fn tokens(text: &str) -> u64 {
    let (wide, narrow) =
        text.chars()
            .fold((0, 0), |(wide, narrow), letter| match letter.is_ascii() {
                true => (wide, narrow + 1),
                false => (wide + 1, narrow),
            });
    wide + narrow / 4 + 1
}
