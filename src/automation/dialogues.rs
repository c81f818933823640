//! What the engine knows beside words: flows and the calls they make, the house's phrases, the hours.
//!
//! Read together because they name one another: flows name slots and connectors, taps name flows.

use crate::automation::flows::{self, Flows};
use crate::automation::hours;
use crate::automation::phrases::{self, Phrases};
use crate::config::connectors::Connectors;
use crate::config::document::Document;
use crate::config::section::Section;
use crate::domain::calendar::Calendar;
use std::sync::Arc;

/// Everything of it.
#[derive(Debug)]
pub struct Dialogues {
    /// The flows.
    pub flows: Flows,
    /// Their ids, by number.
    pub ids: Vec<Arc<str>>,
    /// Other systems, for whoever makes the calls.
    pub connectors: Arc<Connectors>,
    /// What the house says.
    pub phrases: Phrases,
    /// When people answer.
    pub calendar: Calendar,
}

impl Dialogues {
    /// Reads the tables of all files.
    pub fn read(roots: &[Section<'_>], documents: &[Document]) -> Dialogues {
        let mut connectors = Connectors::default();
        for root in roots {
            connectors.read_services(root);
        }
        for root in roots {
            connectors.read_connectors(root);
        }
        let phrases = only(roots, "phrases").map_or_else(Phrases::default, phrases::read);
        let calendar = only(roots, "hours").map_or_else(Calendar::always, hours::read);
        Dialogues {
            flows: Flows::read(roots, documents, &connectors),
            ids: flows::ids(documents),
            connectors: Arc::new(connectors),
            phrases,
            calendar,
        }
    }

    /// Everything that can change what is decided, as one text.
    pub fn fingerprint(&self) -> String {
        format!("{} {:?}", self.flows.fingerprint(), self.calendar)
    }
}

/// The one table of its kind in all files; a second one is a fault.
fn only<'d>(roots: &[Section<'d>], key: &'static str) -> Option<Section<'d>> {
    let mut first: Option<Section<'d>> = None;
    for root in roots {
        let Some(section) = root.maybe_section(key) else {
            continue;
        };
        match &first {
            Some(first) => {
                let found = format!(
                    "a second [{key}], the first is at {}:{}",
                    first.file(),
                    first.at().line
                );
                root.fault(key, &found, "one in all files");
            }
            None => first = Some(section),
        }
    }
    first
}
