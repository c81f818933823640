//! Random operations on the embedded store and on the model in memory: the same answers.

#[path = "store_support/mod.rs"]
mod support;

use hotline::domain::ids::Fingerprint;
use hotline::domain::time::Millis;
use hotline::ports::store::*;
use hotline::store::embedded::{Embedded, Options};
use hotline::store::memory::Memory;
use proptest::prelude::*;
use support::*;

#[derive(Clone, Debug)]
enum Step {
    /// Entity, which revision to expect (0 none, 1 the current, 2 one never seen), what to write.
    Commit(u8, u8, What),
    Resend,
    Load(u8),
    Claim(u16, u8),
    Feed(u8, u8),
    Trim(u8),
    Compact,
    Reopen,
}

#[derive(Clone, Debug)]
struct What {
    value: Option<u16>,
    due: bool,
    desk: Option<bool>,
    feed: Vec<Option<u8>>,
    erase: Vec<u8>,
}

fn what() -> impl Strategy<Value = What> {
    (
        proptest::option::weighted(0.85, 0u16..900),
        any::<bool>(),
        proptest::option::weighted(0.4, any::<bool>()),
        proptest::collection::vec(proptest::option::of(0u8..4), 0..4),
        proptest::collection::vec(0u8..4, 0..2),
    )
        .prop_map(|(value, due, desk, feed, erase)| What {
            value,
            due,
            desk,
            feed,
            erase,
        })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0u8..5, prop_oneof![1 => Just(0u8), 6 => Just(1), 1 => Just(2)], what())
            .prop_map(|(key, expected, what)| Step::Commit(key, expected, what)),
        1 => Just(Step::Resend),
        3 => (0u8..6).prop_map(Step::Load),
        2 => (0u16..600, 1u8..4).prop_map(|(now, limit)| Step::Claim(now, limit)),
        2 => (0u8..40, 1u8..9).prop_map(|(skip, limit)| Step::Feed(skip, limit)),
        1 => (0u8..40).prop_map(Step::Trim),
        1 => Just(Step::Compact),
        1 => Just(Step::Reopen),
    ]
}

struct Pair {
    memory: Memory,
    embedded: Option<Embedded>,
    options: Options,
    last: Option<Commit>,
    drawn: u64,
}

impl Pair {
    fn both(&self) -> [&dyn Store; 2] {
        [&self.memory, self.embedded.as_ref().unwrap()]
    }

    async fn commit(&mut self, commit: Commit) {
        let mut answers = Vec::new();
        for store in self.both() {
            answers.push(format!("{:?}", store.commit(commit.clone()).await));
        }
        assert_eq!(answers[0], answers[1]);
        self.last = Some(commit);
    }

