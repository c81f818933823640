//! `[[flow]]`: names become numbers; a name nobody knows is a fault with the nearest known one.

use crate::automation::flows::meant::{self, Meant};
use crate::automation::flows::slot::{ID, Slots, id};
use crate::automation::flows::step::{self, Deed, Lead, Name, Written};
use crate::automation::flows::{MAX_FLOWS, checks};
use crate::automation::messages;
use crate::automation::variables::Scope;
use crate::config::connectors::{Connector, Connectors};
use crate::config::fault::Findings;
use crate::config::section::Section;
use crate::config::{allowed_words, nearest};
use crate::domain::playbook::{Act, Flow, Slot, Step};
use crate::domain::time::Span;
use std::sync::Arc;

/// Most steps of one flow.
const MAX_STEPS: usize = 64;

/// Reads flows of all files, in order.
pub(super) struct Reader<'r> {
    slots: &'r Slots,
    connectors: &'r Connectors,
    intents: &'r [Arc<str>],
    flows: Vec<Flow>,
    terms: meant::Collector,
}

impl<'r> Reader<'r> {
    pub(super) fn new(
        slots: &'r Slots,
        connectors: &'r Connectors,
        intents: &'r [Arc<str>],
    ) -> Reader<'r> {
        Reader {
            slots,
            connectors,
            intents,
            flows: Vec::new(),
            terms: meant::Collector::default(),
        }
    }

    /// The flows, and which of them words name; a faulty one stands there too, so that numbers stay
    /// right.
    pub(super) fn finish(self) -> (Vec<Flow>, Meant) {
        (self.flows, self.terms.build())
    }

    /// Reads the `[[flow]]` of one file.
    pub(super) fn read(&mut self, root: &Section<'_>) {
        for section in root.sections("flow") {
            let flow = self.flow(&section);
            let number = u16::try_from(self.flows.len()).unwrap_or(u16::MAX);
            self.terms.read(&section, number);
            if self.flows.iter().any(|known| known.id == flow.id) && !flow.id.is_empty() {
                let found = format!("{:?} a second time", flow.id);
                section.fault("id", &found, "an id of its own");
            }
            if self.flows.len() == MAX_FLOWS {
                section.fault("id", "one flow too many", &format!("{MAX_FLOWS} flows"));
            }
            self.flows.push(flow);
            section.finish();
        }
    }

    fn flow(&self, section: &Section<'_>) -> Flow {
        section.require("id", ID);
        let id = section
            .parsed("id", ID, id)
            .unwrap_or_else(|| Arc::from(""));
        let timeout = step::timeout(section).unwrap_or(Span::mins(30));
        let failures = section.integer("max_failures", 1..=10);
        let max_failures = failures.and_then(|n| u8::try_from(n).ok()).unwrap_or(3);
        let rule = |what: &str| format!("flow:{id}/{what}");
        let plain = Scope::default();
        let say = |key, what| messages::answer_in(section, key, &rule(what), &plain);
        let (cancelled, stall) = (say("cancelled", "cancelled"), say("stall", "stall"));
        let sections = section.sections("step");
        if !(1..=MAX_STEPS).contains(&sections.len()) {
            let found = format!("{} steps", sections.len());
            section.fault(
                "step",
                &found,
                &format!("1 to {MAX_STEPS} steps ([[flow.step]])"),
            );
        }
        let scope = self.scope(&sections);
        let steps: Vec<Written> = sections
            .into_iter()
            .map(|section| step::read(section, &id, &scope))
            .collect();
        let mut naming = Naming {
            reader: self,
            findings: section.findings(),
            steps: &steps,
            slots: Vec::new(),
            whole: true,
        };
        naming.unique();
        let acts: Vec<Option<Act>> = (0..steps.len()).map(|at| naming.act(at)).collect();
        let (whole, names) = (naming.whole, naming.slots);
        let slots = names.iter().map(|name| Slot {
            name: name.clone(),
            remember: self.slots.get(name).is_some_and(|slot| slot.remember),
            free: self.slots.get(name).is_some_and(|slot| slot.is_free()),
            confirms: self.slots.get(name).is_some_and(|slot| slot.confirms),
        });
        let slots: Vec<Slot> = slots.collect();
        let built: Option<Vec<Step>> = acts
            .into_iter()
            .zip(&steps)
            .map(|(act, written)| {
                Some(Step {
                    id: written.id.clone(),
                    act: act?,
                    timeout: written.timeout,
                })
            })
            .collect();
        let flow = Flow {
            id: id.clone(),
            intent: self.intent(section),
            slots: slots.into(),
            steps: built.filter(|_| whole).unwrap_or_default().into(),
            timeout,
            max_failures,
            cancelled,
            stall,
        };
        if !flow.steps.is_empty() {
            checks::all(&flow, &steps, self.connectors, section.findings());
        }
        flow
    }

    /// The intent this flow's turns are counted under. A config without any intent has none to name.
    fn intent(&self, section: &Section<'_>) -> Option<u16> {
        let text = section.text("intent", "the id of an [[intent]]")?;
        if self.intents.is_empty() {
            return None;
        }
        let index = self.intents.iter().position(|id| **id == *text.text);
        if index.is_none() {
            let known: Vec<&str> = self.intents.iter().map(|id| &**id).collect();
            section.fault("intent", &text.shown(), &allowed_words(&text.text, &known));
        }
        index.and_then(|index| u16::try_from(index).ok())
    }

    /// What messages of a flow may say: every slot, and what its calls tell.
    fn scope(&self, steps: &[Section<'_>]) -> Scope {
        let mut scope = Scope::default();
        for name in self.slots.names() {
            let max = self.slots.get(name).map_or(0, |slot| slot.max);
            scope.add(&format!("slot.{name}"), max);
        }
        for step in steps {
            let connector = step.words_of("call").and_then(|id| self.connectors.get(id));
            for outcome in connector.iter().flat_map(|connector| &connector.outcomes) {
                for field in &outcome.fields {
                    scope.add(&format!("call.{}", field.name), field.max);
                }
            }
        }
        scope
    }
}

