//! A stage, a fake server, a shelf of articles.

use hotline::app::assistant_stage;
use hotline::config::settings::{Ai, AiProvider, OpenAi};
use hotline::config::{BaseUrl, Secret, Share};
use hotline::domain::breaker::Limits;
use hotline::domain::conversation::From;
use hotline::domain::ids::{AttemptId, ChannelId, ChatId, ConversationKey};
use hotline::domain::time::Span;
use hotline::domain::verdict::{Draft, Verdict};
use hotline::ports::assistant::{AssistantStage, Health, Question, Said};
use hotline::ports::knowledge::{Article, CurrentKnowledge, Found, Knowledge};
use hotline::ports::store::{EntityKey, EntityKind, Store};
use hotline::simulator::assistant::{Asked, Script, Setup};
use hotline::simulator::{Options, Simulator, SimulatorThread};
use hotline::store::memory::Memory;
use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

/// Articles are found by their title; the first is direct when its share leads by 0.2.
#[derive(Clone)]
struct Shelf(Vec<Found>);

impl Knowledge for Shelf {
    fn search(&self, words: &str, top: usize) -> Vec<Found> {
        let all = self.0.iter();
        let fits = all.filter(|found| words.contains(&*found.article.title));
        fits.take(top).cloned().collect()
    }

    fn direct(&self, words: &str) -> Option<Found> {
        let found = self.search(words, 2);
        let second = found.get(1).map_or(0.0, |second| second.share);
        let first = found.first()?;
        (first.share > 0.6 && first.share - second > 0.2).then(|| first.clone())
    }
}

struct Current(Arc<Shelf>);

impl CurrentKnowledge for Current {
    fn knowledge(&self) -> Arc<dyn Knowledge> {
        self.0.clone()
    }
}

pub struct Bench {
    simulator: SimulatorThread,
    store: Arc<dyn Store>,
    shelf: Shelf,
    stage: Arc<dyn AssistantStage>,
}

impl Bench {
    /// Provider `knowledge` with articles of these titles and shares.
    pub fn knowledge(titles: &[(&str, f32)]) -> Bench {
        Bench::build(titles, |_| AiProvider::Knowledge)
    }

    /// Provider `openai`.
    pub fn model(titles: &[(&str, f32)]) -> Bench {
        Bench::with(titles, |_| {})
    }

    /// Provider `openai`, changed.
    pub fn with(titles: &[(&str, f32)], change: impl Fn(&mut OpenAi)) -> Bench {
        Bench::build(titles, |url| AiProvider::OpenAi(server(url, &change)))
    }

    fn build(titles: &[(&str, f32)], provider: impl Fn(&str) -> AiProvider) -> Bench {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let simulator = Simulator::spawn(Options::default(), listener).unwrap();
        let found = titles.iter().enumerate().map(|(n, (title, share))| Found {
            article: article(&format!("kb{n}"), title),
            score: *share,
            share: *share,
        });
        let shelf = Shelf(found.collect());
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        let stage = stage(provider(&simulator.url()), &shelf, &store);
        Bench {
            simulator,
            store,
            shelf,
            stage,
        }
    }

    /// Another node on the same store and server.
    pub fn another_node(&self, change: impl Fn(&mut OpenAi)) -> Arc<dyn AssistantStage> {
        let provider = AiProvider::OpenAi(server(&self.simulator.url(), &change));
        stage(provider, &self.shelf, &self.store)
    }

    /// Whether a stage with this key cannot be made.
    pub fn unusable(key: &str) -> bool {
        let with_key = |server: &mut OpenAi| server.api_key = Some(Secret::new(key));
        let provider = AiProvider::OpenAi(server("http://127.0.0.1:1", &with_key));
        let shelf = Arc::new(Current(Arc::new(Shelf(Vec::new()))));
        assistant_stage(&settings(provider), shelf, Arc::new(Memory::new())).is_err()
    }

    pub async fn ask(&self, question: Question) -> Verdict {
        self.stage.ask(question).await
    }

    pub fn health(&self) -> Health {
        self.stage.health().unwrap()
    }

    pub fn script(&self, scripts: impl IntoIterator<Item = Script>) {
        self.simulator.platform.assistant().script(scripts);
    }

    pub fn set_up(&self, setup: Setup) {
        self.simulator.platform.assistant().set_up(setup);
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.simulator.platform.assistant().asked_since(0)
    }

    pub fn requests(&self) -> u64 {
        self.simulator.platform.assistant().last_seq()
    }

    /// Waits until the store holds so many spent tokens.
    pub async fn saved(&self, tokens: u64) {
        let key = EntityKey::new(EntityKind::Counter, "tokens/shop");
        within(Duration::from_secs(10), async || {
            let stored = self.store.load(&key).await.unwrap()?;
            let value = stored.value?;
            (value[9..] == tokens.to_le_bytes()).then_some(())
        })
        .await;
    }
}

/// Asks again and again until there is an answer.
pub async fn within<T>(patience: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(patience, looking)
        .await
        .expect("it comes in time")
}

fn stage(provider: AiProvider, shelf: &Shelf, store: &Arc<dyn Store>) -> Arc<dyn AssistantStage> {
    let knowledge = Arc::new(Current(Arc::new(shelf.clone())));
    assistant_stage(&settings(provider), knowledge, store.clone())
        .unwrap()
        .unwrap()
}

fn settings(provider: AiProvider) -> Ai {
    Ai {
        provider,
        min_confidence: Share::new(0.6).unwrap(),
        context_messages: 10,
        timeout: Span::secs(20),
        debounce: Span(500),
        show_loading: true,
        concurrency: NonZeroUsize::new(8).unwrap(),
    }
}

fn server(url: &str, change: &impl Fn(&mut OpenAi)) -> OpenAi {
    let mut server = OpenAi {
        base_url: BaseUrl::parse(&format!("{url}/openai/v1")).unwrap(),
        model: "test-model".into(),
        api_key: Some(Secret::new("test-key")),
        direct_answers: true,
        persona: None,
        instructions: None,
        temperature: Share::new(0.2).unwrap(),
        max_tokens: 800,
        daily_tokens: 0,
        tries: 2,
        breaker: Limits {
            failures: 100,
            rest: Span(200),
            longest: Span(400),
            probes: 1,
        },
    };
    change(&mut server);
    server
}

fn article(id: &str, title: &str) -> Arc<Article> {
    Arc::new(Article {
        id: id.into(),
        title: title.into(),
        body: format!("{title}的說明：本島 100 元。").into(),
        tags: Box::default(),
        aliases: Box::default(),
    })
}

pub fn question(text: &str) -> Question {
    Question {
        attempt: AttemptId(1),
        conversation: ConversationKey::new(
            ChannelId::new("shop"),
            ChatId::new("U0123456789abcdef0123456789abcdef"),
        ),
        text: text.into(),
        history: Vec::new(),
        patience: Span::secs(20),
    }
}

pub fn said(from: From, text: &str) -> Said {
    Said {
        from,
        text: text.into(),
    }
}

pub fn draft(verdict: Verdict) -> Draft {
    match verdict {
        Verdict::Answered(draft) => draft,
        Verdict::Failed(failing) => panic!("no answer: {failing:?}"),
    }
}
