//! Counts what was not understood, by folded form, out of the facts of the change feed.
//!
//! Memory is bounded whatever the feed holds: words wait for the fact that judges them in a short row,
//! and of too many forms the rarest are given up, which is told.

use crate::automation::fold::fold;
use crate::domain::ids::Fingerprint;
use crate::domain::mask::masked;
use crate::domain::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// Below this confidence, in percent, an intent counts as a guess.
pub const UNSURE: u8 = 60;

/// Most forms counted at once.
const MAX_FORMS: usize = 20_000;
/// Words that wait for the fact that says who took them; it comes in the same commit.
const MAX_PENDING: usize = 1_024;
/// Questions that wait for what the assistant made of them.
const MAX_ASKED: usize = 4_096;
/// Spellings kept of one form.
const MAX_SAMPLES: usize = 3;
/// Characters kept of one sample.
const MAX_SAMPLE: usize = 200;
/// Customers told apart for one form.
const MAX_CUSTOMERS: usize = 100;

/// All that was not understood in a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Unmatched {
    /// From when on, milliseconds since 1970.
    pub since: u64,
    /// Texts that were taken by somebody, understood or not.
    pub texts: u64,
    /// Those that were not understood.
    pub missed: u64,
    /// Messages whose forms were given up for room.
    pub left_out: u64,
    /// The forms, most frequent first.
    pub forms: Vec<Missed>,
}

/// One form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Missed {
    /// The words as they are compared.
    pub folded: String,
    /// Messages.
    pub count: u64,
    /// Those of them with an intent that was only a guess.
    pub unsure: u64,
    /// Customers, told apart up to a hundred.
    pub customers: usize,
    /// The guesses and how often each was made.
    pub intents: BTreeMap<String, u64>,
    /// The last, milliseconds since 1970.
    pub last: u64,
    /// How it was typed, personal data masked: some spellings.
    pub samples: Vec<String>,
}

/// A fact as it stands in the feed: what is needed of it.
#[derive(Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
enum Told {
    Received {
        message: Option<Fingerprint>,
        words: Option<Box<str>>,
    },
    Routed {
        message: Fingerprint,
        handler: Box<str>,
        intent: Option<Box<str>>,
        confidence: u8,
        #[serde(default)]
        wants_human: bool,
        rule: Option<Box<str>>,
        flow: Option<Box<str>>,
    },
    Assisted {
        outcome: Box<str>,
        by: Option<Box<str>>,
    },
    #[serde(other)]
    Other,
}

/// Counts while the feed is read.
pub struct Tally {
    mask: bool,
    texts: u64,
    missed: u64,
    left_out: u64,
    pending: VecDeque<(Box<str>, Fingerprint, Box<str>)>,
    asked: VecDeque<Asked>,
    forms: HashMap<String, Form>,
}

/// A text that went to the assistant.
struct Asked {
    conversation: Box<str>,
    at: Millis,
    words: Box<str>,
}

#[derive(Default)]
struct Form {
    count: u64,
    unsure: u64,
    customers: BTreeSet<Fingerprint>,
    intents: BTreeMap<String, u64>,
    last: u64,
    samples: Vec<String>,
}

impl Tally {
    /// Nothing counted yet; `mask`: personal data is hidden before anything is kept.
    pub fn new(mask: bool) -> Tally {
        Tally {
            mask,
            texts: 0,
            missed: 0,
            left_out: 0,
            pending: VecDeque::new(),
            asked: VecDeque::new(),
            forms: HashMap::new(),
        }
    }

