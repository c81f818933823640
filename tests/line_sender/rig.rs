//! A messenger with one channel, store time a test can move on, and the words LINE answers with.

use crate::scripted::Act;
use hotline::domain::ids::{AttemptId, ChannelId, ChatId, ConversationKey};
use hotline::domain::time::{Millis, Span};
use hotline::line::api::{ChannelSettings, Clock, Silent};
use hotline::line::breaker::State;
use hotline::line::sender::{LineMessenger, SenderSettings};
use hotline::line::tokens::{Secret, TokenSource};
use hotline::ports::messenger::{Dispatch, Messenger, Report, Via};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

pub const TOKEN: &str = "long-lived-token-0123";
pub const SECRET: &str = "channel+secret/42";
pub const INVALID: &str = r#"{"message":"Invalid reply token"}"#;
pub const MONTHLY: &str = r#"{"message":"You have reached your monthly limit."}"#;
pub const RATE: &str = r#"{"message":"The API rate limit has been exceeded. Try again later."}"#;

/// Store time that runs, and that a test can move on.
pub struct Time {
    begun: Instant,
    ahead: AtomicU64,
}

impl Time {
    pub fn new() -> Arc<Time> {
        Arc::new(Time {
            begun: Instant::now(),
            ahead: AtomicU64::new(1_000_000),
        })
    }

    pub fn now(&self) -> Millis {
        let run = u64::try_from(self.begun.elapsed().as_millis()).unwrap();
        Millis(self.ahead.load(Ordering::SeqCst) + run)
    }

    pub fn pass(&self, span: Span) {
        self.ahead.fetch_add(span.0, Ordering::SeqCst);
    }
}

pub struct Rig {
    pub messenger: LineMessenger,
    pub time: Arc<Time>,
}

pub fn channel() -> ChannelId {
    ChannelId::new("shop")
}

pub fn long_lived() -> TokenSource {
    TokenSource::LongLived(Secret::new(TOKEN))
}

pub fn stateless() -> TokenSource {
    TokenSource::Stateless {
        channel_id: "1234567890".to_owned(),
        channel_secret: Secret::new(SECRET),
    }
}

pub fn quick() -> SenderSettings {
    SenderSettings {
        reply_deadline: Duration::from_millis(400),
        push_deadline: Duration::from_millis(400),
        ..SenderSettings::default()
    }
}

pub fn rig(base: &str, token: TokenSource, settings: SenderSettings) -> Rig {
    let time = Time::new();
    let clock: Clock = {
        let time = Arc::clone(&time);
        Arc::new(move || time.now())
    };
    let channel = ChannelSettings {
        id: channel(),
        api_base: base.to_owned(),
        data_api_base: base.to_owned(),
        token,
    };
    let messenger = LineMessenger::new(vec![channel], settings, clock, Arc::new(Silent)).unwrap();
    Rig { messenger, time }
}

impl Rig {
    pub fn dispatch(&self, via: Via) -> Dispatch {
        Dispatch {
            conversation: ConversationKey::new(channel(), ChatId::new("U1")),
            attempt: AttemptId(1),
            effects: [1].into(),
            via,
            body: r#"{"messages":[{"type":"text","text":"您好"}]}"#.into(),
            not_after: self.time.now() + Span::secs(60),
        }
    }

    pub async fn send(&self, via: Via) -> Report {
        self.messenger.send(self.dispatch(via)).await
    }

    pub fn breaker(&self) -> State {
        self.messenger.status()[0].breaker
    }
}

pub fn answer(status: u16, body: &str) -> Act {
    Act::Answer(status, body.to_owned())
}

pub async fn wait_until(condition: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("it never came to pass");
}
