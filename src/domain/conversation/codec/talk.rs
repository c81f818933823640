//! The stored form of what is under way with a customer: handoff, flow, question, how the last text was
//! understood.

use super::super::handing::Handoff;
use super::super::last::{Handler, Last};
use super::super::moment::Cause;
use super::super::question::{Bubbles, Question, Stage};
use super::super::run::{Errand, Run, Status, Value};
use super::super::wire::{Fault, Field, Writer};
use super::DecodeError;
use crate::domain::handoff::Reason;
use crate::domain::ids::{AttemptId, Fingerprint, Incarnation};
use crate::domain::time::Millis;
use crate::domain::verdict::By;

pub(super) fn encode_handoff(w: &mut Writer, handoff: &Handoff, ticketed: bool) {
    w.flag(1, ticketed);
    let reason = Reason::ALL.iter().position(|r| *r == handoff.reason);
    w.number(2, reason.unwrap_or(0) as u64);
    w.number(3, handoff.since.0);
    if let Some(draft) = &handoff.draft {
        w.bytes(4, draft.as_bytes());
    }
    w.unknown(&handoff.unknown);
}

/// The handoff, and whether it is a ticket.
pub(super) fn decode_handoff(field: Field<'_>) -> Result<(Handoff, bool), DecodeError> {
    let mut handoff = Handoff {
        reason: Reason::ALL[0],
        since: Millis(0),
        draft: None,
        unknown: Box::default(),
    };
    let mut ticketed = false;
    let mut unknown = Vec::new();
    let mut reader = field.reader();
    while !reader.is_empty() {
        let (tag, field) = reader.field()?;
        match tag {
            1 => ticketed = field.number()? != 0,
            2 => {
                let reason = Reason::ALL.get(field.small::<usize>()?);
                handoff.reason = *reason.ok_or(DecodeError::Damaged("a reason is not known"))?;
            }
            3 => handoff.since = Millis(field.number()?),
            4 => handoff.draft = Some(field.text()?),
            _ => unknown.extend_from_slice(field.whole),
        }
    }
    handoff.unknown = unknown.into();
    Ok((handoff, ticketed))
}

pub(super) fn encode_value(w: &mut Writer, value: &Value) {
    w.out.extend_from_slice(&value.message.0.to_le_bytes());
    w.varint(value.at.0);
    encode_pair(w, &value.name, &value.value);
}

pub(super) fn decode_value(field: Field<'_>) -> Result<Value, Fault> {
    let mut r = field.reader();
    let message = Fingerprint(r.fixed64()?);
    let at = Millis(r.varint()?);
    let (name, value) = decode_pair(r.rest())?;
    Ok(Value {
        name,
        value,
        message,
        at,
    })
}

/// Length of the name, name, value.
fn encode_pair(w: &mut Writer, name: &str, value: &str) {
    w.varint(name.len() as u64);
    w.out.extend_from_slice(name.as_bytes());
    w.out.extend_from_slice(value.as_bytes());
}

fn decode_pair(bytes: &[u8]) -> Result<(Box<str>, Box<str>), Fault> {
    let mut r = super::super::wire::Reader::new(bytes);
    let length = usize::try_from(r.varint()?).map_err(|_| Fault::Number)?;
    let text = |bytes| {
        std::str::from_utf8(bytes)
            .map(Box::from)
            .map_err(|_| Fault::Text)
    };
    Ok((text(r.take(length)?)?, text(r.rest())?))
}

pub(super) fn encode_run(w: &mut Writer, run: &Run) {
    w.bytes(1, run.flow.as_bytes());
    w.bytes(2, run.step.as_bytes());
    for value in &run.slots {
        w.nested(3, |w| encode_value(w, value));
    }
    for (name, value) in &run.fields {
        w.nested(4, |w| encode_pair(w, name, value));
    }
    w.number(
        5,
        match run.status {
            Status::Asking => 0,
            Status::Suspended => 1,
            Status::Calling(_) => 2,
            Status::Complete => 3,
            Status::Cancelled => 4,
        },
    );
    w.number(6, u64::from(run.failures));
    w.number(7, u64::from(run.rounds));
    w.number(8, run.until.0);
    if let Status::Calling(errand) = &run.status {
        w.nested(9, |w| encode_errand(w, errand));
    }
    w.unknown(&run.unknown);
}

pub(super) fn decode_run(field: Field<'_>) -> Result<Run, DecodeError> {
    let mut run = Run::default();
    let mut status = 0;
    let mut errand = None;
    let mut unknown = Vec::new();
    let mut reader = field.reader();
    while !reader.is_empty() {
        let (tag, field) = reader.field()?;
        match tag {
            1 => run.flow = field.text()?,
            2 => run.step = field.text()?,
            3 => run.slots.push(decode_value(field)?),
            4 => run.fields.push(decode_pair(field.bytes)?),
            5 => status = field.number()?,
            6 => run.failures = field.small()?,
            7 => run.rounds = field.small()?,
            8 => run.until = Millis(field.number()?),
            9 => errand = Some(decode_errand(field)?),
            _ => unknown.extend_from_slice(field.whole),
        }
    }
    run.status = match (status, errand) {
        (0, _) => Status::Asking,
        (1, _) => Status::Suspended,
        (2, Some(errand)) => Status::Calling(errand),
        (3, _) => Status::Complete,
        (4, _) => Status::Cancelled,
        _ => {
            return Err(DecodeError::Damaged(
                "a flow's status is not one of format 1",
            ));
        }
    };
    run.unknown = unknown.into();
    Ok(run)
}

