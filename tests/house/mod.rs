//! The real webhook, registry, actors and intent stage in one process, between a store in memory
//! and a messenger that writes down what it is given.

// Each test file uses its own part of this.
#![allow(dead_code)]

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::{App, test, web};
use base64::Engine as _;
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use hotline::actors::{Limits, Lines, PushBudget, Registry, Shared};
use hotline::domain::ids::{ChannelId, ConversationKey, Incarnation};
use hotline::domain::playbook::{Answer, Bubble, Playbook, Policy, Understanding};
use hotline::domain::time::{Millis, Span};
use hotline::line::inbound::{GroupPolicy, Reading};
use hotline::line::signature::Verifier;
use hotline::line::spooling::Spooling;
use hotline::line::webhook::{self, Bounds, Channel, Webhook};
use hotline::ports::messenger::{Dispatch, Messenger, Outcome, Profile, Report};
use hotline::ports::spool::Spool;
use hotline::ports::store::{
    self, Claimed, Commit, Cursor, EntityKey, FeedRecord, Grant, Health, Hint, Node, Nodes, Rate,
    Revision, Store, Stored,
};
use hotline::ports::understand::{Automation, CurrentAutomation, Understand};
use hotline::stages::intent::Intent;
use hotline::store::memory::Memory;
use sha2::Sha256;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::{Semaphore, watch};

pub const SECRET: &str = "a-secret-of-the-test";

/// Rules by their place in the text: `q7` is answered `a7`. `q13` kills the core, `hang-up` the
/// intent worker.
#[derive(Default)]
pub struct Book {
    policy: Policy,
    answers: Vec<Answer>,
    /// So many of the next decisions die at their end.
    pub deaths: AtomicUsize,
}

pub const POISON: u32 = 13;

impl Book {
    pub fn new(policy: Policy) -> Book {
        let answer = |text: String| Answer {
            rule: text.as_str().into(),
            bubbles: [Bubble::checked(
                &format!("{{\"type\":\"text\",\"text\":\"{text}\"}}"),
                None,
            )]
            .into(),
            gist: text.as_str().into(),
        };
        let mut answers: Vec<Answer> = (0..100).map(|n| answer(format!("a{n}"))).collect();
        answers.push(answer("fallback".into()));
        Book {
            policy,
            answers,
            deaths: AtomicUsize::new(0),
        }
    }
}

impl Understand for Book {
    fn understand(&self, text: &str, _: Millis) -> Understanding {
        assert!(!text.contains("hang-up"), "poison for the intent worker");
        let rule = text.strip_prefix('q').and_then(|rest| rest.parse().ok());
        Understanding {
            rule,
            digest: 1,
            ..Understanding::default()
        }
    }
}

impl Playbook for Book {
    fn digest(&self) -> u64 {
        1
    }
    fn policy(&self) -> &Policy {
        let (read, write) = (Ordering::Relaxed, Ordering::Relaxed);
        let dies = self
            .deaths
            .fetch_update(read, write, |left| left.checked_sub(1));
        assert!(dies.is_err(), "poison for the decision");
        &self.policy
    }
    fn rule(&self, index: u32) -> Option<&Answer> {
        assert!(index != POISON, "poison for the core");
        self.answers.get(index as usize)
    }
    fn fallback(&self) -> Option<&Answer> {
        self.answers.last()
    }
    fn greeting(&self, _: bool) -> Option<&Answer> {
        self.answers.first()
    }
    fn group_greeting(&self) -> Option<&Answer> {
        self.answers.first()
    }
}

pub struct Fixed(pub Arc<Book>);

impl CurrentAutomation for Fixed {
    fn current(&self) -> Arc<dyn Automation> {
        self.0.clone()
    }
}

