//! Asks until everything is answered or patience ends. Calls on different masters go side by side;
//! of those that go together each has its own verdict, and only what has no answer is asked again.

use super::errors::{Trouble, Verdict};
use super::link::Each;
use super::master::{Line, Master};
use super::servers::Masters;
use crate::ports::store::Error;
use futures_util::future::join_all;
use redis::{Cmd, Pipeline, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// First and longest pause between two tries.
const PAUSES: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(320)];
/// Rounds in which redirections are followed at once, before pauses are made.
const AT_ONCE: u32 = 5;

/// One call and what came of it so far.
struct Asked {
    partition: u16,
    call: Cmd,
    answer: Option<Value>,
    /// Where it was told to go, for one try, and whether `ASKING` goes before it.
    to: Option<(Arc<Master>, bool)>,
}

/// What goes to one master in one round.
struct Group {
    master: Arc<Master>,
    pipe: Pipeline,
    /// Index of the call, and its place in the pipe.
    calls: Vec<(usize, usize)>,
}

/// Asks each call of the master of its partition. Answers in the order of the calls.
///
/// # Errors
/// [`Error::Full`] when a server is full; [`Error::Io`] when patience ended, or when repeating does
/// not help.
pub async fn ask(
    masters: &Arc<Masters>,
    line: Line,
    calls: Vec<(u16, Cmd)>,
    patience: Duration,
) -> Result<Vec<Value>, Error> {
    let end = Instant::now() + patience;
    let mut asked: Vec<Asked> = calls
        .into_iter()
        .map(|(partition, call)| Asked {
            partition,
            call,
            answer: None,
            to: None,
        })
        .collect();
    let mut round = Round {
        masters,
        said: String::from("no connection was made"),
        pause: PAUSES[0],
        number: 0,
    };
    loop {
        let (groups, nobody) = group(masters, &mut asked);
        let sending = groups.into_iter().map(|group: Group| async move {
            let tried = group.master.ask(line, &group.pipe).await;
            (group, tried)
        });
        // A connection is found broken by its own time-out, even when nobody waits for it any more.
        let mut all = Box::pin(join_all(sending));
        let Ok(tried) = timeout_at(end, &mut all).await else {
            tokio::spawn(all);
            return Err(given_up(patience, &round.said));
        };
        let mut met = Met::default();
        if let Some(trouble) = &nobody {
            met.note(trouble, &mut round.said);
            met.look = true;
        }
        for (group, tried) in tried {
            round.read(group, tried, &mut asked, &mut met).await?;
        }
        if asked.iter().all(|asked| asked.answer.is_some()) {
            let answers = asked.into_iter().filter_map(|asked| asked.answer);
            return Ok(answers.collect());
        }
        if timeout_at(end, round.rest(&met)).await.is_err() {
            return Err(given_up(patience, &round.said));
        }
    }
}

fn group(masters: &Masters, asked: &mut [Asked]) -> (Vec<Group>, Option<Trouble>) {
    let mut groups: Vec<Group> = Vec::new();
    let mut nobody = None;
    let open = asked.iter_mut().enumerate();
    for (index, asked) in open.filter(|(_, asked)| asked.answer.is_none()) {
        let (master, asking) = match asked.to.take() {
            Some(to) => to,
            None => match masters.of(asked.partition) {
                Ok(master) => (master, false),
                Err(trouble) => {
                    nobody = Some(trouble);
                    continue;
                }
            },
        };
        let place = groups.iter().position(|g| Arc::ptr_eq(&g.master, &master));
        let place = place.unwrap_or_else(|| {
            groups.push(Group {
                master,
                pipe: Pipeline::new(),
                calls: Vec::new(),
            });
            groups.len() - 1
        });
        let group = &mut groups[place];
        if asking {
            group.pipe.cmd("ASKING");
        }
        group.calls.push((index, group.pipe.len()));
        group.pipe.add_command(asked.call.clone());
    }
    (groups, nobody)
}

/// What was met in one round.
#[derive(Default)]
struct Met {
    /// Who the masters are is in doubt.
    look: bool,
    /// Something has to be waited for.
    wait: bool,
}

