//! Known conversations by the million: one customer talks to the real server until the context
//! holds ten messages, then what the store has of that customer is written, through the store
//! itself, for all the others.

use super::message::{Draw, user_id};
use super::run::{Line, settle};
use super::server::{Hotline, Server};
use hotline::ports::store::{
    Class, Commit, EntityKey, EntityKind, Outcome, Revision, Store, Urgency, Write,
};
use hotline::store::embedded::{Embedded, Options};
use std::path::Path;
use std::time::Instant;

/// Makes a fresh folder that knows `users` customers.
pub async fn fill(line: &Line, folder: &Path, users: u64) {
    let _ = std::fs::remove_dir_all(folder);
    let begun = Instant::now();
    let server = Server::hotline(Hotline {
        folder,
        mock: line.port,
        level: "warn",
        rate: 1_000_000,
        store: "",
    });
    let target = line.target(&server, Draw::Random(1));
    let talk = target.clone().closed(0, 5).await;
    talk.expect("five messages and five answers");
    settle(line).await;
    server.stop();

    let mut options = Options::new(folder.join("data"));
    options.free_space_floor = 0;
    let store = Embedded::open(options).expect("the server has left the folder");
    let first = key(0);
    let value = store
        .load(&first)
        .await
        .expect("readable")
        .and_then(|stored| stored.value)
        .expect("the customer is known");
    for chunk in 0..users.div_ceil(2_000) {
        let from = (chunk * 2_000).max(1);
        let waiting: Vec<_> = (from..users.min((chunk + 1) * 2_000))
            .map(|user| store.commit(known(user, value.clone())))
            .collect();
        store.nudge();
        for commit in waiting {
            assert!(matches!(commit.await, Ok(Outcome::Committed(_))));
        }
    }
    store.close().await.expect("closed");
    println!(
        "preloaded {users} conversations, {} bytes each, {:.1} s",
        value.len(),
        begun.elapsed().as_secs_f64()
    );
}

fn key(user: u64) -> EntityKey {
    EntityKey::new(
        EntityKind::Conversation,
        &format!("bench/{}", user_id(user)),
    )
}

fn known(user: u64, value: std::sync::Arc<[u8]>) -> Commit {
    let mut revision = [7; 16];
    revision[..8].copy_from_slice(&user.to_le_bytes());
    Commit {
        key: key(user),
        expected: None,
        proposed: Revision(revision),
        write: Write::Put(value),
        due: None,
        desk: None,
        feed: Vec::new(),
        erase: Vec::new(),
        class: Class::Completing,
        urgency: Urgency::Lazy,
    }
}
