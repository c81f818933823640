//! The engine: the playbook the core looks up and the understanding asked before each decision.
//!
//! Built whole from the files or not at all; immutable afterwards. What it understands it says with
//! its digest, so a rule number never meets another playbook.

use crate::automation::dialogues::Dialogues;
use crate::automation::digest::Digest;
use crate::automation::knowledge::{self, Knowledge};
use crate::automation::lessons::Lessons;
use crate::automation::matcher::Matcher;
use crate::automation::menu::{self, RichMenu};
use crate::automation::postbacks::{self, Postbacks};
use crate::automation::reach;
use crate::automation::rules::{self, Rule};
use crate::automation::schedule::Schedule;
use crate::automation::singles::Singles;
use crate::automation::synonyms::Collector;
use crate::automation::understanding::cues::CueWords;
use crate::automation::understanding::kept;
use crate::automation::understanding::reader::{Meaning, Reader, Room};
use crate::config::AutomationAsWritten;
use crate::config::connectors::Connectors;
use crate::config::fault::{Fault, Findings, Place};
use crate::config::section::Section;
use crate::domain::playbook::{
    Answer, Flow, Intent, Phrase, Playbook, Policy, Reading, Tap, Understanding,
};
use crate::domain::time::Millis;
use crate::ports::understand::Understand;
use std::cell::RefCell;
use std::sync::Arc;

thread_local! {
    /// Room for one text per thread; emptied before `understand` returns.
    static ROOM: RefCell<Room> = RefCell::default();
}

/// The automation of one moment.
#[derive(Debug)]
pub struct Engine {
    pub(super) matcher: Matcher,
    pub(super) reader: Arc<Reader>,
    cues: CueWords,
    pub(super) answers: Vec<Answer>,
    schedules: Vec<Schedule>,
    pub(super) intents: Vec<Intent>,
    talks: Vec<Answer>,
    postbacks: Postbacks,
    fallback: Option<Answer>,
    greeting: Option<Answer>,
    returning: Option<Answer>,
    group_greeting: Option<Answer>,
    menu: Option<RichMenu>,
    dialogues: Dialogues,
    policy: Policy,
    knowledge: Arc<Knowledge>,
    digest: u64,
}

impl Engine {
    /// Builds an engine from the files. Pictures are read from `as_written.folder`.
    ///
    /// # Errors
    /// Every fault of every file, warnings among them.
    pub fn build(as_written: &AutomationAsWritten) -> Result<(Engine, Vec<Fault>), Vec<Fault>> {
        let findings = Findings::default();
        let roots: Vec<Section<'_>> = as_written
            .documents
            .iter()
            .map(|document| Section::root(document, &findings))
            .collect();
        let mut rules = Vec::new();
        let mut collector = Collector::default();
        let mut lessons = Lessons::default();
        let mut singles = Singles::default();
        let dialogues = Dialogues::read(&roots, &as_written.documents);
        let flows = &dialogues.ids;
        let mut taps = postbacks::house(flows);
        let mut concepts = knowledge::Collector::default();
        for root in &roots {
            rules::read(root, &mut rules, &mut lessons);
            lessons.read(root);
            collector.read(root);
            concepts.read(root);
            postbacks::read(root, flows, &mut taps);
            singles.read(root);
            singles.teach(root, &mut lessons);
        }
        let mut menu = menu::Read::default();
        for root in &roots {
            if let Some(section) = root.maybe_section("rich_menu")
                && singles.first(root, "rich_menu")
            {
                menu = menu::read(section, &as_written.folder, &rules, flows);
            }
        }
        for root in roots {
            root.finish();
        }
        let place = as_written.folder.display().to_string();
        let too_big = |what: &str| {
            let allowed = "fewer terms and synonyms";
            findings.fault(
                &Arc::from(place.as_str()),
                Place::default(),
                "",
                what,
                allowed,
            );
        };
        let synonyms = collector.build().unwrap_or_else(|error| {
            too_big(&error);
            Default::default()
        });
        let terms = rules::terms(&rules, &synonyms, &findings);
        let matcher = match Matcher::build(terms) {
            Ok(matcher) => matcher,
            Err(error) => {
                too_big(&error);
                return Err(findings.verdict().err().unwrap_or_default());
            }
        };
        let concepts = concepts.build().unwrap_or_else(|error| {
            too_big(&error);
            Default::default()
        });
        let articles = &as_written.articles;
        let knowledge = Knowledge::build(articles, concepts.into(), singles.direct, &findings);
        reach::unreachable(&rules, &matcher, &findings);
        taps.extend(menu.answers);
        postbacks::unanswered(&as_written.documents, flows, &taps, &findings);
        dialogues.flows.tell(&findings);
        if !singles.seen.contains_key("fallback") && as_written.folder.is_dir() {
            let allowed = "one [fallback] with a reply in automation/*.toml: without it a text \
                           that matches no rule stays without an answer";
            let folder = Arc::from(place.as_str());
            findings.warn(&folder, Place::default(), "fallback", "nothing", allowed);
        }
        let mut taught = lessons.finish(&rules, &findings);
        let named = std::mem::take(&mut taught.flows);
        named.resolve(&mut taught.intents, flows, &findings);
        let fingerprint = Digest::of_lessons(&taught, &matcher);
        if findings.any_fault() {
            return Err(findings.verdict().err().unwrap_or_default());
        }
        let teach = || Reader::build(&taught.corpus, &matcher, Matcher::build(taught.unless)?);
        let built = kept::reader(fingerprint, teach)
            .and_then(|reader| Ok((reader, CueWords::build(taught.cues)?)));
        let (reader, cues) = built.unwrap_or_else(|error| {
            too_big(&error);
            Default::default()
        });
        let warnings = findings.verdict()?;
        let mut engine = Engine {
            matcher,
            reader,
            cues,
            schedules: rules.iter().map(|rule| rule.schedule).collect(),
            intents: taught.intents,
            talks: taught.talks,
            answers: rules
                .into_iter()
                .filter_map(|rule: Rule| rule.answer)
                .collect(),
            postbacks: taps,
            fallback: singles.fallback,
            greeting: singles.greeting,
            returning: singles.returning,
            group_greeting: singles.group_greeting,
            menu: menu.menu,
            dialogues,
            policy: as_written.policy.clone(),
            digest: fingerprint,
            knowledge: Arc::new(knowledge),
        };
        engine.digest = engine.fingerprint();
        Ok((engine, warnings))
    }

