//! Forms that mean about the same, by the terms they share.
//!
//! The most frequent form leads a group, and a rarer one joins the nearest leader. Terms are those of
//! the search, concepts among them, so 「何時寄」 and 「哪天會寄出」 may meet.

use super::missed::Missed;
use crate::automation::knowledge::{Key, Kind, Knowledge};
use std::collections::HashMap;

/// Least cosine of two forms of one group.
const ALIKE: f32 = 0.4;
/// Weights of the kinds of terms, a pair being 1. A concept joins, but not alone.
const CHARACTER: f32 = 0.3;
const CONCEPT: f32 = 1.5;

/// Groups of forms, by their places in `forms`, the leader first; the greatest groups first.
pub fn groups(forms: &[Missed], knowledge: &Knowledge) -> Vec<Vec<usize>> {
    let keys: Vec<Vec<Key>> = forms
        .iter()
        .map(|form| knowledge.terms_of(&form.folded))
        .collect();
    let mut with: HashMap<Key, u32> = HashMap::new();
    for key in keys.iter().flatten() {
        *with.entry(*key).or_default() += 1;
    }
    let weight = |key: &Key| {
        let kind = match key.kind() {
            Kind::Character => CHARACTER,
            Kind::Word => 1.0,
            Kind::Concept => CONCEPT,
        };
        // Few forms say little about which terms are rare: as if fifty more were there.
        let with = with.get(key).copied().unwrap_or(1) as f32;
        kind * (1.0 + (forms.len() as f32 + 50.0) / (with + 5.0)).ln()
    };
    let length = |keys: &[Key]| {
        keys.iter()
            .map(|key| weight(key).powi(2))
            .sum::<f32>()
            .sqrt()
    };
    let mut order: Vec<usize> = (0..forms.len()).collect();
    order.sort_by(|a, b| forms[*b].count.cmp(&forms[*a].count).then(a.cmp(b)));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut lengths: Vec<f32> = Vec::new();
    let mut led: HashMap<Key, Vec<usize>> = HashMap::new();
    for at in order {
        let own = length(&keys[at]);
        let mut shared: HashMap<usize, f32> = HashMap::new();
        for key in &keys[at] {
            for group in led.get(key).into_iter().flatten() {
                *shared.entry(*group).or_default() += weight(key).powi(2);
            }
        }
        let near = shared.into_iter().map(|(group, dot)| {
            let cosine = dot / (own * lengths[group]).max(f32::MIN_POSITIVE);
            (group, cosine)
        });
        let best = near.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        match best {
            Some((group, cosine)) if cosine >= ALIKE => groups[group].push(at),
            _ => {
                for key in &keys[at] {
                    led.entry(*key).or_default().push(groups.len());
                }
                groups.push(vec![at]);
                lengths.push(own);
            }
        }
    }
    let size = |group: &Vec<usize>| group.iter().map(|at| forms[*at].count).sum::<u64>();
    groups.sort_by_key(|group| (std::cmp::Reverse(size(group)), group[0]));
    groups
}
