//! LINE's API as far as a reply goes: takes `POST /v2/bot/message/reply`, answers 200 at once (or
//! after a pause), counts, and tells the slot whose token it was.

use super::http::{Wire, find};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;

const REPLIED: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
    x-line-request-id: 3f9e3c5e-31a0-4bd6-8a9c-2f4d4c8f1f11\r\ncontent-length: 115\r\n\r\n\
    {\"sentMessages\":[{\"id\":\"461230966842064897\",\"quoteToken\":\
    \"IStG5h1Tz7bkZ2UuW6Y3yXw4v0QmN8cJrE1oPaL9sDfGhKzXcVbNm\"}]}";
const OTHER: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
    content-length: 32\r\n\r\n{\"type\":\"none\",\"totalUsage\":  0}";

/// One message under way.
#[derive(Default)]
pub struct Slot {
    /// Number of the last message whose reply came.
    pub replied: Cell<u64>,
    /// Rung at every reply.
    pub bell: Notify,
}

/// What the mock saw.
pub struct Seen {
    /// Replies answered 200.
    pub replies: Cell<u64>,
    /// Requests that were not replies.
    pub others: Cell<u64>,
    /// Pause before a reply is answered.
    pub pause: Cell<Duration>,
    /// By slot number.
    pub slots: Vec<Slot>,
}

impl Seen {
    /// Nothing yet, for this many slots.
    pub fn new(slots: usize) -> Rc<Seen> {
        Rc::new(Seen {
            replies: Cell::new(0),
            others: Cell::new(0),
            pause: Cell::new(Duration::ZERO),
            slots: (0..slots).map(|_| Slot::default()).collect(),
        })
    }
}

/// Serves until the runtime ends.
pub async fn serve(listener: TcpListener, seen: Rc<Seen>) {
    check_lengths();
    while let Ok((stream, _)) = listener.accept().await {
        let seen = Rc::clone(&seen);
        tokio::task::spawn_local(async move {
            let mut wire = Wire::new(stream);
            // An error is the other process ending; what it owed shows in the counts.
            let _ = answer(&mut wire, &seen).await;
        });
    }
}

async fn answer(wire: &mut Wire, seen: &Seen) -> std::io::Result<()> {
    while let Some(frame) = wire.read().await? {
        let is_reply = wire
            .head(&frame)
            .starts_with(b"POST /v2/bot/message/reply ");
        if !is_reply {
            seen.others.set(seen.others.get() + 1);
            wire.consume(&frame);
            wire.write(OTHER.as_bytes()).await?;
            continue;
        }
        let token = token(wire.body(&frame));
        wire.consume(&frame);
        let pause = seen.pause.get();
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        wire.write(REPLIED.as_bytes()).await?;
        seen.replies.set(seen.replies.get() + 1);
        if let Some((slot, number)) = token
            && let Some(slot) = seen.slots.get(slot)
        {
            slot.replied.set(number);
            slot.bell.notify_one();
        }
    }
    Ok(())
}

/// Slot and number of a reply token.
fn token(body: &[u8]) -> Option<(usize, u64)> {
    let at = find(body, b"\"replyToken\":")? + 13;
    let at = at + body[at..].iter().position(|byte| *byte == b'"')? + 1;
    let text = std::str::from_utf8(body.get(at..at + 32)?).ok()?;
    let slot = usize::from_str_radix(&text[..8], 16).ok()?;
    let number = u64::from_str_radix(&text[16..], 16).ok()?;
    Some((slot, number))
}

fn check_lengths() {
    for answer in [REPLIED, OTHER] {
        let body = answer.split("\r\n\r\n").nth(1).expect("a body");
        let said = answer.split("content-length: ").nth(1).expect("a length");
        let said: usize = said[..said.find('\r').expect("a line")]
            .parse()
            .expect("digits");
        assert_eq!(said, body.len(), "content-length of {answer}");
    }
}