    /// The rich menu, when the config has one.
    pub fn rich_menu(&self) -> Option<&RichMenu> {
        self.menu.as_ref()
    }

    /// Other systems the flows ask, for whoever makes the calls.
    pub fn connectors(&self) -> Arc<Connectors> {
        self.dialogues.connectors.clone()
    }

    /// How many flows there are.
    pub fn flows(&self) -> usize {
        self.dialogues.ids.len()
    }

    /// The help articles and their search.
    pub fn knowledge(&self) -> &Arc<Knowledge> {
        &self.knowledge
    }

    /// Every term of every keyword rule, folded, those made by synonyms among them.
    pub(in crate::automation) fn terms(&self) -> impl Iterator<Item = &str> {
        self.matcher.terms().iter().map(|term| term.folded.as_str())
    }

    /// How many keyword rules there are.
    pub fn rules(&self) -> usize {
        self.answers.len()
    }

    /// Reads a text into the room and says what was read.
    pub(super) fn read(&self, text: &str, at: Millis, room: &mut Room) -> (Meaning, Understanding) {
        let applies = |rule: u32| {
            let schedule = self.schedules.get(rule as usize);
            schedule.is_some_and(|schedule| schedule.holds(&self.dialogues.calendar, at))
        };
        let meaning = self.reader.read(text, &self.matcher, room, applies);
        let understanding = Understanding {
            digest: self.digest,
            rule: meaning.rule,
            intent: meaning.intent,
            confidence: (meaning.confidence * 100.0).round() as u8,
            wants_human: meaning.wants_human,
            talk: meaning.talk,
            cues: self.cues.read(&room.scan),
        };
        (meaning, understanding)
    }

    /// The id of an intent, or `unknown`.
    pub fn intent_id(&self, intent: Option<u16>) -> &str {
        let intent = intent.and_then(|number| self.intents.get(usize::from(number)));
        intent.map_or("unknown", |intent| &intent.id)
    }

    fn fingerprint(&self) -> u64 {
        let mut digest = Digest::default();
        digest.number(self.digest);
        digest.policy(&self.policy);
        for answer in self.answers.iter().chain(&self.talks) {
            digest.answer(Some(answer));
        }
        self.schedules
            .iter()
            .for_each(|schedule| digest.schedule(schedule));
        self.intents.iter().for_each(|intent| digest.intent(intent));
        let mut postbacks: Vec<_> = self.postbacks.iter().collect();
        postbacks.sort_by(|a, b| a.0.cmp(b.0));
        for (data, answer) in postbacks {
            digest.text(data);
            digest.tap(answer);
        }
        for answer in [
            &self.fallback,
            &self.greeting,
            &self.returning,
            &self.group_greeting,
        ] {
            digest.answer(answer.as_ref());
        }
        digest.text(&self.dialogues.fingerprint());
        for phrase in self.dialogues.phrases.iter() {
            digest.answer(Some(phrase));
        }
        self.knowledge.digest(&mut digest);
        digest.finish()
    }
}

impl Understand for Engine {
    fn understand(&self, text: &str, at: Millis) -> Understanding {
        ROOM.with_borrow_mut(|room| {
            let (_, understanding) = self.read(text, at, room);
            room.scan.clear();
            understanding
        })
    }
}

impl Playbook for Engine {
    fn digest(&self) -> u64 {
        self.digest
    }

    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn rule(&self, index: u32) -> Option<&Answer> {
        self.answers.get(usize::try_from(index).ok()?)
    }

    fn intent(&self, index: u16) -> Option<&Intent> {
        self.intents.get(usize::from(index))
    }

    fn talk(&self, index: u16) -> Option<&Answer> {
        self.talks.get(usize::from(index))
    }

    fn tap(&self, data: &str) -> Option<&Tap> {
        self.postbacks.get(data)
    }

    fn is_open(&self, at: Millis) -> bool {
        self.dialogues.calendar.is_open(at)
    }

    fn flow(&self, index: u16) -> Option<&Flow> {
        self.dialogues.flows.get(index)
    }

    fn flow_named(&self, id: &str) -> Option<&Flow> {
        self.dialogues.flows.named(id)
    }

    fn flow_meant(&self, intent: Option<u16>, text: &str) -> Option<&Flow> {
        self.dialogues.flows.meant(intent, text)
    }

    fn read_slot(&self, flow: &Flow, slot: usize, text: &str, asked: bool) -> Reading {
        self.dialogues.flows.read_slot(flow, slot, text, asked)
    }

    fn phrase(&self, phrase: Phrase) -> Option<&Answer> {
        self.dialogues.phrases.get(phrase)
    }

    fn fallback(&self) -> Option<&Answer> {
        self.fallback.as_ref()
    }

    fn greeting(&self, returning: bool) -> Option<&Answer> {
        match (returning, &self.returning) {
            (true, Some(answer)) => Some(answer),
            _ => self.greeting.as_ref(),
        }
    }

    fn group_greeting(&self) -> Option<&Answer> {
        self.group_greeting.as_ref()
    }
}
