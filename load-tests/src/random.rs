//! A small seeded generator of chance, so that a seed means the same run everywhere.
//!
//! SplitMix64 (Steele, Lea, Flood 2014). Not for secrets.

/// The state; the same seed gives the same sequence on every machine.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Begins the sequence of a seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// At least 0, below 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// At least 0, below `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        ((self.unit() * end as f64) as usize).min(end.saturating_sub(1))
    }

    /// Puts a list into chance order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let other = self.below(last + 1);
            list.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_the_same_sequence_and_within_bounds() {
        let (mut one, mut two) = (Random::new(5), Random::new(5));
        for _ in 0..1_000 {
            assert_eq!(one.bits(), two.bits());
            assert!((0.0..1.0).contains(&one.unit()));
            assert!(one.below(3) < 3);
            two = one.clone();
        }
        assert_eq!(Random::new(1).below(0), 0);
    }
}
