//! A shop with intents, flows and an assistant, and a customer who talks to it.

use super::*;
use crate::domain::handoff::Reason;
use crate::domain::playbook::{
    Act, Assistance, Cues, Flow, Intent, Phrase, Reading, Slot, Step, TAP_TO_LEAVE,
};
use crate::domain::verdict::{By, Draft, Failing, Verdict};

pub(super) const TRACKING: u16 = 0;
pub(super) const RETURN: u16 = 1;

/// Understands words by a few marks in them: `!human`, `!complaint`, `!track`, `!return`, `!rule`,
/// `!cancel`, `!stall`, `!again`, `!fix`, `!wish`, `!product`.
pub(super) fn understood(text: &str) -> Understanding {
    let has = |mark: &str| text.contains(mark);
    let intents = [
        ("!track", 0),
        ("!return", 1),
        ("!complaint", 2),
        ("!product", 3),
    ];
    let intent = intents.iter().find(|(mark, _)| has(mark)).map(|(_, n)| *n);
    let cues = [
        ("!cancel", Cues::CANCEL),
        ("!stall", Cues::STALL),
        ("!again", Cues::START_OVER),
        ("!fix", Cues::CORRECTION),
        ("!wish", Cues::WISH),
        ("!ask", Cues::QUESTION),
    ];
    let cues = cues.iter().filter(|(mark, _)| has(mark));
    Understanding {
        digest: 9,
        rule: has("!rule").then_some(0),
        intent,
        confidence: if intent.is_some() && !has("!guess") {
            90
        } else {
            30
        },
        wants_human: has("!human"),
        talk: None,
        cues: cues.fold(Cues::default(), |all, (_, cue)| all.and(*cue)),
    }
}