/// Writes down every dispatch; answers as told.
pub struct Scribe {
    pub sent: Mutex<Vec<Dispatch>>,
    pub answer: Mutex<Outcome>,
    /// What the next sends get before `answer` is asked; `None` never answers.
    pub script: Mutex<VecDeque<Option<Outcome>>>,
    /// A customer whose sends are never taken, whatever the others' fate.
    pub never: Mutex<Option<String>>,
    /// A way out with so many places, on which a call ends when it is let through.
    pub narrow: Mutex<Option<(usize, Arc<Semaphore>)>>,
    owed: Arc<AtomicUsize>,
}

impl Default for Scribe {
    fn default() -> Scribe {
        Scribe {
            sent: Mutex::default(),
            answer: Mutex::new(Outcome::Accepted),
            script: Mutex::default(),
            never: Mutex::default(),
            narrow: Mutex::default(),
            owed: Arc::default(),
        }
    }
}

impl Scribe {
    pub fn pretend_owed(&self, sends: usize) {
        self.owed.store(sends, Ordering::Relaxed);
    }

    /// Bodies sent to a customer, in order.
    pub fn bodies(&self, user: &str) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        sent.iter()
            .filter(|dispatch| dispatch.conversation.chat.to_string() == user)
            .map(|dispatch| dispatch.body.to_string())
            .collect()
    }
}

impl Messenger for Scribe {
    fn send(&self, dispatch: Dispatch) -> BoxFuture<'static, Report> {
        let chat = dispatch.conversation.chat.to_string();
        let never = self.never.lock().unwrap().as_ref() == Some(&chat);
        self.sent.lock().unwrap().push(dispatch);
        if never {
            return Box::pin(async {
                Report {
                    outcome: Outcome::Unclear,
                    request_id: None,
                }
            });
        }
        if let Some((_, through)) = self.narrow.lock().unwrap().clone() {
            let owed = self.owed.clone();
            owed.fetch_add(1, Ordering::Relaxed);
            return Box::pin(async move {
                through.acquire().await.unwrap().forget();
                owed.fetch_sub(1, Ordering::Relaxed);
                Report {
                    outcome: Outcome::Accepted,
                    request_id: None,
                }
            });
        }
        let outcome = match self.script.lock().unwrap().pop_front() {
            Some(Some(outcome)) => outcome,
            Some(None) => return Box::pin(std::future::pending()),
            None => self.answer.lock().unwrap().clone(),
        };
        Box::pin(async move {
            Report {
                outcome,
                request_id: None,
            }
        })
    }
    fn profile(&self, _: ConversationKey) -> BoxFuture<'static, Result<Option<Profile>, String>> {
        Box::pin(async { Ok(None) })
    }
    fn in_flight(&self) -> usize {
        self.owed.load(Ordering::Relaxed)
    }
    fn room(&self, _: &ChannelId) -> usize {
        let narrow = self.narrow.lock().unwrap();
        let places = narrow.as_ref().map_or(usize::MAX, |(places, _)| *places);
        places.saturating_sub(self.in_flight())
    }
}

/// How the store misbehaves, until told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// Refused at once, nothing landed.
    Refuse,
    /// Everything lands, and no answer comes.
    LoseAnswer,
    /// No answer before the trouble changes; then an error, and nothing landed.
    Hang,
    /// Everything lands, [`SLOWNESS`] later.
    Slow,
    /// Of what is due all but one is on a part of the store that does not answer.
    LeaveOut,
}

/// What a slow store takes for a commit.
pub const SLOWNESS: std::time::Duration = std::time::Duration::from_millis(700);

/// A store in memory that never answers for one entity, or is in trouble as a whole.
pub struct Stalling {
    pub inner: Memory,
    pub stalled: Option<EntityKey>,
    pub trouble: watch::Sender<Trouble>,
    /// The name of this node among others on the same store.
    pub node: Option<u64>,
    /// Another node that is said to be present, and how many are said to be gone.
    pub other: Mutex<Option<(Incarnation, u64)>>,
}

impl Stalling {
    fn away() -> store::Error {
        store::Error::Io("the store is away".into())
    }

