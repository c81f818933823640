//! Change feed in the archive: JSON lines, and beside each object its *marks*: the messages whose
//! words it carries. An unsend finds its words by the marks; only objects that have some are read.

use crate::domain::ids::Fingerprint;
use crate::ports::archive::{Archive, Error};
use crate::ports::store::FeedRecord;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::Write;
use std::sync::Arc;

/// Where the lines are.
const FEED: &str = "feed";
/// Where the marks are, under the same names.
const MARKS: &str = "marks";
const LINES: &str = ".jsonl";

/// Messages that were taken back, each with the conversations (`channel/chat`) it was said in.
pub(super) type Unsent = HashMap<Fingerprint, HashSet<Arc<str>>>;

/// The message that a record of the feed says was taken back.
pub(super) fn unsent(payload: &[u8]) -> Option<Fingerprint> {
    #[derive(Deserialize)]
    struct Told<'a> {
        #[serde(borrow)]
        fact: Cow<'a, str>,
        message: Fingerprint,
    }
    // Most records are something else; the look is cheaper than reading them.
    let name = b"\"unsent\"";
    payload.windows(name.len()).find(|seen| seen == name)?;
    let told: Told<'_> = serde_json::from_slice(payload).ok()?;
    (told.fact == "unsent").then_some(told.message)
}

/// The message whose words a record carries.
fn carried(payload: &[u8]) -> Option<Fingerprint> {
    #[derive(Deserialize)]
    struct Carrying {
        message: Option<Fingerprint>,
        words: Option<IgnoredAny>,
        raw: Option<IgnoredAny>,
    }
    let record: Carrying = serde_json::from_slice(payload).ok()?;
    let carries = record.words.is_some() || record.raw.is_some();
    record.message.filter(|_| carries)
}

/// Archives whole batches. The marks come first: no object is ever without them.
pub(super) async fn put(archive: &dyn Archive, records: &[FeedRecord]) -> Result<(), Error> {
    let (Some(first), Some(last)) = (records.first(), records.last()) else {
        return Ok(());
    };
    // The cursor is in the name: archiving again after a crash writes the same object. The first
    // partition says nothing of itself, as when there was only one.
    let partition = match first.cursor.partition {
        0 => String::new(),
        other => format!("-{other}"),
    };
    let name = format!(
        "{}/{}-{}{partition}",
        first.at.utc_date(),
        first.cursor.batch,
        last.cursor.batch
    );
    let payloads = records
        .iter()
        .filter_map(|record| record.payload.as_deref());
    let marks: BTreeSet<u64> = payloads.filter_map(carried).map(|mark| mark.0).collect();
    archive
        .put(&format!("{MARKS}/{name}"), written(&marks))
        .await?;
    let mut out = Vec::new();
    for record in records {
        line(
            &mut out,
            [
                record.at.0,
                record.cursor.batch,
                u64::from(record.cursor.index),
            ],
            &format!("{:?}", record.key),
            record.payload.as_deref(),
        );
    }
    let out = out.into_boxed_slice();
    archive.put(&format!("{FEED}/{name}{LINES}"), out).await
}

/// Erases the words of unsent messages from every object. Returns the records erased.
pub(super) async fn erase(archive: &dyn Archive, unsent: &Unsent) -> Result<usize, Error> {
    let objects = archive.list(FEED).await?;
    let mut erased = 0;
    let mut named = HashSet::new();
    for object in &objects {
        // What somebody else put there is not ours to change.
        let Some(name) = object
            .strip_prefix(FEED)
            .and_then(|name| name.strip_suffix(LINES))
        else {
            continue;
        };
        let beside = format!("{MARKS}{name}");
        let marks = marks(archive, object, &beside).await?;
        named.insert(beside);
        if !unsent.keys().any(|message| marks.contains(&message.0)) {
            continue;
        }
        let Some(lines) = archive.get(object).await? else {
            continue;
        };
        let (lines, gone) = without(&lines, unsent);
        if gone > 0 {
            archive.put(object, lines).await?;
            erased += gone;
        }
    }
    // An object may be moved away by hand; its marks go, too.
    for beside in archive.list(MARKS).await? {
        if !named.contains(&beside) {
            archive.delete(&beside).await?;
        }
    }
    Ok(erased)
}

