//! From a config folder to what a server starts with; nothing is opened yet.

use crate::automation::{Current, Engine};
use crate::config::{self, Env, Settings};
use std::path::Path;
use std::sync::Arc;

pub use crate::config::Fault;

/// Checked settings and the first automation.
pub struct Prepared {
    /// The settings, every `${ENV}` resolved.
    pub settings: Settings,
    /// The automation, ready to be swapped on reload.
    pub automation: Arc<Current>,
    /// Findings that stop nobody.
    pub warnings: Vec<Fault>,
}

/// Reads and checks a config folder.
///
/// # Errors
/// Every fault, in one pass; unset environment variables that a server needs among them.
pub fn prepare(dir: &Path, env: Env<'_>) -> Result<Prepared, Vec<Fault>> {
    let loaded = config::load(dir, env)?;
    let settings = loaded.settings()?;
    let (engine, mut warnings) = Engine::build(&loaded.automation)?;
    warnings.extend(loaded.warnings);
    let automation = Arc::new(Current::new(engine, dir.to_path_buf()));
    Ok(Prepared {
        settings,
        automation,
        warnings,
    })
}
