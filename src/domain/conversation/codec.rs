//! The stored form of a conversation.
//!
//! First byte: the format. Then tagged fields (`wire`). Tags are part of the stored form: never
//! reuse one, never change what one holds; a new meaning gets a new tag. A value of a newer format
//! *level* is refused; fields a newer build added within the level are kept and written back.

mod owed;
mod talk;

use self::owed::{
    decode_flight, decode_parcel, decode_token, encode_flight, encode_parcel, encode_token,
};
use self::talk::{
    decode_handoff, decode_last, decode_question, decode_run, decode_value, encode_handoff,
    encode_last, encode_question, encode_run, encode_value,
};
use super::context;
use super::last::Last;
use super::seen::Mark;
use super::state::{Conversation, Phase};
use super::wire::{Fault, Reader, Writer};
use crate::domain::ids::Fingerprint;
use crate::domain::time::Millis;
use std::sync::Arc;

/// The format level this build writes, and the greatest it reads.
const FORMAT: u8 = 1;

/// Why a stored value cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Written by a build whose format this one does not know.
    #[error("value has format {found}, this build reads up to {known}")]
    Newer {
        /// The value's format.
        found: u8,
        /// The greatest known.
        known: u8,
    },
    /// Not what any build writes.
    #[error("value is damaged: {0}")]
    Damaged(&'static str),
}

impl std::convert::From<Fault> for DecodeError {
    fn from(fault: Fault) -> DecodeError {
        DecodeError::Damaged(match fault {
            Fault::Short => "it ends inside a field",
            Fault::Number => "a number is out of range",
            Fault::Text => "a text is not UTF-8",
        })
    }
}

/// Writes a state down.
pub(super) fn encode(state: &Conversation) -> Arc<[u8]> {
    let mut w = Writer {
        // Ten messages of context fit.
        out: Vec::with_capacity(1_024),
    };
    w.out.push(FORMAT);
    w.number(
        1,
        match state.phase {
            // Said by the handoff: a build that knows none goes on answering.
            Phase::Automated | Phase::Waiting | Phase::Ticketed => 0,
            Phase::Unreachable => 1,
        },
    );
    w.number(2, u64::from(state.last_effect));
    w.number(3, state.opened.0);
    w.number(4, state.touched.0);
    w.number(5, state.digest);
    w.number(6, u64::from(state.quarantined));
    w.number(7, state.seen.watermark.0);
    if !state.seen.marks.is_empty() {
        w.nested(8, |w| {
            let mut last = 0u64;
            for mark in &state.seen.marks {
                w.out.extend_from_slice(&mark.id.0.to_le_bytes());
                w.signed(mark.at.0.wrapping_sub(last) as i64);
                last = mark.at.0;
            }
        });
    }
    w.out.extend_from_slice(state.context.packed());
    for token in &state.tokens.tokens {
        w.nested(10, |w| encode_token(w, token));
    }
    for parcel in &state.outbox.queue {
        w.nested(11, |w| encode_parcel(w, parcel));
    }
    for flight in &state.outbox.flights {
        w.nested(12, |w| encode_flight(w, flight));
    }
    for (message, at) in &state.unsent {
        w.nested(13, |w| {
            w.out.extend_from_slice(&message.0.to_le_bytes());
            w.varint(at.0);
        });
    }
    if let Some(name) = &state.name {
        w.bytes(14, name.as_bytes());
    }
    w.number(15, state.profile_asked.map_or(0, |at| at.0));
    w.flag(16, state.profile_wanted);
    if let Some(handoff) = &state.handoff {
        let ticketed = state.phase == Phase::Ticketed;
        w.nested(17, |w| encode_handoff(w, handoff, ticketed));
    }
    if let Some(run) = &state.run {
        w.nested(18, |w| encode_run(w, run));
    }
    if let Some(question) = &state.question {
        w.nested(19, |w| encode_question(w, question));
    }
    for value in &state.memory {
        w.nested(20, |w| encode_value(w, value));
    }
    if state.last != Last::default() {
        w.nested(21, |w| encode_last(w, &state.last));
    }
    for message in &state.burst {
        w.bytes(22, &message.0.to_le_bytes());
    }
    w.number(23, state.give_back.map_or(0, |at| at.0));
    w.unknown(&state.unknown);
    // Shared by everybody who keeps it (store, actor): a million idle conversations keep one each.
    Arc::from(&w.out[..])
}

