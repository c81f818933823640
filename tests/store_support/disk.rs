//! A disk between a child process and its data folder that fails or loses power as ordered: builds
//! `disk.c` and preloads it. What it models, and what not, is said there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The compiled disk and the folders of one world: `data` is what the child uses.
pub struct Disk {
    _room: tempfile::TempDir,
    library: PathBuf,
    report: PathBuf,
    graves: PathBuf,
    state: PathBuf,
    pub data: PathBuf,
    /// Syncs of files whose name begins so say yes and do nothing; empty: the disk is honest.
    pub lie: &'static str,
}

/// What shall happen in a life.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// Sync calls fail from this one on, beginning with a file whose name begins so.
    Fail { at: u64, file: &'static str },
    /// The process dies at this sync call (before or after it took effect), or at the next of such a
    /// file at which anything is un-synced.
    Die {
        at: u64,
        file: &'static str,
        after: bool,
        sector: u32,
    },
}

/// A line of the disk's report: its first word, and what it says by name.
#[derive(Debug)]
pub struct Said {
    pub what: String,
    words: HashMap<String, String>,
}

impl Said {
    pub fn word(&self, name: &str) -> &str {
        self.words.get(name).map_or("", String::as_str)
    }

    pub fn number(&self, name: &str) -> u64 {
        self.word(name).parse().unwrap()
    }
}

impl Disk {
    /// Compiles the disk (whoever builds SQLite has a C compiler); the data folder is not there yet.
    pub fn build() -> Disk {
        let room = tempfile::tempdir().unwrap();
        let root = room.path().canonicalize().unwrap();
        let library = root.join("disk.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store_support/disk.c");
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let built = Command::new(&compiler)
            .args(["-shared", "-fPIC", "-O2", "-o"])
            .args([&library, &source])
            .output()
            .unwrap_or_else(|error| panic!("{compiler}: {error}"));
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        Disk::in_room(room, library)
    }

    /// Another world with the same disk.
    pub fn another(&self) -> Disk {
        Disk::in_room(tempfile::tempdir().unwrap(), self.library.clone())
    }

    fn in_room(room: tempfile::TempDir, library: PathBuf) -> Disk {
        let root = room.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("graves")).unwrap();
        std::fs::create_dir(root.join("home")).unwrap();
        Disk {
            library,
            report: root.join("report"),
            graves: root.join("graves"),
            state: root.join("state"),
            data: root.join("home").join("data"),
            lie: "",
            _room: room,
        }
    }

    /// Puts the disk between a command and the data folder. The page cache of the life before is
    /// still there, unless the power went.
    pub fn under(&self, command: &mut Command, order: Order) {
        // The report of one life only.
        let _ = std::fs::remove_file(&self.report);
        self.preload(command);
        match order {
            Order::Fail { at, file } => command
                .env("DISK_FAIL", at.to_string())
                .env("DISK_AT", file),
            Order::Die {
                at,
                file,
                after,
                sector,
            } => command
                .env("DISK_CUT", at.to_string())
                .env("DISK_AT", file)
                .env("DISK_AFTER", u8::from(after).to_string())
                .env("DISK_SECTOR", sector.to_string()),
        };
    }

    /// The power goes after a life: what it had not synced is lost, as the seed has it.
    pub fn lose_power(&self, seed: u64, sector: u32) {
        // Any program will do: the disk ends it before it begins.
        let mut switch = Command::new(std::env::current_exe().unwrap());
        self.preload(&mut switch)
            .env("DISK_OFF", "1")
            .env("DISK_SEED", seed.to_string())
            .env("DISK_SECTOR", sector.to_string());
        assert!(switch.status().unwrap().success());
    }

    fn preload<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("LD_PRELOAD", &self.library)
            .env("DISK_FOLDER", &self.data)
            .env("DISK_REPORT", &self.report)
            .env("DISK_GRAVES", &self.graves)
            .env("DISK_STATE", &self.state)
            .env("DISK_LIE", self.lie)
    }

    /// What the disk said in the last life.
    pub fn report(&self) -> Vec<Said> {
        let text = std::fs::read_to_string(&self.report).unwrap_or_default();
        let line = |line: &str| {
            let mut words = line.split(' ');
            Said {
                what: words.next().unwrap_or_default().to_owned(),
                words: words
                    .filter_map(|word| word.split_once('='))
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
            }
        };
        text.lines().map(line).collect()
    }
}