pub(super) struct Shop {
    pub(super) policy: Policy,
    pub(super) open: bool,
    pub(super) has_flows: bool,
    pub(super) rule: Answer,
    pub(super) fallback: Answer,
    pub(super) phrases: Vec<(Phrase, Answer)>,
    pub(super) intents: Vec<Intent>,
    pub(super) flows: Vec<Flow>,
    pub(super) menu: Vec<(&'static str, Tap)>,
}

fn said(rule: &str) -> Answer {
    answer(rule, &[rule])
}

fn with_hole(rule: &str, name: &str) -> Answer {
    let json = "{\"type\":\"text\",\"text\":\"<>\"}";
    let at = json.find('>').unwrap();
    let hole = crate::domain::playbook::Hole {
        at,
        name: name.into(),
        max: 300,
    };
    Answer {
        rule: rule.into(),
        bubbles: [Bubble::with_holes(json, None, vec![hole])].into(),
        gist: rule.into(),
    }
}

fn step(id: &str, act: Act) -> Step {
    Step {
        id: id.into(),
        act,
        timeout: None,
    }
}

fn flow(id: &str, intent: u16, slots: &[(&str, bool)], steps: Vec<Step>) -> Flow {
    Flow {
        id: id.into(),
        intent: Some(intent),
        slots: slots
            .iter()
            .map(|(name, free)| Slot {
                name: (*name).into(),
                remember: !free,
                free: *free,
                confirms: false,
            })
            .collect(),
        steps: steps.into(),
        timeout: Span::mins(30),
        max_failures: 3,
        cancelled: Some(said("cancelled")),
        stall: Some(said("take your time")),
    }
}

impl Default for Shop {
    fn default() -> Shop {
        let ask = |slot, prompt: &str, next| Act::Ask {
            slot,
            prompt: said(prompt),
            retry: Some(said(&format!("{prompt} again"))),
            next,
        };
        let tracking = vec![
            step("number", ask(0, "number?", 1)),
            step(
                "lookup",
                Act::Call {
                    connector: "order".into(),
                    on: [("found".into(), 2), ("not_found".into(), 3)].into(),
                    failed: 4,
                },
            ),
            step(
                "show",
                Act::End {
                    answer: Some(with_hole("status", "call.status")),
                    handoff: None,
                },
            ),
            step(
                "again",
                Act::Again {
                    forget: [0].into(),
                    answer: Some(said("no such order")),
                    next: 0,
                },
            ),
            step(
                "person",
                Act::End {
                    answer: None,
                    handoff: Some(Reason::ComplexQuery),
                },
            ),
        ];
        let returning = vec![
            step("number", ask(0, "number?", 1)),
            step("reason", ask(1, "reason?", 2)),
            step(
                "done",
                Act::End {
                    answer: Some(with_hole("filed", "slot.order_number")),
                    handoff: None,
                },
            ),
        ];
        let intent = |id: &str, flow, handoff| Intent {
            id: id.into(),
            reply: None,
            flow,
            flow_on_wish: flow == Some(RETURN),
            handoff,
        };
        Shop {
            policy: Policy {
                assistant: Assistance {
                    enabled: true,
                    ..Assistance::default()
                },
                ..Policy::default()
            },
            open: true,
            has_flows: true,
            rule: said("rule"),
            fallback: said("fallback"),
            phrases: [
                (Phrase::Waiting, "waiting"),
                (Phrase::Ticketed, "ticketed"),
                (Phrase::FlowGone, "flow gone"),
                (Phrase::Thinking, "tap for it"),
                (Phrase::Back, "back"),
            ]
            .map(|(phrase, text)| (phrase, said(text)))
            .into(),
            intents: vec![
                intent("order_status", Some(TRACKING), None),
                intent("return_request", Some(RETURN), None),
                intent("complaint", None, Some(Reason::Complaint)),
                intent("product_inquiry", None, None),
            ],
            flows: vec![
                flow("order_tracking", 0, &[("order_number", false)], tracking),
                flow(
                    "return_request",
                    1,
                    &[("order_number", false), ("reason", true)],
                    returning,
                ),
            ],
            menu: vec![
                ("track", Tap::Flow(TRACKING)),
                ("person", Tap::Handoff),
                ("menu", Tap::Answer(said("menu"))),
            ],
        }
    }
}

impl Playbook for Shop {
    fn digest(&self) -> u64 {
        9
    }
    fn policy(&self) -> &Policy {
        &self.policy
    }
    fn is_open(&self, _: Millis) -> bool {
        self.open
    }
    fn rule(&self, index: u32) -> Option<&Answer> {
        (index == 0).then_some(&self.rule)
    }
    fn intent(&self, index: u16) -> Option<&Intent> {
        self.intents.get(usize::from(index))
    }
    fn flow(&self, index: u16) -> Option<&Flow> {
        let flows = if self.has_flows { &self.flows[..] } else { &[] };
        flows.get(usize::from(index))
    }
    fn flow_named(&self, id: &str) -> Option<&Flow> {
        let flows = if self.has_flows { &self.flows[..] } else { &[] };
        flows.iter().find(|flow| *flow.id == *id)
    }
    /// `!named` names tracking, unless something else is meant.
    fn flow_meant(&self, intent: Option<u16>, text: &str) -> Option<&Flow> {
        let own = intent.is_none_or(|intent| intent == 0);
        (own && text.contains("!named")).then(|| &self.flows[0])
    }
    /// An order number is `A` and digits; a reason is what follows `because`, or, asked, anything.
    fn read_slot(&self, flow: &Flow, slot: usize, text: &str, asked: bool) -> Reading {
        if flow.slots[slot].free {
            let because = text.split_once("because ").map(|(_, rest)| rest);
            let found = because.or(asked.then_some(text));
            return found.map_or(Reading::Absent, |found| Reading::Found(found.into()));
        }
        let mut words = text.split(' ');
        let number = words.find(|word| {
            let digits = word.strip_prefix('A');
            digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
        });
        number.map_or(Reading::Absent, |number| Reading::Found(number.into()))
    }
    fn tap(&self, data: &str) -> Option<&Tap> {
        let mut menu = self.menu.iter();
        menu.find(|(known, _)| *known == data).map(|(_, tap)| tap)
    }
    fn fallback(&self) -> Option<&Answer> {
        Some(&self.fallback)
    }
    fn greeting(&self, _: bool) -> Option<&Answer> {
        None
    }
    fn group_greeting(&self) -> Option<&Answer> {
        None
    }
    fn phrase(&self, phrase: Phrase) -> Option<&Answer> {
        let mut phrases = self.phrases.iter();
        phrases
            .find(|(known, _)| *known == phrase)
            .map(|(_, answer)| answer)
    }
}

/// A customer and the shop, turn by turn.
pub(super) type Talk = Desk<Shop>;

impl Talk {
    pub(super) fn new() -> Talk {
        Talk::of(Shop::default())
    }

