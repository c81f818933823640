//! Tables that stand at most once in all files: fallback, greetings, what is taught of all classes.

use crate::automation::knowledge;
use crate::automation::lessons::Lessons;
use crate::automation::messages;
use crate::config::fault::Place;
use crate::config::section::Section;
use crate::domain::playbook::Answer;
use std::collections::HashMap;
use std::sync::Arc;

/// The single tables and where they were first seen.
#[derive(Default)]
pub(super) struct Singles {
    pub seen: HashMap<&'static str, (Arc<str>, Place)>,
    pub fallback: Option<Answer>,
    pub greeting: Option<Answer>,
    pub returning: Option<Answer>,
    pub group_greeting: Option<Answer>,
    pub direct: knowledge::Direct,
}

impl Singles {
    /// Whether this is the first table of its kind; a second one is a fault.
    pub fn first(&mut self, root: &Section<'_>, key: &'static str) -> bool {
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

    /// Reads what is taught in single tables.
    pub fn teach(&mut self, root: &Section<'_>, lessons: &mut Lessons) {
        for key in ["unknown", "human", "negation", "cues", "understanding"] {
            if self.first(root, key)
                && let Some(section) = root.maybe_section(key)
            {
                match key {
                    "unknown" => lessons.read_unknown(section),
                    "human" => lessons.read_human(section),
                    "negation" => lessons.read_negation(section),
                    "cues" => lessons.read_cues(section),
                    _ => lessons.read_thresholds(section),
                }
            }
        }
    }

    /// Reads fallback, greetings and the thresholds of the search.
    pub fn read(&mut self, root: &Section<'_>) {
        if self.first(root, "search")
            && let Some(section) = root.maybe_section("search")
        {
            self.direct = knowledge::Direct::read(&section);
            section.finish();
        }
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
