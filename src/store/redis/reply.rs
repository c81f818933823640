//! Reads what the server says. An answer that is none of ours is an error, never a guess.

use super::names::entity_of;
use super::scripts::ESCAPE;
use crate::domain::time::Millis;
use crate::ports::store::{
    Committed, Cursor, EntityKey, Error, FeedRecord, Outcome, Revision, Stored,
};
use redis::Value;

/// What is said of an answer that cannot be read.
pub fn strange(what: &str) -> Error {
    Error::Damaged(format!("redis: {what} cannot be read"))
}

/// Bytes, or `None` for nil.
pub fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        Value::Int(n) => Some(n.to_string().into_bytes()),
        _ => None,
    }
}

/// A number, nil being `None`.
pub fn number(value: Value) -> Option<u64> {
    match value {
        Value::Int(n) => u64::try_from(n).ok(),
        // Scores come as text, and large ones may come as `1.7e+12`.
        other => {
            let bytes = bytes(other)?;
            let text = std::str::from_utf8(&bytes).ok()?;
            text.parse()
                .ok()
                .or_else(|| text.parse::<f64>().ok().map(|score| score as u64))
        }
    }
}

/// The parts of an array.
pub fn array(value: Value, what: &str) -> Result<Vec<Value>, Error> {
    match value {
        Value::Array(parts) | Value::Set(parts) => Ok(parts),
        Value::Map(pairs) => Ok(pairs.into_iter().flat_map(|(k, v)| [k, v]).collect()),
        _ => Err(strange(what)),
    }
}

/// The form an entity has in its key: revision alone, or revision and value.
pub fn stored(form: &[u8]) -> Result<Stored, Error> {
    let Some((revision, rest)) = form.split_first_chunk::<16>() else {
        return Err(strange("an entity shorter than its revision"));
    };
    let value = match rest.split_first() {
        None => None,
        Some((&ESCAPE, value)) => Some(value.into()),
        Some(_) => Some(rest.into()),
    };
    Ok(Stored {
        revision: Revision(*revision),
        value,
    })
}

/// An entity's key as read: nil when there is none.
pub fn maybe_stored(value: Value) -> Result<Option<Stored>, Error> {
    match bytes(value) {
        Some(form) => stored(&form).map(Some),
        None => Ok(None),
    }
}

/// What the commit script said.
pub fn outcome(value: Value, proposed: Revision) -> Result<Outcome, Error> {
    let mut parts = array(value, "a commit's answer")?.into_iter();
    match parts.next() {
        Some(Value::Int(1 | 2)) => Ok(Outcome::Committed(Committed::attest(proposed))),
        Some(Value::Int(0)) => {
            let seen = parts.next().unwrap_or(Value::Nil);
            Ok(Outcome::Conflict(maybe_stored(seen)?))
        }
        _ => Err(strange("a commit's answer")),
    }
}

/// A portion of the feed.
pub struct Portion {
    /// Its records, as far as this version can read whose they are.
    pub records: Vec<FeedRecord>,
    /// Where it ends, the records left out counted; `None`: it is empty.
    pub last: Option<Cursor>,
    /// How many records were left out.
    pub left_out: usize,
    /// Whether something follows.
    pub more: bool,
    /// Whether the place it was to be read after is not there.
    pub lost: bool,
}

/// What the feed script said: more, lost, then id, member, state, payload, time, and again.
pub fn portion(value: Value, partition: u16) -> Result<Portion, Error> {
    let mut parts = array(value, "the feed")?.into_iter();
    let (more, lost) = (parts.next(), parts.next());
    let (Some(more), Some(lost)) = (more.and_then(number), lost.and_then(number)) else {
        return Err(strange("the feed"));
    };
    let mut parts = parts.map(bytes);
    let (mut records, mut last, mut left_out) = (Vec::new(), None, 0);
    while let Some(id) = parts.next() {
        let mut next = || parts.next().flatten().ok_or_else(|| strange("the feed"));
        let (member, state, payload, time) = (next()?, next()?, next()?, next()?);
        let id = id.ok_or_else(|| strange("the feed"))?;
        let cursor = cursor(&id, partition).ok_or_else(|| strange("a place in the feed"))?;
        last = Some(cursor);
        let Some(key) = entity_of(&member) else {
            left_out += 1;
            continue;
        };
        records.push(FeedRecord {
            cursor,
            // Batches are called by µs.
            at: time_of(&time).unwrap_or(Millis(cursor.batch / 1_000)),
            key,
            payload: (state == b"p").then(|| payload.into()),
        });
    }
    Ok(Portion {
        records,
        last,
        left_out,
        more: more == 1,
        lost: lost == 1,
    })
}

fn time_of(said: &[u8]) -> Option<Millis> {
    std::str::from_utf8(said).ok()?.parse().ok().map(Millis)
}

fn cursor(id: &[u8], partition: u16) -> Option<Cursor> {
    let (batch, index) = std::str::from_utf8(id).ok()?.split_once('-')?;
    Some(Cursor {
        partition,
        batch: batch.parse().ok()?,
        index: index.parse().ok()?,
    })
}

/// An item of a due index.
pub struct DueItem {
    /// As the index calls it.
    pub member: Vec<u8>,
    /// As the index has it: a time in ms, and behind the point who claimed it.
    pub score: Vec<u8>,
    /// Since when it is due.
    pub at: Millis,
    /// Who owes it; `None`: nobody whose name this version can read.
    pub key: Option<EntityKey>,
}

/// Members and scores, one after the other.
pub fn due(value: Value) -> Result<Vec<DueItem>, Error> {
    let parts = array(value, "the due index")?;
    let mut items = Vec::with_capacity(parts.len() / 2);
    let mut parts = parts.into_iter();
    while let (Some(member), Some(score)) = (parts.next(), parts.next()) {
        let member = bytes(member).ok_or_else(|| strange("the due index"))?;
        let score = bytes(score).ok_or_else(|| strange("a due time"))?;
        let at = number(Value::BulkString(score.clone()));
        items.push(DueItem {
            at: Millis(at.ok_or_else(|| strange("a due time"))?),
            key: entity_of(&member),
            member,
            score,
        });
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_is_not_a_tombstone() {
        let mut form = vec![9u8; 16];
        assert_eq!(stored(&form).unwrap().value, None);
        form.push(ESCAPE);
        assert_eq!(stored(&form).unwrap().value.as_deref(), Some(&[][..]));
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        assert!(stored(&[1; 15]).is_err());
        assert!(outcome(Value::Array(vec![Value::Int(7)]), Revision([0; 16])).is_err());
        assert!(outcome(Value::Okay, Revision([0; 16])).is_err());
    }

    #[test]
    fn scores_are_read_in_either_spelling() {
        let score = |text: &str| number(Value::BulkString(text.into()));
        assert_eq!(score("1795132800000"), Some(1_795_132_800_000));
        assert_eq!(score("1.7951328e+12"), Some(1_795_132_800_000));
    }
}