    async fn build(&mut self, name: u8, expected: u8, what: What) -> Commit {
        self.drawn += 1;
        let name = name.to_string();
        let current = self.memory.load(&key(&name)).await.unwrap();
        let entry = |(n, erasable): (usize, Option<u8>)| FeedEntry {
            erasable: erasable.map(|m| Fingerprint(u64::from(m))),
            payload: format!("{}.{n}", self.drawn).into_bytes().into(),
        };
        Commit {
            expected: match expected {
                0 => None,
                1 => current.map(|seen| seen.revision),
                _ => Some(revision(999_999)),
            },
            write: match what.value {
                Some(size) => Write::Put(vec![self.drawn as u8; size.into()].into()),
                None => Write::Delete,
            },
            due: what.due.then(|| Millis(self.drawn * 37 % 601)),
            desk: what.desk.map(|row| Box::from([u8::from(row)])),
            feed: what.feed.into_iter().enumerate().map(entry).collect(),
            erase: what
                .erase
                .into_iter()
                .map(|m| Fingerprint(m.into()))
                .collect(),
            ..put(&name, None, self.drawn, "")
        }
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Commit(name, expected, what) => {
                let commit = self.build(name, expected, what).await;
                self.commit(commit).await;
            }
            Step::Resend => {
                if let Some(commit) = self.last.clone() {
                    self.commit(commit).await;
                }
            }
            Step::Load(name) => {
                let [one, two] = self.both().map(|store| store.load(&key(&name.to_string())));
                assert_eq!(one.await.unwrap(), two.await.unwrap());
            }
            Step::Claim(now, limit) => {
                let claim = |store: &dyn Store| {
                    store.claim_due(
                        Millis(now.into()),
                        Millis(u64::from(now) + 40),
                        limit.into(),
                    )
                };
                let [one, two] = self.both().map(claim);
                let (one, two) = (one.await.unwrap().items, two.await.unwrap().items);
                let times = |all: &[Due]| all.iter().map(|d| d.at).collect::<Vec<_>>();
                assert_eq!(times(&one), times(&two));
                // Which of several items of the same moment comes first is nobody's promise; make
                // the two agree again by settling what only one handed out.
                for item in one.iter().chain(&two) {
                    if !(one.contains(item) && two.contains(item)) {
                        self.settle(&item.key).await;
                    }
                }
            }
            Step::Feed(skip, limit) => {
                let after = self.cursor(skip).await;
                let [one, two] = self.both().map(|store| store.feed(after, limit.into()));
                let plain = |all: Vec<FeedRecord>| -> Vec<_> {
                    all.into_iter()
                        .map(|r| (r.cursor, r.key, r.payload))
                        .collect()
                };
                assert_eq!(plain(one.await.unwrap()), plain(two.await.unwrap()));
            }
            Step::Trim(skip) => {
                let upto = self.cursor(skip).await;
                for store in self.both() {
                    store.trim_feed(upto).await.unwrap();
                }
            }
            Step::Compact => {
                for store in self.both() {
                    store.compact().await.unwrap();
                }
            }
            Step::Reopen => {
                self.memory.restart();
                self.embedded = None;
                self.embedded = Some(Embedded::open(self.options.clone()).unwrap());
            }
        }
        let [one, two] = self.both().map(|store| store.desk_generation());
        assert_eq!(one.await.unwrap(), two.await.unwrap());
        let mut rows = Vec::new();
        for store in self.both() {
            let mut found = store.desk_rows().await.unwrap();
            found.sort();
            rows.push(found);
        }
        assert_eq!(rows[0], rows[1]);
    }

    async fn settle(&mut self, key: &EntityKey) {
        self.drawn += 1;
        let seen = self.memory.load(key).await.unwrap().unwrap();
        let commit = Commit {
            key: key.clone(),
            expected: Some(seen.revision),
            ..put("", None, self.drawn, "settled")
        };
        self.commit(commit).await;
    }

    async fn cursor(&self, skip: u8) -> Cursor {
        let all = self
            .memory
            .feed(Cursor::default(), 1 + usize::from(skip))
            .await
            .unwrap();
        all.last().map_or(Cursor::default(), |record| record.cursor)
    }
}

fn compare(steps: Vec<Step>, hash_bits: u32, checkpoint_bytes: u64) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(folder.path());
    options.tuning.hash_bits = hash_bits;
    options.tuning.checkpoint_bytes = checkpoint_bytes;
    let mut pair = Pair {
        memory: Memory::new(),
        embedded: Some(Embedded::open(options.clone()).unwrap()),
        options,
        last: None,
        drawn: 0,
    };
    run(async {
        for step in steps {
            pair.step(step).await;
        }
        let store = pair.embedded.take().unwrap();
        store.close().await.unwrap();
    });
    let report = hotline::store::embedded::deep_verify(folder.path()).unwrap();
    assert!(report.is_sound(), "{report:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn embedded_answers_as_the_model_does(
        steps in proptest::collection::vec(step(), 1..80),
        hash_bits in prop_oneof![Just(64u32), Just(1)],
        checkpoint_bytes in prop_oneof![Just(1u64), Just(3_000), Just(1 << 20)],
    ) {
        compare(steps, hash_bits, checkpoint_bytes);
    }
}
