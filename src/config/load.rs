//! From a folder to checked settings and the automation as written.
//!
//! Reads `hotline.toml`, every `automation/*.toml` and every `knowledge/*.md`, in the order of their
//! names.

use crate::config::article::ArticleAsWritten;
use crate::config::document::{Document, Env};
use crate::config::fault::{Fault, Findings, Place, Severity};
use crate::config::files::{files_of, name, read_text, unreadable};
use crate::config::sections;
use crate::config::settings::{Archive, Learning, Server, Settings, Store};
use crate::domain::playbook::Policy;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The automation files as written, for `automation::Engine::build`.
#[derive(Clone, Debug)]
pub struct AutomationAsWritten {
    /// The files in the order of their names.
    pub documents: Vec<Document>,
    /// The help articles of `knowledge/`, in the order of their names.
    pub articles: Vec<ArticleAsWritten>,
    /// The folder they stand in: pictures are named relative to it.
    pub folder: PathBuf,
    /// The policies from `hotline.toml`.
    pub policy: Policy,
}

impl AutomationAsWritten {
    /// Variables the files name that are unset.
    pub fn unset(&self) -> impl Iterator<Item = &Fault> {
        let fronts = self.articles.iter().map(|article| &article.front);
        let documents = self.documents.iter().chain(fronts);
        documents.flat_map(|document| &document.unset)
    }
}

/// A config folder without faults.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The automation, not yet interpreted.
    pub automation: AutomationAsWritten,
    /// Findings that do not stop anybody, unset variables among them.
    pub warnings: Vec<Fault>,
    settings: Settings,
    unset: Vec<Fault>,
}

impl Loaded {
    /// The settings, for commands that use them.
    ///
    /// # Errors
    /// Every variable that is named and unset, as faults.
    pub fn settings(&self) -> Result<Settings, Vec<Fault>> {
        if self.unset.is_empty() {
            return Ok(self.settings.clone());
        }
        Err(self
            .unset
            .iter()
            .map(|missing| Fault {
                severity: Severity::Fault,
                ..missing.clone()
            })
            .collect())
    }
}

/// All that one pass over a config folder tells, faults or not: for `hotline check`.
#[derive(Debug)]
pub struct Survey {
    /// The automation as written; files that are not TOML are empty and marked broken.
    pub automation: AutomationAsWritten,
    /// Every finding, unset variables as warnings.
    pub findings: Vec<Fault>,
    /// Means something only when no finding is a fault.
    settings: Option<Settings>,
    unset: Vec<Fault>,
}

/// Reads a config folder to the end, whatever is found.
pub fn survey(dir: &Path, env: Env<'_>) -> Survey {
    let findings = Findings::default();
    let main = dir.join("hotline.toml");
    let document = if main.exists() || std::fs::symlink_metadata(&main).is_ok() {
        read(&main, env, &findings)
    } else {
        absent(dir, &findings);
        None
    };
    let settings = document
        .as_ref()
        .filter(|document| !document.broken)
        .map(|document| sections::settings(document, &findings));
    let policy = settings.as_ref().map(Settings::policy).unwrap_or_default();
    let automation = automation_files(dir, policy, env, &findings);
    let unset: Vec<Fault> = document
        .iter()
        .flat_map(|document| &document.unset)
        .chain(automation.unset())
        .cloned()
        .collect();
    for missing in &unset {
        findings.push(missing.clone());
    }
    Survey {
        automation,
        findings: match findings.verdict() {
            Ok(all) | Err(all) => all,
        },
        settings,
        unset,
    }
}

/// Reads a config folder. Variables come from `env`: the process for `serve` and `check`, a demo's
/// own values, or nothing (`&|_| None`) for commands that need no secrets.
///
/// # Errors
/// Every fault of every file, warnings among them; never empty.
pub fn load(dir: &Path, env: Env<'_>) -> Result<Loaded, Vec<Fault>> {
    let survey = survey(dir, env);
    let failed = survey.findings.iter().any(Fault::is_fault);
    match survey.settings {
        Some(settings) if !failed => Ok(Loaded {
            automation: survey.automation,
            warnings: survey.findings,
            settings,
            unset: survey.unset,
        }),
        _ => Err(survey.findings),
    }
}

/// Where a server of a config folder is found: what commands need that only talk to it.
#[derive(Clone, Debug)]
pub struct Site {
    /// `[server]`
    pub server: Server,
    /// `[store]`
    pub store: Store,
    /// `[archive]`
    pub archive: Archive,
    /// `[learning]`
    pub learning: Learning,
}

