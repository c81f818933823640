//! The stored form of a conversation.
//!
//! First byte: the format. Then tagged fields (`wire`). Tags are part of the stored form: never
//! reuse one, never change what one holds; a new meaning gets a new tag. A value of a newer format
//! *level* is refused; fields a newer build added within the level are kept and written back.

use super::context::{From, Words};
use super::flight::{Flight, Way};
use super::parcel::{Parcel, Wait};
use super::parts;
use super::seen::Mark;
use super::state::{Conversation, Phase};
use super::tokens::Token;
use super::wire::{Fault, Field, Reader, Writer};
use crate::domain::ids::{AttemptId, Fingerprint, Incarnation};
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
            Phase::Automated => 0,
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
                w.varint(zigzag(mark.at.0.wrapping_sub(last) as i64));
                last = mark.at.0;
            }
        });
    }
    let mut last = 0u64;
    for words in &state.context.words {
        w.nested(9, |w| {
            w.out.push(match words.from {
                From::Customer => 0,
                From::Bot => 1,
            });
            // Counted from the one before: a million idle conversations keep ten of these each.
            w.varint(zigzag(words.at.0.wrapping_sub(last) as i64));
            last = words.at.0;
            if words.from == From::Customer {
                w.out.extend_from_slice(&words.message.0.to_le_bytes());
            }
            w.out.extend_from_slice(words.text.as_bytes());
        });
    }
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
    w.unknown(&state.unknown);
    // Shared by everybody who keeps it (store, actor): a million idle conversations keep one each.
    Arc::from(&w.out[..])
}

fn encode_token(w: &mut Writer, token: &Token) {
    w.varint(token.received.0);
    w.out.extend_from_slice(token.token.as_bytes());
}

fn encode_parcel(w: &mut Writer, parcel: &Parcel) {
    w.nested(1, |w| {
        parcel
            .effects
            .iter()
            .for_each(|effect| w.varint(u64::from(*effect)))
    });
    w.bytes(2, parcel.messages.as_bytes());
    w.number(3, u64::from(parcel.bubbles));
    if let Some(quick_reply) = &parcel.quick_reply {
        w.bytes(4, quick_reply.as_bytes());
    }
    w.number(5, parcel.created.0);
    w.number(6, parcel.expires.0);
    if let Some(origin) = parcel.origin {
        w.bytes(7, &origin.0.to_le_bytes());
    }
    w.number(
        8,
        match parcel.wait {
            Wait::Fresh => 0,
            Wait::Token => 1,
            Wait::Budget => 2,
            Wait::Granted => 3,
        },
    );
    for part in &parcel.parts {
        w.nested(9, |w| parts::encode(w, part));
    }
    w.unknown(&parcel.unknown);
}

fn encode_flight(w: &mut Writer, flight: &Flight) {
    w.nested(1, |w| encode_parcel(w, &flight.parcel));
    if let Way::Reply(token) = &flight.way {
        w.nested(2, |w| encode_token(w, token));
    }
    w.number(3, flight.attempt.0);
    w.number(4, flight.incarnation.0);
    w.number(5, flight.started.0);
    w.number(6, flight.next_try.map_or(0, |at| at.0));
    w.number(7, flight.called.0);
    w.number(8, u64::from(flight.tries));
    w.flag(9, flight.doubtful);
    w.flag(10, flight.aside);
    w.unknown(&flight.unknown);
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
    let mut reader = Reader::new(rest);
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
            9 => {
                let last = state.context.words.last().map_or(0, |words| words.at.0);
                state
                    .context
                    .words
                    .push(decode_words(field.reader(), last)?);
            }
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
            _ => unknown.extend_from_slice(field.whole),
        }
    }
    state.unknown = unknown.into();
    Ok(state)
}

fn decode_seen(marks: &mut Vec<Mark>, mut r: Reader<'_>) -> Result<(), Fault> {
    let mut last = 0u64;
    while !r.is_empty() {
        let id = Fingerprint(r.fixed64()?);
        last = last.wrapping_add(unzigzag(r.varint()?) as u64);
        marks.push(Mark {
            id,
            at: Millis(last),
        });
    }
    Ok(())
}

