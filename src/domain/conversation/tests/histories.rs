//! Whatever happens, in whatever order: the property test over all laws of the conversation, and over
//! all bytes that may be read.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    /// Without a token, with one that is too old already, or with a good one.
    Say {
        id: u64,
        rule: u32,
        token: u8,
    },
    Unsend(u64),
    End(SendEnd, usize),
    Grant(bool),
    Well,
    Full(bool),
    Wait(u64),
    Crash,
    Unfollow(u64),
    Tap(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let end = prop_oneof![
        4 => Just(SendEnd::Accepted),
        2 => Just(SendEnd::NotAccepted),
        1 => Just(SendEnd::QuotaExhausted),
        1 => Just(SendEnd::InvalidReplyToken),
        1 => Just(SendEnd::Refused),
        2 => Just(SendEnd::Unclear),
    ];
    prop_oneof![
        5 => (0..40u64, 0..4u32, 0..5u8).prop_map(|(id, rule, token)| Step::Say { id, rule, token }),
        1 => (0..40u64).prop_map(Step::Unsend),
        5 => (end, 0..3usize).prop_map(|(end, which)| Step::End(end, which)),
        2 => any::<bool>().prop_map(Step::Grant),
        3 => prop_oneof![0..2_000u64, 10_000..40_000u64, Just(700_000u64)].prop_map(Step::Wait),
        1 => Just(Step::Crash),
        1 => Just(Step::Well),
        1 => any::<bool>().prop_map(Step::Full),
        1 => (100..110u64).prop_map(Step::Unfollow),
        1 => (200..220u64).prop_map(Step::Tap),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever happens: the invariants hold, each effect ends at most once, what is not ended is
    /// still owed, a frozen body never changes, and nothing is sent after its end.
    #[test]
    fn every_effect_ends_once_or_is_still_owed(
        steps in proptest::collection::vec(step(), 1..80),
        late in prop_oneof![Just(LateAnswers::Wait), Just(LateAnswers::Push), Just(LateAnswers::Drop)],
    ) {
        let mut desk = Desk::default();
        desk.book.policy.late_answers = late;
        let mut frozen = std::collections::HashMap::new();
        for step in steps {
            desk.now = desk.now + Span(1);
            match step {
                Step::Say { id, rule, token } => {
                    let old = if token == 1 { TOKEN_USABLE.0 } else { 0 };
                    let came = Millis(desk.now.0 - old);
                    let event = text(id, rule, came, (token > 0).then_some("t"));
                    desk.feed(&[event]);
                }
                Step::Unsend(id) => {
                    let message = Fingerprint(500_000 + id);
                    desk.feed(&[plain(1_000 + id, desk.now, None, Kind::Unsent { message })]);
                }
                Step::End(end, which) => {
                    let sends = desk.sends();
                    if !sends.is_empty() {
                        let attempt = sends[which % sends.len()].attempt;
                        desk.feed(&[Event::SendEnded { attempt, end }]);
                    }
                }
                Step::Grant(granted) => {
                    let asked = desk.owed().into_iter().find_map(|owed| match owed {
                        Owed::AskPush { effects } => Some(effects),
                        _ => None,
                    });
                    if let Some(effects) = asked {
                        desk.feed(&[Event::PushAnswered { effects, granted }]);
                    }
                }
                Step::Wait(ms) => desk.wait(Span(ms)),
                Step::Full(full) => desk.way_is_free = !full,
                Step::Crash => desk.crash(),
                Step::Well => desk.feed(&[Event::LineIsWell]),
                Step::Unfollow(id) => desk.feed(&[plain(id, desk.now, None, Kind::Unfollowed)]),
                Step::Tap(id) => {
                    let kind = Kind::Postback { data: "menu".into(), raw: "{}".into() };
                    desk.feed(&[plain(id, desk.now, Some("tap"), kind)]);
                }
            }
            for send in desk.sends() {
                prop_assert!(send.effects.is_sorted(), "read out of order: {:?}", send.effects);
            }
            // A call under way is only ever repeated with the same bytes.
            for send in desk.sends() {
                let known = frozen.entry((send.effects.clone(), send.push, send.body[..30.min(send.body.len())].to_string()))
                    .or_insert_with(|| send.body.clone());
                prop_assert_eq!(&*known, &send.body);
            }
        }
        let mut decided = Vec::new();
        let mut ended = Vec::new();
        for fact in &desk.facts {
            match fact {
                Fact::Answered { effect, .. } => decided.push(*effect),
                Fact::Ended { effects, .. } => ended.extend_from_slice(effects),
                _ => {}
            }
        }
        let mut unique = ended.clone();
        unique.sort_unstable();
        unique.dedup();
        prop_assert_eq!(unique.len(), ended.len(), "an effect ended twice");
        let owed = desk.live.as_ref().map_or(0, |live| live.state().owed_effects());
        prop_assert_eq!(decided.len(), ended.len() + owed, "an effect was lost");
    }

    /// Reading never panics, whatever the bytes.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Live::loaded(Revision([0; 16]), bytes.clone().into());
        let mut framed = vec![1];
        framed.extend(bytes);
        // What could be read can be gone through.
        if let Ok(live) = Live::loaded(Revision([0; 16]), framed.into()) {
            let _ = live.state().words().count();
            let _ = check(live.state());
        }
    }
}
