//! Random operations on the Redis store and on the model in memory: the same answers.

use super::support::*;
use super::{Server, installed, whole_feed};
use hotline::domain::ids::Fingerprint;
use hotline::domain::time::Millis;
use hotline::ports::store::*;
use hotline::store::memory::Memory;
use hotline::store::redis::Redis;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    /// Entity, which revision to expect (0 none, 1 the current, 2 one never seen), what to write.
    Commit(u8, u8, What),
    Resend,
    Claim(u16),
    Trim(u8),
    /// Reads on after something that was read once, so many records.
    Read(u8, u8),
    Compact,
}

#[derive(Clone, Debug)]
struct What {
    value: Option<u16>,
    due: Option<u16>,
    desk: Option<u8>,
    feed: Vec<Option<u8>>,
    erase: Vec<u8>,
    settles: bool,
}

fn what() -> impl Strategy<Value = What> {
    (
        proptest::option::weighted(0.8, 0u16..900),
        proptest::option::of(0u16..600),
        proptest::option::weighted(0.4, 0u8..3),
        proptest::collection::vec(proptest::option::of(0u8..4), 0..4),
        proptest::collection::vec(0u8..4, 0..3),
        any::<bool>(),
    )
        .prop_map(|(value, due, desk, feed, erase, settles)| What {
            value,
            due,
            desk,
            feed,
            erase,
            settles,
        })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0u8..5, prop_oneof![1 => Just(0u8), 6 => Just(1), 1 => Just(2)], what())
            .prop_map(|(key, expected, what)| Step::Commit(key, expected, what)),
        1 => Just(Step::Resend),
        2 => (0u16..600).prop_map(Step::Claim),
        1 => (0u8..9).prop_map(Step::Trim),
        2 => (any::<u8>(), 1u8..9).prop_map(|(n, limit)| Step::Read(n, limit)),
        1 => Just(Step::Compact),
    ]
}

/// Ids as LINE gives them, nearly so, and of another sort.
fn called(name: u8) -> String {
    match name {
        0 => "main/U000000000000000000000000000000aa".into(),
        1 => "main/U000000000000000000000000000000AA".into(),
        2 => "main/C000000000000000000000000000000aa".into(),
        3 => "/R00000000000000000000000000000000".into(),
        _ => name.to_string(),
    }
}

struct Pair {
    memory: Memory,
    redis: Redis,
    last: Option<Commit>,
    drawn: u64,
    /// Places of the feed seen in both, if it is in one piece.
    places: Vec<[Cursor; 2]>,
    /// Generations seen, each once.
    desks: Vec<[DeskGeneration; 2]>,
}

impl Pair {
    fn both(&self) -> [&dyn Store; 2] {
        [&self.memory, &self.redis]
    }

    async fn commit(&mut self, commit: Commit) {
        let [one, two] = self.both().map(|store| store.commit(commit.clone()));
        assert_eq!(format!("{:?}", one.await), format!("{:?}", two.await));
        self.last = Some(commit);
    }

    async fn build(&mut self, name: u8, expected: u8, what: What) -> Commit {
        self.drawn += 1;
        let name = called(name);
        let current = self.memory.load(&key(&name)).await.unwrap();
        let entry = |(n, erasable): (usize, Option<u8>)| FeedEntry {
            erasable: erasable.map(|m| Fingerprint(u64::from(m))),
            // Line breaks and numbers, as in the heads that words are kept under.
            payload: format!("{}.{n}\n1-1 9\n", self.drawn).into_bytes().into(),
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
            due: what.due.map(|at| Millis(at.into())),
            desk: what.desk.map(|row| vec![row; row.into()].into()),
            feed: what.feed.into_iter().enumerate().map(entry).collect(),
            erase: what
                .erase
                .into_iter()
                .map(|m| Fingerprint(m.into()))
                .collect(),
            class: if what.settles {
                Class::Completing
            } else {
                Class::Accepting
            },
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
            Step::Claim(now) => {
                let (now, later) = (Millis(now.into()), Millis(u64::from(now) + 40));
                let [one, two] = self.both().map(|store| store.claim_due(now, later, 99));
                // Which of several of one moment comes first is nobody's promise.
                let sorted = |mut all: Vec<Due>| {
                    assert!(all.is_sorted_by_key(|due| std::cmp::Reverse(due.at)));
                    all.sort_by(|one, two| (one.at, &one.key).cmp(&(two.at, &two.key)));
                    all
                };
                assert_eq!(
                    sorted(one.await.unwrap().items),
                    sorted(two.await.unwrap().items)
                );
            }
            Step::Trim(skip) if self.redis.feeds() > 1 => self.trim(skip.into()).await,
            Step::Trim(skip) => self.trim_to(skip.into()).await,
            Step::Read(n, limit) => self.read(n.into(), limit.into()).await,
            Step::Compact => {
                for store in self.both() {
                    store.compact().await.unwrap();
                }
            }
        }
        self.look().await;
    }

