//! The graph of a flow: what would leave a customer stranded is found before anybody is.
//!
//! Faults: a step from which no end can be reached; a circle that goes round without asking anew; a
//! value that is used where nobody asked for it. Warnings: a step nobody reaches; a field of a call
//! that may be empty where it is said.

use crate::automation::flows::step::Written;
use crate::config::connectors::Connectors;
use crate::config::fault::Findings;
use crate::domain::playbook::{Act, Answer, Flow, Step};

/// A way from one step to another.
struct Edge<'f> {
    from: usize,
    to: usize,
    /// The outcome of a call that leads this way.
    outcome: Option<(&'f str, &'f str)>,
}

struct Graph<'f> {
    steps: &'f [Step],
    edges: Vec<Edge<'f>>,
}

/// Notes all that is wrong with a flow whose names are right.
pub(super) fn all(flow: &Flow, written: &[Written], connectors: &Connectors, findings: &Findings) {
    let graph = Graph::of(&flow.steps);
    let fault = |at: usize, key: &str, found: &str, allowed: &str| {
        let step = &written[at];
        let key = format!("{}{key}", step.path);
        findings.fault(&step.file, step.at, &key, found, allowed);
    };
    let warn = |at: usize, key: &str, found: &str, allowed: &str| {
        let step = &written[at];
        let key = format!("{}{key}", step.path);
        findings.warn(&step.file, step.at, &key, found, allowed);
    };
    let reached = graph.reached(|_| true);
    let ending = graph.ending();
    for (at, step) in flow.steps.iter().enumerate() {
        if !reached[at] {
            let found = format!("\"{}\", which no step leads to", step.id);
            warn(
                at,
                ".id",
                &found,
                "a step that can be reached from the first",
            );
            continue;
        }
        if !ending[at] {
            let found = format!("\"{}\", a dead end: no end can be reached from it", step.id);
            fault(at, ".id", &found, "a way to a step with end");
        }
        if let Act::Again { forget, next, .. } = &step.act
            && !matches!(&flow.steps[*next].act, Act::Ask { slot, .. } if forget.contains(slot))
        {
            let found = format!("\"{}\"", flow.steps[*next].id);
            let allowed = "a step that asks for a slot which is forgotten here";
            fault(at, ".next", &found, allowed);
        }
        for slot in used(step, connectors, flow) {
            if !graph.is_asked_before(at, slot) {
                let name = &flow.slots[slot].name;
                let found = format!("the slot \"{name}\", which nobody asked for on some way here");
                fault(at, "", &found, "a step before it that asks for the slot");
            }
        }
        for name in holes(step).filter_map(|name| name.strip_prefix("slot.")) {
            if flow.slot(name).is_none() {
                let found = format!("the slot \"{name}\", which this flow never asks for");
                fault(at, "", &found, "a slot that a step before it asks for");
            }
        }
        for field in fields(step) {
            if graph.is_told_before(at, field, connectors) {
                continue;
            }
            let found = format!("{{call.{field}}}, which is empty on some way here");
            warn(
                at,
                "",
                &found,
                "a step behind an outcome that gives the field",
            );
        }
    }
    if let Some(circle) = graph.circle() {
        let names: Vec<&str> = circle.iter().map(|at| &*flow.steps[*at].id).collect();
        let found = format!("a circle that asks nothing anew: {}", names.join(" → "));
        let allowed = "a step with forget in it, before the question";
        fault(circle[0], ".id", &found, allowed);
    }
}

/// Slots whose values a step uses, by the flow's numbers.
fn used(step: &Step, connectors: &Connectors, flow: &Flow) -> Vec<usize> {
    let mut used: Vec<usize> = holes(step)
        .filter_map(|name| flow.slot(name.strip_prefix("slot.")?))
        .collect();
    match &step.act {
        Act::Branch { slot, .. } => used.push(*slot),
        Act::Call { connector, .. } => {
            let needed = connectors.get(connector).map(|one| one.slots());
            used.extend(
                needed
                    .into_iter()
                    .flatten()
                    .filter_map(|name| flow.slot(&name)),
            );
        }
        _ => {}
    }
    used.sort_unstable();
    used.dedup();
    used
}

/// Fields of calls that a step says.
fn fields(step: &Step) -> impl Iterator<Item = &str> {
    holes(step).filter_map(|name| name.strip_prefix("call."))
}

fn holes(step: &Step) -> impl Iterator<Item = &str> {
    let answers: [Option<&Answer>; 2] = match &step.act {
        Act::Ask { prompt, retry, .. } => [Some(prompt), retry.as_ref()],
        Act::Say { answer, .. } => [Some(answer), None],
        Act::Again { answer, .. } | Act::End { answer, .. } => [answer.as_ref(), None],
        Act::Branch { .. } | Act::Call { .. } => [None, None],
    };
    let bubbles = answers
        .into_iter()
        .flatten()
        .flat_map(|answer| answer.bubbles.iter());
    bubbles
        .flat_map(|bubble| bubble.holes())
        .map(|hole| &*hole.name)
}