    /// What trouble makes of a request; `None`: none.
    fn troubled<T: Send + 'static>(&self) -> Option<BoxFuture<'static, Result<T, store::Error>>> {
        match *self.trouble.borrow() {
            Trouble::None | Trouble::LoseAnswer | Trouble::Slow | Trouble::LeaveOut => None,
            Trouble::Refuse => Some(Box::pin(async { Err(Stalling::away()) })),
            Trouble::Hang => {
                let mut change = self.trouble.subscribe();
                Some(Box::pin(async move {
                    let _ = change.wait_for(|now| *now != Trouble::Hang).await;
                    Err(Stalling::away())
                }))
            }
        }
    }
}

impl Nodes for Stalling {
    /// Nodes on one store all live on.
    fn is_gone(&self, other: Incarnation) -> bool {
        self.node.is_none() && self.inner.is_gone(other)
    }
    fn nodes(&self) -> Vec<Node> {
        let own = self.inner.nodes();
        let other = self.other.lock().unwrap().map(|(incarnation, _)| Node {
            incarnation,
            ..own[0]
        });
        own.into_iter().chain(other).collect()
    }
    fn departures(&self) -> u64 {
        self.other.lock().unwrap().map_or(0, |(_, gone)| gone)
    }
    fn level(&self) -> u32 {
        self.inner.level()
    }
    fn hold(
        &self,
        lease: &str,
        holder: Revision,
        life: Span,
    ) -> BoxFuture<'static, Result<bool, store::Error>> {
        self.inner.hold(lease, holder, life)
    }
    fn let_go(
        &self,
        lease: &str,
        holder: Revision,
    ) -> BoxFuture<'static, Result<(), store::Error>> {
        self.inner.let_go(lease, holder)
    }
    fn draw(
        &self,
        budget: &str,
        want: u32,
        rate: Rate,
    ) -> BoxFuture<'static, Result<Grant, store::Error>> {
        self.inner.draw(budget, want, rate)
    }
    fn shrink(&self, budget: &str) -> BoxFuture<'static, Result<(), store::Error>> {
        self.inner.shrink(budget)
    }
    fn hint(&self, topic: &str, payload: &[u8]) {
        self.inner.hint(topic, payload);
    }
    fn hints(&self) -> tokio::sync::broadcast::Receiver<Hint> {
        self.inner.hints()
    }
}

impl Store for Stalling {
    fn is_shared(&self) -> bool {
        self.node.is_some()
    }
    fn now(&self) -> Millis {
        self.inner.now()
    }
    fn incarnation(&self) -> Incarnation {
        self.node.map_or(self.inner.incarnation(), Incarnation)
    }
    fn load(&self, key: &EntityKey) -> BoxFuture<'static, Result<Option<Stored>, store::Error>> {
        self.troubled().unwrap_or_else(|| self.inner.load(key))
    }
    fn commit(&self, commit: Commit) -> BoxFuture<'static, Result<store::Outcome, store::Error>> {
        if Some(&commit.key) == self.stalled.as_ref() {
            return Box::pin(std::future::pending());
        }
        if let Some(trouble) = self.troubled() {
            return trouble;
        }
        if *self.trouble.borrow() == Trouble::Slow {
            let inner = self.inner.clone();
            return Box::pin(async move {
                tokio::time::sleep(SLOWNESS).await;
                inner.commit(commit).await
            });
        }
        if *self.trouble.borrow() == Trouble::LoseAnswer {
            let landed = self.inner.commit(commit);
            return Box::pin(async move {
                landed.await?;
                Err(Stalling::away())
            });
        }
        self.inner.commit(commit)
    }
    fn nudge(&self) {
        self.inner.nudge();
    }
    fn claim_due(
        &self,
        upto: Millis,
        until: Millis,
        limit: usize,
    ) -> BoxFuture<'static, Result<Claimed, store::Error>> {
        if *self.trouble.borrow() == Trouble::LeaveOut {
            let claimed = self.inner.claim_due(upto, until, limit.min(1));
            return Box::pin(async move {
                let complete = false;
                Ok(Claimed {
                    complete,
                    ..claimed.await?
                })
            });
        }
        self.troubled()
            .unwrap_or_else(|| self.inner.claim_due(upto, until, limit))
    }
    fn all(
        &self,
        kind: store::EntityKind,
    ) -> BoxFuture<'static, Result<Vec<(EntityKey, Arc<[u8]>)>, store::Error>> {
        self.inner.all(kind)
    }
    fn feed(
        &self,
        after: Cursor,
        limit: usize,
    ) -> BoxFuture<'static, Result<Vec<FeedRecord>, store::Error>> {
        self.inner.feed(after, limit)
    }
    fn scan(
        &self,
        after: Option<store::Place>,
        limit: usize,
    ) -> BoxFuture<'static, Result<store::Page, store::Error>> {
        self.inner.scan(after, limit)
    }
    fn trim_feed(&self, upto: Cursor) -> BoxFuture<'static, Result<(), store::Error>> {
        self.inner.trim_feed(upto)
    }
    fn desk_generation(&self) -> BoxFuture<'static, Result<store::DeskGeneration, store::Error>> {
        self.inner.desk_generation()
    }
    fn desk_rows(&self) -> BoxFuture<'static, Result<Vec<(EntityKey, Box<[u8]>)>, store::Error>> {
        self.inner.desk_rows()
    }
    fn compact(&self) -> BoxFuture<'static, Result<(), store::Error>> {
        self.inner.compact()
    }
    fn health(&self) -> Health {
        self.inner.health()
    }
    fn close(&self) -> BoxFuture<'static, Result<(), store::Error>> {
        self.inner.close()
    }
}

