//! The stored form of what is owed: reply tokens, parcels that wait, flights under way.

use super::super::flight::{Flight, Way};
use super::super::parcel::{Parcel, Wait};
use super::super::parts;
use super::super::tokens::Token;
use super::super::wire::{Fault, Field, Writer};
use super::DecodeError;
use crate::domain::ids::{AttemptId, Fingerprint, Incarnation};
use crate::domain::time::Millis;

pub(super) fn encode_token(w: &mut Writer, token: &Token) {
    w.varint(token.received.0);
    w.out.extend_from_slice(token.token.as_bytes());
}

pub(super) fn encode_parcel(w: &mut Writer, parcel: &Parcel) {
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

pub(super) fn encode_flight(w: &mut Writer, flight: &Flight) {
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

pub(super) fn decode_token(field: Field<'_>) -> Result<Token, Fault> {
    let mut r = field.reader();
    let received = Millis(r.varint()?);
    let token = std::str::from_utf8(r.rest())
        .map_err(|_| Fault::Text)?
        .into();
    Ok(Token { token, received })
}

pub(super) fn decode_parcel(field: Field<'_>) -> Result<Parcel, DecodeError> {
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

pub(super) fn decode_flight(field: Field<'_>) -> Result<Flight, DecodeError> {
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