/// Names of one flow, on their way to numbers.
struct Naming<'n, 'r> {
    reader: &'n Reader<'r>,
    findings: &'n Findings,
    steps: &'n [Written],
    /// Slots the flow uses, in the order they were met.
    slots: Vec<Arc<str>>,
    /// No name was at fault.
    whole: bool,
}

impl Naming<'_, '_> {
    fn unique(&mut self) {
        for (at, step) in self.steps.iter().enumerate() {
            if !step.id.is_empty() && self.steps[..at].iter().any(|other| other.id == step.id) {
                let found = format!("{:?} a second time in this flow", step.id);
                let key = format!("{}.id", step.path);
                self.findings
                    .fault(&step.file, step.at, &key, &found, "an id of its own");
                self.whole = false;
            }
        }
    }

    fn fault(&mut self, step: &Written, name: &Name, found: &str, allowed: &str) {
        self.whole = false;
        self.findings
            .fault(&step.file, name.at, &name.key, found, allowed);
    }

    /// The number of a step; without a name the one that follows.
    fn step(&mut self, at: usize, name: Option<&Name>) -> Option<usize> {
        let here = &self.steps[at];
        let Some(name) = name else {
            if at + 1 < self.steps.len() {
                return Some(at + 1);
            }
            let key = format!("{}.next", here.path);
            let allowed = "the id of a step: no step follows this one in the file";
            self.findings
                .fault(&here.file, here.at, &key, "nothing", allowed);
            self.whole = false;
            return None;
        };
        let found = self.steps.iter().position(|step| step.id == name.text);
        if found.is_none() {
            let known: Vec<&str> = self.steps.iter().map(|step| &*step.id).collect();
            let allowed = match nearest(&name.text, &known) {
                Some(near) => format!("the id of a step, such as \"{near}\""),
                None => format!("the id of a step: {}", known.join(" | ")),
            };
            self.fault(here, name, &format!("{:?}", name.text), &allowed);
        }
        found
    }

    fn slot(&mut self, at: usize, name: Option<&Name>) -> Option<usize> {
        let name = name?;
        if self.reader.slots.get(&name.text).is_none() {
            let known = self.reader.slots.names();
            let allowed = match known.is_empty() {
                true => "the id of a [[slot]], of which there is none".to_owned(),
                false => allowed_words(&name.text, &known),
            };
            self.fault(&self.steps[at], name, &format!("{:?}", name.text), &allowed);
            return None;
        }
        Some(self.number(&name.text))
    }

    /// The flow's number of a slot that exists.
    fn number(&mut self, name: &Arc<str>) -> usize {
        match self.slots.iter().position(|known| known == name) {
            Some(number) => number,
            None => {
                self.slots.push(name.clone());
                self.slots.len() - 1
            }
        }
    }

