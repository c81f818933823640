//! Teaching the classifier at start-up, from the examples of the config.
//!
//! Deterministic: examples are put in an order of their own, every step is the same in every run, and
//! the order of the files does not matter. Confidence is calibrated on examples that a second model
//! did not see; look-alikes are kept on one side, or the model would be examined on what it learnt.

use crate::automation::understanding::features::{Block, Feature};
use crate::automation::understanding::model::{Dictionary, Head, Model, softmax};
use std::collections::BTreeMap;

/// Rounds over all examples.
const ROUNDS: usize = 8;
/// Length of the first step.
const STEP: f32 = 2.0;
/// Share of every weight that is forgotten in a round.
const DECAY: f32 = 0.005;
/// Added to every temperature.
const DOUBT: f32 = 1.1;
/// Parts for the calibration.
const PARTS: usize = 4;
/// Examples below which every feature counts.
const FEW: usize = 500;
/// How many heads there are.
pub const HEADS: usize = 3;

/// One example.
#[derive(Clone, Debug)]
pub struct Example {
    /// What is seen of it.
    pub features: Vec<Feature>,
    /// The right answer of each head; `None`: it says nothing about that head.
    pub labels: [Option<u16>; HEADS],
}

struct Lesson {
    rows: Vec<(u32, f32)>,
    labels: [Option<u16>; HEADS],
    part: usize,
}

/// Teaches a model. `classes`: answers of each head.
pub fn teach(examples: &[Example], classes: [usize; HEADS]) -> Model {
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    for example in examples {
        let mut keys: Vec<u32> = example.features.iter().map(|f| f.key).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            *counts.entry(key).or_default() += 1;
        }
    }
    // What stands in one example only says more about its author than about its class; of few
    // examples every word is needed.
    let least = if examples.len() < FEW { 1 } else { 2 };
    let counts: Vec<(u32, u32)> = counts
        .into_iter()
        .filter(|(_, count)| *count >= least)
        .collect();
    let dictionary = Dictionary::build(&counts, examples.len());
    let mut lessons: Vec<Lesson> = examples
        .iter()
        .map(|example| {
            let mut rows = Vec::new();
            dictionary.rows(&example.features, &mut rows);
            Lesson {
                rows,
                labels: example.labels,
                part: part(&example.features),
            }
        })
        .collect();
    lessons.sort_by(|a, b| {
        let bits = |lesson: &Lesson| -> Vec<(u32, u32)> {
            lesson
                .rows
                .iter()
                .map(|(row, v)| (*row, v.to_bits()))
                .collect()
        };
        a.labels.cmp(&b.labels).then_with(|| bits(a).cmp(&bits(b)))
    });
    let mut heads = Vec::with_capacity(HEADS);
    let mut width = 0;
    for classes in classes {
        heads.push(Head {
            first: width,
            classes,
            temperature: 1.0,
        });
        width += classes;
    }
    let mut model = Model {
        weights: Vec::new(),
        bias: vec![0.0; width],
        dictionary,
        heads,
        width,
    };
    let temperatures = calibrate(&model, &lessons);
    fit(&mut model, &lessons, None);
    for (head, temperature) in model.heads.iter_mut().zip(temperatures) {
        head.temperature = temperature;
    }
    model
}

/// The part an example is examined in: equal for texts that share most of their words.
fn part(features: &[Feature]) -> usize {
    let scrambled = |feature: &Feature| feature.key.wrapping_mul(0x85eb_ca6b).rotate_left(13);
    let least = features
        .iter()
        .filter(|feature| feature.block == Block::Pieces)
        .map(scrambled)
        .min();
    least.unwrap_or(0) as usize % PARTS
}

