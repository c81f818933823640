//! Writes the config folder of a test: one channel at a simulator, and rules that make each answer
//! name its question (`q017` is answered `a017`).

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Questions a customer can ask without repeating one.
pub const QUESTIONS: usize = 200;

/// The channel's id.
pub const CHANNEL: &str = "main";

/// What a config is made of.
pub struct Config<'a> {
    /// Where `hotline.toml` and the data folder go.
    pub root: &'a Path,
    /// Base URL of the simulator.
    pub api: &'a str,
    /// Channel secret.
    pub secret: &'a str,
    /// Access token.
    pub token: &'a str,
    /// Lines of `[store]` besides `path`.
    pub store: &'a str,
}

/// What the `n`-th question says.
pub fn question(n: usize) -> String {
    format!("q{n:03}")
}

/// What its answer says.
pub fn answer(n: usize) -> String {
    format!("a{n:03}")
}

impl Config<'_> {
    /// Writes the folder; the listeners take free ports.
    pub fn write(&self) -> PathBuf {
        let folder = self.root.join("config");
        let Config {
            api,
            secret,
            token,
            store,
            ..
        } = self;
        let data = self.root.join("data");
        let settings = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\ninternal_listen = \"127.0.0.1:0\"\nworkers = 2\n\
             drain_timeout = \"20s\"\n\n[store]\npath = \"{}\"\n{store}\n\n[[channels]]\nid = \"{CHANNEL}\"\n\
             secret = \"{secret}\"\naccess_token = \"{token}\"\napi_base = \"{api}\"\n\
             data_api_base = \"{api}\"\n\n[logging]\nformat = \"json\"\n",
            data.display()
        );
        let mut rules = String::new();
        for n in 0..QUESTIONS {
            let (question, answer) = (question(n), answer(n));
            let _ = write!(
                rules,
                "[[keyword]]\nid = \"{question}\"\nterms = [\"{question}\"]\n\
                 reply = [{{ type = \"text\", text = \"{answer}\" }}]\n\n"
            );
        }
        fs::create_dir_all(folder.join("automation")).expect("a folder in the temporary folder");
        fs::write(folder.join("hotline.toml"), settings).expect("a file in it");
        fs::write(folder.join("automation/keywords.toml"), rules).expect("a file in it");
        folder
    }
}
