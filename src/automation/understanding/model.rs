//! The classifier: one linear layer over hashed features, a softmax for each head.
//!
//! Heads are asked together: what is meant, whether a person is wanted, which canned answer helps,
//! which small talk it is. Features that no example has are left out of the sum and still count in
//! the length of the text, so a text of strange words is doubted.

use crate::automation::understanding::features::{BLOCKS, Feature};

/// How much each block of features counts: pieces, sounds, words, signs.
const SCALE: [f32; BLOCKS] = [1.0, 0.3, 1.1, 0.5];

/// One question with exclusive answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Head {
    /// Its first output.
    pub first: usize,
    /// How many answers it has; 0: it was never taught.
    pub classes: usize,
    /// Divides the outputs before the softmax; what calibration found.
    pub temperature: f32,
}

/// Rows of weights by feature.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    /// Key and row; a key of 0 is an empty place. A power of two of them.
    places: Vec<(u32, u32)>,
    /// Rarity of each row's feature.
    pub rarity: Vec<f32>,
    /// Rarity of what no example has.
    pub unseen: f32,
}

impl Dictionary {
    /// Builds the dictionary from keys and in how many of `examples` each stands, ascending by key.
    pub fn build(counts: &[(u32, u32)], examples: usize) -> Dictionary {
        let size = (counts.len() * 2).next_power_of_two().max(2);
        let rarity = |count: u32| ((1.0 + examples as f32) / (1.0 + count as f32)).ln() + 1.0;
        let mut places = vec![(0, 0); size];
        for (row, (key, _)) in (0..).zip(counts) {
            let mut at = *key as usize & (size - 1);
            while places[at].0 != 0 {
                at = (at + 1) & (size - 1);
            }
            places[at] = (*key, row);
        }
        Dictionary {
            places,
            rarity: counts.iter().map(|(_, count)| rarity(*count)).collect(),
            unseen: rarity(0),
        }
    }

    fn row(&self, key: u32) -> Option<u32> {
        let mask = self.places.len() - 1;
        let mut at = key as usize & mask;
        loop {
            match self.places[at] {
                (0, _) => return None,
                (found, row) if found == key => return Some(row),
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// The rows of a text and how much of each. `rows` is emptied first.
    pub fn rows(&self, features: &[Feature], rows: &mut Vec<(u32, f32)>) {
        rows.clear();
        if self.places.is_empty() {
            return;
        }
        let mut lengths = [0f32; BLOCKS];
        let mut ends = [0; BLOCKS];
        for feature in features {
            let block = feature.block as usize;
            // Blocks come one after the other.
            if block < 2 {
                let (row, rarity) = match self.row(feature.key) {
                    Some(row) => (Some(row), self.rarity[row as usize]),
                    None => (None, self.unseen),
                };
                let value = feature.value * rarity;
                lengths[block] += value * value;
                if let Some(row) = row {
                    rows.push((row, value));
                }
            } else if let Some(row) = self.row(feature.key) {
                rows.push((row, feature.value));
            }
            ends[block] = rows.len();
        }
        let mut begin = 0;
        for block in 0..BLOCKS {
            let end = ends[block].max(begin);
            let length = if block < 2 {
                lengths[block].sqrt()
            } else {
                1.0
            };
            let scale = SCALE[block] / length.max(1e-6);
            for (_, value) in &mut rows[begin..end] {
                *value *= scale;
            }
            begin = end;
        }
    }
}

/// The taught classifier.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Which row a feature has.
    pub dictionary: Dictionary,
    /// The heads.
    pub heads: Vec<Head>,
    /// Outputs of a row.
    pub width: usize,
    /// Row by row.
    pub weights: Vec<f32>,
    /// Of each output.
    pub bias: Vec<f32>,
}

impl Model {
    /// Probabilities of every answer of every head. `outputs` is emptied first.
    pub fn ask(&self, rows: &[(u32, f32)], outputs: &mut Vec<f32>) {
        outputs.clear();
        outputs.extend_from_slice(&self.bias);
        for (row, value) in rows {
            let begin = *row as usize * self.width;
            let weights = &self.weights[begin..begin + self.width];
            for (output, weight) in outputs.iter_mut().zip(weights) {
                *output += value * weight;
            }
        }
        for head in &self.heads {
            let answers = &mut outputs[head.first..head.first + head.classes];
            softmax(answers, head.temperature);
        }
    }
}

/// Turns outputs into probabilities.
pub fn softmax(outputs: &mut [f32], temperature: f32) {
    let most = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for output in outputs.iter_mut() {
        *output = ((*output - most) / temperature).exp();
        sum += *output;
    }
    for output in outputs.iter_mut() {
        *output /= sum;
    }
}