/// Reads a state back.
pub(super) fn decode(value: &[u8]) -> Result<Conversation, DecodeError> {
    let (&format, rest) = value
        .split_first()
        .ok_or(DecodeError::Damaged("it is empty"))?;
    if format > FORMAT {
        return Err(DecodeError::Newer {
            found: format,
            known: FORMAT,
        });
    }
    if format == 0 {
        return Err(DecodeError::Damaged("format 0 was never written"));
    }
    let mut state = Conversation::default();
    let mut unknown = Vec::new();
    let mut ticketed = false;
    let mut reader = Reader::new(rest);
    // Most of a value is context.
    state.context.reserve(rest.len());
    while !reader.is_empty() {
        let (tag, field) = reader.field()?;
        match tag {
            1 => {
                state.phase = match field.number()? {
                    0 => Phase::Automated,
                    1 => Phase::Unreachable,
                    _ => return Err(DecodeError::Damaged("its phase is not one of format 1")),
                }
            }
            2 => state.last_effect = field.small()?,
            3 => state.opened = Millis(field.number()?),
            4 => state.touched = Millis(field.number()?),
            5 => state.digest = field.number()?,
            6 => state.quarantined = field.small()?,
            7 => state.seen.watermark = Millis(field.number()?),
            8 => decode_seen(&mut state.seen.marks, field.reader())?,
            context::TAG => state.context.adopt(field)?,
            10 => state.tokens.tokens.push(decode_token(field)?),
            11 => state.outbox.queue.push(decode_parcel(field)?),
            12 => state.outbox.flights.push(decode_flight(field)?),
            13 => {
                let mut r = field.reader();
                state
                    .unsent
                    .push((Fingerprint(r.fixed64()?), Millis(r.varint()?)));
            }
            14 => state.name = Some(field.text()?),
            15 => state.profile_asked = Some(Millis(field.number()?)),
            16 => state.profile_wanted = field.number()? != 0,
            17 => {
                let (handoff, is_ticket) = decode_handoff(field)?;
                state.handoff = Some(Box::new(handoff));
                ticketed = is_ticket;
            }
            18 => state.run = Some(Box::new(decode_run(field)?)),
            19 => state.question = Some(Box::new(decode_question(field)?)),
            20 => state.memory.push(decode_value(field)?),
            21 => state.last = decode_last(field)?,
            22 => state.burst.push(Fingerprint(field.reader().fixed64()?)),
            23 => state.give_back = Some(Millis(field.number()?)),
            _ => unknown.extend_from_slice(field.whole),
        }
    }
    match (&state.handoff, state.phase, ticketed) {
        // An older build saw the customer leave and knows no handoff.
        (Some(_), Phase::Unreachable, _) => state.handoff = None,
        (Some(_), _, true) => state.phase = Phase::Ticketed,
        (Some(_), _, false) => state.phase = Phase::Waiting,
        (None, ..) => {}
    }
    state.unknown = unknown.into();
    Ok(state)
}

fn decode_seen(marks: &mut Vec<Mark>, mut r: Reader<'_>) -> Result<(), Fault> {
    let mut last = 0u64;
    while !r.is_empty() {
        let id = Fingerprint(r.fixed64()?);
        last = last.wrapping_add(r.signed()? as u64);
        marks.push(Mark {
            id,
            at: Millis(last),
        });
    }
    Ok(())
}
