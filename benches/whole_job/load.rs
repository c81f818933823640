//! The load: keep-alive connections, one message under way on each.
//!
//! Closed loop: the next message leaves when the last one is *done*: its webhook answered and, on
//! both sides of every comparison, its reply seen by the mock. So the floor, which awaits its reply
//! before it answers, and Hotline, which answers first, run with the same number under way.
//! Open loop: messages leave on a timetable; latency counts from the time in the timetable.

use super::http::{Wire, status};
use super::message::Maker;
use super::mock::Seen;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

/// What the load saw.
#[derive(Default)]
pub struct Counts {
    /// Webhooks sent.
    pub sent: Cell<u64>,
    /// Answered 200.
    pub accepted: Cell<u64>,
    /// Answered 503.
    pub refused: Cell<u64>,
    /// Answered anything else, or not at all.
    pub failed: Cell<u64>,
    /// Connections that ended under a webhook.
    pub broken: Cell<u64>,
    /// Accepted, and no reply within ten seconds.
    pub unanswered: Cell<u64>,
    /// Webhook latencies in µs, when they are kept.
    pub micros: RefCell<Vec<u32>>,
}

/// Raises a count.
pub fn up(cell: &Cell<u64>) {
    cell.set(cell.get() + 1);
}

/// What a load is.
#[derive(Clone)]
pub struct Target {
    /// Where.
    pub port: u16,
    /// Path of the webhook.
    pub path: String,
    /// Shared by all connections.
    pub maker: Rc<RefCell<Maker>>,
    /// What is counted.
    pub counts: Rc<Counts>,
    /// What the mock sees.
    pub seen: Rc<Seen>,
    /// Ends the load.
    pub stop: Rc<Cell<bool>>,
    /// Keep latencies.
    pub keep: Rc<Cell<bool>>,
}

impl Target {
    fn answered(&self, status: u16, since: Instant) -> bool {
        let counts = &self.counts;
        match status {
            200 => up(&counts.accepted),
            503 => up(&counts.refused),
            _ => up(&counts.failed),
        }
        if self.keep.get() && status == 200 {
            let took = since.elapsed().as_micros().min(u128::from(u32::MAX));
            counts.micros.borrow_mut().push(took as u32);
        }
        status == 200
    }

    /// One connection of the closed loop; at most `limit` messages.
    pub async fn closed(self, slot: usize, limit: u64) -> std::io::Result<()> {
        let mut wire = Wire::connect(self.port).await?;
        let mut request = Vec::with_capacity(1024);
        for _ in 0..limit {
            if self.stop.get() {
                break;
            }
            let number = {
                let mut maker = self.maker.borrow_mut();
                maker.next(&self.path, slot, &mut request);
                maker.number()
            };
            let begun = Instant::now();
            if !self.exchange(&mut wire, &request, begun).await? {
                // As a sender of webhooks would: not at once again.
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
            let mine = &self.seen.slots[slot];
            while mine.replied.get() < number {
                let rung = tokio::time::timeout(Duration::from_secs(10), mine.bell.notified());
                if rung.await.is_err() {
                    up(&self.counts.unanswered);
                    break;
                }
            }
        }
        Ok(())
    }

    async fn exchange(
        &self,
        wire: &mut Wire,
        request: &[u8],
        since: Instant,
    ) -> std::io::Result<bool> {
        wire.write(request).await?;
        up(&self.counts.sent);
        let Some(frame) = wire.read().await? else {
            return Err(std::io::ErrorKind::ConnectionReset.into());
        };
        let status = status(wire.head(&frame));
        wire.consume(&frame);
        Ok(self.answered(status, since))
    }

    /// One connection of the open loop: its share of `rate` messages a second.
    pub async fn open(self, slot: usize, of: usize, rate: f64) -> std::io::Result<()> {
        let mut wire = Wire::connect(self.port).await?;
        let mut request = Vec::with_capacity(1024);
        let begun = Instant::now();
        let mut turn = 0u64;
        while !self.stop.get() {
            let at = (slot as f64 + turn as f64 * of as f64) / rate;
            let at = begun + Duration::from_secs_f64(at);
            turn += 1;
            if at > Instant::now() {
                tokio::time::sleep_until(at).await;
            }
            self.maker.borrow_mut().next(&self.path, slot, &mut request);
            if self.exchange(&mut wire, &request, at).await.is_err() {
                // The server may close after an early refusal, as LINE would see it too.
                up(&self.counts.broken);
                wire = Wire::connect(self.port).await?;
            }
        }
        Ok(())
    }
}
