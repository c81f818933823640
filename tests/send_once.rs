//! A committed call to LINE is begun once, whatever else happens to its conversation meanwhile.
//!
//! It does not say that LINE sees it once: lost answers are the crash and outage tests' matter.

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use hotline::actors::{Inbound, Limits, Lines, PushBudget, Registry, Shared};
use hotline::domain::conversation::{Content, Kind, Received};
use hotline::domain::ids::{AttemptId, ChannelId, ChatId, ConversationKey, Fingerprint};
use hotline::domain::playbook::{Answer, Bubble, Playbook, Policy, Understanding};
use hotline::domain::time::Millis;
use hotline::ports::messenger::{Dispatch, Messenger, Outcome, Profile, Report};
use hotline::ports::store::Store;
use hotline::ports::understand::{Automation, CurrentAutomation, IntentStage, Understand};
use hotline::store::memory::Memory;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Answers every text with the fallback.
struct Polite {
    policy: Policy,
    answer: Answer,
}

impl Understand for Polite {
    fn understand(&self, _: &str, _: Millis) -> Understanding {
        Understanding::default()
    }
}

impl Playbook for Polite {
    fn digest(&self) -> u64 {
        7
    }
    fn policy(&self) -> &Policy {
        &self.policy
    }
    fn rule(&self, _: u32) -> Option<&Answer> {
        None
    }
    fn fallback(&self) -> Option<&Answer> {
        Some(&self.answer)
    }
    fn greeting(&self, _: bool) -> Option<&Answer> {
        None
    }
    fn group_greeting(&self) -> Option<&Answer> {
        None
    }
}

struct Always(Arc<Polite>);

impl CurrentAutomation for Always {
    fn current(&self) -> Arc<dyn Automation> {
        self.0.clone()
    }
}

impl IntentStage for Always {
    fn ask(&self, _: Box<str>, _: Millis) -> BoxFuture<'static, Understanding> {
        ready(Understanding::default()).boxed()
    }
}

/// Accepts everything a few polls later and remembers what it was asked.
#[derive(Default)]
struct Counting {
    begun: Arc<Mutex<HashMap<AttemptId, usize>>>,
}

impl Messenger for Counting {
    fn send(&self, dispatch: Dispatch) -> BoxFuture<'static, Report> {
        let mut begun = self.begun.lock().expect("no panic under it");
        *begun.entry(dispatch.attempt).or_default() += 1;
        async {
            tokio::task::yield_now().await;
            Report {
                outcome: Outcome::Accepted,
                request_id: None,
            }
        }
        .boxed()
    }

    fn profile(&self, _: ConversationKey) -> BoxFuture<'static, Result<Option<Profile>, String>> {
        ready(Ok(None)).boxed()
    }

    fn in_flight(&self) -> usize {
        0
    }
}

#[test]
fn a_call_whose_outcome_waits_behind_a_turn_is_not_begun_again() {
    actix_rt::System::new().block_on(async {
        let store = Memory::new();
        // Every turn lasts longer than a send, so outcomes arrive in the middle of turns.
        store.set_delay(8);
        let messenger = Counting::default();
        let begun = Arc::clone(&messenger.begun);
        let polite = Arc::new(Polite {
            policy: Policy::default(),
            answer: Answer {
                rule: "fallback".into(),
                bubbles: [Bubble::checked(r#"{"type":"text","text":"hello"}"#, None)].into(),
                gist: "hello".into(),
            },
        });
        let shared = Arc::new(Shared {
            store: Arc::new(store.clone()),
            messenger: Arc::new(messenger),
            automation: Arc::new(Always(polite.clone())),
            intent: Arc::new(Always(polite)),
            assistant: None,
            connectors: None,
            pushes: PushBudget::new(0, Arc::new(|_: &ChannelId| false)),
            lines: Lines::default(),
        });
        let registry = Registry::new(shared, Limits::default());
        let key = ConversationKey::new(ChannelId::new("main"), ChatId::new("U1"));
        let now = store.now();
        let deliveries: Vec<_> = (0..100u64)
            .map(|number| {
                let inbound = Inbound {
                    received: Received {
                        id: Fingerprint(number + 1),
                        at: now,
                        received: now,
                        standby: false,
                        redelivered: false,
                        token: Some(format!("token-{number}").into()),
                        kind: Kind::Message {
                            message: Fingerprint(number + 1_000),
                            content: Content::Text("hi".into()),
                            understanding: Understanding::default(),
                        },
                    },
                    raw: Bytes::from_static(b"{}"),
                    event_type: "message".into(),
                };
                let (registry, key) = (registry.clone(), key.clone());
                actix_rt::spawn(async move {
                    for _ in 0..number * 5 {
                        tokio::task::yield_now().await;
                    }
                    registry.deliver(&key, vec![inbound]).await
                })
            })
            .collect();
        for delivery in deliveries {
            delivery.await.expect("no panic").expect("durable");
        }
        let begun = begun.lock().expect("no panic under it");
        assert!(begun.len() > 3, "several calls were made: {}", begun.len());
        assert!(begun.values().all(|times| *times == 1), "{begun:?}");
    });
}
