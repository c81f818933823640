//! The intent stage: asked before the decision, answers within 5 ms or says "unknown".

use super::supervisor::{Handle, Observed};
use crate::domain::playbook::Understanding;
use crate::domain::time::Millis;
use crate::ports::understand::{CurrentAutomation, IntentStage};
use crate::telemetry::meter;
use actix::prelude::*;
use futures_util::future::BoxFuture;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long an ask may take.
const PATIENCE: Duration = Duration::from_millis(5);
/// Texts waiting for one worker.
const MAILBOX: usize = 1_024;

/// One arbiter's worker.
pub struct Worker {
    automation: Arc<dyn CurrentAutomation>,
}

impl Actor for Worker {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.set_mailbox_capacity(MAILBOX);
    }
}

/// Asks for the meaning of one text.
struct Ask {
    text: Box<str>,
    at: Millis,
    done: oneshot::Sender<Understanding>,
}

impl Message for Ask {
    type Result = ();
}

impl Handler<Ask> for Worker {
    type Result = ();

    fn handle(&mut self, ask: Ask, _: &mut Context<Self>) {
        fail::fail_point!("intent::understand", |word| {
            assert!(
                !word.is_some_and(|word| ask.text.contains(&word)),
                "failpoint: poison text"
            );
        });
        let understanding = self.automation.current().understand(&ask.text, ask.at);
        // Whoever asked may have given up: then nobody needs the answer.
        let _ = ask.done.send(understanding);
    }
}

/// The stage over all arbiters.
pub struct Intent {
    automation: Arc<dyn CurrentAutomation>,
    observed: Arc<Observed>,
    /// Tells this stage's workers from those of another in the same process (tests).
    id: u64,
}

thread_local! {
    static WORKERS: RefCell<HashMap<u64, Handle<Worker>>> = RefCell::default();
}

impl Intent {
    /// A stage that understands with the automation in force.
    pub fn new(automation: Arc<dyn CurrentAutomation>) -> Intent {
        static IDS: AtomicU64 = AtomicU64::new(1);
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        Intent {
            automation,
            observed: Arc::default(),
            id,
        }
    }

    /// What the stage shows of itself.
    pub fn observed(&self) -> &Observed {
        &self.observed
    }

    /// Gives the text to this arbiter's worker; starts it at the first ask.
    fn submit(
        &self,
        text: Box<str>,
        at: Millis,
    ) -> Result<oneshot::Receiver<Understanding>, &'static str> {
        WORKERS.with_borrow_mut(|workers| {
            let handle = workers.entry(self.id).or_insert_with(|| {
                let automation = self.automation.clone();
                let factory = move || Worker {
                    automation: automation.clone(),
                };
                Handle::start("intent", self.observed.clone(), factory)
            });
            let worker = handle.worker().ok_or("panic")?;
            let (done, answer) = oneshot::channel();
            match worker.try_send(Ask { text, at, done }) {
                Ok(()) => Ok(answer),
                Err(SendError::Full(_)) => Err("full"),
                Err(SendError::Closed(_)) => {
                    handle.report_death();
                    Err("panic")
                }
            }
        })
    }
}

impl IntentStage for Intent {
    fn ask(&self, text: Box<str>, at: Millis) -> BoxFuture<'static, Understanding> {
        let submitted = self.submit(text, at);
        Box::pin(async move {
            let failure = match submitted {
                Ok(answer) => match tokio::time::timeout(PATIENCE, answer).await {
                    Ok(Ok(understanding)) => return understanding,
                    Ok(Err(_)) => "panic",
                    Err(_) => "timeout",
                },
                Err(failure) => failure,
            };
            meter::stage_unanswered("intent", failure);
            Understanding::default()
        })
    }
}