impl<'f> Graph<'f> {
    fn of(steps: &'f [Step]) -> Graph<'f> {
        let mut edges = Vec::new();
        for (from, step) in steps.iter().enumerate() {
            let mut lead = |to: usize, outcome| edges.push(Edge { from, to, outcome });
            match &step.act {
                Act::Ask { next, .. } | Act::Say { next, .. } | Act::Again { next, .. } => {
                    lead(*next, None);
                }
                Act::Branch {
                    cases, otherwise, ..
                } => {
                    cases.iter().for_each(|(_, to)| lead(*to, None));
                    lead(*otherwise, None);
                }
                Act::Call {
                    connector,
                    on,
                    failed,
                } => {
                    on.iter()
                        .for_each(|(name, to)| lead(*to, Some((&**connector, &**name))));
                    lead(*failed, None);
                }
                Act::End { .. } => {}
            }
        }
        Graph { steps, edges }
    }

    /// Which steps can be reached from the first by edges that pass.
    fn reached(&self, passes: impl Fn(&Edge<'_>) -> bool) -> Vec<bool> {
        self.reached_from(vec![0], passes)
    }

    /// Which steps can be reached from any of these, themselves among them.
    fn reached_from(&self, mut open: Vec<usize>, passes: impl Fn(&Edge<'_>) -> bool) -> Vec<bool> {
        let mut reached = vec![false; self.steps.len()];
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut reached[at], true) {
                continue;
            }
            let ways = self
                .edges
                .iter()
                .filter(|edge| edge.from == at && passes(edge));
            open.extend(ways.map(|edge| edge.to));
        }
        reached
    }

    /// From which steps an end can be reached.
    fn ending(&self) -> Vec<bool> {
        let is_end = |step: &Step| matches!(step.act, Act::End { .. });
        let mut ending: Vec<bool> = self.steps.iter().map(is_end).collect();
        loop {
            let before = ending.clone();
            for edge in &self.edges {
                ending[edge.from] |= ending[edge.to];
            }
            if before == ending {
                return ending;
            }
        }
    }

    /// Whether every way to a step goes through a step that asks for the slot, and none forgets it
    /// after that.
    fn is_asked_before(&self, at: usize, slot: usize) -> bool {
        let asks = |step: usize| matches!(self.steps[step].act, Act::Ask { slot: asked, .. } if asked == slot);
        // The retry of the question itself may not name what it asks for: nothing was understood.
        let is_met = self.reached(|_| true);
        let mut without = vec![0];
        for (step, _) in is_met.iter().enumerate().filter(|(_, met)| **met) {
            if let Act::Again { forget, next, .. } = &self.steps[step].act
                && forget.contains(&slot)
            {
                without.push(*next);
            }
        }
        !self.reached_from(without, |edge| !asks(edge.from))[at]
    }

    /// Whether every way to a step goes through an outcome that gives the field.
    fn is_told_before(&self, at: usize, field: &str, connectors: &Connectors) -> bool {
        let tells = |edge: &Edge<'_>| {
            let Some((connector, outcome)) = edge.outcome else {
                return false;
            };
            let outcome = connectors
                .get(connector)
                .and_then(|one| one.outcome(outcome));
            outcome.is_some_and(|outcome| outcome.fields.iter().any(|one| *one.name == *field))
        };
        !self.reached(|edge| !tells(edge))[at]
    }

    /// A circle without a step that forgets what it then asks for. A question whose slot is known is
    /// passed by, so asking alone does not stop anybody.
    fn circle(&self) -> Option<Vec<usize>> {
        let asks_anew =
            |edge: &Edge<'_>| match (&self.steps[edge.from].act, &self.steps[edge.to].act) {
                (Act::Again { forget, .. }, Act::Ask { slot, .. }) => forget.contains(slot),
                _ => false,
            };
        let ways: Vec<&Edge<'_>> = self.edges.iter().filter(|edge| !asks_anew(edge)).collect();
        (0..self.steps.len()).find_map(|start| {
            let mut from = vec![None; self.steps.len()];
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                for edge in ways.iter().filter(|edge| edge.from == at) {
                    if edge.to == start {
                        let mut circle = vec![start];
                        let mut step = at;
                        while step != start {
                            circle.push(step);
                            step = from[step]?;
                        }
                        circle[1..].reverse();
                        return Some(circle);
                    }
                    if from[edge.to].is_none() {
                        from[edge.to] = Some(at);
                        open.push(edge.to);
                    }
                }
            }
            None
        })
    }
}