impl Met {
    fn note(&mut self, trouble: &Trouble, said: &mut String) {
        said.clone_from(&trouble.said);
        match trouble.verdict {
            Verdict::Reconnect | Verdict::Demoted => (self.look, self.wait) = (true, true),
            Verdict::Moved(_) => self.look = true,
            Verdict::Ask(_) | Verdict::Reload => {}
            Verdict::Wait => {
                self.look |= trouble.may_be_cut_off();
                self.wait = true;
            }
            Verdict::Full | Verdict::Refused => self.wait = true,
        }
    }
}

struct Round<'a> {
    masters: &'a Arc<Masters>,
    said: String,
    pause: Duration,
    number: u32,
}

impl Round<'_> {
    async fn read(
        &mut self,
        group: Group,
        tried: Result<Vec<Each>, Trouble>,
        asked: &mut [Asked],
        met: &mut Met,
    ) -> Result<(), Error> {
        let mut demoted = false;
        match tried {
            Err(trouble) => {
                refused(&trouble)?;
                met.note(&trouble, &mut self.said);
                demoted = trouble.verdict == Verdict::Demoted;
            }
            Ok(answers) => {
                let mut answers: Vec<Option<Each>> = answers.into_iter().map(Some).collect();
                for (index, place) in group.calls {
                    match answers.get_mut(place).and_then(Option::take) {
                        Some(Ok(answer)) => asked[index].answer = Some(answer),
                        Some(Err(trouble)) => {
                            refused(&trouble)?;
                            met.note(&trouble, &mut self.said);
                            let named = |said: &str| self.masters.named(said, &group.master);
                            asked[index].to = match &trouble.verdict {
                                Verdict::Moved(said) => named(said).map(|master| (master, false)),
                                Verdict::Ask(said) => named(said).map(|master| (master, true)),
                                _ => None,
                            };
                            demoted |= trouble.verdict == Verdict::Demoted;
                        }
                        None => refused(&Trouble::nonsense("no answer"))?,
                    }
                }
            }
        }
        if demoted {
            group.master.demote();
        }
        Ok(())
    }

    /// Pauses, if there is something to wait for, and looks, if there is doubt.
    async fn rest(&mut self, met: &Met) {
        self.number += 1;
        if met.wait || self.number > AT_ONCE {
            let jitter = Duration::from_millis(u64::from(getrandom::u32().unwrap_or(0) % 16));
            sleep(self.pause + jitter).await;
            self.pause = (self.pause * 2).min(PAUSES[1]);
        }
        match (met.look, met.wait) {
            (true, true) => {
                // What it met shows at the next try.
                let _ = self.masters.look().await;
            }
            // The redirection is followed before the map is known.
            (true, false) => {
                let masters = Arc::clone(self.masters);
                tokio::spawn(async move { masters.look().await.is_ok() });
            }
            (false, _) => {}
        }
    }
}

/// Asks one thing of this master and no other, over the connection for long answers.
///
/// # Errors
/// As [`ask`]; at once when it is known to be no master any more.
pub async fn ask_this(master: &Arc<Master>, call: Cmd, patience: Duration) -> Result<Value, Error> {
    let end = Instant::now() + patience;
    let mut pipe = Pipeline::new();
    pipe.add_command(call);
    loop {
        let tried = master.ask(Line::Bulk, &pipe).await;
        let answer = tried.and_then(|said| {
            let one = said.into_iter().next();
            one.unwrap_or_else(|| Err(Trouble::nonsense("no answer")))
        });
        let trouble = match answer {
            Ok(answer) => return Ok(answer),
            Err(trouble) => trouble,
        };
        refused(&trouble)?;
        if master.is_over() || Instant::now() + PAUSES[1] > end {
            return Err(given_up(patience, &trouble.said));
        }
        sleep(PAUSES[1]).await;
    }
}

fn refused(trouble: &Trouble) -> Result<(), Error> {
    match trouble.verdict {
        Verdict::Refused => Err(Error::Io(format!("redis: {}", trouble.said))),
        Verdict::Full => Err(Error::Full {
            free_bytes: 0,
            floor_bytes: 1,
        }),
        _ => Ok(()),
    }
}

fn given_up(patience: Duration, said: &str) -> Error {
    let patience = patience.as_millis();
    Error::Io(format!(
        "redis gave no answer within {patience} ms, last: {said}"
    ))
}
