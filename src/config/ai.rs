//! `[ai]`: who answers what no keyword answers, what it may cost, and how long customers wait for it.

use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::units::{BaseUrl, Share};
use crate::domain::breaker::Limits;
use crate::domain::playbook::Assistance;
use crate::domain::time::Span;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// `[ai]`: the assistant.
#[derive(Clone, Debug)]
pub struct Ai {
    /// `provider` and what belongs to it. Default `none`.
    pub provider: AiProvider,
    /// `min_confidence`: below it a person answers. Default 0.6.
    pub min_confidence: Share,
    /// `context_messages`: messages of a conversation kept as context. Default 10; 0–50.
    pub context_messages: usize,
    /// `timeout` of one answer. Default `20s`; 1s–2m.
    pub timeout: Span,
    /// `debounce`: how long a question waits for further bubbles. Default `500ms`; 300ms–800ms.
    pub debounce: Span,
    /// `show_loading`: LINE shows the customer that an answer is coming. Default true.
    pub show_loading: bool,
    /// `concurrency`: questions worked on at once, on this node. Default 8; 1–256.
    pub concurrency: NonZeroUsize,
}

impl Ai {
    /// What the core may count on.
    pub fn assistance(&self) -> Assistance {
        Assistance {
            enabled: !matches!(self.provider, AiProvider::None),
            min_confidence: (self.min_confidence.get() * 100.0).round() as u8,
            debounce: self.debounce,
            timeout: self.timeout,
            show_loading: self.show_loading,
        }
    }
}

/// Who answers what no keyword answers.
#[derive(Clone, Debug)]
pub enum AiProvider {
    /// Nobody: the fallback does.
    None,
    /// Articles of the knowledge base, as they stand.
    Knowledge,
    /// An OpenAI-compatible server.
    OpenAi(OpenAi),
}

/// An OpenAI-compatible server, and how it is asked.
#[derive(Clone, Debug)]
pub struct OpenAi {
    /// `base_url`. Default `https://api.openai.com/v1`; plain http only to loopback.
    pub base_url: BaseUrl,
    /// `model`.
    pub model: Arc<str>,
    /// `api_key`; servers on loopback may want none.
    pub api_key: Option<Secret>,
    /// `direct_answers`: an article that is surely right is sent without asking the model. Default true.
    pub direct_answers: bool,
    /// `persona`: who the assistant is. Default: the shop's friendly service. 1–2,000 characters.
    pub persona: Option<Arc<str>>,
    /// `instructions`: what it must keep to besides the built-in rules. Default none; 1–8,000 characters.
    pub instructions: Option<Arc<str>>,
    /// `temperature`. Default 0.2; 0–1.
    pub temperature: Share,
    /// `max_tokens` of one answer. Default 800; 64–8,192.
    pub max_tokens: u32,
    /// `daily_tokens`: tokens a channel may use on one day (UTC+8), over all nodes. Default 2,000,000;
    /// 0: no limit.
    pub daily_tokens: u64,
    /// `tries` of one question, the first included. Default 2; 1–4.
    pub tries: u32,
    /// `breaker_failures` in a row open the breaker (default 5; 1–100), which rests `breaker_rest`
    /// (default `5s`; 1s–5m), twice as long after each bad probe, at most eight times.
    pub breaker: Limits,
}

#[derive(Clone, Copy, PartialEq)]
enum Provider {
    None,
    Knowledge,
    OpenAi,
}

pub(crate) fn read(section: Section<'_>) -> Ai {
    let words = [
        ("none", Provider::None),
        ("knowledge", Provider::Knowledge),
        ("openai", Provider::OpenAi),
    ];
    let provider = section.choice("provider", &words, Provider::Knowledge);
    // Read in any case: what is written must be right, also where it has no effect yet.
    let server = server(&section, provider == Provider::OpenAi);
    let provider = match provider {
        Provider::None => AiProvider::None,
        Provider::Knowledge => AiProvider::Knowledge,
        Provider::OpenAi => AiProvider::OpenAi(server),
    };
    let ai = Ai {
        provider,
        min_confidence: section.share("min_confidence", 0.6),
        context_messages: section
            .integer("context_messages", 0..=50)
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(10),
        timeout: section.span("timeout", Span::secs(20), Span::secs(1)..=Span::mins(2)),
        debounce: section.span("debounce", Span(500), Span(300)..=Span(800)),
        show_loading: section.flag("show_loading", true),
        concurrency: section
            .integer("concurrency", 1..=256)
            .and_then(|number| usize::try_from(number).ok())
            .and_then(NonZeroUsize::new)
            .unwrap_or(NonZeroUsize::new(8).expect("eight is not zero")),
    };
    section.finish();
    ai
}

fn server(section: &Section<'_>, is_asked: bool) -> OpenAi {
    let number = |key, bounds, default: u64| {
        let number = section.integer(key, bounds);
        number
            .and_then(|number| u64::try_from(number).ok())
            .unwrap_or(default)
    };
    let base_url = section.base_url("base_url", "https://api.openai.com/v1");
    let rest = section.span("breaker_rest", Span::secs(5), Span::secs(1)..=Span::mins(5));
    let server = OpenAi {
        model: Arc::from(section.words("model", 1..=200).unwrap_or_default()),
        api_key: section.secret("api_key"),
        direct_answers: section.flag("direct_answers", true),
        persona: section.words("persona", 1..=2_000).map(Arc::from),
        instructions: section.words("instructions", 1..=8_000).map(Arc::from),
        temperature: section.share("temperature", 0.2),
        max_tokens: number("max_tokens", 64..=8_192, 800) as u32,
        daily_tokens: number("daily_tokens", 0..=1_000_000_000_000, 2_000_000),
        tries: number("tries", 1..=4, 2) as u32,
        breaker: Limits {
            failures: number("breaker_failures", 1..=100, 5) as u32,
            rest,
            longest: Span(rest.0 * 8),
            probes: 1,
        },
        base_url,
    };
    if is_asked {
        section.require("model", "the model's name as the server knows it");
        if server.base_url.as_str().starts_with("https:") {
            section.require("api_key", "\"${NAME}\" of the variable that holds the key");
        }
    }
    server
}