/// Everything between the two ends.
pub struct House {
    pub store: Arc<Stalling>,
    pub scribe: Arc<Scribe>,
    pub book: Arc<Book>,
    pub registry: Arc<Registry>,
    pub webhook: web::Data<Webhook>,
    pub spooling: Option<Arc<Spooling>>,
}

impl House {
    pub fn new(groups: GroupPolicy, stalled: Option<&str>) -> House {
        House::built(groups, stalled, Policy::default(), 20)
    }

    /// A house with its own policy and push budget.
    pub fn with(groups: GroupPolicy, policy: Policy, pushes: u32) -> House {
        House::built(groups, None, policy, pushes)
    }

    fn built(groups: GroupPolicy, stalled: Option<&str>, policy: Policy, pushes: u32) -> House {
        let key =
            |user: &str| EntityKey::new(store::EntityKind::Conversation, &format!("main/{user}"));
        House::on(
            Memory::new(),
            groups,
            stalled.map(key),
            policy,
            pushes,
            None,
            None,
        )
    }

    /// One of several nodes on a store.
    pub fn node(memory: &Memory, node: u64) -> House {
        let policy = Policy::default();
        let memory = memory.clone();
        House::on(memory, GroupPolicy::All, None, policy, 20, None, Some(node))
    }

    /// The next life of the process on the same store.
    pub fn next_life(&self, stalled: Option<EntityKey>) -> House {
        self.store.inner.restart();
        let memory = self.store.inner.clone();
        House::on(
            memory,
            GroupPolicy::All,
            stalled,
            Policy::default(),
            20,
            None,
            None,
        )
    }

    /// A house on this store with a spool.
    pub fn spooled(memory: Memory, spool: Arc<dyn Spool>) -> House {
        let policy = Policy::default();
        let house = House::on(
            memory,
            GroupPolicy::All,
            None,
            policy,
            20,
            Some(spool),
            None,
        );
        if let Some(spooling) = &house.spooling {
            actix_rt::spawn(spooling.clone().run());
        }
        house
    }