/// Removes the objects of days before `first_kept` (`2026-11-20`), and their marks. Returns the
/// objects removed.
pub(super) async fn expire(archive: &dyn Archive, first_kept: &str) -> Result<usize, Error> {
    let mut removed = 0;
    for room in [FEED, MARKS] {
        for key in archive.list(room).await? {
            // Only what `put` has put there: feed/<day>/<batches>.jsonl, marks/<day>/<batches>.
            let day = key.split('/').nth(1).filter(|day| is_day(day));
            if day.is_some_and(|day| *day < *first_kept) {
                archive.delete(&key).await?;
                removed += usize::from(room == FEED);
            }
        }
    }
    Ok(removed)
}

/// `2026-11-20`.
fn is_day(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// The marks of an object; made now when an older build archived it.
async fn marks(archive: &dyn Archive, object: &str, beside: &str) -> Result<BTreeSet<u64>, Error> {
    if let Some(written) = archive.get(beside).await? {
        let marks = written
            .chunks_exact(8)
            .map(|mark| u64::from_le_bytes(mark.try_into().expect("chunks of eight")));
        return Ok(marks.collect());
    }
    let lines = archive.get(object).await?.unwrap_or_default();
    let records = lines.split(|byte| *byte == b'\n').filter_map(read);
    let marks = records
        .filter_map(|record| carried(record.record.get().as_bytes()))
        .map(|mark| mark.0)
        .collect();
    archive.put(beside, written(&marks)).await?;
    Ok(marks)
}

fn written(marks: &BTreeSet<u64>) -> Box<[u8]> {
    marks.iter().flat_map(|mark| mark.to_le_bytes()).collect()
}

#[derive(Deserialize)]
struct Line<'a> {
    at: u64,
    batch: u64,
    index: u64,
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    record: &'a RawValue,
}

fn read(line: &[u8]) -> Option<Line<'_>> {
    serde_json::from_slice(line).ok()
}

/// The object without the words of unsent messages, and how many records lost theirs.
fn without(lines: &[u8], unsent: &Unsent) -> (Box<[u8]>, usize) {
    let mut out = Vec::with_capacity(lines.len());
    let mut gone = 0;
    for text in lines.split_inclusive(|byte| *byte == b'\n') {
        let taken_back = read(text.trim_ascii_end()).filter(|line| {
            let message = carried(line.record.get().as_bytes());
            let said_in = message.and_then(|message| unsent.get(&message));
            // The kind does not matter: a conversation's records and its quarantine's.
            let id = line.key.split_once(':').map_or("", |(_, id)| id);
            said_in.is_some_and(|conversations| conversations.contains(id))
        });
        match taken_back {
            Some(record) => {
                let place = [record.at, record.batch, record.index];
                line(&mut out, place, &record.key, None);
                gone += 1;
            }
            None => out.extend_from_slice(text),
        }
    }
    (out.into_boxed_slice(), gone)
}

/// One JSON line: time, batch and index, whose, and what; `null` for words that are gone.
fn line(out: &mut Vec<u8>, [at, batch, index]: [u64; 3], key: &str, payload: Option<&[u8]>) {
    write!(
        out,
        "{{\"at\":{at},\"batch\":{batch},\"index\":{index},\"key\":"
    )
    .and_then(|()| serde_json::to_writer(&mut *out, key).map_err(Into::into))
    .and_then(|()| out.write_all(b",\"record\":"))
    .and_then(|()| out.write_all(payload.unwrap_or(b"null")))
    .and_then(|()| out.write_all(b"}\n"))
    .expect("writing to memory does not fail");
}
