//! The name card of a store, and the mark of it that every partition bears.
//!
//! The card lies in partition 0: format, partitions, secret. Each partition's `meta` has the mark: the
//! first bytes of the secret. Commits look for it, so a server that was emptied, or holds another
//! store, takes none. A store is begun with a card that is not yet whole, then all are marked, then
//! the card is: whoever finds one that is not whole goes on with the same secret.

use super::asking::ask;
use super::info::text;
use super::keys::Keys;
use super::master::Line;
use super::options::{OpenError, Options};
use super::reply::{array, bytes};
use super::scripts::{Script, Scripts};
use super::servers::Masters;
use redis::{Cmd, Value, cmd};
use std::sync::Arc;

/// Format of what this version writes and reads.
const FORMAT: u32 = 2;

/// The keys of the store; one that does not exist yet is created. What is not as it should be, and
/// does not stop the rest, is added to the warnings.
///
/// # Errors
/// [`OpenError::Format`], [`OpenError::Partitions`], [`OpenError::Torn`], [`OpenError::Server`].
pub async fn read(
    masters: &Arc<Masters>,
    scripts: &Scripts,
    options: &Options,
    warnings: &mut Vec<String>,
) -> Result<Keys, OpenError> {
    let desk = Desk { masters, options };
    let key = Keys::card(&options.prefix);
    let mut look = cmd("EXISTS");
    look.arg(&key);
    let there = desk.ask(vec![(0, look)]).await?.into_iter().next();
    if there == Some(Value::Int(0)) {
        // Partitions that bear a mark belong to a store whose card is lost: it is not begun again.
        let keys = Keys::new(&options.prefix, options.partitions, &[0; 16]);
        let marked = desk.marks(&keys).await?.iter().flatten().count();
        if marked > 0 {
            let all = options.partitions;
            return Err(desk.torn(format!(
                "its name card is gone, and {marked} of {all} partitions bear its mark"
            )));
        }
    }
    let mut secret = [0; 16];
    getrandom::fill(&mut secret).map_err(|error| OpenError::Server(error.to_string()))?;
    let mut call = scripts.call(Script::Card, std::slice::from_ref(&key));
    call.arg(FORMAT).arg(options.partitions).arg(&secret[..]);
    let card = desk.ask(vec![(0, call)]).await?.into_iter().next();
    let card = array(card.unwrap_or_default(), "the name card");
    let mut card = card.map_err(|_| strange("the name card"))?.into_iter();
    let mut next = || card.next().unwrap_or_default();
    let (format, partitions, secret, whole) = (text(next()), text(next()), next(), next());
    if format.parse() != Ok(FORMAT) {
        return Err(OpenError::Format {
            prefix: options.prefix.clone(),
            found: format,
            known: FORMAT,
        });
    }
    let found = partitions.parse::<u16>();
    let found = found.map_err(|_| strange("the number of partitions"))?;
    if found != options.partitions {
        return Err(OpenError::Partitions {
            prefix: options.prefix.clone(),
            found,
            asked: options.partitions,
        });
    }
    let secret = bytes(secret).and_then(|secret| secret.try_into().ok());
    let secret = secret.ok_or_else(|| strange("the store's secret"))?;
    let keys = Keys::new(&options.prefix, options.partitions, &secret);
    if bytes(whole).is_none() {
        desk.mark(&keys, &key).await?;
    }
    let marks = desk.marks(&keys).await?;
    let is_ours = |mark: &&Option<Vec<u8>>| mark.as_deref() == Some(&keys.mark()[..]);
    let lost = marks.len() - marks.iter().filter(is_ours).count();
    if lost > 0 {
        let all = marks.len();
        warnings.push(format!(
            "{lost} of {all} partitions were emptied or are another store's: they take no writes"
        ));
    }
    Ok(keys)
}

struct Desk<'a> {
    masters: &'a Arc<Masters>,
    options: &'a Options,
}

impl Desk<'_> {
    async fn ask(&self, calls: Vec<(u16, Cmd)>) -> Result<Vec<Value>, OpenError> {
        let answers = ask(self.masters, Line::Reads, calls, self.options.patience);
        let failed = |error: crate::ports::store::Error| OpenError::Server(error.to_string());
        answers.await.map_err(failed)
    }

    /// What each partition bears.
    async fn marks(&self, keys: &Keys) -> Result<Vec<Option<Vec<u8>>>, OpenError> {
        let call = |partition| {
            let mut call = cmd("HGET");
            call.arg(keys.of(partition, "meta")).arg("store");
            (partition, call)
        };
        let answers = self.ask((0..keys.partitions()).map(call).collect()).await?;
        Ok(answers.into_iter().map(bytes).collect())
    }

    /// Marks every partition, then says on the card that this was done.
    async fn mark(&self, keys: &Keys, card: &str) -> Result<(), OpenError> {
        let call = |partition| {
            let mut call = cmd("HSETNX");
            call.arg(keys.of(partition, "meta")).arg("store");
            call.arg(&keys.mark()[..]);
            (partition, call)
        };
        self.ask((0..keys.partitions()).map(call).collect()).await?;
        let marks = self.marks(keys).await?;
        let ours = |mark: &Option<Vec<u8>>| mark.as_deref() == Some(&keys.mark()[..]);
        if !marks.iter().all(ours) {
            let words = "some partitions bear the mark of another store";
            return Err(self.torn(words.into()));
        }
        let mut whole = cmd("HSET");
        whole.arg(card).arg("whole").arg(1);
        self.ask(vec![(0, whole)]).await.map(drop)
    }

    fn torn(&self, found: String) -> OpenError {
        OpenError::Torn {
            prefix: self.options.prefix.clone(),
            found,
        }
    }
}

fn strange(what: &str) -> OpenError {
    OpenError::Server(format!("{what} cannot be read"))
}
