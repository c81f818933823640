//! Everything in the store, a page at a time, in the order in which the server's own scan meets the
//! keys. Each entity is read with its due time and its desk row in one step.

use super::core::Core;
use super::names::member;
use super::reply::{array, bytes, maybe_stored, number, strange};
use super::scripts::Script;
use crate::domain::time::Millis;
use crate::ports::store::{EntityKey, Error, Page, Place, Row};
use redis::{Value, cmd};

/// Most keys looked at in one step.
const AT_ONCE: usize = 500;
/// Entities read in one go: a value is at most 64 KiB and usually below one.
const READ: usize = 32;

/// The page after a place.
pub async fn page(core: &Core, after: Option<Place>, limit: usize) -> Result<Page, Error> {
    let mut scan = cmd("SCAN");
    match &after {
        None => scan.arg(0),
        Some(place) => scan.arg(&place.0[..]),
    };
    scan.arg("MATCH").arg(core.keys.all());
    scan.arg("COUNT").arg(limit.clamp(1, AT_ONCE));
    scan.arg("TYPE").arg("string");
    let mut answer = array(core.ask_one(0, scan).await?, "a scan")?.into_iter();
    let cursor = answer.next().and_then(bytes);
    let cursor = cursor.ok_or_else(|| strange("a scan's cursor"))?;
    let mut page = Page {
        next: (cursor != b"0").then(|| Place(cursor.into())),
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