fn encode_errand(w: &mut Writer, errand: &Errand) {
    w.number(1, errand.attempt.0);
    w.number(2, errand.incarnation.0);
    w.number(3, errand.key);
    w.number(4, errand.deadline.0);
    w.number(5, u64::from(errand.tries));
    w.number(6, errand.cause.event.0);
    if let Some(message) = errand.cause.message {
        w.bytes(7, &message.0.to_le_bytes());
    }
}

fn decode_errand(field: Field<'_>) -> Result<Errand, Fault> {
    let mut errand = Errand {
        attempt: AttemptId(0),
        incarnation: Incarnation(0),
        key: 0,
        deadline: Millis(0),
        tries: 0,
        cause: Cause::default(),
    };
    let mut reader = field.reader();
    while !reader.is_empty() {
        let (tag, field) = reader.field()?;
        match tag {
            1 => errand.attempt = AttemptId(field.number()?),
            2 => errand.incarnation = Incarnation(field.number()?),
            3 => errand.key = field.number()?,
            4 => errand.deadline = Millis(field.number()?),
            5 => errand.tries = field.small()?,
            6 => errand.cause.event = Fingerprint(field.number()?),
            7 => errand.cause.message = Some(Fingerprint(field.reader().fixed64()?)),
            _ => {}
        }
    }
    Ok(errand)
}

pub(super) fn encode_question(w: &mut Writer, question: &Question) {
    for bubble in &question.bubbles {
        w.nested(1, |w| {
            w.out.extend_from_slice(&bubble.message.0.to_le_bytes());
            w.out.extend_from_slice(bubble.text.as_bytes());
        });
    }
    w.number(2, question.event.0);
    w.number(3, question.opened.0);
    w.number(4, u64::from(question.tries));
    w.flag(5, question.promised);
    match &question.stage {
        Stage::Gathering { until } => w.number(6, until.0),
        Stage::Asked {
            attempt,
            incarnation,
            deadline,
        } => w.nested(7, |w| {
            w.varint(attempt.0);
            w.varint(incarnation.0);
            w.varint(deadline.0);
        }),
        Stage::Ready {
            text,
            by,
            confidence,
            expires,
        } => w.nested(8, |w| {
            w.out.push(match by {
                By::Knowledge => 0,
                By::Model => 1,
            });
            w.out.push(*confidence);
            w.varint(expires.0);
            w.out.extend_from_slice(text.as_bytes());
        }),
    }
    w.unknown(&question.unknown);
}

pub(super) fn decode_question(field: Field<'_>) -> Result<Question, DecodeError> {
    let mut question = Question::default();
    let mut unknown = Vec::new();
    let mut reader = field.reader();
    while !reader.is_empty() {
        let (tag, field) = reader.field()?;
        let mut r = field.reader();
        match tag {
            1 => question.bubbles.push(Bubbles {
                message: Fingerprint(r.fixed64()?),
                text: std::str::from_utf8(r.rest())
                    .map_err(|_| Fault::Text)?
                    .into(),
            }),
            2 => question.event = Fingerprint(field.number()?),
            3 => question.opened = Millis(field.number()?),
            4 => question.tries = field.small()?,
            5 => question.promised = field.number()? != 0,
            6 => {
                question.stage = Stage::Gathering {
                    until: Millis(field.number()?),
                }
            }
            7 => {
                question.stage = Stage::Asked {
                    attempt: AttemptId(r.varint()?),
                    incarnation: Incarnation(r.varint()?),
                    deadline: Millis(r.varint()?),
                }
            }
            8 => {
                let by = match r.take(1)? {
                    [0] => By::Knowledge,
                    [1] => By::Model,
                    _ => return Err(DecodeError::Damaged("an answerer is not known")),
                };
                let confidence = r.take(1)?[0];
                question.stage = Stage::Ready {
                    by,
                    confidence,
                    expires: Millis(r.varint()?),
                    text: std::str::from_utf8(r.rest())
                        .map_err(|_| Fault::Text)?
                        .into(),
                }
            }
            _ => unknown.extend_from_slice(field.whole),
        }
    }
    question.unknown = unknown.into();
    Ok(question)
}

pub(super) fn encode_last(w: &mut Writer, last: &Last) {
    let handler = Handler::ALL.iter().position(|h| *h == last.handler);
    w.number(1, handler.unwrap_or(0) as u64);
    w.number(2, u64::from(last.confidence));
    w.flag(3, last.wants_human);
    let texts = [(4, &last.intent), (5, &last.rule)];
    for (tag, text) in texts {
        if let Some(text) = text {
            w.bytes(tag, text.as_bytes());
        }
    }
    if let Some((flow, state)) = &last.flow {
        w.bytes(6, flow.as_bytes());
        if let Some(state) = state {
            w.bytes(7, state.as_bytes());
        }
    }
}

pub(super) fn decode_last(field: Field<'_>) -> Result<Last, DecodeError> {
    let mut last = Last::default();
    let (mut flow, mut state) = (None, None);
    let mut reader = field.reader();
    while !reader.is_empty() {
        let (tag, field) = reader.field()?;
        match tag {
            1 => {
                let handler = Handler::ALL.get(field.small::<usize>()?);
                last.handler = *handler.ok_or(DecodeError::Damaged("a handler is not known"))?;
            }
            2 => last.confidence = field.small()?,
            3 => last.wants_human = field.number()? != 0,
            4 => last.intent = Some(field.text()?),
            5 => last.rule = Some(field.text()?),
            6 => flow = Some(field.text()?),
            7 => state = Some(field.text()?),
            _ => {}
        }
    }
    last.flow = flow.map(|flow| (flow, state));
    Ok(last)
}
