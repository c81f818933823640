//! Everything in the store, a page at a time: master by master, in the order in which each one's own
//! scan meets the keys. Each entity is read with its due time and its desk row in one step.
//!
//! A place names its master. When that is none any more the scan must begin again; slots that move
//! meanwhile may be met twice or not at all, so a scan that has to be whole wants them to stay.

use super::core::Core;
use super::master::Master;
use super::names::member;
use super::reply::{array, bytes, maybe_stored, number, strange};
use super::scripts::Script;
use crate::domain::time::Millis;
use crate::ports::store::{EntityKey, Error, Page, Place, Row};
use redis::{Value, cmd};
use std::sync::Arc;

/// Most keys looked at in one step.
const AT_ONCE: usize = 500;
/// Entities read in one go: a value is at most 64 KiB and usually below one.
const READ: usize = 32;

/// The page after a place.
pub async fn rows(core: &Core, after: Option<Place>, limit: usize) -> Result<Page, Error> {
    let (at, cursor) = whom(core, after)?;
    let mut scan = cmd("SCAN");
    scan.arg(cursor);
    scan.arg("MATCH").arg(core.keys.all());
    scan.arg("COUNT").arg(limit.clamp(1, AT_ONCE));
    scan.arg("TYPE").arg("string");
    let mut answer = array(core.ask_master(&at, scan).await?, "a scan")?.into_iter();
    let cursor = answer.next().and_then(bytes);
    let cursor = cursor.ok_or_else(|| strange("a scan's cursor"))?;
    let mut page = Page {
        next: match &cursor[..] {
            b"0" => masters(core)
                .into_iter()
                .find(|next| name(next) > name(&at))
                .map(|next| place(&next, b"0")),
            _ => Some(place(&at, &cursor)),
        },
        ..Page::default()
    };
    let found = array(answer.next().unwrap_or(Value::Nil), "a scan's keys")?;
    let names = found.into_iter().filter_map(bytes);
    let entities: Vec<(u16, EntityKey)> = names.filter_map(|name| core.keys.read(&name)).collect();
    for some in entities.chunks(READ) {
        let calls = some.iter().map(|(partition, key)| {
            let of = |name| core.keys.of(*partition, name).into_bytes();
            let keys = [core.keys.entity(*partition, key), of("due"), of("desk")];
            let mut call = core.scripts.call(Script::Row, &keys);
            call.arg(member(key));
            (*partition, call)
        });
        let answers = core.bulk(calls.collect()).await?;
        for ((_, key), answer) in some.iter().zip(answers) {
            match row(key, answer) {
                Ok(row) => page.rows.extend(row),
                Err(error) => {
                    tracing::error!(?key, %error, "an entity cannot be read and is left out");
                    page.damaged += 1;
                }
            }
        }
    }
    Ok(page)
}

/// The masters, in an order that is the same for every page.
fn masters(core: &Core) -> Vec<Arc<Master>> {
    let mut masters = core.masters.all();
    masters.sort_by_key(name);
    masters
}

fn name(master: &Arc<Master>) -> String {
    master.address.to_string()
}

fn place(master: &Arc<Master>, cursor: &[u8]) -> Place {
    Place([cursor, b" ", name(master).as_bytes()].concat().into())
}

/// Which master goes on with the scan, and from where.
fn whom(core: &Core, after: Option<Place>) -> Result<(Arc<Master>, Vec<u8>), Error> {
    let gone = || Error::Io("the masters have changed, the scan must begin again".into());
    let masters = masters(core);
    let Some(after) = after else {
        let first = masters.into_iter().next().ok_or_else(gone)?;
        return Ok((first, b"0".to_vec()));
    };
    let mut parts = after.0.splitn(2, |byte| *byte == b' ');
    let (cursor, wanted) = (parts.next(), parts.next());
    let master = masters
        .into_iter()
        .find(|master| Some(name(master).as_bytes()) == wanted);
    let cursor = cursor.unwrap_or_default().to_vec();
    Ok((master.ok_or_else(gone)?, cursor))
}

/// `None`: it has gone since its name was read.
fn row(key: &EntityKey, answer: Value) -> Result<Option<Row>, Error> {
    let mut parts = array(answer, "an entity")?.into_iter();
    let mut next = || parts.next().unwrap_or(Value::Nil);
    let (stored, due, desk) = (next(), next(), next());
    Ok(maybe_stored(stored)?.map(|stored| Row {
        key: key.clone(),
        stored,
        due: number(due).map(Millis),
        desk: bytes(desk).map(Box::from),
    }))
}
