//! How far each partition of the feed was looked through for unsends; durable, so that none is missed
//! or looked for twice over a restart.

use crate::actors::archived::{self, Unsent};
use crate::actors::draw::revision;
use crate::ports::store::{
    Class, Commit, Cursor, EntityKey, EntityKind, Error, FEED_READERS, Revision, Store, Urgency,
    Write,
};

/// Records asked for at once.
const PAGE: usize = 1_000;

/// All partitions.
pub(super) struct Looks {
    looks: Vec<Look>,
}

struct Look {
    revision: Option<Revision>,
    /// What is stored: everything up to here is out of the archive.
    begun: Cursor,
    reached: Cursor,
}

impl Looks {
    /// Where the last round ended.
    pub(super) async fn begin(store: &dyn Store) -> Result<Looks, Error> {
        let mut looks = Vec::with_capacity(store.feeds().into());
        for partition in 0..store.feeds() {
            looks.push(Look::begin(store, partition).await?);
        }
        Ok(Looks { looks })
    }

    /// What was unsent between the last round's end and now, over all partitions. Asked again, it
    /// begins at the last round's end again.
    pub(super) async fn unsent(&mut self, store: &dyn Store) -> Result<Unsent, Error> {
        let mut unsent = Unsent::new();
        for look in &mut self.looks {
            look.reached = gather(store, look.begun, &mut unsent).await?;
        }
        Ok(unsent)
    }

    /// What was unsent in a partition since [`unsent`](Looks::unsent) looked; it stays to be found
    /// by the next round.
    pub(super) async fn since(
        &self,
        store: &dyn Store,
        partition: u16,
        unsent: &mut Unsent,
    ) -> Result<(), Error> {
        gather(store, self.reached(partition), unsent)
            .await
            .map(|_| ())
    }

    /// How far a partition was looked through; what comes later must not be trimmed.
    pub(super) fn reached(&self, partition: u16) -> Cursor {
        self.looks[usize::from(partition)].reached
    }

    /// Makes it durable: what was unsent so far is out of the archive.
    pub(super) async fn end(&mut self, store: &dyn Store) -> Result<(), Error> {
        for look in &mut self.looks {
            look.end(store).await?;
        }
        Ok(())
    }
}

/// Collects what was unsent after a cursor; returns the partition's end.
async fn gather(store: &dyn Store, after: Cursor, unsent: &mut Unsent) -> Result<Cursor, Error> {
    let mut reached = after;
    loop {
        let page = store.feed(reached, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(reached);
        };
        reached = last.cursor;
        for record in page {
            if let Some(message) = record.payload.as_deref().and_then(archived::unsent) {
                unsent.entry(message).or_default().insert(record.key.id);
            }
        }
    }
}

impl Look {
    /// One for each partition; the first has the name it had when there was only one.
    fn entity(partition: u16) -> EntityKey {
        let name = match partition {
            0 => format!("{FEED_READERS}unsent"),
            other => format!("{FEED_READERS}unsent/{other}"),
        };
        EntityKey::new(EntityKind::Counter, &name)
    }

    async fn begin(store: &dyn Store, partition: u16) -> Result<Look, Error> {
        let stored = store.load(&Look::entity(partition)).await?;
        let value = stored.as_ref().and_then(|stored| stored.value.as_deref());
        let reached = value.and_then(|value| read(partition, value));
        let reached = reached.unwrap_or(Cursor::before(partition));
        Ok(Look {
            revision: stored.map(|stored| stored.revision),
            begun: reached,
            reached,
        })
    }

    async fn end(&mut self, store: &dyn Store) -> Result<(), Error> {
        if self.reached == self.begun {
            return Ok(());
        }
        let mut value = vec![1u8];
        value.extend_from_slice(&self.reached.batch.to_le_bytes());
        value.extend_from_slice(&self.reached.index.to_le_bytes());
        // A conflict: somebody else looked as well, and says how far.
        store
            .commit(commit(
                Look::entity(self.reached.partition),
                self.revision,
                value,
            ))
            .await
            .map(|_| ())
    }
}

/// Format byte, batch, index, little-endian.
fn read(partition: u16, value: &[u8]) -> Option<Cursor> {
    let (batch, index) = value.strip_prefix(&[1])?.split_at_checked(8)?;
    Some(Cursor {
        partition,
        batch: u64::from_le_bytes(batch.try_into().ok()?),
        index: u32::from_le_bytes(index.try_into().ok()?),
    })
}

/// A commit of what the housekeeper remembers: nobody waits for it, and nobody else reads it.
pub(super) fn commit(key: EntityKey, expected: Option<Revision>, value: Vec<u8>) -> Commit {
    Commit {
        key,
        expected,
        proposed: revision(),
        write: Write::Put(value.into()),
        due: None,
        desk: None,
        feed: Vec::new(),
        erase: Vec::new(),
        class: Class::Completing,
        urgency: Urgency::Lazy,
    }
}
