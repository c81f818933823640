//! Laws of the hourly push budget: counted where the calls leave, durable, never exceeded.

mod house;

use hotline::actors::PushBudget;
use hotline::domain::conversation::PUSH_CALL;
use hotline::domain::ids::{ChannelId, ChatId, ConversationKey};
use hotline::domain::playbook::{LateAnswers, Policy};
use hotline::domain::time::{Millis, Span};
use hotline::line::inbound::GroupPolicy;
use hotline::ports::messenger::{CONNECT, Outcome, Via};
use hotline::ports::store::{
    Class, Commit, EntityKey, EntityKind, Revision, Store, Urgency, Write,
};
use hotline::store::memory::Memory;
use house::{House, body, text};
use metrics_exporter_prometheus::PrometheusBuilder;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

const START: Millis = Millis(1_795_132_800_000);
const HOUR: Span = Span::hours(1);
const MORE_THAN_AN_HOUR: Span = Span::mins(61);

fn customer(n: u32) -> ConversationKey {
    ConversationKey::new(ChannelId::new("main"), ChatId::new(&format!("U{n}")))
}

fn budget(per_hour: u32) -> PushBudget {
    PushBudget::new(per_hour, Arc::new(|_| true))
}

fn store() -> Memory {
    let store = Memory::new();
    store.set_now(START);
    store
}

fn later(store: &Memory, span: Span) {
    store.set_now(store.now() + span);
}

#[actix_web::test]
async fn the_calls_of_one_push_share_its_place() {
    let (store, budget) = (store(), budget(2));
    assert!(budget.ask(&store, &customer(1), &[1]).await);
    for _ in 0..10 {
        later(&store, Span::mins(1));
        assert!(budget.leaves(&store, &customer(1), &[1]).await);
    }
    assert!(budget.ask(&store, &customer(2), &[1]).await, "one is left");
    assert!(!budget.ask(&store, &customer(3), &[1]).await);
    assert!(
        !budget.ask(&store, &customer(1), &[2]).await,
        "another push"
    );
}

#[actix_web::test]
async fn a_push_tried_again_after_its_hour_needs_a_place_of_the_new_hour() {
    let (store, budget) = (store(), budget(1));
    assert!(budget.ask(&store, &customer(1), &[1]).await);
    later(&store, MORE_THAN_AN_HOUR);
    assert!(budget.ask(&store, &customer(2), &[1]).await);
    assert!(budget.leaves(&store, &customer(2), &[1]).await);
    assert!(
        !budget.leaves(&store, &customer(1), &[1]).await,
        "the old grant is not good in the new hour"
    );
    later(&store, MORE_THAN_AN_HOUR);
    assert!(budget.leaves(&store, &customer(1), &[1]).await);
}

#[test]
fn a_place_is_kept_for_an_hour_from_the_last_moment_its_call_may_leave() {
    let (store, budget) = (store(), budget(1));
    assert!(at_once(budget.leaves(&store, &customer(1), &[1])));
    let last = Span(PUSH_CALL.0 + CONNECT.0);
    later(&store, Span(HOUR.0 + last.0 - 1));
    assert!(!at_once(budget.leaves(&store, &customer(2), &[1])));
    later(&store, Span(1));
    assert!(at_once(budget.leaves(&store, &customer(2), &[1])));
}

#[actix_web::test]
async fn grants_of_the_first_release_still_count() {
    let (store, budget) = (store(), budget(2));
    let mut value = vec![1u8];
    value.extend_from_slice(&START.0.to_le_bytes());
    let first = Commit {
        key: EntityKey::new(EntityKind::Counter, "push/main"),
        expected: None,
        proposed: Revision([1; 16]),
        write: Write::Put(value.into()),
        due: None,
        desk: None,
        feed: Vec::new(),
        erase: Vec::new(),
        class: Class::Completing,
        urgency: Urgency::Now,
    };
    store.commit(first).await.unwrap();
    later(&store, Span::mins(30));
    assert!(budget.ask(&store, &customer(1), &[1]).await);
    assert!(!budget.ask(&store, &customer(2), &[1]).await);
}

#[test]
fn a_refused_push_is_counted_when_it_is_asked_for_and_not_at_its_tries() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        let (store, budget) = (store(), budget(1));
        assert!(at_once(budget.ask(&store, &customer(1), &[1])));
        later(&store, MORE_THAN_AN_HOUR);
        assert!(at_once(budget.ask(&store, &customer(2), &[1])));
        for _ in 0..5 {
            assert!(!at_once(budget.leaves(&store, &customer(1), &[1])));
        }
        assert!(!metrics.render().contains("hotline_pushes_refused_total"));
        assert!(!at_once(budget.ask(&store, &customer(3), &[1])));
        let used_up = PushBudget::new(9, Arc::new(|_| false));
        assert!(!at_once(used_up.ask(&store, &customer(4), &[1])));
    });
    let counted = "hotline_pushes_refused_total{channel=\"main\"} 2\n";
    assert!(metrics.render().contains(counted), "{}", metrics.render());
}

