//! The engine: the playbook the core looks up and the understanding asked before each decision.
//!
//! Built whole from the files or not at all; immutable afterwards. What it understands it says with
//! its digest, so a rule number never meets another playbook.

use crate::automation::dialogues::Dialogues;
use crate::automation::digest::Digest;
use crate::automation::fold::Folded;
use crate::automation::matcher::{Hit, Matcher};
use crate::automation::menu::{self, RichMenu};
use crate::automation::postbacks::{self, Postbacks};
use crate::automation::rules::{self, Rule};
use crate::automation::synonyms::Collector;
use crate::automation::{messages, reach};
use crate::config::AutomationAsWritten;
use crate::config::connectors::Connectors;
use crate::config::fault::{Fault, Findings, Place};
use crate::config::section::Section;
use crate::domain::playbook::{
    Answer, Flow, Phrase, Playbook, Policy, Reading, Tap, Understanding,
};
use crate::domain::time::Millis;
use crate::ports::understand::Understand;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

thread_local! {
    /// Room for one folded text per thread; emptied before `understand` returns.
    static FOLDED: RefCell<Folded> = RefCell::default();
}

/// The automation of one moment.
#[derive(Debug)]
pub struct Engine {
    matcher: Matcher,
    answers: Vec<Answer>,
    postbacks: Postbacks,
    fallback: Option<Answer>,
    greeting: Option<Answer>,
    returning: Option<Answer>,
    group_greeting: Option<Answer>,
    menu: Option<RichMenu>,
    dialogues: Dialogues,
    policy: Policy,
    digest: u64,
}

/// Why a text is answered the way it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The text as it was matched.
    pub folded: String,
    /// Every term that was found, the winner first, then by place.
    pub hits: Vec<Found>,
}

/// A term found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Index of the rule.
    pub rule: u32,
    /// Id of the rule.
    pub id: Arc<str>,
    /// The term, folded.
    pub term: String,
    /// The rule's priority.
    pub priority: i32,
    /// Where, in bytes of the original text.
    pub span: Range<usize>,
}

/// The single tables and where they were first seen.
#[derive(Default)]
struct Singles {
    seen: HashMap<&'static str, (Arc<str>, Place)>,
    fallback: Option<Answer>,
    greeting: Option<Answer>,
    returning: Option<Answer>,
    group_greeting: Option<Answer>,
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
        let mut singles = Singles::default();
        let dialogues = Dialogues::read(&roots, &as_written.documents);
        let flows = &dialogues.ids;
        let mut taps = postbacks::house(flows);
        for root in &roots {
            rules::read(root, &mut rules);
            collector.read(root);
            postbacks::read(root, flows, &mut taps);
            singles.read(root);
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
        let warnings = findings.verdict()?;
        let mut engine = Engine {
            matcher,
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
            digest: 0,
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

    /// How many keyword rules there are.
    pub fn rules(&self) -> usize {
        self.answers.len()
    }

    /// Why a text is answered the way it is.
    pub fn explain(&self, text: &str) -> Explanation {
        let mut folded = Folded::default();
        folded.fill(text);
        let winner = self.matcher.winner(&folded);
        let mut hits: Vec<Hit> = self.matcher.hits(&folded).collect();
        hits.sort_by_key(|hit| (Some(hit) != winner.as_ref(), hit.span.start, hit.term));
        let hits = hits.into_iter().map(|hit| {
            let term = &self.matcher.terms()[hit.term];
            Found {
                rule: hit.rule,
                id: self.answers[hit.rule as usize].rule.clone(),
                term: term.folded.clone(),
                priority: term.priority,
                span: folded.original(hit.span, text),
            }
        });
        Explanation {
            hits: hits.collect(),
            folded: folded.text().to_owned(),
        }
    }

    fn fingerprint(&self) -> u64 {
        let mut digest = Digest::default();
        digest.policy(&self.policy);
        for term in self.matcher.terms() {
            digest.text(&term.folded);
            digest.number(u64::from(term.rule));
            digest.number(u64::from(term.priority.cast_unsigned()));
        }
        for answer in &self.answers {
            digest.answer(Some(answer));
        }
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
        digest.finish()
    }
}

impl Singles {
    /// Whether this is the first table of its kind; a second one is a fault.
    fn first(&mut self, root: &Section<'_>, key: &'static str) -> bool {
        let Some(entry) = root.entry(key) else {
            return false;
        };
        match self.seen.get(key) {
            Some((file, at)) => {
                let found = format!("a second [{key}], the first is at {file}:{}", at.line);
                root.fault(key, &found, "one in all files");
                false
            }
            None => {
                self.seen.insert(key, (root.file().clone(), entry.at));
                true
            }
        }
    }

    fn read(&mut self, root: &Section<'_>) {
        for key in ["fallback", "greeting", "group_greeting"] {
            if !self.first(root, key) {
                continue;
            }
            let Some(section) = root.maybe_section(key) else {
                continue;
            };
            section.require("reply", "a list of 1 to 5 messages");
            let answer = messages::answer(&section, "reply", key);
            match key {
                "fallback" => self.fallback = answer,
                "greeting" => {
                    self.greeting = answer;
                    self.returning = messages::answer(&section, "returning_reply", key);
                }
                _ => self.group_greeting = answer,
            }
            section.finish();
        }
    }
}

impl Understand for Engine {
    fn understand(&self, text: &str, _: Millis) -> Understanding {
        FOLDED.with_borrow_mut(|folded| {
            folded.fill(text);
            let rule = self.matcher.winner(folded).map(|hit| hit.rule);
            folded.clear();
            Understanding {
                rule,
                digest: self.digest,
                ..Understanding::default()
            }
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