    fn on(
        memory: Memory,
        groups: GroupPolicy,
        stalled: Option<EntityKey>,
        policy: Policy,
        pushes: u32,
        spool: Option<Arc<dyn Spool>>,
        node: Option<u64>,
    ) -> House {
        let store = Arc::new(Stalling {
            inner: memory,
            stalled,
            trouble: watch::Sender::new(Trouble::None),
            node,
            other: Mutex::default(),
        });
        let scribe = Arc::new(Scribe::default());
        let book = Arc::new(Book::new(policy));
        let automation = Arc::new(Fixed(book.clone()));
        let shared = Shared {
            store: store.clone(),
            messenger: scribe.clone(),
            intent: Arc::new(Intent::new(automation.clone())),
            automation,
            assistant: None,
            connectors: None,
            pushes: PushBudget::new(pushes, Arc::new(|_| true)),
            lines: Lines::default(),
        };
        let registry = Registry::new(Arc::new(shared), Limits::default());
        let channel = Channel {
            reading: Reading {
                channel: ChannelId::new("main"),
                groups,
                call_words: [Arc::from("小幫手")].into(),
            },
            verifier: Verifier::new([SECRET]),
            destination: None,
        };
        let bounds = Bounds {
            body: 64 * 1024,
            in_flight: 64,
            owed: 1_000,
        };
        let readings = [channel.reading.clone()];
        let spooling =
            spool.map(|spool| Spooling::new(spool, registry.clone(), readings, bounds.owed));
        let webhook = Webhook::new(vec![channel], registry.clone(), bounds);
        let webhook = web::Data::new(webhook.with_spool(spooling.clone()));
        House {
            store,
            scribe,
            book,
            registry,
            webhook,
            spooling,
        }
    }

    /// Posts a correctly signed body.
    pub async fn post(&self, body: impl Into<Vec<u8>>) -> u16 {
        let body = body.into();
        let signature = sign(&body);
        self.post_raw("/line/main/webhook", body, Some(&signature))
            .await
    }

    pub async fn post_raw(&self, path: &str, body: Vec<u8>, signature: Option<&str>) -> u16 {
        let app = service(self.webhook.clone()).await;
        call(&app, path, body, signature).await
    }

    /// Waits until what was begun for a conversation is over: two turns later its outcome is in.
    pub async fn settled(&self, key: &ConversationKey) {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        self.registry.wake(key).await.unwrap();
    }

    /// Waits until the messenger was given so many dispatches.
    pub async fn sent(&self, count: usize) {
        let waiting = async {
            while self.scribe.sent.lock().unwrap().len() < count {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        };
        let in_time = tokio::time::timeout(std::time::Duration::from_secs(10), waiting).await;
        assert!(
            in_time.is_ok(),
            "only {} sends",
            self.scribe.sent.lock().unwrap().len()
        );
    }
}

pub async fn service(
    webhook: web::Data<Webhook>,
) -> impl Service<
    actix_http::Request,
    Response = ServiceResponse<impl MessageBody>,
    Error = actix_web::Error,
> {
    let every = web::to(webhook::handle);
    test::init_service(App::new().app_data(webhook).default_service(every)).await
}

pub async fn call<B: MessageBody>(
    app: &impl Service<actix_http::Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    path: &str,
    body: Vec<u8>,
    signature: Option<&str>,
) -> u16 {
    let mut request = test::TestRequest::post().uri(path).set_payload(body);
    if let Some(signature) = signature {
        request = request.insert_header(("x-line-signature", signature));
    }
    test::call_service(app, request.to_request())
        .await
        .status()
        .as_u16()
}

pub fn sign(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

/// A text event of a customer, with a token and ids of its own.
pub fn text(user: &str, id: &str, text: &str) -> String {
    format!(
        r#"{{"type":"message","mode":"active","timestamp":1700000000000,"webhookEventId":"{id}",
        "replyToken":"token-{id}","source":{{"type":"user","userId":"{user}"}},
        "deliveryContext":{{"isRedelivery":false}},
        "message":{{"type":"text","id":"m{id}","text":"{text}","quoteToken":"q"}}}}"#
    )
}

pub fn body(events: &[String]) -> String {
    format!(
        "{{\"destination\":\"U0\",\"events\":[{}]}}",
        events.join(",")
    )
}