fn decode_words(mut r: Reader<'_>, last: u64) -> Result<Words, DecodeError> {
    let from = match r.take(1)? {
        [0] => From::Customer,
        [1] => From::Bot,
        _ => return Err(DecodeError::Damaged("a speaker is not one of format 1")),
    };
    let at = Millis(last.wrapping_add(unzigzag(r.varint()?) as u64));
    let message = Fingerprint(if from == From::Customer {
        r.fixed64()?
    } else {
        0
    });
    let text = std::str::from_utf8(r.rest())
        .map_err(|_| Fault::Text)?
        .into();
    Ok(Words {
        from,
        at,
        message,
        text,
    })
}

fn decode_token(field: Field<'_>) -> Result<Token, Fault> {
    let mut r = field.reader();
    let received = Millis(r.varint()?);
    let token = std::str::from_utf8(r.rest())
        .map_err(|_| Fault::Text)?
        .into();
    Ok(Token { token, received })
}

fn decode_parcel(field: Field<'_>) -> Result<Parcel, DecodeError> {
    let mut parcel = Parcel::default();
    let mut merged = Vec::new();
    let mut unknown = Vec::new();
    let mut reader = field.reader();
    while !reader.is_empty() {
        let (tag, field) = reader.field()?;
        match tag {
            1 => {
                let mut r = field.reader();
                while !r.is_empty() {
                    let effect = u32::try_from(r.varint()?).map_err(|_| Fault::Number)?;
                    parcel.effects.push(effect);
                }
            }
            2 => parcel.messages = field.text()?,
            3 => parcel.bubbles = field.small()?,
            4 => parcel.quick_reply = Some(field.text()?),
            5 => parcel.created = Millis(field.number()?),
            6 => parcel.expires = Millis(field.number()?),
            7 => parcel.origin = Some(Fingerprint(field.reader().fixed64()?)),
            8 => {
                parcel.wait = match field.number()? {
                    0 => Wait::Fresh,
                    1 => Wait::Token,
                    2 => Wait::Budget,
                    3 => Wait::Granted,
                    _ => return Err(DecodeError::Damaged("a wait is not one of format 1")),
                }
            }
            9 => merged.push(parts::decode(field)?),
            _ => unknown.extend_from_slice(field.whole),
        }
    }
    if parcel.effects.is_empty() {
        return Err(DecodeError::Damaged("a parcel has no effect"));
    }
    parcel.adopt(merged);
    parcel.unknown = unknown.into();
    Ok(parcel)
}

fn decode_flight(field: Field<'_>) -> Result<Flight, DecodeError> {
    let mut parcel = None;
    let mut flight = Flight {
        parcel: Parcel::default(),
        way: Way::Push,
        attempt: AttemptId(0),
        incarnation: Incarnation(0),
        started: Millis(0),
        next_try: None,
        called: Millis(0),
        tries: 0,
        doubtful: false,
        aside: false,
        unknown: Box::default(),
    };
    let mut unknown = Vec::new();
    let mut reader = field.reader();
    while !reader.is_empty() {
        let (tag, field) = reader.field()?;
        match tag {
            1 => parcel = Some(decode_parcel(field)?),
            2 => flight.way = Way::Reply(decode_token(field)?),
            3 => flight.attempt = AttemptId(field.number()?),
            4 => flight.incarnation = Incarnation(field.number()?),
            5 => flight.started = Millis(field.number()?),
            6 => flight.next_try = Some(Millis(field.number()?)),
            7 => flight.called = Millis(field.number()?),
            8 => flight.tries = field.small()?,
            9 => flight.doubtful = field.number()? != 0,
            10 => flight.aside = field.number()? != 0,
            _ => unknown.extend_from_slice(field.whole),
        }
    }
    flight.parcel = parcel.ok_or(DecodeError::Damaged("a flight has no parcel"))?;
    flight.unknown = unknown.into();
    Ok(flight)
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}
