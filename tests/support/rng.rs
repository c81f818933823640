//! A seeded generator (splitmix64): a failing run can be repeated with its seed.

use std::time::{SystemTime, UNIX_EPOCH};

/// Environment variable that repeats a run.
const SEED: &str = "HOTLINE_TEST_SEED";

pub struct Rng(u64);

impl Rng {
    /// The seed of the environment, or a new one; it is printed with `what`.
    pub fn announced(what: &str) -> Rng {
        let given = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok());
        let drawn = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            since.map_or(1, |since| since.as_nanos() as u64)
        };
        let seed = given.unwrap_or_else(drawn);
        println!("{what}: {SEED}={seed}");
        Rng(seed)
    }

    pub fn seeded(seed: u64) -> Rng {
        Rng(seed)
    }

    /// What `seeded` would go on from: right after the beginning, the seed.
    pub fn state(&self) -> u64 {
        self.0
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number of `from..=to`.
    pub fn within(&mut self, from: u64, to: u64) -> u64 {
        from + self.bits() % (to - from + 1)
    }
}