    /// Trims everything in both, or nothing: their batches are not the same ones.
    async fn trim(&self, skip: usize) {
        for store in self.both() {
            let all = whole_feed(store).await;
            if all.len() > skip {
                for record in all {
                    store.trim_feed(record.cursor).await.unwrap();
                }
            }
        }
    }

    /// Trims both to the same record. In one piece, the feed has one order.
    async fn trim_to(&self, skip: usize) {
        for store in self.both() {
            if let Some(record) = whole_feed(store).await.get(skip) {
                store.trim_feed(record.cursor).await.unwrap();
            }
        }
    }

    /// Reads in both after a place seen before, trimmed since or not.
    async fn read(&self, n: usize, limit: usize) {
        if self.places.is_empty() {
            return;
        }
        let place = self.places[n % self.places.len()];
        let mut read = Vec::new();
        for (store, after) in self.both().into_iter().zip(place) {
            let page = store.feed(after, limit).await.unwrap();
            let page = page.into_iter().map(|record| (record.key, record.payload));
            read.push(page.collect::<Vec<_>>());
        }
        assert_eq!(read[0], read[1]);
    }

    async fn look(&mut self) {
        if self.redis.feeds() == 1 {
            let [one, two] = self.both();
            let (one, two) = (whole_feed(one).await, whole_feed(two).await);
            let pairs = one.iter().zip(&two);
            let seen: Vec<_> = pairs.map(|(a, b)| [a.cursor, b.cursor]).collect();
            self.places.extend(seen);
            let plain = |all: Vec<FeedRecord>| -> Vec<_> {
                all.into_iter().map(|r| (r.key, r.payload)).collect()
            };
            assert_eq!(plain(one), plain(two));
        }

        let mut seen = Vec::new();
        for store in self.both() {
            let mut entities = Vec::new();
            for name in 0..6 {
                entities.push(store.load(&key(&called(name))).await.unwrap());
            }
            let mut rows = store.desk_rows().await.unwrap();
            rows.sort();
            let mut feed: Vec<_> = whole_feed(store).await;
            // Stable: the order within an entity stays.
            feed.sort_by(|one, two| one.key.cmp(&two.key));
            let feed: Vec<_> = feed.into_iter().map(|r| (r.key, r.payload)).collect();
            seen.push((entities, rows, feed));
        }
        assert_eq!(seen[0], seen[1]);
        let mut desks = Vec::new();
        for store in self.both() {
            desks.push(store.desk_generation().await.unwrap());
        }
        // Their tokens are not the same ones, but they change together.
        let known = self.desks.iter().rposition(|known| known[0] == desks[0]);
        assert_eq!(
            known,
            self.desks.iter().rposition(|known| known[1] == desks[1])
        );
        assert!(
            known.is_none_or(|at| at + 1 == self.desks.len()),
            "again {desks:?}"
        );
        if known.is_none() {
            self.desks.push([desks[0], desks[1]]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn redis_answers_as_the_model_does(
        steps in proptest::collection::vec(step(), 1..60),
        partitions in 1u16..=2,
    ) {
        if installed() {
            let server = Server::start();
            let mut options = server.options();
            options.partitions = partitions;
            let mut pair = Pair {
                memory: Memory::new(),
                redis: Redis::open(options).unwrap(),
                last: None,
                drawn: 0,
                places: Vec::new(),
                desks: Vec::new(),
            };
            run(async {
                for step in steps {
                    pair.step(step).await;
                }
            });
        }
    }
}
