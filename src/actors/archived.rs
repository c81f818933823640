//! Change feed in the archive: JSON lines, and beside each object its *marks*: the messages whose
//! words it carries. An unsend finds its words by the marks; only objects that have some are read.

use crate::domain::ids::Fingerprint;
use crate::ports::archive::{Archive, Error};
use crate::ports::store::FeedRecord;
use futures_util::future::try_join_all;
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

/// Marks asked for at the same time: an archive may be far away.
const ASKED_AT_ONCE: usize = 16;

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

/// Archives a lot under a name. The marks come first: no object is ever without them.
pub(super) async fn put(
    archive: &dyn Archive,
    name: &str,
    records: &[FeedRecord],
) -> Result<(), Error> {
    let payloads = records
        .iter()
        .filter_map(|record| record.payload.as_deref());
    let marks: BTreeSet<u64> = payloads.filter_map(carried).map(|mark| mark.0).collect();
    archive.put(&beside(name), written(&marks)).await?;
    let mut out = Vec::new();
    for record in records {
        let place = Place {
            at: record.at.0,
            partition: record.cursor.partition,
            batch: record.cursor.batch,
            index: u64::from(record.cursor.index),
        };
        let key = format!("{:?}", record.key);
        line(&mut out, place, &key, record.payload.as_deref());
    }
    archive.put(&object(name), out.into_boxed_slice()).await
}

/// Archives records that a move between stores or a restore takes out of a feed: in order, of one
/// partition. The same records again write the same objects.
///
/// # Errors
/// The archive's; what was written stays.
pub async fn archive_moved(archive: &dyn Archive, records: &[FeedRecord]) -> Result<(), Error> {
    let day = |record: &FeedRecord| record.at.utc_date();
    for some in records.chunk_by(|one, next| day(one) == day(next)) {
        let (Some(first), Some(last)) = (some.first(), some.last()) else {
            continue;
        };
        // As all objects were named when a store had one partition and one housekeeper.
        let (date, begun, ended) = (day(first), first.cursor.batch, last.cursor.batch);
        let partition = match first.cursor.partition {
            0 => String::new(),
            other => format!("-{other}"),
        };
        put(archive, &format!("{date}/{begun}-{ended}{partition}"), some).await?;
    }
    Ok(())
}

/// Removes the object of a name, and its marks.
pub(super) async fn discard(archive: &dyn Archive, name: &str) -> Result<(), Error> {
    archive.delete(&object(name)).await?;
    archive.delete(&beside(name)).await
}

fn object(name: &str) -> String {
    format!("{FEED}/{name}{LINES}")
}

fn beside(name: &str) -> String {
    format!("{MARKS}/{name}")
}

/// Which of some objects carry words of unsent messages, by their marks; the marks of objects that
/// are not there any more go.
pub(super) async fn carrying(archive: &dyn Archive, unsent: &Unsent) -> Result<Vec<String>, Error> {
    // What somebody else put there is not ours to change.
    let objects = archive.list(FEED).await?;
    let names: Vec<&str> = objects.iter().filter_map(|key| name_of(key)).collect();
    let mut found = Vec::new();
    for some in names.chunks(ASKED_AT_ONCE) {
        let asked: Vec<_> = some.iter().map(|name| marks(archive, name)).collect();
        for (name, marks) in some.iter().zip(try_join_all(asked).await?) {
            if unsent.keys().any(|message| marks.contains(&message.0)) {
                found.push((*name).to_owned());
            }
        }
    }
    // An object may be moved away by hand; its marks go, too.
    let named: HashSet<String> = names.iter().map(|name| beside(name)).collect();
    for beside in archive.list(MARKS).await? {
        if !named.contains(&beside) {
            archive.delete(&beside).await?;
        }
    }
    Ok(found)
}

fn name_of(object: &str) -> Option<&str> {
    let name = object.strip_prefix(FEED)?.strip_prefix('/')?;
    name.strip_suffix(LINES)
}

/// Erases the words of unsent messages from one object. Returns the records erased.
pub(super) async fn erase(
    archive: &dyn Archive,
    name: &str,
    unsent: &Unsent,
) -> Result<usize, Error> {
    let object = object(name);
    let Some(lines) = archive.get(&object).await? else {
        return Ok(0);
    };
    let (lines, gone) = without(&lines, unsent);
    if gone > 0 {
        archive.put(&object, lines).await?;
    }
    Ok(gone)
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
async fn marks(archive: &dyn Archive, name: &str) -> Result<BTreeSet<u64>, Error> {
    let beside = &*beside(name);
    if let Some(written) = archive.get(beside).await? {
        let marks = written
            .chunks_exact(8)
            .map(|mark| u64::from_le_bytes(mark.try_into().expect("chunks of eight")));
        return Ok(marks.collect());
    }
    let lines = archive.get(&object(name)).await?.unwrap_or_default();
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
    #[serde(default)]
    partition: u16,
    batch: u64,
    index: u64,
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    record: &'a RawValue,
}

/// When a record was written, and where in the feed.
struct Place {
    at: u64,
    partition: u16,
    batch: u64,
    index: u64,
}

impl Line<'_> {
    fn place(&self) -> Place {
        Place {
            at: self.at,
            partition: self.partition,
            batch: self.batch,
            index: self.index,
        }
    }
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
                line(&mut out, record.place(), &record.key, None);
                gone += 1;
            }
            None => out.extend_from_slice(text),
        }
    }
    (out.into_boxed_slice(), gone)
}

/// One JSON line: time, place in the feed, whose, and what; `null` for words that are gone. The first
/// partition is not named, as when there was only one.
fn line(out: &mut Vec<u8>, place: Place, key: &str, payload: Option<&[u8]>) {
    let Place {
        at, batch, index, ..
    } = place;
    let partition = match place.partition {
        0 => String::new(),
        other => format!("\"partition\":{other},"),
    };
    write!(
        out,
        "{{\"at\":{at},{partition}\"batch\":{batch},\"index\":{index},\"key\":"
    )
    .and_then(|()| serde_json::to_writer(&mut *out, key).map_err(Into::into))
    .and_then(|()| out.write_all(b",\"record\":"))
    .and_then(|()| out.write_all(payload.unwrap_or(b"null")))
    .and_then(|()| out.write_all(b"}\n"))
    .expect("writing to memory does not fail");
}
