//! Asks a node of a cluster which master has which slots.

use super::address::{Address, Way};
use super::errors::Trouble;
use super::info::{field, text};
use super::reply::{array, bytes, number};
use super::sentinel::once;
use redis::{AsyncConnectionConfig, Pipeline, Value};

/// What a node said.
#[derive(Debug)]
pub struct Found {
    /// Who has which slots.
    pub ranges: Ranges,
    /// All nodes it named, masters and replicas.
    pub nodes: Vec<Address>,
    /// It sees most of the masters. One that does not may tell an old story.
    pub well: bool,
}

/// First slot, last slot and their master, by first slot.
#[derive(Debug, Default)]
pub struct Ranges(Vec<(u16, u16, Address)>);

impl Ranges {
    /// The master of a slot.
    pub fn of(&self, slot: u16) -> Option<&Address> {
        let at = self.0.partition_point(|(first, ..)| *first <= slot);
        let (_, last, address) = self.0.get(at.checked_sub(1)?)?;
        (slot <= *last).then_some(address)
    }
}

/// Asks one node. (`CLUSTER SLOTS`: older than `SHARDS`, and still there in the newest.)
///
/// # Errors
/// It does not answer, or is in no cluster.
pub async fn ask(node: &Way, config: &AsyncConnectionConfig) -> Result<Found, Trouble> {
    let mut pipe = Pipeline::new();
    pipe.cmd("CLUSTER").arg("SLOTS");
    pipe.cmd("CLUSTER").arg("INFO");
    let mut said = once(node, &pipe, config).await?.into_iter();
    let slots = said.next().unwrap_or_default();
    let found = read(slots, &node.address());
    let mut found = found.ok_or_else(|| Trouble::nonsense("CLUSTER SLOTS"))?;
    let info = text(said.next().unwrap_or_default());
    found.well = field(&info, "cluster_state") == Some("ok");
    Ok(found)
}

fn read(said: Value, asked: &Address) -> Option<Found> {
    let mut found = Found {
        ranges: Ranges::default(),
        nodes: Vec::new(),
        well: false,
    };
    for range in array(said, "slots").ok()? {
        let mut parts = array(range, "slots").ok()?.into_iter();
        let first = u16::try_from(number(parts.next()?)?).ok()?;
        let last = u16::try_from(number(parts.next()?)?).ok()?;
        let mut master = None;
        for node in parts {
            let mut node = array(node, "a node").ok()?.into_iter();
            // Nil: the address that was asked.
            let host = node.next().and_then(bytes).unwrap_or_default();
            let host = String::from_utf8(host).ok()?;
            let port = u16::try_from(number(node.next()?)?).ok()?;
            let address = Address::of(&host, port, asked);
            if !found.nodes.contains(&address) {
                found.nodes.push(address.clone());
            }
            master.get_or_insert(address);
        }
        found.ranges.0.push((first, last, master?));
    }
    found.ranges.0.sort_by_key(|(first, ..)| *first);
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(host: Option<&str>, port: i64) -> Value {
        let host = host.map_or(Value::Nil, |host| Value::BulkString(host.into()));
        Value::Array(vec![
            host,
            Value::Int(port),
            Value::BulkString(b"id".into()),
        ])
    }

    #[test]
    fn every_slot_has_the_master_that_was_named_first() {
        let range = |first, last, nodes: [Value; 2]| {
            let [master, replica] = nodes;
            Value::Array(vec![Value::Int(first), Value::Int(last), master, replica])
        };
        let said = Value::Array(vec![
            range(8_192, 16_383, [node(Some("b"), 2), node(Some("c"), 3)]),
            range(0, 8_000, [node(None, 1), node(Some("c"), 4)]),
        ]);
        let asked = Address {
            host: "a".into(),
            port: 9,
        };
        let found = read(said, &asked).unwrap();
        let of = |slot| found.ranges.of(slot).map(|a| (&*a.host, a.port));
        assert_eq!(of(0), Some(("a", 1)));
        assert_eq!(of(8_000), Some(("a", 1)));
        assert_eq!(of(8_001), None);
        assert_eq!(of(16_383), Some(("b", 2)));
        assert_eq!(found.nodes.len(), 4);
        assert!(read(Value::Int(1), &asked).is_none());
    }
}