/// Stochastic gradient descent with steps that shorten for features met often (AdaGrad by row).
fn fit(model: &mut Model, lessons: &[Lesson], left_out: Option<usize>) {
    let width = model.width;
    let rows = model.dictionary.rarity.len();
    model.weights = vec![0.0; rows * width];
    model.bias = vec![0.0; width];
    let mut met = vec![1e-3f32; rows];
    let mut order: Vec<usize> = (0..lessons.len())
        .filter(|at| left_out.is_none_or(|part| lessons[*at].part != part))
        .collect();
    let mut outputs = vec![0.0f32; width];
    let mut random = 0x2545_f491_4f6c_dd1du64;
    for round in 0..ROUNDS {
        for i in (1..order.len()).rev() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            order.swap(i, (random % (i as u64 + 1)) as usize);
        }
        let step = STEP / (1.0 + round as f32 * 0.15);
        for at in &order {
            let lesson = &lessons[*at];
            outputs.copy_from_slice(&model.bias);
            for (row, value) in &lesson.rows {
                let begin = *row as usize * width;
                for (output, weight) in outputs.iter_mut().zip(&model.weights[begin..begin + width])
                {
                    *output += value * weight;
                }
            }
            if !gradient(&model.heads, lesson, &mut outputs) {
                continue;
            }
            let size: f32 = outputs.iter().map(|error| error * error).sum();
            for (row, value) in &lesson.rows {
                let met = &mut met[*row as usize];
                *met += value * value * size;
                let by = step * value / met.sqrt();
                let begin = *row as usize * width;
                for (weight, error) in model.weights[begin..begin + width].iter_mut().zip(&outputs)
                {
                    *weight -= by * error;
                }
            }
            for (bias, error) in model.bias.iter_mut().zip(&outputs) {
                *bias -= 0.02 * step * error;
            }
        }
        for weight in &mut model.weights {
            *weight *= 1.0 - DECAY;
        }
    }
}

/// Turns outputs into errors; whether there is anything to learn.
fn gradient(heads: &[Head], lesson: &Lesson, outputs: &mut [f32]) -> bool {
    let mut wrong = false;
    for (head, label) in heads.iter().zip(lesson.labels) {
        let answers = &mut outputs[head.first..head.first + head.classes];
        let Some(label) = label else {
            answers.fill(0.0);
            continue;
        };
        softmax(answers, 1.0);
        if let Some(right) = answers.get_mut(usize::from(label)) {
            *right -= 1.0;
        }
        let most = answers
            .iter()
            .fold(0f32, |most, error| most.max(error.abs()));
        if most < 0.01 {
            answers.fill(0.0);
        } else {
            wrong = true;
        }
    }
    wrong
}

/// The temperature of each head, by the answers to examples that were left out of the teaching.
fn calibrate(model: &Model, lessons: &[Lesson]) -> [f32; HEADS] {
    let mut examined: Vec<Vec<(Vec<f32>, usize)>> = vec![Vec::new(); HEADS];
    let parts: Vec<Model> = std::thread::scope(|scope| {
        let taught: Vec<_> = (0..PARTS)
            .map(|part| {
                let mut model = model.clone();
                scope.spawn(move || {
                    fit(&mut model, lessons, Some(part));
                    model
                })
            })
            .collect();
        taught
            .into_iter()
            .map(|thread| thread.join().expect("teaching does not panic"))
            .collect()
    });
    for (part, model) in parts.iter().enumerate() {
        for lesson in lessons.iter().filter(|lesson| lesson.part == part) {
            let mut outputs = model.bias.clone();
            for (row, value) in &lesson.rows {
                let begin = *row as usize * model.width;
                let weights = &model.weights[begin..begin + model.width];
                for (output, weight) in outputs.iter_mut().zip(weights) {
                    *output += value * weight;
                }
            }
            for ((head, label), examined) in
                model.heads.iter().zip(lesson.labels).zip(&mut examined)
            {
                if let Some(label) = label {
                    let answers = outputs[head.first..head.first + head.classes].to_vec();
                    examined.push((answers, usize::from(label)));
                }
            }
        }
    }
    let mut temperatures = [1.0; HEADS];
    for (temperature, examined) in temperatures.iter_mut().zip(&examined) {
        *temperature = best_temperature(examined);
    }
    temperatures
}

/// The temperature under which the right answers were least surprising, between 1 and 4, and a little
/// more: customers write less like the examples than the examples like one another.
fn best_temperature(examined: &[(Vec<f32>, usize)]) -> f32 {
    if examined.is_empty() {
        return 1.0;
    }
    let surprise = |temperature: f32| -> f32 {
        let mut answers = Vec::new();
        examined
            .iter()
            .map(|(outputs, label)| {
                answers.clone_from(outputs);
                softmax(&mut answers, temperature);
                -answers.get(*label).copied().unwrap_or(0.0).max(1e-6).ln()
            })
            .sum()
    };
    let steps = (0..=20).map(|step| 4f32.powf(step as f32 / 20.0));
    steps
        .map(|temperature| (surprise(temperature), temperature))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(1.0, |(_, temperature)| temperature * DOUBT)
}
