//! Whatever is said, tapped, answered, lost or awaited, in whatever order: the property test over
//! dialogues, questions and handoffs.

use super::shop::{Shop, Talk, words};
use super::*;
use crate::domain::playbook::{TAP_FOR_ANSWER, TAP_TO_LEAVE};
use crate::domain::verdict::{By, Draft, Failing, Verdict};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Write(u64, String, bool),
    Tap(u64, &'static str),
    Unsend(u64),
    Assistant(Option<u8>, bool),
    Order(&'static str),
    Line(SendEnd),
    Wait(u64),
    Crash,
    Resolved,
    Forget,
    Block(u64),
    Hours(bool),
    Flows(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let marks = [
        "!human",
        "!complaint",
        "!track",
        "!return",
        "!rule",
        "!cancel",
        "!stall",
        "!again",
        "!fix",
        "!wish",
        "!product",
        "A123456",
        "A654321",
        "because",
        "words",
    ];
    let text = proptest::collection::vec(proptest::sample::select(marks.to_vec()), 1..4);
    let text = text.prop_map(|words| words.join(" "));
    let data = [TAP_FOR_ANSWER, TAP_TO_LEAVE, "track", "person", "menu", "?"];
    prop_oneof![
        8 => (0..60u64, text, any::<bool>()).prop_map(|(id, text, token)| Step::Write(id, text, token)),
        3 => (100..160u64, proptest::sample::select(data.to_vec())).prop_map(|(id, tap)| Step::Tap(id, tap)),
        1 => (0..60u64).prop_map(Step::Unsend),
        3 => (proptest::option::of(0..100u8), any::<bool>()).prop_map(|(sure, old)| Step::Assistant(sure, old)),
        3 => proptest::sample::select(vec!["found", "not_found", "failed", "?"]).prop_map(Step::Order),
        6 => prop_oneof![4 => Just(SendEnd::Accepted), 1 => Just(SendEnd::NotAccepted), 1 => Just(SendEnd::Unclear)].prop_map(Step::Line),
        4 => prop_oneof![0..900u64, 15_000..45_000u64, Just(1_900_000u64), Just(90_000_000u64)].prop_map(Step::Wait),
        1 => Just(Step::Crash),
        1 => Just(Step::Resolved),
        1 => Just(Step::Forget),
        1 => (200..220u64).prop_map(Step::Block),
        1 => any::<bool>().prop_map(Step::Hours),
        1 => any::<bool>().prop_map(Step::Flows),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// The invariants hold after every step, every stored form is faithful (both checked by the
    /// desk), what waits is due, nobody is left without an answer and without a person.
    #[test]
    fn nobody_is_left_in_silence(
        steps in proptest::collection::vec(step(), 1..60),
        has_assistant in any::<bool>(),
    ) {
        let mut shop = Shop::default();
        shop.policy.assistant.enabled = has_assistant;
        shop.policy.assistant.timeout = Span::mins(2);
        let mut talk = Talk::of(shop);
        let mut attempts = vec![AttemptId(1)];
        for step in steps {
            talk.now = talk.now + Span(1);
            match step {
                Step::Write(id, text, token) => {
                    let token = token.then(|| format!("t{id}"));
                    let event = plain(id, talk.now, token.as_deref(), words(id, &text));
                    talk.feed(&[event]);
                }
                Step::Tap(id, data) => {
                    let kind = Kind::Postback { data: data.into(), raw: "{}".into() };
                    talk.feed(&[plain(id, talk.now, Some(&format!("t{id}")), kind)]);
                }
                Step::Unsend(id) => {
                    let message = Fingerprint(500_000 + id);
                    talk.feed(&[plain(1_000 + id, talk.now, None, Kind::Unsent { message })]);
                    let kept = talk.live.as_ref().is_some_and(|live| {
                        let text = format!("{:?}", live.state().question);
                        text.contains(&format!("Fingerprint({})", message.0))
                    });
                    prop_assert!(!kept, "unsent words stay in the question");
                }
                Step::Assistant(sure, old) => {
                    attempts.extend(talk.asked().map(|ask| ask.attempt));
                    let attempt = match old {
                        true => attempts[0],
                        false => *attempts.last().expect("never empty"),
                    };
                    let verdict = match sure {
                        Some(confidence) => Verdict::Answered(Draft {
                            text: "answer".into(),
                            confidence,
                            by: By::Model,
                            sources: Box::default(),
                            needs_human: false,
                        }),
                        None => Verdict::Failed(Failing::Server),
                    };
                    talk.feed(&[Event::AssistantAnswered { attempt, verdict }]);
                }
                Step::Order(outcome) => {
                    if let Some(call) = talk.called() {
                        talk.feed(&[Event::CallAnswered {
                            attempt: call.attempt,
                            outcome: outcome.into(),
                            fields: vec![("status".into(), "here".into())],
                        }]);
                    }
                }
                Step::Line(end) => {
                    if let Some(send) = talk.sends().first() {
                        let attempt = send.attempt;
                        talk.feed(&[Event::SendEnded { attempt, end }]);
                    }
                }
                Step::Wait(ms) => talk.wait(Span(ms)),
                Step::Crash => talk.crash(),
                Step::Resolved => talk.feed(&[Event::Resolved]),
                Step::Forget => talk.feed(&[Event::Forget]),
                Step::Block(id) => talk.feed(&[plain(id, talk.now, None, Kind::Unfollowed)]),
                Step::Hours(open) => talk.book.open = open,
                Step::Flows(offered) => talk.book.has_flows = offered,
            }
            if let Some(live) = &talk.live {
                let state = live.state();
                let waits = state.is_asking() || state.run.is_some() || state.phase() == Phase::Waiting;
                prop_assert!(!waits || state.due().is_some(), "what waits is never woken");
                // With people, nothing of the automation's own may begin.
                let began = talk.asked().is_some() || talk.called().is_some();
                prop_assert!(!(state.phase().is_with_people() && began));
            }
        }
        // Left alone for two days it comes to rest: nothing is asked, called or owed for ever.
        for _ in 0..200 {
            let Some(due) = talk.live.as_ref().and_then(|live| live.state().due()) else { break };
            talk.now = talk.now.max(due);
            while let Some(send) = talk.sends().first().cloned() {
                talk.feed(&[Event::SendEnded { attempt: send.attempt, end: SendEnd::Accepted }]);
            }
            talk.wait(Span(1));
        }
        let due = talk.live.as_ref().and_then(|live| live.state().due());
        prop_assert_eq!(due, None, "it never comes to rest");
        // Every text that was taken was taken by somebody.
        let nobody = talk.facts.iter().any(|fact| matches!(fact, Fact::Routed { handler: Handler::Nobody, .. }));
        prop_assert!(!nobody, "a text was taken by nobody");
    }
}
