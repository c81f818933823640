//! The automation in force, swapped whole on reload.

use crate::automation::engine::Engine;
use crate::config::connectors::Connectors;
use crate::config::fault::{Fault, Findings};
use crate::config::{BaseUrl, Env, load_automation};
use crate::domain::playbook::Playbook;
use crate::ports::knowledge::{CurrentKnowledge, Knowledge};
use crate::ports::understand::{Automation, CurrentAutomation};
use arc_swap::ArcSwap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Holds the engine that answers now. Readers never wait for a reload.
pub struct Current {
    engine: ArcSwap<Engine>,
    dir: PathBuf,
    /// One reload at a time.
    reloading: Mutex<()>,
    /// Where every service is instead, in a demo.
    services_at: OnceLock<BaseUrl>,
}

impl Current {
    /// Starts with an engine; `dir` is the config folder that reloads read.
    pub fn new(engine: Engine, dir: PathBuf) -> Current {
        Current {
            engine: ArcSwap::from_pointee(engine),
            dir,
            reloading: Mutex::default(),
            services_at: OnceLock::new(),
        }
    }

    /// Points every service at one address of this machine, now and after every reload: a demo asks
    /// nobody outside.
    pub fn ask_here(&self, base: &BaseUrl) {
        // Set once, before anything is asked.
        let _ = self.services_at.set(base.clone());
    }

    /// The systems flows may ask now.
    pub fn connectors(&self) -> Arc<Connectors> {
        let connectors = self.engine.load().connectors();
        match self.services_at.get() {
            Some(base) => Arc::new(connectors.all_at(base)),
            None => connectors,
        }
    }

    /// The engine itself, for the rich menu and explanations.
    pub fn engine(&self) -> Arc<Engine> {
        self.engine.load_full()
    }

    /// Reads the automation files again and swaps, or keeps the old on any fault. The policies of
    /// `hotline.toml` stay as they were at the start. Blocks on files: call it off the event loop.
    ///
    /// # Errors
    /// Every fault; nothing has changed then.
    pub fn reload(&self, env: Env<'_>) -> Result<Vec<Fault>, Vec<Fault>> {
        // Who reads later must also store later: a poisoned lock guards nothing that could be half done.
        let _turn = self
            .reloading
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let policy = self.engine.load().policy().clone();
        let as_written = load_automation(&self.dir, policy, env)?;
        if !as_written.folder.is_dir() {
            // An empty answer book by a slip of a deploy must not silence a running shop.
            let findings = Findings::default();
            let file = Arc::from(as_written.folder.display().to_string());
            findings.fault(
                &file,
                Default::default(),
                "",
                "no such folder",
                "automation/*.toml",
            );
            findings.verdict()?;
        }
        let before = self.engine.load().knowledge().articles().len();
        if before > 0 && as_written.articles.is_empty() {
            let findings = Findings::default();
            let file = Arc::from(self.dir.join("knowledge").display().to_string());
            let found = format!("no article, where there were {before}");
            let allowed = "at least one *.md; only a restart does without";
            findings.fault(&file, Default::default(), "", &found, allowed);
            findings.verdict()?;
        }
        let (engine, warnings) = Engine::build(&as_written)?;
        self.engine.store(Arc::new(engine));
        Ok(warnings)
    }
}

impl CurrentAutomation for Current {
    fn current(&self) -> Arc<dyn Automation> {
        self.engine.load_full()
    }
}

impl CurrentKnowledge for Current {
    fn knowledge(&self) -> Arc<dyn Knowledge> {
        self.engine.load().knowledge().clone()
    }
}