#[actix_web::test]
async fn a_channel_spends_only_its_own_budget_and_zero_is_none() {
    let store = store();
    let other = ConversationKey::new(ChannelId::new("other"), ChatId::new("U1"));
    assert!(budget(1).ask(&store, &customer(1), &[1]).await);
    assert!(budget(1).ask(&store, &other, &[1]).await);
    assert!(!budget(0).leaves(&store, &customer(1), &[1]).await);
}

/// One granted push whose call did not get through; its hour passes; others spend the next.
#[actix_web::test]
async fn a_granted_push_does_not_leave_in_an_hour_that_is_spent() {
    let policy = Policy {
        late_answers: LateAnswers::Push,
        max_wait: Span::hours(4),
        ..Policy::default()
    };
    let house = House::with(GroupPolicy::WhenAddressed, policy, 1);
    house.store.inner.set_now(START);
    *house.scribe.script.lock().unwrap() =
        [Some(Outcome::InvalidReplyToken), Some(Outcome::NotSent)].into();
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
    house.sent(2).await;
    let pushes = || {
        let sent = house.scribe.sent.lock().unwrap();
        sent.iter().filter(|sent| sent.via == Via::Push).count()
    };
    assert_eq!(pushes(), 1);
    // The next hour: somebody else has the one place.
    house.store.inner.set_now(START + MORE_THAN_AN_HOUR);
    let other = budget(1);
    assert!(other.ask(&*house.store, &customer(2), &[1]).await);
    let key = customer(1);
    // Awake, at its next try, it is held back; nothing is lost.
    for minute in 0..5 {
        house
            .store
            .inner
            .set_now(START + HOUR + Span::mins(2 + minute));
        house.registry.wake(&key).await.unwrap();
        house.settled(&key).await;
    }
    assert_eq!(pushes(), 1, "no place, no call");
    assert_eq!(house.registry.shared().in_flight(), 0);
    house
        .store
        .inner
        .set_now(START + HOUR + HOUR + Span::mins(2));
    house.registry.wake(&key).await.unwrap();
    house.sent(3).await;
    assert_eq!(pushes(), 2, "it leaves in an hour that has room");
}

/// Its place is being committed: a drain that closed the store now would leave it in doubt.
#[actix_web::test]
async fn a_push_that_waits_for_its_place_is_under_way() {
    let policy = Policy {
        late_answers: LateAnswers::Push,
        ..Policy::default()
    };
    let house = House::with(GroupPolicy::WhenAddressed, policy, 1);
    house.store.inner.set_now(START);
    *house.scribe.script.lock().unwrap() =
        [Some(Outcome::InvalidReplyToken), Some(Outcome::NotSent)].into();
    assert_eq!(house.post(body(&[text("U1", "e1", "q1")])).await, 200);
    house.sent(2).await;
    let key = customer(1);
    house.settled(&key).await;
    assert_eq!(house.registry.shared().in_flight(), 0);
    let counter = EntityKey::new(EntityKind::Counter, "push/main");
    let next = house.next_life(Some(counter));
    next.store.inner.set_now(START + Span::mins(1));
    next.registry.wake(&key).await.unwrap();
    next.settled(&key).await;
    assert!(next.scribe.sent.lock().unwrap().is_empty(), "it waits");
    assert_eq!(next.registry.shared().in_flight(), 1);
}

#[derive(Clone, Debug)]
enum Step {
    Ask(u32),
    Leave(u32),
    Wait(u64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..12u32).prop_map(Step::Ask),
        4 => (0..12u32).prop_map(Step::Leave),
        3 => prop_oneof![0..60_000u64, 3_598_000..3_613_000u64, 0..4_000_000u64].prop_map(Step::Wait),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Calls leave up to twelve seconds after they took their place (ten to be started, two to be
    /// connected); whatever is asked, retried and restarted, every sixty minutes see at most so many
    /// different pushes.
    #[test]
    fn in_no_hour_do_more_pushes_leave_than_the_budget_allows(
        steps in proptest::collection::vec((step(), prop_oneof![Just(0), 0..12_000u64, Just(11_999)]), 1..120),
        per_hour in 1..5u32,
    ) {
        let store = store();
        let mut left: Vec<(Millis, u32)> = Vec::new();
        let mut budget = budget(per_hour);
        for (step, delay) in steps {
            match step {
                Step::Ask(push) => {
                    at_once(budget.ask(&store, &customer(push), &[push]));
                }
                Step::Leave(push) => {
                    if at_once(budget.leaves(&store, &customer(push), &[push])) {
                        left.push((store.now() + Span(delay), push));
                    }
                }
                Step::Wait(ms) => later(&store, Span(ms)),
                Step::Restart => {
                    store.restart();
                    budget = self::budget(per_hour);
                }
            }
        }
        for (end, _) in &left {
            let within = left.iter().filter(|(at, _)| at <= end && end.since(*at) < HOUR);
            let pushes: BTreeSet<u32> = within.map(|(_, push)| *push).collect();
            prop_assert!(pushes.len() <= per_hour as usize, "{pushes:?} within the hour to {end:?}");
        }
    }
}

/// The store in memory never waits.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    use futures_util::FutureExt as _;
    future.now_or_never().expect("nothing waits")
}
