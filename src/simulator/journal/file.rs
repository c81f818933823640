//! The journal on the disk: one JSON object a line, written by its own thread.
//!
//! Refuses silence: a failed write is logged once and reported by every later flush.

use super::JournalEntry;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

enum Job {
    Entry(Arc<JournalEntry>),
    Flush(Sender<Result<(), String>>),
}

/// Hands entries to the writing thread; dropping it ends the thread after the last entry.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub(super) fn open(path: &Path) -> io::Result<Writer> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let (jobs, queue) = channel();
        let thread = thread::Builder::new()
            .name("simulator-journal".to_owned())
            .spawn(move || write_all(BufWriter::with_capacity(1 << 20, file), &queue))?;
        Ok(Writer {
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    pub(super) fn queue(&self, entry: Arc<JournalEntry>) {
        if let Some(jobs) = &self.jobs {
            // A closed queue means the thread died of a write error, which it has logged.
            let _ = jobs.send(Job::Entry(entry));
        }
    }

    pub(super) fn flush(&self) -> io::Result<()> {
        let closed = || io::Error::other("journal writer has ended");
        let (answer, wait) = channel();
        let jobs = self.jobs.as_ref().ok_or_else(closed)?;
        jobs.send(Job::Flush(answer)).map_err(|_| closed())?;
        wait.recv().map_err(|_| closed())?.map_err(io::Error::other)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn write_all(mut out: BufWriter<File>, queue: &Receiver<Job>) {
    let mut failed: Option<String> = None;
    let mut note = |result: io::Result<()>| {
        if let (Err(error), None) = (result, &failed) {
            tracing::error!(%error, "simulator journal could not be written");
            failed = Some(error.to_string());
        }
        failed.clone().map_or(Ok(()), Err)
    };
    while let Ok(first) = queue.recv() {
        let mut job = Some(first);
        while let Some(now) = job.take() {
            match now {
                Job::Entry(entry) => {
                    let written = serde_json::to_writer(&mut out, &*entry)
                        .map_err(io::Error::from)
                        .and_then(|()| out.write_all(b"\n"));
                    let _ = note(written);
                }
                Job::Flush(answer) => {
                    let _ = answer.send(note(out.flush()));
                }
            }
            job = queue.try_recv().ok();
        }
        let _ = note(out.flush());
    }
}

/// Reads a journal file back; a torn last line (the process was killed) is left out.
///
/// # Errors
/// The file cannot be read, or a line before the last is not a journal entry.
pub fn read_file(path: &Path) -> io::Result<Vec<JournalEntry>> {
    let mut entries = Vec::new();
    let mut torn: Option<serde_json::Error> = None;
    for line in BufReader::new(File::open(path)?).lines() {
        if let Some(error) = torn.take() {
            return Err(error.into());
        }
        match serde_json::from_str(&line?) {
            Ok(entry) => entries.push(entry),
            Err(error) => torn = Some(error),
        }
    }
    Ok(entries)
}