    fn act(&mut self, at: usize) -> Option<Act> {
        let steps = self.steps;
        let step = &steps[at];
        let next = step.next.as_ref();
        match &step.deed {
            Deed::Ask {
                slot,
                prompt,
                retry,
            } => {
                let slot = self.slot(at, slot.as_ref());
                let next = self.step(at, next);
                Some(Act::Ask {
                    slot: slot?,
                    prompt: prompt.clone()?,
                    retry: retry.clone(),
                    next: next?,
                })
            }
            Deed::Branch {
                slot,
                cases,
                otherwise,
            } => {
                let values = slot
                    .as_ref()
                    .and_then(|name| self.reader.slots.get(&name.text));
                let values = values.and_then(|slot| slot.values.clone());
                let slot = self.slot(at, slot.as_ref());
                let cases = self.cases(at, cases, values.as_deref());
                let otherwise = match (otherwise, &cases, values) {
                    // All values have a way: the last of them may as well be every other.
                    (None, cases, Some(values)) if cases.len() == values.len() => {
                        cases.last().map(|(_, to)| *to)
                    }
                    (None, ..) => {
                        let key = format!("{}.otherwise", step.path);
                        let allowed = "the id of a step, for every other value";
                        self.findings
                            .fault(&step.file, step.at, &key, "nothing", allowed);
                        self.whole = false;
                        None
                    }
                    (otherwise, ..) => self.step(at, otherwise.as_ref()),
                };
                Some(Act::Branch {
                    slot: slot?,
                    cases: cases.into(),
                    otherwise: otherwise?,
                })
            }
            Deed::Call {
                connector,
                on,
                failed,
            } => {
                let connector = self.connector(at, connector.as_ref());
                let connector = connector.as_ref();
                let failed = failed.as_ref().and_then(|name| self.step(at, Some(name)));
                let on = self.outcomes(at, on, connector);
                let connector = connector?;
                for name in connector.slots() {
                    self.needed(at, connector, &name);
                }
                Some(Act::Call {
                    connector: connector.id.clone(),
                    on: on.into(),
                    failed: failed?,
                })
            }
            Deed::Forget { slots, say } => {
                let forget: Vec<usize> = slots
                    .iter()
                    .filter_map(|name| self.slot(at, Some(name)))
                    .collect();
                let next = self.step(at, next)?;
                Some(Act::Again {
                    forget: forget.into(),
                    answer: say.clone(),
                    next,
                })
            }
            Deed::Say { say } => {
                let next = self.step(at, next);
                Some(Act::Say {
                    answer: say.clone()?,
                    next: next?,
                })
            }
            Deed::End { say, handoff } => Some(Act::End {
                answer: say.clone(),
                handoff: *handoff,
            }),
        }
    }

    fn cases(
        &mut self,
        at: usize,
        cases: &[Lead],
        values: Option<&[Arc<str>]>,
    ) -> Vec<(Arc<str>, usize)> {
        let step = &self.steps[at];
        let mut read = Vec::new();
        for lead in cases {
            if let Some(values) = values
                && !values.contains(&lead.when.text)
            {
                let known: Vec<&str> = values.iter().map(|value| &**value).collect();
                let found = format!("{:?}, which the slot cannot be", lead.when.text);
                let allowed = allowed_words(&lead.when.text, &known);
                self.fault(step, &lead.when, &found, &allowed);
            }
            if let Some(to) = self.step(at, Some(&lead.to)) {
                read.push((lead.when.text.clone(), to));
            }
        }
        read
    }

    fn connector(&mut self, at: usize, name: Option<&Name>) -> Option<Connector> {
        let name = name?;
        let all = &self.reader.connectors;
        let found = all.get(&name.text).cloned();
        if found.is_none() {
            let known: Vec<&str> = all.connectors.iter().map(|one| &*one.id).collect();
            let allowed = match known.is_empty() {
                true => "the id of a [[connector]], of which there is none".to_owned(),
                false => allowed_words(&name.text, &known),
            };
            self.fault(&self.steps[at], name, &format!("{:?}", name.text), &allowed);
        }
        found
    }

    fn outcomes(
        &mut self,
        at: usize,
        on: &[Lead],
        connector: Option<&Connector>,
    ) -> Vec<(Arc<str>, usize)> {
        let step = &self.steps[at];
        let mut read = Vec::new();
        for lead in on {
            if let Some(connector) = connector
                && connector.outcome(&lead.when.text).is_none()
            {
                let outcomes = connector.outcomes.iter();
                let known: Vec<&str> = outcomes.map(|outcome| &*outcome.name).collect();
                let found = format!("{:?}, no outcome of \"{}\"", lead.when.text, connector.id);
                let allowed = allowed_words(&lead.when.text, &known);
                self.fault(step, &lead.when, &found, &allowed);
            }
            if let Some(to) = self.step(at, Some(&lead.to)) {
                read.push((lead.when.text.clone(), to));
            }
        }
        for outcome in connector.iter().flat_map(|connector| &connector.outcomes) {
            if !on.iter().any(|lead| lead.when.text == outcome.name) {
                let key = format!("{}.on", step.path);
                let found = format!("no way for the outcome \"{}\"", outcome.name);
                let allowed = "a step for each outcome; without one it goes where failed leads";
                self.findings
                    .warn(&step.file, step.at, &key, &found, allowed);
            }
        }
        read
    }

    /// A slot a call needs must be one; whether it is asked before, the graph tells.
    fn needed(&mut self, at: usize, connector: &Connector, name: &Arc<str>) {
        if self.reader.slots.get(name).is_some() {
            self.number(name);
            return;
        }
        let step = &self.steps[at];
        let key = format!("{}.call", step.path);
        let found = format!(
            "\"{}\", which needs the unknown slot \"{name}\"",
            connector.id
        );
        let allowed = allowed_words(name, &self.reader.slots.names());
        self.findings
            .fault(&step.file, step.at, &key, &found, &allowed);
        self.whole = false;
    }
}
