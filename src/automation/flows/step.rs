//! One `[[flow.step]]` as written: what it does, and the names it leads to.
//!
//! A step does one thing, told by its key: `ask`, `branch`, `call`, `forget`, `end`, or only `say`.

use crate::automation::flows::slot::{ID, id};
use crate::automation::messages;
use crate::automation::variables::Scope;
use crate::config::document::Value;
use crate::config::fault::Place;
use crate::config::section::Section;
use crate::config::units::parse_span;
use crate::domain::handoff::Reason;
use crate::domain::playbook::Answer;
use crate::domain::time::Span;
use std::sync::Arc;

/// A name as written.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) text: Arc<str>,
    pub(super) at: Place,
    /// The key's path, for findings.
    pub(super) key: String,
}

/// A name and where it leads: `found = "show"`.
#[derive(Clone, Debug)]
pub(super) struct Lead {
    pub(super) when: Name,
    pub(super) to: Name,
}

/// What a step does, in names. A part that was at fault is absent.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Ask {
        slot: Option<Name>,
        prompt: Option<Answer>,
        retry: Option<Answer>,
    },
    Branch {
        slot: Option<Name>,
        cases: Vec<Lead>,
        otherwise: Option<Name>,
    },
    Call {
        connector: Option<Name>,
        on: Vec<Lead>,
        failed: Option<Name>,
    },
    Forget {
        slots: Vec<Name>,
        say: Option<Answer>,
    },
    Say {
        say: Option<Answer>,
    },
    End {
        say: Option<Answer>,
        handoff: Option<Reason>,
    },
}

/// A step as written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) id: Arc<str>,
    pub(super) file: Arc<str>,
    pub(super) at: Place,
    pub(super) path: String,
    pub(super) deed: Deed,
    /// `next`; without it the step that follows in the file.
    pub(super) next: Option<Name>,
    pub(super) timeout: Option<Span>,
}

const DEEDS: [&str; 5] = ["ask", "branch", "call", "forget", "end"];

/// Reads one step of a flow.
pub(super) fn read(section: Section<'_>, flow: &str, scope: &Scope) -> Written {
    section.require("id", ID);
    let id = section
        .parsed("id", ID, id)
        .unwrap_or_else(|| Arc::from(""));
    let rule = format!("flow:{flow}/{id}");
    let answer = |key| messages::answer_in(&section, key, &rule, scope);
    let given: Vec<&str> = DEEDS.into_iter().filter(|key| section.has(key)).collect();
    if given.len() > 1 {
        let allowed = "one of ask, branch, call, forget, end; or say alone";
        section.fault("id", &given.join(" and "), allowed);
    }
    let deed = match given.first() {
        Some(&"ask") => {
            section.require("prompt", "the question: a list of 1 to 5 messages");
            Deed::Ask {
                slot: name(&section, "ask"),
                prompt: answer("prompt"),
                retry: answer("retry"),
            }
        }
        Some(&"branch") => Deed::Branch {
            slot: name(&section, "branch"),
            cases: leads(
                &section,
                "cases",
                "a table of values and steps: { yes = \"cancel\" }",
            ),
            otherwise: name(&section, "otherwise"),
        },
        Some(&"call") => {
            section.require("failed", "the step after a call that had no outcome");
            Deed::Call {
                connector: name(&section, "call"),
                on: leads(
                    &section,
                    "on",
                    "a table of outcomes and steps: { found = \"show\" }",
                ),
                failed: name(&section, "failed"),
            }
        }
        Some(&"forget") => Deed::Forget {
            slots: names(&section, "forget"),
            say: answer("say"),
        },
        Some(&"end") => end(&section, answer("say")),
        _ => {
            section.require(
                "say",
                "messages; or one of the keys ask, branch, call, forget, end",
            );
            Deed::Say { say: answer("say") }
        }
    };
    let goes_on = matches!(given.first(), None | Some(&("ask" | "forget")));
    let written = Written {
        id,
        file: section.file().clone(),
        at: section.at(),
        path: section.path(""),
        next: goes_on.then(|| name(&section, "next")).flatten(),
        timeout: timeout(&section),
        deed,
    };
    section.finish();
    written
}

fn end(section: &Section<'_>, say: Option<Answer>) -> Deed {
    let ends = [("complete", false), ("handoff", true)];
    let is_handoff = section.choice("end", &ends, false);
    let reasons: Vec<(&str, Reason)> = Reason::ALL
        .into_iter()
        .map(|reason| (reason.as_str(), reason))
        .collect();
    let reason = section.choice("reason", &reasons, Reason::ComplexQuery);
    if section.has("reason") && !is_handoff {
        section.fault(
            "reason",
            "a reason without end = \"handoff\"",
            "end = \"handoff\"",
        );
    }
    Deed::End {
        say,
        handoff: is_handoff.then_some(reason),
    }
}

/// How long a customer may take; `None` when the step does not say.
pub(super) fn timeout(section: &Section<'_>) -> Option<Span> {
    let bounds = Span::mins(1)..=Span::hours(7 * 24);
    section.parsed(
        "timeout",
        "a duration like \"30m\", from 1m to 7d",
        |text| parse_span(text).filter(|span| bounds.contains(span)),
    )
}

/// The name under a key.
fn name(section: &Section<'_>, key: &'static str) -> Option<Name> {
    let text = section.text(key, "a name")?;
    let entry = section.entry(key)?;
    Some(Name {
        text: Arc::from(text.text.as_str()),
        at: entry.node.at,
        key: section.path(key),
    })
}

fn names(section: &Section<'_>, key: &'static str) -> Vec<Name> {
    let texts = section.texts(key, 1..=16, 1..=64).into_iter().enumerate();
    texts
        .map(|(i, (text, at))| Name {
            text: Arc::from(text),
            at,
            key: section.path(&format!("{key}[{i}]")),
        })
        .collect()
}

fn leads(section: &Section<'_>, key: &'static str, allowed: &str) -> Vec<Lead> {
    section.require(key, allowed);
    let Some(entry) = section.entry(key) else {
        return Vec::new();
    };
    let Value::Table(table) = &entry.node.value else {
        section.fault(key, &entry.node.shown(), allowed);
        return Vec::new();
    };
    let mut leads = Vec::new();
    for entry in &table.entries {
        let path = section.path(&format!("{key}.{}", entry.key));
        let Value::Text(to) = &entry.node.value else {
            let (file, findings) = (section.file(), section.findings());
            findings.fault(
                file,
                entry.node.at,
                &path,
                &entry.node.shown(),
                "the id of a step",
            );
            continue;
        };
        leads.push(Lead {
            when: Name {
                text: Arc::from(entry.key.as_str()),
                at: entry.at,
                key: path.clone(),
            },
            to: Name {
                text: Arc::from(to.text.as_str()),
                at: entry.node.at,
                key: path,
            },
        });
    }
    leads
}