    /// Reads one record of a conversation. What is no fact of ours is passed over.
    pub fn read(&mut self, conversation: &str, at: Millis, payload: &[u8]) {
        match serde_json::from_slice(payload) {
            Ok(Told::Received {
                message: Some(message),
                words: Some(words),
            }) => {
                if self.pending.len() == MAX_PENDING {
                    self.pending.pop_front();
                }
                self.pending
                    .push_back((conversation.into(), message, words));
            }
            Ok(Told::Routed {
                message,
                handler,
                intent,
                confidence,
                wants_human,
                rule,
                flow,
            }) => {
                self.texts += 1;
                let is_known = intent.is_some() && confidence >= UNSURE;
                let unanswered = matches!(&*handler, "ai" | "fallback");
                // An intent without an answer of its own is understood and missed all the same.
                let guessed = intent.is_some() && !is_known;
                let missed =
                    rule.is_none() && flow.is_none() && !wants_human && (guessed || unanswered);
                let mut waiting = self.pending.iter();
                let place =
                    waiting.rposition(|(key, id, _)| *id == message && **key == *conversation);
                // Without words they were unsent.
                let words = place.and_then(|place| self.pending.remove(place));
                match words.filter(|_| missed) {
                    Some((.., words)) if &*handler == "ai" && !guessed => {
                        self.ask(conversation, at, words);
                    }
                    Some((.., words)) => {
                        let guess = intent.as_deref().filter(|_| guessed);
                        self.count(conversation, at, &words, guess);
                    }
                    None => {}
                }
            }
            Ok(Told::Assisted { outcome, by }) => {
                let by_article = &*outcome == "answered" && by.as_deref() == Some("knowledge");
                self.settle(conversation, by_article);
            }
            Ok(_) | Err(_) => {}
        }
    }

    /// Whether it was missed is known when the assistant is done.
    fn ask(&mut self, conversation: &str, at: Millis, words: Box<str>) {
        if self.asked.len() == MAX_ASKED
            && let Some(oldest) = self.asked.pop_front()
        {
            self.count(&oldest.conversation, oldest.at, &oldest.words, None);
        }
        self.asked.push_back(Asked {
            conversation: conversation.into(),
            at,
            words,
        });
    }

    /// An article was the answer: nothing was missed. A model's own words cost money, and count.
    fn settle(&mut self, conversation: &str, by_article: bool) {
        let asked = std::mem::take(&mut self.asked);
        let (done, waiting) = asked
            .into_iter()
            .partition::<VecDeque<_>, _>(|asked| *asked.conversation == *conversation);
        self.asked = waiting;
        for Asked { at, words, .. } in done {
            if !by_article {
                self.count(conversation, at, &words, None);
            }
        }
    }

    fn count(&mut self, conversation: &str, at: Millis, words: &str, intent: Option<&str>) {
        let words = if self.mask {
            masked(words)
        } else {
            words.to_owned()
        };
        let folded = fold(&words);
        if folded.is_empty() {
            return;
        }
        self.missed += 1;
        if self.forms.len() >= MAX_FORMS && !self.forms.contains_key(&folded) {
            self.make_room();
        }
        let form = self.forms.entry(folded).or_default();
        form.count += 1;
        form.last = form.last.max(at.0);
        if form.customers.len() < MAX_CUSTOMERS {
            form.customers.insert(Fingerprint::of(conversation));
        }
        if let Some(intent) = intent {
            form.unsure += 1;
            *form.intents.entry(intent.to_owned()).or_default() += 1;
        }
        let sample: String = words.trim().chars().take(MAX_SAMPLE).collect();
        if form.samples.len() < MAX_SAMPLES && !form.samples.contains(&sample) {
            form.samples.push(sample);
        }
    }

    /// Gives up the rarest forms until a quarter is free.
    fn make_room(&mut self) {
        let mut least = 1;
        while self.forms.len() > MAX_FORMS / 4 * 3 {
            let left_out = &mut self.left_out;
            self.forms.retain(|_, form| {
                let stays = form.count > least;
                *left_out += if stays { 0 } else { form.count };
                stays
            });
            least *= 2;
        }
    }

    /// What was counted, the `most` most frequent forms of it.
    pub fn finish(mut self, since: Millis, most: usize) -> Unmatched {
        for asked in std::mem::take(&mut self.asked) {
            self.count(&asked.conversation, asked.at, &asked.words, None);
        }
        let forms = self.forms.drain().map(|(folded, form)| Missed {
            folded,
            count: form.count,
            unsure: form.unsure,
            customers: form.customers.len(),
            intents: form.intents,
            last: form.last,
            samples: form.samples,
        });
        let mut forms: Vec<Missed> = forms.collect();
        forms.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.folded.cmp(&b.folded)));
        let rest = forms.split_off(most.min(forms.len()));
        self.left_out += rest.iter().map(|form| form.count).sum::<u64>();
        Unmatched {
            since: since.0,
            texts: self.texts,
            missed: self.missed,
            left_out: self.left_out,
            forms,
        }
    }
}

#[cfg(test)]
mod tests;