/// Reads `[server]`, `[store]`, `[archive]` and `[learning]` alone. Secrets that are unset, faults of other sections and of the
/// automation are other commands' business: the server may be running on what was there before.
///
/// # Errors
/// Faults and unset variables of these sections, or a file that cannot be read.
pub fn site(dir: &Path, env: Env<'_>) -> Result<Site, Vec<Fault>> {
    let findings = Findings::default();
    let document = read(&dir.join("hotline.toml"), env, &findings);
    let settings = document
        .as_ref()
        .filter(|document| !document.broken)
        .map(|document| sections::settings(document, &findings));
    for missing in document.iter().flat_map(|document| &document.unset) {
        findings.push(Fault {
            severity: Severity::Fault,
            ..missing.clone()
        });
    }
    let concerns = |fault: &Fault| {
        let key = fault.key.as_str();
        fault.is_fault()
            && (key.is_empty()
                || ["server", "store", "archive", "learning"]
                    .iter()
                    .any(|section| key.starts_with(section)))
    };
    let (Ok(all) | Err(all)) = findings.verdict();
    let faults: Vec<Fault> = all
        .iter()
        .filter(|fault| concerns(fault))
        .cloned()
        .collect();
    match settings {
        Some(settings) if faults.is_empty() => Ok(Site {
            server: settings.server,
            store: settings.store,
            archive: settings.archive,
            learning: settings.learning,
        }),
        Some(_) => Err(faults),
        None => Err(all),
    }
}

/// Variables of the process: the [`Env`] of `serve` and `check`.
pub fn process_env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Reads the automation files alone, for a reload under the policy in force.
///
/// # Errors
/// Every fault; unset variables are faults here, because a server would speak them.
pub fn load_automation(
    dir: &Path,
    policy: Policy,
    env: Env<'_>,
) -> Result<AutomationAsWritten, Vec<Fault>> {
    let findings = Findings::default();
    let automation = automation_files(dir, policy, env, &findings);
    for missing in automation.unset() {
        findings.push(Fault {
            severity: Severity::Fault,
            ..missing.clone()
        });
    }
    findings.verdict().map(|_| automation)
}

/// Notes what is missing on the way to `hotline.toml`.
fn absent(dir: &Path, findings: &Findings) {
    const ALLOWED: &str = "a config folder with hotline.toml in it, named by --config DIR";
    let at = Place::default();
    match std::fs::metadata(dir) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            unreadable(dir, &error, findings);
        }
        Err(_) => findings.fault(&name(dir), at, "", "no such folder", ALLOWED),
        Ok(meta) if !meta.is_dir() => findings.fault(&name(dir), at, "", "a file", ALLOWED),
        Ok(_) => {
            let found = "no such file";
            findings.fault(&name(&dir.join("hotline.toml")), at, "", found, ALLOWED);
        }
    }
}

fn automation_files(
    dir: &Path,
    policy: Policy,
    env: Env<'_>,
    findings: &Findings,
) -> AutomationAsWritten {
    let folder = dir.join("automation");
    let absent = "automation/*.toml; without it no text is answered";
    AutomationAsWritten {
        documents: files_of(&folder, "toml", Some(absent), findings)
            .iter()
            .filter_map(|file| read(file, env, findings))
            .collect(),
        articles: load_articles(&dir.join("knowledge"), false, env, findings),
        folder,
        policy,
    }
}

/// Reads the help articles of a folder: every `*.md` but `README.md`. Without the folder there are
/// none; that is a fault only when it is `required`.
pub fn load_articles(
    folder: &Path,
    required: bool,
    env: Env<'_>,
    findings: &Findings,
) -> Vec<ArticleAsWritten> {
    if required && !folder.is_dir() {
        let allowed = "a folder of *.md files";
        findings.fault(
            &name(folder),
            Place::default(),
            "",
            "no such folder",
            allowed,
        );
        return Vec::new();
    }
    let is_article = |path: &&PathBuf| {
        let name = path.file_name().unwrap_or_default();
        !name.eq_ignore_ascii_case("README.md")
    };
    files_of(folder, "md", None, findings)
        .iter()
        .filter(is_article)
        .filter_map(|path| {
            let text = read_text(path, findings)?;
            ArticleAsWritten::parse(&name(path), &text, env, findings)
        })
        .collect()
}

fn read(path: &Path, env: Env<'_>, findings: &Findings) -> Option<Document> {
    let text = read_text(path, findings)?;
    Some(Document::parse(&name(path), &text, env, findings))
}
