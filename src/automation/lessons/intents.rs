//! Intents as written: what is said, which flow begins, whether a person takes it.

use super::{Label, Lessons, MAX_INTENTS, named, taken};
use crate::automation::messages;
use crate::automation::rules::is_id;
use crate::automation::understanding::corpus::Text;
use crate::config::fault::{Findings, Place};
use crate::config::nearest;
use crate::config::section::Section;
use crate::domain::handoff::Reason;
use crate::domain::playbook::Intent;
use std::sync::Arc;

/// Fewer examples than this teach a class badly.
const FEW: usize = 5;

/// Flows that intents name, to be resolved when the flows are known.
#[derive(Debug, Default)]
pub(crate) struct FlowNames(Vec<FlowName>);

#[derive(Debug)]
struct FlowName {
    intent: usize,
    key: String,
    flow: String,
    file: Arc<str>,
    at: Place,
}

impl FlowNames {
    /// Puts the numbers of the flows into the intents; a name no flow has is a fault. `flows`: ids of
    /// the flows by number.
    pub fn resolve(self, intents: &mut [Intent], flows: &[Arc<str>], findings: &Findings) {
        let ids: Vec<&str> = flows.iter().map(|id| &**id).collect();
        for name in self.0 {
            match ids.iter().position(|id| *id == name.flow) {
                Some(number) => {
                    intents[name.intent].flow = u16::try_from(number).ok();
                }
                None => {
                    let allowed = match nearest(&name.flow, &ids) {
                        Some(near) => format!("\"{near}\" (did you mean that?)"),
                        None => "the id of a [[flow]]".to_owned(),
                    };
                    let found = format!("{:?}, which no flow is called", name.flow);
                    findings.fault(&name.file, name.at, &name.key, &found, &allowed);
                }
            }
        }
    }
}

impl Lessons {
    pub(super) fn read_intents(&mut self, root: &Section<'_>) {
        let reasons = Reason::ALL.map(|reason| (reason.as_str(), Some(reason)));
        for section in root.sections("intent") {
            let name = "1 to 64 of a-z 0-9 _ -, not \"unknown\"";
            section.require("id", name);
            let id = section.parsed("id", name, |text| {
                (is_id(text) && text != "unknown").then(|| text.to_owned())
            });
            let id = id.unwrap_or_default();
            taken(&section, &id, &self.intent_names);
            if self.intents.len() == MAX_INTENTS {
                section.fault("id", "one intent too many", "60 intents");
            }
            let number = u16::try_from(self.intents.len()).unwrap_or(u16::MAX);
            let of = format!("intent \"{id}\"");
            self.examples.read(&section, Label::Intent(number), &of);
            if let Some(flow) = section.text("flow", "the id of a [[flow]]") {
                let at = section.entry("flow").map_or(section.at(), |e| e.node.at);
                self.flows.0.push(FlowName {
                    intent: self.intents.len(),
                    key: section.path("flow"),
                    flow: flow.text.clone(),
                    file: section.file().clone(),
                    at,
                });
            }
            let flow_on_wish = section.flag("flow_on_wish", false);
            if flow_on_wish && !section.has("flow") {
                section.fault("flow_on_wish", "true without a flow", "a flow beside it");
            }
            self.intents.push(Intent {
                reply: messages::answer(&section, "reply", &id),
                id: Arc::from(&*id),
                flow: None,
                flow_on_wish,
                handoff: section.choice("handoff", &reasons, None),
            });
            self.intent_names.push(named(&section, id));
            section.finish();
        }
    }

    /// Warns of classes with too little to learn from.
    pub(super) fn enough(&self, texts: &[Text], findings: &Findings) {
        for (number, intent) in self.intent_names.iter().enumerate() {
            let count = texts
                .iter()
                .filter(|text| text.intent == u16::try_from(number).ok())
                .count();
            if count < FEW {
                let key = format!("intent \"{}\" examples", intent.id);
                let found = match count {
                    0 => "no examples: it is never understood".to_owned(),
                    _ => format!("{count} examples"),
                };
                let allowed = "5 or more; a hundred of all kinds for a good ear";
                findings.warn(&intent.file, intent.at, &key, &found, allowed);
            }
        }
        if let Some(first) = self.intent_names.first()
            && !self.has_unknown
        {
            let allowed = "one [unknown] with examples of what no intent is meant by";
            findings.warn(&first.file, first.at, "unknown", "nothing", allowed);
        }
    }
}
