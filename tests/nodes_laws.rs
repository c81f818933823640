//! Several nodes on one store, in one process: what each may believe, and what it must make sure of.

mod house;

use hotline::domain::ids::{ChannelId, ChatId, ConversationKey};
use hotline::domain::time::Span;
use hotline::ports::store::{EntityKey, Store as _};
use hotline::store::memory::Memory;
use house::{House, Trouble, body, text};

fn key(user: &str) -> ConversationKey {
    ConversationKey::new(ChannelId::new("main"), ChatId::new(user))
}

#[actix_web::test]
async fn what_another_node_has_answered_is_not_answered_again() {
    let memory = Memory::new();
    let (one, two) = (House::node(&memory, 1), House::node(&memory, 2));
    assert_eq!(one.post(body(&[text("U1", "e1", "q1")])).await, 200);
    one.settled(&key("U1")).await;
    // The second node has the conversation in memory, and then it goes on elsewhere.
    assert_eq!(two.post(body(&[text("U1", "e2", "q2")])).await, 200);
    two.settled(&key("U1")).await;
    assert_eq!(one.post(body(&[text("U1", "e3", "q3")])).await, 200);
    one.settled(&key("U1")).await;
    // Known to the first only: the second must not take it for new, whatever it has in memory.
    assert_eq!(two.post(body(&[text("U1", "e3", "q3")])).await, 200);
    two.settled(&key("U1")).await;
    let sent = one.scribe.bodies("U1").len() + two.scribe.bodies("U1").len();
    assert_eq!(sent, 3);
}

#[actix_web::test]
async fn an_old_memory_does_not_hide_what_another_node_left_undone() {
    let memory = Memory::new();
    let (one, two) = (House::node(&memory, 1), House::node(&memory, 2));
    assert_eq!(two.post(body(&[text("U1", "e1", "q1")])).await, 200);
    two.settled(&key("U1")).await;
    // The first node begins an answer and is never heard of again.
    one.scribe.script.lock().unwrap().push_back(None);
    assert_eq!(one.post(body(&[text("U1", "e2", "q2")])).await, 200);
    one.sent(1).await;
    memory.set_now(memory.now() + Span::secs(11));
    // As the second remembers it, there is nothing to do.
    two.registry.wake(&key("U1")).await.unwrap();
    // The pause before another try.
    memory.set_now(memory.now() + Span::secs(1));
    two.registry.wake(&key("U1")).await.unwrap();
    two.sent(2).await;
    assert!(two.scribe.bodies("U1")[1].contains("\"a2\""));
}

#[actix_web::test]
async fn a_message_that_is_known_is_promised_by_a_commit_not_by_a_reading() {
    let memory = Memory::new();
    let (one, two) = (House::node(&memory, 1), House::node(&memory, 2));
    // It lands, and whether it would outlive its server nobody knows.
    one.store.trouble.send_replace(Trouble::LoseAnswer);
    assert_eq!(one.post(body(&[text("U1", "e1", "q1")])).await, 503);
    let entity = EntityKey::conversation(&key("U1"));
    let before = memory.load(&entity).await.unwrap().expect("it landed");
    assert_eq!(two.post(body(&[text("U1", "e1", "q1")])).await, 200);
    let after = memory.load(&entity).await.unwrap().unwrap();
    assert_ne!(before.revision, after.revision, "nothing was committed");
    assert_eq!(before.value, after.value, "and nothing was to be changed");
    // While no commit is answered, it is not promised.
    two.store.trouble.send_replace(Trouble::LoseAnswer);
    assert_eq!(two.post(body(&[text("U1", "e1", "q1")])).await, 503);
}
