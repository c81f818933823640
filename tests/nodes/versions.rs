//! Nodes of two versions on one store: one knows a field that the others do not.

use crate::server;
use crate::standalone::Disk;
use crate::support::fleet::Fleet;
use crate::support::load;
use crate::support::world::World;
use hotline::domain::ids::{ChannelId, ChatId, ConversationKey};
use hotline::ports::store::{EntityKey, Store as _};
use hotline::store::redis::{Options, Redis};
use rustix::process::Signal;
use std::time::Duration;

const CUSTOMERS: usize = 150;
const PATIENCE: Duration = Duration::from_secs(20);

/// Everybody writes once and is answered, and it is quiet.
fn round(world: &World, question: usize) {
    let seq = world.platform().journal().last_seq();
    for customer in 0..CUSTOMERS {
        load::say(world.platform(), &world.asked, customer, question);
    }
    assert!(
        world.answers_since(seq, CUSTOMERS, PATIENCE),
        "round {question}"
    );
    assert!(world.settled(PATIENCE).clean(), "round {question}");
}

/// How many conversations hold the field of the newer version.
fn with_the_field(store: &Redis) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let holds = |customer: usize| {
        let chat = ChatId::new(&format!("U{customer:032x}"));
        let key = ConversationKey::new(ChannelId::new("main"), chat);
        let loaded = runtime.block_on(store.load(&EntityKey::conversation(&key)));
        let value = loaded.unwrap().and_then(|stored| stored.value).unwrap();
        value.windows(3).any(|seen| seen == b"new")
    };
    (0..CUSTOMERS).filter(|customer| holds(*customer)).count()
}

/// A rolling update that is begun and taken back: what the newer version wrote outlives every rewriting by
/// the older.
#[test]
fn an_older_node_that_rewrites_a_newer_value_loses_no_field() {
    if !server::installed() {
        return;
    }
    let server = Disk::Always.server();
    let world = World::new("versions", false);
    let mut fleet = Fleet::start(&world, 2, &Disk::Always.lines(&server.url()));
    let mut options = Options::new(&server.url());
    options.observer = true;
    let store = Redis::open(options).unwrap();
    round(&world, 0);
    assert_eq!(with_the_field(&store), 0);
    // One is updated and serves alone for a while.
    let mut older = fleet.take(0);
    older.signal(Signal::TERM);
    assert!(older.ended(PATIENCE).is_some());
    fleet.up_with(0, &[("HOTLINE_WRITES_NEXT", "1")]);
    let other = fleet.take(1);
    round(&world, 1);
    assert_eq!(
        with_the_field(&store),
        CUSTOMERS,
        "INVALID: no newer version was at work"
    );
    // Both serve, then the newer is taken back.
    fleet.put_back(1, other);
    round(&world, 2);
    let mut newer = fleet.take(0);
    newer.signal(Signal::TERM);
    assert!(newer.ended(PATIENCE).is_some());
    round(&world, 3);
    assert_eq!(with_the_field(&store), CUSTOMERS);
}
