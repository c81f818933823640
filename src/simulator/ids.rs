//! Mints identifiers in LINE's shapes. Refuses nothing; never hands out the same one twice.
//!
//! Random enough to be unguessable by accident, not by an enemy: the simulator keeps no secrets.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// Source of identifiers; shared by all threads.
#[derive(Debug)]
pub struct Ids {
    seed: u64,
    draws: AtomicU64,
    messages: AtomicU64,
}

impl Ids {
    /// A source that starts at `seed`; the same seed draws the same identifiers in the same order.
    pub fn new(seed: u64) -> Ids {
        Ids {
            seed,
            draws: AtomicU64::new(0),
            messages: AtomicU64::new(560_000_000_000_000_000 + (seed >> 24)),
        }
    }

    /// Sixty-four random bits (splitmix64 over a counter).
    pub fn bits(&self) -> u64 {
        let n = self.draws.fetch_add(1, Ordering::Relaxed);
        let mut z = self
            .seed
            .wrapping_add(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0.0..1.0`.
    pub fn chance(&self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// 128 random bits.
    pub fn wide(&self) -> u128 {
        u128::from(self.bits()) << 64 | u128::from(self.bits())
    }

    /// A message id: eighteen decimal digits that grow.
    pub fn message(&self) -> String {
        self.messages.fetch_add(1, Ordering::Relaxed).to_string()
    }

    /// A user, group or room id: the letter and 32 hex digits.
    pub fn chat(&self, letter: char) -> String {
        format!("{letter}{:032x}", self.wide())
    }

    /// A request id: lower-case UUID.
    pub fn request(&self) -> String {
        let hex = format!("{:032x}", self.wide());
        format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )
    }

    /// An access or link token of `words` × 16 hex digits.
    pub fn secret(&self, words: usize) -> String {
        let mut text = String::with_capacity(words * 16);
        for _ in 0..words {
            let _ = write!(text, "{:016x}", self.bits());
        }
        text
    }

    /// A webhook event id: ULID of the given time.
    pub fn ulid(&self, at_ms: u64) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let value = u128::from(at_ms & 0xffff_ffff_ffff) << 80 | (self.wide() >> 48);
        (0..26)
            .map(|i| char::from(ALPHABET[(value >> (125 - 5 * i)) as usize & 31]))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn identifiers_have_lines_shapes() {
        let ids = Ids::new(7);
        assert_eq!(ids.chat('U').len(), 33);
        assert_eq!(ids.request().len(), 36);
        let early = ids.ulid(1);
        let late = ids.ulid(1_700_000_000_000);
        assert_eq!(early.len(), 26);
        assert!(early < late, "a ULID sorts by its time");
        assert!(ids.message().parse::<u64>().is_ok());
    }

    #[test]
    fn no_identifier_comes_twice() {
        let ids = Ids::new(1);
        let drawn: HashSet<_> = (0..10_000).map(|_| ids.wide()).collect();
        assert_eq!(drawn.len(), 10_000);
    }
}