    /// Writes; what the shop says at once comes back, each call to LINE accepted.
    pub(super) fn write(&mut self, text: &str) -> Vec<String> {
        self.draws += 1;
        let id = self.draws;
        self.wrote = id;
        let event = plain(id, self.now, Some(&format!("t{id}")), words(id, text));
        self.feed(&[event]);
        self.heard()
    }

    pub(super) fn tap(&mut self, data: &str) -> Vec<String> {
        self.draws += 1;
        let id = self.draws;
        self.wrote = id;
        let kind = Kind::Postback {
            data: data.into(),
            raw: "{}".into(),
        };
        self.feed(&[plain(id, self.now, Some(&format!("t{id}")), kind)]);
        self.heard()
    }

    pub(super) fn leave_the_line(&mut self) -> Vec<String> {
        self.tap(TAP_TO_LEAVE)
    }

    /// What LINE is given, in order; it accepts everything.
    pub(super) fn heard(&mut self) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some(send) = self.sends().first().cloned() {
            let body: serde_json::Value = serde_json::from_str(&send.body).unwrap();
            let messages = body["messages"].as_array().unwrap().iter();
            texts.extend(messages.map(|m| m["text"].as_str().unwrap().to_owned()));
            self.ends(SendEnd::Accepted);
        }
        texts
    }

    pub(super) fn asked(&self) -> Option<Ask> {
        self.owed().into_iter().find_map(|owed| match owed {
            Owed::Ask(ask) => Some(ask),
            _ => None,
        })
    }

    pub(super) fn called(&self) -> Option<Call> {
        self.owed().into_iter().find_map(|owed| match owed {
            Owed::Call(call) => Some(call),
            _ => None,
        })
    }

    /// The order system answers the call under way.
    pub(super) fn order(&mut self, outcome: &str, status: &str) -> Vec<String> {
        let attempt = self.called().expect("a call is under way").attempt;
        self.feed(&[Event::CallAnswered {
            attempt,
            outcome: outcome.into(),
            fields: vec![("status".into(), status.into())],
        }]);
        self.heard()
    }

    /// The burst is over: the assistant is asked.
    pub(super) fn pause(&mut self) -> Ask {
        self.wait(Span(600));
        self.asked().expect("the assistant is asked")
    }

    pub(super) fn assistant_says(&mut self, attempt: AttemptId, confidence: u8) -> Vec<String> {
        let verdict = Verdict::Answered(Draft {
            text: "answer".into(),
            confidence,
            by: By::Model,
            sources: Box::default(),
            needs_human: false,
        });
        self.feed(&[Event::AssistantAnswered { attempt, verdict }]);
        self.heard()
    }

    pub(super) fn assistant_fails(&mut self, attempt: AttemptId) -> Vec<String> {
        let verdict = Verdict::Failed(Failing::Server);
        self.feed(&[Event::AssistantAnswered { attempt, verdict }]);
        self.heard()
    }

    pub(super) fn state(&self) -> &Conversation {
        self.live.as_ref().expect("something happened").state()
    }

    pub(super) fn handler(&self) -> Handler {
        self.state().last().handler
    }

    /// The flow of the last turn and its state.
    pub(super) fn flow(&self) -> Option<(&str, Option<&str>)> {
        let flow = self.state().last().flow.as_ref();
        flow.map(|(flow, state)| (&**flow, state.as_deref()))
    }
}

pub(super) fn words(id: u64, text: &str) -> Kind {
    Kind::Message {
        message: Fingerprint(id + 500_000),
        content: Content::Text(text.into()),
        understanding: understood(text),
    }
}
